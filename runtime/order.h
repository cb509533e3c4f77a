/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A change that was agreed to, on its way from the ctc that asked to the service that makes it (service.h): one file in RUN_DIR, which only root reads and writes. What shall
 * be is a generation of the store; nothing else that a user named is read again. And the other way, what the service tells: a file that it adds lines to and that
 * whoever likes follows. Nobody waits for a reader, so that no terminal can hold up a change. */
#ifndef CTC_RUNTIME_ORDER_H
#define CTC_RUNTIME_ORDER_H

#include "runtime/store.h"
#include "runtime/txn.h"

enum order_action { ORDER_CHANGE, ORDER_RECOVER };

struct order {
	enum order_action action;
	struct str word;	/* "apply", "rollback", "destroy", "confirm", "recover": for the history */
	struct str user, command;
	uint32_t from, to;
	bool staged;		/* `to` was made for this change, and goes with it where it fails */
	struct str plan;	/* sealed (plan_seal.h): the service does this or nothing */
	bool probe;		/* what is expected of the flows is probed (TXN_PROBE) */
	int64_t confirm_us;	/* how long the change waits for `ctc confirm`; 0: it does not */
};
/* Needs the lock. */
int order_write(struct store *s, const struct order *o, struct err *e);
/* -ENOENT where there is none. It stays until its end was told, for whoever has to settle it. */
int order_read(struct store *s, struct arena *a, struct order *ret, struct err *e);
void order_remove(struct store *s);

/* How it ended. */
struct ending {
	enum txn_outcome outcome;
	bool stale;		/* TXN_REFUSED: the plan would be another one by now */
	bool recovered;		/* the process that made it died; this is what was left, settled */
	uint32_t from, to;	/* `from` runs, except after TXN_DONE */
	struct err error;	/* why; after TXN_DONE: what of the host is another way all the same, since others have changed it meanwhile */
};

/* Begins the file anew; returns a descriptor to add to. */
int progress_begin(struct store *s, struct err *e);
/* To add to what was begun. */
int progress_open(struct store *s, struct err *e);
/* Lines that cannot be written are lost, which is no error of the change. */
void progress_say(int fd, const char *line);
void progress_end(int fd, const struct ending *ending);

/* Whoever follows. Begins with the file as it is. */
struct follower {
	int fd;			/* -1: none */
	struct buf rest;	/* read, and no whole line yet */
};
int follower_begin(struct store *s, struct follower *ret, struct err *e);
void follower_end(struct follower *f);
/* The next thing that was told: 1 a line, in the arena; 2 the end; 0 nothing more for now. Never waits. */
int follower_next(struct follower *f, struct arena *a, struct str *ret_line, struct ending *ret);

#endif
