/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Ports that come and are published on an address that the host does not have. No error: an interface may come up later, a VPN's say, and then they are reached. */
#include "runtime/bind_impl.h"

#include "lang/base/cleanup.h"
#include "runtime/nl_route.h"

static bool has_address(const struct rt_addrs *addrs, struct addr wanted)
{
	if (addr_is_loopback(wanted) || addr_is_any(wanted))
		return true;
	for (size_t i = 0; i < addrs->all.n; i++)
		if (addr_eq(addrs->all.at[i].addr, wanted))
			return true;
	return false;
}

/* A port that is published on one address, and was not. */
static bool comes(const struct res_publish *p, const struct manifest *current)
{
	return p->address.n && !(current && manifest_find(current, RES_publish, p->res.id));
}

void publish_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out)
{
	_arena_ struct arena a = {0};
	struct rt_addrs addrs = {.arena = &a};
	const struct res_publish *p;
	struct mnl_socket *route;
	struct map said = {0};
	struct err ignored;
	bool any = false;

	manifest_each(publish, p, wanted)
		any |= comes(p, current);
	if (!any || nl_open(h, NETLINK_ROUTE, &route, &ignored) < 0 || rt_get_addrs(route, 0, &addrs, &ignored) < 0)
		return;
	manifest_each(publish, p, wanted) {
		struct addr address;

		if (comes(p, current) && addr_parse(p->address, &address) && !has_address(&addrs, address) && !map_add(&a, &said, p->address, h))
			buf_fmt(out, "%.*s is no address of this host: until it is, nobody reaches what is published there, %.*s\n", STR_ARG(p->address), STR_ARG(p->to));
	}
}
