/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc check: what is wrong with source files. Reads nothing but them and touches nothing. */
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"

/* "ok: 1 stack, 5 containers" */
static int summary(struct cli *c, const struct model *model)
{
	struct buf b = {0};
	size_t stacks = 0, containers = 0;

	for (size_t i = 0; i < model->stacks.n; i++) {
		if (model->stacks.at[i]->head.outside)
			continue;
		stacks++;
		containers += model->stacks.at[i]->container.n;
	}
	buf_fmt(&b, "ok: %zu stack%s, %zu container%s\n", stacks, stacks == 1 ? "" : "s", containers, containers == 1 ? "" : "s");
	int status = cli_print(c, buf_view(&b));
	buf_free(&b);
	return status;
}

int cmd_check(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[DIAG_TEXT] = "text", [DIAG_JSON] = "json", NULL};
	int format = DIAG_TEXT, status = 0;
	_input_ struct input in = {0};
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "text on standard error (the default), or json on standard output", formats},
		INPUT_OPTIONS(&in),
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files to check");
	struct compilation made = {.givens = input_givens(&in), .check_only = true};
	compile_files(&made, (const char *const *)argv + 1, (size_t)n);
	status = cli_diags(c, &made.diags, (enum diag_format)format) || made.diags.errors > 0;
	if (!status && format == DIAG_TEXT)
		status = summary(c, &made.model);
	compilation_end(&made);
	return status;
}
