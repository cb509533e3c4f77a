/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Transient units (bus_transient.h): what systemd runs because it was asked to, without a file. */
#include "runtime/bus_transient.h"

#include <errno.h>

#include "lang/base/cleanup.h"
#include "runtime/bus_impl.h"

/* How long a program may take to end, or the one that settles what it left. Their waits have deadlines of their own, and none is meant to be cut off. */
#define STOP_US 1800000000ULL
#define TIMER_STOP_US 30000000ULL

static int put_words(sd_bus_message *m, const char *property, const char *const *argv)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", property);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "a(sasb)");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sasb)");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'r', "sasb");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", argv[0]);
	if (r >= 0)
		r = sd_bus_message_append_strv(m, (char **)argv);
	if (r >= 0)
		r = sd_bus_message_append(m, "b", false);
	for (int i = 0; i < 4 && r >= 0; i++)
		r = sd_bus_message_close_container(m);
	return r;
}

static int put_environment(sd_bus_message *m, const char *const *environment)
{
	int r = sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = sd_bus_message_append(m, "s", "Environment");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_append_strv(m, (char **)environment);
	for (int i = 0; i < 2 && r >= 0; i++)
		r = sd_bus_message_close_container(m);
	return r;
}

/* a(sv) */
static int put_service(sd_bus_message *m, const struct bus_service *s)
{
	int r = sd_bus_message_open_container(m, 'a', "(sv)");

	if (r >= 0)
		/* mixed: a stop tells the program, which may be waiting for another one that it needs for the way back */
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", s->description, "Type", "s", "exec", "CollectMode", "s",
					  "inactive-or-failed", "TimeoutStopUSec", "t", STOP_US, "KillMode", "s", "mixed");
	if (r >= 0)
		r = put_words(m, "ExecStart", s->argv);
	if (r >= 0 && s->on_end)
		r = put_words(m, "ExecStopPost", s->on_end);
	if (r >= 0 && s->stdin_fd >= 0)
		r = sd_bus_message_append(m, "(sv)", "StandardInputFileDescriptor", "h", s->stdin_fd);
	if (r >= 0 && s->environment)
		r = put_environment(m, s->environment);
	if (r >= 0 && s->restart_us)
		r = sd_bus_message_append(m, "(sv)(sv)", "Restart", "s", "on-failure", "RestartUSec", "t", s->restart_us);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What stands before the properties: StartTransientUnit(name, mode, properties, further units). */
static int begin(struct host *h, const char *unit, sd_bus_message **ret, struct err *e)
{
	int r = bus_open(h, e);

	if (r < 0)
		return r;
	r = bus_message(h, "StartTransientUnit", ret);
	if (r >= 0)
		r = sd_bus_message_append(*ret, "ss", unit, "fail");
	return r < 0 ? err_errno(e, r, "cannot ask systemd to start %s", unit) : 0;
}

int bus_start_service(struct host *h, const struct bus_service *s, struct err *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = begin(h, s->unit, &m, e);

	if (r < 0)
		return r;
	r = put_service(m, s);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	return r < 0 ? err_errno(e, r, "cannot ask systemd to start %s", s->unit) : bus_call(h, "start the service of the change", m, false, NULL, e);
}

int bus_start_timer(struct host *h, const char *timer, uint64_t after_us, const struct bus_service *s, struct err *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = begin(h, timer, &m, e);

	if (r < 0)
		return r;
	r = sd_bus_message_append(m, "a(sv)", 4, "Description", "s", s->description, "TimersMonotonic", "a(st)", 1, "OnActiveSec", after_us, "AccuracyUSec", "t",
				  (uint64_t)100000, "RemainAfterElapse", "b", false);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sa(sv))");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'r', "sa(sv)");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", s->unit);
	if (r >= 0)
		r = put_service(m, s);
	for (int i = 0; i < 2 && r >= 0; i++)
		r = sd_bus_message_close_container(m);
	return r < 0 ? err_errno(e, r, "cannot ask systemd to start %s", timer) : bus_call(h, "arm a timer", m, true, NULL, e);
}

int bus_kill(struct host *h, const char *unit, int number, struct err *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = bus_open(h, e);

	if (r < 0)
		return r;
	r = bus_message(h, "KillUnit", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "ssi", unit, "main", number);
	return r < 0 ? err_errno(e, r, "cannot send a signal to %s", unit) : bus_call(h, "send a signal", m, true, NULL, e);
}

void bus_stop_now(struct host *h, const char *unit)
{
	struct bus_job job = {.unit = unit, .patience_us = TIMER_STOP_US};
	volatile int *interrupted = h->interrupted;
	struct err ignored;

	h->interrupted = NULL;
	bus_run_jobs(h, BUS_STOP, &job, 1, false, NULL, &ignored);
	h->interrupted = interrupted;
}
