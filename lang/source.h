/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Loaded texts in one space of positions, so that a place is two numbers wherever it travels. Text number k occupies
 * [base, base + n] (one position is the end of file); line and column are computed only when something is printed. */
#ifndef CTC_LANG_SOURCE_H
#define CTC_LANG_SOURCE_H

#include "lang/base/str.h"
#include "lang/base/vec.h"

/* Half open: the bytes lo .. hi-1. lo == hi is a point. {0, 0} is "nowhere": no text begins at 0. */
struct span {
	uint32_t lo, hi;
};

static inline struct span span_join(struct span a, struct span b)
{
	return (struct span){a.lo, b.hi};
}

/* A text that source_origin has made; column 0: none yet. */
struct origin {
	const char *s;
	uint32_t n, column;
};

struct source {
	struct str path;	/* as the user wrote it, or "std.ml" for the standard library */
	struct str text;
	uint32_t base;		/* position of its first byte */
	uint32_t *lines;	/* offset of each line's first byte; filled at the first question */
	size_t nlines;
	struct origin *origins;	/* of each line */
	size_t asked;		/* index of the line that was asked for last: the next question is about one near it, mostly */
};

struct sources {
	struct arena *arena;
	VEC(struct source *) all;
	uint32_t end;		/* first free position */
};

/* 1-based; column counts bytes, width counts terminal cells (tabs to 8, wide and combining characters as wcwidth says). */
struct place {
	const struct source *source;
	uint32_t line, column;
	struct str text;	/* the line without its end */
};

/* Limit of one text, and of all texts together. */
enum { SOURCE_MAX = 8 << 20, SOURCES_MAX = 64 << 20 };

/* Enters a text (not copied; path is). Returns NULL where it would exceed a limit. */
struct source *source_add(struct sources *all, struct str path, struct str text);
struct place source_place(struct sources *all, struct span at);
/* "path:line:column" in the arena, as manifests carry it; "" for nowhere. */
struct str source_origin(struct sources *all, struct span at);

#endif
