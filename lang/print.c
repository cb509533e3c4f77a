/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The formatter. It works on the tokens of a text that parses, not on the tree, so that nothing can get lost. In passes: tokens and comments become items (a
 * string with all that is in it is one), brackets are paired, separators put right, items become lines, and lines that stand together are aligned.
 *
 * The passes go over one window of the text after another, so that what they need is small however long the text is. A window ends with its line: behind the `{` of a
 * block on several lines, before the `}` of one, and before an empty line. What is open then are braces on several lines and nothing else, and no line is aligned with
 * one of another window.
 *
 * Two blanks a level. The entries of a block stand on lines of their own, or all on one with it, as they were written; at most one empty line between two lines,
 * none inside at the edges of a block; in brackets lines stay broken where they were. In neighbouring lines of one form the `=` of fields, both columns of arrows,
 * the `{` of blocks and the descriptions of parameters stand below each other. */
#include "lang/print.h"

#include "grammar.h"
#include "lang/base/cleanup.h"
#include "lang/base/utf8.h"

enum { INDENT = 2, COLUMNS = 2 };
enum { ELSEWHERE = UINT32_MAX };	/* an item of another window */

struct item {
	int token;		/* 0: a comment */
	struct span at;		/* {0, 0}: a comma that was not written */
	unsigned breaks;	/* line ends in the source since the item before */
	uint32_t other;		/* of a bracket: the other one of the pair, or ELSEWHERE */
	bool lines;		/* of an opening bracket: what is in it stands on several lines */
	bool begins;		/* stands first on a line */
	bool tight;		/* no blank before it */
};

enum form { FORM_OTHER, FORM_COMMENT, FORM_FIELD, FORM_ARROW, FORM_BLOCK, FORM_NAMED, FORM_BASED, FORM_SLOT };

struct line {
	size_t from, to;		/* items */
	size_t depth;
	enum form form;
	size_t column[COLUMNS];		/* items that are aligned; 0: none */
	size_t width[COLUMNS];		/* cells from the column before (or the line's beginning) */
};

struct items {
	struct item *at;
	size_t n, cap;
};

/* A bracket that is open at a place, or the top level. */
struct level {
	uint32_t open;		/* item, or ELSEWHERE, as for the top level */
	int token;		/* its */
	bool brace, lines;
	bool record;		/* of a type: its entries are NAME: type */
	bool typed;		/* within a type */
	bool comprehension;
	int first;		/* token that the entry at hand begins with */
};

struct levels {
	struct level at[NEST_MAX + 1];
	size_t n;		/* at[n - 1] is the innermost */
};

struct printer {
	struct arena *arena;		/* of the arrays */
	const struct source *source;
	const struct ast *ast;
	const struct tokens *tokens;
	size_t token, comment;		/* the next ones to be read */
	uint32_t read;			/* up to here */

	/* the window */
	struct items raw;		/* as it was written */
	struct items items;		/* with other separators */
	VEC(struct line) lines;

	/* what is known of those before it */
	bool begun;			/* there is one */
	struct item before;		/* the last item */
	struct levels separate, space;	/* what is open, for either pass */
	bool entry;			/* an entry begins at the next item */
	bool unary;			/* the last token is a sign */
	struct item spaced;		/* the last that is no comment */
	size_t depth;
};

static struct str item_text(const struct printer *p, const struct item *it)
{
	struct str s;

	if (it->at.lo == 0)
		return STR(",");
	s = (struct str){p->source->text.s + (it->at.lo - p->source->base), it->at.hi - it->at.lo};
	while (it->token == 0 && (s.s[s.n - 1] == ' ' || s.s[s.n - 1] == '\t'))
		s.n--;
	return s;
}

static bool is_brace(int token)
{
	return token == '{' || token == MAP;
}

static bool opens(int token)
{
	return is_brace(token) || token == '(' || token == '[' || token == CALL || token == INDEX;
}

static bool closes(int token)
{
	return token == '}' || token == ')' || token == ']';
}

static bool separates(int token)
{
	return token == SEP || token == ',';
}

