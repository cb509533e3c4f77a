/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From a plan's list of changes to what people ask: does my container restart, and why? Each change is looked at once; containers that no change mentions cost
 * nothing. Knows the kinds of resources, no notation. */
#include "runtime/view.h"

#include "lang/base/map.h"
#include "lang/base/sort.h"
#include "runtime/image.h"
#include "runtime/unit.h"
#include "runtime/unit_drift.h"
#include "runtime/unit_follow.h"

struct viewer {
	struct arena *a;
	struct view *v;
	const struct manifest *recorded;
	struct map containers; /* id -> struct view_container */
};

struct str field_cut(struct str field, struct str *ret_value)
{
	bool quoted = false;
	size_t i = 0;

	for (; i < field.n && (quoted || field.s[i] != '='); i++) {
		if (field.s[i] == '"')
			quoted = !quoted;
		else if (quoted && field.s[i] == '\\')
			i++;
	}
	if (i >= field.n)
		return str_cut(field, '=', ret_value);
	*ret_value = (struct str){field.s + i + 1, field.n - i - 1};
	return (struct str){field.s, i};
}

/* Sorted lists of "name=value" side by side. The prefix tells the lists of a container apart: "port.", "volume.". */
static void fields_diff(struct arena *a, const char *prefix, const struct strs *old, const struct strs *new, struct view_container *c)
{
	size_t i = 0, k = 0;

	while (i < old->n || k < new->n) {
		struct str was = {0}, now = {0};
		struct str x = i < old->n ? field_cut(old->at[i], &was) : (struct str){0};
		struct str y = k < new->n ? field_cut(new->at[k], &now) : (struct str){0};
		int order = i == old->n ? 1 : k == new->n ? -1 : str_cmp(x, y);

		if (order < 0)
			now = (struct str){0};
		if (order > 0)
			was = (struct str){0};
		i += order <= 0;
		k += order >= 0;
		if (order || !str_eq(was, now))
			vec_push(a, &c->fields, (struct view_field){str_fmt(a, "%s%.*s", prefix, STR_ARG(order <= 0 ? x : y)), was, now});
	}
}

static void field_diff(struct arena *a, const char *name, struct str old, struct str new, struct view_container *c)
{
	if (!str_eq(old, new))
		vec_push(a, &c->fields, (struct view_field){str_of(name), old, new});
}

/* As the source has a list; empty for none. */
static struct str list_text(struct arena *a, const struct strs *all)
{
	struct buf text = {0};

	for (size_t i = 0; i < all->n; i++)
		buf_fmt(&text, "%s%.*s", i ? ", " : "[", STR_ARG(all->at[i]));
	buf_puts(&text, all->n ? "]" : "");
	return buf_take(&text, a);
}

struct str view_volume(struct arena *a, struct str volume)
{
	struct str path, name = str_cut(volume, '=', &path);
	struct buf text = {0};

	buf_fmt(&text, "%.*s=", STR_ARG(name));
	path_text(path, &text);
	return buf_take(&text, a);
}

static struct strs volumes_said(struct arena *a, const struct strs *volumes)
{
	struct strs said = {arena_array(a, volumes->n + 1, sizeof *said.at), volumes->n};

	for (size_t i = 0; i < said.n; i++)
		said.at[i] = view_volume(a, volumes->at[i]);
	return said;
}

static void container_fields(struct arena *a, struct view_container *c)
{
	struct strs had = volumes_said(a, &c->from->volumes), has = volumes_said(a, &c->to->volumes);

	field_diff(a, "image", image_said(a, c->from->image), image_said(a, c->to->image), c);
	field_diff(a, "address", c->from->address, c->to->address, c);
	field_diff(a, "address6", c->from->address6, c->to->address6, c);
	field_diff(a, "more-addresses", list_text(a, &c->from->more_addresses), list_text(a, &c->to->more_addresses), c);
	fields_diff(a, "ports.", &c->from->ports, &c->to->ports, c);
	fields_diff(a, "", &c->from->fields, &c->to->fields, c);
	fields_diff(a, "secret ", &c->from->secrets, &c->to->secrets, c);
	fields_diff(a, "volume.", &had, &has, c);
}

