/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses of containers, and ranges of subnets, that nobody gave. They hang on names alone: each name hashes to a place of its own, whatever else there is and in
 * whatever order it stands. Where two names hash to one place, the first of them by name has it and the other hashes again, in rounds: so nobody is moved but by a
 * name that really collides with it. What is written, and what the lock says, stands before all that. */
#include "compiler/elab.h"

#include "compiler/names.h"
#include "compiler/net.h"
#include "lang/base/sort.h"

enum { ROUNDS = 16, POOL_BITS = 8, OFFSET_BITS_MAX = 32 };

/* What ranges are taken from: 10.233.0.0/16, a /24 each. */
static const struct cidr pool = {.addr = {.family = 4, .b = {10, 233}}, .len = 16};

enum allot_state { ALLOT_FRESH, ALLOT_BUSY, ALLOT_DONE };

/* A container or a subnet that waits for its place. */
struct claim {
	struct str name;	/* STACK.NAME */
	struct str key;		/* what hashes: the name, or the one that it had before it was renamed */
};
struct claims {
	VEC(struct claim) all;
};

/* What there is to give in one range, by number. */
struct places {
	struct elab *el;
	struct str seed;	/* the range's own name: in another one, the same names have other numbers */
	uint64_t first, n;	/* first .. first + n - 1 */
	struct map taken;	/* number -> anything */
	struct lock_entry *(*locked)(const struct places *p, const struct claim *c, uint64_t *ret_number);
	void (*give)(const struct places *p, const struct claim *c, uint64_t number);
	/* for those two */
	enum net_family family;
	struct cidr range;
};

struct subnet_members {
	struct node *subnet;
	enum allot_state state;
	struct claims claims;		/* wait for addresses */
	VEC(struct node *) given;	/* say theirs */
	VEC(struct node *) further;	/* have more-addresses */
};

struct allot {
	enum allot_state grouped, ranged;
	VEC(struct subnet_members *) subnets;
	struct map by_subnet;		/* name -> struct subnet_members */
	struct map addresses[2];	/* STACK.CONTAINER -> struct addr, by family */
	struct map ranges;		/* STACK.SUBNET -> struct cidr */
	struct map moved;		/* new STACK.NAME, or STACK -> struct str, the old one */
	bool moved_read;
	struct claims claims;		/* subnets that wait for a range */
	VEC(struct node *) given;	/* that say theirs */
};

struct allot *allot_new(struct arena *a)
{
	return arena_new(a, struct allot);
}

/* The name that it had first, as far as the source tells. */
static struct str old_name(struct elab *el, struct str name)
{
	const struct str *old = map_get(&el->allot->moved, name);
	struct str rest, stack = str_cut(old ? *old : name, '.', &rest);
	const struct str *before = map_get(&el->allot->moved, stack);

	name = old ? *old : name;
	return before ? STR_JOIN(el->a, *before, STR("."), rest) : name;
}

static int cmp_claims(const void *a, const void *b)
{
	return str_cmp(((const struct claim *)a)->key, ((const struct claim *)b)->key);
}

static bool take(struct places *p, uint64_t number)
{
	struct str key = {(const char *)&number, sizeof number};

	if (map_get(&p->taken, key))
		return false;
	map_add(p->el->a, &p->taken, str_copy(p->el->a, key), p);
	return true;
}

static uint64_t proposed(const struct places *p, const struct claim *c, unsigned round)
{
	char digit[2] = {(char)('a' + round), ' '};

	return p->first + name_hash(STR_JOIN(p->el->a, (struct str){digit, 2}, p->seed, STR(" "), c->key)) % p->n;
}

/* Any place that is left, from the first one proposed on. */
static bool take_any(struct places *p, const struct claim *c, uint64_t *ret)
{
	uint64_t start = proposed(p, c, 0) - p->first;

	if (p->taken.n >= p->n)
		return false;
	for (uint64_t i = 0; i < p->n; i++) {
		*ret = p->first + (start + i) % p->n;
		if (take(p, *ret))
			return true;
	}
	return false;
}

