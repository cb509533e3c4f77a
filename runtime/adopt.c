/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Adoption, see adopt.h. Texts are compared line by line: a line "\t@image:…@" stands for one line with an image's id, "\t@gpu:…@" for any number of lines. */
#include "runtime/adopt.h"

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

void manifest_adopt(const struct manifest *compiled, const struct manifest *base, struct manifest *ret)
{
	for (size_t i = 0; i < compiled->all.n; i++) {
		struct res *r = compiled->all.at[i], *b = manifest_find(base, r->kind, r->id);

		manifest_put(ret, b && adopts(r, b) ? b : r);
	}
	manifest_seal(ret);
}
