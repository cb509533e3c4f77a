/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc plan: what an apply would do, without doing it: against this host, or (without root, with --offline or --base) against nothing, a saved generation or other sources.
 * Changes nothing and takes no lock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/adopt.h"
#include "runtime/bind.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/cli/saved.h"
#include "runtime/facts_saved.h"
#include "runtime/fs.h"
#include "runtime/show.h"

enum { MANIFEST_MAX = 256 << 20 };

enum format { AS_TEXT, AS_JSON, AS_MARKDOWN };

struct planning {
	struct session s;
	struct compilation c, other;	/* what is planned, and the sources given by --base */
	struct texts texts;
	struct scope scope;
	struct manifest wanted, bound, observed;
	struct strs missing;
	struct str against;
	struct plan plan;
	struct view view;
	struct err e;
	struct cli *cli;
	/* options */
	const char *save;		/* -o FILE */
	const char *facts;		/* --facts FILE: of the host that it is for */
	const struct input *in;
	int format;
	bool detailed, offline, prune;
	struct cli_texts bases;
};

/* --base 3 */
static int base_generation(struct planning *p, uint32_t number)
{
	int r = host_open(&p->s.host, &p->e);

	if (r == 0)
		r = store_open(&p->s.host, false, &p->s.store, &p->e);
	if (r == 0)
		r = store_load(&p->s.store, number, &p->s.recorded, NULL, &p->e);
	p->s.current = number;
	p->against = str_fmt(&p->s.arena, "generation %u", number);
	return r;
}

/* --base manifest.json */
static int base_manifest(struct planning *p, const char *path)
{
	struct str text;
	int r = fs_read_named(path, MANIFEST_MAX, &p->s.arena, &text, &p->e);

	if (r == 0 && (r = manifest_decode(text, &p->s.recorded, &p->e)) < 0)
		err_context(&p->e, "%s", path);
	p->against = str_of(path);
	return r;
}

/* What an offline plan is compared with: p->s.recorded. False: said why. */
static bool base_read(struct planning *p)
{
	uint32_t number;
	int r = 0;

	p->s.recorded = (struct manifest){.arena = &p->s.arena};
	if (!p->bases.n) {
		manifest_seal(&p->s.recorded);
		p->against = STR("an empty host");
	} else if (session_number(p->bases.at[0], &number)) {
		r = base_generation(p, number);
	} else if (str_ends(str_of(p->bases.at[0]), STR(".json"))) {
		r = base_manifest(p, p->bases.at[0]);
	} else {
		if (!input_compile(p->cli, &p->other, (char *const *)p->bases.at, p->bases.n))
			return false;
		p->s.recorded = p->other.manifest;
		p->against = str_fmt(&p->s.arena, "%s%s", p->bases.at[0], p->bases.n > 1 ? " and others" : "");
	}
	if (r < 0)
		report_error(p->cli, &p->texts, NULL, &p->e);
	return r == 0;
}

static bool scope_read(struct planning *p)
{
	p->wanted = (struct manifest){.arena = &p->s.arena};
	scope_merge(&p->s.recorded, &p->c.manifest, p->prune, STR(""), &p->scope, &p->wanted);
	if (p->scope.conflicts.n) {
		struct texts stays = p->other.sources.all.n ? input_texts(&p->other) : session_texts(&p->s, p->s.current);

		report_conflicts(p->cli, &p->texts, &stays, &p->scope);
	}
	return !p->scope.conflicts.n;
}

