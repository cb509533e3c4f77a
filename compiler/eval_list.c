/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lists, maps, and what goes through lists. A loop over range() makes no list. */
#include "compiler/elab.h"

#include <stdlib.h>

bool list_room(struct elab *el, size_t n, size_t more, struct span at)
{
	el->list_total += more;
	if (n + more <= LIST_MAX && el->list_total <= LIST_TOTAL_MAX)
		return true;
	if (n + more > LIST_MAX)
		say_limit(el, DIAG_limit_list, at, "a list has more than %d items", LIST_MAX);
	else
		say_limit(el, DIAG_limit_list, at, "all lists have more than %d items together", LIST_TOTAL_MAX);
	return false;
}

struct val list_val(struct elab *el, struct val *at, size_t n)
{
	struct list *l = arena_new(el->a, struct list);

	*l = (struct list){at, n};
	return (struct val){.type = V_LIST, .u.list = l};
}

/* Items of a list are of one type; none stands for any. */
static bool same_type(struct elab *el, const struct val *items, size_t n, struct val v, struct span at)
{
	size_t i = 0;

	while (i < n && items[i].type == V_NONE)
		i++;
	if (v.type == V_NONE || i == n || items[i].type == v.type)
		return true;
	struct diag *d = say(el, DIAG_type_mismatch, at, "the items of a list are of one type: the first is %s, this is %s", val_shown(items[i]), val_shown(v));
	if (v.type == T_STRING && items[i].type == T_PATH)
		say_help(el, d, "the path that a string says is path(\"…\")");
	else if (v.type == T_STRING || items[i].type == T_STRING)
		say_help(el, d, "a text of anything is written \"${…}\"");
	return false;
}

struct val eval_list(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct val) items = {0};
	bool good = true;

	for (const struct expr *x = e->u.list.first; x; x = x->next)
		items.cap++;
	items.at = arena_array(el->a, items.cap, sizeof *items.at);
	for (const struct expr *x = e->u.list.first; x; x = x->next) {
		struct val v = eval(el, x, scope);

		if (!list_room(el, items.n, 1, e->at))
			return val_poison();
		good = good && v.type != V_POISON && same_type(el, items.at, items.n, v, x->at);
		vec_push(el->a, &items, v);
	}
	return good ? list_val(el, items.at, items.n) : val_poison();
}

struct val dict_val(struct elab *el, struct dict_entry *at, size_t n, struct span where)
{
	struct dict *dict = arena_new(el->a, struct dict);
	bool good = true;

	if (n > 1)
		qsort(at, n, sizeof *at, dict_cmp);
	for (size_t i = 1; i < n; i++)
		if (str_eq(at[i - 1].name, at[i].name)) {
			say(el, DIAG_field_twice, where, "`%.*s` is given twice in this map", STR_ARG(at[i].name));
			good = false;
		}
	*dict = (struct dict){at, n};
	return good ? (struct val){.type = V_MAP, .u.dict = dict} : val_poison();
}

bool entry_name(struct elab *el, const struct entry *e, struct scope *scope, struct ident *ret)
{
	struct val v;

	*ret = entry_word(e);
	if (!computed_name(e))
		return true;
	v = eval_text(el, computed_name(e), scope);
	*ret = (struct ident){v.type == T_STRING ? v.u.STRING : (struct str){0}, computed_name(e)->at};
	return v.type == T_STRING;
}

struct val eval_map(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct dict_entry) entries = {0};
	bool good = !scope->file->module || !ast_lost_within(scope->file->module->ast, e->at);

	for (const struct entry *x = e->u.map.first; x; x = x->next) {
		struct ident name;
		struct dict_entry one;

		good &= entry_name(el, x, scope, &name);
		one = (struct dict_entry){name.text, eval(el, x->value, scope)};
		if (!list_room(el, entries.n, 1, e->at))
			return val_poison();
		good &= one.val.type != V_POISON;
		vec_push(el->a, &entries, one);
	}
	return good ? dict_val(el, entries.at, entries.n, e->at) : val_poison();
}

bool val_dict(struct elab *el, struct val v, struct span at, const struct dict **ret)
{
	struct node *n = v.type == V_ENTRIES ? v.u.entries.node : NULL;
	VEC(struct dict_entry) entries = {0};
	bool good = true;

	if (v.type == V_MAP) {
		*ret = v.u.dict;
		return true;
	}
	if (!n || too_early(el, n, n->pending != NULL, v.u.entries.row->name, at))
		return false;
	const struct cell *cell = node_cell(n, v.u.entries.row);
	if (!list_room(el, 0, cell->map.n, at))
		return false;
	for (size_t i = 0; i < cell->map.n; i++) {
		struct map_entry *m = cell->map.at[i];
		struct dict_entry one = {m->name.text, entry_value(el, n, v.u.entries.row, m, at)};

		good &= one.val.type != V_POISON;
		vec_push(el->a, &entries, one);
	}
	v = dict_val(el, entries.at, entries.n, at);
	*ret = v.type == V_MAP ? v.u.dict : NULL;
	return good && v.type == V_MAP && !n->sample;
}

