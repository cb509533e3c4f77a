/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine that runs OCI images: podman, one command a container, in the unit's own control group. spec/units.md says what each field becomes and why. */
#include <assert.h>
#include <inttypes.h>

#include "compiler/lower_engine.h"
#include "lang/base/json.h"
#include "lang/schema.h"

#define PODMAN_RM "podman --events-backend=none rm --force --ignore --volumes --time="

/* Podman says nothing on standard output but the container's id; what the container says goes through conmon. 143 is a failure of one that is to end by itself. */
static void podman_supervise(struct unit_of *u)
{
	PUT(u->out, STR("StandardOutput=null\nStandardError=journal\n"),
	    container_runs_once(u->c) ? STR(UNIT_ONCE "Delegate=yes\nKillMode=mixed\n") :
					STR("Type=notify\nNotifyAccess=all\nDelegate=yes\nKillMode=mixed\nSuccessExitStatus=143\n"));
}

/* podman of one that runs once stays until it has ended, and ends with its status; attached to what it writes, it would write all of it to the journal once more. */
static void podman_stays(struct unit_of *u)
{
	if (container_runs_once(u->c))
		PUT(u->out, STR("\t--attach=stdin \\\n\t--cgroups=split \\\n\t--sdnotify=ignore \\\n"));
	else
		PUT(u->out, STR("\t--detach \\\n\t--cgroups=split \\\n\t--sdnotify=conmon \\\n"));
}

static void mount_arg(struct unit_of *u, const struct bind_mount *m)
{
	assert(!unit_path_refused(m->from) && !unit_path_refused(m->to));
	u->word->n = 0;
	PUT(u->word, STR("--mount=type=bind,"));
	podman_field(u->word, STR("source"), m->from);
	buf_addc(u->word, ',');
	podman_field(u->word, STR("target"), m->to);
	if (m->readonly)
		PUT(u->word, STR(",readonly=true"));
	unit_arg(u->out, buf_view(u->word));
}

static void tmpfs_args(struct unit_of *u)
{
	vec_each(struct m_tmpfs *const, at, &u->c->tmpfs) {
		const struct m_tmpfs *t = *at;

		/* Podman would copy in what the image holds there. */
		u->word->n = 0;
		PUT(u->word, STR("--mount=type=tmpfs,"));
		podman_field(u->word, STR("destination"), t->at.v);
		buf_fmt(u->word, ",notmpcopyup,tmpfs-mode=0%" PRIo64, (uint64_t)t->mode.v);
		if (t->size.set)
			buf_fmt(u->word, ",tmpfs-size=%" PRId64, t->size.v);
		unit_arg(u->out, buf_view(u->word));
	}
}

static void device_args(struct unit_of *u)
{
	vec_each(struct m_device *const, at, &u->c->device) {
		const struct m_device *d = *at;

		u->word->n = 0;
		PUT(u->word, STR("--device="));
		podman_field(u->word, STR(""), STR_JOIN(u->arena, d->from.v, STR(":"), device_seen_at(d), d->readonly.v ? STR(":r") : STR(":rw")));
		unit_arg(u->out, buf_view(u->word));
	}
}

static void capability_args(struct unit_of *u, struct str option, const struct word_list *words)
{
	for (size_t i = 0; i < words->n; i++)
		ARG(u, option, words->at[i] == WORD_CAPABILITY_all ? STR("") : STR("CAP_"), word_texts[words->at[i]]);
}

static void ulimit_arg(struct unit_of *u, struct str name, int64_t v)
{
	ARG(u, STR("--ulimit="), name, STR("="), v == INT64_MAX ? STR("-1") : str_fmt(u->arena, "%" PRId64, v));
}

