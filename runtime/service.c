/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The service that makes changes, see service.h: how it is started, and what it does around the transaction (txn.c). */
#include "runtime/service.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/prom.h"
#include "runtime/bus_transient.h"
#include "runtime/confirm.h"
#include "runtime/plan_seal.h"

enum { GENERATIONS_KEPT = 50, ENDING_TRIES = 200 };

#define ENDING_PAUSE_US 50000	/* between two tries to start it, while the last one ends */

/* ---- who asks ---- */

int service_program(char out[static SERVICE_PROGRAM_MAX], struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", out, SERVICE_PROGRAM_MAX - 1);

	if (n < 0 || n == SERVICE_PROGRAM_MAX - 1)
		return err_errno(e, n < 0 ? -errno : -ENAMETOOLONG, "cannot find out where this program is");
	out[n] = '\0';
	if (access(out, X_OK) < 0)
		return err_errno(e, -errno, "this program is not where it was started any more, so that systemd cannot run it (%s)", out);
	return 0;
}

static int start(struct host *h, int lock_fd, struct err *e)
{
	char program[SERVICE_PROGRAM_MAX];
	int r = service_program(program, e);
	const char *const argv[] = {program, "transact", NULL}, *const on_end[] = {program, "transact", "--over", NULL};

	for (int i = 0; r == 0; i++) {
		r = bus_start_service(h, &(struct bus_service){.unit = SERVICE_UNIT, .description = "A change of the container stacks", .argv = argv, .on_end = on_end,
							       .stdin_fd = lock_fd}, e);
		if (r != -EEXIST || i == ENDING_TRIES)
			break;
		r = bus_pause(h, ENDING_PAUSE_US, e);
	}
	return r;
}

int service_start(struct host *h, struct store *s, const struct order *o, struct follower *ret, struct err *e)
{
	_fd_ int begun = -1;
	int r = order_write(s, o, e);

	if (r == 0)
		r = begun = progress_begin(s, e);
	if (r >= 0)
		r = follower_begin(s, ret, e);
	if (r < 0) {
		order_remove(s);
		return r;
	}
	r = start(h, s->lock_fd, e);
	if (r < 0) {
		order_remove(s);
		follower_end(ret);
		return err_context(e, "nothing was changed, since systemd does not run the change");
	}
	return 0;
}

int service_runs(struct host *h, struct err *e)
{
	static const char *const patterns[] = {SERVICE_UNIT, NULL};
	_arena_ struct arena a = {0};
	struct bus_units units = {0};
	int r = bus_list_units(h, &a, patterns, &units, e);
	const struct bus_unit *u = r < 0 ? NULL : bus_units_find(&units, STR(SERVICE_UNIT));

	/* inactive with a job: asked for, and not begun yet */
	return r < 0 ? r : u && (u->job || (!str_is(u->active, "inactive") && !str_is(u->active, "failed")));
}

int service_interrupt(struct host *h, struct err *e)
{
	return bus_kill(h, SERVICE_UNIT, SIGINT, e);
}

/* ---- the service ---- */

/* The history is a record: that it cannot be written is told, and no error of what it tells. */
static void record(struct host *h, struct store *s, const struct order *o, struct str word, struct str outcome, uint32_t from, uint32_t to)
{
	const struct event event = {.time = time(NULL), .user = o->user, .action = word, .outcome = outcome, .from = from, .to = to};
	struct err e;

	if (store_history_add(s, &event, &e) < 0)
		host_progress(h, "warning: %s", e.text);
	/* a recovery's `to` is what runs after it */
	if (prom_write(h, &(struct prom){.generation = str_is(outcome, "done") ? to : from, .last = &event}, &e) < 0)
		host_progress(h, "warning: %s", e.text);
}

/* The first line of an error, without the clause that announces further ones. */
static struct str first_line(const struct err *e)
{
	struct str more, line = str_cut(str_of(e->text), '\n', &more);
	const char *clause = more.n ? memrchr(line.s, ';', line.n) : NULL;

	return clause ? (struct str){line.s, (size_t)(clause - line.s)} : line;
}

/* Whether this generation ever was the current one. Where the history cannot be read it may have been. */
static bool ever_counted(struct store *s, uint32_t number)
{
	_arena_ struct arena a = {0};
	struct event *events;
	struct err e;
	size_t n;

	if (store_history_read(s, &a, &events, &n, &e) < 0)
		return true;
	for (size_t i = 0; i < n; i++) {
		/* a recovery notes where it came from, which counted only where it was committed: then it is the current one */
		bool from = events[i].from == number && !str_is(events[i].action, "recover");

		if ((events[i].to == number || from) && str_is(events[i].outcome, "done"))
			return true;
	}
	return false;
}

static void drop(struct host *h, struct store *s, uint32_t number)
{
	struct err e;

	if (store_drop(s, number, &e) < 0 && h)
		host_progress(h, "warning: %s", e.text);
}

void service_tidy(struct store *s)
{
	_arena_ struct arena a = {0};
	struct err unimportant;
	uint32_t current, *all;
	size_t n;

	order_remove(s);
	store_sweep(s, &unimportant);
	if (store_current(s, &current, &unimportant) < 0 || store_list(s, &a, &all, &n, &unimportant) < 0 || n == 0)
		return;
	/* the newest, and never the current one */
	if (all[n - 1] != 0 && all[n - 1] != current && !ever_counted(s, all[n - 1]))
		drop(NULL, s, all[n - 1]);
}

struct change_now {
	struct arena arena;
	struct manifest recorded, to, observed;
	struct plan plan;
};

