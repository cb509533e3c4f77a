/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * rtnetlink messages: writing requests, reading answers. Lengths of attributes are checked before they are read; what is malformed is left out. */
#include "runtime/nl_route.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "lang/base/cleanup.h"

enum { LOOPBACK6_METRIC = 0x10000 };

/* AF_INET and AF_INET6 of our families. */
static uint8_t af_of(struct addr a)
{
	return a.family == 6 ? AF_INET6 : AF_INET;
}

static void put_addr(struct nlmsghdr *m, uint16_t type, struct addr a)
{
	mnl_attr_put(m, type, addr_bits(a) / 8, a.b);
}

static void put_str(struct nlmsghdr *m, uint16_t type, struct str s)
{
	char z[ALTIFNAMSIZ] = "";

	assert(s.n < sizeof z);
	memcpy(z, s.s, s.n);
	mnl_attr_put(m, type, s.n + 1, z);
}

bool rt_name_fits(struct str name, size_t size)
{
	if (name.n == 0 || name.n >= size || str_is(name, ".") || str_is(name, ".."))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.s[i] == '/' || name.s[i] == ':' || name.s[i] == '\0' || isspace((unsigned char)name.s[i]))
			return false;
	return true;
}

/* Reading. */

static bool get_addr(const struct nlattr *attr, uint8_t af, struct addr *ret)
{
	struct addr a = {.family = af == AF_INET6 ? 6 : 4};

	if (!attr || mnl_attr_get_payload_len(attr) != addr_bits(a) / 8)
		return false;
	memcpy(a.b, mnl_attr_get_payload(attr), addr_bits(a) / 8);
	*ret = a;
	return true;
}

static bool get_u32(const struct nlattr *attr, uint32_t *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof *ret)
		return false;
	memcpy(ret, mnl_attr_get_payload(attr), sizeof *ret);
	return true;
}

static struct str get_text(const struct nlattr *attr)
{
	const char *s = mnl_attr_get_payload(attr);

	return (struct str){s, strnlen(s, mnl_attr_get_payload_len(attr))};
}

static void nested(const struct nlattr *attr, const struct nlattr **ret, size_t count)
{
	nl_attrs(attr ? mnl_attr_get_payload(attr) : NULL, attr ? mnl_attr_get_payload_len(attr) : 0, ret, count);
}

/* The number at place `index` of an array of 32-bit numbers, which IFLA_INET_CONF and IFLA_INET6_CONF are. */
static bool conf_is_set(const struct nlattr *array, size_t index)
{
	int32_t value;

	if (!array || mnl_attr_get_payload_len(array) < (index + 1) * sizeof value)
		return false;
	memcpy(&value, (const char *)mnl_attr_get_payload(array) + index * sizeof value, sizeof value);
	return value != 0;
}

static void take_conf(const struct nlattr *spec, struct rt_link *l)
{
	const struct nlattr *families[AF_INET6 + 1], *inet[IFLA_INET_CONF + 1], *inet6[IFLA_INET6_CONF + 1];

	nested(spec, families, AF_INET6 + 1);
	nested(families[AF_INET], inet, IFLA_INET_CONF + 1);
	nested(families[AF_INET6], inet6, IFLA_INET6_CONF + 1);
	l->localnet = conf_is_set(inet[IFLA_INET_CONF], IPV4_DEVCONF_ROUTE_LOCALNET - 1);
	l->accept_ra = conf_is_set(inet6[IFLA_INET6_CONF], DEVCONF_ACCEPT_RA);
}

struct altnames {
	struct arena *arena;
	VEC(struct str) all;
};

static int take_altname(const struct nlattr *attr, void *context)
{
	struct altnames *names = context;

	if (mnl_attr_get_type(attr) == IFLA_ALT_IFNAME)
		vec_push(names->arena, &names->all, str_copy(names->arena, get_text(attr)));
	return MNL_CB_OK;
}

