/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the three parts of the kind "link" share: link_observe.c sees links, link_make.c makes and mends them, kind_link.c checks and puts the work in order. */
#ifndef CTC_RUNTIME_LINK_H
#define CTC_RUNTIME_LINK_H

#include "lang/manifest.h"
#include "runtime/nl_route.h"

/* The name of the other end, in the container's namespace. */
#define LINK_PEER "eth0"

/* IPv4 first; AF 4 and 6 of struct addr. */
enum link_family { LINK_4, LINK_6, LINK_FAMILIES };

/* A res_link with its addresses read. */
struct link_want {
	const struct res_link *res;
	struct addr address[LINK_FAMILIES], gateway[LINK_FAMILIES];	/* family 0: none */
	struct addr more[MORE_ADDRESSES_MAX];				/* further addresses, each of a family that has a first one */
	size_t nmore;
};
/* -EINVAL where a field is not what the kernel can take. */
int link_read(const struct res_link *r, struct link_want *ret, struct err *e);

/* The hardware address of an end: derived from the link's name, locally administered. With the name it is the mark by which a link is known as ours; it also keeps
 * neighbours' caches right when a link is made anew, and keeps udev from giving it another one (systemd.link(5), MACAddressPolicy=). */
struct mac link_mac(struct str name, bool peer);
/* Whether the interface is one that ctc made: a veth with the hardware address of its name, or with an alternative name that begins with "ct-". */
bool link_is_ours(const struct rt_link *l);

/* kind_ops.observe */
int link_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e);

/* Makes links that do not exist. The route to a container's address is left out where another link of ours has it now: link_route comes for it later. */
int link_make(struct host *h, const struct link_want *links, size_t n, struct err *e);
/* Gives links that exist the routes to their containers' addresses, taking them from other links of ours. */
int link_route(struct host *h, const struct link_want *links, size_t n, struct err *e);
/* Turns one link that exists, with its other end in place, from what was observed into what is wanted; touches only what differs. */
int link_mend(struct host *h, const struct res_link *from, const struct link_want *to, struct err *e);
/* Deletes those of the links that exist; -EEXIST where one is not ours: that one is left alone. */
int link_delete(struct host *h, const struct str *names, size_t n, struct err *e);

/* Addresses by which IPv6 finds neighbours (RFC 4861); the kernel's own. */
static inline bool link_finds_neighbours(struct addr a)
{
	return a.family == 6 && a.b[0] == 0xfe && (a.b[1] & 0xc0) == 0x80;
}

#endif
