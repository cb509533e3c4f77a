/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Raw tokens to tokens of the grammar. Three things are done here so that the grammar need not do them:
 *
 *	separators	a line end counts at the top level and within braces, nowhere else; `;` is the same; never two in a row
 *	balance		the grammar sees closed what is opened: what is left open is said once, at its opening, and closed by tokens that are not in the text
 *	skipping	after a syntax error everything is left out up to the end of the entry, or to the `{` of its block, so that one mistake is one message */
#include "grammar.h"
#include "lang/schema.h"

/* A brace too many or too few where an entry could not be read is most likely its own: said there. */
static bool brace_follows(struct parser *p, struct span at, const char *what)
{
	if (!p->said || !p->said_bodied || p->brace_said)
		return false;
	p->brace_said = true;
	diag_note(p->diags, p->said, at, "%s", what);
	return true;
}

/* Whether a string without an end is part of what was said of its entry: a quote that is missing makes strings of what stands between others. Where that was the string itself, it is the
 * better word. */
static bool string_follows(struct parser *p, struct span at)
{
	if (p->diags->errors == p->errors_before)
		return false;
	if (!p->said || p->said->at.lo != at.lo || p->before_at.hi == at.lo)
		return true;
	diag_drop(p->diags, p->said);
	return p->diags->errors > p->errors_before;
}

static void unclosed_said(struct parser *p, struct open o, struct span end)
{
	static const char *const closer[] = {[CX_BRACE] = "}", [CX_PAREN] = ")", [CX_SQUARE] = "]", [CX_INTERP] = "}"};
	struct str shown = parser_shown(p, o.at);
	struct diag *d;

	p->ast->unbalanced |= o.what == CX_BRACE || o.what == CX_LINES;
	if (p->stopped)
		return;
	if (o.what == CX_STRING && string_follows(p, o.at))
		return;
	if (o.what == CX_STRING || o.what == CX_LINES) {
		d = diag_add(p->diags, DIAG_unterminated, o.at, "this string has no end");
		if (o.what == CX_LINES && indent_close(p, o.at).lo)
			diag_note(p->diags, d, indent_close(p, o.at), "from here on it seems to be no text any more");
		if (o.what == CX_STRING)
			diag_help(p->diags, d, "close it with `\"` on the same line; a text of several lines stands in \"\"\"…\"\"\"");
		else
			diag_help(p->diags, d, "close it with `\"\"\"`");
		return;
	}
	/* What was expected behind a bracket, and not found, is its end. */
	if (p->said && o.what != CX_BRACE && p->said->at.lo > o.at.lo)
		diag_drop(p->diags, p->said);
	if (o.what == CX_BRACE && brace_follows(p, o.at, "and this `{` is never closed"))
		return;
	d = diag_add(p->diags, DIAG_unclosed, o.at, "this `%.*s` is never closed", STR_ARG(shown));
	if (o.what == CX_INTERP)
		diag_help(p->diags, d, "what is put into a text ends with `}`: ${name}");
	if (end.hi > end.lo)
		diag_note(p->diags, d, end, "`%s` is missing before this", closer[o.what]);
}

static bool layout_open(struct parser *p, enum context what, struct span at)
{
	if (p->depth == NEST_MAX) {
		diag_add(p->diags, DIAG_deep, at, "nested more than %d levels deep", NEST_MAX);
		p->stopped = p->ast->unbalanced = true;
		return false;
	}
	enum context around = parser_context(p);
	p->open[++p->depth] = (struct open){.what = what, .in_bracket = around == CX_PAREN || around == CX_SQUARE || around == CX_INTERP, .at = at};
	p->open[p->depth].is_value = what == CX_BRACE && p->last == '=';
	p->open[p->depth].is_body = what == CX_BRACE && !p->open[p->depth].in_bracket &&
				    (p->last == NAME || p->last == LITERAL || p->last == PLAIN || p->last == TEXT_END || p->last == COLON_PORT || p->last == ')' || p->last == ']');
	if (p->open[p->depth].is_value && p->nhead >= 2 && p->nhead <= 3 && p->head[0].token == NAME)
		p->open[p->depth].assigned = p->head[0].at;
	if (what == CX_BRACE && p->nhead == 1 && p->head[0].token == NAME)
		p->open[p->depth].word = p->head[0].at;
	p->one_line += what == CX_STRING || what == CX_NAME;
	lexer_enter(p);
	return true;
}

