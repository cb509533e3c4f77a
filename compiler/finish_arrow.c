/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The end of the elaboration for arrows: both sides of each are read, and its row of the model is filled in source order. */
#include "compiler/elab.h"
#include "lang/base/sort.h"

/* Lower layers first (they were there before); within one body as written. */
static int arrow_order(const struct arrow *x, const struct arrow *y)
{
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* One, and its number among those of the row as they were met. */
struct met {
	struct arrow *arrow;
	size_t number;
};

static int cmp_met(const void *a, const void *b)
{
	const struct met *x = a, *y = b;
	int order = arrow_order(x->arrow, y->arrow);

	return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

static bool arrows_in_order(const struct arrow *arrow)
{
	while (arrow->next && arrow_order(arrow, arrow->next) <= 0)
		arrow = arrow->next;
	return !arrow->next;
}

/* Mostly they were met in order. */
static void arrows_sort(struct elab *el, struct cell *cell)
{
	struct arrow **end = &cell->arrows.first, *arrow = *end;
	struct met *all;
	size_t n = 0;

	if (arrows_in_order(arrow))
		return;
	all = arena_array(el->a, cell->arrows.n, sizeof *all);
	for (; arrow; arrow = arrow->next, n++)
		all[n] = (struct met){arrow, n};
	sort_array(all, n, sizeof *all, cmp_met);
	for (size_t i = 0; i < n; i++) {
		*end = cell->arrows.last = all[i].arrow;
		end = &all[i].arrow->next;
	}
	*end = NULL;
}

/* A container, or a port of it: NAME or NAME.PORT, as most sides are written. */
struct plain {
	struct node *container;
	const struct map_entry *port;	/* or NULL; its value was read */
};

/* Whether the side is plain and nothing else has these names. Where it is not, or is wrong, the general way tells. */
static bool side_plain(struct elab *el, const struct arrow *arrow, const struct expr *e, struct plain *ret)
{
	const struct expr *name = e->kind == EX_MEMBER ? e->u.member.base : e;
	struct found f = {.form = FOUND_NOTHING};

	if (name->kind == EX_NAME)
		f = name_find(el, arrow->scope, name->u.text, NULL);
	if (f.form != FOUND_CHILD || f.node->tag != KIND_container || f.node->late)
		return false;
	node_ready(el, f.node);
	*ret = (struct plain){f.node, NULL};
	if (name == e)
		return true;
	ret->port = entry_find(node_cell(f.node, el->ports[KIND_container]), e->u.member.name.text);
	/* no port has the name of a word of the kind (fill.c) */
	return ret->port && ret->port->slot.state == SLOT_DONE && !names_find(f.node->params, e->u.member.name.text) &&
	       !(f.node->children && map_get(f.node->children, e->u.member.name.text));
}

/* Writes the side into the model; false where it is none that this arrow can have. */
static bool plain_write(const struct plain *plain, enum type_tag tag, void *field)
{
	struct port_ref ref = {.container = (struct m_container *)plain->container->model};

	if (plain->port) {
		ref.named = true;
		ref.port = ((const struct f_PORT *)entry_field(plain->port))->v;
	}
	if (tag == T_FLOWEND)
		((struct f_FLOWEND *)field)->v = (struct flow_end){
			.kind = END_CONTAINER, .container = ref.container, .named = ref.named, .port = ref.port};
	else if (tag == T_PORTREF && plain->port)
		((struct f_PORTREF *)field)->v = ref;
	else
		return false;
	*(bool *)field = true; /* set stands first in every struct f_TYPE */
	return true;
}

/* False where it is wrong, which was said. */
static bool arrow_side(struct elab *el, const struct target *to, const struct arrow *arrow, const struct expr *e, enum type_tag tag, void *field)
{
	const struct type t = {.tag = (int)tag};
	struct plain plain;
	struct val v;

	if (!side_plain(el, arrow, e, &plain) || !plain_write(&plain, tag, field)) {
		v = eval_as(el, e, arrow->scope, &t, to);
		if (v.type == V_POISON)
			return false;
		field_write(el->model, field, v);
	}
	field_mark(field, true, e->at);
	return true;
}

/* False where something of it is wrong. */
static bool finish_arrow(struct elab *el, struct node *n, const struct schema_row *row, const struct arrow *arrow,
			 char *element)
{
	const struct target to = {.node = n, .name = row->name};
	const enum word mode = arrow->mode;
	bool left = arrow_side(el, &to, arrow, arrow->entry->left, row->type, element + row->arrow_left);
	bool turned = row->type == T_HOSTPORT || (row->type == T_STRING && arrow->entry->right->kind == EX_STRING);
	bool swapped = !left && turned && arrow->entry->left->kind == EX_MEMBER; /* which was said */
	bool right = !swapped && arrow_side(el, &to, arrow, arrow->entry->right, row->right, element + row->arrow_right);
	bool good = left && right;

	/* struct span at stands first */
	memcpy(element, &arrow->entry->at, sizeof arrow->entry->at);
	memcpy(element + row->arrow_mode, &mode, sizeof mode);
	if (left && row->type == T_FLOWEND && ((const struct f_FLOWEND *)(element + row->arrow_left))->v.port.lo) {
		struct diag *d = say(el, DIAG_type_mismatch, arrow->entry->left->at,
				     "the left side of `%.*s` opens connections: it names no port", STR_ARG(row->name));

		say_help(el, d, "the port stands on the right side, where it is answered");
		good = false;
	}
	if (arrow->block) {
		node_finish(el, arrow->block);
		memcpy(element + row->arrow_block, &arrow->block->model, sizeof(void *));
		good &= !arrow->block->wrong;
	}
	return good;
}

void finish_arrows(struct elab *el, struct node *n, struct cell *cell)
{
	const struct schema_row *row = cell->row;
	size_t good = 0;
	char *elements;

	if (!cell->arrows.n)
		return;
	elements = arena_array(el->model, cell->arrows.n, row->arrow_size);
	arrows_sort(el, cell);
	for (const struct arrow *arrow = cell->arrows.first, *next; arrow && !el->stopped; arrow = next) {
		char *element = elements + good * row->arrow_size;

		/* The tree of a large text is in no cache any more: while one arrow is worked on, what the next ones read of it comes. */
		next = arrow->next;
		if (next && next->next) {
			__builtin_prefetch(next->next->entry);
			__builtin_prefetch(next->entry->left);
			__builtin_prefetch(next->entry->right);
		}
		if (finish_arrow(el, n, row, arrow, element))
			good++;
		else
			memset(element, 0, row->arrow_size); /* it may have left something for the one behind it */
	}
	n->wrong |= good < cell->arrows.n && n->parent && n->parent->parent;
	vec_write(node_field(n, row), elements, good);
}
