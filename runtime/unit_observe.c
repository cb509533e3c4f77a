/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What units of ours there are. One is ours where its text has the section [X-ctstack]. Whether it runs is asked of the manager; what it says is read from the generator's directory, so that
 * thousands of units cost one question and their files. */
#include "runtime/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/bus.h"
#include "runtime/fs.h"
#include "runtime/generator.h"
#include "runtime/unit_drift.h"
#include "runtime/unit_follow.h"
#include "runtime/unit_process.h"

#define MARK "\n[X-ctstack]\n"
#define ONCE "\nType=oneshot\nRemainAfterExit=yes\n" /* compiler/lower_engine.h */

enum { TEXT_MAX = 16 << 20 };

bool unit_is_service(struct str name)
{
	return str_ends(name, STR(".service"));
}

bool unit_is_ours(struct str text)
{
	return memmem(text.s, text.n, MARK, sizeof MARK - 1) != NULL;
}

bool unit_runs_once(const struct res_unit *u)
{
	return memmem(u->text.s, u->text.n, ONCE, sizeof ONCE - 1) != NULL;
}

static bool our_name(struct str name)
{
	return str_starts(name, STR("ct-")) || str_starts(name, STR("ctstack")) || str_is(name, "ct.slice");
}

bool unit_runs(const struct res_unit *u)
{
	return u->active || u->runs;
}

int unit_read(struct host *h, struct arena *a, struct str name, struct str *ret, struct err *e)
{
	return fs_read(h->root_fd, str_fmt(a, GENERATED_DIR "/%.*s", STR_ARG(name)), TEXT_MAX, a, ret, e);
}

struct seen {
	struct host *h;
	struct manifest *ret;
	const struct manifest *known;
	struct bus_units loaded;
	struct map wants;	/* unit -> struct str *: targets that have a link to it */
	struct map found;	/* unit -> struct res_unit */
};

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

/* A directory below the generator's; NULL where there is none. */
static DIR *generated_dir(struct host *h, const char *below)
{
	char path[600];
	struct err ignored = {0};

	snprintf(path, sizeof path, GENERATED_DIR "/%s", below);
	_fd_ int fd = fs_open(h->root_fd, str_of(path), O_RDONLY | O_DIRECTORY, 0, &ignored);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d)
		take_fd(&fd);
	return d;
}

/* Sorted words, with one more among them. */
static struct str words_with(struct arena *a, struct str words, struct str more)
{
	for (struct str rest = words; rest.n;) {
		struct str word = str_cut(rest, ' ', &rest);
		size_t before = (size_t)(word.s - words.s);

		if (str_cmp(more, word) < 0)
			return STR_JOIN(a, (struct str){words.s, before}, more, STR(" "), (struct str){word.s, words.n - before});
	}
	return STR_JOIN(a, words, STR(" "), more);
}

/* Enters every link of TARGET.wants. */
static void see_wants(struct seen *s, const char *wants)
{
	_cleanup_(dir_close) DIR *d = generated_dir(s->h, wants);
	struct str target = {wants, strlen(wants) - (sizeof ".wants" - 1)};
	struct arena *a = s->ret->arena;

	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct str unit = str_of(entry->d_name), *there;

		if (!our_name(unit))
			continue;
		there = map_get(&s->wants, unit);
		if (there) {
			*there = words_with(a, *there, target);
			continue;
		}
		there = arena_new(a, struct str);
		*there = str_copy(a, target);
		map_add(a, &s->wants, str_copy(a, unit), there);
	}
}

static bool runs(const struct bus_unit *u)
{
	return u && (str_is(u->active, "active") || str_is(u->active, "activating") || str_is(u->active, "reloading"));
}

/* It ended without being asked to, its last commands still run, and then systemd starts it again: no difference either. */
static bool about_to_start_again(const struct bus_unit *u, struct str text)
{
	return u && str_is(u->active, "deactivating") && !u->job &&
	       (memmem(text.s, text.n, "\nRestart=on-failure\n", 20) || memmem(text.s, text.n, "\nRestart=always\n", 16));
}

/* It is down, and its start waits for what comes before it, ctstack-network.service as a rule: so it is between two lives of a program that ended. */
static bool waits_to_start(const struct bus_unit *u)
{
	return u && u->starts && !runs(u);
}

/* Nothing wants it and it shall not run by itself: whether it does is no difference. */
static bool started_by_people(const struct seen *s, struct str name)
{
	const struct res_unit *known = (const struct res_unit *)manifest_find(s->known, RES_unit, name);

	return known && !known->active && !known->wanted_by.n;
}

static struct res_unit *see(struct seen *s, struct str name, struct str text)
{
	const struct res *known = manifest_find(s->known, RES_unit, name);
	struct res_unit *u = manifest_add_unit(s->ret, name);
	const struct str *wants = map_get(&s->wants, name);

	if (known) {
		u->res.stack = str_copy(s->ret->arena, known->stack);
		u->res.owner = str_copy(s->ret->arena, known->owner);
		u->res.origin = str_copy(s->ret->arena, known->origin);
	}
	u->text = text;
	u->wanted_by = wants ? *wants : STR("");
	const struct bus_unit *loaded = bus_units_find(&s->loaded, name);
	u->active = runs(loaded) || about_to_start_again(loaded, text) || waits_to_start(loaded);
	u->finished = loaded && str_is(loaded->active, "active") && str_is(loaded->sub, "exited") && unit_runs_once(u);
	if (u->active && started_by_people(s, name)) {
		u->active = false;
		u->runs = !u->finished;
	}
	map_add(s->ret->arena, &s->found, u->res.id, u);
	return u;
}

