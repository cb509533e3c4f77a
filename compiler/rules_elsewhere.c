/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A range that lies elsewhere than all the addresses that are given in its subnet: it is the range that is wrong, and not each of them. Counted for all subnets at the first question, which is
 * asked only where an address is outside. */
#include "compiler/rules_impl.h"

enum { SHOWN = 4, FEW = 2 };

/* What is given in a subnet, of a family. */
struct given {
	unsigned inside, outside;
	bool said, apart;		/* apart: those outside have no network in common */
	struct cidr network;		/* of those outside */
	struct span at[SHOWN];		/* of the first of them */
};

static struct given *given_of(const struct rules *r, const struct m_subnet *s, enum net_family family)
{
	return &r->given[NET_FAMILIES * s->head.index + family];
}

/* The network that is likely to be meant around an address. */
static struct cidr network_of(struct addr a, struct cidr range)
{
	unsigned most = a.family == 6 ? 64 : 24;
	struct cidr c = {.addr = a, .len = range.len < most ? range.len : (uint8_t)most};

	c.addr = cidr_network(c);
	return c;
}

static void count(const struct rules *r, const struct m_subnet *s, struct addr a, struct span at)
{
	enum net_family family = a.family == 6 ? NET_6 : NET_4;
	struct given *g = given_of(r, s, family);
	struct cidr range = subnet_range(s, family);

	if (!range.addr.family)
		return;
	if (cidr_contains(range, a)) {
		g->inside++;
		return;
	}
	if (!g->outside)
		g->network = network_of(a, range);
	g->apart |= !cidr_contains(g->network, a);
	if (g->outside < SHOWN)
		g->at[g->outside] = at;
	g->outside++;
}

static void count_all(struct rules *r)
{
	r->given = arena_array(r->arena, r->net->nsubnets * NET_FAMILIES, sizeof *r->given);
	rules_each_subnet(s, r) {
		if (s->subnet->host.given)
			count(r, s->subnet, s->subnet->host.v, s->subnet->host.at);
		if (s->subnet->host6.given)
			count(r, s->subnet, s->subnet->host6.v, s->subnet->host6.at);
	}
	for (const struct net_member *m = r->net->members; m < r->net->members + r->net->nmembers; m++) {
		const struct m_container *c = m->container;

		if (!m->subnet || m->home != m)
			continue;
		if (c->address.given && c->address.set)
			count(r, m->subnet, c->address.v, c->address.at);
		if (c->address6.given && c->address6.set)
			count(r, m->subnet, c->address6.v, c->address6.at);
		for (size_t i = 0; i < c->rare->more_addresses.v.n; i++)
			count(r, m->subnet, c->rare->more_addresses.v.at[i], c->rare->more_addresses.at);
	}
}

bool elsewhere_said(struct rules *r, const struct m_subnet *s, enum net_family family)
{
	struct cidr range = subnet_range(s, family);
	bool written = family == NET_4 ? s->range.given : s->range6.given;

	if (!r->given)
		count_all(r);
	struct given *g = given_of(r, s, family);
	if (g->inside || g->outside < FEW || range_refused(range))
		return false;
	if (g->said)
		return true;
	g->said = true;
	struct diag *d = diag_add(r->diags, DIAG_subnet_elsewhere, !written ? s->head.at : family == NET_4 ? s->range.at : s->range6.at,
				  "none of the addresses that are given in subnet `%.*s` is in its range %s%s", STR_ARG(s->head.name), SHOW_CIDR(range),
				  written ? "" : ", which was chosen since none is written");
	for (size_t i = 0; i < g->outside && i < SHOWN; i++)
		diag_note(r->diags, d, g->at[i], "outside");
	if (!g->apart)
		diag_help(r->diags, d, "they are in %s", SHOW_CIDR(g->network));
	return true;
}
