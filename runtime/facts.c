/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files and directories of the host, read below its root. They are the host's own and may be links; nothing is written through here (fs.h is for that). */
#include "runtime/facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lang/base/cleanup.h"
#include "lang/base/sort.h"

enum { SYSCTL_MAX = 4096, NAMES_MAX = 65536 };

int fact_open(struct host *h, struct str path, int flags)
{
	const struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	char text[4096];

	if (path.n >= sizeof text || str_has(path, '\0'))
		return -EINVAL;
	memcpy(text, path.s, path.n);
	text[path.n] = '\0';
	int fd = (int)syscall(SYS_openat2, h->root_fd, text, &how, sizeof how);

	return fd < 0 ? -errno : fd;
}

int fact_read(struct host *h, struct str path, size_t max, struct arena *a, struct str *ret, struct err *e)
{
	_fd_ int fd = fact_open(h, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	_buf_ struct buf text = {0};

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return err_errno(e, fd, "cannot open %.*s", STR_ARG(path));
	for (;;) {
		char bytes[16384];
		ssize_t n = read(fd, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, -errno, "cannot read %.*s", STR_ARG(path));
		if (n == 0)
			break;
		buf_add(&text, bytes, (size_t)n);
		if (text.n > max)
			return err_set(e, -EFBIG, "%.*s is longer than %zu bytes", STR_ARG(path), max);
	}
	*ret = buf_take(&text, a);
	return 0;
}

bool fact_exists(struct host *h, struct str path)
{
	_fd_ int fd = fact_open(h, path, O_PATH);

	return fd >= 0;
}

bool fact_is_device(struct host *h, struct str path)
{
	_fd_ int fd = fact_open(h, path, O_PATH);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode));
}

bool fact_is_directory(struct host *h, struct str path)
{
	_fd_ int fd = fact_open(h, path, O_PATH | O_DIRECTORY);

	return fd >= 0;
}

bool fact_init(struct host *h)
{
	return fact_exists(h, STR("usr/libexec/podman/catatonit")) || fact_exists(h, STR("usr/bin/catatonit"));
}

static void cleanup_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

int fact_list(struct host *h, struct str path, struct arena *a, struct strs *ret, struct err *e)
{
	_fd_ int fd = fact_open(h, path, O_RDONLY | O_DIRECTORY);
	_cleanup_(cleanup_dir) DIR *d = NULL;
	VEC(struct str) names = {0};

	*ret = (struct strs){0};
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return err_errno(e, fd, "cannot open the directory %.*s", STR_ARG(path));
	d = fdopendir(fd);
	if (!d)
		return err_errno(e, -errno, "cannot read the directory %.*s", STR_ARG(path));
	take_fd(&fd);
	for (struct dirent *entry; (entry = readdir(d)) && names.n < NAMES_MAX;)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			vec_push(a, &names, str_copy(a, str_of(entry->d_name)));
	sort_strs(names.at, names.n);
	*ret = (struct strs){names.at, names.n};
	return 0;
}

int fact_sysctl(struct host *h, struct str name, struct arena *a, struct str *ret, struct err *e)
{
	struct str path = str_fmt(a, "proc/sys/%.*s", STR_ARG(name));
	struct str text;
	char *c = (char *)path.s + strlen("proc/sys/");
	int r;

	/* sysctl(8): dots and slashes change places, so that an interface's name may have a dot. */
	for (; *c; c++)
		*c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
	r = fact_read(h, path, SYSCTL_MAX, a, &text, e);
	if (r == -ENOENT)
		return err_set(e, r, "the kernel has no switch %.*s: it runs without that part of its network", STR_ARG(name));
	if (r < 0)
		return r;
	*ret = str_cut(text, '\n', NULL);
	return 0;
}
