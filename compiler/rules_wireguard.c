/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about WireGuard tunnels: that both ends are some, that the container has a namespace for its end, and that the only way out is the only one. */
#include "compiler/rules_impl.h"

/* 32 bytes in base64 (RFC 4648): 43 characters, the last of which has two bits too many that are zero, and one `=`. */
static bool is_key(struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (s.n != 44 || s.s[43] != '=')
		return false;
	for (size_t i = 0; i < 43; i++)
		if (s.s[i] == '\0' || !strchr(digits, s.s[i]))
			return false;
	return (strchr(digits, s.s[42]) - digits) % 4 == 0;
}

RULE(wireguard_peer)
{
	rules_each_container(m, r) {
		const struct m_wireguard *w = m->container->wireguard;
		struct map seen = {0};

		if (w && w->peer.n == 0)
			diag_help(r->diags, diag_add(r->diags, code, w->head.at, "this tunnel has no other end"), "add peer NAME { key = …; endpoint = …; allowed = […] }");
		for (size_t i = 0; w && i < w->peer.n; i++) {
			const struct m_peer *p = w->peer.at[i], *first;

			if (!is_key(p->key.v)) {
				diag_help(r->diags, diag_add(r->diags, code, p->key.at, "this is no public key of WireGuard"), "it has 44 characters, as `wg pubkey` prints them");
				continue;
			}
			first = map_add(r->arena, &seen, p->key.v, (void *)(uintptr_t)p);
			if (first)
				diag_note(r->diags, diag_add(r->diags, code, p->key.at, "peers `%.*s` and `%.*s` are the same", STR_ARG(first->head.name), STR_ARG(p->head.name)),
					  first->key.at, "its key is here, too");
		}
	}
}

static void only_add(struct rules *r, enum diag_code code, const struct m_container *c, const struct flow *f)
{
	struct diag *d = diag_add(r->diags, code, f->at, "this lets container `%.*s` reach the world past its tunnel", STR_ARG(c->head.name));

	diag_note(r->diags, d, c->wireguard->only.at, "which is to be the only way");
	if (f->from.kind == END_SUBNET)
		diag_help(r->diags, d, "give it a subnet of its own, of which nobody is let out");
}

RULE(wireguard_only)
{
	vec_each(const struct flow, f, &r->flows->all) {
		struct flow_members from;

		if (f->to.kind != END_WORLD)
			continue;
		flow_members(r->net, &f->from, &from);
		for (size_t i = 0; i < from.n; i++) {
			const struct m_container *home = from.at[i]->home->container;

			/* of all in a namespace once */
			if (home->wireguard && home->wireguard->only.v && (f->from.kind == END_CONTAINER || from.at[i]->home == from.at[i]))
				only_add(r, code, home, f);
		}
	}
}

RULE(wireguard_network)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct diag *d;

		if (!c->wireguard || container_is_private(c))
			continue;
		d = diag_add(r->diags, code, c->wireguard->head.at, "container `%.*s` has no network of its own in which its end of the tunnel could be",
			     STR_ARG(c->head.name));
		if (container_place(c) == PLACE_JOINED)
			diag_help(r->diags, d, "give the tunnel to `%.*s`: all that join it use it", STR_ARG(c->rare->join.v->head.name));
		else
			diag_help(r->diags, d, "give it a subnet and an address");
	}
}

RULE(wireguard_address)
{
	rules_each_container(m, r) {
		const struct m_wireguard *w = m->container->wireguard;

		if (!w)
			continue;
		if (!w->address.set && !w->address6.set)
			diag_help(r->diags, diag_add(r->diags, code, w->head.at, "this end of the tunnel has no address"), "give it `address` or `address6`");
		for (size_t i = 0; i < w->peer.n; i++) {
			const struct m_peer *p = w->peer.at[i];

			if (!p->endpoint.set && !w->port.set)
				diag_help(r->diags, diag_add(r->diags, code, p->head.at, "neither end can begin: peer `%.*s` has no endpoint, and this end no port",
							     STR_ARG(p->head.name)), "give the peer `endpoint`, or the tunnel `port`");
			for (size_t k = 0; k < p->allowed.v.n; k++) {
				struct cidr c = p->allowed.v.at[k], network = {cidr_network(c), c.len};

				if (!addr_eq(network.addr, c.addr))
					diag_help(r->diags, diag_add(r->diags, code, p->allowed.at, "%s is an address in a network, not a network", SHOW_CIDR(c)),
						  "the network is %s", SHOW_CIDR(network));
			}
		}
	}
}
