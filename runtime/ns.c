/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Named network namespaces. The protocol of /run/netns is iproute2's (ip/ipnetns.c): the directory is made a shared mount point of itself, so that
 * namespaces that are made later are seen in every mount namespace, and a namespace is kept alive by a bind mount on an empty file. */
#include "runtime/ns.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <time.h>

#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/socket.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

enum { SYSCTL_MAX = 64 << 10, NETNS_LOCK_TRIES = 200, NETNS_LOCK_WAIT_MS = 50 };

/* The last component as the system calls want it; false for what cannot be a name. */
static bool name_plain(struct str name, char out[static NAME_MAX + 1])
{
	if (name.n == 0 || name.n > NAME_MAX || str_has(name, '/') || str_has(name, '\0') || str_is(name, ".") ||
	    str_is(name, ".."))
		return false;
	memcpy(out, name.s, name.n);
	out[name.n] = '\0';
	return true;
}

static int open_dir(struct host *h, struct err *e)
{
	return fs_open(h->root_fd, STR(NETNS_DIR), O_RDONLY | O_DIRECTORY, 0, e);
}

/* What stands at the name, and a descriptor of it where it is a namespace. Returns the state, or a negative errno. */
static int look_at(int dir, const char *name, int *ret_fd)
{
	_fd_ int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), ns = -1;
	struct statfs fs;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? NS_NONE : -errno;
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != NSFS_MAGIC)
		return S_ISREG(st.st_mode) && st.st_size == 0 && (st.st_mode & 07777) == 0 ? NS_HALF : NS_FOREIGN;
	ns = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (ns < 0)
		return -errno;
	int type = ioctl(ns, NS_GET_NSTYPE);
	if (type < 0)
		return -errno;
	if (type != CLONE_NEWNET)
		return NS_FOREIGN;
	if (ret_fd)
		*ret_fd = take_fd(&ns);
	return NS_WHOLE;
}

int ns_look(struct host *h, struct str name, enum ns_state *ret, struct err *e)
{
	_fd_ int dir = open_dir(h, e);
	char plain[NAME_MAX + 1];

	if (dir < 0 && dir != -ENOENT)
		return dir;
	if (!name_plain(name, plain))
		return err_set(e, -EINVAL, "`%.*s` cannot be the name of a network namespace", STR_ARG(name));
	int state = dir < 0 ? NS_NONE : look_at(dir, plain, NULL);
	if (state < 0)
		return err_errno(e, state, "cannot look at /" NETNS_DIR "/%s", plain);
	*ret = (enum ns_state)state;
	return 0;
}

