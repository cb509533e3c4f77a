/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Scope: which stacks a change is about, the manifest of the whole host, and the conflicts with the stacks that stay. Pure: two manifests in, one out. The rules
 * inside one compilation are the compiler's; here stand only those between what is compiled now and what was recorded before. */
#include "runtime/scope.h"

#include <assert.h>
#include <stdlib.h>

#include "lang/base/map.h"
#include "lang/base/sort.h"

struct merge {
	struct arena *a;
	const struct manifest *current, *compiled;
	struct scope *scope;
	struct map in;		/* names of stacks in scope */
	struct map kept_images; /* references that containers which stay run */
	struct str last;	/* the name looked up last: resources of a stack stand together */
	bool last_in;
};

static struct str res_stack(const struct res *r)
{
	return r->kind == RES_stack ? r->id : r->stack;
}

static bool in_scope(struct merge *m, struct str stack)
{
	if (!str_eq(stack, m->last)) {
		m->last = stack;
		m->last_in = map_get(&m->in, stack);
	}
	return m->last_in;
}

static bool stays(struct merge *m, const struct res *r)
{
	struct str stack = res_stack(r);

	return stack.n && !in_scope(m, stack);
}

static void conflict_add(struct merge *m, struct str text, const struct res *ours, struct str note, const struct res *theirs)
{
	vec_push(m->a, &m->scope->conflicts,
		 (struct conflict){.text = text, .origin = ours ? ours->origin : (struct str){0}, .note = note, .other = theirs->origin});
}

/* "taken by x.web of stack x, which stays as it is" */
static struct str note_stays(struct merge *m, const char *what, const struct res *theirs)
{
	return str_fmt(m->a, "%s by %.*s; stack %.*s is not in these files and stays as it is", what, STR_ARG(theirs->id), STR_ARG(res_stack(theirs)));
}

/* Stacks that have another name now, where the host has not seen that yet. Once it has, one of the old name is another stack. */
static void find_renamed(struct merge *m, struct map *ret)
{
	struct res_moved *moved;

	manifest_each(moved, moved, m->compiled)
		if (!str_has(moved->from, '.') && !manifest_find(m->current, RES_stack, moved->to))
			map_add(m->a, ret, moved->from, moved);
}

static void find_scope(struct merge *m, bool prune, struct str also)
{
	struct map renamed = {0};
	VEC(struct str) in = {0}, kept = {0};
	struct res_stack *s;
	struct res_container *c;

	manifest_each(stack, s, m->compiled) {
		map_add(m->a, &m->in, s->res.id, s);
		vec_push(m->a, &in, s->res.id);
	}
	find_renamed(m, &renamed);
	manifest_each(stack, s, m->current) {
		if (map_get(&m->in, s->res.id))
			continue;
		if (prune || str_eq(s->res.id, also) || map_get(&renamed, s->res.id)) {
			map_add(m->a, &m->in, s->res.id, s);
			vec_push(m->a, &in, s->res.id);
		} else {
			vec_push(m->a, &kept, s->res.id);
		}
	}
	sort_strs(in.at, in.n);
	m->scope->in = (struct strs){in.at, in.n};
	m->scope->kept = (struct strs){kept.at, kept.n};
	manifest_each(container, c, m->current)
		if (stays(m, &c->res))
			map_add(m->a, &m->kept_images, c->image, c);
}

/* Whether a resource of the current generation is in the wanted one, if nothing new has its id. */
static bool is_kept(struct merge *m, const struct res *r)
{
	if (res_stack(r).n)
		return stays(m, r);
	return r->kind == RES_image ? map_get(&m->kept_images, r->id) != NULL : m->scope->kept.n > 0;
}

/* Data directories may serve several stacks, and one element of the policy what several stacks say. */
static bool may_share(const struct res *a, const struct res *b)
{
	if (a->kind == RES_nft)
		return res_same(a, b);
	return a->kind == RES_directory && ((const struct res_directory *)a)->keep && ((const struct res_directory *)b)->keep && res_same(a, b);
}

/* Those who ask for an element: by the current generation those that stay, by the compiled manifest all. */
static void askers(struct merge *m, const struct res *r, bool only_staying, struct strs *list)
{
	const struct strs *also = &((const struct res_nft *)r)->also;
	struct str *at = (struct str *)list->at;

	for (size_t i = 0; i <= also->n; i++) {
		struct str stack = i == 0 ? r->stack : also->at[i - 1];

		if (stack.n && (!only_staying || !in_scope(m, stack)))
			at[list->n++] = stack;
	}
}

