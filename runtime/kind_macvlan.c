/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Macvlan interfaces as resources: one a namespace, called lan0, made in the container's namespace at once and never moved or made anew while it is as wanted, so that
 * restarts of its container lose no connection. It is worked on between stop and start: a container that comes from a link of its own has that until then. */
#include "runtime/kind.h"

#include <errno.h>
#include <linux/if_link.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/base/sort.h"
#include "runtime/inner.h"
#include "runtime/link.h"
#include "runtime/ns.h"

#define LAN "lan0"

static const struct {
	const char *word;
	uint32_t mode;
} modes[] = {
	{"bridge", MACVLAN_MODE_BRIDGE},
	{"private", MACVLAN_MODE_PRIVATE},
	{"vepa", MACVLAN_MODE_VEPA},
};

static uint32_t mode_of(struct str word)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (str_is(word, modes[i].word))
			return modes[i].mode;
	return 0;
}

static const char *word_of(uint32_t mode)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (modes[i].mode == mode)
			return modes[i].word;
	return "";
}

/* One that is looked at or worked on. */
struct lan {
	struct host *h;
	struct mnl_socket *host, *in;	/* `in` is this one's own */
	struct str id;
	struct rt_link link;		/* index 0: not there */
};

static void lan_close(struct lan *l)
{
	if (l->in)
		mnl_socket_close(l->in);
}

static int lan_open(struct host *h, struct arena *a, struct str id, struct lan *ret, struct err *e)
{
	*ret = (struct lan){.h = h, .id = id};
	int r = nl_open(h, NETLINK_ROUTE, &ret->host, e);

	if (r == 0)
		r = inner_enter(h, id, &ret->in, e);
	return r < 0 ? r : inner_find(ret->in, a, STR(LAN), &ret->link, e);
}

/* ---- observing ---- */

static int parent_name(const struct lan *l, struct arena *a, struct str *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = a};

	rt_ask_index(&b, l->link.peer);
	int r = nl_send(l->host, &b, rt_take_link, &links, e);
	*ret = r == 0 && links.all.n == 1 ? str_copy(a, str_of(links.all.at[0].name)) : STR("");
	return r;
}

static bool is_source(const struct inner_seen *seen, struct addr a)
{
	vec_each (const struct rt_route, x, &seen->routes.all)
		if (addr_eq(x->source, a))
			return true;
	return false;
}

/* Of a family, the address that our routes give as the source; else the known one where the interface has it, else whichever it has. */
static struct str address_found(struct arena *a, const struct inner_seen *seen, uint8_t family, struct str known)
{
	const struct rt_addr *found = NULL;
	char text[CIDR_TEXT_MAX];
	struct cidr c;

	vec_each (const struct rt_addr, x, &seen->addrs.all)
		if (x->addr.family == family && (!found || (!is_source(seen, found->addr) && is_source(seen, x->addr))))
			found = x;
	if (inner_addr_parse(known, &c) && inner_has_addr(seen, c) && !(found && is_source(seen, found->addr)))
		return known;
	return found ? str_fmt(a, "%s/%u", addr_text(found->addr, text), found->len) : STR("");
}

/* All others, sorted. */
static struct strs more_found(struct arena *a, const struct inner_seen *seen, struct str address, struct str address6)
{
	char text[ADDR_TEXT_MAX];
	VEC(struct str) all = {0};

	vec_each (const struct rt_addr, x, &seen->addrs.all) {
		struct str one = str_fmt(a, "%s/%u", addr_text(x->addr, text), x->len);

		if (!str_eq(one, address) && !str_eq(one, address6))
			vec_push(a, &all, one);
	}
	sort_strs(all.at, all.n);
	return (struct strs){all.at, all.n};
}

static struct str gateway_found(struct arena *a, const struct inner_seen *seen, uint8_t family)
{
	struct addr g = inner_gateway(seen, family);
	char text[ADDR_TEXT_MAX];

	return g.family ? str_copy(a, str_of(addr_text(g, text))) : STR("");
}

/* Whether the network of an address is reached from it, as we have said it. */
static bool network_is_reached(const struct inner_seen *seen, struct str address)
{
	struct cidr c;

	if (!inner_addr_parse(address, &c))
		return true; /* of this family it has none */
	vec_each (const struct rt_route, x, &seen->routes.all)
		if (x->len == c.len && addr_eq(x->dst, cidr_network(c)) && !x->gateway.family && addr_eq(x->source, c.addr))
			return true;
	return false;
}

