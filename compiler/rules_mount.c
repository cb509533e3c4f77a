/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about what containers see of the host's file system: paths that are taken twice, that hide each
 * other, or that are not for mounts; and directories that two containers want with different owners. */
#include "compiler/rules_impl.h"

#include "compiler/names.h"
#include "lang/base/path.h"
#include "lang/base/sort.h"

/* A place in the container: of a volume, a mount, a secret or a tmpfs. */
struct mounted {
	struct str path;
	struct span at;
	bool secret;	/* one file, which hides nothing but itself */
};

static int cmp_mounted(const void *x, const void *y)
{
	const struct mounted *a = x, *b = y;
	int c = path_cmp(a->path, b->path);

	return c ? c : (a->at.lo > b->at.lo) - (a->at.lo < b->at.lo);
}

/* Sorted by path. In the arena. */
static size_t mounted_of(struct rules *r, const struct m_container *c, struct mounted **ret)
{
	struct mounted *all = arena_array(r->arena, c->volume.n + c->mount.n + c->secret.n + c->tmpfs.n, sizeof *all);
	size_t n = 0;

	vec_each(struct m_volume *const, v, &c->volume)
		all[n++] = (struct mounted){.path = path_trimmed((*v)->at.v), .at = (*v)->at.at};
	for (size_t i = 0; i < c->mount.n; i++)
		all[n++] = (struct mounted){.path = path_trimmed(c->mount.at[i].right.v), .at = c->mount.at[i].right.at};
	for (size_t i = 0; i < c->secret.n; i++)
		all[n++] = (struct mounted){.path = path_trimmed(c->secret.at[i].right.v), .at = c->secret.at[i].right.at, .secret = true};
	vec_each(struct m_tmpfs *const, t, &c->tmpfs)
		all[n++] = (struct mounted){.path = path_trimmed((*t)->at.v), .at = (*t)->at.at};
	sort_array(all, n, sizeof *all, cmp_mounted);
	*ret = all;
	return n;
}

RULE(mount_twice)
{
	rules_each_container(m, r) {
		struct mounted *all;
		size_t n = mounted_of(r, m->container, &all);

		for (size_t i = 1; i < n; i++) {
			struct span at = all[i].at, first = all[i - 1].at;

			if (!str_eq(all[i].path, all[i - 1].path))
				continue;
			if (said_elsewhere(r, &m->container->head, at))
				SWAP(at, first);
			diag_note(r->diags, diag_add(r->diags, code, at, "%.*s is mounted twice", STR_ARG(all[i].path)), first, "first here");
		}
	}
}

RULE(mount_inside)
{
	rules_each_container(m, r) {
		struct mounted *all;
		size_t n = mounted_of(r, m->container, &all);

		for (size_t i = 1, outer = 0; i < n; i++) {
			if (all[i].secret)
				continue;
			if (path_inside(all[i].path, all[outer].path))
				diag_note(r->diags,
					  diag_add(r->diags, code, all[i].at,
						   "%.*s hides what %.*s holds there", STR_ARG(all[i].path),
						   STR_ARG(all[outer].path)),
					  all[outer].at, "mounted here");
			else
				outer = i;
		}
	}
}

/* What the engine or ctc itself mounts; `below`: nor anything inside it. */
static const struct {
	const char *path;
	bool below;
	const char *why, *instead;
} reserved[] = {
    {"/", false, "the image is there", "mount it at a place of its own, such as /data"},
    {"/proc", true, "the kernel's own file system is there", "leave it out: the container has one; the host's can stand elsewhere, such as at /host/proc"},
    {"/sys", true, "the kernel's own file system is there", "leave it out: the container has one; the host's can stand elsewhere, such as at /host/sys"},
    {"/dev", false, "the container's devices are there", "device NAME { from = /dev/… } for each that it needs"},
    {"/etc/ctstack", true, "the configuration of a reverse proxy is there", "mount it at a place of its own"},
    {"/etc/hosts", false, "the names of the container's peers are there", "leave it out: it knows by name whom an `allow` lets it reach"},
};

RULE(mount_reserved)
{
	rules_each_container(m, r) {
		struct mounted *all;
		size_t n = mounted_of(r, m->container, &all);

		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof reserved / sizeof reserved[0]; k++) {
				struct str path = str_of(reserved[k].path);

				if (str_eq(all[i].path, path) ||
				    (reserved[k].below && path_inside(all[i].path, path)))
					diag_help(r->diags,
						  diag_add(r->diags, code, all[i].at,
							   "nothing can be mounted at %.*s: %s", STR_ARG(all[i].path),
							   reserved[k].why),
						  "%s", reserved[k].instead);
			}
	}
}

