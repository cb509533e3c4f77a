/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Compiling what is named on the command line. */
#include "runtime/cli/input.h"

bool input_compile(struct cli *cli, struct compilation *c, char *const *paths, size_t n)
{
	int r = compile_files(c, (const char *const *)paths, n);

	return cli_diags(cli, &c->diags, DIAG_TEXT) == 0 && r == 0;
}

struct texts input_texts(struct compilation *c)
{
	struct source_file *all = arena_array(&c->arena, c->sources.all.n, sizeof *all);

	for (size_t i = 0; i < c->sources.all.n; i++)
		all[i] = (struct source_file){c->sources.all.at[i]->path, c->sources.all.at[i]->text};
	return (struct texts){all, c->sources.all.n};
}
