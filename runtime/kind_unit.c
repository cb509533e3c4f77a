/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * systemd units. Their files are never written here: the generator (generator.c) writes them at daemon-reload from
 * the generation that `active` leads to, and the caller has pointed that at the wanted one before PHASE_STOP. The
 * order inside PHASE_STOP is the design: what is removed or must restart is stopped while systemd still knows the old
 * text of it, and only then does the reload take that text away. What units there are, unit_observe.c sees. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lang/base/cleanup.h"
#include "runtime/bus.h"
#include "runtime/fs.h"
#include "runtime/generator.h"
#include "runtime/kind.h"
#include "runtime/log.h"
#include "runtime/once.h"
#include "runtime/unit.h"
#include "runtime/unit_drift.h"
#include "runtime/unit_follow.h"
#include "runtime/unit_why.h"

enum {
	RELOADS = 3,		/* how often units are read again where the generator did not end well */
	SETTLE_US = 1000000,	/* how long a started unit must stay up */
	ENDING_PAUSE_US = 100000,
	ENDING_LOOKS = 300,	/* for half a minute: podman's monitor ends soon after what it watches */
	MARGIN_S = 30,		/* on top of the manager's own limits */
	LIMIT_MAX_S = 86400,
};

/* ---- prepare ---- */

/* Another unit of that name would hide ours, or be hidden by it. Not so what hands have put beside one that is there (from; NULL): the change takes it away. */
static int in_the_way(struct host *h, struct str name, const struct res_unit *from, struct err *e)
{
	static const char *const places[] = {
		"etc/systemd/system.control", "run/systemd/system.control", "run/systemd/transient",
		"run/systemd/generator.early", "etc/systemd/system", "run/systemd/system",
		"run/systemd/generator.late", "usr/local/lib/systemd/system", "usr/lib/systemd/system",
	};
	char path[400];
	struct stat st;
	struct err ignored = {0};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s/%.*s", places[i], STR_ARG(name));
		if (fs_stat(h->root_fd, str_of(path), &st, &ignored) == 0 && !(from && unit_added_has(&from->added, path)))
			return err_set(e, -EEXIST, "there is another unit of the name %.*s, /%s; rename the container or remove that unit",
				       STR_ARG(name), path);
	}
	_arena_ struct arena a = {0};
	struct str text;
	if (unit_read(h, &a, name, &text, &ignored) == 0 && !unit_is_ours(text))
		return err_set(e, -EEXIST, "another program's systemd generator makes a unit %.*s; rename the container or that unit",
			       STR_ARG(name));
	return 0;
}

static int generator_installed(struct host *h, struct err *e)
{
	static const char *const places[] = {"usr/local/lib/systemd/system-generators", "usr/lib/systemd/system-generators",
					     "etc/systemd/system-generators", "run/systemd/system-generators"};
	char path[400];
	struct stat st;
	struct err ignored = {0};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s/ctstack-generator", places[i]);
		if (fs_stat(h->root_fd, str_of(path), &st, &ignored) == 0)
			return 0;
	}
	return err_set(e, -ENOENT, "the systemd generator of ctc is not installed, so systemd would never see a unit; run `make install`");
}

/* Drop-ins that are there before the unit is are left alone: they are told, and drift from then on. */
static void tell_drop_ins(struct host *h, struct str name)
{
	static const char *const places[] = {"etc/systemd/system", "etc/systemd/system.control", "run/systemd/system"};
	char path[400];
	struct stat st;
	struct err ignored = {0};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(path, sizeof path, "%s/%.*s.d", places[i], STR_ARG(name));
		if (fs_stat(h->root_fd, str_of(path), &st, &ignored) == 0)
			host_progress(h, "note: %.*s is also changed by /%s", STR_ARG(name), path);
	}
}

static int unit_prepare(struct host *h, struct slice s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r == 0; i++)
		if (s.at[i].to)
			r = generator_installed(h, e);
	for (size_t i = 0; i < s.n && r == 0; i++) {
		if (!s.at[i].to)
			continue;
		r = in_the_way(h, s.at[i].to->id, (const struct res_unit *)s.at[i].from, e);
		if (r < 0)
			return err_resource(e, s.at[i].to->id);
		if (!s.at[i].from)
			tell_drop_ins(h, s.at[i].to->id);
	}
	return r;
}

