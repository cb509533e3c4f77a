/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What people write who come from other tools: each of mistakes.txt is one error, on the line that is mistaken, and says what to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"
#include "tests/unit/read_whole.h"

#define FILE_OF "tests/unit/mistakes.txt"
#define FRAME "=== frame "
#define BEGIN "=== "
#define HOLE "…\n"
#define MARK " #!"
#define FOLLOW "#> "

enum { FRAMES = 8, LINES = 40 };

struct frame {
	struct str name, text;
};

/* The lines up to the next that begins one. */
static struct str section_cut(struct str *rest)
{
	const char *begin = rest->s;

	while (rest->n && !str_starts(*rest, STR(BEGIN)))
		str_cut(*rest, '\n', rest);
	return (struct str){begin, (size_t)(rest->s - begin)};
}

/* The text without marks, and which of its lines had one; mended: with what the help makes of that line. True where that is known. */
static bool unmark(struct str text, bool mended, struct buf *out, bool marked[], unsigned lines)
{
	unsigned n = 0;
	bool known = false;

	while (text.n) {
		struct str line = str_cut(text, '\n', &text), mark = STR(MARK), follow = STR(FOLLOW);
		bool is = line.n >= mark.n && memcmp(line.s + line.n - mark.n, mark.s, mark.n) == 0;

		if (str_starts(line, follow)) {
			known = true;
			if (!mended)
				continue;
			line = (struct str){line.s + follow.n, line.n - follow.n};
		} else if (mended && is && str_starts(text, follow)) {
			continue;
		}
		assert_true(++n < lines);
		marked[n] = is;
		buf_add(out, line.s, line.n - (is ? mark.n : 0));
		buf_addc(out, '\n');
	}
	return known;
}

/* Whether a part of a help, up to `end` or its own end, is in the text. */
static bool part_is_in(struct str part, const char *end, struct str text)
{
	const char *at = end ? str_find(part, str_of(end)) : NULL;

	part.n = at ? (size_t)(at - part.s) : part.n;
	while (part.n && strchr("?`", part.s[part.n - 1]))
		part.n--;
	while (part.n && part.s[0] == '`')
		part = (struct str){part.s + 1, part.n - 1};
	return part.n && memmem(text.s, text.n, part.s, part.n);
}

/* Whether the text has what a help says: the whole of it, what stands behind a colon, or between backquotes. */
static bool is_followed(struct str help, struct str text)
{
	static const char *const begins[] = {"", ": ", "did you mean ", "write ", "`"}, *const ends[] = {NULL, "; ", ", or ", "`"};

	for (size_t b = 0; b < sizeof begins / sizeof begins[0]; b++)
		for (const char *at = begins[b][0] ? str_find(help, str_of(begins[b])) : help.s; at;) {
			struct str part = {at + strlen(begins[b]), help.n - (size_t)(at - help.s) - strlen(begins[b])};

			for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++)
				if (part_is_in(part, ends[e], text))
					return true;
			at = begins[b][0] ? str_find(part, str_of(begins[b])) : NULL;
		}
	return false;
}

static bool has_help(const struct diag *d)
{
	vec_each(struct diag_note, note, &d->notes)
		if (note->at.lo == 0)
			return true;
	return false;
}

/* Whether it is said once, where it is marked, and with a help. */
static bool is_said(struct compilation *c, const bool marked[], unsigned lines, bool plain)
{
	if (c->diags.errors != 1)
		return false;
	vec_each(struct diag *const, d, &c->diags.all)
		if ((*d)->severity == SEV_ERROR) {
			unsigned line = source_place(&c->sources, (*d)->at).line;

			return line < lines && marked[line] && (plain || has_help(*d));
		}
	return false;
}

/* Whether what the help says, written down, is right. */
static bool mends(struct str name, const struct compilation *wrong, struct str whole)
{
	bool marked[LINES] = {false}, told = false;
	_buf_ struct buf source = {0}, said = {0};
	struct compilation c = {0};
	const char *line = str_find(whole, STR("\n" FOLLOW));
	struct str fixed = str_cut((struct str){line ? line + 1 : whole.s, (size_t)(whole.s + whole.n - (line ? line + 1 : whole.s))}, '\n', NULL);

	vec_each(struct diag *const, d, &wrong->diags.all)
		if ((*d)->severity == SEV_ERROR)
			vec_each(struct diag_note, note, &(*d)->notes)
				told |= note->at.lo == 0 && is_followed(note->text, fixed);
	unmark(whole, true, &source, marked, LINES);
	compile_text(&c, STR("mended"), buf_view(&source));
	diags_render(&c.diags, DIAG_TEXT, false, &said);
	bool good = told && c.diags.errors == 0;
	if (!good)
		print_message("%.*s: %s\n%.*s\n", STR_ARG(name), told ? "who does as the help says has another error:" : "no help says this:", STR_ARG(told ? buf_view(&said) : fixed));
	compilation_end(&c);
	return good;
}

static bool judge(struct str name, struct str frame, struct str text)
{
	_buf_ struct buf whole = {0}, source = {0}, said = {0};
	bool marked[LINES] = {false}, plain = name.s[name.n - 1] == '!';
	const char *hole = frame.n ? memmem(frame.s, frame.n, HOLE, strlen(HOLE)) : NULL;
	struct compilation c = {0};

	if (hole) {
		buf_add(&whole, frame.s, (size_t)(hole - frame.s));
		buf_str(&whole, text);
		buf_add(&whole, hole + strlen(HOLE), (size_t)(frame.s + frame.n - hole) - strlen(HOLE));
	} else {
		buf_str(&whole, text);
	}
	bool known = unmark(buf_view(&whole), false, &source, marked, LINES);
	compile_text(&c, STR("mistake"), buf_view(&source));
	diags_render(&c.diags, DIAG_TEXT, false, &said); /* what is said twice is one by then */
	bool good = is_said(&c, marked, LINES, plain);
	if (!good)
		print_message("%.*s: not one error on its line that says what to do:\n%.*s\n", STR_ARG(name), STR_ARG(buf_view(&said)));
	if (good && known)
		good = mends(name, &c, buf_view(&whole));
	compilation_end(&c);
	return good;
}

static void each_is_one_error_that_says_what_to_do(void **state)
{
	_buf_ struct buf text = {0};
	struct frame frames[FRAMES];
	size_t nframes = 0, n = 0, missed = 0;
	struct str rest;

	(void)state;
	read_whole(FILE_OF, &text);
	rest = buf_view(&text);
	section_cut(&rest);
	while (rest.n) {
		struct str head = str_cut(rest, '\n', &rest), body = section_cut(&rest), frame = {0}, name;

		if (str_starts(head, STR(FRAME))) {
			assert_true(nframes < FRAMES);
			frames[nframes++] = (struct frame){{head.s + strlen(FRAME), head.n - strlen(FRAME)}, body};
			continue;
		}
		struct str where = str_cut((struct str){head.s + strlen(BEGIN), head.n - strlen(BEGIN)}, ' ', &name);
		for (size_t i = 0; i < nframes; i++)
			if (str_eq(frames[i].name, where))
				frame = frames[i].text;
		if (!frame.n && !str_is(where, "file"))
			fail_msg("%.*s: there is no frame `%.*s`", STR_ARG(name), STR_ARG(where));
		n++;
		missed += !judge(name, frame, body);
	}
	print_message("# %zu mistakes\n", n);
	assert_true(n > 200);
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_one_error_that_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