/* Closes the innermost; returns the token that does it. */
static int layout_close(struct parser *p)
{
	static const int closer[] = {[CX_BRACE] = '}',	     [CX_PAREN] = ')',	     [CX_SQUARE] = ']',	      [CX_STRING] = TEXT_END,
				     [CX_LINES] = TEXT_END, [CX_NAME] = TEXT_END, [CX_INTERP] = INTERP_END};
	enum context what = p->open[p->depth--].what;

	p->one_line -= what == CX_STRING || what == CX_NAME;
	lexer_enter(p);
	return closer[what];
}

/* Everything above `depth` is closed before `token` is looked at again. */
static void layout_close_to(struct parser *p, size_t depth, int token, struct span at)
{
	p->closing = true;
	p->close_to = depth;
	p->held = token;
	p->held_at = at;
}

static size_t layout_brace(const struct parser *p, size_t depth)
{
	while (depth > 0 && p->open[depth].what != CX_BRACE)
		depth--;
	return depth;
}

/* A brace that closes another block than its indentation says is where one was forgotten, most likely. */
static void odd_brace(struct parser *p, struct span close)
{
	struct open o = p->open[p->depth];
	bool first, ignored;
	struct str here = indent_of_line(p, close, &first), there = indent_of_line(p, o.at, &ignored);

	if (p->behind.hi == 0 && !first && here.s != there.s && indent_goes_on(p, o.at, close))
		p->behind = close;
	if (p->odd.at.hi == 0 && first && !str_eq(here, there)) {
		p->odd = o;
		p->odd_close = close;
	}
}

static void stray_said(struct parser *p, struct span at)
{
	struct str shown = parser_shown(p, at);

	/* In an entry that was left out its opening bracket may have been what is wrong. */
	if (shown.s[0] != '}' && p->skipping)
		return;
	p->ast->unbalanced |= shown.s[0] == '}';
	if (shown.s[0] == '}' && (p->brace_said || brace_follows(p, at, "and this `}` closes nothing")))
		return;
	if (p->behind.hi && shown.s[0] == '}') {
		p->brace_said = true;
		diag_note(p->diags, diag_add(p->diags, DIAG_stray, p->behind, "this `}` is one too many: it closes a block that goes on"), at, "so nothing is left for this one to close");
		return;
	}
	struct span open = p->odd.at.hi && shown.s[0] == '}' ? indent_open(p, p->odd_close) : (struct span){0, 0};

	p->brace_said |= open.lo > 0;
	if (open.lo) {
		diag_note(p->diags, diag_add(p->diags, DIAG_stray, open, "there is a `}` for this, and no `{`"), p->odd_close, "as it is, this one closes what began at another indentation");
		return;
	}
	struct diag *d = diag_add(p->diags, DIAG_stray, at, "this `%.*s` closes nothing", STR_ARG(shown));

	if (parser_text(p, at).s[0] == '}' && p->odd.at.hi)
		diag_note(p->diags, d, p->odd_close, "this one closes what began at another indentation");
}

/* The brackets that were to be closed at the end of a line which a string has swallowed: `a = ["x, "y"] }`. They stand on that line, too. */
static size_t swallowed(const struct parser *p, size_t depth, uint32_t begin)
{
	static const char closer[] = {[CX_BRACE] = '}', [CX_PAREN] = ')', [CX_SQUARE] = ']', [CX_INTERP] = 0};
	const char *text = p->text.s;

	for (uint32_t i = begin - p->base; depth > 0 && i < p->pos - p->base; i++) {
		const struct open *o = &p->open[depth];

		if (o->what >= sizeof closer || text[i] != closer[o->what] || memchr(text + (o->at.lo - p->base), '\n', begin - o->at.lo))
			continue;
		depth--;
	}
	return depth;
}

/* A string must end with its line, and so must what is interpolated in it. */
static void line_ended_said(struct parser *p)
{
	size_t outer = 1;

	while (p->open[outer].what != CX_STRING && p->open[outer].what != CX_NAME)
		outer++;
	if (p->depth > outer)
		unclosed_said(p, p->open[outer + 1], (struct span){0, 0});
	else
		unclosed_said(p, p->open[outer], (struct span){0, 0});
	p->close_to = swallowed(p, outer - 1, p->open[outer].at.lo);
}

