/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc facts: what this host is and has, as far as a plan looks at it: kernel, systemd, engines, GPUs, links, ports that are listened on. Changes nothing. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "runtime/cli/cli.h"
#include "runtime/facts.h"
#include "runtime/podman.h"
#include "runtime/spawn.h"

enum format { AS_TEXT, AS_JSON };
enum { ASK_MS = 10000 };

struct facts {
	struct host host;
	struct arena arena;
	struct str kernel, systemd, podman, nspawn;	/* versions, "" where there is none */
	struct gpus gpus;
	struct listeners listeners;
	VEC(struct str) links, devices;
	bool init;
};

/* The first line of `program --version`, or "". */
static struct str version_of(struct facts *f, const char *program)
{
	const char *const argv[] = {program, "--version", NULL};
	const struct spawn s = {.argv = argv, .within_ms = ASK_MS, .out_max = 65536};
	struct spawned done;
	struct err ignored;

	if (spawn_run(&s, &done, &ignored) < 0)
		return STR("");
	struct str line = done.status == 0 ? str_copy(&f->arena, str_cut(buf_view(&done.out), '\n', NULL)) : STR("");
	spawned_free(&done);
	return line;
}

/* Device nodes in /dev and in its directories, those of USB in theirs. Terminals, of which there are many, are given to nobody. */
static int devices(struct facts *f, struct str below, int depth, struct err *e)
{
	struct strs names;
	struct err ignored;
	int r = fact_list(&f->host, below, &f->arena, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct str path = STR_JOIN(&f->arena, below, STR("/"), names.at[i]);

		if (str_starts(names.at[i], STR("tty")) && !str_starts(names.at[i], STR("ttyU")) && !str_starts(names.at[i], STR("ttyA")))
			continue;
		if (str_starts(names.at[i], STR("vcs")) || str_is(names.at[i], "pts") || str_is(names.at[i], "fd"))
			continue;
		if (fact_is_device(&f->host, path))
			vec_push(&f->arena, &f->devices, STR_JOIN(&f->arena, STR("/"), path));
		else if (depth) /* what is no directory, or a link in a circle, has none */
			devices(f, path, str_is(path, "dev/bus") ? 2 : depth - 1, &ignored);
	}
	return r;
}

static int gather(struct facts *f, struct err *e)
{
	struct utsname u;
	struct if_nameindex *links;
	int r = fact_gpus(&f->host, &f->arena, &f->gpus, e);

	if (r == 0)
		r = fact_listeners(&f->host, &f->arena, &f->listeners, e);
	if (r == 0)
		r = devices(f, STR("dev"), 1, e);
	if (r < 0)
		return r;
	f->kernel = uname(&u) == 0 ? str_fmt(&f->arena, "%s %s", u.sysname, u.release) : STR("");
	f->systemd = version_of(f, "systemctl");
	f->podman = version_of(f, "podman");
	f->nspawn = version_of(f, "systemd-nspawn");
	f->init = fact_init(&f->host);
	links = if_nameindex();
	for (struct if_nameindex *l = links; l && l->if_index; l++)
		vec_push(&f->arena, &f->links, str_copy(&f->arena, str_of(l->if_name)));
	if_freenameindex(links);
	return 0;
}

static void listener_text(const struct listener *l, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (l->addr.family)
		buf_fmt(out, l->addr.family == 6 ? "[%s]:" : "%s:", addr_text(l->addr, text));
	buf_fmt(out, "%u/%s", (unsigned)l->port, proto_name(l->proto));
}

static void text_row(struct buf *out, const char *name, struct str value)
{
	buf_fmt(out, "%-10s %.*s\n", name, STR_ARG(value.n ? value : STR("none")));
}

static void facts_text(struct facts *f, struct buf *out)
{
	text_row(out, "kernel", f->kernel);
	text_row(out, "systemd", f->systemd);
	text_row(out, "podman", f->podman);
	text_row(out, "nspawn", f->nspawn);
	if (!f->gpus.all.n)
		text_row(out, "gpu", STR(""));
	vec_each(const struct gpu_found, g, &f->gpus.all)
		buf_fmt(out, "%-10s %s %.*s  %.*s%s%.*s\n", "gpu", g->vendor, STR_ARG(g->name), STR_ARG(g->by), g->fault.n ? "\n           cannot be used: " : "", STR_ARG(g->fault));
	vec_each(const struct str, l, &f->links)
		text_row(out, "link", *l);
	vec_each(const struct listener, l, &f->listeners.all) {
		struct str program = listener_program(&f->host, &f->arena, l);

		buf_fmt(out, "%-10s ", "listens");
		listener_text(l, out);
		buf_fmt(out, "  %.*s\n", STR_ARG(program));
	}
}

static void json_member(struct buf *out, const char *name, struct str value)
{
	buf_fmt(out, "\"%s\":", name);
	json_str(out, value);
}

static void json_texts(struct buf *out, const char *name, const struct str *at, size_t n)
{
	buf_fmt(out, "],\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		json_str(out, at[i]);
	}
}

static void facts_json(struct facts *f, struct buf *out)
{
	VEC(struct str) listens = {0};

	buf_puts(out, "{\"ctstack-facts\":1,");
	json_member(out, "kernel", f->kernel);
	buf_addc(out, ',');
	json_member(out, "systemd", f->systemd);
	buf_addc(out, ',');
	json_member(out, "podman", f->podman);
	buf_addc(out, ',');
	json_member(out, "nspawn", f->nspawn);
	buf_fmt(out, ",\"init\":%s,\"gpus\":[", f->init ? "true" : "false");
	for (size_t i = 0; i < f->gpus.all.n; i++) {
		const struct gpu_found *g = &f->gpus.all.at[i];

		buf_puts(out, i ? ",{" : "{");
		json_member(out, "vendor", str_of(g->vendor));
		buf_addc(out, ',');
		json_member(out, "name", g->name);
		buf_addc(out, ',');
		json_member(out, "by", g->by);
		buf_addc(out, ',');
		json_member(out, "fault", g->fault);
		buf_addc(out, '}');
	}
	json_texts(out, "links", f->links.at, f->links.n);
	json_texts(out, "devices", f->devices.at, f->devices.n);
	vec_each(const struct listener, l, &f->listeners.all) {
		struct buf one = {0};

		listener_text(l, &one);
		vec_push(&f->arena, &listens, buf_take(&one, &f->arena));
	}
	json_texts(out, "listens", listens.at, listens.n);
	buf_puts(out, "]}\n");
}

static int facts(struct cli *c, int format)
{
	struct facts f = {0};
	_buf_ struct buf out = {0};
	struct err e = {0};
	int status, r = host_open(&f.host, &e);

	if (r == 0)
		r = gather(&f, &e);
	if (r < 0) {
		status = cli_err(c, &e);
	} else {
		(format == AS_JSON ? facts_json : facts_text)(&f, &out);
		status = cli_print(c, buf_view(&out));
	}
	host_close(&f.host);
	arena_free(&f.arena);
	return status;
}

int cmd_facts(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", NULL};
	int format = AS_TEXT, status = 0;
	bool json = false;
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "text (the default), or json for programs", formats},
		{"json", 0, CLI_FLAG, &json, NULL, "the same as --format json", NULL},
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "facts are those of this host: it takes no operands");
	return facts(c, json ? AS_JSON : format);
}
