/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The picture as nodes and edges, and one writer for each notation. Nodes are numbered in the order of the model, which is sorted; edges stand in the order of the source.
 * Whatever is shown goes through the notation's own escapes. */
#include "compiler/graph.h"

#include "compiler/names.h"
#include "compiler/routes.h"
#include "lang/base/cleanup.h"
#include "lang/base/map.h"

enum shape { SHAPE_CONTAINER, SHAPE_SUBNET, SHAPE_WORLD, SHAPE_HOST, SHAPE_PORT };
enum meaning { EDGE_FLOW, EDGE_PUBLISH, EDGE_AFTER, EDGE_REQUIRES, EDGE_JOIN };

struct gnode {
	struct str label, more;	/* the name, and below it an address; may be empty */
	enum shape shape;
};
struct edge {
	size_t from, to;
	enum meaning meaning;
	struct str label;
};
/* A frame around nodes: a subnet, or a stack's containers without one. */
struct frame {
	struct str label;
	VEC(size_t) nodes;
};

struct graph {
	struct arena arena;
	VEC(struct gnode) nodes;
	VEC(struct edge) edges;
	VEC(struct frame) frames;
	struct map known;	/* full name -> index + 1 */
};

static size_t node_add(struct graph *g, struct str id, struct gnode node)
{
	size_t there = (size_t)(uintptr_t)map_get(&g->known, id);

	if (there)
		return there - 1;
	vec_push(&g->arena, &g->nodes, node);
	map_add(&g->arena, &g->known, str_copy(&g->arena, id), (void *)(uintptr_t)g->nodes.n);
	return g->nodes.n - 1;
}

static struct str full_name(struct graph *g, const struct m_head *head)
{
	return STR_JOIN(&g->arena, head->stack->head.name, STR("."), head->name);
}

static struct str address_of(struct graph *g, const struct m_container *c)
{
	char text[ADDR_TEXT_MAX];

	if (c->address.set)
		return str_copy(&g->arena, str_of(addr_text(c->address.v, text)));
	if (c->address6.set)
		return str_copy(&g->arena, str_of(addr_text(c->address6.v, text)));
	return container_on_host(c) ? STR("the host's network") : STR("");
}

static struct str range_of(struct graph *g, const struct m_subnet *s)
{
	char text[CIDR_TEXT_MAX];

	if (s->range.set)
		return str_copy(&g->arena, str_of(cidr_text(s->range.v, text)));
	return s->range6.set ? str_copy(&g->arena, str_of(cidr_text(s->range6.v, text))) : STR("");
}

static struct str port_label(struct graph *g, struct port p)
{
	struct buf b = {0};

	port_text(p, &b);
	return buf_take(&b, &g->arena);
}

static size_t container_node(struct graph *g, const struct m_container *c)
{
	struct str more = address_of(g, c);

	if (container_runs_once(c))
		more = STR_JOIN(&g->arena, more, more.n ? STR(", ") : STR(""), STR("runs once"));
	return node_add(g, full_name(g, &c->head), (struct gnode){.label = c->head.name, .more = more, .shape = SHAPE_CONTAINER});
}

static void frame_take(struct graph *g, struct str label, size_t node)
{
	struct frame *f = NULL;

	vec_each(struct frame, i, &g->frames)
		if (str_eq(i->label, label))
			f = i;
	if (!f) {
		vec_push(&g->arena, &g->frames, (struct frame){.label = label});
		f = &g->frames.at[g->frames.n - 1];
	}
	vec_push(&g->arena, &f->nodes, node);
}

/* "ml.lan 10.0.0.0/24" */
static struct str subnet_label(struct graph *g, const struct m_subnet *s)
{
	return STR_JOIN(&g->arena, full_name(g, &s->head), STR(" "), range_of(g, s));
}

static size_t subnet_node(struct graph *g, const struct m_subnet *s)
{
	size_t before = g->nodes.n;
	size_t node = node_add(g, full_name(g, &s->head), (struct gnode){.label = STR_JOIN(&g->arena, STR("all of "), s->head.name), .shape = SHAPE_SUBNET});

	if (node == before)
		frame_take(g, subnet_label(g, s), node);
	return node;
}

static size_t end_node(struct graph *g, const struct flow_end *e)
{
	switch (e->kind) {
	case END_CONTAINER:
		return container_node(g, e->container);
	case END_SUBNET:
		return subnet_node(g, e->subnet);
	case END_WORLD:
		return node_add(g, STR("world"), (struct gnode){.label = STR("world"), .shape = SHAPE_WORLD});
	case END_HOST:
		return node_add(g, STR("host"), (struct gnode){.label = STR("host"), .shape = SHAPE_HOST});
	}
	return 0;
}

/* "80/tcp, 443/tcp": what is reached; empty: everything. */
static struct str end_ports(struct graph *g, const struct flow_end *e)
{
	struct buf b = {0};

