/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files of the source tree, for tests that are run in its root. */
#ifndef CTC_TESTS_READ_WHOLE_H
#define CTC_TESTS_READ_WHOLE_H

#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/str.h"

/* Adds what is in the file; false where it is not there. */
static inline bool read_whole(const char *path, struct buf *out)
{
	_file_ FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;

	while (f && (n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(out, part, n);
	return f;
}

#endif
