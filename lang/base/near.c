/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Damerau-Levenshtein (optimal string alignment) over at most NEAR_MAX bytes, three rows. */
#include "lang/base/near.h"

#include <ctype.h>

enum { NEAR_MAX = 64 };

struct near near_start(struct str wanted)
{
	size_t limit = wanted.n / 3;

	return (struct near){.wanted = wanted, .distance = (limit ? limit : 1) + 1};
}

static size_t min3(size_t a, size_t b, size_t c)
{
	a = a < b ? a : b;
	return a < c ? a : c;
}

static size_t edit_distance(struct str a, struct str b)
{
	size_t rows[3][NEAR_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.n; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			bool same = tolower((unsigned char)a.s[i - 1]) == tolower((unsigned char)b.s[j - 1]);

			row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && a.s[i - 1] == b.s[j - 2] && a.s[i - 2] == b.s[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		size_t *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b.n];
}

void near_offer(struct near *n, struct str candidate)
{
	if (n->wanted.n == 0 || n->wanted.n > NEAR_MAX || candidate.n > NEAR_MAX)
		return;
	size_t d = edit_distance(n->wanted, candidate);
	if (d < n->distance) {
		n->distance = d;
		n->best = candidate;
	}
}
