/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What packets meet (spec/policy.md), asked of packets: a host that is a router, three containers on links as kind_link
 * makes them, and a neighbour that is the world. Every rule of the policy that forbids something has its control: the
 * same question is answered where the rule or the whole table is not there. */
#include "tests/kernel/lab.h"

#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8::1"
#define WORLD4 "192.0.2.2"
#define WORLD6 "2001:db8::2"
#define GATEWAY4 "10.20.0.1"
#define GATEWAY6 "fd20::1"

enum { A, B, C, WORLD, HOST, PLACES };

static const struct place {
	const char *name, *link;
	const char *address[2]; /* IPv4, IPv6 */
} places[PLACES] = {
	[A] = {"a", "cta", {"10.20.0.11", "fd20::11"}},
	[B] = {"b", "ctb", {"10.20.0.12", "fd20::12"}},
	[C] = {"c", "ctc", {"10.20.0.13", "fd20::13"}},
	[WORLD] = {"world", "", {WORLD4, WORLD6}},
	[HOST] = {"host", "", {HOST4, HOST6}},
};

static const uint16_t ports[] = {80, 81, 443, 5000, 5001, 5002, 7000, 7001, 8000, 8005, 8006, 0};
enum { NOBODY = 8003 }; /* a port that nobody serves */

/* What the policy allows: the matrix of all pairs is compared with this. */
static const struct allowed {
	int from, to;
	int type;
	uint16_t lo, hi;
} allowed[] = {
	{B, A, SOCK_STREAM, 80, 80},
	{C, A, SOCK_DGRAM, 8000, 8005},
	{A, WORLD, SOCK_STREAM, 443, 443},
	{A, WORLD, SOCK_DGRAM, 5000, 5003},
	{B, WORLD, 0, 0, 65535},
	{WORLD, C, SOCK_STREAM, 80, 80},
	{WORLD, C, SOCK_DGRAM, 8000, 8005},
	{A, HOST, SOCK_STREAM, 7000, 7000},
	{A, HOST, SOCK_DGRAM, 7000, 7001},
	{B, HOST, 0, 0, 65535},
	/* the host reaches every container; strangers are not ours to judge */
	{HOST, A, 0, 0, 65535},
	{HOST, B, 0, 0, 65535},
	{HOST, C, 0, 0, 65535},
	{HOST, WORLD, 0, 0, 65535},
	{WORLD, HOST, 0, 0, 65535},
};

static void allow_elements(struct manifest *m)
{
	want(m, "flow4", "10.20.0.11 . 10.20.0.12 . tcp . 80", "", "lab.ctstack:10:3");
	want(m, "flow6", "fd20::11 . fd20::12 . tcp . 80", "", "lab.ctstack:10:3");
	want(m, "flow_range4", "10.20.0.11 . 10.20.0.13 . udp . 8000-8005", "", "");
	want(m, "flow_range6", "fd20::11 . fd20::13 . udp . 8000-8005", "", "");
	want(m, "world4", "10.20.0.11 . tcp . 443", "", "");
	want(m, "world6", "fd20::11 . tcp . 443", "", "");
	want(m, "world_range4", "10.20.0.11 . udp . 5000-5003", "", "");
	want(m, "world_range6", "fd20::11 . udp . 5000-5003", "", "");
	want(m, "world_any4", "10.20.0.12", "", "");
	want(m, "world_any6", "fd20::12", "", "");
	want(m, "masquerade4", "10.20.0.11", "", "");
	want(m, "masquerade6", "fd20::11", "", "");
	want(m, "masquerade4", "10.20.0.12", "", "");
	want(m, "masquerade6", "fd20::12", "", "");
	want(m, "ingress4", "10.20.0.13 . tcp . 80", "", "");
	want(m, "ingress6", "fd20::13 . tcp . 80", "", "");
	want(m, "ingress_range4", "10.20.0.13 . udp . 8000-8005", "", "");
	want(m, "ingress_range6", "fd20::13 . udp . 8000-8005", "", "");
	want(m, "host4", "10.20.0.11 . tcp . 7000", "", "");
	want(m, "host6", "fd20::11 . tcp . 7000", "", "");
	want(m, "host_range4", "10.20.0.11 . udp . 7000-7001", "", "");
	want(m, "host_range6", "fd20::11 . udp . 7000-7001", "", "");
	want(m, "host_any4", "10.20.0.12", "", "");
	want(m, "host_any6", "fd20::12", "", "");
}

/* The links of the three containers, with nothing allowed. */
static void link_elements(struct manifest *m)
{
	want_rules(m);
	for (int i = A; i <= C; i++) {
		want(m, "links", places[i].link, "", "");
		for (int six = 0; six < 2; six++) {
			want(m, six ? "source6" : "source4",
			     str_fmt(m->arena, "%s . %s", places[i].link, places[i].address[six]).s, "", "");
			want(m, six ? "address6" : "address4", places[i].address[six], "", "");
		}
	}
}

/* Ports of the host: 8080 everywhere to a:80, 9090 on the uplink's address to c:8006 (UDP), 9191 on loopback to c:81.
 */
