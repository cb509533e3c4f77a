/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A change of the host from beginning to end, as its user sees it. The steps are numbered as in spec/transaction.md. */
#include "runtime/cli/change.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "lang/base/near.h"
#include "runtime/bind.h"
#include "runtime/cli/ask.h"
#include "runtime/cli/saved.h"
#include "runtime/cli/watch.h"
#include "runtime/confirm.h"
#include "runtime/digest.h"
#include "runtime/plan_seal.h"
#include "runtime/podman.h"
#include "runtime/rehearse.h"
#include "runtime/service.h"
#include "runtime/image.h"
#include "runtime/show.h"

struct job {
	struct cli *cli;
	const struct request *q;
	struct session *s;
	struct texts texts;		/* q's, or those that the target of a rollback kept */
	struct scope scope;
	struct manifest wanted;		/* of the whole host, before binding */
	struct manifest bound, observed;
	struct strs missing;
	struct plan plan;
	struct view view;
	uint32_t to;
	bool staged;			/* `to` was made by this change */
	struct timespec start;
	struct err e;
};

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void on_progress(void *context, const char *line)
{
	const struct job *c = context;

	printf("  %6.2fs  %s\n", seconds_since(&c->start), line);
	fflush(stdout);
}

static int refused(struct job *c)
{
	bool locked = c->e.code == -EBUSY && c->s->store.lock_fd < 0;

	fflush(stdout);
	/* "podman was interrupted" is not what the user wants to know */
	if (c->e.code == -EINTR)
		err_set(&c->e, -EINTR, "interrupted: nothing was changed");
	report_error(c->cli, &c->texts, c->bound.all.n ? &c->bound : &c->wanted, &c->e);
	if (c->e.code != -ESTALE)
		return locked ? STATUS_LOCKED : STATUS_REFUSED;
	fputs("Nothing was changed: make a new plan.\n", stderr);
	return STATUS_STALE;
}

static int stuck(struct job *c)
{
	fflush(stdout);
	report_error(c->cli, &c->texts, NULL, &c->e);
	return STATUS_STUCK;
}

/* The user has left, or nobody is there any more who could tell how it ended: then the store knows. */
static int not_told(struct job *c, enum watched how)
{
	uint32_t current;
	struct journal j;
	bool found;

	fflush(stdout);
	if (how == WATCHED_LEFT) {
		fputs("The change goes on without this terminal. `ctc status` says how it ended, `journalctl -u ctstack-transaction` what happened.\n", stderr);
		return STATUS_LEFT;
	}
	fputs("error: the service that made the change is gone without a word; see journalctl -u ctstack-transaction\n", stderr);
	if (store_journal_read(&c->s->store, &c->s->arena, &found, &j, &c->e) < 0 || store_current(&c->s->store, &current, &c->e) < 0)
		return stuck(c);
	if (found) {
		fprintf(stderr, "The host is between generation %u and %u: run `ctc recover`.\n", j.from, j.to);
		return STATUS_STUCK;
	}
	fprintf(stderr, "Generation %u runs.\n", current);
	return current != c->s->current ? STATUS_DONE : STATUS_BACK;
}

/* 3. Returns 0, or the exit status of a command that is over. *ret_found: whether there was anything. */
static int recover(struct job *c, bool *ret_found)
{
	const struct order o = {.action = ORDER_RECOVER, .word = STR("recover"), .user = session_user(&c->s->arena), .command = c->q->command};
	struct ending ending;
	struct journal j;

	if (store_journal_read(&c->s->store, &c->s->arena, ret_found, &j, &c->e) < 0)
		return stuck(c);
	if (!*ret_found) {
		service_tidy(&c->s->store);
		return 0;
	}
	enum watched how = watch(c->s, &o, &ending, &c->e);
	if (how == WATCHED_REFUSED)
		return stuck(c);
	if (how != WATCHED_END)
		return not_told(c, how);
	if (ending.outcome != TXN_DONE)
		c->e = ending.error;
	if (ending.outcome != TXN_DONE || session_load(c->s, &c->e) < 0)
		return stuck(c);
	printf("An earlier change from generation %u to %u was cut off; it is settled, generation %u runs.\n", j.from, j.to, c->s->current);
	return 0;
}

