/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The transaction of spec/transaction.md: which kind acts in which phase, the journal around it, the commit, and the way back. Nothing here knows what a resource is.
 *
 * Why the host ends up in the old state or in the new one, whole, whatever ends this process and wherever:
 *
 *	There is one kind of change. converge() makes a manifest true, from whatever there is: it is given a plan that was made from what is observed, so that a step which was half
 *	done, or done already, is only a smaller plan. The way back is converge() to what was found; there is no code that takes back a step, and so none that could be forgotten.
 *
 *	Before the first effect the journal is on the disk, with all that was found (txn_run, 2). From then on whoever comes next knows both sides: this process where a step fails, the
 *	service's ExecStopPost= where it was killed, the boot where the power failed, and else the next command. All of them do settle().
 *
 *	Which side is decided by one rename (store_commit), not by how far things got: before it the host goes back, after it forth. Nothing between asks a person.
 *
 *	The journal goes only after the host was looked at again and nothing differed (converge_verified). What cannot be made true keeps its journal, and says so.
 *
 *	One process at a time does any of this: the lock is held from before the journal is read until after it is gone (service.h hands it on, as the open file that it is). */
#include "runtime/txn.h"

#include "lang/base/cleanup.h"
#include "runtime/confirm.h"
#include "runtime/expect.h"
#include "runtime/kind.h"
#include "runtime/mend.h"

/* The order is the design: what nobody sees yet comes first; what must end ends before the policy changes, what begins begins after it, so that a port that closes is
 * closed before anything new runs and one that opens is open before its program starts; what nobody uses any more goes last, in reverse order of creation. */
static const struct step {
	enum phase phase;
	enum res_kind kind;
} steps[] = {
	{PHASE_ADD, RES_sysctl},   {PHASE_ADD, RES_gate},      {PHASE_ADD, RES_directory},
	{PHASE_ADD, RES_file},	   {PHASE_ADD, RES_netns},     {PHASE_ADD, RES_link},
	{PHASE_ADD, RES_proxy},
	/* here `active` is switched: units are generated from the new generation from now on */
	{PHASE_STOP, RES_proxy},   {PHASE_STOP, RES_unit},
	{PHASE_SWAP, RES_directory}, {PHASE_SWAP, RES_link},  {PHASE_SWAP, RES_macvlan},
	{PHASE_SWAP, RES_nft},
	{PHASE_START, RES_unit},   {PHASE_START, RES_proxy},
	{PHASE_CLEAN, RES_proxy},  {PHASE_CLEAN, RES_macvlan}, {PHASE_CLEAN, RES_link},
	{PHASE_CLEAN, RES_netns},  {PHASE_CLEAN, RES_file},    {PHASE_CLEAN, RES_directory},
	{PHASE_CLEAN, RES_gate},   {PHASE_CLEAN, RES_sysctl},
};

/* The way back is tried this often: the first time may meet what the failed step left half done. */
enum { BACK_ROUNDS = 2 };

static const char *phase_words(enum phase phase)
{
	static const char *const words[] = {
		[PHASE_ADD] = "while adding what is new",
		[PHASE_STOP] = "while stopping what must stop",
		[PHASE_SWAP] = "while switching the network policy",
		[PHASE_START] = "while starting",
		[PHASE_CLEAN] = "while removing what is no longer used",
	};

	return words[phase];
}

static int interrupted(struct host *h, struct err *e)
{
	if (h->interrupted && *h->interrupted)
		return err_set(e, -EINTR, "interrupted by the user");
	return 0;
}

static int step_run(struct host *h, const struct step *step, const struct plan *p, struct err *e)
{
	struct slice s = plan_slice(p, step->kind);

	if (!s.n || !kinds[step->kind] || !kinds[step->kind]->apply)
		return 0;
	int r = kinds[step->kind]->apply(h, step->phase, s, e);
	return r < 0 ? err_context(e, "%s", phase_words(step->phase)) : 0;
}

/* At boot systemd starts them, later. */
static bool starts_processes(const struct step *step)
{
	return step->kind == RES_unit || (step->kind == RES_proxy && step->phase == PHASE_START);
}

static bool acts_in(enum res_kind kind, enum phase phase)
{
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i].kind == kind && steps[i].phase == phase)
			return true;
	return false;
}

/* What shall be there in the midst of a change, while units stop or start: before the policy is switched, or after it. What the table does in PHASE_ADD is done in both cases. What goes in PHASE_CLEAN
 * is leaving from the beginning on. */
static void midway(const struct plan *p, bool switched, struct manifest *stands, struct manifest *leaving)
{
	const struct change *c = p->changes.at, *end = c + p->changes.n;

	for (size_t i = 0; i < p->to->all.n; i++) { /* what stays as it is */
		while (c < end && res_cmp(change_res(c), p->to->all.at[i]) < 0)
			c++;
		if (c == end || change_res(c) != p->to->all.at[i])
			manifest_put(stands, p->to->all.at[i]);
	}
	for (c = p->changes.at; c < end; c++) {
		enum res_kind kind = change_res(c)->kind;

		if (c->op == OP_DELETE && acts_in(kind, PHASE_CLEAN))
			manifest_put(leaving, (struct res *)c->from);
		else if (c->from && !switched && acts_in(kind, PHASE_SWAP))
			manifest_put(stands, (struct res *)c->from);
		else if (c->to && (c->from || switched || acts_in(kind, PHASE_ADD)))
			manifest_put(stands, (struct res *)c->to);
	}
	manifest_seal(stands);
	manifest_seal(leaving);
}

