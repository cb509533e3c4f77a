/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc diff N [M]: what was changed between two generations, as a plan would say it. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/show.h"

enum format { AS_TEXT, AS_JSON, AS_MARKDOWN };

static int diff(struct cli *c, struct session *s, uint32_t from, uint32_t to, int format)
{
	struct arena *a = &s->arena;
	struct manifest old = {.arena = a}, new = {.arena = a};
	_buf_ struct buf out = {0};
	struct plan p;
	struct view v;
	struct err e;

	if (store_load(&s->store, from, &old, NULL, &e) < 0 || store_load(&s->store, to, &new, NULL, &e) < 0)
		return cli_err(c, &e);
	plan_make(a, &old, &new, &p);
	view_make(a, &p, NULL, &v);
	v.title = str_fmt(a, "the way from generation %u to generation %u", from, to);
	v.against = str_fmt(a, "generation %u", from);
	if (format == AS_JSON)
		show_json(&v, &out);
	else if (format == AS_MARKDOWN)
		show_markdown(&v, &out);
	else
		show_text(&v, c->colour, &out);
	return cli_print(c, buf_view(&out));
}

int cmd_diff(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", [AS_MARKDOWN] = "markdown", NULL};
	int format = AS_TEXT;
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "for a terminal, a program, a review", formats},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	uint32_t numbers[2];
	struct session s;
	struct err e;

	if (n < 0)
		return status;
	if (n < 1 || n > 2)
		return cli_fail(c, "give two generations, or one, which is compared with the current one");
	for (int i = 0; i < n; i++)
		if (!session_number(argv[i + 1], &numbers[i]))
			return cli_fail(c, "%s is no generation: `ctc history` shows their numbers", argv[i + 1]);
	session_begin(&s);
	if (session_look(&s, &e) < 0)
		status = cli_err(c, &e);
	else
		status = diff(c, &s, numbers[0], n == 2 ? numbers[1] : s.current, format);
	session_end(&s);
	return status;
}