int rt_take_link(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct rt_links *links = context;
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[IFLA_ALT_IFNAME + 1], *info[IFLA_INFO_DATA + 1], *data[IFLA_MACVLAN_MODE + 1];
	struct rt_link l = {.peer_nsid = -1};
	struct altnames names = {.arena = links->arena};

	(void)e;
	if (m->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(m) < sizeof *head)
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, IFLA_ALT_IFNAME + 1);
	l.index = (uint32_t)head->ifi_index;
	l.flags = head->ifi_flags;
	if (t[IFLA_IFNAME] && get_text(t[IFLA_IFNAME]).n < sizeof l.name)
		memcpy(l.name, get_text(t[IFLA_IFNAME]).s, get_text(t[IFLA_IFNAME]).n);
	if (t[IFLA_ADDRESS] && mnl_attr_get_payload_len(t[IFLA_ADDRESS]) == sizeof l.mac.b)
		memcpy(l.mac.b, mnl_attr_get_payload(t[IFLA_ADDRESS]), sizeof l.mac.b);
	get_u32(t[IFLA_LINK], &l.peer);
	get_u32(t[IFLA_LINK_NETNSID], (uint32_t *)&l.peer_nsid);
	get_u32(t[IFLA_GROUP], &l.group);
	nested(t[IFLA_LINKINFO], info, IFLA_INFO_DATA + 1);
	l.veth = info[IFLA_INFO_KIND] && str_is(get_text(info[IFLA_INFO_KIND]), "veth");
	if (info[IFLA_INFO_KIND] && str_is(get_text(info[IFLA_INFO_KIND]), "macvlan")) {
		nested(info[IFLA_INFO_DATA], data, IFLA_MACVLAN_MODE + 1);
		get_u32(data[IFLA_MACVLAN_MODE], &l.macvlan);
	}
	take_conf(t[IFLA_AF_SPEC], &l);
	if (t[IFLA_PROP_LIST])
		mnl_attr_parse_nested(t[IFLA_PROP_LIST], take_altname, &names);
	l.altnames = (struct strs){names.all.at, names.all.n};
	vec_push(links->arena, &links->all, l);
	return 0;
}

static int take_addr(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct rt_addrs *addrs = context;
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[IFA_FLAGS + 1];
	struct rt_addr a = {0};

	(void)e;
	if (m->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(m) < sizeof *head ||
	    (head->ifa_family != AF_INET && head->ifa_family != AF_INET6))
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, IFA_FLAGS + 1);
	a.index = head->ifa_index;
	a.len = head->ifa_prefixlen;
	a.flags = head->ifa_flags;
	get_u32(t[IFA_FLAGS], &a.flags);
	/* On a point-to-point link IFA_ADDRESS is the other side's (linux/if_addr.h). */
	if (get_addr(t[IFA_LOCAL] ? t[IFA_LOCAL] : t[IFA_ADDRESS], head->ifa_family, &a.addr))
		vec_push(addrs->arena, &addrs->all, a);
	return 0;
}

int rt_take_route(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct rt_routes *routes = context;
	const struct rtmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[RTA_PREFSRC + 1];
	struct rt_route r = {0};

	(void)e;
	if (m->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(m) < sizeof *head ||
	    (head->rtm_family != AF_INET && head->rtm_family != AF_INET6) || head->rtm_flags & RTM_F_CLONED ||
	    (routes->only && routes->only != head->rtm_family))
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, RTA_PREFSRC + 1);
	r.dst.family = head->rtm_family == AF_INET6 ? 6 : 4;
	get_addr(t[RTA_DST], head->rtm_family, &r.dst);
	get_addr(t[RTA_GATEWAY], head->rtm_family, &r.gateway);
	get_addr(t[RTA_PREFSRC], head->rtm_family, &r.source);
	get_u32(t[RTA_OIF], &r.index);
	r.len = head->rtm_dst_len;
	r.protocol = head->rtm_protocol;
	r.type = head->rtm_type;
	vec_push(routes->arena, &routes->all, r);
	return 0;
}

