/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The formatter: its form on one text that has everything, and its properties on every example, the standard library, the goldens that parse, and on all of
 * these with any one byte left out: what it writes parses to the same tree with the same comments, and is left alone by the formatter itself. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "lang/print.h"
#include "tests/unit/tree.h"

struct formed {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct buf text;	/* canonical */
	struct buf tree;	/* of what was given, with its comments */
};

static void formed_end(struct formed *f)
{
	arena_free(&f->arena);
	buf_free(&f->text);
	buf_free(&f->tree);
}

/* False where the text does not parse. */
static bool form(struct formed *f, struct str text)
{
	*f = (struct formed){0};
	f->sources.arena = f->diags.arena = &f->arena;
	f->diags.sources = &f->sources;
	struct source *s = source_add(&f->sources, STR("t"), text);
	if (!print_source(&f->diags, s, &f->text))
		return false;
	struct ast *ast = parse(&f->arena, &f->diags, s);
	tree_entries(&f->tree, &ast->entries);
	vec_each(struct comment, c, &ast->comments) {
		struct str shown = {s->text.s + (c->at.lo - s->base), c->at.hi - c->at.lo};

		while (shown.s[shown.n - 1] == ' ' || shown.s[shown.n - 1] == '\t')
			shown.n--;
		buf_addc(&f->tree, '\n');
		buf_str(&f->tree, shown);
	}
	return true;
}

static void check(struct str text, const char *path, size_t at)
{
	_cleanup_(formed_end) struct formed once, twice = {0};

	if (!form(&once, text))
		return;
	if (!form(&twice, buf_view(&once.text)))
		fail_msg("%s, byte %zu: does not parse any more: %.*s\n%.*s", path, at, STR_ARG(twice.diags.all.at[0]->text), STR_ARG(buf_view(&once.text)));
	if (!str_eq(buf_view(&once.tree), buf_view(&twice.tree)))
		fail_msg("%s, byte %zu: another tree:\n%.*s\n%.*s\n%.*s", path, at, STR_ARG(buf_view(&once.tree)), STR_ARG(buf_view(&twice.tree)),
			 STR_ARG(buf_view(&once.text)));
	if (!str_eq(buf_view(&once.text), buf_view(&twice.text)))
		fail_msg("%s, byte %zu: not settled:\n%.*s\n%.*s", path, at, STR_ARG(buf_view(&once.text)), STR_ARG(buf_view(&twice.text)));
}

static void check_file(const char *path)
{
	enum { TEXT_MAX = 1 << 16, CUTS_MAX = 1500 };
	_file_ FILE *f = fopen(path, "re");
	_mem_ char *text = malloc(TEXT_MAX), *other = malloc(TEXT_MAX);

	assert_non_null(f);
	assert_true(text && other);
	size_t n = fread(text, 1, TEXT_MAX, f);
	assert_true(n < TEXT_MAX);
	check((struct str){text, n}, path, n);
	for (size_t i = 0; i < n; i += n / CUTS_MAX + 1) {
		memcpy(other, text, i);
		memcpy(other + i, text + i + 1, n - i - 1);
		check((struct str){other, n - 1}, path, i);
		memcpy(other, text, n);
		other[i] = i % 3 == 0 ? '\n' : i % 3 == 1 ? '#' : ';';
		check((struct str){other, n}, path, i);
	}
}

static void check_files(const char *pattern)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i]);
	globfree(&found);
}

static void every_text_stays_what_it_is(void **state)
{
	(void)state;
	check_files("examples/*.ctstack");
	check_files("stdlib/*.ctstack");
	check_files("tests/golden/*/*.ctstack");
}

static void examples_are_formatted(void **state)
{
	static const char *const patterns[] = {"examples/*.ctstack", "stdlib/*.ctstack"};

	(void)state;
	for (size_t k = 0; k < sizeof patterns / sizeof patterns[0]; k++) {
		glob_t found;

		assert_int_equal(glob(patterns[k], 0, NULL, &found), 0);
		for (size_t i = 0; i < found.gl_pathc; i++) {
			_cleanup_(formed_end) struct formed f;
			_file_ FILE *file = fopen(found.gl_pathv[i], "re");
			char text[1 << 16];

			assert_non_null(file);
			struct str s = {text, fread(text, 1, sizeof text, file)};
			assert_true(form(&f, s));
			if (!str_eq(s, buf_view(&f.text)))
				fail_msg("%s: run ctc fmt", found.gl_pathv[i]);
		}
		globfree(&found);
	}
}

