/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc restore --boot: what the host forgot in a reboot and containers need before they start: namespaces, links, the policy, kernel switches. ctstack-network.service
 * runs it; systemd starts the containers afterwards (spec/transaction.md, Boot). */
#include <errno.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/txn.h"

static void on_progress(void *context, const char *line)
{
	(void)context;
	printf("%s\n", line);
}

/* Without a store there is nothing to restore, and none is made. */
static int restore(struct session *s, struct err *e)
{
	struct manifest observed = {.arena = &s->arena};
	struct plan p;
	struct session look;

	session_begin(&look);
	int r = session_look(&look, e);
	bool empty = look.store.state_fd < 0, busy = r == 0 && store_locked_by_other(&look.store);
	session_end(&look);
	if (r < 0 || empty || busy)
		return r;
	r = session_lock(s, "ctc restore --boot", e);
	if (r == -EBUSY)
		return 0;
	s->host.progress = on_progress;
	if (r == 0)
		r = observe(&s->host, &s->recorded, &s->recorded, CONVERGE_NETWORK_ONLY, &observed, e);
	if (r < 0)
		return r;
	plan_make(&s->arena, &observed, &s->recorded, &p);
	return converge(&s->host, &s->store, &p, s->current, CONVERGE_NETWORK_ONLY | CONVERGE_GO_ON, e);
}

int cmd_restore(struct cli *c, int argc, char **argv)
{
	bool boot = false;
	const struct cli_option options[] = {
		{"boot", 0, CLI_FLAG, &boot, NULL, "namespaces, links, the policy and kernel switches, and nothing else", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;
	struct err e;

	if (n < 0)
		return status;
	if (n > 0 || !boot)
		return cli_fail(c, "ctstack-network.service calls `ctc restore --boot`; to make a generation true again, use `ctc rollback N`");
	session_begin(&s);
	int r = restore(&s, &e);
	if (r < 0)
		report_error(c, NULL, &s.recorded, &e);
	session_end(&s);
	return r < 0 ? STATUS_REFUSED : STATUS_DONE;
}
