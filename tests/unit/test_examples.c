/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whole manifests, byte by byte: tests/golden/manifest/NAME.json. `GOLDEN=update build/unit/test_examples`
 * writes what came out; the review is the diff. The examples compile without a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"
#include "runtime/show.h"
#include "tests/unit/read_whole.h"

static const struct {
	const char *source, *expected;
} rows[] = {
    {"examples/hello.ctstack", "tests/golden/manifest/hello.json"},
    {"examples/proxy.ctstack", "tests/golden/manifest/proxy.json"},
    {"examples/ml.ctstack", "tests/golden/manifest/ml.json"},
    {"tests/golden/manifest/traefik.ctstack", "tests/golden/manifest/traefik.json"},
    {"tests/golden/manifest/kinds.ctstack", "tests/golden/manifest/kinds.json"},
    {"tests/golden/manifest/engines.ctstack", "tests/golden/manifest/engines.json"},
    {"tests/golden/lock/named/s.ctstack", "tests/golden/manifest/named.json"},
};

static void write_whole(const char *path, struct str text)
{
	_file_ FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text.s, 1, text.n, f), text.n);
}

/* Says which line differs first: a manifest has one resource a line. */
static void compare(const char *path, struct str got, struct str wanted)
{
	for (unsigned line = 1; got.n || wanted.n; line++) {
		struct str a = str_cut(got, '\n', &got), b = str_cut(wanted, '\n', &wanted);

		if (!str_eq(a, b))
			fail_msg("%s:%u (if it is meant: GOLDEN=update build/unit/test_examples):\nwanted "
				 "%.*s\ngot    %.*s",
				 path, line, STR_ARG(b), STR_ARG(a));
	}
}

static void manifests(void **state)
{
	const char *mode = getenv("GOLDEN");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct compilation c = {0};
		_buf_ struct buf got = {0}, wanted = {0}, said = {0};

		assert_int_equal(compile_files(&c, &rows[i].source, 1), 0);
		diags_render(&c.diags, DIAG_TEXT, false, &said);
		if (said.n)
			fail_msg("%.*s", STR_ARG(buf_view(&said)));
		manifest_encode(&c.manifest, &got);
		if (mode && strcmp(mode, "update") == 0)
			write_whole(rows[i].expected, buf_view(&got));
		read_whole(rows[i].expected, &wanted);
		compare(rows[i].expected, buf_view(&got), buf_view(&wanted));
		compilation_end(&c);
	}
}

/* What people read of a plan from nothing. Returns how many resources it was made from. */
static size_t told(const char *source, bool outline, struct buf *ret)
{
	_arena_ struct arena a = {0};
	struct compilation c = {.outline = outline};
	struct manifest nothing = {.arena = &a};
	struct plan p = {0};
	struct view v = {0};
	size_t n;

	assert_int_equal(compile_files(&c, &source, 1), 0);
	manifest_seal(&nothing);
	plan_make(&a, &nothing, &c.manifest, &p);
	view_make(&a, &p, NULL, &v);
	show_text(&v, false, ret);
	n = c.manifest.all.n;
	compilation_end(&c);
	return n;
}

static void an_outline_tells_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf whole = {0}, outline = {0};
		size_t all = told(rows[i].source, false, &whole);

		assert_true(told(rows[i].source, true, &outline) < all);
		compare(rows[i].source, buf_view(&outline), buf_view(&whole));
	}
}

/* What is written can be read again, and is the same. */
static void manifests_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		_buf_ struct buf text = {0}, again = {0};
		struct manifest m = {.arena = &a};
		struct err e = {0};

		read_whole(rows[i].expected, &text);
		if (manifest_decode(buf_view(&text), &m, &e))
			fail_msg("%s: %s", rows[i].expected, e.text);
		manifest_encode(&m, &again);
		assert_true(str_eq(buf_view(&text), buf_view(&again)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(manifests),
	    cmocka_unit_test(an_outline_tells_the_same),
	    cmocka_unit_test(manifests_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
