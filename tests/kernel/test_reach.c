/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the compiler says about who reaches whom (lang/reach.h, `ctc reach`) is what packets find: for the world, the host and every container, asking every other one on every port that is
 * declared anywhere and on one that is not, in both families and protocols, by own addresses and by published ports. Over the examples, and over stacks that are made at random from a seed:
 * REACH_STACKS of them (20), from REACH_SEED on (1). Only the network part of each is made. */
#include "tests/kernel/lab.h"

#include <sys/resource.h>

#include "compiler/compile.h"
#include "lang/reach.h"

#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8::1"
#define WORLD4 "192.0.2.2"
#define WORLD6 "2001:db8::2"

enum { UNDECLARED = 39999, ENDS_MAX = 40, PORTS_MAX = 24, PROBES_MAX = 24000 };

/* Somebody who asks and is asked. */
struct end {
	struct reach_end who;
	const char *ns, *address[2];
	const struct strs *more;	/* its further addresses; NULL */
	struct port ports[PORTS_MAX];
	size_t nports;
};

struct trial {
	struct world *w;
	const struct manifest *m;
	const char *name, *text;
	struct end ends[ENDS_MAX];
	size_t nends;
	struct probe *probes;
	size_t nprobes;
	pid_t servers;
};

/* ---- the network part of a manifest ---- */

static const struct {
	enum phase phase;
	enum res_kind kind;
} steps[] = {
	{PHASE_ADD, RES_gate}, {PHASE_ADD, RES_netns}, {PHASE_ADD, RES_link}, {PHASE_SWAP, RES_link}, {PHASE_SWAP, RES_nft},
	{PHASE_CLEAN, RES_link}, {PHASE_CLEAN, RES_netns}, {PHASE_CLEAN, RES_gate},
};

static void converge_network(struct world *w, const struct manifest *known, const struct manifest *to)
{
	struct manifest now = {.arena = &w->arena};
	struct plan p = {0};

	for (int kind = 0; kind < RES_KIND_COUNT; kind++)
		if (kind == RES_gate || kind == RES_netns || kind == RES_link || kind == RES_nft)
			if (kinds[kind]->observe(&w->host, known, &now, &w->err) < 0)
				fail_msg("observe: %s", w->err.text);
	seal(&now);
	plan_make(&w->arena, &now, to, &p);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct slice s = plan_slice(&p, steps[i].kind);

		if (s.n && kinds[steps[i].kind]->apply(&w->host, steps[i].phase, s, &w->err) < 0)
			fail_msg("%s: %s [%s]", res_infos[steps[i].kind].word, w->err.text, w->err.resource);
	}
}

/* ---- who there is ---- */

static void end_port(struct end *e, struct port port)
{
	for (unsigned n = port.lo; n <= port.hi; n += port.hi > port.lo ? (unsigned)(port.hi - port.lo) : 1) {
		bool known = false;

		for (size_t i = 0; i < e->nports; i++)
			known |= e->ports[i].lo == n && e->ports[i].proto == port.proto;
		assert_true(e->nports < PORTS_MAX);
		if (!known)
			e->ports[e->nports++] = (struct port){(uint16_t)n, (uint16_t)n, port.proto};
	}
}

static struct end *end_add(struct trial *t, struct reach_end who, const char *ns, const char *four, const char *six)
{
	struct end *e = &t->ends[t->nends++];

	assert_true(t->nends <= ENDS_MAX);
	*e = (struct end){.who = who, .ns = ns, .address = {four, six}};
	end_port(e, (struct port){UNDECLARED, UNDECLARED, PROTO_TCP});
	end_port(e, (struct port){UNDECLARED, UNDECLARED, PROTO_UDP});
	return e;
}

static const char *text_of(struct trial *t, struct str s)
{
	return s.n ? str_fmt(&t->w->arena, "%.*s", STR_ARG(s)).s : NULL;
}

