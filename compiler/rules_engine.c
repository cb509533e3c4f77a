/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about what a container's processes are and may do: capabilities, devices, its host name and time zone, and that there is something to run. */
#include "compiler/rules_impl.h"
#include "lang/schema.h"

static bool has_word(const struct word_list *l, enum word w)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i] == w)
			return true;
	return false;
}

/* A list that names ALL and others besides, or one of them twice. */
static void capability_list(struct rules *r, enum diag_code code, const struct f_CAPABILITIES *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		for (size_t k = 0; k < i; k++)
			if (f->v.at[k] == f->v.at[i]) {
				diag_add(r->diags, code, f->at, "%.*s stands here twice", STR_ARG(word_texts[f->v.at[i]]));
				return;
			}
	if (f->v.n > 1 && has_word(&f->v, WORD_CAPABILITY_all))
		diag_add(r->diags, code, f->at, "ALL has all others in it");
}

RULE(capability_twice)
{
	rules_each_container(m, r) {
		const struct m_capabilities *c = m->container->capabilities;

		if (!c)
			continue;
		capability_list(r, code, &c->add);
		capability_list(r, code, &c->drop);
		for (size_t i = 0; i < c->add.v.n; i++)
			if (has_word(&c->drop.v, c->add.v.at[i]))
				diag_note(r->diags,
					  diag_add(r->diags, code, c->add.at, "%.*s is added and dropped", STR_ARG(word_texts[c->add.v.at[i]])),
					  c->drop.at, "dropped here");
	}
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 1123, 2.1: labels of letters, digits and "-"; sethostname(2) takes 64 bytes. */
static const char *hostname_wrong(struct str name)
{
	if (name.n == 0 || name.n > 64)
		return "has 1 to 64 characters";
	for (struct str rest = name, label; rest.n;) {
		label = str_cut(rest, '.', &rest);
		if (label.n == 0 || label.n > 63 || !is_alnum(label.s[0]) || !is_alnum(label.s[label.n - 1]))
			return "is made of labels of 1 to 63 characters, joined by `.`, that begin and end with a letter or a digit";
		for (size_t i = 0; i < label.n; i++)
			if (!is_alnum(label.s[i]) && label.s[i] != '-')
				return "has letters, digits, `-` and `.` only";
	}
	return name.s[name.n - 1] == '.' ? "does not end with `.`" : NULL;
}

/* A file below /usr/share/zoneinfo: its name becomes part of a path. */
static const char *timezone_wrong(struct str name)
{
	if (name.n == 0 || name.n > 64)
		return "has 1 to 64 characters";
	for (struct str rest = name, part; rest.n;) {
		part = str_cut(rest, '/', &rest);
		if (part.n == 0 || !is_alnum(part.s[0]))
			return "is made of words joined by `/`, like Europe/Berlin";
		for (size_t i = 0; i < part.n; i++)
			if (!is_alnum(part.s[i]) && part.s[i] != '_' && part.s[i] != '-' && part.s[i] != '+')
				return "has letters, digits, `_`, `-`, `+` and `/` only, like Europe/Berlin";
	}
	return name.s[name.n - 1] == '/' ? "is no directory, but a zone in it" : NULL;
}

RULE(machine_text)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const char *wrong = c->hostname.set ? hostname_wrong(c->hostname.v) : NULL;

		if (wrong)
			diag_add(r->diags, code, c->hostname.at, "a host name %s", wrong);
		wrong = c->timezone.set ? timezone_wrong(c->timezone.v) : NULL;
		if (wrong)
			diag_add(r->diags, code, c->timezone.at, "a time zone's name %s", wrong);
	}
}

static struct str seen_at(const struct m_device *d)
{
	return d->at.set ? d->at.v : d->from.v;
}

static void device_check(struct rules *r, enum diag_code code, const struct m_device *d)
{
	if (!str_starts(d->from.v, STR("/dev/")))
		diag_help(r->diags, diag_add(r->diags, code, d->from.at, "devices are below /dev"), "what is no device is given with `mount` or `volume`");
	else if (memchr(d->from.v.s, ':', d->from.v.n))
		diag_help(r->diags, diag_add(r->diags, code, d->from.at, "podman takes no device whose path has a `:`"),
			  "name the node that this link leads to");
	if (d->at.set && !str_starts(d->at.v, STR("/dev/")))
		diag_add(r->diags, code, d->at.at, "a container finds its devices below /dev");
	else if (d->at.set && memchr(d->at.v.s, ':', d->at.v.n))
		diag_add(r->diags, code, d->at.at, "podman takes no device whose path has a `:`");
}

RULE(device_path)
{
	rules_each_container(m, r) {
		struct map seen = {0};

		vec_each(struct m_device *const, at, &m->container->device) {
			const struct m_device *d = *at, *first = map_add(r->arena, &seen, seen_at(d), *at);

			device_check(r, code, d);
			if (first)
				diag_note(r->diags,
					  diag_add(r->diags, code, d->at.set ? d->at.at : d->from.at, "the container would see two devices as %.*s",
						   STR_ARG(seen_at(d))),
					  first->at.set ? first->at.at : first->from.at, "the other one");
		}
	}
}

/* The image's own command goes with its entry point. */
RULE(runs_nothing)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->entrypoint.set && c->entrypoint.v.n == 0 && c->command.v.n == 0)
			diag_help(r->diags, diag_add(r->diags, code, c->entrypoint.at, "without an entry point, there is nothing to run"),
				  "say what: command = [\"/usr/bin/app\"]");
	}
}
