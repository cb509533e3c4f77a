/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The picture with carets. Each line that is pointed at once, with its number, a mark under each span (`^` what is wrong, `-` what belongs to it) and beside or below the mark what it is;
 * lines that are left out are `...`, and another file begins with `:::` and its place. What comes from the users' files is shown so that it cannot do anything to a terminal: control and
 * invisible characters are replaced. A very long line is shown around each mark only, once for each, so that the cost does not depend on its length. */
#include "lang/diag_picture.h"

#include "lang/base/sort.h"
#include "lang/base/utf8.h"

enum {
	CELLS_MAX = 120,	/* of a line that is shown whole */
	CELLS_BEFORE = 60,	/* shown before the caret of a longer one */
	TAB = 8,
};

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
void picture_text(struct str s, struct buf *out)
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

/* Something under a line: its bytes lo .. hi-1. Cells, from 0, are known where the line is short. */
struct mark {
	struct place at;
	size_t lo, hi, from, to;
	char sign;
	const char *colour;
	struct str label;
};

/* A line of any length, and below it one mark. */
static void show_line(struct buf *out, const struct paint *c, const struct mark *m)
{
	struct place p = m->at;
	size_t from = 0, cell = 0, cells, start = 0, width = 0, i, lo = m->lo, hi = m->hi;
	bool cut = false;

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
	buf_fmt(out, "\n%s      |%s %*s%s", c->gutter, c->off, (int)start, "", m->colour);
	for (size_t k = 0; k < (width ? width : 1); k++)
		buf_addc(out, m->sign);
	if (m->label.n) {
		buf_addc(out, ' ');
		picture_text(m->label, out);
	}
	buf_fmt(out, "%s\n", c->off);
}

/* ---- several spans ---- */

static size_t cells_before(struct str line, size_t byte)
{
	size_t cell = 0, cells;

	for (size_t i = 0; i < byte && i < line.n; cell += cells)
		i += show_char(line, i, cell, NULL, &cells);
	return cell;
}

static bool is_short(struct place p)
{
	return p.text.n <= CELLS_MAX;
}

static struct mark mark_new(struct place p, struct span at, char sign, const char *colour, struct str label)
{
	struct mark m = {.at = p, .lo = p.column - 1, .sign = sign, .colour = colour, .label = label};

	m.lo = m.lo < p.text.n ? m.lo : p.text.n;
	m.hi = m.lo + (at.hi > at.lo ? at.hi - at.lo : 0);
	m.hi = m.hi < p.text.n ? m.hi : p.text.n;
	if (!is_short(p))
		return m;
	m.from = cells_before(p.text, m.lo);
	m.to = cells_before(p.text, m.hi);
	if (m.to <= m.from)
		m.to = m.from + 1;
	return m;
}

/* By file and line; within one from left to right, what is wrong last of those that begin together. */
static int cmp_marks(const void *x, const void *y)
{
	const struct mark *a = x, *b = y;

	if (a->at.source != b->at.source)
		return a->at.source->base < b->at.source->base ? -1 : 1;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return (a->sign == '^') - (b->sign == '^');
}

static void gutter(struct buf *out, const struct paint *c)
{
	buf_fmt(out, "%s      |%s", c->gutter, c->off);
}

static void source_line(struct buf *out, const struct paint *c, struct place p)
{
	size_t cell = 0, cells;

	buf_fmt(out, "%s%5u |%s ", c->gutter, p.line, c->off);
	for (size_t i = 0; i < p.text.n; cell += cells)
		i += show_char(p.text, i, cell, out, &cells);
	buf_addc(out, '\n');
}

/* The signs of all marks of a line; where they overlap, what is wrong is on top. */
static void signs(struct buf *out, const struct paint *c, const struct mark *marks, size_t n)
{
	size_t end = 0;
	const char *colour = "";

	for (size_t i = 0; i < n; i++)
		end = marks[i].to > end ? marks[i].to : end;
	gutter(out, c);
	buf_addc(out, ' ');
	for (size_t cell = 0; cell < end; cell++) {
		const struct mark *here = NULL;

		for (size_t i = 0; i < n; i++)
			if (cell >= marks[i].from && cell < marks[i].to && (!here || marks[i].sign == '^'))
				here = &marks[i];
		if (here && here->colour != colour) {
			buf_puts(out, colour[0] ? c->off : "");
			buf_puts(out, here->colour);
		} else if (!here && colour[0]) {
			buf_puts(out, c->off);
		}
		colour = here ? here->colour : "";
		buf_addc(out, here ? here->sign : ' ');
	}
	buf_puts(out, colour[0] ? c->off : "");
}

