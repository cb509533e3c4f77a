/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is written here instead of a word that people bring from another tool. */
#ifndef CTC_LANG_HABIT_H
#define CTC_LANG_HABIT_H

#include "lang/base/str.h"

/* NULL: it is no such word. */
const char *habit_help(struct str word);

#endif
