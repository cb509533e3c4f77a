/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The policy is changed and changed back under a flood (spec/policy.md, P16 to P18 and G1): of what neither policy allows nothing arrives, of what both allow nothing is
 * lost, and no TCP stream breaks. Senders and receivers are processes of their own, in containers' namespaces; the changes are made as a transaction makes them. The
 * control is the same flood while `nft -f` deletes the table and makes it again. FLOOD_SWAPS=1000 is what `make check-flood` asks for. */
#include "tests/kernel/lab.h"

#include <sys/resource.h>

enum { ALLOWED = 8000, FORBIDDEN = 8001, STREAM = 8080 };
enum { PER_SECOND = 22000, LAG = 2000, STREAMS = 8, BURST = 64, ROUND_MS = 5, STALL_MS = 60000, FLUSHED_STALL_MS = 600000 };
#define A4 "10.20.0.11"
#define A6 "fd20::11"

/* Shared by all processes. */
static struct flood {
	atomic_ulong sent_allowed, sent_forbidden, got_allowed, got_forbidden, rounds;
	atomic_uint broken;
	atomic_bool stop;
	atomic_uint listening;
	int stall_ms;
} *flood;

static pid_t children[16];
static size_t nchildren;

/* Runs in a process that ends with the test. */
static void in_child(void (*work)(const void *), const void *context)
{
	pid_t parent = getpid(), child = fork();

	assert_true(child >= 0 && nchildren < sizeof children / sizeof children[0]);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			work(context);
		_exit(0);
	}
	children[nchildren++] = child;
}

/* ---- the sender ---- */

struct stream_of_packets {
	const char *ns, *to;
	uint16_t port;
	unsigned per_second;
	int fd;
	uint64_t done;	/* packets that were due so far */
};