static void ends_find(struct trial *t)
{
	struct end *world = end_add(t, (struct reach_end){REACH_WORLD, NULL}, "world", WORLD4, WORLD6);
	struct end *host = end_add(t, (struct reach_end){REACH_HOST, NULL}, "host", HOST4, HOST6);
	const struct res_container *c;
	const struct res_flow *f;

	manifest_each(flow, f, t->m) {
		struct port port;

		if (port_parse(f->port, &port) && (str_is(f->to, "world") || str_is(f->to, "host")))
			end_port(str_is(f->to, "world") ? world : host, port);
	}
	manifest_each(container, c, t->m) {
		struct str stack, name = c->res.id;
		struct reach_end who;

		if (!reach_end_find(t->m, c->res.id, &who) || who.kind != REACH_CONTAINER || !(c->address.n || c->address6.n))
			continue;
		stack = str_cut(name, '.', &name);
		if (reach_home(t->m, c) == c)
			end_add(t, who, str_fmt(&t->w->arena, "ct-%.*s-%.*s", STR_ARG(stack), STR_ARG(name)).s, text_of(t, c->address),
				text_of(t, c->address6))->more = &c->more_addresses;
	}
	manifest_each(container, c, t->m)
		for (size_t i = 0; i < t->nends; i++)
			for (size_t k = 0; t->ends[i].who.container == reach_home(t->m, c) && k < c->ports.n; k++) {
				struct port port;
				struct str text;

				str_cut(c->ports.at[k], '=', &text);
				assert_true(port_parse(text, &port));
				end_port(&t->ends[i], port);
			}
}

static void serve_ends(struct trial *t)
{
	static struct server servers[ENDS_MAX * PORTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < t->nends; i++)
		for (size_t k = 0; k < t->ends[i].nports; k++) {
			bool udp = t->ends[i].ports[k].proto == PROTO_UDP;
			int type = udp ? SOCK_DGRAM : SOCK_STREAM;
			struct server s = {t->ends[i].ns, bound_in(t->ends[i].ns, type, "::", t->ends[i].ports[k].lo), type};

			assert_int_equal(setsockopt(s.fd, SOL_IPV6, IPV6_RECVPKTINFO, &(int){udp}, sizeof(int)), 0);
			assert_true(udp || listen(s.fd, 128) == 0);
			assert_true(n < SERVERS_MAX);
			servers[n++] = s;
		}
	tally();
	pid_t parent = getpid();
	t->servers = fork();
	assert_true(t->servers >= 0);
	if (t->servers == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		serve(servers, n);
	}
	while (n > 0)
		close(servers[--n].fd);
}

/* ---- what is asked ---- */

static void ask(struct trial *t, const struct end *from, const char *address, struct port port, bool passes)
{
	assert_true(t->nprobes < PROBES_MAX);
	t->probes[t->nprobes++] = (struct probe){
		.from = from->ns,
		.type = port.proto == PROTO_UDP ? SOCK_DGRAM : SOCK_STREAM,
		.to = address,
		.port = port.lo,
		.expected = passes ? "an answer" : NULL,
	};
}

/* What holds for the first address of a family holds for the others. */
static void ask_further(struct trial *t, const struct end *from, const struct end *to, struct port port, int six, bool passes)
{
	for (size_t i = 0; to->more && i < to->more->n; i++) {
		const char *address = text_of(t, to->more->at[i]);

		if (!strchr(address, ':') == !six)
			ask(t, from, address, port, passes);
	}
}

/* By own addresses: all pairs, the ports of the one that is asked. */
static void ask_directly(struct trial *t)
{
	for (size_t i = 0; i < t->nends * t->nends; i++) {
		const struct end *from = &t->ends[i / t->nends], *to = &t->ends[i % t->nends];

		for (size_t k = 0; from != to && k < to->nports; k++)
			for (int six = 0; six < 2; six++) {
				struct reach r = reach_direct(t->m, from->who, to->who, six ? 6 : 4, to->ports[k]);

				bool passes = r.verdict == REACH_ALLOWED || r.verdict == REACH_ALWAYS;

				if (!from->address[six] || !to->address[six])
					continue;
				ask(t, from, to->address[six], to->ports[k], passes);
				ask_further(t, from, to, to->ports[k], six, passes);
			}
	}
}

