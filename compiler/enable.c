/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is not enabled leaves the model when its values have been checked: the containers themselves, and the arrows that lead from or to them. Whoever cannot be without one of
 * them is told so. Expanded from the schema, so that a new reference needs nothing here but its type in `leads_to`. */
#include "compiler/elab.h"
#include "lang/schema.h"

/* The stack itself stays: it is in scope, and applying it removes what was made of it. */
static bool stack_enabled(const struct m_stack *s)
{
	return !s->enable.set || s->enable.v;
}

static bool enabled(const struct m_container *c)
{
	return stack_enabled(c->head.stack) && (!c->enable.set || c->enable.v);
}

/* The first thing that is not enabled among those that a value leads to, or NULL. */
static const struct m_head *container_off(const struct m_container *c)
{
	return c && !enabled(c) ? &c->head : NULL;
}

static const struct m_head *subnet_off(const struct m_subnet *s)
{
	return s && !stack_enabled(s->head.stack) ? &s->head : NULL;
}

static const struct m_head *leads_to(enum type_tag type, const void *field)
{
	struct val v = field_read(field, type);
	const struct m_head *off = NULL;

	switch (v.type) {
	case T_CONTAINERREF:
		return container_off(v.u.CONTAINERREF);
	case T_CONTAINERREFS:
		for (size_t i = 0; i < v.u.CONTAINERREFS.n && !off; i++)
			off = container_off(v.u.CONTAINERREFS.at[i]);
		return off;
	case T_PORTREF:
		return container_off(v.u.PORTREF.container);
	case T_SUBNETREF:
		return subnet_off(v.u.SUBNETREF);
	case T_FLOWEND:
		return v.u.FLOWEND.kind == END_CONTAINER ? container_off(v.u.FLOWEND.container) :
		       v.u.FLOWEND.kind == END_SUBNET	 ? subnet_off(v.u.FLOWEND.subnet) :
							   NULL;
	default:
		return NULL;
	}
}

/* Any VEC: all have this layout. */
struct any_vec {
	char *at;
	size_t n, cap;
};

static void vec_cut(void *field, size_t n)
{
	struct any_vec v;

	memcpy(&v, field, sizeof v);
	v.n = n;
	memcpy(field, &v, sizeof v);
}

/* Keeps the arrows whose both sides are enabled. */
static void arrows_keep(char *model, const struct schema_row *row)
{
	struct any_vec v;
	size_t kept = 0;

	memcpy(&v, model + row->offset, sizeof v);
	for (size_t i = 0; i < v.n; i++) {
		char *arrow = v.at + i * row->arrow_size;

		if (leads_to(row->type, arrow + row->arrow_left) || leads_to(row->right, arrow + row->arrow_right))
			continue;
		if (kept != i)
			memcpy(v.at + kept * row->arrow_size, arrow, row->arrow_size);
		kept++;
	}
	vec_cut(model + row->offset, kept);
}

static bool proxy_enabled(const struct m_proxy *p)
{
	return !container_off(p->container.v);
}

/* Keeps the proxies whose container is enabled, and with each route those of its providers; a route that had proxies and has none left goes with them. */
static void proxies_keep(struct m_stack *s)
{
	size_t kept = 0, routes = 0;
	bool gone;

	for (size_t i = 0; i < s->proxy.n; i++)
		if (proxy_enabled(s->proxy.at[i]))
			s->proxy.at[kept++] = s->proxy.at[i];
	gone = kept < s->proxy.n;
	s->proxy.n = kept;
	for (size_t i = 0; i < s->route.n; i++) {
		struct m_arrow_route *how = s->route.at[i].block;
		struct m_proxies *by = how && how->providers.set ? &how->providers.v : NULL;
		size_t n = 0;

		for (size_t k = 0; by && k < by->n; k++)
			if (proxy_enabled(by->at[k])) {
				by->at[n] = by->at[k];
				by->spans[n++] = by->spans[k];
			}
		if (by ? by->n && !n : gone && !kept)
			continue;
		if (by)
			by->n = n;
		s->route.at[routes++] = s->route.at[i];
	}
	s->route.n = routes;
}

static void field_check(struct elab *el, const struct m_container *c, const void *field, const struct schema_row *row)
{
	const struct m_head *off = leads_to(row->type, field);
	struct {
		bool set, given;
		struct span at;
	} head;

	if (!off)
		return;
	memcpy(&head, field, sizeof head);
	model_node(c)->wrong = true;
	struct diag *d = say(el, DIAG_not_enabled, head.given ? head.at : c->head.at, "`%.*s` of container `%.*s` leads to `%.*s.%.*s`, which is not enabled",
			     STR_ARG(row->name), STR_ARG(c->head.name), STR_ARG(off->stack->head.name), STR_ARG(off->name));
	say_note(el, d, off->at, "with `enable = false`, nothing is made of it");
	say_help(el, d, "enable it, or give `%.*s` enable = false as well", STR_ARG(c->head.name));
}

static void stack_keep(struct elab *el, struct m_stack *s)
{
	const struct schema_kind *stack = &schema_kinds[KIND_stack], *container = &schema_kinds[KIND_container];
	size_t kept = 0;

	for (size_t i = 0; i < s->container.n; i++)
		if (enabled(s->container.at[i]))
			s->container.at[kept++] = s->container.at[i];
	s->container.n = kept;
	for (size_t i = 0; i < stack->nrows; i++) {
		const struct schema_row *row = &stack->rows[i];

		if (!stack_enabled(s) && (row->form == ROW_ARROW || (row->form == ROW_BLOCK && row->how == HOW_MANY)))
			vec_cut((char *)s + row->offset, 0);
		else if (row->form == ROW_ARROW)
			arrows_keep((char *)s, row);
	}
	proxies_keep(s);
	for (size_t k = 0; k < s->container.n; k++)
		for (size_t i = 0; i < container->nrows; i++)
			if (container->rows[i].form == ROW_FIELD)
				field_check(el, s->container.at[k], model_field(s->container.at[k], &container->rows[i]), &container->rows[i]);
}

static bool all_enabled(const struct model *m)
{
	vec_each(struct m_stack *const, s, &m->stacks) {
		if (!stack_enabled(*s))
			return false;
		vec_each(struct m_container *const, c, &(*s)->container)
			if (!enabled(*c))
				return false;
	}
	return true;
}

void model_enabled(struct elab *el, struct model *m)
{
	if (all_enabled(m))
		return;
	for (size_t i = 0; i < m->stacks.n; i++)
		stack_keep(el, m->stacks.at[i]);
}
