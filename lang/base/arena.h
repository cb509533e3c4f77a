/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A bump allocator. One arena lives as long as one compilation, one manifest or one plan; what is in it is never freed
 * singly. Allocation does not fail: a process that cannot have the memory says so and exits with 70 before it has a half-made
 * value (a transaction in flight is then recovered from its journal). */
#ifndef CTC_BASE_ARENA_H
#define CTC_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena_chunk;

enum { ARENA_ALIGN = 8 };

struct arena {
	struct arena_chunk *chunks;	/* newest first */
	struct arena_chunk *spare;	/* of an earlier use */
	char *next, *end;		/* what is left of the newest */
	size_t total;			/* bytes asked of the system, for limits and statistics */
};

/* An arena that is all zero is empty and ready. */
void arena_free(struct arena *a);
/* Empties it for another use. What it had of the system it keeps, and zeroes when it is asked for: pages that are there cost less than new ones. */
void arena_reset(struct arena *a);

/* It will be asked for about so much more: where that is a lot there is room for it at once, without the small chunks that come first otherwise. */
void arena_expect(struct arena *a, size_t bytes);

/* A place in the order of what is allocated. Going back to it gives up all that came later; what it had of the system stays, zeroed. */
struct arena_mark {
	char *next, *end;
};
static inline struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->next, a->end};
}
void arena_rewind(struct arena *a, struct arena_mark to);

/* For the two functions below, where the chunk has no room. */
void *arena_alloc_slowly(struct arena *a, size_t size);
char *arena_text_slowly(struct arena *a, size_t n);

/* Zeroed memory, aligned for any type that we have. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
	size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	char *p = a->next;

	if (rounded < size || rounded > (size_t)(a->end - p))
		return arena_alloc_slowly(a, size);
	a->next = p + rounded;
	return p;
}

/* Zeroed array; the product is checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Makes what was allocated last longer where it stands, zeroed; false where it was not the last, or the chunk ends.
 * Texts do not count as allocated later. */
bool arena_extend(struct arena *a, void *last, size_t size, size_t longer);
/* A copy of n bytes with a NUL behind them, aligned as well. */
char *arena_copy(struct arena *a, const void *bytes, size_t n);
/* Zeroed room for n bytes of text and a NUL, not aligned: texts are many and short, and lie without gaps at the other end of the chunk. */
static inline char *arena_text(struct arena *a, size_t n)
{
	return n < (size_t)(a->end - a->next) ? a->end -= n + 1 : arena_text_slowly(a, n);
}

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))

/* Memory outside an arena, for what grows: exits as above where there is none. */
void *xrealloc(void *p, size_t size);

#endif
