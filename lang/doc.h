/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reference, made of the tables and of what stands in sources: for a terminal (`ctc doc`) and as the page spec/schema.md. */
#ifndef CTC_LANG_DOC_H
#define CTC_LANG_DOC_H

#include "lang/ast.h"
#include "lang/schema.h"

/* Every kind of block with its sentence. */
void doc_kinds(struct buf *out);
void doc_kind(enum kind_tag kind, struct buf *out);
/* One field, map, block or arrow of a kind. */
void doc_row(enum kind_tag kind, const struct schema_row *row, struct buf *out);
/* spec/schema.md, whole. */
void doc_page(struct buf *out);
/* Each kind as it is written, for the last chapter of spec/language.md. */
void doc_synopsis(struct buf *out);

/* A template as its users see it: what it is, its parameters, what it gives. name: "std.ml.ollama". */
void doc_template(const struct ast *ast, const struct entry *template, struct str name, struct buf *out);
/* The inputs, templates and outputs of a file. name: "std.ml". */
void doc_file(const struct ast *ast, struct str name, struct buf *out);

#endif