int rt_take_nsid(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct rt_ids *ids = context;
	const struct nlattr *t[NETNSA_NSID + 1];
	int32_t id = NETNSA_NSID_NOT_ASSIGNED;

	(void)e;
	if (m->nlmsg_type != RTM_NEWNSID || mnl_nlmsg_get_payload_len(m) < NLMSG_ALIGN(sizeof(struct rtgenmsg)))
		return 0;
	const char *attrs = (const char *)mnl_nlmsg_get_payload(m) + NLMSG_ALIGN(sizeof(struct rtgenmsg));
	nl_attrs(attrs, mnl_nlmsg_get_payload_len(m) - NLMSG_ALIGN(sizeof(struct rtgenmsg)), t, NETNSA_NSID + 1);
	get_u32(t[NETNSA_NSID], (uint32_t *)&id);
	vec_push(ids->arena, &ids->all, id);
	return 0;
}

static void forget_links(void *context)
{
	((struct rt_links *)context)->all.n = 0;
}

static void forget_addrs(void *context)
{
	((struct rt_addrs *)context)->all.n = 0;
}

int rt_get_veths(struct mnl_socket *s, struct rt_links *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct ifinfomsg *head = nl_begin(&b, RTM_GETLINK, 0, sizeof *head);
	struct nlattr *info = mnl_attr_nest_start(b.open, IFLA_LINKINFO);

	mnl_attr_put_strz(b.open, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(b.open, info);
	mnl_attr_put_u32(b.open, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_end(&b, 0, STR(""), "list the network interfaces");
	int r = nl_dump(s, &b, rt_take_link, forget_links, ret, e);
	if (r == -EOPNOTSUPP) /* no veth was ever made, so that its module is not loaded: the kernel does not know the kind */
		r = 0;
	return r;
}

int rt_get_addrs(struct mnl_socket *s, uint32_t index, struct rt_addrs *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct ifaddrmsg *head = nl_begin(&b, RTM_GETADDR, 0, sizeof *head);

	head->ifa_index = index;
	nl_end(&b, 0, STR(""), "list the addresses of the network interfaces");
	return nl_dump(s, &b, take_addr, forget_addrs, ret, e);
}

/* Both families go into one list, so that a repeated dump of the second must keep what the first has brought. */
struct half {
	struct rt_routes *routes;
	size_t keep;
};

static int take_half(const struct nlmsghdr *m, void *context, struct err *e)
{
	return rt_take_route(m, ((struct half *)context)->routes, e);
}

static void forget_half(void *context)
{
	struct half *half = context;

	half->routes->all.n = half->keep;
}

int rt_get_loopback6(struct mnl_socket *s, struct rt_routes *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct half half = {ret, ret->all.n};
	struct rtmsg *head = nl_begin(&b, RTM_GETROUTE, 0, sizeof *head);

	head->rtm_family = AF_INET6;
	head->rtm_table = RT_TABLE_LOCAL;
	head->rtm_protocol = RT_PROTOCOL;
	mnl_attr_put_u32(b.open, RTA_TABLE, RT_TABLE_LOCAL);
	nl_end(&b, 0, STR(""), "list the local IPv6 routes");
	ret->only = AF_INET6;
	int r = nl_dump(s, &b, take_half, forget_half, &half, e);
	ret->only = 0;
	return r == -ENOENT ? 0 : r; /* no such table yet */
}

int rt_get_routes(struct mnl_socket *s, uint32_t index, struct rt_routes *ret, struct err *e)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2; i++) {
		_cleanup_(nl_batch_free) struct nl_batch b = {0};
		struct half half = {ret, ret->all.n};
		struct rtmsg *head = nl_begin(&b, RTM_GETROUTE, 0, sizeof *head);

		head->rtm_family = families[i];
		head->rtm_table = RT_TABLE_MAIN;
		head->rtm_protocol = RT_PROTOCOL;
		mnl_attr_put_u32(b.open, RTA_TABLE, RT_TABLE_MAIN);
		if (index)
			mnl_attr_put_u32(b.open, RTA_OIF, index);
		nl_end(&b, 0, STR(""), "list the IPv%d routes", i ? 6 : 4);
		/* A kernel without IPv6 answers for every family that it has. */
		ret->only = families[i];
		int r = nl_dump(s, &b, take_half, forget_half, &half, e);
		ret->only = 0;
		if (r < 0 && r != -ENOENT) /* no such table yet */
			return r;
	}
	return 0;
}

