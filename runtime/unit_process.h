/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a unit's processes are where they should be: in the network namespace that its text names, and shown the files and directories that are there now. */
#ifndef CTC_RUNTIME_UNIT_PROCESS_H
#define CTC_RUNTIME_UNIT_PROCESS_H

#include "lang/manifest.h"
#include "runtime/host.h"

/* What is wrong with where the unit's processes are, whose control group this is: UNIT_ASTRAY, they are in another network namespace than the one that the unit's text names; UNIT_LEFT_BEHIND, they
 * are shown a file or directory of `known` that was deleted or replaced. NULL where nothing is, or nobody can tell. */
const char *unit_process_fault(struct host *h, const struct manifest *known, const struct res_unit *u, struct str cgroup);
/* The namespace that the text of a container's unit names, or "". */
struct str unit_netns(const struct res_unit *u);

#endif
