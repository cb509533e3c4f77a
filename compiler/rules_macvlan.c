/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about macvlans: their prefixes and routers, the addresses in them, and that nobody takes the policy for something that holds there. */
#include "compiler/rules_impl.h"

RULE(macvlan_network)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (container_place(c) == PLACE_MACVLAN && c->subnet.given)
			diag_note(r->diags,
				  diag_add(r->diags, code, c->subnet.at, "container `%.*s` is in a macvlan, and so in no subnet", STR_ARG(c->head.name)),
				  c->rare->macvlan.at, "the macvlan is chosen here");
	}
}

static bool outside_policy(const struct m_container *c)
{
	return container_place(container_home(c)) == PLACE_MACVLAN;
}

static void policy_add(struct rules *r, enum diag_code code, const struct m_container *c, struct span at, const char *help)
{
	const struct m_container *home = container_home(c);
	struct diag *d = diag_add(r->diags, code, at, "container `%.*s` is beside the host on the network of %.*s, and its packets do not pass the host",
				  STR_ARG(c->head.name), STR_ARG(home->rare->macvlan.v->parent.v));

	diag_note(r->diags, d, home->rare->macvlan.at, "the macvlan is chosen here");
	diag_help(r->diags, d, "%s", help);
}

RULE(macvlan_policy)
{
	vec_each(struct m_stack *const, s, &r->model->stacks) {
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			const struct m_container *c = (*s)->publish.at[i].right.v.container;

			if (outside_policy(c))
				policy_add(r, code, c, (*s)->publish.at[i].right.at, "its ports are open to that network as they are: remove the line");
		}
		for (size_t i = 0; i < (*s)->allow.n; i++) {
			const struct flow_end *ends[] = {&(*s)->allow.at[i].left.v, &(*s)->allow.at[i].right.v};
			const struct span at[] = {(*s)->allow.at[i].left.at, (*s)->allow.at[i].right.at};

			for (int k = 0; k < 2; k++)
				if (ends[k]->kind == END_CONTAINER && outside_policy(ends[k]->container))
					policy_add(r, code, ends[k]->container, at[k], "no policy applies to it: remove the line, or give it a subnet");
		}
	}
}

/* What a macvlan says of one family. */
struct side {
	struct cidr range;	/* .addr.family 0: nothing */
	struct span range_at;
	bool has_gateway;
	struct addr gateway;
	struct span gateway_at;
};

static struct side side_of(const struct m_macvlan *v, enum net_family family)
{
	struct side s = {.has_gateway = v->gateway.set, .gateway = v->gateway.v, .gateway_at = v->gateway.at, .range_at = v->range.at};

	if (family == NET_6)
		s = (struct side){.has_gateway = v->gateway6.set, .gateway = v->gateway6.v, .gateway_at = v->gateway6.at, .range_at = v->range6.at};
	if (family == NET_4 && v->range.set)
		s.range = v->range.v;
	if (family == NET_6 && v->range6.set)
		s.range = v->range6.v;
	return s;
}

/* Why an address is none that somebody in the prefix can have, or NULL. */
static const char *not_a_host(struct cidr range, struct addr a)
{
	if (!cidr_contains(range, a))
		return "outside";
	if (addr_eq(a, cidr_network(range)))
		return "the network address of";
	return a.family == 4 && addr_eq(a, cidr_last(range)) ? "the broadcast address of" : NULL;
}

static void range_check(struct rules *r, enum diag_code code, const struct side *s, enum net_family family)
{
	struct cidr network = {cidr_network(s->range), s->range.len};
	const char *wrong;

	if (s->range.addr.family == 0) {
		if (s->has_gateway)
			diag_help(r->diags, diag_add(r->diags, code, s->gateway_at, "a router, but no prefix in which it is"), "add `%s`",
				  family == NET_4 ? "range" : "range6");
		return;
	}
	if (!addr_eq(network.addr, s->range.addr))
		diag_help(r->diags, diag_add(r->diags, code, s->range_at, "%s is an address in a network, not a network", SHOW_CIDR(s->range)),
			  "the network is %s", SHOW_CIDR(network));
	if (range_refused(s->range)) {
		diag_help(r->diags, diag_add(r->diags, code, s->range_at, "%s is no network with room for a router and a container", SHOW_CIDR(s->range)),
			  "give it the prefix of the network that the host is in, for example range = 192.168.0.0/24");
		return;
	}
	wrong = s->has_gateway ? not_a_host(s->range, s->gateway) : NULL;
	if (wrong)
		diag_note(r->diags, diag_add(r->diags, code, s->gateway_at, "the router %s is %s %s", SHOW_ADDR(s->gateway), wrong, SHOW_CIDR(s->range)),
			  s->range_at, "the range is given here");
}

