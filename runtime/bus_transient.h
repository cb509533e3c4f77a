/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transient units on the system bus (org.freedesktop.systemd1(5), StartTransientUnit): a service whose program systemd runs in a control group of its own, with what is to
 * be run when that has ended, however it ended; and a timer. */
#ifndef CTC_RUNTIME_BUS_TRANSIENT_H
#define CTC_RUNTIME_BUS_TRANSIENT_H

#include "runtime/bus.h"

struct bus_service {
	const char *unit, *description;
	const char *const *argv;		/* argv[0] absolute; NULL-terminated, as the others */
	const char *const *on_end;		/* ExecStopPost=, or NULL */
	const char *const *environment;		/* "NAME=value", or NULL */
	int stdin_fd;				/* what both read from; -1: nothing. systemd has a copy of it as long as the service lasts */
	uint64_t restart_us;			/* it is tried again after this long where it fails; 0: not */
};

/* Returns once systemd has taken the job: the program may not run yet. -EEXIST: there is such a unit. */
int bus_start_service(struct host *h, const struct bus_service *s, struct err *e);
/* A timer that starts the service once, `after_us` from now, by a clock that nobody sets. -EEXIST as above. */
int bus_start_timer(struct host *h, const char *timer, uint64_t after_us, const struct bus_service *s, struct err *e);
/* Stops a unit, whatever interrupts. That it cannot be stopped, or is not there, is no error. */
void bus_stop_now(struct host *h, const char *unit);
/* To the main process of a unit. -ENOENT or -ESRCH: there is none. */
int bus_kill(struct host *h, const char *unit, int number, struct err *e);

#endif
