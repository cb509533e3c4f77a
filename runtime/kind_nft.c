/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kind nft: the elements of table inet ctstack, and its rules as one resource. A slice becomes one batch: what must be
 * made of the table, then the elements that go, then those that come. Every element is first compared with what the
 * kernel has, so that a second apply does nothing, and what somebody else changed since the plan is refused. What a
 * packet meets is in nft_rules.c; nothing here knows. */
#include "runtime/kind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <time.h>

#include "runtime/nft_batch.h"
#include "runtime/nft_conntrack.h"
#include "runtime/nft_object.h"
#include "runtime/nft_rules.h"
#include "runtime/nft_state.h"
#include "runtime/nl_watch.h"

/* How often a change is made anew because another program was faster; how long to wait before, times the number of the
 * try. */
enum { COMMIT_TRIES = 50, COMMIT_WAIT_US = 500 };
/* How often a batch is sent again because another program has changed other tables meanwhile: even one that does so a thousand times a second leaves gaps. */
enum { SEND_TRIES = 1000 };

static int not_ours(struct err *e)
{
	return err_set(e, -EEXIST,
		       "there is a table inet " NFT_TABLE
		       " that ctc did not make: rename it, or remove it with 'nft delete table inet " NFT_TABLE "'");
}

static int stale(struct err *e, struct str id, const char *how)
{
	err_set(e, -ESTALE, "%.*s %s the table inet " NFT_TABLE " since the plan was made: make a new plan",
		STR_ARG(id), how);
	return err_resource(e, id);
}

static int stale_rules(struct err *e, bool exists)
{
	err_set(e, -ESTALE, "the table inet " NFT_TABLE " was %s since the plan was made: make a new plan",
		exists ? "altered" : "removed");
	return err_resource(e, STR(POLICY_RULES));
}

static bool is_rules(const struct res *r)
{
	return str_is(r->id, POLICY_RULES);
}

static const struct change *find_rules(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_rules(change_res(&s.at[i])))
			return &s.at[i];
	return NULL;
}

static void delete_thing(struct nft_batch *b, const struct nft_thing *t)
{
	static const struct {
		int message;
		uint16_t table, name;
		const char *word;
	} of[] = {
		[NFT_OBJECT_OF_COUNTERS] = {NFT_MSG_DELOBJ, NFTA_OBJ_TABLE, NFTA_OBJ_NAME, "object"},
		[NFT_OBJECT_OF_CHAINS] = {NFT_MSG_DELCHAIN, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, "chain"},
		[NFT_OBJECT_OF_SETS] = {NFT_MSG_DELSET, NFTA_SET_TABLE, NFTA_SET_NAME, "set"},
	};
	struct nlmsghdr *m =
		nft_batch_message(b, of[t->kind].message, 0, "remove the %s %.*s", of[t->kind].word, STR_ARG(t->name));

	mnl_attr_put_strz(m, of[t->kind].table, NFT_TABLE);
	mnl_attr_put_strz(m, of[t->kind].name, t->name.s);
	if (t->kind == NFT_OBJECT_OF_COUNTERS)
		mnl_attr_put_u32(m, NFTA_OBJ_TYPE, htonl((uint32_t)t->number));
	nft_batch_end(b);
}

static void make_thing(struct nft_batch *b, const struct nft_thing *t)
{
	static const struct {
		int message;
		const char *word;
	} of[] = {
		[NFT_OBJECT_OF_COUNTERS] = {NFT_MSG_NEWOBJ, "counter"},
		[NFT_OBJECT_OF_CHAINS] = {NFT_MSG_NEWCHAIN, "chain"},
		[NFT_OBJECT_OF_SETS] = {NFT_MSG_NEWSET, "set"},
	};
	struct nlmsghdr *m = nft_batch_message(b, of[t->kind].message, NLM_F_CREATE, "make the %s %.*s",
					       of[t->kind].word, STR_ARG(t->name));

	if (t->kind == NFT_OBJECT_OF_COUNTERS) {
		_nftnl_(obj) o = nft_counter_make(t->number);

		nftnl_obj_nlmsg_build_payload(m, o);
	} else if (t->kind == NFT_OBJECT_OF_CHAINS) {
		_nftnl_(chain) c = nft_chain_make(t->number);

		nftnl_chain_nlmsg_build_payload(m, c);
	} else {
		_nftnl_(set) s = nft_set_make((enum policy_set)t->number);

		nftnl_set_nlmsg_build_payload(m, s);
	}
	nft_batch_end(b);
}