/* All units of ours that the generator wrote. */
static int see_files(struct seen *s, struct err *e)
{
	_cleanup_(dir_close) DIR *d = generated_dir(s->h, "");
	_arena_ struct arena scratch = {0};
	VEC(struct str) units = {0};
	struct str text;

	for (struct dirent *entry; d && (entry = readdir(d));) {
		struct str name = str_of(entry->d_name);

		if (str_ends(name, STR(".wants")))
			see_wants(s, entry->d_name);
		else if (our_name(name) && name.n < 256 && entry->d_type == DT_REG)
			vec_push(&scratch, &units, str_copy(&scratch, name));
	}
	vec_each(struct str, name, &units) {
		int r = unit_read(s->h, s->ret->arena, *name, &text, e);

		if (r < 0)
			return r;
		if (unit_is_ours(text))
			see(s, *name, text);
	}
	return 0;
}

/* Known units that run although their file is gone: somebody else reloaded in the middle of a transaction that was
 * killed later. A slice needs no file to be loaded. And those whose file went after systemd had read it: it runs what the file said still, and will again once that is there. */
static int see_orphans(struct seen *s, struct err *e)
{
	_arena_ struct arena scratch = {0};
	VEC(struct bus_prop) removed = {0};
	struct res_unit *u;

	manifest_each(unit, u, s->known) {
		const struct bus_unit *loaded = bus_units_find(&s->loaded, u->res.id);

		if (!runs(loaded) || map_get(&s->found, u->res.id))
			continue;
		if (str_is(loaded->load, "not-found") || str_ends(u->res.id, STR(".slice")))
			see(s, u->res.id, STR(""));
		else if (str_is(loaded->load, "loaded") && !started_by_people(s, u->res.id)) /* the text of others is known from what is wanted, which may be another one */
			vec_push(&scratch, &removed, ((struct bus_prop){.unit = u->res.id.s, .interface = BUS_UNIT, .name = "FragmentPath", .type = 's'}));
	}
	int r = removed.n ? bus_get_props(s->h, &scratch, removed.at, removed.n, e) : 0;
	for (size_t i = 0; r == 0 && i < removed.n; i++) {
		struct str name = str_of(removed.at[i].unit);

		if (!removed.at[i].error && str_eq(removed.at[i].text, str_fmt(&scratch, "/" GENERATED_DIR "/%.*s", STR_ARG(name))))
			see(s, name, ((const struct res_unit *)manifest_find(s->known, RES_unit, name))->text);
	}
	return r;
}

/* Marks the units whose files are newer than what systemd read, and those whose processes are where nothing is any more. */
static int see_faults(struct seen *s, struct err *e)
{
	enum { ASKED = 2 };
	_arena_ struct arena scratch = {0};
	struct bus_prop *props = arena_array(&scratch, ASKED * s->ret->all.n + 1, sizeof *props);
	struct res_unit **units = arena_array(&scratch, ASKED * s->ret->all.n + 1, sizeof(struct res_unit *));
	const char *fault;
	size_t n = 0;

	for (size_t i = 0; i < s->ret->all.n; i++) {
		struct res_unit *u = (struct res_unit *)s->ret->all.at[i];
		const struct bus_unit *loaded = u->res.kind == RES_unit ? bus_units_find(&s->loaded, u->res.id) : NULL;

		if (!loaded)
			continue;
		units[n] = u;
		props[n++] = (struct bus_prop){.unit = u->res.id.s, .interface = BUS_UNIT, .name = "NeedDaemonReload", .type = 'b'};
		if (!str_is(loaded->active, "active") || !unit_is_service(u->res.id))
			continue;
		units[n] = u;
		props[n++] = (struct bus_prop){.unit = u->res.id.s, .interface = BUS_SERVICE, .name = "ControlGroup", .type = 's'};
	}
	int r = bus_get_props(s->h, &scratch, props, n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (props[i].error)
			continue;
		/* Of what stands beside a unit systemd sees that it is new at once, or later; it is read again in any case. */
		if (props[i].type == 'b' && props[i].number && !units[i]->added.n)
			units[i]->fault = STR(UNIT_UNREAD);
		else if (props[i].type == 's' && (fault = unit_process_fault(s->h, s->known, units[i], props[i].text)))
			units[i]->fault = str_of(fault);
	}
	return r;
}

int unit_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	static const char *const patterns[] = {"ct-*", "ctstack*", "ct.slice", NULL};
	struct seen s = {.h = h, .ret = ret, .known = known};
	int r = bus_list_units(h, ret->arena, patterns, &s.loaded, e);

	if (r == 0)
		r = see_files(&s, e);
	if (r < 0)
		return r;
	r = see_orphans(&s, e);
	if (r == 0)
		r = unit_added_read(h, ret, &s.found, e);
	if (r == 0)
		r = see_faults(&s, e);
	if (r == 0)
		units_bound_mark(ret);
	return r;
}
