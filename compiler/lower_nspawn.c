/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine that runs operating-system trees: systemd-nspawn, in the unit's own control group. A tree's own init is started (`boot`), or one program. All settings are on the
 * command line; a .nspawn file that lies beside the tree is never read. spec/units.md says what each field becomes and why. */
#include <assert.h>
#include <inttypes.h>

#include "compiler/lower_engine.h"
#include "lang/schema.h"

static bool boots(const struct m_container *c)
{
	return c->rare->boot.set && c->rare->boot.v;
}

/* A field of --bind= and --tmpfs=, which are divided by colons. */
static void colon_field(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.s[i] == ':' || value.s[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, value.s[i]);
	}
}

static void device_allow(struct unit_of *u, struct str path, bool readonly)
{
	PUT(u->out, STR("DeviceAllow="));
	unit_item(u->out, path);
	PUT(u->out, readonly ? STR(" r\n") : STR(" rw\n"));
}

static void nspawn_supervise(struct unit_of *u)
{
	const struct m_container *c = u->c;

	/* systemd-nspawn itself runs in the container's network: it mounts /sys, which shows the network of who mounts it. */
	if (u->netns.n)
		PUT(u->out, STR("NetworkNamespacePath=/run/netns/"), u->netns, STR("\n"));
	PUT(u->out, container_runs_once(c) ? STR(UNIT_ONCE) : STR("Type=notify\nNotifyAccess=main\n"), STR("Delegate=yes\nKillMode=mixed\n"));
	/* 133: the system in it was rebooted. */
	if (boots(c))
		PUT(u->out, STR("RestartForceExitStatus=133\nSuccessExitStatus=133\n"));
	/* What the tree looks like does not tell: this host has nothing but cgroup v2. */
	PUT(u->out, STR("Environment=SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1\nDevicePolicy=closed\nDeviceAllow=char-pts rw\n"));
	if (container_is_disk(c))
		PUT(u->out, STR("DeviceAllow=/dev/loop-control rw\nDeviceAllow=block-loop rw\nDeviceAllow=block-blkext rw\n"));
	if (c->rare->tun.v)
		device_allow(u, STR("/dev/net/tun"), false);
	vec_each(struct m_device *const, d, &c->device)
		device_allow(u, (*d)->from.v, (*d)->readonly.v);
	if (c->rare->gpu.set)
		unit_late(u, STR("gpu-allow"), gpu_wanted(u->arena, c), true);
}

static void bind_arg(struct unit_of *u, struct str from, struct str to, bool readonly, bool mapped)
{
	assert(!unit_path_refused(from) && !unit_path_refused(to));
	u->word->n = 0;
	PUT(u->word, readonly ? STR("--bind-ro=") : STR("--bind="));
	colon_field(u->word, from);
	buf_addc(u->word, ':');
	colon_field(u->word, to);
	/* What a private user writes belongs, on the host, to the user of that number there. */
	if (mapped)
		PUT(u->word, STR(":idmap"));
	unit_arg(u->out, buf_view(u->word));
}

static void nspawn_mounts(struct unit_of *u)
{
	const struct m_container *c = u->c;

	for (size_t i = 0; i < u->netc; i++)
		bind_arg(u, u->etc[i].from, u->etc[i].to, u->etc[i].readonly, false);
	for (size_t i = 0; i < u->nmounts; i++)
		bind_arg(u, u->mounts[i].from, u->mounts[i].to, u->mounts[i].readonly, u->mounts[i].mapped);
	if (c->rare->timezone.set)
		bind_arg(u, STR_JOIN(u->arena, STR("/usr/share/zoneinfo/"), c->rare->timezone.v), STR("/etc/localtime"), true, false);
	if (c->rare->tun.v)
		bind_arg(u, STR("/dev/net/tun"), STR("/dev/net/tun"), false, false);
	vec_each(struct m_device *const, d, &c->device)
		bind_arg(u, (*d)->from.v, device_seen_at(*d), false, false);
	vec_each(struct m_tmpfs *const, at, &c->tmpfs) {
		u->word->n = 0;
		PUT(u->word, STR("--tmpfs="));
		colon_field(u->word, (*at)->at.v);
		buf_fmt(u->word, ":mode=0%" PRIo64, (uint64_t)(*at)->mode.v);
		if ((*at)->size.set)
			buf_fmt(u->word, ",size=%" PRId64, (*at)->size.v);
		unit_arg(u->out, buf_view(u->word));
	}
}

