/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the commands that look at a host or change it have in common: the host, its store, the generation that counts, and who asks. */
#ifndef CTC_CLI_SESSION_H
#define CTC_CLI_SESSION_H

#include "runtime/cli/report.h"
#include "runtime/mend.h"
#include "runtime/store.h"
#include "runtime/txn.h"

struct session {
	struct arena arena;
	struct host host;
	struct store store;		/* descriptors -1 where there is no store */
	uint32_t current;
	struct manifest recorded;	/* of the current generation; sealed, empty where there is none */
	struct meta meta;
	struct mending mending;
};

/* Begins with nothing open; session_end in any case. */
void session_begin(struct session *s);
void session_end(struct session *s);

/* To look: the host, and its store where there is one (-1 descriptors where not: no error), and the current generation. */
int session_look(struct session *s, struct err *e);
/* What a command that only looks does: begins, looks, has `view` say what is there, ends. Returns the command's status: the view's, or where the host could not be looked at, which is said,
 * STATUS_REFUSED. */
int session_view(struct cli *c, int (*view)(struct cli *c, struct session *s, const void *asked), const void *asked);
/* To change: opens the host where it is not, locks it, reads the current generation. Signals end every wait from here on. Makes nothing but RUN_DIR. -EBUSY: another ctc is at
 * work. */
int session_lock(struct session *s, const char *command, struct err *e);
/* The same for who is handed the lock of another process as a descriptor; reads and checks nothing. */
int session_inherit(struct session *s, int fd, const char *command, struct err *e);
/* From here on every wait, for an answer or a download, keeps the network as it was found, `found`, in the place of the watcher, which waits for the lock; until mend_end. Not where a change was cut off:
 * what shall be there is for the recovery to say. */
void session_mend(struct session *s, const struct manifest *found);
/* The terminal is gone. */
bool session_hung_up(void);
/* The current generation, again: after a recovery. */
int session_load(struct session *s, struct err *e);
/* What this boot runs, instead: store_boot_generation. */
int session_load_boot(struct session *s, struct err *e);

/* The sources of a generation, for places in them; none where they cannot be read. */
struct texts session_texts(struct session *s, uint32_t number);

/* A line in the history, now; that it cannot be written is no error of what it tells, and is said on standard error. */
void session_record(struct session *s, struct event *event);
/* Who asks: SUDO_USER, else who logged in (loginuid), else the user; a name, or a number. */
struct str session_user(struct arena *a);
/* "ctc apply ml.ctstack", from the command's own argument vector. */
struct str session_command(struct arena *a, int argc, char **argv);

/* A generation's number as people write it: "3". */
bool session_number(const char *text, uint32_t *ret);
/* "2024-05-01 12:00:03", local time, in out; returns out. */
enum { SESSION_TIME_MAX = 32 };
const char *session_time(int64_t seconds, char out[SESSION_TIME_MAX]);

#endif
