/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The system bus (bus.h). Everything is asynchronous below: a batch of calls is sent piece by piece, replies and
 * signals are handled in the order in which the manager sent them, and one loop (turn) looks at the clock and at
 * h->interrupted. A manager that keeps silent is waited for once: all questions of a process share one patience, and when that is used up each has little. Slots are held by the batch and
 * end with it, so that no late reply finds a batch that is gone. Here are the batches and the jobs; what is asked of units is in bus_units.c, transient units in bus_transient.c. */
#include "runtime/bus.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/bus_impl.h"
#include "runtime/clock.h"

enum {
	IN_FLIGHT_MAX = 100,		/* the bus refuses more than 128 unanswered calls of a connection */
	/* For every job that somebody waits for, the manager asks the bus to be told when that somebody goes: one
	 * match rule a job, of which dbus-daemon grants a connection 512. Above that the manager loses its connection
	 * for good. */
	JOBS_MAX = 200,
	LOOK_UP_US = 100000,		/* how often a wait looks at h->interrupted */
	LEAST_PART = 24,		/* of the patience, once it is used up */
};

#define PATIENCE_US 120000000ULL		/* the manager is deaf while it reloads: with thousands of units that takes many seconds */
#define RELOAD_US 300000000ULL
#define SLOW_US 1000000ULL		/* an answer that takes longer uses the patience up */

static uint64_t now_us(void)
{
	return (uint64_t)clock_us();
}

int bus_open(struct host *h, struct err *e)
{
	sd_bus *sd = NULL;

	if (h->bus)
		return 0;
	int r = sd_bus_open_system(&sd);
	if (r < 0)
		return err_set(e, r, "cannot reach the system bus: %s; see that D-Bus runs (systemctl status dbus.socket) "
			       "and that systemd is this host's init", strerror(-r));
	h->bus = xrealloc(NULL, sizeof *h->bus);
	*h->bus = (struct bus){.sd = sd, .heard = now_us()};
	return 0;
}

void bus_close(struct bus *b)
{
	if (!b)
		return;
	/* Whatever mattered was answered; what was not must not be waited for now. */
	sd_bus_close_unref(b->sd);
	free(b);
}

static void give_up(struct host *h)
{
	bus_close(h->bus);
	h->bus = NULL;
}

/* A connection that broke is given up, so that the next question opens a new one. */
static int broken(struct host *h, struct err *e, int code, const char *doing)
{
	err_errno(e, code, "%s: the connection to systemd over the system bus failed", doing);
	if (code != -EINTR)
		give_up(h);
	return code;
}

static uint64_t patience_whole(const struct host *h)
{
	return h->bus_patience_us ? h->bus_patience_us : PATIENCE_US;
}

/* How long a question may stay without a word: what is left of the whole, and at least a little, since the bus may be back. */
static uint64_t patience(const struct host *h)
{
	uint64_t whole = patience_whole(h), least = whole / LEAST_PART, left = h->bus_waited_us < whole ? whole - h->bus_waited_us : 0;

	return left > least ? left : least;
}

static bool patience_is_over(const struct host *h)
{
	return h->bus_waited_us >= patience_whole(h);
}

/* Nothing has come for so long: whatever comes later is not waited for as long again. */
static int unanswered(struct host *h, const char *doing, uint64_t for_us, struct err *e)
{
	h->bus_waited_us = patience_whole(h);
	give_up(h);
	return err_set(e, -ETIMEDOUT, "%s: systemd has not answered over the system bus for %llu.%llu s; see systemctl status dbus", doing,
		       (unsigned long long)(for_us / 1000000), (unsigned long long)(for_us / 100000 % 10));
}

/* Handles one message that has arrived, or waits a little for one. */
static int turn(struct host *h, const char *doing, bool stubborn, struct err *e)
{
	int r;

	if (!stubborn && h->interrupted && *h->interrupted)
		return err_set(e, -EINTR, "%s: interrupted", doing);
	r = sd_bus_process(h->bus->sd, NULL);
	if (r < 0)
		return broken(h, e, r, doing);
	if (r > 0) {
		h->bus->heard = now_us();
		return 0;
	}
	r = sd_bus_wait(h->bus->sd, LOOK_UP_US);
	host_meanwhile(h);
	return r < 0 && r != -EINTR ? broken(h, e, r, doing) : 0;
}

