/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The GPUs of the host. First by CDI, the Container Device Interface: a file in /etc/cdi or /run/cdi says what a container needs besides the nodes (libraries of the driver).
 * Else the device nodes themselves: NVIDIA's driver makes /dev/nvidiaN, nvidiactl and nvidia-uvm; DRM makes /dev/dri/renderDN; amdgpu's compute is /dev/kfd. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "runtime/facts.h"
#include "runtime/podman.h"

enum { CDI_MAX = 16 << 20, CDI_PODMAN_MAJOR = 4, CDI_PODMAN_MINOR = 1 };

static const struct vendor {
	const char *name;
	const char *cdi;		/* the kind of its CDI devices */
	const char *needed;		/* a node that must be there, "#" stands for a number */
	const char *nodes[6];		/* all of them, below /dev */
	const char *advice;
} vendors[] = {
	{"nvidia", "nvidia.com/gpu", "nvidia#", {"nvidia#", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"},
	 "install NVIDIA's driver, until nvidia-smi works"},
	{"amd", "amd.com/gpu", "kfd", {"kfd", "dri/renderD#"}, "load the amdgpu driver"},
	{"intel", "intel.com/gpu", "dri/renderD#", {"dri/renderD#"}, "load the i915 or xe driver"},
};

static bool ends_with(struct str s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.s + s.n - n, end, n) == 0;
}

static bool json_offers(struct str text, const char *kind)
{
	json_t *spec = json_loadb(text.s, text.n, 0, NULL), *device;
	const char *is = json_string_value(json_object_get(spec, "kind"));
	bool found = false;
	size_t i;

	if (is && strcmp(is, kind) == 0)
		json_array_foreach(json_object_get(spec, "devices"), i, device) {
			const char *name = json_string_value(json_object_get(device, "name"));

			found |= name && strcmp(name, "all") == 0;
		}
	json_decref(spec);
	return found;
}

/* "kind: nvidia.com/gpu" or "- name: all": the value behind a key, without the dash, blanks and quotes around. */
static struct str yaml_value(struct str line, const char *key)
{
	struct str value, name;

	while (line.n && (line.s[0] == ' ' || line.s[0] == '-'))
		line = (struct str){line.s + 1, line.n - 1};
	name = str_cut(line, ':', &value);
	if (!str_is(name, key))
		return STR("");
	while (value.n && strchr(" \"'", value.s[0]))
		value = (struct str){value.s + 1, value.n - 1};
	while (value.n && strchr(" \"'\r", value.s[value.n - 1]))
		value.n--;
	return value;
}

/* CDI files as the vendors' tools write them. Whoever writes YAML in another way gets the device nodes, which is what there is without CDI. */
static bool yaml_offers(struct str text, const char *kind)
{
	bool of_kind = false, has_all = false;

	while (text.n) {
		struct str line = str_cut(text, '\n', &text);

		of_kind |= str_is(yaml_value(line, "kind"), kind);
		has_all |= str_is(yaml_value(line, "name"), "all");
	}
	return of_kind && has_all;
}

static int cdi_offers(struct host *h, const char *kind, struct arena *a, bool *ret, struct err *e)
{
	static const char *const directories[] = {"etc/cdi", "run/cdi"};

	*ret = false;
	for (size_t d = 0; d < sizeof directories / sizeof directories[0]; d++) {
		struct strs names;
		int r = fact_list(h, str_of(directories[d]), a, &names, e);

		for (size_t i = 0; i < names.n && r == 0 && !*ret; i++) {
			struct str text, name = names.at[i];
			bool json = ends_with(name, ".json");

			if (!json && !ends_with(name, ".yaml") && !ends_with(name, ".yml"))
				continue;
			r = fact_read(h, str_fmt(a, "%s/%.*s", directories[d], STR_ARG(name)), CDI_MAX, a, &text, e);
			if (r == -ENOENT)	/* removed in between */
				r = 0;
			else if (r == 0)
				*ret = json ? json_offers(text, kind) : yaml_offers(text, kind);
		}
		if (r < 0 || *ret)
			return r;
	}
	return 0;
}

