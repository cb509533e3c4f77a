/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The order of things: tables, files, what each file declares, blocks, values, the model. */
#include "compiler/elab.h"

#include <stdlib.h>


/* A file as a kind of block, so that a stack is laid out as whatever stands in a block. It has no row in the schema, since nobody can write it. */
struct m_file {
	struct m_head head;
	VEC(struct m_stack *) stack;
};
static const struct schema_row file_rows[] = {
	{.form = ROW_BLOCK,
	 .name = {"stack", 5},
	 .offset = offsetof(struct m_file, stack),
	 .child = KIND_stack,
	 .how = HOW_MANY},
};
const struct schema_kind file_kind = {
	.word = {"file", 4},
	.size = sizeof(struct m_file),
	.rows = file_rows,
	.nrows = sizeof file_rows / sizeof file_rows[0],
};

static void rows_index(struct elab *el, unsigned tag, const struct schema_kind *kind)
{
	struct blank *blank = &el->blank[tag];
	size_t required = 0, choosable = 0;

	blank->model = arena_alloc(el->a, kind->size);
	if (kind->rare_size) {
		blank->rare = arena_alloc(el->model, kind->rare_size);
		model_rare_set(blank->model, blank->rare);
	}
	blank->spans = arena_array(el->a, kind->nrows, sizeof *blank->spans);
	blank->required = arena_array(el->a, kind->nrows + 1, sizeof *blank->required);
	blank->choosable = arena_array(el->a, kind->nrows + 1, sizeof *blank->choosable);
	for (size_t i = 0; i < kind->nrows; i++) {
		const struct schema_row *row = &kind->rows[i];

		if (row->form == ROW_FIELD && !row_is_rare(row))
			blank->spans[blank->nspans++] = (uint16_t)(row->offset + FIELD_SPAN);
		map_add(el->a, &el->rows[tag], row->name, (void *)row);
		if (row->form == ROW_MAP && row->type == T_PORT)
			el->ports[tag] = row;
		if (row->form == ROW_FIELD && row->required)
			blank->required[required++] = row;
		if (row->form == ROW_FIELD && field_choosable((enum kind_tag)tag, row))
			blank->choosable[choosable++] = row;
	}
}

/* The schema's defaults are written in the language's own notation: one text with a line for each, read by the one parser. Only the tables can be wrong here. */
static void defaults_read(struct elab *el)
{
	struct sources sources = {.arena = el->a};
	struct diags diags = {.arena = el->a, .sources = &sources};
	const struct target to = {.name = STR("a default")};
	struct buf b = {0};
	struct scope *nowhere = scope_new(el, NULL, NULL);
	const struct entry *e;

	for (size_t k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; i < schema_kinds[k].nrows; i++)
			if (schema_kinds[k].rows[i].dflt.n)
				buf_fmt(&b, "value = %.*s\n", STR_ARG(schema_kinds[k].rows[i].dflt));
	e = parse(el->a, &diags, source_add(&sources, STR("schema"), buf_take(&b, el->a)))->entries.first;
	nowhere->file = arena_new(el->a, struct file);
	for (size_t k = 0; k < KIND_COUNT; k++) {
		el->dflt[k] = arena_array(el->a, schema_kinds[k].nrows, sizeof(struct val));
		for (size_t i = 0; i < schema_kinds[k].nrows; i++) {
			const struct schema_row *row = &schema_kinds[k].rows[i];
			const struct type t = row_type(row);

			el->dflt[k][i] = (struct val){.type = V_NONE,
						      .u.INT = row->form == ROW_FIELD ? (int64_t)row->type + 1 : 0};
			if (row->dflt.n == 0)
				continue;
			assert(e && e->kind == EN_FIELD);
			el->dflt[k][i] = eval_as(el, e->value, nowhere, &t, &to);
			assert(el->dflt[k][i].type == (int)row->type);
			field_write(el->model, model_field(el->blank[k].model, row), el->dflt[k][i]);
			e = e->next;
		}
	}
	assert(!e && diags.errors == 0);
}

