/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The engine's own way in (inside.h): podman-exec(1), or for a tree that systemd-nspawn runs that of enter.h. Nothing of it is a text that a shell reads. */
#include "runtime/cli/inside.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "runtime/bus.h"
#include "runtime/cli/change.h"
#include "runtime/enter.h"
#include "runtime/spawn.h"
#include "runtime/unit.h"

/* A sentence of our own rather than the engine's, which knows no stacks. */
static int must_run(struct cli *c, struct session *s, const struct res_container *where)
{
	const char *patterns[] = {str_copy(&s->arena, where->unit).s, NULL};
	struct bus_units units = {0};
	struct err e;

	if (bus_list_units(&s->host, &s->arena, patterns, &units, &e) < 0)
		return cli_err(c, &e);
	const struct bus_unit *u = bus_units_find(&units, where->unit);
	const struct res_unit *said = (const struct res_unit *)manifest_find(&s->recorded, RES_unit, where->unit);
	bool once = said && unit_runs_once(said);
	if (once && u && str_is(u->sub, "exited"))
		return cli_fail(c, "%.*s has finished: `ctc restart %.*s` runs it again, `ctc logs %.*s` says what it did", STR_ARG(where->res.id), STR_ARG(where->res.id),
				STR_ARG(where->res.id));
	if (!u || !(str_is(u->active, "active") || (once && str_is(u->sub, "start"))))
		return cli_fail(c, "%.*s does not run (%.*s): `ctc start %.*s` starts it, `ctc logs %.*s` says what it did", STR_ARG(where->res.id),
				STR_ARG(u ? u->sub : STR("not loaded")), STR_ARG(where->res.id), STR_ARG(where->res.id));
	return 0;
}

static int podman_exec(struct cli *c, struct session *s, const struct res_container *where, const struct inside *what)
{
	enum { OWN_WORDS = 16 };
	const char **argv = arena_array(&s->arena, what->n + OWN_WORDS, sizeof *argv);
	struct str name = str_copy(&s->arena, (struct str){where->unit.s, where->unit.n - (sizeof ".service" - 1)});
	char path[PATH_MAX];
	size_t n = 0;

	argv[n++] = "podman";
	argv[n++] = "--events-backend=none";
	argv[n++] = "exec";
	argv[n++] = "--interactive";
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		argv[n++] = "--tty";
	if (what->user)
		argv[n++] = str_fmt(&s->arena, "--user=%s", what->user).s;
	if (what->directory)
		argv[n++] = str_fmt(&s->arena, "--workdir=%s", what->directory).s;
	argv[n++] = name.s;
	for (size_t i = 0; i < what->n; i++)
		argv[n++] = what->argv[i];
	argv[n] = NULL;
	if (!spawn_find(argv[0], path, sizeof path))
		return cli_fail(c, "%s is not installed", argv[0]);
	execv(path, (char *const *)argv);
	return cli_fail(c, "cannot run %s: %s", path, strerror(errno));
}

/* With the streams of this process, which waits. */
static int nspawn_exec(struct cli *c, struct session *s, const struct res_container *where, const struct inside *what)
{
	char **argv = arena_array(&s->arena, what->n + 1, sizeof *argv);
	struct bus_prop pid = {.unit = str_copy(&s->arena, where->unit).s, .interface = BUS_SERVICE, .name = "MainPID", .type = 'u'};
	int status = STATUS_REFUSED;
	struct err e;

	for (size_t i = 0; i < what->n; i++)
		argv[i] = what->argv[i];
	int r = bus_get_props(&s->host, &s->arena, &pid, 1, &e);
	pid_t leader = r < 0 ? -1 : enter_leader((pid_t)pid.number, &e);
	if (leader < 0 || enter_run(leader, &(struct enter){argv, what->user, what->directory}, &status, &e) < 0)
		cli_err(c, &e);
	return status;
}

int inside_exec(struct cli *c, struct session *s, const struct res_container *where, const struct inside *what)
{
	if (must_run(c, s, where) != 0)
		return STATUS_REFUSED;
	return str_is(where->engine, "nspawn") ? nspawn_exec(c, s, where, what) : podman_exec(c, s, where, what);
}
