/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Formatting never changes what a file means: of every example, of the goldens that compile and of generated programs in odd layouts, the manifest is the same
 * afterwards. And the differences that are printed are differences: who applies them has the other text. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"
#include "lang/base/diff.h"
#include "lang/print.h"
#include "tests/unit/read_whole.h"

/* The manifest but for places, which lines and columns are part of; false where it does not compile. */
static bool meaning(const char *path, struct str text, struct buf *out)
{
	struct compilation c = {0};
	bool good = compile_text(&c, str_of(path), text) == 0;

	struct res_container *box;

	vec_each(struct res *, r, &c.manifest.all)
		(*r)->origin = STR("");
	manifest_each(container, box, &c.manifest)
		box->mount_origins.n = 0;
	if (good)
		manifest_encode(&c.manifest, out);
	compilation_end(&c);
	return good;
}

static bool format(struct str text, struct buf *out)
{
	_arena_ struct arena a = {0};
	struct sources sources = {.arena = &a};
	struct diags diags = {.arena = &a, .sources = &sources};

	return print_source(&diags, source_add(&sources, STR("t"), text), out);
}

/* Whether it compiled. */
static bool check(const char *path, struct str text)
{
	_buf_ struct buf before = {0}, formed = {0}, again = {0}, after = {0};

	if (!meaning(path, text, &before))
		return false;
	assert_true(format(text, &formed));
	assert_true(format(buf_view(&formed), &again));
	if (!str_eq(buf_view(&formed), buf_view(&again)))
		fail_msg("%s: not settled\n%.*s", path, STR_ARG(buf_view(&formed)));
	if (!meaning(path, buf_view(&formed), &after) || !str_eq(buf_view(&before), buf_view(&after)))
		fail_msg("%s: means something else\n%.*s", path, STR_ARG(buf_view(&formed)));
	return true;
}

static size_t check_files(const char *pattern)
{
	size_t compiled = 0;
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		_buf_ struct buf text = {0};

		assert_true(read_whole(found.gl_pathv[i], &text));
		compiled += check(found.gl_pathv[i], buf_view(&text));
	}
	globfree(&found);
	return compiled;
}

static void files_mean_the_same(void **state)
{
	(void)state;
	assert_true(check_files("examples/*.ctstack") >= 2);
	assert_true(check_files("stdlib/*.ctstack") >= 1);
	assert_true(check_files("tests/golden/*/*.ctstack") >= 20);
	assert_true(check_files("tests/plans/*/*.ctstack") >= 5);
}

/* ---- generated programs ---- */

struct made {
	struct buf text;
	uint64_t seed;
};

static unsigned pick(struct made *m, unsigned n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->seed >> 33) % n;
}

/* What may stand between two tokens of an entry. */
static void blank(struct made *m)
{
	static const char *const blanks[] = {" ", "  ", "\t", "      "};

	buf_puts(&m->text, blanks[pick(m, 4)]);
}

/* What may stand between two entries. */
static void separate(struct made *m)
{
	static const char *const ends[] = {"\n", ";", " ; ", "\n\n", "\n\n\n", " # a comment\n", "\n# on its own\n", ";;\n\t", "\r\n", "\n\n  # after a gap\n\n"};

	buf_puts(&m->text, ends[pick(m, 10)]);
}

static void field(struct made *m, const char *name, const char *value)
{
	buf_puts(&m->text, name);
	blank(m);
	buf_addc(&m->text, '=');
	blank(m);
	buf_puts(&m->text, value);
	separate(m);
}

static void open_block(struct made *m, const char *head)
{
	buf_puts(&m->text, head);
	blank(m);
	buf_addc(&m->text, '{');
	if (pick(m, 2))
		separate(m);
}

static void close_block(struct made *m)
{
	buf_addc(&m->text, '}');
	separate(m);
}

static void container(struct made *m, unsigned i)
{
	static const char *const values[] = {"\"a ${1 +  2} b\"", "\"\"\"\n  text # no comment\n    more\n  \"\"\"", "\"x\"", "join([\"a\",\n  \"b\" ,], \"-\")"};
	char head[60], address[40];

	snprintf(head, sizeof head, "container c%u%s", i, pick(m, 2) ? " :  base" : "");
	snprintf(address, sizeof address, pick(m, 2) ? "10.0.0.%u" : "lan.range[ %u ]", i + 2);
	open_block(m, head);
	field(m, "address", address);
	field(m, "image", pick(m, 2) ? "\"localhost/x:1\"" : "if  true then \"localhost/y:1\" else \"localhost/z:1\"");
	if (pick(m, 2)) {
		open_block(m, "env");
		field(m, "A", values[pick(m, 4)]);
		field(m, "B_LONG", values[pick(m, 4)]);
		close_block(m);
	}
	if (pick(m, 2)) {
		open_block(m, "limits");
		field(m, "memory", pick(m, 2) ? "1GiB" : "2  *  512MiB");
		close_block(m);
	}
	if (pick(m, 2)) {
		open_block(m, "ports");
		field(m, "http", "80/tcp");
		close_block(m);
		buf_puts(&m->text, "ready { http = \"/\" }");
		separate(m);
	}
	if (pick(m, 3) == 0) {
		open_block(m, "mount  /srv/a   ->  /b");
		field(m, "readonly", "true");
		close_block(m);
	}
	close_block(m);
}

