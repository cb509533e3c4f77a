/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading the table: the generation, the table, its objects and rules, the elements of each set, and the
 * generation again; where it has moved on, once more. The kernel's dumps know no other way to be one picture.
 */
#include "runtime/nft_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "lang/base/map.h"
#include "runtime/nft_elem.h"
#include "runtime/nft_object.h"
#include "runtime/nft_rules.h"
#include "runtime/nl_watch.h"
#include "runtime/nl.h"

enum {
	READ_TRIES = 100,
	/* Table and name are among the first attributes of every kind of object. */
	NAME_ATTRS = 8,
};

/* What is growing while it is read. */
struct reading {
	struct arena *a;
	struct nft_state *state;
	const bool *sets;  /* whose elements are asked for; NULL: of all */
	struct map chains; /* name -> struct growing */
	VEC(struct growing *) order;
	/* the set whose elements are read */
	enum policy_set set;
	bool foreign; /* it holds what is no element of ours */
	bool torn;    /* other tables changed while chains, sets or counters were read */
	VEC(struct res_nft *) elements;
};

/* A chain, whose rules come one by one. */
struct growing {
	struct nft_thing thing;
	struct buf state;
};

int nft_thing_cmp(const struct nft_thing *a, const struct nft_thing *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : str_cmp(a->name, b->name);
}

static int cmp_things(const void *a, const void *b)
{
	return nft_thing_cmp(a, b);
}

void nft_things_sort(struct nft_things *t)
{
	if (t->all.n)
		qsort(t->all.at, t->all.n, sizeof *t->all.at, cmp_things);
}

static void things_add(struct arena *a, struct nft_things *t, struct nft_thing thing, struct buf *shape,
		       struct buf *state)
{
	thing.name = str_copy(a, thing.name);
	thing.shape = buf_take(shape, a);
	if (state)
		thing.state = buf_take(state, a);
	vec_push(a, &t->all, thing);
}

static void wanted_counters(struct arena *a, struct nft_things *ret)
{
	for (size_t i = 0; i < nft_ncounters; i++) {
		_nftnl_(obj) o = nft_counter_make(i);
		_buf_ struct buf shape = {0};

		nft_obj_shape(o, &shape);
		things_add(a, ret,
			   (struct nft_thing){NFT_OBJECT_OF_COUNTERS, i, str_of(nft_counters[i].name), {0}, {0}},
			   &shape, NULL);
	}
}

static void wanted_chains(struct arena *a, struct nft_things *ret)
{
	for (size_t i = 0; i < nft_nchains; i++) {
		_nftnl_(chain) c = nft_chain_make(i);
		_buf_ struct buf shape = {0}, state = {0};

		nft_chain_shape(c, &shape);
		nft_chain_state(c, &state);
		for (size_t k = 0; k < nft_nrules; k++) {
			_nftnl_(rule) r = NULL;

			if (strcmp(nft_rule_chain(k), nft_chains[i].name) != 0)
				continue;
			r = nft_rule_make(k);
			nft_rule_text(r, &state);
		}
		things_add(a, ret, (struct nft_thing){NFT_OBJECT_OF_CHAINS, i, str_of(nft_chains[i].name), {0}, {0}},
			   &shape, &state);
	}
}

void nft_wanted(struct arena *a, struct nft_things *ret)
{
	*ret = (struct nft_things){0};
	wanted_counters(a, ret);
	wanted_chains(a, ret);
	for (size_t i = 0; i < SET_COUNT; i++) {
		_nftnl_(set) s = nft_set_make((enum policy_set)i);
		_buf_ struct buf shape = {0};

		nft_set_shape(s, &shape);
		things_add(a, ret, (struct nft_thing){NFT_OBJECT_OF_SETS, i, str_of(policy_sets[i].name), {0}, {0}},
			   &shape, NULL);
	}
}

