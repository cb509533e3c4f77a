/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tests' own program, static, without any library but libc: a server that stands in for every image, and clients that answer one question each by their exit
 * status. It is the entry point of the images that the tests import, and is run in namespaces to see what a real packet meets. It proves nothing by itself:
 * the tests compare what it says with what the source says.
 *
 *	serve PORT[/udp]...		answers HTTP GETs and datagrams; any unknown first word does the same with the ports of $PROBE_PORTS
 *	files PORT DIRECTORY		serves the files of a directory, those below a directory "manifests" as an image registry does
 *	get ADDR PORT PATH [MS]		one GET; prints the body; status 0 where the answer is below 400. As long as it is refused it is tried again: what has just
 *					been started listens a little later
 *	connect ADDR PORT [MS]		prints open (status 0), refused (1), timeout (2) or unreachable (3)
 *	udp-ask ADDR PORT [MS]		sends a datagram and waits for an answer; prints it; status as for connect
 *	udp-send ADDR PORT SRC N	sends N datagrams from the address SRC, which need not be the sender's own
 *	storm ADDR PORT MS		sends a datagram each millisecond for that long, whatever becomes of them
 *	udp-count PORT MS		prints how many datagrams came in that time or until an interrupt, and from whom the first was; on standard error, when it begins
 *	hold ADDR PORT MS		keeps one connection busy that long; status 0 where no byte was lost
 *	open PATH [r|w|create]		opens it (for both by default); prints open (status 0) or why not (1)
 *	name				prints its host name
 *	pull MODEL			prints "pulled MODEL from $OLLAMA_HOST" and ends, as `ollama pull` does when it has
 *	die [STATUS]			says so on standard error and ends
 *
 * Clients connect from $PROBE_FROM, one of the sender's own addresses, where that is set.
 *
 * A container sends its first datagrams to the addresses of $PROBE_SHOTS ("10.0.0.1/7700 fd00::1/7700"), before anything else.
 *
 * The server reads from its environment PROBE_NAME (what it answers with; else its host name), PROBE_PORTS, PROBE_DELAY_MS (before it listens), PROBE_GATE (a path
 * of the container's: it listens once that is there) and PROBE_DIE (it ends at once with this status). It ends at SIGTERM, SIGINT and SIGUSR1, and says at which. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_MS = 5000, LOOK_MS = 20, CLIENTS_MAX = 256, LISTENERS_MAX = 64, REQUEST_MAX = 2048 };
enum { OPEN, REFUSED, TIMEOUT, UNREACHABLE, USAGE = 64 };

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int number(const char *text, int fallback)
{
	return text ? atoi(text) : fallback;
}

static void give_up(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	exit(USAGE);
}

static bool address_of(const char *text, int port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		*ret_len = sizeof *v4;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		*ret_len = sizeof *v6;
		return true;
	}
	return false;
}

static void address_say(const struct sockaddr_storage *a, char *out, size_t size)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)a)->sin6_addr;

	if (a->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)a)->sin_addr, out, (socklen_t)size);
	else if (IN6_IS_ADDR_V4MAPPED(v6))
		inet_ntop(AF_INET, v6->s6_addr + 12, out, (socklen_t)size);
	else
		inet_ntop(AF_INET6, v6, out, (socklen_t)size);
}

/* ---- the server ---- */

static const char *server_name(void)
{
	static char host[256];
	const char *name = getenv("PROBE_NAME");

	if (name)
		return name;
	if (gethostname(host, sizeof host - 1) < 0)
		strcpy(host, "probe");
	return host;
}

/* One socket for both families. Without IPv6 in the kernel, IPv4 alone. */
static int listen_on(int port, int type)
{
	struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1, off = 0, fd = socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool v6 = fd >= 0;

	if (!v6)
		fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		give_up("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (v6 && type == SOCK_DGRAM)
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one);
	if (bind(fd, v6 ? (void *)&any6 : (void *)&any4, v6 ? sizeof any6 : sizeof any4) < 0)
		give_up("bind");
	if (type == SOCK_STREAM && listen(fd, 64) < 0)
		give_up("listen");
	return fd;
}

