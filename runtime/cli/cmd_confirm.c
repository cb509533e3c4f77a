/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc confirm: what an apply with --confirm made stays. With --expired, which the timer's service and a boot call: nobody said so in time, the host goes back (spec/transaction.md,
 * Confirmation). */
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/confirm.h"

static int confirm(struct cli *c, struct session *s)
{
	struct event event = {.user = session_user(&s->arena), .action = STR("confirm"), .outcome = STR("done")};
	enum confirm_state state;
	struct pending waits;
	int64_t left_us;
	struct err e;

	if (session_lock(s, "ctc confirm", &e) < 0 || confirm_look(&s->host, &s->store, &s->arena, &state, &waits, &left_us, &e) < 0)
		return cli_err(c, &e), e.code == -EBUSY ? STATUS_LOCKED : STATUS_REFUSED;
	if (state == CONFIRM_NONE)
		return cli_fail(c, "nothing waits to be confirmed; generation %u runs", s->current);
	if (state == CONFIRM_OVER)
		return cli_fail(c, "it is too late: generation %u was not confirmed in time, and the host goes back to generation %u", waits.to, waits.from);
	if (confirm_disarm(&s->host, &s->store, &e) < 0)
		return cli_err(c, &e);
	event.from = waits.from;
	event.to = waits.to;
	session_record(s, &event);
	printf("Confirmed: generation %u stays.\n", waits.to);
	return STATUS_DONE;
}

int cmd_confirm(struct cli *c, int argc, char **argv)
{
	const struct request back = {.action = "confirm", .command = STR("ctc confirm --expired"), .yes = true, .expired = true};
	bool expired = false;
	const struct cli_option options[] = {
		{"expired", 0, CLI_FLAG, &expired, NULL, "go back where nobody has confirmed in time; systemd calls it", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	if (expired)
		return change_run(c, &back);
	session_begin(&s);
	status = confirm(c, &s);
	session_end(&s);
	return status;
}
