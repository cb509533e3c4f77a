/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who reaches whom, as the declared resources of a manifest say it: containers, subnets, flows and published ports. What a packet finds must be the same; the rules are those of
 * spec/policy.md (P10, P11, P13). Reads a sealed manifest, and keeps nothing. */
#ifndef CTC_LANG_REACH_H
#define CTC_LANG_REACH_H

#include "lang/manifest.h"

enum reach_kind { REACH_WORLD, REACH_HOST, REACH_CONTAINER };
struct reach_end {
	enum reach_kind kind;
	const struct res_container *container;
};

/* "world", "host" or STACK.CONTAINER; a container on the host's network is the host. False where there is no such. */
bool reach_end_find(const struct manifest *m, struct str name, struct reach_end *ret);

enum reach_verdict {
	REACH_DENIED,	/* nothing allows it */
	REACH_ALLOWED,	/* `by` does */
	REACH_ALWAYS,	/* no policy stands between: one namespace; the host and whoever it asks; the world and the host */
	REACH_FAMILY,	/* there is no family that both have */
	REACH_OUTSIDE,	/* a container in a macvlan: its packets do not pass the host */
};
struct reach {
	enum reach_verdict verdict;
	const struct res_flow *by;
};

/* Whether `from` may open a connection to one port of `to` by to's own address. family: 4, 6 or 0 for either; port.lo == port.hi, with its protocol. Linear in the flows. */
struct reach reach_direct(const struct manifest *m, struct reach_end from, struct reach_end to, uint8_t family, struct port port);

/* Whether `from` may use a published port, in this family (0: either), by an address of the host that it is published on. */
bool reach_published(const struct manifest *m, struct reach_end from, const struct res_publish *p, uint8_t family);

/* The container in whose namespace one is: the one that it joins, or itself. */
const struct res_container *reach_home(const struct manifest *m, const struct res_container *c);
/* Whether it is in the subnet, by its address. */
bool reach_in_subnet(const struct res_container *c, const struct res_subnet *s);

#endif
