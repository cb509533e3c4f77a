/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/wait: what counts as ready and what does not, against servers on the loopback that misbehave in each way. As root in a network namespace of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/wait.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t us;	/* -1: none */
	} rows[] = {{"60s", 60000000}, {"1h30m", 5400000000}, {"500ms", 500000}, {"1d", 86400000000}, {"7us", 7}, {"1m30s", 90000000}, {"0s", 0},
		    {"", -1}, {"60", -1}, {"s", -1}, {"1s1m", -1}, {"1s1s", -1}, {"-1s", -1}, {"2d", -1}, {"1d1s", -1}, {"99999999999999999999s", -1},
		    {"1 s", -1}, {"1S", -1}, {"1sec", -1}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t us = -1;
		bool ok = wait_duration(str_of(rows[i].text), &us);

		if (ok != (rows[i].us >= 0) || (ok && us != rows[i].us))
			fail_msg("\"%s\": %d %lld", rows[i].text, ok, (long long)us);
	}
}

static void urls(void **state)
{
	static const struct {
		const char *url;
		int how;	/* -1: refused */
		unsigned port;
		const char *path;
	} rows[] = {{"http://127.0.0.1:80/", READY_HTTP, 80, "/"}, {"http://127.0.0.1:80", READY_HTTP, 80, "/"},
		    {"http://[::1]:8080/a b?c#d", READY_HTTP, 8080, "/a b?c#d"}, {"tcp://10.0.0.1:65535", READY_TCP, 65535, ""},
		    {"http://127.0.0.1/", -1, 0, ""}, {"http://localhost:80/", -1, 0, ""}, {"https://127.0.0.1:80/", -1, 0, ""},
		    {"tcp://127.0.0.1:0", -1, 0, ""}, {"tcp://127.0.0.1:65536", -1, 0, ""}, {"tcp://127.0.0.1:80/", -1, 0, ""},
		    {"tcp://::1:80", -1, 0, ""}, {"tcp://[::1]80", -1, 0, ""}, {"tcp://[127.0.0.1]:80", -1, 0, ""}, {"tcp://127.0.0.1:8a", -1, 0, ""},
		    {"http://", -1, 0, ""}, {"tcp://", -1, 0, ""}, {"", -1, 0, ""}, {"http://127.0.0.1:99999999999/", -1, 0, ""},
		    {"link://enp3s0/lan0", READY_LINK, 0, ""}, {"link://lan0", -1, 0, ""}, {"link:///lan0", -1, 0, ""}, {"link://enp3s0/", -1, 0, ""},
		    {"link://enp3s0/fifteen-letters", READY_LINK, 0, ""}, {"link://enp3s0/sixteen-letters-x", -1, 0, ""}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ready r = {0};
		struct err e;
		int ret = ready_parse(str_of(rows[i].url), &r, &e);

		if (rows[i].how < 0) {
			if (ret != -EINVAL)
				fail_msg("%s is taken", rows[i].url);
			continue;
		}
		if (ret != 0 || (int)r.how != rows[i].how || r.port != rows[i].port || !str_is(r.path, rows[i].path))
			fail_msg("%s: %d, port %u, path %.*s", rows[i].url, ret, (unsigned)r.port, STR_ARG(r.path));
	}
}

static void interfaces(void **state)
{
	struct ready r;
	struct err e;

	(void)state;
	assert_int_equal(ready_parse(STR("link://none/lo"), &r, &e), 0);
	assert_int_equal(ready_wait(&r, 0, 0, NULL, &e), 0);
	assert_int_equal(ready_parse(STR("link://enp3s0/not-there-0"), &r, &e), 0);
	assert_int_equal(ready_wait(&r, 1000, 0, NULL, &e), -ETIMEDOUT);
	assert_non_null(strstr(e.text, "there is no interface not-there-0, since the host has no enp3s0 on which it stands"));
}

/* A server in a process of its own: answers every connection with these bytes (NULL: with nothing, and keeps it), starting after delay_ms. */
struct server {
	pid_t pid;
	uint16_t port;
};

static int listener(uint16_t *port, bool listening)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
	socklen_t size = sizeof any;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
	*port = ntohs(any.sin6_port);
	if (listening)
		assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static struct server serve(const char *answer, unsigned delay_ms, const char *want_request)
{
	struct server s = {0};
	int fd = listener(&s.port, delay_ms == 0);

	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0) {
		if (delay_ms) {
			usleep(delay_ms * 1000);
			listen(fd, 16);
		}
		for (;;) {
			char request[1024];
			int c = accept(fd, NULL, NULL);
			ssize_t n = c < 0 || !answer ? 0 : recv(c, request, sizeof request - 1, 0);

			request[n > 0 ? n : 0] = '\0';
			if (want_request && !strstr(request, want_request))
				answer = "HTTP/1.1 400 Not what was expected\r\n\r\n";
			if (answer) {
				if (send(c, answer, strlen(answer), MSG_NOSIGNAL) < 0)
					_exit(1);
				shutdown(c, SHUT_WR);
				close(c);
			}
		}
	}
	close(fd);
	return s;
}

