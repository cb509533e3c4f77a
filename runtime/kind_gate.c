/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The gate's routing rule as a resource, one a family: first added, last removed, so that no link is ever without it. What stands at the links themselves is part of each
 * link (link_make.c). A kernel without IPv6 has nothing to shut. */
#include "runtime/kind.h"

#include <errno.h>
#include <sys/socket.h>

#include "runtime/fs.h"
#include "runtime/nl_gate.h"

static const struct family {
	const char *id;
	int af;
	const char *conf;
} families[] = {
	{"ipv4", AF_INET, "proc/sys/net/ipv4"},
	{"ipv6", AF_INET6, "proc/sys/net/ipv6"},
};

static bool has_family(struct host *h, const struct family *f)
{
	struct stat st;
	struct err ignored;

	return fs_stat(h->root_fd, str_of(f->conf), &st, &ignored) == 0;
}

static const struct family *family_of(struct str id)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (str_is(id, families[i].id))
			return &families[i];
	return NULL;
}

static int gate_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	for (size_t i = 0; r == 0 && i < sizeof families / sizeof families[0]; i++) {
		const struct family *f = &families[i];
		struct gate_rule rule = {0};

		if (!has_family(h, f)) {
			if (manifest_find(known, RES_gate, str_of(f->id)))
				manifest_add_gate(ret, str_of(f->id));
			continue;
		}
		r = gate_get_rule(route, f->af, &rule, e);
		if (r == 0 && rule.there)
			manifest_add_gate(ret, str_of(f->id))->fault = rule.late ? STR("comes after the table local") : STR("");
	}
	return r;
}

static int gate_prepare(struct host *h, struct slice s, struct err *e)
{
	(void)h;
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].to)
			return gate_check(e);
	return 0;
}

static int gate_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	for (size_t i = 0; r == 0 && i < s.n; i++) {
		const struct change *c = &s.at[i];
		struct str id = change_res(c)->id;
		const struct family *f = family_of(id);
		struct gate_rule now;

		if (!f)
			return err_set(e, -EINVAL, "there is no gate `%.*s`", STR_ARG(id));
		if (phase != (c->op == OP_DELETE ? PHASE_CLEAN : PHASE_ADD) || !has_family(h, f))
			continue;
		if (c->op == OP_DELETE) {
			r = gate_remove_rule(route, f->af, id, e);
			continue;
		}
		r = gate_get_rule(route, f->af, &now, e);
		if (r == 0)
			r = gate_add_rule(route, f->af, &now, id, e);
	}
	return r;
}

const struct kind_ops kind_gate = {.observe = gate_observe, .prepare = gate_prepare, .apply = gate_apply, .told = true};
