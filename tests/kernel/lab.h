/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A small network to send packets through: sockets in any of its namespaces, servers that say who asked them, and many
 * probes at once. */
#ifndef CTC_TESTS_KERNEL_LAB_H
#define CTC_TESTS_KERNEL_LAB_H

#include "tests/kernel/policy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum { SERVERS_MAX = 256, CONNECTIONS_MAX = 2048, QUIET_MS = 400, PATIENCE_MS = 10000 };

__attribute__((unused)) static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A socket in a namespace below /run/netns, or in the program's own for "host". */
__attribute__((unused)) static int socket_in(const char *ns, int family, int type)
{
	_fd_ int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = -1;
	char path[64];

	assert_true(home >= 0);
	if (strcmp(ns, "host") != 0) {
		snprintf(path, sizeof path, "/run/netns/%s", ns);
		there = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(there >= 0 && setns(there, CLONE_NEWNET) == 0);
	}
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_true(setns(home, CLONE_NEWNET) == 0);
	return fd;
}

__attribute__((unused)) static socklen_t endpoint(const char *address, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *four = (struct sockaddr_in *)ret;

	*ret = (struct sockaddr_storage){0};
	if (strchr(address, ':')) {
		*six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		assert_int_equal(inet_pton(AF_INET6, address, &six->sin6_addr), 1);
		return sizeof *six;
	}
	*four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	assert_int_equal(inet_pton(AF_INET, address, &four->sin_addr), 1);
	return sizeof *four;
}

/* A socket in a namespace, bound to an address that need not be the namespace's. */
__attribute__((unused)) static int bound_in(const char *ns, int type, const char *address, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t n = endpoint(address, port, &at);
	int fd = socket_in(ns, at.ss_family, type), on = 1;

	setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on);
	setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, n) < 0)
		fail_msg("cannot bind %s %u in %s: %s", address, port, ns, strerror(errno));
	return fd;
}

__attribute__((unused)) static void send_to(int fd, const char *address, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t n = endpoint(address, port, &at);

	sendto(fd, "?", 1, 0, (struct sockaddr *)&at, n);
}

/* Whether a datagram comes within the time. */
__attribute__((unused)) static bool arrives(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char byte;

	return poll(&p, 1, ms) == 1 && recv(fd, &byte, sizeof byte, MSG_DONTWAIT) > 0;
}

/* How many packets the kernel has thrown away before anybody judged them, since a processor could not keep up (Documentation/networking/scaling.rst: softnet_stat). */
__attribute__((unused)) static unsigned long overflowed(void)
{
	_file_ FILE *f = fopen("/proc/net/softnet_stat", "re");
	unsigned long all = 0, dropped;

	assert_non_null(f);
	while (fscanf(f, "%*x %lx %*[^\n]", &dropped) == 1)
		all += dropped;
	return all;
}

/* How many datagrams the servers got, all of them: what arrives though no answer comes back. Shared with their process.
 */
struct tally {
	atomic_uint datagrams;
};

__attribute__((unused)) static struct tally *tally(void)
{
	static struct tally *shared;

	if (!shared)
		shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	return shared;
}

struct server {
	const char *ns;
	int fd, type;
};

/* Writes who asked; to a datagram from the address that it was sent to (pktinfo), which a host of several addresses
 * would not take by itself. */
__attribute__((unused)) static void say_peer(const struct server *s, int fd, struct msghdr *m)
{
	const struct sockaddr_in6 *six = m->msg_name;
	char text[INET6_ADDRSTRLEN] = "?", line[80];

	if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], text, sizeof text);
	else
		inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
	m->msg_iov->iov_base = line;
	m->msg_iov->iov_len = (size_t)snprintf(line, sizeof line, "%s sees %s", s->ns, text);
	if (s->type == SOCK_STREAM)
		m->msg_name = NULL;
	if (CMSG_FIRSTHDR(m))
		((struct in6_pktinfo *)(void *)CMSG_DATA(CMSG_FIRSTHDR(m)))->ipi6_ifindex = 0;
	sendmsg(fd, m, MSG_NOSIGNAL);
}

