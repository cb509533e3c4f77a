/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which units go along with one that is started again: those that require it, and those that require these, each looked at once however long the chain is. */
#ifndef CTC_RUNTIME_UNIT_FOLLOW_H
#define CTC_RUNTIME_UNIT_FOLLOW_H

#include "lang/base/map.h"
#include "lang/base/vec.h"
#include "runtime/plan.h"

struct units {
	VEC(struct res_unit *) all;
};

/* Enters into `followers` (unit -> struct units) that `who` requires the unit of this name, which must outlive the map. */
void unit_follows(struct arena *a, struct map *followers, struct str unit, struct res_unit *who);
/* Adds to `units` all that follow from those in it and that `enter` takes: it is asked of each as often as it follows from another one, and must not take one twice. */
void units_follow(struct arena *a, const struct map *followers, struct units *units, bool (*enter)(void *context, struct res_unit *u), void *context);

/* Enters into `followers` what each unit of a manifest is bound to. */
void units_bound(struct arena *a, const struct manifest *m, struct map *followers);

/* An `enter` that takes each once, and remembers its name. */
struct unit_set {
	struct arena *a;
	struct map *names;	/* unit -> struct res_unit */
};
bool unit_set_enter(void *set, struct res_unit *u);

/* In what was observed (not sealed): marks the units that run and are bound to one whose mending takes its process as going with it (UNIT_GOES_WITH), since systemd stops them with it. */
void units_bound_mark(struct manifest *seen);

/* Of all units before and after a change, also those that it does not touch: those that wait for people, run, and go down for good with it, since what they require shall not run any more. Into ret, by
 * name. */
void units_left_down(struct arena *a, const struct manifest *from, const struct manifest *to, struct map *ret);

#endif