/* A container's entry; either side may be NULL. */
static struct view_container *container_enter(struct viewer *w, const struct res *from, const struct res *to)
{
	struct view_container *c = arena_new(w->a, struct view_container);

	c->from = (const struct res_container *)from;
	c->to = (const struct res_container *)to;
	c->verdict = !from ? VERDICT_NEW : !to ? VERDICT_REMOVED : VERDICT_CHANGE;
	if (from && to)
		container_fields(w->a, c);
	map_add(w->a, &w->containers, (to ? to : from)->id, c);
	vec_push(w->a, &w->v->containers, c);
	return c;
}

/* The entry of a container that may itself be as it was: made at the first question; NULL where neither side has such a container. */
static struct view_container *container_of(struct viewer *w, struct str id)
{
	struct view_container *c = id.n ? map_get(&w->containers, id) : NULL;

	if (c || !id.n)
		return c;
	struct res *from = manifest_find(w->v->plan->from, RES_container, id), *to = manifest_find(w->v->plan->to, RES_container, id);
	return from || to ? container_enter(w, from, to) : NULL;
}

/* Whether the record and the wish agree, so that only the host can be the reason for the change. */
static bool is_drift(struct viewer *w, const struct change *c)
{
	if (!w->recorded)
		return false;
	const struct res *said = manifest_find(w->recorded, change_res(c)->kind, change_res(c)->id);

	return said && c->to ? res_same(said, c->to) : !said && !c->to;
}

static void unit_change(struct view_container *c, const struct change *change)
{
	const struct res_unit *from = (const struct res_unit *)change->from, *to = (const struct res_unit *)change->to;
	bool runs = from && (from->active || from->runs), shall_run = to && (to->active || (runs && from->runs && !to->wanted_by.n)),
	     stays = from && to && !unit_restarts(from, to);

	if (stays && runs == shall_run)
		return; /* only its place in the boot, or what systemd must read again */
	c->unit_changes = true;
	if (runs || shall_run) /* one that waits for people goes on waiting, with another text */
		c->verdict = !shall_run ? VERDICT_STOP : !runs ? VERDICT_START : unit_runs_once(to) ? VERDICT_AGAIN : VERDICT_RESTART;
}

/* Nothing starts it again when its program has ended. */
static bool stays_down(const struct res_unit *u)
{
	const struct str line = STR("\nRestart=no\n");

	return memmem(u->text.s, u->text.n, line.s, line.n) != NULL;
}

struct str view_drift_how(struct arena *a, const struct change *c)
{
	const struct res *r = change_res(c);

	if (r->kind == RES_unit && c->op == OP_CHANGE) {
		const struct res_unit *from = (const struct res_unit *)c->from, *to = (const struct res_unit *)c->to;

		if (from->added.n)
			return str_fmt(a, "is also changed by %.*s", STR_ARG(unit_added_path(from->added.at[0])));
		if (from->fault.n)
			return from->fault;
		if (str_eq(from->text, to->text) && from->active != to->active)
			return !to->active ? STR("runs") : unit_runs_once(to) ? STR("has not finished") : stays_down(to) ? STR("does not run, and restart = no: one that is to end says run = once") : STR("does not run");
	}
	return c->op == OP_CREATE ? STR("is missing") : c->op == OP_DELETE ? STR("should not be there") : STR("is not as recorded");
}

static struct str drift_words(struct arena *a, const struct change *c)
{
	const struct res *r = change_res(c);

	return str_fmt(a, "%s %.*s %.*s", res_infos[r->kind].word, STR_ARG(r->id), STR_ARG(view_drift_how(a, c)));
}

/* "Requires=UNIT WHICH-TEXT" in the text, or, as long as nobody knows, "\t@requires:UNIT@"; "" for none. */
static struct str requires_line(struct str text, struct str unit)
{
	while (text.n) {
		struct str line = str_cut(text, '\n', &text), rest;

		if (str_starts(line, STR("\t@requires:")) && str_eq((struct str){line.s + 11, line.n - 12}, unit))
			return line;
		if (str_starts(line, STR("Requires=")) && str_eq(str_cut((struct str){line.s + 9, line.n - 9}, ' ', &rest), unit) && rest.n)
			return line;
	}
	return STR("");
}

