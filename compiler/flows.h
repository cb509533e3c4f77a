/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who may open connections to whom, as the source says it: one entry for each (from, to, port), each once.
 * Addresses come later (lower_nft.c). */
#ifndef CTC_COMPILER_FLOWS_H
#define CTC_COMPILER_FLOWS_H

#include "compiler/routes.h"

struct flow {
	struct flow_end from, to; /* their port members are not used */
	struct port port; /* lo 0: every declared port of a subnet's members, or every port and protocol of
			     the world or the host */
	struct span at;	  /* the arrow, or the subnet's `nat` */
	const struct m_stack *stack;   /* where it is said */
	struct str doc;		       /* why; empty: nobody said */
};

/* An arrow that opened nothing that an earlier one had not. */
struct flow_twice {
	struct span at, first;
	struct str id;
};

struct flows {
	VEC(struct flow) all; /* in source order, stack by stack */
	VEC(struct flow_twice) twice;
};

/* `allow A -> container` becomes one flow for each declared port; a route becomes one from its proxy;
 * `nat = true` becomes a flow from the subnet
 * to the world. All in the arena. */
void flows_build(struct arena *a, const struct model *model, const struct net *net, const struct routes *routes, struct flows *ret);

/* STACK.NAME, "world" or "host". */
struct str flow_end_name(const struct net *net, const struct flow_end *end);

/* "ml.jupyter -> ml.ollama:11434/tcp"; its end, "11434/tcp" or "", in *ret_port (may be NULL). */
struct str flow_id(struct arena *a, const struct net *net, const struct flow *f, struct str *ret_port);

/* "ml.jupyter", "ml.lan", "world" or "host". */
void flow_end_text(const struct flow_end *end, struct buf *out);

/* The containers that an end stands for: one, or the members of a subnet; none for the world and the host. */
struct flow_members {
	const struct net_member *const *at;
	size_t n;
	const struct net_member *one[1];
};
void flow_members(const struct net *net, const struct flow_end *end, struct flow_members *ret);

#endif
