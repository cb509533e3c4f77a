/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading files and what they use. A file is identified by device and inode, so it is read once however it is spelled; a module of the standard library by its
 * name. Order of the result: a module stands behind all that it uses. What a name means is no business of this file. */
#include "compiler/elaborate.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "compiler/stdlib.h"
#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "lang/base/near.h"

enum { MODULES_MAX = 1000, MODULES_DEPTH = 100, MODULE_PATH_MAX = 4096 };

#define SUFFIX STR(".ctstack")

/* A module under way or done. */
struct file {
	struct module *module;
	struct file *user; /* who used it first */
	struct span used_at;
	unsigned depth;
	bool done; /* with all that it uses */
};

struct loader {
	struct arena *a;	/* the modules' */
	struct sources *sources;
	struct diags *d;
	struct modules *ret;
	struct map files; /* identity -> struct file */
	size_t n;
	bool full; /* the limit was said */
};

/* Reads what an open regular file holds, at most SOURCE_MAX bytes and one; false where reading fails. The size that the file claims is only a hint. */
static bool read_all(struct arena *a, int fd, off_t hint, struct str *ret)
{
	size_t cap = hint > 0 && hint <= SOURCE_MAX ? (size_t)hint + 1 : 4096, n = 0;
	char *text = arena_alloc(a, cap + 1);

	while (n <= SOURCE_MAX) {
		if (n == cap) {
			char *wider = arena_alloc(a, cap * 2 + 1);

			memcpy(wider, text, n);
			text = wider;
			cap *= 2;
		}
		ssize_t got = read(fd, text + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret = (struct str){text, n};
	return true;
}

static const char *file_form(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

static void unreadable(struct loader *l, struct str path, struct span at, int error)
{
	if (!l->ret->error)
		l->ret->error = -error;
	diag_add(l->d, DIAG_file_unreadable, at, "cannot read `%.*s`: %s", STR_ARG(path), strerror(error));
}

/* Opens a file and finds out whether it may be read as a source. O_NONBLOCK: a pipe without a writer must not hold us up. */
static int source_open(struct loader *l, struct str path, struct span at, struct stat *ret)
{
	char *z = arena_copy(l->a, path.s, path.n);
	_fd_ int fd = open(z, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, ret) < 0) {
		unreadable(l, path, at, errno);
		return -1;
	}
	if (!S_ISREG(ret->st_mode)) {
		diag_add(l->d, DIAG_file_not_regular, at, "`%.*s` is %s, not a file", STR_ARG(path),
			 file_form(ret->st_mode));
		return -1;
	}
	return take_fd(&fd);
}

static void module_uses(struct loader *l, struct file *f);

/* Enters a module and, after all that it uses, puts it into the result. NULL where a limit forbids it. */
static struct file *file_add(struct loader *l, struct str identity, struct str name, struct str text, bool std,
			     struct file *user, struct span at)
{
	struct source *source = NULL;
	struct file *f = arena_new(l->a, struct file);

	if (++l->n > MODULES_MAX) {
		if (!l->full)
			diag_add(l->d, DIAG_module_limit, at, "more than %d files", MODULES_MAX);
		l->full = true;
		return NULL;
	}
	f->depth = user ? user->depth + 1 : 0;
	if (f->depth > MODULES_DEPTH) {
		diag_add(l->d, DIAG_module_limit, at, "files use each other more than %d deep", MODULES_DEPTH);
		return NULL;
	}
	if (text.n > SOURCE_MAX) {
		diag_add(l->d, DIAG_file_too_large, at, "`%.*s` is larger than %d MiB", STR_ARG(name),
			 SOURCE_MAX >> 20);
		return NULL;
	}
	source = source_add(l->sources, name, text);
	if (!source) {
		diag_add(l->d, DIAG_file_too_large, at, "all files together are larger than %d MiB", SOURCES_MAX >> 20);
		return NULL;
	}
	f->user = user;
	f->used_at = at;
	f->module = arena_new(l->a, struct module);
	f->module->name = source->path;
	f->module->std = std;
	map_add(l->a, &l->files, str_copy(l->a, identity), f);
	f->module->ast = parse(l->a, l->d, source);
	module_uses(l, f);
	f->done = true;
	f->module->index = l->ret->all.n;
	vec_push(l->a, &l->ret->all, f->module);
	return f;
}

/* The file is being read already: somebody on the way from it to here uses it again. */
static void cycle(struct loader *l, struct file *f, struct file *user, struct span at)
{
	struct diag *d = diag_add(l->d, DIAG_module_cycle, at, "`%.*s` uses itself", STR_ARG(f->module->name));

	for (struct file *step = user; step && step != f; step = step->user)
		diag_note(l->d, d, step->used_at, "by way of `%.*s`, used here", STR_ARG(step->module->name));
}

static struct file *known(struct loader *l, struct str identity, struct file *user, struct span at, bool *ret_cycle)
{
	struct file *f = map_get(&l->files, identity);

	*ret_cycle = f && !f->done;
	if (*ret_cycle)
		cycle(l, f, user, at);
	return f;
}

static struct file *load_path(struct loader *l, struct str path, struct file *user, struct span at)
{
	char identity[64];
	struct stat st;
	struct str text;
	bool looped;
	_fd_ int fd = source_open(l, path, at, &st);

	if (fd < 0)
		return NULL;
	int n = snprintf(identity, sizeof identity, "%llx:%llx", (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino);
	struct str id = {identity, (size_t)n};
	struct file *f = known(l, id, user, at, &looped);
	if (f)
		return looped ? NULL : f;
	if (!read_all(l->sources->arena, fd, st.st_size, &text)) {
		unreadable(l, path, at, errno);
		return NULL;
	}
	return file_add(l, id, path, text, false, user, at);
}

static struct file *load_std(struct loader *l, struct str name, struct file *user, struct span at)
{
	struct near near = near_start(name);
	struct str identity = str_fmt(l->a, "std.%.*s", STR_ARG(name));
	bool looped;
	struct file *f = known(l, identity, user, at, &looped);

	if (f)
		return looped ? NULL : f;
	for (const struct stdlib_module *m = stdlib_modules; m->name; m++) {
		if (str_is(name, m->name))
			return file_add(l, identity, identity, (struct str){m->begin, (size_t)(m->end - m->begin)},
					true, user, at);
		near_offer(&near, str_of(m->name));
	}
	struct diag *d = diag_add(l->d, DIAG_module_unknown, at, "the standard library has no module `%.*s`",
				  STR_ARG(name));
	diag_suggest(l->d, d, near.best);
	return NULL;
}

/* `path`, as it is written in a file, from where the program stands: beside that file. */
static struct str beside(struct arena *a, struct str user, struct str path)
{
	size_t dir = user.n;

	while (dir && user.s[dir - 1] != '/')
		dir--;
	while (str_starts(path, STR("./")))
		path = (struct str){path.s + 2, path.n - 2};
	return str_fmt(a, "%.*s%.*s", (int)dir, user.s, STR_ARG(path));
}

static bool path_printable(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.s[i] < 0x20 || path.s[i] == 0x7f)
			return false;
	return path.n > 0 && path.n <= MODULE_PATH_MAX;
}

static struct file *use_path(struct loader *l, struct file *user, const struct expr *value)
{
	struct str path = value->u.text;

	if (user->module->std) {
		diag_add(l->d, DIAG_module_path, value->at, "the standard library cannot use files");
		return NULL;
	}
	if (!path_printable(path) || (!str_starts(path, STR("./")) && !str_starts(path, STR("../")))) {
		struct diag *d = diag_add(l->d, DIAG_module_path, value->at,
					  "the path of a used file begins with `./` or `../`");

		if (path_printable(path) && path.s[0] != '/')
			diag_help(l->d, d, "it is looked for beside this file: \"./%.*s\"", STR_ARG(path));
		return NULL;
	}
	return load_path(l, beside(l->a, user->module->name, path), user, value->at);
}

/* The last part of a file's name without its suffix, where that can be a name. */
static struct str default_alias(struct str path)
{
	size_t from = path.n;
	bool good;

	while (from && path.s[from - 1] != '/')
		from--;
	struct str name = {path.s + from, path.n - from};
	if (name.n <= SUFFIX.n || !str_eq((struct str){name.s + name.n - SUFFIX.n, SUFFIX.n}, SUFFIX))
		return (struct str){0};
	name.n -= SUFFIX.n;
	good = name.s[name.n - 1] != '-' && name.s[0] != '-' && !(name.s[0] >= '0' && name.s[0] <= '9');
	for (size_t i = 0; i < name.n && good; i++) {
		char c = name.s[i];

		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		       c == '-';
	}
	return good ? name : (struct str){0};
}

static void use_enter(struct loader *l, struct module *m, const struct entry *e, struct str name, struct module *used)
{
	struct module_use use = {.alias = e->word.text.n ? e->word.text : name, .module = used};

	use.at = e->word.text.n ? e->word.at : e->value->at;
	if (use.alias.n == 0 && !used)
		return;
	if (use.alias.n == 0) {
		struct diag *d = diag_add(l->d, DIAG_module_alias, use.at,
					  "no name for this module can be made of its file name");

		diag_help(l->d, d, "name it: use \"…\" as NAME");
		return;
	}
	vec_each(struct module_use, old, &m->uses) {
		if (!str_eq(old->alias, use.alias))
			continue;
		struct diag *d = diag_add(l->d, DIAG_module_alias, use.at, "another module is called `%.*s` already",
					  STR_ARG(use.alias));
		diag_note(l->d, d, old->at, "first given here");
		diag_help(l->d, d, "name it otherwise: use … as NAME");
		return;
	}
	vec_push(l->a, &m->uses, use);
}

static void module_uses(struct loader *l, struct file *f)
{
	for (const struct entry *e = f->module->ast->entries.first; e; e = e->next) {
		const struct expr *v = e->value;
		struct file *used = NULL;
		struct str name = {0};

		if (e->kind != EN_USE)
			continue;
		if (v->kind == EX_STRING) {
			name = default_alias(v->u.text);
			used = use_path(l, f, v);
		} else if (v->kind == EX_MEMBER && v->u.member.base->kind == EX_NAME &&
			   str_eq(v->u.member.base->u.text, STR("std"))) {
			name = v->u.member.name.text;
			used = load_std(l, name, f, v->at);
		} else {
			struct diag *d = diag_add(l->d, DIAG_module_path, v->at,
						  "what is used is std.NAME or \"./FILE.ctstack\"");

			if (v->kind == EX_NAME && !str_eq(v->u.text, STR("std")))
				diag_help(l->d, d, "did you mean `std.%.*s`?", STR_ARG(v->u.text));
		}
		use_enter(l, f->module, e, name, used ? used->module : NULL);
	}
}

void modules_load(struct sources *sources, struct diags *d, const char *const *paths, size_t npaths,
		  struct modules *ret)
{
	struct loader l = {.a = &ret->arena, .sources = sources, .d = d, .ret = ret};

	for (size_t i = 0; i < npaths; i++) {
		struct file *f = load_path(&l, str_of(paths[i]), NULL, (struct span){0, 0});

		if (f)
			f->module->root = true;
	}
}

void modules_load_text(struct sources *sources, struct diags *d, struct str path, struct str text,
		       struct modules *ret)
{
	struct loader l = {.a = &ret->arena, .sources = sources, .d = d, .ret = ret};
	struct file *f = file_add(&l, path, path, text, false, NULL, (struct span){0, 0});

	if (f)
		f->module->root = true;
}

void modules_free(struct modules *m)
{
	arena_free(&m->arena);
	*m = (struct modules){0};
}
