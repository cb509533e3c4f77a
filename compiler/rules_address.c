/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about a container's place in the network: its subnet, its addresses, and that one on the host's network has neither. */
#include "compiler/rules_impl.h"

#include <assert.h>

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

/* for (each address of a private container in a subnet that has a range of its family) */
#define for_each_address(m, family, a, range, r)                                                                             \
	rules_each_container(m, r) for (int family = 0; family < NET_FAMILIES; family++) for (                               \
		struct address a = address_of((m)->container, (enum net_family)family); a.set && (m)->subnet; a.set = false) \
		for (struct cidr range = subnet_range((m)->subnet, (enum net_family)family); a.set; a.set = false)

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
			d = diag_add(r->diags, code, c->head.at, "container `%.*s` is in no subnet: stack `%.*s` has none", STR_ARG(c->head.name),
				     STR_ARG(s->head.name));
			diag_help(r->diags, d, "declare one: subnet lan { range = 192.168.200.0/24 }");
			continue;
		}
		for (size_t i = 0; i < s->subnet.n && i < 8; i++)
			buf_fmt(&names, "%s`%.*s`", i ? ", " : "", STR_ARG(s->subnet.at[i]->head.name));
		if (s->subnet.n > 8)
			buf_fmt(&names, " and %zu more", s->subnet.n - 8);
		d = diag_add(r->diags, code, c->head.at, "container `%.*s` does not say which subnet it is in", STR_ARG(c->head.name));
		diag_help(r->diags, d, "stack `%.*s` has %.*s: choose one with `subnet = …`", STR_ARG(s->head.name), STR_ARG(buf_view(&names)));
		buf_free(&names);
	}
}

RULE(address_missing)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct cidr range4, range6;
		struct diag *d;

		if (!m->subnet || c->address.set || c->address6.set)
			continue;
		range4 = subnet_range(m->subnet, NET_4);
		range6 = subnet_range(m->subnet, NET_6);
		d = diag_add(r->diags, code, c->head.at, "container `%.*s` has no address", STR_ARG(c->head.name));
		if (range4.addr.family)
			diag_help(r->diags, d, "give it `address`, within %s", SHOW_CIDR(range4));
		else if (range6.addr.family)
			diag_help(r->diags, d, "give it `address6`, within %s", SHOW_CIDR(range6));
	}
}

RULE(address_outside)
{
	for_each_address(m, family, a, range, r) {
		const char *field = family == NET_4 ? "range" : "range6";
		struct diag *d;

		if (range.addr.family == 0) {
			if (!m->subnet->range.set && !m->subnet->range6.set)
				continue; /* subnet_range has said so */
			d = diag_add(r->diags, code, a.at, "subnet `%.*s` has no %s addresses", STR_ARG(m->subnet->head.name), family_name((enum net_family)family));
			diag_note(r->diags, d, m->subnet->head.at, "it has no `%s`", field);
			continue;
		}
		if (cidr_contains(range, a.v))
			continue;
		d = diag_add(r->diags, code, a.at, "%s is outside subnet `%.*s`", SHOW_ADDR(a.v), STR_ARG(m->subnet->head.name));
		diag_note(r->diags, d, family == NET_4 ? m->subnet->range.at : m->subnet->range6.at, "the range is %s", SHOW_CIDR(range));
	}
}

RULE(address_reserved)
{
	for_each_address(m, family, a, range, r) {
		const struct m_subnet *s = m->subnet;
		struct span range_at = family == NET_4 ? s->range.at : s->range6.at;
		bool host_given = family == NET_4 ? s->host.set : s->host6.set;
		struct diag *d;

		if (range.addr.family == 0 || !cidr_contains(range, a.v))
			continue;
		if (addr_eq(a.v, subnet_gateway(s, (enum net_family)family))) {
			d = diag_add(r->diags, code, a.at, "%s is the host's own address in subnet `%.*s`", SHOW_ADDR(a.v), STR_ARG(s->head.name));
			if (host_given)
				diag_note(r->diags, d, family == NET_4 ? s->host.at : s->host6.at, "given to the host here");
			else
				diag_note(r->diags, d, range_at, "without `%s`, the host has the first address of the range", family == NET_4 ? "host" : "host6");
		} else if (addr_eq(a.v, cidr_network(range))) {
			d = diag_add(r->diags, code, a.at, "%s is the network address of subnet `%.*s`", SHOW_ADDR(a.v), STR_ARG(s->head.name));
			diag_note(r->diags, d, range_at, "the range is %s", SHOW_CIDR(range));
		} else if (family == NET_4 && addr_eq(a.v, cidr_last(range))) {
			d = diag_add(r->diags, code, a.at, "%s is the broadcast address of subnet `%.*s`", SHOW_ADDR(a.v), STR_ARG(s->head.name));
			diag_note(r->diags, d, range_at, "the range is %s", SHOW_CIDR(range));
		}
	}
}

RULE(address_twice)
{
	struct map seen = {0};

	rules_each_container(m, r) for (int family = 0; family < NET_FAMILIES; family++) {
		struct address a = address_of(m->container, (enum net_family)family);
		const struct net_member *first, *later = m;
		struct diag *d;

		if (m->address[family].n == 0)
			continue;
		first = map_add(r->arena, &seen, m->address[family], (void *)(uintptr_t)m);
		if (!first)
			continue;
		if (said_later(address_of(first->container, (enum net_family)family).at, &first->container->head, a.at, &m->container->head))
			SWAP(first, later);
		d = diag_add(r->diags, code, address_of(later->container, (enum net_family)family).at, "%s is taken by container `%.*s` already", SHOW_ADDR(a.v), STR_ARG(first->full));
		diag_note(r->diags, d, address_of(first->container, (enum net_family)family).at, "first used here");
	}
}

static struct diag *host_network_add(struct rules *r, enum diag_code code, const struct m_container *c, struct span at, const char *what)
{
	struct diag *d = diag_add(r->diags, code, at, "container `%.*s` is on the host's network: %s", STR_ARG(c->head.name), what);

	diag_note(r->diags, d, c->network.at, "the host's network is chosen here");
	return d;
}

RULE(host_network)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (container_is_private(c))
			continue;
		if (c->subnet.given)
			host_network_add(r, code, c, c->subnet.at, "it is in no subnet");
		if (c->address.given)
			host_network_add(r, code, c, c->address.at, "it has no address of its own");
		if (c->address6.given)
			host_network_add(r, code, c, c->address6.at, "it has no address of its own");
	}
	vec_each(struct m_stack *const, s, &r->model->stacks) {
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			const struct m_container *c = (*s)->publish.at[i].right.v.container;

			if (!container_is_private(c))
				host_network_add(r, code, c, (*s)->publish.at[i].right.at, "its ports are the host's, and need no publishing");
		}
		for (size_t i = 0; i < (*s)->allow.n; i++) {
			const struct flow_end *from = &(*s)->allow.at[i].left.v, *to = &(*s)->allow.at[i].right.v;

			if (from->kind == END_CONTAINER && !container_is_private(from->container))
				host_network_add(r, code, from->container, (*s)->allow.at[i].left.at, "no policy applies to it");
			if (to->kind == END_CONTAINER && !container_is_private(to->container))
				host_network_add(r, code, to->container, (*s)->allow.at[i].right.at, "no policy applies to it");
		}
	}
}
