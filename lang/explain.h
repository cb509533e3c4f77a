/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The long text of each diagnostic: why it is said, an example, and the same put right. The texts are spec/diagnostics.md, which is part of the program. */
#ifndef CTC_LANG_EXPLAIN_H
#define CTC_LANG_EXPLAIN_H

#include "lang/diag.h"

/* Title, reason and both examples. */
void explain(enum diag_code code, struct buf *out);
/* Every code with its name and title, one a line. */
void explain_list(struct buf *out);

#endif
