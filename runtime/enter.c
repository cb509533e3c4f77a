/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Entering a container, see enter.h. nsenter(1) would give the program all of root's capabilities: whoever may write in the container could put a program in the place of the one
 * that is called, and have them. Here it gets the bounding set of the container's first process, its environment and what it may use at most, and no descriptor but the standard ones. */
#include "runtime/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/base/vec.h"
#include "runtime/enter_user.h"

enum { NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWCGROUP, CAPS_MAX = 64, BAD_PROGRAM = 126, NO_PROGRAM = 127, ENVIRONMENT_MAX = 1 << 20 };

/* The rights of the leader: what the program may have at most. */
struct rights {
	uint64_t bounding;
	bool no_new_privileges;
};

static FILE *proc_open(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

pid_t enter_leader(pid_t nspawn, struct err *e)
{
	char name[64];
	int leader = 0;

	snprintf(name, sizeof name, "task/%d/children", (int)nspawn);
	_file_ FILE *f = proc_open(nspawn, name);
	if (!f || fscanf(f, "%d", &leader) != 1 || leader <= 0)
		return err_set(e, -ESRCH, "process %d runs no container", (int)nspawn);
	return leader;
}

static int rights_read(pid_t leader, struct rights *ret, struct err *e)
{
	_file_ FILE *f = proc_open(leader, "status");
	bool found = false;
	char line[256];
	int set;

	while (f && fgets(line, sizeof line, f)) {
		found |= sscanf(line, "CapBnd: %" SCNx64, &ret->bounding) == 1;
		if (sscanf(line, "NoNewPrivs: %d", &set) == 1)
			ret->no_new_privileges = set;
	}
	return found ? 0 : err_set(e, -ESRCH, "process %d is gone", (int)leader);
}

/* What the leader's processes may use at most (setrlimit(2)) holds for this one from here on. */
static void limits_take(pid_t leader)
{
	for (int what = 0; what < (int)RLIM_NLIMITS; what++) {
		struct rlimit limit;

		if (prlimit(leader, (__rlimit_resource_t)what, NULL, &limit) == 0)
			setrlimit((__rlimit_resource_t)what, &limit);
	}
}

static bool is_of(const char *pair, const char *name)
{
	size_t n = strcspn(name, "=");

	return strncmp(pair, name, n) == 0 && pair[n] == '=';
}

/* What the leader was started with, and whatever a program needs that is not among it. It is the container's own to say: it has a say in nothing but what runs there. */
static char **environment_read(pid_t leader, struct arena *a)
{
	static char *const least[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "container=systemd-nspawn"};
	const char *terminal = isatty(STDIN_FILENO) ? getenv("TERM") : NULL;
	char *text = arena_array(a, ENVIRONMENT_MAX + 1, 1);
	_file_ FILE *f = proc_open(leader, "environ");
	size_t n = f ? fread(text, 1, ENVIRONMENT_MAX, f) : 0;
	VEC(char *) all = {0};

	if (terminal)
		vec_push(a, &all, (char *)(uintptr_t)str_fmt(a, "TERM=%s", terminal).s);
	/* a socket by which the leader itself speaks to its supervisor; a last one that is cut off */
	for (char *pair = text; pair < text + n && n < ENVIRONMENT_MAX; pair += strlen(pair) + 1)
		if (strchr(pair, '=') && !is_of(pair, "NOTIFY_SOCKET") && !(terminal && is_of(pair, "TERM")))
			vec_push(a, &all, pair);
	for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
		bool there = false;

		vec_each(char *const, pair, &all)
			there |= is_of(*pair, least[i]);
		if (!there)
			vec_push(a, &all, least[i]);
	}
	vec_push(a, &all, NULL);
	return all.at;
}

/* Into the leader's control group: its limits and its devices are the container's. */
static int cgroup_join(pid_t leader, struct err *e)
{
	_file_ FILE *f = proc_open(leader, "cgroup");
	char line[4096 + 8], path[sizeof line + 64];
	bool found = false;

	while (!found && f && fgets(line, sizeof line, f))
		found = strncmp(line, "0::/", 4) == 0;
	if (!found)
		return err_set(e, -ESRCH, "process %d is gone", (int)leader);
	snprintf(path, sizeof path, "/sys/fs/cgroup%.*s/cgroup.procs", (int)strcspn(line + 3, "\n"), line + 3);
	_file_ FILE *procs = fopen(path, "we");
	if (!procs || fputs("0\n", procs) < 0 || fflush(procs) != 0)
		return err_errno(e, -errno, "cannot enter the control group of process %d", (int)leader);
	return 0;
}

