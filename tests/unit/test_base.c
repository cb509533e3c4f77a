/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lang/base: addresses, maps, near misses, errors, builder, JSON strings. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/addr.h"
#include "lang/base/cleanup.h"
#include "lang/base/err.h"
#include "lang/base/json.h"
#include "lang/base/map.h"
#include "lang/base/near.h"
#include "lang/base/utf8.h"
#include "lang/base/vec.h"

static struct addr ip(const char *text)
{
	struct addr a = {0};

	assert_true(addr_parse(str_of(text), &a));
	return a;
}

static struct cidr net(const char *text)
{
	struct cidr c = {0};

	assert_true(cidr_parse(str_of(text), &c));
	return c;
}

static void addresses_print_as_rfc5952_says(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"192.168.200.10", "192.168.200.10"}, {"0.0.0.0", "0.0.0.0"}, {"FD00:0:0:0:0:0:0:1", "fd00::1"}, {"::", "::"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	};
	char out[ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(addr_text(ip(rows[i].in), out), rows[i].out);
}

static void addresses_that_are_none_are_refused(void **state)
{
	static const char *const rows[] = {"", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "::g", "1:2:3:4:5:6:7:8:9", "1.2.3.4 "};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_false(addr_parse(str_of(rows[i]), &a));
}

static void addresses_add_with_carry_and_refuse_to_wrap(void **state)
{
	static const struct {
		const char *from;
		int64_t n;
		const char *to;
	} rows[] = {
		{"10.0.0.255", 1, "10.0.1.0"}, {"10.0.1.0", -1, "10.0.0.255"}, {"255.255.255.255", 1, NULL}, {"0.0.0.0", -1, NULL},
		{"fd00::ffff", 1, "fd00::1:0"}, {"::", 1LL << 40, "::100:0:0"}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, NULL},
	};
	char out[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(addr_add(ip(rows[i].from), rows[i].n, &a), rows[i].to != NULL);
		if (rows[i].to)
			assert_string_equal(addr_text(a, out), rows[i].to);
	}
}

static void prefixes_know_their_edges(void **state)
{
	char out[ADDR_TEXT_MAX];
	struct cidr c;

	(void)state;
	assert_string_equal(addr_text(cidr_network(net("192.168.200.77/24")), out), "192.168.200.0");
	assert_string_equal(addr_text(cidr_last(net("192.168.200.77/24")), out), "192.168.200.255");
	assert_string_equal(addr_text(cidr_last(net("10.0.0.0/9")), out), "10.127.255.255");
	assert_true(cidr_contains(net("0.0.0.0/0"), ip("255.255.255.255")));
	assert_false(cidr_contains(net("10.0.0.0/8"), ip("::1")));
	assert_true(cidr_overlaps(net("10.0.0.0/8"), net("10.88.0.0/24")));
	assert_true(cidr_overlaps(net("10.88.0.0/24"), net("10.0.0.0/8")));
	assert_false(cidr_overlaps(net("192.168.200.0/24"), net("192.168.201.0/24")));
	assert_false(cidr_parse(STR("10.0.0.0/33"), &c));
	assert_false(cidr_parse(STR("10.0.0.0/08"), &c));
	assert_false(cidr_parse(STR("10.0.0.0"), &c));
	assert_false(cidr_parse(STR("fd00::/129"), &c));
}

static void map_keeps_the_first_and_grows(void **state)
{
	struct arena a = {0};
	struct map m = {0};
	int first = 1, second = 2;

	(void)state;
	assert_null(map_get(&m, STR("x")));
	for (int i = 0; i < 1000; i++)
		assert_null(map_add(&a, &m, str_fmt(&a, "key-%d", i), &first));
	assert_ptr_equal(map_add(&a, &m, STR("key-7"), &second), &first);
	map_set(&a, &m, STR("key-7"), &second);
	assert_ptr_equal(map_get(&m, STR("key-7")), &second);
	assert_ptr_equal(map_get(&m, STR("key-999")), &first);
	assert_int_equal(m.n, 1000);
	arena_free(&a);
}

