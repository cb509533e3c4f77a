/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running programs, see spawn.h. The child is watched through a pidfd, so that a grandchild that holds the pipes open (a monitor that a container engine leaves
 * behind) does not keep us waiting. */
#include "runtime/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lang/base/cleanup.h"
#include "runtime/clock.h"

enum { SAID_MAX = 4096, TICK_MS = 200, SILENCE_MS = 10000, LINE_MAX_BYTES = 4096, ENVIRONMENT_MAX = 16 };

const char *spawn_find(const char *name, char *buffer, size_t size)
{
	struct str rest = STR(SPAWN_PATH);

	if (name[0] == '/')
		return access(name, X_OK) == 0 ? name : NULL;
	while (rest.n) {
		struct str dir = str_cut(rest, ':', &rest);
		int n = snprintf(buffer, size, "%.*s/%s", STR_ARG(dir), name);

		if (n > 0 && (size_t)n < size && access(buffer, X_OK) == 0)
			return buffer;
	}
	return NULL;
}

/* What a program may learn of our environment: how to reach the network, nothing else. */
static void environment(char **ret)
{
	static const char *const passed[] = {"HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=",
					     "REGISTRY_AUTH_FILE=", "SSL_CERT_FILE=", "SSL_CERT_DIR="};
	size_t n = 0;

	ret[n++] = (char *)"PATH=" SPAWN_PATH;
	ret[n++] = (char *)"HOME=/root";
	ret[n++] = (char *)"LC_ALL=C.UTF-8";
	for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
		for (char **p = environ; p && *p; p++)
			if (strncmp(*p, passed[i], strlen(passed[i])) == 0 && n < ENVIRONMENT_MAX - 1) {
				ret[n++] = *p;
				break;
			}
	ret[n] = NULL;
}