/* Asking. */

static void ask(struct nl_batch *b, uint32_t index, struct str name)
{
	struct ifinfomsg *head = nl_begin(b, RTM_GETLINK, 0, sizeof *head);

	head->ifi_index = (int)index;
	if (!index)
		put_str(b->open, name.n < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME, name);
	mnl_attr_put_u32(b->open, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nl_end(b, -ENODEV, name, "look at the interface %.*s", STR_ARG(name));
}

void rt_ask_link(struct nl_batch *b, struct str name)
{
	ask(b, 0, name);
}

void rt_ask_index(struct nl_batch *b, uint32_t index)
{
	ask(b, index, STR(""));
}

void rt_ask_route(struct nl_batch *b, struct addr to)
{
	struct rtmsg *head = nl_begin(b, RTM_GETROUTE, 0, sizeof *head);

	head->rtm_family = af_of(to);
	head->rtm_dst_len = (uint8_t)addr_bits(to);
	head->rtm_flags = RTM_F_FIB_MATCH;
	put_addr(b->open, RTA_DST, to);
	nl_end(b, NL_ANY, STR(""), "look up a route");
}

void rt_ask_nsid(struct nl_batch *b, int ns_fd)
{
	nl_begin(b, RTM_GETNSID, 0, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(b->open, NETNSA_FD, (uint32_t)ns_fd);
	nl_end(b, 0, STR(""), "ask for the number of a network namespace");
}

/* Changing. */

void rt_add_veth(struct nl_batch *b, struct str resource, const struct rt_veth *v)
{
	nl_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	struct nlmsghdr *m = b->open;

	put_str(m, IFLA_IFNAME, v->name);
	mnl_attr_put(m, IFLA_ADDRESS, sizeof v->mac.b, v->mac.b);
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "veth");
	struct nlattr *data = mnl_attr_nest_start(m, IFLA_INFO_DATA), *peer = mnl_attr_nest_start(m, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(m, sizeof(struct ifinfomsg));
	put_str(m, IFLA_IFNAME, str_of(v->peer_name));
	mnl_attr_put(m, IFLA_ADDRESS, sizeof v->peer_mac.b, v->peer_mac.b);
	mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t)v->peer_ns);
	mnl_attr_nest_end(m, peer);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	nl_end(b, 0, resource, "make the link %.*s", STR_ARG(v->name));
}

void rt_add_macvlan(struct nl_batch *b, struct str resource, const struct rt_macvlan *v)
{
	nl_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	struct nlmsghdr *m = b->open;

	put_str(m, IFLA_IFNAME, v->name);
	mnl_attr_put(m, IFLA_ADDRESS, sizeof v->mac.b, v->mac.b);
	mnl_attr_put_u32(m, IFLA_LINK, v->parent);
	mnl_attr_put_u32(m, IFLA_NET_NS_FD, (uint32_t)v->ns);
	struct nlattr *info = mnl_attr_nest_start(m, IFLA_LINKINFO);
	mnl_attr_put_strz(m, IFLA_INFO_KIND, "macvlan");
	struct nlattr *data = mnl_attr_nest_start(m, IFLA_INFO_DATA);
	mnl_attr_put_u32(m, IFLA_MACVLAN_MODE, v->mode);
	mnl_attr_nest_end(m, data);
	mnl_attr_nest_end(m, info);
	nl_end(b, 0, resource, "make the interface %.*s of %.*s", STR_ARG(v->name), STR_ARG(resource));
}

