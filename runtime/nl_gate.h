/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The gate: what keeps containers' links shut where the policy is not there (spec/policy.md, "Without the table"). It stands outside of nf_tables, so that nothing which
 * empties or removes tables can open it:
 *
 *	a program at each link's entry marks every packet from a container as unjudged; a routing rule before all others drops what is marked so; only the policy's
 *	raw_prerouting takes the mark away
 *	a program at each link's exit drops every packet to a container that is not marked as judged; only the policy's last chain, postrouting, makes that mark
 *
 * Both programs are attached once, to two shared blocks (tc-blocks; linux/rtnetlink.h, TCM_IFINDEX_MAGIC_BLOCK), of which each link's queueing discipline clsact is a
 * member. Kernel: CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF, CONFIG_BPF_SYSCALL. */
#ifndef CTC_RUNTIME_NL_GATE_H
#define CTC_RUNTIME_NL_GATE_H

#include "lang/value.h"
#include "runtime/nl.h"

/* Bits of a packet's mark; all others are other programs' and stay as they are. No packet bears one of them where other programs' rules or routing see it: the first one
 * is gone after the raw priority, the second one is made when all other chains are through, and a link ends it. */
#define GATE_UNJUDGED 0x10000000u
#define GATE_JUDGED 0x20000000u

/* Requests that make a link a member of both blocks, and that take it away (no member is no error). */
void gate_put_link(struct nl_batch *b, struct str resource, uint32_t index);
void gate_put_unlink(struct nl_batch *b, struct str resource, uint32_t index);
/* Whether this kernel takes our programs. */
int gate_check(struct err *e);
/* Puts our programs in place; a block has them as long as it has a member, so that a link must be one by now. */
int gate_arm(struct mnl_socket *route, struct err *e);

/* Which links are shut. */
struct gate_links {
	struct arena *arena;
	VEC(uint32_t) members;	/* indices of links, sorted */
	bool armed;		/* both programs are in place */
};
int gate_get_links(struct mnl_socket *route, struct gate_links *ret, struct err *e);
bool gate_holds(const struct gate_links *g, uint32_t index);

/* The routing rule of a family, AF_INET or AF_INET6. */
struct gate_rule {
	bool there;
	bool late;		/* a look-up of the table "local" stands before it, so that packets to the host itself pass */
	uint32_t spare;		/* a priority that no rule has */
};
int gate_get_rule(struct mnl_socket *route, int family, struct gate_rule *ret, struct err *e);
/* Makes it the first of all rules; the kernel's own look-up of the table "local" comes right after it and is there at every instant. */
int gate_add_rule(struct mnl_socket *route, int family, const struct gate_rule *now, struct str resource, struct err *e);
int gate_remove_rule(struct mnl_socket *route, int family, struct str resource, struct err *e);

#endif
