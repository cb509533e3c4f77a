/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Arming and disarming, see confirm.h. The timer runs `ctc confirm --expired`, which looks at the file again: what the timer knows is only when to look. */
#include "runtime/confirm.h"

#include <errno.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/bus_transient.h"
#include "runtime/facts.h"
#include "runtime/service.h"

enum { BOOT_ID_MAX = 256, ENDING_TRIES = 200 };

#define RETRY_US 5000000ULL	/* where the way back finds the host locked, or fails */
#define ENDING_PAUSE_US 50000	/* between two tries, while systemd forgets the one that ended */

struct str boot_id(struct host *h, struct arena *a)
{
	struct str text;
	struct err ignored;

	return fact_read(h, STR("proc/sys/kernel/random/boot_id"), BOOT_ID_MAX, a, &text, &ignored) < 0 ? STR("") : str_cut(text, '\n', NULL);
}

/* Of a clock that nobody sets and that goes on while the host sleeps. */
static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int start_timer(struct host *h, int64_t window_us, struct err *e)
{
	char program[SERVICE_PROGRAM_MAX];
	int r = service_program(program, e);
	const char *const argv[] = {program, "confirm", "--expired", NULL};

	if (r < 0)
		return r;
	bus_stop_now(h, CONFIRM_TIMER);
	return bus_start_timer(h, CONFIRM_TIMER, (uint64_t)window_us,
			       &(struct bus_service){.unit = CONFIRM_UNIT, .description = "The way back of a change that nobody confirmed", .argv = argv, .stdin_fd = -1,
						     .restart_us = RETRY_US},
			       e);
}

/* A way back of an earlier change may have gone off before that was confirmed, found the host locked, and be about to look again: it has nothing to do any more. */
static int start_afresh(struct host *h, int64_t window_us, struct err *e)
{
	int r;

	bus_stop_now(h, CONFIRM_UNIT);
	for (int i = 0; (r = start_timer(h, window_us, e)) == -EEXIST && i < ENDING_TRIES; i++)
		if ((r = bus_pause(h, ENDING_PAUSE_US, e)) < 0)
			break;
	return r;
}

int confirm_arm(struct host *h, struct store *s, uint32_t from, uint32_t to, int64_t window_us, struct str user, struct err *e)
{
	_arena_ struct arena a = {0};
	struct pending p = {.from = from, .to = to, .boot = boot_id(h, &a), .window_us = window_us, .deadline_us = now_us() + window_us, .user = user};
	struct err ignored;
	int r = store_pending_write(s, &p, e);

	if (r == 0)
		r = start_afresh(h, window_us, e);
	if (r < 0)
		store_pending_remove(s, &ignored);
	return r < 0 ? err_context(e, "cannot arm the timer that would take the change back") : 0;
}

int confirm_rearm(struct host *h, struct store *s, struct err *e)
{
	_arena_ struct arena a = {0};
	struct pending p;
	bool found;
	int r = store_pending_read(s, &a, &found, &p, e);

	if (r < 0 || !found)
		return r;
	p.deadline_us = now_us() + p.window_us;
	r = store_pending_write(s, &p, e);
	if (r == 0)
		r = start_timer(h, p.window_us, e);
	/* It went off already and waits for this change to end: then it looks at the file. */
	return r == -EEXIST ? 0 : r;
}

int confirm_disarm(struct host *h, struct store *s, struct err *e)
{
	int r = store_pending_remove(s, e);

	if (r == 0)
		bus_stop_now(h, CONFIRM_TIMER);
	return r;
}

int confirm_look(struct host *h, struct store *s, struct arena *a, enum confirm_state *ret, struct pending *ret_pending, int64_t *ret_left_us, struct err *e)
{
	uint32_t current = 0;
	bool found;
	int r = store_pending_read(s, a, &found, ret_pending, e);

	*ret = CONFIRM_NONE;
	*ret_left_us = 0;
	if (r == 0)
		r = store_current(s, &current, e);
	if (r < 0 || !found || ret_pending->to != current)
		return r;
	*ret_left_us = str_eq(ret_pending->boot, boot_id(h, a)) ? ret_pending->deadline_us - now_us() : 0;
	*ret = *ret_left_us > 0 ? CONFIRM_WAITS : CONFIRM_OVER;
	return 0;
}