	if (e->port.lo)
		return port_label(g, e->port);
	if (e->kind == END_CONTAINER)
		vec_each(const struct entry_PORT, p, &e->container->ports) {
			buf_puts(&b, b.n ? ", " : "");
			port_text(p->value.v, &b);
		}
	return buf_take(&b, &g->arena);
}

/* A container stands in its subnet's frame; one without a subnet in its stack's. */
static void container_add(struct graph *g, const struct m_container *c)
{
	const struct m_stack *s = c->head.stack;
	size_t node = container_node(g, c);

	if (c->subnet.set && c->subnet.v)
		frame_take(g, subnet_label(g, c->subnet.v), node);
	else if (container_is_private(c) && s->subnet.n == 1)
		frame_take(g, subnet_label(g, s->subnet.at[0]), node);
	else
		frame_take(g, s->head.name, node);
}

static void edge_add(struct graph *g, size_t from, size_t to, enum meaning meaning, struct str label)
{
	vec_push(&g->arena, &g->edges, (struct edge){from, to, meaning, label});
}

static void container_edges(struct graph *g, const struct m_container *c)
{
	size_t node = container_node(g, c);

	for (size_t i = 0; i < c->after.v.n; i++)
		edge_add(g, node, container_node(g, c->after.v.at[i]), EDGE_AFTER, STR(""));
	for (size_t i = 0; i < c->rare->requires.v.n; i++)
		edge_add(g, node, container_node(g, c->rare->requires.v.at[i]), EDGE_REQUIRES, STR(""));
	if (c->rare->join.set && c->rare->join.v)
		edge_add(g, node, container_node(g, c->rare->join.v), EDGE_JOIN, STR(""));
}

static void publish_add(struct graph *g, const struct endpoint *host, const struct port_ref *to)
{
	struct port target = to->port;
	struct buf b = {0};
	struct str shown;

	endpoint_text(*host, &b);
	shown = STR_JOIN(&g->arena, buf_view(&b), STR("/"), str_of(proto_name(target.proto)));
	buf_free(&b);
	size_t port = node_add(g, STR_JOIN(&g->arena, STR("publish "), shown), (struct gnode){.label = shown, .shape = SHAPE_PORT});
	edge_add(g, port, container_node(g, to->container), EDGE_PUBLISH, port_label(g, target));
}

static void route_add(struct graph *g, const struct m_stack *s, size_t i)
{
	const struct port_ref *to = &s->route.at[i].right.v;
	struct proxy_list proxies = route_proxies(s, i);
	struct str port = port_label(g, to->port);

	if (s->route.at[i].block && !s->route.at[i].block->enable.v)
		return;
	for (size_t k = 0; k < proxies.n; k++)
		edge_add(g, container_node(g, proxies.at[k]->container.v), container_node(g, to->container), EDGE_FLOW,
			 STR_JOIN(&g->arena, s->route.at[i].left.v, STR(": "), port));
}

static void stack_edges(struct graph *g, const struct m_stack *s)
{
	vec_each(struct m_container *const, c, &s->container)
		container_edges(g, *c);
	for (size_t i = 0; i < s->allow.n; i++) {
		const struct flow_end *from = &s->allow.at[i].left.v, *to = &s->allow.at[i].right.v;

		edge_add(g, end_node(g, from), end_node(g, to), EDGE_FLOW, end_ports(g, to));
	}
	for (size_t i = 0; i < s->publish.n; i++)
		publish_add(g, &s->publish.at[i].left.v, &s->publish.at[i].right.v);
	for (size_t i = 0; i < s->route.n; i++)
		route_add(g, s, i);
}

/* ---- Graphviz: https://graphviz.org/doc/info/lang.html ---- */

static void dot_text(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.s[i] == '"' || s.s[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, s.s[i] == '\n' ? ' ' : s.s[i]);
	}
}

static void dot_node(const struct graph *g, size_t i, const char *indent, struct buf *out)
{
	static const char *const shapes[] = {
		[SHAPE_CONTAINER] = "box", [SHAPE_SUBNET] = "plaintext", [SHAPE_WORLD] = "ellipse", [SHAPE_HOST] = "house", [SHAPE_PORT] = "cds",
	};
	const struct gnode *n = &g->nodes.at[i];

	buf_fmt(out, "%sn%zu [shape=%s, label=\"", indent, i, shapes[n->shape]);
	dot_text(n->label, out);
	if (n->more.n) {
		buf_puts(out, "\\n");
		dot_text(n->more, out);
	}
	buf_puts(out, "\"];\n");
}

static struct str edge_label(const struct edge *e)
{
	switch (e->meaning) {
	case EDGE_AFTER:
		return STR("after");
	case EDGE_REQUIRES:
		return STR("requires");
	case EDGE_JOIN:
		return STR("join");
	default:
		return e->label;
	}
}

