/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Directories. One that is to be kept holds somebody's data: it is made where it is missing, and from then on neither changed nor removed, whatever its owner and
 * mode become. The others are removed when they are empty.
 *
 * What was renamed moves to its new path once nothing runs in it, between the phases that stop and that start: the new directory says under which paths it was. On the
 * way back the old path is wanted and the new one is not, and the same rule read the other way moves it back. */
#include "runtime/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

/* What stands at the path: 1 a directory, 0 nothing that can be one of ours (something else, or behind a symbolic link). */
static int look(struct host *h, struct str path, struct stat *st, struct err *e)
{
	int r = fs_stat(h->root_fd, path, st, e);

	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || r == -EINVAL || r == -ENAMETOOLONG) {
		*e = (struct err){0};
		return 0;
	}
	return r < 0 ? r : S_ISDIR(st->st_mode);
}

/* Whether something is under a path that the directory had before. */
static int is_elsewhere(struct host *h, const struct res_directory *d, struct err *e)
{
	struct stat st;
	int r = 0;

	for (size_t i = 0; i < d->was.n && r == 0; i++)
		r = look(h, d->was.at[i], &st, e);
	return r;
}

static int directory_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_directory *k;

	manifest_each(directory, k, known) {
		struct stat st;
		int r = look(h, k->res.id, &st, e);

		if (r < 0)
			return err_resource(e, k->res.id);
		if (r == 0)
			continue;
		/* What is to move there has not moved: it is asked for anew, and prepare says that both are there. */
		r = k->keep ? is_elsewhere(h, k, e) : 0;
		if (r < 0)
			return err_resource(e, k->res.id);
		if (r > 0)
			continue;
		struct res_directory *d = manifest_add_directory(ret, k->res.id);
		bool as_wanted = k->keep && !fs_half_made(&st);
		d->keep = k->keep;
		d->was = k->was;
		if (as_wanted && (k->mode != (int64_t)(st.st_mode & 07777) || k->uid != (int64_t)st.st_uid || k->gid != (int64_t)st.st_gid))
			d->found = str_fmt(ret->arena, "%u:%u %04o", st.st_uid, st.st_gid, (unsigned)st.st_mode & 07777U);
		d->mode = as_wanted ? k->mode : (int64_t)(st.st_mode & 07777);
		d->uid = as_wanted ? k->uid : (int64_t)st.st_uid;
		d->gid = as_wanted ? k->gid : (int64_t)st.st_gid;
	}
	return 0;
}

static int check(struct host *h, const struct res_directory *d, struct err *e)
{
	struct str path = d->res.id;
	struct stat st;

	if (path.n == 0 || path.s[0] != '/')
		return err_set(e, -EINVAL, "`%.*s` is not an absolute path", STR_ARG(path));
	if (d->mode < 0 || d->mode > 07777 || d->uid < 0 || d->uid >= UINT32_MAX || d->gid < 0 || d->gid >= UINT32_MAX)
		return err_set(e, -EINVAL, "the mode or the owner of %.*s is out of range", STR_ARG(path));
	int r = fs_stat(h->root_fd, path, &st, e);
	if (r == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "%.*s exists and is no directory; move it away", STR_ARG(path));
	if (r == -ENOENT) { /* then it is made */
		*e = (struct err){0};
		return 0;
	}
	return r;
}

/* ---- what was renamed ---- */

/* The changes, and whether among those that go there is one that had another path: one that may go back to it. */
struct moving {
	struct slice s;
	bool back;
};

static struct moving moving_of(struct slice s)
{
	struct moving m = {.s = s};

	for (size_t i = 0; i < s.n && !m.back; i++)
		m.back = s.at[i].op == OP_DELETE && ((const struct res_directory *)s.at[i].from)->was.n;
	return m;
}

/* From where a directory that is to be made comes: the first path that it was under and that is there; on the way back, the one that it had become. Empty: it is new. */
static int source_of(struct host *h, const struct moving *m, const struct res_directory *d, struct str *ret, struct err *e)
{
	struct stat st;

	*ret = STR("");
	for (size_t i = 0; i < d->was.n; i++) {
		int r = look(h, d->was.at[i], &st, e);

		if (r < 0)
			return r;
		if (r > 0) {
			*ret = d->was.at[i];
			return 0;
		}
	}
	for (size_t i = 0; m->back && i < m->s.n; i++) {
		const struct change *c = &m->s.at[i];
		const struct res_directory *gone = c->op == OP_DELETE ? (const struct res_directory *)c->from : NULL;

		if (!gone || !strs_have(&gone->was, d->res.id))
			continue;
		int r = look(h, gone->res.id, &st, e);
		if (r < 0)
			return r;
		if (r > 0)
			*ret = gone->res.id;
	}
	return 0;
}

static int rename_directory(struct host *h, struct str from, struct str to, struct err *e)
{
	struct str from_name, to_name;
	_arena_ struct arena a = {0};
	_fd_ int from_dir = fs_open_parent(h->root_fd, from, &from_name, e);
	_fd_ int to_dir = from_dir < 0 ? -1 : fs_open_parent(h->root_fd, to, &to_name, e);

	if (from_dir < 0 || to_dir < 0)
		return e->code;
	if (renameat2(from_dir, str_copy(&a, from_name).s, to_dir, str_copy(&a, to_name).s, RENAME_NOREPLACE) < 0)
		return err_errno(e, -errno, "cannot rename %.*s to %.*s", STR_ARG(from), STR_ARG(to));
	if (fsync(to_dir) < 0 || fsync(from_dir) < 0)
		return err_errno(e, -errno, "cannot write %.*s to disk", STR_ARG(to));
	return 0;
}