static void publish_elements(struct manifest *m)
{
	want(m, "dnat_any4", "tcp . 8080", "10.20.0.11 . 80", "lab.ctstack:20:3");
	want(m, "dnat_any6", "tcp . 8080", "fd20::11 . 80", "lab.ctstack:20:3");
	want(m, "published_any4", "10.20.0.11 . tcp . 80", "", "");
	want(m, "published_any6", "fd20::11 . tcp . 80", "", "");
	want(m, "dnat4", HOST4 " . udp . 9090", "10.20.0.13 . 8006", "");
	want(m, "dnat6", HOST6 " . udp . 9090", "fd20::13 . 8006", "");
	want(m, "published4", HOST4 " . 10.20.0.13 . udp . 8006", "", "");
	want(m, "published6", HOST6 " . fd20::13 . udp . 8006", "", "");
	want(m, "dnat4", "127.0.0.1 . tcp . 9191", "10.20.0.13 . 81", "");
	want(m, "dnat6", "::1 . tcp . 9191", "fd20::13 . 81", "");
	want(m, "dnat4", "127.0.0.1 . udp . 9191", "10.20.0.13 . 8001", "");
	want(m, "published4", "127.0.0.1 . 10.20.0.13 . tcp . 81", "", "");
	want(m, "published4", "127.0.0.1 . 10.20.0.13 . udp . 8001", "", "");
	want(m, "published6", "::1 . fd20::13 . tcp . 81", "", "");
	want(m, "hairpin4", "10.20.0.11 . 10.20.0.11", "", "");
	want(m, "hairpin6", "fd20::11 . fd20::11", "", "");
	want(m, "hairpin4", "10.20.0.13 . 10.20.0.13", "", "");
	want(m, "hairpin6", "fd20::13 . fd20::13", "", "");
}

static void make_links(struct world *w)
{
	struct manifest m = {.arena = &w->arena}, nothing = empty(w);
	struct plan p = {0};

	for (int i = A; i <= C; i++) {
		struct res_link *l = manifest_add_link(&m, str_of(places[i].link));

		l->netns = str_of(places[i].name);
		manifest_add_netns(&m, l->netns);
		l->altname = str_fmt(&w->arena, "ct-lab-%.*s", STR_ARG(l->netns));
		l->address = str_of(places[i].address[0]);
		l->address6 = str_of(places[i].address[1]);
		l->gateway = STR(GATEWAY4);
		l->gateway6 = STR(GATEWAY6);
		l->localnet = true;
	}
	manifest_add_gate(&m, STR("ipv4"));
	manifest_add_gate(&m, STR("ipv6"));
	seal(&m);
	plan_make(&w->arena, &nothing, &m, &p);
	if (kind_gate.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_gate), &w->err) < 0)
		fail_msg("gate: %s", w->err.text);
	if (kind_netns.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_netns), &w->err) < 0 ||
	    kind_link.apply(&w->host, PHASE_ADD, plan_slice(&p, RES_link), &w->err) < 0)
		fail_msg("links: %s", w->err.text);
}

static int lab_setup(void **state)
{
	static const char *const all[] = {"a", "b", "c", "world", "host", NULL};
	int r = world_setup(state);

	if (r < 0)
		return r;
	struct world *w = *state;
	run("ip link set lo up; mkdir -p /run/netns; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 "
	    ">/proc/sys/net/ipv6/conf/all/forwarding");
	/* Spoofed sources shall meet our rules and not the kernel's reverse path filter. */
	run("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	run("ip netns add world && ip link add up0 type veth peer name eth0 netns world");
	run("ip addr add " HOST4 "/24 dev up0; ip addr add " HOST6 "/64 dev up0 nodad; ip link set up0 up");
	run("ip -n world addr add " WORLD4 "/24 dev eth0; ip -n world addr add " WORLD6
	    "/64 dev eth0 nodad; ip -n world link set eth0 up");
	run("ip -n world link set lo up; ip -n world route add 10.20.0.0/16 via " HOST4
	    "; ip -n world -6 route add fd20::/64 via " HOST6);
	make_links(w);
	run("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	serve_all(all, ports);
	arena_free(&w->arena);
	return 0;
}

/* What the server says where the question arrives: who is asked, and under which address it comes. */
static const char *answer(struct world *w, int from, int to, int six)
{
	const char *seen = places[from].address[six];

	if (from == HOST && to <= C)
		seen = six ? GATEWAY6 : GATEWAY4;
	return str_fmt(&w->arena, "%s sees %s", places[to].name, seen).s;
}

static bool is_allowed(int from, int to, int type, uint16_t port)
{
	for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
		const struct allowed *x = &allowed[i];

		if (x->from == from && x->to == to && (!x->type || x->type == type) && x->lo <= port && port <= x->hi)
			return true;
	}
	return false;
}

enum expectation { BY_THE_TABLE, EVERYTHING, STRANGERS_ONLY };

/* Every place to every other, both families, both protocols, every port. */
static size_t ask_all_pairs(struct world *w, enum expectation expected)
{
	enum { MOST = PLACES * PLACES * 2 * 2 * 16 };
	static struct probe probes[MOST];
	size_t n = 0;

	for (int pair = 0; pair < PLACES * PLACES; pair++)
		for (size_t i = 0; ports[i]; i++)
			for (int way = 0; way < 4; way++) {
				int from = pair / PLACES, to = pair % PLACES, six = way & 1,
				    type = way & 2 ? SOCK_DGRAM : SOCK_STREAM;
				bool pass = expected == EVERYTHING || (expected == STRANGERS_ONLY ? from >= WORLD && to >= WORLD : is_allowed(from, to, type, ports[i]));
				struct probe *p = &probes[n];

				if (from == to)
					continue;
				*p = (struct probe){.from = places[from].name,
						    .type = type,
						    .to = places[to].address[six],
						    .port = ports[i]};
				p->expected = pass ? answer(w, from, to, six) : NULL;
				/* Those that may go out leave as the host. */
				if (pass && expected == BY_THE_TABLE && from <= B && to == WORLD)
					p->expected = str_fmt(&w->arena, "world sees %s", places[HOST].address[six]).s;
				n++;
			}
	return probe_check(probes, n);
}

static void control_with_everything_judged_all_pairs_talk(void **state)
{
	struct world *w = *state;

	judge_all(true);
	/* The world knows the way to the containers, so that nothing but the policy is between them. */
	assert_int_equal(ask_all_pairs(w, EVERYTHING), 0);
}

/* What stands outside of nf_tables: no table, no traffic, in neither direction. Strangers do not notice. */
static void without_a_table_nothing_passes(void **state)
{
	struct world *w = *state;

	assert_int_equal(output(w, "nft list ruleset").n, 0);
	assert_int_equal(ask_all_pairs(w, STRANGERS_ONLY), 0);
}

static void all_pairs_talk_exactly_as_the_elements_say(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};

	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	must_hold(w, &m);
	assert_int_equal(ask_all_pairs(w, BY_THE_TABLE), 0);
}

