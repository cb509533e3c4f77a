/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * "Did you mean": the candidate at the smallest edit distance (insert, delete, replace, swap of neighbours; letter case costs nothing
 * extra to fix), if it is near enough to be a slip: at most a third of the word's length, at least 1. */
#ifndef CTC_BASE_NEAR_H
#define CTC_BASE_NEAR_H

#include "lang/base/str.h"

struct near {
	struct str wanted;
	struct str best;	/* .s NULL: nothing near */
	size_t distance;
};

struct near near_start(struct str wanted);
/* Offer candidates in a fixed order: the first of equals wins. */
void near_offer(struct near *n, struct str candidate);

#endif