/* The element as it shall be, with everybody who asks for it; NULL where nobody does. One that no stack asks for (the rules) is not for here. */
static struct res *join_askers(struct merge *m, struct res *was, struct res *now)
{
	size_t n = (was ? ((struct res_nft *)was)->also.n + 1 : 0) + (now ? ((struct res_nft *)now)->also.n + 1 : 0), kept = 0;
	struct str *at = arena_array(m->a, n, sizeof *at);
	struct strs list = {at, 0};
	struct res *base = now ? now : was;

	if (now)
		askers(m, now, false, &list);
	if (was && (!now || res_same(was, now)))
		askers(m, was, true, &list);
	if (list.n == 0)
		return NULL;
	struct str first = at[0];
	if (list.n == 1 && str_eq(first, base->stack) && ((struct res_nft *)base)->also.n == 0)
		return base;
	sort_strs(at, list.n);
	for (size_t i = 0; i < list.n; i++)
		if (!str_eq(at[i], first) && (kept == 0 || !str_eq(at[i], at[kept - 1])))
			at[kept++] = at[i];
	struct res_nft *r = (struct res_nft *)res_copy(m->a, base);
	/* Whose it was and who is gone: what it serves is not known any more. */
	if (!str_eq(r->res.stack, first))
		r->res.owner = STR("");
	r->res.stack = first;
	r->also = (struct strs){at, kept};
	return &r->res;
}

static bool is_element(const struct res *r)
{
	return r->kind == RES_nft && r->stack.n;
}

static void join(struct merge *m, struct manifest *ret)
{
	size_t i = 0, k = 0, declared = m->scope->conflicts.n;
	const struct manifest *old = m->current, *new = m->compiled;

	while (i < old->all.n || k < new->all.n) {
		int order = i == old->all.n ? 1 : k == new->all.n ? -1 : res_cmp(old->all.at[i], new->all.at[k]);
		struct res *was = order <= 0 ? old->all.at[i++] : NULL, *now = order >= 0 ? new->all.at[k++] : NULL;
		struct res *one = now ? now : was;

		if (is_element(one))
			one = join_askers(m, was, now);
		else if (!now && !is_kept(m, was))
			one = NULL;
		if (one)
			manifest_put(ret, one);
		/* What was declared in conflict explains the rest: only what nothing explains is said. */
		if (now && was && stays(m, was) && !may_share(was, now) && declared == 0)
			conflict_add(m, str_fmt(m->a, "%s %.*s is there already", res_infos[now->kind].word, STR_ARG(now->id)), now,
				     str_fmt(m->a, "made here for stack %.*s, which stays as it is", STR_ARG(was->stack)), was);
	}
	const struct res *twice = manifest_seal(ret);
	assert(!twice);
	(void)twice;
}

/* A prefix of either side; they are swept in order of their first address. */
struct prefix {
	struct cidr cidr;
	struct addr first, last;
	const struct res_subnet *subnet;
	bool ours;
};

static int cmp_prefix(const void *a, const void *b)
{
	const struct prefix *x = a, *y = b;
	int order = addr_cmp(x->first, y->first);

	return order ? order : str_cmp(x->subnet->res.id, y->subnet->res.id);
}

struct prefixes {
	VEC(struct prefix) all;
};

static void prefix_add(struct merge *m, struct prefixes *p, const struct res_subnet *s, struct str range, bool ours)
{
	struct prefix one = {.subnet = s, .ours = ours};

	if (!range.n || !cidr_parse(range, &one.cidr))
		return;
	one.first = cidr_network(one.cidr);
	one.last = cidr_last(one.cidr);
	vec_push(m->a, &p->all, one);
}

static void prefixes_of(struct merge *m, struct prefixes *p, const struct manifest *from, bool ours)
{
	struct res_subnet *s;

	manifest_each(subnet, s, from) {
		if (!ours && !stays(m, &s->res))
			continue;
		prefix_add(m, p, s, s->range, ours);
		prefix_add(m, p, s, s->range6, ours);
	}
}

