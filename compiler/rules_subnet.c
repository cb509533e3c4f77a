/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about subnets alone: that they have a range, that it is one, that it is theirs, and that the host's
 * address fits. */
#include "compiler/rules_impl.h"
#include "lang/base/sort.h"

/* One range of a subnet. */
struct ranged {
	const struct net_subnet *subnet;
	enum net_family family;
	struct cidr range;
	struct span at;
};

static struct span range_at(const struct m_subnet *s, enum net_family family)
{
	return family == NET_4 ? s->range.at : s->range6.at;
}

typedef void (*range_check)(struct rules *r, enum diag_code code, const struct ranged *range);

static void each_range(struct rules *r, enum diag_code code, range_check check)
{
	rules_each_subnet(s, r)
		for (int family = 0; family < NET_FAMILIES; family++) {
			struct ranged range = {
			    .subnet = s,
			    .family = (enum net_family)family,
			    .range = subnet_range(s->subnet, (enum net_family)family),
			    .at = range_at(s->subnet, (enum net_family)family),
			};

			if (range.range.addr.family)
				check(r, code, &range);
		}
}

RULE(subnet_range)
{
	rules_each_subnet(s, r) {
		struct diag *d;

		if (s->subnet->range.set || s->subnet->range6.set)
			continue;
		d = diag_add(r->diags, code, s->subnet->head.at,
			     s->subnet->range.given ? "subnet `%.*s` has no range" : "10.233.0.0/16 has no range left for subnet `%.*s`",
			     STR_ARG(s->subnet->head.name));
		diag_help(r->diags, d,
			  "give it `range`, `range6` or both, for example range = 192.168.200.0/24");
	}
}

static void bits_check(struct rules *r, enum diag_code code, const struct ranged *s)
{
	struct cidr network = {cidr_network(s->range), s->range.len};
	struct diag *d;

	if (addr_eq(network.addr, s->range.addr))
		return;
	d = diag_add(r->diags, code, s->at, "%s is an address in a network, not a network",
		     SHOW_CIDR(s->range));
	diag_help(r->diags, d, "the network is %s", SHOW_CIDR(network));
}

RULE(subnet_bits)
{
	each_range(r, code, bits_check);
}

/* RFC 6890 and the registries that it names. */
#define V4(len, ...) {{.family = 4, .b = {__VA_ARGS__}}, len}
#define V6(len, ...) {{.family = 6, .b = {__VA_ARGS__}}, len}
static const struct {
	struct cidr range;
	const char *meaning;
} reserved[] = {
    {V4(8, 0), "\"this network\""},
    {V4(8, 127), "loopback"},
    {V4(16, 169, 254), "link-local"},
    {V4(4, 224), "multicast"},
    {V4(4, 240), "reserved"},
    {V6(127, 0), "loopback and \"no address\""},
    {V6(96, [10] = 0xff, 0xff), "IPv4-mapped"},
    {V6(10, 0xfe, 0x80), "link-local"},
    {V6(8, 0xff), "multicast"},
};

static void reserved_check(struct rules *r, enum diag_code code, const struct ranged *s)
{
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
		struct diag *d;

		if (!cidr_overlaps(s->range, reserved[i].range))
			continue;
		d = diag_add(r->diags, code, s->at, "%s overlaps %s, which is for %s addresses",
			     SHOW_CIDR(s->range), SHOW_CIDR(reserved[i].range), reserved[i].meaning);
		diag_help(r->diags, d,
			  s->family == NET_4
			      ? "private networks are 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16"
			      : "private networks are in fd00::/8");
		return;
	}
}

RULE(subnet_reserved)
{
	each_range(r, code, reserved_check);
}

/* RFC 1918, and what else nobody has in the world: RFC 6598, 2544, 5737. Of IPv6, whoever has a prefix has addresses enough. */
static const struct cidr private_ranges[] = {
    V4(8, 10), V4(12, 172, 16), V4(16, 192, 168), V4(10, 100, 64), V4(15, 198, 18), V4(24, 192, 0, 2), V4(24, 198, 51, 100), V4(24, 203, 0, 113),
};

static void public_check(struct rules *r, enum diag_code code, const struct ranged *s)
{
	bool known = s->family == NET_6;

	for (size_t i = 0; i < sizeof private_ranges / sizeof private_ranges[0]; i++)
		known |= cidr_contains(private_ranges[i], s->range.addr) && private_ranges[i].len <= s->range.len;
	for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
		known |= cidr_overlaps(s->range, reserved[i].range);
	if (known || elsewhere_said(r, s->subnet->subnet, s->family))
		return;
	diag_help(r->diags, diag_add(r->diags, code, s->at, "%s is not private: who has these addresses in the world is out of reach from this host", SHOW_CIDR(s->range)),
		  "private networks are 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16");
}

RULE(subnet_public)
{
	each_range(r, code, public_check);
}

