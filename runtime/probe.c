/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Probes, see probe.h. A socket belongs to the namespace that it was made in, so that those of all namespaces are asked in one loop. What is sent is the least that a connection
 * begins with: of TCP its first packet, of UDP a datagram without content; and a filter lets the watching sockets see nothing else, however busy a container is. */
#include "runtime/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/clock.h"
#include "runtime/ns.h"

enum {
	IN_FLIGHT_MAX = 512,
	AGAIN_MS = 200,		/* between two tries */
	AGAIN_UDP_MS = 1100,	/* after a datagram came back: one a second does (icmp_ratelimit in Documentation/networking/ip-sysctl) */
	QUIET_MS = 100,		/* so long after a datagram has arrived nobody has sent it back */
	TICK_MS = 50,
	FILES_WANTED = 16384,
	HEADER_MAX = 128,
};

/* One namespace of those that take part. */
struct place {
	int ns;			/* -1: the host's */
	int watch;		/* packet socket; -1: nobody is asked there */
};

struct asking {
	struct probe *p;
	struct place *from, *to;
	int fd;			/* -1: not begun, or over */
	bool waiting;		/* a connection is being opened */
	int64_t begun, next, arrived_at;
};

struct round {
	struct host *h;
	struct arena arena;
	struct map places;	/* name -> struct place */
	VEC(struct place *) all;
	struct asking *at;
	size_t n, begun, open;
	bool failed;
};

bool probe_holds(const struct probe *p)
{
	bool reached = p->end == PROBE_TAKEN || (p->arrival && (p->arrived || p->end == PROBE_REFUSED));

	/* What nobody may open must not even arrive. */
	return p->end != PROBE_PENDING && (p->reach ? reached : !p->arrived && p->end != PROBE_TAKEN && p->end != PROBE_REFUSED);
}

/* ---- watching ---- */

#define LOAD(size, how, at) BPF_STMT(BPF_LD | (size) | (how), (at))
#define EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define AND(value) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (value))
#define SKIP(n) BPF_STMT(BPF_JMP | BPF_JA, (n))
#define RETURN(n) BPF_STMT(BPF_RET | BPF_K, (n))

/* First packets of TCP connections, and empty datagrams, of both families; from the network header on (RFC 791, 8200, 9293, 768). */
static const struct sock_filter first_packets[] = {
	LOAD(BPF_B, BPF_ABS, 0),
	AND(0xf0),
	EQUAL(0x60, 8, 0),
	/* IPv4: the protocol, and where its header begins */
	LOAD(BPF_B, BPF_ABS, 9),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	EQUAL(IPPROTO_UDP, 0, 2),
	LOAD(BPF_H, BPF_IND, 4),
	SKIP(11),
	EQUAL(IPPROTO_TCP, 0, 11),
	LOAD(BPF_B, BPF_IND, 13),
	SKIP(6),
	/* IPv6 */
	LOAD(BPF_B, BPF_ABS, 6),
	EQUAL(IPPROTO_UDP, 0, 2),
	LOAD(BPF_H, BPF_ABS, 40 + 4),
	SKIP(4),
	EQUAL(IPPROTO_TCP, 0, 4),
	LOAD(BPF_B, BPF_ABS, 40 + 13),
	/* of TCP the flags, SYN without ACK; of UDP the length, its header alone */
	AND(0x12),
	EQUAL(0x02, 2, 1),
	EQUAL(0x08, 1, 0),
	RETURN(0),
	RETURN(HEADER_MAX),
};

/* What a packet was sent as. */
struct seen {
	struct addr source, target;
	uint16_t from_port, to_port;
	uint8_t proto;
};

