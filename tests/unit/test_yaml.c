/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * YAML becomes the JSON that it means, and what could grow or mean two things is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "lang/base/arena.h"
#include "runtime/yaml.h"

static const struct {
	const char *yaml, *json;	/* json NULL: refused, */
	const char *why;		/* with this in the text */
} rows[] = {
	{"a: 1\nb: [x, \"1\", -20, true, null, ~, 007, '']\n", "{\"a\":1,\"b\":[\"x\",\"1\",-20,true,null,null,\"007\",\"\"]}", NULL},
	{"- name: 0\n  edits:\n    env: [ \"A=b c\" ]\n- name: all\n", "[{\"name\":0,\"edits\":{\"env\":[\"A=b c\"]}},{\"name\":\"all\"}]", NULL},
	{"{\"kind\": \"a/b\", \"n\": {}}", "{\"kind\":\"a/b\",\"n\":{}}", NULL},
	{"a: |\n  two\n  lines\n", "{\"a\":\"two\\nlines\\n\"}", NULL},
	{"---\na: 99999999999999999999\n...\n", "{\"a\":\"99999999999999999999\"}", NULL},
	{"", NULL, "there is nothing in it"},
	{"a: [\n", NULL, "line 2"},
	{"a: &x [1]\nb: *x\n", NULL, "line 2: aliases"},
	{"a: !!int 5\n", NULL, "a tag"},
	{"a: 1\n---\nb: 2\n", NULL, "a second document"},
	{"a: 1\na: 2\n", NULL, "line 2: a key stands twice"},
	{"? [a]\n: 1\n", NULL, "a key is a word"},
	{"a: \xff\n", NULL, "line 1"},
};

static void yaml_is_what_it_means(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct err e = {0};
		json_t *value = NULL;
		int r = yaml_read(str_of(rows[i].yaml), &value, &e);

		if (!rows[i].json) {
			if (r != -EBADMSG || !strstr(e.text, rows[i].why))
				fail_msg("%s: said \"%s\", not \"%s\"", rows[i].yaml, e.text, rows[i].why);
			continue;
		}
		char *text = r == 0 ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
		if (!text || strcmp(text, rows[i].json) != 0)
			fail_msg("%s: %s, not %s", rows[i].yaml, text ? text : e.text, rows[i].json);
		free(text);
		json_decref(value);
	}
}

static void what_is_nested_too_deeply_is_refused(void **state)
{
	char deep[200];
	struct err e = {0};
	json_t *value;

	(void)state;
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_int_equal(yaml_read((struct str){deep, sizeof deep}, &value, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "nested too deeply"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_is_what_it_means),
		cmocka_unit_test(what_is_nested_too_deeply_is_refused),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
