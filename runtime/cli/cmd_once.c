/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc once: the program of a container that runs once. It is what `run = once` puts before the engine's command in the unit: where what the program did is there already, because a change
 * is taken back before which it had finished, nothing is run (runtime/once.h). */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/once.h"
#include "runtime/spawn.h"
#include "runtime/wait.h"

static int become(struct cli *c, char **argv)
{
	char path[PATH_MAX];

	if (!spawn_find(argv[0], path, sizeof path))
		return cli_fail(c, "%s is not installed", argv[0]);
	execv(path, argv);
	return cli_fail(c, "cannot run %s: %s", path, strerror(errno));
}

static int run(struct cli *c, struct host *h, const char *within, char **argv)
{
	struct err e = {0};
	int64_t us;
	int status, r = once_noted(h, str_of(argv[1]), &e);

	if (r < 0)
		return cli_err(c, &e);
	if (r > 0) {
		fprintf(stderr, "It had finished before the change that is taken back: it is not run again.\n");
		return 0;
	}
	if (!within)
		return become(c, argv + 2);
	if (!wait_duration(str_of(within), &us))
		return cli_fail(c, "--stop-within cannot be %s: it is a duration of at most a day, such as 10s", within);
	return once_run(h, argv + 2, argv[1], (us + 999999) / 1000000, &status, &e) < 0 ? cli_err(c, &e) : status;
}

int cmd_once(struct cli *c, int argc, char **argv)
{
	const char *within = NULL;
	const struct cli_option options[] = {
		{"stop-within", 0, CLI_TEXT, &within, "DURATION", "the program is podman: when this process is asked to end, its container is stopped, and killed after so long", NULL},
		{0},
	};
	c->before_command = 1;
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct host h = {.root_fd = -1};
	struct err e = {0};

	if (n < 0)
		return status;
	if (n < 2)
		return cli_fail(c, "give the name of a unit and a command: ctc once NAME -- COMMAND…");
	argv[n + 1] = NULL; /* behind the operands stand options that were read, or the end */
	if (host_open(&h, &e) < 0)
		return cli_err(c, &e);
	status = run(c, &h, within, argv);
	host_close(&h);
	return status;
}