static void errors_of_a_connection_come_back(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	struct probe probes[] = {
		{"c", SOCK_DGRAM, "10.20.0.11", NOBODY, "refused", "", 0},
		{"c", SOCK_DGRAM, "fd20::11", NOBODY, "refused", "", 0},
		{"b", SOCK_DGRAM, WORLD4, NOBODY, "refused", "", 0},
		{"b", SOCK_DGRAM, WORLD6, NOBODY, "refused", "", 0},
		{"b", SOCK_STREAM, WORLD4, NOBODY, "refused", "", 0},
		{"a", SOCK_DGRAM, WORLD4, 5003, "refused", "", 0},
		{"a", SOCK_DGRAM, WORLD6, 5003, "refused", "", 0},
		{"world", SOCK_DGRAM, "10.20.0.13", NOBODY, "refused", "", 0},
		{"world", SOCK_DGRAM, "fd20::13", NOBODY, "refused", "", 0},
		{"host", SOCK_DGRAM, "10.20.0.13", NOBODY, "refused", "", 0},
		{"b", SOCK_DGRAM, HOST6, NOBODY, "refused", "", 0},
	};

	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	assert_int_equal(probe_check(probes, sizeof probes / sizeof probes[0]), 0);
}

static void published_ports_lead_to_the_container(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	struct probe probes[] = {
		/* on every address, from outside and from the host by each of its addresses */
		{"world", SOCK_STREAM, HOST4, 8080, "a sees " WORLD4, "", 0},
		{"world", SOCK_STREAM, HOST6, 8080, "a sees " WORLD6, "", 0},
		{"world", SOCK_STREAM, GATEWAY4, 8080, "a sees " WORLD4, "", 0},
		{"host", SOCK_STREAM, HOST4, 8080, "a sees " HOST4, "", 0},
		{"host", SOCK_STREAM, HOST6, 8080, "a sees " HOST6, "", 0},
		{"host", SOCK_STREAM, "127.0.0.1", 8080, "a sees " GATEWAY4, "", 0},
		{"host", SOCK_STREAM, "127.1.2.3", 8080, "a sees " GATEWAY4, "", 0},
		{"host", SOCK_STREAM, "::1", 8080, "a sees " GATEWAY6, "", 0},
		/* the other protocol, and the container's own port, are not published */
		{"world", SOCK_DGRAM, HOST4, 8080, "refused", "", 0},
		{"world", SOCK_STREAM, "10.20.0.11", 80, NULL, "", 0},
		{"world", SOCK_STREAM, "fd20::11", 80, NULL, "", 0},
		/* on one address */
		{"world", SOCK_DGRAM, HOST4, 9090, "c sees " WORLD4, "", 0},
		{"world", SOCK_DGRAM, HOST6, 9090, "c sees " WORLD6, "", 0},
		{"host", SOCK_DGRAM, HOST4, 9090, "c sees " HOST4, "", 0},
		{"world", SOCK_DGRAM, GATEWAY4, 9090, "refused", "", 0},
		{"host", SOCK_DGRAM, "127.0.0.1", 9090, "refused", "", 0},
		/* on loopback */
		{"host", SOCK_STREAM, "127.0.0.1", 9191, "c sees " GATEWAY4, "", 0},
		{"host", SOCK_STREAM, "::1", 9191, "c sees " GATEWAY6, "", 0},
		{"host", SOCK_STREAM, HOST4, 9191, "refused", "", 0},
		{"world", SOCK_STREAM, HOST4, 9191, "refused", "", 0},
		/* a port of that number which is not the host's stays where it is */
		{"host", SOCK_STREAM, WORLD4, 8080, "refused", "", 0},
		{"b", SOCK_STREAM, WORLD4, 8080, "refused", "", 0},
		{"host", SOCK_STREAM, "10.20.0.13", 8080, "refused", "", 0},
		{"b", SOCK_STREAM, "10.20.0.13", 8080, NULL, "", 0},
		/* from containers: b may reach the world, and has a flow to a:80; c may not; a and c reach themselves
		 */
		{"b", SOCK_STREAM, HOST4, 8080, "a sees 10.20.0.12", "", 0},
		{"b", SOCK_STREAM, GATEWAY4, 8080, "a sees 10.20.0.12", "", 0},
		{"b", SOCK_STREAM, HOST6, 8080, "a sees fd20::12", "", 0},
		{"b", SOCK_DGRAM, HOST4, 9090, "c sees 10.20.0.12", "", 0},
		{"b", SOCK_DGRAM, HOST6, 9090, "c sees fd20::12", "", 0},
		{"a", SOCK_DGRAM, HOST4, 9090, NULL, "", 0},
		{"a", SOCK_DGRAM, HOST6, 9090, NULL, "", 0},
		{"c", SOCK_STREAM, HOST4, 8080, NULL, "", 0},
		{"c", SOCK_STREAM, HOST6, 8080, NULL, "", 0},
		{"a", SOCK_STREAM, HOST4, 8080, "a sees " GATEWAY4, "", 0},
		{"a", SOCK_STREAM, HOST6, 8080, "a sees " GATEWAY6, "", 0},
		{"c", SOCK_DGRAM, HOST4, 9090, "c sees " GATEWAY4, "", 0},
		{"c", SOCK_DGRAM, HOST6, 9090, "c sees " GATEWAY6, "", 0},
	};

	link_elements(&m);
	allow_elements(&m);
	publish_elements(&m);
	seal(&m);
	must_apply(w, &m);
	must_hold(w, &m);
	assert_int_equal(probe_check(probes, sizeof probes / sizeof probes[0]), 0);
	/* And nothing else has changed by it. */
	assert_int_equal(ask_all_pairs(w, false), 0);
}