/* Short keys are told apart by their bytes, longer ones by a hash and their bytes. */
static void map_tells_keys_apart(void **state)
{
	enum { KEYS = 500 };
	static const char *const forms[] = {"%d", "a-name-that-is-long-%d", "%d-and-what-all-have-in-common"};
	struct arena a = {0};
	struct map m = {0};
	int values[3][KEYS];

	(void)state;
	map_reserve(&a, &m, KEYS);
	for (int f = 0; f < 3; f++)
		for (int i = 0; i < KEYS; i++)
			assert_null(map_add(&a, &m, str_fmt(&a, forms[f], i), &values[f][i]));
	for (int f = 0; f < 3; f++)
		for (int i = 0; i < KEYS; i++)
			assert_ptr_equal(map_get(&m, str_fmt(&a, forms[f], i)), &values[f][i]);
	assert_null(map_get(&m, STR("")));
	assert_null(map_get(&m, STR("a-name-that-is-long-500")));
	assert_null(map_add(&a, &m, STR(""), &values[0][0]));
	assert_ptr_equal(map_get(&m, STR("")), &values[0][0]);
	assert_int_equal(m.n, 3 * KEYS + 1);
	arena_free(&a);
}

static const char *nearest(const char *wanted, const char *const *candidates)
{
	struct near n = near_start(str_of(wanted));

	for (; *candidates; candidates++)
		near_offer(&n, str_of(*candidates));
	return n.best.s;
}

static void near_finds_slips_and_nothing_far(void **state)
{
	static const char *const fields[] = {"address", "image", "ports", "env", NULL};

	(void)state;
	assert_string_equal(nearest("adress", fields), "address");
	assert_string_equal(nearest("Address", fields), "address");
	assert_string_equal(nearest("imaeg", fields), "image");
	assert_string_equal(nearest("evn", fields), "env");
	assert_null(nearest("zebra", fields));
	assert_null(nearest("", fields));
}

static void errors_take_context_in_front_and_never_overflow(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_errno(&e, -ENOENT, "open %s", "/x"), -ENOENT);
	assert_string_equal(e.text, "open /x: No such file or directory");
	err_context(&e, "step %d", 3);
	assert_string_equal(e.text, "step 3: open /x: No such file or directory");
	for (int i = 0; i < 200; i++)
		err_context(&e, "a context that is rather long, number %d", i);
	assert_int_equal(strlen(e.text), sizeof e.text - 1);
	err_resource(&e, STR("first"));
	err_resource(&e, STR("second"));
	assert_string_equal(e.resource, "first");

	struct err all = {0}, other = {0};
	err_set(&other, -ENOENT, "no %s", "a");
	assert_int_equal(err_also(&all, &other), -ENOENT);
	err_set(&other, -EINVAL, "no b");
	err_origin(&other, STR("x:1:2"));
	assert_int_equal(err_also(&all, &other), -ENOENT);
	assert_string_equal(all.text, "no a\n  also: no b (x:1:2)");
	for (int i = 0; i < 1000; i++)
		err_also(&all, &other);
	assert_true(strlen(all.text) < sizeof all.text && str_is(str_of(all.text + strlen(all.text) - 7), "(x:1:2)"));
}

static void json_strings_escape_and_repair(void **state)
{
	struct buf b = {0};

	(void)state;
	json_str(&b, (struct str){"a\"\\\n\t\x01\x7f\xc3\xa9\xff\0z", 12});
	assert_true(str_is(buf_view(&b), "\"a\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa9\\ufffd\\u0000z\""));
	buf_free(&b);
}