/* ---- apply ---- */

/* Wanted, or started by people, before the change or before one that is taken back, and left to them. */
static bool shall_run(const struct res_unit *from, const struct res_unit *to)
{
	return unit_runs(to) || to->finished || (from && from->runs && !to->wanted_by.n);
}

/* What people ran to its end has not finished with another text; whether it runs again is theirs. */
static bool is_outdated(const struct res_unit *from, const struct res_unit *to)
{
	return from->finished && !unit_runs(from) && unit_restarts(from, to);
}

/* Whether its process has to be another one afterwards. Targets and slices have none. */
static bool restarts(const struct change *c)
{
	const struct res_unit *from = (const struct res_unit *)c->from, *to = (const struct res_unit *)c->to;

	return c->op == OP_CHANGE && shall_run(from, to) && unit_is_service(to->res.id) && unit_restarts(from, to);
}

/* A unit that does not run is stopped all the same where it is removed or changed: a start job may be waiting, left
 * by a transaction that failed. No other unit that does not run is, since a stop job spreads to all units that
 * require it: for ctstack-network.service these are the containers. */
static bool stops(const struct change *c)
{
	const struct res_unit *from = (const struct res_unit *)c->from, *to = (const struct res_unit *)c->to;

	return from && (!to || restarts(c) || is_outdated(from, to) || (unit_runs(from) && !shall_run(from, to)));
}

static bool starts(const struct change *c)
{
	const struct res_unit *from = (const struct res_unit *)c->from, *to = (const struct res_unit *)c->to;

	return to && shall_run(from, to) && (!from || !(unit_runs(from) || from->finished) || restarts(c));
}

/* Whether systemd has something to read afterwards: its file, its link, or what stands beside it is another one. */
static bool rewrites(const struct change *c)
{
	const struct res_unit *from = (const struct res_unit *)c->from, *to = (const struct res_unit *)c->to;

	return c->op != OP_CHANGE || from->fault.n || !str_eq(from->text, to->text) || !str_eq(from->wanted_by, to->wanted_by) || from->added.n || to->added.n;
}

struct selection {
	struct bus_job *jobs;
	size_t n;
};

static struct selection choose(struct arena *a, struct slice s, bool (*which)(const struct change *c))
{
	struct selection sel = {.jobs = arena_array(a, s.n + 1, sizeof *sel.jobs)};

	for (size_t i = 0; i < s.n; i++) {
		const struct res_unit *from = (const struct res_unit *)s.at[i].from;
		struct str name = change_res(&s.at[i])->id;

		if (which(&s.at[i]))
			sel.jobs[sel.n++] = (struct bus_job){.unit = name.s, .shown = unit_is_service(name) && (which == starts || unit_runs(from)),
							     .once = which == starts && unit_runs_once((const struct res_unit *)s.at[i].to)};
	}
	return sel;
}

/* How long the manager itself would wait for each. */
static int ask_patience(struct host *h, struct selection sel, const char *property, struct err *e)
{
	_arena_ struct arena a = {0};
	struct bus_prop *props = arena_array(&a, sel.n + 1, sizeof *props);

	for (size_t i = 0; i < sel.n; i++)
		props[i] = (struct bus_prop){.unit = sel.jobs[i].unit, .interface = BUS_SERVICE, .name = property, .type = 't'};
	int r = bus_get_props(h, &a, props, sel.n, e);
	for (size_t i = 0; i < sel.n; i++) {
		uint64_t limit = props[i].error ? 0 : props[i].number / 1000000;

		sel.jobs[i].patience_us = ((limit > LIMIT_MAX_S ? LIMIT_MAX_S : limit) + MARGIN_S) * 1000000;
	}
	return r;
}

static void announce(struct host *h, struct selection sel, const char *verb)
{
	for (size_t i = 0; i < sel.n; i++)
		if (sel.jobs[i].shown)
			host_progress(h, "%s %s", sel.jobs[i].once ? "run" : verb, sel.jobs[i].unit);
}

