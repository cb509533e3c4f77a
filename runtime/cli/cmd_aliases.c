/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc aliases: shell functions for the containers of this host, one for each thing that people do with one: STACK-CONTAINER-enter, -status, -start, -stop, -restart, -logs,
 * one for each shortcut, and STACK-status-all and the like. A container whose name begins with its stack's does not get it twice. Names are made of letters, digits, `-` and
 * `_` only (the compiler sees to it), so that nothing here needs a quote. */
#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"
#include "runtime/cli/shortcut.h"

enum shell { BASH, ZSH, FISH, SH };

struct aliases {
	struct arena *arena;
	struct map taken;	/* names of functions */
	enum shell shell;
	bool sudo;
	struct buf *out;
};

/* `rest` is what stands behind "ctc ". The first one that wants a name has it. */
static void put(struct aliases *a, struct str name, struct str rest)
{
	const char *sudo = a->sudo ? "sudo " : "";

	if (map_get(&a->taken, name))
		return;
	map_add(a->arena, &a->taken, name, a);
	if (a->shell == FISH)
		buf_fmt(a->out, "function %.*s; %sctc %.*s $argv; end\n", STR_ARG(name), sudo, STR_ARG(rest));
	else if (a->shell == SH) /* where a function's name has no `-` in it */
		buf_fmt(a->out, "alias %.*s='%sctc %.*s'\n", STR_ARG(name), sudo, STR_ARG(rest));
	else
		buf_fmt(a->out, "%.*s() { %sctc %.*s \"$@\"; }\n", STR_ARG(name), sudo, STR_ARG(rest));
}

static struct str called(const struct res_container *c)
{
	struct str name;

	str_cut(c->res.id, '.', &name);
	return c->alias.n ? c->alias : name;
}

/* "ml-ollama"; "dev-ml" for dev-ml of dev. */
static struct str base_of(struct aliases *a, const struct res_container *c)
{
	struct str prefix = str_fmt(a->arena, "%.*s-", STR_ARG(c->res.stack)), name = called(c);

	return str_starts(name, prefix) ? name : str_fmt(a->arena, "%.*s%.*s", STR_ARG(prefix), STR_ARG(name));
}

static void container_verbs(struct aliases *a, const struct res_container *c)
{
	static const char *const verbs[] = {"enter", "status", "start", "stop", "restart", "logs"};
	struct str base = base_of(a, c);

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		put(a, str_fmt(a->arena, "%.*s-%s", STR_ARG(base), verbs[i]), str_fmt(a->arena, "%s %.*s", verbs[i], STR_ARG(c->res.id)));
}

static void stack_verbs(struct aliases *a, struct str stack)
{
	static const char *const verbs[] = {"status", "start", "stop", "restart", "logs"};

	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		put(a, str_fmt(a->arena, "%.*s-%s-all", STR_ARG(stack), verbs[i]), str_fmt(a->arena, "%s %.*s", verbs[i], STR_ARG(stack)));
}

static void shortcuts(struct aliases *a, const struct res_container *c, struct str base)
{
	for (size_t i = 0; i < c->shortcuts.n; i++) {
		struct str words, name = str_cut(c->shortcuts.at[i], '=', &words);

		put(a, str_fmt(a->arena, "%.*s-%.*s", STR_ARG(base), STR_ARG(name)),
		    str_fmt(a->arena, "run %.*s %.*s --", STR_ARG(c->res.id), STR_ARG(name)));
	}
}

struct asked {
	char **names;
	int n;
	enum shell shell;
	bool sudo;
};

static int view(struct cli *c, struct session *s, const void *asked)
{
	const struct asked *q = asked;
	_buf_ struct buf out = {0};
	struct aliases a = {.arena = &s->arena, .shell = q->shell, .sudo = q->sudo, .out = &out};
	struct selected which;
	struct err e;

	if (select_containers(s, q->names, q->n, &which, &e) < 0)
		return cli_err(c, &e);
	vec_each(const struct res_container *const, k, &which.all)
		container_verbs(&a, *k);
	vec_each(const struct res_container *const, k, &which.all)
		stack_verbs(&a, (*k)->res.stack);
	vec_each(const struct res_container *const, k, &which.all)
		shortcuts(&a, *k, base_of(&a, *k));
	/* ollama-list for ml-ollama-list, where nobody else wants it */
	vec_each(const struct res_container *const, k, &which.all)
		shortcuts(&a, *k, called(*k));
	return cli_print(c, buf_view(&out));
}

int cmd_aliases(struct cli *c, int argc, char **argv)
{
	static const char *const shells[] = {"bash", "zsh", "fish", "sh", NULL};
	int shell = BASH;
	bool sudo = false;
	const struct cli_option options[] = {
		{"shell", 0, CLI_WORD, &shell, NULL, "for which shell; without it bash; sh: for dash and the like, as aliases", shells},
		{"sudo", 0, CLI_FLAG, &sudo, NULL, "functions that call ctc through sudo: eval \"$(sudo ctc aliases --sudo)\"", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	return session_view(c, view, &(struct asked){argv + 1, n, (enum shell)shell, sudo});
}