/* What it requires and is started again with: the container says nothing of that. */
static void restarts_with(struct viewer *w, struct view_container *c, const struct change *change)
{
	const struct res_unit *from = (const struct res_unit *)change->from, *to = (const struct res_unit *)change->to;

	if (!from || !to)
		return;
	for (struct str rest = to->text; rest.n;) {
		struct str line = str_cut(rest, '\n', &rest), unit, was;
		const struct res *r;

		if (!str_starts(line, STR("Requires=")))
			continue;
		unit = str_cut((struct str){line.s + 9, line.n - 9}, ' ', &was);
		was = requires_line(from->text, unit);
		r = manifest_find(w->v->plan->to, RES_unit, unit);
		if (was.n && !str_eq(was, line) && r)
			vec_push(w->a, &c->effects, str_fmt(w->a, "required %.*s", STR_ARG(r->owner)));
	}
}

/* A link changes because an address does, which a field says, or because a port is published on a loopback address, which the port says. Directories
 * follow the volumes. Only files speak for themselves. */
static void container_change(struct viewer *w, struct view_container *c, const struct change *change)
{
	const struct res *r = change_res(change);
	bool drift = is_drift(w, change);

	if (r->kind == RES_nft) {
		c->policy_drift += drift;
		return;
	}
	if (!c->from || !c->to)
		return;
	/* What serves the container in a unit of its own, a tunnel, is no restart of the container. */
	bool other = r->kind == RES_unit && !str_eq(r->id, c->to->unit) && !str_eq(r->id, c->from->unit);
	if (r->kind == RES_unit && !other)
		unit_change(c, change);
	size_t effects = c->effects.n;
	if (r->kind == RES_unit && !other && !drift)
		restarts_with(w, c, change);
	if (drift)
		vec_push(w->a, &c->drift, drift_words(w->a, change));
	else if (c->effects.n > effects)
		return; /* said */
	else if (r->kind == RES_file || r->kind == RES_proxy || r->kind == RES_macvlan || other || (r->kind == RES_unit && !c->fields.n && c->unit_changes))
		vec_push(w->a, &c->effects, str_fmt(w->a, "%s %.*s", res_infos[r->kind].word, STR_ARG(r->id)));
}

/* "alice, bob" */
static struct str joined(struct arena *a, const struct strs *list)
{
	struct buf out = {0};

	for (size_t i = 0; i < list->n; i++)
		buf_fmt(&out, "%s%.*s", i ? ", " : "", STR_ARG(list->at[i]));
	return buf_take(&out, a);
}

/* Declared fields of a subnet or a published port that differ. */
static void item_fields(struct arena *a, const struct change *c, struct view_item *item)
{
	const struct res_info *info = &res_infos[c->to->kind];

	for (size_t i = 0; i < info->nfields; i++) {
		const struct res_field *f = &info->fields[i];
		const void *x = (const char *)c->from + f->offset, *y = (const char *)c->to + f->offset;
		struct view_field d = {.name = str_of(f->name)};

		if (f->role != RES_COMPARED)
			continue;
		if (f->type == RES_STR) {
			d.old = *(const struct str *)x;
			d.new = *(const struct str *)y;
		} else if (f->type == RES_BOOL) {
			d.old = str_of(*(const bool *)x ? "true" : "false");
			d.new = str_of(*(const bool *)y ? "true" : "false");
		} else if (f->type == RES_INT) {
			d.old = str_fmt(a, "%lld", (long long)*(const int64_t *)x);
			d.new = str_fmt(a, "%lld", (long long)*(const int64_t *)y);
		}
		if (f->type == RES_STRS) {
			d.old = joined(a, (const struct strs *)x);
			d.new = joined(a, (const struct strs *)y);
		}
		if (!str_eq(d.old, d.new))
			vec_push(a, &item->fields, d);
	}
}

static struct view_item item_of(struct viewer *w, const struct change *c)
{
	struct view_item item = {.op = c->op, .from = c->from, .to = c->to, .drift = is_drift(w, c)};

	if (c->op == OP_CHANGE)
		item_fields(w->a, c, &item);
	return item;
}

/* What is found on a host does not say whom it serves; the record does. */
static struct change with_owner(struct viewer *w, struct change c)
{
	const struct res *said = c.op == OP_DELETE && w->recorded ? manifest_find(w->recorded, c.from->kind, c.from->id) : NULL;

