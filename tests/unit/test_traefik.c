/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a proxy of kind traefik is given, judged by what Traefik publishes of its configuration: the program itself is not in Debian. `members` are facts of the JSON schema of
 * Traefik v3's file provider (SchemaStore, src/schemas/json/traefik-v3-file-provider.json, commit 382d06ce0f78), for the objects that ctc writes: all members that they may have. The
 * options are those of its command line (doc.traefik.io/traefik/reference/static-configuration/cli). What refers to something must find it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"

enum shape { TEXT, TEXTS, WHOLE, TRUTH, ONE, NAMED, LIST };

static const struct member {
	const char *of, *name;
	enum shape shape;
	const char *leads;	/* for ONE, NAMED (an object of free names) and LIST (with at least one): of which objects */
	bool required;
} members[] = {
    {"configuration", "http", ONE, "http", false},
    {"configuration", "tcp", ONE, "", false},
    {"configuration", "tls", ONE, "", false},
    {"configuration", "udp", ONE, "", false},
    {"http", "middlewares", NAMED, "middleware", false},
    {"http", "routers", NAMED, "router", false},
    {"http", "services", NAMED, "service", false},
    {"router", "entryPoints", TEXTS, NULL, false},
    {"router", "middlewares", TEXTS, NULL, false},
    {"router", "priority", WHOLE, NULL, false},
    {"router", "rule", TEXT, NULL, true},
    {"router", "ruleSyntax", TEXT, NULL, false},
    {"router", "service", TEXT, NULL, true},
    {"router", "tls", ONE, "router.tls", false},
    {"router.tls", "certResolver", TEXT, NULL, false},
    {"router.tls", "domains", LIST, "", false},
    {"router.tls", "options", TEXT, NULL, false},
    {"service", "loadBalancer", ONE, "loadBalancer", false},
    {"loadBalancer", "healthCheck", ONE, "", false},
    {"loadBalancer", "passHostHeader", TRUTH, NULL, false},
    {"loadBalancer", "responseForwarding", ONE, "", false},
    {"loadBalancer", "servers", LIST, "server", true},
    {"loadBalancer", "serversTransport", TEXT, NULL, false},
    {"loadBalancer", "sticky", ONE, "", false},
    {"server", "url", TEXT, NULL, true},
    {"middleware", "basicAuth", ONE, "basicAuth", false},
    {"middleware", "redirectScheme", ONE, "redirectScheme", false},
    {"middleware", "retry", ONE, "retry", false},
    {"basicAuth", "headerField", TEXT, NULL, false},
    {"basicAuth", "realm", TEXT, NULL, false},
    {"basicAuth", "removeHeader", TRUTH, NULL, false},
    {"basicAuth", "users", TEXTS, NULL, false},
    {"basicAuth", "usersFile", TEXT, NULL, false},
    {"redirectScheme", "permanent", TRUTH, NULL, false},
    {"redirectScheme", "port", TEXT, NULL, false},
    {"redirectScheme", "scheme", TEXT, NULL, false},
    {"retry", "attempts", WHOLE, NULL, true},
    {"retry", "initialInterval", TEXT, NULL, false},
};

/* Of which exactly one member is given. */
static const char *const choices[] = {"service", "middleware"};

static const char *const options[] = {
    "providers.file.directory", "providers.file.watch", "providers.providersthrottleduration", "entrypoints.http.address", "entrypoints.https.address",
    "certificatesresolvers.acme.acme.email", "certificatesresolvers.acme.acme.storage", "certificatesresolvers.acme.acme.tlschallenge",
};

enum { MEMBERS = sizeof members / sizeof members[0], OPTIONS = sizeof options / sizeof options[0] };

static void object_judge(const char *of, const json_t *o);

static void shape_judge(const struct member *m, const json_t *v)
{
	const char *name;
	json_t *each;
	size_t i;

	switch (m->shape) {
	case TEXT:
		assert_true(json_is_string(v));
		break;
	case WHOLE:
		assert_true(json_is_integer(v));
		break;
	case TRUTH:
		assert_true(json_is_boolean(v));
		break;
	case TEXTS:
		assert_true(json_is_array(v));
		json_array_foreach(v, i, each)
			assert_true(json_is_string(each));
		break;
	case ONE:
		object_judge(m->leads, v);
		break;
	case NAMED:
		/* An empty section is an error to Traefik's own parser; `@` divides a name from its provider. */
		assert_true(json_is_object(v) && json_object_size(v));
		json_object_foreach((json_t *)(uintptr_t)v, name, each) {
			assert_null(strchr(name, '@'));
			object_judge(m->leads, each);
		}
		break;
	case LIST:
		assert_true(json_array_size(v) > 0);
		json_array_foreach(v, i, each)
			object_judge(m->leads, each);
		break;
	}
}