/* ---- the host's side ---- */

/* A directory or file of the host that a container is shown. */
struct shown {
	struct str path;
	struct span at;
	bool readonly;
};

static size_t shown_of(struct rules *r, const struct m_container *c, struct shown **ret)
{
	struct shown *all = arena_array(r->arena, c->volume.n + c->mount.n, sizeof *all);
	size_t n = 0;

	vec_each(struct m_volume *const, v, &c->volume)
		all[n++] = (struct shown){path_trimmed(name_volume(r->arena, c, *v)), (*v)->from.given ? (*v)->from.at : (*v)->head.at, (*v)->readonly.v};
	for (size_t i = 0; i < c->mount.n; i++)
		all[n++] = (struct shown){path_trimmed(c->mount.at[i].left.v), c->mount.at[i].left.at, c->mount.at[i].block && c->mount.at[i].block->readonly.v};
	*ret = all;
	return n;
}

static int cmp_shown(const void *x, const void *y)
{
	const struct shown *a = x, *b = y;
	const struct mounted p = {.path = a->path, .at = a->at}, q = {.path = b->path, .at = b->at};

	return cmp_mounted(&p, &q);
}

/* Sorted, what is inside a path follows it directly. A part that may be written of a whole that may only be read is meant. */
RULE(volume_overlap)
{
	rules_each_container(m, r) {
		struct shown *all;
		size_t n = shown_of(r, m->container, &all), outer = 0;

		sort_array(all, n, sizeof *all, cmp_shown);
		for (size_t i = 1; i < n; i++) {
			bool inside = str_eq(all[i].path, all[outer].path) || path_inside(all[i].path, all[outer].path);

			if (!inside)
				outer = i;
			if (!inside || all[i].readonly != all[outer].readonly)
				continue;
			diag_note(r->diags,
				  diag_add(r->diags, code, all[i].at, "the container is shown %.*s already, with %.*s", STR_ARG(all[i].path),
					   STR_ARG(all[outer].path)),
				  all[outer].at, "here");
		}
	}
}

static const char *const own_places[] = {"/run/ctstack", "/var/lib/ctstack", "/run/credentials"};

RULE(host_reserved)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct shown *all;
		size_t n = shown_of(r, c, &all);

		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof own_places / sizeof own_places[0]; k++) {
				struct str place = str_of(own_places[k]);
				bool given = i >= c->volume.n || c->volume.at[i]->from.set;

				if (given && (str_eq(all[i].path, place) || path_inside(all[i].path, place)))
					diag_help(r->diags,
						  diag_add(r->diags, code, all[i].at, "%.*s holds what ctc and systemd keep for themselves, secrets among it", STR_ARG(place)),
						  "keep data elsewhere, such as in /srv");
			}
	}
}

/* Whether it may read what only root may: its root is the host's where its users are. */
static bool reads_as_root(const struct m_container *c)
{
	bool somebody = c->user.set && c->user.v.uid && !(c->capabilities && c->capabilities->add.v.n);

	return !users_are_private(c) && !somebody;
}

RULE(mount_secrets)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct shown *all;
		size_t n = reads_as_root(c) ? shown_of(r, c, &all) : 0;

		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < sizeof own_places / sizeof own_places[0]; k++) {
				struct str place = str_of(own_places[k]);

				if (!str_is(all[i].path, "/") && !path_inside(place, all[i].path))
					continue;
				diag_help(r->diags,
					  diag_add(r->diags, code, all[i].at, "with %.*s, container `%.*s` is shown %.*s, and the secrets of others there", STR_ARG(all[i].path),
						   STR_ARG(c->head.name), STR_ARG(place)),
					  "mount what it needs of it, or let it run as nobody: user = 65534:65534");
				break;
			}
	}
}