static int start(const char *path, char *const *argv, int in, int out, int said, pid_t *ret)
{
	char *env[ENVIRONMENT_MAX];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	environment(env);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&files, in, 0);
	else
		posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&files, out, 1);
	else
		posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, said, 2);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	r = posix_spawn(ret, path, &files, &attributes, argv, env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

/* Takes what can be read now. 0: more may come; 1: the end; -EFBIG: beyond the bound. */
static int take(int fd, struct buf *into, size_t max)
{
	for (;;) {
		char bytes[8192];
		ssize_t n = read(fd, bytes, sizeof bytes);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : 1;
		if (n == 0)
			return 1;
		buf_add(into, bytes, (size_t)n);
		if (into->n > max)
			return -EFBIG;
	}
}

struct watch {
	int pid_fd, out, said;	/* out: -1 where not taken */
	struct buf line;	/* of what was said, and no whole one yet */
	int64_t heard_ms;	/* when a line came last */
};

/* What came since `from` bytes had been said, to whoever listens. */
static void tell(const struct spawn *s, struct watch *w, struct str more)
{
	for (size_t i = 0; i < more.n; i++) {
		bool end = more.s[i] == '\n' || more.s[i] == '\r';

		if (!end)
			buf_addc(&w->line, more.s[i]);
		if (w->line.n && (end || w->line.n == LINE_MAX_BYTES)) {
			s->heard(s->context, buf_view(&w->line));
			w->line.n = 0;
			w->heard_ms = clock_ms();
		}
	}
}

/* As take, of what it says. */
static int take_said(const struct spawn *s, struct watch *w, struct spawned *ret)
{
	_buf_ struct buf more = {0};
	int r = take(w->said, &more, SIZE_MAX);

	if (s->heard)
		tell(s, w, buf_view(&more));
	buf_add(&ret->said, more.s, more.n);
	if (ret->said.n > SAID_MAX) {
		memmove(ret->said.s, ret->said.s + ret->said.n - SAID_MAX, SAID_MAX);
		ret->said.n = SAID_MAX;
	}
	return r;
}

/* 0 once it has ended. */
static int watch(const struct spawn *s, struct watch *w, struct spawned *ret)
{
	int64_t end = clock_ms() + s->within_ms;

	for (;;) {
		struct pollfd fds[] = {{.fd = w->pid_fd, .events = POLLIN},
				       {.fd = w->out, .events = POLLIN},
				       {.fd = w->said, .events = POLLIN},
				       {.fd = s->until_fd ? s->until_fd : -1, .events = POLLIN}};
		int64_t left = end - clock_ms();
		int r = 0;

		if (left <= 0)
			return -ETIMEDOUT;
		if (s->interrupted && *s->interrupted)
			return -EINTR;
		/* The flag may be set between the look and the sleep: no sleep is long. */
		if (poll(fds, 4, (int)(left < TICK_MS ? left : TICK_MS)) < 0 && errno != EINTR)
			return -errno;
		if (s->host)
			host_meanwhile(s->host);
		if (w->out >= 0 && (r = take(w->out, &ret->out, s->out_max)) == 1)
			w->out = -1;
		if (r == -EFBIG)
			return r;
		if (w->said >= 0 && take_said(s, w, ret) == 1)
			w->said = -1;
		if (s->heard && clock_ms() - w->heard_ms >= SILENCE_MS) {
			s->heard(s->context, STR(""));
			w->heard_ms = clock_ms();
		}
		if (fds[0].revents)
			return 0;
		if (fds[3].revents)
			return -ECANCELED;
	}
}

static int pipe_pair(int pair[2])
{
	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	/* Only our end: the child expects to be made to wait. */
	return fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

/* A file without a place that holds the text, to be read from its beginning; -1 where there is none. A pipe would want somebody who fills it. */
static int text_file(struct str text, int *ret)
{
	_fd_ int fd = -1;

	*ret = -1;
	if (!text.n)
		return 0;
	fd = memfd_create("ctc", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < text.n;) {
		ssize_t n = pwrite(fd, text.s + at, text.n - at, (off_t)at);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	*ret = take_fd(&fd);
	return 0;
}

static int child_run(const struct spawn *s, const char *path, int out[2], int said[2], struct spawned *ret)
{
	struct watch w = {.pid_fd = -1, .out = out[0], .said = said[0], .heard_ms = clock_ms()};
	pid_t pid;
	_fd_ int in = -1;
	int status, r = text_file(s->in, &in);

	if (r == 0)
		r = start(path, (char *const *)s->argv, in < 0 && s->in_fd ? s->in_fd : in, out[1], said[1], &pid);
	if (r < 0)
		return r;
	cleanup_fd(&out[1]);
	cleanup_fd(&said[1]);
	out[1] = said[1] = -1;
	w.pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = w.pid_fd < 0 ? -errno : watch(s, &w, ret);
	if (r < 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	cleanup_fd(&w.pid_fd);
	buf_free(&w.line);
	if (r == 0)
		ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return r;
}

int spawn_run(const struct spawn *s, struct spawned *ret, struct err *e)
{
	int out[2] = {-1, -1}, said[2] = {-1, -1}, r = 0;
	char buffer[256];
	const char *path = spawn_find(s->argv[0], buffer, sizeof buffer);

	*ret = (struct spawned){0};
	if (!path)
		return err_set(e, -ENOENT, "the program %s is not installed", s->argv[0]);
	if (s->out_max)
		r = pipe_pair(out);
	if (r == 0)
		r = pipe_pair(said);
	if (r == 0)
		r = child_run(s, path, out, said, ret);
	for (int i = 0; i < 2; i++) {
		cleanup_fd(&out[i]);
		cleanup_fd(&said[i]);
	}
	if (r == -ETIMEDOUT)
		err_set(e, r, "%s did not end within %lld s", s->argv[0], (long long)(s->within_ms / 1000));
	else if (r == -EINTR)
		err_set(e, r, "%s was interrupted", s->argv[0]);
	else if (r == -ECANCELED)
		err_set(e, r, "%s was stopped: what it was run for is over", s->argv[0]);
	else if (r == -EFBIG)
		err_set(e, r, "%s printed more than %zu bytes", s->argv[0], s->out_max);
	else if (r < 0)
		err_errno(e, r, "cannot run %s", path);
	if (r < 0)
		spawned_free(ret);
	return r;
}

void spawned_free(struct spawned *s)
{
	buf_free(&s->out);
	buf_free(&s->said);
	*s = (struct spawned){0};
}

struct str spawned_last_line(const struct spawned *s)
{
	struct str last = STR("it said nothing"), rest = buf_view(&s->said);

	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest);

		if (line.n)
			last = line;
	}
	if (str_starts(last, STR("Error: ")))
		last = (struct str){last.s + 7, last.n - 7};
	return last;
}