static void generated_programs_mean_the_same(void **state)
{
	struct made m = {.seed = 1};

	(void)state;
	for (unsigned n = 0; n < 300; n++) {
		unsigned containers = 1 + pick(&m, 5);

		m.text.n = 0;
		if (pick(&m, 2))
			separate(&m);
		open_block(&m, "template base : container");
		field(&m, "restart", "always");
		close_block(&m);
		open_block(&m, "stack s");
		open_block(&m, "subnet lan");
		field(&m, "range", "10.0.0.0/24");
		close_block(&m);
		for (unsigned i = 0; i < containers; i++)
			container(&m, i);
		buf_puts(&m.text, "for i in [ 1,2 ]  { container x-${i} { image=\"localhost/x:1\"; address=lan.range[100+i] } }");
		separate(&m);
		if (pick(&m, 2)) {
			buf_puts(&m.text, "allow   lan ->world:443/tcp");
			separate(&m);
		}
		close_block(&m);
		if (!check("made.ctstack", buf_view(&m.text)))
			fail_msg("a generated program does not compile:\n%.*s", STR_ARG(buf_view(&m.text)));
	}
	buf_free(&m.text);
}

/* ---- differences ---- */

/* What patch does: copies before up to each hunk, and takes the hunk's lines. */
static void apply(struct str before, struct str diff, struct buf *out)
{
	size_t line = 1;

	str_cut(diff, '\n', &diff);
	str_cut(diff, '\n', &diff);
	while (diff.n) {
		struct str head = str_cut(diff, '\n', &diff);
		size_t at, n, at_new, n_new;

		assert_int_equal(sscanf(head.s, "@@ -%zu,%zu +%zu,%zu @@", &at, &n, &at_new, &n_new), 4);
		for (; line < at + (n == 0); line++) {
			struct str kept = str_cut(before, '\n', &before);

			buf_fmt(out, "%.*s\n", STR_ARG(kept));
		}
		for (size_t i = 0, k = 0; i < n || k < n_new;) {
			struct str step = str_cut(diff, '\n', &diff), text = {step.s + 1, step.n - 1};

			if (step.s[0] != '+') {
				struct str old = str_cut(before, '\n', &before);

				assert_true(str_eq(old, text));
				line++;
				i++;
			}
			if (step.s[0] != '-') {
				buf_fmt(out, "%.*s\n", STR_ARG(text));
				k++;
			}
		}
	}
	buf_str(out, before);
}

static void differences_can_be_applied(void **state)
{
	struct made m = {.seed = 7};

	(void)state;
	for (unsigned n = 0; n < 500; n++) {
		_buf_ struct buf before = {0}, after = {0}, diff = {0}, got = {0};
		unsigned lines = pick(&m, 60), change = 1 + pick(&m, 20);

		for (unsigned i = 0; i < lines; i++) {
			unsigned what = pick(&m, change), value = pick(&m, 8);

			if (what != 1)
				buf_fmt(&before, "line %u\n", value);
			if (what != 2)
				buf_fmt(&after, "line %u%s\n", value, what == 3 ? "x" : "");
		}
		diff_unified(buf_view(&before), buf_view(&after), STR("t"), &diff);
		assert_int_equal(diff.n == 0, str_eq(buf_view(&before), buf_view(&after)));
		if (!diff.n)
			continue;
		apply(buf_view(&before), buf_view(&diff), &got);
		if (!str_eq(buf_view(&got), buf_view(&after)))
			fail_msg("got\n%.*s\nwanted\n%.*s\nby\n%.*s", STR_ARG(buf_view(&got)), STR_ARG(buf_view(&after)), STR_ARG(buf_view(&diff)));
	}
	buf_free(&m.text);
}

static void very_different_texts_end(void **state)
{
	_buf_ struct buf before = {0}, after = {0}, diff = {0}, got = {0};

	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		buf_fmt(&before, "a %u\n", i);
		buf_fmt(&after, "b %u\n", i);
	}
	diff_unified(buf_view(&before), buf_view(&after), STR("t"), &diff);
	apply(buf_view(&before), buf_view(&diff), &got);
	assert_true(str_eq(buf_view(&got), buf_view(&after)));
	diff.n = 0;
	diff_unified(STR("a\nb"), STR("a\nb\n"), STR("t"), &diff);
	assert_true(str_eq(buf_view(&diff), STR("--- t\n+++ t\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_mean_the_same),
		cmocka_unit_test(generated_programs_mean_the_same),
		cmocka_unit_test(differences_can_be_applied),
		cmocka_unit_test(very_different_texts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
