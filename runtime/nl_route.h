/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rtnetlink messages that links need (rtnetlink(7); linux/rtnetlink.h, linux/if_link.h). Requests go into a batch of nl.h; dumps come back as plain structs.
 * What a link of ours is, and what it should have, is kind_link.c's business. */
#ifndef CTC_RUNTIME_NL_ROUTE_H
#define CTC_RUNTIME_NL_ROUTE_H

#include <linux/if.h>

#include "lang/base/addr.h"
#include "lang/value.h"
#include "runtime/nl.h"

/* Marks our routes, so that the kernel filters them out of a full routing table for us, and `ip route` shows whose they are. Not assigned in iproute2's
 * rt_protos. */
enum { RT_PROTOCOL = 199 };
/* The group that links to be deleted are put into: one request deletes a whole group, with one wait for the kernel's readers instead of one (17 ms) a link. */
enum { RT_GROUP_DOOMED = 0x63740001 };

/* Whether the kernel takes it for the name of an interface (dev_valid_name), or for an alternative name of less than ALTIFNAMSIZ bytes. */
bool rt_name_fits(struct str name, size_t size);

struct rt_veth {
	struct str name;
	struct mac mac;
	int peer_ns;		/* descriptor of the namespace in which the other end appears */
	const char *peer_name;
	struct mac peer_mac;
};

struct rt_macvlan {
	struct str name;
	struct mac mac;
	uint32_t parent, mode;	/* index of the host's interface; MACVLAN_MODE_… */
	int ns;			/* descriptor of the namespace in which it appears */
};

struct rt_link {
	uint32_t index, peer;	/* peer: index of the other end, in its namespace */
	int32_t peer_nsid;	/* as this namespace numbers that one; -1: this one, or none */
	uint32_t flags, group;	/* IFF_UP … */
	char name[IFNAMSIZ];
	struct mac mac;
	bool veth;
	uint32_t macvlan;	/* MACVLAN_MODE_… of a macvlan, whose parent is `peer`; 0: it is none */
	struct strs altnames;
	bool localnet;		/* net.ipv4.conf.NAME.route_localnet */
	bool accept_ra;		/* net.ipv6.conf.NAME.accept_ra */
};

struct rt_addr {
	uint32_t index;
	struct addr addr;
	uint8_t len;
	uint32_t flags;		/* IFA_F_… */
};

struct rt_route {
	struct addr dst;	/* family is always set; any address with len 0 is the default route */
	uint8_t len;
	struct addr gateway;	/* family 0: none */
	struct addr source;	/* preferred source address; family 0: none */
	uint32_t index;		/* the interface it leads to */
	uint8_t protocol, type;
};

/* Dumps, in the arena, in the kernel's order. */
struct rt_links {
	struct arena *arena;
	VEC(struct rt_link) all;
};
struct rt_addrs {
	struct arena *arena;
	VEC(struct rt_addr) all;
};
struct rt_routes {
	struct arena *arena;
	VEC(struct rt_route) all;
	uint8_t only;	/* the family that is being asked for; 0: both */
};

/* All veth interfaces. */
int rt_get_veths(struct mnl_socket *s, struct rt_links *ret, struct err *e);
/* All addresses; index 0: of every interface. */
int rt_get_addrs(struct mnl_socket *s, uint32_t index, struct rt_addrs *ret, struct err *e);
/* Our routes (RT_PROTOCOL) of the main table, both families; index 0: to every interface. */
int rt_get_routes(struct mnl_socket *s, uint32_t index, struct rt_routes *ret, struct err *e);

/* Our routes to ::1 (rt_set_loopback6), whatever interface they lead to. */
int rt_get_loopback6(struct mnl_socket *s, struct rt_routes *ret, struct err *e);

/* One interface by name or alternative name, or by index; where there is none, nothing comes back. Replies: rt_take_link. */
void rt_ask_link(struct nl_batch *b, struct str name);
void rt_ask_index(struct nl_batch *b, uint32_t index);
int rt_take_link(const struct nlmsghdr *m, void *context, struct err *e);
/* Which route a packet to the address would take, as it stands in the table (RTM_F_FIB_MATCH); no route is no error. Replies: rt_take_route. */
void rt_ask_route(struct nl_batch *b, struct addr to);
int rt_take_route(const struct nlmsghdr *m, void *context, struct err *e);
/* How this namespace numbers the one of a descriptor: replies are int32_t (-1: not numbered) in a struct rt_ids, in the order of the requests. */
struct rt_ids {
	struct arena *arena;
	VEC(int32_t) all;
};
void rt_ask_nsid(struct nl_batch *b, int ns_fd);
int rt_take_nsid(const struct nlmsghdr *m, void *context, struct err *e);

/* Requests for changes. tolerate as in nl_end; on: add it, or else remove it. Names are checked by the caller (rt_name_fits). */
void rt_add_veth(struct nl_batch *b, struct str resource, const struct rt_veth *v);
void rt_add_macvlan(struct nl_batch *b, struct str resource, const struct rt_macvlan *v);
void rt_add_wireguard(struct nl_batch *b, struct str resource, struct str name);
/* Into the namespace of a descriptor, under another name. */
void rt_move_link(struct nl_batch *b, struct str resource, uint32_t index, int ns, struct str name);
/* What leaves with this source address goes by way of the gateway, whatever the main table says: a rule of this priority, and a table with a default route. */
void rt_set_return(struct nl_batch *b, struct str resource, struct addr source, struct addr gateway, uint32_t index, uint32_t table, uint32_t priority);
void rt_del_link(struct nl_batch *b, struct str resource, uint32_t index);
void rt_set_altname(struct nl_batch *b, struct str resource, struct str link, struct str altname, bool on);
void rt_set_up(struct nl_batch *b, struct str resource, uint32_t index);
void rt_set_addr(struct nl_batch *b, struct str resource, const struct rt_addr *a, bool on, int tolerate);
/* replace: takes the place of another route to the same prefix; otherwise such a one is an error (-EEXIST). */
void rt_set_route(struct nl_batch *b, struct str resource, const struct rt_route *r, bool on, bool replace, int tolerate);
/* The IPv6 counterpart of route_localnet: what a program of the host sends from ::1 may be translated and leave by the link, and the answer that comes back and is
 * translated to ::1 again is taken there. The kernel looks routes to loopback addresses up by interface (rt6_need_strict), so that each link needs a route of its own,
 * with a metric of its own. What comes in with ::1 in its header is dropped before that (ip6_rcv_core). */
void rt_set_loopback6(struct nl_batch *b, struct str resource, uint32_t index, bool on, int tolerate);
/* Puts the link into RT_GROUP_DOOMED; gone is no error. */
void rt_doom(struct nl_batch *b, struct str resource, uint32_t index);
/* Deletes what is doomed; nothing is no error. */
void rt_del_doomed(struct nl_batch *b);

#endif