static void object_judge(const char *of, const json_t *o)
{
	size_t known = 0;

	assert_true(json_is_object(o));
	for (size_t i = 0; i < MEMBERS; i++) {
		const json_t *v = json_object_get(o, members[i].name);

		if (strcmp(members[i].of, of) != 0)
			continue;
		if (!v && members[i].required)
			fail_msg("%s has no %s", of, members[i].name);
		if (!v)
			continue;
		known++;
		shape_judge(&members[i], v);
	}
	if (known != json_object_size(o))
		fail_msg("%s has a member that Traefik does not know: %s", of, json_dumps(o, JSON_SORT_KEYS));
	for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
		if (strcmp(choices[i], of) == 0)
			assert_int_equal(known, 1);
}

/* Whether the unit's command has an option that begins so. */
static bool has_option(const struct res_unit *u, const char *begin, const char *name, const char *end)
{
	char word[200];

	snprintf(word, sizeof word, "--%s%s%s", begin, name, end);
	return memmem(u->text.s, u->text.n, word, strlen(word)) != NULL;
}

static void references_judge(const json_t *http, const struct res_unit *u)
{
	const char *name;
	json_t *router, *each;
	size_t i;

	json_object_foreach(json_object_get(http, "routers"), name, router) {
		const json_t *resolver = json_object_get(json_object_get(router, "tls"), "certResolver");

		assert_non_null(json_object_get(json_object_get(http, "services"), json_string_value(json_object_get(router, "service"))));
		json_array_foreach(json_object_get(router, "middlewares"), i, each)
			assert_non_null(json_object_get(json_object_get(http, "middlewares"), json_string_value(each)));
		json_array_foreach(json_object_get(router, "entryPoints"), i, each)
			assert_true(has_option(u, "entrypoints.", json_string_value(each), ".address=:"));
		if (resolver)
			assert_true(has_option(u, "certificatesresolvers.", json_string_value(resolver), ".acme.email="));
	}
}

/* Every option of the command is one of Traefik's; the command begins behind the image's line. */
static void options_judge(const struct res_unit *u)
{
	struct str rest = u->text, line;
	size_t n = 0;
	bool ours = false;

	while (rest.n) {
		size_t known = 0;

		line = str_cut(rest, '\n', &rest);
		if (str_starts(line, STR("\t@image:")))
			ours = true;
		else if (ours && line.n && line.s[0] != '\t')
			break;
		else if (ours) {
			for (size_t i = 0; i < OPTIONS; i++)
				known += line.n > 3 && str_starts((struct str){line.s + 3, line.n - 3}, str_of(options[i])) && line.s[3 + strlen(options[i])] == '=';
			if (known != 1)
				fail_msg("no option of Traefik's: %.*s", STR_ARG(line));
			n++;
		}
	}
	assert_true(n >= 4);
}

static void judged(const char *path, size_t routers)
{
	struct compilation c = {0};
	const struct res_proxy *p;
	size_t n = 0;

	assert_int_equal(compile_files(&c, &path, 1), 0);
	manifest_each(proxy, p, &c.manifest) {
		json_t *config = json_loadb(p->config.s, p->config.n, JSON_REJECT_DUPLICATES, NULL);
		const struct res_unit *u = (const struct res_unit *)manifest_find(&c.manifest, RES_unit, STR("ct-edge-traefik.service"));

		assert_non_null(u);
		object_judge("configuration", config);
		references_judge(json_object_get(config, "http"), u);
		options_judge(u);
		assert_int_equal(json_object_size(json_object_get(json_object_get(config, "http"), "routers")), routers);
		json_decref(config);
		n++;
	}
	assert_int_equal(n, 1);
	compilation_end(&c);
}

/* Four routes, three of which are asked for by plain HTTP, too, to be sent to HTTPS. */
static void what_it_is_given(void **state)
{
	(void)state;
	judged("tests/golden/manifest/traefik.ctstack", 7);
}

static void without_a_route(void **state)
{
	char path[] = "/tmp/ctc-traefik-XXXXXX.ctstack";
	int fd = mkstemps(path, 8);
	static const char text[] = "stack edge { subnet lan { range = 10.4.0.0/24 }\n"
				   "container traefik { image = \"localhost/traefik:3\"; address = 10.4.0.2; ports { http = 80/tcp; https = 443/tcp } }\n"
				   "proxy front { container = traefik; kind = traefik } }\n";

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	judged(path, 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_it_is_given),
	    cmocka_unit_test(without_a_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
