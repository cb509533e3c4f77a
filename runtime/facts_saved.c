/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Facts of another host, see facts_saved.h. Nothing here looks at the host that it runs on. */
#include "runtime/facts_saved.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lang/base/path.h"
#include "lang/base/cleanup.h"
#include "lang/base/sort.h"
#include "runtime/bind_impl.h"

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}

/* ---- reading ---- */

static int wrong(struct err *e, const char *member)
{
	return err_set(e, -EBADMSG, "these are no facts as `ctc facts --json` prints them: \"%s\" is missing, or is not what it should be", member);
}

static bool text_of(const json_t *object, const char *member, struct arena *a, struct str *ret)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_string(value))
		return false;
	*ret = str_copy(a, (struct str){json_string_value(value), json_string_length(value)});
	return true;
}

static bool texts_of(const json_t *object, const char *member, struct arena *a, struct strs *ret)
{
	const json_t *list = json_object_get(object, member), *one;
	struct str *at;
	size_t i;

	if (!json_is_array(list))
		return false;
	at = arena_array(a, json_array_size(list) + 1, sizeof *at);
	json_array_foreach(list, i, one) {
		if (!json_is_string(one))
			return false;
		at[i] = str_copy(a, (struct str){json_string_value(one), json_string_length(one)});
	}
	*ret = (struct strs){at, json_array_size(list)};
	return true;
}

static bool gpus_of(const json_t *root, struct arena *a, struct gpus *ret)
{
	const json_t *list = json_object_get(root, "gpus"), *one;
	size_t i;

	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, one) {
		struct gpu_found g = {0};
		struct str vendor;

		if (!text_of(one, "vendor", a, &vendor) || !text_of(one, "name", a, &g.name) || !text_of(one, "by", a, &g.by) || !text_of(one, "fault", a, &g.fault))
			return false;
		g.vendor = vendor.s;
		vec_push(a, &ret->all, g);
	}
	return true;
}

/* "22/tcp", "127.0.0.1:631/tcp", "[::1]:631/tcp" */
static bool listener_read(struct str text, struct listener *ret)
{
	const char *end = text.n ? memrchr(text.s, ':', text.n) : NULL;
	struct str port = end ? (struct str){end + 1, text.n - (size_t)(end + 1 - text.s)} : text, address = end ? (struct str){text.s, (size_t)(end - text.s)} : STR("");
	struct port p;

	if (address.n >= 2 && address.s[0] == '[' && address.s[address.n - 1] == ']')
		address = (struct str){address.s + 1, address.n - 2};
	if (!port_parse(port, &p) || p.lo != p.hi || (address.n && !addr_parse(address, &ret->addr)))
		return false;
	ret->port = p.lo;
	ret->proto = p.proto;
	return true;
}

static bool listeners_of(const json_t *root, struct arena *a, struct listeners *ret)
{
	struct strs texts;

	if (!texts_of(root, "listens", a, &texts))
		return false;
	for (size_t i = 0; i < texts.n; i++) {
		struct listener l = {0};

		if (!listener_read(texts.at[i], &l))
			return false;
		vec_push(a, &ret->all, l);
	}
	return true;
}

int facts_saved_read(struct str text, struct arena *a, struct facts_saved *ret, struct err *e)
{
	json_error_t where;
	_cleanup_(cleanup_json) json_t *root = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES, &where);
	const json_t *version = json_object_get(root, "ctstack-facts");
	struct facts_saved f = {0};

	if (!root)
		return err_set(e, -EBADMSG, "these are no facts as `ctc facts --json` prints them: line %d: %s", where.line, where.text);
	if (!json_is_integer(version) || json_integer_value(version) != FACTS_VERSION)
		return wrong(e, "ctstack-facts");
	if (!text_of(root, "kernel", a, &f.kernel))
		return wrong(e, "kernel");
	if (!text_of(root, "systemd", a, &f.systemd))
		return wrong(e, "systemd");
	if (!text_of(root, "podman", a, &f.podman))
		return wrong(e, "podman");
	if (!text_of(root, "nspawn", a, &f.nspawn))
		return wrong(e, "nspawn");
	if (!json_is_boolean(json_object_get(root, "init")))
		return wrong(e, "init");
	f.init = json_is_true(json_object_get(root, "init"));
	if (!gpus_of(root, a, &f.gpus))
		return wrong(e, "gpus");
	if (!texts_of(root, "links", a, &f.links))
		return wrong(e, "links");
	if (!texts_of(root, "devices", a, &f.devices))
		return wrong(e, "devices");
	if (!listeners_of(root, a, &f.listeners))
		return wrong(e, "listens");
	*ret = f;
	return 0;
}

/* ---- judging ---- */

static int check_programs(const struct facts_saved *f, const struct manifest *wanted, struct arena *a, struct err *e)
{
	struct podman_version v = {0};
	struct str release;
	int r;

	str_cut(f->kernel, ' ', &release);
	r = kernel_judge(str_copy(a, release).s, e);
	if (r == 0 && !f->systemd.n)
		return err_set(e, -EOPNOTSUPP, "this host has no systemd, which runs containers");
	if (r == 0)
		r = systemd_judge(str_copy(a, f->systemd).s, e);
	if (r < 0 || !wants_podman(wanted))
		return r;
	if (sscanf(str_copy(a, f->podman).s, "podman version %d.%d", &v.major, &v.minor) != 2 && f->podman.n)
		return 0;
	return podman_judge(f->podman.n ? &v : NULL, e);
}

