/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Network namespaces as resources. Ours are those whose name begins with "ct-", and those that a manifest names. */
#include "runtime/kind.h"

#include "lang/base/cleanup.h"
#include "runtime/ns.h"

static void found(struct manifest *ret, struct str name, enum ns_state state)
{
	if (state == NS_WHOLE || state == NS_HALF)
		manifest_add_netns(ret, name)->fault = state == NS_HALF ? STR("half made") : STR("");
}

static int netns_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	struct ns_entry *list;
	size_t n;
	int r = ns_list(h, ret->arena, &list, &n, e);
	struct res_netns *wanted;

	for (size_t i = 0; r == 0 && i < n; i++)
		found(ret, list[i].name, list[i].state);
	manifest_each(netns, wanted, known) {
		enum ns_state state = NS_NONE;

		if (r < 0 || str_starts(wanted->res.id, STR("ct-")))
			continue;
		r = ns_look(h, wanted->res.id, &state, e);
		found(ret, wanted->res.id, state);
	}
	return r;
}

static int netns_prepare(struct host *h, struct slice s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		struct str name = change_res(&s.at[i])->id;
		enum ns_state state;
		int r = s.at[i].op == OP_DELETE ? 0 : ns_look(h, name, &state, e);

		if (r == 0 && s.at[i].op != OP_DELETE && state == NS_FOREIGN)
			r = err_set(e, -EEXIST, "/" NETNS_DIR "/%.*s exists and is no network namespace; move it away", STR_ARG(name));
		if (r < 0) {
			err_resource(e, name);
			return r;
		}
	}
	return 0;
}

static int netns_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	_arena_ struct arena a = {0};
	VEC(struct str) make = {0};
	int r = 0;

	for (size_t i = 0; phase == PHASE_ADD && i < s.n; i++)
		if (s.at[i].op != OP_DELETE && !res_broken(s.at[i].to))
			vec_push(&a, &make, s.at[i].to->id);
	if (make.n)
		r = ns_make(h, make.at, make.n, e);
	for (size_t i = s.n; phase == PHASE_CLEAN && i-- > 0 && r == 0;) {
		if (s.at[i].op != OP_DELETE)
			continue;
		r = ns_remove(h, s.at[i].from->id, e);
		if (r < 0)
			err_resource(e, s.at[i].from->id);
	}
	return r;
}

const struct kind_ops kind_netns = {.observe = netns_observe, .prepare = netns_prepare, .apply = netns_apply, .told = true};