static int cmp_entries(const void *a, const void *b)
{
	return str_cmp(((const struct ns_entry *)a)->name, ((const struct ns_entry *)b)->name);
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

int ns_list(struct host *h, struct arena *a, struct ns_entry **ret, size_t *ret_n, struct err *e)
{
	VEC(struct ns_entry) all = {0};
	_fd_ int fd = open_dir(h, e);
	const struct dirent *entry;

	*ret = NULL;
	*ret_n = 0;
	if (fd == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	_cleanup_(close_dir) DIR *list = fd < 0 ? NULL : fdopendir(fd);
	if (!list)
		return fd < 0 ? fd : err_errno(e, -errno, "cannot list /" NETNS_DIR);
	(void)take_fd(&fd); /* the list owns it now */
	while (errno = 0, (entry = readdir(list))) {
		if (strncmp(entry->d_name, "ct-", 3) != 0)
			continue;
		int state = look_at(dirfd(list), entry->d_name, NULL);
		if (state < 0)
			return err_errno(e, state, "cannot look at /" NETNS_DIR "/%s", entry->d_name);
		if (state != NS_NONE)
			vec_push(a, &all, (struct ns_entry){str_copy(a, str_of(entry->d_name)), (enum ns_state)state});
	}
	if (errno)
		return err_errno(e, -errno, "cannot list /" NETNS_DIR);
	if (all.n)
		qsort(all.at, all.n, sizeof *all.at, cmp_entries);
	*ret = all.at;
	*ret_n = all.n;
	return 0;
}

int ns_open(struct host *h, struct str name, struct err *e)
{
	_fd_ int dir = open_dir(h, e);
	char plain[NAME_MAX + 1];
	int fd = -1;

	if (!name_plain(name, plain))
		return err_set(e, -EINVAL, "`%.*s` cannot be the name of a network namespace", STR_ARG(name));
	int state = dir < 0 ? dir : look_at(dir, plain, &fd);
	if (state == NS_WHOLE)
		return fd;
	if (state < 0 && state != -ENOENT)
		return err_errno(e, state, "cannot open the network namespace %s", plain);
	return err_set(e, -ENOENT, "there is no network namespace %s (/" NETNS_DIR "/%s)", plain, plain);
}

static int lock_dir(int dir)
{
	const struct timespec pause = {.tv_nsec = NETNS_LOCK_WAIT_MS * 1000000L};

	for (int i = 0; flock(dir, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK || i == NETNS_LOCK_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* The directory, made and mounted where it is not. Newer iproute2 locks it meanwhile, and so do we: two mounts upon each other would hide what was made between. */
static int ready_dir(struct host *h, struct err *e)
{
	int r = fs_mkdirs(h->root_fd, STR(NETNS_DIR), 0, 0, 0755, NULL, e);
	_fd_ int dir = r < 0 ? r : open_dir(h, e);
	char magic[40];

	if (dir < 0)
		return dir;
	r = lock_dir(dir);
	if (r < 0)
		return err_errno(e, r, "cannot lock /" NETNS_DIR);
	/* The lock is on the directory below the mount point, if that was opened before another process mounted: so open again. */
	_fd_ int top = open_dir(h, e);
	if (top < 0)
		return top;
	snprintf(magic, sizeof magic, "/proc/self/fd/%d", top);
	if (mount("", magic, "none", MS_SHARED | MS_REC, NULL) == 0)
		return take_fd(&top);
	if (errno != EINVAL || mount(magic, magic, "none", MS_BIND | MS_REC, NULL) < 0)
		return err_errno(e, -errno, "cannot make /" NETNS_DIR " a shared mount point");
	_fd_ int mounted = open_dir(h, e);
	if (mounted < 0)
		return mounted;
	snprintf(magic, sizeof magic, "/proc/self/fd/%d", mounted);
	if (mount("", magic, "none", MS_SHARED | MS_REC, NULL) < 0)
		return err_errno(e, -errno, "cannot make /" NETNS_DIR " a shared mount point");
	return take_fd(&mounted);
}

static int lo_up(struct err *e)
{
	_fd_ int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo"};

	if (s < 0 || ioctl(s, SIOCGIFFLAGS, &lo) < 0)
		return err_errno(e, -errno, "cannot look at lo in a new network namespace");
	lo.ifr_flags = (short)(lo.ifr_flags | IFF_UP);
	if (ioctl(s, SIOCSIFFLAGS, &lo) < 0)
		return err_errno(e, -errno, "cannot set lo up in a new network namespace");
	return 0;
}

static int write_key(int dir, struct str path, struct str value, struct err *e)
{
	_fd_ int fd = fs_open(dir, path, O_WRONLY, 0, e);

	if (fd < 0)
		return fd;
	/* One write: the kernel takes each as a whole value. */
	if (write(fd, value.s, value.n) != (ssize_t)value.n)
		return err_errno(e, -errno, "cannot write `%.*s` to /%.*s", STR_ARG(value), STR_ARG(path));
	return 0;
}

/* A proc file system for a chunk of namespaces. In the host's own, every namespace that is looked into leaves entries of the same names behind, and looking one up
 * means going through those of all namespaces: a thousand cost each other seconds. Where there can be no other one, the host's own it is. */
static int open_proc(struct host *h, struct err *e)
{
	_fd_ int fs = fsopen("proc", FSOPEN_CLOEXEC);
	int fd = -1;

	if (fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd >= 0 ? fd : fs_open(h->root_fd, STR("proc"), O_PATH | O_DIRECTORY, 0, e);
}

/* In the namespace: no router has a say there, addresses are there at once, and the first of a prefix does not take the others with it when it goes. Interfaces inherit from `default` when they appear. */
static int set_conf(int proc, const char *interface, struct err *e)
{
	static const char *const zero[] = {"disable_ipv6", "accept_ra", "accept_dad"};
	_buf_ struct buf promote = {0};

	buf_fmt(&promote, "sys/net/ipv4/conf/%s/promote_secondaries", interface);
	if (write_key(proc, buf_view(&promote), STR("1"), e) < 0)
		return e->code;
	for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) {
		_buf_ struct buf path = {0};

		buf_fmt(&path, "sys/net/ipv6/conf/%s/%s", interface, zero[i]);
		int r = write_key(proc, buf_view(&path), STR("0"), e);
		if (r == -ENOENT) { /* no IPv6 in this kernel */
			*e = (struct err){0};
			break;
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_up(int proc, struct err *e)
{
	int r = set_conf(proc, "default", e);

	return r < 0 ? r : lo_up(e);
}

/* In a thread: unshares, sets up, and only then gives the namespace its name. */
static int make_one(int proc, int dir, const char *name, struct err *e)
{
	char magic[40];
	int state = look_at(dir, name, NULL);

	if (state == NS_WHOLE)
		return 0;
	if (state == NS_FOREIGN)
		return err_set(e, -EEXIST, "/" NETNS_DIR "/%s exists and is no network namespace; move it away", name);
	if (state < 0)
		return err_errno(e, state, "cannot look at /" NETNS_DIR "/%s", name);
	if (unshare(CLONE_NEWNET) < 0)
		return errno == ENOSPC ? err_set(e, -ENOSPC, "cannot make the network namespace %s: there are as many as user.max_net_namespaces allows", name)
				       : err_errno(e, -errno, "cannot make the network namespace %s", name);
	int r = set_up(proc, e);
	if (r < 0)
		return err_context(e, "network namespace %s", name);
	if (state == NS_NONE) {
		_fd_ int made = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

		if (made < 0)
			return err_errno(e, -errno, "cannot make /" NETNS_DIR "/%s", name);
	}
	_fd_ int at = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	snprintf(magic, sizeof magic, "/proc/self/fd/%d", at);
	if (at < 0 || mount("/proc/thread-self/ns/net", magic, "none", MS_BIND, NULL) < 0) {
		r = err_errno(e, -errno, "cannot mount the network namespace on /" NETNS_DIR "/%s", name);
		unlinkat(dir, name, 0);
		return r;
	}
	return 0;
}

struct make_call {
	int proc, dir;
	const struct str *names;
	size_t n;
	int r;
	struct err err;
};

static void *make_thread(void *context)
{
	struct make_call *call = context;
	char plain[NAME_MAX + 1];

	for (size_t i = 0; i < call->n && call->r == 0; i++) {
		call->r = name_plain(call->names[i], plain) ? make_one(call->proc, call->dir, plain, &call->err)
							    : err_set(&call->err, -EINVAL, "`%.*s` cannot be the name of a network namespace",
								      STR_ARG(call->names[i]));
		if (call->r < 0)
			err_resource(&call->err, call->names[i]);
	}
	return NULL;
}

static int run_thread(void *(*body)(void *), void *context, struct err *e)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, body, context);

	if (r != 0)
		return err_errno(e, -r, "cannot start a thread to work in another network namespace");
	pthread_join(thread, NULL);
	return 0;
}

int ns_make(struct host *h, const struct str *names, size_t n, struct err *e)
{
	_fd_ int dir = ready_dir(h, e);
	int r = dir < 0 ? dir : 0;

	for (size_t i = 0; i < n && r == 0; i += NS_CHUNK) {
		if (h->interrupted && *h->interrupted)
			return err_set(e, -EINTR, "interrupted by the user");
		_fd_ int proc = open_proc(h, e);
		struct make_call call = {.proc = proc, .dir = dir, .names = names + i, .n = n - i < NS_CHUNK ? n - i : NS_CHUNK};

		r = proc < 0 ? proc : run_thread(make_thread, &call, e);
		if (r == 0 && call.r < 0) {
			*e = call.err;
			r = call.r;
		}
	}
	return r;
}

int ns_remove(struct host *h, struct str name, struct err *e)
{
	_fd_ int dir = open_dir(h, e);
	char plain[NAME_MAX + 1], magic[40];

	if (dir == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	if (dir < 0)
		return dir;
	if (!name_plain(name, plain))
		return err_set(e, -EINVAL, "`%.*s` cannot be the name of a network namespace", STR_ARG(name));
	for (;;) {
		int state = look_at(dir, plain, NULL);

		if (state == NS_NONE)
			return 0;
		if (state < 0)
			return err_errno(e, state, "cannot look at /" NETNS_DIR "/%s", plain);
		if (state == NS_FOREIGN)
			return err_set(e, -EEXIST, "/" NETNS_DIR "/%s is no network namespace any more; it is left alone", plain);
		if (state == NS_HALF)
			break;
		_fd_ int at = openat(dir, plain, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		snprintf(magic, sizeof magic, "/proc/self/fd/%d", at);
		if (at < 0 || umount2(magic, MNT_DETACH) < 0)
			return err_errno(e, -errno, "cannot unmount /" NETNS_DIR "/%s", plain);
	}
	if (unlinkat(dir, plain, 0) < 0 && errno != ENOENT)
		return err_errno(e, -errno, "cannot remove /" NETNS_DIR "/%s", plain);
	return 0;
}

int ns_enter(struct host *h, struct str name, struct err *e)
{
	_fd_ int ns = ns_open(h, name, e);

	if (ns < 0)
		return ns;
	return setns(ns, CLONE_NEWNET) < 0 ? err_errno(e, -errno, "cannot enter the network namespace %.*s", STR_ARG(name)) : 0;
}

struct each_call {
	const int *fds;
	size_t n;
	ns_work work;
	void *context;
	int r;
	struct err err;
};

static void *each_thread(void *context)
{
	struct each_call *call = context;

	for (size_t i = 0; i < call->n && call->r == 0; i++)
		call->r = setns(call->fds[i], CLONE_NEWNET) < 0 ? err_errno(&call->err, -errno, "cannot enter a network namespace")
								: call->work(i, call->context, &call->err);
	return NULL;
}

int ns_each(const int *fds, size_t n, ns_work work, void *context, struct err *e)
{
	struct each_call call = {.fds = fds, .n = n, .work = work, .context = context};
	int r = run_thread(each_thread, &call, e);

	if (r == 0 && call.r < 0)
		*e = call.err;
	return r < 0 ? r : call.r;
}

struct settle_call {
	struct host *h;
	const char *interface;
};

static int settle_work(size_t i, void *context, struct err *e)
{
	const struct settle_call *call = context;
	_fd_ int proc = fs_open(call->h->root_fd, STR("proc"), O_PATH | O_DIRECTORY, 0, e);
	int r = proc < 0 ? proc : set_up(proc, e);

	(void)i;
	return r < 0 ? r : set_conf(proc, call->interface, e);
}

int ns_settle(struct host *h, int ns, const char *interface, struct err *e)
{
	struct settle_call call = {h, interface};

	return ns_each(&ns, 1, settle_work, &call, e);
}

static struct str proc_sys_path(struct str key, struct buf *out)
{
	buf_puts(out, "proc/sys/");
	buf_str(out, key);
	return buf_view(out);
}

int proc_sys_write(struct host *h, struct str key, struct str value, struct err *e)
{
	_buf_ struct buf path = {0};

	return write_key(h->root_fd, proc_sys_path(key, &path), value, e);
}

int proc_sys_read(struct host *h, struct str key, struct arena *a, struct str *ret, struct err *e)
{
	_buf_ struct buf path = {0};
	int r = fs_read(h->root_fd, proc_sys_path(key, &path), SYSCTL_MAX, a, ret, e);

	if (r == 0 && ret->n && ret->s[ret->n - 1] == '\n')
		ret->n--;
	return r;
}
