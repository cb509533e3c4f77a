/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The client of caddy.h: one request a connection, HTTP/1.0, so that the answer ends with the connection. */
#include "runtime/caddy.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/clock.h"
#include "runtime/ns.h"
#include "runtime/spawn.h"

enum {
	ADMIN_PORT = 2019,
	ANSWER_S = 30,		/* for one answer */
	ANSWER_MAX = 64 << 20,
	RETRY_MS = 50,
	VALIDATE_MS = 60000,
};

/* In the namespace of the calling thread. */
static int connect_admin(int *ret, struct err *e)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(ADMIN_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval limit = {.tv_sec = ANSWER_S};
	_fd_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof to) < 0)
		return errno == ECONNREFUSED ? -ECONNREFUSED : err_errno(e, -errno, "cannot reach Caddy at localhost:%d", ADMIN_PORT);
	*ret = take_fd(&fd);
	return 0;
}

struct call {
	struct host *h;
	int fd;
};

/* When Caddy takes another configuration it listens anew and closes the old socket (SO_REUSEPORT); what waited there to be accepted would be reset, unless the kernel hands it to the
 * new one: ip-sysctl, tcp_migrate_req, since Linux 5.14. The switch is the namespace's own. */
static int connect_there(size_t i, void *context, struct err *e)
{
	struct call *call = context;
	struct err older_kernel;

	proc_sys_write(call->h, STR("net/ipv4/tcp_migrate_req"), STR("1"), &older_kernel);
	(void)i;
	return connect_admin(&call->fd, e);
}

static int connect_in(struct host *h, struct str netns, int *ret, struct err *e)
{
	struct call call = {.h = h, .fd = -1};

	if (!netns.n)
		return connect_admin(ret, e);
	_fd_ int ns = ns_open(h, netns, e);
	if (ns == -ENOENT) { /* nobody can be there */
		*e = (struct err){0};
		return -ECONNREFUSED;
	}
	if (ns < 0)
		return ns;
	int r = ns_each(&ns, 1, connect_there, &call, e);
	if (r == 0)
		*ret = call.fd;
	return r;
}

static int send_all(struct host *h, int fd, struct str text, struct err *e)
{
	while (text.n) {
		ssize_t n = send(fd, text.s, text.n, MSG_NOSIGNAL);

		if (n < 0 && (errno != EINTR || (h->interrupted && *h->interrupted)))
			return err_errno(e, -errno, "cannot send to Caddy");
		text.s += n > 0 ? n : 0;
		text.n -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int recv_all(struct host *h, int fd, struct buf *out, struct err *e)
{
	char bytes[16384];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof bytes, 0)) != 0) {
		if (n < 0 && (errno != EINTR || (h->interrupted && *h->interrupted)))
			return err_errno(e, errno == EAGAIN ? -ETIMEDOUT : -errno, "no answer from Caddy");
		if (n > 0)
			buf_add(out, bytes, (size_t)n);
		if (out->n > ANSWER_MAX)
			return err_set(e, -EFBIG, "Caddy's answer is longer than %d MiB", ANSWER_MAX >> 20);
	}
	return 0;
}

/* "HTTP/1.0 200 OK\r\n…\r\n\r\nBODY" */
static int answer_read(struct str answer, struct str *ret_body, struct err *e)
{
	const char *end = memmem(answer.s, answer.n, "\r\n\r\n", 4);
	struct str status;

	if (!end || answer.n < 12 || !str_starts(answer, STR("HTTP/1.")))
		return err_set(e, -EPROTO, "what answers at localhost:%d is not Caddy", ADMIN_PORT);
	*ret_body = (struct str){end + 4, answer.n - (size_t)(end + 4 - answer.s)};
	status = (struct str){answer.s + 9, 3};
	if (str_is(status, "200"))
		return 0;
	return err_set(e, -EINVAL, "Caddy refuses the configuration: %.*s", ret_body->n > 500 ? 500 : (int)ret_body->n, ret_body->s);
}

static int request(struct host *h, struct str netns, const char *what, struct str body, struct arena *a, struct str *ret, struct err *e)
{
	_buf_ struct buf head = {0}, answer = {0};
	_fd_ int fd = -1;
	int r = connect_in(h, netns, &fd, e);

	if (r < 0)
		return r;
	buf_fmt(&head, "%s HTTP/1.0\r\nHost: localhost:%d\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", what, ADMIN_PORT, body.n);
	r = send_all(h, fd, buf_view(&head), e);
	if (r == 0)
		r = send_all(h, fd, body, e);
	if (r == 0)
		r = recv_all(h, fd, &answer, e);
	struct str read;
	if (r == 0)
		r = answer_read(buf_view(&answer), &read, e);
	if (r == 0 && ret)
		*ret = str_copy(a, read);
	return r;
}

int caddy_load(struct host *h, struct str netns, struct str config, int64_t within_ms, struct err *e)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	int64_t end = clock_ms() + within_ms;

	for (;;) {
		int r = request(h, netns, "POST /load", config, NULL, NULL, e);

		if (r != -ECONNREFUSED || clock_ms() >= end)
			return r;
		if (h->interrupted && *h->interrupted)
			return err_set(e, -EINTR, "interrupted by the user");
		nanosleep(&pause, NULL);
	}
}

int caddy_config(struct host *h, struct str netns, struct arena *a, struct str *ret, struct err *e)
{
	return request(h, netns, "GET /config/", STR(""), a, ret, e);
}

int caddy_validate(struct host *h, struct str image, struct str config, struct err *e)
{
	_arena_ struct arena a = {0};
	const char *const argv[] = {"podman",
				    "--events-backend=none",
				    "run",
				    "--rm",
				    "--interactive",
				    "--pull=never",
				    "--network=none",
				    "--pids-limit=-1",
				    "--log-driver=none",
				    "--entrypoint=caddy",
				    str_copy(&a, image).s,
				    "validate",
				    "--config",
				    "-",
				    NULL};
	const struct spawn s = {.argv = argv, .within_ms = VALIDATE_MS, .in = config, .interrupted = h->interrupted};
	struct spawned done;
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return err_context(e, "cannot let Caddy judge its configuration");
	if (done.status != 0)
		r = err_set(e, -EINVAL, "Caddy in image %.*s does not take its configuration: %.*s", STR_ARG(image), STR_ARG(spawned_last_line(&done)));
	spawned_free(&done);
	return r;
}
