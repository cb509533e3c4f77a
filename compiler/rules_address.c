/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about a container's place in the network: its subnet, its addresses, and that one on the host's
 * network has neither. */
#include "compiler/rules_impl.h"

struct address {
	bool set;
	struct addr v;
	struct span at;
};

static struct address address_of(const struct m_container *c, enum net_family family)
{
	if (family == NET_4)
		return (struct address){c->address.set, c->address.v, c->address.at};
	return (struct address){c->address6.set, c->address6.v, c->address6.at};
}

/* The i-th address of a family: the first, then the further ones. */
static struct address address_at(const struct m_container *c, enum net_family family, size_t i)
{
	const struct addrs *more = &c->rare->more_addresses.v;

	if (i == 0)
		return address_of(c, family);
	for (size_t k = 0; k < more->n; k++)
		if (more->at[k].family == (family == NET_6 ? 6 : 4) && --i == 0)
			return (struct address){true, more->at[k], c->rare->more_addresses.at};
	return (struct address){0};
}

/* An address of a container that is in a subnet, and the subnet's range of the family (none: .addr.family 0).
 */
struct placed {
	const struct m_subnet *subnet;
	enum net_family family;
	struct address address;
	struct cidr range;
	struct span range_at;
};

typedef void (*address_check)(struct rules *r, enum diag_code code, const struct placed *p);

static void each_address(struct rules *r, enum diag_code code, address_check check)
{
	const struct m_subnet *subnet = NULL;
	bool refused[NET_FAMILIES];

	rules_each_container(m, r)
		for (int f = 0; f < NET_FAMILIES; f++) {
			enum net_family family = (enum net_family)f;
			struct placed p = {.subnet = m->subnet, .family = family};

			if (!m->subnet || m->home != m)
				continue;
			if (m->subnet != subnet) { /* mostly it is the one of the container before */
				subnet = m->subnet;
				refused[NET_4] = range_refused(subnet_range(subnet, NET_4));
				refused[NET_6] = range_refused(subnet_range(subnet, NET_6));
			}
			p.range = subnet_range(m->subnet, family);
			p.range_at = family == NET_4 ? m->subnet->range.at : m->subnet->range6.at;
			for (size_t i = 0; i <= m->container->rare->more_addresses.v.n && !refused[family]; i++) {
				p.address = address_at(m->container, family, i);
				if (p.address.set)
					check(r, code, &p);
			}
		}
}

static struct diag *subnet_said(struct rules *r, enum diag_code code, const struct m_container *c)
{
	const struct m_stack *s = c->head.stack;
	struct buf names = {0};
	struct diag *d;

	if (s->subnet.n == 0) {
		d = diag_add(r->diags, code, c->head.at, "container `%.*s` is in no subnet: stack `%.*s` has none", STR_ARG(c->head.name), STR_ARG(s->head.name));
		diag_help(r->diags, d, "declare one: subnet lan { range = 192.168.200.0/24 }");
		return d;
	}
	for (size_t i = 0; i < s->subnet.n && i < 8; i++)
		buf_fmt(&names, "%s`%.*s`", i ? ", " : "", STR_ARG(s->subnet.at[i]->head.name));
	if (s->subnet.n > 8)
		buf_fmt(&names, " and %zu more", s->subnet.n - 8);
	d = diag_add(r->diags, code, c->head.at, "container `%.*s` does not say which subnet it is in", STR_ARG(c->head.name));
	diag_help(r->diags, d, "stack `%.*s` has %.*s: choose one with `subnet = …`, or for all: defaults container { subnet = %.*s }", STR_ARG(s->head.name),
		  STR_ARG(buf_view(&names)), STR_ARG(s->subnet.at[0]->head.name));
	buf_free(&names);
	return d;
}

/* Said once a stack, since one line mends it for all. */
RULE(subnet_missing)
{
	enum { SHOWN = 4 };
	const struct m_stack *stack = NULL;
	struct diag *said = NULL;
	size_t more = 0;

	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (m->subnet || !container_is_private(c))
			continue;
		if (c->head.stack != stack) {
			said = subnet_said(r, code, c);
			stack = c->head.stack;
			more = 0;
		} else if (more++ < SHOWN) {
			diag_note(r->diags, said, c->head.at, stack->subnet.n ? "nor does this one" : "nor is this one");
		}
	}
}

