/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about what is served to others: where metrics are read, and reverse proxies and their routes: that each leads from a name that can be one to a port that is there, by a proxy that can serve it. */
#include "compiler/rules_impl.h"
#include "lang/schema.h"

#define rules_each_route(p, r) vec_each(const struct route, p, &(r)->routes->all)

static void unserved_add(struct rules *r, enum diag_code code, const struct m_stack *s, size_t route)
{
	struct diag *d;

	if (!s->proxy.n) {
		d = diag_add(r->diags, code, s->route.at[route].at, "no proxy serves this route: stack `%.*s` has none", STR_ARG(s->head.name));
		diag_help(r->diags, d, "declare one: proxy front { container = … }");
		return;
	}
	d = diag_add(r->diags, code, s->route.at[route].at, "this route does not say which proxy serves it: stack `%.*s` has %zu", STR_ARG(s->head.name), s->proxy.n);
	diag_help(r->diags, d, "providers = [%.*s]", STR_ARG(s->proxy.at[0]->head.name));
}

RULE(route_proxy)
{
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->route.n; i++)
			if (route_proxies(*s, i).n == 0)
				unserved_add(r, code, *s, i);
	rules_each_route(p, r) {
		struct diag *d;

		if (p->proxy->head.stack == p->stack)
			continue;
		d = diag_add(r->diags, code, p->proxy_at, "a proxy serves the routes of its own stack; `%.*s` is of stack `%.*s`", STR_ARG(p->proxy->head.name),
			     STR_ARG(p->proxy->head.stack->head.name));
		diag_note(r->diags, d, p->proxy->head.at, "declared here: the route can stand there, and lead to a container of any stack");
	}
}

RULE(route_twice)
{
	struct map seen = {0};

	rules_each_route(p, r) {
		struct str key = STR_JOIN(r->arena, p->proxy->head.stack->head.name, STR("."), p->proxy->head.name, STR(" "), p->host);
		const struct route *first = map_add(r->arena, &seen, key, (void *)(uintptr_t)p);

		if (first)
			diag_note(r->diags, diag_add(r->diags, code, p->at, "proxy `%.*s` has a route for %.*s already", STR_ARG(p->proxy->head.name), STR_ARG(p->host)),
				  first->at, "first here");
	}
}

/* RFC 1123, 2.1: labels of letters, digits and -, in lower case here, since host names are compared without case. */
static const char *host_wrong(struct str host)
{
	struct str rest = host;

	if (host.n > 253)
		return "is longer than 253 bytes";
	while (rest.n || (host.n && host.s[host.n - 1] == '.')) {
		struct str label = str_cut(rest, '.', &rest);

		if (label.n == 0)
			return "has an empty part";
		if (label.n > 63)
			return "has a part longer than 63 bytes";
		for (size_t i = 0; i < label.n; i++)
			if (!((label.s[i] >= 'a' && label.s[i] <= 'z') || (label.s[i] >= '0' && label.s[i] <= '9') || (label.s[i] == '-' && i && i + 1 < label.n)))
				return "has something else than lower-case letters, digits and - within parts joined by dots";
	}
	return host.n ? NULL : "is empty";
}

/* That the domain behind the name is none is said where it stands (proxy_form). */
static bool domain_wrong(const struct route *p)
{
	struct str domain = p->proxy->domain.set ? p->proxy->domain.v : p->proxy->head.stack->domain.v;

	return host_wrong(domain) && p->host.n > domain.n && memcmp(p->host.s + p->host.n - domain.n, domain.s, domain.n) == 0;
}

RULE(route_host)
{
	rules_each_route(p, r) {
		const char *wrong = host_wrong(p->host);

		if (!wrong || domain_wrong(p))
			continue;
		struct diag *d = diag_add(r->diags, code, p->name_at, "`%.*s` is no host name: it %s", STR_ARG(p->host), wrong);
		if (str_has(p->host, '/') || str_has(p->host, ':'))
			diag_help(r->diags, d, "it has neither a scheme nor a path: route \"chat\" -> chat.http");
	}
}

