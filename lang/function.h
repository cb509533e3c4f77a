/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The functions of the language as data: function.def expanded. What they do is compiler/call.c. */
#ifndef CTC_LANG_FUNCTION_H
#define CTC_LANG_FUNCTION_H

#include "lang/base/str.h"

/* What an argument may be. */
enum {
	A_INT = 1 << 0,
	A_FLOAT = 1 << 1,
	A_SIZE = 1 << 2,
	A_DURATION = 1 << 3,
	A_PERCENT = 1 << 4,
	A_STRING = 1 << 5,
	A_IP = 1 << 6,
	A_CIDR = 1 << 7,
	A_LIST = 1 << 8,
	A_MAP = 1 << 9,		/* and a block of free names: ports, env */
	A_OTHER = 1 << 10,	/* whatever else has a value */
	A_AMOUNT = A_INT | A_FLOAT | A_SIZE | A_DURATION,
	A_ORDERED = A_AMOUNT | A_PERCENT | A_STRING | A_IP,	/* what `<` takes */
	A_ANY = (1 << 11) - 1,
};

enum { ARGS_MAX = 3 };

enum function {
#define FUNCTION(id, name, shown, least, takes, result, doc) FN_##id,
#include "lang/function.def"
#undef FUNCTION
	FN_COUNT
};

struct function_info {
	const char *name, *shown;	/* "join", "LIST, SEPARATOR" */
	unsigned least;
	unsigned takes[ARGS_MAX];	/* 0: no such argument */
	const char *result, *doc;
};
extern const struct function_info function_infos[FN_COUNT];

/* FN_COUNT where there is none. */
enum function function_find(struct str name);

#endif
