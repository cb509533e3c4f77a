/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The formatter. It hears the tokens of a text that parses and does not ask for the tree, so that nothing can get lost. Tokens and comments become items (a string with all
 * that is in it is one) and brackets are paired; then separators are put right, items become lines, and lines that stand together are aligned.
 *
 * That is done for one window of the text after another, so that what is needed is small however long the text is. A window ends with its line: behind the `{` of a
 * block on several lines, before the `}` of one, and before an empty line. What is open then are braces on several lines and nothing else, and no line is aligned with
 * one of another window.
 *
 * Two blanks a level. The entries of a block stand on lines of their own, or all on one with it, as they were written; at most one empty line between two lines,
 * none inside at the edges of a block; in brackets lines stay broken where they were. In neighbouring lines of one form the `=` of fields, both columns of arrows,
 * the `{` of blocks and the descriptions of parameters stand below each other. */
#include "lang/parse.h"
#include "lang/print_impl.h"

#include "lang/base/cleanup.h"
#include "lang/base/utf8.h"

static const uint8_t token_is[TOKENS_END] = {
	['{'] = IS_BRACE | IS_OPENING, [MAP] = IS_BRACE | IS_OPENING, ['('] = IS_OPENING | IS_TIGHT_BEHIND, ['['] = IS_OPENING | IS_TIGHT_BEHIND,
	[CALL] = IS_OPENING | IS_TIGHT | IS_TIGHT_BEHIND, [INDEX] = IS_OPENING | IS_TIGHT | IS_TIGHT_BEHIND,
	['}'] = IS_CLOSING | IS_OPERAND, [')'] = IS_CLOSING | IS_OPERAND | IS_TIGHT, [']'] = IS_CLOSING | IS_OPERAND | IS_TIGHT,
	[','] = IS_SEPARATOR | IS_TIGHT, [SEP] = IS_SEPARATOR | IS_TIGHT, ['.'] = IS_TIGHT | IS_TIGHT_BEHIND, [DOTS] = IS_TIGHT | IS_TIGHT_BEHIND,
	['?'] = IS_TIGHT | IS_OPERAND, [COLON_PORT] = IS_TIGHT | IS_OPERAND, [NAME] = IS_OPERAND, [LITERAL] = IS_OPERAND, [PLAIN] = IS_OPERAND,
	[TRUE] = IS_OPERAND, [FALSE] = IS_OPERAND, [NONE] = IS_OPERAND, [USE] = IS_OPERAND, [AS] = IS_OPERAND, [INPUT] = IS_OPERAND, [OUTPUT] = IS_OPERAND,
	[TEMPLATE] = IS_OPERAND, [TYPE] = IS_OPERAND, [PARAM] = IS_OPERAND,
};

/* A line end anywhere in braces puts them on several lines, one directly in other brackets those. */
static void item_pair(struct printer *p, struct item *it, bool broken)
{
	struct item *items = p->raw.at;
	struct opened *in = p->nopened ? &p->opened[p->nopened - 1] : NULL;

	if (in) {
		in->broken |= broken;
		items[in->item].lines |= it->breaks > 0 || it->token == 0;
	}
	if (item_is(it, IS_OPENING)) {
		p->opened[p->nopened++] = (struct opened){(uint32_t)(it - items), false};
	} else if (in && item_is(it, IS_CLOSING)) {
		struct item *open = &items[in->item];

		p->nopened--;
		open->lines |= in->broken && item_is(open, IS_BRACE);
		open->lines &= open + 1 < it;
		if (p->nopened)
			in[-1].broken |= in->broken;
	}
}

static void window_print(struct printer *p)
{
	if (p->nopened)
		p->raw.at[p->opened[0].item].lines = true;
	print_items(p);
	print_lines(p);
	if (p->items.n) {
		p->before = p->items.at[p->items.n - 1];
		p->begun = true;
	}
	p->raw.n = p->nopened = 0;
}