/* What a counter of dropped packets says. */
static unsigned dropped(struct world *w, const char *counter)
{
	struct str text = output(
		w, str_fmt(&w->arena, "nft list counter inet ctstack %s | sed -n 's/.*packets \\([0-9]*\\) .*/\\1/p'",
			   counter)
			   .s);

	return (unsigned)strtoul(text.s, NULL, 10);
}

/* Sends from a forged source and says whether it arrives. */
static bool forged_arrives(const char *from_ns, const char *source, int to_fd, const char *to, uint16_t port)
{
	_fd_ int fd = bound_in(from_ns, SOCK_DGRAM, source, 0);

	for (int i = 0; i < 3; i++)
		send_to(fd, to, port);
	return arrives(to_fd, QUIET_MS);
}

static void a_forged_source_is_dropped(void **state)
{
	static const struct {
		const char *from, *source, *to;
		bool control; /* what comes from there under its own address arrives with the table as well */
	} rows[] = {
		/* as another container that has the flow */
		{"b", "10.20.0.13", "10.20.0.11", false},
		{"b", "fd20::13", "fd20::11", false},
		{"c", "10.20.0.13", "10.20.0.11", true},
		{"c", "fd20::13", "fd20::11", true},
		/* as nobody that is known, as the gateway, as the neighbour */
		{"c", "10.20.0.99", "10.20.0.11", false},
		{"c", GATEWAY4, "10.20.0.11", false},
		{"c", GATEWAY6, "fd20::11", false},
		{"c", WORLD6, "fd20::11", false},
		/* from outside as a container */
		{"world", "10.20.0.13", "10.20.0.11", false},
		{"world", "fd20::13", "fd20::11", false},
	};
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	_fd_ int four = bound_in("a", SOCK_DGRAM, "10.20.0.11", 8001),
		 six = bound_in("a", SOCK_DGRAM, "fd20::11", 8001);

	for (int judged = 0; judged < 2; judged++) {
		judge_all(judged);
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			if (forged_arrives(rows[i].from, rows[i].source, strchr(rows[i].to, ':') ? six : four, rows[i].to, 8001) != judged)
				fail_msg("%s: %s as %s %s", judged ? "control" : "without a table", rows[i].from, rows[i].source,
					 judged ? "reaches nobody" : "arrives");
	}
	judge_all(false);
	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned before = dropped(w, "spoofed");
		int fd = strchr(rows[i].to, ':') ? six : four;

		while (arrives(fd, 0))
			;
		if (forged_arrives(rows[i].from, rows[i].source, fd, rows[i].to, 8001) != rows[i].control)
			fail_msg("%s as %s: %s", rows[i].from, rows[i].source,
				 rows[i].control ? "does not arrive" : "arrives");
		assert_int_equal(dropped(w, "spoofed") - before, rows[i].control ? 0 : 3);
	}
}

/* An answer that is forged from outside does not get into a connection between two containers, though its tuple fits.
 */
static void a_forged_answer_is_dropped(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	_fd_ int asks = bound_in("b", SOCK_DGRAM, "10.20.0.12", 6000),
		 answers = bound_in("c", SOCK_DGRAM, "10.20.0.13", 8001);
	_fd_ int forges = bound_in("world", SOCK_DGRAM, "10.20.0.13", 8001);

	for (int table = 0; table < 2; table++) {
		judge_all(!table);
		if (table) {
			link_elements(&m);
			allow_elements(&m);
			want(&m, "flow4", "10.20.0.13 . 10.20.0.12 . udp . 8001", "", "");
			seal(&m);
			must_apply(w, &m);
		}
		send_to(asks, "10.20.0.13", 8001);
		assert_true(arrives(answers, PATIENCE_MS));
		send_to(answers, "10.20.0.12", 6000);
		assert_true(arrives(asks, PATIENCE_MS));
		send_to(forges, "10.20.0.12", 6000);
		assert_int_equal(arrives(asks, QUIET_MS), !table);
	}
}

/* Loopback of the host is open to nobody on a wire: neither its services, nor what is published on it, though
 * route_localnet is on for the links. */
static void loopback_is_not_on_the_wire(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	_fd_ int service = bound_in("host", SOCK_DGRAM, "127.0.0.1", 7100),
		 published = bound_in("c", SOCK_DGRAM, "10.20.0.13", 8001);
	const char *uplink = output(w, "ip -o link show up0 | sed 's/.*ether \\([^ ]*\\).*/\\1/'").s;
	const char *link = output(w, "ip -o link show cta | sed 's/.*ether \\([^ ]*\\).*/\\1/'").s;

	/* The control: where all is judged well, a container reaches the host's loopback, since route_localnet is on. */
	for (int judged = 0; judged < 2; judged++) {
		judge_all(judged);
		send_frame("a", "eth0", link, "10.20.0.11", "127.0.0.1", 7100, false);
		assert_int_equal(arrives(service, QUIET_MS), judged);
	}
	judge_all(false);
	link_elements(&m);
	allow_elements(&m);
	publish_elements(&m);
	seal(&m);
	must_apply(w, &m);
	/* The control: what is published on loopback is there for the host, and frames that are made by hand arrive
	 * where they may. */
	_fd_ int own = bound_in("host", SOCK_DGRAM, "127.0.0.1", 0);
	send_to(own, "127.0.0.1", 9191);
	assert_true(arrives(published, PATIENCE_MS));
	send_frame("world", "eth0", uplink, WORLD4, HOST4, 7001, false);
	send_frame("world", "eth0", uplink, WORLD4, "127.0.0.1", 9191, false);
	send_frame("world", "eth0", uplink, "127.0.0.1", HOST4, 9090, false);
	send_frame("world", "eth0", uplink, "127.0.0.1", "127.0.0.1", 9191, false);
	send_frame("world", "eth0", uplink, WORLD4, "127.0.0.1", 7100, false);
	send_frame("a", "eth0", link, "10.20.0.11", "127.0.0.1", 9191, false);
	send_frame("a", "eth0", link, "10.20.0.11", "127.0.0.1", 7100, false);
	send_frame("a", "eth0", link, "127.0.0.1", "127.0.0.1", 7100, false);
	assert_false(arrives(published, QUIET_MS));
	assert_false(arrives(service, 0));
	assert_int_equal(dropped(w, "martian"), 6);
}

