/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The compiler as a list. Each step reads what the one before it made, and is taken only where there is something whole to read. */
#include "compiler/compile.h"

#include <errno.h>

#include "compiler/elaborate.h"
#include "compiler/lower.h"
#include "compiler/rules.h"
#include "lang/base/cleanup.h"

/* What the elaborator makes of a byte of source, about. */
enum { NODE_BYTES = 4 };

static void begin(struct compilation *c, struct modules *modules)
{
	for (size_t i = 0; i < c->givens.ninclude; i++)
		search_add(&modules->arena, &modules->search, str_of(c->givens.include[i]));
	c->sources.arena = &c->arena;
	c->diags.arena = &c->arena;
	c->diags.sources = &c->sources;
	c->manifest.arena = &c->arena;
}

/* Whether every file can be read as it was meant: after a brace too many or too few, nothing that is found is worth saying. */
static bool balanced(const struct modules *modules)
{
	for (size_t i = 0; i < modules->all.n; i++)
		if (modules->all.at[i]->ast->unbalanced)
			return false;
	return true;
}

/* The network and the flows are resolved once, so that rules and lowering mean the same. Where something is wrong already, the rules judge what is sound. */
static void check_and_lower(struct arena *scratch, struct compilation *c)
{
	bool part = c->diags.errors;
	struct net net;
	struct routes routes = {0};
	struct flows flows = {0};

	net_build(scratch, &c->arena, &c->model, &net);
	routes_build(scratch, &c->arena, &c->model, &net, &routes);
	flows_build(scratch, &c->model, &net, &routes, &flows);
	rules_check(scratch, &c->diags, &c->model, &net, &routes, &flows, part);
	if (!c->diags.errors && !c->check_only)
		lower(scratch, &c->model, &net, &routes, &flows, &c->sources, c->outline, &c->manifest);
}

/* Whether there is anything that rules could be about. */
static bool any_stack(const struct modules *modules)
{
	for (size_t i = 0; i < modules->all.n; i++)
		for (const struct entry *e = modules->all.at[i]->ast->entries.first; e; e = e->next)
			if (e->kind == EN_BLOCK)
				return true;
	return false;
}

/* Ends the modules: what is said of them and made of them stands alone. */
static int compile(struct compilation *c, struct modules *modules)
{
	_arena_ struct arena scratch = {0};
	struct silences silences = {0};
	int error = modules->error;

	for (size_t i = 0; i < modules->all.n; i++)
		silences_collect(&c->arena, &c->diags, modules->all.at[i]->ast, modules->all.at[i]->root, &silences);
	arena_expect(&scratch, (size_t)NODE_BYTES * c->sources.end);
	if (balanced(modules))
		elaborate(&scratch, &c->arena, &c->diags, modules, &c->model);
	locks_pin(&c->arena, modules, &c->model);
	locks_resolve(&c->arena, c->givens.relock ? NULL : &c->diags, modules, &c->model);
	if (!c->diags.errors && !c->givens.relock)
		locks_compare(&c->diags, modules, &c->model);
	if (c->givens.locked && !c->diags.errors)
		locks_check(&c->diags, modules, &c->model);
	c->diags.partly = c->diags.errors && any_stack(modules);
	modules_free(modules);
	arena_reset(&scratch);
	lints_idle(&c->diags, c->levels, &silences);
	check_and_lower(&scratch, c);
	silences_apply(&c->diags, &silences, !c->diags.errors); /* where there are errors, lints may not have been looked at */
	lints_apply(&c->diags, c->levels);
	if (error)
		return error;
	return c->diags.errors ? -EINVAL : 0;
}

int compile_files(struct compilation *c, const char *const *paths, size_t npaths)
{
	struct modules modules = {0};

	begin(c, &modules);
	givens_read(&c->sources, &c->diags, &c->givens, &modules);
	modules_load(&c->sources, &c->diags, paths, npaths, &modules);
	locks_read(&c->sources, &c->diags, c->givens.relock, &modules);
	return compile(c, &modules);
}

static int compile_one(struct compilation *c, struct str path, struct str text, bool lock)
{
	struct modules modules = {0};

	begin(c, &modules);
	givens_read(&c->sources, &c->diags, &c->givens, &modules);
	modules_load_text(&c->sources, &c->diags, path, text, &modules);
	if (lock)
		locks_read(&c->sources, &c->diags, c->givens.relock, &modules);
	return compile(c, &modules);
}

int compile_text(struct compilation *c, struct str path, struct str text)
{
	return compile_one(c, path, text, false);
}

int compile_text_locked(struct compilation *c, struct str path, struct str text)
{
	return compile_one(c, path, text, true);
}

void compilation_end(struct compilation *c)
{
	arena_free(&c->arena);
	*c = (struct compilation){0};
}