static void begin(struct nl_batch *b, int type)
{
	struct nfgenmsg *g = nl_begin(b, NFNL_SUBSYS_NFTABLES << 8 | type, 0, sizeof *g);

	*g = (struct nfgenmsg){.nfgen_family = type == NFT_MSG_GETGEN ? AF_UNSPEC : NFPROTO_INET,
			       .version = NFNETLINK_V0};
}

static int take_gen(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1];

	nl_attrs(mnl_nlmsg_get_payload_offset(m, sizeof(struct nfgenmsg)),
		 mnl_nlmsg_get_payload_len(m) - sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX + 1);
	if (!attrs[NFTA_GEN_ID] || mnl_attr_validate(attrs[NFTA_GEN_ID], MNL_TYPE_U32) < 0)
		return err_set(e, -EBADMSG, "the kernel does not say which generation of the rules of packets it has");
	*(uint32_t *)context = ntohl(mnl_attr_get_u32(attrs[NFTA_GEN_ID]));
	return 0;
}

static int read_gen(struct mnl_socket *s, uint32_t *ret, struct err *e)
{
	struct nl_batch b = {0};

	begin(&b, NFT_MSG_GETGEN);
	nl_end(&b, 0, STR(""), "ask the kernel's nf_tables for its generation");
	return nl_send(s, &b, take_gen, ret, e);
}

static int take_table(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct reading *r = context;
	_nftnl_(table) t = nft_table_new();
	uint32_t n = 0;

	if (nftnl_table_nlmsg_parse(m, t) < 0)
		return err_set(e, -EBADMSG,
			       "the kernel describes the table inet " NFT_TABLE " in a way that is not understood");
	const void *userdata = nftnl_table_get_data(t, NFTNL_TABLE_USERDATA, &n);
	r->state->exists = true;
	r->state->ours = userdata && str_is(nft_comment_get(userdata, n), NFT_TABLE_MARK);
	/* A dormant table lets everything pass. */
	r->state->intact = r->state->ours && nftnl_table_get_u32(t, NFTNL_TABLE_FLAGS) == 0;
	return 0;
}

static int read_table(struct reading *r, struct mnl_socket *s, struct err *e)
{
	struct nl_batch b = {0};

	begin(&b, NFT_MSG_GETTABLE);
	mnl_attr_put_strz(b.open, NFTA_TABLE_NAME, NFT_TABLE);
	nl_end(&b, -ENOENT, STR(""), "read the table inet " NFT_TABLE);
	return nl_send(s, &b, take_table, r, e);
}

/* The text of what this program cannot read, and so never wrote. */
static const struct str not_understood = {"not understood", 14};

/* Whether a message tells of something in our table, and its name. The kernel may tell of other tables too.
 */
static bool take_name(const struct nlmsghdr *m, uint16_t table_attr, uint16_t name_attr, struct str *ret)
{
	const struct nlattr *attrs[NAME_ATTRS], *table, *name;

	nl_attrs(mnl_nlmsg_get_payload_offset(m, sizeof(struct nfgenmsg)),
		 mnl_nlmsg_get_payload_len(m) - sizeof(struct nfgenmsg), attrs, NAME_ATTRS);
	table = attrs[table_attr];
	name = attrs[name_attr];
	if (!table || !name || mnl_attr_validate(table, MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0 || strcmp(mnl_attr_get_str(table), NFT_TABLE) != 0)
		return false;
	*ret = str_of(mnl_attr_get_str(name));
	return true;
}

static int take_counter(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct nft_thing thing = {.kind = NFT_OBJECT_OF_COUNTERS};
	struct reading *r = context;
	_nftnl_(obj) o = nft_obj_new();
	_buf_ struct buf shape = {0};

	(void)e;
	if (!take_name(m, NFTA_OBJ_TABLE, NFTA_OBJ_NAME, &thing.name))
		return 0;
	if (nftnl_obj_nlmsg_parse(m, o) == 0)
		nft_obj_shape(o, &shape);
	else
		buf_str(&shape, not_understood);
	thing.number = nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE);
	things_add(r->a, &r->state->things, thing, &shape, NULL);
	return 0;
}