/* Never returns: answers each connection, each datagram and each byte on a connection with who asked. */
__attribute__((unused)) static void serve(const struct server *servers, size_t n)
{
	static struct pollfd p[SERVERS_MAX + CONNECTIONS_MAX];
	static const struct server *of[SERVERS_MAX + CONNECTIONS_MAX];
	size_t all = n;

	for (size_t i = 0; i < n; i++) {
		p[i] = (struct pollfd){.fd = servers[i].fd, .events = POLLIN};
		of[i] = &servers[i];
	}
	while (poll(p, all, -1) >= 0)
		for (size_t i = 0; i < all; i++) {
			struct sockaddr_storage peer = {0};
			socklen_t len = sizeof peer;
			char part[64], control[64];
			struct iovec io = {part, sizeof part};
			struct msghdr m = {
				.msg_name = &peer, .msg_namelen = sizeof peer, .msg_iov = &io, .msg_iovlen = 1};
			int fd = p[i].fd;

			if (!p[i].revents)
				continue;
			if (i < n && of[i]->type == SOCK_STREAM) {
				fd = accept4(fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
				if (fd < 0)
					continue;
				say_peer(of[i], fd, &m);
				if (all < SERVERS_MAX + CONNECTIONS_MAX) {
					p[all] = (struct pollfd){.fd = fd, .events = POLLIN};
					of[all++] = of[i];
				}
			} else if (i < n) {
				m.msg_control = control;
				m.msg_controllen = sizeof control;
				if (recvmsg(fd, &m, MSG_DONTWAIT) >= 0) {
					tally()->datagrams++;
					say_peer(of[i], fd, &m);
				}
			} else if (recv(fd, part, sizeof part, MSG_DONTWAIT) > 0) {
				getpeername(fd, (struct sockaddr *)&peer, &len);
				say_peer(of[i], fd, &m);
			} else {
				close(fd);
				p[i] = p[--all];
				of[i--] = of[all];
			}
		}
	_exit(1);
}

/* Serves TCP and UDP on the ports in each namespace, in a child that ends with the test. */
__attribute__((unused)) static pid_t serve_all(const char *const *namespaces, const uint16_t *ports)
{
	struct server servers[SERVERS_MAX];
	size_t n = 0;

	for (; *namespaces; namespaces++)
		for (const uint16_t *port = ports; *port; port++)
			for (int udp = 0; udp < 2; udp++) {
				int type = udp ? SOCK_DGRAM : SOCK_STREAM;

				assert_true(n < SERVERS_MAX);
				servers[n] =
					(struct server){*namespaces, bound_in(*namespaces, type, "::", *port), type};
				assert_int_equal(
					setsockopt(servers[n].fd, SOL_IPV6, IPV6_RECVPKTINFO, &(int){udp}, sizeof(int)),
					0);
				assert_true(udp || listen(servers[n].fd, 128) == 0);
				n++;
			}
	tally();
	pid_t parent = getpid(), child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		serve(servers, n);
	}
	while (n > 0)
		close(servers[--n].fd);
	return child;
}

/* One question. Expected: what the server says, "refused", or NULL for silence. */
struct probe {
	const char *from;
	int type;
	const char *to;
	uint16_t port;
	const char *expected;
	char answer[80];
	int fd;
};

/* Takes what there is; true when it is the answer. */
__attribute__((unused)) static bool probe_answered(struct probe *p, short events)
{
	ssize_t n;
	int e = 0;
	socklen_t len = sizeof e;

	if (p->answer[0])
		return true;
	getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &e, &len);
	if (e == 0 && events & POLLIN) {
		n = recv(p->fd, p->answer, sizeof p->answer - 1, MSG_DONTWAIT);
		e = n < 0 ? errno : n == 0 ? ECONNRESET : 0;
	}
	if (e && e != EAGAIN)
		snprintf(p->answer, sizeof p->answer, "%s",
			 e == ECONNREFUSED || e == ECONNRESET ? "refused" : strerror(e));
	return p->answer[0] != '\0';
}

__attribute__((unused)) static void probe_start(struct probe *p)
{
	struct sockaddr_storage at;
	socklen_t n = endpoint(p->to, p->port, &at);

	p->answer[0] = '\0';
	p->fd = socket_in(p->from, at.ss_family, p->type | SOCK_NONBLOCK);
	if (connect(p->fd, (struct sockaddr *)&at, n) < 0 && errno != EINPROGRESS)
		snprintf(p->answer, sizeof p->answer, "%s", strerror(errno));
	else if (p->type == SOCK_DGRAM)
		send(p->fd, "?", 1, MSG_NOSIGNAL);
}

