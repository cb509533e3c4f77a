/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Directories. One that is to be kept holds somebody's data: it is made where it is missing, and from then on neither changed nor removed, whatever its owner and
 * mode become. The others are removed when they are empty. */
#include "runtime/kind.h"

#include <errno.h>
#include <fcntl.h>

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
		struct res_directory *d = manifest_add_directory(ret, k->res.id);
		bool as_wanted = k->keep && !fs_half_made(&st);
		d->keep = k->keep;
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

static int directory_prepare(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && check(h, (const struct res_directory *)s.at[i].to, e) < 0)
			return err_resource(e, s.at[i].to->id);
	return 0;
}

static int make(struct host *h, const struct res_directory *d, struct err *e)
{
	uid_t uid = (uid_t)d->uid;
	gid_t gid = (gid_t)d->gid;
	mode_t mode = (mode_t)d->mode;
	bool made;
	int r = fs_mkdirs(h->root_fd, d->res.id, uid, gid, mode, &made, e);

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
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && make(h, (const struct res_directory *)s.at[i].to, e) < 0)
			return err_resource(e, s.at[i].to->id);
	/* To disk in a second round: the file system commits them together at the first fsync, and the others find nothing to do. */
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && fs_sync_path(h->root_fd, s.at[i].to->id, e) < 0)
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
	for (size_t i = s.n; phase == PHASE_CLEAN && i-- > 0;) /* children before parents */
		if (s.at[i].op == OP_DELETE && remove_empty(h, (const struct res_directory *)s.at[i].from, e) < 0)
			return err_resource(e, s.at[i].from->id);
	return 0;
}

const struct kind_ops kind_directory = {directory_observe, directory_prepare, directory_apply};
