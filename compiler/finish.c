/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The end of the elaboration: everything is asked for once, what is missing is told, and the vectors of the model are filled: blocks and entries sorted by name;
 * arrows are in finish_arrow.c. */
#include "compiler/elab.h"
#include "compiler/net.h"
#include "lang/base/sort.h"

static void sort_nodes(struct elab *el, struct node **at, size_t n)
{
	struct sort_item *items;

	if (n < 2)
		return;
	items = arena_array(el->a, n, sizeof *items);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct sort_item){.key = at[i]->name.text, .value = at[i]};
	sort_by_key(items, n);
	for (size_t i = 0; i < n; i++)
		at[i] = items[i].value;
}

static int cmp_entries(const void *a, const void *b)
{
	return str_cmp((*(struct map_entry *const *)a)->name.text, (*(struct map_entry *const *)b)->name.text);
}

static void finish_map(struct elab *el, struct node *n, const struct cell *cell)
{
	const struct schema_row *row = cell->row;
	const struct type_info *info = &type_infos[row->type];
	char *entries;

	if (!cell->map.n)
		return;
	entries = arena_array(el->model, cell->map.n, info->entry_size);
	sort_array(cell->map.at, cell->map.n, sizeof(struct map_entry *), cmp_entries);
	for (size_t i = 0; i < cell->map.n; i++) {
		struct map_entry *m = cell->map.at[i];
		char *at = entries + i * info->entry_size;

		force_entry(el, n, row, m, m->name.at);
		n->wrong |= m->slot.state == SLOT_BAD;
		/* name and at stand first in every struct entry_TYPE, as in struct ident */
		memcpy(at, &m->name, sizeof m->name);
		memcpy(at + info->entry_value, entry_field(m), info->field_size);
	}
	vec_write(node_field(n, row), entries, cell->map.n);
}

static void finish_blocks(struct elab *el, struct node *n, const struct cell *cell)
{
	const struct schema_row *row = cell->row;
	void **models;

	if (row->how == HOW_ONE) {
		if (cell->one) {
			node_finish(el, cell->one);
			n->wrong |= cell->one->wrong;
			memcpy(node_field(n, row), &cell->one->model, sizeof(void *));
		}
		return;
	}
	if (!cell->many.n)
		return;
	sort_nodes(el, cell->many.at, cell->many.n);
	models = arena_array(el->model, cell->many.n, sizeof *models);
	for (size_t i = 0; i < cell->many.n; i++) {
		node_finish(el, cell->many.at[i]);
		n->wrong |= cell->many.at[i]->wrong && n->parent && n->parent->parent; /* a stack is not what is in it */
		models[i] = cell->many.at[i]->model;
	}
	vec_write(node_field(n, row), models, cell->many.n);
}

/* All that a block lacks, in one sentence. */
static void say_missing(struct elab *el, struct node *n)
{
	struct str names[2];
	struct buf b = {0};
	size_t count = 0;

	for (const struct schema_row **row = el->blank[n->tag].required; *row; row++) {
		if (node_cell(n, *row)->slot.expr)
			continue;
		if (count < 2)
			names[count] = (*row)->name;
		buf_fmt(&b, "%s`%.*s`", count++ ? ", " : "", STR_ARG((*row)->name));
	}
	if (!count)
		return;
	n->wrong = true;
	struct str list = buf_take(&b, el->a);
	if (n->sample || node_lost_field(n))
		return;
	struct diag *d = n->name.text.n ? say(el, DIAG_field_missing, n->at, "%.*s `%.*s` has no %.*s",
					      STR_ARG(n->kind->word), STR_ARG(n->name.text), STR_ARG(list)) :
					  say(el, DIAG_field_missing, n->at, "%.*s has no %.*s", STR_ARG(n->kind->word),
					      STR_ARG(list));
	say_help(el, d, "write: %.*s = …", STR_ARG(names[0]));
}

static void say_missing_params(struct elab *el, struct node *n)
{
	const struct binding *first = NULL;
	struct buf b = {0};

	for (const struct binding *p = n->params ? n->params->first : NULL; p; p = p->next) {
		if (p->slot.expr || declared_optional(el, p))
			continue;
		buf_fmt(&b, "%s`%.*s`", first ? ", " : "", STR_ARG(p->name.text));
		first = first ? first : p;
	}
	if (!first)
		return;
	n->wrong = true;
	struct str list = buf_take(&b, el->a);
	if (n->sample || node_lost_field(n))
		return;
	struct diag *d = say(el, DIAG_param_missing, n->at, "the template of %.*s `%.*s` asks for %.*s",
			     STR_ARG(n->kind->word), STR_ARG(n->name.text), STR_ARG(list));
	say_note(el, d, first->name.at, "declared here");
	say_help(el, d, "write in the block: %.*s = …", STR_ARG(first->name.text));
}

static void finish_assertion(struct elab *el, const struct assertion *a)
{
	const struct type string = {.tag = T_STRING};
	const struct target to = {.name = STR("the message")};
	struct val holds = eval_condition(el, a->entry->value, a->scope, "what is asserted");
	struct val message;

	if (holds.type != T_BOOL || holds.u.BOOL) {
		if (a->entry->message)
			text_look(el, a->entry->message, a->scope, "the message of an assertion");
		return;
	}
	message = a->entry->message ? eval_as(el, a->entry->message, a->scope, &string, &to) : val_poison();
	if (message.type == T_STRING)
		say(el, DIAG_assert_failed, a->entry->value->at, "%.*s", STR_ARG(message.u.STRING));
	else
		say(el, DIAG_assert_failed, a->entry->value->at, "this does not hold");
}

void node_finish(struct elab *el, struct node *n)
{
	if (n->state == NODE_FINISHED || el->stopped)
		return;
	node_ready(el, n);
	n->state = NODE_FINISHED;
	for (struct binding *b = n->params ? n->params->first : NULL; b; b = b->next)
		force_binding(el, b, b->name.at);
	for (const struct schema_row **row = el->blank[n->tag].choosable; *row; row++)
		node_cell_new(el, n, *row);
	for (struct cell *cell = n->cells; cell && !el->stopped; cell = cell->next)
		switch (cell->row->form) {
		case ROW_FIELD:
			finish_field(el, n, cell);
			n->wrong |= cell->slot.state == SLOT_BAD;
			break;
		case ROW_MAP:
			finish_map(el, n, cell);
			break;
		case ROW_BLOCK:
			finish_blocks(el, n, cell);
			break;
		case ROW_ARROW:
			finish_arrows(el, n, cell);
			break;
		}
	say_missing(el, n);
	say_missing_params(el, n);
	n->wrong |= el->d->errors && n->parent && n->parent->parent && (n->incomplete || node_lost_field(n));
	for (const struct assertion *a = n->assertions; a && !el->stopped; a = a->next)
		finish_assertion(el, a);
	if (n->tag == KIND_container)
		n->model->place = (uint8_t)container_place_said((const struct m_container *)n->model);
}
