/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The desired (or the observed) state of a host: a sorted list of resources, each a typed struct expanded from res.def. It is the only thing that
 * passes from the compiler to the runtime, and what a generation stores. Its text form is canonical JSON: same value, same bytes; decode(encode(m)) = m. */
#ifndef CTC_LANG_MANIFEST_H
#define CTC_LANG_MANIFEST_H

#include "lang/base/err.h"
#include "lang/base/vec.h"
#include "lang/value.h"

enum { MANIFEST_VERSION = 1 };

enum res_kind {
#define RES_BEGIN(kind, word, class) RES_##kind,
#include "lang/res.def"
	RES_KIND_COUNT
};

enum res_class { RES_DECLARED, RES_EFFECT };
enum res_type { RES_STR, RES_INT, RES_BOOL, RES_STRS };
enum res_role { RES_COMPARED, RES_NOTED };

/* What every resource has; the first member of each struct res_KIND. */
struct res {
	enum res_kind kind;
	struct str id;		/* unique within its kind */
	struct str stack;	/* "" for what belongs to the host as a whole */
	struct str owner;	/* STACK.CONTAINER that it serves, or "" */
	struct str origin;	/* "file:line:column" of the source that asked for it, or "" */
};

#define RES_C_STR struct str
#define RES_C_INT int64_t
#define RES_C_BOOL bool
#define RES_C_STRS struct strs
#define RES_BEGIN(kind, word, class) \
	struct res_##kind {          \
		struct res res;
#define RES_FIELD(kind, member, type, role) RES_C_##type member;
#define RES_END(kind) \
	}             \
	;
#include "lang/res.def"

/* The same as data, for whoever treats all kinds alike. */
struct res_field {
	const char *name;
	enum res_type type;
	enum res_role role;
	size_t offset;
};
struct res_info {
	const char *word;
	enum res_class class;
	size_t size;
	const struct res_field *fields;
	size_t nfields;
};
extern const struct res_info res_infos[RES_KIND_COUNT];

struct manifest {
	struct arena *arena;		/* owns all that it holds; several manifests may share one */
	VEC(struct res *) all;		/* sorted by kind, then id, once sealed */
	size_t first[RES_KIND_COUNT + 1];	/* all.at[first[k]] .. all.at[first[k+1]-1] are of kind k, once sealed */
};

/* Adds a zeroed resource of the kind and returns it to be filled; the id is copied, other strings must live in an arena of the manifest's life.
 * manifest_add_KIND returns the typed struct. manifest_take: the id lives as long as the manifest, and is not copied. */
struct res *manifest_add(struct manifest *m, enum res_kind kind, struct str id);
struct res *manifest_take(struct manifest *m, enum res_kind kind, struct str id);
#define RES_BEGIN(kind, word, class)                                                             \
	static inline struct res_##kind *manifest_add_##kind(struct manifest *m, struct str id)  \
	{                                                                                        \
		return (struct res_##kind *)manifest_add(m, RES_##kind, id);                     \
	}                                                                                        \
	static inline struct res_##kind *manifest_take_##kind(struct manifest *m, struct str id) \
	{                                                                                        \
		return (struct res_##kind *)manifest_take(m, RES_##kind, id);                    \
	}
#include "lang/res.def"

/* Enters an existing resource as it is (shared, not copied). */
void manifest_put(struct manifest *m, struct res *r);
/* Sorts and indexes. Returns NULL, or the first resource whose kind and id another one has too (the second of the two). */
const struct res *manifest_seal(struct manifest *m);
/* The resource, or NULL. The manifest must be sealed. */
struct res *manifest_find(const struct manifest *m, enum res_kind kind, struct str id);

/* for (each resource r of a kind): struct res_unit *u; manifest_each(unit, u, m) */
#define manifest_each(kindname, var, m)                                                                              \
	for (size_t var##_i = (m)->first[RES_##kindname];                                                            \
	     var##_i < (m)->first[RES_##kindname + 1] && ((var) = (struct res_##kindname *)(m)->all.at[var##_i], 1); \
	     var##_i++)

int res_cmp(const struct res *a, const struct res *b);	/* by kind, then id */
/* Whether all COMPARED fields are equal; both of one kind. */
bool res_same(const struct res *a, const struct res *b);
/* A deep copy into the manifest's arena, to be changed before it is sealed. */
struct res *res_copy(struct arena *a, const struct res *r);

/* Canonical JSON: one resource a line, so that two generations diff well; keys in the order of res.def; empty fields left out. */
void manifest_encode(const struct manifest *m, struct buf *out);
/* Decodes and seals into an empty manifest with its arena set. -EBADMSG with a message that names the place for what is no manifest of ours, -EPROTO for a version
 * that this program does not know. Nothing in the text can make it crash, loop or use more than a small multiple of the text's memory. */
int manifest_decode(struct str text, struct manifest *ret, struct err *e);

#endif
