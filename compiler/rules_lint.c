/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lints: what works, and will be regretted. Warnings only. */
#include "compiler/rules_impl.h"

/* The tag of an image reference ([registry[:port]/]name[:tag][@digest]), or empty. */
static struct str image_tag(struct str image)
{
	struct str rest = image, tag = {0};

	while (memchr(rest.s, '/', rest.n))
		str_cut(rest, '/', &rest);
	str_cut(str_cut(rest, '@', NULL), ':', &tag);
	return tag;
}

RULE(image_tag)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct str tag = image_tag(c->image.v);
		struct diag *d;

		if (c->image.v.n == 0 || memchr(c->image.v.s, '@', c->image.v.n) ||
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

RULE(gpu_memory)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->gpu.set && !(c->limits && c->limits->memory.set))
			diag_help(r->diags,
				  diag_add(r->diags, code, c->head.at,
					   "container `%.*s` has a GPU and no memory limit: loading a model "
					   "can take all of the host's memory",
					   STR_ARG(c->head.name)),
				  "limits { memory = 16GiB }");
	}
}

static const struct {
	uint16_t port;
	const char *what;
} databases[] = {
    {3306, "MySQL"},	     {5432, "PostgreSQL"}, {6379, "Redis"},
    {9200, "Elasticsearch"}, {11211, "memcached"}, {27017, "MongoDB"},
};

RULE(database_open)
{
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			const struct endpoint *host = &(*s)->publish.at[i].left.v;
			const struct port_ref *to = &(*s)->publish.at[i].right.v;
			struct port target = port_meant(to->container, to->name, to->port);

			if (host->addr.family && addr_is_loopback(host->addr))
				continue;
			for (size_t k = 0; k < sizeof databases / sizeof databases[0]; k++)
				if (target.lo <= databases[k].port && databases[k].port <= target.hi)
					diag_help(
					    r->diags,
					    diag_add(r->diags, code, (*s)->publish.at[i].left.at,
						     "port %u is %s's, and it is published beyond this host",
						     databases[k].port, databases[k].what),
					    "publish it on 127.0.0.1, or allow single containers to reach "
					    "it");
		}
}
