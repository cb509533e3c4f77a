/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Starting and stopping containers by hand, within what the current generation says: no generation is made. */
#ifndef CTC_CLI_VERBS_H
#define CTC_CLI_VERBS_H

#include "runtime/cli/cli.h"

enum verb { VERB_START = 1, VERB_STOP = 2, VERB_RESTART = VERB_START | VERB_STOP };

/* The whole command: options, selection, lock, jobs, words. Returns the exit status: 0 all of it done; 1 refused; 3 a container did not start or stop;
 * 4 another ctc is changing this host. */
int verb_run(struct cli *c, enum verb verb, int argc, char **argv);

#endif
