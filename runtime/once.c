/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See once.h. podman passes SIGTERM on to its container, but kills none that does not heed it, and knows no other signal that an image asks for: `podman stop` does both. */
#include "runtime/once.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"
#include "runtime/spawn.h"

#define NOTES_DIR RUN_DIR "/finished"

enum { STOP_MARGIN_S = 30, ENDING_MS = 1000, NO_PROGRAM = 127, NAME_ROOM = 300 };

/* The note's path; "" for what can be no unit's name. */
static struct str note_path(struct str unit, char room[NAME_ROOM])
{
	const struct str suffix = STR(".service");

	if (str_ends(unit, suffix))
		unit.n -= suffix.n;
	if (!unit.n || unit.n > 255 || unit.s[0] == '.' || str_has(unit, '/') || str_has(unit, '\0'))
		return STR("");
	return (struct str){room, (size_t)snprintf(room, NAME_ROOM, NOTES_DIR "/%.*s", STR_ARG(unit))};
}

int once_note(struct host *h, struct str unit, struct err *e)
{
	char room[NAME_ROOM];
	struct str path = note_path(unit, room);
	int r = path.n ? fs_mkdirs(h->root_fd, STR(NOTES_DIR), 0, 0, 0700, NULL, e) : err_set(e, -EINVAL, "%.*s is no unit", STR_ARG(unit));

	return r < 0 ? r : fs_replace(h->root_fd, path, STR(""), 0600, e);
}

int once_noted(struct host *h, struct str unit, struct err *e)
{
	char room[NAME_ROOM];
	struct str path = note_path(unit, room);
	struct err none;
	struct stat st;

	if (!path.n || fs_stat(h->root_fd, path, &st, &none) < 0)
		return 0;
	int r = fs_remove(h->root_fd, path, e);
	return r < 0 ? r : 1;
}

int once_forget(struct host *h, struct str unit, struct err *e)
{
	int r = once_noted(h, unit, e);

	return r < 0 ? r : 0;
}

/* In the child: with the signals as they were. */
static _Noreturn void become(const char *path, char *const *argv, const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
	execv(path, argv);
	fprintf(stderr, "cannot run %s\n", path);
	_exit(NO_PROGRAM);
}

/* Until podman has ended: its container may come into being only now. What becomes of the words is told by what becomes of podman. */
static void stop(struct host *h, pid_t podman, int pid_fd, const char *container, int64_t stop_s)
{
	char within[32];
	const char *const argv[] = {"podman", "--events-backend=none", "stop", "--ignore", within, container, NULL};
	struct pollfd ended = {.fd = pid_fd, .events = POLLIN};

	snprintf(within, sizeof within, "--time=%lld", (long long)stop_s);
	do {
		_spawned_ struct spawned out = {0};
		struct err ignored = {0};

		spawn_run(&(struct spawn){.argv = argv, .within_ms = (stop_s + STOP_MARGIN_S) * 1000, .host = h}, &out, &ignored);
		kill(podman, SIGTERM);
	} while (poll(&ended, 1, ENDING_MS) == 0);
}

static int supervise(struct host *h, pid_t podman, int signals, const char *container, int64_t stop_s, int *ret_status, struct err *e)
{
	_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, podman, 0);
	struct pollfd fds[] = {{.fd = pid_fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	int status;

	if (pid_fd < 0)
		return err_errno(e, -errno, "cannot find process %d", (int)podman);
	while (poll(fds, 2, -1) < 0)
		if (errno != EINTR)
			return err_errno(e, -errno, "cannot wait for podman");
	if (!fds[0].revents)
		stop(h, podman, pid_fd, container, stop_s);
	while (waitpid(podman, &status, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, -errno, "cannot wait for podman");
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

int once_run(struct host *h, char *const *argv, const char *container, int64_t stop_s, int *ret_status, struct err *e)
{
	char room[256];
	const char *path = spawn_find(argv[0], room, sizeof room);
	sigset_t asked, before;

	if (!path)
		return err_set(e, -ENOENT, "the program %s is not installed", argv[0]);
	sigemptyset(&asked);
	sigaddset(&asked, SIGTERM);
	sigprocmask(SIG_BLOCK, &asked, &before);
	_fd_ int signals = signalfd(-1, &asked, SFD_CLOEXEC);
	pid_t podman = signals < 0 ? -1 : fork();
	if (podman < 0)
		return err_errno(e, -errno, "cannot start %s", path);
	if (podman == 0)
		become(path, argv, &before);
	return supervise(h, podman, signals, container, stop_s, ret_status, e);
}