/* Whether the host of which these are the facts could take it. What they do not tell is said. */
static bool facts_hold(struct planning *p)
{
	struct facts_saved facts;
	struct strs unknown = {0};
	struct str text = {0};
	int r = fs_read_named(p->facts, FACTS_MAX, &p->s.arena, &text, &p->e);

	if (r == 0)
		r = facts_saved_read(text, &p->s.arena, &facts, &p->e);
	if (r == 0)
		r = facts_saved_check(&facts, &p->wanted, &p->s.recorded, &p->s.arena, &unknown, &p->e);
	if (r < 0) {
		if (text.s)
			err_context(&p->e, "%s", p->facts);
		report_error(p->cli, &p->texts, &p->wanted, &p->e);
		return false;
	}
	for (size_t i = 0; i < unknown.n; i++)
		fprintf(stderr, "note: %s does not tell whether this is on its host: %.*s\n", p->facts, STR_ARG(unknown.at[i]));
	_buf_ struct buf warnings = {0};
	facts_saved_warn(&facts, &p->wanted, &warnings);
	report_warnings(p->cli, buf_view(&warnings));
	p->against = p->bases.n ? str_fmt(&p->s.arena, "%.*s, for the host of %s", STR_ARG(p->against), p->facts) : str_fmt(&p->s.arena, "the host of %s, empty", p->facts);
	return true;
}

static bool plan_offline(struct planning *p)
{
	if (!base_read(p) || !scope_read(p) || (p->facts && !facts_hold(p)))
		return false;
	p->bound = p->s.recorded.all.n ? (struct manifest){.arena = &p->s.arena} : p->wanted;
	if (p->s.recorded.all.n)
		manifest_adopt(&p->wanted, &p->s.recorded, &p->bound);
	/* Where what was compiled is there is room. */
	plan_make(&p->c.arena, &p->s.recorded, &p->bound, &p->plan);
	view_make(&p->c.arena, &p->plan, NULL, &p->view);
	return true;
}

/* What an apply would meet first. */
static void tell_unsettled(struct session *s)
{
	struct journal j;
	struct err e;
	bool found;

	if (s->store.state_fd < 0)
		return;
	if (store_locked_by_other(&s->store))
		fputs("note: another ctc is changing this host right now; the plan shows how far it has come\n", stderr);
	else if (store_journal_read(&s->store, &s->arena, &found, &j, &e) == 0 && found)
		fputs("note: a change was cut off; an apply goes back to before it first, as `ctc recover` does\n", stderr);
}

/* With everything that an apply would look at before it asks. */
static bool plan_live(struct planning *p)
{
	struct session *s = &p->s;
	struct host *h = &s->host;

	if (session_look(s, &p->e) < 0) {
		report_error(p->cli, &p->texts, NULL, &p->e);
		return false;
	}
	tell_unsettled(s);
	if (!scope_read(p))
		return false;
	p->bound = p->observed = (struct manifest){.arena = &s->arena};
	int r = host_check(h, &p->wanted, &p->e);
	if (r == 0)
		r = manifest_bind(h, &p->wanted, &s->recorded, &p->bound, &p->missing, &p->e);
	if (r == 0)
		r = observe(h, &s->recorded, &p->bound, 0, &p->observed, &p->e);
	if (r == 0) {
		plan_make(&s->arena, &p->observed, &p->bound, &p->plan);
		r = bind_check(h, &p->plan, &s->recorded, &p->e);
	}
	if (r < 0) {
		report_error(p->cli, &p->texts, &p->wanted, &p->e);
		fputs("`ctc plan --offline` compares with an empty host, `--base GENERATION` with a saved one.\n", stderr);
		return false;
	}
	_buf_ struct buf warnings = {0};
	host_warn(h, &p->wanted, &s->recorded, &warnings);
	report_warnings(p->cli, buf_view(&warnings));
	view_make(&s->arena, &p->plan, &s->recorded, &p->view);
	p->against = s->current ? str_fmt(&s->arena, "this host at generation %u", s->current) : STR("this host, on which nothing was applied yet");
	return true;
}

/* Whether there is a host here that a plan can be compared with. */
static bool has_host(void)
{
	return geteuid() == 0 && access("/run/systemd/system", F_OK) == 0;
}

