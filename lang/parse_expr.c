/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The constructors of expressions and types, one for each action of the grammar. Nodes are made once and not changed afterwards. A constructor that meets what cannot be says so and
 * returns something harmless. */
#include "lang/parse.h"

/* Most of what a large text comes to are expressions: each has the member of the union that its kind uses, and no other. */
static size_t expr_size(enum expr_kind kind)
{
#define WITH(member) (offsetof(struct expr, u.member) + sizeof ((struct expr *)NULL)->u.member)
	static const uint8_t sizes[] = {
		[EX_BOOL] = WITH(boolean), [EX_NONE] = WITH(boolean), [EX_INT] = WITH(octal), [EX_FLOAT] = WITH(number), [EX_STRING] = WITH(text), [EX_TEXT] = WITH(list),
		[EX_COMPUTED] = WITH(list), [EX_SIZE] = WITH(octal), [EX_DURATION] = WITH(octal), [EX_PERCENT] = WITH(number), [EX_IP] = WITH(addr), [EX_CIDR] = WITH(cidr),
		[EX_MAC] = WITH(mac), [EX_PORT] = WITH(port), [EX_ENDPOINT] = WITH(endpoint), [EX_PATH] = WITH(text), [EX_OWNER] = WITH(owner), [EX_NAME] = WITH(text),
		[EX_MEMBER] = WITH(member), [EX_PORT_OF] = WITH(port_of), [EX_INDEX] = WITH(index), [EX_CALL] = WITH(call), [EX_UNARY] = WITH(op), [EX_BINARY] = WITH(op),
		[EX_COND] = WITH(cond), [EX_LIST] = WITH(list), [EX_MAP] = WITH(map), [EX_COMPREHENSION] = WITH(loop), [EX_BAD] = sizeof(struct expr),
	};
#undef WITH

	return sizes[kind];
}

struct expr *expr_new(struct parser *p, enum expr_kind kind, struct span at)
{
	struct expr *e = arena_alloc(p->arena, expr_size(kind));

	e->kind = kind;
	e->at = at;
	return e;
}

/* Puts a node above others; EX_BAD in its place where the tree becomes too deep to be walked. */
static struct expr *expr_above(struct parser *p, struct expr *e, struct expr *below)
{
	if (!below || e->kind == EX_BAD)
		return e;
	if (below->depth + 1 > NEST_MAX) {
		if (!p->said_deep)
			diag_help(p->diags, diag_add(p->diags, DIAG_deep, e->at, "this expression has more than %d levels", NEST_MAX),
				  "give a part of it a name with `let`");
		p->said_deep = true;
		return expr_new(p, EX_BAD, e->at);
	}
	if (e->depth < below->depth + 1)
		e->depth = below->depth + 1;
	return e;
}

static struct expr *expr_above_all(struct parser *p, struct expr *e, struct expr_list list)
{
	for (struct expr *i = list.first; i; i = i->next)
		e = expr_above(p, e, i);
	return e;
}

struct expr *expr_boolean(struct parser *p, struct span at, bool value)
{
	struct expr *e = expr_new(p, EX_BOOL, at);

	e->u.boolean = value;
	return e;
}

struct expr *expr_none(struct parser *p, struct span at)
{
	return expr_new(p, EX_NONE, at);
}

struct expr *expr_name(struct parser *p, struct span at)
{
	struct expr *e = expr_new(p, EX_NAME, at);

	e->u.text = parser_text(p, at);
	return e;
}

struct expr *expr_text(struct parser *p, struct span at, struct expr_list parts, bool is_name)
{
	const char *end = p->text.s + (at.hi - p->base), *begin = p->text.s + (at.lo - p->base);
	struct expr *e;

	/* One without an end holds whatever stood behind it: that it has none is enough to say. */
	if (!is_name && *begin == '"' && (end - begin < 2 || end[-1] != '"'))
		return expr_new(p, EX_BAD, at);
	if (!parts.first || (parts.first == parts.last && parts.first->kind == EX_STRING)) {
		e = expr_new(p, is_name ? EX_NAME : EX_STRING, at);
		e->u.text = parts.first ? parts.first->u.text : STR("");
		return e;
	}
	e = expr_new(p, is_name ? EX_COMPUTED : EX_TEXT, at);
	e->u.list = parts;
	return expr_above_all(p, e, parts);
}

struct expr *expr_member(struct parser *p, struct span at, struct expr *base, struct span name)
{
	struct expr *e = expr_new(p, EX_MEMBER, at);

	e->u.member.base = base;
	e->u.member.name = ident_of(p, name);
	return expr_above(p, e, base);
}

struct expr *expr_port_of(struct parser *p, struct span at, struct expr *base, struct port port)
{
	struct expr *e = expr_new(p, port.lo ? EX_PORT_OF : EX_BAD, at);

	e->u.port_of.base = base;
	e->u.port_of.port = port;
	return expr_above(p, e, base);
}

struct expr *expr_index(struct parser *p, struct span at, struct expr *base, struct expr *index)
{
	struct expr *e = expr_new(p, EX_INDEX, at);

	e->u.index.base = base;
	e->u.index.index = index;
	return expr_above(p, expr_above(p, e, base), index);
}

struct expr *expr_call(struct parser *p, struct span at, struct span function, struct expr_list args)
{
	struct expr *e = expr_new(p, EX_CALL, at);