/* Every other container was given one by allot.c. */
RULE(address_missing)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		bool declined = c->address.given || c->address6.given;
		const struct m_subnet *s = m->subnet;
		struct diag *d;

		if (!s || m->home != m || c->address.set || c->address6.set || !(s->range.set || s->range6.set))
			continue;
		if (declined) {
			d = diag_add(r->diags, code, c->address.given ? c->address.at : c->address6.at, "container `%.*s` has no address", STR_ARG(c->head.name));
			diag_help(r->diags, d, "leave the line out, and it gets one of its subnet");
		} else {
			d = diag_add(r->diags, code, c->head.at, "subnet `%.*s` has no address left for container `%.*s`", STR_ARG(s->head.name),
				     STR_ARG(c->head.name));
			diag_note(r->diags, d, s->head.at, "its range is %s", SHOW_CIDR(subnet_range(s, s->range.set ? NET_4 : NET_6)));
		}
	}
}

static void outside_check(struct rules *r, enum diag_code code, const struct placed *p)
{
	const struct m_subnet *s = p->subnet;
	struct diag *d;

	if (p->range.addr.family && (cidr_contains(p->range, p->address.v) || elsewhere_said(r, s, p->family)))
		return;
	if (p->range.addr.family) {
		d = diag_add(r->diags, code, p->address.at, "%s is outside subnet `%.*s`",
			     SHOW_ADDR(p->address.v), STR_ARG(s->head.name));
		diag_note(r->diags, d, p->range_at, "the range is %s", SHOW_CIDR(p->range));
		range_help(r, d, p->range);
	} else if (s->range.set || s->range6.set) { /* neither: subnet_range has said so */
		d = diag_add(r->diags, code, p->address.at, "subnet `%.*s` has no %s addresses",
			     STR_ARG(s->head.name), family_name(p->family));
		diag_note(r->diags, d, s->head.at, "it has no `%s`", p->family == NET_4 ? "range" : "range6");
	}
}

RULE(address_outside)
{
	each_address(r, code, outside_check);
}

static void host_taken_add(struct rules *r, enum diag_code code, const struct placed *p)
{
	const struct m_subnet *s = p->subnet;
	bool given = p->family == NET_4 ? s->host.given : s->host6.given;
	struct diag *d =
	    diag_add(r->diags, code, p->address.at, "%s is the host's own address in subnet `%.*s`",
		     SHOW_ADDR(p->address.v), STR_ARG(s->head.name));

	if (given)
		diag_note(r->diags, d, p->family == NET_4 ? s->host.at : s->host6.at,
			  "given to the host here");
	else
		diag_note(r->diags, d, p->range_at,
			  "without `%s`, the host has the first address of the range",
			  p->family == NET_4 ? "host" : "host6");
	diag_help(r->diags, d, "choose another one, or leave the line out: then the container gets one that is free");
}

static void reserved_check(struct rules *r, enum diag_code code, const struct placed *p)
{
	const char *what = NULL;
	struct diag *d;

	if (p->range.addr.family == 0 || !cidr_contains(p->range, p->address.v))
		return;
	if (addr_eq(p->address.v, subnet_gateway(p->subnet, p->family))) {
		host_taken_add(r, code, p);
		return;
	}
	if (addr_eq(p->address.v, cidr_network(p->range)))
		what = "network";
	else if (p->family == NET_4 && addr_eq(p->address.v, cidr_last(p->range)))
		what = "broadcast";
	if (!what)
		return;
	d = diag_add(r->diags, code, p->address.at, "%s is the %s address of subnet `%.*s`",
		     SHOW_ADDR(p->address.v), what, STR_ARG(p->subnet->head.name));
	diag_note(r->diags, d, p->range_at, "the range is %s", SHOW_CIDR(p->range));
	range_help(r, d, p->range);
}

RULE(address_reserved)
{
	each_address(r, code, reserved_check);
}

/* Who has an address, and which of its own it is. */
struct holder {
	const struct net_member *member;
	struct address address;
};

/* That it cannot be there at all is said (address_outside). */
static bool is_outside(const struct holder *h)
{
	const struct m_subnet *s = h->member->subnet;
	struct cidr range = s ? subnet_range(s, h->address.v.family == 6 ? NET_6 : NET_4) : (struct cidr){0};

	return s && !range_refused(range) && !(range.addr.family && cidr_contains(range, h->address.v));
}

