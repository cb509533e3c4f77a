/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The only holder of the outside. It travels as the first argument of everything that looks at the host or changes it; tests make their own. Connections are
 * opened at first use and closed by host_close. */
#ifndef CTC_RUNTIME_HOST_H
#define CTC_RUNTIME_HOST_H

#include "lang/base/err.h"

struct nl;	/* nl.h: netlink sockets */
struct bus;	/* bus.h: the system bus */
struct podman_memo;	/* podman.h: what it has said of images */

struct host {
	int root_fd;			/* "/": every path of the host is opened below it */
	struct nl *nl;			/* NULL until used */
	struct bus *bus;		/* NULL until used */
	struct podman_memo *podman;	/* NULL until used, and once it is forgotten */
	/* How long the bus has kept us waiting without a word, all in all: there is one patience for the whole conversation, not one a question (bus.c). */
	uint64_t bus_waited_us, bus_patience_us;	/* the second: 0 as bus.c has it; tests have less */
	/* What happens, one short line each ("start ct-ml-ollama.service", "ready ct-ml-ollama.service"); may be NULL. */
	void (*progress)(void *context, const char *line);
	void *progress_context;
	volatile int *interrupted;	/* set by a signal handler: waits end early with -EINTR; may be NULL */
	/* What is looked after while something else is waited for (mend.h): every wait that may be long calls it some times a second. NULL: nothing; false: it ends. */
	bool (*meanwhile)(struct host *h, void *context);
	void *meanwhile_context;
};

/* Where everything of ours lives, below root_fd (without the leading slash). */
#define STATE_DIR "var/lib/ctstack"
#define RUN_DIR "run/ctstack"
#define METRICS_DIR "run/ctstack-metrics"	/* for everybody to read */

int host_open(struct host *ret, struct err *e);
void host_close(struct host *h);
/* For waits: calls h->meanwhile, in which none is called. */
void host_meanwhile(struct host *h);
void host_progress(struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
