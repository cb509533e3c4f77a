/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The flows of flows.h. */
#include "compiler/flows.h"

#include "lang/base/map.h"

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

struct str flow_end_name(const struct net *net, const struct flow_end *end)
{
	switch (end->kind) {
	case END_CONTAINER:
		return net_member_of(net, end->container)->full;
	case END_SUBNET:
		return net_subnet_of(net, end->subnet)->full;
	case END_HOST:
		return STR("host");
	case END_WORLD:
		break;
	}
	return STR("world");
}

struct str flow_id(struct arena *a, const struct net *net, const struct flow *f, struct str *ret_port)
{
	char text[PORT_TEXT_MAX];
	struct str port = f->port.lo ? port_write(f->port, text) : STR("");
	struct str id = STR_JOIN(a, flow_end_name(net, &f->from), STR(" -> "), flow_end_name(net, &f->to), port.n ? STR(":") : STR(""), port);

	if (ret_port)
		*ret_port = (struct str){id.s + id.n - port.n, port.n};
	return id;
}

/* What makes two flows the same one; as bytes, without gaps, the key of a map. */
struct same {
	const void *from, *to;
	uint8_t from_kind, to_kind;
	uint16_t lo, hi, proto;
};
_Static_assert(sizeof(struct same) == 2 * sizeof(void *) + 8, "no gaps");

struct seen {
	struct same key;
	struct span at; /* of the arrow that was first */
};

struct building {
	struct arena *arena;
	const struct net *net;
	struct flows *out;
	struct map seen; /* of struct seen */
};

static const void *end_of(const struct flow_end *end)
{
	return end->kind == END_CONTAINER ? (const void *)end->container : end->kind == END_SUBNET ? (const void *)end->subnet : NULL;
}

/* Returns NULL, or where the same was said before. */
static const struct span *flow_add(struct building *b, struct flow f, struct port port)
{
	struct seen *now = arena_new(b->arena, struct seen), *first;

	f.port = port;
	now->key = (struct same){end_of(&f.from), end_of(&f.to), (uint8_t)f.from.kind, (uint8_t)f.to.kind, port.lo, port.hi, port.proto};
	now->at = f.at;
	first = map_add(b->arena, &b->seen, (struct str){(const char *)&now->key, sizeof now->key}, now);
	if (first)
		return &first->at;
	vec_push(b->arena, &b->out->all, f);
	return NULL;
}

static void arrow_flows(struct building *b, struct flow f)
{
	const struct net_member *to =
	    f.to.kind == END_CONTAINER ? net_member_of(b->net, f.to.container) : NULL;
	struct port port = f.to.port;
	const struct port *ports = &port;
	const struct span *first = NULL;
	size_t n = 1, old = 0;

	if (port.lo == 0 && to) {
		ports = to->ports;
		n = to->nports;
	}
	for (size_t i = 0; i < n; i++) {
		const struct span *before = flow_add(b, f, ports[i]);

		if (before) {
			first = before;
			old++;
		}
	}
	if (first && old == n) {
		f.port = n == 1 ? ports[0] : (struct port){0};
		vec_push(b->arena, &b->out->twice, (struct flow_twice){f.at, *first, flow_id(b->arena, b->net, &f, NULL)});
	}
}

/* What a proxy sends on it may send. A flow that was allowed already is no second one. */
static void route_flow(struct building *b, const struct route *r)
{
	struct flow f = {
		.from = {.kind = END_CONTAINER, .container = (struct m_container *)(uintptr_t)r->front->container},
		.to = {.kind = END_CONTAINER, .container = (struct m_container *)(uintptr_t)r->to->container},
		.at = r->at,
		.stack = r->stack,
	};

	if (!r->enabled || !route_crosses(r) || container_on_host(r->to->container))
		return;
	flow_add(b, f, r->port);
}

void flows_build(struct arena *a, const struct model *model, const struct net *net, const struct routes *routes, struct flows *ret)
{
	struct building b = {.arena = a, .net = net, .out = ret};
	size_t most = routes->all.n;

	/* Mostly each arrow is one flow: room for all of them at once. */
	vec_each(struct m_stack *const, stack, &model->stacks)
		most += (*stack)->allow.n + (*stack)->subnet.n;
	ret->all.at = arena_array(a, most, sizeof *ret->all.at);
	ret->all.cap = most;
	map_reserve(a, &b.seen, most);
	vec_each(struct m_stack *const, stack, &model->stacks) {
		for (size_t i = 0; i < (*stack)->allow.n; i++)
			arrow_flows(&b, (struct flow){
					    .from = (*stack)->allow.at[i].left.v,
					    .to = (*stack)->allow.at[i].right.v,
					    .at = (*stack)->allow.at[i].at,
					    .doc = (*stack)->allow.at[i].block ? (*stack)->allow.at[i].block->doc.v : STR(""),
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
	vec_each(const struct route, r, &routes->all)
		route_flow(&b, r);
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