int bus_pause(struct host *h, uint64_t us, struct err *e)
{
	for (uint64_t now, end = now_us() + us; (now = now_us()) < end;) {
		uint64_t left = end - now < LOOK_UP_US ? end - now : LOOK_UP_US;
		struct timespec t = {.tv_nsec = (long)left * 1000};

		if (h->interrupted && *h->interrupted)
			return err_set(e, -EINTR, "interrupted");
		nanosleep(&t, NULL);
		host_meanwhile(h);
	}
	return 0;
}

/* ---- batches of calls ---- */

struct call {
	struct calls *all;
	size_t i;
	sd_bus_slot *slot;
};

void calls_end(struct calls *c)
{
	for (size_t i = 0; i < c->sent; i++)
		sd_bus_slot_unref(c->at[i].slot);
	free(c->at);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct call *call = userdata;

	(void)error;
	call->all->over++;
	call->all->lost |= sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY) > 0;
	call->all->answered(call->all, call->i, m);
	return 0;
}

/* Sends as many calls as may be in flight. */
static int calls_send(struct calls *c, struct err *e)
{
	while (c->sent < c->n && c->sent - c->over < IN_FLIGHT_MAX && (!c->finished || c->sent - *c->finished < JOBS_MAX)) {
		_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
		struct call *call = &c->at[c->sent];
		int r = c->make(c, c->sent, &m);

		*call = (struct call){.all = c, .i = c->sent};
		if (r >= 0)
			r = sd_bus_call_async(c->h->bus->sd, &call->slot, m, on_reply, call, UINT64_MAX); /* calls_run has the deadline */
		if (r < 0)
			return broken(c->h, e, r, c->doing);
		c->sent++;
	}
	return 0;
}

static int calls_begin(struct calls *c, struct err *e)
{
	if (!c->timeout_us || patience_is_over(c->h))
		c->timeout_us = patience(c->h);
	c->at = xrealloc(NULL, (c->n + 1) * sizeof *c->at);
	return bus_open(c->h, e);
}

int calls_run(struct calls *c, struct err *e)
{
	int r = calls_begin(c, e);
	uint64_t last = now_us(), silence;

	for (size_t over = 0; r == 0 && c->over < c->n; over = c->over) {
		r = calls_send(c, e);
		if (r == 0)
			r = turn(c->h, c->doing, c->stubborn, e);
		silence = now_us() - last;
		if (r == 0 && (c->lost || (c->over == over && silence > c->timeout_us)))
			return unanswered(c->h, c->doing, silence, e);
		if (c->over == over)
			continue;
		if (silence > SLOW_US && c->timeout_us != RELOAD_US)
			c->h->bus_waited_us += silence;
		last += silence;
	}
	return r;
}

int bus_message(struct host *h, const char *member, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(h->bus->sd, ret, MANAGER, MANAGER_PATH, MANAGER_IFACE, member);
}

const char *bus_error_text(sd_bus_message *m)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);

	return error && error->message ? error->message : "no reason given";
}

struct one_call {
	sd_bus_message *call, *reply;
};

static int make_one(const struct calls *c, size_t i, sd_bus_message **ret)
{
	(void)i;
	*ret = sd_bus_message_ref(((const struct one_call *)c->context)->call);
	return 0;
}

static void on_one(struct calls *c, size_t i, sd_bus_message *m)
{
	(void)i;
	((struct one_call *)c->context)->reply = sd_bus_message_ref(m);
}

