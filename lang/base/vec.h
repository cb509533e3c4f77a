/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Growing arrays in an arena: VEC(int) v = {0}; vec_push(&arena, &v, 7); v.at[0]; v.n. An array grows where it stands if nothing was allocated behind it; else
 * growth leaves the old one behind in the arena, which doubling bounds to the size of the final one. Pointers into at[] are invalid after a push. */
#ifndef CTC_BASE_VEC_H
#define CTC_BASE_VEC_H

#include <string.h>

#include "lang/base/arena.h"

#define VEC(type)           \
	struct {            \
		type *at;   \
		size_t n;   \
		size_t cap; \
	}

#define vec_push(arena, v, ...)                                                                        \
	do {                                                                                           \
		if ((v)->n == (v)->cap)                                                                \
			(v)->at = vec_grow((arena), (v)->at, (v)->n, &(v)->cap, sizeof *(v)->at);      \
		(v)->at[(v)->n++] = (__VA_ARGS__);                                                     \
	} while (0)

/* for (each pointer p into v); __typeof__, since elements may be pointers, which would bind to the first declarator only. */
#define vec_each(type, p, v) for (__typeof__(type) *p = (v)->at, *p##_end = (v)->at + (v)->n; p != p##_end; p++)

static inline void *vec_grow(struct arena *a, void *at, size_t n, size_t *cap, size_t size)
{
	size_t wider = *cap ? *cap * 2 : 4;
	void *grown;

	if (*cap && arena_extend(a, at, *cap * size, wider * size)) {
		*cap = wider;
		return at;
	}
	grown = arena_array(a, wider, size);
	if (n)
		memcpy(grown, at, n * size);
	*cap = wider;
	return grown;
}

#endif
