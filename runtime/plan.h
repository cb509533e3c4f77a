/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The difference of two manifests, as data: a merge-join of two sorted lists. A plan does nothing and knows nothing of how a change is made. */
#ifndef CTC_RUNTIME_PLAN_H
#define CTC_RUNTIME_PLAN_H

#include "lang/manifest.h"

enum change_op { OP_CREATE, OP_CHANGE, OP_DELETE };

struct change {
	enum change_op op;
	const struct res *from, *to;	/* NULL for OP_CREATE, OP_DELETE; both point into the manifests */
};

/* The changes of one kind. */
struct slice {
	const struct change *at;
	size_t n;
	const struct plan *plan;	/* all that it is a part of */
};

struct plan {
	const struct manifest *from, *to;
	VEC(struct change) changes;		/* in manifest order */
	size_t first[RES_KIND_COUNT + 1];
	size_t effects;				/* changes of EFFECT kinds: 0 means that there is nothing to do */
};

/* Both manifests sealed. The plan and what it points to live in the arena and the two manifests. */
void plan_make(struct arena *a, const struct manifest *from, const struct manifest *to, struct plan *ret);
struct slice plan_slice(const struct plan *p, enum res_kind kind);

/* Whether an observed resource was found broken (its fault says how). Nothing goes back to that: a kind leaves it to what it has become, and for the way back it is no
 * difference. */
bool res_broken(const struct res *r);

static inline const struct res *change_res(const struct change *c)
{
	return c->to ? c->to : c->from;
}

#endif
