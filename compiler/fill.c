/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sorting the entries of a body into the cells of its node: which expression wins, which blocks there are. What must be evaluated before it is known what it makes
 * (if, for, computed names) waits until every body of the node was read; so what is written plainly is there for its conditions, in whatever order it stands. */
#include "compiler/elab.h"

enum { ENTRIES_LINEAR = 16 };

/* ---- who wins ---- */

/* Puts an expression into a slot, unless one of a higher layer is there. what: for "… is given twice". */
static void slot_set(struct elab *el, const struct fill *f, struct slot *slot, const struct entry *e)
{
	if (slot->state == SLOT_FRESH && slot->rank < f->layer->rank)
		return;
	if (slot->state == SLOT_FRESH && slot->rank == f->layer->rank) {
		struct diag *d = say(el, DIAG_field_twice, entry_word(e).at, "`%.*s` is given twice", STR_ARG(entry_word(e).text));

		say_note(el, d, slot->expr->at, "first given here");
		say_help(el, d, "leave one of them out");
		return;
	}
	if (slot->state != SLOT_FRESH && slot->state != SLOT_EMPTY) {
		say(el, DIAG_name_late, entry_word(e).at, "this sets `%.*s`, which a condition beside it depends on",
		    STR_ARG(entry_word(e).text));
		return;
	}
	*slot = (struct slot){
		.expr = e->value, .scope = f->scope, .rank = f->layer->rank, .state = SLOT_FRESH, .late = f->late};
}

/* ---- names of blocks and entries ---- */

/* Whether a port's name is taken by a word of the kind, so that `web.http` would mean that. */
static bool name_is_word(struct elab *el, const struct node *n, struct ident name)
{
	const struct schema_row *row = row_find(el, n, name.text);

	if (!row || row->form == ROW_ARROW || (row->form == ROW_BLOCK && row->how == HOW_MANY))
		return false;
	say(el, DIAG_name_form, name.at, "`%.*s` is a word of %.*s: no port can have this name", STR_ARG(name.text),
	    STR_ARG(n->kind->word));
	return true;
}

/* The name of a block that is written plainly, bare or in quotes. */
static struct ident name_plain(const struct expr *e)
{
	const struct expr *only = e->kind == EX_TEXT ? e->u.list.first : e;

	return (struct ident){only ? only->u.text : (struct str){0}, e->at};
}

/* My_Stack -> my-stack */
static void help_name(struct elab *el, struct diag *d, struct str name, enum named named)
{
	struct buf b = {0};

	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		buf_addc(&b, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
	}
	struct str good = buf_take(&b, el->a);
	if (!form_name(good, named))
		say_help(el, d, "did you mean `%.*s`?", STR_ARG(good));
}

static bool name_good(struct elab *el, struct ident name, enum named named)
{
	const char *wrong = form_name(name.text, named);

	if (wrong)
		help_name(el, say(el, DIAG_name_form, name.at, "`%.*s` cannot be a name here: %s", STR_ARG(name.text), wrong), name.text, named);
	return !wrong;
}

/* ---- entries of a block of free names ---- */

static void map_push(struct elab *el, struct cell *cell, struct map_entry *m)
{
	size_t cap = cell->map.cap;

	if (cell->map.n == cap) {
		cell->map.at = vec_grow(el->a, cell->map.at, cap, &cap, sizeof *cell->map.at);
		cell->map.cap = (uint32_t)cap;
	}
	cell->map.at[cell->map.n++] = m;
	if (cell->map.index) {
		map_add(el->a, cell->map.index, m->name.text, m);
	} else if (cell->map.n > ENTRIES_LINEAR) {
		cell->map.index = arena_new(el->a, struct map);
		for (size_t i = 0; i < cell->map.n; i++)
			map_add(el->a, cell->map.index, cell->map.at[i]->name.text, cell->map.at[i]);
	}
}

static const char *entry_name_wrong(enum map_key key, struct str name)
{
	switch (key) {
	case K_ENV:
		return form_env_name(name);
	case K_LABEL:
		return form_label_name(name);
	case K_SYSCTL:
		return form_sysctl_name(name);
	case K_NAME:
		break;
	}
	return form_name(name, N_NAME);
}