static uint16_t u16_at(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* The filter has let through nothing else. */
static bool packet_read(const unsigned char *p, size_t n, struct seen *ret)
{
	bool six = n >= 40 && p[0] >> 4 == 6;
	size_t head = six ? 40 : (size_t)(p[0] & 0xf) * 4, size = six ? 16 : 4;

	if (n < 20 || n < head + 4)
		return false;
	*ret = (struct seen){.source.family = six ? 6 : 4, .target.family = six ? 6 : 4, .proto = six ? p[6] : p[9]};
	memcpy(ret->source.b, p + (six ? 8 : 12), size);
	memcpy(ret->target.b, p + (six ? 24 : 16), size);
	ret->from_port = u16_at(p + head);
	ret->to_port = u16_at(p + head + 2);
	return true;
}

static int protocol_of(const struct probe *p)
{
	return p->proto == PROTO_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static void arrived(struct round *r, const struct place *at, const struct seen *s)
{
	for (size_t i = 0; i < r->begun; i++) {
		struct asking *a = &r->at[i];

		if (a->to == at && !a->p->arrived && a->p->sent_as == s->from_port && a->p->port == s->to_port && protocol_of(a->p) == s->proto &&
		    addr_eq(a->p->target, s->target) && addr_eq(a->p->source, s->source)) {
			a->p->arrived = true;
			a->arrived_at = clock_ms();
		}
	}
}

static void watch_read(struct round *r, const struct place *at)
{
	unsigned char bytes[HEADER_MAX];
	struct sockaddr_ll from;
	struct seen seen;
	ssize_t n;

	for (socklen_t size = sizeof from; (n = recvfrom(at->watch, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size)) > 0; size = sizeof from)
		if (from.sll_pkttype != PACKET_OUTGOING && packet_read(bytes, (size_t)n, &seen))
			arrived(r, at, &seen);
}

static int watch_open(struct err *e)
{
	const struct sock_fprog filter = {sizeof first_packets / sizeof first_packets[0], (struct sock_filter *)first_packets};
	const struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	/* It sees nothing before it is bound. */
	_fd_ int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 || bind(fd, (const struct sockaddr *)&all, sizeof all) < 0)
		return err_errno(e, -errno, "cannot look at the packets that arrive in a container");
	return take_fd(&fd);
}

/* ---- asking ---- */

static socklen_t sockaddr_make(struct addr a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){0};
	if (a.family == 6) {
		*v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
		memcpy(&v6->sin6_addr, a.b, 16);
		return sizeof *v6;
	}
	*v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
	memcpy(&v4->sin_addr, a.b, 4);
	return sizeof *v4;
}