/* What conntrack calls invalid (here: a wrong checksum) is counted apart, and what it does not track passes no rule that speaks of connections. */
static void what_has_no_connection_is_dropped(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	const char *uplink = output(w, "ip -o link show up0 | sed 's/.*ether \\([^ ]*\\).*/\\1/'").s;
	const char *link = output(w, "ip -o link show ctb | sed 's/.*ether \\([^ ]*\\).*/\\1/'").s;

	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	send_frame("b", "eth0", link, "10.20.0.12", WORLD4, 5002, true);
	send_frame("b", "eth0", link, "10.20.0.12", HOST4, 7000, true);
	send_frame("world", "eth0", uplink, WORLD4, "10.20.0.13", 8000, true);
	int64_t begin = now_ms();
	while (dropped(w, "invalid") < 3 && now_ms() - begin < PATIENCE_MS)
		;
	assert_int_equal(dropped(w, "invalid"), 3);
	assert_int_equal(dropped(w, "denied"), 0);

	_fd_ int out = bound_in("b", SOCK_DGRAM, "10.20.0.12", 0), at_world = bound_in("world", SOCK_DGRAM, WORLD4, 5004);
	_fd_ int in = bound_in("world", SOCK_DGRAM, WORLD4, 0), at_c = bound_in("c", SOCK_DGRAM, "10.20.0.13", 8001);
	for (int untracked = 0; untracked < 2; untracked++) {
		send_to(out, WORLD4, 5004);
		send_to(in, "10.20.0.13", 8001);
		assert_int_equal(arrives(at_world, untracked ? QUIET_MS : PATIENCE_MS), !untracked);
		assert_int_equal(arrives(at_c, untracked ? 0 : PATIENCE_MS), !untracked);
		if (!untracked)
			run("nft 'table inet other { chain c { type filter hook prerouting priority -300; udp dport { 5004, 8001 } notrack; }; }'");
	}
	run("nft delete table inet other");
	assert_int_equal(dropped(w, "denied"), 2);
}

/* Waits until a command prints the text. */
static bool prints(struct world *w, const char *command, const char *text)
{
	int64_t begin = now_ms();

	do {
		if (contains(output(w, command), text))
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	} while (now_ms() - begin < PATIENCE_MS);
	return false;
}

/* The first link-local address of an interface, which the kernel gives it some time after it came up. */
static struct str link_local(struct world *w, const char *ns, const char *interface)
{
	const char *in = strcmp(ns, "host") == 0 ? "" : str_fmt(&w->arena, "-n %s ", ns).s;
	const char *addresses = str_fmt(&w->arena, "ip %s-o -6 addr show dev %s scope link -tentative", in, interface).s;

	assert_true(prints(w, addresses, "fe80"));
	return str_cut(output(w, str_fmt(&w->arena, "%s | sed 's/.*inet6 \\([^/]*\\).*/\\1/'", addresses).s), '\n', NULL);
}

/* Link-local addresses serve to find neighbours and for nothing else: resolution in both directions, and the search for a duplicate address. */
static void neighbours_are_found_and_nothing_else(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	struct str host = link_local(w, "host", "cta"), container = link_local(w, "a", "eth0");
	const char *to_host = str_fmt(&w->arena, "ip netns exec a busybox nc -w 1 %.*s%%eth0 7000 2>&1", STR_ARG(host)).s;
	const char *to_container = str_fmt(&w->arena, "busybox nc -w 1 %.*s%%cta 80 2>&1", STR_ARG(container)).s;

	/* The control: where all is judged, host and container talk by these addresses. */
	judge_all(true);
	assert_true(prints(w, to_host, "host sees fe80:"));
	assert_true(prints(w, to_container, "a sees fe80:"));
	judge_all(false);
	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	run("ip neigh flush all; ip -n a neigh flush all");
	assert_false(contains(output(w, to_host), "sees"));
	assert_true(prints(w, str_fmt(&w->arena, "ip -n a neigh show %.*s dev eth0", STR_ARG(host)).s, "lladdr"));
	/* What the container has asked has told the host its address, too. */
	run("ip neigh flush all; ip -n a neigh flush all");
	assert_false(contains(output(w, to_container), "sees"));
	assert_true(prints(w, str_fmt(&w->arena, "ip neigh show %.*s dev cta", STR_ARG(container)).s, "lladdr"));
	assert_true(dropped(w, "link_local") > 0);
	/* An address that the host has already, asked for with the source "::". */
	run("echo 1 | tee /proc/sys/net/ipv6/conf/cta/accept_dad >/dev/null; ip netns exec a sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad; "
	    "echo 1 >/proc/sys/net/ipv6/conf/all/accept_dad'; ip -n a addr add " GATEWAY6 "/128 dev eth0");
	bool failed = prints(w, "ip -n a -6 addr show dev eth0 to " GATEWAY6, "dadfailed");
	run("ip -n a addr del " GATEWAY6 "/128 dev eth0");
	assert_true(failed);
}

