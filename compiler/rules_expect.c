/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What must hold of all flows together: `expect reach A -> B` wants every pair of the two ends open, `expect deny A -> B` none. What opens a pair is looked up by its
 * two ends, each a container, its subnet, the world or the host. */
#include "compiler/rules_impl.h"

/* Pairs that all expectations together may look at. */
enum { EXPECT_PAIRS_MAX = 1000000 };

/* Something that lets one end open connections to another. */
struct opening {
	struct opening *next;
	struct port port; /* lo 0: as in struct flow */
	struct span at;
	const char *how;
};

struct openings {
	struct arena *arena;
	struct map by_ends;
};

struct ends {
	uint32_t from_kind, from, to_kind, to;
};

static uint32_t end_index(const struct net *net, const struct flow_end *end)
{
	if (end->kind == END_CONTAINER) /* who shares a namespace shares its flows */
		return net_member_of(net, end->container)->home->container->head.index;
	return end->kind == END_SUBNET ? end->subnet->head.index : 0;
}

static void opening_add(struct openings *o, struct ends ends, struct opening one)
{
	struct str key = {(const char *)&ends, sizeof ends};
	struct opening *first = map_get(&o->by_ends, key), *new = arena_new(o->arena, struct opening);

	*new = one;
	if (first) { /* the one that is said first stays first */
		new->next = first->next;
		first->next = new;
	} else {
		map_add(o->arena, &o->by_ends, str_copy(o->arena, key), new);
	}
}

static bool is_loopback(const struct addr *a)
{
	return a->family && addr_is_loopback(*a);
}

static void openings_build(const struct rules *r, struct openings *ret)
{
	vec_each(const struct flow, f, &r->flows->all)
		opening_add(ret, (struct ends){f->from.kind, end_index(r->net, &f->from), f->to.kind, end_index(r->net, &f->to)},
			    (struct opening){.port = f->port, .at = f->at, .how = "opened here"});
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			const struct port_ref *to = &(*s)->publish.at[i].right.v;
			const struct flow_end end = {.kind = END_CONTAINER, .container = to->container};

			if (!is_loopback(&(*s)->publish.at[i].left.v.addr))
				opening_add(ret, (struct ends){END_WORLD, 0, END_CONTAINER, end_index(r->net, &end)},
					    (struct opening){.port = to->port, .at = (*s)->publish.at[i].at, .how = "published here"});
		}
}

/* One side of a pair: a container, or the world or the host. */
struct side {
	enum flow_end_kind kind;
	const struct net_member *member;
};

static bool overlaps(struct port a, struct port b)
{
	return b.lo == 0 || (a.proto == b.proto && a.lo <= b.hi && b.lo <= a.hi);
}

static bool covers(struct port a, struct port b)
{
	return a.proto == b.proto && a.lo <= b.lo && b.hi <= a.hi;
}

/* Whether an opening lets this port of `to` through: all of it, or for `any`, some of it. */
static bool opens(const struct opening *o, const struct side *to, struct port port, bool any)
{
	bool (*fits)(struct port, struct port) = any ? overlaps : covers;

	if (o->port.lo)
		return fits(o->port, port);
	for (size_t i = 0; to->member && i < to->member->nports; i++)
		if (fits(to->member->ports[i], port))
			return true;
	return !to->member;
}

/* What opens a pair, or NULL. */
static const struct opening *pair_opening(const struct openings *o, const struct side *from, const struct side *to, struct port port, bool any)
{
	for (int f = 0; f < 2; f++)
		for (int t = 0; t < 2; t++) {
			struct ends ends = {from->kind, 0, to->kind, 0};

			if ((f && !(from->member && from->member->subnet)) || (t && !(to->member && to->member->subnet)))
				continue;
			if (from->member)
				ends.from = f ? from->member->subnet->head.index : from->member->home->container->head.index;
			if (to->member)
				ends.to = t ? to->member->subnet->head.index : to->member->home->container->head.index;
			ends.from_kind = f ? END_SUBNET : ends.from_kind;
			ends.to_kind = t ? END_SUBNET : ends.to_kind;
			for (const struct opening *i = map_get(&o->by_ends, (struct str){(const char *)&ends, sizeof ends}); i; i = i->next)
				if (opens(i, to, port, any))
					return i;
		}
	return NULL;
}

/* An expectation while it is looked at. */
struct looked {
	struct rules *r;
	const struct openings *openings;
	bool reach;
	bool plain; /* both ends are containers */
	struct span at;
	struct diag *said;
	size_t wrong;
};

static struct str side_name(const struct side *s)
{
	return s->member ? s->member->full : s->kind == END_WORLD ? STR("world") : STR("host");
}

static struct str port_suffix(struct looked *l, struct port port)
{
	return port.lo ? str_fmt(l->r->arena, ":%.*s", STR_ARG(port_shown(l->r->arena, port))) : STR("");
}

/* The first pair that is wrong is told; the others are counted. */
static bool wrong(struct looked *l, const struct side *from, const struct side *to, struct port port, const char *says)
{
	struct str suffix = port_suffix(l, port);

	if (l->wrong++)
		return false;
	l->said = diag_add(l->r->diags, l->reach ? DIAG_expect_reach : DIAG_expect_deny, l->at, "`%.*s` %s `%.*s%.*s`", STR_ARG(side_name(from)), says,
			   STR_ARG(side_name(to)), STR_ARG(suffix));
	return true;
}

