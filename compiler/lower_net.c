/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The namespace and the link of each private container, those with an interface to a network of the host's, and the switches of the host that routing between
 * them needs. */
#include "compiler/lower_impl.h"

#include "lang/base/sort.h"
#include "lang/schema.h"

/* Whether a port published there can be reached on a loopback address: then the host end of the container's
 * link must route 127.0.0.0/8 (ip-sysctl: route_localnet) and ::1. */
static bool on_loopback(const struct addr *a)
{
	return a->family == 0 || addr_is_any(*a) || addr_is_loopback(*a);
}

static bool *find_localnet(struct lowering *l)
{
	bool *localnet = arena_array(l->scratch, l->net->nmembers, sizeof *localnet);

	lower_each_stack(s, l)
		for (size_t i = 0; i < (*s)->publish.n; i++)
			if (on_loopback(&(*s)->publish.at[i].left.v.addr))
				localnet[net_member_of(l->net, (*s)->publish.at[i].right.v.container)->home -
					 l->net->members] = true;
	return localnet;
}

static struct str gateway(struct arena *a, const struct net_member *m, enum net_family family)
{
	char text[ADDR_TEXT_MAX];

	if (m->address[family].n == 0)
		return STR("");
	return str_copy(a, str_of(addr_text(subnet_gateway(m->subnet, family), text)));
}

struct strs lower_more(struct lowering *l, const struct net_member *m, bool prefixed)
{
	const struct m_macvlan *lan = m->home->container->rare->macvlan.v;
	size_t n = m->more[NET_4].n + m->more[NET_6].n;
	struct strs all = {n ? arena_array(l->arena, n, sizeof *all.at) : NULL, 0};

	for (int f = 0; f < NET_FAMILIES; f++)
		for (size_t i = 0; i < m->more[f].n; i++)
			all.at[all.n++] = prefixed ? str_fmt(l->arena, "%.*s/%u", STR_ARG(m->more[f].at[i]), (unsigned)(f == NET_4 ? lan->range.v.len : lan->range6.v.len))
						   : m->more[f].at[i];
	sort_strs(all.at, all.n);
	return all;
}

static void lower_link(struct lowering *l, const struct net_member *m, bool localnet)
{
	const struct m_container *c = m->container;
	struct str name = name_derived(l->arena, c), origin = source_origin(l->sources, c->head.at);
	struct res_link *r;

	res_mark(&manifest_take_netns(l->out, name)->res, c->head.stack, m->full, origin);
	r = manifest_take_link(l->out, name_link(l->arena, c));
	res_mark(&r->res, c->head.stack, m->full,
		 source_origin(l->sources, c->address.given    ? c->address.at
					   : c->address6.given ? c->address6.at
							       : c->head.at));
	r->altname = name;
	r->netns = name;
	r->address = m->address[NET_4];
	r->gateway = gateway(l->arena, m, NET_4);
	r->address6 = m->address[NET_6];
	r->gateway6 = gateway(l->arena, m, NET_6);
	r->more = lower_more(l, m, false);
	r->localnet = localnet;
}

/* An interface to a network of the host's; see res.def. */
static void lower_macvlan(struct lowering *l, const struct net_member *m)
{
	const struct m_container *c = m->container;
	const struct m_macvlan *lan = c->rare->macvlan.v;
	struct str name = name_derived(l->arena, c);
	char text[ADDR_TEXT_MAX];
	struct res_macvlan *r;

	res_mark(&manifest_add_netns(l->out, name)->res, c->head.stack, m->full, source_origin(l->sources, c->head.at));
	r = manifest_add_macvlan(l->out, name);
	res_mark(&r->res, c->head.stack, m->full, source_origin(l->sources, c->rare->macvlan.at));
	r->parent = lan->parent.v;
	r->mode = word_texts[lan->mode.v];
	if (c->address.set)
		r->address = str_fmt(l->arena, "%.*s/%u", STR_ARG(m->address[NET_4]), (unsigned)lan->range.v.len);
	if (c->address.set && lan->gateway.set)
		r->gateway = str_copy(l->arena, str_of(addr_text(lan->gateway.v, text)));
	if (c->address6.set)
		r->address6 = str_fmt(l->arena, "%.*s/%u", STR_ARG(m->address[NET_6]), (unsigned)lan->range6.v.len);
	if (c->address6.set && lan->gateway6.set)
		r->gateway6 = str_copy(l->arena, str_of(addr_text(lan->gateway6.v, text)));
	r->more = lower_more(l, m, true);
}

static void lower_switch(struct lowering *l, struct str id, enum net_family family)
{
	lower_each_member(m, l) {
		struct res_sysctl *r;

		if (!m->subnet || m->address[family].n == 0)
			continue;
		r = manifest_add_sysctl(l->out, id);
		res_mark(&r->res, NULL, STR(""), source_origin(l->sources, m->container->head.at));
		r->value = STR("1");
		return;
	}
}

/* Shut in both families wherever there is a link: a container can give itself addresses of either. */
static void lower_gate(struct lowering *l)
{
	static const char *const ids[] = {"ipv4", "ipv6"};

	lower_each_member(m, l) {
		if (!m->subnet)
			continue;
		for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
			res_mark(&manifest_add_gate(l->out, str_of(ids[i]))->res, NULL, STR(""), source_origin(l->sources, m->container->head.at));
		return;
	}
}

void lower_forwarding(struct lowering *l)
{
	lower_switch(l, STR("net.ipv4.ip_forward"), NET_4);
	lower_switch(l, STR("net.ipv6.conf.all.forwarding"), NET_6);
	lower_gate(l);
}

void lower_links(struct lowering *l)
{
	bool *localnet = find_localnet(l);

	lower_each_member(m, l) {
		if (m->subnet && m->home == m)
			lower_link(l, m, localnet[m - l->net->members]);
		else if (container_place(m->container) == PLACE_MACVLAN)
			lower_macvlan(l, m);
	}
}
