/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Subnets that come and overlap a network that is the host's already: one that an interface of it is in, or one of podman's own, which it makes only when a container of its own needs it.
 * No error: routes to single containers win over the route to a network, so that both work as long as nobody there has the same address. */
#include "runtime/bind.h"
#include "runtime/bind_impl.h"

#include "lang/base/cleanup.h"
#include "runtime/link.h"
#include "runtime/nl_route.h"
#include "runtime/podman.h"

/* A range that is taken, and by whom: "the network of eth0". */
struct taken {
	struct cidr range;
	struct str who;
};

struct overlaps {
	struct arena *arena;
	VEC(struct taken) taken;
};

/* Networks that interfaces of the host are in; not single addresses, as our own links have. */
static int take_interfaces(struct host *h, struct overlaps *o, struct err *e)
{
	struct rt_addrs addrs = {.arena = o->arena};
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	if (r == 0)
		r = rt_get_addrs(route, 0, &addrs, e);
	for (size_t i = 0; i < addrs.all.n && r == 0; i++) {
		const struct rt_addr *a = &addrs.all.at[i];
		_cleanup_(nl_batch_free) struct nl_batch b = {0};
		struct rt_links link = {.arena = o->arena};

		if (a->len == addr_bits(a->addr) || addr_is_loopback(a->addr) || link_finds_neighbours(a->addr))
			continue;
		rt_ask_index(&b, a->index);
		r = nl_send(route, &b, rt_take_link, &link, e);
		if (r == 0 && link.all.n == 1)
			vec_push(o->arena, &o->taken, ((struct taken){{a->addr, a->len}, str_fmt(o->arena, "the network of %s", link.all.at[0].name)}));
	}
	return r;
}

static int take_podman(struct host *h, struct overlaps *o, struct err *e)
{
	struct podman_networks all = {0};
	int r = podman_networks(h, o->arena, &all, e);

	vec_each(const struct podman_network, n, &all.all)
		vec_push(o->arena, &o->taken, ((struct taken){n->range, str_fmt(o->arena, "podman's network %.*s", STR_ARG(n->name))}));
	return r;
}

/* podman's bridge is both: said once. */
static void tell(const struct overlaps *o, const struct res_subnet *s, struct str text, struct buf *out)
{
	char own[CIDR_TEXT_MAX], other[CIDR_TEXT_MAX];
	struct cidr range, network;

	if (!cidr_parse(text, &range))
		return;
	for (size_t i = 0; i < o->taken.n; i++) {
		const struct taken *t = &o->taken.at[i];

		network = (struct cidr){cidr_network(t->range), t->range.len};
		if (!cidr_overlaps(range, network))
			continue;
		buf_fmt(out, "subnet %.*s (%s) overlaps %.*s (%s): whoever has an address of a container there is not reached any more; give it another range, or none, and it gets one that is free\n",
			STR_ARG(s->res.id), cidr_text(range, own), STR_ARG(t->who), cidr_text(network, other));
		return;
	}
}

static bool comes(const struct res_subnet *s, const struct manifest *current)
{
	const struct res *was = current ? manifest_find(current, RES_subnet, s->res.id) : NULL;

	return !was || !res_same(was, &s->res);
}

void overlap_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out)
{
	_arena_ struct arena a = {0};
	struct overlaps o = {.arena = &a};
	const struct res_subnet *s;
	struct err ignored;
	bool any = false;

	manifest_each(subnet, s, wanted)
		any |= comes(s, current);
	if (!any || take_interfaces(h, &o, &ignored) < 0 || take_podman(h, &o, &ignored) < 0)
		return;
	manifest_each(subnet, s, wanted)
		if (comes(s, current)) {
			tell(&o, s, s->range, out);
			tell(&o, s, s->range6, out);
		}
}
