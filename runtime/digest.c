/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SHA-256 by nettle. */
#include "runtime/digest.h"

#include <nettle/sha2.h>

void digest_put(const uint8_t sum[DIGEST_TEXT / 2], char out[DIGEST_TEXT + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_TEXT / 2; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[DIGEST_TEXT] = '\0';
}

void digest_hex(struct str text, char out[DIGEST_TEXT + 1])
{
	struct sha256_ctx ctx;
	uint8_t sum[SHA256_DIGEST_SIZE];

	sha256_init(&ctx);
	sha256_update(&ctx, text.n, (const uint8_t *)text.s);
	sha256_digest(&ctx, sizeof sum, sum);
	digest_put(sum, out);
}
