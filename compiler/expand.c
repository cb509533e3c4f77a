/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Entries that must be evaluated before it is known what they make: if, for, and blocks with computed names. What they make goes where they stand. */
#include "compiler/elab.h"

/* Words of a body that is not made: they are wrong whatever a condition is. Within a block with a template its parameters are not known here, and nothing is said. */
static void body_look(struct elab *el, const struct node *n, const struct entry_list *list)
{
	for (const struct entry *e = list->first; e; e = e->next) {
		const struct schema_row *row = map_get(&el->rows[n->tag], entry_word(e).text);
		bool written = e->kind == EN_BLOCK || e->kind == EN_ARROW || (e->kind == EN_FIELD && !computed_name(e));

		if (e->kind == EN_IF || e->kind == EN_FOR)
			body_look(el, n, &e->body);
		if (e->kind == EN_IF)
			body_look(el, n, &e->other);
		if (!written || str_is(entry_word(e).text, "defaults") || (e->kind == EN_FIELD && names_find(n->params, entry_word(e).text)))
			continue;
		if (!row)
			word_unknown(el, n, e);
		else if (e->kind == EN_BLOCK && row->form == ROW_BLOCK && !e->base) {
			const struct node within = {.kind = &schema_kinds[row->child], .tag = row->child};

			body_look(el, &within, &e->body);
		}
	}
}

/* Once, however many turns of a loop come by. */
static void look(struct elab *el, const struct fill *f, const struct entry_list *body)
{
	struct str key = {(const char *)&body, sizeof body};

	if (!f->map && body->first && !map_add(el->a, &el->looked, str_copy(el->a, key), el))
		body_look(el, f->node, body);
}

static void expand_if(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct val v = condition_outside(el, e->value, f->scope);
	struct fill within = *f;

	if (v.type != T_BOOL || !v.u.BOOL)
		look(el, f, &e->body);
	if (v.type != T_BOOL || v.u.BOOL)
		look(el, f, &e->other);
	if (v.type != T_BOOL) {
		f->node->incomplete = true;
		return;
	}
	within.scope = scope_new(el, f->scope, NULL);
	fill_entries(el, &within, v.u.BOOL ? &e->body : &e->other);
}

/* What is not expanded may have any name. */
static void not_expanded(struct elab *el, const struct fill *f, const struct entry_list *body)
{
	f->node->incomplete = true;
	for (const struct entry *e = body->first; e; e = e->next)
		if (e->kind == EN_BLOCK && e->name)
			lost_name(el, f->scope->file, (struct str){0});
}

static void expand_for(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct loop loop = {.name = entry_word(e), .second = e->second, .list = e->value};
	struct sequence s;
	struct fill within = *f;

	bool known = sequence_outside(el, &loop, f->scope, &s);
	if (!known || s.n == 0)
		look(el, f, &e->body);
	if (!known) {
		not_expanded(el, f, &e->body);
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
	const struct schema_row *row = row_find(el, f->node, entry_word(e).text);
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
	const struct entry_list one = {made};
	struct val v = text_outside(el, computed_name(e), f->scope);

	if (v.type != T_STRING) {
		f->node->incomplete = true;
		return;
	}
	*made = (struct entry){.kind = EN_FIELD, .at = e->at, .value = e->value};
	entry_word_set(made, (struct ident){v.u.STRING, computed_name(e)->at});
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
