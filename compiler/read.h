/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading the files that a compilation is made of: sources, files of values, the lock. Only regular files are read, and never more than a source may have. */
#ifndef CTC_COMPILER_READ_H
#define CTC_COMPILER_READ_H

#include <sys/stat.h>

#include "lang/diag.h"

/* Opens a file and finds out whether it may be read; where not, says so at `at` and returns -1, with the errno in *ret_error where there is one, else 0. */
int text_open(struct arena *a, struct diags *d, struct str path, struct span at, struct stat *ret, int *ret_error);
/* Reads what an open file holds into a source of this name, the text in the sources' arena. NULL: it was said why. */
struct source *text_read(struct sources *sources, struct diags *d, int fd, off_t hint, struct str path, struct span at, int *ret_error);
/* Enters a text at hand; NULL where it is too large, which was said. */
struct source *text_enter(struct sources *sources, struct diags *d, struct str path, struct str text, struct span at);

#endif
