/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Block instances: the layers that one is made of, and its layout. Layers in order of precedence: what is written for the block itself, then the templates that it
 * extends, then the same blocks within its parent's templates, then the `defaults` of the enclosing bodies, inner before outer. What is in the bodies is sorted
 * into cells by fill.c. */
#include "compiler/elab.h"

struct node *node_new(struct elab *el, struct node *parent, enum kind_tag kind, struct ident name, struct span at)
{
	struct node *n;

	if (++el->instances > el->instances_max) {
		say_limit(el, DIAG_limit_instances, at, "more than %zu blocks are made", el->instances_max);
		return NULL;
	}
	n = arena_new(el->a, struct node);
	n->tag = kind;
	n->kind = kind == KIND_COUNT ? &file_kind : &schema_kinds[kind];
	n->parent = parent;
	n->name = name;
	n->at = at;
	n->sample = parent && parent->sample;
	n->partial = parent && (parent->broken || parent->partial);
	return n;
}

/* Behind all layers of the same or a higher rank of the parent; a body that is written stands before the templates of the same rank. */
static void layer_insert(struct elab *el, struct node *n, struct layer layer)
{
	struct layer **at = &n->layers, *l;

	while (*at && ((*at)->parent_rank < layer.parent_rank ||
		       ((*at)->parent_rank == layer.parent_rank &&
			(layer.origin != LAYER_WRITTEN || (*at)->origin == LAYER_WRITTEN))))
		at = &(*at)->next;
	l = arena_new(el->a, struct layer);
	*l = layer;
	l->next = *at;
	*at = l;
}

/* A template and those that it extends. */
void layers_of_template(struct elab *el, struct node *n, const struct template *t, uint16_t parent_rank)
{
	for (; t; t = t->base) {
		struct layer layer = {.entry = t->entry,
				      .outer = t->file->scope,
				      .origin = LAYER_TEMPLATE,
				      .parent_rank = parent_rank};

		layer_insert(el, n, layer);
	}
}

void layer_add(struct elab *el, struct node *n, const struct entry *e, struct scope *outer, uint16_t parent_rank)
{
	struct layer layer = {.entry = e, .outer = outer, .origin = LAYER_WRITTEN, .parent_rank = parent_rank};

	if (n->state != NODE_FRESH) {
		say(el, DIAG_name_late, entry_word(e).at, "this adds to `%s`, which a condition beside it depends on",
		    node_path(el, n));
		return;
	}
	layer_insert(el, n, layer);
	n->low_rank = parent_rank > n->low_rank ? parent_rank : n->low_rank;
	if (e->kind == EN_ARROW || !e->base)
		return;
	struct template *t = template_find(el, outer->file, e->base, n->tag);
	n->broken |= !t;
	layers_of_template(el, n, t, parent_rank);
}

static bool has_defaults(const struct node *n, const struct entry *e)
{
	for (const struct layer *l = n->layers; l; l = l->next)
		if (l->entry == e)
			return true;
	return false;
}

/* Appends the `defaults` of the bodies that the block is written in. Those around a template's declaration do not count: its place is where it is used. */
static void layers_defaults(struct elab *el, struct node *n)
{
	struct layer **end = &n->layers, *first = n->layers;

	while (*end)
		end = &(*end)->next;
	struct layer **written_end = end;
	for (struct layer *l = first; l && l != *written_end; l = l->next) {
		if (l->origin != LAYER_WRITTEN)
			continue;
		for (struct scope *s = l->outer; s; s = s->parent)
			for (struct defaults *d = s->defaults; d; d = d->next) {
				if (d->kind != n->tag || has_defaults(n, d->entry))
					continue;
				*end = arena_new(el->a, struct layer);
				**end = (struct layer){.entry = d->entry,
						       .outer = s,
						       .origin = LAYER_DEFAULTS,
						       .parent_rank = UINT16_MAX};
				end = &(*end)->next;
			}
	}
}