static struct level level_of(const struct item *it, size_t i, const struct level *around)
{
	return (struct level){.open = (uint32_t)i, .token = it->token, .brace = is_brace(it->token), .lines = it->lines, .first = SEP,
			      .record = is_brace(it->token) && around->typed, .typed = around->typed && !is_brace(it->token)};
}

static void levels_start(struct levels *l)
{
	l->n = 1;
	l->at[0] = (struct level){.open = ELSEWHERE, .brace = true, .lines = true, .first = SEP};
}

/* What is open stays so, but its items are not in the next window. */
static void levels_pass(struct levels *l)
{
	for (size_t i = l->n; i-- > 0 && l->at[i].open != ELSEWHERE;)
		l->at[i].open = ELSEWHERE;
}

static struct level *level_top(struct levels *l)
{
	return &l->at[l->n - 1];
}

/* --- 1. tokens and comments become items --- */

static void item_add(struct printer *p, int token, struct span at)
{
	const char *text = p->source->text.s - p->source->base;
	unsigned breaks = 0;

	for (uint32_t i = p->read; i < at.lo; i++)
		breaks += text[i] == '\n';
	vec_push(p->arena, &p->raw, (struct item){.token = token, .at = at, .breaks = breaks, .other = ELSEWHERE});
	p->read = at.hi;
}

/* Whether a window can end before what stands at a position. opened: the brackets that the window opened and did not close. */
static bool window_ends(const struct printer *p, int token, uint32_t at, size_t opened)
{
	const char *text = p->source->text.s - p->source->base;
	const char *line_end = memchr(text + p->read, '\n', at - p->read);

	if (p->raw.n == 0 || !line_end || opened > 1 || separates(token))
		return false;
	if (opened == 1)
		return p->raw.at[p->raw.n - 1].token == '{' && token != '}';
	return token == '}' || memchr(line_end + 1, '\n', (size_t)(text + at - line_end - 1));
}

/* A string or a computed name, with all that is in it: the span of its tokens. */
static struct span text_whole(struct printer *p, struct span begin)
{
	size_t depth = 0;
	struct span end;

	do {
		struct head_token t = p->tokens->at[p->token++];

		depth += t.token == QUOTE_BEGIN || t.token == LINES_BEGIN || t.token == NAME_BEGIN;
		depth -= t.token == TEXT_END;
		end = t.at;
	} while (depth > 0);
	/* a comment that stands within it goes with it */
	while (p->comment < p->ast->comments.n && p->ast->comments.at[p->comment].at.lo < end.hi)
		p->comment++;
	return span_join(begin, end);
}

/* Reads the items of the next window; false where there is none. */
static bool items_make(struct printer *p)
{
	const char *text = p->source->text.s - p->source->base;
	size_t opened = 0;

	p->raw.n = 0;
	while (p->token < p->tokens->n || p->comment < p->ast->comments.n) {
		struct head_token t = p->token < p->tokens->n ? p->tokens->at[p->token] : (struct head_token){YYEOF, {UINT32_MAX, UINT32_MAX}};
		const struct comment *c = p->comment < p->ast->comments.n ? &p->ast->comments.at[p->comment] : NULL;

		if (c && c->at.lo < t.at.lo)
			t = (struct head_token){0, c->at};
		else if (t.token == YYEOF || (t.token == SEP && text[t.at.lo] != ';')) {
			p->token++;
			continue;
		}
		if (window_ends(p, t.token, t.at.lo, opened))
			break;
		if (t.token == 0)
			p->comment++;
		else if (t.token == QUOTE_BEGIN || t.token == LINES_BEGIN || t.token == NAME_BEGIN)
			t = (struct head_token){t.token == NAME_BEGIN ? NAME : PLAIN, text_whole(p, t.at)};
		else
			p->token++;
		opened += opens(t.token);
		opened -= opened > 0 && closes(t.token);
		item_add(p, t.token, t.at);
	}
	return p->raw.n > 0;
}

/* --- 2. brackets: which stand on several lines --- */

