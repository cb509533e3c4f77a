/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * start, stop, restart: jobs of systemd, one a container, under the lock, so that no transaction is at work on the same units. What is stopped so is drift to
 * `ctc status`, and the next apply starts it again; the next boot does, too. What requires a container goes with it, as systemd would have it: it is told of and waited for like one that was named. */
#include "runtime/cli/verbs.h"

#include <errno.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/bus.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"
#include "runtime/log.h"
#include "runtime/once.h"
#include "runtime/unit.h"
#include "runtime/unit_follow.h"
#include "runtime/unit_why.h"

enum { STOP_PATIENCE_S = 120, START_MARGIN_S = 15, PATIENCE_MAX_S = 90000 };

static void on_progress(void *context, const char *line)
{
	(void)context;
	printf("  %s\n", line);
	fflush(stdout);
}

static void told_stopped(struct host *h, const struct bus_job *job)
{
	host_progress(h, "%s %s", job->ok ? "stopped" : "did not stop", job->unit);
}

static void told_ready(struct host *h, const struct bus_job *job)
{
	host_progress(h, "%s %s", !job->ok ? "failed" : job->once ? "finished" : "ready", job->unit);
}

/* How long the manager itself would wait for each start. */
static int ask_patience(struct session *s, struct bus_job *jobs, size_t n, struct err *e)
{
	struct bus_prop *props = arena_array(&s->arena, n + 1, sizeof *props);

	for (size_t i = 0; i < n; i++)
		props[i] = (struct bus_prop){.unit = jobs[i].unit, .interface = BUS_SERVICE, .name = "TimeoutStartUSec", .type = 't'};
	int r = bus_get_props(&s->host, &s->arena, props, n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t limit = props[i].error ? 0 : props[i].number / 1000000;

		jobs[i].patience_us = ((limit > PATIENCE_MAX_S ? PATIENCE_MAX_S : limit) + START_MARGIN_S) * 1000000;
	}
	return r;
}

static struct bus_job *jobs_of(struct session *s, const struct selected *which)
{
	struct bus_job *jobs = arena_array(&s->arena, which->all.n + 1, sizeof *jobs);

	for (size_t i = 0; i < which->all.n; i++) {
		const struct res_unit *u = (const struct res_unit *)manifest_find(&s->recorded, RES_unit, which->all.at[i]->unit);

		jobs[i] = (struct bus_job){.unit = str_copy(&s->arena, which->all.at[i]->unit).s, .patience_us = STOP_PATIENCE_S * 1000000ull, .shown = true,
					   .once = u && unit_runs_once(u)};
	}
	return jobs;
}

static int stop_all(struct session *s, const struct selected *which, struct err *e)
{
	struct bus_job *jobs = jobs_of(s, which);
	int r = bus_run_jobs(&s->host, BUS_STOP, jobs, which->all.n, false, told_stopped, e);

	for (size_t i = 0; r == 0 && i < which->all.n; i++)
		if (!jobs[i].ok)
			r = err_set(e, -EIO, "%s did not stop: %s", jobs[i].unit, jobs[i].message[0] ? jobs[i].message : jobs[i].result);
	/* One that did not heed the signal was killed, which systemd calls a failure: not of a stop that was asked for. */
	const char **units = arena_array(&s->arena, which->all.n + 1, sizeof *units);
	for (size_t i = 0; i < which->all.n; i++)
		units[i] = jobs[i].unit;
	return r < 0 ? r : bus_reset_failed(&s->host, units, which->all.n, e);
}

/* What has finished is left at that: systemd would say that it is there. */
static int but_finished(struct session *s, struct selected *which, struct err *e)
{
	static const char *const patterns[] = {"ct-*.service", NULL};
	struct bus_units seen = {0};
	size_t kept = 0;
	int r = bus_list_units(&s->host, &s->arena, patterns, &seen, e);

	for (size_t i = 0; r == 0 && i < which->all.n; i++) {
		const struct res_container *c = which->all.at[i];
		const struct bus_unit *u = bus_units_find(&seen, c->unit);

		if (u && str_is(u->sub, "exited"))
			host_progress(&s->host, "%.*s has finished already: `ctc restart %.*s` runs it again", STR_ARG(c->unit), STR_ARG(c->res.id));
		else
			which->all.at[kept++] = c;
	}
	which->all.n = r == 0 ? kept : which->all.n;
	return r;
}