/* A change waits to be confirmed: nothing is built upon it. -EALREADY: the command is over, there is nothing to take back. */
static int look_pending(struct job *c, struct request *own)
{
	struct session *s = c->s;
	struct pending waits;
	enum confirm_state state;
	int64_t left_us;
	_buf_ struct buf time_left = {0};
	int r = confirm_look(&s->host, &s->store, &s->arena, &state, &waits, &left_us, &c->e);

	if (r < 0)
		return r;
	if (c->q->expired) {
		if (state == CONFIRM_NONE)
			return err_set(&c->e, -EALREADY, "nothing waits to be confirmed any more");
		if (state == CONFIRM_WAITS) /* systemd tries again (confirm.c), and meanwhile the lock is free */
			return err_set(&c->e, -EAGAIN, "there is time left to confirm generation %u", waits.to);
		own->has_target = true;
		own->target = waits.from;
		return 0;
	}
	if (state == CONFIRM_OVER)
		return err_set(&c->e, -EBUSY, "generation %u was not confirmed in time, and is about to go back to generation %u; try again when `ctc status` says that it has", waits.to,
			       waits.from);
	if (state == CONFIRM_NONE || !c->q->compiled)
		return 0;
	duration_text(left_us / 1000000 * 1000000, &time_left);
	return err_set(&c->e, -EBUSY, "generation %u waits to be confirmed, for %.*s more: `ctc confirm` keeps it, `ctc rollback` goes back to generation %u", waits.to,
		       STR_ARG(buf_view(&time_left)), waits.from);
}

/* A stack that is to go must be there. */
static int must_be_there(struct job *c)
{
	struct near near = near_start(c->q->also);
	const struct res_stack *s;

	if (!c->q->also.n || manifest_find(&c->s->recorded, RES_stack, c->q->also))
		return 0;
	if (str_has(c->q->also, '.'))
		return err_set(&c->e, -ENOENT, "whole stacks are destroyed; a container goes when it is taken out of its stack's source, and that is applied");
	manifest_each(stack, s, &c->s->recorded)
		near_offer(&near, s->res.id);
	if (near.best.s)
		return err_set(&c->e, -ENOENT, "there is no stack `%.*s` on this host; did you mean `%.*s`?", STR_ARG(c->q->also), STR_ARG(near.best));
	return err_set(&c->e, -ENOENT, "there is no stack `%.*s` on this host: `ctc status` lists them", STR_ARG(c->q->also));
}

/* 4. What the whole host shall be. */
static int want(struct job *c)
{
	const struct request *q = c->q;
	struct session *s = c->s;

	c->wanted = (struct manifest){.arena = &s->arena};
	if (must_be_there(c) < 0)
		return c->e.code;
	if (q->compiled) {
		scope_merge(&s->recorded, q->compiled, q->prune, q->also, &c->scope, &c->wanted);
		return 0;
	}
	if (!q->has_target && s->current == 0)
		return err_set(&c->e, -ENOENT, "there is nothing to %s: nothing was applied on this host yet", q->repair ? "repair" : "roll back to");
	c->to = q->repair ? s->current : q->has_target ? q->target : s->meta.base;
	c->texts = session_texts(s, c->to);
	return store_load(&s->store, c->to, &c->wanted, NULL, &c->e);
}

/* Images that a generation was bound to and that are there no more. */
static struct strs lost_images(struct job *c)
{
	struct slice s = plan_slice(&c->plan, RES_image);
	VEC(struct str) lost = {0};

	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].to)
			vec_push(&c->s->arena, &lost, s.at[i].to->id);
	return (struct strs){lost.at, lost.n};
}

