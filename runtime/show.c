/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan as text: first rows of (sign, text, origin), then their printing, so that the origins stand in one column. Colour is for what changes; without it nothing
 * is lost. */
#include "runtime/show.h"

#include "lang/base/utf8.h"
#include "runtime/image.h"

enum { VALUE_MAX = 120, LEFT_MAX = 92, WRAP = 76 };

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

struct row {
	char sign;		/* '+', '~', '-'; ' ': belongs to the row above; '#': a heading */
	size_t at, n, cells;	/* of its text within all texts; cells on a terminal, where an origin follows */
	struct str origin;	/* "file:line", or "" */
};

struct rows {
	struct arena *a;
	VEC(struct row) all;
	struct buf line;	/* all texts, one behind the other; the last one is being built */
	size_t start;		/* of that one */
};

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
		[VERDICT_START] = "start",
		[VERDICT_STOP] = "stop",
		[VERDICT_CHANGE] = "no restart",
		[VERDICT_REMOVED] = "removed",
	};

	return words[verdict];
}

/* Without the column, which tells a reader nothing here. */
static struct str origin_line(struct str origin)
{
	const char *column = origin.n ? memrchr(origin.s, ':', origin.n) : NULL;

	return column ? (struct str){origin.s, (size_t)(column - origin.s)} : origin;
}

/* Terminal cells of UTF-8 text, well enough for a column: one a character. */
static size_t cells(const char *s, size_t n)
{
	size_t count = n;

	for (size_t i = utf8_printable(s, n); i < n; i++)
		count -= ((unsigned char)s[i] & 0xc0) == 0x80;
	return count;
}

/* Bytes of the line that is being built. */
static size_t row_len(const struct rows *r)
{
	return r->line.n - r->start;
}

/* Takes the line that was built. */
static void row_end(struct rows *r, char sign, struct str origin)
{
	struct row row = {.sign = sign, .at = r->start, .n = row_len(r), .origin = origin_line(origin)};

	if (origin.n)
		row.cells = cells(r->line.s + row.at, row.n);
	vec_push(r->a, &r->all, row);
	r->start = r->line.n;
}

static void row_heading(struct rows *r, const char *text)
{
	buf_puts(&r->line, text);
	row_end(r, '#', STR(""));
}

static void pad(struct buf *out, size_t used, size_t width)
{
	if (used < width)
		buf_blanks(out, width - used);
}

static void row_name(struct rows *r, struct str name, size_t width)
{
	size_t start = r->line.n;

	show_plain(name, 0, &r->line);
	pad(&r->line, r->line.n - start, width);
}

static void field_text(const struct view_field *f, struct buf *out)
{
	if (f->old.n)
		show_plain(f->old, VALUE_MAX, out);
	else
		buf_puts(out, "none");
	buf_puts(out, " -> ");
	if (f->new.n)
		show_plain(f->new, VALUE_MAX, out);
	else
		buf_puts(out, "none");
}

static void rows_field(struct rows *r, const struct view_field *f, size_t width)
{
	buf_puts(&r->line, "    ");
	row_name(r, f->name, width);
	buf_puts(&r->line, "  ");
	field_text(f, &r->line);
	row_end(r, ' ', STR(""));
}

static size_t fields_width(const struct view_field *at, size_t n)
{
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (at[i].name.n > width && at[i].name.n <= 40)
			width = at[i].name.n;
	return width;
}

/* Words in lines of at most WRAP bytes, each under the first one. */
static void wrap(struct rows *r, size_t indent, struct str before, struct str word)
{
	size_t room = before.n + word.n;

	if (row_len(r) > indent && row_len(r) + 2 + room > WRAP)
		row_end(r, ' ', STR(""));
	if (!row_len(r))
		pad(&r->line, 0, indent);
	else
		buf_puts(&r->line, "  ");
	buf_str(&r->line, before);
	show_plain(word, VALUE_MAX, &r->line);
}

