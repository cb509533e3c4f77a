/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Entries that must be evaluated before it is known what they make: if, for, and blocks with computed names. What they make goes where they stand. */
#include "compiler/elab.h"

static void expand_if(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct val v = condition_outside(el, e->value, f->scope);
	struct fill within = *f;

	if (v.type != T_BOOL)
		return;
	within.scope = scope_new(el, f->scope, NULL);
	fill_entries(el, &within, v.u.BOOL ? &e->body : &e->other);
}

static void expand_turn(struct elab *el, const struct fill *f, const struct entry *e, struct val item)
{
	struct fill within = *f;

	within.scope = scope_new(el, f->scope, NULL);
	bind_value(el, within.scope, e->word, item);
	fill_entries(el, &within, &e->body);
}

static void expand_for(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct val v = eval_outside(el, e->value, f->scope);

	if (v.type == V_POISON)
		return;
	if (v.type != V_LIST) {
		struct diag *d = say(el, DIAG_type_mismatch, e->value->at, "`for` goes through a list, not %s", val_shown(v));

		say_label(el, d, "%s", val_shown(v));
		if (v.type == T_INT)
			say_help(el, d, "for the numbers from 1 to %lld: range(1, %lld)", (long long)v.u.INT, (long long)v.u.INT);
		return;
	}
	for (size_t i = 0; i < v.u.list->n && !el->stopped; i++)
		expand_turn(el, f, e, v.u.list->at[i]);
}

static void expand_computed(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct schema_row *row = row_find(el, f->node, e->word.text);
	struct val v = eval_outside(el, e->name, f->scope);

	if (v.type == T_STRING)
		fill_named(el, f, row, (struct ident){v.u.STRING, e->name->at}, e);
}

void fill_expand(struct elab *el, const struct fill *f, const struct entry *e)
{
	if (e->kind == EN_IF)
		expand_if(el, f, e);
	else if (e->kind == EN_FOR)
		expand_for(el, f, e);
	else
		expand_computed(el, f, e);
}
