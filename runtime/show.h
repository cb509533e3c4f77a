/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A view of a plan (view.h) as text for a terminal, as JSON for programs (spec/manifest.md, Plan) and as markdown for a review. Same plan, same bytes: nothing here
 * reads a clock, a terminal or the environment. */
#ifndef CTC_RUNTIME_SHOW_H
#define CTC_RUNTIME_SHOW_H

#include "runtime/view.h"

void show_text(const struct view *v, bool colour, struct buf *out);
void show_json(const struct view *v, struct buf *out);
void show_markdown(const struct view *v, struct buf *out);

/* name = value, name = [a, b]: a line each, every one behind `before`. And as one JSON object: strings, and arrays of them. */
void show_outputs_text(struct view_outputs outputs, const char *before, struct buf *out);
void show_outputs_json(struct view_outputs outputs, struct buf *out);

/* Appends text with its control characters made visible (\n, \x1b), so that no value of a source can speak to the terminal; cut after `max` bytes (0: never). */
void show_plain(struct str text, size_t max, struct buf *out);
/* Joined by ", ". */
void show_list(struct strs list, struct buf *out);
/* The word for a verdict: "new", "restart". */
const char *show_verdict(enum verdict verdict);

#endif