static void fill_map_entry(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct cell *cell = node_cell_new(el, f->node, f->map);
	struct map_entry *m = entry_find(cell, entry_word(e).text);

	if (!m) {
		const char *wrong = entry_name_wrong(schema_map_key(f->node->tag, f->map), entry_word(e).text);

		if (wrong) {
			say(el, DIAG_name_form, entry_word(e).at, "`%.*s` cannot be a name in `%.*s`: %s",
			    STR_ARG(entry_word(e).text), STR_ARG(f->map->name), wrong);
			f->node->incomplete = true;
			return;
		}
		if (f->map->type == T_PORT && name_is_word(el, f->node, entry_word(e))) {
			f->node->incomplete = true;
			return;
		}
		m = arena_alloc(el->a, sizeof *m + type_infos[f->map->type].field_size);
		m->name = (struct ident){str_copy(el->model, entry_word(e).text), entry_word(e).at};
		map_push(el, cell, m);
	}
	slot_set(el, f, &m->slot, e);
	if (m->slot.expr == e->value)
		m->name.at = entry_word(e).at;
}

/* Two blocks of free names side by side; what if and for add is merged. */
static bool map_twice(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e)
{
	struct map_block *b;

	for (b = f->node->map_blocks; b; b = b->next)
		if (b->row == row && b->rank == f->layer->rank) {
			struct diag *d = say(el, DIAG_field_twice, entry_word(e).at, "`%.*s` is given twice",
					     STR_ARG(row->name));

			say_note(el, d, entry_word(b->entry).at, "first given here");
			say_help(el, d, "put all of it into one block");
			f->node->incomplete = true;
			return true;
		}
	b = arena_new(el->a, struct map_block);
	*b = (struct map_block){.next = f->node->map_blocks, .entry = e, .row = row, .rank = f->layer->rank};
	f->node->map_blocks = b;
	return false;
}

/* ---- fields ---- */

static void fill_language(struct elab *el, const struct entry *e)
{
	if (e->value->kind != EX_INT || e->value->u.octal) {
		say(el, DIAG_language_version, e->value->at, "the version of the language is a number: language = %d",
		    LANGUAGE_VERSION);
	} else if (e->value->u.integer < 1 || e->value->u.integer > LANGUAGE_VERSION) {
		struct diag *d = say(el, DIAG_language_version, e->value->at,
				     "this program does not know version %lld of the language",
				     (long long)e->value->u.integer);

		say_help(el, d, "it knows versions up to %d; a newer one needs a newer ctc", LANGUAGE_VERSION);
	}
}

/* An entry with a word that the kind does not have. */
void fill_unknown(struct elab *el, const struct fill *f, const struct entry *e)
{
	word_unknown(el, f->node, e);
	if (e->kind == EN_BLOCK) /* others declare nothing */
		lost_entry(el, f->scope->file, e);
	f->node->lost |= e->kind == EN_FIELD;
	f->node->incomplete = true;
}

/* One with a word that it has, in another form; what it names is lost where that is a block. */
void fill_misformed(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e)
{
	if (!(e->kind == EN_BLOCK && e->name && e->name->kind == EX_BAD)) /* that is said, and may have swallowed an arrow */
		wrong_form(el, row, entry_word(e).at);
	if (row->form == ROW_BLOCK && row->how == HOW_MANY)
		lost_name(el, f->scope->file, (struct str){0});
	else if (row->form != ROW_ARROW)
		lost_entry(el, f->scope->file, e);
	f->node->lost |= row->form == ROW_FIELD;
	f->node->incomplete = true;
}

