/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about `allow`: that it opens something, and not too much. */
#include "compiler/rules_impl.h"

/* Elements that all flows together may become: an `allow` between two subnets is their product. */
enum { FLOW_ELEMENTS_MAX = 250000 };

struct allow {
	const struct flow_end *from, *to;
	struct span at, left, right;
	struct port port;	/* lo 0: all */
};

static struct allow allow_of(const struct m_stack *s, size_t i)
{
	const struct flow_end *to = &s->allow.at[i].right.v;

	return (struct allow){
		.from = &s->allow.at[i].left.v,
		.to = to,
		.at = s->allow.at[i].at,
		.left = s->allow.at[i].left.at,
		.right = s->allow.at[i].right.at,
		.port = port_meant(to->container, to->port_name, to->port),
	};
}

#define for_each_allow(f, r)                                         \
	vec_each(struct m_stack *const, s, &(r)->model->stacks)      \
		for (size_t i = 0; i < (*s)->allow.n; i++)           \
			for (struct allow f = allow_of(*s, i), *once = &f; once; once = NULL)

static bool is_ours(const struct flow_end *end)
{
	return end->kind == END_CONTAINER || end->kind == END_SUBNET;
}

RULE(flow_self)
{
	for_each_allow(f, r)
		if (f.from->kind == END_CONTAINER && f.to->kind == END_CONTAINER && f.from->container == f.to->container)
			diag_help(r->diags,
				  diag_add(r->diags, code, f.at, "container `%.*s` is allowed to reach itself", STR_ARG(f.from->container->head.name)),
				  "it always does, on 127.0.0.1 and on its own address: remove the line");
}

static size_t declared_ports(const struct flow_members *members)
{
	size_t n = 0;

	for (size_t i = 0; i < members->n; i++)
		n += members->at[i]->nports;
	return n;
}

RULE(flow_port)
{
	for_each_allow(f, r) {
		struct flow_members to;
		const struct m_head *head;

		flow_members(r->net, f.to, &to);
		if (!is_ours(f.to) || f.port.lo || to.n == 0 || declared_ports(&to))
			continue;
		head = f.to->kind == END_CONTAINER ? &f.to->container->head : &f.to->subnet->head;
		diag_help(r->diags,
			  diag_add(r->diags, code, f.right, "%s `%.*s` declares %s port, so this allows nothing",
				   f.to->kind == END_CONTAINER ? "container" : "no container of subnet", STR_ARG(head->name),
				   f.to->kind == END_CONTAINER ? "no" : "a"),
			  "declare it (ports { http = 80/tcp }) or name it here: %.*s:80/tcp", STR_ARG(head->name));
	}
}

RULE(flow_outside)
{
	for_each_allow(f, r)
		if (!is_ours(f.from) && !is_ours(f.to))
			diag_help(r->diags, diag_add(r->diags, code, f.at, "neither side of this flow is a container or a subnet"),
				  "what the host and the world say to each other is not changed by ctc");
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
	return (a[NET_4] && b[NET_4]) || (a[NET_6] && b[NET_6]) || !(a[NET_4] || a[NET_6]) || !(b[NET_4] || b[NET_6]);
}

RULE(flow_family)
{
	for_each_allow(f, r) {
		struct flow_members from, to;

		flow_members(r->net, f.from, &from);
		flow_members(r->net, f.to, &to);
		if (!from.n || !to.n || families_meet(&from, &to))
			continue;
		diag_add(r->diags, code, f.at, "one side has only %s addresses, the other only %s",
			 from.at[0]->address[NET_4].n ? "IPv4" : "IPv6", from.at[0]->address[NET_4].n ? "IPv6" : "IPv4");
	}
}

static size_t flow_elements(const struct rules *r, const struct flow *f)
{
	struct flow_members from, to;
	size_t left, right;

	flow_members(r->net, &f->from, &from);
	flow_members(r->net, &f->to, &to);
	left = is_ours(&f->from) ? from.n : 1;
	right = !is_ours(&f->to) ? 1 : f->port.lo ? to.n : declared_ports(&to);
	if (right < to.n)
		right = to.n; /* the pairs count too: each is a line of a hosts file */
	return left * right;
}

RULE(flow_many)
{
	size_t all = 0;

	vec_each(const struct flow, f, &r->flows->all) {
		all += flow_elements(r, f);
		if (all > FLOW_ELEMENTS_MAX) {
			diag_help(r->diags,
				  diag_add(r->diags, code, f->at, "from here on, the flows are more than %d pairs of addresses and ports", FLOW_ELEMENTS_MAX),
				  "allow single containers instead of whole subnets, or fewer ports");
			return;
		}
	}
}

RULE(flow_twice)
{
	vec_each(const struct flow_twice, t, &r->flows->twice)
		diag_note(r->diags, diag_add(r->diags, code, t->at, "%.*s is allowed already", STR_ARG(t->id)), t->first, "allowed here");
}

RULE(flow_host)
{
	for_each_allow(f, r)
		if (f.from->kind == END_HOST && is_ours(f.to))
			diag_help(r->diags, diag_add(r->diags, code, f.at, "the host may always reach every container"), "remove the line");
}
