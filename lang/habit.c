/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of habit.def. */
#include "lang/habit.h"

static const struct {
	const char *word, *help;
} habits[] = {
#define HABIT(word, help) {word, help},
#include "lang/habit.def"
#undef HABIT
};

const char *habit_help(struct str word)
{
	for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (str_is(word, habits[i].word))
			return habits[i].help;
	return NULL;
}