static int take_set(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct nft_thing thing = {.kind = NFT_OBJECT_OF_SETS};
	struct reading *r = context;
	_nftnl_(set) s = nft_set_new();
	_buf_ struct buf shape = {0};

	(void)e;
	if (!take_name(m, NFTA_SET_TABLE, NFTA_SET_NAME, &thing.name))
		return 0;
	if (nftnl_set_nlmsg_parse(m, s) == 0)
		nft_set_shape(s, &shape);
	else
		buf_str(&shape, not_understood);
	/* Anonymous sets belong to a rule and go with it. */
	if (!(nftnl_set_get_u32(s, NFTNL_SET_FLAGS) & NFT_SET_ANONYMOUS))
		things_add(r->a, &r->state->things, thing, &shape, NULL);
	return 0;
}

static int take_chain(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct nft_thing thing = {.kind = NFT_OBJECT_OF_CHAINS};
	struct reading *r = context;
	_nftnl_(chain) c = nft_chain_new();
	_buf_ struct buf shape = {0};

	(void)e;
	if (!take_name(m, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, &thing.name))
		return 0;
	struct growing *g = arena_new(r->a, struct growing);
	if (nftnl_chain_nlmsg_parse(m, c) == 0) {
		nft_chain_shape(c, &shape);
		nft_chain_state(c, &g->state);
	} else {
		buf_str(&shape, not_understood);
	}
	thing.name = str_copy(r->a, thing.name);
	thing.shape = buf_take(&shape, r->a);
	g->thing = thing;
	map_set(r->a, &r->chains, thing.name, g);
	vec_push(r->a, &r->order, g);
	return 0;
}

static int take_rule(const struct nlmsghdr *m, void *context, struct err *e)
{
	struct reading *r = context;
	_nftnl_(rule) rule = nft_rule_new();
	struct str chain;

	(void)e;
	if (!take_name(m, NFTA_RULE_TABLE, NFTA_RULE_CHAIN, &chain))
		return 0;
	struct growing *g = map_get(&r->chains, chain);
	if (g && nftnl_rule_nlmsg_parse(m, rule) == 0)
		nft_rule_text(rule, &g->state);
	else if (g)
		buf_str(&g->state, not_understood);
	return 0;
}

/* Of chains, sets and counters the kernel tells by their place among those of all tables: what came is no good. */
static void restart(void *context)
{
	((struct reading *)context)->torn = true;
}

static int read_all(struct reading *r, struct mnl_socket *s, int type, uint16_t table_attr, nl_reply take,
		    const char *what, struct err *e)
{
	struct nl_batch b = {0};

	begin(&b, type);
	mnl_attr_put_strz(b.open, table_attr, NFT_TABLE);
	nl_end(&b, 0, STR(""), "read the %s of the table inet " NFT_TABLE, what);
	/* Rules come by their place in our table, which nobody else's change moves. */
	return nl_dump(s, &b, take, type == NFT_MSG_GETRULE ? NULL : restart, r, e);
}

/* The value of a nested NFTA_DATA_VALUE of exactly n bytes. */
static bool take_value(const struct nlattr *nest, uint8_t *to, uint32_t n)
{
	const struct nlattr *attrs[NFTA_DATA_MAX + 1];

	if (!nest)
		return false;
	nl_attrs(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), attrs, NFTA_DATA_MAX + 1);
	if (!attrs[NFTA_DATA_VALUE] || mnl_attr_get_payload_len(attrs[NFTA_DATA_VALUE]) != n)
		return false;
	memcpy(to, mnl_attr_get_payload(attrs[NFTA_DATA_VALUE]), n);
	return true;
}

