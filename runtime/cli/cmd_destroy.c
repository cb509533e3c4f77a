/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc destroy STACK: one stack goes; its data stays. What it does is change.c. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"

int cmd_destroy(struct cli *c, int argc, char **argv)
{
	_arena_ struct arena a = {0};
	struct manifest nothing = {.arena = &a};
	struct request q = {.action = "destroy", .compiled = &nothing, .command = session_command(&a, argc, argv)};
	const struct cli_option options[] = {
		{"yes", 'y', CLI_FLAG, &q.yes, NULL, "do not ask", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n != 1 || !*argv[1])
		return cli_fail(c, "name the one stack that shall go");
	manifest_seal(&nothing);
	q.also = str_of(argv[1]);
	return change_run(c, &q);
}