/* "nvidia=0 exclusive", "nvidia=*" */
static int check_gpu(const struct facts_saved *f, const struct res_container *c, struct str wanted, struct err *e)
{
	struct str name, vendor = str_cut(str_cut(wanted, ' ', NULL), '=', &name);
	bool any = str_is(name, "*"), found = false;

	vec_each(const struct gpu_found, g, &f->gpus.all) {
		if (!str_is(vendor, g->vendor) || !(any || str_eq(g->name, name)))
			continue;
		found = true;
		if (g->fault.n) {
			err_set(e, -ENOENT, "%.*s: the GPU %.*s cannot be used: %.*s", STR_ARG(c->res.id), STR_ARG(g->name), STR_ARG(g->fault));
			return err_resource(e, c->res.id);
		}
	}
	if (found)
		return 0;
	if (any)
		err_set(e, -ENODEV, "%.*s: this host has no %.*s GPU", STR_ARG(c->res.id), STR_ARG(vendor));
	else
		err_set(e, -ENODEV, "%.*s: this host has no GPU \"%.*s\" of %.*s", STR_ARG(c->res.id), STR_ARG(name), STR_ARG(vendor));
	return err_resource(e, c->res.id);
}

struct unknown {
	struct arena *a;
	VEC(struct str) all;
};

static void unknown_add(struct unknown *u, struct str what)
{
	for (size_t i = 0; i < u->all.n; i++)
		if (str_eq(u->all.at[i], what))
			return;
	vec_push(u->a, &u->all, what);
}

/* Whether it is a directory in which there is one. */
static bool holds_device(const struct facts_saved *f, struct str path)
{
	for (size_t i = 0; i < f->devices.n; i++)
		if (path_inside(f->devices.at[i], path))
			return true;
	return false;
}

static bool kernel_is_older(const struct facts_saved *f, int major, int minor)
{
	_arena_ struct arena a = {0};
	struct str release;

	str_cut(f->kernel, ' ', &release);
	return kernel_older(str_copy(&a, release).s, major, minor);
}

static int check_need(const struct facts_saved *f, const struct res_container *c, struct str need, struct unknown *unknown, struct err *e)
{
	struct str value, word = str_cut(need, '=', &value);
	bool there = true;

	if (str_is(word, "device"))
		there = strs_have(&f->devices, value);
	else if (str_is(word, "devices"))
		there = strs_have(&f->devices, value) || holds_device(f, value);
	else if (str_is(word, "readonly"))
		there = !kernel_is_older(f, 5, 12);
	else if (str_is(word, "nspawn"))
		there = f->nspawn.n > 0;
	else if (str_is(word, "init"))
		there = f->init;
	else
		unknown_add(unknown, value.n ? value : word);
	return there ? 0 : need_refuse(c, need, e);
}

static int check_container(const struct facts_saved *f, const struct res_container *c, struct unknown *unknown, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < c->gpus.n && r == 0; i++)
		r = check_gpu(f, c, c->gpus.at[i], e);
	for (size_t i = 0; i < c->needs.n && r == 0; i++)
		r = check_need(f, c, c->needs.at[i], unknown, e);
	for (size_t i = 0; i < c->mounts.n; i++)
		if (!str_is(c->mounts.at[i], "/" METRICS_DIR))
			unknown_add(unknown, c->mounts.at[i]);
	return r;
}

static int check_link(const struct facts_saved *f, const struct res *who, struct str name, const char *what, struct err *e)
{
	if (!name.n || strs_have(&f->links, name))
		return 0;
	err_set(e, -ENODEV, "%s %.*s of %.*s is not on this host", what, STR_ARG(name), STR_ARG(who->id));
	return err_resource(e, who->id);
}

void facts_saved_warn(const struct facts_saved *f, const struct manifest *wanted, struct buf *out)
{
	_arena_ struct arena a = {0};
	const char *what = wants_nspawn(wanted) ? nspawn_judge(str_copy(&a, f->nspawn).s) : NULL;

	if (what)
		buf_fmt(out, "the host has %.*s: %s\n", STR_ARG(f->nspawn), what);
}

static struct str nobody_known(void *context, const struct listener *l)
{
	(void)context, (void)l;
	return STR("a program");
}

int facts_saved_check(const struct facts_saved *f, const struct manifest *wanted, const struct manifest *current, struct arena *a, struct strs *ret_unknown, struct err *e)
{
	struct unknown unknown = {.a = a};
	const struct res_container *c;
	const struct res_macvlan *m;
	const struct res_subnet *s;
	int r = check_programs(f, wanted, a, e);

	manifest_each(container, c, wanted)
		r = r < 0 ? r : check_container(f, c, &unknown, e);
	manifest_each(subnet, s, wanted)
		r = r < 0 ? r : check_link(f, &s->res, s->uplink, "the uplink", e);
	manifest_each(macvlan, m, wanted)
		r = r < 0 ? r : check_link(f, &m->res, m->parent, "the parent", e);
	if (r == 0)
		r = ports_judge(wanted, current, &f->listeners, nobody_known, NULL, e);
	sort_strs(unknown.all.at, unknown.all.n);
	*ret_unknown = (struct strs){unknown.all.at, unknown.all.n};
	return r;
}
