/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The answers of reach.h. A flow speaks of addresses, so that what is allowed to one container of a namespace is allowed to all in it. */
#include "lang/reach.h"

/* The value of a field that the container has as text: "join=s.gate"; "" where it has none. */
static struct str field(const struct res_container *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < c->fields.n; i++)
		if (str_starts(c->fields.at[i], (struct str){name, n}) && c->fields.at[i].n > n && c->fields.at[i].s[n] == '=')
			return (struct str){c->fields.at[i].s + n + 1, c->fields.at[i].n - n - 1};
	return STR("");
}

const struct res_container *reach_home(const struct manifest *m, const struct res_container *c)
{
	struct str join = field(c, "join");
	const struct res_container *home = join.n ? (const struct res_container *)manifest_find(m, RES_container, join) : NULL;

	return home ? home : c;
}

bool reach_end_find(const struct manifest *m, struct str name, struct reach_end *ret)
{
	const struct res_container *c = (const struct res_container *)manifest_find(m, RES_container, name);

	if (str_is(name, "world") || str_is(name, "host"))
		*ret = (struct reach_end){str_is(name, "world") ? REACH_WORLD : REACH_HOST, NULL};
	else if (c && str_is(field(c, "network"), "host"))
		*ret = (struct reach_end){REACH_HOST, NULL};
	else if (c)
		*ret = (struct reach_end){REACH_CONTAINER, c};
	else
		return false;
	return true;
}

static bool in_range(struct str address, struct str range)
{
	struct cidr r;
	struct addr a;

	return addr_parse(address, &a) && cidr_parse(range, &r) && a.family == r.addr.family && cidr_contains(r, a);
}

bool reach_in_subnet(const struct res_container *c, const struct res_subnet *s)
{
	return in_range(c->address, s->range) || in_range(c->address6, s->range6);
}

static bool has_family(struct reach_end end, uint8_t family)
{
	return end.kind != REACH_CONTAINER || (family == 6 ? end.container->address6 : end.container->address).n > 0;
}

/* Whether an end of a flow, as it is written, means this one. */
static bool end_is(const struct manifest *m, struct str written, struct reach_end end)
{
	const struct res_container *c = (const struct res_container *)manifest_find(m, RES_container, written);
	const struct res_subnet *s = (const struct res_subnet *)manifest_find(m, RES_subnet, written);

	if (end.kind != REACH_CONTAINER)
		return str_is(written, end.kind == REACH_WORLD ? "world" : "host");
	if (c)
		return reach_home(m, c) == reach_home(m, end.container);
	return s && reach_in_subnet(end.container, s);
}

static bool port_covers(struct port all, struct port one)
{
	return all.proto == one.proto && all.lo <= one.lo && one.hi <= all.hi;
}

/* "http=80/tcp" */
static bool declares(const struct res_container *c, struct port port)
{
	for (size_t i = 0; i < c->ports.n; i++) {
		struct port p;
		struct str text;

		str_cut(c->ports.at[i], '=', &text);
		if (port_parse(text, &p) && port_covers(p, port))
			return true;
	}
	return false;
}

/* A flow without a port opens everything of the world and the host, and of a subnet what each member declares; all in one namespace have one address. */
static bool flow_opens(const struct manifest *m, const struct res_flow *f, struct reach_end to, struct port port)
{
	const struct res_container *c;
	struct port p;

	if (f->port.n)
		return port_parse(f->port, &p) && port_covers(p, port);
	if (to.kind != REACH_CONTAINER)
		return true;
	manifest_each(container, c, m)
		if (reach_home(m, c) == reach_home(m, to.container) && declares(c, port))
			return true;
	return false;
}

static bool is_outside(const struct manifest *m, struct reach_end end)
{
	return end.kind == REACH_CONTAINER && field(reach_home(m, end.container), "macvlan").n > 0;
}

struct reach reach_direct(const struct manifest *m, struct reach_end from, struct reach_end to, uint8_t family, struct port port)
{
	bool four = family != 6 && has_family(from, 4) && has_family(to, 4), six = family != 4 && has_family(from, 6) && has_family(to, 6);
	const struct res_flow *f;

	if (from.kind == REACH_CONTAINER && to.kind == REACH_CONTAINER && reach_home(m, from.container) == reach_home(m, to.container))
		return (struct reach){.verdict = REACH_ALWAYS};
	if (from.kind != REACH_CONTAINER && to.kind != REACH_CONTAINER)
		return (struct reach){.verdict = REACH_ALWAYS};
	if (is_outside(m, from) || is_outside(m, to))
		return (struct reach){.verdict = REACH_OUTSIDE};
	if (!four && !six)
		return (struct reach){.verdict = REACH_FAMILY};
	if (from.kind == REACH_HOST)
		return (struct reach){.verdict = REACH_ALWAYS};
	manifest_each(flow, f, m)
		if (end_is(m, f->from, from) && end_is(m, f->to, to) && flow_opens(m, f, to, port))
			return (struct reach){REACH_ALLOWED, f};
	return (struct reach){.verdict = REACH_DENIED};
}

/* Whether it may ask anything of the world: only then may it ask what the world may ask (P13). */
static bool may_ask_all(const struct manifest *m, struct reach_end from)
{
	const struct res_flow *f;

	manifest_each(flow, f, m)
		if (!f->port.n && str_is(f->to, "world") && end_is(m, f->from, from))
			return true;
	return false;
}

bool reach_published(const struct manifest *m, struct reach_end from, const struct res_publish *p, uint8_t family)
{
	const struct res_container *server = (const struct res_container *)manifest_find(m, RES_container, p->to);
	struct reach_end to = {REACH_CONTAINER, server};
	struct addr address = {0};
	struct port port;

	if (!server || !port_parse(p->to_port, &port) || (p->address.n && !addr_parse(p->address, &address)))
		return false;
	if (address.family && family && address.family != family)
		return false;
	if (address.family)
		family = address.family;
	if (!(family != 6 && has_family(to, 4) && has_family(from, 4)) && !(family != 4 && has_family(to, 6) && has_family(from, 6)))
		return false;
	if (from.kind == REACH_HOST)
		return true;
	if ((address.family && addr_is_loopback(address)) || is_outside(m, from))
		return false;
	return from.kind == REACH_WORLD || reach_home(m, from.container) == reach_home(m, server) || may_ask_all(m, from) ||
	       reach_direct(m, from, to, family, port).verdict == REACH_ALLOWED;
}
