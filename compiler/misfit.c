/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of words that do not fit where they stand: unknown to the kind, of another form, in another place. */
#include "compiler/elab.h"
#include "lang/habit.h"

/* "`memory` belongs in `limits { … }`", where the word is known elsewhere. */
static bool help_elsewhere(struct elab *el, struct diag *d, const struct node *n, struct str word, enum entry_kind form)
{
	if (form == EN_BLOCK && str_eq(word, schema_kinds[KIND_stack].word)) {
		say_help(el, d, "a stack stands at the top of a file");
		return true;
	}
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];

		if (row->form == ROW_BLOCK && map_get(&el->rows[row->child], word)) {
			say_help(el, d, "`%.*s` belongs in `%.*s%s { … }`", STR_ARG(word), STR_ARG(row->name),
				 row->how == HOW_MANY ? " NAME" : "");
			return true;
		}
	}
	for (size_t k = 0; k < KIND_COUNT; k++) {
		const struct schema_row *row = schema_kinds[k].word.n ? map_get(&el->rows[k], word) : NULL;

		if (row && !(form == EN_BLOCK && row->form == ROW_FIELD)) {
			say_help(el, d, "`%.*s` belongs in `%.*s%s { … }`", STR_ARG(word),
				 STR_ARG(schema_kinds[k].word), schema_kinds[k].named == N_NONE ? "" : " NAME");
			return true;
		}
	}
	return false;
}

/* Whether a parameter of this name may have stood in a part of a template that could not be read. */
static bool node_lost_param(const struct node *n, struct str name)
{
	for (const struct layer *l = n->layers; l; l = l->next)
		if (l->origin == LAYER_TEMPLATE && ast_lost_within(l->outer->file->module->ast, l->entry->at) && ast_lost_word(l->outer->file->module->ast, name))
			return true;
	return false;
}

/* A word of one of its unnamed blocks, misspelled: memmory */
static bool help_within(struct elab *el, struct diag *d, const struct node *n, struct str word)
{
	struct near near = near_start(word);
	const struct schema_row *in = NULL;

	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];
		struct str before = near.best;

		if (row->form != ROW_BLOCK || row->how != HOW_ONE)
			continue;
		for (size_t k = 0; k < schema_kinds[row->child].nrows; k++)
			near_offer(&near, schema_kinds[row->child].rows[k].name);
		in = near.best.s != before.s ? row : in;
	}
	if (!in || near.distance == 0 || word.n < 4)
		return false;
	say_help(el, d, "did you mean `%.*s`, which belongs in `%.*s { … }`?", STR_ARG(near.best), STR_ARG(in->name));
	return true;
}

/* What there is, where that is little. */
static bool few_words(struct elab *el, struct diag *d, const struct node *n)
{
	enum { FEW = 8 };
	struct buf b = {0};

	if (n->tag == KIND_COUNT || n->kind->nrows == 0 || n->kind->nrows > FEW)
		return false;
	for (size_t i = 0; i < n->kind->nrows; i++)
		buf_fmt(&b, "%s%.*s", i == 0 ? "" : i + 1 < n->kind->nrows ? ", " : " and ", STR_ARG(n->kind->rows[i].name));
	say_help(el, d, "it has %.*s", STR_ARG(buf_view(&b)));
	buf_free(&b);
	return true;
}

/* What belongs in a stack and stands at the top of a file: the stack is missing around all of it, which is said once. What was said of the first; *ret_first where this is the first. */
static struct diag *without_stack(struct elab *el, const struct node *n, const struct entry *e, bool *ret_first)
{
	enum { SHOWN = 3 };
	bool of_stack = n->tag == KIND_COUNT && map_get(&el->rows[KIND_stack], entry_word(e).text);
	struct diag *said = of_stack && n->unknown ? map_get(n->unknown, STR("stack")) : NULL;

	*ret_first = of_stack && !said;
	if (said && said->notes.n <= SHOWN)
		say_note(el, said, entry_word(e).at, "nor can this");
	return said;
}

