/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lints: what works, and will be regretted. Warnings only. */
#include "compiler/rules_impl.h"

/* Of an image reference ([registry[:port]/]path/name[:tag][@digest]) the name; *ret_tag: its tag, or empty. */
static struct str image_name(struct str image, struct str *ret_tag)
{
	const char *slash = image.n ? memrchr(image.s, '/', image.n) : NULL;
	struct str last = slash ? (struct str){slash + 1, image.n - (size_t)(slash + 1 - image.s)} : image;

	return str_cut(str_cut(last, '@', NULL), ':', ret_tag);
}

RULE(image_tag)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct str tag;
		struct diag *d;

		image_name(c->image.v, &tag);
		if (!c->image.set || c->image.v.n == 0 || str_has(c->image.v, '@') ||
		    (tag.n && !str_is(tag, "latest")))
			continue;
		if (tag.n)
			d = diag_add(r->diags, code, c->image.at,
				     "tag `latest` of the image is another image tomorrow");
		else
			d = diag_add(r->diags, code, c->image.at,
				     "the image has no tag, which means `latest`: another image tomorrow");
		diag_help(r->diags, d, "name a version, or a digest (@sha256:…)");
	}
}

/* As podman reads a reference: the first part is a registry where it has a `.` or a `:`, or is localhost; without one, registries.conf says which are asked. */
static bool image_has_registry(struct str image)
{
	struct str host = str_cut(image, '/', NULL);

	return host.n < image.n && (str_has(host, '.') || str_has(host, ':') || str_is(host, "localhost"));
}

RULE(image_registry)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!c->image.set || c->image.v.n == 0 || image_has_registry(c->image.v))
			continue;
		diag_help(r->diags, diag_add(r->diags, code, c->image.at, "the image names no registry: which are asked for it is each host's own choice, or none"),
			  "docker.io/%s%.*s, or localhost/… of one that was made on the host", str_has(c->image.v, '/') ? "" : "library/", STR_ARG(c->image.v));
	}
}

RULE(gpu_memory)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->rare->gpu.set && !(c->limits && c->limits->memory.set))
			diag_help(r->diags,
				  diag_add(r->diags, code, c->head.at,
					   "container `%.*s` has a GPU and no memory limit: loading a model "
					   "can take all of the host's memory",
					   STR_ARG(c->head.name)),
				  "limits { memory = 16GiB }");
	}
}

/* A database is told by its port, or under another one by the name of its image. */
static const struct database {
	uint16_t port;
	const char *what;
	const char *images[4];
} databases[] = {
	{3306, "MySQL", {"mysql", "mariadb", "percona"}}, {5432, "PostgreSQL", {"postgres", "postgresql", "pgvector", "timescaledb"}},
	{6379, "Redis", {"redis", "valkey"}},		  {9200, "Elasticsearch", {"elasticsearch", "opensearch"}},
	{11211, "memcached", {"memcached"}},		  {27017, "MongoDB", {"mongo", "mongodb"}},
};

static bool is_database(const struct database *d, const struct m_container *c, struct port port)
{
	struct str tag, image = c->image.set ? image_name(c->image.v, &tag) : STR("");
	bool named = false;

	for (size_t i = 0; i < sizeof d->images / sizeof d->images[0] && d->images[i]; i++)
		named |= str_is(image, d->images[i]);
	return named || (port.lo <= d->port && d->port <= port.hi);
}

/* how: "it is published beyond this host" */
static void database_said(struct rules *r, enum diag_code code, struct span at, const struct m_container *c, struct port port, const char *how)
{
	for (size_t k = 0; k < sizeof databases / sizeof databases[0]; k++)
		if (is_database(&databases[k], c, port)) {
			unsigned number = port.lo <= databases[k].port && databases[k].port <= port.hi ? databases[k].port : port.lo;

			diag_help(r->diags, diag_add(r->diags, code, at, "port %u is %s's, and %s", number, databases[k].what, how),
				  "publish it on 127.0.0.1, or allow single containers to reach it");
		}
}

