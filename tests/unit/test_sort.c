/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lang/base/sort: the order of str_cmp, whatever the keys have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "lang/base/sort.h"

static int cmp_items(const void *a, const void *b)
{
	return str_cmp(((const struct sort_item *)a)->key, ((const struct sort_item *)b)->key);
}

/* Sorts a copy with qsort and compares: equal keys are the same bytes, so that their order among each other
 * does not show. */
static void check(struct sort_item *items, size_t n)
{
	struct sort_item *wanted = xrealloc(NULL, n * sizeof *wanted);

	memcpy(wanted, items, n * sizeof *items);
	qsort(wanted, n, sizeof *wanted, cmp_items);
	sort_by_key(items, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(str_eq(items[i].key, wanted[i].key));
		assert_ptr_equal(items[i].value, items[i].key.s); /* values travel with their keys */
	}
	free(wanted);
}

static uint32_t next(uint32_t *seed)
{
	return *seed = *seed * 1664525 + 1013904223;
}

/* Keys of few different bytes, zero among them, in lengths around the eight bytes of a part, some with long
 * common beginnings. */
static void random_keys(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		_arena_ struct arena a = {0};
		size_t n = next(&seed) % 400, common = round % 3 == 0 ? 0 : next(&seed) % 40;
		struct sort_item *items = arena_array(&a, n + 1, sizeof *items);

		for (size_t i = 0; i < n; i++) {
			size_t len = common + (next(&seed) >> 8) % 20;
			char *s = arena_alloc(&a, len + 1);

			for (size_t k = 0; k < len; k++)
				s[k] = k < common ? 'c' : "\0ab\xff"[next(&seed) >> 16 & 3];
			items[i] = (struct sort_item){.key = {s, len}, .value = s};
		}
		check(items, n);
	}
}

static int cmp_strs(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Few are sorted in another way than many. */
static void strings(void **state)
{
	static const char bytes[] = "aab\0bbacaba";
	uint32_t seed = 3;

	(void)state;
	for (size_t n = 0; n < 40; n++) {
		struct str got[40] = {0}, wanted[40];

		for (size_t i = 0; i < n; i++)
			got[i] = (struct str){bytes + (next(&seed) >> 16) % 6, (next(&seed) >> 16) % 6};
		memcpy(wanted, got, sizeof wanted);
		qsort(wanted, n, sizeof *wanted, cmp_strs);
		sort_strs(got, n);
		for (size_t i = 0; i < n; i++)
			assert_true(str_eq(got[i], wanted[i]));
	}
	sort_strs(NULL, 0);
}

static void equal_keys_are_no_worse(void **state)
{
	enum { N = 200000 };
	_arena_ struct arena a = {0};
	struct sort_item *items = arena_array(&a, N, sizeof *items);
	char *s = arena_copy(&a, "flow4 10.0.0.11 . 10.0.0.12 . tcp . 8080", 40);

	(void)state;
	for (size_t i = 0; i < N; i++)
		items[i] = (struct sort_item){.key = {s, 40}, .value = s};
	check(items, N);
}

static void long_common_beginnings(void **state)
{
	enum { N = 40, LONG = 100000 };
	_arena_ struct arena a = {0};
	struct sort_item items[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		char *s = arena_alloc(&a, LONG + 1);

		memset(s, 'x', LONG);
		s[LONG - 1] = (char)('a' + (i * 7) % 26);
		items[i] = (struct sort_item){.key = {s, LONG}, .value = s};
	}
	check(items, N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_keys),
	    cmocka_unit_test(strings),
	    cmocka_unit_test(equal_keys_are_no_worse),
	    cmocka_unit_test(long_common_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