/* The plan as it is now, and whether it is the one that was agreed to. */
static int plan_again(struct host *h, struct store *s, const struct order *o, struct change_now *c, struct err *e)
{
	_buf_ struct buf now = {0}, differs = {0};
	uint32_t current;

	c->recorded.arena = c->to.arena = c->observed.arena = &c->arena;
	int r = store_current(s, &current, e);
	if (r == 0 && current != o->from)
		return err_set(e, -ESTALE, "generation %u is current by now, not %u", current, o->from);
	if (r == 0)
		r = store_load(s, o->from, &c->recorded, NULL, e);
	if (r == 0)
		r = store_load(s, o->to, &c->to, NULL, e);
	if (r == 0)
		r = observe(h, &c->recorded, &c->to, 0, &c->observed, e);
	if (r < 0)
		return r;
	plan_make(&c->arena, &c->observed, &c->to, &c->plan);
	plan_seal(&c->plan, &now);
	if (!plan_seal_same(o->plan, buf_view(&now), &differs))
		return err_set(e, -ESTALE, "the host has changed since the plan was made: %.*s", STR_ARG(buf_view(&differs)));
	return 0;
}

/* What waits to be confirmed waits no longer where another change was made, or this one failed. */
static void settle_pending(struct host *h, struct store *s, const struct order *o, bool done)
{
	struct err e;
	int r = done && o->confirm_us ? confirm_rearm(h, s, &e) : done || o->confirm_us ? confirm_disarm(h, s, &e) : 0;

	if (r < 0)
		host_progress(h, "warning: %s", e.text);
}

static void after(struct host *h, struct store *s, const struct order *o, struct ending *ret)
{
	_buf_ struct buf outcome = {0};
	struct err e;

	if (ret->outcome == TXN_DONE)
		buf_puts(&outcome, "done");
	else
		buf_fmt(&outcome, "failed: %.*s", STR_ARG(first_line(&ret->error)));
	if (ret->outcome != TXN_REFUSED)
		record(h, s, o, o->word, buf_view(&outcome), o->from, o->to);
	if (ret->outcome == TXN_DONE && store_prune(s, GENERATIONS_KEPT, &e) < 0)
		host_progress(h, "warning: %s", e.text);
	if (ret->outcome != TXN_STUCK)
		settle_pending(h, s, o, ret->outcome == TXN_DONE);
	if (o->staged && (ret->outcome == TXN_REFUSED || ret->outcome == TXN_BACK))
		drop(h, s, o->to);
}

/* T1: what the change does not touch may have been changed by others since it was planned, as a container that somebody stopped. It is left as they want it, and told. */
static void look_again(struct host *h, const struct manifest *to, struct err *ret)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf differs = {0};
	struct manifest now = {.arena = &a};
	struct err unseen;
	struct plan p;

	if (observe(h, to, to, 0, &now, &unseen) < 0)
		return;
	plan_make(&a, &now, to, &p);
	if (plan_left(h, &p, &differs))
		err_set(ret, -ESTALE, "somebody has changed the host meanwhile: %.*s", STR_ARG(buf_view(&differs)));
}

static void change(struct host *h, struct store *s, const struct order *o, struct ending *ret)
{
	struct change_now c = {0};
	int r = plan_again(h, s, o, &c, &ret->error);

	ret->outcome = TXN_REFUSED;
	ret->stale = r == -ESTALE;
	if (r == 0 && o->confirm_us)
		r = confirm_arm(h, s, o->from, o->to, o->confirm_us, o->user, &ret->error);
	if (r == 0)
		txn_run(h, s, &c.plan, o->from, o->to, o->probe ? TXN_PROBE : 0, &ret->outcome, &ret->error);
	if (r == 0 && ret->outcome == TXN_DONE)
		look_again(h, &c.to, &ret->error);
	after(h, s, o, ret);
	arena_free(&c.arena);
}

static void recover(struct host *h, struct store *s, const struct order *o, struct ending *ret)
{
	struct recovery done;
	uint32_t current;
	int r = store_sweep(s, &ret->error);

	if (r == 0)
		r = txn_recover(h, s, &done, &ret->error);
	if (r == 0)
		r = store_current(s, &current, &ret->error);
	ret->outcome = r < 0 ? TXN_STUCK : TXN_DONE;
	if (r < 0)
		return;
	ret->from = current;
	ret->to = done.found ? done.to : current;
	if (!done.found)
		return;
	if (current != done.to && !ever_counted(s, done.to))
		drop(h, s, done.to);
	record(h, s, o, STR("recover"), STR("done"), done.committed ? done.from : done.to, current);
}

void service_serve(struct host *h, struct store *s, const struct order *o, struct ending *ret)
{
	*ret = (struct ending){.from = o->from, .to = o->to};
	if (o->action == ORDER_RECOVER)
		recover(h, s, o, ret);
	else
		change(h, s, o, ret);
}

void service_settle(struct host *h, struct store *s, const struct order *o, struct str why, struct ending *ret)
{
	struct recovery done;
	uint32_t current = o->from;
	int r;

	*ret = (struct ending){.recovered = true, .from = o->from, .to = o->to};
	if (o->action == ORDER_RECOVER) {
		recover(h, s, o, ret);
		return;
	}
	r = store_sweep(s, &ret->error);
	if (r == 0)
		r = txn_recover(h, s, &done, &ret->error);
	if (r == 0)
		r = store_current(s, &current, &ret->error);
	if (r < 0)
		ret->outcome = TXN_STUCK;
	else if (current == o->to && o->to != o->from)
		ret->outcome = TXN_DONE;
	else
		ret->outcome = done.found ? TXN_BACK : TXN_REFUSED;
	if (ret->outcome == TXN_BACK || ret->outcome == TXN_REFUSED)
		err_set(&ret->error, -ECANCELED, "the process that made the change was %.*s", STR_ARG(why));
	after(h, s, o, ret);
}