/* By published ports, the first and the last of each range. */
static void ask_published(struct trial *t)
{
	const struct res_publish *p;

	manifest_each(publish, p, t->m) {
		struct addr address = {0};
		struct port port;

		assert_true(port_parse(p->port, &port));
		if (p->address.n)
			assert_true(addr_parse(p->address, &address));
		for (size_t i = 0; i < t->nends; i++)
			for (int six = 0; six < 2; six++) {
				struct port first = {port.lo, port.lo, port.proto}, last = {port.hi, port.hi, port.proto};
				const char *at = address.family && !addr_is_any(address) ? text_of(t, p->address) : six ? HOST6 : HOST4;
				bool passes = reach_published(t->m, t->ends[i].who, p, six ? 6 : 4);

				/* A loopback address is whoever asks. */
				if ((address.family && address.family != (six ? 6 : 4)) || !t->ends[i].address[six] ||
				    (addr_is_loopback(address) && t->ends[i].who.kind != REACH_HOST))
					continue;
				ask(t, &t->ends[i], at, first, passes);
				if (port.hi > port.lo)
					ask(t, &t->ends[i], at, last, passes);
			}
	}
}

static size_t compare(struct trial *t)
{
	unsigned before = tally()->datagrams, datagrams = 0;
	size_t wrong = 0, passed = 0;

	probe_all(t->probes, t->nprobes);
	for (size_t i = 0; i < t->nprobes; i++) {
		const struct probe *p = &t->probes[i];
		bool answered = strstr(p->answer, " sees ") != NULL;

		datagrams += p->type == SOCK_DGRAM && p->expected;
		passed += p->expected != NULL;
		if (answered == (p->expected != NULL))
			continue;
		if (wrong++ < 20)
			print_error("%s: %s to %s port %u/%s: \"%s\", but the compiler says %s\n", t->name, p->from, p->to, p->port,
				    p->type == SOCK_STREAM ? "tcp" : "udp", p->answer, p->expected ? "yes" : "no");
	}
	/* What arrives without an answer counts, too. */
	if (tally()->datagrams - before != datagrams) {
		print_error("%s: %u datagrams arrived, not %u\n", t->name, tally()->datagrams - before, datagrams);
		wrong++;
	}
	if (wrong)
		print_error("%s\n", t->text ? t->text : "");
	print_message("# %s: %zu ends, %zu questions, %zu to be answered\n", t->name, t->nends, t->nprobes, passed);
	return wrong;
}

/* The world knows the way to the containers, as a neighbour does that means ill. */
static void world_routes(const struct manifest *m, const char *verb)
{
	const struct res_subnet *s;

	manifest_each(subnet, s, m) {
		if (s->range.n)
			run("ip -n world route %s %.*s via " HOST4, verb, STR_ARG(s->range));
		if (s->range6.n)
			run("ip -n world -6 route %s %.*s via " HOST6, verb, STR_ARG(s->range6));
	}
}

static size_t try_manifest(struct world *w, const struct manifest *m, const char *name, const char *text)
{
	static struct probe probes[PROBES_MAX];
	struct manifest nothing = empty(w);
	struct trial *t = arena_new(&w->arena, struct trial);

	*t = (struct trial){.w = w, .m = m, .name = name, .text = text, .probes = probes};
	converge_network(w, m, m);
	run("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done");
	world_routes(m, "replace");
	ends_find(t);
	serve_ends(t);
	ask_directly(t);
	ask_published(t);
	size_t wrong = compare(t);
	kill(t->servers, SIGKILL);
	waitpid(t->servers, NULL, 0);
	world_routes(m, "del");
	converge_network(w, m, &nothing);
	return wrong;
}

/* ---- stacks at random ---- */

struct dice {
	uint64_t state;
};

/* A number below n. splitmix64 (public domain). */
static unsigned roll(struct dice *d, unsigned n)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (unsigned)((z ^ z >> 31) % n);
}

static bool compiles(struct str text)
{
	struct compilation c = {.check_only = true};
	bool good = compile_text(&c, STR("random.ctstack"), text) == 0;

	compilation_end(&c);
	return good;
}

/* Puts a line in front of the closing bracket, if it makes a stack that the rules accept. */
static void try_line(struct buf *text, const char *line)
{
	size_t before = text->n - 2;
	_buf_ struct buf with = {0};

	buf_add(&with, text->s, before);
	buf_fmt(&with, "  %s\n}\n", line);
	if (!compiles(buf_view(&with)))
		return;
	text->n = before;
	buf_fmt(text, "  %s\n}\n", line);
}

