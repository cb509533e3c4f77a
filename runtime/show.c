/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan as text: what it is of, its containers, and all else that changes, in rows of (sign, text, origin). */
#include "runtime/show_impl.h"

#include "lang/base/utf8.h"
#include "runtime/image.h"

/* For what is too long, or has something that a terminal does not just show. */
static void show_odd(struct str text, size_t max, struct buf *out)
{
	const unsigned char *s = (const unsigned char *)text.s;
	size_t n = text.n, i = 0;
	bool cut = max && n > max;

	if (cut)
		for (n = max; n < text.n && (s[n] & 0xc0) == 0x80;) /* not within a character */
			n++;
	while (i < n) {
		size_t run = utf8_printable(text.s + i, n - i);

		buf_add(out, s + i, run);
		i += run;
		if (i == n)
			break;
		/* what means something to a terminal, and the first byte of C1 control characters */
		if (s[i] == '\n')
			buf_puts(out, "\\n");
		else if (s[i] == '\t')
			buf_puts(out, "\\t");
		else if (s[i] < 0x20 || s[i] == 0x7f)
			buf_fmt(out, "\\x%02x", s[i]);
		else if (s[i] == 0xc2 && i + 1 < n && (s[i + 1] & 0xe0) == 0x80)
			buf_fmt(out, "\\x%02x", s[++i]); /* C1 control characters */
		else
			buf_addc(out, (char)s[i]);
		i++;
	}
	if (cut && n < text.n)
		buf_puts(out, "...");
}

void show_plain(struct str text, size_t max, struct buf *out)
{
	if ((!max || text.n <= max) && utf8_printable(text.s, text.n) == text.n)
		buf_str(out, text);
	else
		show_odd(text, max, out);
}

void show_list(struct strs list, struct buf *out)
{
	for (size_t i = 0; i < list.n; i++) {
		buf_puts(out, i ? ", " : "");
		show_plain(list.at[i], 0, out);
	}
}

const char *show_verdict(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_NEW] = "new",
		[VERDICT_RESTART] = "restart",
		[VERDICT_AGAIN] = "runs again",
		[VERDICT_START] = "start",
		[VERDICT_STOP] = "stop",
		[VERDICT_CHANGE] = "no restart",
		[VERDICT_REMOVED] = "removed",
	};

	return words[verdict];
}

static char item_sign(const struct view_item *item)
{
	return item->op == OP_CREATE ? '+' : item->op == OP_DELETE ? '-' : '~';
}

static const struct res *item_res(const struct view_item *item)
{
	return item->to ? item->to : item->from;
}

static void subnet_detail(const struct res_subnet *s, struct buf *out)
{
	const struct str parts[] = {s->range, s->host, s->range6, s->host6};

	for (size_t i = 0; i < 4; i++)
		if (parts[i].n) {
			buf_puts(out, i & 1 ? "  host " : "  ");
			show_plain(parts[i], 0, out);
		}
	if (s->nat)
		buf_puts(out, "  nat");
	if (s->uplink.n) {
		buf_puts(out, "  by ");
		show_plain(s->uplink, 0, out);
	}
}

static void publish_detail(const struct res_publish *p, struct buf *out)
{
	buf_puts(out, "  -> ");
	show_plain(p->to, 0, out);
	buf_addc(out, ':');
	show_plain(p->to_port, 0, out);
}

static void route_detail(const struct res_route *r, struct buf *out)
{
	buf_puts(out, "  -> ");
	show_plain(r->to, 0, out);
	buf_addc(out, ':');
	show_plain(r->port, 0, out);
	buf_puts(out, "  tls ");
	show_plain(r->tls, 0, out);
	if (r->users.n)
		buf_puts(out, "  for ");
	show_list(r->users, out);
}

static void sysctl_detail(const struct view_item *item, struct buf *out)
{
	const struct res_sysctl *from = (const struct res_sysctl *)item->from, *to = (const struct res_sysctl *)item->to;

	struct str old = from ? from->value : to->prior, new = to ? to->value : from->prior;

	buf_puts(out, "  ");
	show_plain(old, 0, out);
	buf_puts(out, old.n && new.n ? " -> " : old.n ? " -> as before" : "= ");
	show_plain(new, 0, out);
	/* spec/policy.md, P4: what strangers send one another is not ours to judge. */
	if (str_is(new, "1") && !str_is(old, "1") && (str_is(item_res(item)->id, "net.ipv4.ip_forward") || str_is(item_res(item)->id, "net.ipv6.conf.all.forwarding")))
		buf_puts(out, "; packets between other networks are forwarded, too, unless another firewall stops them");
}

static void item_detail(const struct view_item *item, struct buf *out)
{
	const struct res *r = item_res(item);

	if (r->kind == RES_subnet && item->op != OP_CHANGE)
		subnet_detail((const struct res_subnet *)r, out);
	else if (r->kind == RES_publish && item->op != OP_CHANGE)
		publish_detail((const struct res_publish *)r, out);
	else if (r->kind == RES_route && item->op != OP_CHANGE)
		route_detail((const struct res_route *)r, out);
	else if (r->kind == RES_sysctl)
		sysctl_detail(item, out);
	if (view_doc(r).n) {
		buf_puts(out, "  # ");
		show_plain(view_doc(r), VALUE_MAX, out);
	}
}

