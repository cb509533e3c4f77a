/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Running another program and taking what it prints: no shell, a fixed environment, bounded output, a deadline. Knows nothing of what the programs are. */
#ifndef CTC_RUNTIME_SPAWN_H
#define CTC_RUNTIME_SPAWN_H

#include "runtime/host.h"

/* Where programs are looked for, whatever the caller's PATH says. */
#define SPAWN_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct spawn {
	const char *const *argv;	/* argv[0] is a name without '/', looked for in SPAWN_PATH, or an absolute path */
	int64_t within_ms;
	struct str in;			/* what it reads from standard input; .n 0: */
	int in_fd;			/* the file that it reads there; 0: /dev/null */
	size_t out_max;			/* bytes that it may print on standard output; 0: not taken, /dev/null */
	volatile int *interrupted;	/* as in struct host; may be NULL */
	/* Each line of standard error as it comes, and an empty one where none has come for 10 s; NULL: nobody wants to hear. */
	void (*heard)(void *context, struct str line);
	void *context;
	struct host *host;		/* whose host_meanwhile is called while it runs; NULL: nobody's */
	int until_fd;			/* ends it with -ECANCELED once this descriptor is readable; 0: none */
};

/* What became of it. `out` and `said` are the caller's to buf_free. */
struct spawned {
	int status;		/* of exit, or 128 + the signal that killed it */
	struct buf out;
	struct buf said;	/* the last 4 KiB of standard error */
};

/* The absolute path of a program, or NULL; the text lives in buffer (of size bytes). */
const char *spawn_find(const char *name, char *buffer, size_t size);

/* Starts it in a process group of its own, with what it may read on standard input, and waits. 0: it has ended, *ret says how. Otherwise it is not running any more:
 * -ENOENT no such program, -ETIMEDOUT, -EINTR, -ECANCELED, -EFBIG printed too much, or what posix_spawn said. */
int spawn_run(const struct spawn *s, struct spawned *ret, struct err *e);
void spawned_free(struct spawned *s);
#define _spawned_ __attribute__((cleanup(spawned_free)))
/* The last line that is not empty of what it said on standard error, without "Error: " in front. */
struct str spawned_last_line(const struct spawned *s);

#endif
