/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rows of a plan's containers: what each new one is, what of each changed one changes, and what becomes of the removed ones. */
#include "runtime/show_impl.h"

#include "runtime/image.h"

enum { WRAP = 76 };

/* Words in lines of at most WRAP bytes, each under the first one. */
static void wrap(struct rows *r, size_t indent, struct str before, struct str word)
{
	size_t room = before.n + word.n;

	if (r->line.n > indent && r->line.n + 2 + room > WRAP)
		row_end(r, ' ', STR(""));
	if (!r->line.n)
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
	struct str name = str_cut(volume, '=', NULL), said = view_volume(a, volume), own, part, at = {0}, traits = {0};

	for (size_t i = 0; i < c->fields.n; i++) {
		if (!of_volume(c->fields.at[i], &own) || !str_eq(str_cut(own, '.', &part), name))
			continue;
		if (str_starts(part, STR("at=")))
			str_cut(part, '=', &at);
		struct str trait = volume_trait(a, part);
		if (trait.n)
			traits = STR_JOIN(a, traits, traits.n ? STR(", ") : STR(" ("), trait);
	}
	return !at.n ? said : STR_JOIN(a, said, STR(" -> "), at, traits, traits.n ? STR(")") : STR(""));
}

/* "mount./srv/films=/media (readonly)" and "secret.media.key=/run/key", as they are written: "mount /srv/films -> /media (readonly)". Others stay as they are. */
static struct str arrow_said(struct arena *a, struct str field)
{
	static const char *const words[] = {"mount", "secret"};
	struct str to, from;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		const struct str word = str_of(words[i]);

		if (!str_starts(field, word) || field.n <= word.n || field.s[word.n] != '.')
			continue;
		from = field_cut(field, &to);
		return STR_JOIN(a, word, STR(" "), (struct str){from.s + word.n + 1, from.n - word.n - 1}, STR(" -> "), to);
	}
	return field;
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
			wrap(r, indent, STR(""), arrow_said(r->a, c->fields.at[i]));
	for (size_t i = 0; i < c->volumes.n; i++)
		wrap(r, indent, STR("volume "), volume_said(r->a, c, c->volumes.at[i]));
	if (r->line.n)
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
		struct str path, name = str_cut(view_volume(r->a, c->volumes.at[i]), '=', &path);

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

void rows_containers(struct rows *r, const struct view *v)
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
