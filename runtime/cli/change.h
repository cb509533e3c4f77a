/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one way in which a command changes a host: lock, recover, scope, plan, ask, stage, transaction, report (spec/transaction.md, Steps of a change). apply, destroy
 * and rollback differ in what they want, not in how it is done. */
#ifndef CTC_CLI_CHANGE_H
#define CTC_CLI_CHANGE_H

#include "runtime/cli/report.h"
#include "runtime/cli/session.h"
#include "runtime/view.h"

struct saved_plan;

struct request {
	const char *action;		/* "apply", "destroy", "rollback": for the history */
	struct str command;		/* as it was typed */
	const struct manifest *compiled;	/* the given stacks, sealed; NULL for a rollback and a repair */
	bool prune;
	struct str also;		/* the stack to destroy, or "" */
	bool has_target;		/* rollback to `target`, else to the base of the current generation */
	uint32_t target;
	bool repair;			/* the current generation again */
	bool yes;			/* do not ask */
	bool expired;			/* the change that waits to be confirmed has waited long enough: back to its base, if so */
	bool dry_run;			/* everything but the change: nothing is written */
	const struct saved_plan *saved;	/* the plan that was agreed to, of which this must be one; NULL: none */
	int64_t confirm_us;		/* the change goes back unless it is confirmed within this; 0: it stays */
	struct texts texts;		/* the sources */
	struct view_outputs outputs;	/* theirs */
};

/* Returns the exit status. */
int change_run(struct cli *c, const struct request *q);
/* What every change does first, and nothing else: settles one that was cut off, or was not confirmed in time. */
int change_recover(struct cli *c);

#endif
