/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Opening and closing what a command needs, and the book-keeping around a change. */
#include "runtime/cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/confirm.h"

/* A signal handler is handed no context: these are the variables of the program that change. They only ever grow. */
static volatile int signalled, hung_up;

static void on_signal(int number)
{
	if (number == SIGHUP)
		hung_up = 1;
	if (number != SIGHUP || !signalled)
		signalled++;
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

bool session_hung_up(void)
{
	return hung_up;
}

void session_begin(struct session *s)
{
	*s = (struct session){.host = {.root_fd = -1}, .store = {-1, -1, -1}};
	s->recorded.arena = &s->arena;
	manifest_seal(&s->recorded);
}

void session_end(struct session *s)
{
	mend_end(&s->mending);
	store_close(&s->store);
	host_close(&s->host);
	arena_free(&s->arena);
}

/* The generation that counts. Where it is lost the way on is to begin at the empty one: what runs bears our mark and is found. */
static int load(struct session *s, struct err *e)
{
	struct manifest recorded = {.arena = &s->arena};
	int r = store_load(&s->store, s->current, &recorded, &s->meta, e);
	if (r == 0)
		s->recorded = recorded;
	else if (r == -ENOENT || r == -EBADMSG)
		err_append(e, "; it is the one in force: put it back from a backup, or begin anew over what runs, with `ln -sfn generations/0000 /" STATE_DIR "/current` and "
			      "then `ctc apply` for all stacks");
	return r;
}

int session_load(struct session *s, struct err *e)
{
	int r = store_current(&s->store, &s->current, e);

	return r < 0 ? r : load(s, e);
}

int session_load_boot(struct session *s, struct err *e)
{
	int r = store_boot_generation(&s->store, boot_id(&s->host, &s->arena), &s->current, e);

	return r < 0 ? r : load(s, e);
}

int session_look(struct session *s, struct err *e)
{
	int r = s->host.root_fd < 0 ? host_open(&s->host, e) : 0;

	if (r == 0)
		r = store_open(&s->host, false, &s->store, e);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : session_load(s, e);
}

int session_view(struct cli *c, int (*view)(struct cli *c, struct session *s, const void *asked), const void *asked)
{
	struct session s;
	struct err e;
	int status;

	session_begin(&s);
	status = session_look(&s, &e) < 0 ? cli_err(c, &e) : view(c, &s, asked);
	session_end(&s);
	return status;
}

int session_lock(struct session *s, const char *command, struct err *e)
{
	int r = s->host.root_fd < 0 ? host_open(&s->host, e) : 0;

	if (r == 0)
		r = store_open(&s->host, true, &s->store, e);
	if (r == 0)
		r = store_lock(&s->store, command, e);
	if (r < 0)
		return r;
	watch_signals(s);
	return session_load(s, e);
}

void session_mend(struct session *s, const struct manifest *found)
{
	struct journal j;
	struct err unread;
	bool cut_off;

	if (store_journal_read(&s->store, &s->arena, &cut_off, &j, &unread) < 0 || cut_off)
		return;
	mend_begin(&s->mending, &s->host);
	mend_towards(&s->mending, found, NULL, true);
}

int session_inherit(struct session *s, int fd, const char *command, struct err *e)
{
	int r = host_open(&s->host, e);

	if (r == 0)
		r = store_open(&s->host, true, &s->store, e);
	if (r == 0)
		r = store_lock_inherit(&s->store, fd, command, e);
	if (r == 0)
		watch_signals(s);
	return r;
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

void session_record(struct session *s, struct event *event)
{
	struct err e;

	event->time = time(NULL);
	if (store_history_add(&s->store, event, &e) < 0)
		fprintf(stderr, "warning: %s\n", e.text);
}

/* Who logged in, whatever became of that user since (audit; su keeps it, too). */
static bool login_uid(uint32_t *ret)
{
	char text[16] = "";
	_fd_ int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof text - 1) > 0 && session_number(text, ret) && *ret != UINT32_MAX;
}

struct str session_user(struct arena *a)
{
	const char *sudo = getenv("SUDO_USER");
	uint32_t login;
	const struct passwd *user = sudo && *sudo ? NULL : login_uid(&login) && login != 0 ? getpwuid(login) : getpwuid(getuid());

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
