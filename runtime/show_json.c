/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan as JSON, for programs. spec/manifest.md says what each member means; members are added, never renamed. One entry a line, so that two plans diff well. */
#include "lang/base/json.h"
#include "runtime/show.h"

static const char *op_word(enum change_op op)
{
	return op == OP_CREATE ? "create" : op == OP_DELETE ? "delete" : "change";
}

static void put(struct buf *out, const char *key, struct str text)
{
	buf_fmt(out, ",\"%s\":", key);
	json_str(out, text);
}

static void put_nonempty(struct buf *out, const char *key, struct str text)
{
	if (text.n)
		put(out, key, text);
}

static void array(struct buf *out, const struct str *at, size_t n)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		json_str(out, at[i]);
	}
	buf_addc(out, ']');
}

static void list(struct buf *out, const char *key, const struct str *at, size_t n)
{
	buf_fmt(out, ",\"%s\":", key);
	array(out, at, n);
}

static void fields(struct buf *out, const struct view_field *at, size_t n)
{
	if (!n)
		return;
	buf_puts(out, ",\"fields\":[");
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? ",{\"name\":" : "{\"name\":");
		json_str(out, at[i].name);
		put(out, "old", at[i].old);
		put(out, "new", at[i].new);
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

/* Begins an entry of a list that stands one a line. */
static void entry(struct buf *out, bool first, struct str id)
{
	buf_puts(out, first ? "\n{\"id\":" : ",\n{\"id\":");
	json_str(out, id);
}

static void containers(const struct view *v, struct buf *out)
{
	buf_puts(out, ",\n\"containers\":[");
	for (size_t i = 0; i < v->containers.n; i++) {
		const struct view_container *c = v->containers.at[i];
		const struct res_container *now = c->to ? c->to : c->from;

		entry(out, i == 0, now->res.id);
		put(out, "action", str_of(c->verdict == VERDICT_CHANGE ? "change" : c->verdict == VERDICT_AGAIN ? "again" : show_verdict(c->verdict)));
		put(out, "unit", now->unit);
		put_nonempty(out, "origin", now->res.origin);
		put_nonempty(out, c->to ? "renamed-from" : "renamed-to", c->other);
		fields(out, c->fields.at, c->fields.n);
		if (c->effects.n)
			list(out, "effects", c->effects.at, c->effects.n);
		if (c->drift.n)
			list(out, "drift", c->drift.at, c->drift.n);
		if (c->policy_drift)
			buf_fmt(out, ",\"policy-drift\":%zu", c->policy_drift);
		if (c->verdict == VERDICT_REMOVED && !c->other.n && now->volumes.n)
			list(out, "keeps", now->volumes.at, now->volumes.n);
		buf_addc(out, '}');
	}
	buf_puts(out, "]");
}

static void detail(const struct res *r, struct buf *out)
{
	const struct res_flow *f = (const struct res_flow *)r;
	const struct res_publish *p = (const struct res_publish *)r;

	const struct res_expect *x = (const struct res_expect *)r;

	if (r->kind == RES_expect) {
		put(out, "expect", x->mode);
		put(out, "from", x->from);
		put(out, "to", x->to);
		put_nonempty(out, "port", x->port);
	} else if (r->kind == RES_flow) {
		put(out, "from", f->from);
		put(out, "to", f->to);
		put_nonempty(out, "port", f->port);
	} else if (r->kind == RES_publish) {
		put_nonempty(out, "address", p->address);
		put(out, "port", p->port);
		put(out, "to", p->to);
		put(out, "to-port", p->to_port);
	} else if (r->kind == RES_route) {
		const struct res_route *t = (const struct res_route *)r;

		put(out, "host", t->host);
		put(out, "proxy", t->proxy);
		put(out, "to", t->to);
		put(out, "port", t->port);
		put(out, "tls", t->tls);
		list(out, "users", t->users.at, t->users.n);
	}
}

static void items(const char *key, const struct view_item *at, size_t n, struct buf *out)
{
	buf_fmt(out, ",\n\"%s\":[", key);
	for (size_t i = 0; i < n; i++) {
		const struct res *r = at[i].to ? at[i].to : at[i].from;

		entry(out, i == 0, r->id);
		put(out, "op", str_of(op_word(at[i].op)));
		detail(r, out);
		put_nonempty(out, "doc", view_doc(r));
		put_nonempty(out, "origin", r->origin);
		fields(out, at[i].fields.at, at[i].fields.n);
		if (at[i].drift)
			buf_puts(out, ",\"drift\":true");
		buf_addc(out, '}');
	}
	buf_addc(out, ']');
}

