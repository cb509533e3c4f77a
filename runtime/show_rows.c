/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rows of a plan as text: they are built one by one, and printed together, since the origins stand in one column. Colour is for what changes; without it nothing is lost. */
#include "runtime/show_impl.h"

#include "lang/base/utf8.h"

enum { LEFT_MAX = 92 };	/* cells of a row behind which the column may stand */

#define DIM "\033[2m"

/* Without the column, which tells a reader nothing here. */
static struct str origin_line(struct str origin)
{
	const char *column = origin.n ? memrchr(origin.s, ':', origin.n) : NULL;

	return column ? (struct str){origin.s, (size_t)(column - origin.s)} : origin;
}

void row_end(struct rows *r, char sign, struct str origin)
{
	struct row *row = arena_new(r->a, struct row);

	row->sign = sign;
	row->text = str_copy(r->a, buf_view(&r->line));
	row->origin = origin_line(origin);
	if (origin.n)
		row->cells = utf8_cells(row->text);
	*(r->last ? &r->last->next : &r->first) = row;
	r->last = row;
	r->line.n = 0;
}

void row_heading(struct rows *r, const char *text)
{
	buf_puts(&r->line, text);
	row_end(r, '#', STR(""));
}

void row_name(struct rows *r, struct str name, size_t width)
{
	size_t start = r->line.n;

	show_plain(name, 0, &r->line);
	pad(&r->line, r->line.n - start, width);
}

static void field_text(const struct view_field *f, struct buf *out)
{
	if (f->old.n)
		show_plain(f->old, VALUE_MAX, out);
	else
		buf_puts(out, "none");
	buf_puts(out, " -> ");
	if (f->new.n)
		show_plain(f->new, VALUE_MAX, out);
	else
		buf_puts(out, "none");
}

void rows_field(struct rows *r, const struct view_field *f, size_t width)
{
	buf_puts(&r->line, "    ");
	row_name(r, f->name, width);
	buf_puts(&r->line, "  ");
	field_text(f, &r->line);
	row_end(r, ' ', STR(""));
}

size_t fields_width(const struct view_field *at, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i].name.n > width && at[i].name.n <= 40)
			width = at[i].name.n;
	return width;
}

static const char *sign_colour(char sign)
{
	return sign == '+' ? "\033[32m" : sign == '~' ? "\033[33m" : sign == '-' ? "\033[31m" : "";
}

static void row_print(const struct row *row, size_t left, bool colour, struct buf *out)
{
	if (row->sign == '#') {
		buf_puts(out, colour ? "\n" BOLD : "\n");
		buf_str(out, row->text);
		buf_puts(out, colour ? PLAIN "\n" : "\n");
		return;
	}
	buf_puts(out, "  ");
	buf_puts(out, colour ? sign_colour(row->sign) : "");
	buf_addc(out, row->sign);
	buf_addc(out, ' ');
	buf_str(out, row->text);
	buf_puts(out, colour && row->sign != ' ' ? PLAIN : "");
	if (row->origin.n) {
		pad(out, row->cells, left);
		buf_puts(out, colour ? "   " DIM : "   ");
		show_plain(row->origin, 0, out);
		buf_puts(out, colour ? PLAIN : "");
	}
	buf_addc(out, '\n');
}

void rows_print(const struct rows *r, bool colour, struct buf *out)
{
	size_t left = 0, total = 0;

	for (const struct row *row = r->first; row; row = row->next)
		if (row->origin.n && row->cells > left && row->cells <= LEFT_MAX)
			left = row->cells;
	for (const struct row *row = r->first; row; row = row->next)
		total += (row->origin.n ? (row->cells > left ? row->cells : left) + row->text.n - row->cells + row->origin.n : row->text.n) + sizeof "  + " "   \n";
	buf_reserve(out, total);
	for (const struct row *row = r->first; row; row = row->next)
		row_print(row, left, colour, out);
}
