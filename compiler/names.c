/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The names of names.h. */
#include "compiler/names.h"

/* Joins parts without the cost of printf: lowering makes some of these for every container. */
static struct str join(struct arena *a, size_t n, const struct str *parts)
{
	size_t len = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].n;
	char *s = arena_alloc(a, len + 1);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n)
			memcpy(s + at, parts[i].s, parts[i].n);
		at += parts[i].n;
	}
	return (struct str){s, len};
}

#define JOIN(a, ...)                                                                                  \
	join((a), sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str), (struct str[]){__VA_ARGS__})

struct str name_full(struct arena *a, const struct m_head *head)
{
	return JOIN(a, head->stack->head.name, STR("."), head->name);
}

struct str name_derived(struct arena *a, const struct m_container *c)
{
	return JOIN(a, STR("ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_unit(struct arena *a, const struct m_container *c)
{
	return JOIN(a, STR("ct-"), c->head.stack->head.name, STR("-"), c->head.name, STR(".service"));
}

struct str name_target(struct arena *a, const struct m_stack *s)
{
	return JOIN(a, STR("ct-"), s->head.name, STR(".target"));
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

struct str name_link(struct arena *a, const struct m_container *c)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* Crockford's: no i, l, o, u */
	uint64_t h = str_hash(name_full(a, &c->head));
	char *s = arena_copy(a, "ct--------", 10);

	h = (h ^ h >> 40) & 0xffffffffff; /* xor-folding, as FNV's authors ask for sizes below 64 bits */
	for (int i = 9; i >= 2; i--, h >>= 5)
		s[i] = digits[h & 31];
	return (struct str){s, 10};
}

struct str name_hosts_file(struct arena *a, const struct m_container *c)
{
	return JOIN(a, STR("/run/ctstack/hosts/ct-"), c->head.stack->head.name, STR("-"), c->head.name);
}

struct str name_volume(struct arena *a, const struct m_container *c, const struct m_volume *v)
{
	if (v->from.set)
		return v->from.v;
	return JOIN(a, STR("/var/lib/ctstack/volumes/"), c->head.stack->head.name, STR("/"), c->head.name, STR("/"), v->head.name);
}
