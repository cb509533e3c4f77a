/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan as markdown, for a pull request: the sum first, then tables. Values stand in code spans, whose delimiters and cell ends are escaped. */
#include "runtime/show.h"

#include "lang/base/cleanup.h"
#include "runtime/image.h"

enum { VALUE_MAX = 120 };

/* Backticks in a row, at most. */
static size_t ticks_in(struct str text)
{
	size_t most = 0, run = 0;

	for (size_t i = 0; i < text.n; i++) {
		run = text.s[i] == '`' ? run + 1 : 0;
		most = run > most ? run : most;
	}
	return most;
}

/* A code span within a table's cell. Control characters are visible, backticks get a longer fence, `|` is escaped as tables ask (GFM, 4.10). Of blanks at both ends,
 * one each is taken away by whoever reads it (CommonMark, 6.1). */
static void code(struct str text, struct buf *out)
{
	struct buf plain = {0};

	show_plain(text, VALUE_MAX, &plain);
	size_t ticks = ticks_in(buf_view(&plain));
	bool apart = ticks || (plain.n > 1 && plain.s[0] == ' ' && plain.s[plain.n - 1] == ' ');

	for (size_t i = 0; i <= ticks; i++)
		buf_addc(out, '`');
	buf_puts(out, apart ? " " : "");
	for (size_t i = 0; i < plain.n; i++) {
		if (plain.s[i] == '|')
			buf_addc(out, '\\');
		buf_addc(out, plain.s[i]);
	}
	buf_puts(out, apart ? " " : "");
	for (size_t i = 0; i <= ticks; i++)
		buf_addc(out, '`');
	buf_free(&plain);
}

/* Text between others: what would mean something to markdown or HTML stands behind a backslash. */
static void prose(struct str text, struct buf *out)
{
	struct buf plain = {0};

	show_plain(text, 0, &plain);
	for (size_t i = 0; i < plain.n; i++) {
		if (strchr("\\`*_[]<>&|~", plain.s[i]))
			buf_addc(out, '\\');
		buf_addc(out, plain.s[i]);
	}
	buf_free(&plain);
}

/* Without the column. */
static void origin_cell(struct str origin, struct buf *out)
{
	const char *column = origin.n ? memrchr(origin.s, ':', origin.n) : NULL;

	if (column)
		origin.n = (size_t)(column - origin.s);
	if (origin.n)
		code(origin, out);
	buf_puts(out, " |\n");
}

static void row(struct buf *out, char sign, struct str id)
{
	buf_fmt(out, "| `%c` | ", sign);
	code(id, out);
	buf_puts(out, " | ");
}

static void value(struct str text, struct buf *out)
{
	if (text.n)
		code(text, out);
	else
		buf_puts(out, "none");
}

static void field_lines(const struct view_field *at, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, "<br>");
		code(at[i].name, out);
		buf_puts(out, ": ");
		value(at[i].old, out);
		buf_puts(out, " → ");
		value(at[i].new, out);
	}
}

static void new_container(const struct view_container *v, struct buf *out)
{
	const struct res_container *c = v->to;
	_arena_ struct arena scratch = {0};

	buf_puts(out, v->other.n ? "renamed from " : "new, ");
	if (v->other.n) {
		code(v->other, out);
		buf_puts(out, ", ");
	}
	code(image_said(&scratch, c->image), out);
	for (size_t i = 0; i < c->ports.n; i++) {
		buf_puts(out, i ? ", " : "<br>ports ");
		code(c->ports.at[i], out);
	}
	if (c->address.n || c->address6.n)
		buf_puts(out, "<br>");
	if (c->address.n)
		code(c->address, out);
	if (c->address.n && c->address6.n)
		buf_puts(out, ", ");
	if (c->address6.n)
		code(c->address6, out);
	for (size_t i = 0; i < c->more_addresses.n; i++) {
		buf_puts(out, ", ");
		code(c->more_addresses.at[i], out);
	}
	for (size_t i = 0; i < c->fields.n; i++) {
		buf_puts(out, i ? ", " : "<br>");
		code(c->fields.at[i], out);
	}
	for (size_t i = 0; i < c->volumes.n; i++) {
		buf_puts(out, i ? ", " : "<br>volumes ");
		code(view_volume(&scratch, c->volumes.at[i]), out);
	}
}

