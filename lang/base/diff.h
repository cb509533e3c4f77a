/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The difference of two texts by lines, as `diff -u` and patch have it. */
#ifndef CTC_BASE_DIFF_H
#define CTC_BASE_DIFF_H

#include "lang/base/str.h"

/* Nothing where they are the same. Three lines of context. Texts that differ very much are shown as one taken out and one put in. */
void diff_unified(struct str before, struct str after, struct str path, struct buf *out);

#endif