struct node {
	unsigned long number;
	struct str name;
};
struct nodes {
	VEC(struct node) all;
};

static int cmp_nodes(const void *x, const void *y)
{
	const struct node *a = x, *b = y;

	return (a->number > b->number) - (a->number < b->number);
}

/* The nodes that match "dir/prefix#", by number, or the one that is called so. */
static int nodes_find(struct host *h, const char *pattern, struct arena *a, struct nodes *ret, struct err *e)
{
	const char *slash = strrchr(pattern, '/'), *hash = strchr(pattern, '#');
	struct str dir = slash ? (struct str){pattern, (size_t)(slash - pattern)} : STR("");
	const char *base = slash ? slash + 1 : pattern;
	struct strs names;
	int r;

	if (!hash) {
		if (fact_exists(h, str_fmt(a, "dev/%s", pattern)))
			vec_push(a, &ret->all, (struct node){0, str_of(pattern)});
		return 0;
	}
	r = fact_list(h, str_fmt(a, "dev/%.*s", STR_ARG(dir)), a, &names, e);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		size_t n = (size_t)(hash - base);
		char *end;

		if (names.at[i].n <= n || memcmp(names.at[i].s, base, n) != 0 || names.at[i].s[n] < '0' || names.at[i].s[n] > '9')
			continue;
		unsigned long number = strtoul(names.at[i].s + n, &end, 10);

		if (*end == '\0')
			vec_push(a, &ret->all,
				 (struct node){number, str_fmt(a, "%.*s%s%.*s", STR_ARG(dir), slash ? "/" : "", STR_ARG(names.at[i]))});
	}
	if (ret->all.n > 1)
		qsort(ret->all.at, ret->all.n, sizeof *ret->all.at, cmp_nodes);
	return r;
}

static int gpu_nodes(struct host *h, const struct vendor *v, struct arena *a, struct strs *ret, struct err *e)
{
	VEC(struct str) words = {0};
	struct nodes needed = {0};
	int r = nodes_find(h, v->needed, a, &needed, e);

	if (r < 0)
		return r;
	if (needed.all.n == 0)
		return err_set(e, -ENODEV, "this host has no %s GPU: there is no /dev/%.*s%s and no CDI file of %s in /etc/cdi or /run/cdi; %s, or leave gpu out",
			       v->name, (int)strcspn(v->needed, "#"), v->needed, strchr(v->needed, '#') ? "*" : "", v->cdi, v->advice);
	for (size_t i = 0; i < sizeof v->nodes / sizeof v->nodes[0] && v->nodes[i]; i++) {
		struct nodes found = {0};

		r = nodes_find(h, v->nodes[i], a, &found, e);
		if (r < 0)
			return r;
		for (size_t k = 0; k < found.all.n; k++)
			vec_push(a, &words, str_fmt(a, "--device=/dev/%.*s", STR_ARG(found.all.at[k].name)));
	}
	*ret = (struct strs){words.at, words.n};
	return 0;
}

int fact_gpu(struct host *h, struct str vendor, struct arena *a, struct strs *ret, struct err *e)
{
	const struct vendor *v = NULL;
	struct podman_version version;
	bool cdi;
	int r;

	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (str_is(vendor, vendors[i].name))
			v = &vendors[i];
	if (!v)
		return err_set(e, -EINVAL, "there are no GPUs of a vendor \"%.*s\"", STR_ARG(vendor));
	r = cdi_offers(h, v->cdi, a, &cdi, e);
	if (r == 0 && cdi) {
		r = podman_version(h, &version, e);
		cdi = r == 0 && (version.major > CDI_PODMAN_MAJOR || (version.major == CDI_PODMAN_MAJOR && version.minor >= CDI_PODMAN_MINOR));
	}
	if (r < 0)
		return r;
	if (!cdi)
		return gpu_nodes(h, v, a, ret, e);
	ret->at = arena_array(a, 1, sizeof *ret->at);
	ret->at[0] = str_fmt(a, "--device=%s=all", v->cdi);
	ret->n = 1;
	return 0;
}
