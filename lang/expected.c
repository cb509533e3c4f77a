/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a syntax error says: what was expected and what was found, in people's words; what may have been meant is meant.c's. Nothing here decides anything. */
#include "grammar.h"

#include <ctype.h>

#include "lang/habit.h"
#include "lang/schema.h"

/* The words that go into the message. */
struct words {
	const char *at[12];
	size_t n;
};

static void offer(struct words *w, bool really, const char *word)
{
	if (really && w->n < sizeof w->at / sizeof w->at[0])
		w->at[w->n++] = word;
}

/* Operators and what else goes on with an expression are always possible, and help nobody. */
static struct words words_of(const struct expected *e)
{
	static const struct {
		int token;
		const char *word;
	} plain[] = {
		{'=', "`=`"}, {'{', "`{`"}, {ARROW, "`->`"}, {':', "`:`"}, {IN, "`in`"}, {THEN, "`then`"}, {ELSE, "`else`"}, {DOTS, "`..`"},
		{',', "`,`"}, {')', "`)`"}, {']', "`]`"}, {INTERP_END, "`}`"}, {'>', "`>`"},
	};
	bool value = e->is[LITERAL], end = e->is[SEP] || e->is[YYEOF];
	struct words w = {0};

	offer(&w, e->is[LET], "an entry");
	offer(&w, e->is[MAP] && e->is['('] && !value, "a type");
	if (w.n)
		return w;
	if (e->is['='] && e->is['{'] && value) {	/* behind the first word of an entry everything is possible */
		offer(&w, true, "`=`");
		offer(&w, true, "`{`");
		offer(&w, true, "`->`");
		return w;
	}
	bool complete = e->is[EQ] || e->is[CALL] || e->is[INDEX];	/* an expression could end here */
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (e->is[plain[i].token] && !(complete && plain[i].token == '>') && !(value && !e->is[ARROW] && plain[i].token == '{') &&
		    !(value && plain[i].token == ']') && !(value && plain[i].token == ')'))
			offer(&w, true, plain[i].word);
	offer(&w, value && !e->is[ARROW], "a value");
	offer(&w, e->is[NAME] && !value && !e->is[ARROW], "a name");
	offer(&w, e->is[PLAIN] && !value, "a string");
	offer(&w, e->is['}'] && !end && !value, "`}`");
	offer(&w, end, "the end of the line");
	return w;
}

static const char *found_word(int token)
{
	switch (token) {
	case SEP:
		return "the end of the line";
	case YYEOF:
		return "the end of the file";
	case QUOTE_BEGIN:
	case LINES_BEGIN:
	case TEXT_PART:
	case TEXT_END:
		return "a string";
	case NAME_BEGIN:
		return "a name";
	default:
		return NULL;
	}
}

/* `ports = { … }` would be a map, in which all that a block may hold is wrong: that it is a block is the one thing to say. */
static bool is_block(struct parser *p)
{
	for (size_t i = p->depth; i > 0; i--) {
		struct open *o = &p->open[i];
		struct str word = o->assigned.hi ? parser_text(p, o->assigned) : STR("");
		enum kind_tag kind = kind_find(word);

		if (kind == KIND_COUNT && !schema_row_any(word, ROW_MAP))
			continue;
		if (!o->said)
			diag_help(p->diags, diag_add(p->diags, DIAG_entry_form, o->assigned, "`%.*s` is a block", STR_ARG(word)), "write: %s",
				  habit_form(word, str_fmt(p->arena, "%.*s%s { … }", STR_ARG(word), kind != KIND_COUNT && schema_kinds[kind].named != N_NONE ? " NAME" : "").s));
		return o->said = true;
	}
	return false;
}

/* Blanks that a line begins with. */
static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && (line.s[n] == ' ' || line.s[n] == '\t'))
		n++;
	return n;
}

/* `ports:` and below it `- "8080:80"`, as YAML has it: the lines that belong to it, which are deeper or begin with `-`, are one mistake with it. */
static void ignore_below(struct parser *p)
{
	size_t line = p->head[0].at.lo - p->base, i = p->pos - p->base, deep;

	if (p->text.s[p->last_at.lo - p->base] == ';')
		return;
	while (line > 0 && p->text.s[line - 1] != '\n')
		line--;
	deep = indent_of((struct str){p->text.s + line, p->text.n - line});
	while (i > 0 && p->text.s[i - 1] != '\n')
		i--;
	size_t end = 0;
	for (struct str rest = {p->text.s + i, p->text.n - i}; rest.n;) {
		struct str next, at = str_cut(rest, '\n', &next);
		size_t blanks = indent_of(at);
		char c = blanks < at.n ? at.s[blanks] : '\r';

		if (c == '}' || (c != '\r' && c != '#' && blanks <= deep && !(blanks == deep && c == '-')))
			break;
		if (c != '\r' && c != '#')
			end = (size_t)(at.s + at.n - p->text.s);
		rest = next;
	}
	lexer_blank(p, end);
}

