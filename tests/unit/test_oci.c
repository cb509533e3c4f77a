/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A container's configuration gets "rro" where a recursive bind mount is read-only, and nothing else in it changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "lang/base/cleanup.h"
#include "runtime/oci.h"

static const struct {
	const char *config, *changed;	/* changed NULL: as it is */
} rows[] = {
	{"{\"mounts\":[{\"destination\":\"/d\",\"options\":[\"ro\",\"rprivate\",\"rbind\"]}]}", "{\"mounts\":[{\"destination\":\"/d\",\"options\":[\"rro\",\"rprivate\",\"rbind\"]}]}"},
	{"{ \"options\" : [ \"rbind\" ,\n \"ro\" ] , \"n\": 18446744073709551615 }", "{ \"options\" : [ \"rbind\" ,\n \"rro\" ] , \"n\": 18446744073709551615 }"},
	{"{\"options\":[\"ro\",\"rbind\"],\"more\":{\"options\":[\"ro\",\"rbind\"]}}", "{\"options\":[\"rro\",\"rbind\"],\"more\":{\"options\":[\"rro\",\"rbind\"]}}"},
	{"{\"options\":[\"ro\",\"bind\"]}", NULL},
	{"{\"options\":[\"rw\",\"rbind\"]}", NULL},
	{"{\"options\":[\"nosuid\",\"ro\"]}", NULL},
	{"{\"options\":[]}", NULL},
	{"{\"options\":\"ro\"}", NULL},
	{"{\"options\":[\"rbind\",{\"ro\":1}]}", NULL},
	{"{\"options\":[\"rbind\",\"ro\"", NULL},
	{"{\"args\":[\"ro\",\"rbind\"]}", NULL},
	{"{\"env\":[\"A=\\\"options\\\":[\\\"ro\\\",\\\"rbind\\\"]\"]}", NULL},
	{"{\"env\":[\"A=\\\\\"],\"options\":[\"ro\",\"rbind\"]}", "{\"env\":[\"A=\\\\\"],\"options\":[\"rro\",\"rbind\"]}"},
};

static void mounts_become_read_only_as_a_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf out = {0};
		struct err e = {0};
		struct str want = str_of(rows[i].changed ? rows[i].changed : rows[i].config);

		assert_int_equal(oci_readonly(str_of(rows[i].config), &out, &e), 0);
		if (!str_eq(buf_view(&out), want))
			fail_msg("%s became %.*s", rows[i].config, STR_ARG(buf_view(&out)));
	}
}

static void what_is_no_configuration_is_refused(void **state)
{
	static const char *const wrong[] = {"", "[]", "\"options\"", "{\"a", "{\"a\\\"", "{\"options\":[\"rbind\",\"ro"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		_buf_ struct buf out = {0};
		struct err e = {0};

		assert_int_equal(oci_readonly(str_of(wrong[i]), &out, &e), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_become_read_only_as_a_whole),
		cmocka_unit_test(what_is_no_configuration_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