/* Asks all at once and waits: for every answer that is expected, and long enough for those that are not. */
__attribute__((unused)) static void probe_all(struct probe *probes, size_t n)
{
	_mem_ struct pollfd *p = xrealloc(NULL, n * sizeof *p);
	int64_t begin = now_ms();
	bool waiting = true;

	for (size_t i = 0; i < n; i++)
		probe_start(&probes[i]);
	while ((waiting && now_ms() - begin < PATIENCE_MS) || now_ms() - begin < QUIET_MS) {
		waiting = false;
		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){.fd = probes[i].answer[0] ? -1 : probes[i].fd, .events = POLLIN};
		poll(p, n, 20);
		for (size_t i = 0; i < n; i++)
			if (!probe_answered(&probes[i], p[i].revents) && probes[i].expected)
				waiting = true;
	}
	for (size_t i = 0; i < n; i++)
		close(probes[i].fd);
}

/* The number of probes that did not get what was expected, each told. */
__attribute__((unused)) static size_t probe_check(struct probe *probes, size_t n)
{
	unsigned before = tally()->datagrams, expected = 0;
	size_t wrong = 0;

	probe_all(probes, n);
	for (size_t i = 0; i < n; i++)
		expected += probes[i].type == SOCK_DGRAM && probes[i].expected &&
			    strcmp(probes[i].expected, "refused") != 0;
	if (tally()->datagrams - before != expected) {
		print_error("%u datagrams arrived, not %u\n", tally()->datagrams - before, expected);
		wrong++;
	}
	for (size_t i = 0; i < n; i++) {
		const struct probe *p = &probes[i];

		if (strcmp(p->answer, p->expected ? p->expected : "") == 0)
			continue;
		if (wrong++ < 20)
			print_error("%s to %s port %u/%s: \"%s\", not \"%s\"\n", p->from, p->to, p->port,
				    p->type == SOCK_STREAM ? "tcp" : "udp", p->answer, p->expected ? p->expected : "");
	}
	return wrong;
}

__attribute__((unused)) static uint16_t ip_checksum(const void *header, size_t n)
{
	const uint8_t *b = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Puts an IPv4 UDP datagram of one byte, with or without a wrong checksum, on an interface's wire, with addresses that
 * no kernel would let out. */
__attribute__((unused)) static void send_frame(const char *ns, const char *interface, const char *mac_to,
					       const char *from, const char *to, uint16_t port, bool broken)
{
	struct {
		struct ether_header eth;
		struct iphdr ip;
		struct udphdr udp;
		char data;
	} __attribute__((packed)) f = {.eth.ether_type = htons(ETHERTYPE_IP), .data = '?'};
	_fd_ int fd = socket_in(ns, AF_PACKET, SOCK_RAW);
	struct ifreq ifr = {0};
	unsigned mac[6];

	assert_int_equal(sscanf(mac_to, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]), 6);
	for (size_t i = 0; i < 6; i++)
		f.eth.ether_dhost[i] = (uint8_t)mac[i];
	f.ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(sizeof f - sizeof f.eth)};
	f.ip.saddr = inet_addr(from);
	f.ip.daddr = inet_addr(to);
	f.ip.check = ip_checksum(&f.ip, sizeof f.ip);
	f.udp = (struct udphdr){.source = htons(40000), .dest = htons(port), .len = htons(sizeof f.udp + 1)};
	f.udp.check = broken ? htons(0x0bad) : 0;
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", interface);
	assert_int_equal(ioctl(fd, SIOCGIFINDEX, &ifr), 0);
	struct sockaddr_ll at = {.sll_family = AF_PACKET,
				 .sll_ifindex = ifr.ifr_ifindex,
				 .sll_halen = 6,
				 .sll_protocol = htons(ETHERTYPE_IP)};
	assert_int_equal(sendto(fd, &f, sizeof f, 0, (struct sockaddr *)&at, sizeof at), sizeof f);
}

#endif
