/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole-stack rules: what no single field can be blamed for. One function and one row in rules.c's table each. */
#ifndef CTC_COMPILER_RULES_H
#define CTC_COMPILER_RULES_H

#include "lang/diag.h"
#include "lang/model.h"

void rules_check(struct diags *d, const struct model *model);

#endif