/* What a value is gone through as: the items of a list, the entries of a map. */
static bool sequence_of(struct elab *el, struct val v, const struct loop *loop, struct sequence *ret)
{
	const struct dict *dict;
	struct diag *d;

	if (v.type == V_LIST) {
		*ret = (struct sequence){.items = v.u.list->at, .n = v.u.list->n};
		return true;
	}
	if ((v.type == V_MAP || v.type == V_ENTRIES) && loop->second.text.n) {
		if (!val_dict(el, v, loop->list->at, &dict))
			return false;
		*ret = (struct sequence){.entries = dict->at, .n = dict->n};
		return true;
	}
	if (v.type == V_MAP || v.type == V_ENTRIES) {
		d = say(el, DIAG_type_mismatch, loop->name.at, "a map is gone through by name and value");
		say_help(el, d, "write: for %.*s, value in …", STR_ARG(loop->name.text));
		return false;
	}
	d = say(el, DIAG_type_mismatch, loop->list->at, "`for` goes through a list or a map, not %s", val_shown(v));
	if (v.type == T_INT)
		say_help(el, d, "for the numbers from 1 to %lld: range(1, %lld)", (long long)v.u.INT, (long long)v.u.INT);
	return false;
}

bool eval_sequence(struct elab *el, const struct loop *loop, struct scope *scope, struct sequence *ret)
{
	const struct expr *e = loop->list;
	struct val v;

	*ret = (struct sequence){0};
	if (e->kind == EX_CALL && str_eq(e->u.call.function.text, STR("range")))
		return call_bounds(el, e, scope, &ret->first, &ret->n);
	v = eval(el, e, scope);
	return v.type != V_POISON && sequence_of(el, v, loop, ret);
}

struct scope *sequence_turn(struct elab *el, const struct sequence *s, size_t i, struct scope *outer, const struct loop *loop)
{
	struct val item = s->entries ? s->entries[i].val : s->items ? s->items[i] : VAL(INT, s->first + (int64_t)i);
	struct val key = s->entries ? VAL(STRING, s->entries[i].name) : VAL(INT, (int64_t)i);
	struct scope *turn;

	if (++el->turns > TURNS_MAX) {
		say_limit(el, DIAG_limit_work, loop->name.at, "all loops make more than %d turns together", TURNS_MAX);
		return NULL;
	}
	turn = scope_new(el, outer, NULL);
	bind_value(el, turn, loop->name, loop->second.text.n ? key : item);
	if (loop->second.text.n)
		bind_value(el, turn, loop->second, item);
	return turn;
}

/* What a comprehension makes, as it grows. */
struct made {
	VEC(struct val) items;
	VEC(struct dict_entry) entries;
	bool bad;
	const struct type *of;		/* what each is asked to be, or NULL; for */
	const struct target *to;
};

/* One turn; false where a limit was passed. */
static bool comprehend(struct elab *el, const struct expr *e, struct scope *turn, struct made *made)
{
	const struct loop *loop = e->u.loop.loop;
	struct val v, key = val_none();

	if (loop->condition) {
		struct val c = eval_condition(el, loop->condition, turn, "a condition");

		made->bad |= c.type != T_BOOL;
		if (c.type != T_BOOL || !c.u.BOOL)
			return true;
	}
	if (e->u.loop.key)
		key = eval_text(el, e->u.loop.key, turn);
	v = made->of ? val_widen(el->a, eval_as(el, e->u.loop.body, turn, made->of, made->to)) : eval(el, e->u.loop.body, turn);
	if (!list_room(el, made->items.n + made->entries.n, 1, e->at))
		return false;
	made->bad |= v.type == V_POISON || key.type == V_POISON;
	if (made->bad)
		return true;
	if (e->u.loop.key) {
		vec_push(el->a, &made->entries, (struct dict_entry){key.u.STRING, v});
	} else {
		made->bad |= !same_type(el, made->items.at, made->items.n, v, e->u.loop.body->at);
		vec_push(el->a, &made->items, v);
	}
	return true;
}

struct val eval_comprehension(struct elab *el, const struct expr *e, struct scope *scope, const struct type *of, const struct target *to)
{
	struct made made = {.of = of, .to = to};
	struct sequence s;

	if (!eval_sequence(el, e->u.loop.loop, scope, &s))
		return val_poison();
	for (size_t i = 0; i < s.n && !el->stopped; i++) {
		struct scope *turn = sequence_turn(el, &s, i, scope, e->u.loop.loop);

		if (!turn || !comprehend(el, e, turn, &made))
			return val_poison();
	}
	if (made.bad || el->stopped)
		return val_poison();
	return e->u.loop.key ? dict_val(el, made.entries.at, made.entries.n, e->at) : list_val(el, made.items.at, made.items.n);
}
