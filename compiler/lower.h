/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the model to the manifest: pure functions, one lower_*.c a kind of resource. They are total: whatever could be wrong was said before. */
#ifndef CTC_COMPILER_LOWER_H
#define CTC_COMPILER_LOWER_H

#include "compiler/flows.h"
#include "lang/manifest.h"

/* What is not needed afterwards goes to scratch. ret has its arena set and is empty; sealed on return. It shares the names and addresses of net, which live as long as it.
 * An outline has what the source declares and what belongs to the host or to a whole stack, but nothing that a container becomes: all that a plan tells people where everything
 * is new, for a fourth of the work. Where something is expected of the flows there is no outline: a plan tells by which links it would be probed. */
void lower(struct arena *scratch, const struct model *model, const struct net *net, const struct routes *routes, const struct flows *flows,
	   struct sources *sources, bool outline, struct manifest *ret);

#endif