/* Each stream of both kinds together is a little more than what is asked for, since what a busy machine kept from being sent is not made up for. */
#define STREAM_OF(ns, to, port, part) {ns, to, port, PER_SECOND / (part), -1, 0}
static struct stream_of_packets streams_of_packets[] = {
	STREAM_OF("b", A4, ALLOWED, 2),	  STREAM_OF("b", A6, ALLOWED, 2),	STREAM_OF("b", A4, FORBIDDEN, 4),
	STREAM_OF("b", A6, FORBIDDEN, 4), STREAM_OF("world", A4, FORBIDDEN, 4), STREAM_OF("world", A6, FORBIDDEN, 4),
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* What is due, in one system call for up to BURST packets, so that no queue on the way overflows. What the kernel did not take was not sent. */
static void send_due(struct stream_of_packets *s, int64_t since_us)
{
	static char byte = '?';
	static struct iovec io = {&byte, 1};
	static struct mmsghdr all[BURST];
	uint64_t due = (uint64_t)since_us * s->per_second / 1000000;
	unsigned n = due - s->done < BURST ? (unsigned)(due - s->done) : BURST;

	for (unsigned i = 0; i < n; i++)
		all[i].msg_hdr = (struct msghdr){.msg_iov = &io, .msg_iovlen = 1};
	int sent = n ? sendmmsg(s->fd, all, n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;

	*(s->port == ALLOWED ? &flood->sent_allowed : &flood->sent_forbidden) += sent > 0 ? (unsigned)sent : 0;
	/* What could not be sent in time is made up for, up to LAG packets. */
	s->done = due - (s->done + n) > LAG ? due - LAG : s->done + n;
}

/* One thread for all streams: it wakes up often enough for bursts to be small. */
static void send_packets(const void *context)
{
	enum { N = sizeof streams_of_packets / sizeof streams_of_packets[0] };

	(void)context;
	for (size_t i = 0; i < N; i++) {
		struct stream_of_packets *s = &streams_of_packets[i];
		struct sockaddr_storage at;
		socklen_t n = endpoint(s->to, s->port, &at);

		s->fd = socket_in(s->ns, at.ss_family, SOCK_DGRAM);
		if (connect(s->fd, (struct sockaddr *)&at, n) < 0)
			_exit(1);
	}
	setpriority(PRIO_PROCESS, 0, -15);
	for (int64_t begin = now_us(); !flood->stop;) {
		for (size_t i = 0; i < N; i++)
			send_due(&streams_of_packets[i], now_us() - begin);
		nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
	}
}

/* ---- the receiver, and the other end of the streams ---- */

static int open_sink(uint16_t port)
{
	int fd = bound_in("a", SOCK_DGRAM, "::", port), size = 64 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
	return fd;
}

static unsigned drain(int fd)
{
	static char bytes[256][8];
	static struct iovec io[256];
	static struct mmsghdr m[256];
	int n;

	for (size_t i = 0; i < 256; i++) {
		io[i] = (struct iovec){bytes[i], sizeof bytes[i]};
		m[i].msg_hdr = (struct msghdr){.msg_iov = &io[i], .msg_iovlen = 1};
	}
	n = recvmmsg(fd, m, 256, MSG_DONTWAIT, NULL);
	return n > 0 ? (unsigned)n : 0;
}

static void receive(const void *context)
{
	struct pollfd p[3 + STREAMS] = {{.fd = open_sink(ALLOWED), .events = POLLIN}, {.fd = open_sink(FORBIDDEN), .events = POLLIN}};
	size_t n = 3;
	char byte[64];

	(void)context;
	setpriority(PRIO_PROCESS, 0, -15);
	p[2] = (struct pollfd){.fd = bound_in("a", SOCK_STREAM, "::", STREAM), .events = POLLIN};
	if (listen(p[2].fd, STREAMS) < 0)
		_exit(1);
	flood->listening = 1;
	while (poll(p, n, -1) > 0) {
		flood->got_allowed += drain(p[0].fd);
		flood->got_forbidden += drain(p[1].fd);
		if (p[2].revents && n < 3 + STREAMS)
			p[n++] = (struct pollfd){.fd = accept4(p[2].fd, NULL, NULL, SOCK_CLOEXEC), .events = POLLIN};
		for (size_t i = 3; i < n; i++) {
			ssize_t got = p[i].revents ? recv(p[i].fd, byte, sizeof byte, MSG_DONTWAIT) : 0;

			if (got > 0)
				send(p[i].fd, byte, (size_t)got, MSG_NOSIGNAL);
			else if (p[i].revents)
				p[i].fd = -1;
		}
	}
}

/* Streams on which a byte goes to and fro. One that ends, or on which nothing comes back for long, is broken. */
static void stream_bytes(const void *context)
{
	struct pollfd p[STREAMS];
	struct sockaddr_storage at;

	for (int i = 0; i < STREAMS; i++) {
		socklen_t n = endpoint(i & 1 ? A6 : A4, STREAM, &at);

		p[i] = (struct pollfd){.fd = socket_in(context, at.ss_family, SOCK_STREAM), .events = POLLIN};
		if (connect(p[i].fd, (struct sockaddr *)&at, n) < 0)
			flood->broken++;
	}
	flood->listening = 2;
	while (!flood->stop) {
		for (int i = 0; i < STREAMS; i++) {
			char byte = '?';

			if (p[i].fd < 0)
				continue;
			if (send(p[i].fd, &byte, 1, MSG_NOSIGNAL) != 1 || poll(&p[i], 1, flood->stall_ms) != 1 || recv(p[i].fd, &byte, 1, MSG_DONTWAIT) != 1) {
				flood->broken++;
				p[i].fd = -1;
			}
			flood->rounds++;
		}
		nanosleep(&(struct timespec){.tv_nsec = ROUND_MS * 1000000}, NULL);
	}
}

/* ---- the flood ---- */

static void await(unsigned stage)
{
	for (int i = 0; i < 2000 && flood->listening < stage; i++)
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	assert_int_equal(flood->listening, stage);
}

/* stall_ms: after how long a silent stream is a broken one. */
static void flood_begins(int stall_ms)
{
	*flood = (struct flood){.stall_ms = stall_ms};
	in_child(receive, NULL);
	await(1);
	in_child(stream_bytes, "b");
	await(2);
	in_child(send_packets, NULL);
}

/* Each stream goes to and fro once more: what TCP waits for longer and longer while nothing passes comes when something does. */
static void streams_go_on(void)
{
	unsigned long before = flood->rounds;
	int64_t begin = now_ms();

	while (flood->rounds < before + 2 * STREAMS && now_ms() - begin < flood->stall_ms)
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	assert_true(flood->rounds >= before + 2 * STREAMS);
}

/* What is still on its way arrives; then all processes end. */
static void flood_ends(void)
{
	unsigned long before;

	flood->stop = true;
	do {
		before = flood->got_allowed;
		nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	} while (flood->got_allowed != before);
	for (; nchildren > 0; nchildren--) {
		kill(children[nchildren - 1], SIGKILL);
		waitpid(children[nchildren - 1], NULL, 0);
	}
}

static void say(const char *what, unsigned swaps, int64_t begin)
{
	double seconds = (double)(now_us() - begin) / 1e6;

	print_message("# %s: %u in %.1f s; each second %.0f allowed packets and %.0f forbidden ones; %ld lost, %lu leaked, %lu rounds on %d streams, %u broken\n", what, swaps,
		      seconds, (double)flood->sent_allowed / seconds, (double)flood->sent_forbidden / seconds, (long)flood->sent_allowed - (long)flood->got_allowed,
		      flood->got_forbidden, flood->rounds, STREAMS, flood->broken);
}

static unsigned swaps(void)
{
	const char *text = getenv("FLOOD_SWAPS");

	return text ? (unsigned)atoi(text) : 40;
}

/* ---- the policies ---- */

static void base_elements(struct manifest *m)
{
	static const char *const all[][2] = {
		{"links", "cta"}, {"links", "ctb"},
		{"source4", "cta . 10.20.0.11"}, {"source6", "cta . fd20::11"}, {"source4", "ctb . 10.20.0.12"}, {"source6", "ctb . fd20::12"},
		{"address4", "10.20.0.11"}, {"address6", "fd20::11"}, {"address4", "10.20.0.12"}, {"address6", "fd20::12"},
		{"flow4", "10.20.0.11 . 10.20.0.12 . udp . 8000"}, {"flow6", "fd20::11 . fd20::12 . udp . 8000"},
		{"flow4", "10.20.0.11 . 10.20.0.12 . tcp . 8080"}, {"flow6", "fd20::11 . fd20::12 . tcp . 8080"},
	};

	want_rules(m);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		want(m, all[i][0], all[i][1], "", "flood.ctstack:1:1");
}

/* What comes and goes: other flows, ranges, ports, of the same containers and of others. */
static void other_elements(struct manifest *m)
{
	want(m, "flow_range4", "10.20.0.11 . 10.20.0.12 . udp . 9000-9100", "", "");
	want(m, "flow_range6", "fd20::11 . fd20::12 . udp . 9000-9100", "", "");
	want(m, "world_any4", "10.20.0.12", "", "");
	want(m, "ingress4", "10.20.0.11 . tcp . 8001", "", "");
	want(m, "dnat_any4", "tcp . 8001", "10.20.0.11 . 8001", "");
	want(m, "published_any4", "10.20.0.11 . tcp . 8001", "", "");
	for (unsigned i = 0; i < 50; i++) {
		want(m, "links", str_fmt(m->arena, "ctother%u", i).s, "", "");
		want(m, "flow4", str_fmt(m->arena, "10.21.0.%u . 10.20.0.12 . udp . 8001", i).s, "", "");
	}
}

static void make_links(struct world *w)
{
	static const char *const names[][4] = {{"cta", "a", "10.20.0.11", "fd20::11"}, {"ctb", "b", "10.20.0.12", "fd20::12"}};
	struct manifest m = {.arena = &w->arena}, nothing = empty(w);
	struct plan p = {0};

	for (size_t i = 0; i < 2; i++) {
		struct res_link *l = manifest_add_link(&m, str_of(names[i][0]));

		manifest_add_netns(&m, l->netns = str_of(names[i][1]));
		l->altname = str_fmt(&w->arena, "ct-lab-%s", names[i][1]);
		l->address = str_of(names[i][2]);
		l->address6 = str_of(names[i][3]);
		l->gateway = STR("10.20.0.1");
		l->gateway6 = STR("fd20::1");
	}
	manifest_add_gate(&m, STR("ipv4"));
	manifest_add_gate(&m, STR("ipv6"));
	seal(&m);
	plan_make(&w->arena, &nothing, &m, &p);
	if (kind_gate.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_gate), &w->err) < 0 ||
	    kind_netns.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_netns), &w->err) < 0 ||
	    kind_link.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_link), &w->err) < 0)
		fail_msg("links: %s", w->err.text);
}