static void ulimit_args(struct unit_of *u)
{
	const struct m_ulimits *l = u->c->ulimits;

#define ULIMIT(name, kernel) \
	if (l && l->name.set) \
		ulimit_arg(u, STR(#name), l->name.v);
	ULIMITS(ULIMIT)
#undef ULIMIT
}

/* What the container's processes are and may do. */
static void process_args(struct unit_of *u)
{
	const struct m_container *c = u->c;

	if (c->user.set)
		ARG(u, STR("--user="), DECIMAL(c->user.v.uid), STR(":"), DECIMAL(c->user.v.gid));
	vec_each(const struct entry_INT, g, &c->groups)
		ARG(u, STR("--group-add="), DECIMAL(g->value.v));
	if (c->rare->working_dir.set)
		ARG(u, STR("--workdir="), c->rare->working_dir.v);
	if (c->rare->timezone.set)
		ARG(u, STR("--tz="), c->rare->timezone.v);
	if (c->rare->init.v)
		PUT(u->out, STR("\t--init \\\n"));
	if (c->rare->read_only.v)
		PUT(u->out, STR("\t--read-only \\\n"));
	if (c->rare->no_new_privileges.v)
		PUT(u->out, STR("\t--security-opt=no-new-privileges \\\n"));
	if (c->capabilities) {
		capability_args(u, STR("--cap-drop="), &c->capabilities->drop.v);
		capability_args(u, STR("--cap-add="), &c->capabilities->add.v);
	}
	ulimit_args(u);
	if (c->rare->shm_size.set)
		ARG(u, STR("--shm-size="), DECIMAL(c->rare->shm_size.v), STR("b"));
	if (c->rare->stop_signal.set)
		ARG(u, STR("--stop-signal="), word_texts[c->rare->stop_signal.v]);
}

/* One word that podman reads as a JSON list. */
static void entrypoint_arg(struct unit_of *u)
{
	u->word->n = 0;
	PUT(u->word, STR("--entrypoint=["));
	for (size_t i = 0; i < u->c->rare->entrypoint.v.n; i++) {
		PUT(u->word, i ? STR(",") : STR(""));
		json_str(u->word, u->c->rare->entrypoint.v.at[i]);
	}
	PUT(u->word, STR("]"));
	unit_arg(u->out, buf_view(u->word));
}

/* Where it looks by itself, which it does no more when a directory is named, and where ours is (lower_hooks.c). */
#define LOOKS_FOR_HOOKS "\t--hooks-dir=/usr/share/containers/oci/hooks.d \\\n\t--hooks-dir=/etc/containers/oci/hooks.d \\\n\t--hooks-dir=" HOOKS_DIR " \\\n"

static void podman_start(struct unit_of *u)
{
	const struct m_container *c = u->c;

	/* Podman's events would stand between the lines of the container in the journal. */
	PUT(u->out, STR("ExecStart="));
	unit_once(u, STR_JOIN(u->arena, STR("--stop-within="), DECIMAL(stop_seconds(c)), STR("s ")));
	PUT(u->out, STR("podman --events-backend=none "), reads_only(c) ? STR("\\\n" LOOKS_FOR_HOOKS "\trun \\\n") : STR("run \\\n"));
	ARG(u, STR("--name="), u->name);
	PUT(u->out, STR("\t--replace \\\n\t--rm \\\n"));
	podman_stays(u);
	PUT(u->out, STR("\t--log-driver=journald \\\n\t--pull=never \\\n\t--pids-limit=-1 \\\n"));
	ARG(u, STR("--hostname="), container_hostname(c));
	if (u->netns.n)
		ARG(u, STR("--network=ns:/run/netns/"), u->netns);
	else
		PUT(u->out, STR("\t--network=host \\\n"));
	for (size_t i = 0; i < u->nswitches; i++)
		ARG(u, STR("--sysctl="), u->switches[i].name, STR("="), u->switches[i].value);
	if (u->netc)
		PUT(u->out, STR("\t--no-hosts \\\n\t--dns=none \\\n"));
	for (size_t i = 0; i < u->netc; i++)
		mount_arg(u, &u->etc[i]);
	for (size_t i = 0; i < u->nmounts; i++)
		mount_arg(u, &u->mounts[i]);
	for (size_t i = 0; i < c->rare->env_files.v.n; i++)
		PUT(u->out, STR("\t--env-file=${CREDENTIALS_DIRECTORY}/"), c->rare->env_files.v.at[i]->head.name, STR(" \\\n"));
	tmpfs_args(u);
	device_args(u);
	for (size_t i = 0; i < c->env.n; i++)
		ARG(u, STR("--env="), c->env.at[i].name, STR("="), c->env.at[i].value.v);
	for (size_t i = 0; i < c->labels.n; i++)
		ARG(u, STR("--label="), c->labels.at[i].name, STR("="), c->labels.at[i].value.v);
	process_args(u);
	if (c->rare->tun.v)
		PUT(u->out, STR("\t--device=/dev/net/tun \\\n\t--cap-add=NET_ADMIN \\\n"));
	if (c->rare->gpu.set)
		unit_late(u, STR("gpu"), gpu_wanted(u->arena, c), false);
	if (c->rare->entrypoint.set)
		entrypoint_arg(u);
	unit_late(u, STR("image"), name_image(u->arena, c), !u->command.n);
	for (size_t i = 0; i < u->command.n; i++) {
		PUT(u->out, STR("\t"));
		unit_word(u->out, u->command.at[i]);
		PUT(u->out, i + 1 < u->command.n ? STR(" \\\n") : STR("\n"));
	}
}

static void podman_enter(struct unit_of *u)
{
	PUT(u->out, STR("podman exec "), u->name, STR(" "));
}

static void podman_stop(struct unit_of *u)
{
	struct str within = DECIMAL(stop_seconds(u->c));

	/* Of one that has finished nothing is left, and one that still runs is ended by `ctc once`. */
	if (!container_runs_once(u->c))
		PUT(u->out, STR("ExecStop=" PODMAN_RM), within, STR(" "), u->name, STR("\n"));
	PUT(u->out, STR("ExecStopPost=-" PODMAN_RM), within, STR(" "), u->name, STR("\n"));
}

const struct engine engine_podman = {podman_supervise, podman_start, podman_enter, podman_stop, 50};
