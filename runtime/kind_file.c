/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Small files of ours, below /run/ctstack and /var/lib/ctstack and nowhere else. A file that exists is written in place: the hosts files are bind-mounted into
 * containers, and a renamed one would no longer be the one that they see. The directory of a file is made where it is missing and stays, as the two above do. */
#include "runtime/kind.h"

#include <errno.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

enum { FILE_MAX = 16 << 20 };

/* Directories in which a file is ours; the slash belongs to it. */
static const char *const ours[] = {"/" RUN_DIR "/", "/" STATE_DIR "/", "/" METRICS_DIR "/"};

static bool is_ours(struct str path)
{
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (str_starts(path, str_of(ours[i])) && path.n > strlen(ours[i]))
			return true;
	return false;
}

static int file_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_file *k;

	manifest_each(file, k, known) {
		struct str content;
		struct stat st;

		if (!is_ours(k->res.id))
			continue;
		int r = fs_stat(h->root_fd, k->res.id, &st, e);
		if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP || (r == 0 && !S_ISREG(st.st_mode))) {
			*e = (struct err){0};
			continue;
		}
		if (r == 0)
			r = fs_read(h->root_fd, k->res.id, FILE_MAX, ret->arena, &content, e);
		if (r == -EFBIG) { /* not what we wrote, whatever it is */
			*e = (struct err){0};
			content = STR("(too long to be read)");
			r = 0;
		}
		if (r < 0)
			return err_resource(e, k->res.id);
		struct res_file *f = manifest_add_file(ret, k->res.id);
		f->mode = (int64_t)(st.st_mode & 07777);
		f->content = content;
	}
	return 0;
}

static int check(struct host *h, const struct res_file *f, struct err *e)
{
	struct stat st;

	if (!is_ours(f->res.id))
		return err_set(e, -EINVAL, "%.*s: files are written below /" RUN_DIR ", /" STATE_DIR " and /" METRICS_DIR " only", STR_ARG(f->res.id));
	if (f->mode < 0 || f->mode > 07777 || f->content.n > FILE_MAX)
		return err_set(e, -EINVAL, "the mode or the length of %.*s is out of range", STR_ARG(f->res.id));
	int r = fs_stat(h->root_fd, f->res.id, &st, e);
	if (r == 0 && !S_ISREG(st.st_mode))
		return err_set(e, -EEXIST, "%.*s exists and is no regular file; move it away", STR_ARG(f->res.id));
	if (r == -ENOENT) { /* then it is made */
		*e = (struct err){0};
		return 0;
	}
	return r;
}

static int file_prepare(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op != OP_DELETE && check(h, (const struct res_file *)s.at[i].to, e) < 0)
			return err_resource(e, s.at[i].to->id);
	return 0;
}

static int put(struct host *h, const struct res_file *f, struct err *e)
{
	struct str path = f->res.id;
	int r = is_ours(path) ? fs_overwrite(h->root_fd, path, f->content, (mode_t)f->mode, e) : check(h, f, e);

	if (r != -ENOENT)
		return r;
	r = fs_mkdirs(h->root_fd, fs_parent(path), 0, 0, 0755, NULL, e);
	return r < 0 ? r : fs_replace(h->root_fd, path, f->content, (mode_t)f->mode, e);
}

static int file_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		const struct change *c = &s.at[i];
		int r = 0;

		if (phase == PHASE_ADD && c->op != OP_DELETE)
			r = put(h, (const struct res_file *)c->to, e);
		else if (phase == PHASE_CLEAN && c->op == OP_DELETE)
			r = is_ours(c->from->id) ? fs_remove(h->root_fd, c->from->id, e) : 0;
		if (r < 0)
			return err_resource(e, change_res(c)->id);
	}
	return 0;
}

const struct kind_ops kind_file = {.observe = file_observe, .prepare = file_prepare, .apply = file_apply};