static int flood_setup(void **state)
{
	int r = world_setup(state);

	if (r < 0)
		return r;
	struct world *w = *state;
	run("ip link set lo up; mkdir -p /run/netns; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	run("ip netns add world && ip link add up0 type veth peer name eth0 netns world");
	run("ip addr add 192.0.2.1/24 dev up0; ip addr add 2001:db8::1/64 dev up0 nodad; ip link set up0 up");
	run("ip -n world addr add 192.0.2.2/24 dev eth0; ip -n world addr add 2001:db8::2/64 dev eth0 nodad; ip -n world link set eth0 up; ip -n world link set lo up");
	run("ip -n world route add 10.20.0.0/16 via 192.0.2.1; ip -n world -6 route add fd20::/64 via 2001:db8::1");
	make_links(w);
	flood = mmap(NULL, sizeof *flood, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(flood != MAP_FAILED);
	return 0;
}

static int flood_over(void **state)
{
	if (nchildren)
		flood_ends();
	return end_test(state);
}

static void policies(struct world *w, struct manifest *base, struct manifest *more)
{
	*base = *more = (struct manifest){.arena = &w->arena};
	base_elements(base);
	base_elements(more);
	other_elements(more);
	seal(base);
	seal(more);
}

static void nothing_leaks_and_nothing_is_lost(void **state)
{
	struct world *w = *state;
	struct manifest base, more;

	policies(w, &base, &more);
	must_apply(w, &base);
	unsigned long lost = overflowed();
	flood_begins(STALL_MS);
	int64_t begin = now_us();
	for (unsigned i = 0; i < swaps(); i++) {
		/* now and then somebody has altered the rules, which are then written anew in the chains that are there */
		if (i % 10 == 9)
			run("nft flush chain inet ctstack published");
		must_apply(w, &more);
		must_apply(w, &base);
	}
	flood_ends();
	lost = overflowed() - lost;
	say("applies and rollbacks", 2 * swaps(), begin);
	assert_true(flood->sent_allowed > 1000 && flood->sent_forbidden > 1000 && flood->rounds > 0);
	assert_int_equal(flood->got_forbidden, 0);
	assert_in_range(flood->got_allowed, flood->sent_allowed > lost ? flood->sent_allowed - lost : 0, flood->sent_allowed);
	assert_int_equal(flood->broken, 0);
}

/* Somebody flushes all rules and ctc makes them anew: what is allowed pauses, and nothing else passes. */
static void nothing_leaks_when_all_is_flushed(void **state)
{
	enum { FLUSHES = 40 };
	struct world *w = *state;
	struct manifest base, more;

	policies(w, &base, &more);
	must_apply(w, &base);
	flood_begins(FLUSHED_STALL_MS);
	int64_t begin = now_us();
	for (unsigned i = 0; i < FLUSHES; i++) {
		run("nft flush ruleset");
		must_apply(w, i & 1 ? &base : &more);
	}
	unsigned long before = flood->got_allowed;
	for (int i = 0; i < 100 && flood->got_allowed == before; i++)
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	assert_true(flood->got_allowed > before);
	streams_go_on();
	flood_ends();
	say("flushes", FLUSHES, begin);
	assert_int_equal(flood->got_forbidden, 0);
	assert_int_equal(flood->broken, 0);
}

/* The flood is one that finds a gap: where `nft -f` makes the table anew, with no gate shut behind it. In one transaction the gap is so short that luck may not find it; in two
 * it is found. */
static void control_a_table_made_anew_leaks(void **state)
{
	static const struct {
		const char *what, *command;
	} ways[] = {
		{"tables made anew in one transaction", "nft -f /run/anew"},
		{"tables made anew in two transactions", "nft delete table inet ctstack && tail -n +2 /run/anew | nft -f -"},
	};
	struct world *w = *state;
	struct manifest base, more;

	policies(w, &base, &more);
	must_apply(w, &base);
	run("echo 'delete table inet ctstack' >/run/anew; nft list table inet ctstack >>/run/anew");
	judge_all(true);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		flood_begins(STALL_MS);
		int64_t begin = now_us();
		unsigned n = 0;
		for (; n < swaps() && !flood->got_forbidden; n++)
			run("%s", ways[i].command);
		flood_ends();
		say(ways[i].what, n, begin);
	}
	assert_true(flood->got_forbidden > 0);
}

/* ---- revocation ---- */

/* Two ends that have talked to one another. */
struct talk {
	const char *what;
	int asks, answers;
	bool revoked;	/* by the change under test */
};

enum { GRACE_MS = 100 };

/* A connection to port `port` of `to`, which leads to `inside` of container a; the asking end in ns. */
static struct talk talk_begins(const char *what, const char *ns, int type, const char *to, uint16_t port, uint16_t inside, bool revoked)
{
	struct talk t = {.what = what, .revoked = revoked};
	struct sockaddr_storage at;
	socklen_t n = endpoint(to, port, &at), len = sizeof at;
	int listener = bound_in("a", type, "::", inside);

	t.asks = socket_in(ns, at.ss_family, type);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(listener, 1), 0);
	if (connect(t.asks, (struct sockaddr *)&at, n) < 0)
		fail_msg("%s: cannot connect: %s", what, strerror(errno));
	assert_int_equal(send(t.asks, "?", 1, 0), 1);
	if (type == SOCK_STREAM) {
		t.answers = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		close(listener);
		assert_true(arrives(t.answers, PATIENCE_MS));
	} else {
		char byte;

		t.answers = listener;
		if (!poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, PATIENCE_MS) ||
		    recvfrom(listener, &byte, 1, 0, (struct sockaddr *)&at, &len) != 1 || connect(listener, (struct sockaddr *)&at, len) < 0)
			fail_msg("%s: nothing arrives", what);
	}
	assert_int_equal(send(t.answers, "!", 1, 0), 1);
	assert_true(arrives(t.asks, PATIENCE_MS));
	return t;
}

