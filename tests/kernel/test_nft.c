/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What packets meet (spec/policy.md), asked of packets: a host that is a router, three containers on links as kind_link makes them, and a neighbour that is the
 * world. Every rule of the policy that forbids something has its control: the same question is answered where the rule or the whole table is not there. */
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
	const char *address[2];		/* IPv4, IPv6 */
} places[PLACES] = {
	[A] = {"a", "cta", {"10.20.0.11", "fd20::11"}},
	[B] = {"b", "ctb", {"10.20.0.12", "fd20::12"}},
	[C] = {"c", "ctc", {"10.20.0.13", "fd20::13"}},
	[WORLD] = {"world", "", {WORLD4, WORLD6}},
	[HOST] = {"host", "", {HOST4, HOST6}},
};

static const uint16_t ports[] = {80, 81, 443, 5000, 5001, 5002, 7000, 7001, 8000, 8005, 8006, 0};
enum { NOBODY = 8003 };	/* a port that nobody serves */

/* What the policy allows: the matrix of all pairs is compared with this. */
static const struct allowed {
	int from, to;
	int type;
	uint16_t lo, hi;
} allowed[] = {
	{B, A, SOCK_STREAM, 80, 80},
	{C, A, SOCK_DGRAM, 8000, 8005},
	{A, WORLD, SOCK_STREAM, 443, 443},
	{A, WORLD, SOCK_DGRAM, 5000, 5001},
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
	want(m, "world_range4", "10.20.0.11 . udp . 5000-5001", "", "");
	want(m, "world_range6", "fd20::11 . udp . 5000-5001", "", "");
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
			want(m, six ? "source6" : "source4", str_fmt(m->arena, "%s . %s", places[i].link, places[i].address[six]).s, "", "");
			want(m, six ? "address6" : "address4", places[i].address[six], "", "");
		}
	}
}

/* Ports of the host: 8080 everywhere to a:80, 9090 on the uplink's address to c:8006 (UDP), 9191 on loopback to c:81. */
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
	seal(&m);
	plan_make(&w->arena, &nothing, &m, &p);
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
	run("ip link set lo up; mkdir -p /run/netns; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	/* Spoofed sources shall meet our rules and not the kernel's reverse path filter. */
	run("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	run("ip netns add world && ip link add up0 type veth peer name eth0 netns world");
	run("ip addr add " HOST4 "/24 dev up0; ip addr add " HOST6 "/64 dev up0 nodad; ip link set up0 up");
	run("ip -n world addr add " WORLD4 "/24 dev eth0; ip -n world addr add " WORLD6 "/64 dev eth0 nodad; ip -n world link set eth0 up");
	run("ip -n world link set lo up; ip -n world route add 10.20.0.0/16 via " HOST4 "; ip -n world -6 route add fd20::/64 via " HOST6);
	make_links(w);
	/* The IPv6 counterpart of route_localnet: answers to what came from ::1 are taken from the link. */
	run("m=4096; for l in cta ctb ctc; do m=$((m + 1)); ip -6 route add local ::1 dev $l table local metric $m; done");
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

/* Every place to every other, both families, both protocols, every port; expectations are the table's, or that everything is answered. */
static size_t ask_all_pairs(struct world *w, bool open)
{
	enum { MOST = PLACES * PLACES * 2 * 2 * 16 };
	static struct probe probes[MOST];
	size_t n = 0;

	for (int pair = 0; pair < PLACES * PLACES; pair++)
		for (size_t i = 0; ports[i]; i++)
			for (int way = 0; way < 4; way++) {
				int from = pair / PLACES, to = pair % PLACES, six = way & 1, type = way & 2 ? SOCK_DGRAM : SOCK_STREAM;
				bool pass = open || is_allowed(from, to, type, ports[i]);
				struct probe *p = &probes[n];

				if (from == to)
					continue;
				*p = (struct probe){.from = places[from].name, .type = type, .to = places[to].address[six], .port = ports[i]};
				p->expected = pass ? answer(w, from, to, six) : NULL;
				/* Those that may go out leave as the host. */
				if (pass && !open && from <= B && to == WORLD)
					p->expected = str_fmt(&w->arena, "world sees %s", places[HOST].address[six]).s;
				n++;
			}
	return probe_check(probes, n);
}

static void control_without_a_table_all_pairs_talk(void **state)
{
	struct world *w = *state;

	/* The world knows the way to the containers, so that nothing but the policy is between them. */
	assert_int_equal(ask_all_pairs(w, true), 0);
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
	assert_int_equal(ask_all_pairs(w, false), 0);
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
		/* from containers: b may reach the world, and has a flow to a:80; c may not; a and c reach themselves */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(control_without_a_table_all_pairs_talk, end_test),
		cmocka_unit_test_teardown(all_pairs_talk_exactly_as_the_elements_say, end_test),
		cmocka_unit_test_teardown(errors_of_a_connection_come_back, end_test),
		cmocka_unit_test_teardown(published_ports_lead_to_the_container, end_test),
	};

	return cmocka_run_group_tests_name("nft", tests, lab_setup, world_teardown);
}
