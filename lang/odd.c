/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What stands in a text and is no token: characters that mean nothing, words with characters that no name has, and what other languages write. It is said here,
 * and the lexer goes on. */
#include "grammar.h"

#include <ctype.h>

#include "lang/base/utf8.h"

void odd_character(struct parser *p, struct span at)
{
	struct str shown = parser_shown(p, at);
	struct diag *said = diag_add(p->diags, DIAG_character, at, "`%.*s` means nothing here", STR_ARG(shown));

	if (shown.s[0] == '$' && shown.n > 1 && islower((unsigned char)shown.s[1]))
		diag_help(p->diags, said, "the value of a name is the name alone, in texts and names ${%.*s}", (int)shown.n - 1, shown.s + 1);
	else if (shown.s[0] == '$' && shown.n > 1)
		diag_help(p->diags, said, "the environment is not read: input NAME: string asks for a value, given by --set NAME=VALUE");
	else if (p->last == LITERAL && p->text.s[p->last_at.lo - p->base] == '/' && odd_path_meant(p, p->last_at.lo).n)
		diag_help(p->diags, said, "a path like this stands in quotes: %.*s", STR_ARG(odd_path_meant(p, p->last_at.lo)));
	else if (shown.s[0] == '&' || shown.s[0] == '@')
		diag_help(p->diags, said, shown.s[0] == '&' ? "write `and`" : p->last_at.hi == at.lo ? "text is written in quotes" : "what is named is written by its name alone");
}

struct span odd_dash(struct parser *p, struct span at)
{
	struct str shown = parser_shown(p, at);
	struct diag *said = diag_add(p->diags, DIAG_name, at, "the name `%.*s` ends in `-`", STR_ARG(shown));

	diag_help(p->diags, said, "a subtraction has blanks on both sides of its `-`");
	while (parser_text(p, at).s[at.hi - at.lo - 1] == '-')
		at.hi--;
	return at;
}

bool odd_not_ascii(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	uint32_t code;
	size_t len = utf8_decode(text.s, text.n, &code);

	if (len == 0 || utf8_invisible(code))
		return false;
	at.hi = at.lo + (uint32_t)len;
	struct diag *said = diag_add(p->diags, DIAG_not_ascii, at, "`%.*s` (U+%04X) can stand only in strings and comments", (int)len, text.s, code);
	diag_help(p->diags, said, code == 0x2192 ? "an arrow is written `->`" : "a name has letters from a to z, digits, `_` and `-`");
	return true;
}

int odd_invisible(const struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	size_t word = 0, len;
	uint32_t code;

	while (word < text.n && (unsigned char)text.s[word] < 0x80)
		word++;
	len = utf8_decode(text.s + word, text.n - word, &code);
	return !len || !utf8_invisible(code) ? 0 : word ? (int)word : (int)len;
}

struct expr *odd_word(struct parser *p, struct span at)
{
	struct expr *e = expr_new(p, EX_BAD, at);

	while ((parser_text(p, at).s[0] & 0x80) == 0)
		at.lo++;
	odd_not_ascii(p, at);
	return e;
}

enum { MEANT_MAX = 80 };

/* Where the path on this line ends: at what separates entries, closes them, or leads to the other end of an arrow. Not far away, or a line of such paths would take time by the square of
 * its length. */
static struct str path_line(struct str line)
{
	static const char *const behind[] = {";", "}", " {", " ->", " #", " \"", "\r"};

	line.n = line.n < 2 * MEANT_MAX ? line.n : 2 * MEANT_MAX;
	line = str_cut(line, '\n', NULL);
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
		const char *end = memmem(line.s, line.n, "${", 2) && behind[i][0] == '}' ? NULL : memmem(line.s, line.n, behind[i], strlen(behind[i]));

		line.n = end ? (size_t)(end - line.s) : line.n;
	}
	while (line.n && (line.s[line.n - 1] == ' ' || line.s[line.n - 1] == '\t' || line.s[line.n - 1] == ','))
		line.n--;
	return line;
}

