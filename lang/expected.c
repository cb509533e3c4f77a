/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a syntax error says: what was expected and what was found, in people's words, and what may have been meant. Nothing here decides anything. */
#include "grammar.h"
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

static bool is_reserved(int token)
{
	return token >= LET && token <= NOT;
}

static bool is_value(int token)
{
	return token == PLAIN || token == LITERAL || token == QUOTE_BEGIN || token == LINES_BEGIN || token == TRUE || token == FALSE ||
	       token == NONE;
}

static bool ends_entry(int token)
{
	return token == SEP || token == '}' || token == YYEOF;
}

/* `image = docker.io/x:16`: the rest of the line, in quotes. */
static void help_quotes(struct parser *p, struct diag *d)
{
	struct str rest = parser_text(p, (struct span){p->head[2].at.lo, p->base + (uint32_t)p->text.n});

	rest = str_cut(str_cut(rest, '\n', NULL), ';', NULL);
	while (rest.n && (rest.s[rest.n - 1] == ' ' || rest.s[rest.n - 1] == '\t' || rest.s[rest.n - 1] == '\r'))
		rest.n--;
	if (rest.n <= 60 && !str_has(rest, '"') && !str_has(rest, '#') && !str_has(rest, '{'))
		diag_help(p->diags, d, "text is written in quotes: \"%.*s\"", STR_ARG(rest));
	else
		diag_help(p->diags, d, "text is written in quotes");
}

/* A row of any kind with this word and form, or NULL. The documentation of arrows begins with how they are written. */
static const struct schema_row *row_of(struct str word, enum row_form form)
{
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; i < schema_kinds[k].nrows; i++)
			if (schema_kinds[k].rows[i].form == form && str_eq(schema_kinds[k].rows[i].name, word))
				return &schema_kinds[k].rows[i];
	return NULL;
}

/* The mistakes that people make who come from YAML, JSON, HCL or a shell. */
static void help(struct parser *p, struct diag *d, const struct expected *e)
{
	const struct head_token *h = p->head;
	size_t n = p->nhead;
	int found = p->last;
	struct str first = n ? parser_shown(p, h[0].at) : STR("");
	bool named = n > 1 && h[0].token == NAME;
	bool attached = p->before_at.hi == p->last_at.lo;

	const char *habit = named ? habit_help(STR(""), first) : NULL;

	if (habit && ((h[1].token == ':' && !e->is[LET]) || (h[1].token == NAME && found == '=')))
		diag_help(p->diags, d, "%s", habit);
	else if (p->before == '}' && e->is[SEP] && (found == NAME || is_reserved(found)))
		diag_help(p->diags, d, "entries on one line have a `;` between them");
	else if (n > 0 && h[0].token == FOR && found == DOTS)
		diag_help(p->diags, d, "a list of numbers is range(1, 3)");
	else if (n > 0 && h[0].token == ASSERT && (found == PLAIN || found == QUOTE_BEGIN) && e->is[','])
		diag_help(p->diags, d, "a `,` stands before the message");
	else if (n > 0 && h[0].token == PARAM && found == NAME_BEGIN)
		diag_help(p->diags, d, "a parameter's name is not computed");
	else if (n > 0 && h[0].token == TEMPLATE && (found == '(' || found == CALL))
		diag_help(p->diags, d, "parameters stand in the body: param tag: string");
	else if (found == ':' && p->before == NAME && named && row_of(first, ROW_ARROW))
		diag_help(p->diags, d, "a port is named behind a dot: db.pg");
	else if (found == LITERAL && e->is[SEP] && !attached && parser_text(p, p->last_at).s[0] == '/')
		diag_help(p->diags, d, "there is no division: div(A, B)");
	else if (named && h[1].token == ':' && !e->is[LET] && row_of(first, ROW_MAP))
		diag_help(p->diags, d, "a block is written `%.*s { … }`", STR_ARG(first));
	else if (named && e->is[ARROW] && row_of(first, ROW_ARROW))
		diag_help(p->diags, d, "%s", row_of(first, ROW_ARROW)->doc);
	else if (n > 1 && h[0].token == PLAIN && h[1].token == ':')
		diag_help(p->diags, d, "a field is written `name = value`, without quotes around the name");
	else if (named && h[1].token == ':' && !e->is[LET])
		diag_help(p->diags, d, "a field is written `%.*s = value`", STR_ARG(first));
	else if (named && h[1].token == EQ)
		diag_help(p->diags, d, "`=` gives a value, `==` compares");
	else if (named && n == 3 && is_value(h[1].token) && ends_entry(found))
		diag_help(p->diags, d, "a field is written `%.*s = value`", STR_ARG(first));
	else if (named && n == 3 && h[1].token == NAME && ends_entry(found))
		diag_help(p->diags, d, "a field is written `%.*s = value`, a block `%.*s name { … }`", STR_ARG(first), STR_ARG(first));
	else if (found == '{' && n == 4 && h[0].token == NAME && h[1].token == NAME && h[2].token == NAME)
		diag_help(p->diags, d, "a block has a kind and one name: `%.*s name {`", STR_ARG(first));
	else if (n > 2 && (h[0].token == INPUT || h[0].token == PARAM) && found == '=' && e->is[':'])
		diag_help(p->diags, d, "it has a type: `%.*s %.*s: int = …`", STR_ARG(first), STR_ARG(parser_shown(p, h[1].at)));
	else if (n == 1 && found == '-')
		diag_help(p->diags, d, "a list is written `[a, b]`");
	else if (n == 1 && found == ELSE)
		diag_help(p->diags, d, "`else` stands on the line of the `}` before it");
	else if (n == 1 && found == '{')
		diag_help(p->diags, d, "a block begins with its kind, on the same line: `container web {`");
	else if (found == ',' && e->is[SEP])
		diag_help(p->diags, d, "an entry ends with its line: leave the comma out");
	else if (found == '=' && e->is[EQ])
		diag_help(p->diags, d, "`=` gives a value, `==` compares");
	else if (found == GE && e->is['>'])
		diag_help(p->diags, d, "a blank belongs between the type's `>` and `=`");
	else if (found == '(' && e->is[CALL])
		diag_help(p->diags, d, "the `(` of a call stands directly behind the function's name");
	else if (is_reserved(found) && e->is[NAME])
		diag_help(p->diags, d, "`%.*s` is a reserved word", STR_ARG(parser_shown(p, p->last_at)));
	else if (named && h[1].token == '=' && n >= 3 && (h[2].token == NAME || h[2].token == LITERAL) && !ends_entry(found) &&
		 (attached || found == NAME || found == LITERAL))
		help_quotes(p, d);
}

