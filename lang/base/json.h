/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * JSON as we write it: no blanks, keys in the caller's order, strings escaped as RFC 8259 asks and no further. Reading is jansson's work. */
#ifndef CTC_BASE_JSON_H
#define CTC_BASE_JSON_H

#include "lang/base/str.h"

/* "text", in quotes. Bytes that are no UTF-8 become U+FFFD, so that the result is always JSON. */
void json_str(struct buf *out, struct str text);

#endif