static void route_port_check(struct rules *r, enum diag_code code, const struct route *p)
{
	const char *wanted = p->tls == WORD_TLS_off ? "http" : "https";

	if (p->port.proto != PROTO_TCP || p->port.lo != p->port.hi)
		diag_add(r->diags, code, p->to_at, "a route leads to one tcp port, not to %.*s", STR_ARG(port_shown(r->arena, p->port)));
	else if (p->front->container == p->to->container)
		diag_add(r->diags, code, p->to_at, "the route leads from container `%.*s` to itself", STR_ARG(p->to->container->head.name));
	else if (container_on_host(p->to->container) && !container_on_host(p->front->container))
		diag_note(r->diags,
			  diag_add(r->diags, code, p->to_at, "`%.*s` is on the host's network, where proxy `%.*s` cannot reach it", STR_ARG(p->to->container->head.name),
				   STR_ARG(p->proxy->head.name)),
			  p->to->container->network.at, "the host's network is chosen here");
	else if (route_crosses(p) && !(p->front->address[NET_4].n && p->to->address[NET_4].n) && !(p->front->address[NET_6].n && p->to->address[NET_6].n))
		diag_add(r->diags, code, p->to_at, "proxy `%.*s` and container `%.*s` have no addresses of one family", STR_ARG(p->proxy->head.name),
			 STR_ARG(p->to->container->head.name));
	else if (p->listen.lo == 0) {
		struct diag *d = diag_add(r->diags, code, p->at, "proxy `%.*s` has no port for this route: `tls` is %.*s", STR_ARG(p->proxy->head.name),
					  STR_ARG(word_texts[p->tls]));

		diag_note(r->diags, d, p->proxy->head.at, "the proxy");
		diag_help(r->diags, d, "give its container a port called %s: ports { %s = %s }", wanted, wanted, p->tls == WORD_TLS_off ? "80/tcp" : "443/tcp");
	}
}

RULE(route_port)
{
	rules_each_route(p, r)
		route_port_check(r, code, p);
}