static void reach_check(struct looked *l, const struct side *from, const struct side *to, struct port port)
{
	struct str suffix = port_suffix(l, port);

	if (from->kind == END_HOST || pair_opening(l->openings, from, to, port, false) || !wrong(l, from, to, port, "may not open connections to"))
		return;
	if (from->kind == END_WORLD)
		diag_help(l->r->diags, l->said, "what is missing: publish PORT -> %.*s%.*s", STR_ARG(to->member->full), STR_ARG(suffix));
	else
		diag_help(l->r->diags, l->said, "what is missing: allow %.*s -> %.*s%.*s", STR_ARG(from->member->full), STR_ARG(side_name(to)), STR_ARG(suffix));
}

static void deny_check(struct looked *l, const struct side *from, const struct side *to, struct port port)
{
	const struct opening *o;

	if (from->kind == END_HOST) {
		if (wrong(l, from, to, port, "always reaches"))
			diag_help(l->r->diags, l->said, "the host may reach every container");
		return;
	}
	o = pair_opening(l->openings, from, to, port, true);
	if (o && wrong(l, from, to, port, "may open connections to"))
		diag_note(l->r->diags, l->said, o->at, "%s", o->how);
}

/* Both are in one namespace: no policy comes between them. */
static void same_check(struct looked *l, const struct side *from, const struct side *to)
{
	if (!l->reach && l->plain && wrong(l, from, to, (struct port){0}, "always reaches"))
		diag_help(l->r->diags, l->said, "no policy applies within one network namespace");
}

static void pair_check(struct looked *l, const struct side *from, const struct side *to, struct port port)
{
	if (from->member && to->member && from->member->home == to->member->home) {
		same_check(l, from, to);
		return;
	}
	if ((from->member && !from->member->subnet) || (to->member && !to->member->subnet))
		return; /* on the host's network, which host_network says where it is named */
	if (!l->reach || port.lo || !to->member) {
		(l->reach ? reach_check : deny_check)(l, from, to, port);
		return;
	}
	/* reach without a port: every port that is declared */
	for (size_t i = 0; i < to->member->nports; i++)
		reach_check(l, from, to, to->member->ports[i]);
	if (to->member->nports == 0 && l->plain && wrong(l, from, to, port, "can reach no port of"))
		diag_help(l->r->diags, l->said, "it declares none; name one here: %.*s:80/tcp", STR_ARG(to->member->full));
}

static size_t sides(const struct net *net, const struct flow_end *end, struct flow_members *members)
{
	flow_members(net, end, members);
	return end->kind == END_WORLD || end->kind == END_HOST ? 1 : members->n;
}

static struct side side_of(const struct flow_end *end, const struct flow_members *members, size_t i)
{
	return (struct side){members->n ? END_CONTAINER : end->kind, members->n ? members->at[i] : NULL};
}

/* Returns false where there are too many pairs. */
static bool expectation_check(struct looked *l, const struct flow_end *from, const struct flow_end *to, struct port port, size_t *pairs)
{
	struct flow_members left, right;
	size_t nleft = sides(l->r->net, from, &left), nright = sides(l->r->net, to, &right);

	l->plain = from->kind == END_CONTAINER && to->kind == END_CONTAINER;
	*pairs += nleft * nright;
	if (*pairs > EXPECT_PAIRS_MAX) {
		diag_add(l->r->diags, DIAG_flow_many, l->at, "from here on, what is expected is more than %d pairs", EXPECT_PAIRS_MAX);
		return false;
	}
	for (size_t i = 0; i < nleft; i++)
		for (size_t k = 0; k < nright; k++) {
			struct side a = side_of(from, &left, i), b = side_of(to, &right, k);

			pair_check(l, &a, &b, port);
		}
	if (l->wrong > 1)
		diag_help(l->r->diags, l->said, "and %zu more like this", l->wrong - 1);
	return true;
}

RULE(expect_reach)
{
	struct openings openings = {.arena = r->arena};
	size_t pairs = 0, expected = 0;

	(void)code; /* expect_deny is said here, too: both ask the same table */
	vec_each(struct m_stack *const, s, &r->model->stacks)
		expected += (*s)->expect.n;
	if (!expected || r->diags->errors) /* where a flow or an address is wrong, what comes of it is no news */
		return;
	openings_build(r, &openings);
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->expect.n; i++) {
			const struct flow_end *from = &(*s)->expect.at[i].left.v, *to = &(*s)->expect.at[i].right.v;
			struct looked l = {.r = r, .openings = &openings, .reach = (*s)->expect.at[i].mode == WORD_EXPECT_reach, .at = (*s)->expect.at[i].at};

			if (from->kind >= END_WORLD && to->kind >= END_WORLD) {
				diag_help(r->diags, diag_add(r->diags, DIAG_flow_outside, l.at, "neither side of this is a container or a subnet"),
					  "what the host and the world say to each other is not changed by ctc");
				continue;
			}
			if (!expectation_check(&l, from, to, to->port, &pairs))
				return;
		}
}
