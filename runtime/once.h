/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Containers that run once, beside what systemd knows of them: how one that still runs is ended, and the notes by which a change that is taken back finds again what had finished before it.
 * systemd has no way to say of a unit that it has succeeded but to start it; so the start of one that is noted runs nothing. A note is good for one start, and for this boot. */
#ifndef CTC_RUNTIME_ONCE_H
#define CTC_RUNTIME_ONCE_H

#include "lang/base/str.h"
#include "runtime/host.h"

/* The next start of this unit (ct-STACK-CONTAINER, with or without .service) runs nothing; or it does again, whatever was noted. */
int once_note(struct host *h, struct str unit, struct err *e);
int once_forget(struct host *h, struct str unit, struct err *e);
/* Takes the note away: 1 there was one, 0 there was none. */
int once_noted(struct host *h, struct str unit, struct err *e);

/* Runs podman in the foreground, and waits for it without an end of its own, since the unit has one. SIGTERM stops its container as `stop` does a service's, with so many seconds until
 * it is killed. Status: that of podman, or 128 + the signal that killed it. */
int once_run(struct host *h, char *const *argv, const char *container, int64_t stop_s, int *ret_status, struct err *e);

#endif
