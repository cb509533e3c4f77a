/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The vocabulary as data, for whoever treats all kinds, fields and types alike: schema.def, type.def and enum.def expanded into const tables. Offsets lead into the
 * structs of model.h. Nothing here judges a value. */
#ifndef CTC_LANG_SCHEMA_H
#define CTC_LANG_SCHEMA_H

#include "lang/model.h"

enum type_tag {
#define TYPE(tag, ctype, shown) T_##tag,
#include "lang/type.def"
#undef TYPE
	T_COUNT
};

struct type_info {
	const char *shown;
	size_t field_size;			/* sizeof(struct f_TYPE) */
	size_t entry_size, entry_value;		/* sizeof(struct entry_TYPE), offset of its .value */
};
extern const struct type_info type_infos[T_COUNT];

/* The words of an enumeration are consecutive: lo .. hi-1; lo == hi for every other type. */
struct word_range {
	enum word lo, hi;
};
struct word_range type_words(enum type_tag tag);
/* Whether there are any. */
bool type_has_words(enum type_tag tag);
extern const struct str word_texts[WORD_COUNT];
/* The word of this type with this text, or WORD_COUNT. */
enum word word_find(enum type_tag tag, struct str text);

enum kind_tag {
#define KIND_BEGIN(kind, word, named, doc) KIND_##kind,
#include "lang/schema.def"
	KIND_COUNT
};

enum row_form { ROW_FIELD, ROW_MAP, ROW_BLOCK, ROW_ARROW };
enum row_how { HOW_ONE, HOW_MANY };
enum named { N_NONE, N_NAME, N_HOST };
enum map_key { K_NAME, K_ENV, K_LABEL, K_SYSCTL };

struct schema_row {
	enum row_form form;
	struct str name;
	const char *doc;
	size_t offset;			/* MEMBER(kind, member) or MEMBER_RARE(kind, member) */
	enum type_tag type;		/* FIELD, MAP; ARROW: the left side */
	/* FIELD */
	bool required;
	struct str dflt;		/* in the language's notation; empty: none */
	bool bounded;
	double min, max;
	/* BLOCK, ARROW */
	enum kind_tag child;
	enum row_how how;
	/* ARROW: the element of its vector */
	enum type_tag right;
	size_t arrow_size, arrow_mode, arrow_left, arrow_right, arrow_block;
};

struct schema_kind {
	struct str word;		/* empty for what stands behind arrows */
	enum named named;
	const char *doc;
	size_t size;			/* sizeof(struct m_KIND) */
	size_t rare_size;		/* sizeof(struct rare_KIND); 0: it has no rare fields */
	const struct schema_row *rows;
	size_t nrows;
};
extern const struct schema_kind schema_kinds[KIND_COUNT];

/* What tells one row of a kind from all others: where its member is in struct m_KIND, and in struct rare_KIND. */
enum { RARE_OFFSET = 1 << 16 };
#define MEMBER(kind, member) offsetof(struct m_##kind, member)
#define MEMBER_RARE(kind, member) (RARE_OFFSET + offsetof(struct rare_##kind, member))
static inline bool row_is_rare(const struct schema_row *row)
{
	return row->offset >= RARE_OFFSET;
}

/* The rare members of a struct m_KIND, whatever the kind; the pointer is copied, so that no type is read as another. */
static inline void *model_rare(const void *model)
{
	void *rare;

	memcpy(&rare, (const char *)model + sizeof(struct m_head), sizeof rare);
	return rare;
}
static inline void model_rare_set(void *model, const void *rare)
{
	memcpy((char *)model + sizeof(struct m_head), &rare, sizeof rare);
}
/* The member of a struct m_KIND. One that is rare may be shared: it is read, and not written. */
static inline void *model_field(const void *model, const struct schema_row *row)
{
	if (row_is_rare(row))
		return (char *)model_rare(model) + (row->offset - RARE_OFFSET);
	return (char *)(uintptr_t)model + row->offset;
}

/* What the names of a MAP row must be. */
enum map_key schema_map_key(enum kind_tag kind, const struct schema_row *row);

/* The type of an arrow's second word; T_COUNT: it has none. */
enum type_tag schema_arrow_mode(enum kind_tag kind, const struct schema_row *row);

/* The block kind with this word, or KIND_COUNT. */
enum kind_tag kind_find(struct str word);
/* A row of any kind with this word and form, or NULL. The documentation of arrows begins with how they are written. */
const struct schema_row *schema_row_any(struct str word, enum row_form form);

#endif
