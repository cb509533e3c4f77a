/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The GPUs of the host. First by CDI, the Container Device Interface: a file in /etc/cdi or /run/cdi says what a container needs besides the nodes (libraries of the driver).
 * Else the device nodes themselves: NVIDIA's driver makes /dev/nvidiaN, nvidiactl and nvidia-uvm; DRM makes /dev/dri/renderDN; amdgpu's compute is /dev/kfd. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/cdi.h"
#include "runtime/facts.h"
#include "runtime/podman.h"

enum { DRM_RENDER_FIRST = 128, CDI_PODMAN_MAJOR = 4, CDI_PODMAN_MINOR = 1 };

static const struct vendor {
	const char *name;
	const char *cdi;		/* the kind of its CDI devices */
	const char *needed;		/* a node that must be there, "#" stands for a number */
	const char *card;		/* those of which one is one GPU */
	const char *nodes[7];		/* all of them, below /dev */
	const char *advice;
} vendors[] = {
	{"nvidia", "nvidia.com/gpu", "nvidia#", "nvidia#",
	 {"nvidia#", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps/nvidia-cap#"},
	 "install NVIDIA's driver, until nvidia-smi works"},
	{"amd", "amd.com/gpu", "kfd", "dri/renderD#", {"kfd", "dri/renderD#"}, "load the amdgpu driver"},
	{"intel", "intel.com/gpu", "dri/renderD#", "dri/renderD#", {"dri/renderD#"}, "load the i915 or xe driver"},
};

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

/* Whether a node is one of those that were chosen: "0" is the first of its kind, which DRM counts from 128; or by its own name. Nodes without a number belong to all. */
static bool node_chosen(const struct node *n, const char *pattern, struct str which)
{
	bool drm = str_starts(str_of(pattern), STR("dri/"));
	char number[24];

	snprintf(number, sizeof number, "%lu", drm && n->number >= DRM_RENDER_FIRST ? n->number - DRM_RENDER_FIRST : n->number);
	return str_is(which, number) || (n->name.n > which.n && n->name.s[n->name.n - which.n - 1] == '/' && str_ends(n->name, which)) || str_eq(n->name, which);
}

/* The chosen nodes of a pattern, and how many of `chosen` were found. */
static size_t choose(struct arena *a, const struct nodes *found, const char *pattern, const struct strs *chosen, struct nodes *ret)
{
	size_t met = 0;

	for (size_t i = 0; i < chosen->n; i++)
		for (size_t k = 0; k < found->all.n; k++)
			if (node_chosen(&found->all.at[k], pattern, chosen->at[i])) {
				vec_push(a, &ret->all, found->all.at[k]);
				met++;
				break;
			}
	return met;
}

static struct str missing(const struct nodes *found, const char *pattern, const struct strs *chosen)
{
	for (size_t i = 0; i < chosen->n; i++) {
		bool there = false;

		for (size_t k = 0; k < found->all.n; k++)
			there |= node_chosen(&found->all.at[k], pattern, chosen->at[i]);
		if (!there)
			return chosen->at[i];
	}
	return STR("");
}

/* Every node that a container gets, below /dev. */
static int gpu_nodes(struct host *h, const struct vendor *v, const struct strs *chosen, struct arena *a, struct strs *ret, struct err *e)
{
	VEC(struct str) names = {0};
	struct nodes needed = {0};
	int r = nodes_find(h, v->needed, a, &needed, e);

	if (r < 0)
		return r;
	if (needed.all.n == 0)
		return err_set(e, -ENODEV, "this host has no %s GPU: there is no /dev/%.*s%s and no CDI file of %s in /etc/cdi or /run/cdi; %s, or leave gpu out",
			       v->name, (int)strcspn(v->needed, "#"), v->needed, strchr(v->needed, '#') ? "*" : "", v->cdi, v->advice);
	for (size_t i = 0; i < sizeof v->nodes / sizeof v->nodes[0] && v->nodes[i]; i++) {
		bool is_card = chosen->n && strcmp(v->nodes[i], v->card) == 0;
		struct nodes found = {0}, some = {0};

		r = nodes_find(h, v->nodes[i], a, &found, e);
		if (r < 0)
			return r;
		if (is_card && choose(a, &found, v->card, chosen, &some) < chosen->n)
			return err_set(e, -ENODEV, "this host has %zu GPU%s of %s as device nodes (/dev/%.*s*), and \"%.*s\"%s is not among them: `ctc facts` lists them",
				       found.all.n, found.all.n == 1 ? "" : "s", v->name, (int)strcspn(v->card, "#"), v->card, STR_ARG(missing(&found, v->card, chosen)),
				       chosen->n > 1 ? " of those that are wanted" : "");
		const struct nodes *use = is_card ? &some : &found;
		for (size_t k = 0; k < use->all.n; k++)
			vec_push(a, &names, use->all.at[k].name);
	}
	*ret = (struct strs){names.at, names.n};
	return 0;
}

/* "nvidia", "nvidia=0,1" */
static const struct vendor *wanted_read(struct str wanted, struct arena *a, struct strs *ret_chosen)
{
	struct str rest, name = str_cut(wanted, '=', &rest);
	VEC(struct str) chosen = {0};

	while (rest.n) {
		struct str one = str_cut(rest, ',', &rest);

		vec_push(a, &chosen, one);
	}
	*ret_chosen = (struct strs){chosen.at, chosen.n};
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (str_is(name, vendors[i].name))
			return &vendors[i];
	return NULL;
}

static int cdi_unknown(const struct vendor *v, const struct cdi_devices *devices, struct str name, struct err *e)
{
	_buf_ struct buf known = {0};

	for (size_t i = 0; i < devices->all.n && i < 16; i++)
		buf_fmt(&known, "%s%.*s", i ? ", " : "", STR_ARG(devices->all.at[i].name));
	return err_set(e, -ENODEV, "there is no GPU %.*s among the CDI devices of %s on this host, which are: %.*s", STR_ARG(name), v->cdi, STR_ARG(buf_view(&known)));
}

struct cdi_choice {
	VEC(const struct cdi_device *) all;
};

/* The CDI devices that are wanted, each checked; none where the host has no CDI file of the vendor. */
static int cdi_choose(struct host *h, const struct vendor *v, const struct strs *chosen, struct arena *a, struct cdi_choice *ret, struct err *e)
{
	struct cdi_devices *devices = arena_new(a, struct cdi_devices);
	const struct cdi_device *all;
	int r = cdi_read(h, v->cdi, a, devices, e);

	if (r < 0 || !devices->all.n)
		return r;
	all = cdi_find(devices, STR("all"));
	for (size_t i = 0; i < chosen->n; i++) {
		const struct cdi_device *d = cdi_find(devices, chosen->at[i]);

		if (!d)
			return cdi_unknown(v, devices, chosen->at[i], e);
		vec_push(a, &ret->all, d);
	}
	if (!chosen->n && all)
		vec_push(a, &ret->all, all);
	for (size_t i = 0; !chosen->n && !all && i < devices->all.n; i++)
		vec_push(a, &ret->all, &devices->all.at[i]);
	for (size_t i = 0; i < ret->all.n && r == 0; i++)
		r = cdi_check(h, ret->all.at[i], e);
	return r;
}

static int podman_reads_cdi(struct host *h, bool *ret, struct err *e)
{
	struct podman_version version;
	int r = podman_version(h, &version, e);

	*ret = r == 0 && (version.major > CDI_PODMAN_MAJOR || (version.major == CDI_PODMAN_MAJOR && version.minor >= CDI_PODMAN_MINOR));
	return r;
}

static int unknown_vendor(struct str wanted, struct err *e)
{
	return err_set(e, -EINVAL, "there are no GPUs of a vendor \"%.*s\"", STR_ARG(str_cut(wanted, '=', NULL)));
}

int fact_gpu(struct host *h, struct str wanted, struct arena *a, struct strs *ret, struct err *e)
{
	struct strs chosen, nodes;
	const struct vendor *v = wanted_read(wanted, a, &chosen);
	struct cdi_choice cdi = {0};
	VEC(struct str) words = {0};
	bool reads = false;
	int r = v ? cdi_choose(h, v, &chosen, a, &cdi, e) : unknown_vendor(wanted, e);

	if (r == 0 && cdi.all.n)
		r = podman_reads_cdi(h, &reads, e);
	if (r < 0)
		return r;
	for (size_t i = 0; reads && i < cdi.all.n; i++)
		vec_push(a, &words, str_fmt(a, "--device=%s=%.*s", v->cdi, STR_ARG(cdi.all.at[i]->name)));
	if (!reads) {
		r = gpu_nodes(h, v, &chosen, a, &nodes, e);
		for (size_t i = 0; r == 0 && i < nodes.n; i++)
			vec_push(a, &words, str_fmt(a, "--device=/dev/%.*s", STR_ARG(nodes.at[i])));
	}
	*ret = (struct strs){words.at, words.n};
	return r;
}

/* What would break a word of systemd-nspawn's, or a line of the unit; such a path would have to be made on purpose. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.s[i] <= ' ' || (s.s[i] && strchr("\"'\\$%:;#", s.s[i])) || (unsigned char)s.s[i] >= 0x7f)
			return false;
	return s.n > 0 && s.s[0] == '/';
}

struct expansion {
	struct arena *a;
	VEC(struct str) words, allows;
};

static void expand_node(struct expansion *x, struct str from, struct str at, bool readonly)
{
	vec_push(x->a, &x->words, str_fmt(x->a, "--bind=%.*s:%.*s", STR_ARG(from), STR_ARG(at)));
	vec_push(x->a, &x->allows, str_fmt(x->a, "DeviceAllow=%.*s %s", STR_ARG(from), readonly ? "r" : "rw"));
}

/* An NAME=VALUE of a CDI file, as one word of a unit: nothing in it but what needs no quotes. */
static bool plain_env(struct str env)
{
	for (size_t i = 0; i < env.n; i++)
		if (!((env.s[i] >= 'a' && env.s[i] <= 'z') || (env.s[i] >= 'A' && env.s[i] <= 'Z') || (env.s[i] >= '0' && env.s[i] <= '9') ||
		      (env.s[i] && strchr("_=/.,:+-", env.s[i]))))
			return false;
	return env.n > 0;
}

/* What an engine would do with a CDI device, in systemd-nspawn's words. */
static int expand_cdi(struct expansion *x, const struct cdi_device *d, struct err *e)
{
	if (d->hooks.n)
		return err_set(e, -EOPNOTSUPP,
			       "the CDI file /%.*s wants the hook %.*s run, which systemd-nspawn cannot do: run this container from an image, or write its `device` and `mount` out",
			       STR_ARG(d->file), STR_ARG(d->hooks.at[0]));
	if (d->groups)
		return err_set(e, -EOPNOTSUPP, "the CDI file /%.*s asks for additional groups, which systemd-nspawn cannot give: run this container from an image", STR_ARG(d->file));
	vec_each(const struct cdi_node, n, &d->nodes) {
		if (!plain(n->from) || !plain(n->at))
			return err_set(e, -EINVAL, "the CDI file /%.*s has a device whose path cannot be used: %.*s", STR_ARG(d->file), STR_ARG(n->from));
		expand_node(x, n->from, n->at, n->readonly);
	}
	vec_each(const struct cdi_mount, m, &d->mounts) {
		if (!plain(m->from) || !plain(m->at))
			return err_set(e, -EINVAL, "the CDI file /%.*s has a mount whose path cannot be used: %.*s", STR_ARG(d->file), STR_ARG(m->from));
		vec_push(x->a, &x->words, str_fmt(x->a, "--bind%s=%.*s:%.*s", m->readonly ? "-ro" : "", STR_ARG(m->from), STR_ARG(m->at)));
	}
	vec_each(const struct str, env, &d->env) {
		if (!plain_env(*env))
			return err_set(e, -EINVAL, "the CDI file /%.*s has a variable that cannot be used: %.*s", STR_ARG(d->file), STR_ARG(*env));
		vec_push(x->a, &x->words, str_fmt(x->a, "--setenv=%.*s", STR_ARG(*env)));
	}
	return 0;
}

static void without_twins(struct str *at, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		bool twin = false;

		for (size_t k = 0; k < kept; k++)
			twin |= str_eq(at[k], at[i]);
		if (!twin)
			at[kept++] = at[i];
	}
	*n = kept;
}