	if (said && !c.from->owner.n)
		c.from = said;
	return c;
}

static bool is_data(const struct res *r)
{
	return r->kind == RES_directory && ((const struct res_directory *)r)->keep;
}

static void look_at(struct viewer *w, const struct change *change)
{
	const struct change owned = with_owner(w, *change), *c = &owned;
	struct view *v = w->v;
	const struct res *r = change_res(c);
	struct view_container *served;

	switch (r->kind) {
	case RES_stack:
	case RES_image:
		return; /* containers say what changes; images to fetch are in `missing` */
	case RES_moved:
		/* in a stack that comes, and had no other name, nothing had another one */
		if (c->op == OP_CREATE && manifest_find(v->plan->from, RES_stack, str_cut(((const struct res_moved *)r)->from, '.', NULL)))
			vec_push(w->a, &v->renames, item_of(w, c));
		return;
	case RES_subnet:
		vec_push(w->a, &v->subnets, item_of(w, c));
		return;
	case RES_container: /* before all that serves it: a plan is in the order of the kinds */
		container_enter(w, c->from, c->to);
		return;
	case RES_flow:
		v->flows_open += c->op == OP_CREATE;
		v->flows_close += c->op == OP_DELETE;
		vec_push(w->a, &v->flows, item_of(w, c));
		return;
	case RES_expect: /* beside the flows that it is about */
		vec_push(w->a, &v->flows, item_of(w, c));
		return;
	case RES_route:
		vec_push(w->a, &v->routes, item_of(w, c));
		return;
	case RES_publish:
		v->ports_open += c->op == OP_CREATE;
		v->ports_close += c->op == OP_DELETE;
		v->ports_move += c->op == OP_CHANGE;
		vec_push(w->a, &v->ports, item_of(w, c));
		return;
	case RES_nft:
		if (!w->recorded || !is_drift(w, c))
			return; /* flows and ports say it */
		served = container_of(w, r->owner);
		if (served)
			served->policy_drift++;
		else
			v->policy_drift++;
		return;
	case RES_link:
		/* Of a link that only lets loopback addresses in or no longer, the published port tells. */
		if (c->op == OP_CHANGE && !is_drift(w, c))
			return;
		break;
	default:
		break;
	}
	if (r->owner.n && (served = container_of(w, r->owner)))
		container_change(w, served, c);
	else if (r->kind != RES_netns && r->kind != RES_link && !(is_data(r) && c->op == OP_DELETE))
		vec_push(w->a, &v->host, item_of(w, c));
}

static int cmp_containers(const void *a, const void *b)
{
	const struct view_container *x = *(struct view_container *const *)a, *y = *(struct view_container *const *)b;

	return str_cmp(x->to ? x->to->res.id : x->from->res.id, y->to ? y->to->res.id : y->from->res.id);
}

/* An entry that was made but for which nothing is to be said is an untouched container after all. */
static bool says_nothing(const struct view_container *c)
{
	return c->verdict == VERDICT_CHANGE && !c->unit_changes && !c->fields.n && !c->effects.n && !c->drift.n && !c->policy_drift;
}

/* What is kept is left as it is; that it is not as the source says, people are told. */
static void notes_make(struct viewer *w)
{
	const struct res_directory *d;

	manifest_each(directory, d, w->v->plan->to) {
		const struct res_directory *there = d->keep ? (const struct res_directory *)manifest_find(w->v->plan->from, RES_directory, d->res.id) : NULL;

		if (there && there->found.n)
			vec_push(w->a, &w->v->notes,
				 str_fmt(w->a, "%.*s stays as it is, %.*s: the source says %u:%u %04llo", STR_ARG(d->res.id), STR_ARG(there->found), (unsigned)d->uid,
					 (unsigned)d->gid, (unsigned long long)d->mode));
	}
}

