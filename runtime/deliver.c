/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The delivery of deliver.h. */
#include "runtime/deliver.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

#define SECRETS_DIR RUN_DIR "/secrets"
#define MAPPED_DIR RUN_DIR "/mapped-secrets"

enum { BYTES_MAX = 1 << 20, NAME_BYTES_MAX = 255 };

/* A name that can be nothing but a file's within a directory. */
static bool is_plain(struct str name)
{
	return name.n > 0 && name.n <= NAME_BYTES_MAX && name.s[0] != '.' && !str_has(name, '/') && !str_has(name, '\0');
}

static bool number(struct str text, int base, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned digit = (unsigned)(text.s[i] - '0');

		if (digit >= (unsigned)base || (v = v * (unsigned)base + digit) > max)
			return false;
	}
	*ret = v;
	return text.n > 0;
}

bool delivery_parse(struct str text, struct delivery *ret)
{
	struct str rest;
	uint64_t uid, gid, mode;

	*ret = (struct delivery){.name = str_cut(text, ':', &rest)};
	if (!is_plain(ret->name) || !number(str_cut(rest, ':', &rest), 10, UINT32_MAX - 1, &uid) || !number(str_cut(rest, ':', &rest), 10, UINT32_MAX - 1, &gid) ||
	    !number(rest, 8, 0777, &mode))
		return false;
	ret->uid = (uid_t)uid;
	ret->gid = (gid_t)gid;
	ret->mode = (mode_t)mode;
	return true;
}

/* A ramfs, which is never swapped; where it has to be mapped, which no ramfs can be, a tmpfs that is not. */
static int mount_secrets(int fd, bool mapped, struct err *e)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (mount("ctstack-secrets", path, mapped ? "tmpfs" : "ramfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, mapped ? "mode=0700,noswap" : "mode=0700") == 0)
		return 0;
	return err_errno(e, -errno, mapped ? "cannot mount a tmpfs that is never swapped, which Linux 6.4 and later have, at /" MAPPED_DIR : "cannot mount a ramfs at /" SECRETS_DIR);
}

/* Whether a file system of its own is there. */
static bool is_mounted(int fd, int above)
{
	struct stat own, other;

	return fstat(fd, &own) == 0 && fstat(above, &other) == 0 && own.st_dev != other.st_dev;
}

/* The directory of all units' secrets, in memory; locked, so that two units that start together do not mount it twice. */
static int open_secrets(struct host *h, bool mapped, struct err *e)
{
	struct str dir = mapped ? STR(MAPPED_DIR) : STR(SECRETS_DIR);
	int r = fs_mkdirs(h->root_fd, dir, 0, 0, 0700, NULL, e);

	if (r < 0)
		return r;
	_fd_ int lock = fs_open(h->root_fd, STR(RUN_DIR), O_RDONLY | O_DIRECTORY, 0, e);
	if (lock < 0)
		return lock;
	if (flock(lock, LOCK_EX) < 0)
		return err_errno(e, -errno, "cannot lock /" RUN_DIR);
	_fd_ int fd = fs_open(h->root_fd, dir, O_RDONLY | O_DIRECTORY, 0, e);
	if (fd < 0)
		return fd;
	if (is_mounted(fd, lock))
		return take_fd(&fd);
	r = mount_secrets(fd, mapped, e);
	return r < 0 ? r : fs_open(h->root_fd, dir, O_RDONLY | O_DIRECTORY, 0, e);
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int take_away(int secrets, struct str unit, struct err *e)
{
	_fd_ int fd = fs_open(secrets, unit, O_RDONLY | O_DIRECTORY, 0, e);
	_cleanup_(close_dir) DIR *d = NULL;

	if (fd == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	if (fd < 0)
		return fd;
	d = fdopendir(fd);
	if (!d)
		return err_errno(e, -errno, "cannot read the secrets of %.*s", STR_ARG(unit));
	int dir = take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(d));)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlinkat(dir, entry->d_name, 0) < 0 && errno != ENOENT)
			return err_errno(e, -errno, "cannot remove the secret %s of %.*s", entry->d_name, STR_ARG(unit));
	return fs_rmdir(secrets, unit, e);
}

static int copy(int from, int to, struct err *e)
{
	char bytes[16384];
	size_t total = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, bytes, sizeof bytes)) != 0) {
		total += n > 0 ? (size_t)n : 0;
		if (n < 0)
			r = err_errno(e, -errno, "cannot read it");
		else if (total > BYTES_MAX)
			r = err_set(e, -EFBIG, "it is longer than 1 MiB");
		else if (write(to, bytes, (size_t)n) != n)
			r = err_errno(e, errno ? -errno : -ENOSPC, "cannot write it");
	}
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

static int deliver_one(int credentials, int dir, const struct delivery *d, struct err *e)
{
	char name[NAME_BYTES_MAX + 1];

	snprintf(name, sizeof name, "%.*s", STR_ARG(d->name));
	_fd_ int from = openat(credentials, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0)
		return err_errno(e, -errno, "systemd has not handed it to the unit");
	_fd_ int to = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_errno(e, -errno, "cannot make its file");
	int r = copy(from, to, e);
	if (r == 0 && (fchown(to, d->uid, d->gid) < 0 || fchmod(to, d->mode) < 0))
		r = err_errno(e, -errno, "cannot set its owner and mode");
	return r;
}

int deliver(struct host *h, const char *credentials, struct str unit, bool mapped, const struct delivery *all, size_t n, struct err *e)
{
	if (!is_plain(unit))
		return err_set(e, -EINVAL, "`%.*s` is no unit's name", STR_ARG(unit));
	_fd_ int secrets = open_secrets(h, mapped, e);
	int r = secrets < 0 ? secrets : take_away(secrets, unit, e);
	if (r < 0 || !n)
		return r;
	r = fs_mkdirs(secrets, unit, 0, 0, 0700, NULL, e);
	_fd_ int dir = r < 0 ? r : fs_open(secrets, unit, O_RDONLY | O_DIRECTORY, 0, e);
	if (dir < 0)
		return dir;
	_fd_ int from = open(credentials, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0)
		return err_errno(e, -errno, "cannot open the unit's credentials at %s", credentials);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = deliver_one(from, dir, &all[i], e);
		if (r < 0)
			err_context(e, "secret %.*s", STR_ARG(all[i].name));
	}
	return r;
}
