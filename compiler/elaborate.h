/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From trees to the model: names are resolved, templates and defaults merged, expressions evaluated, everything checked against the schema. */
#ifndef CTC_COMPILER_ELABORATE_H
#define CTC_COMPILER_ELABORATE_H

#include "compiler/inputs.h"
#include "compiler/lock.h"
#include "compiler/search.h"
#include "lang/ast.h"
#include "lang/base/map.h"
#include "lang/model.h"

struct module;

struct module_use {
	struct str alias;	/* the name that the module is seen under: `ml` for std.ml, or what `as` says */
	struct span at;
	struct module *module;	/* NULL: it could not be loaded, which was said */
};

/* A parsed file and what it can see. */
struct module {
	struct ast *ast;
	struct str name;	/* "std.ml", or the path */
	bool std;		/* part of the standard library */
	bool root;		/* named on the command line: its stacks are in scope */
	VEC(struct module_use) uses;
	size_t index;		/* in modules.all */
};

struct modules {
	struct search search;		/* where used files may stand; loading adds the directories of what is given */
	struct arena arena;		/* owns the modules and their trees; neither texts nor diagnostics nor the model point into it */
	VEC(struct module *) all;	/* dependencies first */
	VEC(struct given *) given;	/* values for inputs */
	struct map given_by_name;
	struct locks locks;
	int error;			/* of the first file that could not be read: a negative errno, or 0 */
};

/* Reads and parses the files and what they use; cycles, missing files and limits are diagnostics (load.c). */
void modules_load(struct sources *sources, struct diags *d, const char *const *paths, size_t npaths, struct modules *ret);
/* The same with the first file's text at hand. */
void modules_load_text(struct sources *sources, struct diags *d, struct str path, struct str text, struct modules *ret);
void modules_free(struct modules *m);

/* Always makes a model of what could be understood, all of it in the arena, and nothing of it in the scratch one; where diags has errors, it holds
 * what is sound, so that rules can judge it, and nothing is lowered. */
void elaborate(struct arena *scratch, struct arena *a, struct diags *d, const struct modules *modules, struct model *ret);

#endif
