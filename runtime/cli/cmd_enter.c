/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc enter STACK.CONTAINER: a shell inside of a container, bash where it has one. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/inside.h"

static int run(struct cli *c, struct session *s, char *name, struct inside *what)
{
	/* The text is the container's shell's, and always this one. */
	static char *const shell[] = {(char *)"/bin/sh", (char *)"-c", (char *)"command -v bash >/dev/null 2>&1 && exec bash; exec sh"};
	const struct res_container *where;
	struct err e;
	int r = session_look(s, &e);

	what->argv = shell;
	what->n = sizeof shell / sizeof shell[0];
	if (r == 0)
		r = select_one(s, name, &where, &e);
	return r < 0 ? cli_err(c, &e) : inside_exec(c, s, where, what);
}

int cmd_enter(struct cli *c, int argc, char **argv)
{
	struct inside what = {0};
	const struct cli_option options[] = {
		{"user", 'u', CLI_TEXT, &what.user, "USER[:GROUP]", "as whom; without it as the container's own user", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n != 1)
		return cli_fail(c, "name the one container: ctc enter STACK.CONTAINER");
	session_begin(&s);
	status = run(c, &s, argv[1], &what);
	session_end(&s);
	return status;
}
