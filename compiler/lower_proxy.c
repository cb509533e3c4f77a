/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What reverse proxies serve: a route for people, and the configuration of each proxy's program as JSON (jansson, keys sorted), which both programs read: Caddy natively, Traefik as YAML,
 * of which JSON is a part. A route is marked with its host name (`@id`, the name of a router), so that the runtime can take out those whose container is not there. No value
 * of the source reaches a format by another way. spec/services.md has the rules. */
#include <jansson.h>
#include <nettle/base64.h>
#include <stdlib.h>

#include "compiler/lower_engine.h"
#include "lang/base/sort.h"
#include "lang/schema.h"

#define CADDY_FILE "caddy.json"
#define TRAEFIK_FILE "routes.yml"

/* How long a request waits for a container that is being started again, and how often it is tried. */
#define TRY_FOR "30s"
#define TRY_EACH "100ms"
enum { HTTPS_PORT = 443, TRAEFIK_TRIES = 12 };	/* of an interval that grows from 100 ms: about 30 s */

struct strs proxy_command(struct arena *a, const struct m_proxy *p)
{
	VEC(struct str) words = {0};
	struct port http = proxy_port(p, false), https = proxy_port(p, true);

	if (p->kind.v == WORD_PROXYKIND_caddy) {
		static const char *const caddy[] = {"caddy", "run", "--config", PROXY_CONFIG_DIR "/" CADDY_FILE};

		for (size_t i = 0; i < sizeof caddy / sizeof caddy[0]; i++)
			vec_push(a, &words, str_of(caddy[i]));
		return (struct strs){words.at, words.n};
	}
	vec_push(a, &words, STR("--providers.file.directory=" PROXY_CONFIG_DIR));
	vec_push(a, &words, STR("--providers.file.watch=true"));
	vec_push(a, &words, STR("--providers.providersthrottleduration=100ms"));
	if (http.lo)
		vec_push(a, &words, str_fmt(a, "--entrypoints.http.address=:%u", (unsigned)http.lo));
	if (https.lo)
		vec_push(a, &words, str_fmt(a, "--entrypoints.https.address=:%u", (unsigned)https.lo));
	if (p->email.set) {
		vec_push(a, &words, STR_JOIN(a, STR("--certificatesresolvers.acme.acme.email="), p->email.v));
		vec_push(a, &words, STR("--certificatesresolvers.acme.acme.storage=/data/acme.json"));
		vec_push(a, &words, STR("--certificatesresolvers.acme.acme.tlschallenge=true"));
	}
	return (struct strs){words.at, words.n};
}

/* ---- JSON: a failure is one of memory, in which nothing else could go on either ---- */

static json_t *made(json_t *j)
{
	if (!j)
		abort();
	return j;
}

static json_t *text(struct str s)
{
	return made(json_stringn(s.s ? s.s : "", s.n));
}

static json_t *object(void)
{
	return made(json_object());
}

static json_t *array(void)
{
	return made(json_array());
}

/* Takes the value over. */
static json_t *put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, made(value)) < 0)
		abort();
	return object;
}

static json_t *push(json_t *array, json_t *value)
{
	if (json_array_append_new(array, made(value)) < 0)
		abort();
	return array;
}

static json_t *one(json_t *value)
{
	return push(array(), value);
}

static struct str dumped(struct arena *a, json_t *j)
{
	char *s = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	struct str ret;

	if (!s)
		abort();
	ret = str_copy(a, str_of(s));
	free(s);
	json_decref(j);
	return ret;
}

/* ---- Caddy's own JSON: https://caddyserver.com/docs/json/ ---- */

/* Its accounts take hashes in base 64. */
static json_t *caddy_auth(struct arena *a, const struct m_arrow_route *how)
{
	json_t *accounts = array();

	for (size_t i = 0; i < how->auth.n; i++) {
		struct str hash = how->auth.at[i].value.v;
		size_t n = BASE64_ENCODE_RAW_LENGTH(hash.n);
		char *encoded = arena_array(a, n, 1);

		base64_encode_raw(encoded, hash.n, (const uint8_t *)hash.s);
		push(accounts, put(put(object(), "username", text(how->auth.at[i].name)), "password", text((struct str){encoded, n})));
	}
	return put(put(object(), "handler", text(STR("authentication"))), "providers",
		   put(object(), "http_basic", put(put(object(), "accounts", accounts), "hash", put(object(), "algorithm", text(STR("bcrypt"))))));
}

static json_t *caddy_route(struct arena *a, const struct route *r)
{
	json_t *handle = array(), *proxy = object(), *route = object();

	if (r->how && r->how->auth.n)
		push(handle, caddy_auth(a, r->how));
	put(proxy, "handler", text(STR("reverse_proxy")));
	put(proxy, "upstreams", one(put(object(), "dial", text(route_upstream(a, r)))));
	put(proxy, "load_balancing", put(put(object(), "try_duration", text(STR(TRY_FOR))), "try_interval", text(STR(TRY_EACH))));
	push(handle, proxy);
	put(route, "@id", text(r->host));
	put(route, "match", one(put(object(), "host", one(text(r->host)))));
	put(route, "handle", handle);
	return put(route, "terminal", json_true());
}