/* What a path asks for: /peer the client's address, /env/X a variable, /status/N that status, all else the name and "ok". */
static int answer(const char *path, const char *peer, char *body, size_t size)
{
	if (strcmp(path, "/peer") == 0) {
		snprintf(body, size, "%s\n", peer);
	} else if (strncmp(path, "/env/", 5) == 0) {
		const char *value = getenv(path + 5);

		snprintf(body, size, "%s\n", value ? value : "");
		return value ? 200 : 404;
	} else if (strncmp(path, "/status/", 8) == 0) {
		snprintf(body, size, "as you wish\n");
		return atoi(path + 8);
	} else {
		snprintf(body, size, "%s ok\n", server_name());
	}
	return 200;
}

struct client {
	int fd;
	bool echo;		/* a `hold` client: what comes goes back */
	bool files;		/* of a `files` server */
	size_t n;
	char peer[INET6_ADDRSTRLEN];
	char request[REQUEST_MAX];
};

static void client_close(struct client *c)
{
	close(c->fd);
	*c = (struct client){.fd = -1};
}

static void write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		} else if (errno != EAGAIN || poll(&p, 1, 5000) <= 0) {
			return;
		}
	}
}

/* The file, or 404; to HEAD without the bytes. */
static void send_file(int fd, const char *path, bool head)
{
	bool manifest = strstr(path, "/manifests/") != NULL;
	int file = strstr(path, "..") ? -1 : open(path + 1, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (strcmp(path, "/v2/") == 0) {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
	} else if (file < 0 || fstat(file, &st) < 0 || !S_ISREG(st.st_mode)) {
		dprintf(fd, "HTTP/1.1 404 Not found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	} else {
		dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %lld\r\nConnection: close\r\n\r\n",
			manifest ? "application/vnd.docker.distribution.manifest.v2+json" : "application/octet-stream", (long long)st.st_size);
		char bytes[65536];

		for (ssize_t n; !head && (n = read(file, bytes, sizeof bytes)) > 0;)
			write_all(fd, bytes, (size_t)n);
	}
	if (file >= 0)
		close(file);
}

static void client_answer(struct client *c)
{
	char path[256] = "/", body[1024], text[1400];
	int status, n;

	sscanf(c->request, "%*15s %255s", path);
	if (c->files) {
		send_file(c->fd, path, strncmp(c->request, "HEAD", 4) == 0);
		client_close(c);
		return;
	}
	status = answer(path, c->peer, body, sizeof body);
	n = snprintf(text, sizeof text,
		     "HTTP/1.1 %d Probe\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		     status, strlen(body), body);
	if (write(c->fd, text, (size_t)n) < 0)
		perror("probe: write");
	client_close(c);
}

static void client_read(struct client *c)
{
	char bytes[512];
	ssize_t n = read(c->fd, bytes, sizeof bytes);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (!c->echo && c->n + (size_t)n >= sizeof c->request)) {
		client_close(c);
		return;
	}
	if (!c->echo) {
		memcpy(c->request + c->n, bytes, (size_t)n);
		c->n += (size_t)n;
		c->echo = c->n >= 4 && memcmp(c->request, "HOLD", 4) == 0;
	}
	if (c->echo) {
		if (write(c->fd, bytes, (size_t)n) < 0)
			client_close(c);
	} else if (strstr(c->request, "\r\n\r\n")) {
		client_answer(c);
	}
}

static void accept_one(int listener, bool files, struct client *clients)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;
	int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].fd < 0) {
			clients[i] = (struct client){.fd = fd, .files = files};
			address_say(&peer, clients[i].peer, sizeof clients[i].peer);
			return;
		}
	close(fd);
}

/* From the address that was asked, which need not be the one that routing would choose: ipv6(7), IPV6_PKTINFO, also for IPv4 on a socket of both. */
static void answer_datagram(int fd)
{
	struct sockaddr_storage peer;
	char bytes[512], control[256] __attribute__((aligned(8)));
	struct iovec part = {bytes, sizeof bytes};
	struct msghdr m = {.msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};

	if (recvmsg(fd, &m, 0) < 0)
		return;
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h))
		if (h->cmsg_level == IPPROTO_IPV6 && h->cmsg_type == IPV6_PKTINFO)
			((struct in6_pktinfo *)CMSG_DATA(h))->ipi6_ifindex = 0;
	part.iov_len = (size_t)snprintf(bytes, sizeof bytes, "%s ok\n", server_name());
	sendmsg(fd, &m, 0);
}