static void drain_all(int fd)
{
	char byte[64];

	while (recv(fd, byte, sizeof byte, MSG_DONTWAIT) > 0)
		;
}

/* Both ends speak: whether each hears the other as it should. What is sent again by TCP later does not count here. */
static void talk_check(const struct talk *t, bool cut)
{
	bool heard[2];

	drain_all(t->asks);
	drain_all(t->answers);
	send(t->asks, "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	send(t->answers, "!", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	heard[0] = arrives(t->answers, cut ? GRACE_MS : PATIENCE_MS);
	heard[1] = arrives(t->asks, cut ? GRACE_MS : PATIENCE_MS);
	if (heard[0] == cut || heard[1] == cut)
		fail_msg("%s: %s", t->what, cut ? "still talks" : "talks no more");
}

/* When an allow or a publish goes, what it had allowed is dead, in both directions, a tenth of a second after the commit, and nothing else is. */
static void a_revocation_cuts_what_it_revokes_and_nothing_else(void **state)
{
	struct world *w = *state;
	struct manifest all = {.arena = &w->arena}, less = {.arena = &w->arena};
	static const char *const revoked[][3] = {
		{"flow4", "10.20.0.11 . 10.20.0.12 . tcp . 81", ""}, {"flow6", "fd20::11 . fd20::12 . tcp . 81", ""},
		{"flow4", "10.20.0.11 . 10.20.0.12 . udp . 82", ""}, {"flow6", "fd20::11 . fd20::12 . udp . 82", ""},
		{"dnat_any4", "tcp . 9001", "10.20.0.11 . 83"}, {"published_any4", "10.20.0.11 . tcp . 83", ""},
		{"dnat_any6", "tcp . 9001", "fd20::11 . 83"}, {"published_any6", "fd20::11 . tcp . 83", ""},
		{"dnat_any4", "udp . 9002", "10.20.0.11 . 84"}, {"published_any4", "10.20.0.11 . udp . 84", ""},
		{"dnat_any6", "udp . 9002", "fd20::11 . 84"}, {"published_any6", "fd20::11 . udp . 84", ""},
	};
	static const char *const kept[][3] = {
		{"dnat_any4", "tcp . 9003", "10.20.0.11 . 85"}, {"published_any4", "10.20.0.11 . tcp . 85", ""},
		{"dnat_any4", "udp . 9004", "10.20.0.11 . 86"}, {"published_any4", "10.20.0.11 . udp . 86", ""},
		{"flow4", "10.20.0.11 . 10.20.0.12 . tcp . 87", ""}, {"flow4", "10.20.0.11 . 10.20.0.12 . udp . 88", ""},
	};

	base_elements(&all);
	base_elements(&less);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		want(&all, kept[i][0], kept[i][1], kept[i][2], "");
		want(&less, kept[i][0], kept[i][1], kept[i][2], "");
	}
	for (size_t i = 0; i < sizeof revoked / sizeof revoked[0]; i++)
		want(&all, revoked[i][0], revoked[i][1], revoked[i][2], "");
	seal(&all);
	seal(&less);
	must_apply(w, &all);
	const struct talk talks[] = {
		talk_begins("a flow", "b", SOCK_STREAM, A4, 81, 81, true),
		talk_begins("an IPv6 flow", "b", SOCK_STREAM, A6, 81, 81, true),
		talk_begins("a flow of datagrams", "b", SOCK_DGRAM, A4, 82, 82, true),
		talk_begins("a published port", "world", SOCK_STREAM, "192.0.2.1", 9001, 83, true),
		talk_begins("an IPv6 published port", "world", SOCK_STREAM, "2001:db8::1", 9001, 83, true),
		talk_begins("a published port of datagrams", "world", SOCK_DGRAM, "192.0.2.1", 9002, 84, true),
		talk_begins("another published port", "world", SOCK_STREAM, "192.0.2.1", 9003, 85, false),
		talk_begins("another published port of datagrams", "world", SOCK_DGRAM, "192.0.2.1", 9004, 86, false),
		talk_begins("another flow", "b", SOCK_STREAM, A4, 87, 87, false),
		talk_begins("another flow of datagrams", "b", SOCK_DGRAM, A4, 88, 88, false),
		talk_begins("what the host asks", "host", SOCK_STREAM, A4, 89, 89, false),
	};
	enum { TALKS = sizeof talks / sizeof talks[0] };
	for (size_t i = 0; i < TALKS; i++)
		talk_check(&talks[i], false);
	must_apply(w, &less);
	nanosleep(&(struct timespec){.tv_nsec = GRACE_MS * 1000000L}, NULL);
	for (size_t i = 0; i < TALKS; i++)
		talk_check(&talks[i], talks[i].revoked);
	for (size_t i = 0; i < TALKS; i++) {
		close(talks[i].asks);
		close(talks[i].answers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_revocation_cuts_what_it_revokes_and_nothing_else, flood_over),
		cmocka_unit_test_teardown(nothing_leaks_and_nothing_is_lost, flood_over),
		cmocka_unit_test_teardown(nothing_leaks_when_all_is_flushed, flood_over),
		cmocka_unit_test_teardown(control_a_table_made_anew_leaks, flood_over),
	};

	return cmocka_run_group_tests_name("flood", tests, flood_setup, world_teardown);
}
