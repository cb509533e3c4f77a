/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The systemd generator: units of the active generation into the directory that systemd gives (systemd.generator(7)).
 * It runs at boot before anything else does and at every daemon-reload: no bus, no network, nothing written but in
 * that directory. */
#ifndef CTC_RUNTIME_GENERATOR_H
#define CTC_RUNTIME_GENERATOR_H

#include "runtime/host.h"

/* Where systemd has it write at a daemon-reload, and the mark that it leaves when it has written everything. */
#define GENERATED_DIR "run/systemd/generator"
#define GENERATED_MARK ".ctstack-generation"

/* Writes the units of the generation that /run/ctstack/active, else /var/lib/ctstack/current leads to into `normal`.
 * Without a store it does nothing and succeeds. */
int generator_run(struct host *h, const char *normal, struct err *e);
/* Whether the last daemon-reload generated all units of that generation: a generator that was killed leaves a part, which systemd takes for the whole. */
bool generator_done(struct host *h);
/* The program that systemd calls: ctstack-generator NORMAL EARLY LATE. Says what goes wrong with log_error, or on
 * standard error where that is a terminal. Returns the exit status. */
int generator_main(int argc, char **argv);

#endif
