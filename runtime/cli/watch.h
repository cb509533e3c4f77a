/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The terminal's side of a change: hands it to the service that makes it (runtime/service.h) and shows what that tells. Ctrl-C asks for the way back, a second one leaves the
 * change to itself; so does a terminal that goes away. */
#ifndef CTC_CLI_WATCH_H
#define CTC_CLI_WATCH_H

#include "runtime/cli/session.h"
#include "runtime/order.h"

enum watched {
	WATCHED_END,		/* *ret says how it ended */
	WATCHED_REFUSED,	/* it never began: e says why */
	WATCHED_LEFT,		/* it goes on */
	WATCHED_LOST,		/* the service is gone and has not told how it ended */
};

/* Under the session's lock, which is shared with the service from then on. Progress goes to the session's host. */
enum watched watch(struct session *s, const struct order *o, struct ending *ret, struct err *e);

#endif
