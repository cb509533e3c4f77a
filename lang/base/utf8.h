/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * UTF-8 (RFC 3629) without a locale: decoding, encoding, how many terminal cells a character takes, and which characters a reader cannot see. */
#ifndef CTC_BASE_UTF8_H
#define CTC_BASE_UTF8_H

#include "lang/base/str.h"

/* Length of the well-formed sequence at s[0], and its code point; 0 where it is malformed or cut off. n > 0. */
size_t utf8_decode(const char *s, size_t n, uint32_t *ret);
/* Length of the run of printable ASCII (blank to `~`) that s begins with. */
size_t utf8_printable(const char *s, size_t n);
/* Appends the code point's bytes. It must be a scalar value. */
void utf8_encode(uint32_t code, struct buf *out);
/* Cells on a terminal: 0 for combining marks, 2 for wide characters, else 1. */
unsigned utf8_width(uint32_t code);
/* Those of a text; a byte that is malformed counts as one. */
size_t utf8_cells(struct str text);
/* Characters outside ASCII that show nothing, look like a blank or a line end, or change the direction of text (Unicode's Default_Ignorable, Bidi_Control,
 * White_Space, controls, noncharacters): what is reviewed must be what is meant ("Trojan Source", CVE-2021-42574). */
bool utf8_invisible(uint32_t code);

#endif