static bool word_starts_entry(struct str word)
{
	static const char *const words[] = {"let", "use", "input", "output", "param", "template", "type", "assert"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (str_is(word, words[i]))
			return true;
	return false;
}

/* Within a map or a record no line begins with `input model` and the like: there its brace was forgotten. */
static bool entry_word_begins(const struct parser *p)
{
	struct str line = str_cut(parser_behind(p, p->pos), '\n', NULL);
	size_t word = 0, i;

	while (word < line.n && is_name_byte(line.s[word]))
		word++;
	for (i = word; i < line.n && line.s[i] == ' '; i++)
		;
	return i > word && i < line.n && (is_name_byte(line.s[i]) || line.s[i] == '"') && word_starts_entry((struct str){line.s, word});
}

/* Within brackets no line begins with `name =` or ends with `{` behind a name, or begins with one of the words: there a bracket was forgotten. */
static bool entry_begins(const struct parser *p)
{
	struct str line = str_cut(parser_behind(p, p->pos), '\n', NULL);
	size_t i = 0, word;

	while (i < line.n && is_name_byte(line.s[i]))
		i++;
	word = i;
	if (word == 0 || (line.s[0] >= '0' && line.s[0] <= '9'))
		return false;
	while (i < line.n && (line.s[i] == ' ' || line.s[i] == '\t'))
		i++;
	if (i < line.n && line.s[i] == '=')
		return i + 1 == line.n || (line.s[i + 1] != '=' && line.s[i + 1] != '>');
	if (i > word && word_starts_entry((struct str){line.s, word}))
		return true;
	while (line.n && (line.s[line.n - 1] == ' ' || line.s[line.n - 1] == '\t' || line.s[line.n - 1] == '\r'))
		line.n--;
	return i > word && line.s[line.n - 1] == '{' && !str_is((struct str){line.s, word}, "for") && !str_is((struct str){line.s, word}, "if");
}

/* A closing token of the text: what it is to the grammar; 0: it is left out, or waits until others are closed. */
static int layout_closer(struct parser *p, int token, struct span at)
{
	enum context wanted = token == ')' ? CX_PAREN : token == ']' ? CX_SQUARE : CX_BRACE;
	size_t d = p->depth;

	if (wanted == CX_BRACE) {
		while (p->open[d].what == CX_PAREN || p->open[d].what == CX_SQUARE)
			d--;
	} else {
		while (p->open[d].what != wanted && p->open[d].what != CX_INTERP && p->open[d].what != CX_TOP &&
		       (p->open[d].what != CX_BRACE || p->open[d].in_bracket))
			d--;
		/* [a) is a slip of one key */
		if (p->open[d].what != wanted && (parser_context(p) == CX_PAREN || parser_context(p) == CX_SQUARE)) {
			struct str shown = parser_shown(p, at);
			struct diag *said = diag_add(p->diags, DIAG_stray, at, "this `%.*s` closes a bracket of another kind", STR_ARG(shown));

			diag_note(p->diags, said, p->open[p->depth].at, "opened here");
			return layout_close(p);
		}
	}
	if (token != '}' && p->open[p->depth].square)
		return layout_close(p);
	bool matches = p->open[d].what == wanted || (wanted == CX_BRACE && p->open[d].what == CX_INTERP);
	if (!matches) {
		stray_said(p, at);
		return wanted == CX_BRACE ? 0 : token; /* with it the entry is lost, of which nothing more is said */
	}
	if (d < p->depth) {
		unclosed_said(p, p->open[p->depth], at);
		layout_close_to(p, d, token, at);
		return 0;
	}
	if (!p->quick && token == '}' && p->open[d].what == CX_BRACE)
		odd_brace(p, at);
	return layout_close(p);
}

/* The end of the text while something is open. */
static void end_said(struct parser *p)
{
	size_t text = 1;

	while (text <= p->depth && p->open[text].what != CX_STRING && p->open[text].what != CX_LINES)
		text++;
	if (text <= p->depth) {
		unclosed_said(p, p->open[text], (struct span){0, 0});
		return;
	}
	if (parser_context(p) != CX_BRACE || p->stopped) {
		unclosed_said(p, p->open[p->depth], (struct span){0, 0});
		return;
	}
	struct open o = p->odd.at.hi ? p->odd : p->open[p->depth];
	bool follows = p->said && p->said_bodied && !p->brace_said;

	unclosed_said(p, o, (struct span){0, 0});
	if (follows)
		return;
	struct span close = indent_close(p, o.at);
	struct diag *d = p->diags->all.at[p->diags->all.n - 1];
	if (close.lo && parser_text(p, close).s[0] != '}')
		diag_note(p->diags, d, close, "`}` is missing before this");
	else if (p->odd.at.hi)
		diag_note(p->diags, d, p->odd_close, "this `}` closes it, but is indented otherwise");
	else
		diag_note(p->diags, d, indent_last(p), "`}` is missing after this");
}

/* The `{` of a block whose line a string has swallowed; {0, 0}: none. */
static struct span swallowed_brace(const struct parser *p, struct span line_end)
{
	const char *s = p->text.s + (line_end.lo - p->base);

	while (s > p->text.s && (s[-1] == ' ' || s[-1] == '\t'))
		s--;
	if (s - p->text.s < 2 || s[-1] != '{' || s[-2] == '$' || parser_context(p) != CX_STRING || p->open[p->depth].at.hi > p->base + (uint32_t)(s - p->text.s))
		return (struct span){0, 0};
	return (struct span){p->base + (uint32_t)(s - p->text.s) - 1, p->base + (uint32_t)(s - p->text.s)};
}

/* A line end. True: it separates entries. */
static bool layout_line(struct parser *p, struct span at)
{
	if (p->one_line) {
		struct span brace = swallowed_brace(p, at);

		line_ended_said(p);
		layout_close_to(p, p->close_to, brace.lo ? '{' : NEWLINE, brace.lo ? brace : at);
		return false;
	}
	switch (parser_context(p)) {
	case CX_BRACE:
		if (p->open[p->depth].is_value && entry_word_begins(p)) {
			unclosed_said(p, p->open[p->depth], (struct span){p->pos, p->pos + 1});
			layout_close_to(p, p->depth - 1, NEWLINE, at);
			return false;
		}
		return true;
	case CX_TOP:
		return true;
	default:
		if (!entry_begins(p))
			return false;
		unclosed_said(p, p->open[p->depth], (struct span){p->pos, p->pos + 1});
		layout_close_to(p, layout_brace(p, p->depth), NEWLINE, at);
		return false;
	}
}

static bool separates(const struct parser *p)
{
	return p->last != SEP && p->last != '{' && p->last != MAP;
}

/* A closing token that is not in the text. */
static int layout_made_up(struct parser *p, struct span *at)
{
	*at = (struct span){p->last_at.hi, p->last_at.hi};
	p->made_up = true;
	return layout_close(p);
}

/* What the lexer says of words in a part that is left out is no news: that part is said. */
static void forget_words(struct parser *p, size_t said)
{
	while (p->diags->all.n > said) {
		const struct diag *d = p->diags->all.at[p->diags->all.n - 1];

		if (d->code < DIAG_not_ascii || d->code > DIAG_name || d->code == DIAG_unterminated)
			return;
		diag_drop(p->diags, d);
	}
}

/* One raw token, or the one that was held back. */
static int layout_raw(struct parser *p, union value *value, struct span *at)
{
	p->made_up = false;
	if (p->closing) {
		p->closing = false;
		*at = p->held_at;
		return p->held;
	}
	if (p->stopped) {
		*at = (struct span){p->pos, p->pos};
		return YYEOF;
	}
	return lexer_raw(value, at, p->scanner);
}

static const enum context opens[TOKENS_END] = {
	['{'] = CX_BRACE,	   ['('] = CX_PAREN,	     [CALL] = CX_PAREN,	     ['['] = CX_SQUARE,	       [INDEX] = CX_SQUARE,
	[QUOTE_BEGIN] = CX_STRING, [LINES_BEGIN] = CX_LINES, [NAME_BEGIN] = CX_NAME, [INTERP_BEGIN] = CX_INTERP,
};
const bool layout_matters[TOKENS_END] = {
	['{'] = true, ['('] = true, [CALL] = true, ['['] = true, [INDEX] = true, [QUOTE_BEGIN] = true, [LINES_BEGIN] = true, [NAME_BEGIN] = true, [INTERP_BEGIN] = true,
	['}'] = true, [')'] = true, [']'] = true, [TEXT_END] = true, [NEWLINE] = true, [SEMICOLON] = true, [YYEOF] = true,
};

/* `container web [` at the end of its line. */
static bool is_square_block(struct parser *p, struct span at)
{
	struct str behind = skip_blanks(parser_behind(p, at.hi));
	struct str first = p->nhead ? parser_text(p, p->head[0].at) : STR("");
	bool named = p->nhead < 2 || (p->head[1].token == NAME && (p->nhead == 2 || p->head[2].token == ':'));

	if (p->quick || p->skipping || p->last != NAME || !named || (behind.n && behind.s[0] != '\n'))
		return false;
	if (kind_find(first) == KIND_COUNT && !schema_row_any(first, ROW_MAP) && !str_is(first, "defaults") && p->head[0].token != TEMPLATE)
		return false;
	diag_help(p->diags, diag_add(p->diags, DIAG_syntax, at, "expected `{` after `%.*s`, found `%c`", STR_ARG(parser_shown(p, p->last_at)), parser_text(p, at).s[0]),
		  "what a block holds stands in braces: { … }");
	return true;
}

int layout_balanced(struct parser *p, int token, union value *value, struct span *at)
{
	for (;; token = layout_raw(p, value, at)) {
		switch (token) {
		case NEWLINE:
			if (layout_line(p, *at) && separates(p))
				return SEP;
			break;
		case SEMICOLON:
			if (separates(p))
				return SEP;
			break;
		case '{':
			if (layout_open(p, CX_BRACE, *at))
				return p->open[p->depth].in_bracket ? MAP : '{';
			break;
		case '}':
		case ')':
		case ']':
			token = layout_closer(p, token, *at);
			if (token)
				return token;
			break;
		case TEXT_END:
			return layout_close(p);
		case YYEOF:
			if (p->depth == 0)
				return token;
			end_said(p);
			layout_close_to(p, 0, token, *at);
			break;
		case '[':
		case '(':
			if (is_square_block(p, *at) && layout_open(p, CX_BRACE, *at)) {
				p->open[p->depth].square = true;
				return '{';
			}
			if (layout_open(p, opens[token], *at))
				return token;
			break;
		default:
			if (opens[token] == CX_TOP || layout_open(p, opens[token], *at))
				return token;
		}
		if (p->closing && p->depth > p->close_to)
			return layout_made_up(p, at);
	}
}

/* Reads with care: what is wrong is said, and what is missing made up. */
static int careful_raw(struct parser *p, union value *value, struct span *at)
{
	if (p->closing && p->depth > p->close_to)
		return layout_made_up(p, at);
	int token = layout_raw(p, value, at);
	return layout_matters[token] ? layout_balanced(p, token, value, at) : token;
}

/* Where the grammar takes up again after a mistake. */
static bool resumes(const struct parser *p, int token)
{
	return token == YYEOF || (token == SEP && p->depth == p->skip_depth) || (token == '}' && p->depth + 1 == p->skip_depth) ||
	       (token == '{' && p->depth == p->skip_depth + 1);
}

/* After a syntax error at the newest token: leaves out what follows, unless the grammar can take up at this very token. */
void layout_skip(struct parser *p)
{
	if (p->last == YYEOF || p->last == SEP || p->last == '{' || p->last == '}')
		return;
	p->skipping = true;
	p->skip_depth = layout_brace(p, p->last == MAP ? p->depth - 1 : p->depth);
}

/* What messages need to know of the entry at hand. */
static void layout_remember(struct parser *p, int token, struct span at)
{
	if (p->nhead < HEAD_MAX)
		p->head[p->nhead++] = (struct head_token){token, at};
	p->before = p->last;
	p->before_at = p->last_at;
}

int layout_next(struct parser *p, union value *value, struct span *at)
{
	bool item = p->last == ',' && (p->open[p->depth].is_value || p->open[p->depth].in_bracket) && parser_context(p) == CX_BRACE;
	size_t said = p->diags->all.n;
	int token;

	if (item || !separates(p)) {
		p->nhead = 0;
		p->errors_before = p->diags->errors;
		p->muted = p->depth < p->muted ? 0 : p->muted;
	}
	do {
		token = careful_raw(p, value, at);
		if (!p->skipping)
			token = between_entries(p, token, at);
	} while (token == YYEMPTY || (p->skipping && !resumes(p, token)));
	if (p->skipping)
		forget_words(p, said);
	p->skipping = false;
	layout_remember(p, token, *at);
	p->last_at = *at;
	p->last = token;
	return token;
}
