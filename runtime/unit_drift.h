/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What hands and accidents do to a unit of ours beside its file: what stands next to it in the places that are people's, the faults that are told of it (those of its processes are found in
 * unit_process.c), and what it takes to mend them. */
#ifndef CTC_RUNTIME_UNIT_DRIFT_H
#define CTC_RUNTIME_UNIT_DRIFT_H

#include "lang/base/map.h"
#include "lang/manifest.h"
#include "runtime/host.h"

/* The faults of an observed unit (lang/res.def). */
#define UNIT_UNREAD "systemd has not read this version yet"
#define UNIT_ASTRAY "runs in a network namespace that is gone"
#define UNIT_LEFT_BEHIND "is shown a file or directory that is gone"
#define UNIT_GOES_WITH "goes with what it requires, which is started again"

/* Fills `added` of each unit in `seen` (not sealed; units: name -> its struct res_unit *) from /etc/systemd/system, /run/systemd/system and both system.control: drop-ins in NAME.d, and what stands under
 * the unit's own name there, a mask or another unit; each as "MODE PATH\nCONTENT", of a symbolic link "link PATH\nTARGET", sorted. What is longer than a unit can be
 * is passed over. Drop-ins for several units at once (service.d, ct-.service.d) are no business of ours. */
int unit_added_read(struct host *h, struct manifest *seen, const struct map *units, struct err *e);
/* Takes away what only `from` has, and puts there what only `to` has. Idempotent. */
int unit_added_put(struct host *h, const struct strs *from, const struct strs *to, struct err *e);
/* Whether this path (without the leading slash) is one of them. */
bool unit_added_has(const struct strs *added, const char *path);
/* Its path. */
struct str unit_added_path(struct str added);

/* Whether the unit's process has to be another one after a change of it: its text is, or what is beside it that reaches the process (a mask does not), or where it is has a fault. */
bool unit_restarts(const struct res_unit *from, const struct res_unit *to);

#endif
