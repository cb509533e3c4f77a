/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole vocabulary on a page, as it is written: each kind of block with what may stand in it. What the entries mean is said by doc_kind. */
#include "lang/doc.h"

/* The type as it is written in a source, words in place of an enumeration's name. */
static void type_put(enum type_tag type, struct buf *out)
{
	struct word_range words = type_words(type);

	/* those of capabilities(7) are too many to be read */
	if (words.lo == words.hi || type == T_CAPABILITY || type == T_CAPABILITIES) {
		buf_puts(out, type_infos[type].shown);
		return;
	}
	for (unsigned w = words.lo; w < words.hi; w++)
		buf_fmt(out, "%s%.*s", w == words.lo ? "" : " | ", STR_ARG(word_texts[w]));
}

/* expect reach | deny: LEFT -> RIGHT { what may stand behind it } */
static void arrow_put(enum kind_tag kind, const struct schema_row *row, struct buf *out)
{
	enum type_tag mode = schema_arrow_mode(kind, row);
	const struct schema_kind *behind = &schema_kinds[row->child];

	if (mode != T_COUNT) {
		type_put(mode, out);
		buf_puts(out, ": ");
	}
	type_put(row->type, out);
	buf_puts(out, " -> ");
	type_put(row->right, out);
	for (size_t i = 0; i < behind->nrows; i++) {
		const struct schema_row *r = &behind->rows[i];

		buf_fmt(out, "%s%.*s%s", i ? "; " : " { ", STR_ARG(r->name), r->form == ROW_MAP ? " { NAME = " : " = ");
		type_put(r->type, out);
		buf_puts(out, r->form == ROW_MAP ? " }" : "");
	}
	buf_puts(out, behind->nrows ? " }" : "");
}

static void row_put(enum kind_tag kind, const struct schema_row *row, struct buf *out)
{
	buf_fmt(out, "  %.*s ", STR_ARG(row->name));
	switch (row->form) {
	case ROW_FIELD:
		buf_puts(out, "= ");
		type_put(row->type, out);
		break;
	case ROW_MAP:
		buf_puts(out, "{ NAME = ");
		type_put(row->type, out);
		buf_puts(out, " }");
		break;
	case ROW_BLOCK:
		buf_puts(out, schema_kinds[row->child].named == N_NONE ? "{ … }" : "NAME { … }");
		break;
	case ROW_ARROW:
		arrow_put(kind, row, out);
		break;
	}
	if (row->required)
		buf_puts(out, "   # required");
	else if (row->dflt.n)
		buf_fmt(out, "   # default: %.*s", STR_ARG(row->dflt));
	buf_addc(out, '\n');
}

void doc_synopsis(struct buf *out)
{
	for (unsigned k = KIND_COUNT; k-- > 0;) {
		const struct schema_kind *kind = &schema_kinds[k];

		if (!kind->word.n)
			continue;
		buf_fmt(out, "%.*s%s {\n", STR_ARG(kind->word), kind->named == N_NONE ? "" : " NAME");
		for (size_t i = 0; i < kind->nrows; i++)
			row_put((enum kind_tag)k, &kind->rows[i], out);
		buf_puts(out, "}\n");
	}
}
