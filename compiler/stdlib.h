/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The standard library's texts, part of the program: stdlib/NAME.ctstack is std.NAME. The table is generated (GNUmakefile), sorted by name. */
#ifndef CTC_COMPILER_STDLIB_H
#define CTC_COMPILER_STDLIB_H

#include <stddef.h>

struct stdlib_module {
	const char *name;
	const char *begin, *end;
};
extern const struct stdlib_module stdlib_modules[];	/* closed by a row without name */

#endif