/* `ports = { … }` would be a map, in which all that a block may hold is wrong: that it is a block is the one thing to say. */
static bool is_block(struct parser *p)
{
	for (size_t i = p->depth; i > 0; i--) {
		struct open *o = &p->open[i];
		struct str word = o->assigned.hi ? parser_text(p, o->assigned) : STR("");
		enum kind_tag kind = kind_find(word);

		if (kind == KIND_COUNT && !row_of(word, ROW_MAP))
			continue;
		if (!o->said)
			diag_help(p->diags, diag_add(p->diags, DIAG_entry_form, o->assigned, "`%.*s` is a block", STR_ARG(word)), "write: %.*s%s { … }", STR_ARG(word),
				  kind != KIND_COUNT && schema_kinds[kind].named != N_NONE ? " NAME" : "");
		return o->said = true;
	}
	return false;
}

/* Where the name of an entry is what could not be read, any name that is missing may be this one. */
static void name_lost(struct parser *p)
{
	bool block = p->nhead > 1 && p->nhead < 4 && p->head[0].token == NAME && row_of(parser_text(p, p->head[0].at), ROW_BLOCK);

	if (block || p->nhead == 1)
		vec_push(p->arena, &p->ast->unnamed, (struct unnamed){p->last_at.lo, block});
}

void expected_say(struct parser *p, const struct expected *e)
{
	if (p->stopped || p->made_up)
		return;
	name_lost(p);
	/* One mistake, one message: what the lexer or the layout has said of this entry is enough. */
	if (p->diags->errors > p->errors_before || is_block(p))
		return;
	struct words w = words_of(e);
	struct buf b = {0};
	int found = p->last;
	bool at_end = found == SEP || found == YYEOF;
	struct span at = at_end ? (struct span){p->before_at.hi, p->before_at.hi} : p->last_at;

	for (size_t i = 0; i < w.n; i++)
		buf_fmt(&b, "%s%s", i == 0 ? "expected " : i + 1 < w.n ? ", " : " or ", w.at[i]);
	if (p->before != SEP && p->before != '{' && p->before != '}' && p->before != MAP && w.n)
		buf_fmt(&b, " after `%.*s`", STR_ARG(parser_shown(p, p->before_at)));
	buf_puts(&b, w.n ? ", found " : "unexpected ");
	if (found_word(found))
		buf_puts(&b, found_word(found));
	else
		buf_fmt(&b, "`%.*s`", STR_ARG(parser_shown(p, p->last_at)));
	struct diag *d = diag_add(p->diags, DIAG_syntax, at, "%.*s", STR_ARG(buf_view(&b)));
	buf_free(&b);
	help(p, d, e);
	p->said = d;
	p->said_bodied = p->nhead && (p->head[0].token == NAME || p->head[0].token == TEMPLATE || p->head[0].token == FOR || p->head[0].token == IF || p->head[0].token == PLAIN || p->nhead == 1 || p->before == '}');
}
