/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What of the model can be judged while something in it is wrong. A block in which a value is missing, or an entry was not understood, leaves it, with all that refers to it; the
 * whole-stack rules then see a smaller stack, in which all that is there is as it was meant. What is not there they must not conclude anything from (rules.c). */
#include "compiler/elab.h"

enum { PASSES_MAX = 16 };

/* Any VEC: all have this layout. */
struct any_vec {
	char *at;
	size_t n, cap;
};

static struct any_vec vec_read(const void *field)
{
	struct any_vec v;

	memcpy(&v, field, sizeof v);
	return v;
}

static void *pointer_read(const void *field)
{
	void *p;

	memcpy(&p, field, sizeof p);
	return p;
}

static bool model_wrong(const void *model)
{
	return model && model_node(model)->wrong;
}

/* Whether a value leads to something that is wrong. */
static bool value_wrong(enum type_tag type, const void *field)
{
	struct val v = field_read(field, type);

	switch (v.type) {
#define REF(tag, kind) \
	case T_##tag:  \
		return model_wrong(v.u.tag);
#define REFS(tag, one, kind, plural)                 \
	case T_##tag:                                \
		for (size_t i = 0; i < v.u.tag.n; i++) \
			if (model_wrong(v.u.tag.at[i])) \
				return true;         \
		return false;
#include "lang/ref.def"
	case T_PORTREF:
		return model_wrong(v.u.PORTREF.container);
	case T_FLOWEND:
		return (v.u.FLOWEND.kind == END_CONTAINER && model_wrong(v.u.FLOWEND.container)) || (v.u.FLOWEND.kind == END_SUBNET && model_wrong(v.u.FLOWEND.subnet));
	default:
		return false;
	}
}

static bool block_wrong(const void *model, const struct schema_kind *kind);

static bool arrow_wrong(const char *arrow, const struct schema_row *row)
{
	const void *block = pointer_read(arrow + row->arrow_block);

	return value_wrong(row->type, arrow + row->arrow_left) || value_wrong(row->right, arrow + row->arrow_right) ||
	       (block && (model_wrong(block) || block_wrong(block, &schema_kinds[row->child])));
}

static bool row_wrong(const char *model, const struct schema_row *row)
{
	const void *field = model_field(model, row);
	struct any_vec v;

	switch (row->form) {
	case ROW_FIELD:
		return row->type != T_CONTAINERREFS && value_wrong(row->type, field); /* whom it waits for: list_cut */
	case ROW_MAP:
		return false;
	case ROW_BLOCK:
		if (row->how == HOW_ONE)
			return pointer_read(field) && block_wrong(pointer_read(field), &schema_kinds[row->child]);
		v = vec_read(field);
		for (size_t i = 0; i < v.n; i++)
			if (block_wrong(((void *const *)(void *)v.at)[i], &schema_kinds[row->child]))
				return true;
		return false;
	case ROW_ARROW:
		v = vec_read(field);
		for (size_t i = 0; i < v.n; i++)
			if (arrow_wrong(v.at + i * row->arrow_size, row))
				return true;
		return false;
	}
	return false;
}

static bool block_wrong(const void *model, const struct schema_kind *kind)
{
	for (size_t i = 0; i < kind->nrows; i++)
		if (row_wrong(model, &kind->rows[i]))
			return true;
	return false;
}

/* for (each kind of block that a stack holds): row and its blocks */
#define each_block(s, row, m)                                                                                                             \
	for (const struct schema_row *row = schema_kinds[KIND_stack].rows; row < schema_kinds[KIND_stack].rows + schema_kinds[KIND_stack].nrows; row++) \
		if (row->form == ROW_BLOCK && row->how == HOW_MANY)                                                                       \
			for (void **m = (void **)(void *)vec_read((const char *)(s) + row->offset).at, **m##_end = m + vec_read((const char *)(s) + row->offset).n; m < m##_end; m++)

/* Whether the parser lost something of a body, and not of one of its blocks: `defaults` may have stood there, of which all of them are made. */
static bool lost_between(const struct node *n)
{
	for (const struct layer *l = n->layers; l; l = l->next) {
		struct span whole = l->entry->at;

		vec_each(const struct span, lost, &l->scope->file->module->ast->lost) {
			bool within = n->parent && (lost->lo < whole.lo || lost->lo >= whole.hi);

			for (const struct entry *e = l->entry->body.first; e && !within; e = e->next)
				within = lost->lo > e->at.lo && lost->lo < e->at.hi;
			if (!within)
				return true;
		}
	}
	return false;
}

static bool any_wrong(const struct m_stack *s, enum kind_tag kind)
{
	each_block(s, row, m)
		if (row->child == kind && model_wrong(*m))
			return true;
	return false;
}

/* What is wrong in all that is in the stack; and what counts on there being one subnet. */
static void stack_doubt(struct m_stack *s)
{
	struct node *n = model_node(s);

	n->wrong |= n->incomplete || n->parent->incomplete || lost_between(n) || lost_between(n->parent);
	each_block(s, row, m)
		model_node(*m)->wrong |= n->wrong;
	for (size_t i = 0; i < s->container.n && any_wrong(s, KIND_subnet); i++)
		model_node(s->container.at[i])->wrong |= !s->container.at[i]->subnet.set;
}

static bool spread(struct model *m)
{
	bool more = false;

	for (size_t i = 0; i < m->stacks.n; i++)
		each_block(m->stacks.at[i], row, one) {
			struct node *n = model_node(*one);

			if (n->wrong || !block_wrong(*one, n->kind))
				continue;
			n->wrong = more = true;
		}
	return more;
}

static void stack_cut(struct m_stack *s)
{
	const struct schema_kind *kind = &schema_kinds[KIND_stack];

	for (size_t i = 0; i < kind->nrows; i++) {
		const struct schema_row *row = &kind->rows[i];
		struct any_vec v = vec_read((char *)s + row->offset);
		size_t kept = 0, size = row->form == ROW_ARROW ? row->arrow_size : sizeof(void *);

		if (row->form != ROW_ARROW && !(row->form == ROW_BLOCK && row->how == HOW_MANY))
			continue;
		for (size_t k = 0; k < v.n; k++) {
			char *one = v.at + k * size;

			if (row->form == ROW_ARROW ? arrow_wrong(one, row) : model_wrong(pointer_read(one)))
				continue;
			memmove(v.at + kept++ * size, one, size);
		}
		v.n = kept;
		memcpy((char *)s + row->offset, &v, sizeof v);
	}
}

static void list_cut(struct m_containers *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!model_wrong(list->at[i])) {
			list->at[kept] = list->at[i];
			list->spans[kept++] = list->spans[i];
		}
	list->n = kept;
}

void model_sound(struct model *m)
{
	size_t kept = 0, passes = 0;

	for (size_t i = 0; i < m->stacks.n; i++)
		stack_doubt(m->stacks.at[i]);
	while (spread(m))
		if (++passes == PASSES_MAX) {
			m->stacks.n = 0;
			return;
		}
	for (size_t i = 0; i < m->stacks.n; i++) {
		struct m_stack *s = m->stacks.at[i];

		if (model_wrong(s))
			continue;
		if (any_wrong(s, KIND_proxy)) /* a route may be for it */
			s->route.n = 0;
		stack_cut(s);
		for (size_t k = 0; k < s->container.n; k++) {
			list_cut(&s->container.at[k]->after.v);
			list_cut(&s->container.at[k]->rare->requires.v);
		}
		m->stacks.at[kept++] = s;
	}
	m->stacks.n = kept;
}