/* Gives each claim a place; what is left over, in order of names, found none. */
static void places_give(struct places *p, struct claims *claims)
{
	size_t left = 0;
	uint64_t number;

	vec_each(struct claim, c, &claims->all)
		c->key = old_name(p->el, c->name);
	sort_array(claims->all.at, claims->all.n, sizeof *claims->all.at, cmp_claims);
	vec_each(struct claim, c, &claims->all) {
		struct lock_entry *lock = p->locked(p, c, &number);

		if (lock && take(p, number)) {
			lock->used = true;
			p->give(p, c, number);
		} else {
			claims->all.at[left++] = *c;
		}
	}
	for (unsigned round = 0; round < ROUNDS + 1 && left && p->n; round++) {
		size_t n = left;

		left = 0;
		for (size_t i = 0; i < n; i++) {
			const struct claim c = claims->all.at[i];
			bool got = round < ROUNDS ? take(p, number = proposed(p, &c, round)) : take_any(p, &c, &number);

			if (got)
				p->give(p, &c, number);
			else
				claims->all.at[left++] = c;
		}
	}
	claims->all.n = left;
}

/* ---- what is asked of nodes ---- */

static const struct schema_row *row_at(const struct node *n, size_t offset)
{
	const struct schema_row *row = n->kind->rows;

	while (row->form != ROW_FIELD || row->offset != offset)
		row++;
	return row;
}

/* Of a subnet of another stack, too, which nobody may have looked at. */
static struct val ask(struct elab *el, struct node *n, size_t offset, struct span at)
{
	node_ready(el, n);
	return force_field(el, n, row_at(n, offset), at);
}

static bool written(const struct node *n, size_t offset)
{
	return node_cell(n, row_at(n, offset))->slot.expr != NULL;
}

static struct str full_name(struct elab *el, const struct node *n)
{
	return STR_JOIN(el->a, n->parent->name.text, STR("."), n->name.text);
}

/* `moved old -> new` of every stack, each of which is laid out by then. */
static void moved_read(struct elab *el)
{
	const size_t offset = MEMBER(stack, moved);
	struct allot *a = el->allot;

	a->moved_read = true;
	for (size_t i = 0; i < el->nfiles; i++)
		for (size_t k = 0; k < file_stacks(&el->files[i])->many.n; k++) {
			struct node *stack = file_stacks(&el->files[i])->many.at[k];
			const struct schema_row *row = stack->kind->rows;

			while (row->form != ROW_ARROW || row->offset != offset)
				row++;
			const struct cell *cell = node_cell(stack, row);
			for (const struct arrow *arrow = cell->arrows.first; arrow; arrow = arrow->next) {
				const struct expr *left = arrow->entry->left, *right = arrow->entry->right;
				struct str *old = arena_new(el->a, struct str);

				if (left->kind != EX_NAME || right->kind != EX_NAME)
					continue;
				if (str_eq(right->u.text, stack->name.text) && !(stack->children && map_get(stack->children, right->u.text))) {
					*old = left->u.text;
					map_add(el->a, &a->moved, stack->name.text, old);
					continue;
				}
				*old = STR_JOIN(el->a, stack->name.text, STR("."), left->u.text);
				map_add(el->a, &a->moved, STR_JOIN(el->a, stack->name.text, STR("."), right->u.text), old);
			}
		}
}

/* Every block of a kind in every stack; false, and said at `at`, where some of them are not known yet. */
static bool each_child(struct elab *el, enum kind_tag kind, struct span at, void (*visit)(struct elab *el, struct node *n, struct span at))
{
	for (size_t i = 0; i < el->nfiles; i++) {
		node_ready(el, el->files[i].node);
		if (el->files[i].node->state == NODE_OPEN)
			return false;
		const struct cell *stacks = file_stacks(&el->files[i]);
		for (size_t k = 0; k < stacks->many.n; k++) {
			struct node *stack = stacks->many.at[k];

			node_ready(el, stack);
			if (stack->state == NODE_OPEN)
				return false;
			for (size_t r = 0; r < stack->kind->nrows; r++) {
				const struct schema_row *row = &stack->kind->rows[r];
				const struct cell *cell = node_cell(stack, row);

				for (size_t c = 0; row->form == ROW_BLOCK && row->how == HOW_MANY && row->child == kind && c < cell->many.n; c++) {
					node_ready(el, cell->many.at[c]);
					if (cell->many.at[c]->state == NODE_OPEN)
						return false;
					visit(el, cell->many.at[c], at);
				}
			}
		}
	}
	if (!el->allot->moved_read)
		moved_read(el);
	return true;
}