static void the_form_is_this(void **state)
{
	static const char given[] =
		"\n\n# top\nlet a=[1,2, # two\n3\n]   # end  \nlet b = { x=1; y = 2\n z = 3, w=4 }\n"
		"let long-name:list<map<int?>> =f( 1,-2 ,-a - b)\nassert  a==b ,\"x\"\nstack  s{\n"
		"container a:ml.b{ image=\"x\";;address =10.0.0.1 }\n\tcontainer   bbb : ml.c { }\ncontainer ccc { }\n\n\n\n# c\n"
		"publish 127.0.0.1:80->a.http;allow a -> world:443/tcp{ x = 1 }\nexpect deny   b->c # trailing   \n\n"
		"if a{ x=1 }else if b{y=2\n}else{\n\nz =\"\"\"\n   a\n   \"\"\"\n\n}\n"
		"for i in [x*2 for x in list if x>1]{ container w-${ i }{} }\n}\n"
		"type t={a:int=1 \"Doc\" ; bb:list<int> \"x\",c:int in 1..5}\ntype u=low|high\n"
		"template t:container{\nparam a:int \"doc a\"\nparam long-name:string=\"x\" \"doc b\"\nparam n:string\n"
		"x=if a==1 then -1 else b.c[0]\nyy = f(\n)\n# between\nzzz = f([\n  1\n])\n\nw = [x for x in\n y]\nnone=[\n# yet\n]\n}\n"
		"use   \"./x.ctstack\"  as   y ; use std.ml";
	static const char wanted[] =
		"# top\nlet a = [\n  1, 2,  # two\n  3,\n]  # end\nlet b = {\n  x = 1\n  y = 2\n  z = 3\n  w = 4\n}\n"
		"let long-name: list<map<int?>> = f(1, -2, -a - b)\nassert a == b, \"x\"\nstack s {\n"
		"  container a   : ml.b { image = \"x\"; address = 10.0.0.1 }\n  container bbb : ml.c { }\n  container ccc { }\n\n  # c\n"
		"  publish     127.0.0.1:80 -> a.http\n  allow       a            -> world:443/tcp { x = 1 }\n"
		"  expect deny b            -> c  # trailing\n\n"
		"  if a { x = 1 } else if b {\n    y = 2\n  } else {\n    z = \"\"\"\n   a\n   \"\"\"\n  }\n"
		"  for i in [x * 2 for x in list if x > 1] { container w-${ i } { } }\n}\n"
		"type t = { a: int = 1 \"Doc\"; bb: list<int> \"x\", c: int in 1..5 }\ntype u = low | high\n"
		"template t : container {\n  param a: int                  \"doc a\"\n  param long-name: string = \"x\" \"doc b\"\n"
		"  param n: string\n  x   = if a == 1 then -1 else b.c[0]\n  yy  = f()\n  # between\n  zzz = f([\n    1,\n  ])\n\n"
		"  w = [\n    x for x in\n    y\n  ]\n  none = [\n    # yet\n  ]\n}\nuse \"./x.ctstack\" as y\nuse std.ml\n";
	_cleanup_(formed_end) struct formed f;

	(void)state;
	assert_true(form(&f, str_of(given)));
	buf_addc(&f.text, '\0');
	assert_string_equal(f.text.s, wanted);
}

static void what_does_not_parse_is_left_alone(void **state)
{
	_cleanup_(formed_end) struct formed f;

	(void)state;
	assert_false(form(&f, STR("a = = 1\n")));
	assert_int_equal(f.text.n, 0);
	assert_int_equal(f.diags.errors, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_this),
		cmocka_unit_test(what_does_not_parse_is_left_alone),
		cmocka_unit_test(examples_are_formatted),
		cmocka_unit_test(every_text_stays_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
