/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc logs [STACK[.CONTAINER]…]: what containers said, out of the host's journal. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"
#include "runtime/spawn.h"

struct wish {
	bool follow;
	const char *lines, *since;
};

/* Becomes journalctl(1). */
static int show(struct cli *c, struct session *s, const struct selected *which, const struct wish *w)
{
	enum { OWN_WORDS = 8 };
	const char **argv = arena_array(&s->arena, which->all.n + OWN_WORDS, sizeof *argv);
	char path[PATH_MAX];
	size_t n = 0;

	argv[n++] = "journalctl";
	/* one container: its own lines, as it wrote them; several: whose line it is */
	argv[n++] = which->all.n == 1 ? "--output=cat" : "--output=short-iso";
	if (w->follow)
		argv[n++] = "--follow";
	if (w->lines)
		argv[n++] = str_fmt(&s->arena, "--lines=%s", w->lines).s;
	if (w->since)
		argv[n++] = str_fmt(&s->arena, "--since=%s", w->since).s;
	for (size_t i = 0; i < which->all.n; i++)
		argv[n++] = str_fmt(&s->arena, "--unit=%.*s", STR_ARG(which->all.at[i]->unit)).s;
	argv[n] = NULL;
	if (!spawn_find(argv[0], path, sizeof path))
		return cli_fail(c, "%s is not installed", argv[0]);
	execv(path, (char *const *)argv);
	return cli_fail(c, "cannot run %s: %s", path, strerror(errno));
}

static int run(struct cli *c, struct session *s, int n, char **argv, const struct wish *w)
{
	struct selected which;
	struct err e;
	int r = session_look(s, &e);

	if (r == 0)
		r = select_containers(s, argv + 1, n, &which, &e);
	if (r < 0)
		return cli_err(c, &e);
	if (!which.all.n)
		return cli_fail(c, "there is no container on this host");
	return show(c, s, &which, w);
}

int cmd_logs(struct cli *c, int argc, char **argv)
{
	struct wish w = {0};
	const struct cli_option options[] = {
		{"follow", 'f', CLI_FLAG, &w.follow, NULL, "go on with what comes", NULL},
		{"lines", 'n', CLI_TEXT, &w.lines, "NUMBER", "only the last lines", NULL},
		{"since", 0, CLI_TEXT, &w.since, "TIME", "only what is newer: \"10 min ago\", \"2024-05-01 12:00\"", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	session_begin(&s);
	status = run(c, &s, n, argv, &w);
	session_end(&s);
	return status;
}
