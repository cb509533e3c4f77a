/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about `allow`: that it opens something, and not too much. */
#include "compiler/rules_impl.h"

/* Elements that all flows together may become: an `allow` between two subnets is their product. */
enum { FLOW_ELEMENTS_MAX = 250000 };

struct allow {
	const struct flow_end *from, *to;
	struct span at, right;
};

static struct allow allow_of(const struct m_stack *s, size_t i)
{
	return (struct allow){
	    .from = &s->allow.at[i].left.v,
	    .to = &s->allow.at[i].right.v,
	    .at = s->allow.at[i].at,
	    .right = s->allow.at[i].right.at,
	};
}

typedef void (*allow_check)(struct rules *r, enum diag_code code, const struct allow *f);

static void each_allow(struct rules *r, enum diag_code code, allow_check check)
{
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->allow.n; i++) {
			struct allow f = allow_of(*s, i);

			check(r, code, &f);
		}
}

static bool is_ours(const struct flow_end *end)
{
	return end->kind == END_CONTAINER || end->kind == END_SUBNET;
}

static void self_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	struct diag *d;

	if (f->from->kind != END_CONTAINER || f->to->kind != END_CONTAINER ||
	    container_home(f->from->container) != container_home(f->to->container))
		return;
	if (f->from->container != f->to->container) {
		d = diag_add(r->diags, code, f->at, "containers `%.*s` and `%.*s` share one network",
			     STR_ARG(f->from->container->head.name), STR_ARG(f->to->container->head.name));
		diag_help(r->diags, d, "they reach each other on 127.0.0.1, whatever the policy says: remove the line");
		return;
	}
	d = diag_add(r->diags, code, f->at, "container `%.*s` is allowed to reach itself",
		     STR_ARG(f->from->container->head.name));
	diag_help(r->diags, d, "it always does, on 127.0.0.1 and on its own address: remove the line");
}

RULE(flow_self)
{
	each_allow(r, code, self_check);
}

static size_t declared_ports(const struct flow_members *members)
{
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++)
		n += members->at[i]->nports;
	return n;
}

static void port_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	bool container = f->to->kind == END_CONTAINER;
	struct flow_members to;
	struct str name;
	struct diag *d;

	flow_members(r->net, f->to, &to);
	if (!is_ours(f->to) || f->to->port.lo || to.n == 0 || declared_ports(&to))
		return;
	name = container ? f->to->container->head.name : f->to->subnet->head.name;
	d = diag_add(r->diags, code, f->right, "%s `%.*s` declares %s port, so this allows nothing",
		     container ? "container" : "no container of subnet", STR_ARG(name),
		     container ? "no" : "a");
	diag_help(r->diags, d, "declare it (ports { http = 80/tcp }) or name it here: %.*s:80/tcp",
		  STR_ARG(name));
}

RULE(flow_port)
{
	each_allow(r, code, port_check);
}

static void outside_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	if (!is_ours(f->from) && !is_ours(f->to))
		diag_help(
		    r->diags,
		    diag_add(r->diags, code, f->at, "neither side of this flow is a container or a subnet"),
		    "what the host and the world say to each other is not changed by ctc");
}

RULE(flow_outside)
{
	each_allow(r, code, outside_check);
}

/* Whether any of the pairs has addresses of one family. */
static bool families_meet(const struct flow_members *from, const struct flow_members *to)
{
	bool a[NET_FAMILIES] = {0}, b[NET_FAMILIES] = {0};

	for (int f = 0; f < NET_FAMILIES; f++) {
		for (size_t i = 0; i < from->n && !a[f]; i++)
			a[f] = from->at[i]->address[f].n;
		for (size_t i = 0; i < to->n && !b[f]; i++)
			b[f] = to->at[i]->address[f].n;
	}
	/* Where one side has no address at all, address_missing has said so. */
	return (a[NET_4] && b[NET_4]) || (a[NET_6] && b[NET_6]) || !(a[NET_4] || a[NET_6]) ||
	       !(b[NET_4] || b[NET_6]);
}

static void family_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	struct flow_members from, to;
	bool four;

	flow_members(r->net, f->from, &from);
	flow_members(r->net, f->to, &to);
	if (!from.n || !to.n || families_meet(&from, &to))
		return;
	four = from.at[0]->address[NET_4].n;
	diag_add(r->diags, code, f->at, "one side has only %s addresses, the other only %s",
		 four ? "IPv4" : "IPv6", four ? "IPv6" : "IPv4");
}

