/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc watch: waits for somebody else to alter our part of the host's network and has `ctc restore` put it back (spec/policy.md, "Neighbours"). It holds no state, and
 * nothing depends on it but how soon this happens: while it is not there, what was altered stays shut. ctstack-watch.service runs it. */
#include <stdio.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/nl_watch.h"
#include "runtime/spawn.h"

enum {
	RESTORE_MS = 300000,
	OUTPUT_MAX = 1 << 16,
	REST_MS = 200,		/* between two, whatever happens */
	AGAIN_MS = 1000,	/* after one that failed, and twice as long after each further one */
	AGAIN_MAX_MS = 30000,
};

/* Its status: 0 where all is as it should be now, 2 where all is but what waits for an interface. What it prints goes to our own output. */
static int restore(struct err *e)
{
	static const char *const argv[] = {"ctc", "restore", "--wait", NULL};
	const struct spawn s = {.argv = argv, .within_ms = RESTORE_MS, .out_max = OUTPUT_MAX};
	_cleanup_(spawned_free) struct spawned done = {0};

	if (spawn_run(&s, &done, e) < 0) {
		fprintf(stderr, "ctc restore: %s\n", e->text);
		return STATUS_REFUSED;
	}
	fwrite(done.out.s, 1, done.out.n, stdout);
	fwrite(done.said.s, 1, done.said.n, stderr);
	fflush(stdout);
	return done.status;
}

static int watch(struct cli *c)
{
	_cleanup_(watch_close) struct watch w = {0};
	int again = AGAIN_MS, status = STATUS_DONE, before, r;
	struct err e;

	if (watch_open(&w, &e) < 0)
		return cli_err(c, &e);
	for (;;) {
		before = status;
		status = restore(&e);
		if (status == STATUS_PENDING && before != status)
			printf("a network interface of the host is missing, on which a container stands: `ctc status` says whose\n");
		fflush(stdout);
		w.any_link = status != STATUS_DONE; /* it may be what is waited for */
		nanosleep(&(struct timespec){.tv_nsec = REST_MS * 1000000L}, NULL);
		r = watch_wait(&w, status == STATUS_DONE ? -1 : again, &e);
		if (r < 0)
			return cli_err(c, &e);
		again = status == STATUS_DONE ? AGAIN_MS : again * 2 > AGAIN_MAX_MS ? AGAIN_MAX_MS : again * 2;
		if (r == 1 && w.by[0])
			printf("%s has altered the table inet ctstack\n", w.by);
		fflush(stdout);
	}
}

int cmd_watch(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	return n > 0 ? cli_fail(c, "it takes no arguments") : watch(c);
}
