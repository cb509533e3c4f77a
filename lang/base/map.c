/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash map of map.h. */
#include "lang/base/map.h"

#include <assert.h>

/* The print of a key: of one that has at most eight bytes they themselves, of a longer one a hash. Most keys are names and short: they are compared without a look at where
 * their bytes are. */
struct map_item {
	union {
		uint64_t print;	/* of a short one */
		const char *s;	/* of a longer one */
	};
	void *value;
	uint32_t n;
};
enum { PRINT_BYTES = 8, CAP_MIN = 4 };

/* The table itself is small, so that a large one stays near the processor: the keys lie beside it in the order of their coming, and a wider one is made without them. */
struct map_slot {
	uint32_t hash;
	uint32_t at; /* of the key, from 1 on; 0: empty */
};

/* Up to eight bytes as a number, without a call for a few bytes. */
static inline uint64_t few_bytes(const char *s, size_t n)
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
static inline uint64_t mixed(uint64_t h, uint64_t part)
{
	unsigned __int128 product = (unsigned __int128)(h ^ part) * 0x9e3779b97f4a7c15;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes a step, the last ones once more where they do not fill one; only for tables in memory, so that it need not be the same elsewhere (str_hash is). */
static uint64_t long_print(struct str key)
{
	uint64_t h = ~(uint64_t)key.n, part;

	for (size_t i = 0; i + sizeof part < key.n; i += sizeof part) {
		memcpy(&part, key.s + i, sizeof part);
		h = mixed(h, part);
	}
	memcpy(&part, key.s + key.n - sizeof part, sizeof part);
	return mixed(h, part);
}

static inline uint64_t key_print(struct str key)
{
	return key.n <= PRINT_BYTES ? few_bytes(key.s, key.n) : long_print(key);
}

static inline uint32_t key_hash(uint64_t print, size_t n)
{
	return (uint32_t)mixed(~(uint64_t)n, print);
}

/* Where the key is, or the empty slot for it. */
static inline struct map_slot *map_find(const struct map *m, struct str key, uint64_t print, uint32_t hash)
{
	for (size_t i = hash & (m->cap - 1);; i = (i + 1) & (m->cap - 1)) {
		struct map_slot *slot = &m->slots[i];
		const struct map_item *there;

		if (!slot->at)
			return slot;
		if (slot->hash != hash)
			continue;
		there = &m->items[slot->at - 1];
		if (there->n == key.n && (key.n <= PRINT_BYTES ? there->print == print : memcmp(there->s, key.s, key.n) == 0))
			return slot;
	}
}

static bool is_full(size_t n, size_t cap)
{
	return n * 5 > cap * 4;
}

static size_t cap_items(size_t cap)
{
	return cap * 4 / 5;
}

static void map_widen(struct arena *a, struct map *m, size_t cap)
{
	size_t old = cap_items(m->cap) * sizeof *m->items, wider = cap_items(cap);
	struct map_slot *slots;

	if (!arena_extend(a, m->items, old, wider * sizeof *m->items)) {
		struct map_item *items = arena_array(a, wider, sizeof *items);

		if (m->n)
			memcpy(items, m->items, m->n * sizeof *items);
		m->items = items;
	}
	slots = arena_array(a, cap, sizeof *slots);
	for (size_t i = 0; i < m->cap; i++) {
		size_t k = m->slots[i].hash & (cap - 1);

		if (!m->slots[i].at)
			continue;
		while (slots[k].at)
			k = (k + 1) & (cap - 1);
		slots[k] = m->slots[i];
	}
	m->slots = slots;
	m->cap = cap;
}

void map_reserve(struct arena *a, struct map *m, size_t n)
{
	size_t cap = m->cap ? m->cap : CAP_MIN;

	while (is_full(n, cap))
		cap *= 2;
	if (cap > m->cap)
		map_widen(a, m, cap);
}

void *map_get(const struct map *m, struct str key)
{
	if (!m->n)
		return NULL;
	uint64_t print = key_print(key);
	const struct map_slot *slot = map_find(m, key, print, key_hash(print, key.n));
	return slot->at ? m->items[slot->at - 1].value : NULL;
}

void *map_add(struct arena *a, struct map *m, struct str key, void *value)
{
	uint64_t print = key_print(key);
	uint32_t hash = key_hash(print, key.n);

	assert(key.n <= UINT32_MAX);
	if (is_full(m->n + 1, m->cap))
		map_widen(a, m, m->cap ? m->cap * 2 : CAP_MIN);
	struct map_slot *slot = map_find(m, key, print, hash);
	if (slot->at)
		return m->items[slot->at - 1].value;
	struct map_item *item = &m->items[m->n++];
	item->value = value;
	item->n = (uint32_t)key.n;
	if (key.n <= PRINT_BYTES)
		item->print = print;
	else
		item->s = key.s;
	*slot = (struct map_slot){hash, (uint32_t)m->n};
	return NULL;
}

void map_set(struct arena *a, struct map *m, struct str key, void *value)
{
	uint64_t print = key_print(key);

	if (map_add(a, m, key, value))
		m->items[map_find(m, key, print, key_hash(print, key.n))->at - 1].value = value;
}
