/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Trying a service again and again, see wait.h. A try is over soon, whatever the service does: it may accept and say nothing, or say nothing that is HTTP. */
#include "runtime/wait.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lang/base/cleanup.h"
#include "runtime/clock.h"
#include "runtime/spawn.h"

enum { FIRST_PAUSE_MS = 10, PAUSE_MS = 250, TRY_MS = 10000, TICK_MS = 200, STATUS_LINE_MAX = 256, PATH_MAX_BYTES = 4096 };

static const int64_t day_us = 86400ll * 1000000;

struct waiting {
	const struct ready *what;
	int64_t end_ms;			/* of all tries */
	int pid_fd;			/* -1: none */
	volatile int *interrupted;
};

bool wait_duration(struct str text, int64_t *ret_us)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {{"d", 86400000000}, {"h", 3600000000}, {"m", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}};
	int64_t total = 0;
	size_t i = 0, unit = 0;

	if (text.n == 0)
		return false;
	while (i < text.n) {
		int64_t number = 0;
		size_t digits = i, letters;

		for (; i < text.n && text.s[i] >= '0' && text.s[i] <= '9' && number <= day_us; i++)
			number = number * 10 + (text.s[i] - '0');
		letters = i;
		while (i < text.n && text.s[i] >= 'a' && text.s[i] <= 'z')
			i++;
		/* Each unit once, the larger first. */
		while (unit < sizeof units / sizeof units[0] && !str_is((struct str){text.s + letters, i - letters}, units[unit].name))
			unit++;
		if (letters == digits || unit == sizeof units / sizeof units[0] || number > day_us / units[unit].us)
			return false;
		total += number * units[unit++].us;
	}
	*ret_us = total;
	return total <= day_us;
}

static bool port_parse(struct str text, uint16_t *ret)
{
	unsigned port = 0;

	if (text.n == 0 || text.n > 5)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.s[i] - '0');
	}
	*ret = (uint16_t)port;
	return port >= 1 && port <= 65535;
}

/* 192.0.2.1:80 or [2001:db8::1]:80 */
static bool socket_parse(struct str text, struct ready *ret)
{
	struct str address, port;

	if (text.n && text.s[0] == '[') {
		address = str_cut((struct str){text.s + 1, text.n - 1}, ']', &port);
		if (!port.n || port.s[0] != ':')
			return false;
		port = (struct str){port.s + 1, port.n - 1};
	} else {
		address = str_cut(text, ':', &port);
	}
	return addr_parse(address, &ret->addr) && (ret->addr.family == 6) == (text.s[0] == '[') && port_parse(port, &ret->port);
}

int ready_parse(struct str url, struct ready *ret, struct err *e)
{
	struct ready r = {.how = READY_TCP, .shown = url};
	struct str rest = url, socket;

	if (str_starts(url, STR("http://"))) {
		r.how = READY_HTTP;
		rest = (struct str){url.s + 7, url.n - 7};
		socket = str_cut(rest, '/', NULL);
		r.path = socket.n < rest.n ? (struct str){rest.s + socket.n, rest.n - socket.n} : STR("/");
	} else if (str_starts(url, STR("tcp://"))) {
		socket = (struct str){url.s + 6, url.n - 6};
	} else if (str_starts(url, STR("link://"))) {
		r.how = READY_LINK;
		r.parent = str_cut((struct str){url.s + 7, url.n - 7}, '/', &r.link);
		if (!r.parent.n || !r.link.n || r.link.n >= IF_NAMESIZE)
			return err_set(e, -EINVAL, "%.*s: not link://PARENT/INTERFACE", STR_ARG(url));
		*ret = r;
		return 0;
	} else {
		return err_set(e, -EINVAL, "%.*s: not http://ADDRESS:PORT/PATH, tcp://ADDRESS:PORT or link://PARENT/INTERFACE", STR_ARG(url));
	}
	if (!socket_parse(socket, &r))
		return err_set(e, -EINVAL, "%.*s: \"%.*s\" is no address and port, such as 127.0.0.1:80 or [::1]:80", STR_ARG(url), STR_ARG(socket));
	if (r.path.n > PATH_MAX_BYTES)
		return err_set(e, -EINVAL, "a path of more than %d bytes", PATH_MAX_BYTES);
	*ret = r;
	return 0;
}

