/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See unit_follow.h. A list that grows while it is walked through is the whole of the search. */
#include "runtime/unit_follow.h"

#include "lang/base/cleanup.h"
#include "runtime/unit.h"
#include "runtime/unit_drift.h"

void unit_follows(struct arena *a, struct map *followers, struct str unit, struct res_unit *who)
{
	struct units *of = map_get(followers, unit);

	if (!of)
		map_add(a, followers, unit, of = arena_new(a, struct units));
	vec_push(a, &of->all, who);
}

void units_follow(struct arena *a, const struct map *followers, struct units *units, bool (*enter)(void *context, struct res_unit *u), void *context)
{
	for (size_t i = 0; i < units->all.n; i++) {
		const struct units *of = map_get(followers, units->all.at[i]->res.id);

		for (size_t k = 0; of && k < of->all.n; k++)
			if (enter(context, of->all.at[k]))
				vec_push(a, &units->all, of->all.at[k]);
	}
}

bool unit_set_enter(void *set, struct res_unit *u)
{
	const struct unit_set *s = set;

	return !map_add(s->a, s->names, u->res.id, u);
}

/* Whether mending it takes its process. */
static bool is_doomed(const struct res_unit *u)
{
	static const struct res_unit whole;
	struct res_unit wanted = whole;

	wanted.text = u->text;
	return unit_restarts(u, &wanted);
}

static void bound_find(struct arena *a, struct map *followers, struct res_unit *u)
{
	for (struct str rest = u->text; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest), to;

		if (!str_starts(line, STR("BindsTo=")))
			continue;
		str_cut(line, '=', &to);
		unit_follows(a, followers, to, u);
	}
}

void units_bound(struct arena *a, const struct manifest *m, struct map *followers)
{
	struct res_unit *u;

	manifest_each(unit, u, m)
		bound_find(a, followers, u);
}

static bool doom(void *none, struct res_unit *u)
{
	(void)none;
	if (is_doomed(u))
		return false;
	u->fault = STR(UNIT_GOES_WITH);
	return true;
}

/* It runs, and shall not any more. */
static bool goes_down(const struct res_unit *from, const struct res_unit *to)
{
	return unit_runs(from) && !to->active && !(from->runs && !to->wanted_by.n);
}

void units_left_down(struct arena *a, const struct manifest *from, const struct manifest *to, struct map *ret)
{
	struct unit_set set = {a, ret};
	struct units down = {0};
	struct map followers = {0};
	struct res_unit *u;

	manifest_each(unit, u, to) {
		const struct res_unit *before = (const struct res_unit *)manifest_find(from, RES_unit, u->res.id);

		if (before && goes_down(before, u))
			vec_push(a, &down.all, u);
	}
	if (!down.all.n)
		return;
	manifest_each(unit, u, to) {
		const struct res_unit *before = (const struct res_unit *)manifest_find(from, RES_unit, u->res.id);

		if (before && before->runs && !u->active)
			bound_find(a, &followers, u);
	}
	units_follow(a, &followers, &down, unit_set_enter, &set);
}

void units_bound_mark(struct manifest *seen)
{
	_arena_ struct arena a = {0};
	struct units doomed = {0};
	struct map followers = {0};

	for (size_t i = 0; i < seen->all.n; i++)
		if (seen->all.at[i]->kind == RES_unit && is_doomed((const struct res_unit *)seen->all.at[i]))
			vec_push(&a, &doomed.all, (struct res_unit *)seen->all.at[i]);
	for (size_t i = 0; doomed.all.n && i < seen->all.n; i++)
		if (seen->all.at[i]->kind == RES_unit && unit_runs((const struct res_unit *)seen->all.at[i]))
			bound_find(&a, &followers, (struct res_unit *)seen->all.at[i]);
	units_follow(&a, &followers, &doomed, doom, NULL);
}
