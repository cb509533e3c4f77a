/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the bus say to each other: messages of libsystemd, which no other file sees. */
#ifndef CTC_RUNTIME_BUS_IMPL_H
#define CTC_RUNTIME_BUS_IMPL_H

#include <systemd/sd-bus.h>

#include "runtime/bus.h"

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"

struct bus {
	sd_bus *sd;
	bool subscribed;
	uint64_t heard;		/* when something came last, or was sent */
};

/* A batch: `make` makes the call number i, `answered` is told its answer or error. They are sent as there is room for them, and answered in any order. */
struct call;
struct calls {
	struct host *h;
	const char *doing;	/* for messages */
	bool stubborn;		/* goes on when interrupted */
	uint64_t timeout_us;	/* 0: what is left of the patience */
	int (*make)(const struct calls *c, size_t i, sd_bus_message **ret);
	void (*answered)(struct calls *c, size_t i, sd_bus_message *reply);	/* an answer or an error */
	void *context;
	struct call *at;
	size_t n, sent, over;
	bool lost;		/* the bus says that there will be no answer: systemd has left it, or the bus us */
	const size_t *finished;	/* where given, at most JOBS_MAX are sent and not finished */
};

void calls_end(struct calls *c);
/* Sends all, and returns when all are answered; an answer that is an error is none of the batch's. */
int calls_run(struct calls *c, struct err *e);

/* A call of the manager, to be filled. The bus is open. Returns what libsystemd says. */
int bus_message(struct host *h, const char *member, sd_bus_message **ret);
/* Sends it and waits for the answer, with a deadline; stubborn: whatever interrupts. An error that the manager answers is returned as its errno, with its words in e; then
 * *ret is set, too. ret (may be NULL) is the caller's to unref. */
int bus_call(struct host *h, const char *doing, sd_bus_message *m, bool stubborn, sd_bus_message **ret, struct err *e);
/* What an error says in words. */
const char *bus_error_text(sd_bus_message *m);

#endif
