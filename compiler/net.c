/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The network of net.h, and the few questions about a container that have one answer only. */
#include "compiler/net.h"

#include "compiler/names.h"
#include "lang/base/sort.h"

enum net_place container_place_said(const struct m_container *c)
{
	if (c->network.set && c->network.v == WORD_NETWORK_host)
		return PLACE_HOST;
	if (c->rare->join.set)
		return PLACE_JOINED;
	return c->rare->macvlan.set ? PLACE_MACVLAN : PLACE_PRIVATE;
}

const struct m_container *container_home(const struct m_container *c)
{
	return container_place(c) == PLACE_JOINED ? c->rare->join.v : c;
}

const struct dns *container_dns(const struct m_container *c)
{
	static const struct dns host = {.from = DNS_HOST};

	if (!c->rare->resolver.set)
		c = container_home(c);
	if (!c->rare->resolver.set && c->rare->macvlan.set && c->rare->macvlan.v->resolver.set)
		return &c->rare->macvlan.v->resolver.v;
	return c->rare->resolver.set ? &c->rare->resolver.v : &host;
}

const struct m_subnet *container_subnet(const struct m_container *c)
{
	if (!container_is_private(c))
		return NULL;
	if (c->subnet.set)
		return c->subnet.v;
	return c->head.stack->subnet.n == 1 ? c->head.stack->subnet.at[0] : NULL;
}

struct cidr subnet_range(const struct m_subnet *s, enum net_family family)
{
	if (family == NET_4)
		return s->range.set ? s->range.v : (struct cidr){0};
	return s->range6.set ? s->range6.v : (struct cidr){0};
}

struct addr subnet_gateway(const struct m_subnet *s, enum net_family family)
{
	struct cidr range = subnet_range(s, family);
	struct addr first = {0};

	if (range.addr.family == 0)
		return first;
	if (family == NET_4 && s->host.set)
		return s->host.v;
	if (family == NET_6 && s->host6.set)
		return s->host6.v;
	addr_add(cidr_network(range), 1, &first);
	return first;
}

struct port port_named(const struct m_container *c, struct str name)
{
	vec_each(struct entry_PORT, p, &c->ports)
		if (str_eq(p->name, name))
			return p->value.v;
	return (struct port){0};
}

struct str port_name(const struct m_container *c, struct port port)
{
	vec_each(struct entry_PORT, p, &c->ports)
		if (port_eq(p->value.v, port))
			return p->name;
	return STR("");
}

struct port ready_port(const struct m_container *c)
{
	const struct m_ready *r = c->ready;
	struct port only = {0};
	size_t tcp = 0;

	if (!r || !(r->http.set || r->tcp.set))
		return only;
	if (r->tcp.set)
		return r->tcp.v.port;
	if (r->port.set)
		return r->port.v.port;
	vec_each(struct entry_PORT, p, &c->ports)
		if (p->value.v.proto == PROTO_TCP) {
			tcp += !tcp || p->value.v.lo != only.lo; /* one that is declared twice is one */
			only = p->value.v;
		}
	return tcp == 1 ? only : (struct port){0};
}

static int cmp_ports(const void *x, const void *y)
{
	const struct port *a = x, *b = y;

	if (a->proto != b->proto)
		return a->proto < b->proto ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return (a->hi > b->hi) - (a->hi < b->hi);
}

static void member_ports(struct arena *a, const struct m_container *c, struct net_member *ret)
{
	size_t n = 0;

	ret->ports = arena_array(a, c->ports.n, sizeof *ret->ports);
	vec_each(const struct entry_PORT, p, &c->ports)
		ret->ports[n++] = p->value.v;
	sort_array(ret->ports, n, sizeof *ret->ports, cmp_ports);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || cmp_ports(&ret->ports[ret->nports - 1], &ret->ports[i]) != 0)
			ret->ports[ret->nports++] = ret->ports[i];
}

static struct str address_text(struct arena *a, const struct addr *address)
{
	char text[ADDR_TEXT_MAX];

	return str_copy(a, str_of(addr_text(*address, text)));
}

static struct strs more_texts(struct arena *a, const struct addrs *all, enum net_family family)
{
	struct strs texts = {arena_array(a, all->n, sizeof *texts.at), 0};

	for (size_t i = 0; i < all->n; i++)
		if (all->at[i].family == (family == NET_6 ? 6 : 4))
			texts.at[texts.n++] = address_text(a, &all->at[i]);
	return texts;
}

static void member_build(struct arena *a, struct arena *texts, const struct m_container *c, struct net *net,
			 struct net_member *ret)
{
	const struct m_container *home = container_home(c);

	ret->container = c;
	ret->home = &net->members[home->head.index];
	ret->outside = c->head.stack->head.outside;
	ret->subnet = container_subnet(home);
	ret->full = name_full(texts, &c->head);
	member_ports(a, c, ret);
	if (container_place(home) != PLACE_PRIVATE && container_place(home) != PLACE_MACVLAN)
		return;
	if (home->address.set)
		ret->address[NET_4] = address_text(texts, &home->address.v);
	if (home->address6.set)
		ret->address[NET_6] = address_text(texts, &home->address6.v);
	for (int f = 0; f < NET_FAMILIES && home->rare->more_addresses.v.n; f++)
		if (ret->address[f].n)
			ret->more[f] = more_texts(texts, &home->rare->more_addresses.v, (enum net_family)f);
	if (ret->subnet)
		vec_push(a, &net->subnets[ret->subnet->head.index].members, ret);
}

void net_build(struct arena *a, struct arena *texts, const struct model *model, struct net *ret)
{
	struct net net = {0};
	size_t containers = 0, subnets = 0;

	vec_each(struct m_stack *const, stack, &model->stacks) {
		containers += (*stack)->container.n;
		subnets += (*stack)->subnet.n;
	}
	net.members = arena_array(a, containers, sizeof *net.members);
	net.subnets = arena_array(a, subnets, sizeof *net.subnets);
	/* All subnets first: a container may be in another stack's. */
	vec_each(struct m_stack *const, stack, &model->stacks)
		vec_each(struct m_subnet *const, subnet, &(*stack)->subnet) {
			struct net_subnet *s = &net.subnets[net.nsubnets++];

			s->subnet = *subnet;
			s->full = name_full(texts, &(*subnet)->head);
		}
	vec_each(struct m_stack *const, stack, &model->stacks)
		vec_each(struct m_container *const, c, &(*stack)->container)
			member_build(a, texts, *c, &net, &net.members[net.nmembers++]);
	vec_each(struct m_stack *const, stack, &model->stacks)
		vec_each(struct m_proxy *const, p, &(*stack)->proxy)
			net.members[(*p)->container.v->head.index].proxy = *p;
	*ret = net;
}
