/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The flows of flows.h. */
#include "compiler/flows.h"

void flow_end_text(const struct flow_end *end, struct buf *out)
{
	const struct m_head *head = NULL;

	switch (end->kind) {
	case END_CONTAINER:
		head = &end->container->head;
		break;
	case END_SUBNET:
		head = &end->subnet->head;
		break;
	case END_HOST:
		buf_puts(out, "host");
		return;
	case END_WORLD:
		buf_puts(out, "world");
		return;
	}
	buf_str(out, head->stack->head.name);
	buf_addc(out, '.');
	buf_str(out, head->name);
}

static struct str end_name(struct arena *a, const struct flow_end *end)
{
	struct buf b = {0};

	flow_end_text(end, &b);
	return buf_take(&b, a);
}

static struct str flow_id(struct arena *a, const struct flow *f)
{
	struct buf b = {0};

	buf_str(&b, f->from_name);
	buf_puts(&b, " -> ");
	buf_str(&b, f->to_name);
	if (f->port.lo) {
		buf_addc(&b, ':');
		port_text(f->port, &b);
	}
	return buf_take(&b, a);
}

struct building {
	struct arena *arena;
	const struct net *net;
	struct flows *out;
	struct map seen;	/* by id */
};

static void flow_add(struct building *b, struct flow f, struct port port)
{
	f.port = port;
	f.id = flow_id(b->arena, &f);
	if (map_add(b->arena, &b->seen, f.id, b))
		return;
	vec_push(b->arena, &b->out->all, f);
}

static void arrow_flows(struct building *b, struct flow f)
{
	struct port port = port_meant(f.to.container, f.to.port_name, f.to.port);

	f.from_name = end_name(b->arena, &f.from);
	f.to_name = end_name(b->arena, &f.to);
	if (port.lo == 0 && f.to.kind == END_CONTAINER) {
		const struct net_member *to = net_member_of(b->net, f.to.container);

		for (size_t i = 0; i < to->nports; i++)
			flow_add(b, f, to->ports[i]);
	} else {
		flow_add(b, f, port);
	}
}

void flows_build(struct arena *a, const struct model *model, const struct net *net, struct flows *ret)
{
	struct building b = {.arena = a, .net = net, .out = ret};

	vec_each(struct m_stack *const, stack, &model->stacks) {
		for (size_t i = 0; i < (*stack)->allow.n; i++)
			arrow_flows(&b, (struct flow){
						.from = (*stack)->allow.at[i].left.v,
						.to = (*stack)->allow.at[i].right.v,
						.at = (*stack)->allow.at[i].at,
						.stack = *stack,
					});
		vec_each(struct m_subnet *const, s, &(*stack)->subnet)
			if ((*s)->nat.set && (*s)->nat.v)
				arrow_flows(&b, (struct flow){
							.from = {.kind = END_SUBNET, .subnet = *s},
							.to = {.kind = END_WORLD},
							.at = (*s)->nat.at,
							.stack = *stack,
						});
	}
}

void flow_members(const struct net *net, const struct flow_end *end, struct flow_members *ret)
{
	*ret = (struct flow_members){0};
	if (end->kind == END_CONTAINER) {
		ret->one[0] = net_member_of(net, end->container);
		ret->at = ret->one;
		ret->n = 1;
	} else if (end->kind == END_SUBNET) {
		const struct net_subnet *s = net_subnet_of(net, end->subnet);

		ret->at = s->members.at;
		ret->n = s->members.n;
	}
}