static void told_stopped(struct host *h, const struct bus_job *job)
{
	if (job->ok && job->shown)
		host_progress(h, "stopped %s", job->unit);
}

static void told_ready(struct host *h, const struct bus_job *job)
{
	if (job->shown)
		host_progress(h, "%s %s", !job->ok ? "failed" : job->once ? "finished" : "ready", job->unit);
}

static int stop_units(struct host *h, struct slice s, struct err *e)
{
	_arena_ struct arena a = {0};
	struct selection sel = choose(&a, s, stops);
	const char **names = arena_array(&a, s.n + 2, sizeof *names);
	size_t n = 0;
	int r = 0;

	if (sel.n) {
		r = ask_patience(h, sel, "TimeoutStopUSec", e);
		announce(h, sel, "stop");
		if (r == 0)
			r = bus_run_jobs(h, BUS_STOP, sel.jobs, sel.n, false, told_stopped, e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sel.n; i++)
		if (!sel.jobs[i].ok) {
			err_set(e, -EIO, "%s did not stop: systemd's job ended as \"%s\"%s%s", sel.jobs[i].unit, sel.jobs[i].result,
				*sel.jobs[i].message ? ": " : "", sel.jobs[i].message);
			return err_resource(e, str_of(sel.jobs[i].unit));
		}
	/* What had to be killed counts as failed for systemd; what is gone or wanted down is not. */
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].op == OP_DELETE || stops(&s.at[i]))
			names[n++] = change_res(&s.at[i])->id.s;
	/* Nor what failed before one of them that now goes could start: it works anew before each start. */
	if (n)
		names[n++] = "ctstack-network.service";
	return n ? bus_reset_failed(h, names, n, e) : 0;
}

/* systemd does not say so when a generator fails; the files do. */
static int reload_took(struct host *h, struct slice s, struct err *e)
{
	struct err ignored = {0};

	for (size_t i = 0; i < s.n; i++) {
		_arena_ struct arena a = {0};
		const struct res_unit *to = (const struct res_unit *)s.at[i].to;
		struct str name = change_res(&s.at[i])->id, text;
		int r = unit_read(h, &a, name, &text, &ignored);

		if (to ? r == 0 && str_eq(text, to->text) : r == -ENOENT)
			continue;
		err_set(e, -EIO, "after daemon-reload, /" GENERATED_DIR "/%.*s is not what the generation says: ctstack-generator failed; "
			"see journalctl -t ctstack-generator", STR_ARG(name));
		return err_resource(e, name);
	}
	return 0;
}

/* A generator that fails or is killed leaves units out, also of containers that this change does not touch: systemd does not mind, and asks it anew at the next reload. */
static int reload_units(struct host *h, struct err *e)
{
	for (int i = 0; i < RELOADS; i++) {
		int r = bus_reload(h, e);

		if (r < 0 || generator_done(h))
			return r;
	}
	return err_set(e, -EIO, "after daemon-reload, units are missing below /" GENERATED_DIR ": ctstack-generator failed; see journalctl -t ctstack-generator");
}

/* Beside a unit that stays nothing stands afterwards that was not wanted, or found. What stands beside one that goes is not ours. */
static int put_beside(struct host *h, struct slice s, struct err *e)
{
	static const struct strs nothing;

	for (size_t i = 0; i < s.n; i++) {
		const struct res_unit *from = (const struct res_unit *)s.at[i].from, *to = (const struct res_unit *)s.at[i].to;

		if (to && unit_added_put(h, from ? &from->added : &nothing, &to->added, e) < 0)
			return err_resource(e, to->res.id);
	}
	return 0;
}

static int stop_phase(struct host *h, struct slice s, struct err *e)
{
	bool reload = false;
	int r = stop_units(h, s, e);

	for (size_t i = 0; i < s.n; i++)
		reload |= rewrites(&s.at[i]);
	if (r == 0)
		r = put_beside(h, s, e);
	if (r < 0 || !reload)
		return r;
	host_progress(h, "reload units");
	r = reload_units(h, e);
	return r < 0 ? r : reload_took(h, s, e);
}

