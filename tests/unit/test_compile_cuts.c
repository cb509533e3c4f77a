/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole compiler on damaged examples: cut off at every byte, and with every single byte left out. It compiles them, or says what is wrong: what fails has an error, and
 * one piece of damage is answered by few. By itself a sample; CUTS=all takes every byte (`make SAN=1 cuts`: with sanitizers). */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"

enum { SAMPLES = 300, ERRORS_MAX = 40 };

static void compile_once(const char *bytes, size_t n, const char *path, size_t at, const char *how)
{
	_mem_ char *copy = malloc(n ? n : 1);	/* of exactly that size, so that a read behind its end is seen */
	_buf_ struct buf said = {0};
	struct compilation c = {0};

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	int r = compile_text(&c, STR("cut.ctstack"), (struct str){copy, n});
	if ((r != 0) != (c.diags.errors > 0))
		fail_msg("%s, %s at byte %zu: %d, with %zu errors", path, how, at, r, c.diags.errors);
	if (c.diags.errors > ERRORS_MAX)
		fail_msg("%s, %s at byte %zu: %zu errors", path, how, at, c.diags.errors);
	diags_render(&c.diags, DIAG_TEXT, false, &said);
	compilation_end(&c);
}

static void damage(const char *path, bool all)
{
	_file_ FILE *f = fopen(path, "re");
	_buf_ struct buf text = {0};
	_mem_ char *other = NULL;
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(&text, part, n);
	other = malloc(text.n + 1);
	assert_non_null(other);
	for (size_t i = 0; i < text.n; i += all ? 1 : text.n / SAMPLES + 1) {
		compile_once(text.s, i, path, i, "cut");
		memcpy(other, text.s, i);
		memcpy(other + i, text.s + i + 1, text.n - i - 1);
		compile_once(other, text.n - 1, path, i, "left out");
	}
}

static void damaged_examples_compile_or_say_why(void **state)
{
	static const char *const patterns[] = {"examples/*.ctstack", "stdlib/*.ctstack"};
	const char *cuts = getenv("CUTS");
	bool all = cuts && strcmp(cuts, "all") == 0;

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		glob_t found;

		assert_int_equal(glob(patterns[k], 0, NULL, &found), 0);
		for (size_t i = 0; i < found.gl_pathc; i++)
			damage(found.gl_pathv[i], all);
		globfree(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_examples_compile_or_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