/* Units stop before the policy is switched and start after it. Until it is, what others edit in the table is for the batch to refuse. */
static void mend_meanwhile(struct mending *m, const struct plan *p, enum phase phase)
{
	_arena_ struct arena a = {0};
	struct manifest stands = {.arena = &a}, leaving = {.arena = &a};

	midway(p, phase == PHASE_START, &stands, &leaving);
	mend_towards(m, &stands, &leaving, phase == PHASE_START);
}

/* Every kind gets every phase that the table has for it, with its own part of the plan, and does what of it belongs into that phase. */
int converge(struct host *h, struct store *s, const struct plan *p, uint32_t number, unsigned flags, struct err *e)
{
	bool go_on = flags & CONVERGE_GO_ON, boot = flags & CONVERGE_NETWORK_ONLY, told = flags & CONVERGE_TOLD_ONLY, active = boot || told;
	_mending_ struct mending mending = {0};
	struct err first = {0}, one;

	if (!active && plan_slice(p, RES_unit).n)
		mend_begin(&mending, h);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		int r = go_on ? 0 : interrupted(h, &one);

		if (r == 0 && !active && steps[i].phase != PHASE_ADD) {
			active = true;
			r = store_activate(s, number, &one);
		}
		if (steps[i].kind == RES_unit && mending.h)
			mend_meanwhile(&mending, p, steps[i].phase);
		if (r == 0 && !(boot && starts_processes(&steps[i])) && !(told && !kinds[steps[i].kind]->told))
			r = step_run(h, &steps[i], p, &one);
		if (r < 0 && !first.code)
			first = one;
		if (r < 0 && !go_on)
			break;
	}
	/* While `active` is there ctstack-network.service does nothing and lets containers start: at boot it says that links and the policy are true, all of them. */
	if (boot && !first.code && store_activate(s, number, &one) < 0)
		first = one;
	if (first.code)
		*e = first;
	return first.code;
}

/* Data and images outlive what asked for them: that they are still there is no difference. Nor is it one that what was found broken is not broken again. */
static bool change_is_kept(const struct change *c)
{
	enum res_kind kind = change_res(c)->kind;

	if (c->op != OP_DELETE)
		return res_broken(c->to);
	return kind == RES_image || (kind == RES_directory && ((const struct res_directory *)c->from)->keep);
}

bool plan_left(struct host *h, const struct plan *p, struct buf *out)
{
	size_t left = 0;

	for (size_t i = 0; i < p->changes.n; i++) {
		const struct change *c = &p->changes.at[i];
		const struct res *res = change_res(c);

		if (res_infos[res->kind].class != RES_EFFECT || change_is_kept(c) || change_waits(h, c))
			continue;
		if (left++ < 3)
			buf_fmt(out, "%s%s %.*s", left > 1 ? ", " : "", res_infos[res->kind].word, STR_ARG(res->id));
	}
	if (left > 3)
		buf_fmt(out, " and %zu more", left - 3);
	return left > 0;
}

/* Converges to `target` and looks whether it is true. `other` names what else may be there: the side that is left. Signals wait until it is done. */
static int converge_verified(struct host *h, struct store *s, const struct manifest *target, const struct manifest *other, uint32_t number,
			     struct err *e)
{
	struct err failed = {0};

	for (int round = 0;; round++) {
		_arena_ struct arena a = {0};
		_buf_ struct buf left = {0};
		struct manifest now = {.arena = &a};
		struct plan p;

		int r = observe(h, target, other, 0, &now, e);
		if (r < 0 && round < BACK_ROUNDS)
			continue; /* what could not be seen now (somebody killed the podman that was asked) may be seen in a moment */
		if (r < 0)
			return err_context(e, "on the way back");
		plan_make(&a, &now, target, &p);
		if (!plan_left(h, &p, &left) && round > 0)
			return 0;
		if (round == BACK_ROUNDS)
			return err_set(e, failed.code ? failed.code : -EIO, "these still differ from what was there before: %.*s%s%s", STR_ARG(buf_view(&left)),
				       failed.code ? "; " : "", failed.text);
		failed = (struct err){0};
		converge(h, s, &p, number, CONVERGE_GO_ON, &failed);
	}
}

/* To `target`, which the generation `number` describes or was in force with: the end of every change that did not commit, and of every one that was cut off. The order is what makes it
 * repeatable: the host first, then what says which generation counts, and the journal last. Cut off anywhere in here, it begins anew, and finds less to do. */
