/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The store's place on the host, its lock, and the two links that say which generation counts: `current`, whose rename is the commit, and `active`. Generations
 * themselves are store_generation.c, the journal and the history have files of their own. */
#include "runtime/store.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "runtime/fs.h"
#include "runtime/store_impl.h"

enum { LOCK_TRIES = 20, LOCK_WAIT_MS = 10, RESTORE_TRIES = 3000 };

static int make_dir(struct host *h, const char *path, struct err *e)
{
	int r = fs_mkdirs(h->root_fd, str_of(path), geteuid(), getegid(), 0700, NULL, e);

	return r < 0 ? r : fs_sync_path(h->root_fd, str_of(path), e);
}

/* What secrets' stamps are keyed with (facts.h): made once, read by root alone. */
static int make_key(struct host *h, struct err *e)
{
	char key[32];
	struct stat st;
	int r = fs_stat(h->root_fd, STR(STATE_DIR "/key"), &st, e);

	if (r != -ENOENT)
		return r;
	*e = (struct err){0};
	if (getrandom(key, sizeof key, 0) != sizeof key)
		return err_errno(e, -errno, "cannot get random bytes");
	r = fs_replace(h->root_fd, STR(STATE_DIR "/key"), (struct str){key, sizeof key}, 0600, e);
	explicit_bzero(key, sizeof key);
	return r;
}

static int open_dir(struct host *h, const char *path, struct err *e)
{
	return fs_open(h->root_fd, str_of(path), O_RDONLY | O_DIRECTORY, 0, e);
}

/* /run is empty after a boot, until the first command that changes something. */
static int open_run(struct host *h, bool create, struct err *e)
{
	int r = create ? make_dir(h, RUN_DIR, e) : 0;

	if (r < 0)
		return err_context(e, "cannot make the place where changes are locked");
	return open_dir(h, RUN_DIR, e);
}

int store_open(struct host *h, bool create, struct store *ret, struct err *e)
{
	struct store s = {-1, -1, -1};

	s.state_fd = open_dir(h, STATE_DIR, e);
	if (s.state_fd == -ENOENT && !create)
		return err_set(e, -ENOENT, "there is no generation on this host yet: `ctc apply` makes the first");
	if (s.state_fd == -EACCES || s.state_fd == -EPERM)
		return err_set(e, s.state_fd, "what was applied on this host, /" STATE_DIR ", is for root alone to read: run this with sudo");
	if (s.state_fd < 0 && s.state_fd != -ENOENT)
		return s.state_fd;
	s.run_fd = open_run(h, create, e);
	if (s.run_fd < 0 && (create || s.run_fd != -ENOENT)) {
		int r = s.run_fd;

		s.run_fd = -1;
		store_close(&s);
		return r;
	}
	/* What is not there yet is no error. */
	if (s.state_fd < 0 || s.run_fd < 0)
		*e = (struct err){0};
	s.state_fd = s.state_fd < 0 ? -1 : s.state_fd;
	s.run_fd = s.run_fd < 0 ? -1 : s.run_fd;
	*ret = s;
	return 0;
}

int store_make_key(struct host *h, struct err *e)
{
	int r = make_dir(h, STATE_DIR, e);

	return r < 0 ? r : make_key(h, e);
}

int store_make(struct host *h, struct store *s, struct err *e)
{
	assert(s->lock_fd >= 0);
	int r = make_dir(h, STATE_DIR, e);
	if (r == 0)
		r = make_dir(h, STATE_DIR "/" GENERATIONS, e);
	if (r == 0)
		r = make_key(h, e);
	if (r == 0 && s->state_fd < 0) {
		int fd = open_dir(h, STATE_DIR, e);

		r = fd < 0 ? fd : 0;
		s->state_fd = fd < 0 ? -1 : fd;
	}
	return r < 0 ? err_context(e, "cannot make the place where generations are kept") : generation_zero(s, e);
}

