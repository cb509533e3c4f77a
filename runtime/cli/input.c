/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Compiling what is named on the command line. */
#include "runtime/cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/source.h"

struct givens input_givens(const struct input *in)
{
	return (struct givens){.set = in->set.at, .nset = in->set.n, .vars = in->vars.at, .nvars = in->vars.n, .include = in->include.at, .ninclude = in->include.n, .locked = in->locked};
}

void input_end(struct input *in)
{
	free(in->set.at);
	free(in->vars.at);
	free(in->include.at);
	*in = (struct input){0};
}

int input_stdin(struct arena *a, struct str *ret, struct err *e)
{
	_buf_ struct buf b = {0};
	char piece[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, -errno, "cannot read standard input");
		buf_add(&b, piece, (size_t)n);
		if (b.n > SOURCE_MAX)
			return err_set(e, -EFBIG, "standard input is larger than %d MiB", SOURCE_MAX >> 20);
	}
	*ret = buf_take(&b, a);
	return 0;
}

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

struct view_outputs input_outputs(struct compilation *c)
{
	struct view_output *all = arena_array(&c->arena, c->model.outputs.n, sizeof *all);
	size_t n = 0;

	vec_each(const struct m_output, o, &c->model.outputs)
		all[n++] = (struct view_output){o->name, o->texts, o->list};
	return (struct view_outputs){all, n};
}
