/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Expectations as probes, see expect.h: who stands for each end, from where to where packets go, and what is said where they do not go as expected. */
#include "runtime/expect.h"

#include <errno.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/unit.h"

/* Asked of one for which no port is known: nobody listens there, and that does not matter, since it must not arrive. */
#define ANY_PORT "9/tcp"

static const char outside[] = "nobody here can send from, or listen in, the world outside of this host",
		  shared[] = "a container on the host's own network, or on one of the host's networks, has no link to probe by",
		  unknown_port[] = "no port is named",
		  finished[] = "a container that would have to answer runs once",
		  resting[] = "a container that would have to answer does not run by itself",
		  datagrams[] = "whether a datagram reaches a program of the host cannot be seen",
		  other_protocol[] = "only TCP and UDP can be probed",
		  too_many[] = "these are more probes than one change sends (4096)",
		  empty[] = "there is no container in it";

/* A container as packets see it. */
struct member {
	const struct res_container *c;
	const struct res_link *link;	/* of the namespace that it is in; NULL: none */
	bool runs, once;
};

struct asker {
	struct arena *arena;
	const struct plan *plan;
	struct map links;		/* address -> struct res_link */
	struct map touched;		/* names of stacks that the plan changes */
	bool all;			/* it changes what belongs to the host as a whole */
	struct expectations *ret;
	struct expectation *now;
};

struct members {
	VEC(struct member) all;
	bool world, host;
};

static void touched_find(struct asker *k)
{
	for (size_t i = 0; i < k->plan->changes.n; i++) {
		const struct change *c = &k->plan->changes.at[i];
		const struct res *r = change_res(c);

		if (r->kind == RES_image)
			continue;
		k->all |= c->to && !r->stack.n && res_infos[r->kind].class == RES_EFFECT;
		map_set(k->arena, &k->touched, r->stack, k);
	}
}

/* "dev.postgres": dev */
static struct str stack_of(struct str name)
{
	return str_cut(name, '.', NULL);
}

static bool is_touched(const struct asker *k, const struct res_expect *x)
{
	return k->all || map_get(&k->touched, x->res.stack) || map_get(&k->touched, stack_of(x->from)) || map_get(&k->touched, stack_of(x->to));
}

static void links_find(struct asker *k)
{
	const struct res_link *l;

	manifest_each(link, l, k->plan->to) {
		if (l->address.n)
			map_set(k->arena, &k->links, l->address, (void *)l);
		if (l->address6.n)
			map_set(k->arena, &k->links, l->address6, (void *)l);
	}
}

/* Its unit is started, or people have started it. */
static bool does_run(const struct plan *p, struct str unit)
{
	const struct res_unit *to = (const struct res_unit *)manifest_find(p->to, RES_unit, unit), *from = (const struct res_unit *)manifest_find(p->from, RES_unit, unit);

	return (to && to->active) || (to && from && from->runs);
}

static struct member member_of(const struct asker *k, const struct res_container *c)
{
	const struct res_link *l = c->address.n ? map_get(&k->links, c->address) : NULL;

	if (!l && c->address6.n)
		l = map_get(&k->links, c->address6);
	const struct res_unit *u = (const struct res_unit *)manifest_find(k->plan->to, RES_unit, c->unit);
	return (struct member){c, l, does_run(k->plan, c->unit), u && unit_runs_once(u)};
}

static bool in_subnet(const struct res_subnet *s, struct str address)
{
	struct addr a;
	struct cidr range;

	return addr_parse(address, &a) && ((cidr_parse(s->range, &range) && cidr_contains(range, a)) || (cidr_parse(s->range6, &range) && cidr_contains(range, a)));
}

static void members_of(struct asker *k, struct str name, struct members *ret)
{
	const struct res_container *c = (const struct res_container *)manifest_find(k->plan->to, RES_container, name);
	const struct res_subnet *s = (const struct res_subnet *)manifest_find(k->plan->to, RES_subnet, name);

	ret->world = str_is(name, "world");
	ret->host = str_is(name, "host");
	if (c) {
		vec_push(k->arena, &ret->all, member_of(k, c));
	} else if (s) {
		manifest_each(container, c, k->plan->to)
			if (in_subnet(s, c->address) || in_subnet(s, c->address6))
				vec_push(k->arena, &ret->all, member_of(k, c));
	}
}

