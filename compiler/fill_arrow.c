/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arrows of a body, sorted into the cell of their row: `allow a -> b`, `publish 80 -> a.http { … }`. Their sides are evaluated later (finish_arrow.c). */
#include "compiler/elab.h"
#include "lang/habit.h"

/* Whether a block that nobody wrote has something to say. */
static bool has_defaults(enum kind_tag kind)
{
	for (size_t i = 0; i < schema_kinds[kind].nrows; i++)
		if (schema_kinds[kind].rows[i].dflt.n || schema_kinds[kind].rows[i].required)
			return true;
	return false;
}

/* The second word of an arrow: one of those that its row asks for, or none. False where a mistake was said. */
static bool arrow_mode(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e, enum word *ret)
{
	const struct type t = {.tag = (int)schema_arrow_mode(f->node->tag, row)};
	struct word_range words;

	*ret = WORD_COUNT;
	if (t.tag == T_COUNT) {
		if (entry_mode(e).text.n)
			say_help(el, say(el, DIAG_entry_form, entry_mode(e).at, "`%.*s` takes no second word", STR_ARG(row->name)), row->type == T_NAMED ? "leave it out" : "leave it out; a protocol stands behind its port: world:443/tcp");
		return !entry_mode(e).text.n;
	}
	*ret = word_find((enum type_tag)t.tag, entry_mode(e).text);
	if (*ret != WORD_COUNT)
		return true;
	struct near near = near_start(entry_mode(e).text);
	words = type_words((enum type_tag)t.tag);
	for (unsigned w = words.lo; w < words.hi; w++)
		near_offer(&near, word_texts[w]);
	if (!entry_mode(e).text.n)
		say_help(el, say(el, DIAG_word_unknown, entry_word(e).at, "behind `%.*s` stands %s", STR_ARG(row->name), type_text(el, &t)), "write: %s", habit_form(row->name, "NAME WORD A -> B"));
	struct diag *d = entry_mode(e).text.n ? say(el, DIAG_word_unknown, entry_mode(e).at, "behind `%.*s` stands %s, not `%.*s`", STR_ARG(row->name), type_text(el, &t), STR_ARG(entry_mode(e).text)) : NULL;
	say_suggest(el, d, &near);
	if (d && !near.best.n)
		say_help(el, d, "`reach` insists on what is allowed, `deny` on what is not");
	return false;
}

static struct arrow *arrow_new(struct elab *el, const struct fill *f, const struct schema_row *row)
{
	struct cell *cell = node_cell_new(el, f->node, row);
	struct arrow *arrow = arena_new(el->a, struct arrow);

	if (cell->arrows.last)
		cell->arrows.last->next = arrow;
	else
		cell->arrows.first = arrow;
	cell->arrows.last = arrow;
	cell->arrows.n++;
	arrow->scope = f->scope;
	arrow->rank = f->layer->rank;
	return arrow;
}

void fill_arrow(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct schema_row *row = row_find(el, f->node, entry_word(e).text);
	struct arrow *arrow;
	enum word mode;

	if (!row) {
		fill_unknown(el, f, e);
		return;
	}
	if (row->form != ROW_ARROW) {
		fill_misformed(el, f, row, e);
		return;
	}
	if (!arrow_mode(el, f, row, e, &mode)) {
		f->node->incomplete = true;
		return;
	}
	arrow = arrow_new(el, f, row);
	arrow->entry = e;
	arrow->order = f->late ? f->order : e->at.lo;
	arrow->mode = mode;
	if (e->has_body ? schema_kinds[row->child].nrows > 0 : has_defaults(row->child)) {
		arrow->block = node_new(el, f->node, row->child, (struct ident){0}, entry_word(e).at);
		if (arrow->block)
			layer_add(el, arrow->block, e, f->scope, f->layer->rank);
	} else if (e->has_body) {
		say(el, DIAG_entry_form, entry_word(e).at, "`%.*s` takes no block", STR_ARG(row->name));
	}
}
