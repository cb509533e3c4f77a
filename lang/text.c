/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text: whether a file is any, what a string's escapes and indentation mean, and the comment above an entry. */
#include "lang/parse.h"

#include "lang/base/utf8.h"

/* In `depth` of a part that still has its escapes. */
enum { TEXT_RAW = 0xffffff };

static bool byte_is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t';
}

/* Where the first byte that is not plain stands, at or behind i. Most texts have none: whole blocks are looked at without a branch, which the compiler does in vectors. */
static size_t not_plain(struct str text, size_t i)
{
	enum { BLOCK = 64 };

	for (; i + BLOCK <= text.n; i += BLOCK) {
		unsigned char others = 0;

		for (size_t k = 0; k < BLOCK; k++)
			others |= !byte_is_plain((unsigned char)text.s[i + k]);
		if (others)
			break;
	}
	while (i < text.n && byte_is_plain((unsigned char)text.s[i]))
		i++;
	return i;
}

/* One place where the file is not what it should be: n bytes that no text has, or one character that cannot be seen. */
static size_t bad_run(const struct parser *p, size_t i)
{
	size_t n = 0;
	uint32_t code;

	while (i + n < p->text.n && !byte_is_plain((unsigned char)p->text.s[i + n]) &&
	       ((unsigned char)p->text.s[i + n] < 0x80 || utf8_decode(p->text.s + i + n, p->text.n - i - n, &code) == 0))
		n++;
	return n;
}

static void say_bytes(struct parser *p, size_t i, size_t n)
{
	struct span at = {p->base + (uint32_t)i, p->base + (uint32_t)(i + n)};
	unsigned char c = (unsigned char)p->text.s[i];
	struct diag *d;

	if (c == '\r')
		diag_add(p->diags, DIAG_not_text, at, "a carriage return that is not before a line end");
	else if (c < 0x20 || c == 0x7f)
		diag_add(p->diags, DIAG_not_text, at, "control character 0x%02x", c);
	else {
		d = diag_add(p->diags, DIAG_not_text, at, "byte 0x%02x is not UTF-8", c);
		diag_help(p->diags, d, "save the file as UTF-8");
	}
}

static void say_invisible(struct parser *p, size_t i, size_t n, uint32_t code)
{
	struct span at = {p->base + (uint32_t)i, p->base + (uint32_t)(i + n)};
	struct diag *d = diag_add(p->diags, DIAG_invisible, at, "character U+%04X cannot be seen or looks like another one", code);

	if (code == 0xfeff && i == 0)
		diag_help(p->diags, d, "save the file without a byte order mark");
	else if (code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f || code == 0x205f || code == 0x3000)
		diag_help(p->diags, d, "write a plain blank; a string that needs it says `\\u{%x}`", code);
	else
		diag_help(p->diags, d, "take it out; a string that needs it says `\\u{%x}`", code);
}

/* A text that is one, in another encoding or with other line ends: one thing is to be said. */
static bool text_is_other(struct parser *p)
{
	bool wide = p->text.n >= 2 && (!memcmp(p->text.s, "\xff\xfe", 2) || !memcmp(p->text.s, "\xfe\xff", 2));
	const char *line = wide || !p->text.n || str_has(p->text, '\n') ? NULL : memchr(p->text.s, '\r', p->text.n);
	uint32_t at = p->base + (line ? (uint32_t)(line - p->text.s) : 0);

	if (!wide && !line)
		return false;
	struct diag *d = diag_add(p->diags, DIAG_not_text, (struct span){at, at + (wide ? 2 : 1)}, wide ? "the file is UTF-16" : "the lines end with a carriage return alone");
	diag_help(p->diags, d, wide ? "save it as UTF-8, without a byte order mark" : "save it with the line ends of Unix");
	return true;
}

bool text_check(struct parser *p)
{
	size_t faults = 0, i = 0;
	uint32_t code;

	if (text_is_other(p))
		return false;
	while (i < p->text.n) {
		size_t n;

		i = not_plain(p->text, i);
		if (i == p->text.n)
			break;
		if (p->text.s[i] == '\r' && i + 1 < p->text.n && p->text.s[i + 1] == '\n') {
			i++;
			continue;
		}
		n = utf8_decode(p->text.s + i, p->text.n - i, &code);
		if (n > 1 && !utf8_invisible(code)) {
			i += n;
			continue;
		}
		if (++faults > BAD_RUNS_MAX) {
			struct span at = {p->base + (uint32_t)i, p->base + (uint32_t)i + 1};
			struct diag *d = diag_add(p->diags, DIAG_not_text, at, "there are more such places: the file is not read any further");

			diag_help(p->diags, d, "is this a source text at all?");
			return false;
		}
		if (n > 1) {
			say_invisible(p, i, n, code);
		} else {
			n = bad_run(p, i);
			say_bytes(p, i, n);
		}
		i += n;
	}
	return true;
}

