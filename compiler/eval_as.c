/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Expressions of which something is asked: the type goes down into what becomes the value (branches, the sides of `??` and of a list's `+`, items, entries), so that each part is read
 * as it would be if it stood there alone, and a mistake stands under its own part. */
#include "compiler/elab.h"

/* ---- texts without their quotes ---- */

/* What somebody writes who takes the items of a list of texts for words: [sleep, 10], [python, app.py], [sh, -c]. */
static bool is_bare(struct elab *el, const struct expr *x, struct scope *scope)
{
	switch (x->kind) {
	case EX_NAME:
		return name_find(el, scope, x->u.text, el->active ? el->active->slot : NULL).form == FOUND_NOTHING;
	case EX_MEMBER:
		return is_bare(el, x->u.member.base, scope);
	case EX_UNARY:
		return x->u.op.op == OP_NEG && is_bare(el, x->u.op.left, scope);
	case EX_INT:
	case EX_FLOAT:
	case EX_SIZE:
	case EX_DURATION:
	case EX_PERCENT:
	case EX_IP:
	case EX_CIDR:
	case EX_MAC:
	case EX_PORT:
	case EX_ENDPOINT:
	case EX_PATH:
		return true;
	default:
		return false;
	}
}

/* Several such items of one list are one mistake, which is said once; false where there are not several. */
static bool quotes_lost(struct elab *el, const struct expr *list, struct scope *scope, const struct target *to)
{
	enum { SHOWN = 4, HELP_MAX = 100 };
	struct diag *d = NULL;
	struct buf mended = {0};
	size_t n = 0;

	for (const struct expr *x = list->u.list.first; x && n < 2; x = x->next)
		n += is_bare(el, x, scope);
	if (n < 2)
		return false;
	n = 0;
	for (const struct expr *x = list->u.list.first; x && (n <= SHOWN || mended.n <= HELP_MAX); x = x->next) {
		bool bare = is_bare(el, x, scope);

		if (mended.n <= HELP_MAX)
			buf_fmt(&mended, bare ? "%s\"%s\"" : "%s%s", x == list->u.list.first ? "" : ", ", expr_shown(el, x));
		if (bare && !n++) {
			d = say(el, DIAG_type_mismatch, x->at, "`%.*s` takes texts, which stand in quotes", STR_ARG(to->name));
			say_label(el, d, "no text");
			if (!d) /* another turn of a loop has said it */
				break;
		} else if (bare && n <= SHOWN) {
			say_note(el, d, x->at, "nor is this");
		}
	}
	if (mended.n <= HELP_MAX)
		say_help(el, d, "write: [%.*s]", STR_ARG(buf_view(&mended)));
	else
		say_help(el, d, "each of them in its own: [\"…\", \"…\"]");
	buf_free(&mended);
	return true;
}

/* ---- what the type goes down into ---- */

static struct val eval_list_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	struct type of = element_type(t);
	VEC(struct val) items = {0};
	bool good = true;

	if (of.tag == T_STRING && !of.words && quotes_lost(el, e, scope, to))
		return val_poison();
	for (const struct expr *x = e->u.list.first; x; x = x->next) {
		struct val v = eval_as(el, x, scope, &of, to);

		good &= v.type != V_POISON;
		vec_push(el->a, &items, t->tag == V_LIST ? val_widen(el->a, v) : v);
	}
	struct list l = {items.at, items.n};
	return good ? list_made(el, &l, e->at, e->u.list.first, t) : val_poison();
}

/* Whether it is made of parts, each of which may become the value or a part of it. */
static bool has_parts(const struct expr *e)
{
	switch (e->kind) {
	case EX_COND:
	case EX_LIST:
	case EX_MAP:
	case EX_COMPREHENSION:
		return true;
	case EX_BINARY:
		return e->u.op.op == OP_ELSE || e->u.op.op == OP_ADD;
	default:
		return false;
	}
}

/* a ?? b: the left side may be none. Where `none` is a value of the type, only what the side says itself tells the two apart. */
static struct val eval_else_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	const struct expr *left = e->u.op.left;
	struct type maybe = *t;
	struct val v;

	bool typed = has_parts(left) && t->tag != T_DNS;

	maybe.optional = true;
	v = typed ? eval_as(el, left, scope, &maybe, to) : eval(el, left, scope);
	if (v.type == V_NONE || v.type == V_ABSENT)
		return eval_as(el, e->u.op.right, scope, t, to);
	return typed ? v : check(el, v, left, t, to);
}

