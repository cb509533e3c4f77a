/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The constructors of nodes, one for each action of the grammar, and parse() itself. Nodes are made once and not changed afterwards. A constructor that
 * meets what cannot be says so and returns something harmless. */
#include "lang/parse.h"

#include "grammar.h"
#include "lang/base/cleanup.h"

struct str parser_shown(const struct parser *p, struct span at)
{
	enum { SHOWN_MAX = 40 };
	struct str text = parser_text(p, at);

	if (text.n > SHOWN_MAX + 2)
		text.n = SHOWN_MAX + 2;	/* a line end has two bytes at most */
	text = str_cut(text, '\n', NULL);
	if (text.n && text.s[text.n - 1] == '\r')
		text.n--;
	if (text.n <= SHOWN_MAX)
		return text;
	size_t n = SHOWN_MAX;
	while (n > 0 && ((unsigned char)text.s[n] & 0xc0) == 0x80)
		n--;
	return str_fmt(p->arena, "%.*s…", (int)n, text.s);
}

static struct ident ident_of(const struct parser *p, struct span at)
{
	return (struct ident){parser_text(p, at), at};
}

/* Of a name that may be absent. */
static struct ident ident_if(const struct parser *p, struct span at)
{
	return at.lo ? ident_of(p, at) : (struct ident){0};
}

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

struct expr *expr_map(struct parser *p, struct span at, struct entry_list fields)
{
	struct expr *e = expr_new(p, EX_MAP, at);

	e->u.map = fields;
	for (struct entry *i = fields.first; i; i = i->next)
		e = expr_above(p, expr_above(p, e, i->value), i->computed);
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

struct type_expr *type_record(struct parser *p, struct span at, struct entry_list fields)
{
	struct type_expr *t = type_new(p, TF_RECORD, at);

	t->fields = fields;
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

/* --- entries --- */

static size_t entry_size(enum entry_kind kind)
{
	switch (kind) {
	case EN_FIELD:
	case EN_LET:
	case EN_OUTPUT:
	case EN_ASSERT:
	case EN_USE:
		return offsetof(struct entry, body);
	case EN_BLOCK:
		return offsetof(struct entry, mode);
	default:
		return sizeof(struct entry);
	}
}

static struct entry *entry_new(struct parser *p, enum entry_kind kind, struct span at)
{
	struct entry *e = arena_alloc(p->arena, entry_size(kind));

	e->kind = kind;
	e->at = at;
	if (++p->entries == ENTRIES_MAX + 1) {
		diag_add(p->diags, DIAG_many, at, "a file has at most %d entries", ENTRIES_MAX);
		p->stopped = p->ast->unbalanced = true;
	}
	return e;
}

struct entry *entry_field(struct parser *p, struct span at, struct span name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_FIELD, at);

	e->word = ident_of(p, name);
	e->value = value;
	return e;
}

/* "name" = value */
struct entry *entry_quoted(struct parser *p, struct span at, const struct expr *name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_FIELD, at);

	e->word = (struct ident){name->u.text, name->at};
	e->value = value;
	return e;
}

struct entry *entry_block(struct parser *p, struct span at, struct span kind, struct expr *name, struct expr *base, struct entry_list body)
{
	struct entry *e = entry_new(p, EN_BLOCK, at);

	e->word = ident_of(p, kind);
	e->name = name;
	e->base = base;
	e->body = body;
	return e;
}

struct entry *entry_arrow(struct parser *p, struct span at, struct span kind, struct span mode, struct expr *left, struct expr *right,
			  const struct entry_list *body)
{
	struct entry *e = entry_new(p, EN_ARROW, at);

	e->word = ident_of(p, kind);
	e->mode = ident_if(p, mode);
	e->left = left;
	e->right = right;
	e->has_body = body;
	e->body = body ? *body : entries_none();
	return e;
}

struct entry *entry_let(struct parser *p, struct span at, struct span name, struct type_expr *type, struct expr *value)
{
	struct entry *e = entry_new(p, EN_LET, at);

	e->word = ident_of(p, name);
	e->type = type;
	e->value = value;
	return e;
}

struct entry *entry_slot(struct parser *p, struct span at, enum entry_kind kind, struct span name, struct type_expr *type,
			 struct expr *value, struct expr *doc)
{
	struct entry *e = entry_new(p, kind, at);

	e->word = ident_of(p, name);
	e->type = type;
	e->value = value;
	if (doc && doc->kind == EX_STRING)
		e->doc = doc->u.text;
	else if (doc && doc->kind != EX_BAD)
		diag_add(p->diags, DIAG_doc, doc->at, "a description has nothing interpolated");
	return e;
}

struct entry *entry_output(struct parser *p, struct span at, struct span name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_OUTPUT, at);

	e->word = ident_of(p, name);
	e->value = value;
	return e;
}

struct entry *entry_computed(struct parser *p, struct span at, struct expr *name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_FIELD, at);

	e->value = value;
	if (name->kind == EX_TEXT || name->kind == EX_COMPUTED)
		e->computed = name;
	else	/* nothing is interpolated after all, or it could not be read */
		e->word = (struct ident){name->kind == EX_BAD ? STR("") : name->u.text, name->at};
	return name->kind == EX_BAD ? entry_lost(p, at) : e;
}

