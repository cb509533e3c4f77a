/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc apply: the given stacks, or a saved plan, made true; or the current generation, made true again. What it does is change.c. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/cli/saved.h"
#include "runtime/wait.h"

#define CONFIRM_MIN_US 1000000
#define CONFIRM_MAX_US 86400000000

static int apply_files(struct cli *c, struct request *q, const struct input *in, char *const *files, size_t n)
{
	struct compilation compiled = {.givens = input_givens(in)};
	int status = STATUS_REFUSED;

	if (input_compile(c, &compiled, files, n)) {
		q->compiled = &compiled.manifest;
		q->texts = input_texts(&compiled);
		q->outputs = input_outputs(&compiled);
		status = change_run(c, q);
	}
	compilation_end(&compiled);
	return status;
}

/* Nothing is asked: the plan was looked at when it was made. */
static int apply_saved(struct cli *c, struct request *q, const struct input *in, const char *path, int n)
{
	struct compilation compiled = {0};
	struct saved_plan saved;
	struct session s;

	if (n > 1 || q->prune || in->set.n || in->vars.n || in->include.n)
		return cli_fail(c, "a saved plan stands alone: files, --prune, --set, --vars and --include are in it");
	session_begin(&s);
	int status = saved_compile(c, &s, path, &compiled, &saved, q);
	if (status == 0) {
		q->outputs = input_outputs(&compiled);
		status = change_run(c, q);
	}
	compilation_end(&compiled);
	session_end(&s);
	return status;
}

int cmd_apply(struct cli *c, int argc, char **argv)
{
	struct request q = {.action = "apply"};
	_input_ struct input in = {0};
	const char *confirm = NULL;
	bool plain = false;
	int status = STATUS_REFUSED;
	const struct cli_option options[] = {
		{"yes", 'y', CLI_FLAG, &q.yes, NULL, "do not ask", NULL},
		{"repair", 0, CLI_FLAG, &q.repair, NULL, "without files: make the current generation true again where the host has drifted", NULL},
		{"prune", 0, CLI_FLAG, &q.prune, NULL, "remove the stacks that no given file declares", NULL},
		INPUT_OPTIONS(&in),
		{"dry-run", 0, CLI_FLAG, &q.dry_run, NULL, "check everything that can be checked, in the kernel and with the real programs, and change nothing", NULL},
		{"confirm", 0, CLI_TEXT, &confirm, "DURATION", "go back by itself after so long (2m), unless `ctc confirm` is given", NULL},
		{"no-color", 0, CLI_FLAG, &plain, NULL, "no colour", NULL},
		{0},
	};
	_arena_ struct arena a = {0};
	q.command = session_command(&a, argc, argv);
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (q.repair && (n > 0 || q.prune))
		return cli_fail(c, "--repair stands alone: it makes true what was applied, not what files say now");
	if (n == 0 && !q.repair)
		return cli_fail(c, "name the files that declare the stacks, or a saved plan");
	if (confirm && (!wait_duration(str_of(confirm), &q.confirm_us) || q.confirm_us < CONFIRM_MIN_US || q.confirm_us > CONFIRM_MAX_US))
		return cli_fail(c, "--confirm takes a duration from 1s to 24h, as 90s or 5m, not %s", confirm);
	if (q.confirm_us && q.dry_run)
		return cli_fail(c, "--dry-run changes nothing, so that there is nothing to confirm");
	c->colour &= !plain;
	c->colour_err &= !plain;
	if (q.repair)
		return change_run(c, &q);
	status = saved_is_plan(argv[1]) ? apply_saved(c, &q, &in, argv[1], n) : apply_files(c, &q, &in, argv + 1, (size_t)n);
	return status;
}
