/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What other languages put between entries and items: commas of JSON, `;` in lists, `:` for `=`, `let … in` of Nix. It is said once, and what stands there is read as it is meant, so that a habit is one mistake
 * and everything else is still looked at. */
#include "grammar.h"
#include "lang/schema.h"

#include <ctype.h>

enum { COMMAS_SHOWN = 4 };

static bool at_line_end(struct str s)
{
	return !s.n || s.s[0] == '\n' || s.s[0] == '#';
}

/* "name" or name, and behind it what can only be an entry. */
static bool is_entry(struct str s, bool alone)
{
	size_t n = 0;

	if (s.n && s.s[0] == '"') {
		struct str line = str_cut((struct str){s.s + 1, s.n - 1}, '\n', NULL);

		n = 1 + str_cut(line, '"', NULL).n;
		n += n < s.n && s.s[n] == '"';
		alone = false;
	} else {
		while (n < s.n && is_name_byte(s.s[n]))
			n++;
	}
	struct str behind = skip_blanks((struct str){s.s + n, s.n - n});

	return n && !isdigit((unsigned char)s.s[0]) && (alone || (behind.n && (behind.s[0] == '=' || behind.s[0] == '{')));
}

/* Whether what follows the comma, on its line or on later ones, is another entry, or the end of them. */
static bool entry_follows(struct str s)
{
	bool line = false;

	for (s = skip_blanks(s); s.n && at_line_end(s); s = skip_blanks(s)) {
		line = true;
		str_cut(s, '\n', &s);
	}
	return !s.n || s.s[0] == '}' || s.s[0] == ';' || is_entry(s, line);
}

static bool ends_value(int token)
{
	return token == NAME || token == LITERAL || token == PLAIN || token == TEXT_END || token == COLON_PORT || token == ')' || token == ']' || token == '}' || token == TRUE ||
	       token == FALSE || token == NONE;
}

/* `for a, b in`, `assert c, "…"`, maps and records have commas; a list without brackets, `after = a, b`, is another mistake. */
static bool is_stray_comma(const struct parser *p, struct span at)
{
	int first = p->nhead ? p->head[0].token : 0;
	bool body = parser_context(p) == CX_TOP || (parser_context(p) == CX_BRACE && p->open[p->depth].is_body);

	return body && first != FOR && first != ASSERT && (ends_value(p->last) || p->last == SEP || p->last == '{') && entry_follows(parser_behind(p, at.hi));
}

static void comma_said(struct parser *p, struct span at)
{
	if (!p->comma) {
		p->comma = diag_add(p->diags, DIAG_syntax, at, "a `,` does not separate entries");
		diag_help(p->diags, p->comma, "leave the commas out: an entry ends with its line, or with `;` on the same line");
	} else if (p->comma->notes.n < COMMAS_SHOWN) {
		diag_note(p->diags, p->comma, at, "nor does this");
	}
}

/* ["a"; "b"]. With an entry behind it, it is the list that has no end. */
static bool is_comma_meant(struct parser *p, struct span at)
{
	bool within = parser_context(p) == CX_SQUARE || parser_context(p) == CX_PAREN;

	if (!within || !ends_value(p->last) || parser_text(p, at).s[0] != ';' || entry_follows(parser_behind(p, at.hi)))
		return false;
	if (p->diags->errors == p->errors_before)
		diag_help(p->diags, diag_add(p->diags, DIAG_syntax, at, "a `;` does not separate items"), "items have a `,` between them");
	return true;
}

/* Whether a value begins there as it is written here: of words one alone, or the mistake is another than the colon. */
static bool is_value(struct str s)
{
	size_t n = 0;

	while (n < s.n && is_name_byte(s.s[n]))
		n++;
	if (!s.n || (n && !isdigit((unsigned char)s.s[0]))) {
		struct str behind = skip_blanks((struct str){s.s + n, s.n - n});

		return n && (at_line_end(behind) || behind.s[0] == '}' || behind.s[0] == ';' || behind.s[0] == ',');
	}
	return n || s.s[0] == '"' || s.s[0] == '/' || s.s[0] == '[';
}

