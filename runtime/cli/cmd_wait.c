/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc wait: until a service answers. It is what `ready` in a container becomes: the unit's ExecStartPost=, so that its start is over when this command is. */
#include "runtime/cli/cli.h"

#include "lang/base/cleanup.h"
#include "runtime/host.h"
#include "runtime/ns.h"
#include "runtime/wait.h"

/* A process id, or 0 for what is none. */
static pid_t pid_parse(const char *text)
{
	char *end;
	long n = text && *text >= '1' && *text <= '9' ? strtol(text, &end, 10) : 0;

	return n > 0 && *end == '\0' && n <= INT32_MAX ? (pid_t)n : 0;
}

static int enter(const char *netns, struct err *e)
{
	struct host h;
	int r = host_open(&h, e);

	if (r == 0) {
		r = ns_enter(&h, str_of(netns), e);
		host_close(&h);
	}
	return r;
}

int cmd_wait(struct cli *c, int argc, char **argv)
{
	const char *within = "30s", *pid = NULL, *netns = NULL;
	const struct cli_option options[] = {
		{"within", 0, CLI_TEXT, &within, "DURATION", "how long it may take, such as 90s or 1h30m (30s)", NULL},
		{"netns", 0, CLI_TEXT, &netns, "NAME", "ask from within this network namespace, below /run/netns", NULL},
		{"pid", 0, CLI_TEXT, &pid, "N", "give up at once when this process ends", NULL},
		{0},
	};
	struct ready what = {.how = READY_EXEC};
	_buf_ struct buf shown = {0};
	struct err e = {0};
	int64_t us;
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (!wait_duration(str_of(within), &us))
		return cli_fail(c, "--within cannot be %s: it is a duration of at most a day, such as 90s or 1h30m", within);
	if (pid && !pid_parse(pid))
		return cli_fail(c, "--pid cannot be %s: it is the number of a process", *pid ? pid : "empty");
	if (n >= 2 && strcmp(argv[1], "exec") == 0) {
		argv[n + 1] = NULL; /* behind the operands stand options that were read, or the end */
		what.argv = (const char *const *)argv + 2;
		for (int i = 1; i <= n; i++)
			buf_fmt(&shown, i > 1 ? " %s" : "%s", argv[i]);
		what.shown = buf_view(&shown);
	} else if (n != 1) {
		return cli_fail(c, "give one of http://ADDRESS:PORT/PATH, tcp://ADDRESS:PORT, link://PARENT/INTERFACE, exec -- COMMAND…");
	} else if (ready_parse(str_of(argv[1]), &what, &e) < 0) {
		return cli_err(c, &e);
	}
	if (netns && enter(netns, &e) < 0)
		return cli_err(c, &e);
	return ready_wait(&what, us, pid ? pid_parse(pid) : 0, NULL, &e) < 0 ? cli_err(c, &e) : 0;
}
