/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The system bus, and systemd's manager on it (org.freedesktop.systemd1(5)). Questions and jobs go out in batches
 * with a bounded number in flight; every wait has a deadline and ends with -EINTR when h->interrupted is set. Knows
 * nothing of stacks or plans. */
#ifndef CTC_RUNTIME_BUS_H
#define CTC_RUNTIME_BUS_H

#include "lang/base/vec.h"
#include "runtime/host.h"

/* The connection, opened at the first use and kept in h->bus. Without it every function below opens it by itself. */
int bus_open(struct host *h, struct err *e);
/* For host_close; NULL is allowed. */
void bus_close(struct bus *b);

/* A unit that the manager has loaded: "loaded" or "not-found" or …; "active", "inactive", …; "running",
 * "auto-restart", …. */
struct bus_unit {
	struct str name, load, active, sub;
	bool job;	/* something was asked of it, and is not done yet */
	bool starts;	/* and that is a start */
};
struct bus_units {
	VEC(struct bus_unit) all;	/* sorted by name */
};
/* One call, whatever their number. patterns: globs, NULL-terminated. */
int bus_list_units(struct host *h, struct arena *a, const char *const *patterns, struct bus_units *ret, struct err *e);
/* NULL where the manager does not know it. */
const struct bus_unit *bus_units_find(const struct bus_units *units, struct str name);

/* One property of one unit. type is that of D-Bus: 's', 'b', 'u', 'i', 't'; or 'X' for a list of commands,
 * a(sasbttttuii): see below. */
struct bus_prop {
	const char *unit, *interface, *name;
	char type;
	struct str text;	/* 's', in the arena; of 'X': the words of that command, with blanks between them */
	uint64_t number;	/* the other types; of 'X': 0 where no command failed, else code << 32 | status of the first, as waitid(2) tells them */
	uint64_t when_us;	/* of 'X': when that command ended, CLOCK_MONOTONIC */
	int error;		/* negative errno where it could not be had; not an error of the call */
};
int bus_get_props(struct host *h, struct arena *a, struct bus_prop *props, size_t n, struct err *e);

#define BUS_UNIT "org.freedesktop.systemd1.Unit"
#define BUS_SERVICE "org.freedesktop.systemd1.Service"

enum bus_verb { BUS_START, BUS_STOP };

struct bus_job {
	const char *unit;
	uint64_t patience_us;	/* how long it may take once nothing else is in its way; the manager's own limit and a margin */
	bool shown;		/* the caller's: worth a line to people */
	bool once;		/* the caller's: what it starts ends by itself, and has when the job is done */
	/* set by bus_run_jobs */
	bool done;		/* over, well or not */
	bool ok;
	char result[24];	/* the manager's word: "done", "failed", "timeout", "dependency", …; "refused" where it took no job */
	char message[256];	/* why it refused */
};

/* Gives the manager one job a unit and waits for all of them, the manager keeping the order that the units ask for.
 * No more than 200 jobs are under way at a time: in a larger batch, stops keep their order only among these (starts
 * keep it always, since a start brings in what it needs). Ends early at the first job that is not ok where
 * first_failure is set: then 0 is returned as well, and some jobs are not done. Each end is told to `done` (may be
 * NULL). -ETIMEDOUT where no job ended for as long as the most patient one that is left; -EINTR where interrupted. A
 * "skipped" job (an unmet condition) is ok. */
int bus_run_jobs(struct host *h, enum bus_verb verb, struct bus_job *jobs, size_t n, bool first_failure,
		 void (*done)(struct host *h, const struct bus_job *job), struct err *e);

/* daemon-reload: generators run, unit files are read again. Returns when it is done. */
int bus_reload(struct host *h, struct err *e);
/* Forgets that units failed; units that the manager does not know are no error. */
int bus_reset_failed(struct host *h, const char *const *units, size_t n, struct err *e);

/* Sleeps, unless interrupted: 0 or -EINTR. */
int bus_pause(struct host *h, uint64_t us, struct err *e);

#endif