static json_t *caddy_issuer(const struct m_proxy *p, bool acme)
{
	json_t *issuer = put(object(), "module", text(acme ? STR("acme") : STR("internal")));

	return acme && p->email.set ? put(issuer, "email", text(p->email.v)) : issuer;
}

static json_t *caddy_server(struct arena *a, struct port listen, json_t *routes)
{
	return put(put(object(), "listen", one(text(str_fmt(a, ":%u", (unsigned)listen.lo)))), "routes", routes);
}

/* What no route asks for: not Caddy's empty answer with status 200. */
static json_t *caddy_nothing(void)
{
	return put(object(), "handle", one(put(put(object(), "handler", text(STR("static_response"))), "status_code", json_integer(404))));
}

static json_t *caddy_http(struct arena *a, const struct m_proxy *p, json_t *plain, json_t *secure)
{
	struct port http = proxy_port(p, false), https = proxy_port(p, true);
	json_t *servers = object(), *app = put(object(), "servers", servers), *server;

	put(app, "grace_period", text(STR("10s")));
	if (http.lo)
		put(app, "http_port", json_integer(http.lo));
	if (https.lo)
		put(app, "https_port", json_integer(https.lo));
	if (https.lo) {
		server = caddy_server(a, https, push(secure, caddy_nothing()));
		/* Without a port for it, nothing is to listen for plain HTTP and to redirect. */
		put(servers, "https", http.lo ? server : put(server, "automatic_https", put(object(), "disable_redirects", json_true())));
	} else {
		json_decref(secure);
	}
	/* Caddy's redirects of routes with TLS come before what matches everything; without this it would send any name to HTTPS. */
	if (http.lo)
		put(servers, "http", caddy_server(a, http, push(plain, caddy_nothing())));
	else
		json_decref(plain);
	return app;
}

static struct str caddy_config(struct arena *a, const struct m_proxy *p, const struct route *const *routes, size_t n)
{
	json_t *plain = array(), *secure = array(), *internal = array(), *acme = array(), *policies = array(), *apps = object();

	for (size_t i = 0; i < n; i++) {
		push(routes[i]->tls == WORD_TLS_off ? plain : secure, caddy_route(a, routes[i]));
		if (routes[i]->tls != WORD_TLS_off)
			push(routes[i]->tls == WORD_TLS_acme ? acme : internal, text(routes[i]->host));
	}
	if (json_array_size(internal))
		push(policies, put(put(object(), "subjects", json_incref(internal)), "issuers", one(caddy_issuer(p, false))));
	if (json_array_size(acme))
		push(policies, put(put(object(), "subjects", json_incref(acme)), "issuers", one(caddy_issuer(p, true))));
	json_decref(internal);
	json_decref(acme);
	put(apps, "http", caddy_http(a, p, plain, secure));
	put(apps, "tls", put(object(), "automation", put(object(), "policies", policies)));
	/* Its authority is for the proxy's clients; in the container nobody has to trust it. */
	put(apps, "pki", put(object(), "certificate_authorities", put(object(), "local", put(object(), "install_trust", json_false()))));
	return dumped(a, put(put(object(), "apps", apps), "admin",
			     put(put(object(), "listen", text(STR("localhost:2019"))), "config", put(object(), "persist", json_false()))));
}

/* ---- Traefik's dynamic configuration: https://doc.traefik.io/traefik/reference/dynamic-configuration/file/ ---- */

static json_t *traefik_router(struct arena *a, const struct route *r)
{
	json_t *router = object(), *middlewares = array();

	put(router, "rule", text(STR_JOIN(a, STR("Host(`"), r->host, STR("`)"))));
	put(router, "entryPoints", one(text(r->tls == WORD_TLS_off ? STR("http") : STR("https"))));
	put(router, "service", text(r->host));
	if (r->how && r->how->auth.n)
		push(middlewares, text(STR_JOIN(a, STR("auth "), r->host)));
	put(router, "middlewares", push(middlewares, text(STR("again"))));
	if (r->tls == WORD_TLS_internal)
		put(router, "tls", object());
	if (r->tls == WORD_TLS_acme)
		put(router, "tls", put(object(), "certResolver", text(STR("acme"))));
	return router;
}

/* What comes in plain for a route with TLS is sent to HTTPS. Traefik asks for a service though it never gets that far. */
static json_t *traefik_to_tls(struct arena *a, const struct route *r)
{
	json_t *router = put(put(object(), "entryPoints", one(text(STR("http")))), "middlewares", one(text(STR("to tls"))));

	return put(put(router, "rule", text(STR_JOIN(a, STR("Host(`"), r->host, STR("`)")))), "service", text(r->host));
}

static json_t *traefik_redirect(struct arena *a, struct port https)
{
	json_t *redirect = put(put(object(), "scheme", text(STR("https"))), "permanent", json_true());

	if (https.lo != HTTPS_PORT)
		put(redirect, "port", text(str_fmt(a, "%u", (unsigned)https.lo)));
	return put(object(), "redirectScheme", redirect);
}