/* Sleeps until fd (-1: none) has events, or end_ms. 0; -ETIMEDOUT; -ESRCH: the process has ended; -EINTR. */
static int pause_until(const struct waiting *w, int fd, short events, int64_t end_ms)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = w->pid_fd, .events = POLLIN}, {.fd = fd, .events = events}};
		int64_t left = end_ms - clock_ms();

		if (w->interrupted && *w->interrupted)
			return -EINTR;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(fds, 2, (int)(left < TICK_MS ? left : TICK_MS)) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return -ESRCH;
		if (fds[1].revents)
			return 0;
	}
}

/* A connected socket or a negative errno. */
static int try_connect(const struct waiting *w, int64_t end_ms)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(w->what->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(w->what->port)};
	bool six = w->what->addr.family == 6;
	_fd_ int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = 0, r;
	socklen_t size = sizeof error;

	if (fd < 0)
		return -errno;
	memcpy(&v4.sin_addr, w->what->addr.b, 4);
	memcpy(&v6.sin6_addr, w->what->addr.b, 16);
	if (connect(fd, six ? (void *)&v6 : (void *)&v4, six ? sizeof v6 : sizeof v4) < 0) {
		if (errno != EINPROGRESS)
			return -errno;
		r = pause_until(w, fd, POLLOUT, end_ms);
		if (r < 0)
			return r;
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
			return error ? -error : -errno;
	}
	return take_fd(&fd);
}

