/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the model to the manifest: pure functions, one lower_*.c a kind of resource. They are total: whatever could be wrong was said before. */
#ifndef CTC_COMPILER_LOWER_H
#define CTC_COMPILER_LOWER_H

#include "lang/manifest.h"
#include "lang/model.h"

/* ret has its arena set and is empty; sealed on return. */
void lower(const struct model *model, struct sources *sources, struct manifest *ret);

#endif
