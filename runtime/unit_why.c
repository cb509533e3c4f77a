/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading from systemd's properties what became of a unit. A failed readiness command and a main process that died
 * are told apart by which ended first: each makes systemd end the other. */
#include "runtime/unit_why.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"
#include "runtime/log.h"

enum { EVENTS_MAX = 4096, EXIT_CREDENTIALS = 243 /* systemd.exec(5) */ };

/* Whether the container's own processes are gone. Where the control groups do not look as podman makes them nobody can tell: then they are not. */
static bool payload_is_gone(struct host *h, struct arena *a, struct str cgroup)
{
	struct str unit = str_fmt(a, "sys/fs/cgroup%.*s", STR_ARG(cgroup)), text;
	struct strs groups;
	struct err ignored;
	bool monitor = false;

	if (!cgroup.n || fact_list(h, unit, a, &groups, &ignored) < 0)
		return false;
	for (size_t i = 0; i < groups.n; i++) {
		monitor |= str_is(groups.at[i], "supervisor");
		if (!str_starts(groups.at[i], STR("libpod-payload")))
			continue;
		if (fact_read(h, str_fmt(a, "%.*s/%.*s/cgroup.events", STR_ARG(unit), STR_ARG(groups.at[i])), EVENTS_MAX, a, &text, &ignored) < 0)
			return true; /* it went while we looked */
		return memmem(text.s, text.n, "populated 0", sizeof "populated 0" - 1) != NULL;
	}
	return monitor;
}

