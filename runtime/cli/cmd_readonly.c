/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc readonly: a hook of podman's (oci-hooks(5), precreate), which is given the configuration of a container and gives it back, changed. The file that names it is
 * /run/ctstack/hooks/readonly.json; units of containers that may only read something of the host name that directory. */
#include "runtime/cli/input.h"

#include "lang/base/cleanup.h"
#include "runtime/oci.h"

int cmd_readonly(struct cli *c, int argc, char **argv)
{
	const struct cli_option options[] = {{0}};
	_arena_ struct arena a = {0};
	_buf_ struct buf changed = {0};
	struct err e = {0};
	struct str config;
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	if (input_stdin(&a, &config, &e) < 0 || oci_readonly(config, &changed, &e) < 0)
		return cli_err(c, &e);
	return cli_print(c, buf_view(&changed));
}
