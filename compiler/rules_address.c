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
	rules_each_container(m, r)
		for (int f = 0; f < NET_FAMILIES; f++) {
			enum net_family family = (enum net_family)f;
			struct placed p = {.subnet = m->subnet,
					   .family = family,
					   .address = address_of(m->container, family)};

			if (!m->subnet || m->home != m || !p.address.set)
				continue;
			p.range = subnet_range(m->subnet, family);
			p.range_at = family == NET_4 ? m->subnet->range.at : m->subnet->range6.at;
			if (!range_refused(p.range))
				check(r, code, &p);
		}
}

RULE(subnet_missing)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const struct m_stack *s = c->head.stack;
		struct buf names = {0};
		struct diag *d;

		if (m->subnet || !container_is_private(c))
			continue;
		if (s->subnet.n == 0) {
			d = diag_add(r->diags, code, c->head.at,
				     "container `%.*s` is in no subnet: stack `%.*s` has none",
				     STR_ARG(c->head.name), STR_ARG(s->head.name));
			diag_help(r->diags, d, "declare one: subnet lan { range = 192.168.200.0/24 }");
			continue;
		}
		for (size_t i = 0; i < s->subnet.n && i < 8; i++)
			buf_fmt(&names, "%s`%.*s`", i ? ", " : "", STR_ARG(s->subnet.at[i]->head.name));
		if (s->subnet.n > 8)
			buf_fmt(&names, " and %zu more", s->subnet.n - 8);
		d = diag_add(r->diags, code, c->head.at,
			     "container `%.*s` does not say which subnet it is in", STR_ARG(c->head.name));
		diag_help(r->diags, d, "stack `%.*s` has %.*s: choose one with `subnet = …`",
			  STR_ARG(s->head.name), STR_ARG(buf_view(&names)));
		buf_free(&names);
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

	if (p->range.addr.family && cidr_contains(p->range, p->address.v))
		return;
	if (p->range.addr.family) {
		d = diag_add(r->diags, code, p->address.at, "%s is outside subnet `%.*s`",
			     SHOW_ADDR(p->address.v), STR_ARG(s->head.name));
		diag_note(r->diags, d, p->range_at, "the range is %s", SHOW_CIDR(p->range));
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
}

RULE(address_reserved)
{
	each_address(r, code, reserved_check);
}

RULE(address_twice)
{
	struct map seen = {0};

	rules_each_container(m, r)
		for (int f = 0; f < NET_FAMILIES; f++) {
			enum net_family family = (enum net_family)f;
			const struct net_member *first, *later = m;
			struct address a, b;
			struct diag *d;

			if (m->address[family].n == 0 || m->home != m)
				continue;
			first = map_add(r->arena, &seen, m->address[family], (void *)(uintptr_t)m);
			if (!first)
				continue;
			a = address_of(first->container, family);
			b = address_of(later->container, family);
			if (said_later(a.at, &first->container->head, b.at, &later->container->head)) {
				SWAP(first, later);
				SWAP(a, b);
			}
			d = diag_add(r->diags, code, b.at, "%s is taken by container `%.*s` already",
				     SHOW_ADDR(b.v), STR_ARG(first->full));
			diag_note(r->diags, d, a.at, "first used here");
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
		if (c->macvlan.given && c->macvlan.set)
			host_network_add(r, code, c, c->macvlan.at, "it is in no macvlan");
		if (c->address.given && c->address.set)
			host_network_add(r, code, c, c->address.at, "it has no address of its own");
		if (c->address6.given && c->address6.set)
			host_network_add(r, code, c, c->address6.at, "it has no address of its own");
	}
	vec_each(struct m_stack *const, s, &r->model->stacks)
		host_network_arrows(r, code, *s);
}