void rt_add_wireguard(struct nl_batch *b, struct str resource, struct str name)
{
	nl_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	put_str(b->open, IFLA_IFNAME, name);
	struct nlattr *info = mnl_attr_nest_start(b->open, IFLA_LINKINFO);
	mnl_attr_put_strz(b->open, IFLA_INFO_KIND, "wireguard");
	mnl_attr_nest_end(b->open, info);
	nl_end(b, 0, resource, "make the tunnel of %.*s", STR_ARG(resource));
}

void rt_move_link(struct nl_batch *b, struct str resource, uint32_t index, int ns, struct str name)
{
	struct ifinfomsg *head = nl_begin(b, RTM_SETLINK, 0, sizeof *head);

	head->ifi_index = (int)index;
	put_str(b->open, IFLA_IFNAME, name);
	mnl_attr_put_u32(b->open, IFLA_NET_NS_FD, (uint32_t)ns);
	nl_end(b, 0, resource, "move the interface %.*s into the network namespace %.*s", STR_ARG(name), STR_ARG(resource));
}

void rt_set_return(struct nl_batch *b, struct str resource, struct addr source, struct addr gateway, uint32_t index, uint32_t table, uint32_t priority)
{
	struct rtmsg *route = nl_begin(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *route);

	route->rtm_family = af_of(gateway);
	route->rtm_protocol = RT_PROTOCOL;
	route->rtm_type = RTN_UNICAST;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	put_addr(b->open, RTA_GATEWAY, gateway);
	mnl_attr_put_u32(b->open, RTA_OIF, index);
	mnl_attr_put_u32(b->open, RTA_TABLE, table);
	nl_end(b, 0, resource, "add the way back of %.*s", STR_ARG(resource));
	struct fib_rule_hdr *rule = nl_begin(b, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, sizeof *rule);

	rule->family = af_of(source);
	rule->src_len = (uint8_t)addr_bits(source);
	rule->action = FR_ACT_TO_TBL;
	mnl_attr_put_u32(b->open, FRA_PRIORITY, priority);
	put_addr(b->open, FRA_SRC, source);
	mnl_attr_put_u32(b->open, FRA_TABLE, table);
	nl_end(b, -EEXIST, resource, "add the rule for the way back of %.*s", STR_ARG(resource));
}

void rt_del_link(struct nl_batch *b, struct str resource, uint32_t index)
{
	struct ifinfomsg *head = nl_begin(b, RTM_DELLINK, 0, sizeof *head);

	head->ifi_index = (int)index;
	nl_end(b, -ENODEV, resource, "delete an interface of %.*s", STR_ARG(resource));
}

void rt_set_altname(struct nl_batch *b, struct str resource, struct str link, struct str altname, bool on)
{
	nl_begin(b, on ? RTM_NEWLINKPROP : RTM_DELLINKPROP, on ? NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND : 0, sizeof(struct ifinfomsg));
	put_str(b->open, IFLA_IFNAME, link);
	struct nlattr *list = mnl_attr_nest_start(b->open, IFLA_PROP_LIST);
	put_str(b->open, IFLA_ALT_IFNAME, altname);
	mnl_attr_nest_end(b->open, list);
	nl_end(b, 0, resource, "%s the alternative name %.*s %s the link %.*s", on ? "give" : "take", STR_ARG(altname), on ? "to" : "from",
	       STR_ARG(link));
}

void rt_set_up(struct nl_batch *b, struct str resource, uint32_t index)
{
	struct ifinfomsg *head = nl_begin(b, RTM_SETLINK, 0, sizeof *head);

	head->ifi_index = (int)index;
	head->ifi_flags = head->ifi_change = IFF_UP;
	nl_end(b, 0, resource, "set the link of %.*s up", STR_ARG(resource));
}

