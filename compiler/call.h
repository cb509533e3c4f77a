/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the functions share: a call whose arguments are evaluated and of the types that function.def asks for. Nobody else includes it. */
#ifndef CTC_COMPILER_CALL_H
#define CTC_COMPILER_CALL_H

#include "compiler/elab.h"
#include "lang/function.h"

struct call {
	struct elab *el;
	const struct expr *e;
	enum function function;
	struct val args[ARGS_MAX];	/* a block of free names is a map here */
	size_t n;
};

/* One function each, call_ID: its value, or poison where something was said. */
#define FUNCTION(id, name, shown, least, takes, result, doc) struct val call_##id(struct call *c);
#include "lang/function.def"
#undef FUNCTION

/* The argument's place. */
struct span call_at(const struct call *c, size_t argument);
/* Says what is wrong, as the end of a sentence behind the function's name; returns poison. */
struct val call_wrong(struct call *c, size_t argument, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A string made of the text, which is taken in any case; poison where it, or all strings together, are too long. */
struct val call_text(struct call *c, struct buf *text);
/* Whether all items are of one of these types, the same one; where not, it was said. *ret_type: V_NONE of an empty list. */
bool call_items(struct call *c, const struct list *l, unsigned takes, int *ret_type);
/* What an argument's type is in function.h's words. */
unsigned call_kind(struct val v);
/* The bounds of range(). */
bool call_range_of(struct call *c, int64_t *ret_first, size_t *ret_n);

#endif