struct entry *entry_for(struct parser *p, struct span at, const struct loop *loop, struct entry_list body)
{
	struct entry *e = entry_new(p, EN_FOR, at);

	e->word = loop->name;
	e->second = loop->second;
	e->value = loop->list;
	e->body = body;
	return e;
}

struct entry *entry_if(struct parser *p, struct span at, struct expr *condition, struct entry_list body, struct entry_list other)
{
	struct entry *e = entry_new(p, EN_IF, at);
	size_t chain = 0;

	e->value = condition;
	e->body = body;
	e->other = other;
	for (struct entry *i = other.first; i && i->kind == EN_IF && chain <= NEST_MAX; i = i->other.first)
		chain++;
	if (chain > NEST_MAX) {
		if (!p->said_deep)
			diag_add(p->diags, DIAG_deep, at, "more than %d `else if` in a row", NEST_MAX);
		p->said_deep = true;
		e->other = (struct entry_list){0};
	}
	return e;
}

struct entry *entry_assert(struct parser *p, struct span at, struct expr *condition, struct expr *message)
{
	struct entry *e = entry_new(p, EN_ASSERT, at);

	e->value = condition;
	e->message = message;
	return e;
}

struct entry *entry_use(struct parser *p, struct span at, struct expr *what, struct span alias)
{
	struct entry *e = entry_new(p, EN_USE, at);

	e->value = what;
	e->word = ident_if(p, alias);
	return e;
}

struct entry *entry_template(struct parser *p, struct span at, struct span name, struct expr *base, struct entry_list body)
{
	struct entry *e = entry_new(p, EN_TEMPLATE, at);

	e->word = ident_of(p, name);
	e->base = base;
	e->body = body;
	e->doc = text_comment_above(p, at);
	return e;
}

struct entry *entry_type(struct parser *p, struct span at, struct span name, struct type_expr *type)
{
	struct entry *e = entry_new(p, EN_TYPE, at);

	e->word = ident_of(p, name);
	e->type = type;
	e->doc = text_comment_above(p, at);
	return e;
}

/* The newest token is what comes after it. */
struct entry *entry_lost(struct parser *p, struct span at)
{
	if (at.hi < p->last_at.lo)
		at.hi = p->last_at.lo;
	vec_push(p->kept, &p->ast->lost, at);
	return NULL;
}

static bool entry_early(const struct entry *e)
{
	return e->kind == EN_LET || (e->kind == EN_BLOCK && str_eq(e->word.text, STR("defaults")));
}

struct entry_list entries_add(struct parser *p, struct entry_list list, struct entry *e)
{
	(void)p;
	if (!e)
		return list;
	if (!list.first)
		list = (struct entry_list){e, e};
	list.first->early |= entry_early(e);
	if (list.last == e)
		return list;
	list.last->next = e;
	list.last = e;
	return list;
}

/* The token behind the entry was read, or the entry ends with the newest one: in either case what is open around the parser is the body that the entry stands in. What was
 * made since that began is then nobody's. */
struct entry_list body_add(struct parser *p, struct entry_list list, struct entry *e)
{
	if (!p->listener)
		return entries_add(p, list, e);
	if (p->last == SEP || (e && e->at.hi == p->last_at.hi))
		arena_rewind(p->arena, p->open[p->depth].begin);
	return entries_none();
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

struct ast *parse(struct arena *a, struct diags *d, struct source *source)
{
	return parse_heard(a, d, source, NULL);
}

static struct parser parser_new(struct arena *a, struct diags *d, struct source *source)
{
	struct parser p = {.arena = a, .kept = a, .diags = d, .ast = arena_new(a, struct ast), .text = source->text, .base = source->base, .last = SEP, .before = SEP};

	p.ast->source = source;
	p.last_at = p.before_at = (struct span){source->base, source->base};
	return p;
}

static void parser_run(struct parser *p, int (*grammar)(struct parser *p))
{
	lexer_open(p);
	grammar(p);
	lexer_close(p);
}

/* What a byte of text comes to in a tree, about. */
enum { TREE_BYTES = 6 };

/* Most texts have no mistakes, and are read in the quick way. Where that meets any, all that it said and made is left alone, and the text is read once more. */
struct ast *parse_heard(struct arena *a, struct diags *d, struct source *source, struct listener *listener)
{
	_arena_ struct arena passing = {0};
	struct diags doubts = {.arena = a, .sources = d->sources};
	struct parser quick = parser_new(a, &doubts, source), careful = parser_new(a, d, source);
	size_t errors = d->errors;

	if (!text_check(&careful))
		return careful.ast;
	if (!listener)
		arena_expect(a, (size_t)TREE_BYTES * source->text.n);
	quick.quick = true;
	if (listener && d->errors == errors) {
		quick.listener = listener;
		quick.arena = &passing;
	}
	parser_run(&quick, quick_parse);
	if (!quick.failed && doubts.all.n == 0)
		return quick.ast;
	parser_run(&careful, yyparse);
	return careful.ast;
}
