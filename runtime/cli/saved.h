/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Saved plans on the command line: from a compilation and its plan to the file, and back to a command that does what the file says, or refuses. */
#ifndef CTC_CLI_SAVED_H
#define CTC_CLI_SAVED_H

#include "runtime/cli/change.h"
#include "runtime/cli/input.h"
#include "runtime/plan.h"
#include "runtime/saved_plan.h"

/* Writes the plan of these operands to path. 0 or a negative errno. */
int saved_write(struct session *s, const char *path, struct compilation *c, const struct input *in, char *const *files, size_t n, bool prune, const struct plan *plan,
		struct err *e);
bool saved_is_plan(const char *operand);
/* Reads path, compiles what it names and fills q, whose `saved` it becomes; c is the caller's to end. 0, or the exit status of a command that is over. */
int saved_compile(struct cli *cli, struct session *s, const char *path, struct compilation *c, struct saved_plan *saved, struct request *q);
/* Whether the plan that would be carried out is the one in the file: -ESTALE, with what differs. */
int saved_check(const struct saved_plan *saved, uint32_t current, struct str current_digest, const struct plan *plan, struct err *e);

#endif
