/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running a program inside a container of systemd-nspawn, with no more rights than its own processes have. */
#ifndef CTC_RUNTIME_ENTER_H
#define CTC_RUNTIME_ENTER_H

#include <sys/types.h>

#include "lang/base/err.h"

/* The first process of the container that the systemd-nspawn process `nspawn` runs, or a negative errno: -ESRCH where there is none. */
pid_t enter_leader(pid_t nspawn, struct err *e);

struct enter {
	char *const *argv;	/* NULL-terminated; argv[0] is looked for in the container */
	const char *user;	/* USER[:GROUP], by names of the container's own or numbers; NULL: its root */
	const char *directory;	/* where it begins; NULL: / */
};

/* Runs it in the namespaces, with the root directory and within the capabilities of `leader`, with its environment and resource limits and the caller's standard streams, and waits. Moves the
 * calling process into the container's control group, and under its limits. The caller must have one thread. *ret_status: of exit, or 128 + the signal that ended it; where the program
 * cannot be run, which is an error, 127 (it is not in the container) or 126. */
int enter_run(pid_t leader, const struct enter *what, int *ret_status, struct err *e);

#endif
