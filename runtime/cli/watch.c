/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Following a change, see watch.h. What is followed is a file; whether somebody still writes to it is asked only when it has been silent for a while. */
#include "runtime/cli/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/service.h"

enum {
	LOOK_MS = 20,
	SILENT_LOOKS = 50,	/* a silence of a second */
	GONE_LOOKS = 250,
};

struct watching {
	struct session *s;
	struct follower follower;
	int interrupts;		/* of the user's, that were answered */
};

/* The process that makes the change, or settles it, has written its number into the lock. */
static bool somebody_works(struct watching *w)
{
	pid_t pid = store_lock_holder(&w->s->store);

	return pid > 0 && pid != getpid() && kill(pid, 0) == 0;
}

/* 1: gone, 0: there; negative: nobody works, and systemd does not say. */
static int service_is_gone(struct watching *w)
{
	volatile int *interrupted = w->s->host.interrupted;
	struct err ignored;

	w->s->host.interrupted = NULL;
	int r = somebody_works(w) ? 1 : service_runs(&w->s->host, &ignored);
	w->s->host.interrupted = interrupted;
	return r < 0 ? r : r == 0;
}

/* True where the user leaves. */
static bool answer_user(struct watching *w)
{
	struct err e;
	int asked = *w->s->host.interrupted;

	if (session_hung_up() || asked > w->interrupts + 1)
		return true;
	if (asked == w->interrupts)
		return false;
	w->interrupts = asked;
	if (asked > 1)
		return true;
	if (service_interrupt(&w->s->host, &e) < 0)
		host_progress(&w->s->host, "the change could not be told to go back: %s", e.text);
	else
		host_progress(&w->s->host, "interrupted: going back; a second Ctrl-C leaves it to itself");
	return false;
}

/* True once it has ended; tells all that there is. */
static bool tell(struct watching *w, struct ending *ret)
{
	_arena_ struct arena a = {0};
	struct str line;
	int what;

	while ((what = follower_next(&w->follower, &a, &line, ret)) == 1)
		host_progress(&w->s->host, "%.*s", STR_ARG(line));
	return what == 2;
}

static enum watched follow(struct watching *w, struct ending *ret)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

	for (int silent = 0;; silent++) {
		if (tell(w, ret))
			return WATCHED_END;
		if (answer_user(w))
			return WATCHED_LEFT;
		if (silent >= SILENT_LOOKS) {
			silent = 0;
			if (service_is_gone(w) != 0)
				return tell(w, ret) ? WATCHED_END : WATCHED_LOST;
		}
		nanosleep(&pause, NULL);
	}
}

/* It has told how it ended and is about to go: who lists the host's units after us does not find it. */
static void wait_gone(struct watching *w)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};

	w->s->host.bus_patience_us = GONE_LOOKS * LOOK_MS * 1000; /* how it ended is known already */
	for (int i = 0; i < GONE_LOOKS && service_is_gone(w) == 0; i++)
		nanosleep(&pause, NULL);
}

enum watched watch(struct session *s, const struct order *o, struct ending *ret, struct err *e)
{
	struct watching w = {.s = s, .interrupts = *s->host.interrupted};

	if (service_start(&s->host, &s->store, o, &w.follower, e) < 0)
		return WATCHED_REFUSED;
	enum watched how = follow(&w, ret);
	follower_end(&w.follower);
	if (how == WATCHED_END)
		wait_gone(&w);
	return how;
}
