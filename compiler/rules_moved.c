/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about `moved old -> new`: the new name is there, the old one is not, and nothing has two new names. */
#include "compiler/rules_impl.h"

#include "compiler/names.h"

static const struct m_container *container_find(const struct m_stack *s, struct str name)
{
	vec_each(struct m_container *const, c, &s->container)
		if (str_eq((*c)->head.name, name))
			return *c;
	return NULL;
}

/* What the stack has of this name: a container, a subnet, or as CONTAINER.VOLUME a volume; NULL: nothing. */
static const struct m_head *named(const struct m_stack *s, struct str name)
{
	struct str volume, first = str_cut(name, '.', &volume);
	const struct m_container *c = container_find(s, first);

	if (volume.n) {
		for (size_t i = 0; c && i < c->volume.n; i++)
			if (str_eq(c->volume.at[i]->head.name, volume))
				return &c->volume.at[i]->head;
		return NULL;
	}
	if (c)
		return &c->head;
	vec_each(struct m_subnet *const, n, &s->subnet)
		if (str_eq((*n)->head.name, name))
			return &(*n)->head;
	return NULL;
}

static void target_check(struct rules *r, enum diag_code code, const struct m_stack *s, const struct f_NAMED *to)
{
	struct diag *d;

	if (named(s, to->v))
		return;
	d = diag_add(r->diags, code, to->at, "stack `%.*s` has no container, subnet or volume `%.*s`", STR_ARG(s->head.name), STR_ARG(to->v));
	diag_help(r->diags, d, "behind the arrow stands the name that it has now: NAME, CONTAINER.VOLUME, or that of the stack itself");
}

static void source_check(struct rules *r, const struct m_stack *s, const struct f_NAMED *from, struct map *seen)
{
	const struct m_head *there = named(s, from->v);
	const struct span *first = map_add(r->arena, seen, from->v, (void *)(uintptr_t)&from->at);

	if (there)
		diag_note(r->diags, diag_add(r->diags, DIAG_moved_source, from->at, "`%.*s` is still there, so it was not renamed", STR_ARG(from->v)), there->at,
			  "declared here");
	else if (first)
		diag_note(r->diags, diag_add(r->diags, DIAG_moved_source, from->at, "`%.*s` was renamed twice", STR_ARG(from->v)), *first, "here, too");
}

/* The stack itself had another name: no stack has that now, and no other one had it. */
static void stack_check(struct rules *r, const struct f_NAMED *from, struct map *stacks)
{
	const struct span *first = map_add(r->arena, stacks, from->v, (void *)(uintptr_t)&from->at);

	vec_each(struct m_stack *const, s, &r->model->stacks)
		if (str_eq((*s)->head.name, from->v)) {
			diag_note(r->diags, diag_add(r->diags, DIAG_moved_source, from->at, "stack `%.*s` is still there, so it was not renamed", STR_ARG(from->v)), (*s)->head.at,
				  "declared here");
			return;
		}
	if (first)
		diag_note(r->diags, diag_add(r->diags, DIAG_moved_source, from->at, "stack `%.*s` was renamed twice", STR_ARG(from->v)), *first, "here, too");
}

RULE(moved_target)
{
	struct map stacks = {0};

	vec_each(struct m_stack *const, s, &r->model->stacks) {
		struct map seen = {0};

		for (size_t i = 0; i < (*s)->moved.n; i++) {
			const struct f_NAMED *from = &(*s)->moved.at[i].left, *to = &(*s)->moved.at[i].right;

			if (name_is_stack_move(*s, to) && !str_has(from->v, '.')) {
				stack_check(r, from, &stacks);
				continue;
			}
			if (!str_has(from->v, '.') != !str_has(to->v, '.'))
				diag_help(r->diags, diag_add(r->diags, code, (*s)->moved.at[i].at, "a volume does not become something else, nor the other way"),
					  "both sides are NAME, or both are CONTAINER.VOLUME");
			else
				target_check(r, code, *s, to);
			source_check(r, *s, from, &seen);
		}
	}
}
