/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An interface that stands in a container's namespace alone, and is all ours there: which addresses and routes it has, and making them what they shall be. Kinds whose
 * interfaces are no veth pairs stand on it. */
#ifndef CTC_RUNTIME_INNER_H
#define CTC_RUNTIME_INNER_H

#include "runtime/nl_route.h"

struct inner {
	struct mnl_socket *s;	/* in the namespace */
	uint32_t index;
	struct str id;		/* of the resource */
};

/* What it shall have. */
struct inner_want {
	VEC(struct cidr) addrs;			/* with their prefixes, to which routes lead, too */
	VEC(struct rt_route) routes;		/* index is filled in */
};

/* A socket in the namespace of this name; -ENOENT where there is no such. The caller closes it. */
int inner_enter(struct host *h, struct str netns, struct mnl_socket **ret, struct err *e);
/* The interface of this name in it; ret->index 0 where there is none. */
int inner_find(struct mnl_socket *s, struct arena *a, struct str name, struct rt_link *ret, struct err *e);

/* "192.168.0.152/24" is an address and the prefix that it lies in. */
bool inner_addr_parse(struct str text, struct cidr *ret);

struct inner_seen {
	struct rt_addrs addrs;	/* link-local ones left out */
	struct rt_routes routes; /* ours */
};
int inner_look(const struct inner *i, struct arena *a, struct inner_seen *ret, struct err *e);
bool inner_has_addr(const struct inner_seen *seen, struct cidr addr);
/* The gateway of our default route of a family; family 0 where there is none. */
struct addr inner_gateway(const struct inner_seen *seen, uint8_t family);

/* Sets it up, and gives it exactly these addresses and routes: what is there already is not touched. */
int inner_settle(const struct inner *i, const struct inner_want *want, struct err *e);

#endif