/* 4., 5. A generation was bound when it was made. */
static int plan_now(struct job *c)
{
	struct session *s = c->s;
	int r = 0;

	c->bound = c->wanted;
	c->missing = (struct strs){0};
	if (c->q->compiled) {
		c->bound = (struct manifest){.arena = &s->arena};
		r = manifest_bind(&s->host, &c->wanted, &s->recorded, &c->bound, &c->missing, &c->e);
	}
	c->observed = (struct manifest){.arena = &s->arena};
	if (r == 0)
		r = observe(&s->host, &s->recorded, &c->bound, 0, &c->observed, &c->e);
	if (r < 0)
		return r;
	plan_make(&s->arena, &c->observed, &c->bound, &c->plan);
	if (!c->q->compiled)
		c->missing = lost_images(c);
	view_make(&s->arena, &c->plan, &s->recorded, &c->view);
	c->view.scope = c->scope.in;
	c->view.kept = c->scope.kept;
	c->view.missing = c->missing;
	c->view.outputs = c->q->outputs;
	if (c->q->compiled)
		expectations_of(&s->arena, &c->plan, &c->view.expectations);
	if (!c->q->compiled)
		c->view.title = str_fmt(&s->arena, c->q->repair ? "generation %u again" : "the way back to generation %u", c->to);
	c->view.against = s->current ? str_fmt(&s->arena, "this host at generation %u", s->current) : STR("this host, on which nothing was applied yet");
	return 0;
}

static void print_plan(struct job *c, bool colour, struct buf *out)
{
	show_text(&c->view, colour, out);
}

/* 7. */
static int fetch(struct job *c)
{
	if (!c->missing.n)
		return 0;
	int r = images_fetch(&c->s->host, &c->missing, &c->e);
	if (r == 0)
		r = plan_now(c);
	if (r == 0 && c->missing.n)
		return err_set(&c->e, -ENOENT, c->q->compiled ? "the image %.*s was fetched, but is not found under this name" :
								"the image %.*s was fetched, but is another one by now than that of the generation", STR_ARG(c->missing.at[0]));
	return r;
}

/* By the digest of its text, which is canonical. */
static bool is_current(struct job *c)
{
	char digest[DIGEST_TEXT + 1];
	_buf_ struct buf text = {0};

	manifest_encode(&c->bound, &text);
	digest_hex(buf_view(&text), digest);
	return str_is(c->s->meta.digest, digest);
}

/* 8. */
static int stage(struct job *c)
{
	struct session *s = c->s;
	_buf_ struct buf plan = {0}, summary = {0};
	bool first = s->store.state_fd < 0;
	int r = store_make(&s->host, &s->store, &c->e);

	/* What tells secrets apart is keyed, and the key is a minute old. */
	if (r == 0 && first)
		r = plan_now(c);
	if (r < 0 || !c->q->compiled)
		return r;
	c->to = s->current;
	if (s->current && is_current(c))
		return 0; /* only the host has drifted */
	print_plan(c, false, &plan);
	view_summary(&c->view, &summary);
	struct meta meta = {
		.base = s->current,
		.time = time(NULL),
		.user = session_user(&s->arena),
		.command = c->q->command,
		.summary = buf_view(&summary),
	};
	r = store_stage(&s->store, &c->bound, &meta, buf_view(&plan), c->texts.at, c->texts.n, &c->e);
	c->to = meta.number;
	c->staged = r == 0;
	return r;
}

static void drop_staged(struct job *c)
{
	struct err e;

	if (c->staged && store_drop(&c->s->store, c->to, &e) < 0)
		fprintf(stderr, "warning: %s\n", e.text);
}

