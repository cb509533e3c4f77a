/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about what a container's processes are and may do: capabilities, devices, its host name and time zone, and that there is something to run. */
#include "compiler/names.h"
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
		const char *wrong = c->rare->hostname.set ? hostname_wrong(c->rare->hostname.v) : NULL;

		if (wrong)
			diag_add(r->diags, code, c->rare->hostname.at, "a host name %s", wrong);
		wrong = c->rare->timezone.set ? timezone_wrong(c->rare->timezone.v) : NULL;
		if (wrong)
			diag_add(r->diags, code, c->rare->timezone.at, "a time zone's name %s", wrong);
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
	if (d->at.set && !str_starts(d->at.v, STR("/dev/")))
		diag_add(r->diags, code, d->at.at, "a container finds its devices below /dev");
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

RULE(runs_nothing)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->command.v.n)
			continue;
		/* The image's own command goes with its entry point. */
		if (c->rare->entrypoint.set && c->rare->entrypoint.v.n == 0)
			diag_help(r->diags, diag_add(r->diags, code, c->rare->entrypoint.at, "without an entry point, there is nothing to run"),
				  "say what: command = [\"/usr/bin/app\"]");
		else if (container_is_tree(c) && !c->image.set && !c->rare->archive.set && !(c->rare->boot.set && c->rare->boot.v))
			diag_help(r->diags, diag_add(r->diags, code, c->rare->rootfs.set ? c->rare->rootfs.at : c->os.at[0]->head.at, "nothing says what runs in this tree"),
				  "start its init with boot = true, or a program: command = [\"/usr/bin/app\"]");
	}
}

RULE(engine_choice)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const struct {
			bool given;
			struct span at;
			const char *what;
		} ways[] = {
			{c->image.set, c->image.at, "an image"},
			{c->rare->archive.set, c->rare->archive.at, "an archive of an image"},
			{c->rare->rootfs.set, c->rare->rootfs.at, "a tree"},
			{c->os.n > 0, c->os.n ? c->os.at[0]->head.at : c->head.at, "a tree that is built"},
		};
		size_t first = 0;

		while (first < 4 && !ways[first].given)
			first++;
		if (first == 4)
			diag_help(r->diags, diag_add(r->diags, code, c->head.at, "container `%.*s` has no image", STR_ARG(c->head.name)),
				  "give it `image` or `archive`, or `rootfs` or `os` for a tree of an operating system");
		for (size_t i = first + 1; i < 4; i++)
			if (ways[i].given)
				diag_note(r->diags,
					  diag_add(r->diags, code, ways[i].at, "container `%.*s` is made of %s, and of %s", STR_ARG(c->head.name),
						   ways[first].what, ways[i].what),
					  ways[first].at, "%s", ways[first].what);
	}
}

static bool made_of(struct str s, const char *also)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.s[i] >= 'a' && s.s[i] <= 'z') && !(s.s[i] >= '0' && s.s[i] <= '9') && (!s.s[i] || !strchr(also, s.s[i])))
			return false;
	return s.n > 0 && s.n <= 128 && s.s[0] != '-';
}

/* One word, or a line of sources.list: what the builder is given, and part of the tree's name. */
static bool mirror_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.s[i] < ' ' || (unsigned char)s.s[i] >= 0x7f || s.s[i] == '|')
			return false;
	return s.n > 0 && s.n <= 1024 && s.s[0] != '-';
}

RULE(os_form)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		for (size_t i = 0; i < c->os.n; i++) {
			const struct m_os *os = c->os.at[i];

			if (i)
				diag_note(r->diags, diag_add(r->diags, code, os->head.at, "a container has one operating system"), c->os.at[0]->head.at, "the other one");
			if (!str_is(os->head.name, "debian") && !str_is(os->head.name, "ubuntu"))
				diag_help(r->diags, diag_add(r->diags, code, os->head.at, "`%.*s` is no distribution that can be built here", STR_ARG(os->head.name)),
					  "there are debian and ubuntu; unpack a tree of another one and name it with `rootfs`");
			if (os->release.set && !made_of(os->release.v, ".-_"))
				diag_add(r->diags, code, os->release.at, "a release is called by a word, like bookworm");
			for (size_t k = 0; k < os->packages.v.n; k++)
				if (!made_of(os->packages.v.at[k], "+.-:"))
					diag_add(r->diags, code, os->packages.at, "\"%.*s\" is no name of a package", STR_ARG(os->packages.v.at[k]));
			if (os->mirror.set && !mirror_ok(os->mirror.v))
				diag_add(r->diags, code, os->mirror.at, "a mirror is a URL or a line of sources.list");
		}
	}
}

/* What one of the two engines has no way to do. */
struct engine_only {
	bool given;
	struct span at;
	const char *name, *instead;
};

