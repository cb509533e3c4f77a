/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Notifications: that somebody else has altered something of ours which the kernel tells of (nf_tables, rtnetlink). What exactly is for whoever asks to look. */
#ifndef CTC_RUNTIME_NL_WATCH_H
#define CTC_RUNTIME_NL_WATCH_H

#include <stdbool.h>

#include "lang/base/err.h"

struct mnl_socket;

enum { WATCH_NAME_MAX = 16 };	/* TASK_COMM_LEN */

struct watch {
	struct mnl_socket *nft, *route;
	bool any_link;			/* whoever waits says: any interface that comes counts */
	bool ours;			/* table inet ctstack was named since the last generation of rules */
	char by[WATCH_NAME_MAX];	/* the program that altered the table last, "" where it was something else */
};

/* watch_close when done. */
int watch_open(struct watch *ret, struct err *e);
void watch_close(struct watch *w);
/* Waits until something of ours is altered, and then until there is a pause, or a fifth of a second has passed: 1. 0: nothing within the time (-1: however long). What ctc
 * itself does to the table does not count. */
int watch_wait(struct watch *w, int within_ms, struct err *e);

/* Only the table, to know whether what was read of it still holds. Whoever it was. */
int watch_open_table(struct watch *ret, struct err *e);
/* Whether the table was altered since then; once true it stays so. Does not wait: see nft_batch_barrier. */
bool watch_touched(struct watch *w);

#endif
