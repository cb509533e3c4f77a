/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host as a manifest. Each kind says what it finds; what has no effect on a host (DECLARED kinds) is taken from the record, so that a plan compares
 * declarations with declarations and effects with effects. Reads only. */
#include "runtime/kind.h"
#include "runtime/scope.h"
#include "runtime/txn.h"

#include <assert.h>

int observe(struct host *h, const struct manifest *recorded, const struct manifest *wanted, unsigned flags, struct manifest *ret, struct err *e)
{
	struct manifest known = {.arena = ret->arena};

	manifest_union(recorded, wanted, &known);
	for (size_t i = 0; i < recorded->all.n; i++)
		if (res_infos[recorded->all.at[i]->kind].class == RES_DECLARED)
			manifest_put(ret, recorded->all.at[i]);
	for (int kind = 0; kind < RES_KIND_COUNT; kind++) {
		if (!kinds[kind] || !kinds[kind]->observe || (flags & CONVERGE_NETWORK_ONLY && (kind == RES_unit || kind == RES_image)))
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