/* What shall be of this kind and name, or what is; NULL for none. */
static const struct nft_thing *find_thing(const struct nft_things *in, const struct nft_thing *like)
{
	size_t lo = 0, hi = in->all.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = nft_thing_cmp(&in->all.at[mid], like);

		if (order == 0)
			return &in->all.at[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void make_table(struct nft_batch *b)
{
	_nftnl_(table) t = nft_table_make();

	nftnl_table_nlmsg_build_payload(
		nft_batch_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, "make the table inet " NFT_TABLE), t);
	nft_batch_end(b);
}

static void flush_rules(struct nft_batch *b)
{
	mnl_attr_put_strz(nft_batch_message(b, NFT_MSG_DELRULE, 0, "remove the rules of the table inet " NFT_TABLE),
			  NFTA_RULE_TABLE, NFT_TABLE);
	nft_batch_end(b);
}

static void make_rules(struct nft_batch *b)
{
	for (size_t i = 0; i < nft_nrules; i++) {
		_nftnl_(rule) r = nft_rule_make(i);

		struct nlmsghdr *m =
			nft_batch_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
					  "make the rule \"%s\" of the chain %s", nft_rule_doc(i), nft_rule_chain(i));

		nftnl_rule_nlmsg_build_payload(m, r);
		nft_batch_end(b);
	}
}

/* Makes the table what it shall be. Base chains that are there stay: to hook one anew opens a gap in which packets pass
 * unseen. */
static void repair_table(struct nft_batch *b, struct arena *a, const struct nft_state *now)
{
	struct nft_things in_order, wanted;

	nft_wanted(a, &in_order);
	nft_wanted(a, &wanted);
	nft_things_sort(&wanted);
	make_table(b);
	if (now->exists)
		flush_rules(b);
	/* 1. With no rule left nothing refers to what goes. */
	vec_each (const struct nft_thing, f, &now->things.all) {
		const struct nft_thing *w = find_thing(&wanted, f);

		if (!w || !str_eq(w->shape, f->shape))
			delete_thing(b, f);
	}
	/* 2. Chains always, since that sets the policy of those that stay. */
	vec_each (const struct nft_thing, w, &in_order.all) {
		const struct nft_thing *f = find_thing(&now->things, w);

		if (!f || !str_eq(f->shape, w->shape) || w->kind == NFT_OBJECT_OF_CHAINS)
			make_thing(b, w);
	}
	/* 3. */
	make_rules(b);
}

/* -EINVAL where the resource is no element of any set, which no compiled manifest has. */
static int parse_elem(const struct res_nft *n, enum policy_set *ret_set, struct nft_elem *ret, struct err *e)
{
	enum policy_set set = policy_set_find(n->set);

	if (set == SET_COUNT || !nft_elem_parse(set, n->key, n->data, ret)) {
		err_set(e, -EINVAL, "\"%.*s\" with \"%.*s\" is no element of a set of the table inet " NFT_TABLE,
			STR_ARG(n->res.id), STR_ARG(n->data));
		return err_resource(e, n->res.id);
	}
	*ret_set = set;
	return 0;
}

enum { ELEM_STAYS = 0, ELEM_GOES = 1, ELEM_COMES = 2 };

