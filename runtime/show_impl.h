/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What makes up a plan as text: rows, which are built one behind the other (show_rows.c), of containers (show_container.c), and of all else (show.c). */
#ifndef CTC_RUNTIME_SHOW_IMPL_H
#define CTC_RUNTIME_SHOW_IMPL_H

#include "runtime/show.h"

enum { VALUE_MAX = 120 };	/* bytes of a value that are shown */

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

struct row {
	struct row *next;
	char sign;		/* '+', '~', '-'; ' ': belongs to the row above; '#': a heading */
	struct str text;
	size_t cells;		/* of the text on a terminal, where an origin follows */
	struct str origin;	/* "file:line", or "" */
};

struct rows {
	struct arena *a;	/* of those that are done */
	struct row *first, *last;
	struct buf line;	/* the text that is being built */
};

/* Takes the line that was built. */
void row_end(struct rows *r, char sign, struct str origin);
void row_heading(struct rows *r, const char *text);
/* Adds a name to the line, and blanks up to the width. */
void row_name(struct rows *r, struct str name, size_t width);
/* A line "name  old -> new" of its own. */
void rows_field(struct rows *r, const struct view_field *f, size_t width);
/* Of the longest name that is not too long for a column. */
size_t fields_width(const struct view_field *at, size_t n);
static inline void pad(struct buf *out, size_t used, size_t width)
{
	if (used < width)
		buf_blanks(out, width - used);
}

/* All of them, the origins in one column. */
void rows_print(const struct rows *r, bool colour, struct buf *out);

void rows_containers(struct rows *r, const struct view *v);

#endif