/* The first reason is said. */
static void unasked(struct asker *k, const char *why)
{
	if (!k->now->unasked)
		k->now->unasked = why;
}

static void probe_add(struct asker *k, const struct probe *p)
{
	if (k->ret->probes.n >= PROBES_MAX) {
		unasked(k, too_many);
		return;
	}
	vec_push(k->arena, &k->ret->probes, *p);
	k->now->n++;
}

/* Addresses that a probe can come from or go to. */
struct ends {
	struct addr at[2 + MORE_ADDRESSES_MAX];
	size_t n;
};
static const struct ends any_source = {.n = 1};	/* family 0: the host's, as it chooses */

static void ends_add(struct ends *all, struct str address, struct str address6, const struct strs *more)
{
	all->n += addr_parse(address, &all->at[all->n]);
	all->n += addr_parse(address6, &all->at[all->n]);
	for (size_t i = 0; more && i < more->n && i < MORE_ADDRESSES_MAX; i++)
		all->n += addr_parse(more->at[i], &all->at[all->n]);
}

/* From one to one, by each pair of addresses of a family that both have. NULL is the host. */
static void pair_add(struct asker *k, const struct member *from, const struct member *to, struct port port)
{
	const struct res_link *l = from ? from->link : to->link, *m = to ? to->link : NULL;
	struct ends sources = {0}, targets = {0};

	if (from)
		ends_add(&sources, l->address, l->address6, &l->more);
	else
		sources = any_source;
	if (m)
		ends_add(&targets, m->address, m->address6, &m->more);
	else
		ends_add(&targets, l->gateway, l->gateway6, NULL);
	for (size_t i = 0; i < sources.n; i++)
		for (size_t j = 0; j < targets.n; j++) {
			struct probe p = {.from = from ? l->netns : STR(""), .to = m ? m->netns : STR(""), .source = sources.at[i], .target = targets.at[j],
					  .port = port.lo, .proto = (enum proto)port.proto, .reach = str_is(k->now->x->mode, "reach"),
					  .arrival = port.lo != port.hi};

			if (!from || p.source.family == p.target.family)
				probe_add(k, &p);
		}
}

/* "http=80/tcp" */
static struct port declared_port(struct str text)
{
	struct port p = {0};
	struct str port;

	str_cut(text, '=', &port);
	port_parse(port, &p);
	return p;
}

static void port_ask(struct asker *k, const struct member *from, const struct member *to, struct port port)
{
	bool reach = str_is(k->now->x->mode, "reach");

	if (port.proto != PROTO_TCP && port.proto != PROTO_UDP)
		unasked(k, other_protocol);
	else if (!to && port.proto == PROTO_UDP)
		unasked(k, datagrams);
	else if (reach && to && to->once)
		unasked(k, finished);
	else if (reach && to && !to->runs)
		unasked(k, resting);
	else
		pair_add(k, from, to, port);
}

/* Without a port: each that is declared; and where none is and none shall be open, any. */
static void pair_ask(struct asker *k, const struct member *from, const struct member *to)
{
	struct port port = {0};

	if ((from && !from->link) || (to && !to->link)) {
		unasked(k, shared);
		return;
	}
	if (from && to && from->link == to->link)
		return; /* within one namespace: no policy comes between them */
	if (port_parse(k->now->x->port, &port)) {
		port_ask(k, from, to, port);
		return;
	}
	for (size_t i = 0; to && i < to->c->ports.n; i++)
		port_ask(k, from, to, declared_port(to->c->ports.at[i]));
	if (to && to->c->ports.n)
		return;
	if (str_is(k->now->x->mode, "reach"))
		unasked(k, unknown_port);
	else if (port_parse(STR(ANY_PORT), &port))
		pair_add(k, from, to, port);
}

static void expectation_add(struct asker *k, const struct res_expect *x)
{
	struct members from = {0}, to = {0};

	vec_push(k->arena, &k->ret->all, (struct expectation){.x = x, .first = k->ret->probes.n});
	k->now = &k->ret->all.at[k->ret->all.n - 1];
	members_of(k, x->from, &from);
	members_of(k, x->to, &to);
	if (from.world || to.world)
		unasked(k, outside);
	else if ((!from.all.n && !from.host) || (!to.all.n && !to.host))
		unasked(k, empty);
	for (size_t i = 0; i < from.all.n + from.host && !from.world && !to.world; i++)
		for (size_t j = 0; j < to.all.n + to.host && k->ret->probes.n < PROBES_MAX; j++)
			pair_ask(k, from.host ? NULL : &from.all.at[i], to.host ? NULL : &to.all.at[j]);
	if (k->ret->probes.n == PROBES_MAX)
		unasked(k, too_many);
	k->ret->asked += k->now->n > 0;
}

