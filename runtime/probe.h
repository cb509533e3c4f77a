/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Questions to the network that only a packet answers: whether one may open a connection to another, right now, whatever the rules of all tables together say. A packet is sent
 * from the asking side's network namespace, and the asked side's is watched for its arrival (packet(7)). */
#ifndef CTC_RUNTIME_PROBE_H
#define CTC_RUNTIME_PROBE_H

#include "lang/value.h"
#include "runtime/host.h"

enum probe_end {
	PROBE_PENDING,
	PROBE_TAKEN,	/* the connection was accepted; or a datagram arrived and nobody sent it back */
	PROBE_REFUSED,	/* a packet came back that says that nobody listens: it has arrived */
	PROBE_SILENT,	/* nothing came back within the time */
	PROBE_ERROR,	/* the kernel, or a firewall by ICMP, says that it cannot go: see error */
};

struct probe {
	struct str from, to;		/* network namespaces below /run/netns; "": the host's own */
	struct addr source, target;	/* source.family 0: as the host's routes choose */
	uint16_t port;
	enum proto proto;		/* TCP or UDP */
	bool reach;			/* what is expected */
	bool arrival;			/* that it arrives is enough: nobody need listen */
	/* what became of it */
	enum probe_end end;
	bool arrived;			/* seen in the asked side's namespace, where that is not the host's */
	int error;			/* negative errno */
	int sent_as;			/* its source port */
};

/* How long a connection that shall be possible may take to become so, and how long one is watched that shall not be. */
enum { PROBE_REACH_MS = 10000, PROBE_DENY_MS = 500, PROBES_MAX = 4096 };

/* All at once, so that a hundred cost what one costs; the first that is not as expected ends the rest. A negative errno only where probing itself is impossible: what each
 * probe met is in it (PROBE_PENDING: it was not over, or not begun). -EINTR where h->interrupted. */
int probes_run(struct host *h, struct probe *probes, size_t n, struct err *e);
/* Whether it was as expected. */
bool probe_holds(const struct probe *p);

#endif
