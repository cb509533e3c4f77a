/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sorting by strings that begin alike, as the ids of resources do: eight bytes are compared at a time, and a
 * common prefix is looked at once, not at every comparison (multikey quicksort with cached keys; Bentley and
 * Sedgewick 1997, Ng and Kakehi 2007). */
#ifndef CTC_BASE_SORT_H
#define CTC_BASE_SORT_H

#include "lang/base/str.h"

struct sort_item {
	struct str key;
	void *value;
	uint64_t part; /* used while sorting */
};

/* Ascending, bytewise as str_cmp. Items with equal keys end in any order. n log n comparisons of eight bytes,
 * whatever the keys. */
void sort_by_key(struct sort_item *items, size_t n);

/* qsort for what is in order already more often than not: then nothing is done. at may be NULL where n is 0. */
void sort_array(void *at, size_t n, size_t size, int (*cmp)(const void *, const void *));

#endif
