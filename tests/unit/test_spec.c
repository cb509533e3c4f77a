/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The code in spec/language.md and spec/compose.md: every block compiles, or is wrong as it says. And the standard library has no mistakes. Runs in the root of the source tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "compiler/stdlib.h"
#include "lang/base/cleanup.h"

static struct str read_file(struct arena *a, const char *path)
{
	_file_ FILE *f = fopen(path, "r");
	_buf_ struct buf b = {0};
	char bytes[4096];
	size_t n;

	if (!f)
		fail_msg("%s is not here: run the tests in the root of the source tree", path);
	while ((n = fread(bytes, 1, sizeof bytes, f)) > 0)
		buf_add(&b, bytes, n);
	return buf_take(&b, a);
}

/* Compiles the whole way; what is said must be nothing (code empty) or one error with this code. */
static void check(struct str name, struct str text, struct str code)
{
	struct compilation c = {0};
	_buf_ struct buf said = {0};
	int r = compile_text(&c, name, text);

	if (c.diags.all.n)
		diags_render(&c.diags, DIAG_TEXT, false, &said);
	buf_addc(&said, '\0');
	if (r != (code.n ? -EINVAL : 0) || (!code.n && c.diags.errors) ||
	    (code.n && (c.diags.errors != 1 || !str_is(code, diag_infos[c.diags.all.at[0]->code].code))))
		fail_msg("in %.*s, wanted `%.*s`:\n%.*s\n%s", STR_ARG(name), STR_ARG(code), STR_ARG(text), said.s);
	compilation_end(&c);
}

/* Blocks of code begin with ```ctstack, or ```ctstack CODE where they are wrong. */
static void check_page(const char *path, size_t *ret_good, size_t *ret_wrong)
{
	struct arena a = {0};
	struct str rest = read_file(&a, path);
	size_t good = 0, wrong = 0, number = 0;

	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest), code, body;

		number++;
		if (!str_starts(line, STR("```")))
			continue;
		str_cut(line, ' ', &code);
		size_t first = number + 1;
		body = (struct str){rest.s, 0};
		for (struct str next; rest.n; body.n += next.n + 1) {
			next = str_cut(rest, '\n', &rest);
			number++;
			if (str_eq(next, STR("```")))
				break;
		}
		if (!str_starts(line, STR("```ctstack")))
			continue;
		check(str_fmt(&a, "%s:%zu", path, first), body, code);
		*(code.n ? &wrong : &good) += 1;
	}
	*ret_good = good;
	*ret_wrong = wrong;
	arena_free(&a);
}

static void code_in_the_specification_is_as_it_says(void **state)
{
	size_t good, wrong;

	(void)state;
	check_page("spec/language.md", &good, &wrong);
	assert_in_range(good, 4, 1000);
	assert_in_range(wrong, 8, 1000);
	check_page("spec/compose.md", &good, &wrong);
	assert_in_range(good, 3, 1000);
}

static void the_standard_library_is_free_of_mistakes(void **state)
{
	const struct stdlib_module *m = stdlib_modules;
	struct arena a = {0};

	(void)state;
	assert_non_null(m->name);
	for (; m->name; m++) {
		if (m > stdlib_modules)
			assert_true(strcmp(m[-1].name, m->name) < 0);
		check(str_fmt(&a, "stdlib/%s.ctstack", m->name), (struct str){m->begin, (size_t)(m->end - m->begin)}, (struct str){0});
	}
	arena_free(&a);
}

static void the_examples_compile(void **state)
{
	static const char *const paths[] = {"examples/hello.ctstack", "examples/ml.ctstack"};

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		struct compilation c = {0};

		assert_int_equal(compile_files(&c, &paths[i], 1), 0);
		assert_int_equal(c.diags.all.n, 0);
		compilation_end(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_in_the_specification_is_as_it_says),
		cmocka_unit_test(the_standard_library_is_free_of_mistakes),
		cmocka_unit_test(the_examples_compile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
