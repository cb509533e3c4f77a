/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Functions of lists and maps. */
#include "compiler/call.h"

#include <stdlib.h>

static const struct list *list_of(const struct call *c)
{
	return c->args[0].u.list;
}

/* Room for a list of so many items; NULL where it is too long, which was said. */
static struct val *items_new(struct call *c, size_t n)
{
	return list_room(c->el, 0, n, c->e->at) ? arena_array(c->el->a, n ? n : 1, sizeof(struct val)) : NULL;
}

/* Both ends count, as in 8000-8010/tcp and int in 1..65535. */
bool call_range_of(struct call *c, int64_t *ret_first, size_t *ret_n)
{
	int64_t lo = c->args[0].u.INT, hi = c->args[1].u.INT;

	*ret_first = lo;
	*ret_n = 0;
	if (hi < lo)
		return true;
	if ((uint64_t)hi - (uint64_t)lo >= LIST_MAX) {
		say_limit(c->el, DIAG_limit_list, c->e->at, "a list has more than %d items", LIST_MAX);
		return false;
	}
	*ret_n = (size_t)(hi - lo) + 1;
	return true;
}

struct val call_range(struct call *c)
{
	struct val *items;
	int64_t first;
	size_t n;

	if (!call_range_of(c, &first, &n) || !(items = items_new(c, n)))
		return val_poison();
	for (size_t i = 0; i < n; i++)
		items[i] = VAL(INT, first + (int64_t)i);
	return list_val(c->el, items, n);
}

struct val call_length(struct call *c)
{
	struct val v = c->args[0];
	int64_t n = 0;

	if (v.type == V_LIST)
		return VAL(INT, (int64_t)v.u.list->n);
	if (v.type == V_MAP)
		return VAL(INT, (int64_t)v.u.dict->n);
	for (size_t i = 0; i < v.u.STRING.n; i++)
		n += ((unsigned char)v.u.STRING.s[i] & 0xc0) != 0x80;
	return VAL(INT, n);
}

struct val call_first(struct call *c)
{
	return list_of(c)->n ? list_of(c)->at[0] : val_none();
}

struct val call_last(struct call *c)
{
	return list_of(c)->n ? list_of(c)->at[list_of(c)->n - 1] : val_none();
}

struct val call_reverse(struct call *c)
{
	const struct list *l = list_of(c);
	struct val *items = items_new(c, l->n);

	for (size_t i = 0; items && i < l->n; i++)
		items[i] = l->at[l->n - 1 - i];
	return items ? list_val(c->el, items, l->n) : val_poison();
}

static int cmp_vals(const void *a, const void *b)
{
	bool comparable;

	return val_order(*(const struct val *)a, *(const struct val *)b, &comparable);
}

struct val call_sort(struct call *c)
{
	const struct list *l = list_of(c);
	struct val *items;
	int type;

	if (!call_items(c, l, A_ORDERED, &type) || !(items = items_new(c, l->n)))
		return val_poison();
	if (l->n)
		memcpy(items, l->at, l->n * sizeof *items);
	if (l->n > 1)
		qsort(items, l->n, sizeof *items, cmp_vals);
	return list_val(c->el, items, l->n);
}

/* Values of one type are the same where their texts are. */
struct val call_unique(struct call *c)
{
	const struct list *l = list_of(c);
	struct val *items = items_new(c, l->n);
	struct map seen = {0};
	size_t n = 0;

	for (size_t i = 0; items && i < l->n; i++) {
		struct buf text = {0};

		if (!val_text(l->at[i], &text)) {
			buf_free(&text);
			return call_wrong(c, 0, "takes no list with %s", val_shown(l->at[i]));
		}
		if (!map_add(c->el->a, &seen, buf_take(&text, c->el->a), &items[i]))
			items[n++] = l->at[i];
	}
	return items ? list_val(c->el, items, n) : val_poison();
}

struct val call_flatten(struct call *c)
{
	const struct list *l = list_of(c);
	VEC(struct val) items = {0};

	for (size_t i = 0; i < l->n; i++) {
		const struct list *inner = l->at[i].type == V_LIST ? l->at[i].u.list : NULL;

		if (!inner)
			return call_wrong(c, 0, "takes a list of lists, and there is %s in it", val_shown(l->at[i]));
		if (!list_room(c->el, items.n, inner->n, c->e->at))
			return val_poison();
		for (size_t k = 0; k < inner->n; k++) {
			if (items.n && items.at[0].type != inner->at[k].type)
				return call_wrong(c, 0, "makes a list of one type, and there are both %s and %s", val_shown(items.at[0]),
						  val_shown(inner->at[k]));
			vec_push(c->el->a, &items, inner->at[k]);
		}
	}
	return list_val(c->el, items.at, items.n);
}