static void too_soon(struct elab *el, struct span at)
{
	say(el, DIAG_name_late, at, "addresses that nobody gave are chosen when all blocks are known: no condition of a block can depend on them");
}

/* ---- which container is in which subnet ---- */

static struct subnet_members *members_of(struct elab *el, struct node *subnet)
{
	struct str name = full_name(el, subnet);
	struct subnet_members *m = map_get(&el->allot->by_subnet, name);

	if (m)
		return m;
	m = arena_new(el->a, struct subnet_members);
	m->subnet = subnet;
	map_add(el->a, &el->allot->by_subnet, name, m);
	vec_push(el->a, &el->allot->subnets, m);
	return m;
}

/* The subnet that it says, or the stack's only one; NULL where it has none of its own. */
static struct node *subnet_of(struct elab *el, struct node *c, struct span at)
{
	struct val network = ask(el, c, MEMBER(container, network), at), subnet;
	const struct cell *cell;

	if (network.type != T_NETWORK || network.u.NETWORK != WORD_NETWORK_private || ask(el, c, MEMBER_RARE(container, join), at).type != V_NONE ||
	    ask(el, c, MEMBER_RARE(container, macvlan), at).type != V_NONE)
		return NULL;
	subnet = ask(el, c, MEMBER(container, subnet), at);
	if (subnet.type != V_NONE)
		return subnet.type == V_NODE ? subnet.u.node : NULL;
	for (size_t i = 0; i < c->parent->kind->nrows; i++) {
		const struct schema_row *row = &c->parent->kind->rows[i];

		cell = node_cell(c->parent, row);
		if (row->form == ROW_BLOCK && row->child == KIND_subnet)
			return cell->many.n == 1 ? cell->many.at[0] : NULL;
	}
	return NULL;
}

static void group_add(struct elab *el, struct node *c, struct span at)
{
	struct node *subnet = subnet_of(el, c, at);

	if (!subnet)
		return;
	if (written(c, MEMBER(container, address)) || written(c, MEMBER(container, address6)))
		vec_push(el->a, &members_of(el, subnet)->given, c);
	else
		vec_push(el->a, &members_of(el, subnet)->claims.all, ((struct claim){.name = full_name(el, c)}));
	if (written(c, MEMBER_RARE(container, more_addresses)))
		vec_push(el->a, &members_of(el, subnet)->further, c);
}

static void circular(struct elab *el, struct span at, const char *what)
{
	say(el, DIAG_value_cycle, at, "%s is chosen when all that is written is known, and some of that depends on it", what);
}

/* False: it was said why not. */
static bool grouped(struct elab *el, struct span at)
{
	struct allot *a = el->allot;

	if (a->grouped == ALLOT_BUSY)
		circular(el, at, "this address");
	if (a->grouped != ALLOT_FRESH)
		return a->grouped == ALLOT_DONE;
	a->grouped = ALLOT_BUSY;
	if (each_child(el, KIND_container, at, group_add)) {
		a->grouped = ALLOT_DONE;
		return true;
	}
	too_soon(el, at);
	a->grouped = ALLOT_FRESH;
	a->subnets.n = 0;
	a->by_subnet = (struct map){0};
	return false;
}

/* ---- addresses ---- */

static bool number_of(const struct places *p, struct addr a, uint64_t *ret)
{
	struct addr network = cidr_network(p->range);
	uint64_t n = 0;

	if (a.family != network.family || !cidr_contains(p->range, a))
		return false;
	for (unsigned i = 0; i < addr_bits(a) / 8; i++) {
		if (n >> 56)
			return false;
		n = n << 8 | (uint64_t)(a.b[i] - network.b[i]);
	}
	*ret = n;
	return n >= p->first && n - p->first < p->n;
}