static void twice_add(struct rules *r, enum diag_code code, struct holder first, struct holder later)
{
	struct diag *d;

	if (is_outside(&first) || is_outside(&later))
		return;
	if (first.member == later.member) {
		diag_add(r->diags, code, later.address.at, "%s is given to container `%.*s` twice", SHOW_ADDR(later.address.v), STR_ARG(later.member->full));
		return;
	}
	if (said_later(first.address.at, &first.member->container->head, later.address.at, &later.member->container->head))
		SWAP(first, later);
	d = diag_add(r->diags, code, later.address.at, "%s is taken by container `%.*s` already", SHOW_ADDR(later.address.v), STR_ARG(first.member->full));
	diag_note(r->diags, d, first.address.at, "first used here");
	if (later.member->subnet && later.address.at.lo != later.member->container->rare->more_addresses.at.lo)
		diag_help(r->diags, d, "leave the line out, and the container gets one that is free");
}

RULE(address_twice)
{
	struct map seen = {0};

	map_reserve(r->arena, &seen, r->net->nmembers);
	rules_each_container(m, r)
		for (int f = 0; f < NET_FAMILIES; f++) {
			enum net_family family = (enum net_family)f;

			for (size_t i = 0; m->home == m && i < member_addresses(m, family); i++) {
				struct holder *own = arena_new(r->arena, struct holder), *first;

				*own = (struct holder){m, address_at(m->container, family, i)};
				first = map_add(r->arena, &seen, member_address(m, family, i), own);
				if (first)
					twice_add(r, code, *first, *own);
			}
		}
}

/* Each family has a first address, which names and published ports mean; and every address multiplies the flows of its container. */
RULE(address_more)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const struct addrs *more = &c->rare->more_addresses.v;

		if (container_place(c) != PLACE_PRIVATE && container_place(c) != PLACE_MACVLAN)
			continue;
		if (more->n > MORE_ADDRESSES_MAX)
			diag_add(r->diags, code, c->rare->more_addresses.at, "container `%.*s` has %zu further addresses, and can have %d", STR_ARG(c->head.name), more->n,
				 MORE_ADDRESSES_MAX);
		for (int f = 0; f < NET_FAMILIES; f++) {
			struct address further = address_at(c, (enum net_family)f, 1);
			struct diag *d;

			if (!further.set || address_of(c, (enum net_family)f).set)
				continue;
			d = diag_add(r->diags, code, further.at, "%s is a further address of container `%.*s`, which has no first one of IPv%d", SHOW_ADDR(further.v),
				     STR_ARG(c->head.name), f == NET_4 ? 4 : 6);
			diag_help(r->diags, d, "give it as `%s`", f == NET_4 ? "address" : "address6");
		}
	}
}

static void host_network_add(struct rules *r, enum diag_code code, const struct m_container *c,
			     struct span at, const char *what)
{
	struct diag *d = diag_add(r->diags, code, at, "container `%.*s` is on the host's network: %s",
				  STR_ARG(c->head.name), what);

	diag_note(r->diags, d, c->network.at, "the host's network is chosen here");
}

static void host_network_end(struct rules *r, enum diag_code code, const struct f_FLOWEND *end)
{
	if (end->v.kind == END_CONTAINER && container_on_host(end->v.container))
		host_network_add(r, code, end->v.container, end->at, "no policy applies to it");
}

/* Flows and published ports that name a container on the host's network. */
static void host_network_arrows(struct rules *r, enum diag_code code, const struct m_stack *s)
{
	for (size_t i = 0; i < s->publish.n; i++) {
		const struct m_container *c = s->publish.at[i].right.v.container;

		if (container_on_host(c))
			host_network_add(r, code, c, s->publish.at[i].right.at,
					 "its ports are the host's, and need no publishing");
	}
	for (size_t i = 0; i < s->allow.n; i++) {
		host_network_end(r, code, &s->allow.at[i].left);
		host_network_end(r, code, &s->allow.at[i].right);
	}
	for (size_t i = 0; i < s->expect.n; i++) {
		host_network_end(r, code, &s->expect.at[i].left);
		host_network_end(r, code, &s->expect.at[i].right);
	}
}

RULE(host_network)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!container_on_host(c))
			continue;
		if (c->subnet.given && c->subnet.set)
			host_network_add(r, code, c, c->subnet.at, "it is in no subnet");
		if (c->rare->macvlan.given && c->rare->macvlan.set)
			host_network_add(r, code, c, c->rare->macvlan.at, "it is in no macvlan");
		if (c->address.given && c->address.set)
			host_network_add(r, code, c, c->address.at, "it has no address of its own");
		if (c->address6.given && c->address6.set)
			host_network_add(r, code, c, c->address6.at, "it has no address of its own");
		if (c->rare->more_addresses.v.n)
			host_network_add(r, code, c, c->rare->more_addresses.at, "it has no address of its own");
	}
	vec_each(struct m_stack *const, s, &r->model->stacks)
		host_network_arrows(r, code, *s);
}
