/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rehearsal, see rehearse.h. The units' texts are verified by systemd itself (systemd-analyze(1)), which reads files: they are written to a tmpfs that only this process and its
 * children see. */
#include "runtime/rehearse.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "lang/base/cleanup.h"
#include "runtime/fs.h"
#include "runtime/spawn.h"
#include "runtime/txn.h"

enum { VERIFY_MS = 120000, VERIFY_FIXED = 4 };

#define PLACE "/tmp"

/* An empty directory that nobody else sees. */
static int hide(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("ctstack-rehearsal", PLACE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return err_errno(e, -errno, "cannot make a place of its own for the units that systemd shall verify");
	int fd = open(PLACE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_errno(e, -errno, "cannot open " PLACE) : fd;
}

/* All of the manifest, since they refer to each other; the arguments are those that change. */
static int write_units(struct arena *a, const struct plan *p, int dir, const char **argv, size_t *n, struct err *e)
{
	const struct res_unit *u;
	struct slice s = plan_slice(p, RES_unit);

	manifest_each(unit, u, p->to) {
		int r = fs_replace(dir, u->res.id, u->text, 0600, e);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i].to)
			argv[(*n)++] = str_fmt(a, PLACE "/%.*s", STR_ARG(s.at[i].to->id)).s;
	return 0;
}

static int verify_units(struct host *h, const struct plan *p, struct err *e)
{
	_arena_ struct arena a = {0};
	const char **argv = arena_array(&a, plan_slice(p, RES_unit).n + VERIFY_FIXED, sizeof *argv);
	const struct spawn s = {.argv = argv, .within_ms = VERIFY_MS, .interrupted = h->interrupted};
	_spawned_ struct spawned done = {0};
	size_t n = 0;

	argv[n++] = "systemd-analyze";
	argv[n++] = "verify";
	argv[n++] = "--man=no";
	_fd_ int dir = hide(e);
	int r = dir < 0 ? dir : write_units(&a, p, dir, argv, &n, e);
	if (r < 0 || n == VERIFY_FIXED - 1)
		return r;
	r = spawn_run(&s, &done, e);
	if (r < 0)
		return r;
	if (done.status != 0)
		return err_set(e, -EINVAL, "systemd does not take the units: %.*s", STR_ARG(spawned_last_line(&done)));
	return 0;
}

int rehearse(struct host *h, const struct plan *p, struct err *e)
{
	int r = txn_prepare(h, p, e);

	return r < 0 ? r : verify_units(h, p, e);
}
