/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SHA-256 (FIPS 180-4) as text: what a generation's files are known by. */
#ifndef CTC_RUNTIME_DIGEST_H
#define CTC_RUNTIME_DIGEST_H

#include "lang/base/str.h"

enum { DIGEST_TEXT = 64 };

/* Of a sum that was made elsewhere (32 bytes): 64 lower-case hexadecimal digits and a NUL. */
void digest_put(const uint8_t sum[DIGEST_TEXT / 2], char out[DIGEST_TEXT + 1]);
/* 64 lower-case hexadecimal digits and a NUL. */
void digest_hex(struct str text, char out[DIGEST_TEXT + 1]);

#endif
