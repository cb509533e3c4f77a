/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables of schema.h. */
#include "lang/schema.h"

#define STR_INIT(literal) {"" literal, sizeof(literal) - 1}

const struct type_info type_infos[T_COUNT] = {
#define TYPE(tag, ctype, shown) \
	[T_##tag] = {shown, sizeof(struct f_##tag), sizeof(struct entry_##tag), offsetof(struct entry_##tag, value)},
#include "lang/type.def"
#undef TYPE
};

const struct str word_texts[WORD_COUNT] = {
#define WORD(type, member, word) [WORD_##type##_##member] = STR_INIT(word),
#include "lang/enum.def"
#undef WORD
};

static const enum type_tag word_types[WORD_COUNT] = {
#define WORD(type, member, word) [WORD_##type##_##member] = T_##type,
#include "lang/enum.def"
#undef WORD
};

/* The number behind the last word of each type; 0: it has none. Of the rows of a type the last one is what stays. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const enum word words_end[T_COUNT] = {
#define WORD(type, member, text) [T_##type] = (enum word)(WORD_##type##_##member + 1),
#include "lang/enum.def"
#undef WORD
};
#pragma GCC diagnostic pop

bool type_has_words(enum type_tag tag)
{
	return words_end[tag] != 0;
}

struct word_range type_words(enum type_tag tag)
{
	unsigned hi = words_end[tag], lo = hi;

	while (lo > 0 && word_types[lo - 1] == tag)
		lo--;
	return (struct word_range){(enum word)lo, (enum word)hi};
}

enum word word_find(enum type_tag tag, struct str text)
{
	struct word_range r = type_words(tag);

	for (unsigned w = r.lo; w < r.hi; w++)
		if (str_eq(word_texts[w], text))
			return (enum word)w;
	return WORD_COUNT;
}

#define NEED_REQUIRED true
#define NEED_OPTIONAL false
#define ARROW_OF(kind, member) __typeof__(*((struct m_##kind *)NULL)->member.at)

#define KIND_BEGIN(kind, word, named, doc) static const struct schema_row rows_##kind[] = {
#define FIELD(kind, member, ...) FIELD_AT(MEMBER(kind, member), __VA_ARGS__)
#define RARE(kind, member, ...) FIELD_AT(MEMBER_RARE(kind, member), __VA_ARGS__)
#define FIELD_AT(offset_, name_, type_, need, dflt_, min_, max_, doc_)                  \
	{.form = ROW_FIELD,                                                             \
	 .name = STR_INIT(name_),                                                       \
	 .doc = doc_,                                                                   \
	 .offset = offset_,                                                             \
	 .type = T_##type_,                                                             \
	 .required = NEED_##need,                                                       \
	 .dflt = STR_INIT(dflt_),                                                       \
	 .bounded = (min_) != 0 || (max_) != 0,                                         \
	 .min = (double)(min_),                                                         \
	 .max = (double)(max_)},
#define MAP(kind, member_, name_, type_, doc_) \
	{.form = ROW_MAP, .name = STR_INIT(name_), .doc = doc_, .offset = MEMBER(kind, member_), .type = T_##type_},
#define BLOCK(kind, member_, name_, child_, how_, doc_) \
	{.form = ROW_BLOCK,                             \
	 .name = STR_INIT(name_),                       \
	 .doc = doc_,                                   \
	 .offset = MEMBER(kind, member_),               \
	 .child = KIND_##child_,                        \
	 .how = HOW_##how_},
#define ARROW(kind, member_, name_, left_, right_, child_, doc_)         \
	{.form = ROW_ARROW,                                              \
	 .name = STR_INIT(name_),                                        \
	 .doc = doc_,                                                    \
	 .offset = MEMBER(kind, member_),                                \
	 .type = T_##left_,                                              \
	 .right = T_##right_,                                            \
	 .child = KIND_##child_,                                         \
	 .arrow_size = sizeof(ARROW_OF(kind, member_)),                  \
	 .arrow_mode = offsetof(ARROW_OF(kind, member_), mode),          \
	 .arrow_left = offsetof(ARROW_OF(kind, member_), left),          \
	 .arrow_right = offsetof(ARROW_OF(kind, member_), right),        \
	 .arrow_block = offsetof(ARROW_OF(kind, member_), block)},
#define KIND_END(kind)                 \
	{                              \
		.name = {NULL, 0}      \
	}                              \
	}                              \
	;
#include "lang/schema.def"

const struct schema_kind schema_kinds[KIND_COUNT] = {
#define KIND_BEGIN(kind, word_, named_, doc_)                                    \
	[KIND_##kind] = {.word = STR_INIT(word_),                                \
			 .named = named_,                                        \
			 .doc = doc_,                                            \
			 .size = sizeof(struct m_##kind),                        \
			 .rare_size = sizeof(struct rare_##kind),                \
			 .rows = rows_##kind,                                    \
			 .nrows = sizeof rows_##kind / sizeof rows_##kind[0] - 1},
#include "lang/schema.def"
};

enum map_key schema_map_key(enum kind_tag kind, const struct schema_row *row)
{
	static const struct {
		enum kind_tag kind;
		size_t offset;
		enum map_key key;
	} keys[] = {
#define MAP_KEY(kind, member, key) {KIND_##kind, MEMBER(kind, member), key},
#include "lang/schema.def"
	};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (keys[i].kind == kind && keys[i].offset == row->offset)
			return keys[i].key;
	return K_NAME;
}

enum type_tag schema_arrow_mode(enum kind_tag kind, const struct schema_row *row)
{
	static const struct {
		enum kind_tag kind;
		size_t offset;
		enum type_tag type;
	} modes[] = {
#define ARROW_MODE(kind, member, type) {KIND_##kind, MEMBER(kind, member), T_##type},
#include "lang/schema.def"
	};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (modes[i].kind == kind && modes[i].offset == row->offset)
			return modes[i].type;
	return T_COUNT;
}

enum kind_tag kind_find(struct str word)
{
	unsigned k = 0;

	if (word.n == 0)
		return KIND_COUNT;
	while (k < KIND_COUNT && !str_eq(schema_kinds[k].word, word))
		k++;
	return (enum kind_tag)k;
}

const struct schema_row *schema_row_any(struct str word, enum row_form form)
{
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; i < schema_kinds[k].nrows; i++)
			if (schema_kinds[k].rows[i].form == form && str_eq(schema_kinds[k].rows[i].name, word))
				return &schema_kinds[k].rows[i];
	return NULL;
}
