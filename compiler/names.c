/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The names of names.h. */
#include "compiler/names.h"

#include "lang/base/sort.h"

#include "lang/schema.h"

struct str name_full(struct arena *a, const struct m_head *head)
{
	return STR_JOIN(a, head->stack->head.name, STR("."), head->name);
}

struct str name_derived(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_unit(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("ct-"), c->head.stack->head.name, STR("-"), c->head.name, STR(".service"));
}

struct str name_target(struct arena *a, const struct m_stack *s)
{
	return STR_JOIN(a, STR("ct-"), s->head.name, STR(".target"));
}

struct str name_slice(struct arena *a, const struct m_stack *s)
{
	struct buf b = {0};

	buf_puts(&b, "ct-");
	for (size_t i = 0; i < s->head.name.n; i++)
		if (s->head.name.s[i] == '-')
			buf_puts(&b, "\\x2d");
		else
			buf_addc(&b, s->head.name.s[i]);
	buf_puts(&b, ".slice");
	return buf_take(&b, a);
}

/* FNV's bits are not good enough to be cut: folded to 40, names that differ in the last letter collided six
 * times as often as chance has it (45 pairs in 4 million names, where 7 are to be expected). After the
 * finalizer of MurmurHash3 (public domain) it is chance: 6. */
uint64_t name_hash(struct str text)
{
	uint64_t h = str_hash(text);

	h = (h ^ h >> 33) * 0xff51afd7ed558ccd;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53;
	return h ^ h >> 33;
}

struct str name_link(struct arena *a, const struct m_container *c)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's: no i, l, o, u */
	uint64_t h = name_hash(name_full(a, &c->head));
	char *s = arena_copy(a, "ct--------", 10);

	for (int i = 9; i >= 2; i--, h >>= 5)
		s[i] = digits[h & 31];
	return (struct str){s, 10};
}

struct str name_hosts_file(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("/run/ctstack/hosts/ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_proxy_dir(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("/run/ctstack/proxy/ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_secrets(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, users_are_private(c) ? STR("/run/ctstack/mapped-secrets/ct-") : STR("/run/ctstack/secrets/ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_resolv_file(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("/run/ctstack/resolv/ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_wireguard_unit(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, name_derived(a, c), STR(".wireguard.service"));
}

struct str name_wireguard_file(struct arena *a, const struct m_container *c)
{
	return STR_JOIN(a, STR("/run/ctstack/wireguard/"), name_derived(a, c));
}

bool name_is_stack_move(const struct m_stack *s, const struct f_NAMED *to)
{
	size_t lo = 0, hi = s->container.n;

	if (!str_eq(to->v, s->head.name))
		return false;
	while (lo < hi) { /* they are sorted by name */
		size_t middle = lo + (hi - lo) / 2;
		int order = str_cmp(s->container.at[middle]->head.name, to->v);

		if (order == 0)
			return false;
		if (order < 0)
			lo = middle + 1;
		else
			hi = middle;
	}
	vec_each(struct m_subnet *const, n, &s->subnet)
		if (str_eq((*n)->head.name, to->v))
			return false;
	return true;
}

struct str name_volume_as(struct arena *a, const struct m_volume *v, struct str stack, struct str container, struct str volume)
{
	if (v->from.set)
		return v->from.v;
	if (v->category.set)
		return STR_JOIN(a, STR("/opt/"), word_texts[v->category.v], STR("/"), container, STR("/"), volume);
	return STR_JOIN(a, STR("/var/lib/ctstack/volumes/"), stack, STR("/"), container, STR("/"), volume);
}

struct str name_volume(struct arena *a, const struct m_container *c, const struct m_volume *v)
{
	return name_volume_as(a, v, c->head.stack->head.name, c->head.name, v->head.name);
}

/* Sorted, each once, so that the order in the source makes no other tree. */
static void os_packages(struct arena *a, const struct m_container *c, const struct m_os *os, struct buf *out)
{
	static const char *const init[] = {"dbus", "systemd-sysv"};
	size_t n = os->packages.v.n;
	struct str *all = arena_array(a, n + 2, sizeof *all);

	for (size_t i = 0; i < n; i++)
		all[i] = os->packages.v.at[i];
	for (size_t i = 0; i < 2 && c->rare->boot.set && c->rare->boot.v; i++)
		all[n++] = str_of(init[i]);
	sort_strs(all, n);
	for (size_t i = 0; i < n; i++) {
		if (i && str_eq(all[i], all[i - 1]))
			continue;
		buf_puts(out, i ? " " : "");
		buf_str(out, all[i]);
	}
}

struct str name_image(struct arena *a, const struct m_container *c)
{
	struct buf b = {0};

	if (c->rare->rootfs.set)
		return STR("");
	if (c->rare->archive.set)
		return STR_JOIN(a, STR("archive:"), c->rare->archive.v);
	if (!c->os.n)
		return c->image.v;
	const struct m_os *os = c->os.at[0];
	buf_fmt(&b, "os:%.*s %.*s|%.*s|", STR_ARG(os->head.name), STR_ARG(os->release.v), STR_ARG(os->mirror.set ? os->mirror.v : STR("")));
	os_packages(a, c, os, &b);
	return buf_take(&b, a);
}