static bool on_lines(const struct printer *p, const struct item *it)
{
	struct str s = item_text(p, it);

	return it->breaks > 0 || it->token == 0 || (it->token == PLAIN && str_has(s, '\n'));
}

static void items_pair(struct printer *p)
{
	struct item *items = p->raw.at;
	size_t stack[NEST_MAX + 1], n = 0;

	for (size_t i = 0; i < p->raw.n; i++) {
		struct item *it = &items[i];

		if (n > 0 && (it->breaks > 0 || it->token == 0))
			items[stack[n - 1]].lines = true;
		/* braces: a line end anywhere in them counts */
		for (size_t k = 0; k < n && on_lines(p, it); k++)
			items[stack[k]].lines |= is_brace(items[stack[k]].token);
		if (opens(it->token))
			stack[n++] = i;
		if (closes(it->token) && n > 0) {
			size_t open = stack[--n];

			items[open].lines &= open + 1 < i;
		}
	}
	if (n > 0)
		items[stack[0]].lines = true;
}

/* --- 3. separators: one form for each kind of bracket, and where lines begin --- */

/* Whether a comma belongs behind the last element, where each stands on its own line. */
static bool takes_last_comma(const struct level *l)
{
	return l->lines && !l->comprehension && (l->token == '[' || l->token == CALL);
}

/* Whether a comma is part of the entry at hand: assert a, "b"; for name, value in map. */
static bool comma_within(const struct level *l)
{
	return l->first == ASSERT || l->first == FOR || l->comprehension;
}

static bool last_in_bracket(const struct items *raw, size_t i)
{
	for (i++; i < raw->n && raw->at[i].token == 0; i++)
		;
	return i == raw->n || closes(raw->at[i].token);
}

static bool separator_stays(const struct items *raw, const struct level *l, size_t i)
{
	if (raw->at[i].token == ',' && l->brace && comma_within(l))
		return true;
	if (l->brace && l->lines)
		return false;
	return !last_in_bracket(raw, i) || (!l->brace && takes_last_comma(l));
}

static bool line_begins(const struct level *l, const struct item *it, const struct item *before, bool entry)
{
	if (!before || before->token == 0)
		return true;
	if (it->token == 0 || !l->lines)
		return it->token == 0 && it->breaks > 0;
	return it->breaks > 0 || entry || (opens(before->token) && before->lines);
}

/* The comma behind the last element: before the comments that follow that. */
static void comma_add(struct printer *p, size_t open)
{
	struct items *items = &p->items;
	size_t end = items->n;

	while (items->at[end - 1].token == 0)
		end--;
	if (end - 1 == open || separates(items->at[end - 1].token))
		return;
	vec_push(p->arena, items, (struct item){0});
	memmove(items->at + end + 1, items->at + end, (items->n - 1 - end) * sizeof *items->at);
	items->at[end] = (struct item){.token = ',', .other = ELSEWHERE};
}

static void items_separate(struct printer *p)
{
	struct levels *l = &p->separate;

	p->items.n = 0;
	for (size_t i = 0; i < p->raw.n; i++) {
		struct item it = p->raw.at[i];
		struct level *top = level_top(l);

		if (separates(it.token) && !separator_stays(&p->raw, top, i)) {
			p->entry |= top->brace;
			continue;
		}
		if (closes(it.token) && takes_last_comma(top))
			comma_add(p, top->open);
		const struct item *before = p->items.n ? &p->items.at[p->items.n - 1] : p->begun ? &p->before : NULL;
		if (closes(it.token)) {
			it.begins = line_begins(top, &it, before, false) || top->lines;
			it.other = top->open;
			if (it.other != ELSEWHERE)
				p->items.at[it.other].other = (uint32_t)p->items.n;
			l->n--;
		} else {
			p->entry |= top->brace && it.breaks > 0;
			if (p->entry && it.token != 0 && top->brace)
				top->first = it.token;
			it.begins = line_begins(top, &it, before, p->entry && top->brace);
			top->comprehension |= it.token == FOR && !(top->brace && p->entry);
		}
		if (it.token != 0)
			p->entry = is_brace(it.token);
		if (opens(it.token)) {
			l->at[l->n] = level_of(&it, p->items.n, top);
			l->n++;
		}
		p->entry |= separates(it.token) && level_top(l)->brace && !(it.token == ',' && comma_within(level_top(l)));
		vec_push(p->arena, &p->items, it);
	}
	levels_pass(l);
}

