/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What containers need of the host: what they mount, devices, trees, programs, what the kernel or systemd must allow. */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/bind_impl.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/idmap.h"
#include "runtime/spawn.h"
#include "runtime/tunnel.h"

enum { STATUS_MAX = 65536 };

struct map started_by(struct arena *a, const struct plan *p)
{
	struct slice units = plan_slice(p, RES_unit);
	struct map started = {0};

	for (size_t i = 0; i < units.n; i++) {
		const struct res *u = units.at[i].to;

		if (u && u->owner.n)
			map_set(a, &started, u->owner, (void *)u);
	}
	return started;
}

/* What to do where a path that other tools' files often have is missing. */
static const char *mount_instead(struct str path)
{
	static const struct {
		const char *path, *instead;
	} known[] = {
		{"/etc/localtime", "say timezone = \"Europe/Berlin\" instead"},
		{"/etc/timezone", "say timezone = \"Europe/Berlin\" instead"},
		{"/run/docker.sock", "podman's own is /run/podman/podman.sock, while podman.socket runs"},
		{"/var/run/docker.sock", "podman's own is /run/podman/podman.sock, while podman.socket runs"},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (str_is(path, known[i].path))
			return known[i].instead;
	return "make it first, or use a volume, which is made";
}

static void check_mounts(struct host *h, const struct res_container *c, struct err *all)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (!str_is(c->mounts.at[i], "/" METRICS_DIR) && !fact_exists(h, c->mounts.at[i])) {
			_buf_ struct buf path = {0};
			struct err one = {0};

			path_text(c->mounts.at[i], &path);
			err_set(&one, -ENOENT, "%.*s mounts %.*s, which is not on this host: %s", STR_ARG(c->res.id), STR_ARG(buf_view(&path)),
				mount_instead(c->mounts.at[i]));
			if (i < c->mount_origins.n)
				err_origin(&one, c->mount_origins.at[i]);
			err_resource(&one, c->res.id);
			err_also(all, &one);
		}
}

/* What a container needs besides mounts: the word before "=" in res_container.needs, how it is looked for, and the end of the sentence where it is missing. */
static bool has_device(struct host *h, struct str path)
{
	return fact_is_device(h, path);
}

/* Of a directory, podman gives whatever nodes are in it when the container starts. */
static bool has_devices(struct host *h, struct str path)
{
	return fact_is_device(h, path) || fact_is_directory(h, path);
}

static bool has_zone(struct host *h, struct str name)
{
	_arena_ struct arena a = {0};

	return fact_exists(h, STR_JOIN(&a, STR("usr/share/zoneinfo/"), name));
}

static bool has_rootfs(struct host *h, struct str path)
{
	return fact_exists(h, path);
}

static bool has_point(struct host *h, struct str path)
{
	return fact_exists(h, path);
}

static bool has_nspawn(struct host *h, struct str none)
{
	(void)none;
	return fact_exists(h, STR("usr/bin/systemd-nspawn"));
}

static bool has_dissect(struct host *h, struct str none)
{
	(void)none;
	return fact_exists(h, STR("usr/bin/systemd-dissect"));
}

static bool has_init(struct host *h, struct str none)
{
	(void)none;
	return fact_init(h);
}

/* Whether what systemd starts may raise any limit: the bounding set of the first process has CAP_SYS_RESOURCE (capabilities(7)). What cannot be read is no reason to refuse. */
static bool has_any_limit(struct host *h, struct str none)
{
	static const char name[] = "\nCapBnd:\t";
	_arena_ struct arena a = {0};
	struct err unread;
	struct str text;

	(void)none;
	if (fs_read(h->root_fd, STR("proc/1/status"), STATUS_MAX, &a, &text, &unread) < 0)
		return true;
	const char *at = memmem(text.s, text.n, name, sizeof name - 1);
	return !at || strtoull(at + sizeof name - 1, NULL, 16) >> CAP_SYS_RESOURCE & 1;
}

/* The kernel looks at nothing else before it says that it has no such call. */
static bool has_readonly(struct host *h, struct str none)
{
	struct mount_attr attr = {0};

	(void)h;
	(void)none;
	return mount_setattr(-1, "", 0, &attr, 0) == 0 || errno != ENOSYS;
}

static bool has_wg(struct host *h, struct str none)
{
	char path[256];

	(void)h;
	(void)none;
	return spawn_find("wg", path, sizeof path);
}

static bool has_wireguard(struct host *h, struct str none)
{
	(void)none;
	return tunnel_possible(h);
}

