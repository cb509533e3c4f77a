/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The policy as elements of the sets and maps of lang/policy.def. What is not an element is denied: into a
 * container, out of it, between containers and from a container to the host. From the host to a container
 * everything is allowed by the constant rules, so that nothing is said here. */
#include "compiler/lower_impl.h"

#include <stdlib.h>

#include "lang/base/sort.h"
#include "lang/policy.h"

/* The sets of one purpose, by family. */
struct set_pair {
	enum policy_set at[NET_FAMILIES];
};
#define PAIR(name) ((struct set_pair){{SET_##name##4, SET_##name##6}})

/* Who says what is being lowered. */
struct saying {
	const struct m_stack *stack;
	struct str origin;
};

/* An interval that is to be an element, once those that overlap are one. */
struct interval {
	enum policy_set set;
	struct str prefix; /* the key's fields before the port, joined, with the " . " behind */
	struct port port;
	size_t order; /* in which it was asked for */
	struct saying who;
	const struct net_member *owner;
};

/* The elements of a set as they are implied, in source order; several flows may imply the same. */
struct implied {
	VEC(struct res_nft *) all;
};

struct policy {
	struct lowering *l;
	struct implied sets[SET_COUNT];
	VEC(struct interval) intervals;
};

/* Fields as element texts have them: " . " between. */
static size_t fields_len(size_t n, const struct str *fields)
{
	size_t len = n ? 3 * (n - 1) : 0;

	for (size_t i = 0; i < n; i++)
		len += fields[i].n;
	return len;
}

static void fields_join(char *out, size_t n, const struct str *fields)
{
	for (size_t i = 0; i < n; i++) {
		if (i) {
			memcpy(out, " . ", 3);
			out += 3;
		}
		memcpy(out, fields[i].s, fields[i].n);
		out += fields[i].n;
	}
}

static void element(struct policy *p, const struct saying *who, const struct net_member *owner,
		    enum policy_set set, size_t nkey, const struct str *key, size_t ndata,
		    const struct str *data)
{
	struct str name = str_of(policy_sets[set].name);
	struct res_nft *r = arena_new(p->l->arena, struct res_nft);
	size_t key_len = fields_len(nkey, key), data_len = fields_len(ndata, data);
	char *id = arena_text(p->l->arena, name.n + 1 + key_len);

	memcpy(id, name.s, name.n);
	id[name.n] = ' ';
	fields_join(id + name.n + 1, nkey, key);
	r->res.kind = RES_nft;
	r->res.id = (struct str){id, name.n + 1 + key_len};
	res_mark(&r->res, who->stack, owner->full, who->origin);
	r->set = name;
	r->key = (struct str){id + name.n + 1, key_len};
	if (ndata) {
		char *text = arena_text(p->l->arena, data_len);

		fields_join(text, ndata, data);
		r->data = (struct str){text, data_len};
	}
	vec_push(p->l->scratch, &p->sets[set].all, r);
}

#define FIELDS(...) (sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str)), (struct str[]){__VA_ARGS__}
#define NO_DATA 0, NULL

/* A port or a range as a field. */
struct port_field {
	char text[PORT_TEXT_MAX];
	struct str s, proto;
};

static void port_field(struct port port, struct port_field *ret)
{
	struct str whole = port_write(port, ret->text), proto;

	ret->s = str_cut(whole, '/', &proto);
	ret->proto = proto;
}

/* An element whose last field is the port: at once for one port, later for a range. */
static void port_element(struct policy *p, const struct saying *who, const struct net_member *owner,
			 enum policy_set exact, enum policy_set range, size_t n, const struct str *fields,
			 struct port port)
{
	struct str key[POLICY_FIELDS_MAX];
	struct port_field f;
	size_t len;
	char *prefix;

