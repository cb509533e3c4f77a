/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the lowering say to each other. One function a kind of resource; each adds to the
 * manifest and reads nothing that another one added. */
#ifndef CTC_COMPILER_LOWER_IMPL_H
#define CTC_COMPILER_LOWER_IMPL_H

#include "compiler/flows.h"
#include "compiler/names.h"
#include "compiler/net.h"
#include "lang/base/map.h"
#include "lang/manifest.h"

struct lowering {
	struct arena *arena;   /* the manifest's */
	struct arena *scratch; /* what is not needed any more when lowering ends */
	const struct model *model;
	const struct net *net;
	const struct routes *routes;
	const struct flows *flows;
	struct sources *sources;
	struct manifest *out;
	struct buf text; /* room for a text while it is made */
};

void lower_declared(struct lowering *l); /* stack, subnet, container, flow, publish */
void lower_images(struct lowering *l);	 /* image */
void lower_files(struct lowering *l);	 /* directory, file */
void lower_hooks(struct lowering *l);	 /* file */
void lower_forwarding(struct lowering *l); /* sysctl, gate */
void lower_links(struct lowering *l);	 /* netns, link, macvlan */
void lower_wireguard(struct lowering *l); /* file and unit of tunnels */
void lower_nft(struct lowering *l);	 /* nft */
void lower_stack_units(struct lowering *l); /* unit: of the host and of stacks */
void lower_container_units(struct lowering *l); /* unit */
void lower_metrics(struct lowering *l);	 /* file */
void lower_proxies(struct lowering *l);	 /* route, proxy */

/* What lowering makes something of: stacks that are given, not those that are only used. */
#define lower_each_stack(s, l)                                                                               \
	vec_each(struct m_stack *const, s, &(l)->model->stacks)                                              \
		if (!(*s)->head.outside)
#define lower_each_member(m, l)                                                                              \
	for (const struct net_member *m = (l)->net->members; m < (l)->net->members + (l)->net->nmembers;     \
	     m++)                                                                                            \
		if (!m->outside)

/* The secrets that a container is given, as files and as environment, sorted by name, each once (lower_secret.c). */
struct secrets {
	const struct m_secret **at;
	size_t n;
};
struct secrets container_secrets_given(struct arena *a, const struct m_container *c);
/* The file of the host that it comes from; empty where its encrypted bytes stand in the source. */
struct str secret_path(const struct m_secret *s);

#define HOOKS_DIR "/run/ctstack/hooks"
/* Whether there is something of the host that it may only read, and podman has to be helped with that (lower_hooks.c). */
bool reads_only(const struct m_container *c);

/* Every effective field of a container that res_container has no member for, as sorted texts
 * "limits.memory=16GiB". */
struct strs container_fields(struct lowering *l, const struct m_container *c);

/* A member's further addresses as a manifest has them, sorted; prefixed: with the prefix of its macvlan (lower_net.c). */
struct strs lower_more(struct lowering *l, const struct net_member *m, bool prefixed);

/* Who asked for a resource: the stack (NULL: the host as a whole), the container that it serves
 * (STACK.CONTAINER, or empty), the place. */
static inline void res_mark(struct res *r, const struct m_stack *stack, struct str owner, struct str origin)
{
	r->stack = stack ? stack->head.name : STR("");
	r->owner = owner;
	r->origin = origin;
}

#endif
