/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan as a text that can be kept and compared: what was agreed to, so that nothing else is done. One line a change, in the plan's order:
 *
 *	create unit SHA-256 ct-ml-ollama.service
 *
 * The digest is that of both sides, word for word. It shows that a change is another one, and says nothing of what is in it. */
#ifndef CTC_RUNTIME_PLAN_SEAL_H
#define CTC_RUNTIME_PLAN_SEAL_H

#include "runtime/plan.h"

void plan_seal(const struct plan *p, struct buf *out);
/* Where the two differ, false, and `out` has in words what is new in `now` or is not in it any more: "unit ct-x.service differs, link ctab is not in the plan, and 3 more". */
bool plan_seal_same(struct str agreed, struct str now, struct buf *out);

#endif
