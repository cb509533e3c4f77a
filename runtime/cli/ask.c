/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one question that commands ask. */
#include "runtime/cli/ask.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 100 };

/* Somebody may take minutes to answer. False where interrupted. */
static bool wait_answer(struct host *h)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	while (poll(&p, 1, TICK_MS) <= 0) {
		if (h->interrupted && *h->interrupted)
			return false;
		host_meanwhile(h);
	}
	return true;
}

bool ask(struct host *h, bool yes, const char *question)
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
	if (wait_answer(h) && fgets(answer, sizeof answer, stdin) && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
		return true;
	puts("Nothing was changed.");
	return false;
}