/* A network address, the host, one container, and for IPv4 the broadcast address. */
static void small_check(struct rules *r, enum diag_code code, const struct ranged *s)
{
	unsigned most = addr_bits(s->range.addr) - 2;
	struct diag *d;

	if (s->range.len <= most)
		return;
	d = diag_add(r->diags, code, s->at, "%s has no room for the host and a container",
		     SHOW_CIDR(s->range));
	diag_help(r->diags, d, "the longest prefix is /%u", most);
}

RULE(subnet_small)
{
	each_range(r, code, small_check);
}

bool range_refused(struct cidr range)
{
	if (range.addr.family && range.len > addr_bits(range.addr) - 2)
		return true;
	for (size_t i = 0; range.addr.family && i < sizeof reserved / sizeof reserved[0]; i++)
		if (cidr_overlaps(range, reserved[i].range))
			return true;
	return false;
}

void range_help(struct rules *r, struct diag *d, struct cidr range)
{
	struct addr first = cidr_network(range), last = cidr_last(range);

	addr_add(first, 1, &first);
	if (last.family == 4)
		addr_add(last, -1, &last);
	diag_help(r->diags, d, "its addresses are %s to %s", SHOW_ADDR(first), SHOW_ADDR(last));
}

static void host_check(struct rules *r, enum diag_code code, const struct m_subnet *s, enum net_family family)
{
	struct cidr range = subnet_range(s, family);
	const struct f_IP4 *host4 = &s->host;
	const struct f_IP6 *host6 = &s->host6;
	struct addr host = family == NET_4 ? host4->v : host6->v;
	struct span at = family == NET_4 ? host4->at : host6->at;
	const char *field = family == NET_4 ? "range" : "range6", *wrong = NULL;
	struct diag *d;

	if (!(family == NET_4 ? host4->given : host6->given) || range_refused(range))
		return;
	if (range.addr.family == 0) {
		diag_help(r->diags,
			  diag_add(r->diags, code, at, "subnet `%.*s` has a host address but no `%s`",
				   STR_ARG(s->head.name), field),
			  "add `%s`, or leave the host address out", field);
		return;
	}
	if (!cidr_contains(range, host)) {
		if (elsewhere_said(r, s, family))
			return;
		wrong = "outside";
	}
	else if (addr_eq(host, cidr_network(range)))
		wrong = "the network address of";
	else if (family == NET_4 && addr_eq(host, cidr_last(range)))
		wrong = "the broadcast address of";
	if (!wrong)
		return;
	d = diag_add(r->diags, code, at, "the host's address %s is %s %s", SHOW_ADDR(host), wrong,
		     SHOW_CIDR(range));
	diag_note(r->diags, d, range_at(s, family), "the range is given here");
	range_help(r, d, range);
}

RULE(subnet_host)
{
	rules_each_subnet(s, r) {
		host_check(r, code, s->subnet, NET_4);
		host_check(r, code, s->subnet, NET_6);
	}
}

static int cmp_ranges(const void *x, const void *y)
{
	const struct ranged *a = x, *b = y;
	int order = addr_cmp(cidr_network(a->range), cidr_network(b->range));

	return order ? order : (a->subnet > b->subnet) - (a->subnet < b->subnet);
}

static void overlap_add(struct rules *r, enum diag_code code, const struct ranged *a, const struct ranged *b)
{
	struct diag *d;

	if (elsewhere_said(r, a->subnet->subnet, a->family) || elsewhere_said(r, b->subnet->subnet, b->family))
		return;
	if (said_later(a->at, &a->subnet->subnet->head, b->at, &b->subnet->subnet->head))
		SWAP(a, b);
	d = diag_add(r->diags, code, b->at, "subnet `%.*s` (%s) overlaps subnet `%.*s` (%s)",
		     STR_ARG(b->subnet->full), SHOW_CIDR(b->range), STR_ARG(a->subnet->full),
		     SHOW_CIDR(a->range));
	diag_note(r->diags, d, a->at, "the other range");
}

/* Sorted by network, prefixes that overlap contain each other: it is enough to look at the one that reaches
 * farthest so far. */
RULE(subnet_overlap)
{
	struct ranged *all = arena_array(r->arena, r->net->nsubnets * NET_FAMILIES, sizeof *all);
	const struct ranged *widest = all;
	size_t n = 0;

	rules_each_subnet(s, r)
		for (int family = 0; family < NET_FAMILIES; family++) {
			struct cidr range = subnet_range(s->subnet, (enum net_family)family);

			if (range.addr.family)
				all[n++] = (struct ranged){s, (enum net_family)family, range,
							   range_at(s->subnet, (enum net_family)family)};
		}
	sort_array(all, n, sizeof *all, cmp_ranges);
	for (size_t i = 1; i < n; i++) {
		if (cidr_overlaps(widest->range, all[i].range))
			overlap_add(r, code, widest, &all[i]);
		if (all[i].family != widest->family ||
		    addr_cmp(cidr_last(all[i].range), cidr_last(widest->range)) > 0)
			widest = &all[i];
	}
}
