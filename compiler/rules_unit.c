/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a unit, a program's arguments or a notation of the program that runs a container cannot carry, said where it is written: so the lowering of units never meets
 * it. */
#include "compiler/rules_impl.h"
#include "compiler/names.h"
#include "compiler/unit_text.h"

/* What is looked at: one container's values, one after the other. */
struct values {
	struct rules *r;
	enum diag_code code;
	size_t total;
};

static void word(struct values *v, struct str value, struct span at)
{
	const char *refused = unit_word_refused(value);

	if (refused)
		diag_add(v->r->diags, v->code, at, "this value %s", refused);
	v->total += value.n;
}

static void path(struct values *v, struct str value, struct span at)
{
	const char *refused = unit_path_refused(value);

	if (refused)
		diag_add(v->r->diags, v->code, at, "this path %s", refused);
	v->total += value.n;
}

static void paths(struct values *v, const struct m_container *c)
{
	vec_each(struct m_volume *const, volume, &c->volume) {
		path(v, (*volume)->at.v, (*volume)->at.at);
		if ((*volume)->from.set)
			path(v, (*volume)->from.v, (*volume)->from.at);
	}
	vec_each(struct m_tmpfs *const, tmpfs, &c->tmpfs)
		path(v, (*tmpfs)->at.v, (*tmpfs)->at.at);
	vec_each(struct m_device *const, device, &c->device) {
		path(v, (*device)->from.v, (*device)->from.at);
		if ((*device)->at.set)
			path(v, (*device)->at.v, (*device)->at.at);
	}
	if (c->rare->archive.set)
		path(v, c->rare->archive.v, c->rare->archive.at);
	if (c->rare->rootfs.set)
		path(v, c->rare->rootfs.v, c->rare->rootfs.at);
	if (c->rare->working_dir.set)
		path(v, c->rare->working_dir.v, c->rare->working_dir.at);
	for (size_t i = 0; i < c->mount.n; i++) {
		path(v, c->mount.at[i].left.v, c->mount.at[i].left.at);
		path(v, c->mount.at[i].right.v, c->mount.at[i].right.at);
	}
	for (size_t i = 0; i < c->secret.n; i++)
		path(v, c->secret.at[i].right.v, c->secret.at[i].right.at);
}

RULE(unit_value)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct values v = {.r = r, .code = code};

		for (size_t i = 0; i < c->env.n; i++)
			word(&v, c->env.at[i].value.v, c->env.at[i].value.at);
		for (size_t i = 0; i < c->sysctls.n; i++)
			word(&v, c->sysctls.at[i].value.v, c->sysctls.at[i].value.at);
		for (size_t i = 0; i < c->labels.n; i++)
			word(&v, c->labels.at[i].value.v, c->labels.at[i].value.at);
		for (size_t i = 0; i < c->command.v.n; i++)
			word(&v, c->command.v.at[i], c->command.at);
		for (size_t i = 0; i < c->rare->entrypoint.v.n; i++)
			word(&v, c->rare->entrypoint.v.at[i], c->rare->entrypoint.at);
		paths(&v, c);
		if (v.total > UNIT_COMMAND_MAX)
			diag_add(r->diags, code, c->head.at, "the environment, labels, command and paths of `%.*s` are longer than %d bytes together",
				 STR_ARG(c->head.name), UNIT_COMMAND_MAX);
		v.total = 0;
		if (c->ready && c->ready->http.set)
			word(&v, c->ready->http.v, c->ready->http.at);
		for (size_t i = 0; c->ready && i < c->ready->exec.v.n; i++)
			word(&v, c->ready->exec.v.at[i], c->ready->exec.at);
		if (v.total > UNIT_COMMAND_MAX)
			diag_add(r->diags, code, c->ready->head.at, "this check is longer than %d bytes", UNIT_COMMAND_MAX);
	}
}

/* The first of these characters in the path is one too many for the target. */
static struct diag *cannot_have(struct rules *r, enum diag_code code, const struct f_PATH *path, const char *characters, const char *target)
{
	for (size_t i = 0; path->set && i < path->v.n; i++)
		if (strchr(characters, path->v.s[i]))
			return diag_add(r->diags, code, path->at, "%s cannot have a `%c` in a path", target, path->v.s[i]);
	return NULL;
}

/* podman's --device= is divided by colons, and the options of an overlay by commas and more, as systemd-nspawn writes them: neither knows a way around that. */
RULE(path_target)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		bool tree = container_is_tree(c), overlay = tree && c->rare->ephemeral.set && c->rare->ephemeral.v && !container_is_disk(c);
		struct diag *d = overlay ? cannot_have(r, code, &c->rare->rootfs, ",:\\'\"", "an overlay of systemd-nspawn") : NULL;

		if (d)
			diag_help(r->diags, d, "call the directory something else, or leave `ephemeral` out");
		vec_each(struct m_device *const, device, &c->device) {
			d = tree ? NULL : cannot_have(r, code, &(*device)->from, ":", "a device of podman");
			if (d)
				diag_help(r->diags, d, "name the node that this link leads to");
			if (!tree)
				cannot_have(r, code, &(*device)->at, ":", "a device of podman");
		}
	}
}
