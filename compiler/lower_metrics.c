/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where Prometheus finds metrics: one file a stack, in the form of its file_sd_config (a list of targets with labels), by jansson. spec/services.md has the rules. */
#include <jansson.h>
#include <stdlib.h>

#include "compiler/lower_impl.h"

/* "10.0.0.2:9090", "[fd00::2]:9090"; on the host's network, the host. */
static struct str target(struct arena *a, const struct net_member *m, struct port port)
{
	if (m->address[NET_4].n)
		return str_fmt(a, "%.*s:%u", STR_ARG(m->address[NET_4]), (unsigned)port.lo);
	if (m->address[NET_6].n)
		return str_fmt(a, "[%.*s]:%u", STR_ARG(m->address[NET_6]), (unsigned)port.lo);
	return str_fmt(a, "localhost:%u", (unsigned)port.lo);
}

static json_t *entry(struct arena *a, const struct net_member *m)
{
	const struct m_container *c = m->container;
	const struct m_metrics *how = c->metrics;
	struct str at = target(a, m, how->port.v.port), path = how->path.v, stack = c->head.stack->head.name;
	json_t *e = json_pack("{s:[s%], s:{s:s%, s:s%, s:s%}}", "targets", at.s, at.n, "labels", "__metrics_path__", path.s, path.n, "container", c->head.name.s,
			      c->head.name.n, "stack", stack.s, stack.n);

	if (!e)
		abort(); /* no memory, in which nothing else could go on either */
	return e;
}

static void lower_file(struct lowering *l, const struct m_stack *s, json_t *list)
{
	struct res_file *r = manifest_add_file(l->out, STR_JOIN(l->arena, STR("/run/ctstack-metrics/"), s->head.name, STR(".json")));
	char *text = json_dumps(list, JSON_SORT_KEYS | JSON_INDENT(2));

	if (!text)
		abort();
	res_mark(&r->res, s, STR(""), source_origin(l->sources, s->head.at));
	r->mode = 0644;
	r->content = str_fmt(l->arena, "%s\n", text);
	free(text);
}

void lower_metrics(struct lowering *l)
{
	lower_each_stack(s, l) {
		json_t *list = json_array();

		vec_each(struct m_container *const, c, &(*s)->container)
			if ((*c)->metrics && json_array_append_new(list, entry(l->scratch, net_member_of(l->net, *c))) < 0)
				abort();
		if (json_array_size(list))
			lower_file(l, *s, list);
		json_decref(list);
	}
}
