/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * How much a lint matters: what the command line says of each (--deny, --warn, --allow), and what comments in the source silence (spec/tools.md). */
#ifndef CTC_LANG_LINT_H
#define CTC_LANG_LINT_H

#include "lang/ast.h"

enum lint_level { LINT_DEFAULT, LINT_ALLOW, LINT_WARN, LINT_DENY };

/* All zero: each lint has the level of its row in diag.def. */
struct lint_levels {
	enum lint_level all;		/* of those that have none of their own */
	enum lint_level of[DIAG_COUNT];
};

/* One comment `# ctc: allow NAME: REASON`, for one name. */
struct silence {
	struct span at;		/* the comment */
	struct span covers;	/* the entry or line that it speaks of; {0, 0}: none */
	enum diag_code code;
	bool judged;		/* whether it is a mistake that it silences nothing: not in a template, which may not be used */
	bool used;
};
struct silences {
	VEC(struct silence) all;
};

/* Reads the comments of a file; what looks like a silence and is none is said. judge: the file's stacks are in scope. */
void silences_collect(struct arena *a, struct diags *d, const struct ast *ast, bool judge, struct silences *ret);
/* Notes in d->idle which lints need not be looked for: they are off, nobody asks for them, and no silence waits for one. Before rules_check. */
void lints_idle(struct diags *d, const struct lint_levels *levels, const struct silences *silences);
/* Takes away what is silenced. judge: every lint was looked for, so that a silence without one is idle, which is said. */
void silences_apply(struct diags *d, struct silences *silences, bool judge);
/* Gives each lint its level; those that are allowed, or off and not asked for, are taken away. */
void lints_apply(struct diags *d, const struct lint_levels *levels);

#endif
