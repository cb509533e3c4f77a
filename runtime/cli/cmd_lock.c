/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc lock: what ctc chooses where the files leave it open, written beside them into ctstack.lock, so that it stays as it is. What is locked already stays. Only for --images is podman
 * asked what an image's name means, and only for names at the other end of a tunnel the machine's resolver, once; else nothing of the host is. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compiler/lock.h"
#include "lang/base/cleanup.h"
#include "runtime/cli/input.h"
#include "runtime/fs.h"
#include "runtime/image.h"
#include "runtime/lookup.h"
#include "runtime/podman.h"
#include "runtime/spawn.h"

static struct str directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return (struct str){path, slash ? (size_t)(slash - path) + 1 : 0};
}

static int write_lock(struct cli *c, struct compilation *made, struct str dir)
{
	_buf_ struct buf text = {0};
	struct str path = STR_JOIN(&made->arena, dir, STR(LOCK_FILE)), old = {0};
	_fd_ int fd = open(dir.n ? dir.s : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	if (fd < 0)
		return cli_fail(c, "cannot open %s: %s", dir.n ? dir.s : ".", strerror(errno));
	lock_text(&made->model, &text);
	if (faccessat(fd, LOCK_FILE, F_OK, 0) == 0 && fs_read(fd, STR(LOCK_FILE), SOURCE_MAX, &made->arena, &old, &e) < 0)
		return cli_err(c, &e);
	if (old.n && str_eq(old, buf_view(&text)))
		return 0;
	if (fs_replace(fd, STR(LOCK_FILE), buf_view(&text), 0644, &e) < 0)
		return cli_err(c, &e);
	return cli_print(c, str_fmt(&made->arena, "wrote %.*s\n", STR_ARG(path)));
}

/* The digest of one image, from podman's storage or, where it is not there or may be old, from its registry. */
static int image_lock(struct host *h, struct compilation *made, bool anew, struct m_tagged *t, struct err *e)
{
	struct str digest = STR("");
	int r = 0;

	if (!anew)
		r = podman_digest(h, &made->arena, t->reference, &digest, e);
	if (r == 0 && !digest.n) {
		r = images_fetch(h, &(struct strs){&t->reference, 1}, e);
		if (r == 0)
			r = podman_digest(h, &made->arena, t->reference, &digest, e);
	}
	if (r == 0 && !digest.n)
		r = err_set(e, -ENOENT, "podman fetched %.*s and does not find it", STR_ARG(t->reference));
	if (r == 0)
		t->digest = digest;
	return r;
}

static void say(void *cli, const char *line)
{
	(void)cli;
	fprintf(stderr, "%s\n", line);
}

static int images_lock(struct cli *c, struct compilation *made, bool anew)
{
	struct host h = {.root_fd = -1, .progress = say};
	struct err e;

	vec_each(struct m_tagged *const, t, &made->model.tagged) {
		if (!anew && (*t)->digest.n)
			continue;
		int r = image_lock(&h, made, anew, *t, &e);

		if (r == -ENOENT && !spawn_find("podman", (char[256]){0}, 256))
			return cli_fail(c, "podman is not installed, which knows what images' names mean: apt-get install podman, or lock on the host");
		if (r < 0)
			return cli_err(c, &e);
	}
	return 0;
}

static int names_lock(struct cli *c, struct compilation *made, bool anew)
{
	struct err e;

	vec_each(struct m_named *const, n, &made->model.named)
		if ((anew || !(*n)->address.family) && lookup_address((*n)->name, &(*n)->address, &e) < 0)
			return cli_err(c, &e);
	return 0;
}

int cmd_lock(struct cli *c, int argc, char **argv)
{
	int status = 1;
	_input_ struct input in = {0};
	bool images = false, names = false, update = false;
	const struct cli_option options[] = {
		{"images", 0, CLI_FLAG, &images, NULL, "lock the digests of images, too, as podman or their registries have them now", NULL},
		{"names", 0, CLI_FLAG, &names, NULL, "ask for the addresses of all names that tunnels lead to, also of those that are locked", NULL},
		{"update", 0, CLI_FLAG, &update, NULL, "ask the registries for all images, also for those that are locked", NULL},
		INPUT_OPTIONS(&in),
		{0},
	};
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
	if (input_compile(c, &made, argv + 1, (size_t)n) && (status = names_lock(c, &made, names)) == 0 && (status = images || update ? images_lock(c, &made, update) : 0) == 0)
		status = write_lock(c, &made, str_copy(&made.arena, directory(argv[1])));
	compilation_end(&made);
	return status;
}
