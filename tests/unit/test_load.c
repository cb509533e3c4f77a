/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Loading: files that use each other, what is no file, limits, and the limits of the elaborator, which keep an untrusted source from costing more than it may. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "compiler/elab.h"
#include "lang/base/cleanup.h"

struct scratch {
	char dir[64];
	char old[4096];
};

static int place_make(void **state)
{
	struct scratch *p = calloc(1, sizeof *p);

	*state = p;
	strcpy(p->dir, "/tmp/test-load-XXXXXX");
	return !getcwd(p->old, sizeof p->old) || !mkdtemp(p->dir) || chdir(p->dir) != 0;
}

static int place_remove(void **state)
{
	struct scratch *p = *state;
	char command[128];
	int r;

	snprintf(command, sizeof command, "rm -rf '%s'", p->dir);
	r = chdir(p->old) != 0 || system(command) != 0;
	free(p);
	return r;
}

static void write_file(const char *path, const char *text, size_t n)
{
	_file_ FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
}

static void put(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

struct run {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct modules modules;
	struct model model;
	struct buf said;
};

static void run(struct run *r, const char *const *paths, size_t n)
{
	_arena_ struct arena scratch = {0};

	*r = (struct run){0};
	r->sources.arena = r->diags.arena = &r->arena;
	r->diags.sources = &r->sources;
	modules_load(&r->sources, &r->diags, paths, n, &r->modules);
	elaborate(&scratch, &r->arena, &r->diags, &r->modules, &r->model);
	if (r->diags.all.n)
		diags_render(&r->diags, DIAG_TEXT, false, &r->said);
	buf_addc(&r->said, '\0');
}

static void run_end(struct run *r)
{
	buf_free(&r->said);
	modules_free(&r->modules);
	arena_free(&r->arena);
}

static void says(const char *path, size_t errors, const char *code, const char *part)
{
	struct run r;

	run(&r, &path, 1);
	if (r.diags.errors != errors || !strstr(r.said.s, code) || !strstr(r.said.s, part))
		fail_msg("wanted %zu errors, `%s` and `%s`:\n%s", errors, code, part, r.said.s);
	run_end(&r);
}

static void files_are_found_beside_the_file_that_uses_them_and_read_once(void **state)
{
	const char *const paths[] = {"a.ctstack", "./a.ctstack", "sub/b.ctstack"};
	struct run r;

	(void)state;
	assert_int_equal(mkdir("sub", 0700), 0);
	put("a.ctstack", "use \"./sub/b.ctstack\"\nuse \"./sub/../sub/c.ctstack\" as other\n"
			 "stack a { container c { image = b.image; env { D = other.deep; S = b.in-b.x.image } } }\n");
	put("sub/b.ctstack", "use \"../sub/c.ctstack\"\nlet image = c.deep\nstack in-b { container x { image = \"x:1\" } }\n");
	put("sub/c.ctstack", "let deep = \"localhost/deep:1\"\nstack in-c {}\n");
	run(&r, paths, 3);
	assert_string_equal(r.said.s, "");
	assert_int_equal(r.modules.all.n, 3);
	/* stacks of files that are only used are seen, but outside */
	assert_int_equal(r.model.stacks.n, 3);
	assert_true(str_eq(((struct m_head *)r.model.stacks.at[0])->name, STR("a")));
	assert_true(str_eq(((struct m_head *)r.model.stacks.at[1])->name, STR("in-b")));
	assert_true(str_eq(((struct m_head *)r.model.stacks.at[2])->name, STR("in-c")));
	assert_false(r.model.stacks.at[1]->head.outside);
	assert_true(r.model.stacks.at[2]->head.outside);
	assert_true(str_eq(r.model.stacks.at[0]->container.at[0]->image.v, STR("localhost/deep:1")));
	run_end(&r);
}

static void cycles_of_files_are_told_with_their_chain(void **state)
{
	(void)state;
	put("self.ctstack", "use \"./self.ctstack\"\n");
	says("self.ctstack", 1, "E0702", "`self.ctstack` uses itself");
	put("x.ctstack", "use \"./y.ctstack\"\n");
	put("y.ctstack", "use \"./z.ctstack\"\n");
	put("z.ctstack", "use \"./x.ctstack\"\n");
	says("x.ctstack", 1, "E0702", "by way of `y.ctstack`, used here");
}

static void what_is_no_file_is_refused_without_reading(void **state)
{
	struct run r;
	const char *const missing = "missing.ctstack";

	(void)state;
	assert_int_equal(mkdir("dir.ctstack", 0700), 0);
	assert_int_equal(mkfifo("pipe.ctstack", 0600), 0);
	says("dir.ctstack", 1, "E0707", "a directory");
	says("pipe.ctstack", 1, "E0707", "a pipe");
	says("/dev/zero", 1, "E0707", "a device");
	says(missing, 1, "E0706", "No such file");
	run(&r, &missing, 1);
	assert_int_equal(r.modules.error, -ENOENT);
	run_end(&r);
	put("user.ctstack", "use \"./missing.ctstack\"\nuse \"./dir.ctstack\"\n");
	says("user.ctstack", 2, "E0706", "user.ctstack:1:5");
}

static void limits_of_files_hold(void **state)
{
	size_t n = SOURCE_MAX + 1;
	char *text = malloc(n), name[64], use[64];

	(void)state;
	memset(text, '#', n);
	write_file("large.ctstack", text, n);
	says("large.ctstack", 1, "E0708", "larger than 8 MiB");
	free(text);
	for (int i = 0; i <= 101; i++) {
		snprintf(name, sizeof name, "deep%d.ctstack", i);
		snprintf(use, sizeof use, "use \"./deep%d.ctstack\"\n", i + 1);
		put(name, i == 101 ? "" : use);
	}
	says("deep0.ctstack", 1, "E0705", "more than 100 deep");
	says("deep1.ctstack", 0, "", "");
}

static void module_names_must_be_names_and_different(void **state)
{
	(void)state;
	put("9.ctstack", "");
	put("ml.ctstack", "let x = 1\n");
	put("m.ctstack", "use \"./9.ctstack\"\nuse \"./9.ctstack\" as nine\nuse std.ml\nuse \"./ml.ctstack\"\n");
	says("m.ctstack", 2, "E0704", "no name for this module");
	says("m.ctstack", 2, "E0704", "first given here");
}

/* Sources that would make more than a host can hold. Each ends in one sentence, in bounded memory. */
static void expansion_is_limited(void **state)
{
	static const struct {
		const char *source, *code;
	} rows[] = {
		{"let a = \"0123456789012345\"\nlet b = \"${a}${a}${a}${a}${a}${a}${a}${a}\"\nlet c = \"${b}${b}${b}${b}${b}${b}${b}${b}\"\n"
		 "let d = \"${c}${c}${c}${c}${c}${c}${c}${c}\"\nlet e = \"${d}${d}${d}${d}${d}${d}${d}${d}\"\nlet f = \"${e}${e}${e}${e}${e}${e}${e}${e}\"\n"
		 "let g = \"${f}${f}${f}${f}${f}${f}${f}${f}\"\n",
		 "E0422"},
		{"let long = join([\"0123456789012345678901234567890123456789\" for i in range(1, 10000)], \"\")\n"
		 "stack s { for i in range(1, 1000) { container c-${i} { image = \"a:1\"; env { A = \"${long}${i}\" } } } }",
		 "E0422"},
		{"template t : container { image = \"a:1\"; for i in range(1, 1000) { volume v-${i} { at = /x } } }\n"
		 "stack s { for i in range(1, 1000) { container c-${i} : t {} } }",
		 "E0420"},
		{"stack s { for i in range(1, 100000) { for j in range(1, 100000) { container c-${i}-${j} { image = \"a:1\" } } } }", "E0420"},
		{"for i in range(1, 100000) { for j in range(1, 100000) { } }", "E0424"},
		{"let x = range(1, 100001)", "E0423"},
		{"let x = range(-9223372036854775807, 9223372036854775807)", "E0423"},
		{"let x = [[y for y in range(1, 1000)] for x in range(1, 1000)]", "E0424"},
		{"let a = range(1, 50000)\nlet b = a + a\nlet c = b + b", "E0423"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *const path = "bomb.ctstack";
		struct run r;

		put(path, rows[i].source);
		run(&r, &path, 1);
		if (r.diags.errors != 1 || !strstr(r.said.s, rows[i].code))
			fail_msg("%s: wanted %s:\n%s", rows[i].source, rows[i].code, r.said.s);
		assert_in_range(r.arena.total, 0, 100 << 20);
		assert_int_equal(r.model.stacks.n, 0);
		run_end(&r);
	}
}

/* What refers to what, one after the other, deeper than a stack of calls should be. */
static void depth_is_limited(void **state)
{
	static const struct {
		const char *first, *each, *last, *code;
	} rows[] = {
		{"", "let x%d = x%d\n", "let x1000 = 1\n", "E0421"},
		{"", "template t%d : t%d {}\n", "template t1000 : container {}\n", "E0421"},
		{"", "type t%d = t%d\n", "type t1000 = int\nlet x: t0 = 1\n", "E0421"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf b = {0};

		for (int k = 0; k < 1000; k++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			buf_fmt(&b, rows[i].each, k, k + 1);
#pragma GCC diagnostic pop
		}
		buf_puts(&b, rows[i].last);
		write_file("deep.ctstack", b.s, b.n);
		buf_free(&b);
		says("deep.ctstack", 1, rows[i].code, "");
	}
}

/* Nothing outside of the directories that are given is read, by no way; what is said does not tell whether it is there. */
static void what_is_outside_stays_unread(void **state)
{
	static const struct {
		const char *use;
		bool good;
	} rows[] = {
		{"./in/one.ctstack", true},	{"./in/../in/one.ctstack", true},     {"../below/in/one.ctstack", true},  {"../outside.ctstack", false},
		{"../missing.ctstack", false},	{"./in/../../outside.ctstack", false}, {"./link.ctstack", false},	  {"./dir/outside.ctstack", false},
		{"./in/near.ctstack", true},	{"../below-not/one.ctstack", false},
	};

	(void)state;
	assert_int_equal(mkdir("below", 0755) | mkdir("below/in", 0755) | mkdir("below-not", 0755), 0);
	put("outside.ctstack", "secret line of another file");
	put("below-not/one.ctstack", "secret line of another file");
	put("below/in/one.ctstack", "let a = 1\n");
	assert_int_equal(symlink("../outside.ctstack", "below/link.ctstack") | symlink("..", "below/dir") | symlink("one.ctstack", "below/in/near.ctstack"), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		static const char *const paths[] = {"below/main.ctstack"};
		char text[200];
		struct run r;

		snprintf(text, sizeof text, "use \"%s\" as it\n", rows[i].use);
		put("below/main.ctstack", text);
		run(&r, paths, 1);
		if ((r.diags.errors == 0) != rows[i].good || strstr(r.said.s, "secret") || (!rows[i].good && !strstr(r.said.s, "E0730")))
			fail_msg("%s: %s", rows[i].use, r.said.s);
		run_end(&r);
	}
}

/* A directory that the caller adds. */
static void a_directory_can_be_added(void **state)
{
	static const char *const paths[] = {"main/main.ctstack"}, *const include[] = {"lib"};
	struct compilation c = {.givens = {.include = include, .ninclude = 1}};

	(void)state;
	assert_int_equal(mkdir("main", 0755) | mkdir("lib", 0755), 0);
	put("lib/one.ctstack", "let a = 1\n");
	put("main/main.ctstack", "use \"../lib/one.ctstack\"\nlet b = one.a\n");
	assert_int_equal(compile_files(&c, paths, 1), 0);
	compilation_end(&c);
}

int main(void)
{
#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)
	static const struct CMUnitTest tests[] = {
		IN_A_PLACE(files_are_found_beside_the_file_that_uses_them_and_read_once),
		IN_A_PLACE(cycles_of_files_are_told_with_their_chain),
		IN_A_PLACE(what_is_no_file_is_refused_without_reading),
		IN_A_PLACE(limits_of_files_hold),
		IN_A_PLACE(module_names_must_be_names_and_different),
		IN_A_PLACE(expansion_is_limited),
		IN_A_PLACE(depth_is_limited),
		IN_A_PLACE(what_is_outside_stays_unread),
		IN_A_PLACE(a_directory_can_be_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