void store_close(struct store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	if (s->run_fd >= 0)
		close(s->run_fd);
	if (s->state_fd >= 0)
		close(s->state_fd);
	*s = (struct store){-1, -1, -1};
}

static int lock_open(struct store *s, struct err *e)
{
	return fs_open(s->run_fd, STR("lock"), O_RDWR | O_CREAT, 0600, e);
}

/* Who holds it, as they signed: "12 ctc apply". Empty where they have just begun. */
static void lock_holder(int fd, char out[static 256])
{
	ssize_t n = pread(fd, out, 255, 0);

	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
}

static bool is_restoration(int fd)
{
	char holder[256];

	lock_holder(fd, holder);
	const char *command = strchr(holder, ' ');
	return command && strcmp(command + 1, STORE_RESTORE) == 0;
}

/* Who only looks (store_locked_by_other) has it for an instant, and a restoration, which nobody asked for, is soon over: that is nobody to give way to. Whoever comes behind one is. */
static int lock_take(int fd)
{
	const struct timespec pause = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
	int r, restoring = 0, others = 0;

	while ((r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && errno == EWOULDBLOCK && restoring < RESTORE_TRIES && others < LOCK_TRIES) {
		if (is_restoration(fd))
			restoring++;
		else
			others++;
		nanosleep(&pause, NULL);
	}
	return r;
}

/* Who holds it, for those who have to wait. */
static int lock_sign(int fd, const char *command, struct err *e)
{
	char holder[256];
	int n = snprintf(holder, sizeof holder, "%d %.200s\n", (int)getpid(), command);

	if (ftruncate(fd, 0) < 0 || pwrite(fd, holder, (size_t)n, 0) != n)
		return err_errno(e, errno ? -errno : -ENOSPC, "cannot write /" RUN_DIR "/lock");
	return 0;
}

int store_lock_inherit(struct store *s, int fd, const char *command, struct err *e)
{
	struct stat given, ours;
	struct err ignored;

	if (fstat(fd, &given) < 0 || fs_stat(s->run_fd, STR("lock"), &ours, &ignored) < 0 || given.st_dev != ours.st_dev || given.st_ino != ours.st_ino ||
	    flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, -EBADF, "this is run by systemd, for a ctc that has the lock of this host and hands it on");
	_fd_ int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return err_errno(e, -errno, "cannot take the lock over");
	int r = lock_sign(copy, command, e);
	if (r == 0)
		s->lock_fd = take_fd(&copy);
	return r;
}

pid_t store_lock_holder(struct store *s)
{
	char text[32] = "";
	struct err ignored;
	_fd_ int fd = fs_open(s->run_fd, STR("lock"), O_RDONLY, 0, &ignored);

	return fd >= 0 && pread(fd, text, sizeof text - 1, 0) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

void store_unlock(struct store *s)
{
	if (s->lock_fd < 0)
		return;
	flock(s->lock_fd, LOCK_UN);
	close(s->lock_fd);
	s->lock_fd = -1;
}

int store_lock(struct store *s, const char *command, struct err *e)
{
	char holder[256];

	_fd_ int fd = lock_open(s, e);
	if (fd < 0)
		return fd;
	if (lock_take(fd) < 0) {
		if (errno != EWOULDBLOCK)
			return err_errno(e, -errno, "cannot lock /" RUN_DIR "/lock");
		lock_holder(fd, holder);
		return err_set(e, -EBUSY, "another ctc is changing this host (process %s); wait until it has ended",
			       holder[0] ? holder : "unknown: it has just begun");
	}
	int r = lock_sign(fd, command, e);
	if (r == 0)
		s->lock_fd = take_fd(&fd);
	return r;
}

bool store_locked_by_other(struct store *s)
{
	struct err e;

	if (s->lock_fd >= 0 || s->run_fd < 0)
		return false;
	_fd_ int fd = fs_open(s->run_fd, STR("lock"), O_RDWR, 0, &e);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

int store_sync(int dir_fd, const char *path, struct err *e)
{
	_fd_ int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_errno(e, -errno, "cannot write %s of /" STATE_DIR " to disk", path);
	return 0;
}

/* The link is made beside and renamed into place: there is always one, whole. */
static int replace_link(int dir_fd, const char *target, const char *name, struct err *e)
{
	char beside[32];

	snprintf(beside, sizeof beside, FS_BESIDE "%s", name);
	if (unlinkat(dir_fd, beside, 0) < 0 && errno != ENOENT)
		return err_errno(e, -errno, "cannot remove the link %s", beside);
	if (symlinkat(target, dir_fd, beside) < 0)
		return err_errno(e, -errno, "cannot make the link %s to %s", name, target);
	if (renameat(dir_fd, beside, dir_fd, name) < 0) {
		int code = -errno;

		unlinkat(dir_fd, beside, 0);
		return err_errno(e, code, "cannot make the link %s to %s", name, target);
	}
	return store_sync(dir_fd, ".", e);
}

static int must_exist(struct store *s, uint32_t number, const char *path, struct err *e)
{
	struct stat st;
	int r = fs_stat(s->state_fd, str_of(path), &st, e);

	return r == -ENOENT ? err_set(e, r, "there is no generation %u", number) : r;
}

int store_activate(struct store *s, uint32_t number, struct err *e)
{
	char path[GENERATION_PATH_MAX], target[GENERATION_PATH_MAX + sizeof "/" STATE_DIR "/"];

	int r = must_exist(s, number, generation_path(number, path), e);
	if (r < 0)
		return r;
	snprintf(target, sizeof target, "/" STATE_DIR "/%s", path);
	return replace_link(s->run_fd, target, "active", e);
}

int store_commit(struct store *s, uint32_t number, struct err *e)
{
	char path[GENERATION_PATH_MAX];

	int r = must_exist(s, number, generation_path(number, path), e);
	return r < 0 ? r : replace_link(s->state_fd, path, "current", e);
}

/* What the link `active` begins with. */
#define ACTIVE_BEGIN "/" STATE_DIR "/" GENERATIONS "/"

int store_active(struct store *s, bool *ret_found, uint32_t *ret, struct err *e)
{
	char target[GENERATION_PATH_MAX + sizeof ACTIVE_BEGIN];
	ssize_t n = readlinkat(s->run_fd, "active", target, sizeof target);
	struct str text = {target, n > 0 ? (size_t)n : 0};

	*ret_found = n >= 0;
	if (n < 0 && s->run_fd < 0) /* nobody has made RUN_DIR since the boot */
		return 0;
	if (n < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "cannot read the link /" RUN_DIR "/active");
	if (!str_starts(text, STR(ACTIVE_BEGIN)) ||
	    !generation_number((struct str){target + sizeof ACTIVE_BEGIN - 1, text.n - (sizeof ACTIVE_BEGIN - 1)}, ret))
		return err_set(e, -EBADMSG, "the link /" RUN_DIR "/active leads to %.*s, which is no generation", STR_ARG(text));
	return 0;
}

int store_current(struct store *s, uint32_t *ret, struct err *e)
{
	char target[GENERATION_PATH_MAX];
	ssize_t n = readlinkat(s->state_fd, "current", target, sizeof target);
	struct str text = {target, n > 0 ? (size_t)n : 0};

	if (s->state_fd < 0 || (n < 0 && errno == ENOENT)) {
		*ret = 0;
		return 0;
	}
	if (n < 0)
		return err_errno(e, -errno, "cannot read the link /" STATE_DIR "/current");
	if (!str_starts(text, STR(GENERATIONS "/")) ||
	    !generation_number((struct str){target + sizeof GENERATIONS, text.n - sizeof GENERATIONS}, ret))
		return err_set(e, -EBADMSG, "the link /" STATE_DIR "/current leads to %.*s, which is no generation", STR_ARG(text));
	return 0;
}