/* --- 4. blanks --- */

static bool operand_ends(int token)
{
	return token == NAME || token == LITERAL || token == PLAIN || token == TRUE || token == FALSE || token == NONE || token == COLON_PORT ||
	       token == '?' || closes(token) || (token >= USE && token <= PARAM);
}

static bool is_tight(const struct level *l, int token, const struct item *before, bool before_unary)
{
	switch (token) {
	case ')':
	case ']':
	case ',':
	case SEP:
	case '.':
	case '?':
	case DOTS:
	case CALL:
	case INDEX:
	case COLON_PORT:
		return true;
	case ':':
		return l->record || l->first == LET || l->first == PARAM || l->first == INPUT;
	case '<':
	case '>':
		return l->typed;
	}
	return before->token == '(' || before->token == '[' || before->token == CALL || before->token == INDEX || before->token == '.' ||
	       before->token == DOTS || (before->token == '<' && l->typed) || before_unary;
}

static void items_space(struct printer *p)
{
	struct levels *l = &p->space;
	const struct item *before = &p->spaced;

	for (size_t i = 0; i < p->items.n; i++) {
		struct item *it = &p->items.at[i];
		struct level *top = level_top(l);

		if (it->token == 0)
			continue;
		if (top->brace && (it->begins || is_brace(before->token) || (separates(before->token) && !(before->token == ',' && comma_within(top))))) {
			top->first = it->token;
			top->typed = false;
		}
		it->tight = is_tight(top, it->token, before, p->unary);
		p->unary = it->token == '-' && !operand_ends(before->token);
		if (it->token == ':')
			top->typed |= top->record || top->first == LET || top->first == PARAM || top->first == INPUT;
		if (it->token == '=')
			top->typed = top->first == TYPE;
		if (opens(it->token)) {
			l->at[l->n] = level_of(it, i, top);
			l->n++;
		} else if (closes(it->token)) {
			l->n--;
		}
		before = it;
	}
	p->spaced = *before;
}

/* --- 5. lines, and what they look like --- */

static struct line line_based(struct line line, size_t colon, size_t open, bool named)
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

static struct line line_arrow(const struct printer *p, struct line line, size_t arrow)
{
	size_t left = line.from + 1;

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
	size_t from = line.from, end = line.to, colon = 0, depth = 0;
	int first = items[from].token;

	if (first == 0)
		line.form = FORM_COMMENT;
	if (end > from + 1 && items[end - 1].token == 0)
		end--;
	if (end < from + 2)
		return line;
	if ((first == PARAM || first == INPUT) && items[end - 1].token == PLAIN && operand_ends(items[end - 2].token)) {
		line.form = FORM_SLOT;
		line.column[0] = end - 1;
	}
	if ((first == NAME || first == PLAIN) && items[from + 1].token == '=') {
		line.form = FORM_FIELD;
		line.column[0] = from + 1;
		return line;
	}
	for (size_t i = from + 1; i < end && first == NAME; i++) {
		if (depth == 0 && items[i].token == ARROW)
			return line_arrow(p, line, i);
		if (depth == 0 && items[i].token == ':')
			colon = i;
		if (depth == 0 && is_brace(items[i].token) && items[i].other == end - 1)
			return line_based(line, colon, i, i > from + 1);
		depth += opens(items[i].token);
		depth -= closes(items[i].token);
	}
	return line;
}

static void lines_make(struct printer *p)
{
	p->lines.n = 0;
	for (size_t i = 0; i < p->items.n; i++) {
		const struct item *it = &p->items.at[i];

		if (closes(it->token) && (it->other == ELSEWHERE || p->items.at[it->other].lines))
			p->depth--;
		if (it->begins)
			vec_push(p->arena, &p->lines, (struct line){.from = i, .depth = p->depth});
		p->lines.at[p->lines.n - 1].to = i + 1;
		if (opens(it->token) && it->lines)
			p->depth++;
	}
	vec_each(struct line, line, &p->lines)
		*line = line_form(p, *line);
}

