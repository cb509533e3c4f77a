/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What stacks come to: templates, defaults, loops and expressions resolved, as source text that is valid itself and compiles to the same manifest; behind each value a
 * comment says where it comes from. */
#ifndef CTC_COMPILER_EFFECTIVE_H
#define CTC_COMPILER_EFFECTIVE_H

#include "lang/diag.h"
#include "lang/model.h"

/* The stacks that are in scope. The model is a checked one, made of these sources. */
void effective_print(struct sources *sources, const struct model *model, struct buf *out);

#endif
