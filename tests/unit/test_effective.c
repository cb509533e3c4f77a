/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What `ctc show --effective` prints is a source, in canonical form, that compiles to the same manifest: of every example, and of the goldens and plans that compile. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "compiler/effective.h"
#include "lang/base/cleanup.h"
#include "lang/print.h"

/* The manifest but for places and the names of files. */
static void manifest_text(struct compilation *c, struct buf *out)
{
	struct res_stack *s;
	struct res_container *box;

	vec_each(struct res *, r, &c->manifest.all)
		(*r)->origin = STR("");
	manifest_each(container, box, &c->manifest)
		box->mount_origins.n = 0;
	manifest_each(stack, s, &c->manifest)
		s->path = STR("");
	manifest_encode(&c->manifest, out);
}

/* Whether the file compiles by itself. */
static bool check(const char *path)
{
	struct compilation c = {0}, again = {0};
	_buf_ struct buf before = {0}, text = {0}, after = {0}, said = {0}, formed = {0};
	_arena_ struct arena a = {0};
	struct sources sources = {.arena = &a};
	struct diags diags = {.arena = &a, .sources = &sources};

	if (compile_files(&c, &path, 1) != 0) {
		compilation_end(&c);
		return false;
	}
	effective_print(&c.sources, &c.model, &text);
	manifest_text(&c, &before);
	/* beside the files that it uses */
	if (compile_text(&again, STR("effective.ctstack"), buf_view(&text)) != 0) {
		diags_render(&again.diags, DIAG_TEXT, false, &said);
		fail_msg("%s: does not compile\n%.*s\n%.*s", path, STR_ARG(buf_view(&said)), STR_ARG(buf_view(&text)));
	}
	manifest_text(&again, &after);
	if (!str_eq(buf_view(&before), buf_view(&after))) {
		struct str x = buf_view(&before), y = buf_view(&after), lx = {0}, ly = {0};

		while ((x.n || y.n) && str_eq(lx, ly)) {
			lx = str_cut(x, '\n', &x);
			ly = str_cut(y, '\n', &y);
		}
		fail_msg("%s: another manifest:\n%.*s\n%.*s\n%.*s", path, STR_ARG(lx), STR_ARG(ly), STR_ARG(buf_view(&text)));
	}
	assert_true(print_source(&diags, source_add(&sources, STR("t"), buf_view(&text)), &formed));
	assert_true(str_eq(buf_view(&formed), buf_view(&text)));
	compilation_end(&c);
	compilation_end(&again);
	return true;
}

static size_t check_files(const char *pattern)
{
	size_t compiled = 0;
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		compiled += check(found.gl_pathv[i]);
	globfree(&found);
	return compiled;
}

static void effective_sources_mean_the_same(void **state)
{
	(void)state;
	assert_true(check_files("examples/*.ctstack") >= 2);
	assert_true(check_files("tests/golden/*/*.ctstack") >= 20);
	assert_true(check_files("tests/plans/*/*.ctstack") >= 5);
}

/* The name of a file stands in comments, as it is but for what no source may have. */
static void places_are_readable_and_harmless(void **state)
{
	struct compilation c = {0}, again = {0};
	_buf_ struct buf text = {0};

	(void)state;
	assert_int_equal(compile_text(&c, STR("J\xc3\xb6rg's, \xe6\x97\xa5\n\xe2\x80\xae\xff.ctstack"), STR("stack s {\n  subnet lan { range = 10.0.0.0/24 }\n}\n")), 0);
	effective_print(&c.sources, &c.model, &text);
	if (!memmem(text.s, text.n, "10.0.0.0/24  # J\xc3\xb6rg's, \xe6\x97\xa5???.ctstack:2\n", 41))
		fail_msg("%.*s", STR_ARG(buf_view(&text)));
	assert_int_equal(compile_text(&again, STR("again"), buf_view(&text)), 0);
	compilation_end(&c);
	compilation_end(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effective_sources_mean_the_same),
		cmocka_unit_test(places_are_readable_and_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