static void random_subnet(struct dice *d, unsigned i, struct buf *text)
{
	unsigned families = 1 + roll(d, 3);
	_buf_ struct buf b = {0};

	buf_fmt(&b, "subnet n%u { ", i);
	if (families & 1)
		buf_fmt(&b, "range = 10.%u.0.0/24; ", 60 + i);
	if (families & 2)
		buf_fmt(&b, "range6 = fd60:%u::/64; ", i);
	buf_fmt(&b, "nat = %s%s }", roll(d, 3) == 0 ? "true" : "false", roll(d, 4) == 0 ? "; uplink = \"up0\"" : "");
	buf_addc(&b, '\0');
	try_line(text, b.s);
}

static void random_container(struct dice *d, unsigned i, unsigned subnets, struct buf *text)
{
	static const char *const names[] = {"a", "b", "c"};
	unsigned subnet = roll(d, subnets), families = 1 + roll(d, 3), ports = roll(d, 4), more = roll(d, 4) == 0;
	_buf_ struct buf b = {0};

	buf_fmt(&b, "container c%u { image = \"localhost/x:1\"; ", i);
	if (i > 1 && roll(d, 5) == 0)
		buf_fmt(&b, "join = c%u; ", roll(d, i));
	else
		buf_fmt(&b, "subnet = n%u; ", subnet);
	size_t bare = b.n;
	for (int again = 0; again < 3; again++, families = (families % 3) + 1) { /* until the subnet has the family */
		b.n = bare;
		if (!strstr(b.s, "join") && families & 1)
			buf_fmt(&b, "address = 10.%u.0.%u; ", 60 + subnet, 10 + i);
		if (!strstr(b.s, "join") && families & 2)
			buf_fmt(&b, "address6 = fd60:%u::%u; ", subnet, 10 + i);
		if (!strstr(b.s, "join") && more && families == 1)
			buf_fmt(&b, "more-addresses = [10.%u.0.%u, 10.%u.0.%u]; ", 60 + subnet, 100 + i, 60 + subnet, 150 + i);
		if (!strstr(b.s, "join") && more && families == 3)
			buf_fmt(&b, "more-addresses = [fd60:%u::%u, 10.%u.0.%u]; ", subnet, 100 + i, 60 + subnet, 100 + i);
		buf_puts(&b, "ports { ");
		for (unsigned k = 0; k < ports; k++) {
			unsigned port = 1000 + 100 * i + 10 * k;

			if (roll(d, 4) == 0)
				buf_fmt(&b, "%s = %u-%u/%s; ", names[k], port, port + 3, roll(d, 2) ? "tcp" : "udp");
			else
				buf_fmt(&b, "%s = %u/%s; ", names[k], port, roll(d, 2) ? "tcp" : "udp");
		}
		buf_puts(&b, "} }");
		buf_addc(&b, '\0');
		try_line(text, b.s);
	}
}

static void random_end(struct dice *d, unsigned containers, unsigned subnets, bool right, struct buf *b)
{
	static const char *const names[] = {"a", "b", "c"};

	switch (roll(d, 8)) {
	case 0:
		buf_puts(b, "world");
		break;
	case 1:
		buf_puts(b, "host");
		break;
	case 2:
		buf_fmt(b, "n%u", roll(d, subnets));
		return;
	default:
		buf_fmt(b, "c%u", roll(d, containers));
		if (right && roll(d, 2))
			buf_fmt(b, ".%s", names[roll(d, 3)]);
		else if (right && roll(d, 3) == 0)
			buf_fmt(b, ":%u/%s", 2000 + roll(d, 5), roll(d, 2) ? "tcp" : "udp");
		return;
	}
	if (right && roll(d, 3))
		buf_fmt(b, ":%u%s/%s", 3000 + roll(d, 4), roll(d, 4) ? "" : "-3005", roll(d, 2) ? "tcp" : "udp");
}

static void random_allow(struct dice *d, unsigned containers, unsigned subnets, struct buf *text)
{
	_buf_ struct buf b = {0};

	buf_puts(&b, "allow ");
	random_end(d, containers, subnets, false, &b);
	buf_puts(&b, " -> ");
	random_end(d, containers, subnets, true, &b);
	buf_addc(&b, '\0');
	try_line(text, b.s);
}