/* What stands at the top of a file beside its stacks. */
static void file_declare(struct elab *el, struct file *f)
{
	templates_collect(el, f);
	types_collect(el, f);
}

static void file_inputs(struct elab *el, struct file *f)
{
	for (const struct entry *e = f->module->ast->entries.first; e; e = e->next)
		if (e->kind == EN_INPUT)
			input_add(el, f, e);
}

static void file_open(struct elab *el, struct file *f, const struct module *m)
{
	struct entry *whole = arena_new(el->a, struct entry);

	f->module = m;
	f->lost.unnamed = ast_unnamed(m->ast);
	f->scope = scope_new(el, NULL, NULL);
	f->scope->file = f;
	f->node = node_new(el, NULL, KIND_COUNT, (struct ident){m->name, {0, 0}}, (struct span){0, 0});
	/* Nodes are made of blocks: the file is one without braces. Its body's scope is the file's own. */
	whole->kind = EN_BLOCK;
	whole->body = m->ast->entries;
	f->node->layers = arena_new(el->a, struct layer);
	f->node->layers->entry = whole;
	f->node->layers->scope = f->scope;
	f->scope->node = f->node;
}

static bool output_texts(struct elab *el, const struct entry *e, struct val v, struct strs *ret)
{
	const struct list one = {&v, 1}, *l = v.type == V_LIST ? v.u.list : &one;

	if (v.type == V_NONE || v.type == V_ABSENT) {
		say(el, DIAG_value_none, e->value->at, "output `%.*s` is not set", STR_ARG(entry_word(e).text));
		return false;
	}
	*ret = (struct strs){arena_array(el->model, l->n, sizeof *ret->at), l->n};
	for (size_t i = 0; i < l->n; i++) {
		struct buf text = {0};

		if (is_secret(l->at[i])) {
			secret_refused(el, l->at[i], e->value->at, "an output");
			return false;
		}
		if (!val_text(l->at[i], &text)) {
			struct diag *d = say(el, DIAG_type_mismatch, e->value->at, "no text can be made of this %s, so it cannot be an output", val_shown(l->at[i]));

			if (l->at[i].type == V_LIST)
				say_help(el, d, "one list of them all: flatten(%s)", expr_shown(el, e->value));
			buf_free(&text);
			return false;
		}
		ret->at[i] = buf_take(&text, el->model);
	}
	return true;
}

/* Outputs of files that are only used are nobody's business. */
static void file_outputs(struct elab *el, struct file *f, struct map *seen, struct model *ret)
{
	for (const struct entry *e = f->module->ast->entries.first; e; e = e->next) {
		const struct entry *old;
		struct strs texts;
		struct val v;

		if (e->kind != EN_OUTPUT || !f->module->root)
			continue;
		old = map_add(el->a, seen, entry_word(e).text, (void *)e);
		if (old) {
			struct diag *d = say(el, DIAG_name_twice, entry_word(e).at, "two outputs are called `%.*s`",
					     STR_ARG(entry_word(e).text));

			say_note(el, d, entry_word(old).at, "first declared here");
			continue;
		}
		v = eval(el, e->value, f->scope);
		if (v.type != V_POISON && output_texts(el, e, v, &texts))
			vec_push(el->model, &ret->outputs,
				 (struct m_output){str_copy(el->model, entry_word(e).text), texts, v.type == V_LIST, entry_word(e).at});
	}
}

static int cmp_outputs(const void *a, const void *b)
{
	return str_cmp(((const struct m_output *)a)->name, ((const struct m_output *)b)->name);
}

static int cmp_stacks(const void *a, const void *b)
{
	const struct m_head *x = *(struct m_head *const *)a, *y = *(struct m_head *const *)b;
	int order = str_cmp(x->name, y->name);

	return order ? order : x->at.lo < y->at.lo ? -1 : x->at.lo > y->at.lo;
}