/* A connection, asked over: whether it is answered within the time. */
static bool answered(int fd, int ms)
{
	char part[256];

	while (recv(fd, part, sizeof part, MSG_DONTWAIT) > 0)
		;
	send(fd, "?", 1, MSG_NOSIGNAL);
	return arrives(fd, ms);
}

static bool talks(int fd)
{
	return answered(fd, PATIENCE_MS);
}

static bool is_silent(int fd)
{
	return !answered(fd, QUIET_MS);
}

static int connected(const char *from, int type, const char *to, uint16_t port)
{
	struct sockaddr_storage at;
	socklen_t n = endpoint(to, port, &at);
	int fd = socket_in(from, at.ss_family, type);

	if (connect(fd, (struct sockaddr *)&at, n) < 0)
		fail_msg("%s cannot connect to %s port %u: %s", from, to, port, strerror(errno));
	return fd;
}

/* A connection lives exactly as long as what allows it, whatever else changes. */
static void connections_live_as_long_as_their_element(void **state)
{
	static const struct {
		const char *from;
		int type;
		const char *to;
		uint16_t port;
		const char *gone; /* the id without which it is silent */
	} rows[] = {
		{"b", SOCK_STREAM, "10.20.0.11", 80, "flow4 10.20.0.11 . 10.20.0.12 . tcp . 80"},
		{"b", SOCK_STREAM, "fd20::11", 80, "flow6 fd20::11 . fd20::12 . tcp . 80"},
		{"c", SOCK_DGRAM, "10.20.0.11", 8000, "flow_range4 10.20.0.11 . 10.20.0.13 . udp . 8000-8005"},
		{"a", SOCK_STREAM, WORLD4, 443, "world4 10.20.0.11 . tcp . 443"},
		{"b", SOCK_STREAM, WORLD6, 443, "world_any6 fd20::12"},
		{"world", SOCK_STREAM, "10.20.0.13", 80, "ingress4 10.20.0.13 . tcp . 80"},
		{"a", SOCK_STREAM, HOST4, 7000, "host4 10.20.0.11 . tcp . 7000"},
		{"world", SOCK_STREAM, HOST4, 8080, "published_any4 10.20.0.11 . tcp . 80"},
		{"world", SOCK_DGRAM, HOST6, 9090, "published6 " HOST6 " . fd20::13 . udp . 8006"},
		{"a", SOCK_STREAM, HOST4, 8080, "hairpin4 10.20.0.11 . 10.20.0.11"},
	};
	enum { N = sizeof rows / sizeof rows[0] };
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	int fds[N];

	link_elements(&m);
	allow_elements(&m);
	publish_elements(&m);
	seal(&m);
	must_apply(w, &m);
	for (size_t i = 0; i < N; i++) {
		fds[i] = connected(rows[i].from, rows[i].type, rows[i].to, rows[i].port);
		assert_true(talks(fds[i]));
	}
	for (size_t i = 0; i < N; i++) {
		struct manifest less = {.arena = &w->arena};

		/* Without its element and with another one that is new: the others live on. */
		for (size_t k = 0; k < m.all.n; k++)
			if (!str_is(m.all.at[k]->id, rows[i].gone))
				manifest_put(&less, m.all.at[k]);
		want(&less, "flow4", "10.20.0.12 . 10.20.0.11 . tcp . 81", "", "");
		seal(&less);
		must_apply(w, &less);
		if (!is_silent(fds[i]))
			fail_msg("lives without %s", rows[i].gone);
		for (size_t k = 0; k < N; k++)
			if (k != i && !talks(fds[k]))
				fail_msg("without %s, this one died too: %s to %s port %u", rows[i].gone,
					 rows[k].from, rows[k].to, rows[k].port);
		must_apply(w, &m);
		/* It was silenced, not killed: the element is back, and so are the packets that were lost (TCP sends
		 * them again). */
		int64_t begin = now_ms();
		bool again = false;
		while (!again && now_ms() - begin < PATIENCE_MS)
			again = !is_silent(fds[i]);
		assert_true(again);
	}
	for (size_t i = 0; i < N; i++)
		close(fds[i]);
}

