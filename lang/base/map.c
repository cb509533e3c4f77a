/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash map of map.h. */
#include "lang/base/map.h"

#include <assert.h>

/* The hash stands beside the key, so that a slot of another key is passed by, and a wider table filled, without a look at the key's bytes. */
struct map_slot {
	const char *s; /* the key */
	uint32_t n, hash;
	void *value; /* NULL: empty */
};

/* Up to eight bytes as a number, without a call for a few bytes. */
static uint64_t few_bytes(const char *s, size_t n)
{
	uint32_t lo, hi;

	if (n >= 4) {
		memcpy(&lo, s, 4);
		memcpy(&hi, s + n - 4, 4);
		return lo | (uint64_t)hi << 32;
	}
	return n ? (uint64_t)(unsigned char)s[0] | (uint64_t)(unsigned char)s[n / 2] << 8 | (uint64_t)(unsigned char)s[n - 1] << 16 : 0;
}

/* Multiplication carries upwards only: the upper half of the whole product is folded onto the lower, or names that differ in their last digit alone would lie side by side. */
static uint64_t mixed(uint64_t h, uint64_t part)
{
	unsigned __int128 product = (unsigned __int128)(h ^ part) * 0x9e3779b97f4a7c15;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes a step, the last ones once more where they do not fill one; only for tables in memory, so that it need not be the same elsewhere (str_hash is). */
static uint32_t key_hash(struct str key)
{
	uint64_t h = ~(uint64_t)key.n, part;

	for (size_t i = 0; i + sizeof part < key.n; i += sizeof part) {
		memcpy(&part, key.s + i, sizeof part);
		h = mixed(h, part);
	}
	if (key.n > sizeof part)
		memcpy(&part, key.s + key.n - sizeof part, sizeof part);
	else
		part = few_bytes(key.s, key.n);
	return (uint32_t)mixed(h, part);
}

static bool key_eq(const struct map_slot *slot, struct str key)
{
	if (slot->n != key.n)
		return false;
	return key.n <= sizeof(uint64_t) ? few_bytes(slot->s, key.n) == few_bytes(key.s, key.n) : memcmp(slot->s, key.s, key.n) == 0;
}

static struct map_slot *map_find(const struct map *m, struct str key, uint32_t hash)
{
	struct map_slot *slot;

	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		slot = &m->slots[i];
		if (!slot->value || (slot->hash == hash && key_eq(slot, key)))
			return slot;
	}
}

static void map_grow(struct arena *a, struct map *m)
{
	struct map wider = {.cap = m->cap ? m->cap * 2 : 8, .n = m->n};

	wider.slots = arena_array(a, wider.cap, sizeof *wider.slots);
	for (size_t i = 0; i < m->cap; i++) {
		const struct map_slot *old = &m->slots[i];
		size_t k = old->hash & (wider.cap - 1);

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
	uint32_t hash = key_hash(key);

	assert(key.n <= UINT32_MAX);
	if ((m->n + 1) * 5 > m->cap * 4)
		map_grow(a, m);
	struct map_slot *slot = map_find(m, key, hash);
	if (slot->value)
		return slot->value;
	*slot = (struct map_slot){key.s, (uint32_t)key.n, hash, value};
	m->n++;
	return NULL;
}

void map_set(struct arena *a, struct map *m, struct str key, void *value)
{
	if (map_add(a, m, key, value))
		map_find(m, key, key_hash(key))->value = value;
}
