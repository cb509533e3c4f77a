/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sort of sort.h. */
#include "lang/base/sort.h"

#include <endian.h>
#include <stdlib.h>

enum {
	PART = sizeof(uint64_t),
	FEW = 12,    /* what insertion is quicker for */
	DEEP = 2048, /* bytes of common prefix, beyond which the recursion is not worth its stack */
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

static void swap(struct sort_item *a, struct sort_item *b)
{
	struct sort_item t = *a;

	*a = *b;
	*b = t;
}

static void insertion(struct sort_item *items, size_t n, size_t depth)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_item x = items[i];
		size_t k = i;

		for (; k > 0 && item_cmp(&x, &items[k - 1], depth) < 0; k--)
			items[k] = items[k - 1];
		items[k] = x;
	}
}

static uint64_t middle(uint64_t a, uint64_t b, uint64_t c)
{
	if (a < b)
		return b < c ? b : a < c ? c : a;
	return a < c ? a : b < c ? c : b;
}

/* Of three, or where it is worth it of three times three: what is emitted in patterns has bad medians of
 * three. */
static uint64_t pivot_of(const struct sort_item *items, size_t n)
{
	size_t step = n / 9;

	if (n < 64)
		return middle(items[0].part, items[n / 2].part, items[n - 1].part);
	return middle(middle(items[0].part, items[step].part, items[2 * step].part),
		      middle(items[3 * step].part, items[4 * step].part, items[5 * step].part),
		      middle(items[6 * step].part, items[7 * step].part, items[n - 1].part));
}

static int cmp_items(const void *a, const void *b)
{
	return str_cmp(((const struct sort_item *)a)->key, ((const struct sort_item *)b)->key);
}

/* How often a range may be divided before the pivots are taken to be chosen against us. */
static unsigned divisions(size_t n)
{
	unsigned log = 0;

	while (n >>= 1)
		log++;
	return 2 * log + 4;
}

static void sort_from(struct sort_item *items, size_t n, size_t depth);

/* Items whose parts at depth are equal: by what follows. Keys that end within the part come first, shorter
 * ones before longer ones. */
static void sort_equal(struct sort_item *items, size_t n, size_t depth)
{
	size_t ended = 0, sorted = 0;

	for (size_t i = 0; i < n; i++)
		if (items[i].key.n <= depth + PART)
			swap(&items[ended++], &items[i]);
		else
			items[i].part = key_part(items[i].key, depth + PART);
	for (size_t len = depth; len <= depth + PART && sorted < ended; len++)
		for (size_t i = sorted; i < ended; i++)
			if (items[i].key.n == len)
				swap(&items[sorted++], &items[i]);
	sort_from(items + ended, n - ended, depth + PART);
}

/* All keys are equal before depth, none ends there, and parts are those at depth. */
static void sort_from(struct sort_item *items, size_t n, size_t depth)
{
	unsigned left = divisions(n);

	while (n > FEW) {
		uint64_t pivot = pivot_of(items, n);
		size_t below = 0, i = 0, above = n;

		if (depth > DEEP || left-- == 0) {
			qsort(items, n, sizeof *items, cmp_items);
			return;
		}
		while (i < above) {
			if (items[i].part < pivot)
				swap(&items[below++], &items[i++]);
			else if (items[i].part > pivot)
				swap(&items[i], &items[--above]);
			else
				i++;
		}
		sort_equal(items + below, above - below, depth);
		/* The smaller side by recursion, the larger one by going on. */
		if (below < n - above) {
			sort_from(items, below, depth);
			items += above;
			n -= above;
		} else {
			sort_from(items + above, n - above, depth);
			n = below;
		}
	}
	insertion(items, n, depth);
}

void sort_by_key(struct sort_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		items[i].part = key_part(items[i].key, 0);
	sort_from(items, n, 0);
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
