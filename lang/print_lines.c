/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Items become lines, neighbouring lines of one form are aligned, and all is written. */
#include "lang/parse.h"
#include "lang/print_impl.h"

enum { INDENT = 2 };

static struct line line_based(struct line line, uint32_t colon, uint32_t open, bool named)
{
	line.form = colon ? FORM_BASED : named ? FORM_NAMED : FORM_BLOCK;
	line.column[0] = colon ? colon : open;
	line.column[1] = colon ? open : 0;
	return line;
}

static bool starts_operand(int token)
{
	return token != '.' && token != CALL && token != INDEX && token != COLON_PORT && token != ARROW;
}

static struct line line_arrow(const struct printer *p, struct line line, uint32_t arrow)
{
	uint32_t left = line.from + 1;

	/* the second word of `expect deny a -> b` */
	if (p->items.at[left].token == NAME && starts_operand(p->items.at[left + 1].token))
		left++;
	line.form = FORM_ARROW;
	line.column[0] = left;
	line.column[1] = arrow;
	return line;
}

/* What a line is, and which of its items are columns. */
static struct line line_form(const struct printer *p, struct line line)
{
	const struct item *items = p->items.at;
	uint32_t from = line.from, end = line.to, colon = 0, depth = 0;
	int first = items[from].token;

	if (first == 0)
		line.form = FORM_COMMENT;
	if (end > from + 1 && items[end - 1].token == 0)
		end--;
	if (end < from + 2)
		return line;
	if ((first == PARAM || first == INPUT) && items[end - 1].token == PLAIN && item_is(&items[end - 2], IS_OPERAND)) {
		line.form = FORM_SLOT;
		line.column[0] = end - 1;
	}
	if ((first == NAME || first == PLAIN) && items[from + 1].token == '=') {
		line.form = FORM_FIELD;
		line.column[0] = from + 1;
		return line;
	}
	for (uint32_t i = from + 1; i < end && first == NAME; i++) {
		if (depth == 0 && items[i].token == ARROW)
			return line_arrow(p, line, i);
		if (depth == 0 && items[i].token == ':')
			colon = i;
		if (depth == 0 && item_is(&items[i], IS_BRACE) && items[i].other == end - 1)
			return line_based(line, colon, i, i > from + 1);
		depth += item_is(&items[i], IS_OPENING);
		depth -= item_is(&items[i], IS_CLOSING);
	}
	return line;
}

static void lines_make(struct printer *p)
{
	uint32_t x = 0;

	p->lines.n = 0;
	for (size_t i = 0; i < p->items.n; i++) {
		struct item *it = &p->items.at[i];

		if (item_is(it, IS_CLOSING) && (it->other == ELSEWHERE || p->items.at[it->other].lines))
			p->depth--;
		if (it->begins) {
			if (p->lines.n)
				p->lines.at[p->lines.n - 1].to = (uint32_t)i;
			vec_push(p->arena, &p->lines, (struct line){.from = (uint32_t)i, .depth = p->depth});
			x = 0;
		} else {
			x += !it->tight;
		}
		it->x = x;
		x += it->cells;
		p->depth += item_is(it, IS_OPENING) && it->lines;
	}
	if (p->lines.n)
		p->lines.at[p->lines.n - 1].to = (uint32_t)p->items.n;
	vec_each(struct line, line, &p->lines)
		*line = line_form(p, *line);
}

static bool blank_before(const struct printer *p, const struct line *line)
{
	const struct item *it = &p->items.at[line->from], *before = line->from ? it - 1 : &p->before;

	return it->breaks > 1 && (line->from > 0 || p->begun) && !item_is(it, IS_CLOSING) && !(item_is(before, IS_OPENING) && before->lines);
}

/* Cells of the items from .. to-1 of a line. */
static uint32_t items_width(const struct printer *p, uint32_t from, uint32_t to)
{
	return p->items.at[to].x - !p->items.at[to].tight - p->items.at[from].x;
}

static bool same_form(const struct printer *p, const struct line *a, const struct line *b)
{
	bool by_kind = a->form == FORM_NAMED || a->form == FORM_BASED;

	return a->form == b->form && a->depth == b->depth &&
	       (!by_kind || str_eq(item_text(p, &p->items.at[a->from]), item_text(p, &p->items.at[b->from])));
}

/* The lines from `first` on that are aligned with it: comments between them do not part them, empty lines do. */
static size_t run_end(const struct printer *p, size_t first)
{
	const struct line *lines = p->lines.at;
	size_t end = first + 1;

	for (size_t i = end; i < p->lines.n && !blank_before(p, &lines[i]); i++) {
		if (lines[i].form == FORM_COMMENT && lines[i].depth == lines[first].depth)
			continue;
		if (!same_form(p, &lines[first], &lines[i]))
			break;
		end = i + 1;
	}
	return end;
}

/* Those from first to end-1. */
static void run_align(struct printer *p, size_t first, size_t end)
{
	uint32_t widest[COLUMNS] = {0};

	for (struct line *line = p->lines.at + first; line < p->lines.at + end; line++)
		for (uint32_t c = 0, from = line->from; c < COLUMNS && line->column[c]; from = line->column[c++]) {
			uint32_t width = items_width(p, from, line->column[c]);

			if (width > widest[c])
				widest[c] = width;
		}
	for (struct line *line = p->lines.at + first; line < p->lines.at + end; line++)
		memcpy(line->width, widest, sizeof widest);
}

static void lines_align(struct printer *p)
{
	for (size_t first = 0, end; first < p->lines.n; first = end) {
		end = first + 1;
		if (p->lines.at[first].form <= FORM_COMMENT)
			continue;
		end = run_end(p, first);
		run_align(p, first, end);
	}
}

/* Blanks and a text behind them. Most are short: those are copied with what stands behind them, into room that is there. source_end: of the text that it is a part of. */
static void put(struct buf *out, uint32_t blanks, struct str s, const char *source_end)
{
	enum { SHORT = 16 };

	if (out->cap - out->n <= blanks + s.n + 2 * SHORT)
		buf_reserve(out, blanks + s.n + 2 * SHORT);
	char *to = out->s + out->n;
	memset(to, ' ', SHORT);
	if (blanks > SHORT)
		memset(to + SHORT, ' ', blanks - SHORT);
	to += blanks;
	if (s.n <= SHORT && source_end - s.s >= SHORT)
		memcpy(to, s.s, SHORT);
	else
		memcpy(to, s.s, s.n);
	out->n += blanks + s.n;
}

static void line_print(const struct printer *p, const struct line *line)
{
	const char *end = p->source->text.s + p->source->text.n;
	uint32_t column = 0, from = line->from;

	for (uint32_t i = from; i < line->to; i++) {
		const struct item *it = &p->items.at[i];
		uint32_t blanks = i == line->from ? line->depth * INDENT : it->token == 0 ? 2 : !it->tight;

		if (column < COLUMNS && i == line->column[column] && i > line->from) {
			blanks = line->width[column++] - items_width(p, from, i) + !it->tight;
			from = i;
		}
		struct str text = item_text(p, it);

		put(p->out, blanks, text, it->at.lo ? end : text.s + text.n);
	}
	buf_addc(p->out, '\n');
}

void print_lines(struct printer *p)
{
	lines_make(p);
	lines_align(p);
	vec_each(struct line, line, &p->lines) {
		if (blank_before(p, line))
			buf_addc(p->out, '\n');
		line_print(p, line);
	}
}