int fact_gpu_tree(struct host *h, struct str wanted, struct arena *a, struct strs *ret_words, struct strs *ret_allows, struct err *e)
{
	struct strs chosen, nodes = {0};
	const struct vendor *v = wanted_read(wanted, a, &chosen);
	struct cdi_choice cdi = {0};
	struct expansion x = {.a = a};
	int r = v ? cdi_choose(h, v, &chosen, a, &cdi, e) : unknown_vendor(wanted, e);

	for (size_t i = 0; i < cdi.all.n && r == 0; i++)
		r = expand_cdi(&x, cdi.all.at[i], e);
	if (r == 0 && !cdi.all.n)
		r = gpu_nodes(h, v, &chosen, a, &nodes, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < nodes.n; i++) {
		struct str path = str_fmt(a, "/dev/%.*s", STR_ARG(nodes.at[i]));

		expand_node(&x, path, path, false);
	}
	/* Devices of one file share what the file edits for each. */
	without_twins(x.words.at, &x.words.n);
	without_twins(x.allows.at, &x.allows.n);
	*ret_words = (struct strs){x.words.at, x.words.n};
	*ret_allows = (struct strs){x.allows.at, x.allows.n};
	return 0;
}

int fact_gpus(struct host *h, struct arena *a, struct gpus *ret, struct err *e)
{
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++) {
		const struct vendor *v = &vendors[i];
		struct cdi_devices cdi;
		struct nodes needed = {0}, cards = {0};
		int r = cdi_read(h, v->cdi, a, &cdi, e);

		if (r == 0)
			r = nodes_find(h, v->needed, a, &needed, e);
		if (r == 0)
			r = nodes_find(h, v->card, a, &cards, e);
		if (r < 0)
			return r;
		vec_each(const struct cdi_device, d, &cdi.all) {
			struct err why;

			vec_push(a, &ret->all, (struct gpu_found){v->name, d->name, str_fmt(a, "/%.*s", STR_ARG(d->file)),
								  cdi_check(h, d, &why) < 0 ? str_copy(a, str_of(why.text)) : STR("")});
		}
		for (size_t k = 0; k < cards.all.n && needed.all.n && !cdi.all.n; k++)
			vec_push(a, &ret->all, (struct gpu_found){v->name, cards.all.at[k].name, str_fmt(a, "/dev/%.*s", STR_ARG(cards.all.at[k].name)), STR("")});
	}
	return 0;
}
