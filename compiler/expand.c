/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Entries that must be evaluated before it is known what they make: if, for, and blocks with computed names. What they make goes where they stand. */
#include "compiler/elab.h"

static void expand_if(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct val v = condition_outside(el, e->value, f->scope);
	struct fill within = *f;

	if (v.type != T_BOOL) {
		f->node->incomplete = true;
		return;
	}
	within.scope = scope_new(el, f->scope, NULL);
	fill_entries(el, &within, v.u.BOOL ? &e->body : &e->other);
}

static void expand_for(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct loop loop = {.name = e->word, .second = e->second, .list = e->value};
	struct sequence s;
	struct fill within = *f;

	if (!sequence_outside(el, &loop, f->scope, &s)) {
		f->node->incomplete = true;
		return;
	}
	for (size_t i = 0; i < s.n && !el->stopped; i++) {
		within.scope = sequence_turn(el, &s, i, f->scope, &loop);
		if (within.scope)
			fill_entries(el, &within, &e->body);
	}
}

static void expand_computed(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct schema_row *row = row_find(el, f->node, e->word.text);
	struct val v = text_outside(el, e->name, f->scope);

	if (v.type == T_STRING)
		fill_named(el, f, row, (struct ident){v.u.STRING, e->name->at}, e);
	else
		f->node->incomplete = true;
}

/* An entry of a block of free names whose name is computed: the same with its name. */
static void expand_entry(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct entry *made = arena_new(el->a, struct entry);
	const struct entry_list one = {made, made};
	struct val v = text_outside(el, e->computed, f->scope);

	if (v.type != T_STRING) {
		f->node->incomplete = true;
		return;
	}
	*made = (struct entry){.kind = EN_FIELD, .at = e->at, .word = {v.u.STRING, e->computed->at}, .value = e->value};
	fill_entries(el, f, &one);
}

void fill_expand(struct elab *el, const struct fill *f, const struct entry *e)
{
	if (e->kind == EN_IF)
		expand_if(el, f, e);
	else if (e->kind == EN_FOR)
		expand_for(el, f, e);
	else if (e->kind == EN_FIELD)
		expand_entry(el, f, e);
	else
		expand_computed(el, f, e);
}