/* Whether its program is a container's, which podman puts into a control group of its own, and runs on. */
static bool is_contained(const struct res_unit *u)
{
	return memmem(u->text.s, u->text.n, "--cgroups=split", sizeof "--cgroups=split" - 1) != NULL && !unit_runs_once(u);
}

static int why_down(struct host *h, struct unit_health *u, uint64_t since, struct err *e)
{
	/* What became of it is known once podman's monitor has told systemd, which takes the unit for active until then. */
	for (int i = 0; (u->ending || u->up) && i < ENDING_LOOKS; i++) {
		int r = bus_pause(h, ENDING_PAUSE_US, e);

		if (r == 0)
			r = units_health(h, u, 1, e);
		if (r < 0)
			return r;
	}
	return unit_why(h, u->unit, NULL, since, e);
}

/* What the start jobs cannot see: a program that ends right after it was started. */
static int settle(struct host *h, struct slice s, uint64_t since, struct err *e)
{
	_arena_ struct arena a = {0};
	struct unit_health *units = arena_array(&a, s.n + 1, sizeof *units);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (starts(&s.at[i]) && unit_is_service(s.at[i].to->id))
			units[n++] = (struct unit_health){.unit = s.at[i].to->id.s, .contained = is_contained((const struct res_unit *)s.at[i].to)};
	if (!n)
		return 0;
	int r = bus_pause(h, SETTLE_US, e);
	if (r == 0)
		r = units_health(h, units, n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if (!units[i].up)
			r = why_down(h, &units[i], since, e);
	return r;
}

/* The cause before what follows from it: a unit that another one is bound to or requires. */
static const struct bus_job *first_failure(const struct selection *sel)
{
	const struct bus_job *first = NULL;

	for (size_t i = 0; i < sel->n; i++) {
		const struct bus_job *j = &sel->jobs[i];

		if (j->done && !j->ok && (!first || (strcmp(first->result, "dependency") == 0 && strcmp(j->result, "dependency") != 0)))
			first = j;
	}
	return first;
}

/* Who goes down with what it requires would bring that up again. */
static struct slice but_left_down(struct arena *a, struct slice s)
{
	struct change *kept = arena_array(a, s.n + 1, sizeof *kept);
	struct map down = {0};
	size_t n = 0;

	units_left_down(a, s.plan->from, s.plan->to, &down);
	for (size_t i = 0; i < s.n; i++)
		if (!map_get(&down, change_res(&s.at[i])->id))
			kept[n++] = s.at[i];
	return (struct slice){kept, n, s.plan};
}

/* What had finished when the host was looked at has, on the way back, without being run again: only what was found says so, never what is wanted. started: all have been, and no note stays. */
static int note_finished(struct host *h, struct slice s, bool started, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		const struct res_unit *to = (const struct res_unit *)s.at[i].to;

		if (starts(&s.at[i]) && unit_runs_once(to) && (to->finished && !started ? once_note(h, to->res.id, e) : once_forget(h, to->res.id, e)) < 0)
			return err_resource(e, to->res.id);
	}
	return 0;
}

static int start_phase(struct host *h, struct slice all, struct err *e)
{
	_arena_ struct arena a = {0};
	struct slice s = but_left_down(&a, all);
	struct selection sel = choose(&a, s, starts);
	uint64_t since = log_now_us();

	if (!sel.n)
		return 0;
	int r = note_finished(h, s, false, e);
	if (r == 0)
		r = ask_patience(h, sel, "TimeoutStartUSec", e);
	announce(h, sel, "start");
	if (r == 0)
		r = bus_run_jobs(h, BUS_START, sel.jobs, sel.n, true, told_ready, e);
	if (r < 0)
		return r;
	const struct bus_job *failed = first_failure(&sel);
	if (failed)
		return unit_why(h, failed->unit, failed, since, e);
	r = note_finished(h, s, true, e);
	return r < 0 ? r : settle(h, s, since, e);
}

static int unit_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	if (phase == PHASE_STOP)
		return stop_phase(h, s, e);
	return phase == PHASE_START ? start_phase(h, s, e) : 0;
}

const struct kind_ops kind_unit = {.observe = unit_observe, .prepare = unit_prepare, .apply = unit_apply};
