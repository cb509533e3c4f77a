/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A disk that loses its power, for tests: records what a program does to a tree, and makes the trees that a cut at any moment may leave. Functions that change files are
 * wrapped by the linker (GNUmakefile); after each of them the tree is looked at. What is on the disk is:
 *
 *	of a file, what it held at its last fsync, or what it holds now, or (torn) the first half of that;
 *	of a directory, what it held at its last fsync, and of the changes since then any choice; changes of one name keep their order.
 *
 * That is less than any file system of Linux gives, so that what stands here stands on each. A rename is one change. /run is in memory: a cut leaves nothing of it. */
#ifndef CTC_TESTS_CUT_DISK_H
#define CTC_TESTS_CUT_DISK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang/base/str.h"
#include "lang/base/vec.h"

enum { CUT_ALL_SUBSETS = 6, CUT_NAME = 256 };

/* A file, a link or a directory, by its number; numbers are never used again (tmpfs). */
struct cut_node {
	ino_t ino;
	mode_t mode, synced_mode;	/* with its type */
	struct str content, synced;	/* of a file; where a link leads */
};

/* `name` in the directory leads to ino; 0: to nothing. */
struct cut_entry {
	ino_t dir, ino;
	char name[CUT_NAME];
};

struct cut_entries {
	struct cut_entry *at;
	size_t n, cap;
};

struct cut_change {
	struct cut_entry entries[2];
	size_t n;
};

struct cut_disk {
	struct arena *a;
	const char *root;
	ino_t root_ino;
	bool recording, changed, no_sync;	/* no_sync: a disk that lies, for the test of the test */
	VEC(struct cut_node) nodes;
	struct cut_entries seen, synced;	/* what the tree was at the last look; what is on the disk for sure */
	VEC(struct cut_change) pending;
	size_t operations, states;
	void (*each)(const char *root, void *context);	/* called with every tree that a cut may leave, which it may change */
	void *context;
};

static struct cut_disk *cut_current;	/* of the one recording */

static inline struct cut_node *cut_node(struct cut_disk *d, ino_t ino)
{
	for (size_t i = 0; i < d->nodes.n; i++)
		if (d->nodes.at[i].ino == ino)
			return &d->nodes.at[i];
	return NULL;
}

static inline struct str cut_read(struct cut_disk *d, int dir, const char *name, const struct stat *st)
{
	char *text = arena_alloc(d->a, (size_t)st->st_size + 1);
	ssize_t n;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(dir, name, text, (size_t)st->st_size + 1);
	} else {
		int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

		n = fd < 0 ? -1 : read(fd, text, (size_t)st->st_size);
		close(fd);
	}
	if (n < 0)
		abort();
	return (struct str){text, (size_t)n};
}

static inline void cut_look_at(struct cut_disk *d, int dir, const char *name, const struct stat *st)
{
	struct cut_node *node = cut_node(d, st->st_ino);

	if (!node) {
		vec_push(d->a, &d->nodes, ((struct cut_node){.ino = st->st_ino, .mode = st->st_mode, .synced_mode = st->st_mode}));
		node = &d->nodes.at[d->nodes.n - 1];
	}
	d->changed = d->changed || node->mode != st->st_mode;
	node->mode = st->st_mode;
	if (!S_ISDIR(st->st_mode)) {
		struct str now = cut_read(d, dir, name, st);

		d->changed = d->changed || !str_eq(now, node->content);
		node->content = now;
		if (S_ISLNK(st->st_mode))
			node->synced = node->content;
	}
}

static inline void cut_walk(struct cut_disk *d, int fd, ino_t ino, struct cut_entries *out)
{
	DIR *dir = fdopendir(fd);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		struct cut_entry entry = {.dir = ino, .ino = e->d_ino};
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || (ino == d->root_ino && strcmp(e->d_name, "run") == 0))
			continue;
		snprintf(entry.name, sizeof entry.name, "%s", e->d_name);
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			abort();
		cut_look_at(d, dirfd(dir), e->d_name, &st);
		vec_push(d->a, out, entry);
		if (S_ISDIR(st.st_mode))
			cut_walk(d, openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), e->d_ino, out);
	}
	closedir(dir);
}

static inline bool cut_same_name(const struct cut_entry *a, const struct cut_entry *b)
{
	return a->dir == b->dir && strcmp(a->name, b->name) == 0;
}

static inline struct cut_entry *cut_find(struct cut_entries *in, const struct cut_entry *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (cut_same_name(&in->at[i], name))
			return &in->at[i];
	return NULL;
}

