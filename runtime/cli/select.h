/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Which containers of the host a command is about, as people name them: STACK, STACK.CONTAINER, or nothing for all. */
#ifndef CTC_CLI_SELECT_H
#define CTC_CLI_SELECT_H

#include "runtime/cli/session.h"

struct selected {
	VEC(const struct res_container *) all;	/* of the current generation, in its order, each once */
};

/* names: argv[1..n] of a command. -ENOENT for a name that there is not, with the nearest one there is. */
int select_containers(struct session *s, char **names, int n, struct selected *ret, struct err *e);
/* Exactly one: STACK.CONTAINER, or the name of a stack that has one container only. */
int select_one(struct session *s, const char *name, const struct res_container **ret, struct err *e);

#endif
