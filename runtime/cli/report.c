/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Errors of the host and conflicts between stacks, as people read them. Diagnostics of the compiler render themselves (lang/diag.h). */
#include "runtime/cli/report.h"

#include <stdio.h>

#include "runtime/show.h"

struct report {
	const struct texts *texts;
	const char *red, *blue, *plain;
	struct buf out;
};

static struct report report_begin(struct cli *c, const struct texts *t)
{
	bool colour = c->colour_err;

	return (struct report){t, colour ? "\033[1;31m" : "", colour ? "\033[1;34m" : "", colour ? "\033[0m" : "", {0}};
}

static void report_end(struct report *r)
{
	fwrite(r->out.s, 1, r->out.n, stderr);
	buf_free(&r->out);
}

/* Cuts ":number" off the end. */
static bool cut_number(struct str *origin, size_t *ret)
{
	const char *colon = origin->n ? memrchr(origin->s, ':', origin->n) : NULL;
	size_t value = 0, at = colon ? (size_t)(colon - origin->s) : 0;

	if (!colon || at + 1 == origin->n || origin->n - at > 9)
		return false;
	for (size_t i = at + 1; i < origin->n; i++) {
		if (origin->s[i] < '0' || origin->s[i] > '9')
			return false;
		value = value * 10 + (size_t)(origin->s[i] - '0');
	}
	origin->n = at;
	*ret = value;
	return true;
}

static bool find_line(const struct texts *t, struct str path, size_t line, struct str *ret)
{
	for (size_t i = 0; t && i < t->n; i++) {
		struct str rest = t->at[i].text, one = {0};

		if (!str_eq(t->at[i].path, path))
			continue;
		for (size_t k = 0; k < line; k++) {
			if (!rest.n)
				return false;
			one = str_cut(rest, '\n', &rest);
		}
		*ret = one;
		return true;
	}
	return false;
}

/* A line of a source: a tab is as wide as one character, so that the caret stands under what it means. */
static void source_text(struct str text, struct buf *out)
{
	enum { LINE_MAX_BYTES = 240 };
	struct buf copy = {0};

	for (size_t i = 0; i < text.n; i++)
		buf_addc(&copy, text.s[i] == '\t' ? ' ' : text.s[i]);
	show_plain(buf_view(&copy), LINE_MAX_BYTES, out);
	buf_free(&copy);
}

/* " --> file:line:column" and the line with a caret, where the text is at hand. */
static void report_place(struct report *r, struct str origin)
{
	struct str path = origin, text;
	size_t line, column;

	if (!origin.n)
		return;
	buf_fmt(&r->out, "  %s-->%s ", r->blue, r->plain);
	show_plain(origin, 0, &r->out);
	buf_addc(&r->out, '\n');
	if (!cut_number(&path, &column) || !cut_number(&path, &line) || !find_line(r->texts, path, line, &text) || column < 1 || column > text.n + 1)
		return;
	struct buf shown = {0}, before = {0};
	source_text(text, &shown);
	source_text((struct str){text.s, column - 1}, &before);
	buf_fmt(&r->out, "%s%5zu |%s %.*s\n%s      |%s ", r->blue, line, r->plain, STR_ARG(buf_view(&shown)), r->blue, r->plain);
	for (size_t i = 0; i < before.n; i++)
		if (((unsigned char)before.s[i] & 0xc0) != 0x80)
			buf_addc(&r->out, ' ');
	buf_fmt(&r->out, "%s^%s\n", r->red, r->plain);
	buf_free(&shown);
	buf_free(&before);
}

static struct str find_origin(const struct manifest *m, struct str id)
{
	for (int kind = 0; m && id.n && kind < RES_KIND_COUNT; kind++) {
		const struct res *r = manifest_find(m, (enum res_kind)kind, id);

		if (r && r->origin.n)
			return r->origin;
	}
	return STR("");
}

static void report_sentence(struct report *r, struct str text)
{
	buf_fmt(&r->out, "%serror:%s ", r->red, r->plain);
	for (bool first = true; text.n || first; first = false) {
		struct str line = str_cut(text, '\n', &text);

		buf_puts(&r->out, first ? "" : "  ");
		show_plain(line, 0, &r->out);
		buf_addc(&r->out, '\n');
	}
}

void report_error(struct cli *c, const struct texts *t, const struct manifest *m, const struct err *e)
{
	struct report r = report_begin(c, t);

	report_sentence(&r, str_of(e->text));
	report_place(&r, e->origin[0] ? str_of(e->origin) : find_origin(m, str_of(e->resource)));
	report_end(&r);
}

void report_warnings(struct cli *c, struct str lines)
{
	while (lines.n) {
		struct str line = str_cut(lines, '\n', &lines);

		fprintf(stderr, "%swarning:%s %.*s\n", c->colour_err ? "\033[1;33m" : "", c->colour_err ? "\033[0m" : "", STR_ARG(line));
	}
}

void report_conflicts(struct cli *c, const struct texts *given, const struct texts *stays, const struct scope *scope)
{
	struct report r = report_begin(c, given);

	vec_each(const struct conflict, one, &scope->conflicts) {
		report_sentence(&r, one->text);
		report_place(&r, one->origin);
		buf_puts(&r.out, "  note: ");
		show_plain(one->note, 0, &r.out);
		buf_addc(&r.out, '\n');
		r.texts = stays;
		report_place(&r, one->other);
		r.texts = given;
	}
	report_end(&r);
}
