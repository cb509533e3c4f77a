/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The writer of unit_text.h. systemd reads a command line in three passes: words with quotes and C escapes, then
 * specifiers (%) in every word, then variables ($) in every word when the program is started. Each pass is disarmed
 * on its own: backslash and quote for the first, %% for the second, $$ for the third. */
#include "compiler/unit_text.h"

#include <assert.h>

#include "lang/base/utf8.h"

const char *unit_word_refused(struct str word)
{
	if (word.n > UNIT_WORD_MAX)
		return "is longer than 131071 bytes, the kernel's limit for one argument";
	for (size_t i = 0, len; i < word.n; i += len) {
		uint32_t code;

		i += utf8_printable(word.s + i, word.n - i);
		if (i == word.n)
			break;
		len = utf8_decode(word.s + i, word.n - i, &code);
		if (!len)
			return "is not valid UTF-8, which unit files must be";
		if (!code)
			return "holds a NUL byte, which no argument of a program can";
	}
	return NULL;
}

const char *unit_path_refused(struct str path)
{
	struct str rest = path;

	if (!path.n || path.s[0] != '/')
		return "is not absolute";
	if (path.n > 4095)
		return "is longer than 4095 bytes, the kernel's limit for a path";
	for (size_t i = utf8_printable(path.s, path.n); i < path.n; i++)
		if ((unsigned char)path.s[i] < 0x20 || path.s[i] == 0x7f)
			return "holds a control character";
	while (rest.n) {
		struct str part = str_cut(rest, '/', &rest);

		if (part.n > 255)
			return "has a component longer than 255 bytes, the kernel's limit";
		if (part.n && part.n <= 2 && part.s[0] == '.' && part.s[part.n - 1] == '.')
			return "has a component that is . or ..";
	}
	return unit_word_refused(path);
}

/* What each byte asks for. DOUBLED: a specifier. VARIABLE: doubled in command lines. QUOTED: kept as it is, between
 * quotes. ESCAPED: between quotes, with an escape. */
enum { BARE, DOUBLED, VARIABLE, QUOTED, ESCAPED };

static const unsigned char asks[256] = {
	[0x01 ... 0x1f] = ESCAPED, [0x7f] = ESCAPED, ['"'] = ESCAPED, ['\\'] = ESCAPED, [' '] = QUOTED, ['\''] = QUOTED, ['`'] = QUOTED, [';'] = QUOTED,
	['#'] = QUOTED,		   ['%'] = DOUBLED,  ['$'] = VARIABLE,
};

static void escaped(struct buf *out, unsigned char c)
{
	static const char named[] = {
		['\n'] = 'n', ['\t'] = 't', ['\r'] = 'r', ['\a'] = 'a', ['\b'] = 'b', ['\f'] = 'f', ['\v'] = 'v', ['"'] = '"', ['\\'] = '\\',
	};

	if (c < sizeof named && named[c])
		buf_add(out, (const char[]){'\\', named[c]}, 2);
	else
		buf_fmt(out, "\\x%02x", c);
}

static void put_word(struct buf *out, struct str word, bool variables)
{
	/* A bare @ at the beginning of a line is a word that only the host knows (bind.h). */
	unsigned char most = word.n && word.s[0] != '@' ? BARE : QUOTED;
	size_t from = 0;

	for (size_t i = 0; i < word.n; i++)
		if (asks[(unsigned char)word.s[i]] > most)
			most = asks[(unsigned char)word.s[i]];
	if (most == BARE) {
		buf_str(out, word);
		return;
	}
	if (most >= QUOTED)
		buf_addc(out, '"');
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.s[i], ask = asks[c];

		if (ask == BARE || ask == QUOTED || (ask == VARIABLE && !variables))
			continue;
		buf_add(out, word.s + from, i - from);
		from = i + 1;
		if (ask == ESCAPED)
			escaped(out, c);
		else
			buf_add(out, (const char[]){(char)c, (char)c}, 2);
	}
	buf_add(out, word.s + from, word.n - from);
	if (most >= QUOTED)
		buf_addc(out, '"');
}

void unit_word(struct buf *out, struct str word)
{
	put_word(out, word, true);
}

void unit_arg(struct buf *out, struct str word)
{
	buf_addc(out, '\t');
	unit_word(out, word);
	buf_puts(out, " \\\n");
}

void unit_item(struct buf *out, struct str word)
{
	put_word(out, word, false);
}

/* A blank at the end would be cut off, and a backslash there would join the next line: the instance behind them is that of a unit which is none, empty. */
void unit_rest(struct buf *out, struct str path)
{
	assert(!unit_path_refused(path));
	for (size_t i = 0; i < path.n; i++) {
		buf_addc(out, path.s[i]);
		if (path.s[i] == '%')
			buf_addc(out, '%');
	}
	if (str_ends(path, STR(" ")) || str_ends(path, STR("\\")))
		buf_puts(out, "%i");
}

void podman_field(struct buf *out, struct str key, struct str value)
{
	bool quotes = str_has(value, ',') || str_has(value, '"');

	if (quotes)
		buf_addc(out, '"');
	buf_str(out, key);
	if (key.n)
		buf_addc(out, '=');
	if (!quotes) {
		buf_str(out, value);
		return;
	}
	for (size_t i = 0; i < value.n; i++) {
		if (value.s[i] == '"')
			buf_addc(out, '"');
		buf_addc(out, value.s[i]);
	}
	buf_addc(out, '"');
}