/* Who waits for people, runs and requires what shall not run any more goes down with it: systemd sees to it, and no change of its unit says so. */
static void left_down(struct viewer *w)
{
	const struct plan *p = w->v->plan;
	struct map down = {0};
	struct slice changed = plan_slice(p, RES_unit);
	struct res_unit *to;
	bool any = false;

	for (size_t i = 0; i < changed.n; i++)
		any |= changed.at[i].op == OP_CHANGE;
	if (!any)
		return;
	units_left_down(w->a, p->from, p->to, &down);
	if (!down.n)
		return;
	manifest_each(unit, to, p->to) {
		struct view_container *c = map_get(&down, to->res.id) ? container_of(w, to->res.owner) : NULL;

		if (!c)
			continue;
		c->unit_changes = true;
		c->verdict = VERDICT_STOP;
		c->effects.n = 0;
		vec_push(w->a, &c->effects, STR("what it requires stops"));
	}
}

static struct view_container *container_there(struct view *v, struct str id, bool new)
{
	for (size_t i = 0; i < v->containers.n; i++) {
		struct view_container *c = v->containers.at[i];
		const struct res_container *is = new ? c->to : c->from, *other = new ? c->from : c->to;

		if (is && !other && str_eq(is->res.id, id))
			return c;
	}
	return NULL;
}

/* A container that goes under one name and comes under another is renamed. */
static void renames_match(struct view *v)
{
	vec_each(struct view_item, item, &v->renames) {
		const struct res_moved *m = (const struct res_moved *)item->to;
		struct view_container *old = container_there(v, m->from, false), *new = container_there(v, m->to, true);

		if (!old || !new)
			continue;
		old->other = m->to;
		new->other = m->from;
		v->renamed++;
	}
}

void view_make(struct arena *a, const struct plan *p, const struct manifest *recorded, struct view *ret)
{
	struct viewer w = {.a = a, .v = ret, .recorded = recorded};
	size_t kept = 0, there = 0;

	*ret = (struct view){.arena = a, .plan = p, .live = recorded != NULL};
	for (size_t i = 0; i < p->changes.n; i++)
		look_at(&w, &p->changes.at[i]);
	left_down(&w);
	notes_make(&w);
	renames_match(ret);
	for (size_t i = 0; i < ret->containers.n; i++) {
		struct view_container *c = ret->containers.at[i];

		if (says_nothing(c))
			continue;
		ret->containers.at[kept++] = c;
		ret->count[c->verdict] += !c->other.n;
		ret->drifted += c->drift.n || c->policy_drift;
		there += c->to != NULL;
	}
	ret->containers.n = kept;
	ret->untouched = p->to->first[RES_container + 1] - p->to->first[RES_container] - there;
	sort_array(ret->containers.at, kept, sizeof *ret->containers.at, cmp_containers);
}

struct str view_doc(const struct res *r)
{
	switch (r->kind) {
	case RES_flow:
		return ((const struct res_flow *)r)->doc;
	case RES_publish:
		return ((const struct res_publish *)r)->doc;
	case RES_expect:
		return ((const struct res_expect *)r)->doc;
	default:
		return STR("");
	}
}

bool view_pending(const struct view *v)
{
	return v->plan->changes.n > 0;
}

static void counted(struct buf *out, size_t *said, const char *separator, size_t n, const char *one, const char *many)
{
	if (!n)
		return;
	buf_fmt(out, "%s%zu %s", (*said)++ ? ", " : separator, n, n == 1 ? one : many);
}

void view_summary(const struct view *v, struct buf *out)
{
	static const char *const words[] = {
		[VERDICT_NEW] = "new",
		[VERDICT_RESTART] = "restart",
		[VERDICT_AGAIN] = "run again",
		[VERDICT_START] = "start",
		[VERDICT_STOP] = "stop",
		[VERDICT_CHANGE] = "changed without restart",
		[VERDICT_REMOVED] = "removed",
	};
	size_t said = 0, network = 0;

	for (int k = 0; k < VERDICT_COUNT; k++)
		counted(out, &said, "", v->count[k], words[k], words[k]);
	counted(out, &said, "", v->renamed, "renamed", "renamed");
	counted(out, &said, "", v->untouched, "untouched", "untouched");
	if (!said)
		buf_puts(out, "no containers");
	counted(out, &network, "; ", v->flows_open, "flow opens", "flows open");
	counted(out, &network, "; ", v->flows_close, "flow closes", "flows close");
	counted(out, &network, "; ", v->ports_open, "port opens", "ports open");
	counted(out, &network, "; ", v->ports_close, "port closes", "ports close");
	counted(out, &network, "; ", v->ports_move, "port leads elsewhere", "ports lead elsewhere");
}
