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
	say(el, DIAG_type_mismatch, at, "the items of a list are of one type: the first is %s, this is %s",
	    val_shown(items[i]), val_shown(v));
	return false;
}

struct val eval_list(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct val) items = {0};
	bool good = true;

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

struct val eval_map(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct dict_entry) entries = {0};
	bool good = true;

	for (const struct entry *x = e->u.map.first; x; x = x->next) {
		struct dict_entry one = {x->word.text, eval(el, x->value, scope)};

		if (!list_room(el, entries.n, 1, e->at))
			return val_poison();
		good &= one.val.type != V_POISON;
		vec_push(el->a, &entries, one);
	}
	struct val v = dict_val(el, entries.at, entries.n, e->at);
	return good ? v : val_poison();
}

bool eval_sequence(struct elab *el, const struct expr *e, struct scope *scope, struct sequence *ret)
{
	struct val v;

	*ret = (struct sequence){0};
	if (e->kind == EX_CALL && str_eq(e->u.call.function.text, STR("range")))
		return call_bounds(el, e, scope, &ret->first, &ret->n);
	v = eval(el, e, scope);
	if (v.type == V_POISON)
		return false;
	if (v.type == V_LIST) {
		ret->items = v.u.list->at;
		ret->n = v.u.list->n;
		return true;
	}
	struct diag *d = say(el, DIAG_type_mismatch, e->at, "`for` goes through a list, not %s", val_shown(v));
	if (v.type == T_INT)
		say_help(el, d, "for the numbers from 1 to %lld: range(1, %lld)", (long long)v.u.INT,
			 (long long)v.u.INT);
	return false;
}

struct scope *sequence_turn(struct elab *el, const struct sequence *s, size_t i, struct scope *outer, struct ident name)
{
	struct scope *turn;

	if (++el->turns > TURNS_MAX) {
		say_limit(el, DIAG_limit_work, name.at, "all loops make more than %d turns together", TURNS_MAX);
		return NULL;
	}
	turn = scope_new(el, outer, NULL);
	bind_value(el, turn, name, s->items ? s->items[i] : VAL(INT, s->first + (int64_t)i));
	return turn;
}

struct val eval_comprehension(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct val) items = {0};
	struct sequence s;
	bool good = true;

	if (!eval_sequence(el, e->u.loop.list, scope, &s))
		return val_poison();
	for (size_t i = 0; i < s.n && !el->stopped; i++) {
		struct scope *turn = sequence_turn(el, &s, i, scope, *e->u.loop.name);

		if (!turn)
			return val_poison();
		if (e->u.loop.condition) {
			struct val c = eval_condition(el, e->u.loop.condition, turn, "a condition");

			good &= c.type == T_BOOL;
			if (c.type != T_BOOL || !c.u.BOOL)
				continue;
		}
		struct val v = eval(el, e->u.loop.body, turn);
		if (!list_room(el, items.n, 1, e->at))
			return val_poison();
		good = good && v.type != V_POISON && same_type(el, items.at, items.n, v, e->u.loop.body->at);
		vec_push(el->a, &items, v);
	}
	return good && !el->stopped ? list_val(el, items.at, items.n) : val_poison();
}