	e->u.call.function = ident_of(p, function);
	e->u.call.args = args;
	return expr_above_all(p, e, args);
}

struct expr *expr_unary(struct parser *p, struct span at, enum op op, struct expr *operand)
{
	return expr_binary(p, at, op, operand, NULL);
}

struct expr *expr_binary(struct parser *p, struct span at, enum op op, struct expr *left, struct expr *right)
{
	struct expr *e = expr_new(p, right ? EX_BINARY : EX_UNARY, at);

	e->u.op.op = op;
	e->u.op.left = left;
	e->u.op.right = right;
	return expr_above(p, expr_above(p, e, left), right);
}

struct expr *expr_cond(struct parser *p, struct span at, struct expr *condition, struct expr *yes, struct expr *no)
{
	struct expr *e = expr_new(p, EX_COND, at);

	e->u.cond.condition = condition;
	e->u.cond.yes = yes;
	e->u.cond.no = no;
	return expr_above(p, expr_above(p, expr_above(p, e, condition), yes), no);
}

struct expr *expr_of_list(struct parser *p, struct span at, struct expr_list list)
{
	struct expr *e = expr_new(p, EX_LIST, at);

	e->u.list = list;
	return expr_above_all(p, e, list);
}

struct expr *expr_map(struct parser *p, struct span at, struct entry_run fields)
{
	struct expr *e = expr_new(p, EX_MAP, at);

	e->u.map.first = fields.first;
	for (struct entry *i = fields.first; i; i = i->next)
		e = expr_above(p, expr_above(p, e, i->value), computed_name(i));
	return e;
}

struct loop *loop_new(struct parser *p, struct span name, struct span second, struct expr *list)
{
	struct loop *loop = arena_new(p->arena, struct loop);

	*loop = (struct loop){.name = ident_of(p, name), .second = ident_if(p, second), .list = list};
	return loop;
}

struct expr *expr_comprehension(struct parser *p, struct span at, struct expr *key, struct expr *body, struct loop *loop)
{
	struct expr *e = expr_new(p, EX_COMPREHENSION, at);

	e->u.loop.key = key;
	e->u.loop.body = body;
	e->u.loop.loop = loop;
	return expr_above(p, expr_above(p, expr_above(p, expr_above(p, e, key), body), loop->list), loop->condition);
}

struct expr_list exprs_add(struct expr_list list, struct expr *e)
{
	if (!list.first)
		return exprs_one(e);
	list.last->next = e;
	list.last = e;
	return list;
}

/* container "chat ui" { }: the name is a text of one part. */
struct expr *name_quoted(struct parser *p, struct expr *text)
{
	struct expr *e;

	if (text->kind == EX_TEXT || text->kind == EX_BAD)
		return text;
	e = expr_new(p, EX_TEXT, text->at);
	e->u.list = exprs_one(text);
	return expr_above(p, e, text);
}

/* --- types --- */

static struct type_expr *type_new(struct parser *p, enum type_form form, struct span at)
{
	struct type_expr *t = arena_new(p->arena, struct type_expr);

	t->form = form;
	t->at = at;
	return t;
}

struct type_expr *type_name(struct parser *p, struct span at, struct span module, struct span name)
{
	struct type_expr *t = type_new(p, TF_NAME, at);

	t->module = ident_if(p, module);
	t->name = ident_of(p, name);
	return t;
}

struct type_expr *type_generic(struct parser *p, struct span at, struct span name, struct type_expr *of)
{
	struct str word = parser_text(p, name);
	bool list = str_is(word, "list"), map = str_is(word, "map");
	struct type_expr *t = type_new(p, map ? TF_MAP : list ? TF_LIST : TF_BAD, at);
	size_t depth = 0;

	if (!list && !map)
		diag_help(p->diags,
			  diag_add(p->diags, DIAG_type_form, name, "`%.*s` takes no type in `<>`", STR_ARG(parser_shown(p, name))),
			  "only `list<T>` and `map<T>` do");
	for (struct type_expr *i = of; i; i = i->of)
		depth++;
	if (depth >= NEST_MAX) {
		if (!p->said_deep)
			diag_add(p->diags, DIAG_deep, at, "this type has more than %d levels", NEST_MAX);
		p->said_deep = true;
		return of;
	}
	t->of = of;
	return t;
}

struct type_expr *type_optional(struct parser *p, struct span at, struct type_expr *of)
{
	struct type_expr *t;

	if (of->form == TF_OPTIONAL) {
		diag_add(p->diags, DIAG_type_form, (struct span){at.hi - 1, at.hi}, "this type is optional already");
		return of;
	}
	t = type_new(p, TF_OPTIONAL, at);
	t->of = of;
	return t;
}

struct type_expr *type_enum(struct parser *p, struct span at, struct expr_list words)
{
	struct type_expr *t = type_new(p, TF_ENUM, at);

	t->words = words;
	return t;
}

struct type_expr *type_record(struct parser *p, struct span at, struct entry_run fields)
{
	struct type_expr *t = type_new(p, TF_RECORD, at);

	t->fields.first = fields.first;
	return t;
}

struct type_expr *type_range(struct parser *p, struct span at, struct type_expr *of, struct expr *lo, struct expr *hi)
{
	struct type_expr *t = type_new(p, TF_RANGE, at);

	t->of = of;
	t->lo = lo;
	t->hi = hi;
	return t;
}