static struct lock_entry *lock_find(const struct elab *el, enum lock_kind kind, const struct claim *c)
{
	struct lock_entry *e = map_get(&el->modules->locks.by_name[kind], c->name);

	return e ? e : map_get(&el->modules->locks.by_name[kind], c->key);
}

static struct lock_entry *address_locked(const struct places *p, const struct claim *c, uint64_t *ret_number)
{
	struct lock_entry *e = lock_find(p->el, p->family == NET_4 ? LOCK_ADDRESS : LOCK_ADDRESS6, c);

	return e && number_of(p, e->value.addr, ret_number) ? e : NULL;
}

static void address_give(const struct places *p, const struct claim *c, uint64_t number)
{
	struct addr *a = arena_new(p->el->a, struct addr);

	if (addr_add(cidr_network(p->range), (int64_t)number, a))
		map_add(p->el->a, &p->el->allot->addresses[p->family], c->name, a);
}

static void address_taken(struct places *p, struct val v)
{
	uint64_t number;

	if (v.type == T_IP && number_of(p, v.u.IP, &number))
		take(p, number);
}

static void family_give(struct elab *el, struct subnet_members *m, enum net_family family, struct span at)
{
	const bool four = family == NET_4;
	struct val range = ask(el, m->subnet, four ? MEMBER(subnet, range) : MEMBER(subnet, range6), at);
	struct val host = ask(el, m->subnet, four ? MEMBER(subnet, host) : MEMBER(subnet, host6), at);
	struct places p = {.el = el, .seed = old_name(el, full_name(el, m->subnet)), .family = family, .locked = address_locked, .give = address_give};
	struct claims claims = {0};
	unsigned bits;

	if (range.type != T_CIDR)
		return;
	p.range = range.u.CIDR;
	bits = addr_bits(p.range.addr) - p.range.len;
	bits = bits > OFFSET_BITS_MAX ? OFFSET_BITS_MAX : bits;
	p.first = 1;
	p.n = bits < 2 ? 0 : ((uint64_t)1 << bits) - (four ? 2 : 1);
	if (host.type == T_IP)
		address_taken(&p, host);
	else
		take(&p, 1);
	vec_each(struct node *, c, &m->given)
		address_taken(&p, ask(el, *c, four ? MEMBER(container, address) : MEMBER(container, address6), at));
	vec_each(struct node *, c, &m->further) {
		struct val more = ask(el, *c, MEMBER_RARE(container, more_addresses), at);

		for (size_t i = 0; more.type == V_LIST && i < more.u.list->n; i++)
			address_taken(&p, more.u.list->at[i]);
	}
	vec_each(struct claim, c, &m->claims.all)
		vec_push(el->a, &claims.all, *c);
	places_give(&p, &claims);
}

static bool addresses_give(struct elab *el, struct subnet_members *m, struct span at)
{
	if (m->state == ALLOT_BUSY)
		circular(el, at, "this address");
	if (m->state != ALLOT_FRESH)
		return m->state == ALLOT_DONE;
	m->state = ALLOT_BUSY;
	family_give(el, m, NET_4, at);
	family_give(el, m, NET_6, at);
	m->state = ALLOT_DONE;
	return true;
}

static struct val address_chosen(struct elab *el, struct node *c, enum net_family family, struct span at)
{
	struct node *subnet;
	const struct addr *a;

	if (written(c, MEMBER(container, address)) || written(c, MEMBER(container, address6)))
		return val_none();
	subnet = subnet_of(el, c, at);
	if (!subnet)
		return val_none();
	if (!grouped(el, at) || !addresses_give(el, members_of(el, subnet), at))
		return val_poison();
	a = map_get(&el->allot->addresses[family], full_name(el, c));
	return !a ? val_none() : family == NET_4 ? VAL(IP4, *a) : VAL(IP6, *a);
}

/* ---- ranges ---- */

static struct lock_entry *range_locked(const struct places *p, const struct claim *c, uint64_t *ret_number)
{
	struct lock_entry *e = lock_find(p->el, LOCK_RANGE, c);