/* Whether a field is one of a volume: what stands behind "volume.". */
static bool of_volume(struct str field, struct str *ret)
{
	const struct str word = STR("volume.");

	if (!str_starts(field, word))
		return false;
	*ret = (struct str){field.s + word.n, field.n - word.n};
	return true;
}

/* What a volume's own line tells well enough. */
static bool tells_volume(const struct res_container *c, struct str field)
{
	struct str name;

	if (!c->volumes.n || !of_volume(field, &name))
		return false;
	name = str_cut(name, '.', NULL);
	for (size_t i = 0; i < c->volumes.n; i++)
		if (str_eq(str_cut(c->volumes.at[i], '=', NULL), name))
			return true;
	return false;
}

/* What is said of a volume besides its places: "readonly", "mode 0700"; empty of what every volume has that says nothing. */
static struct str volume_trait(struct arena *a, struct str field)
{
	struct str value, name = str_cut(field, '=', &value);
	bool yes = str_is(value, "true"), flag = yes || str_is(value, "false");

	if (str_is(name, "at") || str_is(name, "category") || str_is(field, "owner=0:0") || str_is(field, "mode=0755") || (flag && !yes))
		return STR("");
	return yes ? name : STR_JOIN(a, name, STR(" "), value);
}

/* "data=/srv/data -> /var/lib/data (readonly, backup)": where it is kept, where the container sees it, and how. */
static struct str volume_said(struct arena *a, const struct res_container *c, struct str volume)
{
	struct str name = str_cut(volume, '=', NULL), own, part, at = {0}, traits = {0};

	for (size_t i = 0; i < c->fields.n; i++) {
		if (!of_volume(c->fields.at[i], &own) || !str_eq(str_cut(own, '.', &part), name))
			continue;
		if (str_starts(part, STR("at=")))
			str_cut(part, '=', &at);
		struct str trait = volume_trait(a, part);
		if (trait.n)
			traits = STR_JOIN(a, traits, traits.n ? STR(", ") : STR(" ("), trait);
	}
	return !at.n ? volume : STR_JOIN(a, volume, STR(" -> "), at, traits, traits.n ? STR(")") : STR(""));
}

static void rows_new(struct rows *r, const struct view_container *v, size_t width)
{
	const struct res_container *c = v->to;
	const size_t indent = width + 2;

	row_name(r, c->res.id, width);
	buf_puts(&r->line, "  ");
	show_plain(image_said(r->a, c->image), 0, &r->line);
	if (v->other.n) {
		buf_puts(&r->line, "  renamed from ");
		show_plain(v->other, 0, &r->line);
	}
	row_end(r, '+', c->res.origin);
	if (c->address.n)
		wrap(r, indent, STR(""), c->address);
	if (c->address6.n)
		wrap(r, indent, STR(""), c->address6);
	for (size_t i = 0; i < c->more_addresses.n; i++)
		wrap(r, indent, STR(""), c->more_addresses.at[i]);
	for (size_t i = 0; i < c->ports.n; i++)
		wrap(r, indent, STR(""), c->ports.at[i]);
	for (size_t i = 0; i < c->fields.n; i++)
		if (!tells_volume(c, c->fields.at[i]))
			wrap(r, indent, STR(""), c->fields.at[i]);
	for (size_t i = 0; i < c->volumes.n; i++)
		wrap(r, indent, STR("volume "), volume_said(r->a, c, c->volumes.at[i]));
	if (row_len(r))
		row_end(r, ' ', STR(""));
}

/* Data stays: where, that is what the reader must know. */
static void rows_removed(struct rows *r, const struct view_container *v, size_t width)
{
	const struct res_container *c = v->from;

	row_name(r, c->res.id, width);
	buf_puts(&r->line, v->other.n ? "  renamed to " : "  removed");
	show_plain(v->other, 0, &r->line);
	row_end(r, '-', c->res.origin);
	for (size_t i = 0; i < c->volumes.n && !v->other.n; i++) {
		struct str path, name = str_cut(c->volumes.at[i], '=', &path);

		pad(&r->line, 0, width + 2);
		buf_puts(&r->line, "volume ");
		show_plain(name, 0, &r->line);
		buf_puts(&r->line, " stays in ");
		show_plain(path, 0, &r->line);
		row_end(r, ' ', STR(""));
	}
}