static inline void cut_put(struct cut_disk *d, struct cut_entries *in, const struct cut_entry *entry)
{
	struct cut_entry *old = cut_find(in, entry);

	if (old)
		old->ino = entry->ino;
	else
		vec_push(d->a, in, *entry);
}

/* ---- the trees that a cut may leave ---- */

enum cut_content { CUT_NOW, CUT_SYNCED, CUT_TORN, CUT_CONTENTS };

static inline struct str cut_content(const struct cut_node *node, enum cut_content which)
{
	if (str_eq(node->content, node->synced) || which == CUT_NOW)
		return node->content;
	return which == CUT_SYNCED ? node->synced : (struct str){node->content.s, node->content.n / 2};
}

static inline void cut_make(struct cut_disk *d, struct cut_entries *disk, ino_t dir, int fd, enum cut_content which)
{
	for (size_t i = 0; i < disk->n; i++) {
		const struct cut_entry *entry = &disk->at[i];
		const struct cut_node *node = entry->ino && entry->dir == dir ? cut_node(d, entry->ino) : NULL;

		if (!node)
			continue;
		mode_t mode = which == CUT_NOW ? node->mode : node->synced_mode;
		struct str content = cut_content(node, which);
		int made = -1, r = 0;

		if (S_ISDIR(mode)) {
			r = mkdirat(fd, entry->name, 0700);
			made = openat(fd, entry->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			cut_make(d, disk, entry->ino, made, which);
		} else if (S_ISLNK(mode)) {
			char target[256];

			snprintf(target, sizeof target, "%.*s", STR_ARG(content));
			r = symlinkat(target, fd, entry->name);
		} else {
			made = openat(fd, entry->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
			r = write(made, content.s, content.n) == (ssize_t)content.n ? 0 : -1;
		}
		if (r < 0 || (made >= 0 && fchmod(made, mode & 07777) < 0))
			abort();
		if (made >= 0)
			close(made);
	}
}

static inline int cut_remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

/* The whole tree. */
static inline void cut_remove(const char *root)
{
	if (nftw(root, cut_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		abort();
}

static inline void cut_try(struct cut_disk *d, struct cut_entries *disk, enum cut_content which)
{
	char root[] = "/dev/shm/ctc-cut.XXXXXX";
	int fd = mkdtemp(root) ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || mkdirat(fd, "run", 0755) < 0)
		abort();
	cut_make(d, disk, d->root_ino, fd, which);
	close(fd);
	d->states++;
	d->each(root, d->context);
	cut_remove(root);
}

/* `chosen` of the changes that are not on the disk for sure. */
static inline void cut_with(struct cut_disk *d, uint64_t chosen, bool unsynced)
{
	struct cut_entries disk = {0};

	for (size_t i = 0; i < d->synced.n; i++)
		vec_push(d->a, &disk, d->synced.at[i]);
	for (size_t i = 0; i < d->pending.n; i++)
		for (size_t k = 0; k < d->pending.at[i].n && chosen >> i & 1; k++)
			cut_put(d, &disk, &d->pending.at[i].entries[k]);
	for (enum cut_content which = CUT_NOW; which < (unsynced ? CUT_CONTENTS : CUT_SYNCED); which++)
		cut_try(d, &disk, which);
}

static inline void cut_here(struct cut_disk *d)
{
	size_t n = d->pending.n;
	uint64_t all = (UINT64_C(1) << n) - 1;
	bool unsynced = false;

	if (n > 40)
		abort();
	for (size_t i = 0; i < d->nodes.n; i++)
		unsynced = unsynced || d->nodes.at[i].mode != d->nodes.at[i].synced_mode || !str_eq(d->nodes.at[i].content, d->nodes.at[i].synced);
	d->recording = false;
	if (n <= CUT_ALL_SUBSETS) {
		for (uint64_t chosen = 0; chosen <= all; chosen++)
			cut_with(d, chosen, unsynced);
	} else {
		cut_with(d, 0, unsynced);
		cut_with(d, all, unsynced);
		for (size_t i = 0; i < n; i++) {
			cut_with(d, UINT64_C(1) << i, unsynced);
			cut_with(d, all & ~(UINT64_C(1) << i), unsynced);
			cut_with(d, (UINT64_C(1) << i) - 1, unsynced);
		}
	}
	d->recording = true;
}

/* ---- recording ---- */

/* What changed since the last look is one change. */
static inline void cut_look(struct cut_disk *d)
{
	struct cut_entries now = {0};
	struct cut_change change = {0};

	cut_walk(d, open(d->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), d->root_ino, &now);
	for (size_t i = 0; i < now.n; i++) {
		struct cut_entry *before = cut_find(&d->seen, &now.at[i]);

		if ((!before || before->ino != now.at[i].ino) && change.n < 2)
			change.entries[change.n++] = now.at[i];
	}
	for (size_t i = 0; i < d->seen.n; i++)
		if (!cut_find(&now, &d->seen.at[i]) && change.n < 2) {
			change.entries[change.n] = d->seen.at[i];
			change.entries[change.n++].ino = 0;
		}
	d->seen = now;
	if (change.n)
		vec_push(d->a, &d->pending, change);
	d->changed = d->changed || change.n > 0;
}

/* Everything that is there is on the disk, and from now on each operation is followed by all cuts. */
static inline void cut_begin(struct cut_disk *d)
{
	struct stat st;

	if (stat(d->root, &st) < 0)
		abort();
	d->root_ino = st.st_ino;
	cut_look(d);
	d->pending.n = 0;
	d->synced = (struct cut_entries){0};
	for (size_t i = 0; i < d->seen.n; i++)
		vec_push(d->a, &d->synced, d->seen.at[i]);
	for (size_t i = 0; i < d->nodes.n; i++) {
		d->nodes.at[i].synced = d->nodes.at[i].content;
		d->nodes.at[i].synced_mode = d->nodes.at[i].mode;
	}
	d->recording = true;
	cut_current = d;
}

static inline void cut_end(struct cut_disk *d)
{
	d->recording = false;
	cut_current = NULL;
}

static inline void cut_synced(struct cut_disk *d, int fd)
{
	char self[40];
	struct stat st;
	size_t kept = 0;

	if (fstat(fd, &st) < 0)
		abort();
	struct cut_node *node = cut_node(d, st.st_ino);
	if (!node) {	/* a file without a name */
		vec_push(d->a, &d->nodes, ((struct cut_node){.ino = st.st_ino}));
		node = &d->nodes.at[d->nodes.n - 1];
	}
	node->mode = node->synced_mode = st.st_mode;
	if (!S_ISDIR(st.st_mode)) {
		snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
		node->content = node->synced = cut_read(d, AT_FDCWD, self, &st);
		return;
	}
	for (size_t i = 0; i < d->pending.n; i++) {
		struct cut_change *change = &d->pending.at[i];

		if (change->entries[0].dir == st.st_ino)
			for (size_t k = 0; k < change->n; k++)
				cut_put(d, &d->synced, &change->entries[k]);
		else
			d->pending.at[kept++] = *change;
	}
	d->pending.n = kept;
}

static inline void cut_after(int synced_fd)
{
	struct cut_disk *d = cut_current;
	int saved = errno;

	if (d && d->recording) {
		d->changed = synced_fd >= 0;
		cut_look(d);
		if (synced_fd >= 0 && !d->no_sync)
			cut_synced(d, synced_fd);
		d->operations += d->changed;
		if (d->changed)
			cut_here(d);
	}
	errno = saved;
}

#define CUT_AFTER(type, name, parameters, arguments, synced) \
	type __real_##name parameters;                       \
	type __wrap_##name parameters;                       \
	type __wrap_##name parameters                        \
	{                                                    \
		type r = __real_##name arguments;            \
                                                             \
		cut_after(r < 0 ? -1 : synced);              \
		return r;                                    \
	}
CUT_AFTER(int, renameat, (int d, const char *p, int e, const char *q), (d, p, e, q), -1)
CUT_AFTER(int, renameat2, (int d, const char *p, int e, const char *q, unsigned f), (d, p, e, q, f), -1)
CUT_AFTER(int, linkat, (int d, const char *p, int e, const char *q, int f), (d, p, e, q, f), -1)
CUT_AFTER(int, symlinkat, (const char *to, int d, const char *p), (to, d, p), -1)
CUT_AFTER(int, unlinkat, (int d, const char *p, int f), (d, p, f), -1)
CUT_AFTER(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m), -1)
CUT_AFTER(int, fchmod, (int d, mode_t m), (d, m), -1)
CUT_AFTER(int, ftruncate, (int d, off_t n), (d, n), -1)
CUT_AFTER(int, fallocate, (int d, int m, off_t o, off_t n), (d, m, o, n), -1)
CUT_AFTER(int, fsync, (int d), (d), d)
CUT_AFTER(ssize_t, pwrite, (int d, const void *b, size_t n, off_t o), (d, b, n, o), -1)
CUT_AFTER(long, syscall, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f), -1)

#endif
