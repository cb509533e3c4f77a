/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel settings. A key always has some value, so that "ours" is a question of what it was before: a setting exists as a resource while its value is not the one
 * that it had before ctc first set it (res_sysctl.prior, which bind.c fills in), and deleting it writes that value back. */
#include "runtime/kind.h"

#include <errno.h>
#include <limits.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"
#include "runtime/ns.h"

enum { KEY_MAX = 200 };

/* net.ipv4.ip_forward -> net/ipv4/ip_forward; false for what is no key. */
static bool key_path(struct str id, char out[static KEY_MAX])
{
	if (id.n == 0 || id.n >= KEY_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.s[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';

		if (!plain && (c != '.' || i == 0 || i + 1 == id.n || id.s[i - 1] == '.'))
			return false;
		out[i] = c == '.' ? '/' : c;
	}
	out[id.n] = '\0';
	return true;
}

static struct str next_word(struct str *rest)
{
	size_t n = 0;

	while (rest->n && strchr(" \t\n", rest->s[0]))
		*rest = (struct str){rest->s + 1, rest->n - 1};
	while (n < rest->n && !strchr(" \t\n", rest->s[n]))
		n++;
	struct str word = {rest->s, n};
	*rest = (struct str){rest->s + n, rest->n - n};
	return word;
}

/* Whether two values mean the same: the kernel prints tabs between the numbers of a list, whatever was written. */
static bool value_same(struct str a, struct str b)
{
	struct str x, y;

	do {
		x = next_word(&a);
		y = next_word(&b);
	} while (x.n && str_eq(x, y));
	return x.n == 0 && y.n == 0;
}

static int sysctl_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	const struct res_sysctl *k;
	char path[KEY_MAX];

	manifest_each(sysctl, k, known) {
		struct str value;
		int r = key_path(k->res.id, path) ? proc_sys_read(h, str_of(path), ret->arena, &value, e) : -ENOENT;

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return err_resource(e, k->res.id);
		bool wanted = value_same(value, k->value);
		if (!wanted && k->prior.n && value_same(value, k->prior))
			continue;
		struct res_sysctl *s = manifest_add_sysctl(ret, k->res.id);
		s->value = wanted ? str_copy(ret->arena, k->value) : value;
		s->prior = str_copy(ret->arena, k->prior);
	}
	*e = (struct err){0};
	return 0;
}

static int sysctl_prepare(struct host *h, struct slice s, struct err *e)
{
	char path[KEY_MAX];

	for (size_t i = 0; i < s.n; i++) {
		_arena_ struct arena a = {0};
		struct str id = change_res(&s.at[i])->id, value;
		int r = 0;

		if (s.at[i].op == OP_DELETE)
			continue;
		if (!key_path(id, path))
			r = err_set(e, -EINVAL, "`%.*s` is not the name of a kernel setting", STR_ARG(id));
		else if ((r = proc_sys_read(h, str_of(path), &a, &value, e)) == -ENOENT)
			err_set(e, r, "this kernel has no setting %.*s%s", STR_ARG(id),
				str_starts(id, STR("net.ipv6.")) ? "; IPv6 is turned off, and the stack uses IPv6 addresses" : "");
		if (r < 0)
			return err_resource(e, id);
	}
	return 0;
}

static int sysctl_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	char path[KEY_MAX];

	for (size_t i = 0; i < s.n; i++) {
		const struct change *c = &s.at[i];
		struct str id = change_res(c)->id;
		struct str value = c->to ? ((const struct res_sysctl *)c->to)->value : ((const struct res_sysctl *)c->from)->prior;

		if (phase != (c->op == OP_DELETE ? PHASE_CLEAN : PHASE_ADD) || value.n == 0)
			continue;
		int r = key_path(id, path) ? proc_sys_write(h, str_of(path), value, e)
					   : err_set(e, -EINVAL, "`%.*s` is not the name of a kernel setting", STR_ARG(id));
		if (r == -ENOENT && c->op == OP_DELETE) { /* gone with its module */
			*e = (struct err){0};
			continue;
		}
		if (r < 0)
			return err_resource(e, id);
	}
	return 0;
}

const struct kind_ops kind_sysctl = {.observe = sysctl_observe, .prepare = sysctl_prepare, .apply = sysctl_apply, .told = true};
