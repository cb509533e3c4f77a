/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc recover: settles what a killed ctc left (spec/transaction.md, Recovery). Every command that changes the host does this first; what it does is change.c. */
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"

int cmd_recover(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	return change_recover(c);
}