/* Within one side nothing overlaps, so it is enough to look at the last prefix of the other side: prefixes nest or are apart. */
static void check_subnets(struct merge *m)
{
	struct prefixes p = {0};
	const struct prefix *last[2] = {0};

	prefixes_of(m, &p, m->compiled, true);
	prefixes_of(m, &p, m->current, false);
	if (p.all.n)
		qsort(p.all.at, p.all.n, sizeof *p.all.at, cmp_prefix);
	vec_each(struct prefix, one, &p.all) {
		const struct prefix *other = last[!one->ours];

		if (other && cidr_overlaps(one->cidr, other->cidr)) {
			const struct prefix *ours = one->ours ? one : other, *theirs = one->ours ? other : one;
			char x[CIDR_TEXT_MAX], y[CIDR_TEXT_MAX];

			conflict_add(m, str_fmt(m->a, "subnet %.*s (%s) overlaps subnet %.*s (%s)", STR_ARG(ours->subnet->res.id), cidr_text(ours->cidr, x),
						STR_ARG(theirs->subnet->res.id), cidr_text(theirs->cidr, y)),
				     &ours->subnet->res, note_stays(m, "taken", &theirs->subnet->res), &theirs->subnet->res);
		}
		if (!last[one->ours] || addr_cmp(one->last, last[one->ours]->last) > 0)
			last[one->ours] = one;
	}
}

static void check_address(struct merge *m, const struct map *taken, const struct res_container *c, struct str address)
{
	const struct res_container *other = address.n ? map_get(taken, address) : NULL;

	if (other)
		conflict_add(m, str_fmt(m->a, "address %.*s of container %.*s is taken", STR_ARG(address), STR_ARG(c->res.id)), &c->res,
			     note_stays(m, "taken", &other->res), &other->res);
}

static void check_addresses(struct merge *m)
{
	struct map taken = {0};
	struct res_container *c;

	manifest_each(container, c, m->current) {
		if (!stays(m, &c->res))
			continue;
		if (c->address.n)
			map_add(m->a, &taken, c->address, c);
		if (c->address6.n)
			map_add(m->a, &taken, c->address6, c);
		for (size_t i = 0; i < c->more_addresses.n; i++)
			map_add(m->a, &taken, c->more_addresses.at[i], c);
	}
	manifest_each(container, c, m->compiled) {
		check_address(m, &taken, c, c->address);
		check_address(m, &taken, c, c->address6);
		for (size_t i = 0; i < c->more_addresses.n; i++)
			check_address(m, &taken, c, c->more_addresses.at[i]);
	}
}

/* "nvidia=0 exclusive": the vendor, which one ("*": all), and whether nobody else may have it. */
static struct str gpu_read(struct str text, struct str *ret_which, bool *ret_alone)
{
	struct str how, name = str_cut(text, ' ', &how);

	*ret_alone = how.n > 0;
	return str_cut(name, '=', ret_which);
}

static bool gpus_collide(struct str a, struct str b)
{
	bool alone_a, alone_b;
	struct str which_a, which_b, vendor_a = gpu_read(a, &which_a, &alone_a), vendor_b = gpu_read(b, &which_b, &alone_b);

	return (alone_a || alone_b) && str_eq(vendor_a, vendor_b) && (str_is(which_a, "*") || str_is(which_b, "*") || str_eq(which_a, which_b));
}

static void check_gpus_of(struct merge *m, const struct res_container *ours)
{
	const struct res_container *theirs;

	manifest_each(container, theirs, m->current) {
		if (!theirs->gpus.n || !stays(m, &theirs->res))
			continue;
		for (size_t i = 0; i < ours->gpus.n; i++)
			for (size_t k = 0; k < theirs->gpus.n; k++)
				if (gpus_collide(ours->gpus.at[i], theirs->gpus.at[k])) {
					conflict_add(m, str_fmt(m->a, "GPU %.*s of container %.*s is taken", STR_ARG(ours->gpus.at[i]), STR_ARG(ours->res.id)),
						     &ours->res, note_stays(m, "taken", &theirs->res), &theirs->res);
					return;
				}
	}
}

static void check_gpus(struct merge *m)
{
	const struct res_container *ours;

	manifest_each(container, ours, m->compiled)
		if (ours->gpus.n)
			check_gpus_of(m, ours);
}

/* Published ports of the stacks that stay, by "PORT/PROTO"; several addresses may publish one port. */
struct taken_port {
	const struct res_publish *publish;
	struct taken_port *next;
};

