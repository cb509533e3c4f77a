/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc inside: a command in a container of systemd-nspawn. It is what `ready { exec = … }` of such a container becomes: podman brings its own. */
#include "runtime/cli/cli.h"

#include <stdlib.h>

#include "runtime/enter.h"

int cmd_inside(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	struct err e = {0};
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	char *end = "x";
	long pid = n > 0 ? strtol(argv[1], &end, 10) : 0;
	if (n < 2 || *end || pid <= 0 || pid > INT32_MAX)
		return cli_fail(c, "give the process of a systemd-nspawn and a command: ctc inside PID -- COMMAND…");
	argv[n + 1] = NULL; /* behind the operands stand options that were read, or the end */
	pid_t leader = enter_leader((pid_t)pid, &e);
	if (leader < 0 || enter_run(leader, &(struct enter){.argv = argv + 2}, &status, &e) < 0)
		return cli_err(c, &e);
	return status;
}