/* What is to be done for a change, seeing what there is: a combination of ELEM_GOES and ELEM_COMES. */
static int judge_change(const struct change *c, const struct nft_state *now, struct err *e)
{
	const struct res_nft *from = (const struct res_nft *)c->from, *to = (const struct res_nft *)c->to;
	struct str id = change_res(c)->id;
	const struct res_nft *there = (const struct res_nft *)manifest_find(&now->elements, RES_nft, id);

	if (to && there && res_same(&to->res, &there->res))
		return ELEM_STAYS;
	if (!to && !there)
		return ELEM_STAYS;
	if (there && !from)
		return stale(e, id, "has appeared in");
	if (there && !res_same(&from->res, &there->res))
		return stale(e, id, "was changed in");
	if (!there && from)
		return stale(e, id, "was removed from");
	return (there ? ELEM_GOES : 0) | (to ? ELEM_COMES : 0);
}

static int put_elem(struct nft_batch *b, int message, const struct res *r, struct err *e)
{
	enum policy_set set = SET_COUNT;
	struct nft_elem elem;
	int result = parse_elem((const struct res_nft *)r, &set, &elem, e);

	if (result == 0)
		nft_batch_elem(b, message, set, &elem, r);
	return result;
}

/* First all that goes, then all that comes: an address that moves from one container to another is free when it comes.
 */
static int put_elems(struct nft_batch *b, struct slice s, const struct nft_state *now, struct err *e)
{
	for (int pass = ELEM_GOES; pass <= ELEM_COMES; pass++)
		for (size_t i = 0; i < s.n; i++) {
			const struct change *c = &s.at[i];

			if (is_rules(change_res(c)))
				continue;
			int todo = judge_change(c, now, e);
			if (todo >= 0 && todo & pass)
				todo = put_elem(b, pass == ELEM_GOES ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM,
						pass == ELEM_GOES ? c->from : c->to, e);
			if (todo < 0)
				return todo;
		}
	return 0;
}

/* The last stack is gone, and the table with it. */
static int build_removal(struct nft_batch *b, struct slice s, const struct nft_state *now, struct err *e)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].to) {
			err_set(e, -EINVAL, "the plan removes the table inet " NFT_TABLE " and adds %.*s to it",
				STR_ARG(s.at[i].to->id));
			return err_resource(e, s.at[i].to->id);
		}
	if (now->exists) {
		mnl_attr_put_strz(nft_batch_message(b, NFT_MSG_DELTABLE, 0, "remove the table inet " NFT_TABLE),
				  NFTA_TABLE_NAME, NFT_TABLE);
		nft_batch_end(b);
	}
	return 0;
}

/* A batch that makes the slice true on the table as it is now; may be left empty. */
static int build(struct nft_batch *b, struct arena *a, struct slice s, const struct nft_state *now, struct err *e)
{
	const struct change *rules = find_rules(s);

	if (now->exists && !now->ours)
		return not_ours(e);
	if (rules && !rules->to)
		return build_removal(b, s, now, e);
	if (!now->intact && !rules)
		return stale_rules(e, now->exists);
	if (!now->intact)
		repair_table(b, a, now);
	return put_elems(b, s, now, e);
}

static int need_root(int r, struct err *e)
{
	return r == -EPERM ? err_set(e, r, "only root (CAP_NET_ADMIN) may see and change the rules of packets: run ctc with sudo") : r;
}

/* The table as it is now, with the elements of these sets. */
static int read_state(struct host *h, struct arena *a, const bool *sets, struct watch *ear, struct mnl_socket **ret_socket,
		      struct nft_state *ret, struct err *e)
{
	int r = nl_open(h, NETLINK_NETFILTER, ret_socket, e);

	if (r == 0)
		r = ear ? nft_state_hear(a, *ret_socket, sets, ear, ret, e) : nft_state_read(a, *ret_socket, sets, ret, e);
	return need_root(r, e);
}