static bool has_mapped(struct host *h, struct str path)
{
	return idmap_path(h, path);
}

static bool has_mapped_memory(struct host *h, struct str none)
{
	(void)h;
	(void)none;
	return idmap_memory();
}

static const struct need {
	const char *word;
	bool (*there)(struct host *h, struct str value);
	const char *missing;	/* %.*s: the value */
} needs[] = {
	{"device", has_device,
	 "wants the device %.*s, and there is no such device node on this host: load its driver, plug it in, or leave it out; of a directory, name the nodes, since systemd-nspawn is given one by one"},
	{"devices", has_devices, "wants the device %.*s, and there is no such device node or directory of nodes on this host: load its driver, plug it in, or leave it out"},
	{"zone", has_zone, "is in the time zone %.*s, which this host does not know: install tzdata, or write the name as in /usr/share/zoneinfo"},
	{"rootfs", has_rootfs, "runs in the tree %.*s, which is not on this host: make it first, with mmdebstrap or by unpacking one"},
	{"point", has_point, "is read-only and has something mounted at %.*s, which is not in its tree: make an empty file or directory there, or leave read-only out"},
	{"nspawn", has_nspawn, "runs in a tree, which systemd-nspawn does, and it is not installed: apt-get install systemd-container%.*s"},
	{"dissect", has_dissect, "runs in a disk image, which systemd-dissect mounts, and it is not installed: apt-get install systemd-container%.*s"},
	{"mapped", has_mapped,
	 "has private users, and the kernel cannot show them the files of %.*s as they are: keep those on a file system with idmapped mounts (ext4, xfs, btrfs), or leave "
	 "`users` out"},
	{"mapped-memory", has_mapped_memory,
	 "has private users and secrets, and this kernel has no memory for these that is never swapped and can be shown to those: boot Linux 6.4 or newer%.*s, or leave `users` out"},
	{"any-limit", has_any_limit,
	 "has `ulimits`, and where these do not give both nofile and nproc, podman sets the missing ones to as much as there is, which this host does not allow (it has no CAP_SYS_RESOURCE): give both, such as "
	 "nofile = 1024 and nproc = 4096%.*s"},
	{"readonly", has_readonly, "may only read something of the host, with all that is mounted below it, and this kernel cannot keep it to that: boot Linux 5.12 or newer%.*s"},
	{"wg", has_wg, "has a tunnel, which wg configures, and it is not installed: apt-get install wireguard-tools, or what this distribution calls it%.*s"},
	{"wireguard", has_wireguard, "has a tunnel, and this host has no WireGuard: boot a kernel that has it, or apt-get install wireguard-go, which needs /dev/net/tun%.*s"},
	{"init", has_init, "asks for a first process of podman's (init = true), which is not installed: apt-get install catatonit%.*s"},
};

int need_refuse(const struct res_container *c, struct str need, struct err *e)
{
	struct str value, word = str_cut(need, '=', &value);
	_buf_ struct buf shown = {0};
	char what[500] = "lacks something";

	if (str_starts(value, STR("/")))
		path_text(value, &shown);
	else
		buf_str(&shown, value);
	for (size_t k = 0; k < sizeof needs / sizeof needs[0]; k++)
		if (str_is(word, needs[k].word))
			snprintf(what, sizeof what, needs[k].missing, STR_ARG(buf_view(&shown)));
	err_set(e, -ENOENT, "%.*s %s", STR_ARG(c->res.id), what);
	return err_resource(e, c->res.id);
}

static void check_needs(struct host *h, const struct res_container *c, struct err *all)
{
	for (size_t i = 0; i < c->needs.n; i++)
		for (size_t k = 0; k < sizeof needs / sizeof needs[0]; k++) {
			struct str value, word = str_cut(c->needs.at[i], '=', &value);
			struct err one = {0};

			if (str_is(word, needs[k].word) && !needs[k].there(h, value)) {
				need_refuse(c, c->needs.at[i], &one);
				err_also(all, &one);
			}
		}
}

int containers_check(struct host *h, const struct plan *p, struct err *e)
{
	_arena_ struct arena a = {0};
	const struct map started = started_by(&a, p);
	const struct res_container *c;
	struct err all = {0};

	manifest_each(container, c, p->to) {
		if (!map_get(&started, c->res.id))
			continue;
		check_mounts(h, c, &all);
		check_needs(h, c, &all);
	}
	if (all.code)
		*e = all;
	return all.code;
}
