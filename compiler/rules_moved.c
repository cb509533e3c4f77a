/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about `moved old -> new`: the new name is there, the old one is not, and nothing has two new names. */
#include "compiler/rules_impl.h"

#include "compiler/names.h"

static const struct m_container *container_find(const struct m_stack *s, struct str name)
{
	size_t lo = 0, hi = s->container.n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;
		int order = str_cmp(s->container.at[middle]->head.name, name);

		if (order == 0)
			return s->container.at[middle];
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
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

static void target_check(struct rules *r, enum diag_code code, const struct m_stack *s, const struct f_NAMED *from, const struct f_NAMED *to)
{
	struct diag *d;

	if (named(s, to->v) || (named(s, from->v) && !str_has(to->v, '.'))) /* what is the other way round is said of the old name */
		return;
	d = diag_add(r->diags, code, to->at, "stack `%.*s` has no container, subnet or volume `%.*s`", STR_ARG(s->head.name), STR_ARG(to->v));
	if (str_starts(to->v, s->head.name) && to->v.s[s->head.name.n] == '.')
		diag_help(r->diags, d, "names stand here without the stack's: moved OLD -> %.*s", (int)(to->v.n - s->head.name.n - 1), to->v.s + s->head.name.n + 1);
	else
		diag_help(r->diags, d, "behind the arrow stands the name that it has now: NAME, CONTAINER.VOLUME, or that of the stack itself");
}

static void source_check(struct rules *r, const struct m_stack *s, const struct f_NAMED *from, const struct f_NAMED *to, struct map *seen)
{
	const struct m_head *there = named(s, from->v);
	const struct span *first = map_add(r->arena, seen, from->v, (void *)(uintptr_t)&from->at);

	if (there) {
		struct diag *d = diag_add(r->diags, DIAG_moved_source, from->at, "`%.*s` is still there, so it was not renamed", STR_ARG(from->v));

		diag_note(r->diags, d, there->at, "declared here");
		if (named(s, to->v))
			diag_help(r->diags, d, "both are there: remove the line, or the one that has the old name");
		else
			diag_help(r->diags, d, "the arrow leads from the old name to the new one: moved %.*s -> %.*s", STR_ARG(to->v), STR_ARG(from->v));
	} else if (first) {
		struct diag *d = diag_add(r->diags, DIAG_moved_source, from->at, "`%.*s` was renamed twice", STR_ARG(from->v));

		diag_note(r->diags, d, *first, "here, too");
		diag_help(r->diags, d, "keep the line with the name that it has now");
	}
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
				target_check(r, code, *s, from, to);
			source_check(r, *s, from, to, &seen);
		}
	}
}
