/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The compiler's front door: files in, one sealed manifest out, and every mistake in `diags`. Reads nothing but the named files, what they `use`, and the standard
 * library that is part of the program. */
#ifndef CTC_COMPILER_COMPILE_H
#define CTC_COMPILER_COMPILE_H

#include "compiler/inputs.h"
#include "lang/diag.h"
#include "lang/lint.h"
#include "lang/manifest.h"
#include "lang/model.h"

struct compilation {
	struct givens givens;	/* the caller's */
	const struct lint_levels *levels;	/* given; NULL: each lint has its own level */
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct model model;
	struct manifest manifest;
	bool check_only;	/* no manifest is made: lowering says nothing */
	bool outline;	/* the manifest is an outline, see lower.h */
};

/* All zero before, but for what is given; compilation_end after. Returns 0, or -EINVAL where diags has errors (then there is no manifest), or the errno of a file that cannot be read
 * (also said in diags). */
int compile_files(struct compilation *c, const char *const *paths, size_t npaths);
/* The same for one text that is at hand; no lock is looked for. */
int compile_text(struct compilation *c, struct str path, struct str text);
/* The same, with the lock beside the file that the text is to be. */
int compile_text_locked(struct compilation *c, struct str path, struct str text);
void compilation_end(struct compilation *c);

#endif
