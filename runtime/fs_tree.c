/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Walking trees, see fs_tree.h: one descriptor a level, opened without following links. */
#include "runtime/fs_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

enum { DEPTH_MAX = 200 };

struct walk {
	dev_t device;
	bool remove;
	struct fs_tree found;
};

static int walk_dir(struct walk *w, int dir, const char *name, int depth);

static int walk_entry(struct walk *w, int dir, const char *name, int depth)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	w->found.bytes += (uint64_t)st.st_blocks * 512;
	if (S_ISDIR(st.st_mode))
		return st.st_dev == w->device ? walk_dir(w, dir, name, depth + 1) : w->remove ? -EXDEV : 0;
	w->found.files++;
	return w->remove && unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int walk_dir(struct walk *w, int dir, const char *name, int depth)
{
	struct stat st;
	int r = 0, fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	/* Somebody may have put another directory in its place since it was looked at. */
	if (depth > DEPTH_MAX)
		r = -ELOOP;
	else if (fstat(fd, &st) < 0)
		r = -errno;
	else if (st.st_dev != w->device)
		r = -EXDEV;
	for (struct dirent *entry; r == 0 && (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = walk_entry(w, fd, entry->d_name, depth);
	closedir(d);
	if (r == 0 && w->remove && unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r;
}

static int walk_tree(int dir, struct str path, bool remove, struct fs_tree *ret, struct err *e)
{
	struct walk w = {.remove = remove};
	struct str name;
	struct stat st;
	char final[256];
	_fd_ int parent = fs_open_parent(dir, path, &name, e);

	if (parent < 0)
		return parent;
	snprintf(final, sizeof final, "%.*s", STR_ARG(name));
	if (fstatat(parent, final, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(e, -errno, "cannot look at %.*s", STR_ARG(path));
	w.device = st.st_dev;
	int r = walk_dir(&w, parent, final, 0);
	if (r < 0)
		return err_errno(e, r, "cannot %s %.*s", remove ? "remove" : "measure", STR_ARG(path));
	if (remove && fsync(parent) < 0)
		return err_errno(e, -errno, "cannot write the directory of %.*s to disk", STR_ARG(path));
	*ret = w.found;
	return 0;
}

int fs_tree_measure(int dir, struct str path, struct fs_tree *ret, struct err *e)
{
	return walk_tree(dir, path, false, ret, e);
}

int fs_tree_remove(int dir, struct str path, struct err *e)
{
	struct fs_tree gone;

	return walk_tree(dir, path, true, &gone, e);
}
