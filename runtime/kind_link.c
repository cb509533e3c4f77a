/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Links as resources: what must hold before one is touched, and which work is done in which phase. New links are made before anything stops, where nobody uses them
 * yet; links that change do so between stop and start; links that go are deleted last. */
#include "runtime/kind.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/fs.h"
#include "runtime/link.h"

static int read_addr(struct str text, uint8_t family, const char *what, struct addr *ret, struct err *e)
{
	if (text.n == 0)
		return 0;
	if (!addr_parse(text, ret) || ret->family != family)
		return err_set(e, -EINVAL, "the %s `%.*s` is no IPv%u address", what, STR_ARG(text), family);
	return 0;
}

int link_read(const struct res_link *r, struct link_want *ret, struct err *e)
{
	struct link_want w = {.res = r};
	int code = 0;

	if (!rt_name_fits(r->res.id, IFNAMSIZ) || !rt_name_fits(r->altname, ALTIFNAMSIZ))
		code = err_set(e, -EINVAL, "`%.*s` or its alternative name `%.*s` cannot be the name of a network interface",
			       STR_ARG(r->res.id), STR_ARG(r->altname));
	else if (r->netns.n == 0)
		code = err_set(e, -EINVAL, "the link %.*s has no network namespace for its other end", STR_ARG(r->res.id));
	else if (read_addr(r->address, 4, "address", &w.address[LINK_4], e) < 0 || read_addr(r->gateway, 4, "gateway", &w.gateway[LINK_4], e) < 0 ||
		 read_addr(r->address6, 6, "address", &w.address[LINK_6], e) < 0 || read_addr(r->gateway6, 6, "gateway", &w.gateway[LINK_6], e) < 0)
		code = e->code;
	for (size_t i = 0; code == 0 && i < r->more.n; i++) {
		struct addr *a = &w.more[w.nmore];

		if (w.nmore == MORE_ADDRESSES_MAX || !addr_parse(r->more.at[i], a) || !w.address[a->family == 6 ? LINK_6 : LINK_4].family)
			code = err_set(e, -EINVAL, "the link %.*s cannot have the further address `%.*s`", STR_ARG(r->res.id), STR_ARG(r->more.at[i]));
		else
			w.nmore++;
	}
	for (int f = 0; code == 0 && f < LINK_FAMILIES; f++)
		if (!w.address[f].family != !w.gateway[f].family)
			code = err_set(e, -EINVAL, "the link %.*s needs an address and a gateway, or neither", STR_ARG(r->res.id));
	if (code < 0)
		return err_resource(e, r->res.id);
	*ret = w;
	return 0;
}

struct mac link_mac(struct str name, bool peer)
{
	uint64_t h = str_hash(name);
	struct mac m;

	h ^= h >> 48; /* xor-folding, as FNV's authors ask for sizes below 64 bits */
	for (size_t i = 0; i < sizeof m.b; i++, h >>= 8)
		m.b[i] = (uint8_t)h;
	/* IEEE 802: bit 1 locally administered, bit 0 not a group. Bit 2 tells the ends apart. */
	m.b[0] = (uint8_t)((m.b[0] & 0xf8) | 0x02 | (peer ? 0x04 : 0));
	return m;
}

bool link_is_ours(const struct rt_link *l)
{
	struct mac own = link_mac(str_of(l->name), false);
	bool named = false;

	for (size_t i = 0; i < l->altnames.n && !named; i++)
		named = str_starts(l->altnames.at[i], STR("ct-"));
	return l->veth && (named || memcmp(own.b, l->mac.b, sizeof own.b) == 0);
}

/* What must be free: the names of the links that are made or renamed, and their addresses. Each leads to the change that wants it. */
struct claims {
	struct arena *arena;
	struct map names, addresses;
	struct map going;	/* links that are deleted */
	struct map leaving;	/* gateways that links of ours have now, and that none shall have */
	struct nl_batch links, routes;
};

static void claim_address(struct claims *k, const struct res_link *to, struct addr a)
{
	char text[ADDR_TEXT_MAX];

	if (!a.family)
		return;
	map_set(k->arena, &k->addresses, str_copy(k->arena, str_of(addr_text(a, text))), (void *)to);
	rt_ask_route(&k->routes, a);
}