static void take_elem(struct reading *r, const struct nlattr *nest)
{
	const struct policy_set_info *info = &policy_sets[r->set];
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1], *comment;
	_buf_ struct buf text = {0}, data = {0};
	struct nft_elem elem = {0};

	nl_attrs(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), attrs, NFTA_SET_ELEM_MAX + 1);
	bool whole =
		take_value(attrs[NFTA_SET_ELEM_KEY], elem.key, nft_key_len(r->set)) &&
		(info->form != SET_RANGE || take_value(attrs[NFTA_SET_ELEM_KEY_END], elem.end, nft_key_len(r->set))) &&
		(info->data[0] == FIELD_END || take_value(attrs[NFTA_SET_ELEM_DATA], elem.data, nft_data_len(r->set)));

	buf_fmt(&text, "%s ", info->name);
	size_t key = text.n;
	if (!whole || !nft_elem_text(r->set, &elem, &text, &data)) {
		r->foreign = true;
		return;
	}
	struct res_nft *n = (struct res_nft *)arena_alloc(r->a, sizeof *n);
	n->res.kind = RES_nft;
	n->res.id = buf_take(&text, r->a);
	n->set = str_of(info->name);
	n->key = (struct str){n->res.id.s + key, n->res.id.n - key};
	n->data = buf_take(&data, r->a);
	comment = attrs[NFTA_SET_ELEM_USERDATA];
	if (comment)
		n->res.origin = str_copy(
			r->a, nft_comment_get(mnl_attr_get_payload(comment), mnl_attr_get_payload_len(comment)));
	vec_push(r->a, &r->elements, n);
}

static int take_elems(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1];
	struct reading *r = context;

	(void)e;
	nl_attrs(mnl_nlmsg_get_payload_offset(m, sizeof(struct nfgenmsg)),
		 mnl_nlmsg_get_payload_len(m) - sizeof(struct nfgenmsg), attrs, NFTA_SET_ELEM_LIST_MAX + 1);
	const struct nlattr *list = attrs[NFTA_SET_ELEM_LIST_ELEMENTS],
			    *nest = list ? mnl_attr_get_payload(list) : NULL;
	const char *end = list ? (const char *)list + list->nla_len : NULL;
	for (; nest && mnl_attr_ok(nest, (int)(end - (const char *)nest)); nest = mnl_attr_next(nest))
		take_elem(r, nest);
	return 0;
}

/* The elements of a set that is as it shall be; where it holds something else as well, it is not. */
static int read_elems(struct reading *r, struct mnl_socket *s, enum policy_set set, struct nft_thing *found,
		      struct err *e)
{
	struct nl_batch b = {0};

