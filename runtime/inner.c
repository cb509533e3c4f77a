/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interfaces in a namespace, see inner.h. What differs is changed, in one batch: new addresses before old ones go, since with its last address an interface loses its
 * routes. The kernel adds no routes of its own for prefixes: which address is the source is said with each route. */
#include "runtime/inner.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/ns.h"

static int open_socket(size_t i, void *context, struct err *e)
{
	(void)i;
	return nl_socket(NETLINK_ROUTE, context, e);
}

int inner_enter(struct host *h, struct str netns, struct mnl_socket **ret, struct err *e)
{
	_fd_ int ns = ns_open(h, netns, e);

	return ns < 0 ? ns : ns_each(&ns, 1, open_socket, ret, e);
}

int inner_find(struct mnl_socket *s, struct arena *a, struct str name, struct rt_link *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = a};

	rt_ask_link(&b, name);
	int r = nl_send(s, &b, rt_take_link, &links, e);
	*ret = r == 0 && links.all.n == 1 && str_is(name, links.all.at[0].name) ? links.all.at[0] : (struct rt_link){0};
	return r;
}

bool inner_addr_parse(struct str text, struct cidr *ret)
{
	struct str len, addr = str_cut(text, '/', &len);
	unsigned bits = 0;

	if (!addr_parse(addr, &ret->addr) || len.n == 0 || len.n > 3)
		return false;
	for (size_t i = 0; i < len.n; i++) {
		if (len.s[i] < '0' || len.s[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(len.s[i] - '0');
	}
	ret->len = (uint8_t)bits;
	return bits <= addr_bits(ret->addr);
}

/* The kernel's own, by which IPv6 finds neighbours (RFC 4861). */
static bool is_link_local(struct addr a)
{
	return a.family == 6 && a.b[0] == 0xfe && (a.b[1] & 0xc0) == 0x80;
}

int inner_look(const struct inner *i, struct arena *a, struct inner_seen *ret, struct err *e)
{
	struct rt_addrs all = {.arena = a};

	*ret = (struct inner_seen){.addrs = {.arena = a}, .routes = {.arena = a}};
	int r = rt_get_addrs(i->s, i->index, &all, e);
	if (r == 0)
		r = rt_get_routes(i->s, i->index, &ret->routes, e);
	vec_each (const struct rt_addr, x, &all.all)
		if (!is_link_local(x->addr))
			vec_push(a, &ret->addrs.all, *x);
	return r;
}

static bool addr_same(const struct rt_addr *x, struct cidr c)
{
	return addr_eq(x->addr, c.addr) && x->len == c.len;
}

bool inner_has_addr(const struct inner_seen *seen, struct cidr addr)
{
	vec_each (const struct rt_addr, x, &seen->addrs.all)
		if (addr_same(x, addr) && !(x->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			return true;
	return false;
}

struct addr inner_gateway(const struct inner_seen *seen, uint8_t family)
{
	vec_each (const struct rt_route, x, &seen->routes.all)
		if (x->dst.family == family && x->len == 0)
			return x->gateway;
	return (struct addr){0};
}

static bool route_same(const struct rt_route *x, const struct rt_route *y)
{
	return x->len == y->len && addr_eq(x->dst, y->dst) && addr_eq(x->gateway, y->gateway);
}

static void put_addrs(struct nl_batch *b, const struct inner *i, const struct inner_seen *seen, const struct inner_want *want)
{
	vec_each (const struct cidr, c, &want->addrs)
		if (!inner_has_addr(seen, *c))
			rt_set_addr(b, i->id, &(struct rt_addr){i->index, c->addr, c->len, IFA_F_NOPREFIXROUTE | (c->addr.family == 6 ? IFA_F_NODAD : 0)}, true, -EEXIST);
	vec_each (const struct rt_addr, x, &seen->addrs.all) {
		bool wanted = false;

		vec_each (const struct cidr, c, &want->addrs)
			wanted |= addr_same(x, *c);
		if (!wanted)
			rt_set_addr(b, i->id, x, false, -EADDRNOTAVAIL);
	}
}

static void put_routes(struct nl_batch *b, const struct inner *i, const struct inner_seen *seen, const struct inner_want *want)
{
	vec_each (const struct rt_route, x, &seen->routes.all) {
		bool wanted = false;

		vec_each (const struct rt_route, r, &want->routes)
			wanted |= route_same(x, r);
		if (!wanted)
			rt_set_route(b, i->id, x, false, false, -ESRCH);
	}
	/* Even those that are there: they may have gone with an address. In the namespace, which is ours, what a program has put in their place gives way. */
	vec_each (const struct rt_route, r, &want->routes) {
		struct rt_route one = *r;

		one.index = i->index;
		rt_set_route(b, i->id, &one, true, true, 0);
	}
}

int inner_settle(const struct inner *i, const struct inner_want *want, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct inner_seen seen;
	int r = inner_look(i, &a, &seen, e);

	if (r < 0)
		return r;
	rt_set_up(&b, i->id, i->index);
	put_addrs(&b, i, &seen, want);
	put_routes(&b, i, &seen, want);
	return nl_send(i->s, &b, NULL, NULL, e);
}
