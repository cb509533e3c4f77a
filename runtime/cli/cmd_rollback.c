/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc rollback [N]: an earlier generation runs again. Needs no source, no registry and no question. What it does is change.c. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"

int cmd_rollback(struct cli *c, int argc, char **argv)
{
	_arena_ struct arena a = {0};
	struct request q = {.action = "rollback", .yes = true, .command = session_command(&a, argc, argv)};
	/* Scripts give --yes to everything that changes a host. */
	const struct cli_option options[] = {{"yes", 'y', CLI_FLAG, &q.yes, NULL, "as for apply; a rollback never asks", NULL}, {0}};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 1)
		return cli_fail(c, "one generation at most");
	q.has_target = n == 1;
	if (n == 1 && !session_number(argv[1], &q.target))
		return cli_fail(c, "%s is no generation: `ctc history` shows their numbers", argv[1]);
	return change_run(c, &q);
}