int bus_call(struct host *h, const char *doing, sd_bus_message *m, bool stubborn, sd_bus_message **ret, struct err *e)
{
	struct one_call one = {.call = m};
	_cleanup_(calls_end) struct calls c = {.h = h, .doing = doing, .stubborn = stubborn, .make = make_one, .answered = on_one, .context = &one, .n = 1};
	int r = calls_run(&c, e);

	if (r < 0) {
		sd_bus_message_unref(one.reply);
		return r;
	}
	if (ret)
		*ret = one.reply;
	if (sd_bus_message_is_method_error(one.reply, NULL))
		r = err_set(e, -sd_bus_message_get_errno(one.reply), "%s: systemd says: %s", doing, bus_error_text(one.reply));
	if (!ret)
		sd_bus_message_unref(one.reply);
	return r;
}

/* ---- jobs ---- */

struct running {
	struct bus_job *job;
	bool answered;
	struct str path;	/* of the job, once it is known */
	struct str early_path, early_result;	/* the end of a job that came before the answer which says whether it is ours */
};

struct jobs {
	struct arena arena;
	struct calls calls;
	enum bus_verb verb;
	struct running *at;
	struct map by_unit;
	size_t over;
	bool failed;
	uint64_t last_end;
	void (*done)(struct host *h, const struct bus_job *job);
};

static void finish(struct jobs *all, struct running *r, struct str result)
{
	struct bus_job *job = r->job;

	if (job->done)
		return;
	snprintf(job->result, sizeof job->result, "%.*s", STR_ARG(result));
	job->ok = str_is(result, "done") || str_is(result, "skipped");
	job->done = true;
	all->over++;
	all->failed |= !job->ok;
	all->last_end = now_us();
	if (all->done)
		all->done(all->calls.h, job);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct jobs *all = userdata;
	const char *path, *unit, *result;
	struct running *r;

	(void)error;
	if (sd_bus_message_read(m, "uoss", NULL, &path, &unit, &result) < 0 || !(r = map_get(&all->by_unit, str_of(unit))))
		return 0;
	if (r->answered && str_is(r->path, path))
		finish(all, r, str_of(result));
	else if (!r->answered) {
		r->early_path = str_copy(&all->arena, str_of(path));
		r->early_result = str_copy(&all->arena, str_of(result));
	}
	return 0;
}

static int make_job(const struct calls *c, size_t i, sd_bus_message **ret)
{
	const struct jobs *all = c->context;
	int r = bus_message(c->h, all->verb == BUS_START ? "StartUnit" : "StopUnit", ret);

	return r < 0 ? r : sd_bus_message_append(*ret, "ss", all->at[i].job->unit, "replace");
}

static void on_job(struct calls *c, size_t i, sd_bus_message *m)
{
	struct jobs *all = c->context;
	struct running *r = &all->at[i];
	const char *path;

	r->answered = true;
	if (sd_bus_message_is_method_error(m, "org.freedesktop.systemd1.NoSuchUnit") && all->verb == BUS_STOP) {
		finish(all, r, STR("done"));
	} else if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "o", &path) < 0) {
		snprintf(r->job->message, sizeof r->job->message, "%s", bus_error_text(m));
		finish(all, r, STR("refused"));
	} else {
		r->path = str_copy(&all->arena, str_of(path));
		if (str_eq(r->path, r->early_path))
			finish(all, r, r->early_result);
	}
}

/* The manager tells its signals only to those who asked. */
static int subscribe(struct host *h, struct err *e)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
	int r = h->bus->subscribed ? 0 : bus_message(h, "Subscribe", &m);

	if (r < 0)
		return err_errno(e, r, "cannot ask systemd for the results of its jobs");
	if (m)
		r = bus_call(h, "ask for the results of jobs", m, false, NULL, e);
	if (r == 0)
		h->bus->subscribed = true;
	return r;
}

