/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Types as they are declared: what `list<string>?` or `int in 1..65535` means, and how a type is shown. */
#include "compiler/elab.h"
#include "lang/habit.h"

#include <stdlib.h>

/* Of an enumeration with more words than a reader takes in, the name is shown. */
enum { WORDS_SHOWN_MAX = 12 };

struct type row_type(const struct schema_row *row)
{
	return (struct type){.tag = (int)row->type,
			     .optional = !row->required && row->dflt.n == 0,
			     .bounded = row->bounded,
			     .min = row->min,
			     .max = row->max};
}

static void record_shown(const struct record *r, struct buf *out)
{
	enum { FIELDS_SHOWN = 8 };

	buf_puts(out, "{ ");
	for (size_t i = 0; i < r->n && i < FIELDS_SHOWN; i++) {
		buf_fmt(out, "%s%.*s: ", i ? ", " : "", STR_ARG(r->at[i].name));
		type_shown(&r->at[i].type, out);
		buf_puts(out, r->at[i].type.optional ? "?" : "");
	}
	buf_puts(out, r->n > FIELDS_SHOWN ? ", … }" : " }");
}

void type_shown(const struct type *t, struct buf *out)
{
	if (t->record) {
		record_shown(t->record, out);
		return;
	}
	if (t->tag == V_LIST || t->tag == V_MAP) {
		buf_puts(out, t->tag == V_LIST ? "list<" : "map<");
		type_shown(t->of, out);
		buf_puts(out, t->of->optional ? "?>" : ">");
		return;
	}
	if (t->words) {
		for (size_t i = 0; i < t->words->n; i++)
			buf_fmt(out, "%s\"%.*s\"", i ? " or " : "", STR_ARG(t->words->at[i]));
		return;
	}
	struct word_range r = type_words((enum type_tag)t->tag);
	if (r.hi - r.lo > WORDS_SHOWN_MAX) {
		buf_fmt(out, "a %s", type_infos[t->tag].shown);
		return;
	}
	for (unsigned w = r.lo; w < r.hi; w++)
		buf_fmt(out, "%s%.*s",
			w == (unsigned)r.lo	? "" :
			w + 1 == (unsigned)r.hi ? " or " :
						  ", ",
			STR_ARG(word_texts[w]));
	if (r.lo == r.hi)
		buf_puts(out, type_infos[t->tag].shown);
}

/* ---- names of types ---- */

/* The language's own type with this name, or T_COUNT. */
static unsigned type_own(struct str name)
{
	unsigned tag = 0;

	while (tag < T_COUNT && !str_is(name, type_infos[tag].shown))
		tag++;
	return tag;
}

void types_collect(struct elab *el, struct file *f)
{
	for (const struct entry *e = f->module->ast->entries.first; e; e = e->next) {
		struct type_decl *decl, *old;

		if (e->kind != EN_TYPE)
			continue;
		if (type_own(entry_word(e).text) != T_COUNT) {
			say(el, DIAG_name_form, entry_word(e).at, "`%.*s` is a type of the language: no other can have this name", STR_ARG(entry_word(e).text));
			continue;
		}
		decl = arena_new(el->a, struct type_decl);
		decl->entry = e;
		decl->file = f;
		old = map_add(el->a, &f->types, entry_word(e).text, decl);
		if (old) {
			struct diag *d = say(el, DIAG_name_twice, entry_word(e).at, "two types are called `%.*s`", STR_ARG(entry_word(e).text));

			say_note(el, d, entry_word(old->entry).at, "first declared here");
		} else {
			vec_push(el->a, &f->type_list, decl);
		}
	}
}

/* A declared type, read once however often it is named. */
static bool decl_read(struct elab *el, struct type_decl *decl, struct span used_at, struct type *ret)
{
	if (decl->state == DECL_BUSY) {
		struct diag *d = say(el, DIAG_type_unknown, used_at, "type `%.*s` is made of itself", STR_ARG(entry_word(decl->entry).text));

		say_help(el, d, "have it hold names, and look them up: list<string>");
		return false;
	}
	if (decl->state == DECL_FRESH && el->slot_depth >= SLOT_DEPTH_MAX) {
		say_limit(el, DIAG_limit_depth, used_at, "types are made of each other more than %d deep", SLOT_DEPTH_MAX);
		return false;
	}
	if (decl->state == DECL_FRESH) {
		el->slot_depth++;
		decl->state = DECL_BUSY;
		decl->state = type_read(el, decl->entry->type, decl->file->scope, &decl->type) ? DECL_GOOD : DECL_BAD;
		el->slot_depth--;
	}
	*ret = decl->type;
	return decl->state == DECL_GOOD;
}

void types_check(struct elab *el, struct file *f)
{
	struct type ignored;

	vec_each(struct type_decl *, decl, &f->type_list)
		decl_read(el, *decl, entry_word((*decl)->entry).at, &ignored);
}

static bool type_unknown(struct elab *el, struct file *f, struct ident name, bool own)
{
	struct near near = near_start(name.text);
	struct diag *d = say(el, DIAG_type_unknown, name.at, "there is no type `%.*s`", STR_ARG(name.text));

	for (unsigned tag = 0; tag < T_COUNT && own; tag++)
		if (!strpbrk(type_infos[tag].shown, " <"))
			near_offer(&near, str_of(type_infos[tag].shown));
	vec_each(struct type_decl *, decl, &f->type_list)
		near_offer(&near, entry_word((*decl)->entry).text);
	if (str_is(name.text, "list") || str_is(name.text, "map"))
		say_help(el, d, "it says of what: %.*s<string>", STR_ARG(name.text));
	else if (habit_help(STR(""), name.text))
		say_help(el, d, "%s", habit_help(STR(""), name.text));
	else
		say_suggest(el, d, &near);
	return false;
}

