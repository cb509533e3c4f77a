/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libFuzzer: see targets.h. */
#include "tests/fuzz/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	target_parse(data, n);
	return 0;
}
