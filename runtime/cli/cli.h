/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The command layer: the only part that knows both wings, reads the command line and prints. One file a command, one row in commands.def.
 *
 * Exit statuses stand in status.def. */
#ifndef CTC_RUNTIME_CLI_H
#define CTC_RUNTIME_CLI_H

#include "lang/base/err.h"
#include "lang/diag.h"

#define CTC_VERSION "0.1.0"

enum cli_needs {
	CLI_NOTHING,
	CLI_ROOT,	/* refused for others, with a sentence that says so, before the command begins */
	CLI_CHANGE,	/* the same; and the exit statuses are those of spec/transaction.md */
};

/* The exit statuses of all commands. */
enum {
#define STATUS(name, doc) STATUS_##name,
#include "runtime/cli/status.def"
#undef STATUS
	STATUS_COUNT
};
/* What each means, by its number. */
extern const char *const cli_statuses[STATUS_COUNT];

/* What a command is for. */
enum cli_group {
#define GROUP(name, title) GROUP_##name,
#include "runtime/cli/commands.def"
	GROUP_COUNT
};

struct cli_command;

struct cli {
	const struct cli_command *command;
	bool colour, colour_err;	/* standard output and standard error take colour: a terminal, NO_COLOR not set */
	int before_command;		/* behind so many operands stands a command of somebody else's, whose options are not ours; 0: none does */
	struct buf *completes;		/* not to be run: what may stand at the end of its arguments goes here (complete.h); NULL */
};

struct cli_command {
	const char *name, *arguments;
	enum cli_group group;
	enum cli_needs needs;
	const char *doc;
	int (*run)(struct cli *c, int argc, char **argv);
};

/* Ends with a row whose name is NULL. */
extern const struct cli_command cli_commands[];

/* argv[0] is the command's name. Returns the exit status. */
#define COMMAND(name, group, arguments, needs, doc) int cmd_##name(struct cli *c, int argc, char **argv);
#include "runtime/cli/commands.def"

enum cli_option_kind {
	CLI_FLAG,	/* --yes; to: bool */
	CLI_TEXT,	/* --base FILE, --base=FILE; to: const char * */
	CLI_TEXTS,	/* the same, any number of times; to: struct cli_texts */
	CLI_WORD,	/* --format json; to: int, the index of the word in words */
};

struct cli_texts {
	const char **at;	/* of the command line's life; free the array */
	size_t n;
};

struct cli_option {
	const char *name;		/* without dashes; a table ends with NULL */
	char letter;			/* -y, or 0 */
	enum cli_option_kind kind;
	void *to;
	const char *value;		/* what the help calls its value: FILE; CLI_WORD: NULL */
	const char *doc;
	const char *const *words;	/* CLI_WORD: ends with NULL */
};

/* Reads the options of a command and moves the operands to argv[1..]; "--" ends the options, as c->before_command operands do; --help is always there. Every command calls it before anything else. Returns the number of operands, or -1
 * where the command is over: *ret_status is its exit status then, and what there was to say was said. */
int cli_options(struct cli *c, const struct cli_option *options, int argc, char **argv, int *ret_status);

/* One line on standard error: "ctc check: text". Returns 1, the exit status. */
int cli_fail(struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Whether somebody else than root asks for what only root may; said, then. */
bool cli_not_root(struct cli *c);
/* The same for a refusal of the host. */
int cli_err(struct cli *c, const struct err *e);
/* The whole text to standard output; 0, or 1 where that could not be written (said on standard error). */
int cli_print(struct cli *c, struct str text);
/* Diagnostics to standard error as text, or to standard output as JSON or SARIF. Returns as cli_print. */
int cli_diags(struct cli *c, struct diags *d, enum diag_format format);
/* Writes all that `ctc help` says. */
void cli_help(struct buf *out);

#endif
