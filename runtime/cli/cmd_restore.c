/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc restore: makes the network part of the generation true that counts: namespaces, links, the policy, kernel switches. ctstack-network.service runs it before each start
 * of a container, for a reboot forgets all this (spec/transaction.md, Boot), and ctstack-watch.service when somebody else has altered it. Where all is intact it only looks. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "lang/policy.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/kind.h"
#include "runtime/txn.h"

/* Together less than TimeoutStartSec= of ctstack-network.service. */
enum { BUSY_TRIES = 1200, BUSY_WAIT_MS = 200, RACES = 10 };

static void on_progress(void *context, const char *line)
{
	(void)context;
	printf("%s\n", line);
}

/* Whether the rules are in force, so that a container that starts now can do what somebody said (and no more: that is the gate's). Where its generation, which is the
 * active one, has no private network there are none. */
static int policy_is_in_force(struct session *look, bool *ret, struct err *e)
{
	_arena_ struct arena a = {0};
	struct manifest found = {.arena = &a}, active = {.arena = &a};
	uint32_t number = look->current;
	bool any;
	int r = store_active(&look->store, &any, &number, e);

	if (r == 0)
		r = store_load(&look->store, number, &active, NULL, e);
	if (r == 0)
		r = kinds[RES_nft]->observe(&look->host, &active, &found, e);
	if (r < 0)
		return r;
	manifest_seal(&found);
	const struct res_nft *rules = (const struct res_nft *)manifest_find(&found, RES_nft, STR(POLICY_RULES));
	*ret = !manifest_find(&active, RES_nft, STR(POLICY_RULES)) || (rules && str_is(rules->key, POLICY_RULES_KEY));
	return 0;
}

/* Another ctc has the lock. It may be about to make all this, or to ask its user first: 1 once the policy is in force all the same, unless the whole is wanted (thorough), 0 once the lock is free. */
static int beside_another(struct session *look, bool thorough, struct err *e)
{
	const struct timespec pause = {.tv_nsec = BUSY_WAIT_MS * 1000000L};

	for (int i = 0; store_locked_by_other(&look->store); i++) {
		bool in_force = false;
		int r = thorough ? 0 : policy_is_in_force(look, &in_force, e);

		if (r < 0 || in_force)
			return r < 0 ? r : 1;
		if (i == BUSY_TRIES && thorough)
			return err_set(e, -EBUSY, "another ctc is changing this host still: what was altered is looked at again when it is done");
		if (i == BUSY_TRIES)
			return err_set(e, -EBUSY, "another ctc is changing this host, and the policy is not in force: no container starts until it is");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* What of a plan a restoration does: everything but units and images, and what waits for an interface of the host's (ret_waits). */
static size_t count_network(struct host *h, const struct plan *p, struct buf *names, bool *ret_waits)
{
	enum { SHOWN = 3 };
	size_t n = 0;

	*ret_waits = false;
	for (size_t i = 0; i < p->changes.n; i++) {
		const struct res *r = change_res(&p->changes.at[i]);

		if (res_infos[r->kind].class != RES_EFFECT || r->kind == RES_unit || r->kind == RES_image)
			continue;
		if (change_waits(h, &p->changes.at[i])) {
			*ret_waits = true;
			continue;
		}
		if (n++ < SHOWN)
			buf_fmt(names, "%s%s %.*s", n > 1 ? ", " : "", res_infos[r->kind].word, STR_ARG(r->id));
	}
	if (n > SHOWN)
		buf_fmt(names, " and %zu more", n - SHOWN);
	return n;
}

static int network_plan(struct session *s, struct manifest *observed, struct plan *ret, struct err *e)
{
	int r = observe(&s->host, &s->recorded, &s->recorded, CONVERGE_NETWORK_ONLY, observed, e);

	if (r == 0)
		plan_make(&s->arena, observed, &s->recorded, ret);
	return r;
}

/* Nobody is at work. 1 where nothing is to be done; needs no lock, so that a container that restarts keeps no change from beginning. */
static int is_intact(struct session *look, bool *ret_waits, struct err *e)
{
	struct manifest observed = {.arena = &look->arena};
	_buf_ struct buf names = {0};
	struct journal j;
	struct plan p;
	bool cut_off, in_force, active;
	uint32_t number;

	int r = store_active(&look->store, &active, &number, e);
	if (r < 0 || !active)
		return r; /* since the boot nobody was here */
	r = store_journal_read(&look->store, &look->arena, &cut_off, &j, e);
	/* Between two generations what belongs to a container may be of either: it is enough that none does what nobody said. */
	if (r == 0 && cut_off && (r = policy_is_in_force(look, &in_force, e)) == 0)
		return in_force ? 1 : err_set(e, -EBUSY, "a change was cut off, and the policy is not in force: run `ctc recover`");
	if (r == 0)
		r = session_load_boot(look, e);
	if (r == 0)
		r = network_plan(look, &observed, &p, e);
	return r < 0 ? r : count_network(&look->host, &p, &names, ret_waits) == 0;
}

/* 1: nothing is to be done, 0: it is, and nobody is at work. Without a store there is nothing to restore, and none is made. */
static int need_not(bool thorough, bool *ret_waits, struct err *e)
{
	struct session look;

	session_begin(&look);
	int r = session_look(&look, e);
	if (r == 0)
		r = look.store.state_fd < 0 ? 1 : beside_another(&look, thorough, e);
	if (r == 0)
		r = is_intact(&look, ret_waits, e);
	session_end(&look);
	return r;
}

static int restore(struct session *s, bool *ret_waits, struct err *e)
{
	struct manifest observed = {.arena = &s->arena};
	_buf_ struct buf names = {0};
	struct plan p;
	int r = session_lock(s, STORE_RESTORE, e);

	s->host.progress = on_progress;
	if (r == 0)
		r = session_load_boot(s, e);
	if (r == 0)
		r = network_plan(s, &observed, &p, e);
	if (r < 0)
		return r;
	size_t n = count_network(&s->host, &p, &names, ret_waits);
	r = converge(&s->host, &s->store, &p, s->current, CONVERGE_NETWORK_ONLY | CONVERGE_GO_ON, e);
	if (r == 0 && n)
		host_progress(&s->host, "as generation %u says again: %.*s", s->current, STR_ARG(buf_view(&names)));
	return r;
}

int cmd_restore(struct cli *c, int argc, char **argv)
{
	bool waits = false, thorough = false;
	const struct cli_option options[] = {
		{"wait", 0, CLI_FLAG, &thorough, NULL, "while another ctc changes this host, wait until it is done, also where the policy is in force", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status), r;
	struct session s;
	struct err e;

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	session_begin(&s);
	r = need_not(thorough, &waits, &e);
	for (int i = 0; r == 0 && (r = restore(&s, &waits, &e)) == -EBUSY && s.store.lock_fd < 0 && i < RACES; i++) {
		session_end(&s); /* another ctc was faster */
		session_begin(&s);
		r = need_not(thorough, &waits, &e);
	}
	if (r < 0)
		report_error(c, NULL, &s.recorded, &e);
	session_end(&s);
	return r < 0 ? STATUS_REFUSED : waits ? STATUS_PENDING : STATUS_DONE;
}
