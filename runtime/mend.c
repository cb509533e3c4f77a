/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Mending while something is waited for, see mend.h. It is converge() again, of few kinds and towards what stands at this moment; what it was told is only a reason to look. */
#include "runtime/mend.h"

#include "lang/base/cleanup.h"
#include "lang/policy.h"
#include "runtime/clock.h"
#include "runtime/scope.h"
#include "runtime/txn.h"

enum { AGAIN_MS = 1000 };

/* What is made true: what stands; of what is leaving as much as is there; and of a table that another one edits all that it has become. */
static void target(const struct mending *m, const struct manifest *now, struct manifest *ret)
{
	bool as_found = !m->edits && manifest_find(now, RES_nft, STR(POLICY_RULES));

	for (size_t i = 0; i < m->stands.all.n; i++)
		if (!(as_found && m->stands.all.at[i]->kind == RES_nft))
			manifest_put(ret, m->stands.all.at[i]);
	for (size_t i = 0; i < now->all.n; i++) {
		struct res *r = now->all.at[i];

		if (r->kind == RES_nft ? as_found : manifest_find(&m->leaving, r->kind, r->id) != NULL)
			manifest_put(ret, r);
	}
	manifest_seal(ret);
}

static int mend(struct mending *m, struct err *e)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf names = {0};
	struct manifest known = {.arena = &a}, now = {.arena = &a}, wanted = {.arena = &a};
	struct plan p;

	manifest_union(&m->stands, &m->leaving, &known);
	int r = observe(m->h, &known, &known, CONVERGE_TOLD_ONLY, &now, e);
	if (r < 0)
		return r;
	target(m, &now, &wanted);
	plan_make(&a, &now, &wanted, &p);
	if (!plan_left(m->h, &p, &names))
		return 0;
	r = converge(m->h, NULL, &p, 0, CONVERGE_TOLD_ONLY | CONVERGE_GO_ON, e);
	if (r == 0)
		host_progress(m->h, "%s altered what is ours; it is as it was again: %.*s", m->ear.by[0] ? m->ear.by : "somebody", STR_ARG(buf_view(&names)));
	return r;
}

static bool meanwhile(struct host *h, void *context)
{
	struct mending *m = context;
	bool failed = m->again_ms;
	struct err e;
	int r = watch_wait(&m->ear, 0, &e);

	if (r < 0 || (r == 0 && !(failed && clock_ms() >= m->again_ms)))
		return r == 0;
	r = mend(m, &e);
	m->again_ms = r < 0 ? clock_ms() + AGAIN_MS : 0;
	if (r < 0 && !failed)
		host_progress(h, "what somebody has altered of ours cannot be mended yet: %s", e.text);
	return true;
}

void mend_begin(struct mending *m, struct host *h)
{
	struct err ignored;

	if (watch_open(&m->ear, &ignored) == 0)
		m->h = h;
}

static void take_told(struct mending *m, const struct manifest *from, struct manifest *ret)
{
	*ret = (struct manifest){.arena = &m->arena};
	for (size_t i = 0; from && i < from->all.n; i++)
		if (kinds[from->all.at[i]->kind] && kinds[from->all.at[i]->kind]->told)
			manifest_put(ret, from->all.at[i]);
	manifest_seal(ret);
}

void mend_towards(struct mending *m, const struct manifest *stands, const struct manifest *leaving, bool edits)
{
	if (!m->h)
		return;
	arena_reset(&m->arena);
	take_told(m, stands, &m->stands);
	take_told(m, leaving, &m->leaving);
	m->edits = edits;
	m->h->meanwhile = meanwhile;
	m->h->meanwhile_context = m;
}

void mend_end(struct mending *m)
{
	if (!m->h)
		return;
	m->h->meanwhile = NULL;
	watch_close(&m->ear);
	arena_free(&m->arena);
	*m = (struct mending){0};
}