static void rows_items(struct rows *r, const char *heading, const struct view_item *at, size_t n, bool with_kind)
{
	size_t width = 0;

	if (!n)
		return;
	row_heading(r, heading);
	for (size_t i = 0; i < n; i++)
		if (item_res(&at[i])->id.n > width && item_res(&at[i])->id.n <= 48)
			width = item_res(&at[i])->id.n;
	for (size_t i = 0; i < n; i++) {
		const struct view_item *item = &at[i];
		const struct res *res = item_res(item);
		size_t start = r->line.n;

		if (with_kind)
			buf_fmt(&r->line, "%-9s  ", res_infos[res->kind].word);
		start = r->line.n;
		show_plain(res->id, 0, &r->line);
		size_t name_end = r->line.n;
		pad(&r->line, r->line.n - start, width);
		size_t padded = r->line.n;
		item_detail(item, &r->line);
		if (r->line.n == padded)
			r->line.n = name_end;
		if (item->drift)
			buf_puts(&r->line, "  drifted");
		row_end(r, item_sign(item), res->origin);
		if (res->kind == RES_subnet || res->kind == RES_publish || res->kind == RES_route)
			vec_each(const struct view_field, f, &item->fields)
				rows_field(r, f, fields_width(item->fields.at, item->fields.n));
	}
}

static void rows_images(struct rows *r, const struct view *v)
{
	if (!v->missing.n)
		return;
	row_heading(r, "Images to fetch");
	for (size_t i = 0; i < v->missing.n; i++) {
		show_plain(image_said(r->a, v->missing.at[i]), 0, &r->line);
		row_end(r, '+', STR(""));
	}
}

/* What is probed, in a number; what cannot be, by name and with the reason. */
static void rows_expectations(struct rows *r, const struct expectations *all)
{
	if (!all->all.n)
		return;
	row_heading(r, "Probed with packets before it counts");
	if (all->asked) {
		buf_fmt(&r->line, "%zu expectation%s, %zu probe%s; one that fails takes the change back", all->asked, all->asked == 1 ? "" : "s", all->probes.n,
			all->probes.n == 1 ? "" : "s");
		row_end(r, ' ', STR(""));
	}
	vec_each(const struct expectation, one, &all->all) {
		if (!one->unasked)
			continue;
		show_plain(one->x->res.id, 0, &r->line);
		buf_fmt(&r->line, one->n ? " in part: %s" : " not: %s", one->unasked);
		row_end(r, ' ', one->x->res.origin);
	}
}

static void rows_drift(struct rows *r, const struct view *v)
{
	if (!v->policy_drift)
		return;
	row_heading(r, "Policy");
	buf_fmt(&r->line, "%zu %s of table inet ctstack %s not as recorded", v->policy_drift, v->policy_drift == 1 ? "element" : "elements",
		v->policy_drift == 1 ? "is" : "are");
	row_end(r, '~', STR(""));
}

void show_outputs_text(struct view_outputs outputs, const char *before, struct buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < outputs.n; i++)
		width = outputs.at[i].name.n > width && outputs.at[i].name.n <= 40 ? outputs.at[i].name.n : width;
	for (size_t i = 0; i < outputs.n; i++) {
		const struct view_output *o = &outputs.at[i];

		buf_puts(out, before);
		buf_str(out, o->name);
		pad(out, o->name.n, width);
		buf_puts(out, o->list ? " = [" : " = ");
		show_list(o->texts, out);
		buf_puts(out, o->list ? "]\n" : "\n");
	}
}

static void header(const struct view *v, struct buf *out)
{
	if (v->title.n) {
		buf_puts(out, "Plan for ");
		show_plain(v->title, 0, out);
	} else if (v->scope.n) {
		buf_fmt(out, "Plan for stack%s ", v->scope.n == 1 ? "" : "s");
		show_list(v->scope, out);
	} else {
		buf_puts(out, "Plan");
	}
	buf_puts(out, ", compared with ");
	show_plain(v->against, 0, out);
	buf_addc(out, '\n');
	if (v->kept.n) {
		buf_fmt(out, "Stack%s that stay%s as %s: ", v->kept.n == 1 ? "" : "s", v->kept.n == 1 ? "s" : "", v->kept.n == 1 ? "it is" : "they are");
		show_list(v->kept, out);
		buf_addc(out, '\n');
	}
}

void show_text(const struct view *v, bool colour, struct buf *out)
{
	struct rows r = {.a = v->arena};

	header(v, out);
	if (view_pending(v)) {
		rows_items(&r, "Renamed", v->renames.at, v->renames.n, false);
		rows_items(&r, "Subnets", v->subnets.at, v->subnets.n, false);
		rows_containers(&r, v);
		rows_items(&r, "Flows", v->flows.at, v->flows.n, false);
		rows_items(&r, "Routes", v->routes.at, v->routes.n, false);
		rows_items(&r, "Published ports", v->ports.at, v->ports.n, false);
		rows_drift(&r, v);
		rows_items(&r, "Host", v->host.at, v->host.n, true);
		rows_expectations(&r, &v->expectations);
		rows_images(&r, v);
		rows_print(&r, colour, out);
		buf_free(&r.line);
	}
	vec_each(const struct str, note, &v->notes) {
		buf_puts(out, note == v->notes.at ? "\nData that is there already\n    " : "    ");
		show_plain(*note, 0, out);
		buf_addc(out, '\n');
	}
	buf_puts(out, colour ? "\n" BOLD : "\n");
	if (view_pending(v)) {
		buf_puts(out, "Plan: ");
		view_summary(v, out);
		buf_addc(out, '.');
	} else {
		buf_puts(out, "Nothing to do: ");
		show_plain(v->live ? STR("the host") : v->against, 0, out);
		buf_puts(out, " is as the source says.");
	}
	buf_puts(out, colour ? PLAIN "\n" : "\n");
	if (!v->outputs.n)
		return;
	buf_puts(out, colour ? "\n" BOLD "Outputs" PLAIN "\n" : "\nOutputs\n");
	show_outputs_text(v->outputs, "    ", out);
}