/* Without the backslashes and quotes of a shell. */
struct str odd_path_meant(struct parser *p, uint32_t at)
{
	struct str line = path_line(parser_behind(p, at));
	bool parts = memmem(line.s, line.n, "${", 2);
	struct buf text = {0}, quoted = {0};

	if (line.n > MEANT_MAX || str_has(line, '=') || (parts && (str_has(line, '\\') || str_has(line, '"'))))
		return STR("");
	for (size_t i = 0; i < line.n; i++)
		if (line.s[i] != '"' && !(line.s[i] == '\\' && i + 1 < line.n && line.s[i + 1] > 0 && !isalnum((unsigned char)line.s[i + 1])))
			buf_addc(&text, line.s[i]);
	if (parts)
		buf_fmt(&quoted, "\"%.*s\"", STR_ARG(line));
	else if (!path_wrong(buf_view(&text)))
		string_text(buf_view(&text), &quoted);
	buf_free(&text);
	return buf_take(&quoted, p->arena);
}

struct expr *odd_path(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), shown = parser_shown(p, at), meant = odd_path_meant(p, at.lo);
	uint32_t code;

	for (size_t i = 0, len; i < text.n; i += len) {
		len = utf8_decode(text.s + i, text.n - i, &code);
		if (!len || utf8_invisible(code))	/* text_check has said it */
			return expr_new(p, EX_BAD, at);
	}
	struct diag *said = diag_add(p->diags, DIAG_path, at, "`%.*s` is no path without quotes", STR_ARG(shown));
	if (meant.n)
		diag_help(p->diags, said, "write it in quotes: %.*s", STR_ARG(meant));
	else
		diag_help(p->diags, said, "what has other characters than letters of ASCII, digits and / _ . + @ %% ~ = : - stands in quotes");
	return expr_new(p, EX_BAD, at);
}

struct expr *odd_notation(struct parser *p, struct span at, const char *what, const char *help)
{
	struct diag *d = diag_add(p->diags, DIAG_foreign, at, "%s is not in this language", what);

	diag_help(p->diags, d, "%s", help);
	return expr_new(p, EX_BAD, at);
}

void odd_endless(struct parser *p, struct span at)
{
	odd_notation(p, (struct span){at.lo, at.lo + 2}, "`/*`", "a comment begins with `#` and ends with its line");
	p->stopped = p->ast->unbalanced = true;
}

/* Where the text that begins with the word ends: behind the line that has its last word alone, or behind the next ''; 0: nowhere. */
static size_t text_end(struct str text, size_t i, struct str word)
{
	const char *quotes = str_is(word, "''") ? memmem(text.s + i, text.n - i, "''", 2) : NULL;

	if (quotes)
		return (size_t)(quotes + 2 - text.s);
	for (struct str rest = {text.s + i, text.n - i}; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest);

		while (line.n && (line.s[0] == ' ' || line.s[0] == '\t'))
			line = (struct str){line.s + 1, line.n - 1};
		while (line.n && (line.s[line.n - 1] == ' ' || line.s[line.n - 1] == '\r'))
			line.n--;
		if (str_eq(line, word))
			return (size_t)(line.s + line.n - text.s);
	}
	return 0;
}

/* Each end is looked for once, and none any more behind a text that has none: or a file of beginnings would take time by the square of its size. */
struct expr *odd_text(struct parser *p, struct span at)
{
	struct str word = parser_text(p, at);

	if (word.s[0] == '<') {
		word = (struct str){word.s + 2, word.n - 2};
		while (word.n && strchr("-~\"'", word.s[0]))
			word = (struct str){word.s + 1, word.n - 1};
		while (word.n && strchr("\"'", word.s[word.n - 1]))
			word.n--;
	}
	if (!p->endless) {
		size_t end = text_end(p->text, at.hi - p->base, word);

		p->endless = end == 0;
		lexer_blank(p, end);
	}
	return odd_notation(p, at, "a text that begins like this", "a text of several lines stands in \"\"\"…\"\"\"; an empty one is \"\"");
}
