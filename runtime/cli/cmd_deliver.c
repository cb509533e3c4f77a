/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc deliver: from a unit's credentials to the files that its container is shown. It is what `secret … -> /path` in a container becomes: the unit's ExecStartPre=, and
 * without files its ExecStopPost=. */
#include "runtime/cli/cli.h"

#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/deliver.h"

int cmd_deliver(struct cli *c, int argc, char **argv)
{
	bool mapped = false;
	const struct cli_option options[] = {
		{"mapped", 0, CLI_FLAG, &mapped, NULL, "into memory that a container with private users can be shown", NULL},
		{0},
	};
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	_arena_ struct arena a = {0};
	struct host h = {.root_fd = -1};
	struct err e = {0};
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n < 1)
		return cli_fail(c, "give the name of a unit, and the secrets that its container is given");
	struct delivery *all = arena_array(&a, (size_t)n, sizeof *all);
	for (int i = 1; i < n; i++)
		if (!delivery_parse(str_of(argv[i + 1]), &all[i - 1]))
			return cli_fail(c, "`%s` is not SECRET:UID:GID:MODE", argv[i + 1]);
	if (n > 1 && !credentials)
		return cli_fail(c, "CREDENTIALS_DIRECTORY is not set: units of containers call this command");
	int r = host_open(&h, &e);
	if (r == 0)
		r = deliver(&h, credentials, str_of(argv[1]), mapped, all, (size_t)n - 1, &e);
	host_close(&h);
	return r < 0 ? cli_err(c, &e) : 0;
}
