/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc tunnel FILE: keeps a container's WireGuard tunnel. It is what `wireguard { … }` becomes: the command of the unit ct-STACK-CONTAINER.wireguard.service. */
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/cli.h"
#include "runtime/tunnel.h"

int cmd_tunnel(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct host h = {.root_fd = -1};
	struct err e = {0};
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n != 1)
		return cli_fail(c, "give the file that says what the tunnel is");
	if (!credentials)
		return cli_fail(c, "CREDENTIALS_DIRECTORY is not set: units of containers call this command");
	int r = host_open(&h, &e);
	if (r == 0)
		r = tunnel_run(&h, str_of(argv[1]), credentials, &e);
	host_close(&h);
	return r < 0 ? cli_err(c, &e) : 0;
}