static int report(const struct lan *l, const struct res_macvlan *known, struct manifest *ret, struct err *e)
{
	_arena_ struct arena scratch = {0};
	const struct inner i = {l->in, l->link.index, l->id};
	struct inner_seen seen;
	struct str parent;
	int r = inner_look(&i, &scratch, &seen, e);

	if (r == 0)
		r = parent_name(l, ret->arena, &parent, e);
	if (r < 0)
		return r;
	struct res_macvlan *m = manifest_add_macvlan(ret, l->id);
	m->parent = parent;
	m->mode = str_of(word_of(l->link.macvlan));
	m->address = address_found(ret->arena, &seen, 4, known->address);
	m->address6 = address_found(ret->arena, &seen, 6, known->address6);
	m->more = more_found(ret->arena, &seen, m->address, m->address6);
	m->gateway = gateway_found(ret->arena, &seen, 4);
	m->gateway6 = gateway_found(ret->arena, &seen, 6);
	if (!(l->link.flags & IFF_UP))
		m->fault = STR("it is down");
	else if (!network_is_reached(&seen, m->address) || !network_is_reached(&seen, m->address6))
		m->fault = STR("its route to the network is missing");
	return 0;
}

static int macvlan_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_macvlan *k;
	int r = 0;

	manifest_each(macvlan, k, known) {
		_arena_ struct arena scratch = {0};
		_cleanup_(lan_close) struct lan l;

		r = lan_open(h, &scratch, k->res.id, &l, e);
		if (r == -ENOENT) {
			*e = (struct err){0};
			continue;
		}
		if (r == 0 && l.link.macvlan)
			r = report(&l, k, ret, e);
		if (r < 0)
			return err_resource(e, k->res.id);
	}
	return 0;
}

/* ---- changing ---- */

static int want_family(const struct res_macvlan *m, struct str address, struct str gateway, struct arena *a, struct inner_want *ret, struct err *e)
{
	struct rt_route route = {0};
	struct cidr c;

	if (address.n == 0)
		return 0;
	if (!inner_addr_parse(address, &c) || (gateway.n && (!addr_parse(gateway, &route.gateway) || route.gateway.family != c.addr.family)))
		return err_set(e, -EINVAL, "`%.*s` by way of `%.*s` is no address of %.*s", STR_ARG(address), STR_ARG(gateway), STR_ARG(m->res.id));
	vec_push(a, &ret->addrs, c);
	vec_push(a, &ret->routes, ((struct rt_route){.dst = cidr_network(c), .len = c.len, .source = c.addr}));
	route.dst.family = c.addr.family;
	route.source = c.addr;
	if (gateway.n)
		vec_push(a, &ret->routes, route);
	return 0;
}

static int want_more(const struct res_macvlan *m, struct arena *a, struct inner_want *ret, struct err *e)
{
	struct cidr c;

	for (size_t i = 0; i < m->more.n; i++) {
		if (i == MORE_ADDRESSES_MAX || !inner_addr_parse(m->more.at[i], &c))
			return err_set(e, -EINVAL, "`%.*s` is no further address of %.*s", STR_ARG(m->more.at[i]), STR_ARG(m->res.id));
		vec_push(a, &ret->addrs, c);
	}
	return 0;
}

static int want_of(const struct res_macvlan *m, struct arena *a, struct inner_want *ret, struct err *e)
{
	if (!rt_name_fits(m->parent, IFNAMSIZ) || !mode_of(m->mode))
		return err_set(e, -EINVAL, "`%.*s %.*s` is no parent and mode of a macvlan", STR_ARG(m->parent), STR_ARG(m->mode));
	int r = want_family(m, m->address, m->gateway, a, ret, e);
	if (r == 0)
		r = want_family(m, m->address6, m->gateway6, a, ret, e);
	return r < 0 ? r : want_more(m, a, ret, e);
}

static int parent_find(struct host *h, const struct res_macvlan *m, struct arena *a, struct rt_link *ret, struct err *e)
{
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	if (r == 0)
		r = inner_find(route, a, m->parent, ret, e);
	if (r == 0 && ret->index == 0)
		r = err_set(e, -ENODEV, "the network interface %.*s, on which the container is to stand, is not on this host", STR_ARG(m->parent));
	return r;
}

