/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The merge-join of plan.h: both manifests are sorted by kind and id, so that one walk over the two finds every difference, in order. */
#include "runtime/plan.h"

#include <assert.h>

static void plan_add(struct arena *a, struct plan *p, enum change_op op, const struct res *from, const struct res *to)
{
	const struct change c = {op, from, to};

	vec_push(a, &p->changes, c);
	p->effects += res_infos[change_res(&c)->kind].class == RES_EFFECT;
}

/* Whether it waits for people, ran or had finished as they had started it when the host was looked at, and does not now: only what was found says so, which is where the way back leads to. */
static bool went_down(const struct res *from, const struct res *to)
{
	const struct res_unit *is = (const struct res_unit *)from, *was = (const struct res_unit *)to;

	return to->kind == RES_unit && (was->runs || was->finished) && !is->active && !is->runs && !is->finished;
}

void plan_make(struct arena *a, const struct manifest *from, const struct manifest *to, struct plan *ret)
{
	struct plan p = {.from = from, .to = to};
	size_t i = 0, k = 0, at = 0;

	if (!from->all.n) { /* everything is new: room for it at once */
		p.changes.at = arena_array(a, to->all.n, sizeof *p.changes.at);
		p.changes.cap = to->all.n;
	}
	while (i < from->all.n || k < to->all.n) {
		const struct res *x = i < from->all.n ? from->all.at[i] : NULL, *y = k < to->all.n ? to->all.at[k] : NULL;
		int order = !x ? 1 : !y ? -1 : res_cmp(x, y);

		if (order < 0)
			plan_add(a, &p, OP_DELETE, x, NULL);
		else if (order > 0)
			plan_add(a, &p, OP_CREATE, NULL, y);
		else if (!res_same(x, y) || went_down(x, y))
			plan_add(a, &p, OP_CHANGE, x, y);
		i += order <= 0;
		k += order >= 0;
	}
	for (int kind = 0; kind <= RES_KIND_COUNT; kind++) {
		while (at < p.changes.n && (int)change_res(&p.changes.at[at])->kind < kind)
			at++;
		p.first[kind] = at;
	}
	*ret = p;
}

struct slice plan_slice(const struct plan *p, enum res_kind kind)
{
	assert(kind < RES_KIND_COUNT);
	/* An empty plan has no array to point into. */
	return (struct slice){p->changes.n ? p->changes.at + p->first[kind] : NULL, p->first[kind + 1] - p->first[kind], p};
}

bool res_broken(const struct res *r)
{
	switch (r->kind) {
	case RES_gate:
		return ((const struct res_gate *)r)->fault.n > 0;
	case RES_netns:
		return ((const struct res_netns *)r)->fault.n > 0;
	case RES_link:
		return ((const struct res_link *)r)->fault.n > 0;
	case RES_macvlan:
		return ((const struct res_macvlan *)r)->fault.n > 0;
	case RES_unit:
		return ((const struct res_unit *)r)->fault.n > 0;
	default:
		return false;
	}
}