static void removed_container(const struct view_container *v, struct buf *out)
{
	const struct res_container *c = v->from;
	_arena_ struct arena scratch = {0};

	buf_puts(out, v->other.n ? "renamed to " : "**removed**");
	if (v->other.n)
		code(v->other, out);
	for (size_t i = 0; i < c->volumes.n && !v->other.n; i++) {
		struct str path, name = str_cut(view_volume(&scratch, c->volumes.at[i]), '=', &path);

		buf_puts(out, "<br>volume ");
		code(name, out);
		buf_puts(out, " stays in ");
		code(path, out);
	}
}

static void changed_container(const struct view_container *c, struct buf *out)
{
	buf_fmt(out, c->verdict == VERDICT_CHANGE ? "%s" : "**%s**", show_verdict(c->verdict));
	field_lines(c->fields.at, c->fields.n, out);
	vec_each(const struct str, text, &c->effects) {
		buf_puts(out, "<br>");
		code(*text, out);
		buf_puts(out, " changes");
	}
	vec_each(const struct str, text, &c->drift) {
		buf_puts(out, "<br>drifted: ");
		code(*text, out);
	}
	if (c->policy_drift)
		buf_fmt(out, "<br>drifted: %zu policy elements", c->policy_drift);
}

static void containers(const struct view *v, struct buf *out)
{
	if (!v->containers.n)
		return;
	buf_puts(out, "\n| | Container | Change | Source |\n|:-:|---|---|---|\n");
	vec_each(struct view_container *const, at, &v->containers) {
		const struct view_container *c = *at;
		const struct res *r = c->to ? &c->to->res : &c->from->res;

		row(out, c->verdict == VERDICT_NEW ? '+' : c->verdict == VERDICT_REMOVED ? '-' : '~', r->id);
		if (c->verdict == VERDICT_NEW)
			new_container(c, out);
		else if (c->verdict == VERDICT_REMOVED)
			removed_container(c, out);
		else
			changed_container(c, out);
		buf_puts(out, " | ");
		origin_cell(r->origin, out);
	}
}

static void item_words(const struct view_item *item, const char *create, const char *delete, struct buf *out)
{
	const struct res *r = item->to ? item->to : item->from;

	if (r->kind == RES_expect)
		buf_puts(out, item->op == OP_DELETE ? "no longer expected" : "expected");
	else
		buf_puts(out, item->op == OP_CREATE ? create : item->op == OP_DELETE ? delete : "changes");
	if (r->kind == RES_publish && item->op != OP_CHANGE) {
		const struct res_publish *p = (const struct res_publish *)r;

		buf_puts(out, ", leads to ");
		code(p->to, out);
		buf_puts(out, " port ");
		code(p->to_port, out);
	}
	if (r->kind == RES_subnet && item->op != OP_CHANGE) {
		const struct res_subnet *s = (const struct res_subnet *)r;

		buf_puts(out, ", ");
		value(s->range.n ? s->range : s->range6, out);
		buf_puts(out, s->nat ? ", nat" : "");
		if (s->uplink.n) {
			buf_puts(out, ", by ");
			value(s->uplink, out);
		}
	}
	if (view_doc(r).n) {
		buf_puts(out, ", because ");
		code(view_doc(r), out);
	}
	field_lines(item->fields.at, item->fields.n, out);
	buf_puts(out, item->drift ? "<br>drifted" : "");
}