/* Bodies that are written side by side (by if and for) are of one rank: what they both give is given twice. */
static void layers_number(struct elab *el, struct node *n)
{
	const struct layer *before = NULL;
	unsigned rank = 0;

	for (struct layer *l = n->layers; l; before = l, l = l->next) {
		if (before && !(before->origin == LAYER_WRITTEN && l->origin == LAYER_WRITTEN &&
				before->parent_rank == l->parent_rank))
			rank++;
		if (rank > UINT16_MAX - 1) {
			say_limit(el, DIAG_limit_depth, n->at, "`%s` is made of too many templates", node_path(el, n));
			rank = UINT16_MAX - 1;
		}
		l->rank = (uint16_t)rank;
		if (!l->scope)
			l->scope = scope_new(el, l->outer, n);
		l->scope->rank = l->rank;
	}
}

static void param_add(struct elab *el, struct node *n, const struct layer *l, const struct entry *e)
{
	struct binding *b = arena_new(el->a, struct binding);

	if (row_find(el, n, entry_word(e).text)) {
		say(el, DIAG_name_form, entry_word(e).at, "`%.*s` is a word of %.*s: no parameter can have this name",
		    STR_ARG(entry_word(e).text), STR_ARG(n->kind->word));
		return;
	}
	b->form = BIND_PARAM;
	b->name = entry_word(e);
	b->declared = e->type;
	b->home = l->scope;
	b->rank = l->rank;
	b->slot = (struct slot){
		.expr = e->value, .scope = l->scope, .rank = l->rank, .state = e->value ? SLOT_FRESH : SLOT_EMPTY};
	names_add(el, &n->params, b);
}

static void params_collect(struct elab *el, struct node *n)
{
	for (const struct layer *l = n->layers; l; l = l->next)
		for (const struct entry *e = l->entry->body.first; e && l->origin == LAYER_TEMPLATE; e = e->next)
			if (e->kind == EN_PARAM)
				param_add(el, n, l, e);
}

const struct cell cell_empty;

struct cell *node_cell_new(struct elab *el, struct node *n, const struct schema_row *row)
{
	struct cell **at = &n->cells, *cell;

	while (*at && (*at)->row < row)
		at = &(*at)->next;
	if (*at && (*at)->row == row)
		return *at;
	cell = arena_new(el->a, struct cell);
	cell->row = row;
	cell->next = *at;
	return *at = cell;
}

/* A model that has the defaults. The pointer back lets a reference in the model lead to the node (model_node). */
static void node_allocate(struct elab *el, struct node *n)
{
	const struct blank *blank = &el->blank[n->tag];
	char *bytes = arena_alloc(el->model, MODEL_BACK + n->kind->size);
	const struct span at = n->at;

	memcpy(bytes, &n, sizeof n);
	n->model = (struct m_head *)(bytes + MODEL_BACK);
	memcpy(n->model, blank->model, n->kind->size);
	/* what nobody writes stands where the block does */
	for (size_t i = 0; i < blank->nspans; i++)
		memcpy(bytes + MODEL_BACK + blank->spans[i], &at, sizeof at);
	n->model->name = str_copy(el->model, n->name.text);
	n->model->at = n->at;
	if (n->tag == KIND_stack)
		n->model->stack = (struct m_stack *)n->model;
	else if (n->parent && n->parent->tag != KIND_COUNT)
		n->model->stack = n->parent->model->stack;
}

void *node_field_own(struct elab *el, const struct node *n, const struct schema_row *row)
{
	const void *shared = el->blank[n->tag].rare;
	void *own;

	if (row_is_rare(row) && model_rare(n->model) == shared) {
		own = arena_alloc(el->model, n->kind->rare_size);
		memcpy(own, shared, n->kind->rare_size);
		model_rare_set(n->model, own);
	}
	return node_field(n, row);
}

void node_lay_out(struct elab *el, struct node *n)
{
	n->state = NODE_OPEN;
	layers_defaults(el, n);
	layers_number(el, n);
	node_allocate(el, n);
	params_collect(el, n);
	for (const struct layer *l = n->layers; l; l = l->next) {
		struct fill f = {.node = n, .scope = l->scope, .layer = l};

		fill_entries(el, &f, &l->entry->body);
	}
	for (const struct pending *p = n->pending; p && !el->stopped; p = p->next)
		fill_expand(el, &p->fill, p->entry);
	n->state = NODE_READY;
}
