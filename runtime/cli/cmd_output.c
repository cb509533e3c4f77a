/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc output: the outputs of source files, for people, programs and shells. Reads nothing but the files. */
#include "lang/base/cleanup.h"
#include "lang/base/near.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/show.h"

enum format { AS_TEXT, AS_JSON };

/* The value alone, items of a list one a line, so that a shell can take it as it is. */
static int print_one(struct cli *c, struct view_outputs all, const char *name, struct buf *out)
{
	struct near near = near_start(str_of(name));

	for (size_t i = 0; i < all.n; i++) {
		near_offer(&near, all.at[i].name);
		if (!str_is(all.at[i].name, name))
			continue;
		for (size_t k = 0; k < all.at[i].texts.n; k++) {
			buf_str(out, all.at[i].texts.at[k]);
			buf_addc(out, '\n');
		}
		return cli_print(c, buf_view(out));
	}
	if (near.best.n)
		return cli_fail(c, "there is no output `%s`; did you mean `%.*s`?", name, STR_ARG(near.best));
	return cli_fail(c, "there is no output `%s`", name);
}

static int print(struct cli *c, struct view_outputs all, enum format format)
{
	_buf_ struct buf out = {0};

	if (format == AS_JSON) {
		show_outputs_json(all, &out);
		buf_addc(&out, '\n');
	} else {
		show_outputs_text(all, "", &out);
	}
	return cli_print(c, buf_view(&out));
}

int cmd_output(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", NULL};
	int format = AS_TEXT, status = 1;
	const char *only = NULL;
	_input_ struct input in = {0};
	_buf_ struct buf out = {0};
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "lines NAME = VALUE (the default), or one JSON object", formats},
		{"only", 0, CLI_TEXT, &only, "NAME", "this output's value alone; of a list, an item a line", NULL},
		INPUT_OPTIONS(&in),
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files whose outputs are asked for");
	struct compilation made = {.givens = input_givens(&in)};
	if (input_compile(c, &made, argv + 1, (size_t)n))
		status = only ? print_one(c, input_outputs(&made), only, &out) : print(c, input_outputs(&made), (enum format)format);
	compilation_end(&made);
	return status;
}
