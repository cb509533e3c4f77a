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
#include "runtime/digest.h"
#include "runtime/podman.h"
#include "runtime/show.h"
#include "runtime/txn.h"

enum { GENERATIONS_KEPT = 50 };

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
	report_error(c->cli, &c->texts, c->bound.all.n ? &c->bound : &c->wanted, &c->e);
	return c->e.code == -EBUSY && c->s->store.lock_fd < 0 ? STATUS_LOCKED : STATUS_REFUSED;
}

/* 3. */
static int recover(struct job *c)
{
	struct recovery done;
	int r = session_recover(c->s, &done, &c->e);

	if (r == 0 && done.found)
		printf("An earlier change from generation %u to %u was cut off; it is settled, generation %u runs.\n", done.from, done.to, c->s->current);
	return r;
}

/* A stack that is to go must be there. */
static int must_be_there(struct job *c)
{
	struct near near = near_start(c->q->also);
	const struct res_stack *s;

	if (!c->q->also.n || manifest_find(&c->s->recorded, RES_stack, c->q->also))
		return 0;
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
		return err_set(&c->e, -ENOENT, "there is nothing to roll back to: nothing was applied on this host yet");
	c->to = q->has_target ? q->target : s->meta.base;
	c->texts = session_texts(s, c->to);
	return store_load(&s->store, c->to, &c->wanted, NULL, &c->e);
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
	view_make(&s->arena, &c->plan, &s->recorded, &c->view);
	c->view.scope = c->scope.in;
	c->view.kept = c->scope.kept;
	c->view.missing = c->missing;
	c->view.outputs = c->q->outputs;
	if (!c->q->compiled)
		c->view.title = str_fmt(&s->arena, "the way back to generation %u", c->to);
	c->view.against = s->current ? str_fmt(&s->arena, "this host at generation %u", s->current) : STR("this host, on which nothing was applied yet");
	return 0;
}

static void print_plan(struct job *c, bool colour, struct buf *out)
{
	show_text(&c->view, colour, out);
}

/* 6. */
static bool consents(struct job *c)
{
	char answer[16] = "";

	if (c->q->yes || !c->q->compiled)
		return true;
	if (!isatty(STDIN_FILENO)) {
		fputs("Nothing was changed: there is no terminal to ask on; give --yes where the plan above is meant.\n", stderr);
		return false;
	}
	fputs("\nApply this plan? [y/N] ", stdout);
	fflush(stdout);
	if (fgets(answer, sizeof answer, stdin) && (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0))
		return true;
	puts("Nothing was changed.");
	return false;
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
		return err_set(&c->e, -ENOENT, "the image %.*s was fetched, but podman does not find it under this name", STR_ARG(c->missing.at[0]));
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

	if (!c->q->compiled)
		return 0;
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
	int r = store_stage(&s->store, &c->bound, &meta, buf_view(&plan), c->texts.at, c->texts.n, &c->e);
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

static int done(struct job *c)
{
	_buf_ struct buf summary = {0};
	struct err e;

	session_record(c->s, c->q->action, STR("done"), c->s->current, c->to);
	if (store_prune(&c->s->store, GENERATIONS_KEPT, &e) < 0)
		fprintf(stderr, "warning: %s\n", e.text);
	view_summary(&c->view, &summary);
	printf("\nDone in %.2f s: generation %u runs", seconds_since(&c->start), c->to);
	if (c->to != c->s->current)
		printf(" (before: %u)", c->s->current);
	printf(". %.*s.\n", STR_ARG(buf_view(&summary)));
	return STATUS_DONE;
}

/* The first line, without the clause that announces further ones. */
static struct str first_line(struct job *c)
{
	struct str more, line = str_cut(str_of(c->e.text), '\n', &more);
	const char *clause = more.n ? memrchr(line.s, ';', line.n) : NULL;

	return clause ? (struct str){line.s, (size_t)(clause - line.s)} : line;
}

static int failed(struct job *c, enum txn_outcome outcome)
{
	fflush(stdout);
	report_error(c->cli, &c->texts, manifest_find(&c->bound, RES_unit, str_of(c->e.resource)) ? &c->bound : c->bound.all.n ? &c->bound : &c->observed, &c->e);
	if (outcome == TXN_REFUSED) {
		fputs("Nothing was changed.\n", stderr);
		drop_staged(c);
		return STATUS_REFUSED;
	}
	session_record(c->s, c->q->action, str_fmt(&c->s->arena, "failed: %.*s", STR_ARG(first_line(c))), c->s->current,
		       c->to);
	if (outcome == TXN_STUCK) {
		fprintf(stderr, "The host is between generation %u and %u: run `ctc recover`.\n", c->s->current, c->to);
		return STATUS_STUCK;
	}
	drop_staged(c);
	fprintf(stderr, "The host is as before: generation %u, %.2f s after the start.\n", c->s->current, seconds_since(&c->start));
	return STATUS_BACK;
}

/* 9. to 13. */
static int transact(struct job *c)
{
	enum txn_outcome outcome;

	int r = txn_run(&c->s->host, &c->s->store, &c->plan, c->s->current, c->to, &outcome, &c->e);
	return r < 0 ? failed(c, outcome) : done(c);
}

static int change_steps(struct job *c)
{
	struct session *s = c->s;
	_buf_ struct buf shown = {0};

	int r = session_lock(s, str_copy(&s->arena, c->q->command).s, &c->e);
	if (r < 0)
		return refused(c);
	s->host.progress = on_progress;
	s->host.progress_context = c;
	if (recover(c) < 0) {
		report_error(c->cli, &c->texts, NULL, &c->e);
		return STATUS_STUCK;
	}
	if (want(c) < 0)
		return refused(c);
	if (c->scope.conflicts.n) {
		struct texts stays = session_texts(s, s->current);

		report_conflicts(c->cli, &c->texts, &stays, &c->scope);
		return STATUS_REFUSED;
	}
	if (host_check(&s->host, &c->wanted, &c->e) < 0 || plan_now(c) < 0)
		return refused(c);
	print_plan(c, c->cli->colour, &shown);
	fwrite(shown.s, 1, shown.n, stdout);
	fflush(stdout);
	if (!view_pending(&c->view) && (c->q->compiled || c->to == s->current))
		return STATUS_DONE;
	if (bind_check(&s->host, &c->bound, &s->recorded, &c->e) < 0)
		return refused(c);
	if (!consents(c))
		return STATUS_REFUSED;
	putchar('\n');
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &c->start);
	if (fetch(c) < 0 || stage(c) < 0)
		return failed(c, TXN_REFUSED);
	return transact(c);
}

int change_run(struct cli *cli, const struct request *q)
{
	struct session s;
	struct job c = {.cli = cli, .q = q, .s = &s, .texts = q->texts};

	session_begin(&s);
	c.wanted.arena = c.bound.arena = c.observed.arena = &s.arena;
	manifest_seal(&c.wanted);
	manifest_seal(&c.bound);
	clock_gettime(CLOCK_MONOTONIC, &c.start);
	int status = change_steps(&c);
	session_end(&s);
	return status;
}