/* crypt(5): $2b$COST$ and 53 characters of its own base 64. What Caddy and Traefik both take. */
static bool is_bcrypt(struct str s)
{
	if (s.n != 60 || s.s[0] != '$' || s.s[1] != '2' || !strchr("abxy", s.s[2]) || s.s[3] != '$' || s.s[6] != '$')
		return false;
	for (size_t i = 4; i < s.n; i++) {
		char c = s.s[i];
		bool digit = c >= '0' && c <= '9';

		if (i < 6 ? !digit : i > 6 && !(digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/'))
			return false;
	}
	return true;
}

RULE(route_auth)
{
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->route.n; i++) {
			const struct m_arrow_route *how = (*s)->route.at[i].block;

			for (size_t k = 0; how && k < how->auth.n; k++)
				if (!is_bcrypt(how->auth.at[k].value.v))
					diag_help(r->diags,
						  diag_add(r->diags, code, how->auth.at[k].value.at, "the password of `%.*s` is not given by its bcrypt hash",
							   STR_ARG(how->auth.at[k].name)),
						  "caddy hash-password, or htpasswd -nbB USER PASSWORD, prints it: $2a$14$…");
		}
}

/* https://example.org/, .example.org, *.example.org */
static void domain_said(struct rules *r, enum diag_code code, struct span at, struct str domain)
{
	struct diag *d = diag_add(r->diags, code, at, "`%.*s` is no domain: it %s", STR_ARG(domain), host_wrong(domain));
	const char *scheme = str_find(domain, STR("://"));
	struct str bare = scheme ? (struct str){scheme + 3, domain.n - (size_t)(scheme + 3 - domain.s)} : domain;

	while (bare.n && (bare.s[0] == '.' || bare.s[0] == '*'))
		bare = (struct str){bare.s + 1, bare.n - 1};
	bare = str_cut(str_cut(bare, '/', NULL), ':', NULL);
	if (bare.n && !host_wrong(bare))
		diag_help(r->diags, d, "write: domain = \"%.*s\"", STR_ARG(bare));
}

RULE(proxy_form)
{
	vec_each(struct m_stack *const, s, &r->model->stacks) {
		struct map seen = {0};

		vec_each(struct m_proxy *const, at, &(*s)->proxy) {
			const struct m_proxy *p = *at;
			const struct m_container *c = p->container.v;
			const struct m_proxy *first = map_add(r->arena, &seen, c->head.name, *at);
			const struct f_PORTREF *ports[] = {&p->http, &p->https};

			if (c->head.stack != *s)
				diag_add(r->diags, code, p->container.at, "a proxy runs in a container of its own stack; `%.*s` is of stack `%.*s`", STR_ARG(c->head.name),
					 STR_ARG(c->head.stack->head.name));
			else if (first)
				diag_note(r->diags, diag_add(r->diags, code, p->container.at, "container `%.*s` is a proxy already", STR_ARG(c->head.name)), first->head.at,
					  "this one");
			for (size_t i = 0; i < 2; i++)
				if (ports[i]->set && ports[i]->v.container != c)
					diag_add(r->diags, code, ports[i]->at, "this is no port of the proxy's container `%.*s`", STR_ARG(c->head.name));
			if (p->domain.given && host_wrong(p->domain.v))
				domain_said(r, code, p->domain.at, p->domain.v);
		}
		if ((*s)->domain.given && host_wrong((*s)->domain.v))
			domain_said(r, code, (*s)->domain.at, (*s)->domain.v);
	}
}

RULE(proxy_email)
{
	struct map seen = {0};

	rules_each_route(p, r) {
		struct str key = STR_JOIN(r->arena, p->proxy->head.stack->head.name, STR("."), p->proxy->head.name);
		struct diag *d;

		if (p->tls != WORD_TLS_acme || p->proxy->email.set || map_add(r->arena, &seen, key, (void *)(uintptr_t)p))
			continue;
		d = diag_add(r->diags, code, p->proxy->head.at, "proxy `%.*s` gets certificates by acme and says nobody to write to", STR_ARG(p->proxy->head.name));
		diag_note(r->diags, d, p->at, "by this route");
		diag_help(r->diags, d, "email = \"admin@example.org\"");
	}
}

RULE(metrics_port)
{
	rules_each_container(m, r) {
		const struct m_metrics *how = m->container->metrics;
		struct port port;

		if (!how || !how->port.set)
			continue;
		port = how->port.v.port;
		if (how->port.v.container != m->container)
			diag_add(r->diags, code, how->port.at, "metrics of container `%.*s` are read at its own port", STR_ARG(m->container->head.name));
		else if (port.proto != PROTO_TCP || port.lo != port.hi)
			diag_add(r->diags, code, how->port.at, "metrics are read at one tcp port, not at %.*s", STR_ARG(port_shown(r->arena, port)));
		else if (!str_starts(how->path.v, STR("/")))
			diag_add(r->diags, code, how->path.at, "a path begins with /");
	}
}

/* ---- lints ---- */

RULE(route_plain)
{
	rules_each_route(p, r)
		if (p->tls == WORD_TLS_off && p->how && p->how->auth.n)
			diag_help(r->diags, diag_add(r->diags, code, p->at, "passwords for %.*s are sent in the clear", STR_ARG(p->host)), "tls = internal, or acme");
}

/* RFC 6762 and RFC 2606: names that no public authority certifies. */
RULE(route_acme)
{
	static const char *const ends[] = {".local", ".localhost", ".test", ".example", ".invalid", ".internal", ".lan"};

	rules_each_route(p, r)
		for (size_t i = 0; p->tls == WORD_TLS_acme && i < sizeof ends / sizeof ends[0]; i++) {
			if (str_ends(p->host, str_of(ends[i])))
				diag_help(r->diags, diag_add(r->diags, code, p->at, "no authority gives a certificate for %.*s", STR_ARG(p->host)),
					  "tls = internal, or another domain");
		}
}

/* Marks every namespace that a flow or a published port leads to, at its home's place. */
static bool *led_to(const struct rules *r)
{
	bool *led = arena_array(r->arena, r->net->nmembers, sizeof *led);

	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->publish.n; i++)
			led[net_member_of(r->net, (*s)->publish.at[i].right.v.container)->home - r->net->members] = true;
	vec_each(const struct flow, f, &r->flows->all) {
		struct flow_members to;

		flow_members(r->net, &f->to, &to);
		for (size_t i = 0; i < to.n; i++)
			led[to.at[i]->home - r->net->members] = true;
	}
	return led;
}

/* One that has routes. What stands in a network of the host's is reached there. */
RULE(proxy_idle)
{
	bool *led, *serves;

	if (!r->routes->all.n)
		return;
	led = led_to(r);
	serves = arena_array(r->arena, r->net->nmembers, sizeof *serves);
	rules_each_route(p, r)
		serves[p->front - r->net->members] |= p->front->proxy == p->proxy;
	rules_each_container(m, r) {
		size_t i = (size_t)(m - r->net->members);
		struct diag *d;

		if (!serves[i] || !m->subnet || led[m->home - r->net->members])
			continue;
		d = diag_add(r->diags, code, m->proxy->head.at, "no port of the host and no flow leads to proxy `%.*s`: nobody reaches its routes", STR_ARG(m->proxy->head.name));
		diag_help(r->diags, d, "publish 443 -> %.*s.https", STR_ARG(m->container->head.name));
	}
}