static void rows_changed(struct rows *r, const struct view_container *c, size_t width)
{
	size_t names = fields_width(c->fields.at, c->fields.n);

	row_name(r, c->to->res.id, width);
	buf_fmt(&r->line, "  %s%s", show_verdict(c->verdict), c->drift.n || c->policy_drift ? ", drifted" : "");
	row_end(r, '~', c->to->res.origin);
	vec_each(const struct view_field, f, &c->fields)
		rows_field(r, f, names);
	vec_each(const struct str, text, &c->effects) {
		buf_puts(&r->line, "    ");
		show_plain(*text, 0, &r->line);
		buf_puts(&r->line, " changes");
		row_end(r, ' ', STR(""));
	}
	vec_each(const struct str, text, &c->drift) {
		buf_puts(&r->line, "    ");
		show_plain(*text, 0, &r->line);
		row_end(r, ' ', STR(""));
	}
	if (c->policy_drift) {
		buf_fmt(&r->line, "    %zu of its policy elements %s not as recorded", c->policy_drift, c->policy_drift == 1 ? "is" : "are");
		row_end(r, ' ', STR(""));
	}
}

static void rows_containers(struct rows *r, const struct view *v)
{
	size_t width = 0;

	if (!v->containers.n && !v->untouched)
		return;
	row_heading(r, "Containers");
	vec_each(struct view_container *const, c, &v->containers) {
		size_t n = ((*c)->to ? (*c)->to : (*c)->from)->res.id.n;

		width = n > width && n <= 40 ? n : width;
	}
	vec_each(struct view_container *const, c, &v->containers) {
		if ((*c)->verdict == VERDICT_NEW)
			rows_new(r, *c, width);
		else if ((*c)->verdict == VERDICT_REMOVED)
			rows_removed(r, *c, width);
		else
			rows_changed(r, *c, width);
	}
	if (v->untouched) {
		const char *who = !v->containers.n ? "" : v->untouched == 1 ? "other " : "others ";

		buf_fmt(&r->line, "%zu %suntouched", v->untouched, who);
		row_end(r, ' ', STR(""));
	}
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

static const char *sign_colour(char sign)
{
	return sign == '+' ? "\033[32m" : sign == '~' ? "\033[33m" : sign == '-' ? "\033[31m" : "";
}

static void row_print(const struct rows *r, const struct row *row, size_t left, bool colour, struct buf *out)
{
	if (row->sign == '#') {
		buf_puts(out, colour ? "\n" BOLD : "\n");
		buf_add(out, r->line.s + row->at, row->n);
		buf_puts(out, colour ? PLAIN "\n" : "\n");
		return;
	}
	buf_puts(out, "  ");
	buf_puts(out, colour ? sign_colour(row->sign) : "");
	buf_addc(out, row->sign);
	buf_addc(out, ' ');
	buf_add(out, r->line.s + row->at, row->n);
	buf_puts(out, colour && row->sign != ' ' ? PLAIN : "");
	if (row->origin.n) {
		pad(out, row->cells, left);
		buf_puts(out, colour ? "   " DIM : "   ");
		show_plain(row->origin, 0, out);
		buf_puts(out, colour ? PLAIN : "");
	}
	buf_addc(out, '\n');
}

static void rows_print(const struct rows *r, bool colour, struct buf *out)
{
	size_t left = 0, total = 0;

	vec_each(const struct row, row, &r->all)
		if (row->origin.n && row->cells > left && row->cells <= LEFT_MAX)
			left = row->cells;
	vec_each(const struct row, row, &r->all)
		total += (row->origin.n ? (row->cells > left ? row->cells : left) + row->n - row->cells + row->origin.n : row->n) + sizeof "  + " "   \n";
	buf_reserve(out, total);
	vec_each(const struct row, row, &r->all)
		row_print(r, row, left, colour, out);
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
