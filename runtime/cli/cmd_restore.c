/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc restore --boot: what the host forgot in a reboot and containers need before they start: namespaces, links, the policy, kernel switches. ctstack-network.service
 * runs it; systemd starts the containers afterwards (spec/transaction.md, Boot). */
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
enum { BUSY_TRIES = 1200, BUSY_WAIT_MS = 200 };

static void on_progress(void *context, const char *line)
{
	(void)context;
	printf("%s\n", line);
}

/* Whether the rules are in force, so that a container that starts now can do no more than somebody said. */
static int policy_is_in_force(struct session *look, bool *ret, struct err *e)
{
	_arena_ struct arena a = {0};
	struct manifest found = {.arena = &a};
	int r = kinds[RES_nft]->observe(&look->host, &look->recorded, &found, e);

	if (r < 0)
		return r;
	manifest_seal(&found);
	const struct res_nft *rules = (const struct res_nft *)manifest_find(&found, RES_nft, STR(POLICY_RULES));
	*ret = rules && str_is(rules->key, POLICY_RULES_KEY);
	return 0;
}

/* Another ctc has the lock. It may be about to make all this, or to ask its user first: 1 once the policy is in force all the same, 0 once the lock is free. */
static int beside_another(struct session *look, struct err *e)
{
	const struct timespec pause = {.tv_nsec = BUSY_WAIT_MS * 1000000L};

	for (int i = 0; store_locked_by_other(&look->store); i++) {
		bool in_force = false;
		int r = policy_is_in_force(look, &in_force, e);

		if (r < 0 || in_force)
			return r < 0 ? r : 1;
		if (i == BUSY_TRIES)
			return err_set(e, -EBUSY, "another ctc is changing this host, and the policy is not in force: no container starts until it is");
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* Without a store there is nothing to restore, and none is made. */
static int restore(struct session *s, struct err *e)
{
	struct manifest observed = {.arena = &s->arena};
	struct plan p;
	struct session look;

	session_begin(&look);
	int r = session_look(&look, e);
	bool empty = look.store.state_fd < 0;
	if (r == 0 && !empty)
		r = beside_another(&look, e);
	session_end(&look);
	if (r != 0 || empty)
		return r < 0 ? r : 0;
	r = session_lock(s, "ctc restore --boot", e);
	s->host.progress = on_progress;
	if (r == 0)
		r = session_load_boot(s, e);
	if (r == 0)
		r = observe(&s->host, &s->recorded, &s->recorded, CONVERGE_NETWORK_ONLY, &observed, e);
	if (r < 0)
		return r;
	plan_make(&s->arena, &observed, &s->recorded, &p);
	return converge(&s->host, &s->store, &p, s->current, CONVERGE_NETWORK_ONLY | CONVERGE_GO_ON, e);
}

int cmd_restore(struct cli *c, int argc, char **argv)
{
	bool boot = false;
	const struct cli_option options[] = {
		{"boot", 0, CLI_FLAG, &boot, NULL, "namespaces, links, the policy and kernel switches, and nothing else", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;
	struct err e;

	if (n < 0)
		return status;
	if (n > 0 || !boot)
		return cli_fail(c, "ctstack-network.service calls `ctc restore --boot`; to make a generation true again, use `ctc rollback N`");
	session_begin(&s);
	int r = restore(&s, &e);
	if (r < 0)
		report_error(c, NULL, &s.recorded, &e);
	session_end(&s);
	return r < 0 ? STATUS_REFUSED : STATUS_DONE;
}