/* The first process of a container gets no default action for signals. */
static void on_term(int signal)
{
	static const char usr1[] = "probe: ended by SIGUSR1\n", other[] = "probe: ended by SIGTERM or SIGINT\n";
	ssize_t ignored = signal == SIGUSR1 ? write(2, usr1, sizeof usr1 - 1) : write(2, other, sizeof other - 1);

	(void)ignored;
	_exit(0);
}

static _Noreturn void serve(int nports, char **ports, bool files)
{
	static struct client clients[CLIENTS_MAX];
	struct pollfd fds[LISTENERS_MAX + CLIENTS_MAX];
	bool datagram[LISTENERS_MAX] = {false};
	int nlisteners = 0;

	for (int i = 0; i < CLIENTS_MAX; i++)
		clients[i].fd = -1;
	for (int i = 0; i < nports && i < LISTENERS_MAX; i++) {
		datagram[i] = strstr(ports[i], "/udp") != NULL;
		fds[nlisteners++].fd = listen_on(atoi(ports[i]), datagram[i] ? SOCK_DGRAM : SOCK_STREAM);
		printf("%s listens on %s\n", server_name(), ports[i]);
	}
	fflush(stdout);
	for (;;) {
		nfds_t n = (nfds_t)nlisteners;

		for (int i = 0; i < nlisteners; i++)
			fds[i].events = POLLIN;
		for (int i = 0; i < CLIENTS_MAX; i++)
			fds[n++] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			give_up("poll");
		for (int i = 0; i < CLIENTS_MAX; i++)
			if (clients[i].fd >= 0 && fds[nlisteners + i].fd == clients[i].fd && fds[nlisteners + i].revents)
				client_read(&clients[i]);
		for (int i = 0; i < nlisteners; i++)
			if (fds[i].revents && datagram[i])
				answer_datagram(fds[i].fd);
			else if (fds[i].revents)
				accept_one(fds[i].fd, files, clients);
	}
}

/* The first thing that a container does: a datagram to each "ADDRESS/PORT" of $PROBE_SHOTS. */
static void shoot(void)
{
	char *list = strdup(getenv("PROBE_SHOTS") ? getenv("PROBE_SHOTS") : "");

	for (char *p = strtok(list, " "); p; p = strtok(NULL, " ")) {
		char *port = strchr(p, '/');
		struct sockaddr_storage to;
		socklen_t len;

		if (!port)
			continue;
		*port++ = 0;
		if (!address_of(p, atoi(port), &to, &len))
			continue;
		int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		sendto(fd, "!", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, len);
		close(fd);
	}
	free(list);
}

static _Noreturn void serve_environment(void)
{
	shoot();
	char *ports[LISTENERS_MAX], *list = strdup(getenv("PROBE_PORTS") ? getenv("PROBE_PORTS") : "80");
	int n = 0;

	for (char *p = strtok(list, " ,"); p && n < LISTENERS_MAX; p = strtok(NULL, " ,"))
		ports[n++] = p;
	serve(n, ports, false);
}

/* ---- the clients ---- */

static int verdict_of(int error)
{
	switch (error) {
	case 0:
		return OPEN;
	case ECONNREFUSED:
	case ECONNRESET:
		return REFUSED;
	case ETIMEDOUT:
	case EAGAIN:
		return TIMEOUT;
	default:
		return UNREACHABLE;
	}
}

static int say_verdict(int verdict)
{
	static const char *const words[] = {"open", "refused", "timeout", "unreachable"};

	puts(words[verdict]);
	return verdict;
}

/* A connected socket, or -1 with errno. */
static int dial(const char *address, int port, int type, int ms)
{
	struct sockaddr_storage from, to;
	socklen_t from_len, len, size = sizeof(int);
	int error = 0, fd;

	if (!address_of(address, port, &to, &len)) {
		errno = EINVAL;
		give_up(address);
	}
	fd = socket(to.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		give_up("socket");
	if (getenv("PROBE_FROM") && (!address_of(getenv("PROBE_FROM"), 0, &from, &from_len) || bind(fd, (struct sockaddr *)&from, from_len) < 0))
		give_up(getenv("PROBE_FROM"));
	if (connect(fd, (struct sockaddr *)&to, len) < 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		int n = errno == EINPROGRESS ? poll(&p, 1, ms) : -1;

		if (n == 0)
			errno = ETIMEDOUT;
		if (n <= 0)
			return -1;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error) {
			errno = error;
			return -1;
		}
	}
	return fd;
}

