/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The JSON string writer. */
#include "lang/base/json.h"

/* Length of the well-formed UTF-8 sequence at s (RFC 3629, section 4), or 0. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char lead_lo, lead_hi, second_lo, second_hi, len;
	} rows[] = {
		{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (s[0] < rows[i].lead_lo || s[0] > rows[i].lead_hi)
			continue;
		if (n < rows[i].len || s[1] < rows[i].second_lo || s[1] > rows[i].second_hi)
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].len;
	}
	return 0;
}

void json_str(struct buf *out, struct str text)
{
	const unsigned char *s = (const unsigned char *)text.s;
	size_t plain = 0; /* start of the run of bytes that go out as they are */

	buf_addc(out, '"');
	for (size_t i = 0; i < text.n;) {
		size_t len = s[i] < 0x80 ? 1 : utf8_len(s + i, text.n - i);

		if (len > 1 || (len == 1 && s[i] >= 0x20 && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f)) {
			i += len;
			continue;
		}
		buf_add(out, text.s + plain, i - plain);
		switch (s[i]) {
		case '"':
			buf_puts(out, "\\\"");
			break;
		case '\\':
			buf_puts(out, "\\\\");
			break;
		case '\n':
			buf_puts(out, "\\n");
			break;
		case '\t':
			buf_puts(out, "\\t");
			break;
		default:
			if (len == 0)
				buf_puts(out, "\\ufffd");
			else
				buf_fmt(out, "\\u%04x", s[i]);
		}
		plain = ++i;
	}
	buf_add(out, text.s + plain, text.n - plain);
	buf_addc(out, '"');
}
