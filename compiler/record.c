/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Maps where a type asks for one: record types, whose fields are known, and map<T>. A map that is written in place is read field by field, so that each value is
 * asked for by its own type and a mistake stands under its own field. */
#include "compiler/elab.h"

#include <stdlib.h>

static int cmp_field(const void *name, const void *field)
{
	return str_cmp(*(const struct str *)name, ((const struct record_field *)field)->name);
}

static const struct record_field *field_find(const struct record *r, struct str name)
{
	return r->n ? bsearch(&name, r->at, r->n, sizeof *r->at, cmp_field) : NULL;
}

static void field_unknown(struct elab *el, struct ident name, const struct type *t, const struct target *to)
{
	struct near near = near_start(name.text);
	struct diag *d = say(el, DIAG_record_unknown, name.at, "`%.*s` has no field `%.*s`: it is %s", STR_ARG(to->name), STR_ARG(name.text),
			     type_text(el, t));

	for (size_t i = 0; i < t->record->n; i++)
		near_offer(&near, t->record->at[i].name);
	say_suggest(el, d, &near);
}

static void help_missing(struct elab *el, const bool *given, const struct record *r, struct diag *d)
{
	struct buf b = {0};

	for (size_t i = 0; i < r->n; i++)
		if (!given[i] && !r->at[i].dflt && !r->at[i].type.optional)
			buf_fmt(&b, "%s%.*s = …", b.n ? ", " : "", STR_ARG(r->at[i].name));
	say_help(el, d, "add %.*s; or give it a default in the type", STR_ARG(buf_view(&b)));
	buf_free(&b);
}

/* What was not given: defaults, none, or a mistake. vals: one for each field, those that were given set. */
static struct val record_made(struct elab *el, struct val *vals, const bool *given, const struct expr *e, const struct type *t, const struct target *to)
{
	const struct record *r = t->record;
	struct dict *dict = arena_new(el->a, struct dict);
	struct buf missing = {0};
	bool good = true;

	*dict = (struct dict){arena_array(el->a, r->n, sizeof *dict->at), r->n};
	for (size_t i = 0; i < r->n; i++) {
		const struct record_field *f = &r->at[i];
		const struct target field = {.node = to->node, .name = f->name};

		if (!given[i] && f->dflt)
			vals[i] = eval_as(el, f->dflt, f->scope, &f->type, &field);
		else if (!given[i] && f->type.optional)
			vals[i] = val_none();
		else if (!given[i])
			buf_fmt(&missing, "%s`%.*s`", missing.n ? ", " : "", STR_ARG(f->name));
		good &= (given[i] || f->dflt || f->type.optional) && vals[i].type != V_POISON;
		dict->at[i] = (struct dict_entry){f->name, val_widen(el->a, vals[i])};
	}
	if (missing.n)
		help_missing(el, given, r, say(el, DIAG_record_missing, e->at, "`%.*s` lacks %.*s: it is %s", STR_ARG(to->name), STR_ARG(buf_view(&missing)), type_text(el, t)));
	buf_free(&missing);
	return good ? (struct val){.type = V_MAP, .u.dict = dict} : val_poison();
}

struct val record_check(struct elab *el, const struct dict *given, const struct expr *e, const struct type *t, const struct target *to)
{
	const struct record *r = t->record;
	struct val *vals = arena_array(el->a, r->n, sizeof *vals);
	bool *is = arena_array(el->a, r->n, sizeof *is), good = true;

	if (!list_room(el, 0, r->n, e->at))
		return val_poison();
	for (size_t i = 0; i < given->n; i++) {
		const struct record_field *f = field_find(r, given->at[i].name);
		const struct target field = {.node = to->node, .name = given->at[i].name};

		if (!f) {
			field_unknown(el, (struct ident){given->at[i].name, e->at}, t, to);
			good = false;
			continue;
		}
		is[f - r->at] = true;
		vals[f - r->at] = check(el, given->at[i].val, e, &f->type, &field);
	}
	struct val v = record_made(el, vals, is, e, t, to);
	return good ? v : val_poison();
}

/* Whether the parser lost nothing of a map. */
static bool map_whole(const struct expr *e, const struct scope *scope)
{
	return !scope->file->module || !ast_lost_within(scope->file->module->ast, e->at);
}

static struct val record_written(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	const struct record *r = t->record;
	struct val *vals = arena_array(el->a, r->n, sizeof *vals);
	bool *is = arena_array(el->a, r->n, sizeof *is), good = map_whole(e, scope);

	if (!list_room(el, 0, r->n, e->at))
		return val_poison();
	for (const struct entry *x = e->u.map.first; x; x = x->next) {
		struct ident name;
		bool named = entry_name(el, x, scope, &name);
		const struct record_field *f = named ? field_find(r, name.text) : NULL;
		const struct target field = {.node = to->node, .name = name.text};

		if (!f) {
			good = false;
			if (named)
				field_unknown(el, name, t, to);
		} else if (is[f - r->at]) {
			say(el, DIAG_field_twice, name.at, "`%.*s` is given twice", STR_ARG(name.text));
			good = false;
		} else {
			is[f - r->at] = true;
			vals[f - r->at] = eval_as(el, x->value, scope, &f->type, &field);
		}
	}
	return good ? record_made(el, vals, is, e, t, to) : val_poison();
}

static struct val map_written(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t)
{
	VEC(struct dict_entry) entries = {0};
	bool good = map_whole(e, scope);

	for (const struct entry *x = e->u.map.first; x; x = x->next) {
		struct ident name;
		bool named = entry_name(el, x, scope, &name);
		const struct target one = {.name = name.text};
		struct val v = eval_as(el, x->value, scope, t->of, &one);

		if (!list_room(el, entries.n, 1, e->at))
			return val_poison();
		good &= named && v.type != V_POISON;
		vec_push(el->a, &entries, (struct dict_entry){name.text, val_widen(el->a, v)});
	}
	struct val v = dict_val(el, entries.at, entries.n, e->at);
	return good ? v : val_poison();
}

struct val eval_map_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	return t->record ? record_written(el, e, scope, t, to) : map_written(el, e, scope, t);
}
