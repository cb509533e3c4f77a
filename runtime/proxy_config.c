/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The values of proxy_config.h, by jansson. Caddy's routes are members of arrays, marked by "@id"; Traefik's are members of http.routers, by their names. */
#include "runtime/proxy_config.h"

#include <jansson.h>

#include "lang/base/cleanup.h"

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define _json_ _cleanup_(cleanup_json)

static json_t *read_config(struct str text)
{
	return json_loadb(text.s ? text.s : "", text.n, JSON_REJECT_DUPLICATES, NULL);
}

/* ---- Caddy ---- */

static json_t *servers_of(json_t *config)
{
	return json_object_get(json_object_get(json_object_get(config, "apps"), "http"), "servers");
}

static void caddy_marks(json_t *config, json_t *marks)
{
	const char *name;
	json_t *server, *route;
	size_t i;

	json_object_foreach(servers_of(config), name, server)
		json_array_foreach(json_object_get(server, "routes"), i, route)
			if (json_is_string(json_object_get(route, "@id")))
				json_object_set_new(marks, json_string_value(json_object_get(route, "@id")), json_true());
}

static void caddy_keep(json_t *config, json_t *marks)
{
	const char *name;
	json_t *server;

	json_object_foreach(servers_of(config), name, server) {
		json_t *routes = json_object_get(server, "routes");

		for (size_t i = json_array_size(routes); i-- > 0;) {
			json_t *id = json_object_get(json_array_get(routes, i), "@id");

			if (json_is_string(id) && !json_object_get(marks, json_string_value(id)))
				json_array_remove(routes, i);
		}
	}
}

/* ---- Traefik ---- */

static void traefik_marks(json_t *config, json_t *marks)
{
	const char *name;
	json_t *router;

	json_object_foreach(json_object_get(json_object_get(config, "http"), "routers"), name, router)
		json_object_set_new(marks, name, json_true());
}

/* An empty section is an error to its parser. */
static void traefik_keep(json_t *config, json_t *marks)
{
	json_t *http = json_object_get(config, "http"), *routers = json_object_get(http, "routers"), *router;
	const char *name;
	void *next;

	json_object_foreach_safe(routers, next, name, router)
		if (!json_object_get(marks, name))
			json_object_del(routers, name);
	if (routers && json_object_size(routers) == 0)
		json_object_del(http, "routers");
}

int proxy_config_common(struct str config, struct str other, struct arena *a, struct str *ret, struct err *e)
{
	_json_ json_t *kept = read_config(config), *from = read_config(other), *marks = json_object();

	if (!json_is_object(kept) || !json_is_object(from) || !marks)
		return err_set(e, -EBADMSG, "the configuration of a reverse proxy is not what was written");
	caddy_marks(from, marks);
	traefik_marks(from, marks);
	caddy_keep(kept, marks);
	traefik_keep(kept, marks);
	_mem_ char *text = json_dumps(kept, JSON_SORT_KEYS | JSON_COMPACT);
	if (!text)
		return err_set(e, -ENOMEM, "no memory for the configuration of a reverse proxy");
	*ret = str_copy(a, str_of(text));
	return 0;
}

bool proxy_config_same(struct str a, struct str b)
{
	_json_ json_t *x = read_config(a), *y = read_config(b);

	return x && y && json_equal(x, y);
}
