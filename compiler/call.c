/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The functions of the language: a table of a name, its arguments and what it does. */
#include "compiler/elab.h"

enum { ARGS_MAX = 2 };

/* Both ends count, as in 8000-8010/tcp and int in 1..65535. */
static bool bounds(struct elab *el, const struct expr *e, const struct val *args, int64_t *ret_first, size_t *ret_n)
{
	int64_t lo = args[0].u.INT, hi = args[1].u.INT;

	*ret_first = lo;
	*ret_n = 0;
	if (hi < lo)
		return true;
	if ((uint64_t)hi - (uint64_t)lo >= LIST_MAX) {
		say_limit(el, DIAG_limit_list, e->at, "a list has more than %d items", LIST_MAX);
		return false;
	}
	*ret_n = (size_t)(hi - lo) + 1;
	return true;
}

static struct val call_range(struct elab *el, const struct expr *e, const struct val *args)
{
	struct val *items;
	int64_t first;
	size_t n;

	if (!bounds(el, e, args, &first, &n) || !list_room(el, 0, n, e->at))
		return val_poison();
	items = arena_array(el->a, n, sizeof *items);
	for (size_t i = 0; i < n; i++)
		items[i] = VAL(INT, first + (int64_t)i);
	return list_val(el, items, n);
}

static struct val call_length(struct elab *el, const struct expr *e, const struct val *args)
{
	(void)el;
	(void)e;
	return VAL(INT, (int64_t)args[0].u.list->n);
}

static struct val call_join(struct elab *el, const struct expr *e, const struct val *args)
{
	const struct list *l = args[0].u.list;
	struct buf b = {0};

	for (size_t i = 0; i < l->n && b.n <= TEXT_MAX; i++) {
		if (i)
			buf_str(&b, args[1].u.STRING);
		if (is_secret(l->at[i])) {
			secret_refused(el, l->at[i], e->u.call.args.first->at, "a text");
			buf_free(&b);
			return val_poison();
		}
		if (!val_text(l->at[i], &b)) {
			say(el, DIAG_type_mismatch, e->u.call.args.first->at, "no text can be made of this %s",
			    val_shown(l->at[i]));
			buf_free(&b);
			return val_poison();
		}
	}
	el->text_total += b.n;
	if (b.n > TEXT_MAX || el->text_total > TEXT_TOTAL_MAX) {
		say_limit(el, DIAG_limit_text, e->at, "a string, or all strings together, are too long");
		buf_free(&b);
		return val_poison();
	}
	return VAL(STRING, buf_take(&b, el->a));
}

static const struct function {
	const char *name, *usage;
	int args[ARGS_MAX]; /* types; V_POISON: none */
	struct val (*call)(struct elab *el, const struct expr *e, const struct val *args);
} functions[] = {
	{"join", "join(LIST, SEPARATOR)", {V_LIST, T_STRING}, call_join},
	{"length", "length(LIST)", {V_LIST, V_POISON}, call_length},
	{"range", "range(FIRST, LAST)", {T_INT, T_INT}, call_range},
};

/* Evaluates the arguments; false where they are wrong, which was said. */
static bool arguments(struct elab *el, const struct expr *e, struct scope *scope, const struct function *f,
		      struct val *args)
{
	bool good = true, fits = true;
	size_t n = 0;

	for (const struct expr *x = e->u.call.args.first; x && fits; x = x->next, n++) {
		fits = n < ARGS_MAX && f->args[n] != V_POISON;
		if (!fits)
			break;
		args[n] = eval(el, x, scope);
		good &= args[n].type != V_POISON;
		fits = args[n].type == V_POISON || args[n].type == f->args[n];
	}
	fits = fits && (n == ARGS_MAX || f->args[n] == V_POISON);
	if (!fits) {
		struct diag *d = say(el, DIAG_call_arguments, e->at, "`%s` takes other arguments", f->name);

		say_help(el, d, "%s", f->usage);
	}
	return good && fits;
}

bool call_bounds(struct elab *el, const struct expr *e, struct scope *scope, int64_t *ret_first, size_t *ret_n)
{
	const struct function *f = functions;
	struct val args[ARGS_MAX] = {0};

	while (f->call != call_range)
		f++;
	return arguments(el, e, scope, f, args) && bounds(el, e, args, ret_first, ret_n);
}

struct val eval_call(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct str name = e->u.call.function.text;
	struct near near = near_start(name);
	struct val args[ARGS_MAX] = {0};

	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		if (str_is(name, functions[i].name))
			return arguments(el, e, scope, &functions[i], args) ? functions[i].call(el, e, args) :
									      val_poison();
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		near_offer(&near, str_of(functions[i].name));
	struct diag *d = say(el, DIAG_function_unknown, e->u.call.function.at, "there is no function `%.*s`",
			     STR_ARG(name));
	say_suggest(el, d, &near);
	return val_poison();
}