RULE(database_open)
{
	vec_each(struct m_stack *const, s, &r->model->stacks) {
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			const struct endpoint *host = &(*s)->publish.at[i].left.v;
			const struct port_ref *to = &(*s)->publish.at[i].right.v;

			if (!host->addr.family || !addr_is_loopback(host->addr))
				database_said(r, code, (*s)->publish.at[i].left.at, to->container, to->port, "it is published beyond this host");
		}
		for (size_t i = 0; i < (*s)->allow.n; i++) {
			const struct flow_end *from = &(*s)->allow.at[i].left.v, *to = &(*s)->allow.at[i].right.v;

			if (from->kind != END_WORLD || to->kind != END_CONTAINER)
				continue;
			if (to->port.lo)
				database_said(r, code, (*s)->allow.at[i].right.at, to->container, to->port, "the whole world may reach it");
			for (size_t k = 0; !to->port.lo && k < to->container->ports.n; k++)
				database_said(r, code, (*s)->allow.at[i].right.at, to->container, to->container->ports.at[k].value.v, "the whole world may reach it");
		}
	}
}

/* "0", "00": what a program takes for root's id. */
static bool is_zero(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] != '0')
			return false;
	return text.n > 0;
}

/* The user of the first process, or the one that images of linuxserver.io and others change to by PUID. */
RULE(user_root)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->user.set && c->user.v.uid == 0)
			diag_help(r->diags, diag_add(r->diags, code, c->user.at, "container `%.*s` runs as root", STR_ARG(c->head.name)),
				  "give it a user of its own, who owns its volumes: user = 1000:1000");
		vec_each(const struct entry_STRING, e, &c->env)
			if ((str_is(e->name, "PUID") || str_is(e->name, "PGID")) && is_zero(e->value.v))
				diag_help(r->diags,
					  diag_add(r->diags, code, e->value.at, "`%.*s` lets container `%.*s` run as root", STR_ARG(e->name),
						   STR_ARG(c->head.name)),
					  "give it an id of its own, who owns its volumes");
	}
}

RULE(user_unset)
{
	rules_each_container(m, r)
		if (!m->container->user.set)
			diag_help(r->diags,
				  diag_add(r->diags, code, m->container->head.at, "container `%.*s` runs as whoever its image says, which is often root",
					   STR_ARG(m->container->head.name)),
				  "user = 1000:1000");
}

RULE(memory_unset)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!c->rare->gpu.set && !(c->limits && c->limits->memory.set))
			diag_help(r->diags,
				  diag_add(r->diags, code, c->head.at, "container `%.*s` may use all of the host's memory", STR_ARG(c->head.name)),
				  "limits { memory = 1GiB }");
	}
}

/* Asked by multicast or broadcast: a packet to the published port never comes, since nobody sends one there. */
static const struct {
	struct port port;
	const char *what;
} discovery[] = {
    {{1900, 1900, PROTO_UDP}, "SSDP, by which UPnP and DLNA devices are found"},
    {{5353, 5353, PROTO_UDP}, "mDNS, by which devices of a home are found"},
    {{5355, 5355, PROTO_UDP}, "LLMNR, by which Windows finds names"},
    {{137, 138, PROTO_UDP}, "NetBIOS, by which Windows finds shares"},
    {{3702, 3702, PROTO_UDP}, "WS-Discovery, by which printers and cameras are found"},
    {{67, 68, PROTO_UDP}, "DHCP"},
    {{7359, 7359, PROTO_UDP}, "Jellyfin's discovery"},
    {{32410, 32414, PROTO_UDP}, "Plex's discovery"},
};

RULE(port_discovery)
{
	rules_each_container(m, r) {
		if (!container_is_private(m->container))
			continue;
		vec_each(const struct entry_PORT, e, &m->container->ports) {
			struct port p = e->value.v;

			/* a wide range meets one of them by chance */
			for (size_t k = 0; p.hi - p.lo < 16 && k < sizeof discovery / sizeof discovery[0]; k++)
				if (p.proto == discovery[k].port.proto && p.lo <= discovery[k].port.hi && discovery[k].port.lo <= p.hi) {
					diag_help(r->diags,
						  diag_add(r->diags, code, e->at, "port %u/udp is for %s: it asks the whole network, and does not come into a container's",
							   p.lo > discovery[k].port.lo ? p.lo : discovery[k].port.lo, discovery[k].what),
						  "network = host, or a service of the host itself, for what must be found by devices");
					break;
				}
		}
	}
}