/* "80/tcp", "8000-8010/udp" as lowering writes them; false for anything else. */
static bool ports_parse(struct str text, unsigned *lo, unsigned *hi, struct str *proto)
{
	struct str numbers = str_cut(text, '/', proto), second, first = str_cut(numbers, '-', &second);
	char a[8] = "", b[8] = "", *end;

	if (!first.n || first.n >= sizeof a || second.n >= sizeof b)
		return false;
	memcpy(a, first.s, first.n);
	if (second.n)
		memcpy(b, second.s, second.n);
	*lo = (unsigned)strtoul(a, &end, 10);
	if (*end || *lo > 65535)
		return false;
	*hi = second.n ? (unsigned)strtoul(b, &end, 10) : *lo;
	return !*end && *hi <= 65535 && *lo <= *hi;
}

/* Whether a packet may be meant for both: the same address, or one of them is every address (of the family). */
static bool address_covers(struct str a, struct str b)
{
	struct addr x, y;

	if (!a.n || !b.n || str_eq(a, b))
		return true;
	if (!addr_parse(a, &x) || !addr_parse(b, &y) || x.family != y.family)
		return false;
	return addr_is_any(x) || addr_is_any(y);
}

static void check_publish(struct merge *m, struct map *taken, struct res_publish *p, bool ours)
{
	unsigned lo, hi;
	struct str proto;

	if (!ports_parse(p->port, &lo, &hi, &proto))
		return;
	for (unsigned port = lo; port <= hi; port++) {
		struct str key = str_fmt(m->a, "%u/%.*s", port, STR_ARG(proto));
		struct taken_port *there = map_get(taken, key), *t = there;

		if (!ours) {
			struct taken_port *more = arena_new(m->a, struct taken_port);

			*more = (struct taken_port){.publish = p, .next = there};
			map_set(m->a, taken, key, more);
			continue;
		}
		while (t && !address_covers(p->address, t->publish->address))
			t = t->next;
		if (t) {
			conflict_add(m, str_fmt(m->a, "host port %.*s is taken: %.*s leads to %.*s", STR_ARG(p->res.id), STR_ARG(t->publish->res.id), STR_ARG(t->publish->to)), &p->res,
				     note_stays(m, "published", &t->publish->res), &t->publish->res);
			return;
		}
	}
}

static void check_ports(struct merge *m)
{
	struct map taken = {0};
	struct res_publish *p;

	manifest_each(publish, p, m->current)
		if (stays(m, &p->res))
			check_publish(m, &taken, p, false);
	if (taken.n)
		manifest_each(publish, p, m->compiled)
			check_publish(m, &taken, p, true);
}

static bool strs_equal(const struct buf *a, const struct buf *b)
{
	return str_eq(buf_view(a), buf_view(b));
}

/* The addresses of the containers in scope that lie in the subnet: who is meant when a flow names it. */
static void members(struct merge *m, const struct manifest *all, const struct res_subnet *s, struct buf *out)
{
	struct res_container *c;
	struct cidr range, range6;
	bool is4 = s->range.n && cidr_parse(s->range, &range), is6 = s->range6.n && cidr_parse(s->range6, &range6);
	struct addr a;

	manifest_each(container, c, all) {
		if (stays(m, &c->res))
			continue;
		if (is4 && addr_parse(c->address, &a) && a.family == range.addr.family && cidr_contains(range, a))
			buf_fmt(out, "%.*s ", STR_ARG(c->address));
		if (is6 && addr_parse(c->address6, &a) && a.family == range6.addr.family && cidr_contains(range6, a))
			buf_fmt(out, "%.*s ", STR_ARG(c->address6));
		for (size_t i = 0; i < c->more_addresses.n; i++)
			if (addr_parse(c->more_addresses.at[i], &a) && ((is4 && a.family == range.addr.family && cidr_contains(range, a)) ||
									(is6 && a.family == range6.addr.family && cidr_contains(range6, a))))
				buf_fmt(out, "%.*s ", STR_ARG(c->more_addresses.at[i]));
	}
}

/* What a stack that stays says about one in scope was turned into addresses when it was compiled: those must still be right. Returns what is wrong, or NULL. */
static const char *end_is_stale(struct merge *m, struct str end)
{
	const struct res *was = manifest_find(m->current, RES_container, end), *now = manifest_find(m->compiled, RES_container, end);

	if (was && now) {
		const struct res_container *a = (const struct res_container *)was, *b = (const struct res_container *)now;

		return str_eq(a->address, b->address) && str_eq(a->address6, b->address6) && strs_eq(&a->more_addresses, &b->more_addresses) ? NULL : "changes its address";
	}
	if (was)
		return "goes away";
	was = manifest_find(m->current, RES_subnet, end);
	now = manifest_find(m->compiled, RES_subnet, end);
	if (!was)
		return NULL;
	if (!now)
		return "goes away";
	struct buf before = {0}, after = {0};
	members(m, m->current, (const struct res_subnet *)was, &before);
	members(m, m->compiled, (const struct res_subnet *)now, &after);
	bool same = strs_equal(&before, &after);
	buf_free(&before);
	buf_free(&after);
	return same ? NULL : "changes its members";
}