struct expr *text_raw(struct parser *p, struct span at)
{
	struct expr *e = expr_new(p, EX_STRING, at);

	e->u.text = parser_text(p, at);
	e->depth = TEXT_RAW;
	return e;
}

static bool long_said(struct parser *p, struct span at)
{
	if (at.hi - at.lo <= STRING_MAX)
		return false;
	diag_add(p->diags, DIAG_string_long, (struct span){at.lo, at.lo + 1}, "this string is longer than 1 MiB");
	return true;
}

struct expr *text_plain(struct parser *p, struct span at)
{
	if (long_said(p, at))
		return expr_new(p, EX_BAD, at);
	struct expr *e = expr_new(p, EX_STRING, at);
	e->u.text = parser_text(p, (struct span){at.lo + 1, at.hi - 1});
	return e;
}

static void escape_said(struct parser *p, struct span at, const char *help)
{
	struct str shown = parser_shown(p, at);
	struct diag *d = diag_add(p->diags, DIAG_escape, at, "`%.*s` is no escape sequence", STR_ARG(shown));

	diag_help(p->diags, d, "%s", help);
}

/* \u{…} at s[i]: the bytes it takes. */
static size_t unicode(struct parser *p, struct str s, size_t i, uint32_t at, struct buf *out)
{
	uint32_t code = 0;
	size_t k = i + 3;

	for (; k < s.n && k < i + 9; k++) {
		char c = s.s[k];

		if (c >= '0' && c <= '9')
			code = code << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			code = code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			break;
	}
	bool closed = i + 2 < s.n && s.s[i + 2] == '{' && k < s.n && s.s[k] == '}';
	if (!closed || k == i + 3 || code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
		size_t n = closed ? k + 1 - i : 2;

		escape_said(p, (struct span){at + (uint32_t)i, at + (uint32_t)(i + n)}, "a character by number is `\\u{e9}`, from 1 to 10ffff");
		return n;
	}
	utf8_encode(code, out);
	return k + 1 - i;
}

/* s stands at position `at` of the sources. */
static void unescape(struct parser *p, struct str s, uint32_t at, struct buf *out)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		struct str plain = str_cut((struct str){s.s + i, s.n - i}, '\\', NULL);

		buf_str(out, plain);
		i += plain.n;
		n = 2;
		if (i >= s.n)
			break;
		switch (i + 1 < s.n ? s.s[i + 1] : '\0') {
		case 'n':
			buf_addc(out, '\n');
			break;
		case 't':
			buf_addc(out, '\t');
			break;
		case '\\':
		case '"':
		case '$':
			buf_addc(out, s.s[i + 1]);
			break;
		case 'u':
			n = unicode(p, s, i, at, out);
			break;
		default: {
			uint32_t code;
			size_t more = i + 1 < s.n && s.s[i + 1] != '\n' ? utf8_decode(s.s + i + 1, s.n - i - 1, &code) : 0;

			n = 1 + more;
			escape_said(p, (struct span){at + (uint32_t)i, at + (uint32_t)(i + n)},
				    "there are \\n \\t \\\\ \\\" \\$ and \\u{…}; a backslash itself is \\\\");
		}
		}
	}
}

static size_t blanks(struct str s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && (s.s[i + n] == ' ' || s.s[i + n] == '\t'))
		n++;
	return n;
}

/* The blanks that all lines of a """…""" begin with; lines of nothing else do not count, except for the last, which the closing quotes stand on. */
static struct str common_indent(struct expr_list raw)
{
	struct str common = {0};
	bool any = false;

	for (struct expr *part = raw.first; part; part = part->next) {
		struct str s = part->u.text;

		if (part->depth != TEXT_RAW)
			continue;
		for (size_t i = 0; i < s.n; i++) {
			if (s.s[i] != '\n')
				continue;
			struct str indent = {s.s + i + 1, blanks(s, i + 1)};
			size_t end = i + 1 + indent.n;

			if (end < s.n && (s.s[end] == '\n' || s.s[end] == '\r'))
				continue;
			if (!any)
				common = indent;
			any = true;
			for (size_t k = 0; k < common.n; k++)
				if (k >= indent.n || common.s[k] != indent.s[k])
					common.n = k;
		}
	}
	return common;
}

/* A piece of """…""" line by line: a carriage return before the line end and the common indentation are left out. A piece
 * begins in mid-line. */
