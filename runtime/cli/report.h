/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Telling a person what went wrong and where: the source line that asked for the resource, with a caret, on standard error. */
#ifndef CTC_CLI_REPORT_H
#define CTC_CLI_REPORT_H

#include "lang/manifest.h"
#include "runtime/cli/cli.h"
#include "runtime/scope.h"
#include "runtime/store.h"

/* The texts that places lead into: what was compiled, or what a generation kept. */
struct texts {
	const struct source_file *at;
	size_t n;
};

/* "error: …", its further lines (a unit's log), then below it the line that the error's resource comes from, looked up in m (may be NULL). t may be NULL. */
void report_error(struct cli *c, const struct texts *t, const struct manifest *m, const struct err *e);
/* Each with both of its places: one in what is given, one in what stays. */
void report_conflicts(struct cli *c, const struct texts *given, const struct texts *stays, const struct scope *scope);
/* "warning: …" on standard error, one for each line. */
void report_warnings(struct cli *c, struct str lines);

#endif
