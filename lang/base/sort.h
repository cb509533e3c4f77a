/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sorting by strings that begin alike and stand in order in part, as the ids of resources do: what all have in common is looked at once, eight bytes are
 * compared at a time, and runs that are in order are merged (natural merge sort; Knuth, TAOCP 3, 5.2.4). */
#ifndef CTC_BASE_SORT_H
#define CTC_BASE_SORT_H

#include "lang/base/str.h"

struct sort_item {
	struct str key;
	void *value;
	uint64_t part; /* used while sorting */
};

/* Ascending, bytewise as str_cmp; items with equal keys keep their order. At most n log n comparisons, and few where there are long runs. */
void sort_by_key(struct sort_item *items, size_t n);

/* qsort for what is in order already more often than not: then nothing is done. at may be NULL where n is 0. */
void sort_array(void *at, size_t n, size_t size, int (*cmp)(const void *, const void *));
/* Strings ascending, as str_cmp has them. at may be NULL where n is 0. */
void sort_strs(struct str *at, size_t n);

#endif
