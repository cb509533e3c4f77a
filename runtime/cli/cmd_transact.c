/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc transact: makes the change that another ctc asked for and was agreed to. systemd runs it as ctstack-transaction.service, with the lock as its standard input; and once it has
 * ended, `ctc transact --over`, which settles what a killed one left (spec/transaction.md, The service). What it tells goes to whoever follows, and to the journal. */
#include <stdio.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/service.h"

struct serving {
	struct session s;
	int progress;
	struct err e;
};

static void on_progress(void *context, const char *line)
{
	const struct serving *t = context;

	printf("%s\n", line);
	fflush(stdout);
	if (t->progress >= 0)
		progress_say(t->progress, line);
}

/* Why systemd says that the process ended. */
static struct str died_of(struct arena *a)
{
	const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");

	return str_fmt(a, "%s (%s)", code && *code ? code : "ended", status && *status ? status : "for no reason given");
}

static int serve(struct serving *t, bool over)
{
	struct session *s = &t->s;
	struct ending ending;
	struct order o;
	int r = session_inherit(s, STDIN_FILENO, over ? "ctc transact --over" : "ctc transact", &t->e);

	if (r == 0)
		r = order_read(&s->store, &s->arena, &o, &t->e);
	if (r < 0)
		return r;
	t->progress = progress_open(&s->store, &t->e);
	s->host.progress = on_progress;
	s->host.progress_context = t;
	if (over)
		service_settle(&s->host, &s->store, &o, died_of(&s->arena), &ending);
	else
		service_serve(&s->host, &s->store, &o, &ending);
	if (ending.error.code)
		printf("%s\n", ending.error.text);
	order_remove(&s->store);
	/* A recovery is followed by what it was for, under the same lock; that one's service gives it up in the end, or systemd, once nobody is left. */
	if (o.action != ORDER_RECOVER)
		store_unlock(&s->store);
	if (t->progress >= 0)
		progress_end(t->progress, &ending);
	return 0;
}

int cmd_transact(struct cli *c, int argc, char **argv)
{
	struct serving t = {.progress = -1};
	bool over = false;
	const struct cli_option options[] = {
		{"over", 0, CLI_FLAG, &over, NULL, "settle what a process that was killed left", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	const char *result = getenv("SERVICE_RESULT");

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	if (over && result && strcmp(result, "success") == 0)
		return STATUS_DONE;
	session_begin(&t.s);
	status = serve(&t, over) < 0 ? cli_err(c, &t.e) : STATUS_DONE;
	cleanup_fd(&t.progress);
	session_end(&t.s);
	return status;
}