/* Added to and taken from nspawn's own set; it takes away last, so that "all but these" is a list. */
static void nspawn_capabilities(struct unit_of *u)
{
	const struct word_list *add = &u->c->capabilities->add.v, *drop = &u->c->capabilities->drop.v;
	struct word_range all = type_words(T_CAPABILITY);
	bool drops_all = drop->n == 1 && drop->at[0] == WORD_CAPABILITY_all;

	for (size_t i = 0; i < add->n; i++)
		ARG(u, STR("--capability="), add->at[i] == WORD_CAPABILITY_all ? STR("all") : STR_JOIN(u->arena, STR("CAP_"), word_texts[add->at[i]]));
	for (unsigned w = all.lo; w < (unsigned)all.hi; w++) {
		bool dropped = drops_all && w != WORD_CAPABILITY_all;

		for (size_t i = 0; i < add->n; i++)
			dropped &= add->at[i] != (enum word)w;
		for (size_t i = 0; !drops_all && i < drop->n; i++)
			dropped |= drop->at[i] == (enum word)w;
		if (dropped)
			ARG(u, STR("--drop-capability=CAP_"), word_texts[w]);
	}
}

static void rlimit_arg(struct unit_of *u, struct str kernel, int64_t v)
{
	ARG(u, STR("--rlimit="), kernel, STR("="), v == INT64_MAX ? STR("infinity") : str_fmt(u->arena, "%" PRId64, v));
}

static void nspawn_rlimits(struct unit_of *u)
{
	const struct m_ulimits *l = u->c->ulimits;

#define ULIMIT(name, kernel) \
	if (l && l->name.set) \
		rlimit_arg(u, STR(kernel), l->name.v);
	ULIMITS(ULIMIT)
#undef ULIMIT
}

static void nspawn_process(struct unit_of *u)
{
	const struct m_container *c = u->c;

	if (boots(c))
		PUT(u->out, STR("\t--boot \\\n\t--notify-ready=yes \\\n\t--console=read-only \\\n\t--link-journal=try-guest \\\n"));
	else
		PUT(u->out, STR("\t--console=pipe \\\n\t--link-journal=no \\\n"));
	if (c->rare->init.v)
		PUT(u->out, STR("\t--as-pid2 \\\n"));
	if (users_are_private(c))
		PUT(u->out, STR("\t--private-users=pick \\\n\t--private-users-ownership="), tree_is_mapped(c) ? STR("map") : STR("auto"), STR(" \\\n"));
	if (c->rare->ephemeral.set && c->rare->ephemeral.v)
		PUT(u->out, STR("\t--volatile=overlay \\\n"));
	if (c->rare->read_only.v)
		PUT(u->out, STR("\t--read-only \\\n\t--tmpfs=/var/tmp:mode=01777 \\\n"));
	if (c->rare->no_new_privileges.v)
		PUT(u->out, STR("\t--no-new-privileges=yes \\\n"));
	if (c->rare->tun.v)
		PUT(u->out, STR("\t--capability=CAP_NET_ADMIN \\\n"));
	if (c->capabilities)
		nspawn_capabilities(u);
	nspawn_rlimits(u);
	if (c->rare->working_dir.set)
		ARG(u, STR("--chdir="), c->rare->working_dir.v);
	/* An init of systemd's shuts down at another signal, which nspawn knows. */
	if (c->rare->stop_signal.set || !boots(c))
		ARG(u, STR("--kill-signal="), c->rare->stop_signal.set ? word_texts[c->rare->stop_signal.v] : STR("SIGTERM"));
}

