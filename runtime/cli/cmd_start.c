/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc start STACK[.CONTAINER]…: what it does is verbs.c. */
#include "runtime/cli/verbs.h"

int cmd_start(struct cli *c, int argc, char **argv)
{
	return verb_run(c, VERB_START, argc, argv);
}