/* In the namespace of the asking side. */
static int socket_make(const struct probe *p, struct err *e)
{
	struct sockaddr_storage source;
	bool tcp = p->proto == PROTO_TCP;
	_fd_ int fd = socket(p->target.family == 6 ? AF_INET6 : AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_errno(e, -errno, "cannot make a socket to probe with");
	if (p->source.family) {
		socklen_t size = sockaddr_make(p->source, 0, &source);

		if (bind(fd, (struct sockaddr *)&source, size) < 0)
			return err_errno(e, -errno, "cannot probe from a container's address");
	}
	return take_fd(&fd);
}

/* As whom it is sent: the port is another one after a connection that was refused. */
static void note_sender(struct asking *a)
{
	struct sockaddr_storage own = {0};
	socklen_t size = sizeof own;

	if (getsockname(a->fd, (struct sockaddr *)&own, &size) < 0)
		return;
	a->p->sent_as = ntohs(own.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port);
	a->p->source.family = own.ss_family == AF_INET6 ? 6 : 4;
	if (own.ss_family == AF_INET6)
		memcpy(a->p->source.b, &((struct sockaddr_in6 *)&own)->sin6_addr, 16);
	else
		memcpy(a->p->source.b, &((struct sockaddr_in *)&own)->sin_addr, 4);
}

static void over(struct round *r, struct asking *a, enum probe_end end, int error)
{
	a->p->end = end;
	a->p->error = error;
	a->waiting = false;
	cleanup_fd(&a->fd);
	a->fd = -1;
	r->open--;
}

/* A try has met something: the last word about what shall not be; what shall be is tried again until its time is over. */
static void met(struct asking *a, int error)
{
	a->waiting = false;
	if (a->p->proto == PROTO_TCP) /* connect(2): as if nothing had been tried; the address stays */
		connect(a->fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
	a->p->error = error;
	a->p->end = error == -ECONNREFUSED || error == -ECONNRESET ? PROBE_REFUSED : PROBE_ERROR;
	a->next = clock_ms() + (a->p->proto == PROTO_UDP && a->p->end == PROBE_REFUSED ? AGAIN_UDP_MS : AGAIN_MS);
}

static void try_once(struct round *r, struct asking *a)
{
	struct sockaddr_storage target;
	socklen_t size = sockaddr_make(a->p->target, a->p->port, &target);
	int code = connect(a->fd, (struct sockaddr *)&target, size) < 0 ? -errno : 0;

	a->next = clock_ms() + AGAIN_MS;
	if (code == 0 || code == -EINPROGRESS)
		note_sender(a);
	if (code == 0 && a->p->proto == PROTO_TCP)
		over(r, a, PROBE_TAKEN, 0);
	else if (code == -EINPROGRESS)
		a->waiting = true;
	else if (code == 0)
		code = send(a->fd, "", 0, MSG_NOSIGNAL) < 0 ? -errno : 0;
	if (code < 0 && code != -EINPROGRESS)
		met(a, code);
}

/* What the socket has to say: a connection is open or refused; a datagram was sent back. */
static void socket_read(struct round *r, struct asking *a)
{
	int error = 0;
	socklen_t size = sizeof error;

	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error)
		met(a, -error);
	else if (a->waiting)
		over(r, a, PROBE_TAKEN, 0);
	else if (a->p->proto == PROTO_UDP)
		over(r, a, PROBE_TAKEN, 0); /* an answer */
}

/* Looks at the clock. */
static void advance(struct round *r, struct asking *a, int64_t now)
{
	const struct probe *p = a->p;
	bool quiet = p->arrived && p->end == PROBE_PENDING && now >= a->arrived_at + QUIET_MS;

	if (p->reach && p->arrival && (p->arrived || p->end == PROBE_REFUSED))
		over(r, a, p->end == PROBE_REFUSED ? PROBE_REFUSED : PROBE_TAKEN, 0);
	else if (p->reach && p->proto == PROTO_UDP && quiet)
		over(r, a, PROBE_TAKEN, 0);
	else if (!p->reach && (p->arrived || p->end == PROBE_REFUSED))
		over(r, a, p->end == PROBE_PENDING ? PROBE_SILENT : p->end, p->error);
	else if (now >= a->begun + (p->reach ? PROBE_REACH_MS : PROBE_DENY_MS))
		over(r, a, p->end == PROBE_PENDING ? PROBE_SILENT : p->end, p->error);
	else if (!a->waiting && now >= a->next && (p->reach || p->end == PROBE_PENDING)) {
		a->p->end = PROBE_PENDING;
		a->p->arrived = false;
		try_once(r, a);
	}
}

/* ---- all of them ---- */

static struct place *place_of(struct round *r, struct str name)
{
	struct place *p = map_get(&r->places, name);

	if (!p) {
		p = arena_new(&r->arena, struct place);
		*p = (struct place){-1, -1};
		map_add(&r->arena, &r->places, name, p);
		vec_push(&r->arena, &r->all, p);
	}
	return p;
}

static int place_ready(struct round *r, struct str name, struct place **ret, struct err *e)
{
	struct place *p = *ret = place_of(r, name);

	if (name.n && p->ns < 0)
		p->ns = ns_open(r->h, name, e);
	return name.n && p->ns < 0 ? p->ns : 0;
}

/* The sockets of some, each made where it belongs. */
struct opening {
	struct place *watch;
	struct asking *at;
};
struct openings {
	VEC(struct opening) all;
	VEC(int) namespaces;
};

static int open_one(size_t i, void *context, struct err *e)
{
	struct opening *o = &((struct openings *)context)->all.at[i];

	if (o->watch)
		return o->watch->watch >= 0 ? 0 : (o->watch->watch = watch_open(e)) < 0 ? e->code : 0;
	o->at->fd = socket_make(o->at->p, e);
	return o->at->fd < 0 ? e->code : 0;
}

static int sockets_open(struct round *r, size_t from, size_t to, struct err *e)
{
	struct openings o = {0};

	for (size_t i = from; i < to; i++) {
		struct asking *a = &r->at[i];
		int code = place_ready(r, a->p->from, &a->from, e);

		if (code == 0)
			code = place_ready(r, a->p->to, &a->to, e);
		if (code < 0)
			return code;
		if (a->p->to.n && a->to->watch < 0) {
			vec_push(&r->arena, &o.all, (struct opening){.watch = a->to});
			vec_push(&r->arena, &o.namespaces, a->to->ns);
		}
		if (a->p->from.n) {
			vec_push(&r->arena, &o.all, (struct opening){.at = a});
			vec_push(&r->arena, &o.namespaces, a->from->ns);
		} else if ((a->fd = socket_make(a->p, e)) < 0) {
			return e->code;
		}
	}
	return o.all.n ? ns_each(o.namespaces.at, o.namespaces.n, open_one, &o, e) : 0;
}

static int begin_some(struct round *r, struct err *e)
{
	size_t from = r->begun, room = IN_FLIGHT_MAX - r->open, to = from + (r->n - from < room ? r->n - from : room);

	if (from == to)
		return 0;
	int code = sockets_open(r, from, to, e);
	if (code < 0)
		return code;
	for (; r->begun < to; r->begun++) {
		struct asking *a = &r->at[r->begun];

		r->open++;
		a->begun = clock_ms();
		try_once(r, a);
	}
	return 0;
}

/* What can be read; then the clock. Arrivals first: they say what a silence means. */
static void turn(struct round *r, struct pollfd *fds)
{
	size_t n = 0, sockets;

	vec_each(struct place *const, p, &r->all)
		if ((*p)->watch >= 0)
			fds[n++] = (struct pollfd){.fd = (*p)->watch, .events = POLLIN};
	sockets = n;
	/* A connection that nobody is opening is hung up, says poll(2), all the time: it has nothing to say until its next try. */
	for (size_t i = 0; i < r->begun; i++)
		if (r->at[i].fd >= 0)
			fds[n++] = (struct pollfd){.fd = r->at[i].waiting || r->at[i].p->proto == PROTO_UDP ? r->at[i].fd : -1,
						   .events = r->at[i].waiting ? POLLOUT : POLLIN};
	poll(fds, n, TICK_MS);
	vec_each(struct place *const, p, &r->all)
		if ((*p)->watch >= 0)
			watch_read(r, *p);
	for (size_t i = 0, k = sockets; i < r->begun; i++) {
		struct asking *a = &r->at[i];

		if (a->fd < 0)
			continue;
		if (fds[k++].revents)
			socket_read(r, a);
		if (a->fd >= 0)
			advance(r, a, clock_ms());
		if (a->fd < 0 && !probe_holds(a->p))
			r->failed = true;
	}
}

static void round_end(struct round *r)
{
	for (size_t i = 0; i < r->n; i++)
		cleanup_fd(&r->at[i].fd);
	vec_each(struct place *, p, &r->all) {
		cleanup_fd(&(*p)->ns);
		cleanup_fd(&(*p)->watch);
	}
	arena_free(&r->arena);
}

static int ask_all(struct round *r, struct err *e)
{
	struct pollfd *fds = arena_array(&r->arena, r->n * 2 + IN_FLIGHT_MAX, sizeof *fds);
	int code = begin_some(r, e);

	while (code == 0 && r->open && !r->failed) {
		if (r->h->interrupted && *r->h->interrupted)
			return err_set(e, -EINTR, "interrupted by the user");
		turn(r, fds);
		host_meanwhile(r->h);
		code = begin_some(r, e);
	}
	return code;
}

int probes_run(struct host *h, struct probe *probes, size_t n, struct err *e)
{
	_cleanup_(round_end) struct round r = {.h = h, .n = n};
	struct rlimit before, more;
	int code;

	r.at = arena_array(&r.arena, n + 1, sizeof *r.at);
	for (size_t i = 0; i < n; i++)
		r.at[i] = (struct asking){.p = &probes[i], .fd = -1};
	/* A service of systemd's begins with 1024 files. */
	bool raised = getrlimit(RLIMIT_NOFILE, &before) == 0;
	more = before;
	more.rlim_cur = before.rlim_max < FILES_WANTED ? before.rlim_max : FILES_WANTED;
	raised = raised && more.rlim_cur > before.rlim_cur && setrlimit(RLIMIT_NOFILE, &more) == 0;
	code = ask_all(&r, e);
	if (raised)
		setrlimit(RLIMIT_NOFILE, &before);
	return code;
}
