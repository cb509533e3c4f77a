/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See unit_drift.h. What stands beside a unit is read whole, so that a change that fails can put it back; it is removed between the stop and the reload of a change
 * (kind_unit.c), when systemd has used it for the last time. */
#include "runtime/unit_drift.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/base/sort.h"
#include "runtime/facts.h"
#include "runtime/fs.h"

enum { ADDED_MAX = 1 << 20, TARGET_MAX = 4096 };

static const char *const places[] = {"etc/systemd/system.control", "run/systemd/system.control", "etc/systemd/system", "run/systemd/system"};

/* ---- what stands beside ---- */

struct added {
	VEC(struct str) all;
};

struct reading {
	struct host *h;
	struct arena *a;
	const struct map *units;
	struct map added;	/* unit -> struct added */
};

static int read_link(struct host *h, struct str path, char target[TARGET_MAX], struct err *e)
{
	_arena_ struct arena scratch = {0};
	struct str name;
	_fd_ int parent = fs_open_parent(h->root_fd, path, &name, e);
	ssize_t n = parent < 0 ? -1 : readlinkat(parent, str_copy(&scratch, name).s, target, TARGET_MAX - 1);

	if (parent < 0)
		return parent;
	if (n < 0)
		return err_errno(e, -errno, "cannot read the link %.*s", STR_ARG(path));
	target[n] = '\0';
	return 0;
}

/* One file or link at the path; anything else, and what is gone by now, is nothing that systemd would take. */
static int read_one(struct reading *k, struct str unit, struct str path, const struct stat *st, struct err *e)
{
	_arena_ struct arena scratch = {0};
	struct added *list = map_get(&k->added, unit);
	char target[TARGET_MAX];
	struct str content;
	int r;

	if (S_ISLNK(st->st_mode))
		r = read_link(k->h, path, target, e);
	else if (S_ISREG(st->st_mode) && st->st_size <= ADDED_MAX)
		r = fs_read(k->h->root_fd, path, ADDED_MAX, &scratch, &content, e);
	else
		return 0;
	if (r == -ENOENT || r == -EFBIG) {
		*e = (struct err){0};
		return 0;
	}
	if (r < 0)
		return r;
	if (!list)
		map_add(k->a, &k->added, unit, list = arena_new(k->a, struct added));
	vec_push(k->a, &list->all,
		 S_ISLNK(st->st_mode) ? str_fmt(k->a, "link /%.*s\n%s", STR_ARG(path), target) :
					str_fmt(k->a, "%04o /%.*s\n%.*s", (unsigned)st->st_mode & 07777U, STR_ARG(path), STR_ARG(content)));
	return 0;
}

static bool cut_suffix(struct str *name, struct str suffix)
{
	if (name->n <= suffix.n || !str_ends(*name, suffix))
		return false;
	name->n -= suffix.n;
	return true;
}

static int read_drop_ins(struct reading *k, struct str unit, struct str dir, struct err *e)
{
	struct strs names;
	int r = fact_list(k->h, dir, k->a, &names, e);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct str path = str_fmt(k->a, "%.*s/%.*s", STR_ARG(dir), STR_ARG(names.at[i])), name = names.at[i];
		struct stat st;

		if (cut_suffix(&name, STR(".conf")) && !str_has(path, '\n') && fs_stat(k->h->root_fd, path, &st, e) == 0)
			r = read_one(k, unit, path, &st, e);
	}
	return r;
}

static int read_place(struct reading *k, const char *place, struct err *e)
{
	struct strs names;
	int r = fact_list(k->h, str_of(place), k->a, &names, e);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		struct str unit = names.at[i], path;
		bool drop_ins = cut_suffix(&unit, STR(".d"));
		struct stat st;

		if (!map_get(k->units, unit))
			continue;
		path = str_fmt(k->a, "%s/%.*s", place, STR_ARG(names.at[i]));
		if (fs_stat(k->h->root_fd, path, &st, e) < 0)
			*e = (struct err){0};
		else if (drop_ins && S_ISDIR(st.st_mode))
			r = read_drop_ins(k, unit, path, e);
		else
			r = read_one(k, unit, path, &st, e);
	}
	return r;
}

