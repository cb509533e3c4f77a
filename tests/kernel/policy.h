/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the tests of the policy share: a network namespace of the test program's own, manifests of elements, and
 * applying them as a transaction would. */
#ifndef CTC_TESTS_KERNEL_POLICY_H
#define CTC_TESTS_KERNEL_POLICY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "lang/base/cleanup.h"
#include "lang/policy.h"
#include "runtime/kind.h"
#include "runtime/nl_gate.h"

struct world {
	struct host host;
	struct arena arena; /* for the time of one test */
	struct err err;
	pid_t busy; /* leader of a group that changes a table "other" all the time, until the end of the test; 0: none
		     */
};

/* Nothing that is made from here on is seen outside, and all of it ends with the program. */
__attribute__((unused)) static int world_setup(void **state)
{
	static struct world w;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0) {
		fprintf(stderr, "these tests need root and namespaces: %s\n", strerror(errno));
		return -1;
	}
	*state = &w;
	return host_open(&w.host, &w.err);
}

__attribute__((unused)) static int world_teardown(void **state)
{
	host_close(&((struct world *)*state)->host);
	return 0;
}

__attribute__((unused, format(printf, 1, 2))) static void run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("this failed: %s", command);
}

/* What a command prints, in the arena. */
__attribute__((unused)) static struct str output(struct world *w, const char *command)
{
	_buf_ struct buf all = {0};
	char part[4096];
	FILE *f = popen(command, "re");

	assert_non_null(f);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(&all, part, n);
	pclose(f);
	return buf_take(&all, &w->arena);
}

__attribute__((unused)) static void want(struct manifest *m, const char *set, const char *key, const char *data,
					 const char *origin)
{
	struct res_nft *n = manifest_add_nft(m, str_fmt(m->arena, "%s %s", set, key));

	n->set = str_of(set);
	n->key = str_copy(m->arena, str_of(key));
	n->data = str_copy(m->arena, str_of(data));
	n->res.origin = str_of(origin);
}

__attribute__((unused)) static void want_rules(struct manifest *m)
{
	struct res_nft *n = manifest_add_nft(m, STR(POLICY_RULES));

	n->set = STR(POLICY_RULES);
	n->key = STR(POLICY_RULES_KEY);
}

__attribute__((unused)) static void seal(struct manifest *m)
{
	assert_null(manifest_seal(m));
}

__attribute__((unused)) static struct manifest empty(struct world *w)
{
	struct manifest m = {.arena = &w->arena};

	manifest_seal(&m);
	return m;
}

__attribute__((unused)) static struct manifest look(struct world *w)
{
	struct manifest m = {.arena = &w->arena}, known = empty(w);

	if (kind_nft.observe(&w->host, &known, &m, &w->err) < 0)
		fail_msg("observe: %s", w->err.text);
	seal(&m);
	return m;
}

__attribute__((unused)) static int apply_plan(struct world *w, const struct plan *p)
{
	int r = kind_nft.prepare(&w->host, plan_slice(p, RES_nft), &w->err);

	return r < 0 ? r : kind_nft.apply(&w->host, PHASE_SWAP, plan_slice(p, RES_nft), &w->err);
}

/* Plans from what is there to what is wanted, and does it. */
__attribute__((unused)) static int apply(struct world *w, const struct manifest *to)
{
	struct manifest now = look(w);
	struct plan p = {0};

	plan_make(&w->arena, &now, to, &p);
	return apply_plan(w, &p);
}

__attribute__((unused)) static void must_apply(struct world *w, const struct manifest *to)
{
	if (apply(w, to) < 0)
		fail_msg("apply: %s [%s]", w->err.text, w->err.resource);
}

/* What is there is what is wanted, to the last element. */
__attribute__((unused)) static void must_hold(struct world *w, const struct manifest *wanted)
{
	struct manifest now = look(w);
	struct plan p = {0};

	plan_make(&w->arena, &now, wanted, &p);
	if (p.changes.n)
		fail_msg("%zu differences, the first: %.*s", p.changes.n, STR_ARG(change_res(&p.changes.at[0])->id));
}

/* The control of what the policy forbids: a table that judges everything well, so that the links' gates let it pass. */
__attribute__((unused)) static void judge_all(bool on)
{
	run("nft delete table inet judge 2>/dev/null || true");
	if (on)
		run("nft 'table inet judge { chain a { type filter hook prerouting priority -300; meta mark set meta mark & 0x%x; }; "
		    "chain b { type filter hook postrouting priority 1000; meta mark set meta mark | 0x%x; }; }'",
		    ~GATE_UNJUDGED, GATE_JUDGED);
}

__attribute__((unused)) static bool contains(struct str all, const char *part)
{
	return all.n && memmem(all.s, all.n, part, strlen(part));
}

__attribute__((unused)) static int end_test(void **state)
{
	struct world *w = *state;
	struct manifest nothing = empty(w);
	int r;

	if (w->busy > 0) {
		kill(-w->busy, SIGKILL);
		waitpid(w->busy, NULL, 0);
		w->busy = 0;
	}
	run("nft delete table inet other 2>/dev/null || true");
	judge_all(false);
	r = apply(w, &nothing);

	if (r < 0)
		fprintf(stderr, "cannot clean up: %s\n", w->err.text);
	arena_free(&w->arena);
	return r;
}

#endif
