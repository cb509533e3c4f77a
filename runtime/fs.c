/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * File operations below a descriptor. A process that is killed in any of them leaves the old thing, the new thing, or something that the next one knows and
 * finishes: a directory that is being made has the mode HALF_MADE; a file that is being written has no name until it is whole, and for the instant before it
 * replaces another one a name beside it that depends on that file's name alone. */
#include "runtime/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "lang/base/cleanup.h"

/* The path as the system calls want it: relative, NUL-terminated; "." for the directory itself. False for what is no path of ours. */
static bool path_plain(struct str path, char out[static PATH_MAX])
{
	while (path.n && path.s[0] == '/')
		path = (struct str){path.s + 1, path.n - 1};
	if (path.n >= PATH_MAX || (path.n && str_has(path, '\0')))
		return false;
	for (struct str rest = path, part; rest.n;) {
		part = str_cut(rest, '/', &rest);
		if (str_is(part, ".."))
			return false;
	}
	if (path.n)
		memcpy(out, path.s, path.n);
	else
		out[path.n++] = '.';
	out[path.n] = '\0';
	return true;
}

/* The first component of path that is a symbolic link is told to the user. */
static int link_in_the_way(int dir, struct str path, char *plain, struct err *e)
{
	char target[PATH_MAX];

	for (char *end = plain; end; *end = '/') {
		end = strchr(end + 1, '/');
		if (end)
			*end = '\0';
		ssize_t n = readlinkat(dir, plain, target, sizeof target);
		if (n >= 0)
			return err_set(e, -ELOOP, "%.*s: %s%s is a symbolic link to %.*s, and links are not followed; give the path that it leads to",
				       STR_ARG(path), path.n && path.s[0] == '/' ? "/" : "", plain, (int)n, target);
		if (!end)
			break;
	}
	return err_errno(e, -ELOOP, "%.*s", STR_ARG(path));
}

static int open_plain(int dir, struct str path, char *plain, int flags, mode_t mode, struct err *e)
{
	const struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	do
		fd = syscall(SYS_openat2, dir, plain, &how, sizeof how);
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd >= 0)
		return (int)fd;
	if (errno == ELOOP)
		return link_in_the_way(dir, path, plain, e);
	if (errno == ENOSYS)
		return err_set(e, -ENOSYS, "the kernel has no openat2(2); ctc needs Linux 5.10 or newer");
	return err_errno(e, -errno, "cannot open %.*s", STR_ARG(path));
}

int fs_open(int dir, struct str path, int flags, mode_t mode, struct err *e)
{
	char plain[PATH_MAX];

	if (!path_plain(path, plain))
		return err_set(e, -EINVAL, "`%.*s` is no path that can be opened: it is too long, or has a .. or a NUL in it", STR_ARG(path));
	return open_plain(dir, path, plain, flags, mode, e);
}

