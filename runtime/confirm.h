/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Changes that take themselves back unless somebody confirms them (spec/transaction.md, Confirmation): a file in the store, which outlives every process and the boot, and a
 * timer of systemd's, which outlives the terminal. */
#ifndef CTC_RUNTIME_CONFIRM_H
#define CTC_RUNTIME_CONFIRM_H

#include "runtime/store.h"

#define CONFIRM_TIMER "ctstack-confirm.timer"
#define CONFIRM_UNIT "ctstack-confirm.service"

/* Before the first effect: from here on the host goes back by itself when the window ends. */
int confirm_arm(struct host *h, struct store *s, uint32_t from, uint32_t to, int64_t window_us, struct str user, struct err *e);
/* After the commit: the whole window is left now. */
int confirm_rearm(struct host *h, struct store *s, struct err *e);
/* Confirmed, or over: nothing goes back any more. Where the timer cannot be stopped, it will find nothing to do. */
int confirm_disarm(struct host *h, struct store *s, struct err *e);

enum confirm_state { CONFIRM_NONE, CONFIRM_WAITS, CONFIRM_OVER };
/* What waits, where anything does; CONFIRM_OVER: its time is over (in an earlier boot, too). What was not committed does not wait. left_us: of CONFIRM_WAITS. */
int confirm_look(struct host *h, struct store *s, struct arena *a, enum confirm_state *ret, struct pending *ret_pending, int64_t *ret_left_us, struct err *e);

/* This boot's id, in the arena; "" where the kernel does not say. */
struct str boot_id(struct host *h, struct arena *a);

#endif