/* A user namespace that is one's own already cannot be entered again. */
static bool user_namespace_differs(pid_t leader)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/ns/user", (int)leader);
	return stat("/proc/self/ns/user", &own) == 0 && stat(path, &other) == 0 && (own.st_ino != other.st_ino || own.st_dev != other.st_dev);
}

/* How far it came in the child, and why not further. */
struct failure {
	enum { FAILED_ON_THE_WAY, FAILED_DIRECTORY, FAILED_USER, FAILED_PROGRAM } step;
	int why;
};

static _Noreturn void fail(int tell, struct failure f)
{
	bool none = f.step == FAILED_PROGRAM && f.why == ENOENT;
	ssize_t told = write(tell, &f, sizeof f);

	_exit(told == sizeof f && !none ? BAD_PROGRAM : NO_PROGRAM);
}

/* The right to do so may be gone from the bounding set already; in the permitted set it stays until the user is no longer root. */
static bool user_become(const struct enter_user *u)
{
	if (setgroups(u->ngroups, u->groups) < 0 || setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0)
		return false;
	return setenv("HOME", u->home, 1) == 0 && (*u->name ? setenv("USER", u->name, 1) == 0 && setenv("LOGNAME", u->name, 1) == 0 : unsetenv("USER") == 0 && unsetenv("LOGNAME") == 0);
}

/* In the child: the rest of the way, then the program. */
static _Noreturn void become(const struct rights *rights, const struct enter *what, char **environment, int tell)
{
	enum { TELL = STDERR_FILENO + 1 };
	struct enter_user user;

	if ((tell != TELL && dup3(tell, TELL, O_CLOEXEC) < 0) || syscall(SYS_close_range, TELL + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		_exit(NO_PROGRAM);
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		fail(TELL, (struct failure){FAILED_ON_THE_WAY, errno});
	for (unsigned cap = 0; cap < CAPS_MAX; cap++)
		if (!(rights->bounding >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			fail(TELL, (struct failure){FAILED_ON_THE_WAY, errno});
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || (rights->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		fail(TELL, (struct failure){FAILED_ON_THE_WAY, errno});
	if (chdir(what->directory ? what->directory : "/") < 0)
		fail(TELL, (struct failure){FAILED_DIRECTORY, errno});
	environ = environment; /* its PATH is where the program is looked for, too */
	if (what->user && (!enter_user_find(what->user, &user) || !user_become(&user)))
		fail(TELL, (struct failure){FAILED_USER, errno});
	execvp(what->argv[0], what->argv);
	fail(TELL, (struct failure){FAILED_PROGRAM, errno});
}

static int failed(const struct failure *f, const struct enter *what, struct err *e)
{
	switch (f->step) {
	case FAILED_DIRECTORY:
		return err_errno(e, -f->why, "cannot begin in %s in the container", what->directory);
	case FAILED_USER:
		return err_set(e, -ENOENT, "there is no user or group %s in the container", what->user);
	case FAILED_PROGRAM:
		return err_errno(e, -f->why, "cannot run %s in the container", what->argv[0]);
	default:
		return err_errno(e, -f->why, "cannot become root of the container");
	}
}

int enter_run(pid_t leader, const struct enter *what, int *ret_status, struct err *e)
{
	_arena_ struct arena a = {0};
	_fd_ int pidfd = (int)syscall(SYS_pidfd_open, leader, 0);
	struct failure failure;
	struct rights rights = {0};
	int status, r = pidfd < 0 ? err_errno(e, -errno, "cannot find process %d", (int)leader) : rights_read(leader, &rights, e);

	if (r == 0)
		r = cgroup_join(leader, e);
	if (r < 0)
		return r;
	char **environment = environment_read(leader, &a);
	limits_take(leader);
	if (setns(pidfd, NAMESPACES | (user_namespace_differs(leader) ? CLONE_NEWUSER : 0)) < 0)
		return err_errno(e, -errno, "cannot enter the container of process %d", (int)leader);
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(e, -errno, "cannot make a pipe");
	_fd_ int reading = ends[0], writing = ends[1];
	pid_t child = fork();
	if (child < 0)
		return err_errno(e, -errno, "cannot fork");
	if (child == 0)
		become(&rights, what, environment, writing);
	close(take_fd(&writing));
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, -errno, "cannot wait for %s", what->argv[0]);
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return read(reading, &failure, sizeof failure) == sizeof failure ? failed(&failure, what, e) : 0;
}
