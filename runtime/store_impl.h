/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the store say to each other: the JSON objects that it reads, by jansson. */
#ifndef CTC_RUNTIME_STORE_IMPL_H
#define CTC_RUNTIME_STORE_IMPL_H

#include <jansson.h>

#include "lang/base/cleanup.h"
#include "runtime/store.h"

enum { STORE_TEXT_MAX = 512 << 20 };	/* the largest file of the store that is read */

static inline void json_release(json_t **j)
{
	json_decref(*j);
}
#define _json_ _cleanup_(json_release)

/* Getters that say no for another type or a number out of range. Strings are copied into the arena. */
bool store_get_u32(const json_t *object, const char *key, uint32_t *ret);
bool store_get_time(const json_t *object, const char *key, int64_t *ret);
bool store_get_str(const json_t *object, const char *key, struct arena *a, struct str *ret);
/* ,"key":"text" */
void store_put_str(struct buf *out, const char *key, struct str text);

/* A last line with the digest of all that stands before it, by which one wrong byte is found; and its check, which takes it off. */
void store_seal(struct buf *text);
bool store_unseal(struct str *text);

/* "generations/0003", and back from what the link `current` holds. */
#define GENERATIONS "generations"
enum { GENERATION_PATH_MAX = 64 };
const char *generation_path(uint32_t number, char out[GENERATION_PATH_MAX]);
bool generation_number(struct str name, uint32_t *ret);	/* "0003" */
/* Makes generation 0 where it is missing. */
int generation_zero(struct store *s, struct err *e);
int store_sync(int dir_fd, const char *path, struct err *e);

#endif