static void fill_field(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct schema_row *row = row_find(el, f->node, entry_word(e).text);
	struct binding *param;

	if (row) {
		if (row->form == ROW_FIELD)
			slot_set(el, f, &node_cell_new(el, f->node, row)->slot, e);
		else
			fill_misformed(el, f, row, e);
		return;
	}
	param = names_find(f->node->params, entry_word(e).text);
	if (param && param->rank > f->layer->rank) {
		slot_set(el, f, &param->slot, e);
		return;
	}
	if (param && param->rank == f->layer->rank) {
		struct diag *d = say(el, DIAG_field_twice, entry_word(e).at,
				     "the template gives its own parameter `%.*s` a value", STR_ARG(entry_word(e).text));

		say_help(el, d, "a parameter's default is written with it: param %.*s: TYPE = …",
			 STR_ARG(entry_word(e).text));
		return;
	}
	if (f->node->tag == KIND_COUNT && str_eq(entry_word(e).text, STR("language")) && !f->late)
		fill_language(el, e);
	else
		fill_unknown(el, f, e);
}

/* ---- blocks ---- */

static void fill_defaults(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct defaults *d, **at = &f->scope->defaults;
	enum kind_tag kind = e->name && e->name->kind == EX_NAME ? kind_find(e->name->u.text) : KIND_COUNT;

	if (kind == KIND_COUNT) {
		struct diag *wrong = say(el, DIAG_block_name, e->name ? e->name->at : entry_word(e).at,
					 "defaults are for a kind of block");
		struct near near = near_start(e->name && e->name->kind == EX_NAME ? e->name->u.text : (struct str){0});

		for (size_t k = 0; k < KIND_COUNT; k++)
			near_offer(&near, schema_kinds[k].word);
		say_suggest(el, wrong, &near);
		if (near.best.n == 0)
			say_help(el, wrong, "write: defaults container { … }");
		f->node->incomplete = true;
		return;
	}
	if (e->base) {
		struct diag *wrong = say(el, DIAG_entry_form, e->base->at, "defaults extend no template");

		say_help(el, wrong, "name the template behind each: %.*s NAME : %s { … }", STR_ARG(e->name->u.text), expr_shown(el, e->base));
		f->node->incomplete = true;
		return;
	}
	for (; *at; at = &(*at)->next)
		if ((*at)->kind == kind) {
			struct diag *twice = say(el, DIAG_field_twice, e->name->at,
						 "the defaults for %.*s are given twice",
						 STR_ARG(schema_kinds[kind].word));

			say_note(el, twice, (*at)->entry->name->at, "first given here");
			say_help(el, twice, "put all of it into one block");
			f->node->incomplete = true;
			return;
		}
	d = arena_new(el->a, struct defaults);
	d->entry = e;
	d->kind = kind;
	*at = d;
}

static void fill_one(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e)
{
	struct cell *cell = node_cell_new(el, f->node, row);

	if (e->name) {
		struct diag *d = say(el, DIAG_block_name, e->name->at, "`%.*s` has no name", STR_ARG(row->name));

		say_help(el, d, "write: %.*s { … }", STR_ARG(row->name));
	}
	if (!cell->one) {
		cell->one = node_new(el, f->node, row->child, (struct ident){0}, entry_word(e).at);
		if (!cell->one)
			return;
	} else if (!f->late) {
		for (const struct layer *l = cell->one->layers; l; l = l->next) {
			if (l->parent_rank != f->layer->rank || l->origin != LAYER_WRITTEN)
				continue;
			struct diag *d = say(el, DIAG_field_twice, entry_word(e).at, "`%.*s` is given twice",
					     STR_ARG(row->name));
			say_note(el, d, entry_word(l->entry).at, "first given here");
			say_help(el, d, "put all of it into one block");
			f->node->incomplete = true;
			return;
		}
	}
	cell->one->late |= f->late;
	layer_add(el, cell->one, e, f->scope, f->layer->rank);
}

/* The second one is left out: it may be meant to have another name. */
static void child_twice(struct elab *el, const struct fill *f, struct ident name, const struct node *old)
{
	const struct node *n = f->node;
	struct diag *d = n->tag == KIND_COUNT ?
				 say(el, DIAG_name_twice, name.at, "two stacks are called `%.*s`", STR_ARG(name.text)) :
				 say(el, DIAG_name_twice, name.at, "two blocks of `%s` are called `%.*s`",
				     node_path(el, n), STR_ARG(name.text));

	say_note(el, d, old->at, "first given here");
	if (old->at.lo == name.at.lo)
		say_help(el, d, "each turn of a loop makes one, and each has a name of its own: web-${x}");
	else
		say_help(el, d, "give one of them another name");
	lost_name(el, f->scope->file, (struct str){0});
	f->node->incomplete = true;
}

