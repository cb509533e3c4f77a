/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc exec STACK.CONTAINER -- COMMAND…: one program inside of a container. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/inside.h"

static int run(struct cli *c, struct session *s, char *name, const struct inside *what)
{
	const struct res_container *where;
	struct err e;
	int r = session_look(s, &e);

	if (r == 0)
		r = select_one(s, name, &where, &e);
	return r < 0 ? cli_err(c, &e) : inside_exec(c, s, where, what);
}

int cmd_exec(struct cli *c, int argc, char **argv)
{
	struct inside what = {0};
	const struct cli_option options[] = {
		{"user", 'u', CLI_TEXT, &what.user, "USER[:GROUP]", "as whom; without it as the container's own user", NULL},
		{"workdir", 'w', CLI_TEXT, &what.directory, "DIRECTORY", "where to begin; without it where the container begins", NULL},
		{0},
	};
	c->before_command = 1;
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n < 2)
		return cli_fail(c, "say where and what: ctc exec STACK.CONTAINER -- COMMAND…");
	what.argv = argv + 2;
	what.n = (size_t)n - 1;
	session_begin(&s);
	status = run(c, &s, argv[1], &what);
	session_end(&s);
	return status;
}
