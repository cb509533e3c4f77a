/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is wrong with where a container's processes are, which its unit does not show: their network namespace may be gone, and so may a file or directory of ours that is mounted for them. What has
 * its name now is another one, of which they see nothing until they are started again. */
#include "runtime/unit_process.h"

#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/ns.h"
#include "runtime/unit_drift.h"

#define GONE "//deleted" /* behind a path in /proc/PID/mountinfo */

enum { PROCS_MAX = 1 << 20, MOUNTS_MAX = 16 << 20 };

struct str unit_netns(const struct res_unit *u)
{
	static const char *const words[] = {"\t--network=ns:/" NETNS_DIR "/", "\nNetworkNamespacePath=/" NETNS_DIR "/"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		const char *at = memmem(u->text.s, u->text.n, words[i], strlen(words[i])), *end = u->text.s + u->text.n;
		size_t n = 0;

		if (!at)
			continue;
		for (at += strlen(words[i]); at + n < end && at[n] > ' '; n++)
			;
		return (struct str){at, n};
	}
	return STR("");
}

/* A process of the container: podman's are in a group of their own (--cgroups=split); systemd-nspawn, which is in the namespace itself, is in `supervisor` or in the unit's group. */
static long process_of(struct host *h, struct arena *a, struct str cgroup)
{
	struct str unit = str_fmt(a, "sys/fs/cgroup%.*s", STR_ARG(cgroup)), group = unit, text;
	struct strs groups;
	struct err ignored;

	if (fact_list(h, unit, a, &groups, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < groups.n; i++)
		if (str_starts(groups.at[i], STR("libpod-payload")) || (str_eq(group, unit) && str_is(groups.at[i], "supervisor")))
			group = str_fmt(a, "%.*s/%.*s", STR_ARG(unit), STR_ARG(groups.at[i]));
	if (fact_read(h, str_fmt(a, "%.*s/cgroup.procs", STR_ARG(group)), PROCS_MAX, a, &text, &ignored) < 0)
		return 0;
	return strtol(text.s, NULL, 10);
}

static bool is_astray(struct host *h, struct arena *a, struct str netns, long pid)
{
	struct stat own, wanted;
	struct err ignored;
	_fd_ int ns = ns_open(h, netns, &ignored);

	if (fstatat(h->root_fd, str_fmt(a, "proc/%ld/ns/net", pid).s, &own, 0) < 0)
		return false;
	return ns == -ENOENT || (ns >= 0 && fstat(ns, &wanted) == 0 && (own.st_ino != wanted.st_ino || own.st_dev != wanted.st_dev));
}

/* A mount: of which device, which directory or file of that, and where. */
struct mount {
	struct str device, root, at;
};

/* A word of /proc/PID/mountinfo, in which blanks and backslashes are octal. */
static struct str mount_word(struct arena *a, struct str word)
{
	char *to = arena_array(a, word.n + 1, sizeof *to);
	size_t n = 0;

	for (size_t i = 0; i < word.n; i++) {
		bool octal = word.s[i] == '\\' && i + 3 < word.n;

		to[n++] = (char)(octal ? (word.s[i + 1] - '0') << 6 | (word.s[i + 2] - '0') << 3 | (word.s[i + 3] - '0') : word.s[i]);
		i += octal ? 3 : 0;
	}
	return (struct str){to, n};
}

/* The first one of a text of such lines, which is cut off. */
static struct mount mount_next(struct arena *a, struct str *text)
{
	struct str line = str_cut(*text, '\n', text), word[5];

	for (size_t i = 0; i < sizeof word / sizeof word[0]; i++)
		word[i] = str_cut(line, ' ', &line);
	return (struct mount){word[2], mount_word(a, word[3]), mount_word(a, word[4])};
}

/* What is behind the path: of the mounts above it the lowest counts, and of those at one place the last. */
static struct mount behind(struct arena *a, struct str mounts, struct str path)
{
	struct mount best = {0}, m;

	while (mounts.n) {
		bool all = (m = mount_next(a, &mounts)).at.n == 1;

		if (m.at.n >= best.at.n && str_starts(path, m.at) && (all || path.n == m.at.n || path.s[m.at.n] == '/'))
			best = m;
	}
	size_t above = best.at.n == 1 ? 0 : best.at.n;
	best.root = STR_JOIN(a, best.root.n == 1 ? STR("") : best.root, (struct str){path.s + above, path.n - above});
	return best;
}

static bool is_behind(struct arena *a, struct str mounts, struct str path, const struct mount *gone)
{
	size_t above = fs_parent(path).n;
	struct mount m;

	if (!str_ends(gone->root, (struct str){path.s + above, path.n - above})) /* most have another name */
		return false;
	m = behind(a, mounts, path);
	return str_eq(m.device, gone->device) && str_eq(m.root, gone->root);
}

/* Whether it is what a file or directory of ours was, or is by its name. */
static bool was_ours(struct host *h, struct arena *a, const struct manifest *known, const struct mount *gone)
{
	const struct res_directory *d;
	const struct res_file *f;
	struct err ignored;
	struct str mounts;

	if (fact_read(h, STR("proc/self/mountinfo"), MOUNTS_MAX, a, &mounts, &ignored) < 0)
		return false;
	manifest_each(file, f, known)
		if (is_behind(a, mounts, f->res.id, gone))
			return true;
	manifest_each(directory, d, known)
		if (is_behind(a, mounts, d->res.id, gone))
			return true;
	return false;
}

/* Whether it is shown a file or directory of ours that was deleted, or replaced as editors do: what stands there now is another one. */
static bool is_left_behind(struct host *h, struct arena *a, const struct manifest *known, long pid)
{
	struct str mounts;
	struct err ignored;

	if (fact_read(h, str_fmt(a, "proc/%ld/mountinfo", pid), MOUNTS_MAX, a, &mounts, &ignored) < 0)
		return false;
	while (mounts.n) {
		struct mount m = mount_next(a, &mounts);

		if (!str_ends(m.root, STR(GONE)))
			continue;
		m.root.n -= sizeof GONE - 1;
		if (was_ours(h, a, known, &m))
			return true;
	}
	return false;
}

const char *unit_process_fault(struct host *h, const struct manifest *known, const struct res_unit *u, struct str cgroup)
{
	_arena_ struct arena a = {0};
	struct str netns = unit_netns(u);
	long pid = cgroup.n ? process_of(h, &a, cgroup) : 0;

	if (pid <= 0)
		return NULL;
	if (netns.n && is_astray(h, &a, netns, pid))
		return UNIT_ASTRAY;
	return is_left_behind(h, &a, known, pid) ? UNIT_LEFT_BEHIND : NULL;
}