	r->set = set;
	r->elements.n = 0;
	r->foreign = false;
	begin(&b, NFT_MSG_GETSETELEM);
	mnl_attr_put_strz(b.open, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(b.open, NFTA_SET_ELEM_LIST_SET, policy_sets[set].name);
	nl_end(&b, 0, STR(""), "read the set %s of the table inet " NFT_TABLE, policy_sets[set].name);
	int result = nl_dump(s, &b, take_elems, NULL, r, e);
	if (result < 0)
		return result;
	if (r->foreign) {
		found->shape = STR("holds what is no element of this set");
		r->state->intact = false;
		return 0;
	}
	vec_each (struct res_nft *, n, &r->elements)
		manifest_put(&r->state->elements, &(*n)->res);
	return 0;
}

/* Compares what was found with what shall be, and reads the elements of the sets that agree. Both are sorted.
 */
static int compare_and_read(struct reading *r, struct mnl_socket *s, struct err *e)
{
	struct nft_things wanted, *found = &r->state->things;
	size_t i = 0;

	nft_wanted(r->a, &wanted);
	nft_things_sort(&wanted);
	r->state->intact = r->state->intact && wanted.all.n == found->all.n;
	vec_each (struct nft_thing, w, &wanted.all) {
		while (i < found->all.n && nft_thing_cmp(&found->all.at[i], w) < 0)
			i++;
		struct nft_thing *f =
			i < found->all.n && nft_thing_cmp(&found->all.at[i], w) == 0 ? &found->all.at[i] : NULL;
		if (!f || !str_eq(f->shape, w->shape) || !str_eq(f->state, w->state))
			r->state->intact = false;
		if (f && w->kind == NFT_OBJECT_OF_SETS && str_eq(f->shape, w->shape) &&
		    (!r->sets || r->sets[w->number])) {
			int result = read_elems(r, s, (enum policy_set)w->number, f, e);

			if (result < 0)
				return result;
		}
	}
	return 0;
}

static int read_things(struct reading *r, struct mnl_socket *s, struct err *e)
{
	int result = read_all(r, s, NFT_MSG_GETOBJ, NFTA_OBJ_TABLE, take_counter, "counters", e);

	if (result == 0)
		result = read_all(r, s, NFT_MSG_GETCHAIN, NFTA_CHAIN_TABLE, take_chain, "chains", e);
	if (result == 0)
		result = read_all(r, s, NFT_MSG_GETRULE, NFTA_RULE_TABLE, take_rule, "rules", e);
	if (result == 0)
		result = read_all(r, s, NFT_MSG_GETSET, NFTA_SET_TABLE, take_set, "sets", e);
	vec_each (struct growing *, g, &r->order) {
		(*g)->thing.state = buf_take(&(*g)->state, r->a);
		if (result == 0)
			vec_push(r->a, &r->state->things.all, (*g)->thing);
	}
	nft_things_sort(&r->state->things);
	return result;
}

static int read_once(struct arena *a, struct mnl_socket *s, const bool *sets, struct nft_state *ret, struct err *e)
{
	struct reading r = {.a = a, .state = ret, .sets = sets};

	*ret = (struct nft_state){.elements.arena = a};
	int result = read_gen(s, &ret->genid, e);
	if (result == 0)
		result = read_table(&r, s, e);
	if (result == 0 && ret->ours)
		result = read_things(&r, s, e);
	if (result == 0 && ret->ours)
		result = compare_and_read(&r, s, e);
	return result < 0 || !r.torn ? result : -ERESTART;
}

/* Whether the rules are intact, as a resource. */
static void add_rules(struct nft_state *state)
{
	struct res_nft *n = manifest_add_nft(&state->elements, STR(POLICY_RULES));

	n->set = STR(POLICY_RULES);
	n->key = state->intact ? STR(POLICY_RULES_KEY) : STR("altered");
}

int nft_genid(struct mnl_socket *s, uint32_t *ret, struct err *e)
{
	return read_gen(s, ret, e);
}

int nft_state_hear(struct arena *a, struct mnl_socket *s, const bool *sets, struct watch *ear, struct nft_state *ret, struct err *e)
{
	uint32_t now = 0;
	int result = read_once(a, s, sets, ret, e);
	/* A refusal in the middle may come from a change in the middle, as when the table is deleted. */
	int after = read_gen(s, &now, e);

	if (after < 0)
		return after;
	if (now != ret->genid && (result < 0 || watch_touched(ear)))
		return -ERESTART;
	if (result == 0 && ret->ours)
		add_rules(ret);
	if (result == 0)
		manifest_seal(&ret->elements);
	return result;
}

int nft_state_read(struct arena *a, struct mnl_socket *s, const bool *sets, struct nft_state *ret, struct err *e)
{
	for (int i = 0; i < READ_TRIES; i++) {
		_cleanup_(watch_close) struct watch ear = {0};
		int r = watch_open_table(&ear, e);

		if (r == 0)
			r = nft_state_hear(a, s, sets, &ear, ret, e);
		if (r != -ERESTART)
			return r;
	}
	return err_set(e, -EAGAIN, "the table inet " NFT_TABLE " changed %d times while it was read: another program changes it all the time; stop that one",
		       READ_TRIES);
}