static void request_write(const struct ready *what, struct buf *out)
{
	char host[ADDR_TEXT_MAX];

	buf_puts(out, "GET ");
	for (size_t i = 0; i < what->path.n; i++) {
		unsigned char c = (unsigned char)what->path.s[i];

		/* Blanks and line ends would be another request; RFC 3986, 2.1. */
		if (c <= ' ' || c >= 0x7f)
			buf_fmt(out, "%%%02X", (unsigned)c);
		else
			buf_addc(out, (char)c);
	}
	addr_text(what->addr, host);
	buf_fmt(out, what->addr.family == 6 ? " HTTP/1.1\r\nHost: [%s]:%u\r\n" : " HTTP/1.1\r\nHost: %s:%u\r\n", host, (unsigned)what->port);
	buf_puts(out, "User-Agent: ctc\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

/* "HTTP/1.1 200 OK": 200, or -EPROTO. */
static int status_read(struct str line)
{
	if (line.n < 12 || !str_starts(line, STR("HTTP/1.")) || line.s[8] != ' ')
		return -EPROTO;
	for (int i = 9; i < 12; i++)
		if (line.s[i] < '0' || line.s[i] > '9')
			return -EPROTO;
	return (line.s[9] - '0') * 100 + (line.s[10] - '0') * 10 + (line.s[11] - '0');
}

/* The status of the answer, or a negative errno; -EPROTO for what is not HTTP. */
static int try_http(const struct waiting *w, int64_t end_ms)
{
	_fd_ int fd = try_connect(w, end_ms);
	_buf_ struct buf request = {0};
	char line[STATUS_LINE_MAX];
	size_t sent = 0, n = 0;

	if (fd < 0)
		return fd;
	request_write(w->what, &request);
	while (sent < request.n) {
		ssize_t r = send(fd, request.s + sent, request.n - sent, MSG_NOSIGNAL);

		if (r > 0)
			sent += (size_t)r;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
		else if ((r = pause_until(w, fd, POLLOUT, end_ms)) < 0)
			return (int)r;
	}
	while (n < sizeof line && !memchr(line, '\n', n)) {
		ssize_t r = recv(fd, line + n, sizeof line - n, 0);

		if (r > 0)
			n += (size_t)r;
		else if (r == 0)
			break;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
		else if ((r = pause_until(w, fd, POLLIN, end_ms)) < 0)
			return (int)r;
	}
	return n == 0 ? -ENODATA : status_read((struct str){line, n});
}

static int try_link(const struct ready *what, struct err *why)
{
	char name[IF_NAMESIZE];

	snprintf(name, sizeof name, "%.*s", STR_ARG(what->link));
	return if_nametoindex(name) ? 0 : err_set(why, -EAGAIN, "there is no interface %s, since the host has no %.*s on which it stands", name, STR_ARG(what->parent));
}

/* Whether it is ready; else why not, in a few words for "…: why". -ESRCH and -EINTR end the waiting. */
static int try_once(const struct waiting *w, struct err *why)
{
	int64_t now = clock_ms(), end = now + TRY_MS < w->end_ms ? now + TRY_MS : w->end_ms;
	int r;

	if (w->what->how == READY_EXEC) {
		const struct spawn s = {.argv = w->what->argv, .within_ms = end - now, .interrupted = w->interrupted, .until_fd = w->pid_fd > 0 ? w->pid_fd : 0};
		struct spawned done;

		r = spawn_run(&s, &done, why);
		if (r == -ECANCELED)
			return -ESRCH;
		if (r == 0 && done.status != 0)
			r = err_set(why, -EAGAIN, "the command ended with status %d: %.*s", done.status, STR_ARG(spawned_last_line(&done)));
		spawned_free(&done);
		return r;
	}
	if (w->what->how == READY_LINK)
		return try_link(w->what, why);
	r = w->what->how == READY_HTTP ? try_http(w, end) : try_connect(w, end);
	if (r >= 0 && w->what->how == READY_TCP) {
		close(r);
		return 0;
	}
	if (r >= 400)
		return err_set(why, -EAGAIN, "it answers with status %d", r);
	if (r == -EPROTO)
		return err_set(why, -EAGAIN, "what it answers is not HTTP");
	if (r == -ENODATA)
		return err_set(why, -EAGAIN, "it accepts connections and closes them without an answer");
	if (r == -ETIMEDOUT)
		return err_set(why, -EAGAIN, "it gives no answer");
	return r < 0 ? err_set(why, r, "%s", strerror(-r)) : 0;
}

int ready_wait(const struct ready *what, int64_t within_us, pid_t pid, volatile int *interrupted, struct err *e)
{
	struct waiting w = {what, clock_ms() + within_us / 1000, -1, interrupted};
	_fd_ int pid_fd = -1;
	struct err why = {.text = "it was not tried"}, last;
	int pause = FIRST_PAUSE_MS, r;

	if (pid > 0) {
		pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (pid_fd < 0 && errno != ESRCH)
			return err_errno(e, -errno, "cannot watch the process %d", (int)pid);
		if (pid_fd < 0)
			return err_set(e, -ESRCH, "%.*s: the main process %d has ended", STR_ARG(what->shown), (int)pid);
		w.pid_fd = pid_fd;
	}
	do {
		r = try_once(&w, &last);
		if (r == 0)
			return 0;
		/* A try that the deadline cut short says less than the one before it. */
		if (r != -ESRCH && r != -EINTR && (why.code == 0 || clock_ms() < w.end_ms))
			why = last;
		if (r != -ESRCH && r != -EINTR) {
			int64_t next = clock_ms() + pause;

			r = pause_until(&w, -1, 0, next < w.end_ms ? next : w.end_ms);
			pause = pause * 2 < PAUSE_MS ? pause * 2 : PAUSE_MS;
		}
	} while (r == -ETIMEDOUT && clock_ms() < w.end_ms);
	if (r == -ESRCH)
		return err_set(e, r, "%.*s: the main process %d has ended before it was ready", STR_ARG(what->shown), (int)pid);
	if (r == -EINTR)
		return err_set(e, r, "%.*s: interrupted", STR_ARG(what->shown));
	return err_set(e, -ETIMEDOUT, "%.*s was not ready within %lld ms: %s", STR_ARG(what->shown), (long long)(within_us / 1000), why.text);
}