static void claim(struct claims *k, const struct change *c, const struct link_want *w)
{
	const struct res_link *from = (const struct res_link *)c->from, *to = w->res;

	if (!from) {
		map_set(k->arena, &k->names, to->res.id, (void *)to);
		rt_ask_link(&k->links, to->res.id);
	}
	if (!from || !str_eq(from->altname, to->altname)) {
		map_set(k->arena, &k->names, to->altname, (void *)to);
		rt_ask_link(&k->links, to->altname);
	}
	for (int f = 0; f < LINK_FAMILIES; f++)
		claim_address(k, to, w->address[f]);
	for (size_t i = 0; i < w->nmore; i++)
		claim_address(k, to, w->more[i]);
}

/* What the change takes away from a link of ours. The link is asked for, to be known by its index. */
static void leave(struct claims *k, const struct res_link *from)
{
	const struct str gateways[] = {from->gateway, from->gateway6};

	rt_ask_link(&k->links, from->res.id);
	for (size_t i = 0; i < sizeof gateways / sizeof gateways[0]; i++)
		if (gateways[i].n)
			map_set(k->arena, &k->leaving, gateways[i], (void *)from);
}

/* Another interface has a name that a link needs. */
static int refuse_name(const struct claims *k, const struct rt_link *l, struct err *e)
{
	const struct res_link *to = map_get(&k->names, str_of(l->name));
	struct str name = str_of(l->name);

	for (size_t i = 0; i < l->altnames.n && !to; i++) {
		name = l->altnames.at[i];
		to = map_get(&k->names, name);
	}
	if (!to || (str_is(to->res.id, l->name) && link_is_ours(l))) /* went away and came back since it was observed */
		return 0;
	if (map_get(&k->going, str_of(l->name)))
		return 0;
	if (str_is(name, l->name))
		err_set(e, -EEXIST, "a network interface %s exists that ctc did not make; rename or delete it", l->name);
	else
		err_set(e, -EEXIST, "the network interface %s, which ctc did not make, has the alternative name %.*s that the link %.*s needs; take it away",
			l->name, STR_ARG(name), STR_ARG(to->res.id));
	return err_resource(e, to->res.id);
}

static bool is_link_of_ours(const struct rt_links *links, uint32_t index)
{
	vec_each (const struct rt_link, l, &links->all)
		if (l->index == index && link_is_ours(l))
			return true;
	return false;
}

/* Whether the host gives the address up in this change: the gateway of a subnet that gets another one. No other interface may have it. */
static bool gives_up(struct mnl_socket *route, const struct claims *k, const struct rt_links *links, struct addr a)
{
	struct rt_addrs addrs = {.arena = k->arena};
	char text[ADDR_TEXT_MAX];
	struct err ignored;

	if (!map_get(&k->leaving, str_of(addr_text(a, text))) || rt_get_addrs(route, 0, &addrs, &ignored) < 0)
		return false;
	vec_each (const struct rt_addr, x, &addrs.all)
		if (addr_eq(x->addr, a) && !is_link_of_ours(links, x->index))
			return false;
	return true;
}

/* The host has something at an address that a link needs. Our own routes are no hindrance: they are moved. */
static int refuse_address(struct mnl_socket *route, const struct claims *k, const struct rt_links *links, const struct rt_route *r, struct err *e)
{
	char text[ADDR_TEXT_MAX];

	if (r->len != addr_bits(r->dst) || r->protocol == RT_PROTOCOL)
		return 0;
	const struct res_link *to = map_get(&k->addresses, str_of(addr_text(r->dst, text)));
	if (!to || (r->type == RTN_LOCAL && gives_up(route, k, links, r->dst)))
		return 0;
	if (r->type == RTN_LOCAL)
		err_set(e, -EADDRINUSE, "%s is an address of the host itself and cannot be the container's; give the container another one", text);
	else
		err_set(e, -EEXIST, "the host has a route to %s already (ip route get %s); remove it, or give the container another address", text, text);
	return err_resource(e, to->res.id);
}

static int check_claims(struct host *h, struct claims *k, struct err *e)
{
	struct rt_links links = {.arena = k->arena};
	struct rt_routes routes = {.arena = k->arena};
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	if (r == 0)
		r = nl_send(route, &k->links, rt_take_link, &links, e);
	for (size_t i = 0; r == 0 && i < links.all.n; i++)
		r = refuse_name(k, &links.all.at[i], e);
	if (r == 0)
		r = nl_send(route, &k->routes, rt_take_route, &routes, e);
	for (size_t i = 0; r == 0 && i < routes.all.n; i++)
		r = refuse_address(route, k, &links, &routes.all.at[i], e);
	return r;
}

