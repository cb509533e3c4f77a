/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc check: what is wrong with source files, or with what an editor has of one ("-"). Reads nothing but them and touches nothing. */
#include "runtime/cli/cli.h"

#include <stdlib.h>

#include "lang/base/map.h"
#include "runtime/cli/input.h"

/* Stacks that flows, published ports and routes of given files lead to or come from: what a plan has to find, given or on the host (spec/transaction.md, S4). */
struct needed {
	struct arena *arena;
	struct map stacks;	/* name -> struct m_stack */
};

static void need(struct needed *n, struct m_stack *stack)
{
	if (stack->head.outside)
		map_add(n->arena, &n->stacks, stack->head.name, stack);
}

static void need_end(struct needed *n, const struct flow_end *end)
{
	if (end->kind == END_CONTAINER)
		need(n, end->container->head.stack);
	else if (end->kind == END_SUBNET)
		need(n, end->subnet->head.stack);
}

static void need_all(struct needed *n, const struct m_stack *s)
{
	for (size_t i = 0; i < s->allow.n; i++) {
		need_end(n, &s->allow.at[i].left.v);
		need_end(n, &s->allow.at[i].right.v);
	}
	for (size_t i = 0; i < s->publish.n; i++)
		need(n, s->publish.at[i].right.v.container->head.stack);
	for (size_t i = 0; i < s->route.n; i++) {
		const struct m_arrow_route *how = s->route.at[i].block;

		need(n, s->route.at[i].right.v.container->head.stack);
		for (size_t k = 0; how && k < how->providers.v.n; k++)
			need(n, how->providers.v.at[k]->head.stack);
	}
}

static void tell_needed(struct compilation *made, struct buf *out)
{
	struct needed n = {.arena = &made->arena};

	vec_each(struct m_stack *const, s, &made->model.stacks)
		if (!(*s)->head.outside)
			need_all(&n, *s);
	vec_each(struct m_stack *const, s, &made->model.stacks)
		if (map_get(&n.stacks, (*s)->head.name))
			buf_fmt(out, "note: stack %.*s (%.*s) is referred to and not given: where it is not on the host, a plan asks for its file, too\n", STR_ARG((*s)->head.name),
				STR_ARG(source_origin(&made->sources, (*s)->head.at)));
}

/* "ok: 1 stack, 5 containers" */
static int summary(struct cli *c, struct compilation *made)
{
	const struct model *model = &made->model;
	struct buf b = {0};
	size_t stacks = 0, containers = 0;

	for (size_t i = 0; i < model->stacks.n; i++) {
		if (model->stacks.at[i]->head.outside)
			continue;
		stacks++;
		containers += model->stacks.at[i]->container.n;
	}
	buf_fmt(&b, "ok: %zu stack%s, %zu container%s\n", stacks, stacks == 1 ? "" : "s", containers, containers == 1 ? "" : "s");
	tell_needed(made, &b);
	int status = cli_print(c, buf_view(&b));
	buf_free(&b);
	return status;
}

/* --deny warnings, --allow image-tag, --warn W0913; 1 where a word is none of them, which is said. */
static int levels_set(struct cli *c, const char *option, const struct cli_texts *words, enum lint_level level, struct lint_levels *ret)
{
	for (size_t i = 0; i < words->n; i++) {
		enum diag_code near, code = diag_find(str_of(words->at[i]), &near);

		if (strcmp(words->at[i], "warnings") == 0)
			ret->all = level;
		else if (code == DIAG_COUNT && near != DIAG_COUNT)
			return cli_fail(c, "--%s: there is no lint %s; did you mean %s?", option, words->at[i], DIAG_NAME(near).s);
		else if (code == DIAG_COUNT)
			return cli_fail(c, "--%s: there is no lint %s; `ctc explain` lists them, their codes begin with W", option, words->at[i]);
		else if (diag_infos[code].severity == SEV_ERROR)
			return cli_fail(c, "--%s: %s is an error, not a lint", option, words->at[i]);
		else
			ret->of[code] = level;
	}
	return 0;
}

/* What standard input says, as if it stood in a file of that name. */
static int compile_stdin(struct cli *c, const char *name, struct compilation *made)
{
	struct str text;
	struct err e;

	if (input_stdin(&made->arena, &text, &e) < 0)
		return cli_err(c, &e);
	compile_text_locked(made, str_of(name), text);
	return 0;
}

static int check(struct cli *c, char **files, size_t n, const char *as, struct compilation *made, enum diag_format format)
{
	bool is_stdin = false;

	for (size_t i = 0; i < n; i++)
		is_stdin |= strcmp(files[i], "-") == 0;
	if (is_stdin && n > 1)
		return cli_fail(c, "- is the only file where it is given");
	if (as && !is_stdin)
		return cli_fail(c, "--as names what standard input is, and goes with -");
	if (is_stdin && compile_stdin(c, as ? as : "-", made))
		return 1;
	if (!is_stdin)
		compile_files(made, (const char *const *)files, n);
	int status = cli_diags(c, &made->diags, format) || made->diags.errors > 0;
	if (!status && format == DIAG_TEXT)
		status = summary(c, made);
	compilation_end(made);
	return status;
}

int cmd_check(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[DIAG_TEXT] = "text", [DIAG_JSON] = "json", [DIAG_SARIF] = "sarif", NULL};
	struct cli_texts deny = {0}, warn = {0}, allow = {0};
	struct lint_levels levels = {0};
	int format = DIAG_TEXT, status = 0;
	const char *as = NULL;
	_input_ struct input in = {0};
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "text on standard error (the default), json or sarif on standard output", formats},
		{"deny", 0, CLI_TEXTS, &deny, "LINT", "a lint, by code or name, is an error; warnings: all of them", NULL},
		{"warn", 0, CLI_TEXTS, &warn, "LINT", "a lint is a warning, also one that is off by itself", NULL},
		{"allow", 0, CLI_TEXTS, &allow, "LINT", "a lint is not said", NULL},
		{"as", 0, CLI_TEXT, &as, "FILE", "with -: what standard input says is to stand in this file, of which it is a newer state", NULL},
		INPUT_OPTIONS(&in),
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n == 0)
		status = cli_fail(c, "name the files to check, or - for standard input");
	else if (n > 0)
		status = levels_set(c, "allow", &allow, LINT_ALLOW, &levels) || levels_set(c, "warn", &warn, LINT_WARN, &levels) ||
			 levels_set(c, "deny", &deny, LINT_DENY, &levels);
	if (n > 0 && !status) {
		struct compilation made = {.givens = input_givens(&in), .levels = &levels, .check_only = true};

		status = check(c, argv + 1, (size_t)n, as, &made, (enum diag_format)format);
	}
	free(deny.at);
	free(warn.at);
	free(allow.at);
	return status;
}