/* Whether the window can end before a token, behind so many line ends. */
static bool window_ends(const struct printer *p, int token, unsigned breaks)
{
	if (p->raw.n == 0 || p->nopened > 1 || (token_is[token] & IS_SEPARATOR))
		return false;
	if (p->nopened == 1)
		return p->raw.at[p->raw.n - 1].token == '{' && token != '}';
	return token == '}' || breaks > 1;
}

static unsigned line_ends(struct str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n && n < 2; i++)
		n += s.s[i] == '\n';
	return n;
}

/* is_text: its bytes may be other than printable ASCII, and a line end may be in it. */
static void item_add(struct printer *p, int token, struct span at, bool is_text)
{
	const char *text = p->source->text.s - p->source->base;
	struct str s = {text + at.lo, at.hi - at.lo};
	unsigned breaks = line_ends((struct str){text + p->read, at.lo - p->read});

	p->read = at.hi;
	if (breaks > 0 && window_ends(p, token, breaks))
		window_print(p);
	if (p->raw.n == p->raw.cap)
		p->raw.at = vec_grow(p->arena, p->raw.at, p->raw.n, &p->raw.cap, sizeof *p->raw.at);
	struct item *it = &p->raw.at[p->raw.n++];
	*it = (struct item){.at = at, .other = ELSEWHERE, .token = (int16_t)token, .is = token_is[token], .breaks = (uint8_t)breaks};
	if (token != 0)
		it->cells = is_text ? (uint32_t)utf8_cells(s) : (uint32_t)s.n;
	item_pair(p, it, breaks > 0 || token == 0 || (is_text && str_has(s, '\n')));
}

/* Those before a position. */
static void comments_add(struct printer *p, const struct ast *ast, uint32_t before)
{
	for (; p->comment < ast->comments.n && ast->comments.at[p->comment].at.lo < before; p->comment++) {
		struct span at = ast->comments.at[p->comment].at;
		const char *text = p->source->text.s - p->source->base;

		while (text[at.hi - 1] == ' ' || text[at.hi - 1] == '\t')
			at.hi--;
		item_add(p, 0, at, false);
	}
}

/* A comment that stands within a string or a computed name goes with it. */
static void text_hear(struct printer *p, const struct ast *ast, int token, struct span at)
{
	p->within += token == QUOTE_BEGIN || token == LINES_BEGIN || token == NAME_BEGIN;
	p->within -= token == TEXT_END;
	if (p->within)
		return;
	while (p->comment < ast->comments.n && ast->comments.at[p->comment].at.lo < at.hi)
		p->comment++;
	item_add(p, p->text, span_join(p->text_at, at), true);
}

static void hear(struct listener *l, const struct ast *ast, int token, struct span at)
{
	struct printer *p = (struct printer *)l; /* it stands first */

	if (p->within) {
		text_hear(p, ast, token, at);
		return;
	}
	comments_add(p, ast, token == YYEOF ? UINT32_MAX : at.lo);
	switch (token) {
	case YYEOF:
		window_print(p);
		return;
	case SEP:
		if (p->source->text.s[at.lo - p->source->base] != ';')
			return;
		break;
	case QUOTE_BEGIN:
	case LINES_BEGIN:
	case NAME_BEGIN:
		p->within = 1;
		p->text = token == NAME_BEGIN ? NAME : PLAIN;
		p->text_at = at;
		return;
	}
	item_add(p, token, at, token == PLAIN);
}

bool print_source(struct diags *d, struct source *source, struct buf *out)
{
	_arena_ struct arena tree = {0}, arrays = {0};
	size_t errors = d->errors, n = out->n;
	struct printer p = {.listener = {hear}, .arena = &arrays, .source = source, .out = out, .read = source->base, .entry = true, .spaced = {.token = SEP, .is = IS_SEPARATOR}};

	p.levels[p.nlevels++] = (struct level){.open = ELSEWHERE, .brace = true, .lines = true, .first = SEP};
	buf_reserve(out, source->text.n + source->text.n / 8);
	parse_heard(&tree, d, source, &p.listener);
	if (d->errors == errors)
		return true;
	out->n = n;
	return false;
}