	port_field(port, &f);
	memcpy(key, fields, n * sizeof *key);
	key[n] = f.proto;
	key[n + 1] = port.lo == port.hi ? f.s : STR("");
	if (port.lo == port.hi) {
		element(p, who, owner, exact, n + 2, key, NO_DATA);
		return;
	}
	len = fields_len(n + 2, key);
	prefix = arena_text(p->l->scratch, len);
	fields_join(prefix, n + 2, key);
	vec_push(p->l->scratch, &p->intervals,
		 (struct interval){
		     .set = range,
		     .prefix = {prefix, len},
		     .port = port,
		     .order = p->intervals.n,
		     .who = *who,
		     .owner = owner,
		 });
}

static int cmp_intervals(const void *x, const void *y)
{
	const struct interval *a = x, *b = y;
	int order = str_cmp(a->prefix, b->prefix);

	if (a->set != b->set)
		return a->set < b->set ? -1 : 1;
	if (order)
		return order;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static bool intervals_overlap(const struct interval *a, const struct interval *b)
{
	return a->set == b->set && str_eq(a->prefix, b->prefix) && b->port.lo <= a->port.hi;
}

static void interval_emit(struct policy *p, const struct interval *i)
{
	struct port_field f;

	port_field(i->port, &f);
	element(p, &i->who, i->owner, i->set, 1, (struct str[]){STR_JOIN(p->l->scratch, i->prefix, f.s)}, NO_DATA);
}

/* The kernel refuses overlapping intervals: they become one, that keeps the origin of the first in the
 * source. */
static void lower_intervals(struct policy *p)
{
	sort_array(p->intervals.at, p->intervals.n, sizeof *p->intervals.at, cmp_intervals);
	for (size_t i = 0, next; i < p->intervals.n; i = next) {
		struct interval all = p->intervals.at[i];

		for (next = i + 1; next < p->intervals.n && intervals_overlap(&all, &p->intervals.at[next]);
		     next++) {
			const struct interval *other = &p->intervals.at[next];
			struct port port = {all.port.lo,
					    other->port.hi > all.port.hi ? other->port.hi : all.port.hi,
					    all.port.proto};

			if (other->order < all.order)
				all = *other;
			all.port = port;
		}
		interval_emit(p, &all);
	}
}

/* Container to container, the destination first. */
static void lower_pair(struct policy *p, const struct saying *who, const struct net_member *from,
		       const struct net_member *to, struct port port)
{
	for (int family = 0; family < NET_FAMILIES; family++)
		for (size_t i = 0; i < member_addresses(to, (enum net_family)family); i++)
			for (size_t k = 0; k < member_addresses(from, (enum net_family)family); k++)
				port_element(p, who, from, PAIR(flow).at[family], PAIR(flow_range).at[family],
					     FIELDS(member_address(to, (enum net_family)family, i), member_address(from, (enum net_family)family, k)), port);
}

/* One container and something outside: its addresses, and the port where one is given. */
static void lower_single(struct policy *p, const struct saying *who, const struct net_member *m,
			 struct set_pair exact, struct set_pair range, struct set_pair any, struct port port)
{
	for (int family = 0; family < NET_FAMILIES; family++)
		for (size_t i = 0; i < member_addresses(m, (enum net_family)family); i++) {
			struct str address = member_address(m, (enum net_family)family, i);

			if (port.lo == 0)
				element(p, who, m, any.at[family], FIELDS(address), NO_DATA);
			else
				port_element(p, who, m, exact.at[family], range.at[family], FIELDS(address), port);
		}
}

/* What a flow to a container opens: the port that it names, or every declared one. */
static void lower_to(struct policy *p, const struct saying *who, const struct flow_members *from,
		     const struct net_member *to, struct port port)
{
	const struct port *ports = port.lo ? &port : to->ports;
	size_t n = port.lo ? 1 : to->nports;

	for (size_t k = 0; k < n; k++) {
		if (!from) /* the world */
			lower_single(p, who, to, PAIR(ingress), PAIR(ingress_range), PAIR(ingress), ports[k]);
		for (size_t i = 0; from && i < from->n; i++)
			if (from->at[i]->home != to->home)
				lower_pair(p, who, from->at[i], to, ports[k]);
	}
}

static void lower_flow(struct policy *p, const struct flow *f)
{
	struct saying who = {f->stack, source_origin(p->l->sources, f->at)};
	struct flow_members from, to;

	flow_members(p->l->net, &f->from, &from);
	flow_members(p->l->net, &f->to, &to);
	if (f->from.kind == END_HOST)
		return;
	for (size_t i = 0; i < to.n; i++)
		lower_to(p, &who, f->from.kind == END_WORLD ? NULL : &from, to.at[i], f->port);
	for (size_t i = 0; i < from.n; i++) {
		if (f->to.kind == END_HOST)
			lower_single(p, &who, from.at[i], PAIR(host), PAIR(host_range), PAIR(host_any),
				     f->port);
		if (f->to.kind == END_WORLD) {
			lower_single(p, &who, from.at[i], PAIR(world), PAIR(world_range), PAIR(world_any),
				     f->port);
			lower_single(p, &who, from.at[i], PAIR(masquerade), PAIR(masquerade),
				     PAIR(masquerade), (struct port){0});
		}
	}
}

/* One port of the host to one port of the container, in one family. */
static void lower_dnat(struct policy *p, const struct saying *who, const struct net_member *to, int family,
		       struct addr host, uint16_t from_port, struct port to_port)
{
	struct str address = to->address[family];
	struct port_field outside, inside;
	char text[ADDR_TEXT_MAX];

	port_field((struct port){from_port, from_port, to_port.proto}, &outside);
	port_field(to_port, &inside);
	if (host.family == 0 || addr_is_any(host)) {
		element(p, who, to, PAIR(dnat_any).at[family], FIELDS(outside.proto, outside.s),
			FIELDS(address, inside.s));
		element(p, who, to, PAIR(published_any).at[family], FIELDS(address, inside.proto, inside.s),
			NO_DATA);
	} else {
		struct str from = str_of(addr_text(host, text));

		element(p, who, to, PAIR(dnat).at[family], FIELDS(from, outside.proto, outside.s),
			FIELDS(address, inside.s));
		element(p, who, to, PAIR(published).at[family], FIELDS(from, address, inside.proto, inside.s),
			NO_DATA);
	}
	element(p, who, to, PAIR(hairpin).at[family], FIELDS(address, address), NO_DATA);
}

/* A range is published port by port: a map's data cannot be computed from its key. */
static void lower_publish(struct policy *p, const struct saying *who, const struct endpoint *host,
			  const struct port_ref *ref)
{
	const struct net_member *to = net_member_of(p->l->net, ref->container);
	struct port target = ref->port;

	for (int family = 0; family < NET_FAMILIES; family++) {
		if (to->address[family].n == 0 ||
		    (host->addr.family && (host->addr.family == 6) != (family == NET_6)))
			continue;
		for (unsigned i = 0; i <= (unsigned)(target.hi - target.lo); i++) {
			uint16_t inside = (uint16_t)(target.lo + i);

			lower_dnat(p, who, to, family, host->addr, (uint16_t)(host->port.lo + i),
				   (struct port){inside, inside, target.proto});
		}
	}
}

/* The interface by which the subnet's members reach the world. */
static void lower_uplink(struct policy *p, const struct net_member *m)
{
	const struct f_IFNAME *uplink = &m->subnet->uplink;
	struct saying who = {m->container->head.stack, STR("")};

	if (!uplink->set)
		return;
	who.origin = source_origin(p->l->sources, uplink->at);
	for (int family = 0; family < NET_FAMILIES; family++)
		for (size_t i = 0; i < member_addresses(m, (enum net_family)family); i++) {
			struct str address = member_address(m, (enum net_family)family, i);

			element(p, &who, m, PAIR(bound).at[family], FIELDS(address), NO_DATA);
			element(p, &who, m, PAIR(uplink).at[family], FIELDS(address, uplink->v), NO_DATA);
		}
}

static void lower_member(struct policy *p, const struct net_member *m)
{
	struct saying who = {m->container->head.stack, source_origin(p->l->sources, m->container->head.at)};
	struct str link = name_link(p->l->arena, m->container);

	element(p, &who, m, SET_links, FIELDS(link), NO_DATA);
	for (int family = 0; family < NET_FAMILIES; family++)
		for (size_t i = 0; i < member_addresses(m, (enum net_family)family); i++) {
			struct str address = member_address(m, (enum net_family)family, i);

			element(p, &who, m, PAIR(source).at[family], FIELDS(link, address), NO_DATA);
			element(p, &who, m, PAIR(address).at[family], FIELDS(address), NO_DATA);
		}
	lower_uplink(p, m);
}

/* The constant rules, wanted wherever there is an element. */
static void lower_rules(struct lowering *l)
{
	struct res_nft *r = manifest_add_nft(l->out, STR(POLICY_RULES));

	res_mark(&r->res, NULL, STR(""), STR(""));
	r->set = STR(POLICY_RULES);
	r->key = STR(POLICY_RULES_KEY);
}

/* The stacks that ask for the same element, but for the one whose it is. */
static struct strs others_of(struct arena *a, const struct sort_item *same, size_t n, struct str but)
{
	struct str *at = arena_array(a, n, sizeof *at);
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct str stack = ((const struct res_nft *)same[i].value)->res.stack;

		if (!str_eq(stack, but))
			at[count++] = stack;
	}
	sort_strs(at, count);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || !str_eq(at[i], at[i - 1]))
			at[kept++] = at[i];
	return (struct strs){at, kept};
}

