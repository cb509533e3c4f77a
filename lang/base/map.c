/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hash map of map.h. */
#include "lang/base/map.h"

#include <assert.h>

/* The print of a key: of one that has at most eight bytes they themselves, of a longer one a hash. Most keys are names and short: they are compared, passed by, and moved to a
 * wider table without a look at where their bytes are. */
struct map_slot {
	uint64_t print;
	const char *s; /* the key */
	void *value; /* NULL: empty */
	uint32_t n;
};
enum { PRINT_BYTES = 8, CAP_MIN = 4 };

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

static inline size_t slot_first(const struct map *m, uint64_t print, size_t n)
{
	return (size_t)mixed(~(uint64_t)n, print) & (m->cap - 1);
}

/* Where the key is, or the empty slot for it. */
static inline struct map_slot *map_find(const struct map *m, struct str key, uint64_t print)
{
	struct map_slot *slot;

	for (size_t i = slot_first(m, print, key.n);; i = (i + 1) & (m->cap - 1)) {
		slot = &m->slots[i];
		if (!slot->value)
			return slot;
		if (slot->print == print && slot->n == key.n && (key.n <= PRINT_BYTES || memcmp(slot->s, key.s, key.n) == 0))
			return slot;
	}
}

static bool is_full(size_t n, size_t cap)
{
	return n * 5 > cap * 4;
}

static void map_widen(struct arena *a, struct map *m, size_t cap)
{
	struct map wider = {.cap = cap, .n = m->n};

	wider.slots = arena_array(a, wider.cap, sizeof *wider.slots);
	for (size_t i = 0; i < m->cap; i++) {
		const struct map_slot *old = &m->slots[i];
		size_t k = slot_first(&wider, old->print, old->n);

		if (!old->value)
			continue;
		while (wider.slots[k].value)
			k = (k + 1) & (wider.cap - 1);
		wider.slots[k] = *old;
	}
	*m = wider;
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
	return m->n ? map_find(m, key, key_print(key))->value : NULL;
}

void *map_add(struct arena *a, struct map *m, struct str key, void *value)
{
	uint64_t print = key_print(key);

	assert(key.n <= UINT32_MAX);
	if (is_full(m->n + 1, m->cap))
		map_widen(a, m, m->cap ? m->cap * 2 : CAP_MIN);
	struct map_slot *slot = map_find(m, key, print);
	if (slot->value)
		return slot->value;
	*slot = (struct map_slot){print, key.s, value, (uint32_t)key.n};
	m->n++;
	return NULL;
}

void map_set(struct arena *a, struct map *m, struct str key, void *value)
{
	if (map_add(a, m, key, value))
		map_find(m, key, key_print(key))->value = value;
}
