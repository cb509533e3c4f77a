/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc check: what is wrong with source files. Reads nothing but them and touches nothing. */
#include "runtime/cli/cli.h"

#include "compiler/elaborate.h"

int cmd_check(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[DIAG_TEXT] = "text", [DIAG_JSON] = "json", NULL};
	int format = DIAG_TEXT, status = 0;
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "text on standard error (the default), or json on standard output", formats},
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files to check");
	struct arena arena = {0};
	struct sources sources = {.arena = &arena};
	struct diags diags = {.arena = &arena, .sources = &sources};
	struct modules modules = {0};
	modules_load(&arena, &sources, &diags, (const char *const *)argv + 1, (size_t)n, &modules);
	status = cli_diags(c, &diags, (enum diag_format)format) || diags.errors > 0;
	if (!status && format == DIAG_TEXT)
		status = cli_print(c, STR("ok\n"));
	arena_free(&arena);
	return status;
}