/* Enters each element of a set once, sorted. Of those that are the same the one that was said first stays. */
static void enter_once(struct policy *p, const struct implied *set, struct sort_item *items)
{
	size_t n = set->all.n;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct sort_item){.key = set->all.at[i]->key, .value = set->all.at[i]};
	sort_by_key(items, n);
	for (size_t i = 0, next; i < n; i = next) {
		struct res_nft *first = items[i].value;

		for (next = i + 1; next < n && str_eq(items[next].key, items[i].key); next++)
			continue;
		if (next > i + 1)
			first->also = others_of(p->l->arena, items + i, next - i, first->res.stack);
		manifest_put(p->l->out, &first->res);
	}
}

/* Set by set in the order of their names, which is that of the elements' ids. Returns whether there is any. */
static bool enter_all(struct policy *p)
{
	struct sort_item sets[SET_COUNT], *room;
	size_t most = 0;

	for (size_t i = 0; i < SET_COUNT; i++) {
		sets[i] = (struct sort_item){.key = str_of(policy_sets[i].name), .value = &p->sets[i]};
		most = p->sets[i].all.n > most ? p->sets[i].all.n : most;
	}
	sort_by_key(sets, SET_COUNT);
	room = xrealloc(NULL, most * sizeof *room);
	for (size_t i = 0; i < SET_COUNT; i++)
		enter_once(p, sets[i].value, room);
	free(room);
	return most;
}

void lower_nft(struct lowering *l)
{
	struct policy p = {.l = l};

	lower_each_member(m, l)
		if (m->subnet && m->home == m)
			lower_member(&p, m);
	vec_each(const struct flow, f, &l->flows->all)
		if (!f->stack->head.outside)
			lower_flow(&p, f);
	lower_each_stack(s, l)
		for (size_t i = 0; i < (*s)->publish.n; i++) {
			struct saying who = {*s, source_origin(l->sources, (*s)->publish.at[i].at)};

			lower_publish(&p, &who, &(*s)->publish.at[i].left.v, &(*s)->publish.at[i].right.v);
		}
	lower_intervals(&p);
	if (enter_all(&p))
		lower_rules(l);
}