/* The stack of "STACK.NAME"; empty for world and host. */
static struct str end_stack(struct str end)
{
	struct str name, stack = str_cut(end, '.', &name);

	return name.n ? stack : (struct str){0};
}

static void check_end(struct merge *m, const struct res *r, struct str end)
{
	struct str stack = end_stack(end);
	const char *wrong;

	if (!stack.n || !in_scope(m, stack) || !(wrong = end_is_stale(m, end)))
		return;
	conflict_add(m, str_fmt(m->a, "%.*s %s, but stack %.*s, which stays as it is, refers to it", STR_ARG(end), wrong, STR_ARG(r->stack)),
		     manifest_find(m->compiled, RES_container, end),
		     str_fmt(m->a, "%.*s refers to it here; change stack %.*s first, or give its file too", STR_ARG(r->id), STR_ARG(r->stack)), r);
}

/* What refers from a stack that stays into one in scope. */
static void check_references(struct merge *m)
{
	struct res_flow *f;
	struct res_publish *p;

	manifest_each(flow, f, m->current)
		if (stays(m, &f->res)) {
			check_end(m, &f->res, f->from);
			check_end(m, &f->res, f->to);
		}
	manifest_each(publish, p, m->current)
		if (stays(m, &p->res))
			check_end(m, &p->res, p->to);
}

static bool stack_is_known(const struct manifest *m, struct str stack)
{
	return manifest_find(m, RES_stack, stack);
}

static void check_outward(struct merge *m, const struct res *r, struct str end)
{
	struct str stack;

	if (str_starts(end, r->stack) && end.n > r->stack.n && end.s[r->stack.n] == '.') /* mostly it is its own */
		return;
	stack = end_stack(end);
	if (!stack.n || stack_is_known(m->compiled, stack))
		return;
	if (stays(m, &(struct res){.kind = RES_flow, .stack = stack}) &&
	    (manifest_find(m->current, RES_container, end) || manifest_find(m->current, RES_subnet, end)))
		return;
	vec_push(m->a, &m->scope->conflicts,
		 (struct conflict){.text = str_fmt(m->a, "%.*s refers to %.*s, which is neither in these files nor on the host", STR_ARG(r->id), STR_ARG(end)),
				   .origin = r->origin,
				   .note = str_fmt(m->a, "give the file that declares stack %.*s too", STR_ARG(stack))});
}

/* What refers from the compiled stacks to one that is only used, not given. */
static void check_used(struct merge *m)
{
	struct res_flow *f;
	struct res_publish *p;

	manifest_each(flow, f, m->compiled) {
		check_outward(m, &f->res, f->from);
		check_outward(m, &f->res, f->to);
	}
	manifest_each(publish, p, m->compiled)
		check_outward(m, &p->res, p->to);
}

void scope_merge(const struct manifest *current, const struct manifest *compiled, bool prune, struct str also, struct scope *ret_scope, struct manifest *ret)
{
	struct merge m = {.a = ret->arena, .current = current, .compiled = compiled, .scope = ret_scope};

	*ret_scope = (struct scope){0};
	find_scope(&m, prune, also);
	if (m.scope->kept.n) {
		check_subnets(&m);
		check_addresses(&m);
		check_gpus(&m);
		check_ports(&m);
		check_references(&m);
	}
	check_used(&m);
	if (current->all.n) {
		join(&m, ret);
	} else { /* nothing to join: the compiled one, whole */
		*ret = *compiled;
		ret->arena = m.a;
	}
}

void manifest_union(const struct manifest *a, const struct manifest *b, struct manifest *ret)
{
	size_t i = 0, k = 0;

	while (i < a->all.n || k < b->all.n) {
		int order = i == a->all.n ? 1 : k == b->all.n ? -1 : res_cmp(a->all.at[i], b->all.at[k]);

		manifest_put(ret, order < 0 ? a->all.at[i] : b->all.at[k]);
		i += order <= 0;
		k += order >= 0;
	}
	const struct res *twice = manifest_seal(ret);
	assert(!twice);
	(void)twice;
}