static void server_end(const struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static int try(const char *form, const struct server *s, int64_t within_ms, pid_t pid, struct err *e)
{
	char url[256];
	struct ready r;

	snprintf(url, sizeof url, form, (unsigned)s->port);
	assert_int_equal(ready_parse(str_of(url), &r, e), 0);
	return ready_wait(&r, within_ms * 1000, pid, NULL, e);
}

static void answers(void **state)
{
	static const struct {
		const char *answer;
		int result;
		const char *said;
	} rows[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0, ""},
		{"HTTP/1.0 302 Found\r\n\r\n", 0, ""},
		{"HTTP/1.1 204 \r\n\r\n", 0, ""},
		{"HTTP/1.1 399\n", 0, ""},
		{"HTTP/1.1 400 No\r\n\r\n", -ETIMEDOUT, "it answers with status 400"},
		{"HTTP/1.1 503 Loading the model\r\n\r\n", -ETIMEDOUT, "it answers with status 503"},
		{"SSH-2.0-OpenSSH_9.2\r\n", -ETIMEDOUT, "what it answers is not HTTP"},
		{"HTTP/2 200\r\n", -ETIMEDOUT, "what it answers is not HTTP"},
		{"", -ETIMEDOUT, "it accepts connections and closes them without an answer"},
		{NULL, -ETIMEDOUT, "it gives no answer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct server s = serve(rows[i].answer, 0, NULL);
		struct err e = {0};
		int r = 0;

		/* A busy machine may keep the server from answering in so short a time. */
		for (int64_t within_ms = rows[i].result ? 120 : 5000; within_ms <= 20000; within_ms *= 5) {
			r = try("http://127.0.0.1:%u/x", &s, within_ms, 0, &e);
			if (r == 0 || strstr(e.text, rows[i].said))
				break;
		}
		server_end(&s);
		if (r != rows[i].result || (r && !strstr(e.text, rows[i].said)))
			fail_msg("row %zu: %d %s", i, r, e.text);
	}
}

static void the_request_is_one_request(void **state)
{
	struct server s = serve("HTTP/1.1 200 OK\r\n\r\n", 0, "GET /a%20b%0D%0AX:%20y%C3%A4?q=1 HTTP/1.1\r\nHost: [::1]:");
	struct err e = {0};

	(void)state;
	assert_int_equal(try("http://[::1]:%u/a b\r\nX: y\xc3\xa4?q=1", &s, 2000, 0, &e), 0);
	server_end(&s);
}

static void it_waits_for_the_port(void **state)
{
	struct server s = serve("HTTP/1.1 200 OK\r\n\r\n", 300, NULL), none = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(try("tcp://127.0.0.1:%u", &s, 5000, 0, &e), 0);
	server_end(&s);
	close(listener(&none.port, false));
	assert_int_equal(try("tcp://127.0.0.1:%u", &none, 100, 0, &e), -ETIMEDOUT);
	assert_non_null(strstr(e.text, "was not ready within 100 ms: Connection refused"));
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void a_dead_process_ends_the_waiting(void **state)
{
	struct server mute = serve(NULL, 0, NULL);
	struct ready command = {.how = READY_EXEC, .shown = STR("exec sleep"), .argv = (const char *const[]){"sleep", "60", NULL}};
	struct err e = {0};
	int64_t began = now_ms();
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		usleep(200000);
		_exit(0);
	}
	assert_int_equal(try("http://127.0.0.1:%u/", &mute, 60000, pid, &e), -ESRCH);
	assert_non_null(strstr(e.text, "has ended before it was ready"));
	waitpid(pid, NULL, 0);
	/* Gone already. */
	assert_int_equal(try("http://127.0.0.1:%u/", &mute, 60000, pid, &e), -ESRCH);
	pid = fork();
	if (pid == 0) {
		usleep(200000);
		_exit(0);
	}
	assert_int_equal(ready_wait(&command, 60000000, pid, NULL, &e), -ESRCH);
	waitpid(pid, NULL, 0);
	assert_true(now_ms() - began < 20000);
	server_end(&mute);
}

static void commands(void **state)
{
	struct ready yes = {.how = READY_EXEC, .shown = STR("exec true"), .argv = (const char *const[]){"true", NULL}};
	struct ready no = {.how = READY_EXEC, .shown = STR("exec sh"), .argv = (const char *const[]){"sh", "-c", "echo not yet >&2; exit 4", NULL}};
	struct err e = {0};

	(void)state;
	assert_int_equal(ready_wait(&yes, 5000000, 0, NULL, &e), 0);
	for (int64_t within_us = 300000; within_us <= 30000000; within_us *= 10) {
		assert_int_equal(ready_wait(&no, within_us, 0, NULL, &e), -ETIMEDOUT);
		if (strstr(e.text, "status 4")) /* a busy machine may be too slow to run it in so short a time */
			break;
	}
	assert_non_null(strstr(e.text, "the command ended with status 4: not yet"));
	assert_int_equal(ready_wait(&no, 60000000, 0, &(volatile int){1}, &e), -EINTR);
}

/* A loopback that nobody else uses, where that is allowed. */
static void own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0) {
		lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP);
		ioctl(fd, SIOCSIFFLAGS, &lo);
	}
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations), cmocka_unit_test(urls),
		cmocka_unit_test(interfaces), cmocka_unit_test(answers),
		cmocka_unit_test(the_request_is_one_request), cmocka_unit_test(it_waits_for_the_port),
		cmocka_unit_test(a_dead_process_ends_the_waiting), cmocka_unit_test(commands),
	};

	own_network();
	return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