/* Who was allowed to be asked may no longer answer, either. */
static void answers_are_silenced_too(void **state)
{
	static const struct {
		const char *from, *source, *to;
		uint16_t port;
		const char *at, *address;
		uint16_t at_port;
		const char *gone;
	} rows[] = {
		{"b", "10.20.0.12", "10.20.0.13", 8001, "c", "10.20.0.13", 8001, "flow4 10.20.0.13 . 10.20.0.12 . udp . 8001"},
		{"b", "10.20.0.12", HOST4, 9292, "c", "10.20.0.13", 8002, "published4 " HOST4 " . 10.20.0.13 . udp . 8002"},
		{"b", "10.20.0.12", WORLD4, 5004, "world", WORLD4, 5004, "world_any4 10.20.0.12"},
		{"b", "fd20::12", WORLD6, 5004, "world", WORLD6, 5004, "world_any6 fd20::12"},
		{"world", WORLD4, "10.20.0.13", 8004, "c", "10.20.0.13", 8004, "ingress_range4 10.20.0.13 . udp . 8000-8005"},
		{"world", WORLD6, "fd20::13", 8004, "c", "fd20::13", 8004, "ingress_range6 fd20::13 . udp . 8000-8005"},
	};
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};

	link_elements(&m);
	allow_elements(&m);
	want(&m, "flow4", "10.20.0.13 . 10.20.0.12 . udp . 8001", "", "");
	want(&m, "dnat4", HOST4 " . udp . 9292", "10.20.0.13 . 8002", "");
	want(&m, "published4", HOST4 " . 10.20.0.13 . udp . 8002", "", "");
	seal(&m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_fd_ int asks = bound_in(rows[i].from, SOCK_DGRAM, rows[i].source, 6100);
		_fd_ int answers = bound_in(rows[i].at, SOCK_DGRAM, rows[i].address, rows[i].at_port);
		struct manifest less = {.arena = &w->arena};
		struct sockaddr_storage peer;
		socklen_t n = sizeof peer;
		struct pollfd p = {.fd = answers, .events = POLLIN};
		char byte;

		must_apply(w, &m);
		send_to(asks, rows[i].to, rows[i].port);
		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
		assert_int_equal(recvfrom(answers, &byte, 1, 0, (struct sockaddr *)&peer, &n), 1);
		sendto(answers, "!", 1, 0, (struct sockaddr *)&peer, n);
		assert_true(arrives(asks, PATIENCE_MS));
		for (size_t k = 0; k < m.all.n; k++)
			if (!str_is(m.all.at[k]->id, rows[i].gone))
				manifest_put(&less, m.all.at[k]);
		seal(&less);
		must_apply(w, &less);
		sendto(answers, "!", 1, 0, (struct sockaddr *)&peer, n);
		if (arrives(asks, QUIET_MS))
			fail_msg("answered without %s", rows[i].gone);
		assert_int_equal(dropped(w, "denied"), i + 1);
	}
}

/* Says something and takes what comes. What is reset may be so already, because the kernel had acknowledged the last answer only now: then sending says it. */
static bool is_reset(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char part[256];
	ssize_t n = send(fd, "?", 1, MSG_NOSIGNAL);

	while (n > 0 && poll(&p, 1, PATIENCE_MS) == 1)
		n = recv(fd, part, sizeof part, MSG_DONTWAIT);
	return n < 0 && errno == ECONNRESET;
}

/* A client of a published port that is withdrawn is told: its connection leads to the host now, which knows it not. */
static void a_withdrawn_port_ends_its_connections(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena}, less = {.arena = &w->arena};

	link_elements(&m);
	publish_elements(&m);
	seal(&m);
	must_apply(w, &m);
	_fd_ int withdrawn = connected("world", SOCK_STREAM, HOST4, 8080), kept = connected("world", SOCK_STREAM, HOST6, 8080);
	assert_true(talks(withdrawn) && talks(kept));
	for (size_t k = 0; k < m.all.n; k++)
		if (!str_is(m.all.at[k]->id, "dnat_any4 tcp . 8080") && !str_is(m.all.at[k]->id, "published_any4 10.20.0.11 . tcp . 80"))
			manifest_put(&less, m.all.at[k]);
	seal(&less);
	must_apply(w, &less);
	assert_true(is_reset(withdrawn));
	assert_true(talks(kept));
}

/* Keeps sending from one port, as a program does that never pauses, until the answer is this one. */
static bool comes_to_say(int fd, const char *expected)
{
	int64_t begin = now_ms();
	char said[80];

	while (now_ms() - begin < PATIENCE_MS) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		send(fd, "?", 1, MSG_NOSIGNAL);
		while (poll(&p, 1, 5) == 1) {
			ssize_t n = recv(fd, said, sizeof said - 1, MSG_DONTWAIT);

			if (n >= 0 && (size_t)n == strlen(expected) && memcmp(said, expected, (size_t)n) == 0)
				return true;
		}
	}
	return false;
}

/* What is translated in another way now is so for those as well who never pause; other connections are left alone. */
static void translations_follow_the_change(void **state)
{
	static const struct {
		const char *set, *key, *data, *published_set, *published;
	} ways[] = {
		{"dnat4", HOST4 " . udp . 9090", "10.20.0.13 . 8006", "published4", HOST4 " . 10.20.0.13 . udp . 8006"},
		{"dnat4", HOST4 " . udp . 9090", "10.20.0.12 . 8006", "published4", HOST4 " . 10.20.0.12 . udp . 8006"},
		{"dnat_any4", "udp . 9090", "10.20.0.11 . 8006", "published_any4", "10.20.0.11 . udp . 8006"},
		{"dnat_any4", "udp . 9090", "10.20.0.13 . 8006", "published_any4", "10.20.0.13 . udp . 8006"},
		{"dnat6", HOST6 " . udp . 9090", "fd20::13 . 8006", "published6", HOST6 " . fd20::13 . udp . 8006"},
		{"dnat_any6", "udp . 9090", "fd20::11 . 8006", "published_any6", "fd20::11 . udp . 8006"},
	};
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	struct sockaddr_storage at;
	socklen_t n;

	link_elements(&m);
	allow_elements(&m);
	seal(&m);
	must_apply(w, &m);
	/* Asked before anything is published: the host itself refuses, and a connection to it is on record. */
	_fd_ int four = bound_in("world", SOCK_DGRAM, WORLD4, 6001), six = bound_in("world", SOCK_DGRAM, WORLD6, 6001);
	_fd_ int other = connected("b", SOCK_STREAM, "10.20.0.11", 80);
	n = endpoint(HOST4, 9090, &at);
	assert_int_equal(connect(four, (struct sockaddr *)&at, n), 0);
	n = endpoint(HOST6, 9090, &at);
	assert_int_equal(connect(six, (struct sockaddr *)&at, n), 0);
	for (int i = 0; i < 3; i++) {
		talks(four);
		talks(six);
	}
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct manifest more = {.arena = &w->arena};
		bool v6 = strchr(ways[i].data, ':');
		const char *who = strstr(ways[i].data, "13 ") ? "c" : strstr(ways[i].data, "12 ") ? "b" : "a";

		for (size_t k = 0; k < m.all.n; k++)
			manifest_put(&more, m.all.at[k]);
		want(&more, ways[i].set, ways[i].key, ways[i].data, "");
		want(&more, ways[i].published_set, ways[i].published, "", "");
		/* Both, and the one on an address goes before the one on every address. */
		if (i == 3) {
			want(&more, ways[1].set, ways[1].key, ways[1].data, "");
			want(&more, ways[1].published_set, ways[1].published, "", "");
			who = "b";
		}
		seal(&more);
		must_apply(w, &more);
		if (!comes_to_say(v6 ? six : four, str_fmt(&w->arena, "%s sees %s", who, v6 ? WORLD6 : WORLD4).s))
			fail_msg("never comes to %s by %s %s", who, ways[i].set, ways[i].key);
		assert_true(talks(other));
	}
	/* A source that is masqueraded from now on. */
	struct manifest nat = {.arena = &w->arena};
	for (size_t k = 0; k < m.all.n; k++)
		if (!str_starts(m.all.at[k]->id, STR("masquerade")))
			manifest_put(&nat, m.all.at[k]);
	seal(&nat);
	must_apply(w, &nat);
	_fd_ int out = connected("b", SOCK_DGRAM, WORLD4, 5002), out6 = connected("b", SOCK_DGRAM, WORLD6, 5002);
	assert_true(comes_to_say(out, "world sees 10.20.0.12"));
	assert_true(comes_to_say(out6, "world sees fd20::12"));
	must_apply(w, &m);
	assert_true(comes_to_say(out, "world sees " HOST4));
	assert_true(comes_to_say(out6, "world sees " HOST6));
	assert_true(talks(other));
}