RULE(macvlan_range)
{
	vec_each(struct m_stack *const, stack, &r->model->stacks)
		vec_each(struct m_macvlan *const, v, &(*stack)->macvlan) {
			if (!(*v)->range.set && !(*v)->range6.set)
				diag_help(r->diags, diag_add(r->diags, code, (*v)->head.at, "macvlan `%.*s` has no range", STR_ARG((*v)->head.name)),
					  "give it the prefix of the network that the host is in, for example range = 192.168.0.0/24");
			for (int family = 0; family < NET_FAMILIES; family++) {
				struct side s = side_of(*v, (enum net_family)family);

				range_check(r, code, &s, (enum net_family)family);
			}
		}
}

static void address_check(struct rules *r, enum diag_code code, const struct m_macvlan *v, struct addr a, struct span at)
{
	enum net_family family = a.family == 6 ? NET_6 : NET_4;
	struct side s = side_of(v, family);
	const char *wrong;
	struct diag *d;

	if (s.range.addr.family == 0) {
		if (v->range.set || v->range6.set) /* neither: macvlan_range tells */
			diag_note(r->diags,
				  diag_add(r->diags, code, at, "macvlan `%.*s` has no %s addresses", STR_ARG(v->head.name), family_name(family)),
				  v->head.at, "it has no `%s`", family == NET_4 ? "range" : "range6");
		return;
	}
	if (range_refused(s.range))
		return;
	wrong = not_a_host(s.range, a);
	if (!wrong && s.has_gateway && addr_eq(a, s.gateway)) {
		d = diag_add(r->diags, code, at, "%s is the router of macvlan `%.*s`", SHOW_ADDR(a), STR_ARG(v->head.name));
		diag_note(r->diags, d, s.gateway_at, "given here");
	} else if (wrong) {
		d = diag_add(r->diags, code, at, "%s is %s %s", SHOW_ADDR(a), wrong, SHOW_CIDR(s.range));
		diag_note(r->diags, d, s.range_at, "the range of macvlan `%.*s`", STR_ARG(v->head.name));
		range_help(r, d, s.range);
	}
}

RULE(macvlan_address)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (container_place(c) != PLACE_MACVLAN)
			continue;
		if (!c->address.set && !c->address6.set)
			diag_help(r->diags, diag_add(r->diags, code, c->head.at, "container `%.*s` has no address", STR_ARG(c->head.name)),
				  "give it one that nobody else on that network has, and that no DHCP server there gives away");
		if (c->address.set)
			address_check(r, code, c->rare->macvlan.v, c->address.v, c->address.at);
		if (c->address6.set)
			address_check(r, code, c->rare->macvlan.v, c->address6.v, c->address6.at);
		for (size_t i = 0; i < c->rare->more_addresses.v.n; i++)
			address_check(r, code, c->rare->macvlan.v, c->rare->more_addresses.v.at[i], c->rare->more_addresses.at);
	}
}

/* Whether something is wrong with who is in a macvlan: what follows from being there is said when that is mended. */
static bool said_wrong(const struct rules *r)
{
	vec_each(struct diag *const, d, &r->diags->all)
		if ((*d)->code >= DIAG_macvlan_network && (*d)->code <= DIAG_macvlan_address)
			return true;
	return false;
}

/* Once a macvlan, where somebody is in it. */
RULE(macvlan_host)
{
	struct map told = {0};

	if (said_wrong(r))
		return;
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct diag *d;

		if (container_place(c) != PLACE_MACVLAN || map_add(r->arena, &told, STR_JOIN(r->arena, c->rare->macvlan.v->head.stack->head.name, STR("."), c->rare->macvlan.v->head.name), r))
			continue;
		d = diag_add(r->diags, code, c->rare->macvlan.at, "this host and container `%.*s` cannot reach each other", STR_ARG(c->head.name));
		diag_note(r->diags, d, c->rare->macvlan.v->parent.at, "what the host sends by %.*s does not come back to an interface beside it",
			  STR_ARG(c->rare->macvlan.v->parent.v));
	}
}
