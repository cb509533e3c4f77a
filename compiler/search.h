/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where used files may stand (spec/language.md, Files): the directories of the files that are given, those that --include adds, and what is below them. So a source that
 * somebody else wrote reads nothing else, and no line of another file gets into a message. */
#ifndef CTC_COMPILER_SEARCH_H
#define CTC_COMPILER_SEARCH_H

#include "lang/base/str.h"
#include "lang/base/vec.h"

struct search {
	VEC(struct str) dirs;	/* real paths */
};

/* Adds a directory; one that is not there adds nothing. */
void search_add(struct arena *a, struct search *s, struct str dir);
/* The part of a path before its last /; "." where it has none. */
struct str path_dir(struct arena *a, struct str path);
/* Whether a file may be read: 0, -EXDEV where the path, or what it leads to over symbolic links, is outside; that nothing is there is found out by opening it. */
int search_check(struct arena *a, const struct search *s, struct str path);

#endif
