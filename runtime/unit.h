/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the parts of the kind "unit" share: unit_observe.c sees units, kind_unit.c changes them. */
#ifndef CTC_RUNTIME_UNIT_H
#define CTC_RUNTIME_UNIT_H

#include "lang/manifest.h"
#include "runtime/host.h"

bool unit_is_service(struct str name);
/* By its text. */
bool unit_is_ours(struct str text);
/* Whether its program ends by itself, and has finished then: a container with run = once. By its text. */
bool unit_runs_once(const struct res_unit *u);
/* Whether its processes run, wanted or started by people; or have finished, of one that is wanted. */
bool unit_runs(const struct res_unit *u);
/* Its text as the generator wrote it; -ENOENT where it did not. */
int unit_read(struct host *h, struct arena *a, struct str name, struct str *ret, struct err *e);

/* kind_ops.observe */
int unit_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e);

#endif
