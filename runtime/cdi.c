/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading CDI files, see cdi.h. Both notations become jansson's values; members that are not known are passed over, as the specification asks. */
#include "runtime/cdi.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"
#include "runtime/yaml.h"

enum { CDI_MAX = 16 << 20 };

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define _json_ _cleanup_(cleanup_json)

static bool ends_with(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.s + s.n - n, end, n) == 0;
}

static struct str text_of(struct arena *a, const json_t *in, const char *member)
{
	const char *text = json_string_value(json_object_get(in, member));

	return text ? str_copy(a, str_of(text)) : STR("");
}

static void nodes_add(struct arena *a, const json_t *edits, struct cdi_device *d)
{
	size_t i;
	json_t *node;

	json_array_foreach(json_object_get(edits, "deviceNodes"), i, node) {
		struct str at = text_of(a, node, "path"), from = text_of(a, node, "hostPath"), permissions = text_of(a, node, "permissions");

		vec_push(a, &d->nodes,
			 (struct cdi_node){.from = from.n ? from : at, .at = at, .readonly = permissions.n && !str_has(permissions, 'w')});
	}
}

static void mounts_add(struct arena *a, const json_t *edits, struct cdi_device *d)
{
	size_t i, k;
	json_t *mount, *option;

	json_array_foreach(json_object_get(edits, "mounts"), i, mount) {
		struct cdi_mount m = {.from = text_of(a, mount, "hostPath"), .at = text_of(a, mount, "containerPath")};

		json_array_foreach(json_object_get(mount, "options"), k, option)
			m.readonly |= json_is_string(option) && strcmp(json_string_value(option), "ro") == 0;
		vec_push(a, &d->mounts, m);
	}
}

static void edits_add(struct arena *a, const json_t *edits, struct cdi_device *d)
{
	size_t i;
	json_t *one;

	nodes_add(a, edits, d);
	mounts_add(a, edits, d);
	json_array_foreach(json_object_get(edits, "env"), i, one)
		if (json_is_string(one))
			vec_push(a, &d->env, str_copy(a, str_of(json_string_value(one))));
	json_array_foreach(json_object_get(edits, "hooks"), i, one)
		vec_push(a, &d->hooks, text_of(a, one, "path"));
	d->groups |= json_array_size(json_object_get(edits, "additionalGids")) > 0;
}

/* As the specification has it: a name becomes part of a word that the engine is given. */
static bool name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (i && c && strchr("_-.:", c))))
			return false;
	}
	return name.n > 0;
}

/* A name may be a string or, in YAML, look like a number. */
static struct str device_name(struct arena *a, const json_t *device)
{
	const json_t *name = json_object_get(device, "name");

	return json_is_integer(name) ? str_fmt(a, "%lld", (long long)json_integer_value(name)) : text_of(a, device, "name");
}

static int file_devices(struct arena *a, const json_t *spec, struct str file, struct cdi_devices *ret, struct err *e)
{
	size_t i;
	json_t *device;

	json_array_foreach(json_object_get(spec, "devices"), i, device) {
		struct cdi_device d = {.name = device_name(a, device), .file = file}, *there = NULL;

		if (!name_ok(d.name))
			return err_set(e, -EBADMSG, "the CDI file /%.*s has a device whose name cannot be used", STR_ARG(file));
		edits_add(a, json_object_get(spec, "containerEdits"), &d);
		edits_add(a, json_object_get(device, "containerEdits"), &d);
		for (size_t k = 0; k < ret->all.n; k++)
			if (str_eq(ret->all.at[k].name, d.name))
				there = &ret->all.at[k];
		if (there && str_eq(str_cut(there->file, 'c', NULL), str_cut(file, 'c', NULL)))
			return err_set(e, -EBADMSG, "the CDI device %.*s stands in /%.*s and in /%.*s: remove one of the files", STR_ARG(d.name),
				       STR_ARG(there->file), STR_ARG(file));
		if (there)
			*there = d;
		else
			vec_push(a, &ret->all, d);
	}
	return 0;
}

static int file_read(struct host *h, struct str file, const char *kind, struct arena *a, struct cdi_devices *ret, struct err *e)
{
	_json_ json_t *spec = NULL;
	json_error_t wrong;
	struct str text;
	int r = fact_read(h, file, CDI_MAX, a, &text, e);

	if (r == -ENOENT)	/* removed in between */
		return 0;
	if (r == 0 && ends_with(file, ".json")) {
		spec = json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES, &wrong);
		if (!spec)
			r = err_set(e, -EBADMSG, "line %d: %s", wrong.line, wrong.text);
	} else if (r == 0) {
		r = yaml_read(text, &spec, e);
	}
	if (r < 0)
		return err_context(e, "the CDI file /%.*s cannot be understood", STR_ARG(file));
	if (!str_is(text_of(a, spec, "kind"), kind))
		return 0;
	return file_devices(a, spec, file, ret, e);
}

static int cmp_devices(const void *x, const void *y)
{
	return str_cmp(((const struct cdi_device *)x)->name, ((const struct cdi_device *)y)->name);
}

int cdi_read(struct host *h, const char *kind, struct arena *a, struct cdi_devices *ret, struct err *e)
{
	static const char *const directories[] = {"etc/cdi", "run/cdi"};
	struct cdi_devices found = {0};

	for (size_t d = 0; d < sizeof directories / sizeof directories[0]; d++) {
		struct strs names;
		int r = fact_list(h, str_of(directories[d]), a, &names, e);

		for (size_t i = 0; i < names.n && r == 0; i++)
			if (ends_with(names.at[i], ".json") || ends_with(names.at[i], ".yaml") || ends_with(names.at[i], ".yml"))
				r = file_read(h, str_fmt(a, "%s/%.*s", directories[d], STR_ARG(names.at[i])), kind, a, &found, e);
		if (r < 0)
			return r;
	}
	if (found.all.n > 1)
		qsort(found.all.at, found.all.n, sizeof *found.all.at, cmp_devices);
	*ret = found;
	return 0;
}

const struct cdi_device *cdi_find(const struct cdi_devices *devices, struct str name)
{
	vec_each(const struct cdi_device, d, &devices->all)
		if (str_eq(d->name, name))
			return d;
	return NULL;
}

static int stale(const struct cdi_device *d, struct str what, struct err *e)
{
	return err_set(e, -ENOENT, "the CDI file /%.*s asks for %.*s, which is not on this host (was the driver updated?): make the file anew (NVIDIA: nvidia-ctk cdi generate)",
		       STR_ARG(d->file), STR_ARG(what));
}

int cdi_check(struct host *h, const struct cdi_device *d, struct err *e)
{
	vec_each(const struct cdi_node, n, &d->nodes)
		if (!fact_is_device(h, n->from))
			return stale(d, n->from, e);
	vec_each(const struct cdi_mount, m, &d->mounts)
		if (!fact_exists(h, m->from))
			return stale(d, m->from, e);
	vec_each(const struct str, hook, &d->hooks)
		if (!fact_exists(h, *hook))
			return stale(d, *hook, e);
	return 0;
}