/* [a] + [b] */
static struct val eval_joined_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	const struct expr *sides[] = {e->u.op.left, e->u.op.right};
	const struct type of = element_type(t), list = {.tag = V_LIST, .of = &of};
	struct val v[2];

	for (size_t i = 0; i < 2; i++)
		v[i] = has_parts(sides[i]) ? eval_as(el, sides[i], scope, &list, to) : eval(el, sides[i], scope);
	return check(el, eval_binary(el, e, v[0], v[1]), e, t, to);
}

static struct val eval_comprehension_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to)
{
	bool map = e->u.loop.key != NULL;
	struct type of;

	if (map ? t->tag != V_MAP || t->record : !type_is_list(t))
		return check(el, eval_comprehension(el, e, scope, NULL, to), e, t, to);
	of = map ? *t->of : element_type(t);
	return check(el, eval_comprehension(el, e, scope, &of, to), e, t, to);
}

/* web:8080/tcp, world:443/tcp */
static struct val eval_port_of_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t,
				  const struct target *to)
{
	struct val v;

	el->wanted_of = e;
	v = eval_as(el, e->u.port_of.base, scope, t, to);
	el->wanted_of = NULL;
	if (v.type != T_FLOWEND)
		return v;
	if (v.u.FLOWEND.port.lo) {
		say(el, DIAG_type_mismatch, e->at, "this names a port twice");
		return val_poison();
	}
	v.u.FLOWEND.port = with_protocol(e->u.port_of.port);
	return v;
}

/* chat, web.data: what the words mean is not asked. */
static struct val name_written(struct elab *el, const struct expr *e, const struct target *to)
{
	const struct expr *base = e->kind == EX_MEMBER ? e->u.member.base : NULL;

	if (e->kind == EX_NAME)
		return VAL(NAMED, e->u.text);
	if (base && base->kind == EX_NAME)
		return VAL(NAMED, STR_JOIN(el->a, base->u.text, STR("."), e->u.member.name.text));
	struct diag *d = e->kind == EX_BAD ? NULL : say(el, DIAG_type_mismatch, e->at, "`%.*s` takes a name: NAME, or NAME.NAME", STR_ARG(to->name));
	if (d && e->kind == EX_STRING)
		say_help(el, d, "write it without quotes: %.*s", STR_ARG(e->u.text));
	return val_poison();
}

static struct val eval_as_inner(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t,
				const struct target *to)
{
	struct val v;

	if (t->tag == T_NAMED)
		return name_written(el, e, to);
	if (e->kind == EX_NAME) {
		bool meant;

		el->wanted = t;
		el->wanted_of = el->wanted_of ? el->wanted_of : e;
		meant = contextual(el, e, scope, t, to, &v);
		el->wanted = NULL;
		el->wanted_of = NULL;
		if (meant)
			return v;
	}
	if (e->kind == EX_COND) {
		v = eval_condition(el, e->u.cond.condition, scope, "a condition");
		if (!branches_agree(el, e, scope, t) || v.type != T_BOOL)
			return val_poison();
		return eval_as(el, v.u.BOOL ? e->u.cond.yes : e->u.cond.no, scope, t, to);
	}
	if (e->kind == EX_BINARY && e->u.op.op == OP_ELSE)
		return eval_else_as(el, e, scope, t, to);
	if (e->kind == EX_BINARY && e->u.op.op == OP_ADD && type_is_list(t))
		return eval_joined_as(el, e, scope, t, to);
	if (e->kind == EX_LIST && type_is_list(t))
		return eval_list_as(el, e, scope, t, to);
	if (e->kind == EX_LIST && e->u.list.first && (type_is_enum(t) || !e->u.list.first->next))
		return mismatch(el, (struct val){.type = V_LIST}, e, t, to); /* its items were read as the words that they are not */
	if (e->kind == EX_MAP && t->tag == V_MAP)
		return eval_map_as(el, e, scope, t, to);
	if (e->kind == EX_COMPREHENSION)
		return eval_comprehension_as(el, e, scope, t, to);
	if (e->kind == EX_PORT_OF && t->tag == T_FLOWEND)
		return eval_port_of_as(el, e, scope, t, to);
	el->wanted = e->kind == EX_NAME || e->kind == EX_MEMBER || e->kind == EX_PORT_OF ? t : NULL;
	el->wanted_of = e;
	v = eval(el, e, scope);
	el->wanted = NULL;
	el->wanted_of = NULL;
	return check(el, v, e, t, to);
}

struct val eval_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t,
		   const struct target *to)
{
	struct val v;

	if (!eval_enter(el, e))
		return val_poison();
	v = eval_as_inner(el, e, scope, t, to);
	el->eval_depth--;
	return v;
}
