/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc show N: what a generation was: who made it, when and why, its stacks, and the plan that led to it. ctc show --effective FILE: what the stacks of files come to. */
#include <errno.h>

#include "compiler/effective.h"
#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/show.h"

enum form { AS_TEXT, AS_JSON, AS_MANIFEST };

struct shown {
	uint32_t number;
	bool current;
	struct meta meta;
	struct manifest manifest;
	struct str plan;
};

static void put(struct buf *out, const char *key, struct str text)
{
	buf_fmt(out, ",\"%s\":", key);
	json_str(out, text);
}

static void as_json(const struct shown *g, struct buf *out)
{
	const struct res_stack *s;
	bool first = true;

	buf_fmt(out, "{\"ctstack-generation\":1,\"number\":%u,\"current\":%s,\"base\":%u,\"time\":%lld", g->number, g->current ? "true" : "false",
		g->meta.base, (long long)g->meta.time);
	put(out, "user", g->meta.user);
	put(out, "command", g->meta.command);
	put(out, "summary", g->meta.summary);
	put(out, "digest", g->meta.digest);
	buf_puts(out, ",\"stacks\":[");
	manifest_each(stack, s, &g->manifest) {
		buf_puts(out, first ? "" : ",");
		json_str(out, s->res.id);
		first = false;
	}
	buf_puts(out, "]");
	put(out, "plan", g->plan);
	buf_puts(out, "}\n");
}

static void as_text(const struct shown *g, struct buf *out)
{
	const struct res_stack *s;
	const struct res_container *c;
	char when[SESSION_TIME_MAX];

	buf_fmt(out, "Generation %u%s\n", g->number, g->current ? ", the current one" : "");
	if (g->meta.time)
		buf_fmt(out, "  made     %s by %.*s, after generation %u\n", session_time(g->meta.time, when), STR_ARG(g->meta.user), g->meta.base);
	if (g->meta.command.n) {
		buf_puts(out, "  command  ");
		show_plain(g->meta.command, 0, out);
		buf_addc(out, '\n');
	}
	buf_puts(out, "  change   ");
	show_plain(g->meta.summary, 0, out);
	buf_addc(out, '\n');
	manifest_each(stack, s, &g->manifest) {
		bool first = true;

		buf_fmt(out, "  stack    %.*s: ", STR_ARG(s->res.id));
		manifest_each(container, c, &g->manifest) {
			struct str name = c->res.id;

			if (!str_eq(c->res.stack, s->res.id))
				continue;
			str_cut(name, '.', &name);
			buf_fmt(out, "%s%.*s", first ? "" : ", ", STR_ARG(name));
			first = false;
		}
		buf_puts(out, first ? "no containers\n" : "\n");
	}
	if (g->plan.n) {
		buf_puts(out, "\nThe plan that led to it:\n\n");
		buf_str(out, g->plan);
	}
}

static int read_generation(struct session *s, struct shown *g, struct err *e)
{
	int r = session_look(s, e);

	if (r == 0 && s->store.state_fd < 0)
		return err_set(e, -ENOENT, "nothing was applied on this host yet");
	if (r == 0)
		r = store_load(&s->store, g->number, &g->manifest, &g->meta, e);
	if (r == 0)
		r = store_read(&s->store, g->number, "plan.txt", &s->arena, &g->plan, e);
	g->current = r == 0 && g->number == s->current;
	return r;
}

static int show(struct cli *c, struct session *s, uint32_t number, enum form form)
{
	struct shown g = {.number = number, .manifest = {.arena = &s->arena}};
	_buf_ struct buf out = {0};
	struct err e;

	if (read_generation(s, &g, &e) < 0) {
		report_error(c, NULL, NULL, &e);
		return STATUS_REFUSED;
	}
	if (form == AS_MANIFEST)
		manifest_encode(&g.manifest, &out);
	else if (form == AS_JSON)
		as_json(&g, &out);
	else
		as_text(&g, &out);
	return cli_print(c, buf_view(&out));
}

static int show_effective(struct cli *c, char **files, size_t n, const struct input *in)
{
	struct compilation made = {.givens = input_givens(in), .check_only = true};
	_buf_ struct buf out = {0};
	int status = STATUS_REFUSED;

	if (input_compile(c, &made, files, n)) {
		effective_print(&made.sources, &made.model, &out);
		status = cli_print(c, buf_view(&out));
	}
	compilation_end(&made);
	return status;
}

static int show_generation(struct cli *c, const char *word, enum form form)
{
	struct session s;
	uint32_t number;

	if (cli_not_root(c))
		return STATUS_REFUSED;
	if (!session_number(word, &number))
		return cli_fail(c, "name one generation by its number: `ctc history` shows them");
	session_begin(&s);
	int status = show(c, &s, number, form);
	session_end(&s);
	return status;
}

int cmd_show(struct cli *c, int argc, char **argv)
{
	bool json = false, manifest = false, effective = false;
	_input_ struct input in = {0};
	const struct cli_option options[] = {
		{"json", 0, CLI_FLAG, &json, NULL, "as JSON (spec/manifest.md)", NULL},
		{"manifest", 0, CLI_FLAG, &manifest, NULL, "its manifest (spec/manifest.md)", NULL},
		{"effective", 0, CLI_FLAG, &effective, NULL, "of files, not of a generation: their stacks with everything resolved, as source text (spec/tools.md)", NULL},
		INPUT_OPTIONS(&in),
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (effective && n > 0)
		return show_effective(c, argv + 1, (size_t)n, &in);
	if (effective)
		return cli_fail(c, "name the files that declare the stacks");
	if (n != 1)
		return cli_fail(c, "name one generation by its number: `ctc history` shows them");
	return show_generation(c, argv[1], manifest ? AS_MANIFEST : json ? AS_JSON : AS_TEXT);
}