static struct node *child_new(struct elab *el, const struct fill *f, const struct schema_row *row, struct ident name)
{
	struct node *n = f->node, *child;
	const struct binding *let;

	/* Where it was not found at all, that was said. */
	if (n->missed && map_get(n->missed, name.text) && !map_get(&f->scope->file->unknown, name.text)) {
		say(el, DIAG_name_late, name.at,
		    "this makes `%.*s`, which a condition beside it names in another sense", STR_ARG(name.text));
		return NULL;
	}
	bool good = name_good(el, name, schema_kinds[row->child].named);
	if (!good)
		lost_name(el, f->scope->file, name.text);
	let = names_find(f->layer->scope->names, name.text);
	if (let) {
		struct diag *d = say(el, DIAG_name_twice, name.at, "`%.*s` is declared twice", STR_ARG(name.text));

		say_note(el, d, let->name.at, "first declared here");
		say_help(el, d, "give one of them another name");
	}
	child = node_new(el, n, row->child, name, name.at);
	if (!child)
		return NULL;
	child->wrong = !good;
	child->hidden = row_is_member(row_find(el, n, name.text));
	if (!n->children)
		n->children = arena_new(el->a, struct map);
	map_add(el->a, n->children, name.text, child);
	vec_push(el->a, &node_cell_new(el, n, row)->many, child);
	return child;
}

void fill_named(struct elab *el, const struct fill *f, const struct schema_row *row, struct ident name,
		const struct entry *e)
{
	struct node *n = f->node;
	struct node *child = n->children ? map_get(n->children, name.text) : NULL;

	if (child && child->tag != row->child) {
		child->contested = true;
		child_twice(el, f, name, child);
		return;
	}
	for (const struct layer *l = child ? child->layers : NULL; l; l = l->next)
		if (l->parent_rank == f->layer->rank && l->origin == LAYER_WRITTEN) {
			child_twice(el, f, name, child);
			return;
		}
	if (!child)
		child = child_new(el, f, row, name);
	if (!child)
		return;
	child->late |= f->late;
	layer_add(el, child, e, f->scope, f->layer->rank);
}

static bool name_is_computed(const struct entry *e)
{
	const struct expr *parts = e->name->kind == EX_TEXT ? e->name->u.list.first : NULL;

	return e->name->kind == EX_COMPUTED || (parts && (parts->kind != EX_STRING || parts->next));
}

/* if, for, computed names: at once where this is within one, else after all bodies of the node. */
static void fill_later(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct pending *p;

	if (f->late) {
		fill_expand(el, f, e);
		return;
	}
	p = arena_new(el->a, struct pending);
	p->entry = e;
	p->fill = *f;
	p->fill.late = true;
	p->fill.order = e->at.lo;
	if (f->node->pending_last)
		f->node->pending_last->next = p;
	else
		f->node->pending = p;
	f->node->pending_last = p;
}

static void fill_many(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e)
{
	if (!e->name) {
		struct diag *d = say(el, DIAG_block_name, entry_word(e).at, "`%.*s` needs a name", STR_ARG(row->name));

		say_help(el, d, "write: %.*s NAME { … }", STR_ARG(row->name));
		lost_name(el, f->scope->file, (struct str){0});
		f->node->incomplete = true;
	} else if (name_is_computed(e)) {
		fill_later(el, f, e);
	} else if (e->name->kind == EX_BAD) {
		lost_name(el, f->scope->file, (struct str){0});
		f->node->incomplete = true;
	} else {
		fill_named(el, f, row, name_plain(e->name), e);
	}
}

