/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc apply: the given stacks, made true. What it does is change.c. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/wait.h"

#define CONFIRM_MIN_US 1000000
#define CONFIRM_MAX_US 86400000000

int cmd_apply(struct cli *c, int argc, char **argv)
{
	struct request q = {.action = "apply"};
	struct compilation compiled = {0};
	_input_ struct input in = {0};
	const char *confirm = NULL;
	bool plain = false;
	int status = STATUS_REFUSED;
	const struct cli_option options[] = {
		{"yes", 'y', CLI_FLAG, &q.yes, NULL, "do not ask", NULL},
		{"prune", 0, CLI_FLAG, &q.prune, NULL, "remove the stacks that no given file declares", NULL},
		INPUT_OPTIONS(&in),
		{"confirm", 0, CLI_TEXT, &confirm, "DURATION", "go back by itself after so long (2m), unless `ctc confirm` is given", NULL},
		{"no-color", 0, CLI_FLAG, &plain, NULL, "no colour", NULL},
		{0},
	};
	_arena_ struct arena a = {0};
	q.command = session_command(&a, argc, argv);
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files that declare the stacks");
	if (confirm && (!wait_duration(str_of(confirm), &q.confirm_us) || q.confirm_us < CONFIRM_MIN_US || q.confirm_us > CONFIRM_MAX_US))
		return cli_fail(c, "--confirm takes a duration from 1s to 24h, as 90s or 5m, not %s", confirm);
	c->colour &= !plain;
	c->colour_err &= !plain;
	compiled.givens = input_givens(&in);
	if (input_compile(c, &compiled, argv + 1, (size_t)n)) {
		q.compiled = &compiled.manifest;
		q.texts = input_texts(&compiled);
		q.outputs = input_outputs(&compiled);
		status = change_run(c, &q);
	}
	compilation_end(&compiled);
	return status;
}