static int done(struct job *c, const struct ending *ending)
{
	_buf_ struct buf summary = {0}, window = {0};

	view_summary(&c->view, &summary);
	if (ending->recovered)
		printf("\nThe process of the change died after the change was done.");
	printf("\nDone in %.2f s: generation %u runs", seconds_since(&c->start), c->to);
	if (c->to != c->s->current)
		printf(" (before: %u)", c->s->current);
	printf(". %.*s.\n", STR_ARG(buf_view(&summary)));
	if (c->q->confirm_us) {
		duration_text(c->q->confirm_us, &window);
		printf("It goes back to generation %u in %.*s, unless `ctc confirm` says that it shall stay.\n", c->s->current, STR_ARG(buf_view(&window)));
	}
	if (ending->error.code) {
		fflush(stdout);
		fprintf(stderr, "warning: %s; `ctc status` says more, `ctc apply --repair` makes it what generation %u says\n", ending->error.text, c->to);
	}
	return STATUS_DONE;
}

static int failed(struct job *c, const struct ending *ending)
{
	c->e = ending->error;
	if (ending->outcome == TXN_REFUSED && c->e.code == -EINTR)
		return refused(c);
	fflush(stdout);
	report_error(c->cli, &c->texts, manifest_find(&c->bound, RES_unit, str_of(c->e.resource)) ? &c->bound : c->bound.all.n ? &c->bound : &c->observed, &c->e);
	switch (ending->outcome) {
	case TXN_REFUSED:
		fputs("Nothing was changed.\n", stderr);
		return ending->stale ? STATUS_STALE : STATUS_REFUSED;
	case TXN_STUCK:
		fprintf(stderr, "The host is between generation %u and %u: run `ctc recover`.\n", c->s->current, c->to);
		return STATUS_STUCK;
	default:
		fprintf(stderr, "The host is as before: generation %u, %.2f s after the start.\n", c->s->current, seconds_since(&c->start));
		return STATUS_BACK;
	}
}

/* 9. to 14. are the service's. */
static int transact(struct job *c)
{
	_buf_ struct buf sealed = {0};
	struct ending ending;

	mend_end(&c->s->mending); /* from here on it is the service's */
	plan_seal(&c->plan, &sealed);
	const struct order o = {
		.action = ORDER_CHANGE,
		.word = str_of(c->q->action),
		.user = session_user(&c->s->arena),
		.command = c->q->command,
		.from = c->s->current,
		.to = c->to,
		.staged = c->staged,
		.probe = c->q->compiled != NULL,
		.plan = buf_view(&sealed),
		.confirm_us = c->q->confirm_us,
	};
	enum watched how = watch(c->s, &o, &ending, &c->e);
	if (how == WATCHED_REFUSED) {
		drop_staged(c);
		return refused(c);
	}
	if (how != WATCHED_END)
		return not_told(c, how);
	return ending.outcome == TXN_DONE ? done(c, &ending) : failed(c, &ending);
}

/* Instead of 2. and 3. where nothing may be written, neither a lock. */
static int begin_dry(struct job *c)
{
	struct session *s = c->s;
	struct journal j;
	bool found;

	s->host.progress = on_progress;
	s->host.progress_context = c;
	if (host_open(&s->host, &c->e) < 0 || host_check(&s->host, NULL, &c->e) < 0 || session_look(s, &c->e) < 0 ||
	    store_journal_read(&s->store, &s->arena, &found, &j, &c->e) < 0)
		return refused(c);
	if (store_locked_by_other(&s->store)) {
		fputs("error: another ctc is changing this host; wait until it has ended\n", stderr);
		return STATUS_LOCKED;
	}
	if (found) {
		fputs("error: a change was cut off: run `ctc recover` first\n", stderr);
		return STATUS_STUCK;
	}
	return 0;
}

/* A dry run ends here. Images are not fetched, and what only they would tell is not known. */
static int rehearsed(struct job *c)
{
	if (rehearse(&c->s->host, &c->plan, &c->e) < 0)
		return refused(c);
	puts("\nNothing was changed: this was a dry run. The kernel takes the rules, systemd the units.");
	return STATUS_DONE;
}

/* 2., 3. 0, or the exit status. */
static int begin(struct job *c, bool *ret_recovered)
{
	struct session *s = c->s;

	if (c->q->dry_run)
		return begin_dry(c);
	if (host_open(&s->host, &c->e) < 0 || host_check(&s->host, NULL, &c->e) < 0 || session_lock(s, str_copy(&s->arena, c->q->command).s, &c->e) < 0)
		return refused(c);
	s->host.progress = on_progress;
	s->host.progress_context = c;
	return recover(c, ret_recovered);
}

