/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The questions of idmap.h. What an idmapped mount maps to is said by a user namespace: one is made by a child that does nothing else, and lives as long as its descriptor. */
#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"
#include "runtime/fs.h"

/* Any range but the host's own. */
#define MAPPED "0 524288 65536\n"

/* In the child, of which only its user namespace is wanted: until the other end is closed. */
static void be_a_namespace(int end)
{
	char ready = unshare(CLONE_NEWUSER) == 0;

	while (write(end, &ready, 1) < 0 && errno == EINTR)
		;
	while (read(end, &ready, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int map_write(pid_t child, const char *which)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)child, which);
	_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, MAPPED, sizeof MAPPED - 1);
	return n < 0 ? -errno : n == sizeof MAPPED - 1 ? 0 : -EIO;
}

static int namespace_of(pid_t child)
{
	char path[64];
	int r = map_write(child, "uid_map");

	if (r == 0)
		r = map_write(child, "gid_map");
	if (r < 0)
		return r;
	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A user namespace with such a range, or a negative errno. */
static int make_namespace(void)
{
	int ends[2], fd = -EPERM;
	char ready = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	pid_t child = fork();
	if (child == 0) {
		close(ends[0]);
		be_a_namespace(ends[1]);
	}
	close(ends[1]);
	if (child < 0)
		fd = -errno;
	else if (read(ends[0], &ready, 1) == 1 && ready)
		fd = namespace_of(child);
	close(ends[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}

/* Whether a mount that is attached nowhere can be mapped. Whoever may not make namespaces is told so by other means. */
static bool can_map(int mount)
{
	_fd_ int ns = make_namespace();
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)(unsigned)ns};

	if (ns < 0 || mount_setattr(mount, "", AT_EMPTY_PATH, &attr, sizeof attr) == 0)
		return true;
	return errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS;
}

bool idmap_path(struct host *h, struct str path)
{
	_fd_ int fd = fact_open(h, path, O_PATH);

	while (fd < 0 && path.n > 1) {
		path = fs_parent(path);
		fd = fact_open(h, path.n ? path : STR("/"), O_PATH);
	}
	_fd_ int mount = fd < 0 ? -1 : open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return mount < 0 || can_map(mount);
}

bool idmap_memory(void)
{
	_fd_ int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	if (fs < 0)
		return errno == EPERM;
	if (fsconfig(fs, FSCONFIG_SET_FLAG, "noswap", NULL, 0) < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return false;
	_fd_ int mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV);
	return mount < 0 || can_map(mount);
}