static int settle(struct host *h, struct store *s, const struct manifest *target, const struct manifest *other, uint32_t number, struct err *e)
{
	volatile int *signals = h->interrupted;
	uint32_t current;

	h->interrupted = NULL;
	int r = converge_verified(h, s, target, other, number, e);
	h->interrupted = signals;
	if (r == 0)
		r = store_activate(s, number, e);
	/* A commit that failed between its rename and its fsync: nobody was told that it counts. */
	if (r == 0 && (r = store_current(s, &current, e)) == 0 && current != number)
		r = store_commit(s, number, e);
	if (r == 0)
		r = store_journal_remove(s, e);
	return r;
}

int txn_prepare(struct host *h, const struct plan *p, struct err *e)
{
	for (int kind = 0; kind < RES_KIND_COUNT; kind++) {
		struct slice s = plan_slice(p, (enum res_kind)kind);

		if (!s.n || !kinds[kind] || !kinds[kind]->prepare)
			continue;
		int r = kinds[kind]->prepare(h, s, e);
		if (r < 0)
			return r;
	}
	return interrupted(h, e);
}

static int journal_begin(struct host *h, struct store *s, const struct plan *p, uint32_t from, uint32_t to, struct err *e)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf observed = {0};
	struct err ignored;

	manifest_encode(p->from, &observed);
	int r = store_journal_write(s, &(struct journal){.from = from, .to = to, .boot = boot_id(h, &a), .observed = buf_view(&observed)}, e);
	if (r < 0)
		store_journal_remove(s, &ignored); /* it may have been renamed into place before its directory could not be synced */
	return r;
}

/* What was expected, seen by packets. All but the commit is done: what is there belongs to the new state. */
static int probe(struct host *h, const struct plan *p, struct err *e)
{
	_mending_ struct mending mending = {0};

	mend_begin(&mending, h);
	mend_towards(&mending, p->to, NULL, true);
	return expectations_ask(h, p, e);
}

int txn_run(struct host *h, struct store *s, const struct plan *p, uint32_t from, uint32_t to, unsigned flags, enum txn_outcome *ret, struct err *e)
{
	struct err back;

	/* 1. Everything that can fail before the first effect. */
	*ret = TXN_REFUSED;
	int r = txn_prepare(h, p, e);
	if (r < 0)
		return r;
	/* 2. From here on a crash means: back. */
	r = journal_begin(h, s, p, from, to, e);
	if (r < 0)
		return r;
	/* 3. The phases. 4. What was expected. 5. The commit: this rename alone decides which side a crash leads to. */
	r = converge(h, s, p, to, 0, e);
	if (r == 0 && flags & TXN_PROBE)
		r = probe(h, p, e);
	if (r == 0)
		r = interrupted(h, e);
	if (r == 0)
		r = store_commit(s, to, e);
	if (r == 0) {
		*ret = TXN_DONE;
		/* A journal that cannot be removed names a committed generation: recovery converges to it, which changes nothing. */
		if (store_journal_remove(s, &back) < 0)
			host_progress(h, "%s; `ctc recover` removes the journal", back.text);
		return 0;
	}
	/* 6. The way back. */
	host_progress(h, "failed, going back to generation %u", from);
	*ret = TXN_BACK;
	if (settle(h, s, p->from, p->to, from, &back) < 0) {
		*ret = TXN_STUCK;
		err_append(e, "; and the way back was not clean: %s", back.text);
	}
	return r;
}

/* What people had started does not come back with the host, and what had finished runs again with it. */
static void forget_started(struct manifest *observed)
{
	struct res_unit *u;

	manifest_each(unit, u, observed)
		u->runs = u->finished = false;
}

int txn_recover(struct host *h, struct store *s, struct recovery *ret, struct err *e)
{
	_arena_ struct arena a = {0};
	struct manifest observed = {.arena = &a}, to = {.arena = &a};
	struct journal j;
	uint32_t current;
	bool found;

	*ret = (struct recovery){0};
	int r = store_journal_read(s, &a, &found, &j, e);
	if (r < 0 || !found)
		return r;
	r = store_current(s, &current, e);
	if (r < 0)
		return r;
	*ret = (struct recovery){.found = true, .committed = current == j.to && j.to != j.from, .from = j.from, .to = j.to};
	r = manifest_decode(j.observed, &observed, e);
	if (r < 0)
		return err_context(e, "the journal of the transaction in flight");
	if (!str_eq(j.boot, boot_id(h, &a)))
		forget_started(&observed);
	/* A damaged generation must not stop the way back: most of what it made bears our mark. What only cannot be read right now is asked for once more, and then later. */
	struct err unread;
	r = store_load(s, j.to, &to, NULL, &unread);
	if (r < 0) {
		to = (struct manifest){.arena = &a};
		r = store_load(s, j.to, &to, NULL, &unread);
	}
	if (r < 0) {
		if (ret->committed || r == -EMFILE || r == -ENFILE || r == -ENOMEM) {
			*e = unread;
			return e->code;
		}
		to = (struct manifest){.arena = &a};
		manifest_seal(&to);
	}
	host_progress(h, ret->committed ? "finishing generation %u, which was committed" : "going back to generation %u",
		      ret->committed ? j.to : j.from);
	return ret->committed ? settle(h, s, &to, &observed, j.to, e) : settle(h, s, &observed, &to, j.from, e);
}