static bool type_named(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret)
{
	struct file *f = scope->file;
	unsigned own = e->module.text.n ? T_COUNT : type_own(e->name.text);
	struct type_decl *decl;
	bool bad = false;

	if (own != T_COUNT) {
		*ret = (struct type){.tag = (int)own};
		return true;
	}
	if (e->module.text.n && !(f = file_used(el, f, e->module.text, &bad))) {
		if (!bad)
			say(el, DIAG_type_unknown, e->module.at, "no module `%.*s` is used here", STR_ARG(e->module.text));
		return false;
	}
	decl = map_get(&f->types, e->name.text);
	if (decl)
		return decl_read(el, decl, e->at, ret);
	if (f != scope->file && map_get(&scope->file->types, e->name.text)) {
		say_help(el, say(el, DIAG_type_unknown, e->name.at, "there is no type `%.*s` in this module", STR_ARG(e->name.text)), "this file has it: %.*s", STR_ARG(e->name.text));
		return false;
	}
	return type_unknown(el, f, e->name, !e->module.text.n);
}

bool declared_optional(struct elab *el, const struct binding *b)
{
	struct type t;

	return b->declared && type_read(el, b->declared, b->home, &t) && t.optional;
}

static bool type_range(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret)
{
	const struct target to = {.name = STR("a bound")};
	struct type bound;
	struct val lo, hi;

	if (!type_read(el, e->of, scope, ret))
		return false;
	if (ret->tag != T_INT && ret->tag != T_SIZE && ret->tag != T_DURATION && ret->tag != T_FLOAT &&
	    ret->tag != T_NUMBER) {
		say(el, DIAG_type_unknown, e->of->at, "only a number, a size or a duration can have bounds");
		return false;
	}
	bound = (struct type){.tag = ret->tag};
	lo = eval_as(el, e->lo, scope, &bound, &to);
	hi = eval_as(el, e->hi, scope, &bound, &to);
	if (lo.type == V_POISON || hi.type == V_POISON)
		return false;
	ret->bounded = true;
	ret->min = ret->tag == T_FLOAT || ret->tag == T_NUMBER ? lo.u.FLOAT : (double)lo.u.INT;
	ret->max = ret->tag == T_FLOAT || ret->tag == T_NUMBER ? hi.u.FLOAT : (double)hi.u.INT;
	if (ret->min > ret->max) {
		struct diag *d = say(el, DIAG_type_unknown, e->at, "no value is within these bounds: the first is the smallest");

		say_help(el, d, "write: in %s..%s", expr_shown(el, e->hi), expr_shown(el, e->lo));
		return false;
	}
	return true;
}

static bool type_words_read(struct elab *el, const struct type_expr *e, struct type *ret)
{
	struct strs *words = arena_new(el->a, struct strs);
	VEC(struct str) list = {0};

	for (const struct expr *w = e->words.first; w; w = w->next) {
		if (w->kind == EX_NAME && type_own(w->u.text) != T_COUNT) {
			struct diag *d = say(el, DIAG_type_form, w->at, "`%.*s` is a type, and no word: a value is of one type", STR_ARG(w->u.text));

			say_help(el, d, "name one type; if the word is meant, it stands in quotes: \"%.*s\"", STR_ARG(w->u.text));
			return false;
		}
		if (w->kind == EX_STRING || w->kind == EX_NAME)
			vec_push(el->a, &list, w->u.text);
	}
	words->at = list.at;
	words->n = list.n;
	*ret = (struct type){.tag = T_STRING, .words = words};
	return true;
}

static int cmp_fields(const void *a, const void *b)
{
	return str_cmp(((const struct record_field *)a)->name, ((const struct record_field *)b)->name);
}

static bool type_record_read(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret)
{
	struct record *r = arena_new(el->a, struct record);
	struct map seen = {0};
	bool good = !ast_lost_within(scope->file->module->ast, e->at);

	for (const struct entry *field = e->fields.first; field; field = field->next)
		r->n++;
	r->at = arena_array(el->a, r->n, sizeof *r->at);
	r->n = 0;
	for (const struct entry *field = e->fields.first; field; field = field->next) {
		struct record_field *f = &r->at[r->n++];
		const struct entry *old = map_add(el->a, &seen, entry_word(field).text, (void *)field);

		*f = (struct record_field){.name = entry_word(field).text, .dflt = field->value, .scope = scope};
		good &= type_read(el, field->type, scope, &f->type);
		if (old) {
			say_note(el, say(el, DIAG_field_twice, entry_word(field).at, "`%.*s` is given twice", STR_ARG(f->name)), entry_word(old).at,
				 "first given here");
			good = false;
		}
	}
	if (r->n > 1)
		qsort(r->at, r->n, sizeof *r->at, cmp_fields);
	*ret = (struct type){.tag = V_MAP, .record = r};
	return good;
}

bool type_read(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret)
{
	struct type *of;

	switch (e->form) {
	case TF_BAD:
		return false;
	case TF_NAME:
		return type_named(el, e, scope, ret);
	case TF_OPTIONAL:
		if (!type_read(el, e->of, scope, ret))
			return false;
		ret->optional = true;
		return true;
	case TF_LIST:
	case TF_MAP:
		of = arena_new(el->a, struct type);
		*ret = (struct type){.tag = e->form == TF_LIST ? V_LIST : V_MAP, .of = of};
		return type_read(el, e->of, scope, of);
	case TF_ENUM:
		return type_words_read(el, e, ret);
	case TF_RANGE:
		return type_range(el, e, scope, ret);
	case TF_RECORD:
		return type_record_read(el, e, scope, ret);
	}
	return false;
}
