/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The canonical form of a source text: what `ctc fmt` writes. Only blanks, line ends and the separators `;` and `,` differ from what was written; every token and
 * every comment stays, so that the text means the same. Where lines are broken is the writer's choice; how they are indented and aligned is not. */
#ifndef CTC_LANG_PRINT_H
#define CTC_LANG_PRINT_H

#include "lang/diag.h"

/* Appends the canonical form. False where the text has mistakes of grammar, which are in d then, and nothing is appended. */
bool print_source(struct diags *d, struct source *source, struct buf *out);

#endif
