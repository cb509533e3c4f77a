/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Opening and closing what a command needs, and the book-keeping around a change. */
#include "runtime/cli/session.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lang/base/cleanup.h"

/* A signal handler is handed no context: this is the one variable of the program that changes. It only ever goes from 0 to 1. */
static volatile int signalled;

static void on_signal(int number)
{
	(void)number;
	signalled = 1;
}

/* No SA_RESTART: waits end early and look. */
static void watch_signals(struct session *s)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		sigaction(numbers[i], &action, NULL);
	s->host.interrupted = &signalled;
}

void session_begin(struct session *s)
{
	*s = (struct session){.host = {.root_fd = -1}, .store = {-1, -1, -1}};
	s->recorded.arena = &s->arena;
	manifest_seal(&s->recorded);
}

void session_end(struct session *s)
{
	store_close(&s->store);
	host_close(&s->host);
	arena_free(&s->arena);
}

int session_load(struct session *s, struct err *e)
{
	struct manifest recorded = {.arena = &s->arena};
	int r = store_current(&s->store, &s->current, e);

	if (r == 0)
		r = store_load(&s->store, s->current, &recorded, &s->meta, e);
	if (r == 0)
		s->recorded = recorded;
	return r;
}

int session_look(struct session *s, struct err *e)
{
	int r = host_open(&s->host, e);

	if (r == 0)
		r = store_open(&s->host, false, &s->store, e);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : session_load(s, e);
}

int session_lock(struct session *s, const char *command, struct err *e)
{
	int r = host_open(&s->host, e);

	if (r == 0)
		r = store_open(&s->host, true, &s->store, e);
	if (r == 0)
		r = store_lock(&s->store, command, e);
	if (r < 0)
		return r;
	watch_signals(s);
	return session_load(s, e);
}

struct texts session_texts(struct session *s, uint32_t number)
{
	struct texts t = {0};
	struct source_file *all;
	struct err unread;

	if (s->store.state_fd >= 0 && store_sources(&s->store, number, &s->arena, &all, &t.n, &unread) == 0)
		t.at = all;
	return t.at ? t : (struct texts){0};
}

void session_record(struct session *s, const char *action, struct str outcome, uint32_t from, uint32_t to)
{
	const struct event event = {
		.time = time(NULL),
		.user = session_user(&s->arena),
		.action = str_of(action),
		.outcome = outcome,
		.from = from,
		.to = to,
	};
	struct err e;

	if (store_history_add(&s->store, &event, &e) < 0)
		fprintf(stderr, "warning: %s\n", e.text);
}

/* Whether this generation ever was the current one. Where the history cannot be read it may have been. */
static bool ever_counted(struct session *s, uint32_t number)
{
	struct event *events;
	struct err e;
	size_t n;

	if (store_history_read(&s->store, &s->arena, &events, &n, &e) < 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		/* a recovery notes where it came from, which counted only where it was committed: then it is the current one */
		bool from = events[i].from == number && !str_is(events[i].action, "recover");

		if ((events[i].to == number || from) && str_is(events[i].outcome, "done"))
			return true;
	}
	return false;
}

/* What was staged by a ctc that was killed before it wrote its journal: the newest generation, and never the current one. */
static void drop_uncounted(struct session *s)
{
	struct err unimportant;
	uint32_t current, *all;
	size_t n;

	if (store_current(&s->store, &current, &unimportant) < 0 || store_list(&s->store, &s->arena, &all, &n, &unimportant) < 0 || n == 0)
		return;
	if (all[n - 1] != 0 && all[n - 1] != current && !ever_counted(s, all[n - 1]))
		store_drop(&s->store, all[n - 1], &unimportant);
}

int session_recover(struct session *s, struct recovery *ret, struct err *e)
{
	struct err unimportant;
	int r = store_sweep(&s->store, e);

	if (r == 0)
		r = txn_recover(&s->host, &s->store, ret, e);
	if (r == 0 && !ret->found)
		drop_uncounted(s);
	if (r < 0 || !ret->found)
		return r;
	r = session_load(s, e);
	if (r == 0 && s->current != ret->to && !ever_counted(s, ret->to))
		store_drop(&s->store, ret->to, &unimportant);
	session_record(s, "recover", STR("done"), ret->committed ? ret->from : ret->to, s->current);
	return r;
}

struct str session_user(struct arena *a)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *user = sudo && *sudo ? NULL : getpwuid(getuid());

	if (sudo && *sudo)
		return str_copy(a, str_of(sudo));
	return user ? str_copy(a, str_of(user->pw_name)) : str_fmt(a, "%u", getuid());
}

struct str session_command(struct arena *a, int argc, char **argv)
{
	_buf_ struct buf out = {0};

	buf_puts(&out, "ctc");
	for (int i = 0; i < argc && out.n < 1000; i++)
		buf_fmt(&out, " %.200s", argv[i]);
	return buf_take(&out, a);
}

bool session_number(const char *text, uint32_t *ret)
{
	char *end;

	errno = 0;
	unsigned long value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

const char *session_time(int64_t seconds, char out[SESSION_TIME_MAX])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!localtime_r(&when, &tm) || !strftime(out, SESSION_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(out, SESSION_TIME_MAX, "%lld", (long long)seconds);
	return out;
}