static int change_steps(struct job *c, struct request *own)
{
	struct session *s = c->s;
	_buf_ struct buf shown = {0}, warnings = {0};
	bool recovered;
	int status = begin(c, &recovered);

	if (status != 0)
		return status;
	int r = look_pending(c, own);
	if (r == -EALREADY)
		return STATUS_DONE;
	if (r < 0 || want(c) < 0)
		return refused(c);
	if (c->scope.conflicts.n) {
		struct texts stays = session_texts(s, s->current);

		report_conflicts(c->cli, &c->texts, &stays, &c->scope);
		return STATUS_REFUSED;
	}
	if (host_check(&s->host, &c->wanted, &c->e) < 0 || plan_now(c) < 0)
		return refused(c);
	if (c->q->saved && saved_check(c->q->saved, s->current, s->meta.digest, &c->plan, &c->e) < 0)
		return refused(c);
	if (c->q->compiled)
		host_warn(&s->host, &c->wanted, &s->recorded, &warnings);
	else if (secrets_judge(&s->host, &c->plan, &warnings, &c->e) < 0)
		return refused(c);
	report_warnings(c->cli, buf_view(&warnings));
	print_plan(c, c->cli->colour, &shown);
	fwrite(shown.s, 1, shown.n, stdout);
	fflush(stdout);
	if (!view_pending(&c->view) && (c->q->compiled || c->to == s->current))
		return STATUS_DONE;
	if (bind_check(&s->host, &c->plan, &s->recorded, &c->e) < 0)
		return refused(c);
	if (c->q->dry_run)
		return rehearsed(c);
	/* 6. A rollback was meant, and a saved plan was looked at when it was made. */
	session_mend(s, &c->observed);
	if (!ask(&s->host, c->q->yes || !c->q->compiled || c->q->saved, "Apply this plan?"))
		return STATUS_REFUSED;
	putchar('\n');
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &c->start);
	if (fetch(c) < 0 || stage(c) < 0) {
		drop_staged(c);
		status = refused(c);

		/* the plan stands above it; who was interrupted was told */
		if (status == STATUS_REFUSED && c->e.code != -EINTR)
			fputs("Nothing was changed.\n", stderr);
		return status;
	}
	return transact(c);
}

static struct job job_begin(struct cli *cli, struct session *s, const struct request *q)
{
	struct job c = {.cli = cli, .q = q, .s = s, .texts = q->texts};

	session_begin(s);
	c.wanted.arena = c.bound.arena = c.observed.arena = &s->arena;
	manifest_seal(&c.wanted);
	manifest_seal(&c.bound);
	clock_gettime(CLOCK_MONOTONIC, &c.start);
	return c;
}

int change_run(struct cli *cli, const struct request *q)
{
	struct session s;
	struct request own = *q;
	struct job c = job_begin(cli, &s, &own);
	int status = change_steps(&c, &own);

	session_end(&s);
	return status;
}

int change_recover(struct cli *cli)
{
	const struct request q = {.action = "recover", .command = STR("ctc recover"), .yes = true},
			     back = {.action = "confirm", .command = STR("ctc recover"), .yes = true, .expired = true};
	struct session s;
	struct job c = job_begin(cli, &s, &q);
	enum confirm_state state = CONFIRM_NONE;
	struct pending waits;
	int64_t left_us;
	bool found = false;
	int status = begin(&c, &found);

	if (status == 0 && !found)
		printf("Nothing to recover: generation %u runs.\n", s.current);
	if (status == 0 && confirm_look(&s.host, &s.store, &s.arena, &state, &waits, &left_us, &c.e) < 0)
		status = refused(&c);
	session_end(&s);
	return status == 0 && state == CONFIRM_OVER ? change_run(cli, &back) : status;
}