/* A row below the signs: bars under the marks whose labels are yet to come, and the last one's label where it is given. */
static void label_row(struct buf *out, const struct paint *c, const struct mark *marks, size_t n, const struct mark *label)
{
	size_t cell = 0;

	gutter(out, c);
	buf_addc(out, ' ');
	for (size_t i = 0; i < n; i++) {
		if (!marks[i].label.n || marks[i].from < cell || (label && marks[i].from >= label->from))
			continue;
		buf_fmt(out, "%*s%s|%s", (int)(marks[i].from - cell), "", marks[i].colour, c->off);
		cell = marks[i].from + 1;
	}
	if (label) {
		buf_fmt(out, "%*s%s", (int)(label->from - cell), "", label->colour);
		picture_text(label->label, out);
		buf_puts(out, c->off);
	}
	buf_addc(out, '\n');
}

/* The last label stands beside its mark where no other reaches farther, all others below theirs, from right to left. */
static void marks_line(struct buf *out, const struct paint *c, const struct mark *marks, size_t n)
{
	bool beside = true;
	size_t below = 0;

	if (!is_short(marks[0].at)) {
		for (size_t i = 0; i < n; i++)
			show_line(out, c, &marks[i]);
		return;
	}
	source_line(out, c, marks[0].at);
	signs(out, c, marks, n);
	for (size_t i = 0; i + 1 < n; i++)
		beside &= marks[i].to <= marks[n - 1].to;
	if (beside && marks[--n].label.n) {
		buf_fmt(out, "%s ", marks[n].colour);
		picture_text(marks[n].label, out);
		buf_puts(out, c->off);
	}
	buf_addc(out, '\n');
	for (size_t i = 0; i < n; i++)
		below += marks[i].label.n > 0;
	if (below)
		label_row(out, c, marks, n, NULL);
	for (size_t i = n; i-- > 0;)
		if (marks[i].label.n)
			label_row(out, c, marks, i, &marks[i]);
}

/* What is between two lines of a picture. */
static void between(struct diags *d, struct buf *out, const struct paint *c, const struct mark *above, const struct mark *below)
{
	const struct source *s = below->at.source;
	uint32_t before = s->base + (uint32_t)(below->at.text.s - s->text.s) - 1;
	struct place p;

	if (below->at.line - above->at.line < 2)
		return;
	p = source_place(d->sources, (struct span){before, before});
	if (below->at.line - above->at.line == 2 && p.text.n <= CELLS_MAX)
		source_line(out, c, p);
	else
		buf_fmt(out, "%s  ...%s\n", c->gutter, c->off);
}

/* Marks of one file, sorted. */
static void marks_file(struct diags *d, struct buf *out, const struct paint *c, const struct mark *marks, size_t n)
{
	for (size_t i = 1, from = 0; i <= n; i++) {
		if (i < n && marks[i].at.line == marks[from].at.line)
			continue;
		if (from)
			between(d, out, c, &marks[from - 1], &marks[from]);
		marks_line(out, c, &marks[from], i - from);
		from = i;
	}
}

static void file_said(struct buf *out, const struct paint *c, const struct mark *first)
{
	buf_fmt(out, "%s  :::%s ", c->gutter, c->off);
	picture_text(first->at.source->path, out);
	buf_fmt(out, ":%u:%u\n", first->at.line, first->at.column);
}

void picture(struct diags *d, struct buf *out, const struct paint *c, const struct diag *one, const char *colour)
{
	struct place own = source_place(d->sources, one->at);
	VEC(struct mark) marks = {0};

	if (own.source)
		vec_push(d->arena, &marks, mark_new(own, one->at, '^', colour, one->label));
	vec_each(struct diag_note, note, &one->notes) {
		struct place p = source_place(d->sources, note->at);

		if (p.source)
			vec_push(d->arena, &marks, mark_new(p, note->at, '-', c->note, note->text));
	}
	sort_array(marks.at, marks.n, sizeof marks.at[0], cmp_marks);
	/* the diagnostic's own file, then the others */
	for (int others = 0; others < 2; others++)
		for (size_t i = 0, n; i < marks.n; i += n) {
			const struct mark *first = &marks.at[i];

			for (n = 1; i + n < marks.n && first[n].at.source == first->at.source;)
				n++;
			if ((first->at.source != own.source) != others)
				continue;
			if (others)
				file_said(out, c, first);
			marks_file(d, out, c, first, n);
		}
}
