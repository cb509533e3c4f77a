/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc lock: what ctc chooses where the files leave it open, written beside them into ctstack.lock, so that it stays as it is. What is locked already stays. */
#include "runtime/cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

#include "compiler/lock.h"
#include "lang/base/cleanup.h"
#include "runtime/cli/input.h"
#include "runtime/fs.h"

static struct str directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (struct str){path, slash ? (size_t)(slash - path) + 1 : 0};
}

static int write_lock(struct cli *c, struct compilation *made, struct str dir)
{
	_buf_ struct buf text = {0};
	struct str path = STR_JOIN(&made->arena, dir, STR(LOCK_NAME)), old = {0};
	struct err e;

	lock_text(&made->model, &text);
	if (access(path.s, F_OK) == 0 && fs_read(AT_FDCWD, path, SOURCE_MAX, &made->arena, &old, &e) < 0)
		return cli_err(c, &e);
	if (old.n && str_eq(old, buf_view(&text)))
		return 0;
	if (fs_replace(AT_FDCWD, path, buf_view(&text), 0644, &e) < 0)
		return cli_err(c, &e);
	return cli_print(c, str_fmt(&made->arena, "wrote %.*s\n", STR_ARG(path)));
}

int cmd_lock(struct cli *c, int argc, char **argv)
{
	int status = 1;
	_input_ struct input in = {0};
	const struct cli_option options[] = {INPUT_OPTIONS(&in), {0}};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files to lock");
	for (int i = 2; i <= n; i++)
		if (!str_eq(directory(argv[i]), directory(argv[1])))
			return cli_fail(c, "%s and %s are in two directories, and each has its own lock", argv[1], argv[i]);
	struct compilation made = {.givens = input_givens(&in), .check_only = true};
	made.givens.relock = true;
	if (input_compile(c, &made, argv + 1, (size_t)n))
		status = write_lock(c, &made, directory(argv[1]));
	compilation_end(&made);
	return status;
}
