/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc run STACK.CONTAINER SHORTCUT [ARGUMENT…]: a command inside of a container that its source gave a name. */
#include "lang/base/cleanup.h"
#include "lang/base/near.h"
#include "runtime/cli/change.h"
#include "runtime/cli/inside.h"
#include "runtime/cli/shortcut.h"

static int list(struct cli *c, struct session *s, const struct res_container *where)
{
	_buf_ struct buf out = {0};

	for (size_t i = 0; i < where->shortcuts.n; i++) {
		struct shortcut one;

		if (!shortcut_read(&s->arena, where->shortcuts.at[i], &one))
			continue;
		buf_fmt(&out, "%-16.*s ", STR_ARG(one.name));
		for (size_t k = 0; k < one.n; k++)
			buf_fmt(&out, " %s", one.words[k]);
		buf_addc(&out, '\n');
	}
	if (!out.n)
		buf_fmt(&out, "%.*s has no shortcuts: `shortcuts { psql = [\"psql\"] }` in its source would make one.\n", STR_ARG(where->res.id));
	return cli_print(c, buf_view(&out));
}

static int unknown(struct cli *c, const struct res_container *where, const char *name)
{
	struct near near = near_start(str_of(name));

	for (size_t i = 0; i < where->shortcuts.n; i++) {
		struct str words;

		near_offer(&near, str_cut(where->shortcuts.at[i], '=', &words));
	}
	if (near.best.n)
		return cli_fail(c, "%.*s has no shortcut `%s`; did you mean `%.*s`?", STR_ARG(where->res.id), name, STR_ARG(near.best));
	return cli_fail(c, "%.*s has no shortcut `%s`: `ctc run %.*s` lists them", STR_ARG(where->res.id), name, STR_ARG(where->res.id));
}

static int run(struct cli *c, struct session *s, char **argv, size_t n)
{
	const struct res_container *where;
	struct err e;
	int r = session_look(s, &e);

	if (r == 0)
		r = select_one(s, argv[0], &where, &e);
	if (r < 0)
		return cli_err(c, &e);
	if (n == 1)
		return list(c, s, where);
	for (size_t i = 0; i < where->shortcuts.n; i++) {
		struct shortcut one;

		if (!shortcut_read(&s->arena, where->shortcuts.at[i], &one) || !str_is(one.name, argv[1]))
			continue;
		char **words = arena_array(&s->arena, one.n + n, sizeof *words);
		for (size_t k = 0; k < one.n; k++)
			words[k] = one.words[k];
		for (size_t k = 2; k < n; k++)
			words[one.n + k - 2] = argv[k];
		return inside_exec(c, s, where, &(struct inside){.argv = words, .n = one.n + n - 2});
	}
	return unknown(c, where, argv[1]);
}

int cmd_run(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	c->before_command = 2; /* what is behind the shortcut is the program's */
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n < 1)
		return cli_fail(c, "name the container, and what to run: ctc run STACK.CONTAINER SHORTCUT");
	session_begin(&s);
	status = run(c, &s, argv + 1, (size_t)n);
	session_end(&s);
	return status;
}