/* `= let x = 1; in x`, `= with db; [x]`, as Nix has them, and `=` with a list of YAML below it: all of it is one mistake. */
static void ignore_value(struct parser *p, const struct expected *e)
{
	enum { LET_MAX = 500 };
	struct str rest = parser_behind(p, p->pos);
	bool with = p->nhead == 4 && p->head[1].token == '=' && p->last == NAME && str_is(parser_text(p, p->before_at), "with");

	if (p->last == SEP && p->before == '=' && skip_blanks(rest).n && skip_blanks(rest).s[0] == '-')
		ignore_below(p);
	if (with)
		lexer_blank(p, p->pos - p->base + str_cut(rest, '\n', NULL).n);
	if (p->last != LET || !e->is[LITERAL])
		return;
	for (size_t i = 1; i + 2 < rest.n && i < LET_MAX && rest.s[i] != '}'; i++)
		if (!is_name_byte(rest.s[i - 1]) && rest.s[i] == 'i' && rest.s[i + 1] == 'n' && !is_name_byte(rest.s[i + 2])) {
			lexer_blank(p, p->pos - p->base + i + 2);
			return;
		}
}

/* Whether some line is a name and a colon, without a blank before it. Looked for once. */
static bool has_yaml(struct parser *p)
{
	struct str text = p->no_yaml ? STR("") : p->text;

	p->no_yaml = true;
	while (text.n) {
		struct str line = str_cut(text, '\n', &text);
		size_t n = 0;

		while (n < line.n && (isalnum((unsigned char)line.s[n]) || line.s[n] == '_' || line.s[n] == '-'))
			n++;
		if (n && n < line.n && line.s[n] == ':' && (n + 1 == line.n || line.s[n + 1] == '\r'))
			return true;
	}
	return false;
}

/* `services:` and nothing behind it, at the top of a file: a block of YAML, and nothing that follows is ours. */
static bool is_yaml(struct parser *p)
{
	bool named = p->nhead > 2 && p->head[0].token == NAME && p->head[1].token == ':';

	if (p->depth || !named || !((p->nhead == 3 && p->last == SEP) || has_yaml(p)))
		return false;
	struct diag *d = diag_add(p->diags, DIAG_foreign, (struct span){p->head[0].at.lo, p->head[1].at.hi}, "a file of YAML is not in this language");

	diag_help(p->diags, d, "`ctc init NAME` begins a file that is; one block each: stack NAME { container web { image = \"…\" } }");
	p->stopped = p->ast->unbalanced = true;
	return true;
}

/* `{` or `[` at the very beginning: a file of JSON, a function of Nix, a section of an INI file. */
static bool is_value_file(struct parser *p)
{
	if ((p->last != '{' && p->last != '[') || p->nhead != 1 || p->depth != 1)
		return false;
	for (size_t i = 0; i < p->last_at.lo - p->base; i++)
		if (!memchr(" \t\r\n", p->text.s[i], 4))
			return false;
	struct diag *d = diag_add(p->diags, DIAG_foreign, p->last_at, "a file that begins with `%c` is not in this language", p->last);

	diag_help(p->diags, d, "one block each: stack NAME { container web { image = \"…\" } }");
	p->stopped = p->ast->unbalanced = true;
	return true;
}

/* Where the name of an entry is what could not be read, any name that is missing may be this one. */
static void name_lost(struct parser *p)
{
	bool short_name = p->nhead > 1 && (p->nhead < 4 || p->head[1].token == NAME_BEGIN);
	bool block = short_name && p->head[0].token == NAME && schema_row_any(parser_text(p, p->head[0].at), ROW_BLOCK);

	if (block || p->nhead == 1)
		vec_push(p->arena, &p->ast->unnamed, (struct unnamed){p->last_at.lo, block});
}

/* `publish { 8080 -> web.http }`: what is an arrow has no body of its own. It is said as the compiler says it, so that it is one. */
static bool in_arrow(struct parser *p)
{
	const struct open *o = &p->open[p->depth];
	struct str word = o->word.hi ? parser_text(p, o->word) : STR("");

	if (!schema_row_any(word, ROW_ARROW) || kind_find(word) != KIND_COUNT)
		return false;
	diag_help(p->diags, diag_add(p->diags, DIAG_entry_form, o->word, "`%.*s` is followed by an arrow", STR_ARG(word)), "write: %s",
		  habit_form(word, str_fmt(p->arena, "%.*s … -> …", STR_ARG(word)).s));
	return true;
}

static bool is_block_word(struct str word)
{
	return kind_find(word) != KIND_COUNT || schema_row_any(word, ROW_MAP);
}

