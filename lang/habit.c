/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of habit.def. */
#include "lang/habit.h"

static const struct {
	const char *kind, *word, *help;
} habits[] = {
#define HABIT(word, help) {NULL, word, help},
#define HABIT_IN(kind, word, help) {kind, word, help},
#define HABIT_FORM(word, help)
#include "lang/habit.def"
#undef HABIT
#undef HABIT_IN
#undef HABIT_FORM
};

static const struct {
	const char *word, *form;
} forms[] = {
#define HABIT(word, help)
#define HABIT_IN(kind, word, help)
#define HABIT_FORM(word, form) {word, form},
#include "lang/habit.def"
#undef HABIT
#undef HABIT_IN
#undef HABIT_FORM
};

/* Others write `_` where we write `-`, and who has read ours writes theirs with `-`. */
static bool same_word(struct str a, const char *b)
{
	if (a.n != strlen(b))
		return false;
	for (size_t i = 0; i < a.n; i++)
		if ((a.s[i] == '-' ? '_' : a.s[i]) != (b[i] == '-' ? '_' : b[i]))
			return false;
	return true;
}

const char *habit_help(struct str kind, struct str word)
{
	for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
		if (same_word(word, habits[i].word) && (!habits[i].kind || str_is(kind, habits[i].kind)))
			return habits[i].help;
	return NULL;
}

const char *habit_form(struct str word, const char *otherwise)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (str_is(word, forms[i].word))
			return forms[i].form;
	return otherwise;
}