/* The sets that a slice changes, in ret; NULL where it changes the rules, which may concern them all. */
static const bool *slice_sets(struct slice s, bool ret[SET_COUNT + 1])
{
	struct str last = {0};

	memset(ret, 0, (SET_COUNT + 1) * sizeof *ret);
	for (size_t i = 0; i < s.n; i++) {
		struct str set = ((const struct res_nft *)change_res(&s.at[i]))->set;

		if (is_rules(change_res(&s.at[i])))
			return NULL;
		if (!str_eq(set, last))
			ret[policy_set_find(set)] = true;
		last = set;
	}
	/* Which addresses are containers' is asked when translations are settled. */
	if (nft_conntrack_concerned(s))
		ret[SET_address4] = ret[SET_address6] = true;
	return ret;
}

/* The change is made; that old translations stay where this fails is worth a line, not a way back. */
static void settle(struct host *h, struct mnl_socket *socket, struct slice s, const struct nft_state *now)
{
	struct err e = {0};

	if (nft_conntrack_concerned(s) && nft_conntrack_settle(socket, s, &now->elements, &e) < 0)
		host_progress(h, "connections keep the translation that they have until they pause: %s", e.text);
}

/* Sends it for the generation that it was made for, and where other tables have changed since, for the one that is there now. -ERESTART: our own table has changed. */
static int send_batch(struct nft_batch *b, struct mnl_socket *socket, struct watch *ear, bool commit, struct err *e)
{
	int r = nft_batch_send(b, socket, commit, e);

	for (int i = 0; i < SEND_TRIES && r == -ERESTART; i++) {
		uint32_t genid;

		r = nft_genid(socket, &genid, e);
		/* What this generation has brought is told by the time that the barrier is passed. */
		if (r == 0)
			r = nft_batch_barrier(socket, e);
		if (r < 0 || watch_touched(ear))
			return r < 0 ? r : -ERESTART;
		nft_batch_regen(b, genid);
		r = nft_batch_send(b, socket, commit, e);
	}
	return r;
}

static int try_once(struct host *h, struct slice s, bool commit, struct err *e)
{
	_cleanup_(arena_free) struct arena a = {0};
	_cleanup_(nft_batch_free) struct nft_batch b = {0};
	_cleanup_(watch_close) struct watch ear = {0};
	bool sets[SET_COUNT + 1];
	struct mnl_socket *socket;
	struct nft_state now;
	int r = need_root(watch_open_table(&ear, e), e);

	if (r == 0)
		r = read_state(h, &a, slice_sets(s, sets), &ear, &socket, &now, e);
	if (r < 0)
		return r;
	nft_batch_begin(&b, now.genid);
	r = build(&b, &a, s, &now, e);
	if (r == 0 && nft_batch_any(&b))
		r = send_batch(&b, socket, &ear, commit, e);
	if (r == 0 && commit)
		settle(h, socket, s, &now);
	return r;
}

static int try_often(struct host *h, struct slice s, bool commit, struct err *e)
{
	for (int i = 0; i < COMMIT_TRIES; i++) {
		int r = try_once(h, s, commit, e);

		if (r != -ERESTART)
			return r;
		if (h->interrupted && *h->interrupted)
			return err_set(e, -EINTR, "interrupted while another program changes the rules of packets");
		nanosleep(&(struct timespec){.tv_nsec = (long)COMMIT_WAIT_US * 1000 * (i + 1)}, NULL);
	}
	return err_set(e, -EAGAIN,
		       "another program changes the rules of packets all the time: none of %d tries was between two of "
		       "its changes; try again when it is done",
		       COMMIT_TRIES);
}

static int nft_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	struct mnl_socket *socket;
	struct nft_state now;
	int r = read_state(h, ret->arena, NULL, NULL, &socket, &now, e);

	(void)known;
	if (r < 0)
		return r;
	vec_each (struct res *, p, &now.elements.all)
		manifest_put(ret, *p);
	return 0;
}

static int nft_prepare(struct host *h, struct slice s, struct err *e)
{
	return s.n ? try_often(h, s, false, e) : 0;
}

static int nft_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	return phase == PHASE_SWAP && s.n ? try_often(h, s, true, e) : 0;
}

const struct kind_ops kind_nft = {.observe = nft_observe, .prepare = nft_prepare, .apply = nft_apply, .told = true};
