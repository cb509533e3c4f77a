/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of stdlib.h. The texts are taken in by the assembler, so that they need no escaping and no generator of ours. */
#include "compiler/stdlib.h"

#define STDLIB(number, name, file)                                           \
	__asm__(".section .rodata\n"                                         \
		"std_text_" #number ": .incbin \"" file "\"\n"               \
		"std_end_" #number ": .byte 0\n"                             \
		".previous");                                                \
	extern const char std_text_##number[], std_end_##number[];
#include "stdlib.def"
#undef STDLIB

const struct stdlib_module stdlib_modules[] = {
#define STDLIB(number, name, file) {name, std_text_##number, std_end_##number},
#include "stdlib.def"
#undef STDLIB
	{NULL, NULL, NULL},
};
