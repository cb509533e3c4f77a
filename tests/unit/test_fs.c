/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/fs, in a directory of its own under /tmp: exact modes, no link followed, files replaced or overwritten as promised, and what a killed process left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

struct world {
	char path[32];
	int dir;
};

static int setup(void **state)
{
	static struct world w;

	strcpy(w.path, "/tmp/ctc-test-fs-XXXXXX");
	if (!mkdtemp(w.path))
		return -1;
	w.dir = open(w.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	umask(077); /* the strictest: what is made must not depend on it */
	*state = &w;
	return w.dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[64];

	close(w->dir);
	snprintf(command, sizeof command, "rm -rf %s", w->path);
	return system(command);
}

static mode_t mode_of(struct world *w, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(w->dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static ino_t inode_of(struct world *w, const char *path)
{
	struct stat st;

	assert_int_equal(fstatat(w->dir, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

static void assert_content(struct world *w, const char *path, const char *content)
{
	_arena_ struct arena a = {0};
	struct err e = {0};
	struct str text;

	assert_int_equal(fs_read(w->dir, str_of(path), 100, &a, &text, &e), 0);
	assert_string_equal(text.s, content);
}

static void directories_get_their_mode_and_are_left_alone_afterwards(void **state)
{
	struct world *w = *state;
	struct err e = {0};
	bool made = false;

	assert_int_equal(fs_mkdirs(w->dir, STR("/a/b//c/"), getuid(), getgid(), 02775, &made, &e), 0);
	assert_true(made);
	assert_int_equal(mode_of(w, "a"), 0755);
	assert_int_equal(mode_of(w, "a/b"), 0755);
	assert_int_equal(mode_of(w, "a/b/c"), 02775);
	assert_int_equal(fs_mkdirs(w->dir, STR("a/b/c"), getuid(), getgid(), 0700, &made, &e), 0);
	assert_false(made);
	assert_int_equal(mode_of(w, "a/b/c"), 02775);
	assert_int_equal(fs_sync_path(w->dir, STR("a/b/c"), &e), 0);
}

static void a_half_made_directory_is_finished(void **state)
{
	struct world *w = *state;
	struct err e = {0};
	struct stat st;
	bool made = false;

	assert_int_equal(mkdirat(w->dir, "h", 01000), 0);
	assert_int_equal(fs_stat(w->dir, STR("h"), &st, &e), 0);
	assert_true(fs_half_made(&st));
	assert_int_equal(fs_mkdirs(w->dir, STR("h/x"), getuid(), getgid(), 0750, &made, &e), 0);
	assert_true(made);
	assert_int_equal(mode_of(w, "h"), 0755);
	assert_int_equal(mode_of(w, "h/x"), 0750);
}

static void links_and_dots_are_refused_everywhere(void **state)
{
	static const char *const refused[] = {"link", "link/f", "../x", "d/../../x", "d/..", "d/link/y"};
	struct world *w = *state;
	_arena_ struct arena a = {0};

	assert_int_equal(mkdirat(w->dir, "d", 0700), 0);
	assert_int_equal(symlinkat("d", w->dir, "link"), 0);
	assert_int_equal(symlinkat("/etc", w->dir, "d/link"), 0);
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct str path = str_of(refused[i]), text;
		struct err e = {0};

		assert_true(fs_open(w->dir, path, O_RDONLY, 0, &e) < 0);
		assert_true(fs_read(w->dir, path, 100, &a, &text, &e) < 0);
		assert_true(fs_mkdirs(w->dir, path, 0, 0, 0755, NULL, &e) < 0);
		assert_true(fs_overwrite(w->dir, path, STR("x"), 0644, &e) < 0);
		assert_true(e.code < 0 && e.text[0]);
		if (i > 0) {
			assert_true(fs_replace(w->dir, path, STR("x"), 0644, &e) < 0);
			assert_true(fs_remove(w->dir, path, &e) < 0);
		}
	}
	struct err e = {0};
	assert_int_equal(fs_open(w->dir, STR("d/link/passwd"), O_RDONLY, 0, &e), -ELOOP);
	assert_string_equal(e.text, "d/link/passwd: d/link is a symbolic link to /etc, and links are not followed; give the path that it leads to");
	/* what a link in the last place names is replaced, not followed */
	assert_int_equal(fs_replace(w->dir, STR("d/link"), STR("x"), 0644, &e), 0);
	assert_content(w, "d/link", "x");
	assert_int_equal(fs_open(w->dir, (struct str){"a\0b", 3}, O_RDONLY, 0, &e), -EINVAL);
}

static void files_are_replaced_whole_or_overwritten_in_place(void **state)
{
	struct world *w = *state;
	struct err e = {0};

	assert_int_equal(fs_overwrite(w->dir, STR("f"), STR("x"), 0644, &e), -ENOENT);
	assert_int_equal(fs_replace(w->dir, STR("f"), STR("first"), 0640, &e), 0);
	assert_int_equal(mode_of(w, "f"), 0640);
	ino_t first = inode_of(w, "f");
	assert_int_equal(fs_overwrite(w->dir, STR("f"), STR("longer text"), 0604, &e), 0);
	assert_int_equal(inode_of(w, "f"), first);
	assert_int_equal(mode_of(w, "f"), 0604);
	assert_content(w, "f", "longer text");
	assert_int_equal(fs_overwrite(w->dir, STR("f"), STR("s"), 0604, &e), 0);
	assert_content(w, "f", "s");
	assert_int_equal(fs_overwrite(w->dir, STR("f"), STR(""), 0604, &e), 0);
	assert_content(w, "f", "");
	assert_int_equal(fs_replace(w->dir, STR("f"), STR("second"), 0600, &e), 0);
	assert_true(inode_of(w, "f") != first);
	assert_content(w, "f", "second");
	assert_int_equal(fs_remove(w->dir, STR("f"), &e), 0);
	assert_int_equal(fs_remove(w->dir, STR("f"), &e), 0);
	assert_int_equal(fs_remove(w->dir, STR("nowhere/f"), &e), 0);
}

static void nothing_but_the_file_is_left_behind(void **state)
{
	struct world *w = *state;
	struct err e = {0};
	char found[256];

	assert_int_equal(fs_mkdirs(w->dir, STR("clean"), getuid(), getgid(), 0755, NULL, &e), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(fs_replace(w->dir, STR("clean/f"), STR("x"), 0644, &e), 0);
	assert_true(fs_replace(w->dir, STR("clean/f/g"), STR("x"), 0644, &e) < 0);
	snprintf(found, sizeof found, "test \"$(ls -A %s/clean)\" = f", w->path);
	assert_int_equal(system(found), 0);
	assert_int_equal(fs_rmdir(w->dir, STR("clean"), &e), -ENOTEMPTY);
	assert_int_equal(fs_remove(w->dir, STR("clean/f"), &e), 0);
	assert_int_equal(fs_rmdir(w->dir, STR("clean"), &e), 0);
	assert_int_equal(fs_rmdir(w->dir, STR("clean"), &e), 0);
}

static void what_is_no_plain_file_is_not_read(void **state)
{
	struct world *w = *state;
	_arena_ struct arena a = {0};
	struct err e = {0};
	struct str text;

	assert_int_equal(mknodat(w->dir, "fifo", S_IFIFO | 0600, 0), 0);
	assert_int_equal(fs_read(w->dir, STR("fifo"), 10, &a, &text, &e), -EINVAL);
	assert_int_equal(fs_read(w->dir, STR("."), 10, &a, &text, &e), -EINVAL);
	assert_int_equal(fs_replace(w->dir, STR("big"), STR("0123456789"), 0644, &e), 0);
	assert_int_equal(fs_read(w->dir, STR("big"), 9, &a, &text, &e), -EFBIG);
	assert_int_equal(fs_read(w->dir, STR("big"), 10, &a, &text, &e), 0);
	assert_int_equal(text.n, 10);
	assert_int_equal(fs_read(w->dir, STR("none"), 10, &a, &text, &e), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directories_get_their_mode_and_are_left_alone_afterwards),
		cmocka_unit_test(a_half_made_directory_is_finished),
		cmocka_unit_test(links_and_dots_are_refused_everywhere),
		cmocka_unit_test(files_are_replaced_whole_or_overwritten_in_place),
		cmocka_unit_test(nothing_but_the_file_is_left_behind),
		cmocka_unit_test(what_is_no_plain_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
