/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values for inputs, given from outside (spec/language.md, Inputs and outputs). */
#ifndef CTC_COMPILER_INPUTS_H
#define CTC_COMPILER_INPUTS_H

#include "lang/ast.h"

/* As they are given, and how strictly; of the caller's life. */
struct givens {
	const char *const *set;		/* "name=value"; they win over files */
	size_t nset;
	const char *const *vars;	/* paths of files with lines `name = value` */
	size_t nvars;
	const char *const *include;	/* directories whose files may be used, beside those of the files that are compiled */
	size_t ninclude;
	bool locked;			/* what the sources leave open must be in their lock, and nothing else (lock.h) */
	bool relock;			/* the lock is to be written anew: what is wrong with it is passed over */
};

/* One value. */
struct given {
	struct ident name;
	struct source *source;		/* what it stands in: the file of values, or the option's text */
	const struct ast *ast;		/* of a file of values; NULL: an option's text, whose meaning hangs on the input's type */
	const struct expr *value;	/* of a file of values */
	struct span text;		/* the value, as it is written */
	bool set;			/* by an option */
	bool used;			/* some file has such an input */
};

struct modules;

/* Reads files and options into ret->given, each name once. What is wrong with their form is said; a file that cannot be read is ret->error, too. */
void givens_read(struct sources *sources, struct diags *d, const struct givens *givens, struct modules *ret);

#endif