static void only_check(struct rules *r, enum diag_code code, const struct engine_only *all, size_t n, const char *whose)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].given)
			diag_help(r->diags, diag_add(r->diags, code, all[i].at, "%s is not for %s", all[i].name, whose), "%s", all[i].instead);
}

/* The first variable whose name has a dot. */
static const struct entry_STRING *dotted(const struct m_container *c)
{
	vec_each(const struct entry_STRING, e, &c->env)
		if (str_has(e->name, '.'))
			return e;
	return NULL;
}

static void not_for_trees(struct rules *r, enum diag_code code, const struct m_container *c)
{
	const struct entry_STRING *odd = dotted(c);
	bool boots = c->rare->boot.set && c->rare->boot.v;
	const struct engine_only all[] = {
		{c->rare->entrypoint.set, c->rare->entrypoint.at, "`entrypoint`", "a tree has none: write all in `command`"},
		{c->labels.n, c->labels.n ? c->labels.at[0].at : (struct span){0}, "`labels`", "they are marks of OCI containers; a tree has none"},
		{c->rare->env_files.v.n, c->rare->env_files.at, "`env-files`", "give the secret as a file: secret NAME -> /run/secrets/NAME"},
		{c->user.set, c->user.at, "`user`", "systemd-nspawn takes users from the tree's own database: let the program change to its user, or use users = private"},
		{c->groups.n, c->groups.n ? c->groups.at[0].at : (struct span){0}, "`groups`", "systemd-nspawn takes groups from the tree's own /etc/group"},
		{odd, odd ? odd->at : (struct span){0}, "a variable with a dot in its name", "systemd-nspawn takes letters, digits and `_` in names of variables"},
		{c->rare->shm_size.set, c->rare->shm_size.at, "`shm-size`", "write: tmpfs shm { at = /dev/shm; size = 1GiB }"},
		{boots && c->command.v.n, c->command.at, "`command`", "with boot = true the tree's own init says what runs"},
		{boots && c->rare->init.v, c->rare->init.at, "`init`", "with boot = true the tree has an init of its own"},
		{boots && c->rare->working_dir.set, c->rare->working_dir.at, "`working-dir`", "with boot = true the tree's own init says where programs start"},
		{c->rare->read_only.v && c->rare->ephemeral.set && c->rare->ephemeral.v, c->rare->ephemeral.at, "`ephemeral`", "what is read-only cannot be written to: leave one of the two out"},
	};

	only_check(r, code, all, sizeof all / sizeof all[0], "a container in a tree (rootfs, os)");
}

static void not_for_images(struct rules *r, enum diag_code code, const struct m_container *c)
{
	const struct engine_only all[] = {
		{c->rare->boot.set && c->rare->boot.v, c->rare->boot.at, "`boot`", "an image has an entry point; write `rootfs` for an operating system"},
		{c->rare->ephemeral.set, c->rare->ephemeral.at, "`ephemeral`", "what is written beside volumes is gone with every container of an image"},
		{c->rare->users.set && c->rare->users.v == WORD_USERS_private, c->rare->users.at, "`users`",
		 "podman cannot bring users of its own into a network that ctc has made: write user = 1000:1000, capabilities { drop = [ALL] } and no-new-privileges = true, or "
		 "unpack the image as a tree (rootfs)"},
	};

	only_check(r, code, all, sizeof all / sizeof all[0], "a container of an image");
}

RULE(engine_field)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (container_is_tree(c) && !c->image.set && !c->rare->archive.set)
			not_for_trees(r, code, c);
		else if (!container_is_tree(c))
			not_for_images(r, code, c);
	}
}

/* systemd-nspawn locks a tree that it may write to. */
static bool writes_to_tree(const struct m_container *c)
{
	return !c->rare->read_only.v && !(c->rare->ephemeral.set && c->rare->ephemeral.v);
}

static struct span tree_at(const struct m_container *c)
{
	return c->rare->rootfs.set ? c->rare->rootfs.at : c->os.at[0]->head.at;
}

RULE(rootfs_twice)
{
	struct map seen = {0};

	rules_each_container(m, r) {
		const struct m_container *later = m->container, *first;
		struct diag *d;

		if (!container_is_tree(later))
			continue;
		first = map_add(r->arena, &seen, later->rare->rootfs.set ? later->rare->rootfs.v : name_image(r->arena, later), (void *)(uintptr_t)later);
		if (!first || (!writes_to_tree(first) && !writes_to_tree(later)))
			continue;
		if (said_later(tree_at(first), &first->head, tree_at(later), &later->head))
			SWAP(first, later);
		d = diag_add(r->diags, code, tree_at(later), "two containers would run in one tree, and one of them writes to it");
		diag_note(r->diags, d, tree_at(first), "the other one");
		diag_help(r->diags, d, "give each a tree of its own, or make both `ephemeral = true`");
	}
}