RULE(flow_family)
{
	each_allow(r, code, family_check);
}

/* In the family in which it has more. */
static size_t addresses(const struct net_member *m)
{
	size_t n = m->more[NET_4].n > m->more[NET_6].n ? m->more[NET_4].n : m->more[NET_6].n;

	return n + 1;
}

/* Keys that the members' addresses make; with_ports: with each port that they declare. A member without a port counts: each pair is a line of a hosts file. */
static size_t member_keys(const struct flow_members *members, bool with_ports)
{
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++)
		n += addresses(members->at[i]) * (with_ports && members->at[i]->nports ? members->at[i]->nports : 1);
	return n;
}

static size_t flow_elements(const struct rules *r, const struct flow *f)
{
	struct flow_members from, to;

	flow_members(r->net, &f->from, &from);
	flow_members(r->net, &f->to, &to);
	return (is_ours(&f->from) ? member_keys(&from, false) : 1) * (is_ours(&f->to) ? member_keys(&to, !f->port.lo) : 1);
}

RULE(flow_many)
{
	size_t all = 0;

	vec_each(const struct flow, f, &r->flows->all) {
		all += flow_elements(r, f);
		if (all > FLOW_ELEMENTS_MAX) {
			diag_help(
			    r->diags,
			    diag_add(r->diags, code, f->at,
				     "from here on, the flows are more than %d pairs of addresses and ports",
				     FLOW_ELEMENTS_MAX),
			    "allow single containers instead of whole subnets, or fewer ports");
			return;
		}
	}
}

RULE(flow_twice)
{
	vec_each(const struct flow_twice, t, &r->flows->twice) {
		struct diag *d = diag_add(r->diags, code, t->at, "%.*s is allowed already", STR_ARG(t->id));

		diag_note(r->diags, d, t->first, "allowed here");
		diag_help(r->diags, d, "this line opens nothing more: remove it");
	}
}

static void host_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	if (f->from->kind == END_HOST && is_ours(f->to))
		diag_help(r->diags,
			  diag_add(r->diags, code, f->at, "the host may always reach every container"),
			  "remove the line");
}

RULE(flow_host)
{
	each_allow(r, code, host_check);
}

/* The port of the container that has this number, and another protocol; none where one has both. */
static const struct entry_PORT *other_protocol(const struct m_container *c, struct port port)
{
	const struct entry_PORT *other = NULL;

	vec_each(const struct entry_PORT, p, &c->ports) {
		struct port whole = p->value.v;

		if (whole.lo > port.lo || port.hi > whole.hi)
			continue;
		if (whole.proto == port.proto)
			return NULL;
		other = p;
	}
	return other;
}

/* Whether anybody of the stack may ask the world for names. */
static bool asks_names(const struct m_stack *s)
{
	vec_each(struct m_subnet *const, n, &s->subnet)
		if ((*n)->nat.v)
			return true;
	for (size_t i = 0; i < s->allow.n; i++) {
		struct allow f = allow_of(s, i);

		if (f.to->kind == END_WORLD && (f.to->port.lo == 0 || (f.to->port.proto == PROTO_UDP && f.to->port.lo <= 53 && 53 <= f.to->port.hi)))
			return true;
	}
	return false;
}

static void other_check(struct rules *r, enum diag_code code, const struct allow *f)
{
	bool number = f->to->kind == END_CONTAINER && f->to->port.lo && !f->to->named;
	const struct entry_PORT *other = number ? other_protocol(f->to->container, f->to->port) : NULL;

	if (!other)
		return;
	struct str name = f->to->container->head.name;
	struct diag *d = diag_add(r->diags, code, f->right, "container `%.*s` has %.*s, not %.*s", STR_ARG(name), STR_ARG(port_shown(r->arena, other->value.v)),
				  STR_ARG(port_shown(r->arena, f->to->port)));
	diag_help(r->diags, d, "name it: %.*s.%.*s", STR_ARG(name), STR_ARG(other->name));
}

RULE(flow_protocol)
{
	each_allow(r, code, other_check);
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = asks_names(*s) ? (*s)->allow.n : 0; i < (*s)->allow.n; i++) {
			struct allow f = allow_of(*s, i);

			if (f.to->kind != END_WORLD || f.to->port.lo != 53 || f.to->port.hi != 53)
				continue;
			diag_help(r->diags, diag_add(r->diags, code, f.right, "this opens %.*s, and names are asked for by udp", STR_ARG(port_shown(r->arena, f.to->port))), "world:53/udp");
			break;
		}
}
