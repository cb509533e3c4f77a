/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one primitive: converge. Apply, rollback, recovery, repair and boot are all it, with other arguments. spec/transaction.md has the steps. */
#ifndef CTC_RUNTIME_TXN_H
#define CTC_RUNTIME_TXN_H

#include "runtime/plan.h"
#include "runtime/store.h"

enum converge_flags {
	CONVERGE_NETWORK_ONLY = 1,	/* at boot: everything but units and images */
	CONVERGE_TOLD_ONLY = 4,		/* while a change waits (mend.h): the kinds of which the kernel tells when somebody alters them; `active` stays, and the store is not needed */
	CONVERGE_GO_ON = 2,		/* the way back, boot: do all that can be done, whatever fails or interrupts; the first error is returned */
};

/* What is on the host and ours, restricted to what `recorded` (the committed generation) and `wanted` name and what bears our mark; sealed. DECLARED kinds are
 * those of `recorded`. All three share their resources; ret has its arena set. Of the flags NETWORK_ONLY and TOLD_ONLY count: all else is not looked at. */
int observe(struct host *h, const struct manifest *recorded, const struct manifest *wanted, unsigned flags, struct manifest *ret, struct err *e);

/* Makes the plan's `to` true, phase by phase, with the generation `number` as the one that units are generated from. Returns at the first error with the host
 * in between: the caller converges back. */
int converge(struct host *h, struct store *s, const struct plan *p, uint32_t number, unsigned flags, struct err *e);

/* What of a plan is no mere residue (data and images that outlive what asked for them), nor waits for something to come to the host: true where there is any, and out gets it as a sentence's end,
 * "unit ct-x.service, link ctabc and 3 more". */
bool plan_left(struct host *h, const struct plan *p, struct buf *out);

/* Everything that can fail before the first effect, asked of each kind. Changes nothing. */
int txn_prepare(struct host *h, const struct plan *p, struct err *e);

enum txn_flags {
	TXN_PROBE = 1,	/* what is expected of the flows is asked with packets before the commit (expect.h); a way out of trouble is not held up by it */
};

enum txn_outcome {
	TXN_DONE,	/* committed */
	TXN_REFUSED,	/* before the first effect: nothing was touched */
	TXN_BACK,	/* failed, and the host is as it was found: observed, not assumed */
	TXN_STUCK,	/* failed, and so did the way back: the journal stays, `ctc recover` tries again */
};

/* A whole transaction, under the lock: prepare, journal, converge, probe, commit; on any failure converge back to what was found, and verify it. The generation `to` is
 * staged already; p leads from what was observed to its manifest. Returns 0 (TXN_DONE) or the error of the step that failed; for TXN_STUCK what went wrong on the
 * way back stands behind it in e->text. */
int txn_run(struct host *h, struct store *s, const struct plan *p, uint32_t from, uint32_t to, unsigned flags, enum txn_outcome *ret, struct err *e);

struct recovery {
	bool found;		/* there was a journal */
	bool committed;		/* it had reached its commit: `to` is what runs now, else `from` */
	uint32_t from, to;
};
/* Finishes what a killed process left, under the lock: where a journal is, converges to the committed side of it, verifies and removes the journal. */
int txn_recover(struct host *h, struct store *s, struct recovery *ret, struct err *e);

#endif