static json_t *traefik_auth(struct arena *a, const struct m_arrow_route *how)
{
	json_t *users = array();

	for (size_t i = 0; i < how->auth.n; i++)
		push(users, text(STR_JOIN(a, how->auth.at[i].name, STR(":"), how->auth.at[i].value.v)));
	return put(object(), "basicAuth", put(object(), "users", users));
}

static struct str traefik_config(struct arena *a, const struct m_proxy *p, const struct route *const *routes, size_t n)
{
	json_t *routers = object(), *services = object(), *middlewares = object(), *http = object();
	bool redirects = proxy_port(p, false).lo && proxy_port(p, true).lo;

	put(middlewares, "again", put(object(), "retry", put(put(object(), "attempts", json_integer(TRAEFIK_TRIES)), "initialInterval", text(STR(TRY_EACH)))));
	for (size_t i = 0; i < n; i++) {
		const struct route *r = routes[i];
		struct str url = STR_JOIN(a, STR("http://"), route_upstream(a, r));

		put(routers, r->host.s, traefik_router(a, r));
		if (redirects && r->tls != WORD_TLS_off) {
			put(routers, STR_JOIN(a, r->host, STR(" to tls")).s, traefik_to_tls(a, r));
			put(middlewares, "to tls", traefik_redirect(a, proxy_port(p, true)));
		}
		put(services, r->host.s, put(object(), "loadBalancer", put(object(), "servers", one(put(object(), "url", text(url))))));
		if (r->how && r->how->auth.n)
			put(middlewares, STR_JOIN(a, STR("auth "), r->host).s, traefik_auth(a, r->how));
	}
	put(http, "middlewares", middlewares);
	/* An empty section is an error to its parser. */
	if (n)
		put(put(http, "routers", routers), "services", services);
	if (!n) {
		json_decref(routers);
		json_decref(services);
	}
	return dumped(a, put(object(), "http", http));
}

/* ---- the manifest ---- */

static void lower_route(struct lowering *l, const struct route *r, struct str proxy)
{
	struct res_route *res = manifest_add_route(l->out, STR_JOIN(l->arena, r->host, STR(" at "), proxy));
	size_t n = r->how ? r->how->auth.n : 0;
	struct str *users = arena_array(l->arena, n, sizeof *users);
	struct buf port = {0};

	res_mark(&res->res, r->stack, STR(""), source_origin(l->sources, r->at));
	port_text(r->port, &port);
	for (size_t i = 0; i < n; i++)
		users[i] = r->how->auth.at[i].name;
	res->host = r->host;
	res->proxy = proxy;
	res->to = r->to->full;
	res->port = buf_take(&port, l->arena);
	res->tls = word_texts[r->tls];
	res->users = (struct strs){users, n};
}

static void lower_proxy(struct lowering *l, const struct m_proxy *p, const struct route *const *routes, size_t n)
{
	const struct m_container *c = p->container.v;
	struct str id = name_full(l->arena, &p->head);
	struct res_proxy *res = manifest_add_proxy(l->out, id);
	bool caddy = p->kind.v == WORD_PROXYKIND_caddy;

	res_mark(&res->res, p->head.stack, name_full(l->arena, &c->head), source_origin(l->sources, p->head.at));
	res->program = word_texts[p->kind.v];
	res->file = STR_JOIN(l->arena, name_proxy_dir(l->arena, c), STR("/"), caddy ? STR(CADDY_FILE) : STR(TRAEFIK_FILE));
	res->netns = container_on_host(c) ? STR("") : name_derived(l->arena, container_home(c));
	res->image = container_is_tree(c) ? STR("") : name_image(l->arena, c);
	res->config = caddy ? caddy_config(l->arena, p, routes, n) : traefik_config(l->arena, p, routes, n);
	for (size_t i = 0; i < n; i++)
		lower_route(l, routes[i], id);
}

static int cmp_routes(const void *x, const void *y)
{
	const struct route *a = *(const struct route *const *)x, *b = *(const struct route *const *)y;
	int order = str_cmp(a->proxy->head.stack->head.name, b->proxy->head.stack->head.name);

	if (order == 0)
		order = str_cmp(a->proxy->head.name, b->proxy->head.name);
	return order ? order : str_cmp(a->host, b->host);
}

/* Routes sorted by proxy and host, beside the proxies, which are sorted, too. */
void lower_proxies(struct lowering *l)
{
	const struct route **all = arena_array(l->scratch, l->routes->all.n, sizeof(const struct route *));
	size_t n = 0, at = 0;

	vec_each(const struct route, r, &l->routes->all)
		if (r->enabled)
			all[n++] = r;
	sort_array(all, n, sizeof(const struct route *), cmp_routes);
	vec_each(struct m_stack *const, s, &l->model->stacks)
		vec_each(struct m_proxy *const, p, &(*s)->proxy) {
			size_t first = at;

			while (at < n && all[at]->proxy == *p)
				at++;
			if (!(*s)->head.outside)
				lower_proxy(l, *p, all + first, at - first);
		}
}
