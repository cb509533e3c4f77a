/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading files and what they use. A file is identified by device and inode, so it is read once however it is spelled; a module of the standard library by its
 * name. Order of the result: a module stands behind all that it uses. What a name means is no business of this file. */
#include "compiler/elaborate.h"

#include <stdio.h>

#include "compiler/read.h"
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

static void module_uses(struct loader *l, struct file *f);

/* Whether another file may be read, `depth` uses away from those that are given. */
static bool room(struct loader *l, unsigned depth, struct span at)
{
	if (++l->n > MODULES_MAX) {
		if (!l->full)
			diag_add(l->d, DIAG_module_limit, at, "more than %d files", MODULES_MAX);
		l->full = true;
		return false;
	}
	if (depth > MODULES_DEPTH) {
		diag_add(l->d, DIAG_module_limit, at, "files use each other more than %d deep", MODULES_DEPTH);
		return false;
	}
	return true;
}

/* Enters a module and, after all that it uses, puts it into the result. */
static struct file *file_add(struct loader *l, struct str identity, struct source *source, bool std, struct file *user, struct span at)
{
	struct file *f = arena_new(l->a, struct file);

	f->depth = user ? user->depth + 1 : 0;
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

/* The same for a text at hand. NULL where a limit forbids it. */
static struct file *text_add(struct loader *l, struct str name, struct str text, bool std, struct file *user, struct span at)
{
	struct source *source = room(l, user ? user->depth + 1 : 0, at) ? text_enter(l->sources, l->d, name, text, at) : NULL;

	return source ? file_add(l, name, source, std, user, at) : NULL;
}

static void failed(struct loader *l, int error)
{
	if (error && !l->ret->error)
		l->ret->error = -error;
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

static struct file *outside(struct loader *l, struct str path, struct span at)
{
	struct diag *d = diag_add(l->d, DIAG_module_outside, at, "`%.*s` is not beside or below the files that are given", STR_ARG(path));

	diag_help(l->d, d, "`--include DIR` allows the files of another directory");
	return NULL;
}

static struct file *load_path(struct loader *l, struct str path, struct file *user, struct span at)
{
	char identity[64];
	struct stat st;
	bool looped;
	int error;
	_fd_ int fd = -1;

	if (user && search_check(l->a, &l->ret->search, path) < 0)
		return outside(l, path, at);
	fd = text_open(l->a, l->d, path, at, &st, &error);
	failed(l, error);
	if (fd < 0)
		return NULL;
	int n = snprintf(identity, sizeof identity, "%llx:%llx", (unsigned long long)st.st_dev,
			 (unsigned long long)st.st_ino);
	struct str id = {identity, (size_t)n};
	struct file *f = known(l, id, user, at, &looped);
	if (f)
		return looped ? NULL : f;
	if (!room(l, user ? user->depth + 1 : 0, at))
		return NULL;
	struct source *source = text_read(l->sources, l->d, fd, st.st_size, path, at, &error);
	failed(l, error);
	return source ? file_add(l, id, source, false, user, at) : NULL;
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
			return text_add(l, identity, (struct str){m->begin, (size_t)(m->end - m->begin)}, true, user, at);
		near_offer(&near, str_of(m->name));
	}
	struct diag *d = diag_add(l->d, DIAG_module_unknown, at, "the standard library has no module `%.*s`",
				  STR_ARG(name));
	if (near.best.n) {
		diag_suggest(l->d, d, near.best);
	} else {
		struct buf all = {0};

		for (const struct stdlib_module *m = stdlib_modules; m->name; m++)
			buf_fmt(&all, "%s%s", m == stdlib_modules ? "" : m[1].name ? ", " : " and ", m->name);
		diag_help(l->d, d, "there are %.*s", STR_ARG(buf_view(&all)));
		buf_free(&all);
	}
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

		if (str_starts(path, STR("std.")))
			diag_suggest(l->d, d, path);
		else if (str_starts(path, STR("std/")))
			diag_help(l->d, d, "the standard library's: use std.%.*s", (int)path.n - 4, path.s + 4);
		else if (path_printable(path) && path.s[0] != '/')
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
	if (name.n <= SUFFIX.n || !str_ends(name, SUFFIX))
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
	struct module_use use = {.alias = entry_word(e).text.n ? entry_word(e).text : name, .module = used};

	use.at = entry_word(e).text.n ? entry_word(e).at : e->value->at;
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

			if (v->kind == EX_MEMBER)
				diag_help(l->d, d, "a module is used whole: use std.ml, then container a : ml.ollama { … }");
			if (v->kind == EX_NAME && str_eq(v->u.text, STR("std")))
				diag_help(l->d, d, "one line for each: use std.ml");
			if (v->kind == EX_NAME && !str_eq(v->u.text, STR("std"))) {
				diag_help(l->d, d, "did you mean `std.%.*s`?", STR_ARG(v->u.text));
				name = v->u.text;
			}
		}
		use_enter(l, f->module, e, name, used ? used->module : NULL);
	}
}

void modules_load(struct sources *sources, struct diags *d, const char *const *paths, size_t npaths,
		  struct modules *ret)
{
	struct loader l = {.a = &ret->arena, .sources = sources, .d = d, .ret = ret};

	for (size_t i = 0; i < npaths; i++)
		search_add(l.a, &ret->search, path_dir(l.a, str_of(paths[i])));
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
	struct file *f;

	search_add(l.a, &ret->search, path_dir(l.a, path));
	f = text_add(&l, path, text, false, NULL, (struct span){0, 0});

	if (f)
		f->module->root = true;
}

void modules_free(struct modules *m)
{
	arena_free(&m->arena);
	*m = (struct modules){0};
}
