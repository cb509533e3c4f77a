/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reference of kinds and fields, from the tables alone. */
#include "lang/doc.h"


static const char *name_rule(enum named named)
{
	switch (named) {
	case N_NONE:
		return "It has no name.";
	case N_NAME:
		return "It has a name.";
	case N_HOST:
		return "Its name has lower-case letters, digits and `-`, at most 63.";
	}
	return "";
}

/* A bound in the notation of its type. */
static void bound(enum type_tag type, double value, struct buf *out)
{
	switch ((int)type) {
	case T_SIZE:
	case T_SIZELIMIT:
		size_text((int64_t)value, out);
		break;
	case T_DURATION:
		duration_text((int64_t)value, out);
		break;
	case T_MODE:
		buf_fmt(out, "0%03llo", (long long)value);
		break;
	default:
		buf_fmt(out, "%.10g", value);
	}
}

/* "no, on-failure or always"; "size, at least 1MiB" */
static void type_put(const struct schema_row *row, struct buf *out)
{
	struct word_range words = type_words(row->type);

	for (unsigned w = words.lo; w < words.hi; w++)
		buf_fmt(out, "%s%.*s", w == words.lo ? "" : w + 1u == words.hi ? " or " : ", ", STR_ARG(word_texts[w]));
	if (words.lo == words.hi)
		buf_puts(out, type_infos[row->type].shown);
	if (!row->bounded)
		return;
	buf_puts(out, row->max >= 9e18 ? ", at least " : ", ");
	bound(row->type, row->min, out);
	if (row->max >= 9e18)
		return;
	buf_puts(out, " to ");
	bound(row->type, row->max, out);
}

/* How an entry is written: image = …, ports { NAME = port }, volume NAME { … }, mount path -> path */
static void form_put(const struct schema_row *row, struct buf *out)
{
	const struct schema_kind *child = &schema_kinds[row->child];

	buf_str(out, row->name);
	switch (row->form) {
	case ROW_FIELD:
		break;
	case ROW_MAP:
		buf_fmt(out, " { NAME = %s }", type_infos[row->type].shown);
		break;
	case ROW_BLOCK:
		buf_puts(out, child->named == N_NONE ? " { … }" : " NAME { … }");
		break;
	case ROW_ARROW:
		buf_puts(out, row->child == KIND_arrow_plain ? " … -> …" : " … -> … { … }");
		break;
	}
}

static void facts_put(const struct schema_row *row, struct buf *out)
{
	if (row->form == ROW_ARROW) {
		buf_fmt(out, "%s -> %s", type_infos[row->type].shown, type_infos[row->right].shown);
		return;
	}
	if (row->form == ROW_BLOCK) {
		buf_puts(out, row->how == HOW_ONE ? "at most one" : "any number");
		return;
	}
	if (row->form == ROW_MAP) {
		buf_puts(out, "any number");
		return;
	}
	type_put(row, out);
	if (row->required)
		buf_puts(out, "; required");
	else if (row->dflt.n)
		buf_fmt(out, "; default %.*s", STR_ARG(row->dflt));
}

void doc_kinds(struct buf *out)
{
	buf_puts(out, "Kinds of block:\n");
	for (unsigned k = 0; k < KIND_COUNT; k++)
		if (schema_kinds[k].word.n)
			buf_fmt(out, "  %-10.*s %s\n", STR_ARG(schema_kinds[k].word), schema_kinds[k].doc);
}

static void row_put(const struct schema_row *row, struct buf *out)
{
	buf_puts(out, "\n  ");
	form_put(row, out);
	buf_puts(out, row->form == ROW_FIELD ? ": " : "   # ");
	facts_put(row, out);
	buf_fmt(out, "\n      %s\n", row->doc);
}

void doc_kind(enum kind_tag kind, struct buf *out)
{
	const struct schema_kind *k = &schema_kinds[kind];

	buf_fmt(out, "%.*s: %s\n%s\n", STR_ARG(k->word), k->doc, name_rule(k->named));
	for (size_t i = 0; i < k->nrows; i++)
		row_put(&k->rows[i], out);
}

void doc_row(enum kind_tag kind, const struct schema_row *row, struct buf *out)
{
	const struct schema_kind *child = &schema_kinds[row->child];

	buf_fmt(out, "%.*s.", STR_ARG(schema_kinds[kind].word));
	form_put(row, out);
	buf_puts(out, row->form == ROW_FIELD ? ": " : "   # ");
	facts_put(row, out);
	buf_fmt(out, "\n%s\n", row->doc);
	if (row->form != ROW_BLOCK && row->form != ROW_ARROW)
		return;
	for (size_t i = 0; i < child->nrows; i++)
		row_put(&child->rows[i], out);
}

/* ---- the page ---- */

/* A cell of a table: | would end it. */
static void cell(struct str text, struct buf *out)
{
	buf_puts(out, "| ");
	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] == '|')
			buf_addc(out, '\\');
		buf_addc(out, text.s[i]);
	}
	buf_addc(out, ' ');
}

static void row_cells(const struct schema_row *row, struct buf *out)
{
	struct buf text = {0};

	buf_addc(&text, '`');
	form_put(row, &text);
	buf_addc(&text, '`');
	cell(buf_view(&text), out);
	text.n = 0;
	if (row->form == ROW_FIELD)
		type_put(row, &text);
	else
		facts_put(row, &text);
	cell(buf_view(&text), out);
	text.n = 0;
	if (row->required)
		buf_puts(&text, "required");
	else if (row->dflt.n)
		buf_fmt(&text, "`%.*s`", STR_ARG(row->dflt));
	cell(buf_view(&text), out);
	cell(str_of(row->doc), out);
	buf_puts(out, "|\n");
	buf_free(&text);
}

/* The heading of what stands behind an arrow: the arrow's own word, and whose it is. */
static void kind_heading(unsigned kind, struct buf *out)
{
	if (schema_kinds[kind].word.n) {
		buf_fmt(out, "\n## %.*s\n", STR_ARG(schema_kinds[kind].word));
		return;
	}
	for (unsigned k = 0; k < KIND_COUNT; k++)
		for (size_t i = 0; i < schema_kinds[k].nrows; i++)
			if (schema_kinds[k].rows[i].form == ROW_ARROW && schema_kinds[k].rows[i].child == kind)
				buf_fmt(out, "\n## behind %.*s of %.*s\n", STR_ARG(schema_kinds[k].rows[i].name), STR_ARG(schema_kinds[k].word));
}

void doc_page(struct buf *out)
{
	buf_puts(out, "# The vocabulary\n\n"
		      "Made of `lang/schema.def`, `lang/type.def` and `lang/enum.def` by `ctc doc --schema`; `ctc doc KIND` says the same.\n");
	for (unsigned k = KIND_COUNT; k-- > 0;) {
		const struct schema_kind *kind = &schema_kinds[k];

		if (kind->nrows == 0)
			continue;
		kind_heading(k, out);
		buf_fmt(out, "\n%s", kind->doc);
		if (kind->word.n)
			buf_fmt(out, " %s", name_rule(kind->named));
		buf_puts(out, "\n\n| entry | value | default | meaning |\n|---|---|---|---|\n");
		for (size_t i = 0; i < kind->nrows; i++)
			row_cells(&kind->rows[i], out);
	}
}
