/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where a brace is missing, as far as the indentation of lines tells. Nothing is decided by it: it is only said. */
#include "lang/parse.h"

struct str indent_of_line(const struct parser *p, struct span at, bool *ret_first)
{
	const char *s = p->text.s + (at.lo - p->base), *line = memrchr(p->text.s, '\n', (size_t)(s - p->text.s));
	const char *end;

	line = line ? line + 1 : p->text.s;
	for (end = line; end < s && (*end == ' ' || *end == '\t'); end++)
		;
	*ret_first = end == s;
	return (struct str){line, (size_t)(end - line)};
}

/* A line of the text that is not blank: its indentation in bytes, and its first and its last byte that are not blank. */
struct line {
	size_t indent;
	struct span first, last;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool line_of(const struct parser *p, struct str text, struct line *ret)
{
	size_t from = 0, to = text.n;
	uint32_t begin = p->base + (uint32_t)(text.s - p->text.s);

	while (from < to && is_blank(text.s[from]))
		from++;
	while (to > from && is_blank(text.s[to - 1]))
		to--;
	if (from == to || text.s[from] == '#')
		return false;
	*ret = (struct line){from, {begin + (uint32_t)from, begin + (uint32_t)from + 1}, {begin + (uint32_t)to - 1, begin + (uint32_t)to}};
	return true;
}

struct span indent_close(const struct parser *p, struct span open)
{
	bool ignored, within = false;
	size_t indent = indent_of_line(p, open, &ignored).n;
	struct str rest = parser_behind(p, open.hi);
	struct line line;

	str_cut(rest, '\n', &rest);
	while (rest.n) {
		struct str text = str_cut(rest, '\n', &rest);

		if (!line_of(p, text, &line))
			continue;
		if (line.indent <= indent)
			return within ? line.first : (struct span){0, 0};
		within = true;
	}
	return (struct span){0, 0};
}

struct span indent_open(const struct parser *p, struct span close)
{
	bool ignored;
	struct str own = indent_of_line(p, close, &ignored), before = {p->text.s, (size_t)(own.s - p->text.s)};
	struct line line = {0};
	bool within = false;

	while (before.n) {
		before.n--; /* its line end */
		const char *end = memrchr(before.s, '\n', before.n);
		size_t from = end ? (size_t)(end + 1 - before.s) : 0;
		bool is = line_of(p, (struct str){before.s + from, before.n - from}, &line);

		before.n = from;
		if (!is)
			continue;
		if (line.indent <= own.n)
			return within && line.indent == own.n && parser_text(p, line.last).s[0] != '{' ? line.last : (struct span){0, 0};
		within = true;
	}
	return (struct span){0, 0};
}

bool indent_goes_on(const struct parser *p, struct span open, struct span close)
{
	bool ignored;
	size_t indent = indent_of_line(p, open, &ignored).n;
	struct str rest = parser_behind(p, close.hi);
	struct line line;

	for (str_cut(rest, '\n', &rest); rest.n;)
		if (line_of(p, str_cut(rest, '\n', &rest), &line))
			return line.indent > indent || (line.indent == indent && parser_text(p, line.first).s[0] == '}');
	return false;
}

struct span indent_last(const struct parser *p)
{
	struct line line = {0};

	for (struct str before = p->text; before.n;) {
		const char *end = memrchr(before.s, '\n', before.n);
		size_t from = end ? (size_t)(end + 1 - before.s) : 0;

		if (line_of(p, (struct str){before.s + from, before.n - from}, &line))
			break;
		before.n = from ? from - 1 : 0;
	}
	return line.last;
}