static int check_ipv6(struct host *h, const struct link_want *w, struct err *e)
{
	struct stat st;
	int r = w->address[LINK_6].family ? fs_stat(h->root_fd, STR("proc/sys/net/ipv6"), &st, e) : 0;

	if (r == -ENOENT)
		err_set(e, r, "the container needs the IPv6 address %.*s, and this kernel has no IPv6", STR_ARG(w->res->address6));
	return r < 0 ? err_resource(e, w->res->res.id) : 0;
}

/* Whether the change is work at all: a state that was found broken is nothing to go back to, whatever has become of it. */
static bool is_work(const struct change *c)
{
	return c->op != OP_DELETE && !res_broken(c->to);
}

static int link_prepare(struct host *h, struct slice s, struct err *e)
{
	_arena_ struct arena a = {0};
	struct claims k = {.arena = &a};
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		struct link_want *w = arena_new(&a, struct link_want);

		if (s.at[i].op == OP_DELETE)
			map_set(&a, &k.going, s.at[i].from->id, (void *)s.at[i].from);
		if (s.at[i].from)
			leave(&k, (const struct res_link *)s.at[i].from);
		if (!is_work(&s.at[i]))
			continue;
		r = link_read((const struct res_link *)s.at[i].to, w, e);
		if (r == 0)
			r = check_ipv6(h, w, e);
		if (r == 0)
			claim(&k, &s.at[i], w);
	}
	if (r == 0)
		r = check_claims(h, &k, e);
	nl_batch_free(&k.links);
	nl_batch_free(&k.routes);
	return r;
}

/* Whether a change can be made without deleting the link: its ends are where they belong, and work. */
static bool can_mend(const struct change *c)
{
	return str_eq(((const struct res_link *)c->from)->netns, ((const struct res_link *)c->to)->netns);
}

struct wants {
	struct arena *arena;
	VEC(struct link_want) all;
};

static int add_want(struct wants *w, const struct change *c, struct err *e)
{
	struct link_want one;
	int r = link_read((const struct res_link *)c->to, &one, e);

	if (r == 0)
		vec_push(w->arena, &w->all, one);
	return r;
}

/* Between stop and start: mends what changed, makes anew what cannot be mended, and gives every new link the route that another one had until now. */
static int apply_swap(struct host *h, struct slice s, struct arena *a, struct err *e)
{
	struct wants anew = {.arena = a}, route = {.arena = a};
	VEC(struct str) names = {0};
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++) {
		const struct change *c = &s.at[i];
		struct link_want w;

		if (!is_work(c))
			continue;
		if (c->op == OP_CREATE) {
			r = add_want(&route, c, e);
		} else if (can_mend(c)) {
			r = link_read((const struct res_link *)c->to, &w, e);
			r = r < 0 ? r : link_mend(h, (const struct res_link *)c->from, &w, e);
		} else {
			vec_push(a, &names, c->to->id);
			r = add_want(&anew, c, e);
			r = r < 0 ? r : add_want(&route, c, e);
		}
	}
	if (r == 0)
		r = link_delete(h, names.at, names.n, e);
	if (r == 0)
		r = link_make(h, anew.all.at, anew.all.n, e);
	return r < 0 ? r : link_route(h, route.all.at, route.all.n, e);
}

/* A link of ours that somebody gave another name stands where its own shall be again: it has the alternative name. */
static bool is_in_the_way(const struct change *c, struct slice s)
{
	for (size_t i = 0; c->op == OP_DELETE && i < s.n; i++)
		if (s.at[i].op == OP_CREATE && str_eq(((const struct res_link *)s.at[i].to)->altname, ((const struct res_link *)c->from)->altname))
			return true;
	return false;
}

static int link_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	_arena_ struct arena a = {0};
	struct wants make = {.arena = &a};
	VEC(struct str) gone = {0};
	int r = 0;

	if (phase == PHASE_SWAP)
		return apply_swap(h, s, &a, e);
	for (size_t i = 0; i < s.n && r == 0; i++)
		if (phase == PHASE_ADD && s.at[i].op == OP_CREATE && is_work(&s.at[i]))
			r = add_want(&make, &s.at[i], e);
		else if (s.at[i].op == OP_DELETE && (phase == PHASE_CLEAN || (phase == PHASE_ADD && is_in_the_way(&s.at[i], s))))
			vec_push(&a, &gone, s.at[i].from->id);
	if (r == 0)
		r = link_delete(h, gone.at, gone.n, e);
	return r < 0 ? r : link_make(h, make.all.at, make.all.n, e);
}

const struct kind_ops kind_link = {.observe = link_observe, .prepare = link_prepare, .apply = link_apply, .told = true};
