/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a plan means to people, as data: which container is new, restarts, changes in place, goes or has drifted, and why; which flows and ports open and close.
 * show.h prints it. */
#ifndef CTC_RUNTIME_VIEW_H
#define CTC_RUNTIME_VIEW_H

#include "runtime/expect.h"
#include "runtime/plan.h"

enum verdict {
	VERDICT_NEW,
	VERDICT_RESTART,	/* its unit's text changes */
	VERDICT_AGAIN,		/* the same of one that runs once: it runs again */
	VERDICT_START,		/* it should run and does not, or its unit is missing */
	VERDICT_STOP,
	VERDICT_CHANGE,		/* something of it changes, its processes go on */
	VERDICT_REMOVED,
	VERDICT_COUNT
};

struct view_field {
	struct str name, old, new;	/* old or new empty: not there */
};

struct view_container {
	const struct res_container *from, *to;	/* NULL where it is new or removed */
	enum verdict verdict;
	struct str other;		/* of one that is renamed: the name that it had (new) or has from now on (removed) */
	bool unit_changes;
	VEC(struct view_field) fields;	/* declared differences, by name; of a new container: none */
	VEC(struct str) effects;	/* what changes on the host though no field says so: "file /x" */
	VEC(struct str) drift;		/* what is not as the current generation says: "unit ct-x-a.service does not run" */
	size_t policy_drift;		/* elements of the policy that are missing, foreign or different */
};

/* A subnet, flow, published port or host-wide thing. */
struct view_item {
	enum change_op op;
	const struct res *from, *to;
	VEC(struct view_field) fields;	/* for OP_CHANGE */
	bool drift;
};

/* `output name = value` of the source: a text, or the texts of a list. */
struct view_output {
	struct str name;
	struct strs texts;
	bool list;
};
struct view_outputs {
	const struct view_output *at;	/* sorted by name */
	size_t n;
};

struct view {
	struct arena *arena;
	const struct plan *plan;
	struct strs scope, kept;	/* stacks that the plan is about, and those that stay */
	bool live;			/* compared with a host */
	VEC(struct str) notes;		/* data that is there already and not as the source has it */
	struct strs missing;		/* images that are not on the host yet */
	struct str title;		/* what the plan is for; "": the stacks in scope */
	struct str against;		/* "this host at generation 3" */
	struct expectations expectations;	/* that packets are asked about before the change counts; none where none are */
	struct view_outputs outputs;	/* of the source; none where there is no source */
	VEC(struct view_container *) containers;	/* all that are not untouched, by id */
	VEC(struct view_item) subnets, flows, routes, ports, host;
	VEC(struct view_item) renames;	/* what is said for the first time to have had another name */
	size_t count[VERDICT_COUNT], renamed, untouched, drifted;	/* renamed ones are neither new nor removed */
	size_t flows_open, flows_close, ports_open, ports_close, ports_move;
	size_t policy_drift;		/* elements that belong to no container */
};

/* `recorded` is what the current generation says, to tell drift from what is asked for; NULL where there is no host. The caller fills scope, kept, missing, title, against, expectations and outputs. */
void view_make(struct arena *a, const struct plan *p, const struct manifest *recorded, struct view *ret);
/* How something differs from what the current generation says, as the end of a sentence: "does not run", "is missing". Lives as long as the change or a. */
struct str view_drift_how(struct arena *a, const struct change *c);
/* Why a flow, a published port or an expectation is there, as its source says; empty where it does not, and of everything else. */
struct str view_doc(const struct res *r);
/* "models=/var/lib/x" of a container's volumes, the path as the source has it. */
struct str view_volume(struct arena *a, struct str volume);
/* Whether there is anything to do. */
bool view_pending(const struct view *v);
/* "1 new, 1 restart, 3 untouched; 2 flows open" */
void view_summary(const struct view *v, struct buf *out);

/* The name before the first `=` of a field that stands in no quotes, mount."/srv/a=b"=/data, and what is behind it. */
struct str field_cut(struct str field, struct str *ret_value);

#endif