/* Whether the first item that is `wanted` is there; of none: !wanted. */
static struct val some(struct call *c, bool wanted)
{
	const struct list *l = list_of(c);
	bool found = false;

	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].type != T_BOOL)
			return call_wrong(c, 0, "takes a list of bools, and there is %s in it", val_shown(l->at[i]));
		found |= l->at[i].u.BOOL == wanted;
	}
	return VAL(BOOL, found == wanted);
}

struct val call_any(struct call *c)
{
	return some(c, true);
}

struct val call_all(struct call *c)
{
	return some(c, false);
}

static struct val list_contains(struct call *c, const struct list *l, struct val item)
{
	bool comparable = true, found = false;

	for (size_t i = 0; i < l->n && comparable; i++)
		found |= val_eq(l->at[i], item, &comparable);
	if (!comparable)
		return call_wrong(c, 1, "looks for %s here, not for %s", val_shown(l->at[0]), val_shown(item));
	return VAL(BOOL, found);
}

static bool dict_has(const struct dict *dict, struct str name, struct val *ret)
{
	const struct dict_entry wanted = {.name = name};
	const struct dict_entry *found = dict->n ? bsearch(&wanted, dict->at, dict->n, sizeof wanted, dict_cmp) : NULL;

	*ret = found ? found->val : val_none();
	return found;
}

struct val call_contains(struct call *c)
{
	struct val whole = c->args[0], part = c->args[1], ignored;

	if (whole.type == V_LIST)
		return list_contains(c, whole.u.list, part);
	if (whole.type == T_CIDR && part.type == T_IP)
		return VAL(BOOL, cidr_contains(whole.u.CIDR, part.u.IP));
	if (whole.type == T_CIDR && part.type == T_CIDR)
		return VAL(BOOL, part.u.CIDR.len >= whole.u.CIDR.len && cidr_contains(whole.u.CIDR, cidr_network(part.u.CIDR)));
	if (whole.type == T_CIDR)
		return call_wrong(c, 1, "looks for an address or a network here, not for %s", val_shown(part));
	if (part.type != T_STRING)
		return call_wrong(c, 1, "looks for a string here, not for %s", val_shown(part));
	if (whole.type == V_MAP)
		return VAL(BOOL, dict_has(whole.u.dict, part.u.STRING, &ignored));
	return VAL(BOOL, part.u.STRING.n == 0 || (whole.u.STRING.n && memmem(whole.u.STRING.s, whole.u.STRING.n, part.u.STRING.s, part.u.STRING.n)));
}

struct val call_get(struct call *c)
{
	struct val v;

	dict_has(c->args[0].u.dict, c->args[1].u.STRING, &v);
	return v;
}

struct val call_keys(struct call *c)
{
	const struct dict *dict = c->args[0].u.dict;
	struct val *items = items_new(c, dict->n);

	for (size_t i = 0; items && i < dict->n; i++)
		items[i] = VAL(STRING, dict->at[i].name);
	return items ? list_val(c->el, items, dict->n) : val_poison();
}

struct val call_values(struct call *c)
{
	const struct dict *dict = c->args[0].u.dict;
	struct val *items = items_new(c, dict->n);

	for (size_t i = 0; items && i < dict->n; i++) {
		items[i] = dict->at[i].val;
		if (items[i].type != items[0].type)
			return call_wrong(c, 0, "makes a list of one type, and there are both %s and %s", val_shown(items[0]), val_shown(items[i]));
	}
	return items ? list_val(c->el, items, dict->n) : val_poison();
}

struct val call_merge(struct call *c)
{
	const struct dict *a = c->args[0].u.dict, *b = c->args[1].u.dict;
	struct dict_entry *both = arena_array(c->el->a, a->n + b->n + 1, sizeof *both);
	size_t i = 0, k = 0, n = 0;

	if (!list_room(c->el, 0, a->n + b->n, c->e->at))
		return val_poison();
	while (i < a->n || k < b->n) {
		int order = i == a->n ? 1 : k == b->n ? -1 : dict_cmp(&a->at[i], &b->at[k]);

		both[n++] = order < 0 ? a->at[i] : b->at[k];
		i += order <= 0;
		k += order >= 0;
	}
	return dict_val(c->el, both, n, c->e->at);
}
