/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What systemd knows of its units, and their properties (bus.h): lists and answers of the manager, read into structs of ours. */
#include <errno.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/bus_impl.h"

enum { LISTED_MAX = 100000 };

static int cmp_units(const void *a, const void *b)
{
	return str_cmp(((const struct bus_unit *)a)->name, ((const struct bus_unit *)b)->name);
}

struct listing {
	struct arena *arena;
	const char *const *patterns;
	struct bus_units *units;
	int error;
	char message[256];
};

static int make_list(const struct calls *c, size_t i, sd_bus_message **ret)
{
	const struct listing *l = c->context;
	int r = bus_message(c->h, "ListUnitsByPatterns", ret);

	(void)i;
	if (r >= 0)
		r = sd_bus_message_append_strv(*ret, NULL);
	return r < 0 ? r : sd_bus_message_append_strv(*ret, (char **)l->patterns);
}

static int read_list(struct listing *l, sd_bus_message *m)
{
	const char *name, *load, *active, *sub, *asked;
	uint32_t job;
	int r = sd_bus_message_enter_container(m, 'a', "(ssssssouso)");

	while (r >= 0 && l->units->all.n < LISTED_MAX &&
	       (r = sd_bus_message_read(m, "(ssssssouso)", &name, NULL, &load, &active, &sub, NULL, NULL, &job, &asked, NULL)) > 0)
		vec_push(l->arena, &l->units->all,
			 (struct bus_unit){str_copy(l->arena, str_of(name)), str_copy(l->arena, str_of(load)), str_copy(l->arena, str_of(active)),
					   str_copy(l->arena, str_of(sub)), job != 0, job && (strcmp(asked, "start") == 0 || strcmp(asked, "restart") == 0)});
	return r;
}

static void on_list(struct calls *c, size_t i, sd_bus_message *m)
{
	struct listing *l = c->context;

	(void)i;
	l->error = sd_bus_message_is_method_error(m, NULL) ? -sd_bus_message_get_errno(m) : read_list(l, m);
	if (l->error < 0)
		snprintf(l->message, sizeof l->message, "%s", bus_error_text(m));
}

int bus_list_units(struct host *h, struct arena *a, const char *const *patterns, struct bus_units *ret, struct err *e)
{
	struct listing l = {.arena = a, .patterns = patterns, .units = ret};
	_cleanup_(calls_end) struct calls c = {.h = h, .doing = "list the units", .make = make_list, .answered = on_list, .context = &l, .n = 1};
	int r = calls_run(&c, e);

	if (r < 0)
		return r;
	if (l.error < 0)
		return err_set(e, l.error, "cannot list the units: systemd says: %s", l.message);
	if (ret->all.n)
		qsort(ret->all.at, ret->all.n, sizeof *ret->all.at, cmp_units);
	return 0;
}

const struct bus_unit *bus_units_find(const struct bus_units *units, struct str name)
{
	struct bus_unit key = {.name = name};

	return units->all.n ? bsearch(&key, units->all.at, units->all.n, sizeof key, cmp_units) : NULL;
}

struct reading {
	struct arena *arena;
	struct bus_prop *props;
};

static int make_get(const struct calls *c, size_t i, sd_bus_message **ret)
{
	const struct bus_prop *p = &((const struct reading *)c->context)->props[i];
	_mem_ char *path = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", p->unit, &path);

	if (r >= 0)
		r = sd_bus_message_new_method_call(c->h->bus->sd, ret, MANAGER, path, "org.freedesktop.DBus.Properties", "Get");
	return r < 0 ? r : sd_bus_message_append(*ret, "ss", p->interface, p->name);
}

static int read_words(sd_bus_message *m, struct buf *ret)
{
	int r = sd_bus_message_enter_container(m, 'a', "s");
	const char *word;

	ret->n = 0;
	while (r >= 0 && (r = sd_bus_message_read(m, "s", &word)) > 0)
		buf_fmt(ret, "%s%s", ret->n ? " " : "", word);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The first command of the list that ran and did not end well, unless its failure is ignored ("-"). */
static int read_commands(struct arena *a, sd_bus_message *m, struct bus_prop *ret)
{
	int r = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)"), ignored, code, status;
	_buf_ struct buf words = {0};
	uint64_t end;

	ret->number = 0;
	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'r', "sasbttttuii")) > 0) {
		r = sd_bus_message_skip(m, "s");
		if (r >= 0)
			r = read_words(m, &words);
		if (r >= 0)
			r = sd_bus_message_read(m, "b", &ignored);
		if (r >= 0)
			r = sd_bus_message_read(m, "ttttuii", NULL, NULL, NULL, &end, NULL, &code, &status);
		if (r >= 0 && !ret->number && !ignored && code && (code != CLD_EXITED || status)) {
			ret->number = (uint64_t)(uint32_t)code << 32 | (uint32_t)status;
			ret->when_us = end;
			ret->text = str_copy(a, buf_view(&words));
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r;
}

static int read_prop(struct arena *a, sd_bus_message *m, struct bus_prop *p)
{
	const char *text;
	char type[2] = {p->type};
	union {
		uint32_t u;
		int32_t i;
		uint64_t t;
		int b;
	} v = {0};
	int r = sd_bus_message_enter_container(m, 'v', p->type == 'X' ? "a(sasbttttuii)" : type);

	if (r < 0)
		return r;
	if (p->type == 'X')
		return read_commands(a, m, p);
	if (p->type == 's') {
		r = sd_bus_message_read(m, "s", &text);
		if (r >= 0)
			p->text = str_copy(a, str_of(text));
		return r;
	}
	r = sd_bus_message_read(m, type, &v);
	p->number = p->type == 'u' ? v.u : p->type == 'i' ? (uint64_t)v.i : p->type == 'b' ? (uint64_t)(v.b != 0) : v.t;
	return r;
}

static void on_get(struct calls *c, size_t i, sd_bus_message *m)
{
	struct reading *g = c->context;
	int r = sd_bus_message_is_method_error(m, NULL) ? -sd_bus_message_get_errno(m) : read_prop(g->arena, m, &g->props[i]);

	g->props[i].error = r < 0 ? r : 0;
}

int bus_get_props(struct host *h, struct arena *a, struct bus_prop *props, size_t n, struct err *e)
{
	struct reading g = {.arena = a, .props = props};
	_cleanup_(calls_end) struct calls c = {.h = h, .doing = "ask for units' properties", .make = make_get, .answered = on_get, .context = &g, .n = n};

	return calls_run(&c, e);
}
