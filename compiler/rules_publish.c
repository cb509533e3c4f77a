/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about published ports: who has which port of the host, and that something of the right kind is behind
 * it. */
#include "compiler/rules_impl.h"

enum { PUBLISH_MAX = 1024 }; /* ports of one range: each becomes an element of its own */

struct publish {
	const struct net_member *to;
	bool outside;		  /* of a file that is only used */
	struct span left, right;
	struct addr address;	  /* family 0: every one */
	struct port host, target; /* host: with the target's protocol */
	uint8_t proto_written;
};

static struct publish publish_of(const struct rules *r, const struct m_stack *s, size_t i)
{
	const struct endpoint *host = &s->publish.at[i].left.v;
	const struct port_ref *ref = &s->publish.at[i].right.v;
	struct publish p = {
	    .to = net_member_of(r->net, ref->container),
	    .outside = s->head.outside,
	    .left = s->publish.at[i].left.at,
	    .right = s->publish.at[i].right.at,
	    .address = host->addr,
	    .host = host->port,
	    .target = ref->port,
	    .proto_written = host->port.proto,
	};

	p.host.proto = p.target.proto;
	return p;
}

typedef void (*publish_check)(struct rules *r, enum diag_code code, const struct publish *p);

static void each_publish(struct rules *r, enum diag_code code, publish_check check)
{
	for (size_t i = 0; i < r->npublishes; i++)
		check(r, code, &r->publishes[i]);
}

void publishes_resolve(struct rules *r)
{
	struct publish *all;
	size_t n = 0;

	vec_each(struct m_stack *const, s, &r->model->stacks)
		n += (*s)->publish.n;
	r->publishes = all = arena_array(r->arena, n, sizeof *all);
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->publish.n; i++)
			all[r->npublishes++] = publish_of(r, *s, i);
}

static unsigned length(struct port p)
{
	return p.hi - p.lo + 1u;
}

/* Who holds a port of the host. Each claim is entered under its address, and the first of a family under that
 * family's "any" as well, so that neither a port on every address nor one on a single address needs to look
 * at more than two others. */
struct claim {
	struct span at;
	const char *what;
};

/* A map's key, hashed as bytes. */
struct claim_key {
	uint8_t kind; /* CLAIM_HELD: this address has the port; CLAIM_FIRST: some address of the family has */
	uint8_t proto;
	uint16_t port;
	struct addr address;
} __attribute__((packed));
enum { CLAIM_HELD, CLAIM_FIRST };

/* Returns who has it already, or NULL. */
static const struct claim *claim_enter(struct rules *r, struct map *claims, struct claim_key key, const struct claim *who)
{
	struct {
		struct claim_key key;
		struct claim claim;
	} *kept = arena_alloc(r->arena, sizeof *kept);

	kept->key = key;
	kept->claim = *who;
	return map_add(r->arena, claims, (struct str){(const char *)&kept->key, sizeof kept->key}, &kept->claim);
}

/* Claims one port on one address; returns who has it already, or NULL. Mostly nobody has it on any address of the family. */
static const struct claim *claim_one(struct rules *r, struct map *claims, struct addr address, uint16_t port,
				     uint8_t proto, const struct claim *who)
{
	struct addr any = {.family = address.family};
	struct claim_key held_any = {CLAIM_HELD, proto, port, any};
	const struct claim *first = claim_enter(r, claims, (struct claim_key){CLAIM_FIRST, proto, port, any}, who), *other;

	if (first && addr_is_any(address))
		return first;
	other = first ? map_get(claims, (struct str){(const char *)&held_any, sizeof held_any}) : NULL;
	return other ? other : claim_enter(r, claims, (struct claim_key){CLAIM_HELD, proto, port, address}, who);
}

/* Claims all ports on the address, or on every address of both families; reports the first that is taken. */
static void claim(struct rules *r, enum diag_code code, struct map *claims, struct addr address,
		  struct port ports, const struct claim *who)
{
	for (unsigned n = ports.lo; n <= ports.hi && n - ports.lo < PUBLISH_MAX; n++)
		for (int family = 4; family <= 6; family += 2) {
			struct port port = {(uint16_t)n, (uint16_t)n, ports.proto};
			const struct claim *other;
			struct diag *d;

			if (address.family && address.family != family)
				continue;
			other = claim_one(r, claims,
					  address.family ? address : (struct addr){.family = (uint8_t)family},
					  port.lo, port.proto, who);
			if (!other)
				continue;
			d = diag_add(r->diags, code, who->at, "port %.*s of the host is taken already",
				     STR_ARG(port_shown(r->arena, port)));
			diag_note(r->diags, d, other->at, "%s", other->what);
			bool published = str_starts(str_of(who->what), STR("published"));
			if (published && other->at.lo == who->at.lo)
				diag_help(r->diags, d, "each turn of the loop takes one of its own: publish (%u + i) -> …", n);
			else if (published)
				diag_help(r->diags, d, "publish it under another port: publish %u -> …", n < 65535 ? n + 1 : n - 1);
			return;
		}
}