/* Numbers what later stages look up by its pointer. */
static void model_index(struct model *m)
{
	uint32_t containers = 0, subnets = 0;

	vec_each(struct m_stack *const, s, &m->stacks) {
		vec_each(struct m_container *const, c, &(*s)->container)
			(*c)->head.index = containers++;
		vec_each(struct m_subnet *const, n, &(*s)->subnet)
			(*n)->head.index = subnets++;
	}
}

static void model_stacks(struct elab *el, struct model *ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < el->nfiles; i++) {
		const struct cell *cell = file_stacks(&el->files[i]);

		for (size_t k = 0; k < cell->many.n; k++) {
			struct m_stack *s = (struct m_stack *)cell->many.at[k]->model;

			s->head.outside = !el->files[i].module->root;
			vec_push(el->model, &ret->stacks, s);
		}
	}
	if (ret->stacks.n)
		qsort(ret->stacks.at, ret->stacks.n, sizeof *ret->stacks.at, cmp_stacks);
	for (size_t i = 0; i < ret->stacks.n; i++) {
		struct m_stack *s = ret->stacks.at[i], *before = kept ? ret->stacks.at[kept - 1] : NULL;

		if (before && str_eq(before->head.name, s->head.name)) {
			struct diag *d = say(el, DIAG_name_twice, s->head.at, "two stacks are called `%.*s`",
					     STR_ARG(s->head.name));

			say_note(el, d, before->head.at, "first given here");
			continue;
		}
		ret->stacks.at[kept++] = s;
	}
	ret->stacks.n = kept;
	model_enabled(el, ret);
	if (el->d->errors)
		model_sound(ret);
	model_index(ret);
}

void elaborate(struct arena *scratch, struct arena *a, struct diags *d, const struct modules *modules, struct model *ret)
{
	struct elab *el = arena_new(scratch, struct elab);
	struct map outputs = {0};

	el->a = scratch;
	el->model = a;
	el->d = d;
	el->modules = modules;
	el->allot = allot_new(el->a);
	el->nfiles = modules->all.n;
	el->files = arena_array(el->a, el->nfiles, sizeof *el->files);
	el->instances_max = INSTANCES_LEAST;
	for (size_t i = 0; i < el->nfiles; i++)
		el->instances_max += modules->all.at[i]->ast->source->text.n / INSTANCE_BYTES;
	for (unsigned k = 0; k < KIND_COUNT; k++)
		rows_index(el, k, &schema_kinds[k]);
	rows_index(el, KIND_COUNT, &file_kind);
	defaults_read(el);

	/* 1. Every file is there before any is looked into: names of one lead to others. */
	for (size_t i = 0; i < el->nfiles; i++)
		file_open(el, &el->files[i], modules->all.at[i]);
	for (size_t i = 0; i < el->nfiles; i++)
		file_declare(el, &el->files[i]);
	for (size_t i = 0; i < el->nfiles; i++)
		file_inputs(el, &el->files[i]);
	inputs_unknown(el);
	/* 2. Blocks. */
	for (size_t i = 0; i < el->nfiles; i++)
		node_ready(el, el->files[i].node);
	/* 3. Values. */
	for (size_t i = 0; i < el->nfiles; i++) {
		types_check(el, &el->files[i]);
		templates_check(el, &el->files[i]);
		node_finish(el, el->files[i].node);
		file_outputs(el, &el->files[i], &outputs, ret);
	}
	for (size_t i = 0; i < el->bindings.n && !el->stopped; i++)
		force_binding(el, el->bindings.at[i], el->bindings.at[i]->name.at);
	/* 4. The model. */
	if (ret->outputs.n)
		qsort(ret->outputs.at, ret->outputs.n, sizeof *ret->outputs.at, cmp_outputs);
	if (!el->stopped)
		model_stacks(el, ret);
}
