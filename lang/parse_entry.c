/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The constructors of entries and of bodies' lists of them, one for each action of the grammar, as in parse_expr.c. */
#include "grammar.h"

static size_t entry_size(enum entry_kind kind, bool has_mode)
{
	switch (kind) {
	case EN_FIELD:
	case EN_OUTPUT:
	case EN_USE:
		return offsetof(struct entry, base);
	case EN_LET:
	case EN_ASSERT:
		return offsetof(struct entry, body);
	case EN_BLOCK:
		return offsetof(struct entry, mode_);
	case EN_ARROW:
		return has_mode ? sizeof(struct entry) : offsetof(struct entry, mode_);
	default:
		return sizeof(struct entry);
	}
}

static struct entry *entry_moded(struct parser *p, enum entry_kind kind, struct span at, struct ident word, struct ident mode)
{
	struct entry *e = arena_alloc(p->arena, entry_size(kind, mode.text.n));

	e->has_mode = mode.text.n;
	if (e->has_mode)
		e->mode_ = mode;
	entry_word_set(e, word);
	e->kind = kind;
	e->at = at;
	if (++p->entries == ENTRIES_MAX + 1) {
		diag_add(p->diags, DIAG_many, at, "a file has at most %d entries", ENTRIES_MAX);
		p->stopped = p->ast->unbalanced = true;
	}
	return e;
}

static struct entry *entry_new(struct parser *p, enum entry_kind kind, struct span at, struct ident word)
{
	return entry_moded(p, kind, at, word, (struct ident){0});
}

struct entry *entry_field(struct parser *p, struct span at, struct span name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_FIELD, at, ident_of(p, name));

	e->value = value;
	return e;
}

/* "name" = value */
struct entry *entry_quoted(struct parser *p, struct span at, const struct expr *name, struct expr *value)
{
	struct entry *e = entry_new(p, EN_FIELD, at, (struct ident){name->u.text, name->at});

	e->value = value;
	return e;
}

struct entry *entry_block(struct parser *p, struct span at, struct span kind, struct expr *name, struct expr *base, struct entry_run body)
{
	struct entry *e = entry_new(p, EN_BLOCK, at, ident_of(p, kind));

	e->name = name;
	e->base = base;
	e->body.first = body.first;
	return e;
}

struct entry *entry_arrow(struct parser *p, struct span at, struct span kind, struct span mode, struct expr *left, struct expr *right,
			  const struct entry_run *body)
{
	struct entry *e = entry_moded(p, EN_ARROW, at, ident_of(p, kind), ident_if(p, mode));

	e->left = left;
	e->right = right;
	e->has_body = body;
	e->body.first = body ? body->first : NULL;
	return e;
}

struct entry *entry_let(struct parser *p, struct span at, struct span name, struct type_expr *type, struct expr *value)
{
	struct entry *e = entry_new(p, EN_LET, at, ident_of(p, name));

	e->type = type;
	e->value = value;
	return e;
}

struct entry *entry_slot(struct parser *p, struct span at, enum entry_kind kind, struct span name, struct type_expr *type,
			 struct expr *value, struct expr *doc)
{
	struct entry *e = entry_new(p, kind, at, ident_of(p, name));

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
	struct entry *e = entry_new(p, EN_OUTPUT, at, ident_of(p, name));

	e->value = value;
	return e;
}

struct entry *entry_computed(struct parser *p, struct span at, struct expr *name, struct expr *value)
{
	struct entry *e;

	if (name->kind == EX_BAD)
		return entry_lost(p, at);
	if (name->kind != EX_TEXT && name->kind != EX_COMPUTED) /* nothing is interpolated after all */
		return entry_quoted(p, at, name, value);
	e = entry_new(p, EN_FIELD, at, (struct ident){0});
	e->is_computed = true;
	e->computed_ = name;
	e->value = value;
	return e;
}

struct entry *entry_for(struct parser *p, struct span at, const struct loop *loop, struct entry_run body)
{
	struct entry *e = entry_new(p, EN_FOR, at, loop->name);

	e->second = loop->second;
	e->value = loop->list;
	e->body.first = body.first;
	return e;
}

struct entry *entry_if(struct parser *p, struct span at, struct expr *condition, struct entry_run body, struct entry_run other)
{
	struct entry *e = entry_new(p, EN_IF, at, (struct ident){0});
	size_t chain = 0;

	e->value = condition;
	e->body.first = body.first;
	e->other.first = other.first;
	for (struct entry *i = other.first; i && i->kind == EN_IF && chain <= NEST_MAX; i = i->other.first)
		chain++;
	if (chain > NEST_MAX) {
		if (!p->said_deep)
			diag_add(p->diags, DIAG_deep, at, "more than %d `else if` in a row", NEST_MAX);
		p->said_deep = true;
		e->other.first = NULL;
	}
	return e;
}

struct entry *entry_assert(struct parser *p, struct span at, struct expr *condition, struct expr *message)
{
	struct entry *e = entry_new(p, EN_ASSERT, at, (struct ident){0});

	e->value = condition;
	e->message = message;
	return e;
}

struct entry *entry_use(struct parser *p, struct span at, struct expr *what, struct span alias)
{
	struct entry *e = entry_new(p, EN_USE, at, ident_if(p, alias));

	e->value = what;
	return e;
}

struct entry *entry_template(struct parser *p, struct span at, struct span name, struct expr *base, struct entry_run body)
{
	struct entry *e = entry_new(p, EN_TEMPLATE, at, ident_of(p, name));

	e->base = base;
	e->body.first = body.first;
	e->doc = text_comment_above(p, at);
	return e;
}

struct entry *entry_type(struct parser *p, struct span at, struct span name, struct type_expr *type)
{
	struct entry *e = entry_new(p, EN_TYPE, at, ident_of(p, name));

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
	return e->kind == EN_LET || (e->kind == EN_BLOCK && str_eq(entry_word(e).text, STR("defaults")));
}

struct entry_run entries_add(struct parser *p, struct entry_run list, struct entry *e)
{
	(void)p;
	if (!e)
		return list;
	if (!list.first)
		list = (struct entry_run){e, e};
	list.first->early |= entry_early(e);
	if (list.last == e)
		return list;
	list.last->next = e;
	list.last = e;
	return list;
}

/* The token behind the entry was read, or the entry ends with the newest one: in either case what is open around the parser is the body that the entry stands in. What was
 * made since that began is then nobody's. */
struct entry_run body_add(struct parser *p, struct entry_run list, struct entry *e)
{
	if (!p->listener)
		return entries_add(p, list, e);
	if (p->last == SEP || (e && e->at.hi == p->last_at.hi))
		arena_rewind(p->arena, p->open[p->depth].begin);
	return entries_none();
}