/* Moves what was renamed and has not moved yet. */
static int apply_swap(struct host *h, struct slice s, struct err *e)
{
	const struct moving moving = moving_of(s), *m = &moving;

	for (size_t i = 0; i < s.n; i++) {
		const struct res_directory *d = s.at[i].op == OP_DELETE ? NULL : (const struct res_directory *)s.at[i].to;
		struct str from;
		struct stat st;
		int r;

		if (!d || !d->keep)
			continue;
		r = look(h, d->res.id, &st, e);
		if (r == 0)
			r = source_of(h, m, d, &from, e);
		else if (r > 0)
			continue;
		if (r == 0)
			r = from.n ? rename_directory(h, from, d->res.id, e) : 0;
		if (r < 0)
			return err_resource(e, d->res.id);
	}
	return 0;
}

/* Nothing may be in the way of what moves. */
static int check_move(struct host *h, const struct moving *m, const struct res_directory *d, struct err *e)
{
	struct stat st;
	struct str from;
	int r = d->keep ? source_of(h, m, d, &from, e) : -ENOENT;

	if (r < 0 || !from.n)
		return r == -ENOENT ? 0 : r;
	r = look(h, d->res.id, &st, e);
	if (r > 0 && !fs_half_made(&st))
		return err_set(e, -EEXIST, "%.*s is to move to %.*s, and both are there; move one of them away", STR_ARG(from), STR_ARG(d->res.id));
	return r < 0 ? r : 0;
}

static int directory_prepare(struct host *h, struct slice s, struct err *e)
{
	const struct moving m = moving_of(s);

	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && (check(h, (const struct res_directory *)s.at[i].to, e) < 0 ||
						(s.at[i].op == OP_CREATE && check_move(h, &m, (const struct res_directory *)s.at[i].to, e) < 0)))
			return err_resource(e, s.at[i].to->id);
	return 0;
}

/* The directories above it, of one that comes from elsewhere. */
static int make_parents(struct host *h, struct str path, struct err *e)
{
	return fs_mkdirs(h->root_fd, fs_parent(path), 0, 0, 0755, NULL, e);
}

/* What was made is on the disk: the directory, or where it will come from elsewhere those above it. */
static int sync_made(struct host *h, struct str path, struct err *e)
{
	struct stat st;
	int r = look(h, path, &st, e);

	return r < 0 ? r : fs_sync_path(h->root_fd, r > 0 ? path : fs_parent(path), e);
}

static int make(struct host *h, const struct moving *m, const struct res_directory *d, struct err *e)
{
	struct str from;
	struct stat st;
	uid_t uid = (uid_t)d->uid;
	gid_t gid = (gid_t)d->gid;
	mode_t mode = (mode_t)d->mode;
	bool made;
	int r = d->keep ? look(h, d->res.id, &st, e) : 1;

	if (r == 0 && (r = source_of(h, m, d, &from, e)) == 0 && from.n)
		return make_parents(h, d->res.id, e);
	if (r < 0)
		return r;
	r = fs_mkdirs(h->root_fd, d->res.id, uid, gid, mode, &made, e);
	if (r < 0 || made || d->keep)
		return r;
	_fd_ int fd = fs_open(h->root_fd, d->res.id, O_RDONLY | O_DIRECTORY, 0, e);
	if (fd < 0)
		return fd;
	if (fchown(fd, uid, gid) < 0 || fchmod(fd, mode) < 0)
		return err_errno(e, -errno, "cannot set the owner and mode of %.*s", STR_ARG(d->res.id));
	return 0;
}

static int apply_add(struct host *h, struct slice s, struct err *e)
{
	const struct moving m = moving_of(s);

	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && make(h, &m, (const struct res_directory *)s.at[i].to, e) < 0)
			return err_resource(e, s.at[i].to->id);
	/* To disk in a second round: the file system commits them together at the first fsync, and the others find nothing to do. */
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && sync_made(h, s.at[i].to->id, e) < 0)
			return err_resource(e, s.at[i].to->id);
	return 0;
}

static int remove_empty(struct host *h, const struct res_directory *d, struct err *e)
{
	struct stat st;
	int r = look(h, d->res.id, &st, e);

	if (r <= 0 || (d->keep && !fs_half_made(&st)))
		return r;
	r = fs_rmdir(h->root_fd, d->res.id, e);
	if (r == -ENOTEMPTY || r == -EEXIST || r == -EBUSY) { /* somebody uses it */
		*e = (struct err){0};
		return 0;
	}
	return r;
}

static int directory_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	if (phase == PHASE_ADD)
		return apply_add(h, s, e);
	if (phase == PHASE_SWAP)
		return apply_swap(h, s, e);
	for (size_t i = s.n; phase == PHASE_CLEAN && i-- > 0;) /* children before parents */
		if (s.at[i].op == OP_DELETE && remove_empty(h, (const struct res_directory *)s.at[i].from, e) < 0)
			return err_resource(e, s.at[i].from->id);
	return 0;
}

const struct kind_ops kind_directory = {.observe = directory_observe, .prepare = directory_prepare, .apply = directory_apply};
