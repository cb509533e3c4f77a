/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Manifests as values: adding, sorting, finding, comparing, copying. All of it is driven by the tables that res.def expands to; the text form is
 * in manifest_json.c. */
#include "lang/manifest.h"

#include <assert.h>
#include <stdlib.h>

#include "lang/base/sort.h"

#define RES_BEGIN(kind, word, class) static const struct res_field fields_##kind[] = {
#define RES_FIELD(kind, member, type, role) {#member, RES_##type, RES_##role, offsetof(struct res_##kind, member)},
#define RES_END(kind) \
	{0}           \
	}             \
	;
#include "lang/res.def"

const struct res_info res_infos[RES_KIND_COUNT] = {
#define RES_BEGIN(kind, word, class)                                                                       \
	[RES_##kind] = {word, RES_##class, sizeof(struct res_##kind), fields_##kind,                       \
			sizeof fields_##kind / sizeof fields_##kind[0] - 1},
#include "lang/res.def"
};

struct res *manifest_add(struct manifest *m, enum res_kind kind, struct str id)
{
	return manifest_take(m, kind, str_copy(m->arena, id));
}

struct res *manifest_take(struct manifest *m, enum res_kind kind, struct str id)
{
	struct res *r = arena_alloc(m->arena, res_infos[kind].size);

	r->kind = kind;
	r->id = id;
	vec_push(m->arena, &m->all, r);
	return r;
}

void manifest_put(struct manifest *m, struct res *r)
{
	vec_push(m->arena, &m->all, r);
}

int res_cmp(const struct res *a, const struct res *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : str_cmp(a->id, b->id);
}

/* How far ids ascend, each above the one before it. */
static size_t ascending(struct res *const *all, size_t n)
{
	size_t i = 1;

	while (i < n && str_cmp(all[i - 1]->id, all[i]->id) < 0)
		i++;
	return i < n ? i : n;
}

/* Sorts one kind's resources by id; room has space for n. What compilers emit and files hold is mostly sorted already. Returns the second of two that have the
 * same id, or NULL. */
static const struct res *kind_sort(struct res **all, size_t n, struct sort_item *room)
{
	size_t first = ascending(all, n);

	if (first == n)
		return NULL;
	for (size_t i = 0; i < n; i++)
		room[i] = (struct sort_item){.key = all[i]->id, .value = all[i]};
	sort_by_key(room, n);
	for (size_t i = 0; i < n; i++)
		all[i] = room[i].value;
	first = ascending(all, n);
	return first < n ? all[first] : NULL;
}

const struct res *manifest_seal(struct manifest *m)
{
	size_t at[RES_KIND_COUNT] = {0}, most = 0;
	struct res **by_kind;
	struct sort_item *room;
	const struct res *twice = NULL;

	/* 1. Where each kind begins. */
	memset(m->first, 0, sizeof m->first);
	for (size_t i = 0; i < m->all.n; i++)
		m->first[m->all.at[i]->kind + 1]++;
	for (int k = 0; k < RES_KIND_COUNT; k++) {
		if (m->first[k + 1] > most)
			most = m->first[k + 1];
		m->first[k + 1] += m->first[k];
		at[k] = m->first[k];
	}
	/* 2. All to their kind, in the order of their coming; then each kind by id. */
	by_kind = xrealloc(NULL, m->all.n * sizeof *by_kind);
	room = xrealloc(NULL, most * sizeof *room);
	for (size_t i = 0; i < m->all.n; i++)
		by_kind[at[m->all.at[i]->kind]++] = m->all.at[i];
	for (int k = 0; k < RES_KIND_COUNT; k++) {
		const struct res *again = kind_sort(by_kind + m->first[k], m->first[k + 1] - m->first[k], room);

		if (!twice)
			twice = again;
	}
	if (m->all.n)
		memcpy(m->all.at, by_kind, m->all.n * sizeof *by_kind);
	free(by_kind);
	free(room);
	return twice;
}

struct res *manifest_find(const struct manifest *m, enum res_kind kind, struct str id)
{
	size_t lo = m->first[kind], hi = m->first[kind + 1];

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = str_cmp(m->all.at[mid]->id, id);

		if (order == 0)
			return m->all.at[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool field_eq(const struct res_field *f, const struct res *a, const struct res *b)
{
	const void *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;

	switch (f->type) {
	case RES_STR:
		return str_eq(*(const struct str *)x, *(const struct str *)y);
	case RES_INT:
		return *(const int64_t *)x == *(const int64_t *)y;
	case RES_BOOL:
		return *(const bool *)x == *(const bool *)y;
	case RES_STRS:
		return strs_eq(x, y);
	}
	return false;
}

bool res_same(const struct res *a, const struct res *b)
{
	const struct res_info *info = &res_infos[a->kind];

	assert(a->kind == b->kind);
	for (size_t i = 0; i < info->nfields; i++)
		if (info->fields[i].role == RES_COMPARED && !field_eq(&info->fields[i], a, b))
			return false;
	return true;
}

static void field_copy(struct arena *a, const struct res_field *f, struct res *to)
{
	void *at = (char *)to + f->offset;

	if (f->type == RES_STR) {
		*(struct str *)at = str_copy(a, *(struct str *)at);
	} else if (f->type == RES_STRS) {
		struct strs *list = at;
		struct str *copy = arena_array(a, list->n, sizeof *copy);

		for (size_t i = 0; i < list->n; i++)
			copy[i] = str_copy(a, list->at[i]);
		list->at = copy;
	}
}

struct res *res_copy(struct arena *a, const struct res *r)
{
	const struct res_info *info = &res_infos[r->kind];
	struct res *copy = (struct res *)arena_copy(a, r, info->size);

	copy->id = str_copy(a, r->id);
	copy->stack = str_copy(a, r->stack);
	copy->owner = str_copy(a, r->owner);
	copy->origin = str_copy(a, r->origin);
	for (size_t i = 0; i < info->nfields; i++)
		field_copy(a, &info->fields[i], copy);
	return copy;
}
