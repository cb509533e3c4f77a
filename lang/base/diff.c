/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986), after what both texts begin and end with is set aside. */
#include "lang/base/diff.h"

#include "lang/base/vec.h"

enum { CONTEXT = 3, EDITS_MAX = 2000 };

struct lines {
	struct str *at;	/* with their line ends */
	size_t n;
};

/* One step from before to after: a line that stays (' '), goes ('-') or comes ('+'). */
struct step {
	char what;
	struct str line;
};
struct steps {
	VEC(struct step) all;
};

static struct lines lines_of(struct arena *a, struct str text)
{
	struct lines l = {0};
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.s[i] == '\n';
	l.at = arena_array(a, n, sizeof *l.at);
	while (text.n) {
		const char *end = memchr(text.s, '\n', text.n);
		size_t len = end ? (size_t)(end - text.s) + 1 : text.n;

		l.at[l.n++] = (struct str){text.s, len};
		text = (struct str){text.s + len, text.n - len};
	}
	return l;
}

/* What the paths of so many edits reached, by diagonal, as it was before the round of d edits. */
static int *row_copy(struct arena *a, const int *v, int d)
{
	int *row = arena_array(a, (size_t)(2 * d + 3), sizeof *row);

	memcpy(row, v - d - 1, (size_t)(2 * d + 3) * sizeof *row);
	return row + d + 1;
}

/* Whether the path on diagonal k comes from the one above it (a line comes), not from the one below (a line goes). */
static bool comes_down(const int *v, int k, int d)
{
	return k == -d || (k != d && v[k - 1] < v[k + 1]);
}

/* Follows the rows back from the end. */
static void steps_back(struct arena *a, const struct lines *before, const struct lines *after, int *const *rows, int d, struct steps *ret)
{
	int x = (int)before->n, y = (int)after->n;
	size_t at = before->n + after->n, end = at;
	struct step *back = arena_array(a, end + 1, sizeof *back);

	for (; d >= 0; d--) {
		int k = x - y, from = comes_down(rows[d], k, d) ? k + 1 : k - 1, x_before = rows[d][from], y_before = x_before - from;

		while (x > x_before && y > y_before && x > 0 && y > 0) {
			back[--at] = (struct step){' ', before->at[--x]};
			y--;
		}
		if (d == 0)
			break;
		if (x == x_before)
			back[--at] = (struct step){'+', after->at[--y]};
		else
			back[--at] = (struct step){'-', before->at[--x]};
	}
	for (; at < end; at++)
		vec_push(a, &ret->all, back[at]);
}

/* False where more than EDITS_MAX edits are needed. */
static bool myers(struct arena *a, const struct lines *before, const struct lines *after, struct steps *ret)
{
	int *rows[EDITS_MAX + 1];
	int n = (int)before->n, m = (int)after->n;
	int *v = (int *)arena_array(a, 2 * EDITS_MAX + 5, sizeof *v) + EDITS_MAX + 2;

	for (int d = 0; d <= EDITS_MAX; d++) {
		rows[d] = row_copy(a, v, d);
		for (int k = -d; k <= d; k += 2) {
			int x = comes_down(v, k, d) ? v[k + 1] : v[k - 1] + 1, y = x - k;

			while (x < n && y < m && str_eq(before->at[x], after->at[y]))
				x++, y++;
			v[k] = x;
			if (x >= n && y >= m) {
				steps_back(a, before, after, rows, d, ret);
				return true;
			}
		}
	}
	return false;
}

static void steps_make(struct arena *a, struct lines before, struct lines after, struct steps *ret)
{
	size_t same = 0, tail = 0;

	while (same < before.n && same < after.n && str_eq(before.at[same], after.at[same]))
		vec_push(a, &ret->all, (struct step){' ', before.at[same++]});
	while (tail < before.n - same && tail < after.n - same && str_eq(before.at[before.n - 1 - tail], after.at[after.n - 1 - tail]))
		tail++;
	struct lines x = {before.at + same, before.n - same - tail}, y = {after.at + same, after.n - same - tail};
	if (!myers(a, &x, &y, ret)) {
		for (size_t i = 0; i < x.n; i++)
			vec_push(a, &ret->all, (struct step){'-', x.at[i]});
		for (size_t i = 0; i < y.n; i++)
			vec_push(a, &ret->all, (struct step){'+', y.at[i]});
	}
	for (size_t i = before.n - tail; i < before.n; i++)
		vec_push(a, &ret->all, (struct step){' ', before.at[i]});
}

/* Steps from .. to-1, whose first lines have these numbers, from 1. */
static void hunk(const struct steps *s, size_t from, size_t to, size_t old_line, size_t new_line, struct buf *out)
{
	size_t old_n = 0, new_n = 0;

	for (size_t i = from; i < to; i++) {
		old_n += s->all.at[i].what != '+';
		new_n += s->all.at[i].what != '-';
	}
	buf_fmt(out, "@@ -%zu,%zu +%zu,%zu @@\n", old_n ? old_line : old_line - 1, old_n, new_n ? new_line : new_line - 1, new_n);
	for (size_t i = from; i < to; i++) {
		struct str line = s->all.at[i].line;

		buf_addc(out, s->all.at[i].what);
		buf_str(out, line);
		if (line.s[line.n - 1] != '\n')
			buf_puts(out, "\n\\ No newline at end of file\n");
	}
}

void diff_unified(struct str before, struct str after, struct str path, struct buf *out)
{
	struct arena a = {0};
	struct steps s = {0};
	size_t old_line = 1, new_line = 1, i = 0;

	if (str_eq(before, after))
		return;
	steps_make(&a, lines_of(&a, before), lines_of(&a, after), &s);
	buf_fmt(out, "--- %.*s\n+++ %.*s\n", STR_ARG(path), STR_ARG(path));
	while (i < s.all.n) {
		size_t from = i, last, to;

		while (from < s.all.n && s.all.at[from].what == ' ')
			from++;
		if (from == s.all.n)
			break;
		from = from - i > CONTEXT ? from - CONTEXT : i;
		old_line += from - i;
		new_line += from - i;
		for (last = to = from; to < s.all.n && (s.all.at[to].what != ' ' || to - last <= 2 * CONTEXT); to++)
			if (s.all.at[to].what != ' ' || to < from + CONTEXT)
				last = to;
		to = last + 1 + CONTEXT < s.all.n ? last + 1 + CONTEXT : s.all.n;
		hunk(&s, from, to, old_line, new_line, out);
		for (i = from; i < to; i++) {
			old_line += s.all.at[i].what != '+';
			new_line += s.all.at[i].what != '-';
		}
	}
	arena_free(&a);
}