void word_unknown(struct elab *el, const struct node *n, const struct entry *e)
{
	struct ident word = entry_word(e);
	struct near near = near_start(word.text);
	struct diag *d;

	bool first;
	if (n->broken || node_lost_param(n, word.text) || without_stack(el, n, e, &first))
		return;
	if (n->tag == KIND_COUNT)
		d = say(el, DIAG_field_unknown, word.at, "`%.*s` cannot stand at the top of a file",
			STR_ARG(word.text));
	else if (n->kind->word.n == 0)
		d = say(el, DIAG_field_unknown, word.at, "this arrow has no `%.*s`", STR_ARG(word.text));
	else
		d = say(el, DIAG_field_unknown, word.at, "%.*s has no `%.*s`", STR_ARG(n->kind->word),
			STR_ARG(word.text));
	if (d && first)
		unknown_add(el, (struct node *)(uintptr_t)n, STR("stack"), d);
	if (!d || el->suggested++ > SUGGESTED_MAX)
		return;
	const char *help = habit_help(n->tag == KIND_COUNT ? STR("") : n->kind->word, word.text);

	if (help) {
		say_help(el, d, "%s", help);
		return;
	}
	for (size_t i = 0; i < n->kind->nrows; i++)
		near_offer(&near, n->kind->rows[i].name);
	for (const struct binding *b = n->params ? n->params->first : NULL; b; b = b->next)
		near_offer(&near, b->name.text);
	if (e->kind == EN_BLOCK)
		near_offer(&near, STR("defaults"));
	say_suggest(el, d, &near);
	if (!near.best.n && n->parent && n->tag != KIND_stack && n->parent->kind->word.n && map_get(&el->rows[n->parent->tag], word.text)) {
		say_help(el, d, "it stands beside `%.*s`, not in it", STR_ARG(n->kind->word));
		return;
	}
	if (!near.best.n && (help_within(el, d, n, word.text) || few_words(el, d, n)))
		return;
	if ((near.best.n && near.distance <= 1) || help_elsewhere(el, d, n, word.text, e->kind))
		return;
	if (n->tag == KIND_COUNT && e->kind == EN_FIELD)
		say_help(el, d, "a value with a name: let %.*s = …", STR_ARG(word.text));
	else if (!near.best.n && n->tag != KIND_COUNT && n->kind->word.n)
		say_help(el, d, "`ctc doc %.*s` says what it has", STR_ARG(n->kind->word));
}

/* The word is known, but written in another form: `limits = 1`, `image { }`. */
void wrong_form(struct elab *el, const struct schema_row *row, struct span at)
{
	static const char *const forms[] = {[ROW_FIELD] = "a field",
					    [ROW_MAP] = "a block",
					    [ROW_BLOCK] = "a block",
					    [ROW_ARROW] = "followed by an arrow"};
	struct diag *d = say(el, DIAG_entry_form, at, "`%.*s` is %s", STR_ARG(row->name), forms[row->form]);

	if (row->form == ROW_FIELD)
		say_help(el, d, "write: %s", habit_form(row->name, str_fmt(el->a, "%.*s = …", STR_ARG(row->name)).s));
	else if (row->form == ROW_ARROW)
		say_help(el, d, "write: %s", habit_form(row->name, str_fmt(el->a, "%.*s … -> …", STR_ARG(row->name)).s));
	else
		say_help(el, d, "write: %s", habit_form(row->name, str_fmt(el->a, "%.*s%s { … }", STR_ARG(row->name), row->form == ROW_BLOCK && row->how == HOW_MANY ? " NAME" : "").s));
}

void wrong_place(struct elab *el, const struct entry *e, struct span at, bool in_template)
{
	static const char *const where[] = {
		[EN_PARAM] = "a param stands in a template's body, outside of if and for",
		[EN_INPUT] = "an input stands at the top of a file",
		[EN_OUTPUT] = "an output stands at the top of a file",
		[EN_USE] = "use stands at the top of a file",
		[EN_TEMPLATE] = "a template stands at the top of a file",
		[EN_TYPE] = "a type stands at the top of a file",
	};

	static const char *const helps[] = {
		[EN_PARAM] = "a value of a block's own is `let NAME = value`; one that comes from outside is `input NAME: TYPE` at the top of the file",
		[EN_INPUT] = "move the line out of all braces",
		[EN_OUTPUT] = "move the line out of all braces; what is in a stack is STACK.CONTAINER.FIELD there",
		[EN_USE] = "move the line out of all braces",
		[EN_TEMPLATE] = "move it out of all braces, and use it behind a name: container web : NAME { … }",
		[EN_TYPE] = "move the line out of all braces",
	};
	struct diag *d = say(el, DIAG_entry_place, at, "%s", where[e->kind]);

	if (e->kind == EN_PARAM && in_template)
		say_help(el, d, "move it out of `if` and `for`: what is not given may be none, param NAME: TYPE?");
	else
		say_help(el, d, "%s", helps[e->kind]);
}