/* Where the processes of n units are is asked before how systemd takes the units: who is gone by then, control groups and all, it takes for active no more. */
static int payloads_gone(struct host *h, struct arena *a, const struct unit_health *units, size_t n, bool *ret_gone, struct err *e)
{
	struct bus_prop *props = arena_array(a, n + 1, sizeof *props);

	for (size_t i = 0; i < n; i++)
		props[i] = (struct bus_prop){.unit = units[i].unit, .interface = BUS_SERVICE, .name = "ControlGroup", .type = 's'};
	int r = bus_get_props(h, a, props, n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		ret_gone[i] = units[i].contained && !props[i].error && payload_is_gone(h, a, props[i].text);
	return r;
}

int units_health(struct host *h, struct unit_health *units, size_t n, struct err *e)
{
	enum { STATE, RESTARTS, ASKED };
	_arena_ struct arena a = {0};
	struct bus_prop *props = arena_array(&a, ASKED * n + 1, sizeof *props);
	bool *gone = arena_array(&a, n + 1, sizeof *gone);
	int r = payloads_gone(h, &a, units, n, gone, e);

	for (size_t i = 0; i < n; i++) {
		struct bus_prop *p = &props[ASKED * i];

		p[STATE] = (struct bus_prop){.unit = units[i].unit, .interface = BUS_UNIT, .name = "ActiveState", .type = 's'};
		p[RESTARTS] = (struct bus_prop){.unit = units[i].unit, .interface = BUS_SERVICE, .name = "NRestarts", .type = 'u'};
	}
	if (r == 0)
		r = bus_get_props(h, &a, props, ASKED * n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct bus_prop *p = &props[ASKED * i];

		units[i].up = str_is(p[STATE].text, "active") && (p[RESTARTS].error || p[RESTARTS].number == 0);
		units[i].ending = units[i].up && gone[i];
		units[i].up &= !units[i].ending;
	}
	return r;
}

enum { RESULT, MAIN_CODE, MAIN_STATUS, MAIN_END, BEFORE, START, READY, LIMIT, TYPE, NPROPS };

static void ended(struct buf *out, uint64_t code, uint64_t status)
{
	const char *name = code == CLD_EXITED ? NULL : sigabbrev_np((int)status);

	if (code == CLD_EXITED && status == EXIT_CREDENTIALS)
		buf_puts(out, "systemd could not read its secrets (exit status 243)");
	else if (code == CLD_EXITED)
		buf_fmt(out, "exit status %llu", (unsigned long long)status);
	else
		buf_fmt(out, "killed by signal %llu%s%s%s", (unsigned long long)status, name ? " (SIG" : "", name ? name : "", name ? ")" : "");
}

/* What stands before the program: waiting for others, secrets, a place for a tree (compiler/lower_unit.c and the files beside it). */
static void told_before(struct buf *out, const struct bus_prop *before)
{
	const struct str others = STR("systemctl is-active --quiet ");
	uint64_t code = before->number >> 32, status = before->number & 0xffffffff;
	bool credentials = code == CLD_EXITED && status == EXIT_CREDENTIALS; /* of whichever command comes first */
	struct str words = before->text;

	if (!credentials && str_starts(words, others)) {
		buf_fmt(out, "%.*s, which it comes after, is not running", (int)(words.n - others.n), words.s + others.n);
	} else if (!credentials && str_starts(words, STR("ctc wait "))) {
		buf_puts(out, "the host's interface beside which it stands is not there");
	} else {
		if (!credentials)
			buf_fmt(out, "`%.*s`, which comes before it, failed: ", STR_ARG(words));
		ended(out, code, status);
	}
}

static void told_by_result(struct buf *out, const struct bus_prop *p)
{
	const struct bus_prop *ready = &p[READY];
	bool main_ended = p[MAIN_CODE].number != 0;

	if (str_is(p[RESULT].text, "timeout") && str_is(p[TYPE].text, "oneshot"))
		buf_fmt(out, "timeout: it had not ended within %llu s (`within` beside run = once says how long it may take)", (unsigned long long)(p[LIMIT].number / 1000000));
	else if (str_is(p[RESULT].text, "timeout"))
		buf_fmt(out, "timeout: not started within %llu s", (unsigned long long)(p[LIMIT].number / 1000000));
	else if (str_is(p[RESULT].text, "oom-kill"))
		buf_puts(out, "killed because it used more memory than it may");
	else if (p[BEFORE].number)
		told_before(out, &p[BEFORE]);
	else if (ready->number && (!main_ended || ready->when_us < p[MAIN_END].number))
		buf_puts(out, "not ready in time");
	else if (main_ended && p[MAIN_CODE].number == CLD_EXITED && p[MAIN_STATUS].number == 125)	/* podman-run(1) */
		buf_puts(out, "podman could not start it (exit status 125)");
	else if (main_ended)
		ended(out, p[MAIN_CODE].number, p[MAIN_STATUS].number);
	else if (p[START].number)
		ended(out, p[START].number >> 32, p[START].number & 0xffffffff);
	else
		buf_fmt(out, "%.*s", STR_ARG(p[RESULT].text));
}

static int told(struct host *h, const char *unit, const struct bus_job *job, struct buf *out, bool *ret_once, struct err *e)
{
	static const struct bus_prop wanted[NPROPS] = {
		[RESULT] = {.interface = BUS_SERVICE, .name = "Result", .type = 's'},
		[MAIN_CODE] = {.interface = BUS_SERVICE, .name = "ExecMainCode", .type = 'i'},
		[MAIN_STATUS] = {.interface = BUS_SERVICE, .name = "ExecMainStatus", .type = 'i'},
		[MAIN_END] = {.interface = BUS_SERVICE, .name = "ExecMainExitTimestampMonotonic", .type = 't'},
		[BEFORE] = {.interface = BUS_SERVICE, .name = "ExecStartPre", .type = 'X'},
		[START] = {.interface = BUS_SERVICE, .name = "ExecStart", .type = 'X'},
		[READY] = {.interface = BUS_SERVICE, .name = "ExecStartPost", .type = 'X'},
		[LIMIT] = {.interface = BUS_SERVICE, .name = "TimeoutStartUSec", .type = 't'},
		[TYPE] = {.interface = BUS_SERVICE, .name = "Type", .type = 's'},
	};
	_arena_ struct arena a = {0};
	struct bus_prop p[NPROPS];

	for (size_t i = 0; i < NPROPS; i++) {
		p[i] = wanted[i];
		p[i].unit = unit;
	}
	int r = bus_get_props(h, &a, p, NPROPS, e);
	if (r < 0)
		return r;
	*ret_once = str_is(p[TYPE].text, "oneshot");
	if (job && strcmp(job->result, "refused") == 0)
		buf_fmt(out, "systemd refused to start it: %s", job->message);
	else if (job && strcmp(job->result, "dependency") == 0)
		buf_puts(out, "a unit that it requires did not start (see systemctl status ctstack-network.service)");
	else if (job && strcmp(job->result, "canceled") == 0)
		buf_puts(out, "another job took the place of its start");
	else if (job && (p[RESULT].error || str_is(p[RESULT].text, "success")))
		buf_fmt(out, "systemd's job ended as \"%s\"", job->result);
	else if (str_is(p[RESULT].text, "success"))
		buf_puts(out, "its program ended, with exit status 0 (one that is to end says run = once)");
	else
		told_by_result(out, p);
	return job && (strcmp(job->result, "timeout") == 0 || str_is(p[RESULT].text, "timeout")) ? -ETIMEDOUT : -EIO;
}

int unit_why(struct host *h, const char *unit, const struct bus_job *job, uint64_t since_us, struct err *e)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf text = {0};
	struct strs lines;
	bool once = false;
	int code = told(h, unit, job, &text, &once, e);

	if (code != -EIO && code != -ETIMEDOUT)
		return code;
	log_tail(&a, job && strcmp(job->result, "dependency") == 0 ? "ctstack-network.service" : unit, since_us, WHY_LOG_LINES, &lines);
	if (lines.n)
		buf_puts(&text, "; its last log lines:");
	for (size_t i = 0; i < lines.n; i++)
		buf_fmt(&text, "\n    %.*s", STR_ARG(lines.at[i]));
	err_set(e, code, "%s did not %s: %.*s", unit, once ? "finish" : job ? "start" : "stay up", STR_ARG(buf_view(&text)));
	return err_resource(e, str_of(unit));
}
