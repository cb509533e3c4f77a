/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The routes of routes.h. */
#include "compiler/routes.h"

/* A name with a dot is whole; any other one is followed by a domain. */
static struct str host_name(struct arena *texts, struct str name, const struct m_proxy *p)
{
	struct str domain = p->domain.set ? p->domain.v : p->head.stack->domain.v;

	return str_has(name, '.') ? name : STR_JOIN(texts, name, STR("."), domain);
}

struct proxy_list route_proxies(const struct m_stack *s, size_t route)
{
	const struct m_arrow_route *how = s->route.at[route].block;

	if (how && how->providers.set)
		return (struct proxy_list){how->providers.v.at, how->providers.v.n};
	return (struct proxy_list){s->proxy.at, s->proxy.n == 1};
}

struct port proxy_port(const struct m_proxy *p, bool tls)
{
	const struct f_PORTREF *given = tls ? &p->https : &p->http;

	if (given->set)
		return given->v.port;
	return port_named(p->container.v, tls ? STR("https") : STR("http"));
}

bool route_crosses(const struct route *r)
{
	return r->front->home != r->to->home && !container_on_host(r->front->container);
}

struct str route_upstream(struct arena *a, const struct route *r)
{
	bool local = r->front->home == r->to->home || container_on_host(r->to->container);
	bool v4 = r->to->address[NET_4].n && (!route_crosses(r) || r->front->address[NET_4].n);

	if (local)
		return str_fmt(a, "127.0.0.1:%u", (unsigned)r->port.lo);
	return v4 ? str_fmt(a, "%.*s:%u", STR_ARG(r->to->address[NET_4]), (unsigned)r->port.lo)
		  : str_fmt(a, "[%.*s]:%u", STR_ARG(r->to->address[NET_6]), (unsigned)r->port.lo);
}

static void route_add(struct arena *a, struct arena *texts, const struct net *net, const struct m_stack *s, size_t i, struct proxy_list proxies,
		      size_t k, struct routes *ret)
{
	const struct m_proxy *p = proxies.at[k];
	const struct m_arrow_route *how = s->route.at[i].block;
	const struct port_ref *to = &s->route.at[i].right.v;
	struct route r = {
		.stack = s,
		.at = s->route.at[i].at,
		.name_at = s->route.at[i].left.at,
		.proxy = p,
		.proxy_at = how && how->providers.set && how->providers.v.spans ? how->providers.v.spans[k] : s->route.at[i].at,
		.host = host_name(texts, s->route.at[i].left.v, p),
		.tls = how && how->tls.set ? how->tls.v : p->tls.v,
		.enabled = !how || how->enable.v,
		.how = how,
		.front = net_member_of(net, p->container.v),
		.to = net_member_of(net, to->container),
		.port = to->port,
		.to_at = s->route.at[i].right.at,
	};

	r.listen = proxy_port(p, r.tls != WORD_TLS_off);
	vec_push(a, &ret->all, r);
}

void routes_build(struct arena *a, struct arena *texts, const struct model *model, const struct net *net, struct routes *ret)
{
	vec_each(struct m_stack *const, s, &model->stacks)
		for (size_t i = 0; i < (*s)->route.n; i++) {
			struct proxy_list proxies = route_proxies(*s, i);

			for (size_t k = 0; k < proxies.n; k++)
				route_add(a, texts, net, *s, i, proxies, k, ret);
		}
}