static int cmd_connect(const char *address, int port, int ms)
{
	return say_verdict(dial(address, port, SOCK_STREAM, ms) >= 0 ? OPEN : verdict_of(errno));
}

static int cmd_get(const char *address, int port, const char *path, int ms)
{
	int64_t end = now_ms() + ms;
	char text[4096], *body;
	size_t n = 0;
	int status = 0, fd;

	while ((fd = dial(address, port, SOCK_STREAM, ms)) < 0 && verdict_of(errno) == REFUSED && now_ms() < end)
		usleep(LOOK_MS * 1000);
	if (fd < 0) {
		fprintf(stderr, "probe: %s port %d: %s\n", address, port, strerror(errno));
		return verdict_of(errno);
	}
	dprintf(fd, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", path, address);
	while (n < sizeof text - 1 && now_ms() < end) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (poll(&p, 1, (int)(end - now_ms())) <= 0)
			break;
		got = read(fd, text + n, sizeof text - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	text[n] = 0;
	body = strstr(text, "\r\n\r\n");
	if (!body || sscanf(text, "HTTP/1.%*d %d", &status) != 1) {
		fprintf(stderr, "probe: %s port %d: no whole answer within %d ms\n", address, port, ms);
		return TIMEOUT;
	}
	fputs(body + 4, stdout);
	if (status >= 400)
		fprintf(stderr, "probe: %s port %d: status %d\n", address, port, status);
	return status >= 400 ? 1 : 0;
}

static int cmd_udp_ask(const char *address, int port, int ms)
{
	int fd = dial(address, port, SOCK_DGRAM, ms);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char text[512];
	ssize_t n;

	if (fd < 0 || write(fd, "?", 1) < 0)
		return say_verdict(verdict_of(errno));
	if (poll(&p, 1, ms) <= 0)
		return say_verdict(TIMEOUT);
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return say_verdict(verdict_of(errno));
	text[n] = 0;
	fputs(text, stdout);
	return OPEN;
}

static int cmd_udp_send(const char *address, int port, const char *source, int count)
{
	struct sockaddr_storage to, from;
	socklen_t len, from_len;
	int one = 1, fd;

	if (!address_of(address, port, &to, &len) || !address_of(source, 0, &from, &from_len)) {
		errno = EINVAL;
		give_up("address");
	}
	fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		give_up("socket");
	setsockopt(fd, to.ss_family == AF_INET ? SOL_IP : SOL_IPV6, to.ss_family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT,
		   &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&from, from_len) < 0)
		give_up("bind");
	for (int i = 0; i < count; i++)
		if (sendto(fd, "?", 1, 0, (struct sockaddr *)&to, len) < 0)
			return say_verdict(verdict_of(errno));
	return OPEN;
}

/* A new socket now and then: a connection of its own to whoever follows them. */
static int cmd_storm(const char *address, int port, int ms)
{
	int64_t end = now_ms() + ms;
	struct sockaddr_storage to;
	socklen_t len;
	int fd = -1;

	if (!address_of(address, port, &to, &len)) {
		errno = EINVAL;
		give_up(address);
	}
	for (unsigned i = 0; now_ms() < end; i++) {
		if (i % 64 == 0) {
			if (fd >= 0)
				close(fd);
			fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		}
		sendto(fd, "?", 1, MSG_NOSIGNAL, (struct sockaddr *)&to, len);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return OPEN;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* An interrupt ends it early. What has arrived by then is counted. */
static int cmd_udp_count(int port, int ms)
{
	sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
	int64_t end = now_ms() + ms;
	int fd = listen_on(port, SOCK_DGRAM), count = 0;
	char first[INET6_ADDRSTRLEN] = "nobody";

	fprintf(stderr, "probe: counts at port %d\n", port);
	for (;;) {
		int64_t left = interrupted ? 0 : end - now_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		struct sockaddr_storage peer;
		socklen_t len = sizeof peer;
		char byte;
		/* in short waits: an interrupt just before one would be slept through */
		int n = poll(&p, 1, left > LOOK_MS ? LOOK_MS : left > 0 ? (int)left : 0);

		if (n == 0 && left <= 0)
			break;
		if (n <= 0)
			continue;
		if (recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&peer, &len) < 0)
			continue;
		if (count++ == 0)
			address_say(&peer, first, sizeof first);
	}
	printf("%d %s\n", count, first);
	return 0;
}

static int cmd_hold(const char *address, int port, int ms)
{
	int64_t end = now_ms() + ms;
	int fd = dial(address, port, SOCK_STREAM, ms);

	if (fd < 0)
		return say_verdict(verdict_of(errno));
	do {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char bytes[4];

		if (write(fd, "HOLD", 4) != 4 || poll(&p, 1, DEFAULT_MS) <= 0 || recv(fd, bytes, 4, MSG_WAITALL) != 4) {
			puts("broken");
			return 1;
		}
		usleep(50000);
	} while (now_ms() < end);
	puts("held");
	return 0;
}

static int cmd_open(const char *path, const char *how)
{
	int fd = open(path, strcmp(how, "r") == 0      ? O_RDONLY :
			    strcmp(how, "w") == 0      ? O_WRONLY :
			    strcmp(how, "create") == 0 ? O_WRONLY | O_CREAT | O_EXCL :
							 O_RDWR,
		      0600);

	puts(fd < 0 ? strerror(errno) : "open");
	return fd < 0;
}

static int cmd_name(void)
{
	char name[256] = "";

	if (gethostname(name, sizeof name - 1) < 0)
		give_up("gethostname");
	puts(name);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	signal(SIGUSR1, on_term);
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(verb, "connect") == 0 && argc >= 4)
		return cmd_connect(argv[2], atoi(argv[3]), number(argv[4], DEFAULT_MS));
	if (strcmp(verb, "get") == 0 && argc >= 5)
		return cmd_get(argv[2], atoi(argv[3]), argv[4], number(argv[5], DEFAULT_MS));
	if (strcmp(verb, "udp-ask") == 0 && argc >= 4)
		return cmd_udp_ask(argv[2], atoi(argv[3]), number(argv[4], DEFAULT_MS));
	if (strcmp(verb, "udp-send") == 0 && argc == 6)
		return cmd_udp_send(argv[2], atoi(argv[3]), argv[4], atoi(argv[5]));
	if (strcmp(verb, "storm") == 0 && argc == 5)
		return cmd_storm(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (strcmp(verb, "udp-count") == 0 && argc == 4)
		return cmd_udp_count(atoi(argv[2]), atoi(argv[3]));
	if (strcmp(verb, "hold") == 0 && argc == 5)
		return cmd_hold(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (strcmp(verb, "open") == 0 && (argc == 3 || argc == 4))
		return cmd_open(argv[2], argc == 4 ? argv[3] : "");
	if (strcmp(verb, "name") == 0)
		return cmd_name();
	if (strcmp(verb, "pull") == 0 && argc == 3)
		return printf("pulled %s from %s\n", argv[2], getenv("OLLAMA_HOST")) < 0;
	if (getenv("PROBE_DELAY_MS"))
		usleep((useconds_t)atoi(getenv("PROBE_DELAY_MS")) * 1000);
	while (getenv("PROBE_GATE") && access(getenv("PROBE_GATE"), F_OK) < 0)
		usleep(LOOK_MS * 1000);
	if (strcmp(verb, "die") == 0 || getenv("PROBE_DIE")) {
		fprintf(stderr, "probe: this program was told to die\n");
		return strcmp(verb, "die") == 0 ? number(argv[2], 1) : atoi(getenv("PROBE_DIE"));
	}
	if (strcmp(verb, "files") == 0 && argc == 4) {
		if (chdir(argv[3]) < 0)
			give_up(argv[3]);
		serve(1, argv + 2, true);
	}
	if (strcmp(verb, "serve") == 0)
		serve(argc - 2, argv + 2, false);
	serve_environment();
}
