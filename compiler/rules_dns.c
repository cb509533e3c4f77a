/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about name servers: that somebody asks them, and that the policy lets them be asked. */
#include "compiler/rules_impl.h"

enum { DNS_PORT = 53, RESOLV_MAX = 3 /* MAXNS of resolv.h */ };

RULE(dns_use)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct diag *d;

		if (!c->rare->resolver.set)
			continue;
		if (container_on_host(c)) {
			d = diag_add(r->diags, code, c->rare->resolver.at, "container `%.*s` is on the host's network, and asks the host's name servers",
				     STR_ARG(c->head.name));
			diag_note(r->diags, d, c->network.at, "the host's network is chosen here");
		} else if (c->rare->resolver.v.n > RESOLV_MAX) {
			diag_add(r->diags, code, c->rare->resolver.at, "of %zu name servers only the first %d would be asked", c->rare->resolver.v.n, RESOLV_MAX);
		}
	}
}

/* Which name servers a home may ask. */
struct asked {
	bool world, host;
};

/* Two homes, the first of which may ask the second; hashed as bytes. */
struct pair {
	uint32_t from, to;
};

struct doors {
	struct asked *of;	/* by home */
	struct map pairs;
	struct map members;	/* address -> member */
	struct map gateways;	/* address -> subnet */
};

static bool covers_dns(const struct flow *f)
{
	return f->port.lo == 0 || (f->port.lo <= DNS_PORT && f->port.hi >= DNS_PORT && f->port.proto != PROTO_SCTP);
}

static void pair_add(struct rules *r, struct doors *d, const struct net_member *from, const struct net_member *to)
{
	struct pair *p = arena_new(r->arena, struct pair);

	*p = (struct pair){from->home->container->head.index, to->home->container->head.index};
	map_add(r->arena, &d->pairs, (struct str){(const char *)p, sizeof *p}, p);
}

static void doors_find(struct rules *r, struct doors *d)
{
	d->of = arena_array(r->arena, r->net->nmembers, sizeof *d->of);
	vec_each(const struct flow, f, &r->flows->all) {
		struct flow_members from, to;

		if (!covers_dns(f))
			continue;
		flow_members(r->net, &f->from, &from);
		flow_members(r->net, &f->to, &to);
		for (size_t i = 0; i < from.n; i++) {
			struct asked *a = &d->of[from.at[i]->home - r->net->members];

			a->world |= f->to.kind == END_WORLD;
			a->host |= f->to.kind == END_HOST;
			for (size_t k = 0; k < to.n; k++)
				pair_add(r, d, from.at[i], to.at[k]);
		}
	}
	rules_each_container(m, r)
		for (int family = 0; family < NET_FAMILIES; family++)
			for (size_t i = 0; m->home == m && i < member_addresses(m, (enum net_family)family); i++)
				map_add(r->arena, &d->members, member_address(m, (enum net_family)family, i), (void *)(uintptr_t)m);
	rules_each_subnet(s, r)
		for (int family = 0; family < NET_FAMILIES; family++) {
			struct addr gateway = subnet_gateway(s->subnet, (enum net_family)family);
			char text[ADDR_TEXT_MAX];

			if (gateway.family)
				map_add(r->arena, &d->gateways, str_copy(r->arena, str_of(addr_text(gateway, text))),
					(void *)(uintptr_t)s);
		}
}

/* Whether it is behind the container's tunnel, through which no flow of ours leads. */
static bool by_tunnel(const struct m_wireguard *w, struct addr server)
{
	for (size_t i = 0; w && i < w->peer.n; i++)
		for (size_t k = 0; k < w->peer.at[i]->allowed.v.n; k++)
			if (cidr_contains(w->peer.at[i]->allowed.v.at[k], server))
				return true;
	return false;
}

/* What would have to be allowed for the server to be asked, or NULL. */
static const char *door_missing(struct rules *r, const struct doors *d, const struct net_member *m, struct addr server)
{
	char text[ADDR_TEXT_MAX];
	struct str address = str_of(addr_text(server, text));
	const struct net_member *to = map_get(&d->members, address);
	const struct asked *may = &d->of[m->home - r->net->members];
	struct pair p;

	if ((to && to->home == m->home) || by_tunnel(m->home->container->wireguard, server))
		return NULL;
	if (to) {
		p = (struct pair){m->home->container->head.index, to->container->head.index};
		return map_get(&d->pairs, (struct str){(const char *)&p, sizeof p})
			       ? NULL
			       : str_fmt(r->arena, "%.*s:53/udp", STR_ARG(to->container->head.name)).s;
	}
	if (map_get(&d->gateways, address))
		return may->host ? NULL : "host:53/udp";
	return may->world ? NULL : "world:53/udp";
}

RULE(dns_closed)
{
	struct doors doors = {0};

	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!c->rare->resolver.set || !container_is_private(m->home->container))
			continue;
		if (!doors.of)
			doors_find(r, &doors);
		for (size_t i = 0; i < c->rare->resolver.v.n; i++) {
			const char *missing = door_missing(r, &doors, m, c->rare->resolver.v.at[i]);
			struct diag *d;

			if (!missing)
				continue;
			d = diag_add(r->diags, code, c->rare->resolver.at, "no flow lets container `%.*s` ask the name server %s", STR_ARG(c->head.name),
				     SHOW_ADDR(c->rare->resolver.v.at[i]));
			diag_help(r->diags, d, "allow %.*s -> %s", STR_ARG(c->head.name), missing);
		}
	}
}