static size_t cells(struct str s)
{
	size_t n = utf8_printable(s.s, s.n);
	uint32_t code;

	for (size_t i = n, len; i < s.n; i += len) {
		len = utf8_decode(s.s + i, s.n - i, &code);
		n += utf8_width(code);
	}
	return n;
}

static bool blank_before(const struct printer *p, const struct line *line)
{
	const struct item *it = &p->items.at[line->from], *before = line->from ? it - 1 : &p->before;

	return (line->from > 0 || p->begun) && it->breaks > 1 && !closes(it->token) && !(opens(before->token) && before->lines);
}

/* Cells of the items from .. to-1 in one line. */
static size_t items_width(const struct printer *p, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to; i++)
		n += cells(item_text(p, &p->items.at[i])) + (i > from && !p->items.at[i].tight);
	return n;
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
	size_t end = first + 1;

	for (size_t i = end; i < p->lines.n && !blank_before(p, &p->lines.at[i]); i++) {
		if (p->lines.at[i].form == FORM_COMMENT && p->lines.at[i].depth == p->lines.at[first].depth)
			continue;
		if (!same_form(p, &p->lines.at[first], &p->lines.at[i]))
			break;
		end = i + 1;
	}
	return end;
}

static void lines_align(struct printer *p)
{
	for (size_t first = 0, end; first < p->lines.n; first = end) {
		size_t widest[COLUMNS] = {0};

		end = first + 1;
		if (p->lines.at[first].form <= FORM_COMMENT)
			continue;
		end = run_end(p, first);
		for (size_t pass = 0; pass < 2; pass++) {
			for (size_t i = first; i < end; i++) {
				struct line *line = &p->lines.at[i];
				size_t from = line->from;

				for (size_t c = 0; c < COLUMNS && line->column[c]; from = line->column[c++]) {
					size_t width = items_width(p, from, line->column[c]);

					if (width > widest[c])
						widest[c] = width;
					line->width[c] = widest[c];
				}
			}
		}
	}
}

static void line_print(const struct printer *p, const struct line *line, struct buf *out)
{
	size_t column = 0, from = line->from;

	buf_blanks(out, line->depth * INDENT);
	for (size_t i = line->from; i < line->to; i++) {
		const struct item *it = &p->items.at[i];

		if (column < COLUMNS && i == line->column[column] && i > line->from) {
			size_t pad = line->width[column++] - items_width(p, from, i);

			buf_blanks(out, pad + !it->tight);
			from = i;
		} else if (i > line->from) {
			buf_puts(out, it->token == 0 ? "  " : it->tight ? "" : " ");
		}
		buf_str(out, item_text(p, it));
	}
	buf_addc(out, '\n');
}

static void window_print(struct printer *p, struct buf *out)
{
	items_pair(p);
	items_separate(p);
	items_space(p);
	lines_make(p);
	lines_align(p);
	vec_each(struct line, line, &p->lines) {
		if (blank_before(p, line))
			buf_addc(out, '\n');
		line_print(p, line, out);
	}
	if (p->items.n) {
		p->before = p->items.at[p->items.n - 1];
		p->begun = true;
	}
}

bool print_source(struct diags *d, struct source *source, struct buf *out)
{
	_arena_ struct arena tree = {0}, arrays = {0};
	struct tokens tokens = {0};
	size_t errors = d->errors;
	struct printer p = {.arena = &arrays, .source = source, .tokens = &tokens, .read = source->base, .entry = true, .spaced = {.token = SEP}};

	p.ast = parse_tokens(&tree, d, source, &tokens);
	if (d->errors > errors)
		return false;
	levels_start(&p.separate);
	levels_start(&p.space);
	while (items_make(&p))
		window_print(&p, out);
	return true;
}
