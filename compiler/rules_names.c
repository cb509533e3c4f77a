/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about what names become on the host: that it fits, that it is one thing's alone, and that it does not
 * mean something else there. */
#include "compiler/names.h"
#include "compiler/rules_impl.h"

RULE(name_long)
{
	rules_each_container(m, r) {
		struct str name;

		if (sizeof "ct-" - 1 + m->full.n <= NAME_MAX_DERIVED)
			continue;
		name = name_derived(r->arena, m->container);
		diag_help(r->diags,
			  diag_add(r->diags, code, m->container->head.at, "container `%.*s` would be called %.*s on the host: %zu characters",
				   STR_ARG(m->container->head.name), STR_ARG(name), name.n),
			  "the limit is %d for \"ct-STACK-CONTAINER\"", NAME_MAX_DERIVED);
	}
}

static void collision(struct rules *r, enum diag_code code, const struct net_member *m,
		      const struct net_member *first, const char *what, struct str name)
{
	struct diag *d;

	if (said_later(first->container->head.at, &first->container->head, m->container->head.at,
		       &m->container->head))
		SWAP(first, m);
	d = diag_add(r->diags, code, m->container->head.at,
		     "containers `%.*s` and `%.*s` would both have the %s %.*s", STR_ARG(first->full),
		     STR_ARG(m->full), what, STR_ARG(name));

	diag_note(r->diags, d, first->container->head.at, "the other container");
	diag_help(r->diags, d, "rename one of them");
}

/* Within one stack all names are different, and so are what is derived of them. */
RULE(name_collision)
{
	bool several = r->model->stacks.n > 1;
	struct map derived = {0}, links = {0};

	map_reserve(r->arena, &derived, several ? r->net->nmembers : 0);
	map_reserve(r->arena, &links, r->net->nmembers);
	rules_each_container(m, r) {
		struct str name = several ? name_derived(r->arena, m->container) : STR(""), link;
		const struct net_member *first = several ? map_add(r->arena, &derived, name, (void *)(uintptr_t)m) : NULL;

		if (first) {
			collision(r, code, m, first, "name", name);
			continue;
		}
		if (!container_is_private(m->container))
			continue;
		link = name_link(r->arena, m->container);
		first = map_add(r->arena, &links, link, (void *)(uintptr_t)m);
		if (first)
			collision(r, code, m, first, "network interface", link);
	}
}

/* A reader of `allow web -> world` must be able to trust it. */
static void flow_word(struct rules *r, enum diag_code code, const struct m_head *head, const char *what)
{
	if (str_is(head->name, "world") || str_is(head->name, "host"))
		diag_add(r->diags, code, head->at, "a %s cannot be called `%.*s`: of a flow, that is %s", what, STR_ARG(head->name),
			 str_is(head->name, "world") ? "whatever is not on this host" : "this host");
}

/* A container's name is a host name to its peers. */
RULE(name_reserved)
{
	rules_each_container(m, r) {
		if (str_is(m->container->head.name, "localhost"))
			diag_add(r->diags, code, m->container->head.at,
				 "a container cannot be called `localhost`: every container calls itself so");
		flow_word(r, code, &m->container->head, "container");
	}
	rules_each_subnet(s, r)
		flow_word(r, code, &s->subnet->head, "subnet");
}

static bool alias_plain(struct str s)
{
	bool plain = s.n > 0 && s.n <= 63 && s.s[0] != '-';

	for (size_t i = 0; i < s.n && plain; i++)
		plain = (s.s[i] >= 'a' && s.s[i] <= 'z') || (s.s[i] >= '0' && s.s[i] <= '9') || s.s[i] == '-';
	return plain;
}

/* An alias stands in the names of shell functions, and a shortcut must run something. */
RULE(alias_form)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->rare->alias.set && !alias_plain(c->rare->alias.v))
			diag_help(r->diags, diag_add(r->diags, code, c->rare->alias.at, "this alias cannot be part of a command's name"),
				  "an alias has lower-case letters, digits and `-`, at most 63: \"pg\"");
		vec_each(const struct entry_STRINGS, s, &c->shortcuts)
			if (!s->value.v.n || !s->value.v.at[0].n)
				diag_help(r->diags, diag_add(r->diags, code, s->at, "the shortcut `%.*s` runs nothing", STR_ARG(s->name)),
					  "give the program and its arguments: %.*s = [\"program\", \"argument\"]", STR_ARG(s->name));
	}
}