	if (!e || e->value.len != pool.len + POOL_BITS || !cidr_contains(pool, e->value.addr))
		return NULL;
	*ret_number = e->value.addr.b[2];
	return e;
}

static struct cidr range_number(uint64_t number)
{
	struct cidr c = pool;

	c.addr.b[2] = (uint8_t)number;
	c.len = (uint8_t)(pool.len + POOL_BITS);
	return c;
}

static void range_give(const struct places *p, const struct claim *c, uint64_t number)
{
	struct cidr *range = arena_new(p->el->a, struct cidr);

	*range = range_number(number);
	map_add(p->el->a, &p->el->allot->ranges, c->name, range);
}

/* Those that wait for a range are put aside; the ranges of the others, all known by then, are taken. */
static void range_claim(struct elab *el, struct node *n, struct span at)
{
	(void)at;
	if (!written(n, MEMBER(subnet, range)) && !written(n, MEMBER(subnet, range6)))
		vec_push(el->a, &el->allot->claims.all, ((struct claim){.name = full_name(el, n)}));
	else if (written(n, MEMBER(subnet, range)))
		vec_push(el->a, &el->allot->given, n);
}

static bool ranges_give(struct elab *el, struct span at)
{
	struct allot *a = el->allot;
	struct places p = {.el = el, .seed = STR("range"), .n = 1 << POOL_BITS, .locked = range_locked, .give = range_give};

	if (a->ranged == ALLOT_BUSY)
		circular(el, at, "this range");
	if (a->ranged != ALLOT_FRESH)
		return a->ranged == ALLOT_DONE;
	a->ranged = ALLOT_BUSY;
	a->claims.all.n = a->given.n = 0;
	if (!each_child(el, KIND_subnet, at, range_claim)) {
		too_soon(el, at);
		a->ranged = ALLOT_FRESH;
		return false;
	}
	vec_each(struct node *, n, &a->given) {
		struct val v = ask(el, *n, MEMBER(subnet, range), at);

		for (uint64_t i = 0; v.type == T_CIDR && cidr_overlaps(v.u.CIDR, pool) && i < p.n; i++)
			if (cidr_overlaps(v.u.CIDR, range_number(i)))
				take(&p, i);
	}
	places_give(&p, &a->claims);
	a->ranged = ALLOT_DONE;
	return true;
}

static struct val range_chosen(struct elab *el, struct node *n, struct span at)
{
	const struct cidr *c;

	if (written(n, MEMBER(subnet, range6)))
		return val_none();
	if (!ranges_give(el, at))
		return val_poison();
	c = map_get(&el->allot->ranges, full_name(el, n));
	return c ? VAL(CIDR4, *c) : val_none();
}

/* The host's address in a subnet is the first of its range. */
static struct val host_chosen(struct elab *el, struct node *n, size_t range, struct span at)
{
	struct val v = ask(el, n, range, at);
	struct addr first;

	if (v.type == V_POISON)
		return v;
	if (v.type != T_CIDR || !addr_add(cidr_network(v.u.CIDR), 1, &first) || !cidr_contains(v.u.CIDR, first))
		return val_none();
	return first.family == 4 ? VAL(IP4, first) : VAL(IP6, first);
}

struct val field_chosen(struct elab *el, struct node *n, const struct schema_row *row, struct span at)
{
	if (n->sample || !n->parent || n->parent->tag != KIND_stack)
		return val_none();
	if (n->tag == KIND_container && row->offset == MEMBER(container, address))
		return address_chosen(el, n, NET_4, at);
	if (n->tag == KIND_container && row->offset == MEMBER(container, address6))
		return address_chosen(el, n, NET_6, at);
	if (n->tag == KIND_subnet && row->offset == MEMBER(subnet, range))
		return range_chosen(el, n, at);
	if (n->tag == KIND_subnet && row->offset == MEMBER(subnet, host))
		return host_chosen(el, n, MEMBER(subnet, range), at);
	if (n->tag == KIND_subnet && row->offset == MEMBER(subnet, host6))
		return host_chosen(el, n, MEMBER(subnet, range6), at);
	return val_none();
}