/* Which expectations packets are asked about before the change counts, and how often; and why not. */
static void expectations(const struct expectations *all, struct buf *out)
{
	bool first = true;

	buf_puts(out, ",\n\"probes\":[");
	vec_each(const struct expectation, one, &all->all) {
		entry(out, first, one->x->res.id);
		buf_fmt(out, ",\"probes\":%zu", one->n);
		if (one->unasked)
			put(out, "unasked", str_of(one->unasked));
		put_nonempty(out, "origin", one->x->res.origin);
		buf_addc(out, '}');
		first = false;
	}
	buf_addc(out, ']');
}

/* Every change as the plan has it: what the sections above are made from. */
static void changes(const struct plan *p, struct buf *out)
{
	buf_puts(out, ",\n\"changes\":[");
	for (size_t i = 0; i < p->changes.n; i++) {
		const struct change *c = &p->changes.at[i];
		const struct res *r = change_res(c);

		entry(out, i == 0, r->id);
		buf_fmt(out, ",\"op\":\"%s\",\"kind\":\"%s\"", op_word(c->op), res_infos[r->kind].word);
		put_nonempty(out, "stack", r->stack);
		put_nonempty(out, "owner", r->owner);
		put_nonempty(out, "origin", r->origin);
		buf_addc(out, '}');
	}
	buf_puts(out, "]");
}

void show_outputs_json(struct view_outputs outputs, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < outputs.n; i++) {
		const struct view_output *o = &outputs.at[i];

		buf_puts(out, i ? ",\n" : "\n");
		json_str(out, o->name);
		buf_addc(out, ':');
		if (o->list)
			array(out, o->texts.at, o->texts.n);
		else
			json_str(out, o->texts.at[0]);
	}
	buf_addc(out, '}');
}

static void summary(const struct view *v, struct buf *out)
{
	_Static_assert(VERDICT_COUNT == 7, "every verdict is counted below");
	buf_fmt(out, ",\n\"pending\":%s,\n\"summary\":{\"text\":", view_pending(v) ? "true" : "false");
	struct buf text = {0};
	view_summary(v, &text);
	json_str(out, buf_view(&text));
	buf_free(&text);
	buf_fmt(out, ",\"new\":%zu,\"restart\":%zu,\"again\":%zu,\"start\":%zu,\"stop\":%zu,\"change\":%zu,\"removed\":%zu,\"untouched\":%zu,\"drifted\":%zu",
		v->count[VERDICT_NEW], v->count[VERDICT_RESTART], v->count[VERDICT_AGAIN], v->count[VERDICT_START], v->count[VERDICT_STOP], v->count[VERDICT_CHANGE],
		v->count[VERDICT_REMOVED], v->untouched, v->drifted);
	buf_fmt(out, ",\"renamed\":%zu", v->renamed);
	buf_fmt(out, ",\"flows-open\":%zu,\"flows-close\":%zu,\"ports-open\":%zu,\"ports-close\":%zu,\"ports-move\":%zu,\"policy-drift\":%zu}",
		v->flows_open, v->flows_close, v->ports_open, v->ports_close, v->ports_move, v->policy_drift);
}

void show_json(const struct view *v, struct buf *out)
{
	buf_puts(out, "{\"ctstack-plan\":1");
	put(out, "against", v->against);
	list(out, "scope", v->scope.at, v->scope.n);
	list(out, "kept", v->kept.at, v->kept.n);
	summary(v, out);
	items("renames", v->renames.at, v->renames.n, out);
	items("subnets", v->subnets.at, v->subnets.n, out);
	containers(v, out);
	items("flows", v->flows.at, v->flows.n, out);
	items("routes", v->routes.at, v->routes.n, out);
	items("ports", v->ports.at, v->ports.n, out);
	items("host", v->host.at, v->host.n, out);
	expectations(&v->expectations, out);
	list(out, "notes", v->notes.at, v->notes.n);
	list(out, "images", v->missing.at, v->missing.n);
	if (v->outputs.n) {
		buf_puts(out, ",\n\"outputs\":");
		show_outputs_json(v->outputs, out);
	}
	changes(v->plan, out);
	buf_puts(out, "}\n");
}
