/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The namespace and the link of each private container, and the switches of the host that routing between
 * them needs. */
#include "compiler/lower_impl.h"

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

static void lower_link(struct lowering *l, const struct net_member *m, bool localnet)
{
	const struct m_container *c = m->container;
	struct str name = name_derived(l->arena, c), origin = source_origin(l->sources, c->head.at);
	struct res_link *r;

	res_mark(&manifest_add_netns(l->out, name)->res, c->head.stack, m->full, origin);
	r = manifest_add_link(l->out, name_link(l->arena, c));
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
	r->localnet = localnet;
}

static void lower_forwarding(struct lowering *l, struct str id, enum net_family family)
{
	lower_each_member(m, l) {
		struct res_sysctl *r;

		if (m->address[family].n == 0)
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

void lower_net(struct lowering *l)
{
	bool *localnet = find_localnet(l);

	lower_forwarding(l, STR("net.ipv4.ip_forward"), NET_4);
	lower_forwarding(l, STR("net.ipv6.conf.all.forwarding"), NET_6);
	lower_gate(l);
	lower_each_member(m, l)
		if (m->subnet && m->home == m)
			lower_link(l, m, localnet[m - l->net->members]);
}