/* The rules are written anew under a flood: no packet that is forbidden passes, none that is allowed is lost. */
static void nothing_leaks_while_rules_are_written(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena}, more = {.arena = &w->arena};
	_fd_ int allowed_at = bound_in("a", SOCK_DGRAM, "10.20.0.11", 8001),
		 denied_at = bound_in("a", SOCK_DGRAM, "10.20.0.11", 9001);
	static const char handles[] = "nft -a list table inet ctstack | grep 'chain .* # handle'";
	unsigned sent = 0, got = 0, leaked = 0;
	int stop[2], told[2];

	link_elements(&m);
	allow_elements(&m);
	for (size_t i = 0; i < m.all.n; i++)
		manifest_put(&more, m.all.at[i]);
	seal(&m);
	want(&more, "flow4", "10.20.0.12 . 10.20.0.11 . tcp . 81", "", "");
	seal(&more);
	must_apply(w, &m);
	setsockopt(allowed_at, SOL_SOCKET, SO_RCVBUFFORCE, &(int){64 << 20}, sizeof(int));
	_fd_ int from = bound_in("c", SOCK_DGRAM, "10.20.0.13", 0);
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(pipe(told), 0);
	struct str chains = output(w, handles);
	unsigned long lost = overflowed();
	pid_t flood = fork();
	if (flood == 0) {
		close(stop[1]);
		while (poll(&(struct pollfd){.fd = stop[0]}, 1, 0) == 0) {
			send_to(from, "10.20.0.11", 9001);
			send_to(from, "10.20.0.11", 8001);
			sent++;
			/* Slow enough that no queue on the way overflows. */
			nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
		}
		_exit(write(told[1], &sent, sizeof sent) == sizeof sent ? 0 : 1);
	}
	for (int i = 0; i < 30; i++) {
		must_apply(w, i & 1 ? &m : &more);
		run("nft flush chain inet ctstack invalid"); /* altered: the next apply writes all rules anew */
	}
	close(stop[1]);
	assert_int_equal(read(told[0], &sent, sizeof sent), sizeof sent);
	waitpid(flood, NULL, 0);
	while (arrives(allowed_at, 0))
		got++;
	while (arrives(denied_at, 0))
		leaked++;
	lost = overflowed() - lost;
	assert_int_equal(leaked, 0);
	assert_true(sent > 1000);
	assert_in_range(got, sent > lost ? sent - lost : 0, sent);
	/* The chains are the same ones: to hook one anew is what opens a gap. */
	assert_true(str_eq(chains, output(w, handles)));
	for (int i = 0; i < 2; i++)
		close(i ? stop[0] : told[0]);
	close(told[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(control_with_everything_judged_all_pairs_talk, end_test),
		cmocka_unit_test_teardown(without_a_table_nothing_passes, end_test),
		cmocka_unit_test_teardown(all_pairs_talk_exactly_as_the_elements_say, end_test),
		cmocka_unit_test_teardown(errors_of_a_connection_come_back, end_test),
		cmocka_unit_test_teardown(published_ports_lead_to_the_container, end_test),
		cmocka_unit_test_teardown(a_forged_source_is_dropped, end_test),
		cmocka_unit_test_teardown(a_forged_answer_is_dropped, end_test),
		cmocka_unit_test_teardown(loopback_is_not_on_the_wire, end_test),
		cmocka_unit_test_teardown(what_has_no_connection_is_dropped, end_test),
		cmocka_unit_test_teardown(neighbours_are_found_and_nothing_else, end_test),
		cmocka_unit_test_teardown(connections_live_as_long_as_their_element, end_test),
		cmocka_unit_test_teardown(answers_are_silenced_too, end_test),
		cmocka_unit_test_teardown(a_withdrawn_port_ends_its_connections, end_test),
		cmocka_unit_test_teardown(translations_follow_the_change, end_test),
		cmocka_unit_test_teardown(nothing_leaks_while_rules_are_written, end_test),
	};

	return cmocka_run_group_tests_name("nft", tests, lab_setup, world_teardown);
}