/* Whoever writes `from` means the same directory; whoever gives a category does not. */
RULE(volume_same)
{
	struct map seen = {0};

	rules_each_container(m, r)
		vec_each(struct m_volume *const, v, &m->container->volume) {
			const struct m_volume *first, *later = *v;
			struct str path;
			struct diag *d;

			if (later->from.set || !later->category.set)
				continue;
			path = name_volume(r->arena, m->container, later);
			first = map_add(r->arena, &seen, path, *v);
			if (!first)
				continue;
			if (said_later(first->head.at, &first->head, later->head.at, &later->head))
				SWAP(first, later);
			d = diag_add(r->diags, code, later->head.at, "volume `%.*s` is kept in %.*s, which another volume has", STR_ARG(later->head.name), STR_ARG(path));
			diag_note(r->diags, d, first->head.at, "this one");
			diag_help(r->diags, d, "say with `from` where one of them is kept, or that they are one");
		}
}

static bool agree(const struct m_volume *a, const struct m_volume *b)
{
	return a->owner.v.uid == b->owner.v.uid && a->owner.v.gid == b->owner.v.gid && a->mode.v == b->mode.v;
}

RULE(directory_differs)
{
	struct map seen = {0};

	rules_each_container(m, r)
		vec_each(struct m_volume *const, v, &m->container->volume) {
			struct str path = path_trimmed(name_volume(r->arena, m->container, *v));
			const struct m_volume *first = map_add(r->arena, &seen, path, *v), *later = *v;

			if (!first || agree(first, later))
				continue;
			if (said_later(first->head.at, &first->head, later->head.at, &later->head))
				SWAP(first, later);
			diag_note(r->diags,
				  diag_add(r->diags, code,
					   later->owner.given  ? later->owner.at
					   : later->mode.given ? later->mode.at
							       : later->head.at,
					   "volume `%.*s` wants its directory with owner %u:%u and mode "
					   "0%llo, another one with %u:%u and 0%llo",
					   STR_ARG(later->head.name), later->owner.v.uid, later->owner.v.gid,
					   (unsigned long long)later->mode.v, first->owner.v.uid,
					   first->owner.v.gid, (unsigned long long)first->mode.v),
				  first->head.at, "the other volume of %.*s", STR_ARG(path));
		}
}

/* A host path that one container may write while another one has it mounted, too: the second one that may write it is told. */
RULE(mount_writable)
{
	struct map writers = {0};

	rules_each_container(m, r)
		for (size_t i = 0; i < m->container->mount.n; i++) {
			__typeof__(m->container->mount.at) mount = &m->container->mount.at[i];
			const struct net_member *first;

			if (mount->block && mount->block->readonly.v)
				continue;
			first = map_add(r->arena, &writers, path_trimmed(mount->left.v), (void *)(uintptr_t)m);
			if (!first || first == m)
				continue;
			struct diag *d = diag_add(r->diags, code, mount->left.at, "%.*s is also container `%.*s`'s to write", STR_ARG(mount->left.v), STR_ARG(first->full));
			for (size_t k = 0; k < first->container->mount.n; k++)
				if (str_eq(path_trimmed(first->container->mount.at[k].left.v), path_trimmed(mount->left.v)))
					diag_note(r->diags, d, first->container->mount.at[k].left.at, "mounted here");
			diag_help(r->diags, d, "mount it { readonly = true } in those that only read it; where all write, say why: # ctc: allow mount-writable: …");
		}
}

/* Below /dev, and no device: what programs share or speak through; or one that engines let every container open (runc). */
static bool is_no_device(struct str path)
{
	static const char *const others[] = {"/dev/shm", "/dev/log", "/dev/mqueue", "/dev/hugepages", "/dev/pts", "/dev/net"};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (str_is(path, others[i]) || path_inside(path, str_of(others[i])))
			return true;
	return false;
}

RULE(mount_device)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		for (size_t i = 0; i < c->mount.n; i++) {
			struct str from = path_trimmed(c->mount.at[i].left.v);

			if (!path_inside(from, STR("/dev")) || is_no_device(from))
				continue;
			struct diag *d = diag_add(r->diags, code, c->mount.at[i].left.at, "container `%.*s` would see %.*s, and could not open it: a mount gives no right to a device",
						  STR_ARG(c->head.name), STR_ARG(from));
			if (str_starts(from, STR("/dev/nvidia")) || str_starts(from, STR("/dev/dri")) || str_starts(from, STR("/dev/kfd")))
				diag_help(r->diags, d, "of a GPU: gpu = %s", str_starts(from, STR("/dev/nvidia")) ? "nvidia" : str_starts(from, STR("/dev/kfd")) ? "amd" : "intel, or amd");
			else
				diag_help(r->diags, d, "device NAME { from = %.*s }", STR_ARG(from));
		}
	}
}