static void unindent(struct parser *p, struct str s, uint32_t at, size_t indent, struct buf *out)
{
	for (size_t i = 0; i < s.n;) {
		struct str line = str_cut((struct str){s.s + i, s.n - i}, '\n', NULL);
		bool ends = i + line.n < s.n;
		size_t n = line.n;

		if (ends && n && line.s[n - 1] == '\r')
			n--;
		unescape(p, (struct str){line.s, n}, at + (uint32_t)i, out);
		i += line.n + ends;
		if (ends) {
			size_t has = blanks(s, i);

			buf_addc(out, '\n');
			i += has < indent ? has : indent;
		}
	}
}

/* Neighbouring raw parts become one, which their slices of the source allow. */
static void join_raw(struct expr_list *raw)
{
	for (struct expr *part = raw->first; part; part = part->next) {
		while (part->depth == TEXT_RAW && part->next && part->next->depth == TEXT_RAW) {
			part->u.text.n += part->next->u.text.n;
			part->at.hi = part->next->at.hi;
			part->next = part->next->next;
		}
		raw->last = part;
	}
}

/* The line end behind the opening quotes, and the indentation behind that. */
static size_t first_line(struct str s, size_t indent)
{
	size_t n = s.n && s.s[0] == '\n' ? 1 : s.n > 1 && s.s[0] == '\r' && s.s[1] == '\n' ? 2 : 0;
	size_t has = n ? blanks(s, n) : 0;

	return n + (has < indent ? has : indent);
}

/* "$ollama.address}": the `{` behind the `$` is missing, unless one before it is closed here. depth: of braces that are open. */
static bool lost_brace_said(struct parser *p, struct str s, uint32_t at, size_t *depth)
{
	const char *dollar = NULL;
	bool said = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (c == '$' && i + 1 < s.n && s.s[i + 1] >= 'a' && s.s[i + 1] <= 'z')
			dollar = s.s + i;
		else if (c == '}' && !*depth && dollar) {
			struct diag *d = diag_add(p->diags, DIAG_stray, (struct span){at + (uint32_t)(dollar - s.s), at + (uint32_t)i + 1}, "there is a `}` for this, and no `{`");

			said = true;
			diag_help(p->diags, d, "the value of a name stands in a text as ${%.*s}; a `$` that is a `$` is written `\\$`", (int)(s.s + i - dollar) - 1, dollar + 1);
		}
		*depth += c == '{';
		*depth -= c == '}' && *depth;
		i += c == '\\';
		if (c != '$' && c != '.' && !is_name_byte(c))
			dollar = NULL;
	}
	return said;
}

struct expr *text_finish(struct parser *p, struct span at, struct expr_list raw, enum context kind)
{
	struct buf b = {0};
	size_t braces = 0;

	if (long_said(p, at))
		return expr_new(p, EX_BAD, at);
	join_raw(&raw);
	size_t indent = kind == CX_LINES ? common_indent(raw).n : 0;
	for (struct expr *part = raw.first; part; part = part->next) {
		struct str s = part->u.text;
		size_t skip = kind == CX_LINES && part == raw.first && part->depth == TEXT_RAW ? first_line(s, indent) : 0;

		if (part->depth != TEXT_RAW)
			continue;
		if (kind != CX_NAME && lost_brace_said(p, s, part->at.lo, &braces))
			return expr_new(p, EX_BAD, at);
		s = (struct str){s.s + skip, s.n - skip};
		if (kind == CX_LINES)
			unindent(p, s, part->at.lo + (uint32_t)skip, indent, &b);
		else
			unescape(p, s, part->at.lo, &b);
		part->u.text = buf_take(&b, p->arena);
		part->depth = 0;
	}
	return expr_text(p, at, raw, kind == CX_NAME);
}

/* The lines of comment directly above the line of `at`, without their `#` and one blank. */
struct str text_comment_above(struct parser *p, struct span at)
{
	struct buf b = {0};
	size_t first, end, k = 0;
	uint32_t next = at.lo;

	for (end = p->ast->comments.n; end > 0 && p->ast->comments.at[end - 1].at.lo >= at.lo; end--)
		;
	for (first = end; first > 0; first--) {
		struct comment c = p->ast->comments.at[first - 1];
		struct str between = parser_text(p, (struct span){c.at.hi, next});
		size_t n = between.n && between.s[0] == '\r' ? 1 : 0;

		if (!c.own_line || n >= between.n || between.s[n] != '\n' || n + 1 + blanks(between, n + 1) != between.n)
			break;
		next = c.at.lo;
	}
	for (k = first; k < end; k++) {
		struct str line = parser_text(p, p->ast->comments.at[k].at);
		size_t skip = line.n > 1 && line.s[1] == ' ' ? 2 : 1;

		buf_add(&b, line.s + skip, line.n - skip);
		if (k + 1 < end)
			buf_addc(&b, '\n');
	}
	return buf_take(&b, p->arena);
}