/* Which of an entry's first tokens is the wrong one, whatever the grammar could still have made of it: `image: "x"`, `image "x"`, `container web:`; 0: none of them. */
static size_t wrong_token(const struct parser *p, const struct expected *e)
{
	if (p->nhead < 2 || p->head[0].token != NAME || e->is[LET])
		return 0;
	struct str first = parser_text(p, p->head[0].at);
	int second = p->head[1].token;
	bool alone = p->nhead == 3 && (p->last == SEP || p->last == '}');

	if (p->nhead == 4 && p->head[2].token == ':' && p->head[3].token == p->last && (p->last == SEP || p->last == '{') && (second == NAME || second == PLAIN) && kind_find(first) != KIND_COUNT)
		return 2;
	if (p->nhead >= 3 && second == NAME && p->head[2].token == LITERAL && kind_find(first) != KIND_COUNT && !schema_row_any(first, ROW_ARROW))
		return 2;
	return second == ':' || (second == '[' && is_block_word(first)) || (second == PLAIN && alone && !is_block_word(first) && !schema_row_any(first, ROW_ARROW));
}

/* Both: what was expected and what was found. Returns where. */
static struct span token_said(struct parser *p, size_t i, struct buf *out)
{
	struct str before = parser_shown(p, p->head[i - 1].at), found = parser_shown(p, p->head[i].at);

	buf_fmt(out, "expected `%s` after `%.*s`, found `%.*s`", i > 1 || is_block_word(parser_text(p, p->head[0].at)) ? "{" : "=", STR_ARG(before), STR_ARG(found));
	return p->head[i].at;
}

static struct span newest_said(struct parser *p, const struct expected *e, struct buf *out)
{
	struct words w = words_of(e);
	bool at_end = p->last == SEP || p->last == YYEOF;

	for (size_t i = 0; i < w.n; i++)
		buf_fmt(out, "%s%s", i == 0 ? "expected " : i + 1 < w.n ? ", " : " or ", w.at[i]);
	if (p->before != SEP && p->before != '{' && p->before != '}' && p->before != MAP && w.n)
		buf_fmt(out, " after `%.*s`", STR_ARG(parser_shown(p, p->before_at)));
	buf_puts(out, w.n ? ", found " : "unexpected ");
	if (found_word(p->last))
		buf_puts(out, found_word(p->last));
	else
		buf_fmt(out, "`%.*s`", STR_ARG(parser_shown(p, p->last_at)));
	return at_end ? (struct span){p->before_at.hi, p->before_at.hi} : p->last_at;
}

/* The `{` of a block on the line below it: that was said with its first line. */
static bool is_late_brace(struct parser *p)
{
	bool late = p->late_brace && p->last == '{' && p->last_at.lo == p->late_brace;

	if (p->last == SEP && p->nhead > 1 && p->pos - p->base < p->text.n && p->text.s[p->pos - p->base] == '{')
		p->late_brace = p->pos;
	return late;
}

void expected_say(struct parser *p, const struct expected *e)
{
	if (p->stopped || p->made_up || (p->muted && p->depth + (p->last == '}') >= p->muted))
		return;
	/* environment: { … }, if x { 1 } else { 2 }, function f(x) { … } */
	int first = p->nhead ? p->head[0].token : 0;
	bool slot = first == TYPE || first == LET || first == INPUT || first == OUTPUT || first == PARAM;
	if (p->last == '{' && (p->before == ':' || p->before == ')' || e->is[THEN] || slot))
		p->muted = p->depth;
	/* web { port = 80, … } and web: { … } in a map: what is in the braces follows from it */
	bool in_map = e->is['='] && !e->is['{'] && !e->is[LITERAL];
	if (in_map && p->last == '{')
		p->muted = p->depth;
	else if (in_map && p->last == ':' && p->open[p->depth].is_value && str_starts(skip_blanks(parser_behind(p, p->last_at.hi)), STR("{")))
		p->muted = p->depth + 1;
	name_lost(p);
	/* One mistake, one message: what the lexer or the layout has said of this entry is enough. */
	if (is_late_brace(p) || p->diags->errors > p->errors_before || in_arrow(p) || is_block(p) || is_yaml(p) || is_value_file(p))
		return;
	ignore_value(p, e);
	size_t wrong = wrong_token(p, e);
	if (wrong && p->last == SEP && p->nhead == wrong + 2 && p->head[wrong].token == ':')
		ignore_below(p);
	struct buf b = {0};
	struct span at = wrong ? token_said(p, wrong, &b) : newest_said(p, e, &b);
	struct diag *d = diag_add(p->diags, DIAG_syntax, at, "%.*s", STR_ARG(buf_view(&b)));
	buf_free(&b);
	meant_help(p, d, e);
	p->said = d;
	p->said_bodied = p->nhead && (p->head[0].token == NAME || p->head[0].token == TEMPLATE || p->head[0].token == FOR || p->head[0].token == IF || p->head[0].token == PLAIN || p->nhead == 1 || p->before == '}');
}