int unit_added_read(struct host *h, struct manifest *seen, const struct map *units, struct err *e)
{
	struct reading k = {.h = h, .a = seen->arena, .units = units};
	int r = 0;

	for (size_t i = 0; i < sizeof places / sizeof places[0] && r == 0; i++)
		r = read_place(&k, places[i], e);
	for (size_t i = 0; i < seen->all.n && r == 0; i++) {
		struct added *list = seen->all.at[i]->kind == RES_unit ? map_get(&k.added, seen->all.at[i]->id) : NULL;

		if (!list)
			continue;
		sort_strs(list->all.at, list->all.n);
		((struct res_unit *)seen->all.at[i])->added = (struct strs){list->all.at, list->all.n};
	}
	return r;
}

/* "MODE PATH\nCONTENT" */
struct parts {
	struct str mode, path, content;
};

static struct parts parts_of(struct str added)
{
	struct parts p;
	struct str rest;

	p.mode = str_cut(added, ' ', &rest);
	p.path = str_cut(rest, '\n', &p.content);
	return p;
}

struct str unit_added_path(struct str added)
{
	return parts_of(added).path;
}

bool unit_added_has(const struct strs *added, const char *path)
{
	for (size_t i = 0; i < added->n; i++) {
		struct str p = unit_added_path(added->at[i]);

		if (p.n && str_is((struct str){p.s + 1, p.n - 1}, path))
			return true;
	}
	return false;
}

static int take_away(struct host *h, const struct parts *p, struct err *e)
{
	struct str dir = fs_parent(p->path), name = dir;
	int r = fs_remove(h->root_fd, p->path, e);

	if (r < 0 || !cut_suffix(&name, STR(".d")))
		return r;
	r = fs_rmdir(h->root_fd, dir, e);
	if (r == -ENOTEMPTY || r == -EEXIST) {
		*e = (struct err){0};
		return 0;
	}
	return r;
}

static int put_there(struct host *h, const struct parts *p, struct err *e)
{
	_arena_ struct arena scratch = {0};
	struct str name;
	int r = fs_mkdirs(h->root_fd, fs_parent(p->path), 0, 0, 0755, NULL, e);

	if (r < 0)
		return r;
	if (!str_is(p->mode, "link"))
		return fs_replace(h->root_fd, p->path, p->content, (mode_t)strtoul(str_copy(&scratch, p->mode).s, NULL, 8), e);
	_fd_ int parent = fs_open_parent(h->root_fd, p->path, &name, e);
	if (parent < 0)
		return parent;
	if (symlinkat(str_copy(&scratch, p->content).s, parent, str_copy(&scratch, name).s) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "cannot make the link %.*s", STR_ARG(p->path));
	return 0;
}

int unit_added_put(struct host *h, const struct strs *from, const struct strs *to, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < from->n && r == 0; i++) {
		const struct parts p = parts_of(from->at[i]);

		if (strs_have(to, from->at[i]))
			continue;
		host_progress(h, "remove %.*s", STR_ARG(p.path));
		r = take_away(h, &p, e);
	}
	for (size_t i = 0; i < to->n && r == 0; i++) {
		const struct parts p = parts_of(to->at[i]);

		if (!strs_have(from, to->at[i]))
			r = put_there(h, &p, e);
	}
	return r;
}

/* ---- what it takes to mend it ---- */

/* Of what stands beside the unit only a mask leaves the process as it is. */
static bool reaches_process(struct str added)
{
	return !str_starts(added, STR("link ")) || memmem(unit_added_path(added).s, unit_added_path(added).n, ".d/", 3);
}

bool unit_restarts(const struct res_unit *from, const struct res_unit *to)
{
	if (!str_eq(from->text, to->text) || (from->fault.n && !str_is(from->fault, UNIT_UNREAD) && !to->fault.n))
		return true;
	for (size_t i = 0; i < from->added.n; i++)
		if (reaches_process(from->added.at[i]) && !strs_have(&to->added, from->added.at[i]))
			return true;
	for (size_t i = 0; i < to->added.n; i++)
		if (reaches_process(to->added.at[i]) && !strs_have(&from->added, to->added.at[i]))
			return true;
	return false;
}