int fs_open_parent(int dir, struct str path, struct str *ret_name, struct err *e)
{
	size_t n;

	while (path.n && path.s[path.n - 1] == '/')
		path.n--;
	for (n = path.n; n && path.s[n - 1] != '/'; n--)
		;
	if (n == path.n || str_is((struct str){path.s + n, path.n - n}, "."))
		return err_set(e, -EINVAL, "`%.*s` does not end in the name of a file", STR_ARG(path));
	struct str name = {path.s + n, path.n - n}, parent = {path.s, n};
	if (str_is(name, "..") || str_has(name, '\0'))
		return err_set(e, -EINVAL, "`%.*s` does not end in the name of a file", STR_ARG(path));
	if (name.n > NAME_MAX)
		return err_errno(e, -ENAMETOOLONG, "%.*s", STR_ARG(path));
	int fd = fs_open(dir, parent, O_RDONLY | O_DIRECTORY, 0, e);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

int fs_stat(int dir, struct str path, struct stat *ret, struct err *e)
{
	_fd_ int fd = fs_open(dir, path, O_PATH | O_NOFOLLOW, 0, e);

	if (fd == -ENOENT)
		*e = (struct err){.code = -ENOENT};
	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return err_errno(e, -errno, "cannot look at %.*s", STR_ARG(path));
	return 0;
}

struct str fs_parent(struct str path)
{
	while (path.n && path.s[path.n - 1] != '/')
		path.n--;
	path.n -= path.n > 1;
	return path;
}

/* O_NONBLOCK: a FIFO in the place of a file must not make us wait. */
enum { READ_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY };

static int read_all(int fd, struct str path, size_t max, struct arena *a, struct str *ret, struct err *e)
{
	_buf_ struct buf all = {0};
	char part[16384];
	struct stat st;
	ssize_t n = -1;

	if (fstat(fd, &st) < 0)
		return err_errno(e, -errno, "cannot look at %.*s", STR_ARG(path));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%.*s is not a regular file", STR_ARG(path));
	while (all.n <= max && n != 0) {
		n = read(fd, part, sizeof part);
		if (n < 0 && errno != EINTR)
			return err_errno(e, -errno, "cannot read %.*s", STR_ARG(path));
		if (n > 0)
			buf_add(&all, part, (size_t)n);
	}
	if (all.n > max)
		return err_set(e, -EFBIG, "%.*s has more than %zu bytes", STR_ARG(path), max);
	*ret = buf_take(&all, a);
	return 0;
}

int fs_read(int dir, struct str path, size_t max, struct arena *a, struct str *ret, struct err *e)
{
	_fd_ int fd = fs_open(dir, path, READ_FLAGS, 0, e);

	return fd < 0 ? fd : read_all(fd, path, max, a, ret, e);
}

int fs_read_named(const char *path, size_t max, struct arena *a, struct str *ret, struct err *e)
{
	_fd_ int fd = open(path, READ_FLAGS | O_CLOEXEC);

	return fd < 0 ? err_errno(e, -errno, "cannot open %s", path) : read_all(fd, str_of(path), max, a, ret, e);
}

/* No permission for anybody, and the sticky bit: nobody's wish, so it marks a directory that is ours to finish. */
enum { HALF_MADE = 01000 };

/* Makes the one directory `name` in parent: 1 made, 0 there already. */
static int mkdir_one(int parent, struct str name, uid_t uid, gid_t gid, mode_t mode)
{
	char final[NAME_MAX + 1];
	struct stat st;

	memcpy(final, name.s, name.n);
	final[name.n] = '\0';
	if (mkdirat(parent, final, HALF_MADE) < 0) {
		if (errno != EEXIST)
			return -errno;
		if (fstatat(parent, final, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return -errno;
		if (!S_ISDIR(st.st_mode))
			return S_ISLNK(st.st_mode) ? -ELOOP : -ENOTDIR;
		if ((st.st_mode & 07777) != HALF_MADE)
			return 0;
	}
	_fd_ int fd = openat(parent, final, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return -errno;
	return 1;
}

bool fs_half_made(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & 07777) == HALF_MADE;
}

int fs_mkdirs(int dir, struct str path, uid_t uid, gid_t gid, mode_t mode, bool *ret_made, struct err *e)
{
	char plain[PATH_MAX];
	int made = 0;

	if (!path_plain(path, plain))
		return err_set(e, -EINVAL, "`%.*s` is no path of a directory: it is too long, or has a .. or a NUL in it", STR_ARG(path));
	_fd_ int at = openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_errno(e, -errno, "cannot make %.*s", STR_ARG(path));
	for (struct str rest = str_of(plain), part; rest.n;) {
		part = str_cut(rest, '/', &rest);
		while (rest.n && rest.s[0] == '/') /* what is behind the last slash decides which one is the leaf */
			rest = (struct str){rest.s + 1, rest.n - 1};
		if (part.n == 0 || str_is(part, "."))
			continue;
		made = part.n > NAME_MAX ? -ENAMETOOLONG
		       : rest.n		 ? mkdir_one(at, part, 0, 0, 0755)
					 : mkdir_one(at, part, uid, gid, mode);
		char name[NAME_MAX + 1];
		int next = -1;
		if (made >= 0) {
			memcpy(name, part.s, part.n);
			name[part.n] = '\0';
			next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			made = next < 0 ? -errno : made;
		}
		if (made == -ELOOP)
			return link_in_the_way(dir, path, plain, e);
		if (made < 0)
			return err_errno(e, made, "cannot make the directory %.*s (at %.*s)", STR_ARG(path), (int)(part.s + part.n - plain), plain);
		close(at);
		at = next;
	}
	if (ret_made)
		*ret_made = made > 0;
	return 0;
}

int fs_sync_path(int dir, struct str path, struct err *e)
{
	struct str whole = path;
	_fd_ int fd = fs_open(dir, path, O_RDONLY | O_DIRECTORY, 0, e);

	while (fd >= 0) {
		if (fsync(fd) < 0)
			return err_errno(e, -errno, "cannot write %.*s and the directories above it to disk", STR_ARG(whole));
		while (path.n && path.s[path.n - 1] == '/')
			path.n--;
		if (path.n == 0)
			return 0;
		while (path.n && path.s[path.n - 1] != '/')
			path.n--;
		close(fd);
		fd = fs_open(dir, path, O_RDONLY | O_DIRECTORY, 0, e);
	}
	return fd;
}

static int write_all(int fd, struct str content)
{
	for (size_t done = 0; done < content.n;) {
		ssize_t n = pwrite(fd, content.s + done, content.n - done, (off_t)done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Fills the new file and sees it on disk. */
static int fill(int fd, struct str content, mode_t mode)
{
	int r = write_all(fd, content);

	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

enum { BESIDE_MAX = 40 };

/* The name under which a file stands for the instant before it replaces `name`. */
static const char *beside(struct str name, char out[static BESIDE_MAX])
{
	snprintf(out, BESIDE_MAX, FS_BESIDE "%016llx", (unsigned long long)str_hash(name));
	return out;
}

static int link_fd(int fd, int parent, const char *name)
{
	char magic[40];

	snprintf(magic, sizeof magic, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, magic, parent, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* The file without a name gets `final`, or `temp` where final exists (then *ret_rename). */
static int give_name(int fd, int parent, const char *final, const char *temp, bool *ret_rename)
{
	int r = link_fd(fd, parent, final);

	if (r != -EEXIST)
		return r;
	r = link_fd(fd, parent, temp);
	if (r == -EEXIST)
		r = unlinkat(parent, temp, 0) < 0 ? -errno : link_fd(fd, parent, temp);
	*ret_rename = r == 0;
	return r;
}

/* A file without a name; where the file system has none, one under the name temp (then *ret_rename). */
static int open_nameless(int parent, const char *temp, bool *ret_rename)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	fd = openat(parent, temp, flags, 0600);
	if (fd < 0 && errno == EEXIST && unlinkat(parent, temp, 0) == 0)
		fd = openat(parent, temp, flags, 0600);
	*ret_rename = fd >= 0;
	return fd < 0 ? -errno : fd;
}

int fs_replace(int dir, struct str path, struct str content, mode_t mode, struct err *e)
{
	struct str name;
	_fd_ int parent = fs_open_parent(dir, path, &name, e), fd = -1;
	char temp[BESIDE_MAX], final[NAME_MAX + 1];
	bool named = false;

	if (parent < 0)
		return parent;
	memcpy(final, name.s, name.n);
	final[name.n] = '\0';
	beside(name, temp);
	fd = open_nameless(parent, temp, &named);
	int r = fd < 0 ? fd : fill(fd, content, mode);
	if (r == 0 && !named)
		r = give_name(fd, parent, final, temp, &named);
	if (r == 0 && named && renameat(parent, temp, parent, final) < 0)
		r = -errno;
	if (r < 0 && named)
		unlinkat(parent, temp, 0);
	if (r == 0 && fsync(parent) < 0)
		r = -errno;
	return r < 0 ? err_errno(e, r, "cannot write %.*s", STR_ARG(path)) : 0;
}

int fs_overwrite(int dir, struct str path, struct str content, mode_t mode, struct err *e)
{
	_fd_ int fd = fs_open(dir, path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0, e);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_errno(e, -errno, "cannot look at %.*s", STR_ARG(path));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%.*s is not a regular file", STR_ARG(path));
	if (content.n && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)content.n) < 0 && errno != EOPNOTSUPP)
		r = -errno;
	if (r == 0)
		r = write_all(fd, content);
	if (r == 0 && ftruncate(fd, (off_t)content.n) < 0)
		r = -errno;
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r < 0 ? err_errno(e, r, "cannot write %.*s", STR_ARG(path)) : 0;
}

static int remove_at(int dir, struct str path, int flags, struct err *e)
{
	struct str name;
	_fd_ int parent = fs_open_parent(dir, path, &name, e);
	char final[NAME_MAX + 1];

	if (parent == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	if (parent < 0)
		return parent;
	memcpy(final, name.s, name.n);
	final[name.n] = '\0';
	if (unlinkat(parent, final, flags) < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot remove %.*s", STR_ARG(path));
	if (fsync(parent) < 0)
		return err_errno(e, -errno, "cannot write the directory of %.*s to disk", STR_ARG(path));
	return 0;
}

int fs_remove(int dir, struct str path, struct err *e)
{
	return remove_at(dir, path, 0, e);
}

int fs_rmdir(int dir, struct str path, struct err *e)
{
	return remove_at(dir, path, AT_REMOVEDIR, e);
}

int fs_sweep(int dir, int depth, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		return err_errno(e, code, "cannot look for what a killed process left");
	}
	for (struct dirent *entry; r == 0 && (entry = readdir(d));) {
		if (str_starts(str_of(entry->d_name), STR(FS_BESIDE))) {
			if (unlinkat(dir, entry->d_name, 0) < 0 && errno != ENOENT)
				r = err_errno(e, -errno, "cannot remove %s", entry->d_name);
		} else if (depth > 0 && entry->d_type == DT_DIR && entry->d_name[0] != '.') {
			_fd_ int below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			r = below < 0 ? 0 : fs_sweep(below, depth - 1, e);
		}
	}
	closedir(d);
	return r;
}