static int print(struct planning *p)
{
	_buf_ struct buf out = {0};

	p->view.scope = p->scope.in;
	p->view.kept = p->scope.kept;
	p->view.missing = p->missing;
	p->view.against = p->against;
	p->view.outputs = input_outputs(&p->c);
	expectations_of(&p->s.arena, &p->plan, &p->view.expectations);
	if (p->format == AS_JSON)
		show_json(&p->view, &out);
	else if (p->format == AS_MARKDOWN)
		show_markdown(&p->view, &out);
	else
		show_text(&p->view, p->cli->colour, &out);
	if (cli_print(p->cli, buf_view(&out)) != 0)
		return STATUS_REFUSED;
	return p->detailed && view_pending(&p->view) ? STATUS_PENDING : STATUS_DONE;
}

/* The file says what an apply of it must find. */
static int save(struct planning *p, char **files, size_t n)
{
	if (saved_write(&p->s, p->save, &p->c, p->in, files, n, p->prune, &p->plan, &p->e) < 0)
		return cli_err(p->cli, &p->e);
	fprintf(stderr, "Saved: `ctc apply %s` does this, or refuses where anything has changed.\n", p->save);
	return STATUS_DONE;
}

static int plan(struct planning *p, char **files, size_t n)
{
	bool offline = p->offline || p->facts || p->bases.n || !has_host();

	if (p->save && offline)
		return cli_fail(p->cli, "a plan can be saved for this host only, by root, and without --offline, --base and --facts");
	if (p->save && !saved_is_plan(p->save))
		return cli_fail(p->cli, "the name of a saved plan ends in .ctplan, which %s does not", p->save);
	/* What tells secrets apart, and authenticates the plan, is keyed. */
	if (p->save && (host_open(&p->s.host, &p->e) < 0 || store_make_key(&p->s.host, &p->e) < 0))
		return cli_err(p->cli, &p->e);
	/* People do not read what each container becomes where all is new; programs get every change. */
	p->c.outline = offline && !p->bases.n && !p->facts && p->format != AS_JSON;
	if (!input_compile(p->cli, &p->c, files, n))
		return STATUS_REFUSED;
	p->texts = input_texts(&p->c);
	if (offline && !p->offline && !p->facts && !p->bases.n)
		fputs("note: only root on a host that systemd runs can compare with that host; this plan is for an empty one\n", stderr);
	if (!(offline ? plan_offline(p) : plan_live(p)))
		return STATUS_REFUSED;
	int status = print(p);
	return p->save && status != STATUS_REFUSED && save(p, files, n) != STATUS_DONE ? STATUS_REFUSED : status;
}

int cmd_plan(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", [AS_MARKDOWN] = "markdown", NULL};
	struct planning p = {.cli = c};
	_input_ struct input in = {0};
	bool plain = false;
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &p.format, NULL, "for a terminal, a program, a review", formats},
		{"detailed-exitcode", 0, CLI_FLAG, &p.detailed, NULL, "exit status 2 where there is something to do", NULL},
		{"offline", 0, CLI_FLAG, &p.offline, NULL, "compare with an empty host, not with this one", NULL},
		{"base", 0, CLI_TEXTS, &p.bases, "GENERATION|FILE", "compare with a generation, a manifest.json, or other sources", NULL},
		{"facts", 0, CLI_TEXT, &p.facts, "FILE", "plan for another host: check against what `ctc facts --json` said there", NULL},
		{"prune", 0, CLI_FLAG, &p.prune, NULL, "remove the stacks that no given file declares", NULL},
		{"out", 'o', CLI_TEXT, &p.save, "FILE.ctplan", "save the plan: `ctc apply FILE.ctplan` does exactly this, or nothing", NULL},
		INPUT_OPTIONS(&in),
		{"no-color", 0, CLI_FLAG, &plain, NULL, "no colour", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	c->colour &= !plain;
	c->colour_err &= !plain;
	session_begin(&p.s);
	p.in = &in;
	p.c.givens = p.other.givens = input_givens(&in);
	if (n == 0)
		status = cli_fail(c, "name the files that declare the stacks");
	else if (n > 0)
		status = plan(&p, argv + 1, (size_t)n);
	session_end(&p.s);
	compilation_end(&p.c);
	compilation_end(&p.other);
	free(p.bases.at);
	return status;
}
