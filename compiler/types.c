/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Types as they are declared: what `list<string>?` or `int in 1..65535` means, and how a type is shown. */
#include "compiler/elab.h"

struct type row_type(const struct schema_row *row)
{
	return (struct type){.tag = (int)row->type,
			     .optional = !row->required && row->dflt.n == 0,
			     .bounded = row->bounded,
			     .min = row->min,
			     .max = row->max};
}

void type_shown(const struct type *t, struct buf *out)
{
	if (t->tag == V_LIST || t->tag == V_MAP) {
		buf_puts(out, t->tag == V_LIST ? "list<" : "map<");
		type_shown(t->of, out);
		buf_addc(out, '>');
		return;
	}
	if (t->words) {
		for (size_t i = 0; i < t->words->n; i++)
			buf_fmt(out, "%s\"%.*s\"", i ? " or " : "", STR_ARG(t->words->at[i]));
		return;
	}
	struct word_range r = type_words((enum type_tag)t->tag);
	for (unsigned w = r.lo; w < r.hi; w++)
		buf_fmt(out, "%s%.*s",
			w == (unsigned)r.lo	? "" :
			w + 1 == (unsigned)r.hi ? " or " :
						  ", ",
			STR_ARG(word_texts[w]));
	if (r.lo == r.hi)
		buf_puts(out, type_infos[t->tag].shown);
}

static bool type_named(struct elab *el, struct ident name, struct scope *scope, struct type *ret)
{
	struct near near = near_start(name.text);
	const struct entry *alias = map_get(&scope->file->types, name.text);
	bool good;

	for (unsigned tag = 0; tag < T_COUNT; tag++) {
		if (str_is(name.text, type_infos[tag].shown)) {
			*ret = (struct type){.tag = (int)tag};
			return true;
		}
		if (!strpbrk(type_infos[tag].shown, " <"))
			near_offer(&near, str_of(type_infos[tag].shown));
	}
	if (alias) {
		if (el->slot_depth >= SLOT_DEPTH_MAX) {
			say(el, DIAG_type_unknown, name.at, "type `%.*s` is made of itself", STR_ARG(name.text));
			return false;
		}
		el->slot_depth++;
		good = type_read(el, alias->type, scope->file->scope, ret);
		el->slot_depth--;
		return good;
	}
	struct diag *d = say(el, DIAG_type_unknown, name.at, "there is no type `%.*s`", STR_ARG(name.text));
	say_suggest(el, d, &near);
	return false;
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
		say(el, DIAG_type_unknown, e->at, "no value is within these bounds: the first is the smallest");
		return false;
	}
	return true;
}

static bool type_words_read(struct elab *el, const struct type_expr *e, struct type *ret)
{
	struct strs *words = arena_new(el->a, struct strs);
	VEC(struct str) list = {0};

	for (const struct expr *w = e->words.first; w; w = w->next)
		if (w->kind == EX_STRING || w->kind == EX_NAME)
			vec_push(el->a, &list, w->u.text);
	words->at = list.at;
	words->n = list.n;
	*ret = (struct type){.tag = T_STRING, .words = words};
	return true;
}

bool type_read(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret)
{
	struct type *of;

	switch (e->form) {
	case TF_NAME:
		return type_named(el, e->name, scope, ret);
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
		say(el, DIAG_not_yet, e->at, "record types are not known to this version");
		return false;
	}
	return false;
}
