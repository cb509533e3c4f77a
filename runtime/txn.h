/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one primitive: converge. Apply, rollback, recovery, repair and boot are all it, with other arguments. spec/transaction.md has the steps. */
#ifndef CTC_RUNTIME_TXN_H
#define CTC_RUNTIME_TXN_H

#include "runtime/plan.h"
#include "runtime/store.h"

/* What is on the host and ours, restricted to what `known` names and what bears our mark; sealed. ret has its arena set. */
int observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e);
/* The union of two sealed manifests (b wins where both have a resource), sealed; shares their resources. */
void manifest_union(const struct manifest *a, const struct manifest *b, struct manifest *ret);

enum converge_flags {
	CONVERGE_NETWORK_ONLY = 1,	/* at boot: everything but units and images */
};

/* Makes the plan's `to` true, phase by phase, with the generation `number` as the one that units are generated from. Returns at the first error with the host
 * in between: the caller converges back. */
int converge(struct host *h, struct store *s, const struct plan *p, uint32_t number, unsigned flags, struct err *e);

/* A whole transaction, under the lock: prepare, journal, converge, commit; on any failure converge back to what was found, and say so. The generation is staged
 * already. Returns 0, or the error of the step that failed (then *ret_back is 0 where the way back was clean, else its error, appended to e->text). */
int txn_run(struct host *h, struct store *s, const struct plan *p, uint32_t from, uint32_t to, int *ret_back, struct err *e);
/* Finishes what a killed process left: converges to the committed generation where a journal is there. *ret_found says whether there was one. */
int txn_recover(struct host *h, struct store *s, bool *ret_found, struct err *e);

#endif