static void random_publish(struct dice *d, unsigned i, unsigned containers, struct buf *text)
{
	static const char *const at[] = {"", "", HOST4 ":", "[" HOST6 "]:", "127.0.0.1:", "[::1]:", "0.0.0.0:", "[::]:"};
	static const char *const names[] = {"a", "b", "c"};
	const char *address = at[roll(d, sizeof at / sizeof at[0])];
	unsigned to = roll(d, containers), name = roll(d, 3), host = 20000 + 10 * i;
	char line[128];

	/* One of the two fits the port's length. */
	snprintf(line, sizeof line, "publish %s%u -> c%u.%s", address, host, to, names[name]);
	try_line(text, line);
	snprintf(line, sizeof line, "publish %s%u-%u -> c%u.%s", address, host + 1, host + 4, to, names[name]);
	try_line(text, line);
}

static void random_stack(uint64_t seed, struct buf *text)
{
	struct dice d = {seed};
	unsigned subnets = 1 + roll(&d, 3), containers = 2 + roll(&d, 5);

	buf_puts(text, "stack r {\n}\n");
	for (unsigned i = 0; i < subnets; i++)
		random_subnet(&d, i, text);
	for (unsigned i = 0; i < containers; i++)
		random_container(&d, i, subnets, text);
	for (unsigned i = 2 + roll(&d, 10); i > 0; i--)
		random_allow(&d, containers, subnets, text);
	for (unsigned i = 1 + roll(&d, 5); i > 0; i--)
		random_publish(&d, i, containers, text);
}

static unsigned number(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void random_stacks_are_what_packets_find(void **state)
{
	struct world *w = *state;
	unsigned seed = number("REACH_SEED", 1), n = number("REACH_STACKS", 20);
	size_t wrong = 0;

	for (unsigned i = 0; i < n && wrong == 0; i++) {
		_buf_ struct buf text = {0};
		struct compilation c = {0};
		char name[40];

		random_stack(seed + i, &text);
		snprintf(name, sizeof name, "seed %u", seed + i);
		if (compile_text(&c, STR("random.ctstack"), buf_view(&text)) < 0)
			fail_msg("%s does not compile:\n%.*s", name, (int)text.n, text.s);
		buf_addc(&text, '\0');
		wrong += try_manifest(w, &c.manifest, name, text.s);
		compilation_end(&c);
		arena_free(&w->arena);
	}
	assert_int_equal(wrong, 0);
}

/* ---- the examples ---- */

static void examples_are_what_packets_find(void **state)
{
	struct world *w = *state;
	struct str list = output(w, "ls examples/*.ctstack"), rest = list;
	size_t wrong = 0, tried = 0;

	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest);
		const char *path = str_fmt(&w->arena, "%.*s", STR_ARG(line)).s;
		struct compilation c = {0};

		if (compile_files(&c, &path, 1) < 0)
			fail_msg("%s does not compile", path);
		wrong += try_manifest(w, &c.manifest, path, NULL), tried++;
		compilation_end(&c);
	}
	assert_int_equal(wrong, 0);
	assert_true(tried >= 2);
	arena_free(&w->arena);
}

static int setup(void **state)
{
	struct rlimit many = {65536, 65536};
	int r = world_setup(state);

	if (r < 0)
		return r;
	setrlimit(RLIMIT_NOFILE, &many);
	run("ip link set lo up; mkdir -p /run/netns; echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
	run("ip netns add world && ip link add up0 type veth peer name eth0 netns world");
	run("ip addr add " HOST4 "/24 dev up0; ip addr add " HOST6 "/64 dev up0 nodad; ip link set up0 up");
	run("ip -n world addr add " WORLD4 "/24 dev eth0; ip -n world addr add " WORLD6 "/64 dev eth0 nodad; ip -n world link set eth0 up");
	run("ip -n world link set lo up");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(examples_are_what_packets_find, end_test),
		cmocka_unit_test_teardown(random_stacks_are_what_packets_find, end_test),
	};

	return cmocka_run_group_tests_name("reach", tests, setup, world_teardown);
}
