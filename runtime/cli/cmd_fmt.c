/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc fmt: source files in their canonical form, in place; "-" is standard input to standard output. A file with mistakes of grammar is left as it is. Somebody
 * else's file (root formats a user's) and one with several names are written in place, so that owner and names stay; others are replaced in one step. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/base/diff.h"
#include "lang/print.h"
#include "runtime/cli/input.h"
#include "runtime/fs.h"

static int write_back(int root, struct str path, struct str text, struct err *e)
{
	struct stat st;
	int r = fs_stat(root, path, &st, e);

	if (r < 0)
		return r == -ENOENT ? err_errno(e, r, "cannot write %.*s", STR_ARG(path)) : r;
	if (st.st_uid != geteuid() || st.st_nlink > 1)
		return fs_overwrite(root, path, text, st.st_mode & 07777, e);
	return fs_replace(root, path, text, st.st_mode & 07777, e);
}

struct work {
	struct cli *c;
	bool check, diff;
	int root;
	struct arena arena;
	struct buf text;
};

/* The canonical text of one source into w->text; 1 where it has mistakes, which are said. */
static int canonical(struct work *w, const char *shown, struct str text)
{
	struct sources sources = {.arena = &w->arena};
	struct diags diags = {.arena = &w->arena, .sources = &sources};
	struct source *source = source_add(&sources, str_of(shown), text);

	if (!source)
		return cli_fail(w->c, "%s is larger than %d MiB", shown, SOURCE_MAX >> 20);
	if (print_source(&diags, source, &w->text))
		return 0;
	cli_diags(w->c, &diags, DIAG_TEXT);
	return 1;
}

/* --diff, and --check beside it: 1 where there is a difference and --check asks. */
static int show_diff(struct work *w, struct str shown, struct str text)
{
	_buf_ struct buf out = {0};

	diff_unified(text, buf_view(&w->text), shown, &out);
	return cli_print(w->c, buf_view(&out)) || (w->check && out.n > 0);
}

static int format_stdin(struct work *w)
{
	struct err e = {0};
	struct str text;

	if (input_stdin(&w->arena, &text, &e) < 0)
		return cli_err(w->c, &e);
	if (canonical(w, "-", text))
		return 1;
	if (w->diff)
		return show_diff(w, STR("-"), text);
	if (w->check)
		return !str_eq(text, buf_view(&w->text));
	return cli_print(w->c, buf_view(&w->text));
}

static int format_file(struct work *w, const char *path)
{
	_mem_ char *real = realpath(path, NULL);
	struct err e = {0};
	struct str text;

	if (!real)
		return cli_fail(w->c, "cannot read %s: %s", path, strerror(errno));
	if (fs_read(w->root, str_of(real), SOURCE_MAX, &w->arena, &text, &e) < 0)
		return cli_err(w->c, &e);
	if (canonical(w, path, text))
		return 1;
	if (str_eq(text, buf_view(&w->text)))
		return 0;
	if (w->diff)
		return show_diff(w, str_of(path), text);
	struct str line = str_fmt(&w->arena, "%s\n", path);
	if (w->check)
		return cli_print(w->c, line), 1;
	if (write_back(w->root, str_of(real), buf_view(&w->text), &e) < 0)
		return cli_err(w->c, &e);
	return cli_print(w->c, line);
}

int cmd_fmt(struct cli *c, int argc, char **argv)
{
	struct work w = {.c = c};
	const struct cli_option options[] = {
		{"check", 0, CLI_FLAG, &w.check, NULL, "Change nothing; print the names of files that would change, and end with status 1 where there are any", NULL},
		{"diff", 0, CLI_FLAG, &w.diff, NULL, "Change nothing; print what would change, as diff -u does", NULL},
		{0},
	};
	int status = 0, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files to format, or - for standard input");
	_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return cli_fail(c, "cannot open the root directory: %s", strerror(errno));
	w.root = root;
	for (int i = 1; i <= n; i++) {
		status |= strcmp(argv[i], "-") == 0 ? format_stdin(&w) : format_file(&w, argv[i]);
		w.text.n = 0;
		arena_free(&w.arena);
	}
	buf_free(&w.text);
	return status;
}
