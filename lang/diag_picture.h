/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The picture of a diagnostic: lines of source with marks under what is meant. */
#ifndef CTC_LANG_DIAG_PICTURE_H
#define CTC_LANG_DIAG_PICTURE_H

#include "lang/diag.h"

/* Sequences for a terminal, or empty texts. */
struct paint {
	const char *bold, *error, *warning, *gutter, *note, *help, *off;
};

/* Appends a message or a path, made harmless. */
void picture_text(struct str s, struct buf *out);
/* The lines of the diagnostic and of its notes, in the order of the source: its own file, then others with their names. */
void picture(struct diags *d, struct buf *out, const struct paint *c, const struct diag *one, const char *colour);

#endif