static int jobs_wait(struct jobs *all, size_t n, bool first_failure, struct err *e)
{
	struct host *h = all->calls.h;
	uint64_t longest = patience_is_over(h) ? patience(h) : patience_whole(h), silence;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (all->at[i].job->patience_us > longest && !patience_is_over(h))
			longest = all->at[i].job->patience_us;
	all->last_end = now_us();
	while (all->over < n && !(first_failure && all->failed)) {
		r = calls_send(&all->calls, e);
		if (r == 0)
			r = turn(h, all->calls.doing, false, e);
		if (r < 0)
			return r;
		silence = now_us() - h->bus->heard;
		if (all->calls.lost || silence > longest)
			return unanswered(h, all->calls.doing, silence, e);
		if (now_us() - all->last_end > longest) {
			h->bus_waited_us += silence; /* of a bus that stopped soon after it was asked it is nearly all of the time */
			return err_set(e, -ETIMEDOUT, "%s: systemd finished no job within %llu s; %zu of %zu are left", all->calls.doing,
				       (unsigned long long)(longest / 1000000), n - all->over, n);
		}
	}
	return 0;
}

static void jobs_end(struct jobs *all)
{
	calls_end(&all->calls);
	arena_free(&all->arena);
}

int bus_run_jobs(struct host *h, enum bus_verb verb, struct bus_job *jobs, size_t n, bool first_failure,
		 void (*done)(struct host *h, const struct bus_job *job), struct err *e)
{
	_cleanup_(jobs_end) struct jobs all = {.verb = verb, .done = done};
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *match = NULL;
	int r;

	all.calls = (struct calls){.h = h, .make = make_job, .answered = on_job, .context = &all, .n = n, .finished = &all.over};
	all.calls.doing = verb == BUS_START ? "start units" : "stop units";
	all.at = arena_array(&all.arena, n + 1, sizeof *all.at);
	for (size_t i = 0; i < n; i++) {
		jobs[i].done = jobs[i].ok = false;
		all.at[i].job = &jobs[i];
		map_add(&all.arena, &all.by_unit, str_of(jobs[i].unit), &all.at[i]);
	}
	r = calls_begin(&all.calls, e);
	if (r == 0)
		r = subscribe(h, e);
	if (r < 0)
		return r;
	r = sd_bus_match_signal(h->bus->sd, &match, MANAGER, MANAGER_PATH, MANAGER_IFACE, "JobRemoved", on_job_removed, &all);
	if (r < 0)
		return broken(h, e, r, all.calls.doing);
	return jobs_wait(&all, n, first_failure, e);
}

/* ---- the rest ---- */

struct plain_calls {
	const char *const *units;
	int error;
	char message[256];
};

static int make_reload(const struct calls *c, size_t i, sd_bus_message **ret)
{
	(void)i;
	return bus_message(c->h, "Reload", ret);
}

static int make_reset(const struct calls *c, size_t i, sd_bus_message **ret)
{
	int r = bus_message(c->h, "ResetFailedUnit", ret);

	return r < 0 ? r : sd_bus_message_append(*ret, "s", ((const struct plain_calls *)c->context)->units[i]);
}

static void on_plain(struct calls *c, size_t i, sd_bus_message *m)
{
	struct plain_calls *p = c->context;

	(void)i;
	if (!sd_bus_message_is_method_error(m, NULL) || sd_bus_message_is_method_error(m, "org.freedesktop.systemd1.NoSuchUnit"))
		return;
	p->error = -sd_bus_message_get_errno(m);
	snprintf(p->message, sizeof p->message, "%s", bus_error_text(m));
}

int bus_reload(struct host *h, struct err *e)
{
	struct plain_calls p = {0};
	_cleanup_(calls_end) struct calls c = {.h = h, .doing = "daemon-reload", .stubborn = true, .timeout_us = RELOAD_US, .make = make_reload,
					       .answered = on_plain, .context = &p, .n = 1};
	int r = calls_run(&c, e);

	if (r == 0 && p.error)
		r = err_set(e, p.error, "systemd did not reload its units: %s", p.message);
	return r;
}

int bus_reset_failed(struct host *h, const char *const *units, size_t n, struct err *e)
{
	struct plain_calls p = {.units = units};
	_cleanup_(calls_end) struct calls c = {.h = h, .doing = "reset failed units", .make = make_reset, .answered = on_plain, .context = &p, .n = n};
	int r = calls_run(&c, e);

	if (r == 0 && p.error)
		r = err_set(e, p.error, "systemd did not reset failed units: %s", p.message);
	return r;
}