void expectations_of(struct arena *a, const struct plan *p, struct expectations *ret)
{
	struct asker k = {.arena = a, .plan = p, .ret = ret};
	const struct res_expect *x;

	*ret = (struct expectations){0};
	if (p->to->first[RES_expect] == p->to->first[RES_expect + 1])
		return;
	touched_find(&k);
	links_find(&k);
	manifest_each(expect, x, p->to)
		if (is_touched(&k, x))
			expectation_add(&k, x);
}

/* ---- what came back ---- */

/* "10.77.0.11 to 10.77.0.12 port 80" */
static void way_text(const struct probe *p, struct buf *out)
{
	char source[ADDR_TEXT_MAX], target[ADDR_TEXT_MAX];

	if (p->source.family)
		buf_fmt(out, " from %s", addr_text(p->source, source));
	buf_fmt(out, " to %s port %u", addr_text(p->target, target), (unsigned)p->port);
}

static void reach_text(const struct probe *p, struct buf *out)
{
	const char *what = p->proto == PROTO_TCP ? "a TCP connection" : "an empty UDP datagram";

	buf_puts(out, what);
	way_text(p, out);
	if (p->end == PROBE_REFUSED && p->arrived)
		buf_puts(out, " was refused: it arrived there, and nothing listens on that port");
	else if (p->end == PROBE_REFUSED)
		buf_puts(out, " was refused, and no packet of it arrived there: a firewall refuses it");
	else if (p->end == PROBE_ERROR)
		buf_fmt(out, " cannot go: %s", strerror(-p->error));
	else if (p->arrived)
		buf_fmt(out, " was not answered within %d s: it arrived there, where something keeps silent", PROBE_REACH_MS / 1000);
	else
		buf_fmt(out, " was not answered within %d s, and no packet of it arrived there: something on the way drops it (nft list ruleset)",
			PROBE_REACH_MS / 1000);
}

static void deny_text(const struct probe *p, struct buf *out)
{
	bool tcp = p->proto == PROTO_TCP;

	buf_puts(out, tcp ? "a TCP connection" : "an empty UDP datagram");
	way_text(p, out);
	if (p->end == PROBE_TAKEN)
		buf_puts(out, tcp ? " was accepted" : " was answered");
	else if (p->end == PROBE_REFUSED)
		buf_puts(out, " came as far as the other side, which refused it");
	else
		buf_puts(out, " arrived");
}

static int failed(const struct expectation *one, const struct probe *p, size_t more, struct err *e)
{
	_buf_ struct buf text = {0};

	(p->reach ? reach_text : deny_text)(p, &text);
	if (more)
		buf_fmt(&text, "; and %zu more %s not as expected", more, more == 1 ? "probe was" : "probes were");
	err_set(e, -EHOSTUNREACH, "%.*s: %.*s", STR_ARG(one->x->res.id), STR_ARG(buf_view(&text)));
	return err_resource(e, one->x->res.id);
}

static int judge(const struct expectations *all, struct err *e)
{
	const struct expectation *first = NULL;
	const struct probe *what = NULL;
	size_t wrong = 0;

	vec_each(const struct expectation, one, &all->all)
		for (size_t i = one->first; i < one->first + one->n; i++) {
			const struct probe *p = &all->probes.at[i];

			if (p->end == PROBE_PENDING || probe_holds(p))
				continue;
			if (!wrong++) {
				first = one;
				what = p;
			}
		}
	return wrong ? failed(first, what, wrong - 1, e) : 0;
}

int expectations_ask(struct host *h, const struct plan *p, struct err *e)
{
	_arena_ struct arena a = {0};
	struct expectations all;

	expectations_of(&a, p, &all);
	if (!all.asked)
		return 0;
	host_progress(h, "probe %zu expectation%s with packets", all.asked, all.asked == 1 ? "" : "s");
	int r = probes_run(h, all.probes.at, all.probes.n, e);
	if (r == 0)
		r = judge(&all, e);
	return r < 0 ? err_context(e, "while probing what is expected") : 0;
}
