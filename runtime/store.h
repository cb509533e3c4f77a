/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Generations on disk, the lock, the journal and the history. A generation is immutable once staged; `current` is the committed one and its rename is the commit;
 * `active` (in /run) is what units are generated from and differs from current only during a transaction. Layout:
 *
 *	/var/lib/ctstack/generations/NNNN/{manifest.json,plan.txt,meta.json,source/,SHA256SUMS}
 *	/var/lib/ctstack/current -> generations/NNNN
 *	/var/lib/ctstack/journal		a transaction in flight
 *	/var/lib/ctstack/pending		a change that waits to be confirmed
 *	/var/lib/ctstack/history		one JSON object a line: time, user, action, from, to, outcome
 *	/run/ctstack/active -> /var/lib/ctstack/generations/NNNN
 *	/run/ctstack/lock
 *	/run/ctstack/request, progress		a change on its way to its service, and what that tells (order.h)
 *
 * Directories are 0700. Generation 0 is the empty one; it always exists. Every file is written beside, fsynced, renamed, and its directory fsynced; a generation is made
 * under another name and appears whole. SHA256SUMS (as sha256sum(1) reads it, and with a last line for itself) finds a damaged byte and names its file. */
#ifndef CTC_RUNTIME_STORE_H
#define CTC_RUNTIME_STORE_H

#include <sys/types.h>

#include "lang/manifest.h"
#include "runtime/host.h"

struct store {
	int state_fd, run_fd;	/* STATE_DIR and RUN_DIR; -1 where there is none */
	int lock_fd;		/* -1 while not locked */
};

struct meta {
	uint32_t number, base;	/* base: the generation that was current when it was made */
	int64_t time;		/* seconds since the epoch */
	struct str user;	/* who asked: SUDO_USER or the user's name */
	struct str command;	/* "ctc apply ml.ctstack" */
	struct str summary;	/* "1 new, 1 restart, ..." */
	struct str digest;	/* SHA-256 of manifest.json, 64 hexadecimal digits */
};

struct source_file {
	struct str path, text;
};

/* Opens what there is. With create a host without a store is no error: then state_fd is -1, everything below that reads finds the empty generation, and store_make
 * makes the rest once something is to be written; only RUN_DIR is made. Without create, -ENOENT where there is no store yet. */
int store_open(struct host *h, bool create, struct store *ret, struct err *e);
/* The place on disk, and generation 0, where they are missing. Needs the lock. */
int store_make(struct host *h, struct store *s, struct err *e);
/* Only this host's key (facts.h), where it is missing. Needs no lock. */
int store_make_key(struct host *h, struct err *e);
void store_close(struct store *s);
/* What `ctc restore` signs it with: the watcher runs that at any moment, and it is soon over. */
#define STORE_RESTORE "ctc restore"
/* -EBUSY with the holder's pid and command in the text; a restoration is waited for (half a minute). Kept until store_close. Everything below that writes needs it. */
int store_lock(struct store *s, const char *command, struct err *e);
bool store_locked_by_other(struct store *s);
/* The lock that another process took and handed on as descriptor fd: it stays locked all the time. -EBADF: fd is nothing of that kind. */
int store_lock_inherit(struct store *s, int fd, const char *command, struct err *e);
/* The process that has the lock, or took it last; 0 where that cannot be read. */
pid_t store_lock_holder(struct store *s);
/* Whoever else has the descriptor does not hold it any more either. */
void store_unlock(struct store *s);

/* The generation that units are made from; none between a boot and the restoration of the network. */
int store_active(struct store *s, bool *ret_found, uint32_t *ret, struct err *e);
/* 0 where nothing was ever committed. */
int store_current(struct store *s, uint32_t *ret, struct err *e);
/* Decodes and checks the digest: -EBADMSG names a damaged file, -ENOENT a number that there is not. m has its arena set. meta may be NULL. */
int store_load(struct store *s, uint32_t number, struct manifest *m, struct meta *ret_meta, struct err *e);
/* One file of a generation ("plan.txt"), checked, in the arena. */
int store_read(struct store *s, uint32_t number, const char *name, struct arena *a, struct str *ret, struct err *e);
/* The sources that it was made from, under the paths that they had. */
int store_sources(struct store *s, uint32_t number, struct arena *a, struct source_file **ret, size_t *ret_n, struct err *e);
/* Existing numbers, ascending, in the arena. */
int store_list(struct store *s, struct arena *a, uint32_t **ret, size_t *ret_n, struct err *e);
/* Writes a new generation with the next free number, which meta->number becomes. */
int store_stage(struct store *s, const struct manifest *m, struct meta *meta, struct str plan_text, const struct source_file *sources,
		size_t nsources, struct err *e);
/* Removes one that is neither 0 nor current. */
int store_drop(struct store *s, uint32_t number, struct err *e);
/* Removes what a killed process left half made or half removed. */
int store_sweep(struct store *s, struct err *e);
int store_activate(struct store *s, uint32_t number, struct err *e);
int store_commit(struct store *s, uint32_t number, struct err *e);
/* Removes all but the newest `keep`; never the current one, its base, or 0. */
int store_prune(struct store *s, size_t keep, struct err *e);

/* The journal of a transaction: exists from before the first effect until after the commit or the way back. */
struct journal {
	uint32_t from, to;
	struct str boot;	/* in which it began */
	struct str observed;	/* the encoded manifest of what was found before the first effect */
};
int store_journal_write(struct store *s, const struct journal *j, struct err *e);
/* 0 and *ret_found false where there is none. */
int store_journal_read(struct store *s, struct arena *a, bool *ret_found, struct journal *ret, struct err *e);
int store_journal_remove(struct store *s, struct err *e);

/* A committed change that somebody has to confirm, or the host goes back. */
struct pending {
	uint32_t from, to;	/* back to `from`, while `to` is current */
	struct str boot;	/* the boot in which it was made: in any other one the time is over */
	int64_t window_us;	/* how long there is to confirm */
	int64_t deadline_us;	/* CLOCK_BOOTTIME of that boot */
	struct str user;
};
int store_pending_write(struct store *s, const struct pending *p, struct err *e);
/* 0 and *ret_found false where there is none; -EBADMSG where it is damaged. */
int store_pending_read(struct store *s, struct arena *a, bool *ret_found, struct pending *ret, struct err *e);
int store_pending_remove(struct store *s, struct err *e);
/* What a boot runs: the current generation, or, where that was never confirmed before this boot, the one before it. boot: this one's id. */
int store_boot_generation(struct store *s, struct str boot, uint32_t *ret, struct err *e);
/* Whether `ctc recover` has something to settle that began before this boot: a journal, or a change that was never confirmed. Not where the journal is damaged: it cannot. */
bool store_unsettled(struct store *s, struct str boot);

struct event {
	int64_t time;
	struct str user, action, outcome;	/* "apply", "rollback"; "done", "failed: …" */
	uint32_t from, to;
};
int store_history_add(struct store *s, const struct event *v, struct err *e);
/* -EBADMSG names the first line that is damaged; what is returned are all others. */
int store_history_read(struct store *s, struct arena *a, struct event **ret, size_t *ret_n, struct err *e);

#endif
