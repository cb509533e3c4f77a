/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Models built by hand, for tests of what reads a model. Each thing gets a place of its own, one column
 * further in a text of one line, so that origins tell the order in which things were said. */
#ifndef CTC_TESTS_MODEL_BUILD_H
#define CTC_TESTS_MODEL_BUILD_H

#include <stdlib.h>

#include "lang/diag.h"
#include "lang/model.h"

struct built {
	struct arena arena;
	struct sources sources;
	struct model model;
	uint32_t at;
};

static inline void built_start(struct built *b)
{
	char *text = arena_alloc(&b->arena, 4096);
	struct source *s;

	memset(text, '.', 4095);
	b->sources.arena = &b->arena;
	s = source_add(&b->sources, STR("t.ctstack"), (struct str){text, 4095});
	b->at = s->base;
}

static inline void built_end(struct built *b)
{
	arena_free(&b->arena);
}

static inline struct span built_at(struct built *b)
{
	b->at++;
	return (struct span){b->at - 1, b->at};
}

/* Sets a field as if it had been written. */
#define SET(b, field, ...)                                                                                   \
	do {                                                                                                 \
		(field).set = (field).given = true;                                                          \
		(field).at = built_at(b);                                                                    \
		(field).v = __VA_ARGS__;                                                                     \
	} while (0)

static inline struct addr ip(const char *text)
{
	struct addr a = {0};

	if (!addr_parse(str_of(text), &a))
		abort();
	return a;
}

static inline struct cidr net(const char *text)
{
	struct cidr c = {0};

	if (!cidr_parse(str_of(text), &c))
		abort();
	return c;
}

static inline struct m_stack *built_stack(struct built *b, const char *name)
{
	struct m_stack *s = arena_new(&b->arena, struct m_stack);

	s->head = (struct m_head){.name = str_of(name), .at = built_at(b), .stack = s};
	vec_push(&b->arena, &b->model.stacks, s);
	return s;
}

static inline struct m_subnet *built_subnet(struct built *b, struct m_stack *s, const char *name,
					    const char *range, const char *range6)
{
	struct m_subnet *n = arena_new(&b->arena, struct m_subnet);

	n->head = (struct m_head){.name = str_of(name), .at = built_at(b), .stack = s};
	if (range)
		SET(b, n->range, net(range));
	if (range6)
		SET(b, n->range6, net(range6));
	vec_push(&b->arena, &s->subnet, n);
	return n;
}

static inline struct m_container *built_container(struct built *b, struct m_stack *s, const char *name,
						  const char *address, const char *address6)
{
	struct m_container *c = arena_new(&b->arena, struct m_container);

	c->rare = arena_new(&b->arena, struct rare_container);

	c->head = (struct m_head){.name = str_of(name), .at = built_at(b), .stack = s};
	SET(b, c->image, STR("localhost/web:1"));
	if (address)
		SET(b, c->address, ip(address));
	if (address6)
		SET(b, c->address6, ip(address6));
	vec_push(&b->arena, &s->container, c);
	return c;
}

static inline void built_port(struct built *b, struct m_container *c, const char *name, uint16_t lo,
			      uint16_t hi, uint8_t proto)
{
	struct entry_PORT e = {.name = str_of(name), .at = built_at(b)};

	SET(b, e.value, (struct port){lo, hi, proto});
	vec_push(&b->arena, &c->ports, e);
}

/* The port of this name, which whoever names it in a model has as well. */
static inline struct port built_port_named(const struct m_container *c, const char *name)
{
	vec_each(const struct entry_PORT, p, &c->ports)
		if (str_is(p->name, name))
			return p->value.v;
	abort();
}

static inline struct m_volume *built_volume(struct built *b, struct m_container *c, const char *name,
					    const char *at, const char *from)
{
	struct m_volume *v = arena_new(&b->arena, struct m_volume);

	v->head = (struct m_head){.name = str_of(name), .at = built_at(b), .stack = c->head.stack};
	SET(b, v->at, str_of(at));
	if (from)
		SET(b, v->from, str_of(from));
	v->mode.set = v->owner.set = v->readonly.set = true;
	v->mode.v = 0755;
	vec_push(&b->arena, &c->volume, v);
	return v;
}

static inline struct flow_end end_of(struct m_container *c)
{
	return (struct flow_end){.kind = END_CONTAINER, .container = c};
}

static inline struct flow_end end_port(struct m_container *c, const char *name)
{
	return (struct flow_end){.kind = END_CONTAINER, .container = c, .named = true, .port = built_port_named(c, name)};
}

static inline struct flow_end end_subnet(struct m_subnet *s)
{
	return (struct flow_end){.kind = END_SUBNET, .subnet = s};
}

static inline struct flow_end end_outside(enum flow_end_kind kind, uint16_t port, uint8_t proto)
{
	return (struct flow_end){.kind = kind, .port = {port, port, proto}};
}

static inline void built_allow(struct built *b, struct m_stack *s, struct flow_end from, struct flow_end to)
{
	size_t n = s->allow.n;

	vec_push(&b->arena, &s->allow, (__typeof__(*s->allow.at)){.at = built_at(b)});
	SET(b, s->allow.at[n].left, from);
	SET(b, s->allow.at[n].right, to);
}

static inline void built_publish(struct built *b, struct m_stack *s, const char *address, uint16_t lo,
				 uint16_t hi, struct m_container *c, const char *port)
{
	size_t n = s->publish.n;

	vec_push(&b->arena, &s->publish, (__typeof__(*s->publish.at)){.at = built_at(b)});
	SET(b, s->publish.at[n].left,
	    (struct endpoint){.addr = address ? ip(address) : (struct addr){0},
			      .port = {lo, hi, PROTO_NONE}});
	SET(b, s->publish.at[n].right, (struct port_ref){.container = c, .named = true, .port = built_port_named(c, port)});
}

#endif
