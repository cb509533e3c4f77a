/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash map of map.h. */
#include "lang/base/map.h"

/* The hash stands beside the key, so that a slot of another key is passed by, and a wider table filled, without a look at the key's bytes. */
struct map_slot {
	struct str key;
	void *value; /* NULL: empty */
	uint64_t hash;
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

static struct map_slot *map_find(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = (size_t)hash & (m->cap - 1);

	while (m->slots[i].value && (m->slots[i].hash != hash || !str_eq(m->slots[i].key, key)))
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void map_grow(struct arena *a, struct map *m)
{
	struct map wider = {.cap = m->cap ? m->cap * 2 : 8, .n = m->n};

	wider.slots = arena_array(a, wider.cap, sizeof *wider.slots);
	for (size_t i = 0; i < m->cap; i++) {
		const struct map_slot *old = &m->slots[i];
		size_t k = (size_t)old->hash & (wider.cap - 1);

		if (!old->value)
			continue;
		while (wider.slots[k].value)
			k = (k + 1) & (wider.cap - 1);
		wider.slots[k] = *old;
	}
	*m = wider;
}

void *map_get(const struct map *m, struct str key)
{
	return m->n ? map_find(m, key, key_hash(key))->value : NULL;
}

void *map_add(struct arena *a, struct map *m, struct str key, void *value)
{
	uint64_t hash = key_hash(key);

	if ((m->n + 1) * 4 > m->cap * 3)
		map_grow(a, m);
	struct map_slot *slot = map_find(m, key, hash);
	if (slot->value)
		return slot->value;
	*slot = (struct map_slot){key, value, hash};
	m->n++;
	return NULL;
}

void map_set(struct arena *a, struct map *m, struct str key, void *value)
{
	if (map_add(a, m, key, value))
		map_find(m, key, key_hash(key))->value = value;
}