static int start_all(struct session *s, struct selected *which, struct err *e)
{
	int r = but_finished(s, which, e);
	struct bus_job *jobs = jobs_of(s, which);
	uint64_t since = log_now_us();

	for (size_t i = 0; r == 0 && i < which->all.n; i++)
		if (jobs[i].once)
			r = once_forget(&s->host, str_of(jobs[i].unit), e);
	if (r == 0)
		r = ask_patience(s, jobs, which->all.n, e);

	if (r == 0)
		r = bus_run_jobs(&s->host, BUS_START, jobs, which->all.n, false, told_ready, e);
	for (size_t i = 0; r == 0 && i < which->all.n; i++)
		if (!jobs[i].ok)
			r = unit_why(&s->host, jobs[i].unit, &jobs[i], since, e);
	return r;
}

/* What systemd starts with another one: not what waits for people, nor what requires that. */
static bool starts_with(void *set, struct res_unit *u)
{
	return u->wanted_by.n && unit_set_enter(set, u);
}

static bool runs(const struct bus_units *seen, struct str unit)
{
	const struct bus_unit *u = bus_units_find(seen, unit);

	return u && !str_is(u->active, "inactive") && !str_is(u->active, "failed");
}

/* Adds what goes with those: of what requires them, what runs is stopped with them, and what starts by itself is started with them. */
static int add_followers(struct session *s, struct selected *which, bool stopped, struct err *e)
{
	static const char *const patterns[] = {"ct-*.service", NULL};
	struct map followers = {0}, names = {0};
	struct unit_set set = {&s->arena, &names};
	struct bus_units seen = {0};
	struct units units = {0};

	vec_each(const struct res_container *const, one, &which->all) {
		struct res_unit *u = (struct res_unit *)manifest_find(&s->recorded, RES_unit, (*one)->unit);

		if (u && unit_set_enter(&set, u))
			vec_push(&s->arena, &units.all, u);
	}
	size_t named = units.all.n;

	units_bound(&s->arena, &s->recorded, &followers);
	units_follow(&s->arena, &followers, &units, stopped ? unit_set_enter : starts_with, &set);
	int r = stopped ? bus_list_units(&s->host, &s->arena, patterns, &seen, e) : 0;

	for (size_t i = named; i < units.all.n; i++) {
		const struct res_unit *u = units.all.at[i];
		const struct res_container *c = (const struct res_container *)manifest_find(&s->recorded, RES_container, u->res.owner);

		if (c && str_eq(c->unit, u->res.id) && (!stopped || runs(&seen, c->unit)))
			vec_push(&s->arena, &which->all, c);
	}
	return r;
}

static int run(struct cli *c, struct session *s, enum verb verb, int argc, int n, char **argv)
{
	struct selected which;
	struct journal j;
	struct err e = {0};
	bool cut_off = false;
	struct str command = session_command(&s->arena, argc, argv);
	int r = session_lock(s, command.s, &e);

	if (r < 0) {
		cli_err(c, &e);
		return r == -EBUSY ? STATUS_LOCKED : STATUS_REFUSED;
	}
	s->host.progress = on_progress;
	r = store_journal_read(&s->store, &s->arena, &cut_off, &j, &e);
	if (r == 0 && cut_off)
		return cli_fail(c, "a change was cut off: run `ctc recover` first");
	if (r == 0)
		r = select_containers(s, argv + 1, n, &which, &e);
	if (r < 0)
		return cli_err(c, &e);
	if (!which.all.n)
		return cli_fail(c, "there is no container on this host");
	if (verb & VERB_STOP && (r = add_followers(s, &which, true, &e)) == 0)
		r = stop_all(s, &which, &e);
	if (r == 0 && verb & VERB_START && (r = add_followers(s, &which, false, &e)) == 0)
		r = start_all(s, &which, &e);
	if (r < 0) {
		struct texts texts = session_texts(s, s->current);

		report_error(c, &texts, &s->recorded, &e);
		return STATUS_BACK;
	}
	return STATUS_DONE;
}

int verb_run(struct cli *c, enum verb verb, int argc, char **argv)
{
	bool all = false;
	const struct cli_option options[] = {
		{"all", 'a', CLI_FLAG, &all, NULL, "every container of every stack", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (all ? n > 0 : n == 0)
		return cli_fail(c, all ? "--all takes no names" : "say what to %s: STACK, STACK.CONTAINER, or --all", c->command->name);
	session_begin(&s);
	status = run(c, &s, verb, argc, n, argv);
	session_end(&s);
	return status;
}