static void dot_edge(const struct edge *e, struct buf *out)
{
	static const char *const styles[] = {
		[EDGE_FLOW] = "style=solid", [EDGE_PUBLISH] = "style=bold", [EDGE_AFTER] = "style=dashed, arrowhead=open", [EDGE_REQUIRES] = "style=dashed", [EDGE_JOIN] = "style=dotted",
	};

	buf_fmt(out, "  n%zu -> n%zu [%s, label=\"", e->from, e->to, styles[e->meaning]);
	dot_text(edge_label(e), out);
	buf_puts(out, "\"];\n");
}

static void print_dot(const struct graph *g, const bool *framed, struct buf *out)
{
	buf_puts(out, "digraph ctc {\n  rankdir=LR;\n");
	for (size_t i = 0; i < g->frames.n; i++) {
		buf_fmt(out, "  subgraph cluster_%zu {\n    label=\"", i);
		dot_text(g->frames.at[i].label, out);
		buf_puts(out, "\";\n");
		vec_each(const size_t, n, &g->frames.at[i].nodes)
			dot_node(g, *n, "    ", out);
		buf_puts(out, "  }\n");
	}
	for (size_t i = 0; i < g->nodes.n; i++)
		if (!framed[i])
			dot_node(g, i, "  ", out);
	vec_each(const struct edge, e, &g->edges)
		dot_edge(e, out);
	buf_puts(out, "}\n");
}

/* ---- Mermaid: https://mermaid.js.org/syntax/flowchart.html ---- */

/* Text in quotes; what Mermaid or the HTML around it would read otherwise is written as entities. */
static void mermaid_text(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (c == '"' || c == '#' || c == '<' || c == '>' || c == '&' || c == ';' || c == '`' || c == '\\')
			buf_fmt(out, "#%d;", c);
		else
			buf_addc(out, c == '\n' ? ' ' : c);
	}
}

static void mermaid_node(const struct graph *g, size_t i, const char *indent, struct buf *out)
{
	static const char *const shapes[][2] = {
		[SHAPE_CONTAINER] = {"[", "]"}, [SHAPE_SUBNET] = {"([", "])"}, [SHAPE_WORLD] = {"((", "))"}, [SHAPE_HOST] = {"[[", "]]"}, [SHAPE_PORT] = {">", "]"},
	};
	const struct gnode *n = &g->nodes.at[i];

	buf_fmt(out, "%sn%zu%s\"", indent, i, shapes[n->shape][0]);
	mermaid_text(n->label, out);
	if (n->more.n) {
		buf_puts(out, "<br/>");
		mermaid_text(n->more, out);
	}
	buf_fmt(out, "\"%s\n", shapes[n->shape][1]);
}

static void mermaid_edge(const struct edge *e, struct buf *out)
{
	static const char *const lines[] = {[EDGE_FLOW] = "-->", [EDGE_PUBLISH] = "==>", [EDGE_AFTER] = "-.->", [EDGE_REQUIRES] = "-.->", [EDGE_JOIN] = "---"};
	struct str label = edge_label(e);

	buf_fmt(out, "  n%zu %s", e->from, lines[e->meaning]);
	if (label.n) {
		buf_puts(out, "|\"");
		mermaid_text(label, out);
		buf_puts(out, "\"|");
	}
	buf_fmt(out, " n%zu\n", e->to);
}

static void print_mermaid(const struct graph *g, const bool *framed, struct buf *out)
{
	buf_puts(out, "flowchart LR\n");
	for (size_t i = 0; i < g->frames.n; i++) {
		buf_fmt(out, "  subgraph g%zu[\"", i);
		mermaid_text(g->frames.at[i].label, out);
		buf_puts(out, "\"]\n");
		vec_each(const size_t, n, &g->frames.at[i].nodes)
			mermaid_node(g, *n, "    ", out);
		buf_puts(out, "  end\n");
	}
	for (size_t i = 0; i < g->nodes.n; i++)
		if (!framed[i])
			mermaid_node(g, i, "  ", out);
	vec_each(const struct edge, e, &g->edges)
		mermaid_edge(e, out);
}

void graph_print(const struct model *model, enum graph_format format, struct buf *out)
{
	struct graph g = {0};
	bool *framed;

	vec_each(struct m_stack *const, s, &model->stacks)
		vec_each(struct m_container *const, c, &(*s)->container)
			container_add(&g, *c);
	vec_each(struct m_stack *const, s, &model->stacks)
		stack_edges(&g, *s);
	framed = arena_array(&g.arena, g.nodes.n, sizeof *framed);
	vec_each(const struct frame, f, &g.frames)
		vec_each(const size_t, n, &f->nodes)
			framed[*n] = true;
	if (format == GRAPH_DOT)
		print_dot(&g, framed, out);
	else
		print_mermaid(&g, framed, out);
	arena_free(&g.arena);
}
