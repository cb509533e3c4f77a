/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Secrets of a generation that runs again. It was bound when it was made, and nobody keeps bytes of secrets: what its containers are given is what the files have now. */
#include <errno.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/bind.h"
#include "runtime/bind_impl.h"

/* A path as the end of a line of a unit has it: systemd.unit(5). */
static struct str path_read(struct arena *a, struct str text)
{
	struct buf path = {0};

	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] == '%' && i + 1 < text.n && text.s[i + 1] == 'i') /* ours, behind a blank at the end */
			break;
		buf_addc(&path, text.s[i]);
		if (text.s[i] == '%')
			i++;
	}
	return buf_take(&path, a);
}

/* "0123456789abcdef" of "dev.password=content 0123456789abcdef", or "". */
static struct str stamp_of(const struct res_container *c, struct str name)
{
	for (size_t i = 0; i < c->secrets.n; i++) {
		struct str content, full = str_cut(c->secrets.at[i], '=', &content), own, stamp;

		str_cut(full, '.', &own);
		if (str_eq(own, name) && str_is(str_cut(content, ' ', &stamp), "content"))
			return stamp;
	}
	return STR("");
}

/* One line of the unit. */
static void judge(struct host *h, struct arena *a, const struct res_container *c, struct str line, struct buf *out, struct err *all)
{
	struct str value, name, path, stamp, key = str_cut(line, '=', &value);
	bool sealed = str_is(key, "LoadCredentialEncrypted");
	struct err one = {0};

	if (!sealed && !str_is(key, "LoadCredential"))
		return;
	name = str_cut(value, ':', &path);
	path = path_read(a, path);
	if (fact_secret(h, path, sealed, a, &stamp, &one) < 0) {
		err_context(&one, "secret %.*s of %.*s", STR_ARG(name), STR_ARG(c->res.id));
		err_resource(&one, c->res.id);
		err_also(all, &one);
	} else if (!str_eq(stamp, stamp_of(c, name))) {
		buf_fmt(out, "secret %.*s of %.*s is what %.*s has now: that generation had another content, which nobody keeps\n", STR_ARG(name), STR_ARG(c->res.id),
			STR_ARG(path));
	}
}

int secrets_judge(struct host *h, const struct plan *p, struct buf *out, struct err *e)
{
	_arena_ struct arena a = {0};
	const struct map started = started_by(&a, p);
	const struct res_container *c;
	struct err all = {0};

	manifest_each(container, c, p->to) {
		const struct res_unit *u = c->secrets.n && map_get(&started, c->res.id) ? (const struct res_unit *)manifest_find(p->to, RES_unit, c->unit) : NULL;

		for (struct str rest = u ? u->text : STR(""); rest.n;)
			judge(h, &a, c, str_cut(rest, '\n', &rest), out, &all);
	}
	if (all.code)
		*e = all;
	return all.code;
}
