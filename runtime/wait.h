/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Waiting until a service answers: what `ready` in a container means. Runs behind the start of each such unit (ExecStartPost=ctc wait …), at apply, at boot and at every
 * restart alike. */
#ifndef CTC_RUNTIME_WAIT_H
#define CTC_RUNTIME_WAIT_H

#include <sys/types.h>

#include "lang/base/addr.h"
#include "lang/base/err.h"

enum ready_how { READY_HTTP, READY_TCP, READY_LINK, READY_EXEC };

struct ready {
	enum ready_how how;
	struct str shown;		/* as it was given, for messages */
	struct addr addr;		/* HTTP, TCP */
	uint16_t port;
	struct str path;		/* HTTP: starts with '/' */
	struct str link, parent;	/* LINK: the interface, and the host's on which it stands */
	const char *const *argv;	/* EXEC: NULL-terminated; argv[0] as in struct spawn */
};

/* http://ADDR:PORT/PATH, tcp://ADDR:PORT or link://PARENT/INTERFACE; ADDR is 192.0.2.1 or [2001:db8::1], never a name: nothing here asks a name server. -EINVAL. */
int ready_parse(struct str url, struct ready *ret, struct err *e);
/* "90s", "1h30m", "500ms", in microseconds; false for what is none or is longer than a day. */
bool wait_duration(struct str text, int64_t *ret_us);

/* Tries soon at first, then every 250 ms, each try at most 10 s, until one succeeds: an answer of HTTP with a status below 400, a connection, an interface that is there, a command that ends with status 0.
 * -ETIMEDOUT with what the last try met; -ESRCH at once when the process `pid` (0: none) ends; -EINTR. */
int ready_wait(const struct ready *what, int64_t within_us, pid_t pid, volatile int *interrupted, struct err *e);

#endif
