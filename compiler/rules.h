/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole-stack rules: what no single field can be blamed for. One function and one row in rules.c's table each. */
#ifndef CTC_COMPILER_RULES_H
#define CTC_COMPILER_RULES_H

#include "compiler/flows.h"
#include "lang/diag.h"

/* part: of the stacks only what is sound is in the model (elaborate.h), so rules that conclude from what is not there are left out, and lints. */
void rules_check(struct arena *scratch, struct diags *d, const struct model *model, const struct net *net, const struct routes *routes, const struct flows *flows, bool part);

#endif