/* systemd-nspawn mounts images only while it runs in the host's network, since it listens for udev there: the image is mounted for it, by the program that systemd has for that. */
static void image_mount(struct unit_of *u)
{
	const struct m_container *c = u->c;
	bool written = !c->rare->read_only.v && !(c->rare->ephemeral.set && c->rare->ephemeral.v);

	u->tree = STR_JOIN(u->arena, STR("/run/ctstack/trees/"), u->name);
	PUT(u->out, STR("ExecStartPre=mkdir -p "), u->tree, STR("\nExecStartPre=nsenter --target 1 --net --mount systemd-dissect "),
	    written ? STR("--mount ") : STR("--read-only --mount "));
	unit_word(u->out, c->rare->rootfs.v);
	PUT(u->out, STR(" "), u->tree, STR("\n"));
}

/* What stands behind all options: a program and its arguments, or words for the tree's own init. systemd takes its host name from the tree's /etc/hostname unless it is told so. */
static void nspawn_program(struct unit_of *u)
{
	if (boots(u->c)) {
		PUT(u->out, STR("\t-- \\\n\t"));
		unit_word(u->out, STR_JOIN(u->arena, STR("systemd.hostname="), container_hostname(u->c)));
		PUT(u->out, STR("\n"));
		return;
	}
	PUT(u->out, STR("\t-- \\\n"));
	for (size_t i = 0; i < u->command.n; i++) {
		PUT(u->out, STR("\t"));
		unit_word(u->out, u->command.at[i]);
		PUT(u->out, i + 1 < u->command.n ? STR(" \\\n") : STR("\n"));
	}
}

static void nspawn_start(struct unit_of *u)
{
	const struct m_container *c = u->c;

	u->tree = c->rare->rootfs.v;
	if (container_is_disk(c))
		image_mount(u);

	for (size_t i = 0; i < u->nswitches; i++) {
		PUT(u->out, STR("ExecStartPre=sysctl --quiet --write "));
		unit_word(u->out, STR_JOIN(u->arena, u->switches[i].name, STR("="), u->switches[i].value));
		PUT(u->out, STR("\n"));
	}
	PUT(u->out, STR("ExecStart="));
	unit_once(u, STR(""));
	PUT(u->out, STR("systemd-nspawn \\\n\t--quiet \\\n\t--settings=no \\\n\t--keep-unit \\\n\t--timezone=off \\\n"));
	/* In a network of its own, the host's name server on 127.0.0.53 answers nobody. */
	PUT(u->out, u->netns.n ? STR("\t--resolv-conf=off \\\n") : STR("\t--resolv-conf=auto \\\n"));
	ARG(u, STR("--machine="), u->name);
	if (c->os.n)
		unit_late(u, STR("tree"), name_image(u->arena, c), false);
	else
		ARG(u, STR("--directory="), u->tree);
	ARG(u, STR("--hostname="), container_hostname(c));
	nspawn_mounts(u);
	nspawn_process(u);
	if (c->rare->gpu.set)
		unit_late(u, STR("gpu-tree"), gpu_wanted(u->arena, c), false);
	for (size_t i = 0; i < c->env.n; i++)
		ARG(u, STR("--setenv="), c->env.at[i].name, STR("="), c->env.at[i].value.v);
	nspawn_program(u);
}

static void nspawn_enter(struct unit_of *u)
{
	PUT(u->out, STR("ctc inside ${MAINPID} -- "));
}

/* systemd's own SIGTERM is what nspawn waits for. The loop device of an image goes with its mount. */
static void nspawn_stop(struct unit_of *u)
{
	if (container_is_disk(u->c))
		PUT(u->out, STR("ExecStopPost=-nsenter --target 1 --mount umount --recursive "), u->tree, STR("\n"));
}

const struct engine engine_nspawn = {nspawn_supervise, nspawn_start, nspawn_enter, nspawn_stop, 0};
