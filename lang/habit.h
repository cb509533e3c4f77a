/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is written here instead of a word that people bring from another tool. */
#ifndef CTC_LANG_HABIT_H
#define CTC_LANG_HABIT_H

#include "lang/base/str.h"

/* kind: the kind of the block in which it stands, or empty. NULL: it is no such word. */
const char *habit_help(struct str kind, struct str word);
/* How an entry with this word of ours is written, with an example; otherwise: what to say where the table has none. */
const char *habit_form(struct str word, const char *otherwise);

#endif
