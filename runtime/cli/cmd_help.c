/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc help: the table of commands, or what one command says of itself. */
#include "runtime/cli/cli.h"

#include <string.h>

/* What stands before a command's text, in cells; a longer one has a line of its own. */
enum { USAGE_CELLS = 28 };

static void command_line(const struct cli_command *k, struct buf *out)
{
	size_t cells = strlen(k->name) + 1;

	for (const char *s = k->arguments; *s; s++)
		cells += ((unsigned char)*s & 0xc0) != 0x80;
	buf_fmt(out, "  %s %s", k->name, k->arguments);
	if (cells > USAGE_CELLS)
		buf_fmt(out, "\n%*s", USAGE_CELLS + 2, "");
	else
		buf_fmt(out, "%*s", (int)(USAGE_CELLS - cells), "");
	buf_fmt(out, " %s\n", k->doc);
}

void cli_help(struct buf *out)
{
	static const char *const titles[] = {
#define GROUP(name, title) [GROUP_##name] = title,
#include "runtime/cli/commands.def"
	};

	buf_puts(out, "ctc compiles .ctstack files and applies them to this host: all or nothing, with a way back.\n\n"
		      "Usage: ctc COMMAND [OPTION…] [ARGUMENT…]\n");
	for (int group = 0; group < GROUP_COUNT; group++) {
		buf_fmt(out, "\n%s:\n", titles[group]);
		for (const struct cli_command *k = cli_commands; k->name; k++)
			if ((int)k->group == group)
				command_line(k, out);
	}
	buf_puts(out, "\n`ctc help COMMAND` says more, `ctc help exit-codes` what the exit statuses mean.\n");
}

static void exit_codes(struct buf *out)
{
	for (int i = 0; i < STATUS_COUNT; i++)
		buf_fmt(out, "%d  %s\n", i, cli_statuses[i]);
}

int cmd_help(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = 0, n = cli_options(c, options, argc, argv, &status);
	struct buf b = {0};
	char *ask[] = {NULL, (char[]){"--help"}, NULL};

	if (n < 0)
		return status;
	if (n > 1)
		return cli_fail(c, "one command at a time");
	if (n == 0 || strcmp(argv[1], "exit-codes") == 0) {
		(n == 0 ? cli_help : exit_codes)(&b);
		status = cli_print(c, buf_view(&b));
		buf_free(&b);
		return status;
	}
	for (const struct cli_command *k = cli_commands; k->name; k++) {
		if (strcmp(k->name, argv[1]) != 0)
			continue;
		c->command = k;
		ask[0] = argv[1];
		return k->run(c, 2, ask);
	}
	return cli_fail(c, "there is no command %s; see `ctc help`", argv[1]);
}
