/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc recover: settles what a killed ctc left (spec/transaction.md, Recovery). Every command that changes the host does this first. */
#include <errno.h>
#include <stdio.h>

#include "runtime/bind.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"

static void on_progress(void *context, const char *line)
{
	(void)context;
	printf("  %s\n", line);
	fflush(stdout);
}

static int recover(struct cli *c, struct session *s, const char *command)
{
	struct recovery done;
	struct err e;

	s->host.progress = on_progress;
	if (session_lock(s, command, &e) < 0 || host_check(&s->host, NULL, &e) < 0) {
		report_error(c, NULL, NULL, &e);
		return e.code == -EBUSY ? STATUS_LOCKED : STATUS_REFUSED;
	}
	if (session_recover(s, &done, &e) < 0) {
		report_error(c, NULL, NULL, &e);
		return STATUS_STUCK;
	}
	if (!done.found) {
		printf("Nothing to recover: generation %u runs.\n", s->current);
		return STATUS_DONE;
	}
	printf("Recovered: generation %u runs.\n", s->current);
	return STATUS_DONE;
}

int cmd_recover(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	session_begin(&s);
	status = recover(c, &s, "ctc recover");
	session_end(&s);
	return status;
}
