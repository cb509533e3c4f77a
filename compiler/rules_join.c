/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about containers that share one network namespace: that there is one to join, that a container which joins has no network of its own, and that no two in it
 * listen on one port. */
#include "compiler/rules_impl.h"
#include "lang/base/sort.h"

/* All in a namespace know each other by name: their hosts files together are the square of this. */
enum { JOIN_MAX = 64 };

/* What is wrong with what a container joins, or NULL. */
static const char *target_wrong(const struct m_container *c, const struct m_container *to)
{
	if (c == to)
		return "a container cannot join its own network";
	if (to->head.stack != c->head.stack)
		return "it is in another stack, which comes and goes without this one";
	if (container_on_host(to))
		return "it is on the host's network itself";
	return container_place(to) == PLACE_JOINED ? "it has no network of its own: it joins another container's" : NULL;
}

RULE(join_target)
{
	size_t *members = arena_array(r->arena, r->net->nmembers, sizeof *members);

	rules_each_container(m, r) {
		const struct m_container *c = m->container, *to;
		const char *wrong;
		struct diag *d;

		if (container_place(c) != PLACE_JOINED)
			continue;
		to = c->rare->join.v;
		wrong = target_wrong(c, to);
		if (!wrong) {
			if (++members[to->head.index] == JOIN_MAX)
				diag_add(r->diags, code, c->rare->join.at, "more than %d containers are in the network of `%.*s`", JOIN_MAX,
					 STR_ARG(to->head.name));
			continue;
		}
		d = diag_add(r->diags, code, c->rare->join.at, "container `%.*s` cannot join `%.*s`: %s", STR_ARG(c->head.name), STR_ARG(to->head.name),
			     wrong);
		if (c == to)
			diag_help(r->diags, d, "remove the line");
		else if (container_on_host(to))
			diag_help(r->diags, d, "say the same here: network = host");
		else if (container_place(to) == PLACE_JOINED)
			diag_help(r->diags, d, "join that one: join = %.*s", STR_ARG(to->rare->join.v->head.name));
	}
}

static void own_add(struct rules *r, enum diag_code code, const struct m_container *c, struct span at, const char *what)
{
	bool elsewhere = said_elsewhere(r, &c->head, at);
	struct diag *d = diag_add(r->diags, code, elsewhere ? c->rare->join.at : at, "container `%.*s` shares the network of `%.*s`: %s", STR_ARG(c->head.name),
				  STR_ARG(c->rare->join.v->head.name), what);

	if (elsewhere)
		diag_note(r->diags, d, at, "its template says it here");
	else
		diag_note(r->diags, d, c->rare->join.at, "that network is joined here");
}

RULE(join_network)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!c->rare->join.set)
			continue;
		if (container_on_host(c))
			own_add(r, code, c, c->network.at, "it cannot be on the host's as well");
		if (c->rare->macvlan.given && c->rare->macvlan.set)
			own_add(r, code, c, c->rare->macvlan.at, "it is in no macvlan of its own");
		if (c->subnet.given && c->subnet.set)
			own_add(r, code, c, c->subnet.at, "it is in no subnet of its own");
		if (c->address.given && c->address.set)
			own_add(r, code, c, c->address.at, "it has no address of its own");
		if (c->address6.given && c->address6.set)
			own_add(r, code, c, c->address6.at, "it has no address of its own");
		if (c->rare->more_addresses.v.n)
			own_add(r, code, c, c->rare->more_addresses.at, "it has no address of its own");
	}
}

/* A port that is listened on in a namespace. */
struct bound {
	const struct net_member *home, *member;
	const struct entry_PORT *entry;
	struct port port;
};

static int cmp_bound(const void *x, const void *y)
{
	const struct bound *a = x, *b = y;

	if (a->home != b->home)
		return a->home < b->home ? -1 : 1;
	if (a->port.proto != b->port.proto)
		return a->port.proto < b->port.proto ? -1 : 1;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	return (a->entry->at.lo > b->entry->at.lo) - (a->entry->at.lo < b->entry->at.lo);
}

static void collision_add(struct rules *r, enum diag_code code, const struct bound *a, const struct bound *b)
{
	struct diag *d;

	if (a->entry->at.lo > b->entry->at.lo)
		SWAP(a, b);
	d = diag_add(r->diags, code, b->entry->at, "container `%.*s` listens on %.*s already, in the same network", STR_ARG(a->member->full),
		     STR_ARG(port_shown(r->arena, a->port)));
	diag_note(r->diags, d, a->entry->at, "declared here");
	if (a->member->home != a->member)
		diag_note(r->diags, d, a->member->container->rare->join.at, "`%.*s` joins it here", STR_ARG(a->member->container->head.name));
	if (b->member->home != b->member)
		diag_note(r->diags, d, b->member->container->rare->join.at, "`%.*s` joins it here", STR_ARG(b->member->container->head.name));
}

/* Of one container's own ports port_twice tells. */
RULE(join_port)
{
	VEC(struct bound) all = {0};
	const struct bound *highest;

	rules_each_container(m, r)
		if (!container_on_host(m->home->container))
			vec_each(const struct entry_PORT, p, &m->container->ports)
				vec_push(r->arena, &all, (struct bound){m->home, m, p, p->value.v});
	sort_array(all.at, all.n, sizeof *all.at, cmp_bound);
	highest = all.at;
	for (size_t i = 1; i < all.n; i++) {
		const struct bound *b = &all.at[i];
		bool same = b->home == highest->home && b->port.proto == highest->port.proto;

		if (same && b->port.lo <= highest->port.hi && b->member != highest->member)
			collision_add(r, code, highest, b);
		if (!same || b->port.hi > highest->port.hi)
			highest = b;
	}
}
