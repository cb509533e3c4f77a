/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Adoption, see adopt.h. Texts are compared line by line: a line "\t@image:…@" stands for one line with an image's id, "\t@gpu:…@" for any number of lines,
 * "\t@requires:UNIT@" for what tells that unit's text from another. */
#include "runtime/adopt.h"

#include "lang/base/cleanup.h"
#include "runtime/unit_follow.h"

enum { ID_DIGITS = 64 };

/* "\t" and an id, perhaps with " \" behind. */
static bool is_id(struct str line)
{
	if (line.n < 1 + ID_DIGITS || line.s[0] != '\t')
		return false;
	for (size_t i = 1; i <= ID_DIGITS; i++)
		if (!strchr("0123456789abcdef", line.s[i]) || !line.s[i])
			return false;
	return line.n == 1 + ID_DIGITS || str_is((struct str){line.s + 1 + ID_DIGITS, line.n - 1 - ID_DIGITS}, " \\");
}

/* Whether binding makes the one line into the other. */
static bool line_fits(struct str line, struct str bound)
{
	struct str unit;

	if (str_starts(line, STR("\t@requires:"))) {
		str_cut(line, ':', &unit);
		return str_starts(bound, STR("Requires=")) && unit.n && str_starts((struct str){bound.s + 9, bound.n - 9}, (struct str){unit.s, unit.n - 1});
	}
	return str_eq(line, bound) || (str_starts(line, STR("\t@image:")) && is_id(bound));
}

/* Whether `bound` can have come from `text` by binding. */
static bool came_from(struct str text, struct str bound)
{
	while (text.n) {
		struct str line = str_cut(text, '\n', &text);

		if (str_starts(line, STR("\t@gpu:"))) {
			struct str next = str_cut(text, '\n', NULL);

			while (bound.n && !line_fits(next, str_cut(bound, '\n', NULL)))
				str_cut(bound, '\n', &bound);
			continue;
		}
		if (!bound.n || !line_fits(line, str_cut(bound, '\n', &bound)))
			return false;
	}
	return bound.n == 0;
}

static bool adopts(const struct res *compiled, const struct res *base)
{
	const struct res_unit *u = (const struct res_unit *)compiled, *b = (const struct res_unit *)base;

	switch (compiled->kind) {
	case RES_image:
		return ((const struct res_image *)compiled)->digest.n == 0;
	case RES_sysctl:
		return res_same(compiled, base);
	case RES_file:
		return str_is(((const struct res_file *)compiled)->content, "@dns:host@\n");
	case RES_unit:
		return u->binds.n && u->active == b->active && str_eq(u->wanted_by, b->wanted_by) && came_from(u->text, b->text);
	default:
		return false;
	}
}

/* Whether a unit that is required has changed, so that what requires it is started again as well. */
static bool required_changed(const struct res_unit *u, const struct manifest *base, const struct map *changed)
{
	for (size_t i = 0; i < u->binds.n; i++) {
		struct str name, what = str_cut(u->binds.at[i], ':', &name);

		if (str_is(what, "requires") && (map_get(changed, name) || !manifest_find(base, RES_unit, name)))
			return true;
	}
	return false;
}

/* Units that have another text than base's, and what requires them. */
static void changed_find(struct arena *a, const struct manifest *compiled, const struct manifest *base, struct map *changed)
{
	struct unit_set set = {a, changed};
	struct units units = {0};
	struct map followers = {0};
	struct res_unit *u;

	manifest_each(unit, u, compiled) {
		const struct res *b = manifest_find(base, RES_unit, u->res.id);

		for (size_t i = 0; i < u->binds.n; i++) {
			struct str name, what = str_cut(u->binds.at[i], ':', &name);

			if (str_is(what, "requires"))
				unit_follows(a, &followers, name, u);
		}
		if ((!b || (!res_same(&u->res, b) && !adopts(&u->res, b)) || required_changed(u, base, changed)) && unit_set_enter(&set, u))
			vec_push(a, &units.all, u);
	}
	units_follow(a, &followers, &units, unit_set_enter, &set);
}

/* A unit that is started again with one that it requires has another text on a host: it has one here. */
static struct res *with_required(struct arena *a, const struct res_unit *u, const struct map *changed)
{
	struct res_unit *copy = (struct res_unit *)res_copy(a, &u->res);
	struct buf text = {0};

	for (struct str rest = u->text; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest), unit;

		str_cut(line, ':', &unit);
		unit.n -= unit.n > 0;
		if (str_starts(line, STR("\t@requires:")) && map_get(changed, unit))
			buf_fmt(&text, "Requires=%.*s another\n", STR_ARG(unit));
		else
			buf_fmt(&text, "%.*s\n", STR_ARG(line));
	}
	copy->text = buf_take(&text, a);
	return &copy->res;
}

void manifest_adopt(const struct manifest *compiled, const struct manifest *base, struct manifest *ret)
{
	_arena_ struct arena scratch = {0};
	struct map changed = {0};

	changed_find(&scratch, compiled, base, &changed);
	for (size_t i = 0; i < compiled->all.n; i++) {
		struct res *r = compiled->all.at[i], *b = manifest_find(base, r->kind, r->id);
		bool stays = r->kind == RES_unit ? !map_get(&changed, r->id) && ((struct res_unit *)r)->binds.n : b && adopts(r, b);

		if (r->kind == RES_unit && b && !stays && required_changed((struct res_unit *)r, base, &changed))
			r = with_required(ret->arena, (struct res_unit *)r, &changed);
		manifest_put(ret, b && stays ? b : r);
	}
	manifest_seal(ret);
}