static bool other_length(const struct publish *p)
{
	return length(p->host) != length(p->target);
}

static bool other_protocol(const struct publish *p)
{
	return p->proto_written != PROTO_NONE && p->proto_written != p->target.proto;
}

/* Containers on the host's network, then published ports; of used files first, so that the message is in a
 * file that is given. */
static void claim_all(struct rules *r, enum diag_code code, struct map *claims, bool outside)
{
	struct claim who;

	rules_each_container(m, r) {
		if (!container_on_host(m->container) || m->container->rare->join.set || m->outside != outside)
			continue;
		vec_each(const struct entry_PORT, p, &m->container->ports) {
			/* of a template's port there may be many containers */
			struct span at = said_elsewhere(r, &m->container->head, p->at) ? m->container->head.at : p->at;

			who = (struct claim){at, str_fmt(r->arena, "container `%.*s` listens on it, on the host's network", STR_ARG(m->container->head.name)).s};
			claim(r, code, claims, (struct addr){0}, p->value.v, &who);
		}
	}
	for (const struct publish *p = r->publishes; p < r->publishes + r->npublishes; p++) {
		if (p->outside != outside || other_length(p) || other_protocol(p))
			continue; /* which ports are meant is not known */
		who = (struct claim){p->left, "published here, on an address that covers it"};
		claim(r, code, claims, p->address, p->host, &who);
	}
}

RULE(publish_twice)
{
	struct map claims = {0};

	map_reserve(r->arena, &claims, 2 * r->npublishes);
	claim_all(r, code, &claims, true);
	claim_all(r, code, &claims, false);
}

static void length_check(struct rules *r, enum diag_code code, const struct publish *p)
{
	unsigned host = length(p->host), target = length(p->target);
	struct diag *d;

	if (!other_length(p))
		return;
	d = diag_add(r->diags, code, p->left, "%u %s of the host cannot lead to %u %s", host,
		     host == 1 ? "port" : "ports", target, target == 1 ? "port" : "ports");
	diag_note(r->diags, d, p->right, "this is %.*s", STR_ARG(port_shown(r->arena, p->target)));
	diag_help(r->diags, d, "both sides of `publish` have the same number of ports, in order");
}

RULE(publish_length)
{
	each_publish(r, code, length_check);
}

static void many_check(struct rules *r, enum diag_code code, const struct publish *p)
{
	if (length(p->host) > PUBLISH_MAX && !other_length(p))
		diag_add(r->diags, code, p->left, "%u ports are published at once; the limit is %d",
			 length(p->host), PUBLISH_MAX);
}

RULE(publish_many)
{
	each_publish(r, code, many_check);
}

static void protocol_check(struct rules *r, enum diag_code code, const struct publish *p)
{
	struct diag *d;

	if (!other_protocol(p))
		return;
	d = diag_add(r->diags, code, p->left, "a %s port cannot lead to a %s port",
		     proto_name(p->proto_written), proto_name(p->target.proto));
	diag_note(r->diags, d, p->right, "this is %.*s", STR_ARG(port_shown(r->arena, p->target)));
	diag_help(r->diags, d, "without a protocol it has that of the container's port");
}

RULE(publish_protocol)
{
	each_publish(r, code, protocol_check);
}

static void family_check(struct rules *r, enum diag_code code, const struct publish *p)
{
	enum net_family family = p->address.family == 6 ? NET_6 : NET_4;
	struct diag *d;

	if (p->address.family == 0 || !p->to->subnet || p->to->address[family].n)
		return;
	if (!p->to->address[NET_4].n && !p->to->address[NET_6].n)
		return; /* address_missing has said so */
	d = diag_add(r->diags, code, p->left, "%s is an %s address, and container `%.*s` has none",
		     SHOW_ADDR(p->address), family_name(family), STR_ARG(p->to->full));
	diag_note(r->diags, d, p->to->container->head.at, "it has no `%s`",
		  family == NET_4 ? "address" : "address6");
}

RULE(publish_family)
{
	each_publish(r, code, family_check);
}
