/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Why a unit did not start or did not stay up, in words for an error message. */
#ifndef CTC_RUNTIME_UNIT_WHY_H
#define CTC_RUNTIME_UNIT_WHY_H

#include "runtime/bus.h"

enum { WHY_LOG_LINES = 10 };

/* What a unit's state was after a start. */
struct unit_health {
	const char *unit;
	bool contained;		/* the caller's: its program is a process of podman's container, in a control group of its own below the unit's (--cgroups=split) */
	bool up;		/* active, not started again meanwhile, and its program there */
	bool ending;		/* not up, though systemd does not know it yet: the container is empty, and podman's monitor is about to end */
};

/* Asks for the state of n units (their names set); a unit that is no service is up when it is active. */
int units_health(struct host *h, struct unit_health *units, size_t n, struct err *e);

/* Fills e with one sentence about the unit, and below it its last WHY_LOG_LINES lines in the journal since since_us
 * (as log_now_us); names the unit as the resource. job: the one that failed, or NULL where the unit started and died.
 * Returns e->code, which is -EIO, or -ETIMEDOUT where it took too long, or that of a bus that is gone. */
int unit_why(struct host *h, const char *unit, const struct bus_job *job, uint64_t since_us, struct err *e);

#endif