static void items(const char *what, const struct view_item *at, size_t n, const char *create, const char *delete, struct buf *out)
{
	if (!n)
		return;
	buf_fmt(out, "\n| | %s | Change | Source |\n|:-:|---|---|---|\n", what);
	for (size_t i = 0; i < n; i++) {
		const struct res *r = at[i].to ? at[i].to : at[i].from;

		row(out, at[i].op == OP_CREATE ? '+' : at[i].op == OP_DELETE ? '-' : '~', r->id);
		item_words(&at[i], create, delete, out);
		buf_puts(out, " | ");
		origin_cell(r->origin, out);
	}
}

static void code_list(const char *before, struct strs list, struct buf *out)
{
	if (!list.n)
		return;
	buf_puts(out, before);
	for (size_t i = 0; i < list.n; i++) {
		buf_puts(out, i ? ", " : "");
		code(list.at[i], out);
	}
}

static void images(const struct view *v, struct buf *out)
{
	_arena_ struct arena scratch = {0};
	struct strs said = {arena_array(&scratch, v->missing.n + 1, sizeof *said.at), v->missing.n};

	for (size_t i = 0; i < said.n; i++)
		said.at[i] = image_said(&scratch, v->missing.at[i]);
	code_list("\nImages to fetch: ", said, out);
	buf_puts(out, said.n ? "\n" : "");
}

static void expectations(const struct expectations *all, struct buf *out)
{
	if (all->asked)
		buf_fmt(out, "\n%zu expectation%s probed with packets before the change counts.\n", all->asked, all->asked == 1 ? " is" : "s are");
	vec_each(const struct expectation, one, &all->all) {
		if (!one->unasked)
			continue;
		buf_puts(out, one->n ? "\nProbed in part: " : "\nNot probed: ");
		code(one->x->res.id, out);
		buf_fmt(out, ", since %s.\n", one->unasked);
	}
}

static void outputs(struct view_outputs all, struct buf *out)
{
	if (all.n)
		buf_puts(out, "\n| Output | |\n|---|---|\n");
	for (size_t i = 0; i < all.n; i++) {
		buf_puts(out, "| ");
		code(all.at[i].name, out);
		buf_puts(out, " | ");
		for (size_t k = 0; k < all.at[i].texts.n; k++) {
			buf_puts(out, k ? "<br>" : "");
			code(all.at[i].texts.at[k], out);
		}
		buf_puts(out, " |\n");
	}
}

void show_markdown(const struct view *v, struct buf *out)
{
	code_list("### Plan for ", v->scope, out);
	buf_puts(out, v->scope.n ? "\n\n" : "### Plan\n\n");
	if (view_pending(v)) {
		buf_puts(out, "**");
		view_summary(v, out);
		buf_puts(out, ".**");
	} else {
		buf_puts(out, "**Nothing to do.**");
	}
	buf_puts(out, " Compared with ");
	prose(v->against, out);
	buf_puts(out, ".\n");
	code_list("\nStays as it is: ", v->kept, out);
	buf_puts(out, v->kept.n ? "\n" : "");
	items("Renamed", v->renames.at, v->renames.n, "", "", out);
	items("Subnet", v->subnets.at, v->subnets.n, "new", "**removed**", out);
	containers(v, out);
	items("Flow", v->flows.at, v->flows.n, "opens", "**closes**", out);
	items("Route", v->routes.at, v->routes.n, "opens", "**closes**", out);
	items("Published port", v->ports.at, v->ports.n, "opens", "**closes**", out);
	items("Host", v->host.at, v->host.n, "new", "removed", out);
	if (v->policy_drift)
		buf_fmt(out, "\n%zu policy elements of no container have drifted.\n", v->policy_drift);
	vec_each(const struct str, note, &v->notes) {
		buf_puts(out, note == v->notes.at ? "\nData that is there already:\n\n- " : "- ");
		prose(*note, out);
		buf_addc(out, '\n');
	}
	if (view_pending(v))
		expectations(&v->expectations, out);
	images(v, out);
	outputs(v->outputs, out);
}
