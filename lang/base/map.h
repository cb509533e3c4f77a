/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Strings to pointers, in an arena: open addressing, power-of-two size, at most four fifths full. It has no iterator on purpose:
 * whatever is printed or stored comes from a sorted array, never from hash order. Keys are not copied and must outlive the map. */
#ifndef CTC_BASE_MAP_H
#define CTC_BASE_MAP_H

#include "lang/base/str.h"

struct map_slot;
struct map_item;

struct map {
	struct map_slot *slots;
	struct map_item *items;
	size_t n, cap;
};

/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Enters key -> value (value not NULL) where the key is new and returns NULL; else changes nothing and returns the value that is there. */
void *map_add(struct arena *a, struct map *m, struct str key, void *value);
/* Makes room for n keys in all, for somebody who knows how many there will be. */
void map_reserve(struct arena *a, struct map *m, size_t n);
/* Enters or replaces. */
void map_set(struct arena *a, struct map *m, struct str key, void *value);

#endif
