/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one question that commands ask. */
#include "runtime/cli/ask.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool ask(bool yes, const char *question)
{
	char answer[16] = "";

	if (yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fflush(stdout);
		fputs("Nothing was changed: there is no terminal to ask on; give --yes where this is meant.\n", stderr);
		return false;
	}
	printf("\n%s [y/N] ", question);
	fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
		return true;
	puts("Nothing was changed.");
	return false;
}