/* `restart: always` and `"A": "1"` in a block: of a field that there is, or in a block of free names. */
static bool is_colon_meant(const struct parser *p, struct span at)
{
	const struct open *o = &p->open[p->depth];
	struct str body = o->word.hi ? parser_text(p, o->word) : STR("");
	bool name = p->nhead == 1 && (p->head[0].token == NAME || p->head[0].token == PLAIN);

	if (!name || parser_context(p) != CX_BRACE || !o->is_body || !is_value(skip_blanks(parser_behind(p, at.hi))))
		return false;
	return schema_row_any(body, ROW_MAP) || (schema_row_any(parser_text(p, p->head[0].at), ROW_FIELD) && kind_find(parser_text(p, p->head[0].at)) == KIND_COUNT);
}

static void colon_said(struct parser *p, struct span at)
{
	struct str word = parser_shown(p, p->head[0].at);

	if (!p->colon) {
		p->colon = diag_add(p->diags, DIAG_syntax, at, "expected `=` after `%.*s`, found `:`", STR_ARG(word));
		diag_help(p->diags, p->colon, p->head[0].token == PLAIN ? "a field is written `name = value`, without quotes around the name" : "a field is written `%.*s = value`",
			  STR_ARG(word));
	} else if (p->colon->notes.n < COMMAS_SHOWN) {
		diag_note(p->diags, p->colon, at, "here, too");
	}
}

/* `let` alone on its line, and below it what it names, up to `in`. */
static void let_said(struct parser *p, struct span at)
{
	struct diag *d = diag_add(p->diags, DIAG_syntax, at, "a `let` names one value, on its line");

	diag_help(p->diags, d, "each has its own, without an `in`: let NAME = value");
	p->lets = p->depth + 1;
}

static void in_said(struct parser *p, struct span at)
{
	struct str behind = skip_blanks(parser_behind(p, at.hi));

	if (p->lets != p->depth + 1)
		diag_help(p->diags, diag_add(p->diags, DIAG_syntax, at, "nothing is `in` a `let`"), "leave it out: what a `let` names is known in the whole body around it");
	p->lets = 0;
	if (behind.n && behind.s[0] == '{') /* which is part of it */
		p->late_brace = p->base + (uint32_t)(behind.s - p->text.s);
}

/* The name goes behind the `let` that it lacks. */
static int let_made_up(struct parser *p, struct span *at)
{
	p->closing = true;
	p->close_to = p->depth;
	p->held = NAME;
	p->held_at = *at;
	at->hi = at->lo;
	return LET;
}

int between_entries(struct parser *p, int token, struct span *at)
{
	bool begins = p->last == SEP || p->last == '{';

	if (p->made_up || p->stopped || (p->muted && p->depth >= p->muted))
		return token;
	switch (token) {
	case ',':
		if (!is_stray_comma(p, *at))
			return token;
		comma_said(p, *at);
		return begins ? YYEMPTY : SEP;
	case LET:
		if (!begins || !at_line_end(skip_blanks(parser_behind(p, at->hi))))
			return token;
		let_said(p, *at);
		return YYEMPTY;
	case IN:
		if (!begins)
			return token;
		in_said(p, *at);
		return YYEMPTY;
	case NAME:
		if (!begins || p->lets != p->depth + 1 || !is_entry(parser_behind(p, at->lo), false))
			return token;
		return let_made_up(p, at);
	case SEP:
		return is_comma_meant(p, *at) ? ',' : token;
	case ':':
		if (!is_colon_meant(p, *at))
			return token;
		colon_said(p, *at);
		return '=';
	case '}':
		if (p->lets > p->depth + 1)
			p->lets = 0;
		return token;
	default:
		return token;
	}
}
