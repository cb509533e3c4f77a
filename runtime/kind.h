/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the runtime knows of each kind of resource: how to see it, and how to make a slice of a plan true. One kind_*.c a kind, one table (kinds.c).
 * There is no undo: going back is the same calls with a plan made the other way round. */
#ifndef CTC_RUNTIME_KIND_H
#define CTC_RUNTIME_KIND_H

#include "runtime/host.h"
#include "runtime/plan.h"

/* The phases of a transaction, in order (spec/transaction.md). txn.c has the table of which kind acts in which. */
enum phase {
	PHASE_ADD,	/* additions that nobody sees yet: directories, files, namespaces, links */
	PHASE_STOP,	/* processes that are removed or must restart */
	PHASE_SWAP,	/* the policy, and links whose addresses changed */
	PHASE_START,	/* processes that are new or changed; waits until they are ready */
	PHASE_CLEAN,	/* what nobody uses any more, in reverse order of creation */
};

struct kind_ops {
	/* Adds to ret (not sealed) what there is on the host of this kind and is ours: what bears our mark, and what `known` (the union of the recorded and
	 * the wanted manifest, sealed) names. A thing that does not exist is simply not added. Read-only. */
	int (*observe)(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e);
	/* Everything that can fail before the first effect: objects in the way, missing programs, a dry run in the kernel. May be NULL. Read-only. */
	int (*prepare)(struct host *h, struct slice s, struct err *e);
	/* Makes the slice's part of this phase true. Idempotent. On an error names the resource (err_resource) and stops; the caller converges back. */
	int (*apply)(struct host *h, enum phase phase, struct slice s, struct err *e);
	/* Whether nobody can make the change before something comes to the host, as an interface that another one stands on. A source that asks for one anew is refused
	 * (bind_check); what was there before is left out by apply, and all else is made. NULL: never. Read-only. */
	bool (*waits)(struct host *h, const struct change *c);
	bool told;	/* the kernel tells when somebody else alters one (nl_watch.h) */
};

/* NULL for kinds without effect. */
extern const struct kind_ops *const kinds[RES_KIND_COUNT];

extern const struct kind_ops kind_image, kind_sysctl, kind_gate, kind_directory, kind_file, kind_netns, kind_link, kind_macvlan, kind_nft, kind_unit, kind_proxy;

static inline bool change_waits(struct host *h, const struct change *c)
{
	const struct kind_ops *k = kinds[change_res(c)->kind];

	return k && k->waits && k->waits(h, c);
}

#endif
