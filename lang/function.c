/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of function.h. */
#include "lang/function.h"

#define TAKES(a, b, c) {a, b, c}
const struct function_info function_infos[FN_COUNT] = {
#define FUNCTION(id, name, shown, least, takes, result, doc) [FN_##id] = {name, shown, least, takes, result, doc},
#include "lang/function.def"
#undef FUNCTION
};

/* They are sorted, which a test sees to. */
enum function function_find(struct str name)
{
	unsigned lo = 0, hi = FN_COUNT;

	while (lo < hi) {
		unsigned middle = lo + (hi - lo) / 2;
		int order = str_cmp(str_of(function_infos[middle].name), name);

		if (order == 0)
			return (enum function)middle;
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	return FN_COUNT;
}