static void shell_words_are_quoted(void **state)
{
	static const struct {
		const char *word, *out;
	} rows[] = {
		{"", "''"}, {"/srv/x-1.y", "/srv/x-1.y"}, {"a b", "'a b'"}, {"$HOME", "'$HOME'"}, {"it's", "'it'\\''s'"}, {"'", "''\\'''"}, {"a;b", "'a;b'"}, {"\xc3\xa9", "'\xc3\xa9'"}, {"~", "'~'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b = {0};

		buf_shell(&b, str_of(rows[i].word));
		if (!str_is(buf_view(&b), rows[i].out))
			fail_msg("`%s` becomes %.*s", rows[i].word, (int)b.n, b.s);
		buf_free(&b);
	}
}

static void cells_are_counted(void **state)
{
	(void)state;
	assert_int_equal(utf8_cells(STR("")), 0);
	assert_int_equal(utf8_cells(STR("plain text")), 10);
	assert_int_equal(utf8_cells(STR("m\xc3\xbcsik")), 5);
	assert_int_equal(utf8_cells(STR("u\xcc\x88")), 1);
	assert_int_equal(utf8_cells(STR("\xe6\x97\xa5\xe6\x9c\xac")), 4);
	assert_int_equal(utf8_cells(STR("a\xff\xc3z")), 4);
}

static void builder_and_vector_grow(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	VEC(int) v = {0};

	(void)state;
	for (int i = 0; i < 3000; i++) {
		buf_fmt(&b, "%d,", i);
		vec_push(&a, &v, i);
	}
	assert_int_equal(v.n, 3000);
	assert_int_equal(v.at[2999], 2999);
	struct str text = buf_take(&b, &a);
	assert_true(str_starts(text, STR("0,1,2,")));
	assert_int_equal(text.n, 10 * 2 + 90 * 3 + 900 * 4 + 2000 * 5);
	arena_free(&a);
}

/* What is given out again is zeroed, and nothing more is asked of the system. */
static void an_arena_is_used_again(void **state)
{
	enum { OBJECTS = 3000, SIZE = 1000 };
	struct arena a = {0};
	size_t total = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < OBJECTS; i++) {
			char *object = arena_alloc(&a, SIZE), *text = arena_text(&a, SIZE);

			for (size_t k = 0; k < SIZE; k++)
				assert_true(object[k] == 0 && text[k] == 0);
			memset(object, round + 1, SIZE);
			memset(text, round + 1, SIZE);
		}
		assert_true(round == 0 || a.total == total);
		total = a.total;
		arena_reset(&a);
	}
	arena_free(&a);
	assert_null(a.spare);
}

/* It has room for that much without asking for more, and little needs none. */
static void an_arena_expects_much(void **state)
{
	enum { MUCH = 3 << 20, SIZE = 1000 };
	struct arena a = {0}, little = {0};
	size_t total;

	(void)state;
	arena_expect(&a, MUCH);
	total = a.total;
	assert_true(total >= MUCH);
	for (size_t n = 0; n < MUCH / SIZE; n++)
		assert_int_equal(*(char *)arena_alloc(&a, SIZE), 0);
	assert_int_equal(a.total, total);
	arena_expect(&a, MUCH);
	assert_true(a.total >= total + MUCH);
	total = a.total;
	arena_expect(&a, MUCH);
	assert_int_equal(a.total, total);
	arena_expect(&little, SIZE);
	assert_int_equal(little.total, 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_print_as_rfc5952_says),
		cmocka_unit_test(addresses_that_are_none_are_refused),
		cmocka_unit_test(addresses_add_with_carry_and_refuse_to_wrap),
		cmocka_unit_test(prefixes_know_their_edges),
		cmocka_unit_test(map_keeps_the_first_and_grows),
		cmocka_unit_test(map_tells_keys_apart),
		cmocka_unit_test(near_finds_slips_and_nothing_far),
		cmocka_unit_test(errors_take_context_in_front_and_never_overflow),
		cmocka_unit_test(json_strings_escape_and_repair),
		cmocka_unit_test(shell_words_are_quoted),
		cmocka_unit_test(cells_are_counted),
		cmocka_unit_test(builder_and_vector_grow),
		cmocka_unit_test(an_arena_is_used_again),
		cmocka_unit_test(an_arena_expects_much),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
