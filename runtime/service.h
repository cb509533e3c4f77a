/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Changes are made by a service of systemd's, not by the process that asked for them: whoever asked may die, lose its terminal or its connection, and when the service dies, systemd
 * runs what settles it (ExecStopPost=). The order, the lock and what is told pass between the two as order.h and store.h say. */
#ifndef CTC_RUNTIME_SERVICE_H
#define CTC_RUNTIME_SERVICE_H

#include "runtime/order.h"

#define SERVICE_UNIT "ctstack-transaction.service"

enum { SERVICE_PROGRAM_MAX = 4096 };
/* The absolute path of this program. */
int service_program(char out[static SERVICE_PROGRAM_MAX], struct err *e);

/* ---- who asks ---- */

/* Writes the order, begins the file of what is told (*ret follows it) and starts the service, which has the lock from then on, together with the caller. Waits a little for one
 * that is just ending. On an error nothing was changed and nothing runs. */
int service_start(struct host *h, struct store *s, const struct order *o, struct follower *ret, struct err *e);
/* Whether it is still there: 1, 0, or an error of the bus. */
int service_runs(struct host *h, struct err *e);
/* Asks it to take the change back. */
int service_interrupt(struct host *h, struct err *e);

/* ---- the service ---- */

/* Carries out the order, under the lock that was handed on: compares the plan with what was agreed to, runs the transaction, writes the history, tidies the store. Fills *ret. */
void service_serve(struct host *h, struct store *s, const struct order *o, struct ending *ret);
/* After the process that served died: settles what it left. `why`: "killed by signal KILL". */
void service_settle(struct host *h, struct store *s, const struct order *o, struct str why, struct ending *ret);

/* Under the lock, where no transaction is in flight: removes what a killed ctc left before it had begun one: its order, what it had half made in the store, and the newest generation
 * where that was staged and never was the current one. What cannot be removed now is tried again by the next command: nothing looks at it. */
void service_tidy(struct store *s);

#endif
