/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each expression that somebody wrote for something is evaluated at most once, when it is first asked for. One that asks for itself on the way is a cycle; it is
 * told as a whole, and all that is in it is poisoned. */
#include "compiler/elab.h"

static const char *active_name(struct elab *el, const struct active *f)
{
	struct str map = f->map ? f->map->name : (struct str){0};

	return str_fmt(el->a, "%s%s%.*s%s%.*s", f->node ? node_path(el, f->node) : "", f->node ? "." : "", STR_ARG(map),
		       f->map ? "." : "", STR_ARG(f->name))
		.s;
}

static struct val cycle(struct elab *el, const struct slot *slot, struct span used_at)
{
	VEC(const struct active *) chain = {0}; /* innermost first; the last is the slot itself */
	struct buf b = {0};

	for (const struct active *f = el->active; f; f = f->outer) {
		if (f->slot)
			vec_push(el->a, &chain, f);
		if (f->slot == slot)
			break;
	}
	const char *name = active_name(el, chain.at[chain.n - 1]);
	for (size_t i = chain.n; i-- > 0;)
		buf_fmt(&b, "%s -> ", active_name(el, chain.at[i]));
	buf_puts(&b, name);
	struct diag *d = say(el, DIAG_value_cycle, used_at, "`%s` depends on itself: %s", name, buf_take(&b, el->a).s);
	for (size_t i = chain.n - 1; i-- > 0;)
		say_note(el, d, chain.at[i]->used_at, "`%s` is needed here", active_name(el, chain.at[i]));
	return val_poison();
}

/* Enters a slot that was never evaluated; false where it is too deep. */
static bool enter(struct elab *el, struct slot *slot, struct active *frame)
{
	if (el->slot_depth >= SLOT_DEPTH_MAX) {
		say_limit(el, DIAG_limit_depth, frame->used_at, "values depend on each other more than %d deep",
			  SLOT_DEPTH_MAX);
		slot->state = SLOT_BAD;
		return false;
	}
	slot->state = SLOT_BUSY;
	frame->outer = el->active;
	frame->slot = slot;
	el->active = frame;
	el->slot_depth++;
	return true;
}

static void leave(struct elab *el, struct slot *slot, struct val v)
{
	el->slot_depth--;
	el->active = el->active->outer;
	slot->state = v.type == V_POISON ? SLOT_BAD : SLOT_DONE;
}

/* The value is typed. */
static struct val evaluate_field(struct elab *el, struct node *n, const struct schema_row *row, struct slot *slot,
				 struct span used_at)
{
	struct active frame = {.node = n, .name = row->name, .used_at = used_at};
	const struct target to = {.node = n, .name = row->name};
	const struct type t = row_type(row);
	void *field;
	struct val v;

	if (too_early(el, n, slot->late, row->name, used_at) || !enter(el, slot, &frame))
		return val_poison();
	v = eval_as(el, slot->expr, slot->scope, &t, &to);
	leave(el, slot, v);
	field = node_field_own(el, n, row);
	field_write(el->model, field, v);
	field_mark(field, true, slot->expr->at);
	return v;
}

/* A field that nobody wrote: the schema's default, which is there already (node_allocate), or what is chosen for it. */
static struct val default_field(struct elab *el, struct node *n, const struct schema_row *row, struct span used_at)
{
	struct val v = el->dflt[n->tag][row - n->kind->rows];
	struct val chosen = field_choosable(n->tag, row) ? field_chosen(el, n, row, used_at) : val_none();
	void *field = node_field(n, row);

	if (chosen.type != V_NONE) {
		v = chosen;
		field_write(el->model, field, v);
	}
	if (!row_is_rare(row))
		field_mark(field, false, n->at);
	bool good = !row->required && v.type != V_POISON && !(n->sample && v.type == V_NONE);
	node_cell_new(el, n, row)->slot.state = good ? SLOT_DONE : SLOT_BAD;
	return good ? val_widen(el->a, v) : val_poison();
}

struct val force_field(struct elab *el, struct node *n, const struct schema_row *row, struct span used_at)
{
	struct cell *cell = node_cell_there(n, row);
	struct slot *slot = cell ? &cell->slot : NULL;

	switch (slot ? (enum slot_state)slot->state : SLOT_EMPTY) {
	case SLOT_EMPTY:
		return default_field(el, n, row, used_at);
	case SLOT_FRESH:
		return val_widen(el->a, evaluate_field(el, n, row, slot, used_at));
	case SLOT_BUSY:
		return cycle(el, slot, used_at);
	case SLOT_DONE:
		return val_widen(el->a, field_read(node_field(n, row), row->type));
	case SLOT_BAD:
		break;
	}
	return val_poison();
}

void finish_field(struct elab *el, struct node *n, struct cell *cell)
{
	if (cell->slot.state == SLOT_FRESH)
		evaluate_field(el, n, cell->row, &cell->slot, n->at);
	else if (cell->slot.state == SLOT_EMPTY)
		default_field(el, n, cell->row, n->at);
}

struct val force_entry(struct elab *el, struct node *n, const struct schema_row *row, struct map_entry *e,
		       struct span used_at)
{
	struct active frame = {.node = n, .map = row, .name = e->name.text, .used_at = used_at};
	const struct target to = {.node = n, .name = e->name.text};
	const struct type t = {.tag = (int)row->type};
	struct val v;

	switch ((enum slot_state)e->slot.state) {
	case SLOT_DONE:
		return val_widen(el->a, field_read(entry_field(e), row->type));
	case SLOT_BUSY:
		return cycle(el, &e->slot, used_at);
	case SLOT_FRESH:
		break;
	default:
		return val_poison();
	}
	if (too_early(el, n, e->slot.late, e->name.text, used_at) || !enter(el, &e->slot, &frame))
		return val_poison();
	v = eval_as(el, e->slot.expr, e->slot.scope, &t, &to);
	leave(el, &e->slot, v);
	field_write(el->model, entry_field(e), v);
	field_mark(entry_field(e), true, e->slot.expr->at);
	return val_widen(el->a, v);
}

struct val force_binding(struct elab *el, struct binding *b, struct span used_at)
{
	struct active frame = {.name = b->name.text, .used_at = used_at};
	const struct target to = {.name = b->name.text};
	struct type t;
	struct val v;

	switch ((enum slot_state)b->slot.state) {
	case SLOT_DONE:
		return b->val;
	case SLOT_BUSY:
		return cycle(el, &b->slot, used_at);
	case SLOT_EMPTY:
		/* A parameter or input without a value: an optional one is none, any other is told of at the end. */
		b->slot.state = SLOT_DONE;
		b->val = declared_optional(el, b) ? val_none() : val_poison();
		return b->val;
	case SLOT_FRESH:
		break;
	default:
		return val_poison();
	}
	if (!enter(el, &b->slot, &frame))
		return val_poison();
	if (!b->declared)
		v = eval(el, b->slot.expr, b->slot.scope);
	else if (!type_read(el, b->declared, b->home, &t))
		v = val_poison();
	else if (b->given)
		v = val_widen(el->a, input_value(el, b, &t, &to));
	else
		v = val_widen(el->a, eval_as(el, b->slot.expr, b->slot.scope, &t, &to));
	leave(el, &b->slot, v);
	b->val = v;
	return v;
}

void bind_value(struct elab *el, struct scope *scope, struct ident name, struct val v)
{
	struct binding *b = arena_new(el->a, struct binding);

	b->form = BIND_VALUE;
	b->name = name;
	b->slot.state = SLOT_DONE;
	b->val = v;
	names_add(el, &scope->names, b);
}
