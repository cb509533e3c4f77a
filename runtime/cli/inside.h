/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A program inside of a container that runs: for exec, enter and run. */
#ifndef CTC_CLI_INSIDE_H
#define CTC_CLI_INSIDE_H

#include "runtime/cli/cli.h"
#include "runtime/cli/select.h"

struct inside {
	const char *user;	/* USER[:GROUP], names of the container's own or numbers; NULL: the container's own, of a tree its root */
	const char *directory;	/* to begin in; NULL: the container's own */
	char *const *argv;	/* the program and its arguments, n of them */
	size_t n;
};

/* Runs that program on this process's own streams. Returns its exit status, or 1 where it cannot be run, which was said; for a container of podman's this process becomes podman and
 * does not return. */
int inside_exec(struct cli *c, struct session *s, const struct res_container *where, const struct inside *what);

#endif
