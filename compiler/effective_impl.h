/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the two files that print the effective source share. */
#ifndef CTC_COMPILER_EFFECTIVE_IMPL_H
#define CTC_COMPILER_EFFECTIVE_IMPL_H

#include "compiler/effective.h"
#include "lang/schema.h"

/* A template or a `defaults` block: what is written within comes from there. */
struct region {
	struct span at;
	struct str name;	/* of the template; empty: defaults */
};

/* A file that stacks of others are read from, and the name that it is seen under. */
struct used {
	const struct source *source;
	struct str alias;
};

struct effective {
	struct arena arena;
	struct sources *sources;
	struct buf *out;
	VEC(struct region) regions;	/* by position; none within another but defaults within nothing */
	const struct m_container *inside;	/* whose values are written: its own names come first */
	const struct m_stack *stack;
	VEC(struct used) used;
};

/* A value of this type, to e->out. */
void effective_value(struct effective *e, enum type_tag tag, const void *v);

#endif
