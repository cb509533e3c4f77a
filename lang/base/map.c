/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash map of map.h. */
#include "lang/base/map.h"

struct map_slot {
	struct str key;
	void *value; /* NULL: empty */
};

/* Eight bytes a step; only for tables in memory, so that it need not be the same elsewhere (str_hash is). Multiplication carries upwards only: the upper
 * half is folded onto the lower after each step. */
static uint64_t key_hash(struct str key)
{
	uint64_t h = key.n * 0x9e3779b97f4a7c15, part;
	size_t i = 0;

	for (; i + sizeof part <= key.n; i += sizeof part) {
		memcpy(&part, key.s + i, sizeof part);
		h = (h ^ part) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	part = 0;
	if (i < key.n)
		memcpy(&part, key.s + i, key.n - i);
	h = (h ^ part) * 0xff51afd7ed558ccd;
	return h ^ h >> 32;
}

static struct map_slot *map_find(const struct map *m, struct str key)
{
	size_t i = (size_t)key_hash(key) & (m->cap - 1);

	while (m->slots[i].value && !str_eq(m->slots[i].key, key))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void map_grow(struct arena *a, struct map *m)
{
	struct map wider = {.cap = m->cap ? m->cap * 2 : 8, .n = m->n};

	wider.slots = arena_array(a, wider.cap, sizeof *wider.slots);
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].value)
			*map_find(&wider, m->slots[i].key) = m->slots[i];
	*m = wider;
}

void *map_get(const struct map *m, struct str key)
{
	return m->cap ? map_find(m, key)->value : NULL;
}

void *map_add(struct arena *a, struct map *m, struct str key, void *value)
{
	if ((m->n + 1) * 4 > m->cap * 3)
		map_grow(a, m);
	struct map_slot *slot = map_find(m, key);
	if (slot->value)
		return slot->value;
	*slot = (struct map_slot){key, value};
	m->n++;
	return NULL;
}

void map_set(struct arena *a, struct map *m, struct str key, void *value)
{
	if (map_add(a, m, key, value))
		map_find(m, key)->value = value;
}
