/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the sources expect of the flows (`expect reach A -> B`, `expect deny A -> B`), asked of the network with packets before a change counts (spec/transaction.md, E1-E7). */
#ifndef CTC_RUNTIME_EXPECT_H
#define CTC_RUNTIME_EXPECT_H

#include "runtime/plan.h"
#include "runtime/probe.h"

/* One that is about stacks which the plan changes. */
struct expectation {
	const struct res_expect *x;
	size_t first, n;	/* its probes */
	const char *unasked;	/* why a part of it, or all, cannot be asked from here; NULL: all is asked */
};

struct expectations {
	VEC(struct expectation) all;
	VEC(struct probe) probes;
	size_t asked;		/* of all, those with probes */
};

/* What a change would be asked for, in the order of the manifest. Reads only the plan; what it returns lives in the arena and the plan's manifests. */
void expectations_of(struct arena *a, const struct plan *p, struct expectations *ret);
/* Asks, once the plan is done. 0 where all of it holds; else an error that says what was sent and what came back, and names the expectation as its resource. */
int expectations_ask(struct host *h, const struct plan *p, struct err *e);

#endif
