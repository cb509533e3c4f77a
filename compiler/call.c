/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Calling the functions of the language: the arguments are evaluated and held against function.def, then one function does the work. What they go through counts
 * as work (WORK_MAX), so that no program of a few lines takes long. */
#include "compiler/call.h"
#include "lang/habit.h"

unsigned call_kind(struct val v)
{
	switch (v.type) {
	case T_INT:
		return A_INT;
	case T_FLOAT:
		return A_FLOAT;
	case T_SIZE:
		return A_SIZE;
	case T_DURATION:
		return A_DURATION;
	case T_PERCENT:
		return A_PERCENT;
	case T_STRING:
		return A_STRING;
	case T_IP:
		return A_IP;
	case T_CIDR:
		return A_CIDR;
	case V_LIST:
		return A_LIST;
	case V_MAP:
	case V_ENTRIES:
		return A_MAP;
	default:
		return A_OTHER;
	}
}

struct span call_at(const struct call *c, size_t argument)
{
	const struct expr *x = c->e->u.call.args.first;

	while (argument-- && x->next)
		x = x->next;
	return x ? x->at : c->e->at;
}

static void usage(struct call *c, struct diag *d)
{
	const struct function_info *f = &function_infos[c->function];

	if (c->function == FN_range && c->e->u.call.args.first && !c->e->u.call.args.first->next)
		say_help(c->el, d, "both ends are named, and both are in it: range(1, %s)", expr_shown(c->el, c->e->u.call.args.first));
	else
		say_help(c->el, d, "%s(%s): %s", f->name, f->shown, f->doc);
}

struct val call_wrong(struct call *c, size_t argument, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	usage(c, say(c->el, DIAG_call_arguments, call_at(c, argument), "`%s` %.*s", function_infos[c->function].name, STR_ARG(buf_view(&b))));
	buf_free(&b);
	return val_poison();
}

struct val call_text(struct call *c, struct buf *text)
{
	struct elab *el = c->el;

	el->text_total += text->n;
	if (text->n > TEXT_MAX || el->text_total > TEXT_TOTAL_MAX) {
		say_limit(el, DIAG_limit_text, c->e->at, "a string, or all strings together, are too long");
		buf_free(text);
		return val_poison();
	}
	return VAL(STRING, buf_take(text, el->a));
}

bool call_items(struct call *c, const struct list *l, unsigned takes, int *ret_type)
{
	*ret_type = V_NONE;
	for (size_t i = 0; i < l->n; i++) {
		if (!(call_kind(l->at[i]) & takes) || (i && l->at[i].type != l->at[0].type)) {
			call_wrong(c, 0, "takes no list with %s", val_shown(l->at[i]));
			return false;
		}
		*ret_type = l->at[0].type;
	}
	return true;
}

static struct val (*const calls[FN_COUNT])(struct call *c) = {
#define FUNCTION(id, name, shown, least, takes, result, doc) [FN_##id] = call_##id,
#include "lang/function.def"
#undef FUNCTION
};

/* What going through an argument costs. */
static size_t cost(struct val v)
{
	enum { BYTES = 64 };

	return v.type == V_LIST ? v.u.list->n : v.type == V_MAP ? v.u.dict->n : v.type == T_STRING ? v.u.STRING.n / BYTES : 0;
}

/* join(", ", list): each of the two is what the other should be. */
static bool swapped(struct call *c)
{
	const unsigned *takes = function_infos[c->function].takes;
	unsigned first = call_kind(c->args[0]), second = call_kind(c->args[1]);
	const struct expr *x = c->e->u.call.args.first;

	if (takes[2] || (first & takes[0]) || (second & takes[1]) || !(first & takes[1]) || !(second & takes[0]))
		return false;
	say_help(c->el, say(c->el, DIAG_call_arguments, c->e->at, "`%s` takes its arguments the other way round", function_infos[c->function].name), "%s(%s, %s)",
		 function_infos[c->function].name, expr_shown(c->el, x->next), expr_shown(c->el, x));
	return true;
}

/* Looks at the next argument; false where it is wrong, which was said. */
static bool argument(struct call *c, const struct expr *x)
{
	unsigned takes = function_infos[c->function].takes[c->n];
	struct elab *el = c->el;
	struct val v = c->args[c->n++];
	const struct dict *dict;

	if (v.type == V_POISON)
		return false;
	if (v.type == V_ENTRIES && (takes & A_MAP)) {
		if (!val_dict(el, v, x->at, &dict))
			return false;
		c->args[c->n - 1] = (struct val){.type = V_MAP, .u.dict = (struct dict *)dict};
	}
	el->work += cost(c->args[c->n - 1]);
	if (el->work > WORK_MAX) {
		say_limit(el, DIAG_limit_work, c->e->at, "more than %d steps are to be computed", WORK_MAX);
		return false;
	}
	if (takes != A_ANY && (v.type == V_NONE || v.type == V_ABSENT)) {
		say(el, DIAG_value_none, x->at, "`%s` is not set, so `%s` cannot take it", expr_shown(el, x), function_infos[c->function].name);
		return false;
	}
	if (call_kind(v) & takes)
		return true;
	call_wrong(c, c->n - 1, "takes no %s here", val_shown(v));
	return false;
}

static bool arguments(struct call *c, struct scope *scope)
{
	const struct function_info *f = &function_infos[c->function];
	size_t given = 0, most = 0;
	bool good = true;

	for (const struct expr *x = c->e->u.call.args.first; x; x = x->next)
		given++;
	while (most < ARGS_MAX && f->takes[most])
		most++;
	if (given < f->least || given > most) {
		usage(c, say(c->el, DIAG_call_arguments, c->e->at, "`%s` takes %s%zu argument%s, not %zu", f->name, f->least < most ? "at most " : "", most,
			     most == 1 ? "" : "s", given));
		return false;
	}
	for (const struct expr *x = c->e->u.call.args.first; x; x = x->next)
		c->args[c->n++] = eval(c->el, x, scope);
	if (c->n == 2 && swapped(c))
		return false;
	c->n = 0;
	for (const struct expr *x = c->e->u.call.args.first; x; x = x->next)
		good &= argument(c, x);
	return good;
}

bool call_bounds(struct elab *el, const struct expr *e, struct scope *scope, int64_t *ret_first, size_t *ret_n)
{
	struct call c = {.el = el, .e = e, .function = FN_range};

	return arguments(&c, scope) && call_range_of(&c, ret_first, ret_n);
}

struct val eval_call(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct str name = e->u.call.function.text;
	struct call c = {.el = el, .e = e, .function = function_find(name)};
	struct near near = near_start(name);

	if (c.function != FN_COUNT)
		return arguments(&c, scope) ? calls[c.function](&c) : val_poison();
	for (unsigned i = 0; i < FN_COUNT; i++)
		near_offer(&near, str_of(function_infos[i].name));
	struct diag *d = say(el, DIAG_function_unknown, e->u.call.function.at, "there is no function `%.*s`", STR_ARG(name));
	const char *habit = habit_help(STR("function"), name);
	if (habit)
		say_help(el, d, "%s", habit);
	else
		say_suggest(el, d, &near);
	return val_poison();
}