void rt_set_addr(struct nl_batch *b, struct str resource, const struct rt_addr *a, bool on, int tolerate)
{
	char text[ADDR_TEXT_MAX];
	struct ifaddrmsg *head = nl_begin(b, on ? RTM_NEWADDR : RTM_DELADDR, on ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *head);

	head->ifa_family = af_of(a->addr);
	head->ifa_prefixlen = a->len;
	head->ifa_index = a->index;
	put_addr(b->open, IFA_LOCAL, a->addr);
	put_addr(b->open, IFA_ADDRESS, a->addr);
	if (on && a->flags)
		mnl_attr_put_u32(b->open, IFA_FLAGS, a->flags);
	nl_end(b, tolerate, resource, "%s the address %s/%u %s the link of %.*s", on ? "add" : "remove", addr_text(a->addr, text), a->len,
	       on ? "to" : "from", STR_ARG(resource));
}

void rt_set_route(struct nl_batch *b, struct str resource, const struct rt_route *r, bool on, bool replace, int tolerate)
{
	char text[ADDR_TEXT_MAX];
	struct rtmsg *head = nl_begin(b, on ? RTM_NEWROUTE : RTM_DELROUTE, !on ? 0 : NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL),
				      sizeof *head);

	head->rtm_family = af_of(r->dst);
	head->rtm_dst_len = r->len;
	head->rtm_table = RT_TABLE_MAIN;
	head->rtm_protocol = RT_PROTOCOL;
	head->rtm_type = RTN_UNICAST;
	/* IPv6 routes have no scope; an IPv4 route without a gateway leads to a neighbour. */
	head->rtm_scope = r->dst.family == 4 && !r->gateway.family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (r->len)
		put_addr(b->open, RTA_DST, r->dst);
	if (r->gateway.family)
		put_addr(b->open, RTA_GATEWAY, r->gateway);
	if (r->source.family)
		put_addr(b->open, RTA_PREFSRC, r->source);
	mnl_attr_put_u32(b->open, RTA_OIF, r->index);
	nl_end(b, tolerate, resource, "%s the route to %s/%u through the link of %.*s", on ? "add" : "remove", addr_text(r->dst, text), r->len,
	       STR_ARG(resource));
}

void rt_set_loopback6(struct nl_batch *b, struct str resource, uint32_t index, bool on, int tolerate)
{
	struct rtmsg *head = nl_begin(b, on ? RTM_NEWROUTE : RTM_DELROUTE, on ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *head);

	head->rtm_family = AF_INET6;
	head->rtm_dst_len = 128;
	head->rtm_table = RT_TABLE_LOCAL;
	head->rtm_protocol = RT_PROTOCOL;
	head->rtm_type = RTN_LOCAL;
	put_addr(b->open, RTA_DST, (struct addr){.family = 6, .b = {[15] = 1}});
	mnl_attr_put_u32(b->open, RTA_OIF, index);
	/* Worse than the one of lo, which has 0. Whatever it is, it goes. */
	if (on)
		mnl_attr_put_u32(b->open, RTA_PRIORITY, LOOPBACK6_METRIC + index);
	nl_end(b, tolerate, resource, "%s the route to ::1 on the link of %.*s", on ? "add" : "remove", STR_ARG(resource));
}

void rt_doom(struct nl_batch *b, struct str resource, uint32_t index)
{
	struct ifinfomsg *head = nl_begin(b, RTM_SETLINK, 0, sizeof *head);

	head->ifi_index = (int)index;
	mnl_attr_put_u32(b->open, IFLA_GROUP, RT_GROUP_DOOMED);
	nl_end(b, -ENODEV, resource, "delete the link %.*s", STR_ARG(resource));
}

void rt_del_doomed(struct nl_batch *b)
{
	nl_begin(b, RTM_DELLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(b->open, IFLA_GROUP, RT_GROUP_DOOMED);
	nl_end(b, -ENODEV, STR(""), "delete links");
}