static void fill_block(struct elab *el, const struct fill *f, const struct entry *e)
{
	const struct schema_row *row = row_find(el, f->node, entry_word(e).text);

	if (!row) {
		fill_unknown(el, f, e);
	} else if (row->form == ROW_MAP) {
		struct fill within = *f;

		if (e->name || e->base) {
			struct diag *d = say(el, DIAG_block_name, e->name ? e->name->at : e->base->at,
					     "`%.*s` has no name and no template", STR_ARG(row->name));
			say_help(el, d, "write: %.*s { … }", STR_ARG(row->name));
		}
		if (!f->late && map_twice(el, f, row, e))
			return;
		within.map = row;
		fill_entries(el, &within, &e->body);
	} else if (row->form != ROW_BLOCK) {
		fill_misformed(el, f, row, e);
	} else if (row->how == HOW_ONE) {
		fill_one(el, f, row, e);
	} else {
		fill_many(el, f, row, e);
	}
}

/* ---- entries ---- */

static void fill_let(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct binding *b = arena_new(el->a, struct binding);

	b->form = BIND_LET;
	b->name = entry_word(e);
	b->declared = e->type;
	b->home = f->scope;
	b->slot = (struct slot){.expr = e->value, .scope = f->scope, .state = SLOT_FRESH};
	if (names_add(el, &f->scope->names, b))
		vec_push(el->a, &el->bindings, b);
}

static void fill_assertion(struct elab *el, const struct fill *f, const struct entry *e)
{
	struct assertion *a = arena_new(el->a, struct assertion);

	a->entry = e;
	a->scope = f->scope;
	a->next = f->node->assertions;
	f->node->assertions = a;
}

static void fill_entry(struct elab *el, const struct fill *f, const struct entry *e)
{
	bool top = f->node->tag == KIND_COUNT && !f->late;

	switch (e->kind) {
	case EN_LET:
		return; /* entered before the others */
	case EN_FOR:
	case EN_IF:
		fill_later(el, f, e);
		return;
	case EN_ASSERT:
		fill_assertion(el, f, e);
		return;
	case EN_FIELD:
		if (computed_name(e) && f->map)
			fill_later(el, f, e);
		else if (computed_name(e))
			say(el, DIAG_entry_form, computed_name(e)->at, "the name of a field is not computed; that of an entry of `ports` or `env` can be");
		else if (f->map)
			fill_map_entry(el, f, e);
		else
			fill_field(el, f, e);
		return;
	case EN_BLOCK:
	case EN_ARROW:
		if (f->map)
			say(el, DIAG_entry_form, entry_word(e).at, "`%.*s` holds NAME = VALUE and nothing else",
			    STR_ARG(f->map->name));
		else if (e->kind == EN_ARROW)
			fill_arrow(el, f, e);
		else if (str_eq(entry_word(e).text, STR("defaults")))
			return; /* entered before the others */
		else
			fill_block(el, f, e);
		return;
	case EN_PARAM:
		if (f->layer->origin != LAYER_TEMPLATE || f->late || f->map)
			wrong_place(el, e, entry_word(e).at, f->layer->origin == LAYER_TEMPLATE);
		return;
	case EN_INPUT:
	case EN_OUTPUT:
	case EN_USE:
	case EN_TEMPLATE:
	case EN_TYPE:
		if (top)
			return;
		wrong_place(el, e, e->kind == EN_USE ? e->value->at : entry_word(e).at, false);
		if (e->kind == EN_TEMPLATE)
			map_add(el->a, &f->scope->file->misplaced, entry_word(e).text, f->scope->file);
		return;
	}
}

void fill_entries(struct elab *el, const struct fill *f, const struct entry_list *list)
{
	for (const struct entry *e = list->first; e && list->first->early; e = e->next) {
		if (e->kind == EN_LET)
			fill_let(el, f, e);
		else if (e->kind == EN_BLOCK && !f->map && str_eq(entry_word(e).text, STR("defaults")))
			fill_defaults(el, f, e);
	}
	/* The tree of a large text is in no cache any more: while one entry is worked on, the next comes. */
	for (const struct entry *e = list->first; e && !el->stopped; e = e->next) {
		__builtin_prefetch(e->next);
		fill_entry(el, f, e);
	}
}
