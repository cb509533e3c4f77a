/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Routes, resolved: which proxy answers which host name, and which port of which container is behind it. Rules, flows and lowering ask here, so that all mean the same. */
#ifndef CTC_COMPILER_ROUTES_H
#define CTC_COMPILER_ROUTES_H

#include "compiler/net.h"

/* One `route` at one proxy. */
struct route {
	const struct m_stack *stack;	/* where it is said */
	struct span at, name_at;	/* the arrow; its left side */
	const struct m_proxy *proxy;
	struct span proxy_at;		/* where the proxy is named, or the arrow */
	struct str host;		/* chat.example.org */
	enum word tls;
	bool enabled;
	const struct m_arrow_route *how;
	const struct net_member *front, *to;	/* the proxy's container, and the one behind it */
	struct port listen;		/* of the proxy; lo 0: it has none for this tls */
	struct port port;		/* behind it */
	struct span to_at;
};

struct routes {
	VEC(struct route) all;	/* in source order, stack by stack */
};

/* A route without a proxy is left out; the rules have said so. Host names go to `texts`, which may outlive the rest. */
void routes_build(struct arena *a, struct arena *texts, const struct model *model, const struct net *net, struct routes *ret);

/* The proxies that a route names, or the stack's only one. */
struct proxy_list {
	struct m_proxy *const *at;
	size_t n;
};
struct proxy_list route_proxies(const struct m_stack *s, size_t route);

/* The port that a proxy answers plain HTTP or HTTPS on; lo 0: none. */
struct port proxy_port(const struct m_proxy *p, bool tls);
/* Where the proxy sends what is meant for a member: "10.0.0.2:3000", in brackets where it is IPv6. */
struct str route_upstream(struct arena *a, const struct route *r);
/* Whether packets have to be let through from the proxy to the container. */
bool route_crosses(const struct route *r);

#endif
