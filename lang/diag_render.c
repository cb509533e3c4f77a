/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Diagnostics to text: the picture with carets. What comes from the users' files is shown so that it cannot do anything to a terminal: control and
 * invisible characters are replaced. A very long line is shown around the caret only, so that the cost does not depend on its length. */
#include "lang/diag.h"

#include <stdlib.h>

#include "lang/base/utf8.h"

enum {
	CELLS_MAX = 120,	/* of a line that is shown whole */
	CELLS_BEFORE = 60,	/* shown before the caret of a longer one */
	TAB = 8,
};

struct paint {
	const char *bold, *error, *warning, *gutter, *note, *help, *off;
};

static const struct paint plain = {"", "", "", "", "", "", ""};
static const struct paint coloured = {"\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[34m", "\x1b[36m", "\x1b[32m", "\x1b[0m"};

static int cmp_diags(const void *a, const void *b)
{
	const struct diag *x = *(struct diag *const *)a, *y = *(struct diag *const *)b;

	if (x->at.lo != y->at.lo)
		return x->at.lo < y->at.lo ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->at.hi != y->at.hi)
		return x->at.hi < y->at.hi ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static void sort_and_unite(struct diags *d)
{
	size_t n = 0;

	if (d->all.n)
		qsort(d->all.at, d->all.n, sizeof *d->all.at, cmp_diags);
	d->errors = d->warnings = 0;
	for (size_t i = 0; i < d->all.n; i++) {
		if (n && cmp_diags(&d->all.at[n - 1], &d->all.at[i]) == 0)
			continue;
		d->all.at[n++] = d->all.at[i];
		d->errors += d->all.at[i]->severity == SEV_ERROR;
		d->warnings += d->all.at[i]->severity == SEV_WARNING;
	}
	d->all.n = n;
}

/* One character of a text as it is shown: its bytes to out (may be NULL), the bytes read, its cells. */
static size_t show_char(struct str s, size_t i, size_t cell, struct buf *out, size_t *ret_cells)
{
	uint32_t code;
	size_t n = utf8_decode(s.s + i, s.n - i, &code);

	if (n == 1 && code == '\t') {
		*ret_cells = TAB - cell % TAB;
		for (size_t k = 0; out && k < *ret_cells; k++)
			buf_addc(out, ' ');
		return 1;
	}
	*ret_cells = 1;
	if (n == 0 || code < 0x20 || code == 0x7f || utf8_invisible(code)) {
		if (out)
			utf8_encode(0xfffd, out);
		return n ? n : 1;
	}
	*ret_cells = utf8_width(code);
	if (out)
		buf_add(out, s.s + i, n);
	return n;
}

/* A message or a path, made harmless. */
static void show_text(struct str s, struct buf *out)
{
	size_t cells;

	for (size_t i = 0; i < s.n;)
		i += show_char(s, i, 0, out, &cells);
}

static size_t back_to_char(struct str s, size_t i)
{
	while (i > 0 && i < s.n && ((unsigned char)s.s[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/* The line, and below it the mark under its bytes lo .. hi-1. */
static void show_line(struct buf *out, const struct paint *c, struct place p, size_t lo, size_t hi, char mark, const char *colour,
		      struct str label)
{
	size_t from = 0, cell = 0, cells, start = 0, width = 0, i;
	bool cut = false;

	if (lo > p.text.n)
		lo = p.text.n;
	if (hi > p.text.n)
		hi = p.text.n;
	if (p.text.n > CELLS_MAX && lo > CELLS_BEFORE)
		from = back_to_char(p.text, lo - CELLS_BEFORE);
	buf_fmt(out, "%s%5u |%s ", c->gutter, p.line, c->off);
	if (from > 0) {
		buf_puts(out, "…");
		cell = 1;
	}
	for (i = from; i < p.text.n && !cut;) {
		size_t n;

		if (i == lo)
			start = cell;
		if (cell >= CELLS_MAX && p.text.n > CELLS_MAX) {
			cut = true;
			break;
		}
		n = show_char(p.text, i, cell, out, &cells);
		if (i >= lo && i < hi)
			width += cells;
		cell += cells;
		i += n;
	}
	if (cut)
		buf_puts(out, "…");
	if (lo >= i)
		start = cell;
	buf_fmt(out, "\n%s      |%s %*s%s", c->gutter, c->off, (int)start, "", colour);
	for (size_t k = 0; k < (width ? width : 1); k++)
		buf_addc(out, mark);
	if (label.n) {
		buf_addc(out, ' ');
		show_text(label, out);
	}
	buf_fmt(out, "%s\n", c->off);
}

static void show_place(struct diags *d, struct buf *out, const struct paint *c, struct span at, char mark, const char *colour, struct str label)
{
	struct place p = source_place(d->sources, at);

	if (p.source)
		show_line(out, c, p, p.column - 1, p.column - 1 + (at.hi > at.lo ? at.hi - at.lo : 0), mark, colour, label);
}

static void show_position(struct diags *d, struct buf *out, struct span at)
{
	struct str origin = source_origin(d->sources, at);

	show_text(origin, out);
	if (origin.n)
		buf_puts(out, ": ");
}

static void render_one(struct diags *d, const struct diag *one, const struct paint *c, struct buf *out)
{
	const struct diag_info *info = &diag_infos[one->code];
	const char *colour = one->severity == SEV_ERROR ? c->error : c->warning;

	buf_puts(out, c->bold);
	show_position(d, out, one->at);
	buf_fmt(out, "%s%s%s[%s]%s%s: ", c->off, colour, severity_word(one->severity), info->code, c->off, c->bold);
	show_text(one->text, out);
	buf_fmt(out, "%s\n", c->off);
	show_place(d, out, c, one->at, '^', colour, one->label);
	vec_each(struct diag_note, note, &one->notes) {
		if (note->at.lo == 0)
			continue;
		buf_fmt(out, "  %snote%s: ", c->note, c->off);
		show_position(d, out, note->at);
		show_text(note->text, out);
		buf_addc(out, '\n');
		show_place(d, out, c, note->at, '-', c->note, STR(""));
	}
	vec_each(struct diag_note, note, &one->notes) {
		if (note->at.lo != 0)
			continue;
		buf_fmt(out, "  %shelp%s: ", c->help, c->off);
		show_text(note->text, out);
		buf_addc(out, '\n');
	}
}

static void render_text(struct diags *d, const struct paint *c, struct buf *out)
{
	size_t shown = d->all.n < DIAG_CAP ? d->all.n : DIAG_CAP;

	for (size_t i = 0; i < shown; i++)
		render_one(d, d->all.at[i], c, out);
	if (shown < d->all.n)
		buf_fmt(out, "… and %zu more\n", d->all.n - shown);
	if (d->errors)
		buf_fmt(out, "%zu error%s", d->errors, d->errors == 1 ? "" : "s");
	if (d->warnings)
		buf_fmt(out, "%s%zu warning%s", d->errors ? ", " : "", d->warnings, d->warnings == 1 ? "" : "s");
	if (d->errors || d->warnings)
		buf_addc(out, '\n');
	if (d->partly)
		buf_fmt(out, "%snote%s: %s\n", c->note, c->off, DIAGS_PARTLY);
}

void diags_render(struct diags *d, enum diag_format format, bool colour, struct buf *out)
{
	sort_and_unite(d);
	switch (format) {
	case DIAG_TEXT:
		render_text(d, colour ? &coloured : &plain, out);
		break;
	case DIAG_JSON:
		diags_json(d, out);
		break;
	case DIAG_SARIF:
		diags_sarif(d, out);
		break;
	}
}