static int lan_make(const struct lan *l, const struct res_macvlan *m, uint32_t parent, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	_fd_ int ns = ns_open(l->h, l->id, e);

	if (ns < 0)
		return ns;
	const struct rt_macvlan v = {STR(LAN), link_mac(l->id, true), parent, mode_of(m->mode), ns};
	rt_add_macvlan(&b, l->id, &v);
	return nl_send(l->host, &b, NULL, NULL, e);
}

static int lan_delete(const struct lan *l, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};

	rt_del_link(&b, l->id, l->link.index);
	return nl_send(l->in, &b, NULL, NULL, e);
}

/* Leaves an interface that has the parent and the mode; only those two cannot be changed. */
static int lan_ready(struct lan *l, struct arena *a, const struct res_macvlan *m, struct err *e)
{
	struct rt_link parent;
	int r = parent_find(l->h, m, a, &parent, e);

	if (r < 0)
		return r;
	if (l->link.index && !l->link.macvlan)
		return err_set(e, -EEXIST, "in the network namespace %.*s there is an interface " LAN " that ctc did not make; delete it", STR_ARG(l->id));
	if (l->link.index && l->link.peer == parent.index && l->link.macvlan == mode_of(m->mode))
		return 0;
	if (l->link.index)
		r = lan_delete(l, e);
	if (r == 0)
		r = lan_make(l, m, parent.index, e);
	if (r == 0)
		r = inner_find(l->in, a, STR(LAN), &l->link, e);
	if (r == 0 && l->link.index == 0)
		r = err_set(e, -ENODEV, "the interface " LAN " has disappeared");
	return r;
}

static int lan_settle(struct host *h, const struct res_macvlan *m, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(lan_close) struct lan l;
	struct inner_want want = {0};
	int r = lan_open(h, &a, m->res.id, &l, e);

	if (r == 0)
		r = want_of(m, &a, &want, e);
	if (r == 0)
		r = lan_ready(&l, &a, m, e);
	if (r < 0)
		return r;
	const struct inner i = {l.in, l.link.index, l.id};
	return inner_settle(&i, &want, e);
}

static int lan_remove(struct host *h, struct str id, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(lan_close) struct lan l;
	int r = lan_open(h, &a, id, &l, e);

	if (r == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	return r == 0 && l.link.macvlan ? lan_delete(&l, e) : r;
}

static int macvlan_prepare(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		_arena_ struct arena a = {0};
		const struct res_macvlan *m = (const struct res_macvlan *)s.at[i].to;
		struct inner_want want = {0};
		struct rt_link parent;

		if (s.at[i].op == OP_DELETE || res_broken(s.at[i].to))
			continue;
		if (want_of(m, &a, &want, e) < 0 || (parent_find(h, m, &a, &parent, e) < 0 && e->code != -ENODEV))
			return err_resource(e, m->res.id);
		*e = (struct err){0};
	}
	return 0;
}

static bool macvlan_waits(struct host *h, const struct change *c)
{
	_arena_ struct arena a = {0};
	struct rt_link parent;
	struct err ignored;

	return c->op != OP_DELETE && !res_broken(c->to) && parent_find(h, (const struct res_macvlan *)c->to, &a, &parent, &ignored) == -ENODEV;
}

/* What stands on an interface that is not there is made when that one comes: ctstack-watch.service sees to it. */
static int settle_or_wait(struct host *h, const struct change *c, struct err *e)
{
	const struct res_macvlan *m = (const struct res_macvlan *)c->to;

	if (!macvlan_waits(h, c))
		return lan_settle(h, m, e);
	host_progress(h, "%.*s waits for the network interface %.*s, which is not on this host", STR_ARG(m->res.id), STR_ARG(m->parent));
	return 0;
}

static int macvlan_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		const struct change *c = &s.at[i];
		int r = 0;

		if (phase == PHASE_SWAP && c->op != OP_DELETE && !res_broken(c->to))
			r = settle_or_wait(h, c, e);
		else if (phase == PHASE_CLEAN && c->op == OP_DELETE)
			r = lan_remove(h, c->from->id, e);
		if (r < 0)
			return err_resource(e, change_res(c)->id);
	}
	return 0;
}

const struct kind_ops kind_macvlan = {.observe = macvlan_observe, .prepare = macvlan_prepare, .apply = macvlan_apply, .waits = macvlan_waits, .told = true};
