/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The program: finds the command and runs it. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lang/base/near.h"
#include "runtime/generator.h"

enum { HEAP_KEPT = 32 << 20 };

/* https://no-color.org: set and not empty means no colour. */
static bool takes_colour(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

static const struct cli_command *command_find(const char *name)
{
	for (const struct cli_command *k = cli_commands; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int command_unknown(struct cli *c, const char *name)
{
	struct near near = near_start(str_of(name));

	for (const struct cli_command *k = cli_commands; k->name; k++)
		near_offer(&near, str_of(k->name));
	if (near.best.n)
		return cli_fail(c, "there is no command %s; did you mean %.*s?", name, STR_ARG(near.best));
	return cli_fail(c, "there is no command %s; see `ctc help`", name);
}

int main(int argc, char **argv)
{
	struct cli c = {.colour = takes_colour(STDOUT_FILENO), .colour_err = takes_colour(STDERR_FILENO)};
	const char *name = argc > 1 ? argv[1] : "help";

	signal(SIGPIPE, SIG_IGN);
	/* what is freed is soon asked for again: given back to the kernel, it would come back page by page, and each costs two microseconds */
	mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	/* systemd calls the same program under another name, see generator.h */
	if (strcmp(program_invocation_short_name, "ctstack-generator") == 0)
		return generator_main(argc, argv);
	if (strcmp(name, "--version") == 0)
		return cli_print(&c, STR("ctc " CTC_VERSION "\n"));
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	c.command = command_find(name);
	if (!c.command)
		return command_unknown(&c, name);
	/* its own help is for everybody */
	bool help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
	if (c.command->needs != CLI_NOTHING && !help && cli_not_root(&c))
		return 1;
	return argc > 1 ? c.command->run(&c, argc - 1, argv + 1) : c.command->run(&c, 1, argv);
}
