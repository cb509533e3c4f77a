/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the formatter share; nobody else includes it.
 *
 *	print.c		hears the tokens: items, pairs of brackets, windows
 *	print_items.c	separators, blanks, and where lines begin
 *	print_lines.c	lines, what is aligned with what, and the text */
#ifndef CTC_LANG_PRINT_IMPL_H
#define CTC_LANG_PRINT_IMPL_H

#include "grammar.h"
#include "lang/print.h"

enum { COLUMNS = 2 };
enum { ELSEWHERE = UINT32_MAX };	/* an item of another window */

/* What a token is to the formatter. */
enum {
	IS_BRACE = 1,		/* { */
	IS_OPENING = 2,		/* of any bracket */
	IS_CLOSING = 4,
	IS_SEPARATOR = 8,
	IS_OPERAND = 16,	/* an operand may end with it */
	IS_TIGHT = 32,		/* no blank before it, */
	IS_TIGHT_BEHIND = 64,	/* and none behind it */
};

struct item {
	struct span at;		/* {0, 0}: a comma that was not written */
	uint32_t other;		/* of a bracket: the other one of the pair, or ELSEWHERE */
	uint32_t cells;		/* of its text; of a comment: 0 */
	uint32_t x;		/* cells before it on its line, where nothing is aligned */
	int16_t token;		/* 0: a comment */
	uint8_t is;
	uint8_t breaks;		/* line ends in the source since the item before; 2: or more */
	bool lines;		/* of an opening bracket: what is in it stands on several lines */
	bool begins;		/* stands first on a line */
	bool tight;		/* no blank before it */
};

struct items {
	struct item *at;
	size_t n, cap;
};

enum form { FORM_OTHER, FORM_COMMENT, FORM_FIELD, FORM_ARROW, FORM_BLOCK, FORM_NAMED, FORM_BASED, FORM_SLOT };

struct line {
	uint32_t from, to;		/* items */
	uint32_t depth;
	enum form form;
	uint32_t column[COLUMNS];	/* items that are aligned; 0: none */
	uint32_t width[COLUMNS];	/* cells from the column before (or the line's beginning) */
};

/* A bracket that is open at a place, or the top level. */
struct level {
	uint32_t open;		/* item, or ELSEWHERE, as for the top level */
	int token;		/* its */
	int first;		/* token that the entry at hand begins with */
	bool brace, lines;
	bool record;		/* of a type: its entries are NAME: type */
	bool typed;		/* within a type */
	bool comprehension;
};

/* An opening bracket of the window that is not closed yet. */
struct opened {
	uint32_t item;
	bool broken;		/* there was a line end somewhere in it */
};

struct printer {
	struct listener listener;
	struct arena *arena;		/* of the arrays */
	const struct source *source;
	struct buf *out;
	size_t comment;			/* the next one to be read */
	uint32_t read;			/* up to here */
	size_t within;			/* strings and computed names that are open: what is in them is one item, */
	int text;			/* PLAIN or NAME, */
	struct span text_at;		/* which begins here */

	/* the window */
	struct items raw;		/* as it was written */
	struct opened opened[NEST_MAX + 1];
	size_t nopened;
	struct items items;		/* with other separators */
	VEC(struct line) lines;

	/* what is known of those before it */
	bool begun;			/* there is one */
	struct item before;		/* the last item */
	struct level levels[NEST_MAX + 1];	/* what is open, innermost last */
	size_t nlevels;
	bool entry;			/* an entry begins at the next item */
	bool unary;			/* the last token is a sign */
	struct item spaced;		/* the last that is no comment */
	uint32_t depth;
};

/* raw to items */
void print_items(struct printer *p);
/* items to text */
void print_lines(struct printer *p);

static inline bool item_is(const struct item *it, unsigned what)
{
	return it->is & what;
}

static inline struct str item_text(const struct printer *p, const struct item *it)
{
	if (it->at.lo == 0)
		return STR(",");
	return (struct str){p->source->text.s + (it->at.lo - p->source->base), it->at.hi - it->at.lo};
}

#endif
