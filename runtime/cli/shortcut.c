/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * "psql=["psql","-U","app"]", read by jansson (shortcut.h). */
#include "runtime/cli/shortcut.h"

#include <jansson.h>

#include "lang/base/cleanup.h"

bool shortcut_read(struct arena *a, struct str text, struct shortcut *ret)
{
	struct str list;

	*ret = (struct shortcut){.name = str_cut(text, '=', &list)};
	json_t *words = json_loadb(list.s, list.n, 0, NULL);
	ret->n = json_array_size(words);
	ret->words = arena_array(a, ret->n + 1, sizeof *ret->words);
	bool good = ret->n > 0;
	for (size_t i = 0; i < ret->n && good; i++) {
		const char *word = json_string_value(json_array_get(words, i));

		good = word;
		ret->words[i] = word ? (char *)str_copy(a, str_of(word)).s : NULL;
	}
	json_decref(words);
	return good;
}
