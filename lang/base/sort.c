/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sort of sort.h. */
#include "lang/base/sort.h"

#include <endian.h>
#include <stdlib.h>

enum {
	PART = sizeof(uint64_t),
	FEW = 8, /* what insertion is quicker for */
	FEW_STRS = 16,
};

/* The bytes from depth on as a number that orders as they do; beyond the end there are zeros. */
static uint64_t key_part(struct str key, size_t depth)
{
	uint64_t part = 0;

	if (key.n >= depth + PART)
		memcpy(&part, key.s + depth, PART);
	else if (key.n > depth)
		memcpy(&part, key.s + depth, key.n - depth);
	return be64toh(part);
}

static int item_cmp(const struct sort_item *a, const struct sort_item *b, size_t depth)
{
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	/* Equal parts may hide the end of a key that the other one goes on behind with zero bytes. */
	if (a->key.n <= depth || b->key.n <= depth)
		return (a->key.n > b->key.n) - (a->key.n < b->key.n);
	return str_cmp((struct str){a->key.s + depth, a->key.n - depth},
		       (struct str){b->key.s + depth, b->key.n - depth});
}

/* Sorts by insertion what stands before `sorted` items of n that are in order; equal ones keep their order. */
static void insertion(struct sort_item *items, size_t sorted, size_t n, size_t depth)
{
	for (size_t i = sorted; i < n; i++) {
		struct sort_item x = items[i];
		size_t k = i;

		for (; k > 0 && item_cmp(&x, &items[k - 1], depth) < 0; k--)
			items[k] = items[k - 1];
		items[k] = x;
	}
}

/* Makes runs that are in order: those that are there, the short ones made longer. Writes where each ends; returns their number. */
static size_t find_runs(struct sort_item *items, size_t n, size_t depth, size_t *ends)
{
	size_t runs = 0;

	for (size_t from = 0, end; from < n; from = end) {
		for (end = from + 1; end < n && item_cmp(&items[end - 1], &items[end], depth) <= 0;)
			end++;
		if (end - from < FEW) {
			size_t sorted = end - from;

			end = from + FEW < n ? from + FEW : n;
			insertion(items + from, sorted, end - from, depth);
		}
		ends[runs++] = end;
	}
	return runs;
}

/* Merges from[0..middle) and from[middle..n) into `to`. */
static void merge(const struct sort_item *from, size_t middle, size_t n, size_t depth, struct sort_item *to)
{
	size_t i = 0, k = middle;

	while (i < middle && k < n)
		*to++ = item_cmp(&from[k], &from[i], depth) < 0 ? from[k++] : from[i++];
	memcpy(to, from + i, (middle - i) * sizeof *to);
	memcpy(to + (middle - i), from + k, (n - k) * sizeof *to);
}

/* Neighbouring runs of `from` are one in `to`. Returns how many there are then. */
static size_t merge_pairs(const struct sort_item *from, size_t depth, size_t *ends, size_t runs, struct sort_item *to)
{
	size_t at = 0, left = 0;

	for (size_t i = 0; i < runs; i += 2) {
		size_t middle = ends[i], end = i + 1 < runs ? ends[i + 1] : middle;

		merge(from + at, middle - at, end - at, depth, to + at);
		ends[left++] = at = end;
	}
	return left;
}

/* How many bytes all keys begin with alike: they need not be looked at again. */
static size_t common_bytes(const struct sort_item *items, size_t n)
{
	size_t common = n ? items[0].key.n : 0;

	for (size_t i = 1; i < n && common; i++) {
		size_t same = 0;

		if (items[i].key.n < common)
			common = items[i].key.n;
		if (common == 0 || memcmp(items[i].key.s, items[0].key.s, common) == 0)
			continue;
		while (items[i].key.s[same] == items[0].key.s[same])
			same++;
		common = same;
	}
	return common;
}

void sort_by_key(struct sort_item *items, size_t n)
{
	size_t depth = common_bytes(items, n), runs, *ends;
	struct sort_item *room, *from = items, *to;

	for (size_t i = 0; i < n; i++)
		items[i].part = key_part(items[i].key, depth);
	ends = xrealloc(NULL, (n / FEW + 1) * sizeof *ends);
	runs = find_runs(items, n, depth, ends);
	room = to = runs > 1 ? xrealloc(NULL, n * sizeof *room) : NULL;
	while (runs > 1) {
		struct sort_item *merged = to;

		runs = merge_pairs(from, depth, ends, runs, to);
		to = from;
		from = merged;
	}
	if (from != items)
		memcpy(items, from, n * sizeof *items);
	free(room);
	free(ends);
}

void sort_array(void *at, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	const char *items = at;

	for (size_t i = 1; i < n; i++)
		if (cmp(items + (i - 1) * size, items + i * size) > 0) {
			qsort(at, n, size, cmp);
			return;
		}
}

static int cmp_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Mostly the first bytes differ. */
static bool str_before(struct str a, struct str b)
{
	return a.n && b.n && a.s[0] != b.s[0] ? (unsigned char)a.s[0] < (unsigned char)b.s[0] : str_cmp(a, b) < 0;
}

void sort_strs(struct str *at, size_t n)
{
	if (n > FEW_STRS) {
		sort_array(at, n, sizeof *at, cmp_strs);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct str x = at[i];
		size_t k = i;

		for (; k > 0 && str_before(x, at[k - 1]); k--)
			at[k] = at[k - 1];
		at[k] = x;
	}
}
