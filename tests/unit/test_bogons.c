/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The museum: inputs that once crashed, hung or leaked stand in tests/bogons/TARGET/ and are met again here, in the sanitizer build with its eyes open. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/fuzz/targets.h"

static void each(const char *pattern, void (*target)(const void *data, size_t n))
{
	glob_t found;
	int r = glob(pattern, 0, NULL, &found);

	if (r == GLOB_NOMATCH)
		return;
	assert_int_equal(r, 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_file_ FILE *f = fopen(found.gl_pathv[i], "re");
		_buf_ struct buf b = {0};
		char part[4096];
		size_t n;

		assert_non_null(f);
		while ((n = fread(part, 1, sizeof part, f)) > 0)
			buf_add(&b, part, n);
		target(b.s ? b.s : "", b.n);
	}
	globfree(&found);
}

static void bogons_do_no_harm(void **state)
{
	(void)state;
	each("tests/bogons/parse/*", target_parse);
	each("tests/bogons/compile/*", target_compile);
	each("tests/bogons/manifest/*", target_manifest);
	/* one kind of damage is seldom alone */
	each("tests/bogons/parse/*", target_compile);
	each("tests/bogons/compile/*", target_parse);
}

static void what_is_right_is_met_as_well(void **state)
{
	(void)state;
	each("examples/*.ctstack", target_compile);
	each("tests/golden/manifest/*.json", target_manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bogons_do_no_harm),
		cmocka_unit_test(what_is_right_is_met_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
