/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host as a manifest. Each kind says what it finds; what has no effect on a host (DECLARED kinds) is taken from the record, so that a plan compares
 * declarations with declarations and effects with effects. Reads only. */
#include "runtime/kind.h"
#include "runtime/scope.h"
#include "runtime/txn.h"

#include <assert.h>

/* Whether people have started a unit that runs, as they may one that waits for them: the record says so. Where by the record it waits and was not found to run, the other side counts: what that one
 * starts by itself it has started. */
static void who_starts(const struct manifest *recorded, struct manifest *known)
{
	for (size_t i = 0; i < known->all.n; i++) {
		const struct res *r = known->all.at[i];
		const struct res_unit *u = r->kind == RES_unit ? (const struct res_unit *)manifest_find(recorded, RES_unit, r->id) : NULL;

		if (u && (u->active || u->wanted_by.n || u->runs))
			known->all.at[i] = (struct res *)&u->res;
	}
}

int observe(struct host *h, const struct manifest *recorded, const struct manifest *wanted, unsigned flags, struct manifest *ret, struct err *e)
{
	struct manifest known = {.arena = ret->arena};

	manifest_union(recorded, wanted, &known);
	who_starts(recorded, &known);
	for (size_t i = 0; i < recorded->all.n; i++)
		if (res_infos[recorded->all.at[i]->kind].class == RES_DECLARED)
			manifest_put(ret, recorded->all.at[i]);
	for (int kind = 0; kind < RES_KIND_COUNT; kind++) {
		if (!kinds[kind] || !kinds[kind]->observe || (flags & CONVERGE_NETWORK_ONLY && (kind == RES_unit || kind == RES_image)) ||
		    (flags & CONVERGE_TOLD_ONLY && !kinds[kind]->told))
			continue;
		int r = kinds[kind]->observe(h, &known, ret, e);
		if (r < 0)
			return r;
	}
	const struct res *twice = manifest_seal(ret);
	assert(!twice); /* a kind that reports a thing twice is our mistake */
	(void)twice;
	return 0;
}
