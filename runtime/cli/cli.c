/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What all commands share: reading options by a table, and printing. */
#include "runtime/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/near.h"
#include "runtime/cli/complete.h"

const struct cli_command cli_commands[] = {
#define COMMAND(name, group, arguments, needs, doc) {#name, arguments, GROUP_##group, needs, doc, cmd_##name},
#include "runtime/cli/commands.def"
	{0},
};

const char *const cli_statuses[] = {
#define STATUS(name, doc) [STATUS_##name] = doc,
#include "runtime/cli/status.def"
#undef STATUS
};

static void write_all(int fd, struct str text, bool *ret_failed)
{
	while (text.n && !*ret_failed) {
		ssize_t n = write(fd, text.s, text.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			*ret_failed = true;
			break;
		}
		text = (struct str){text.s + n, text.n - (size_t)n};
	}
}

int cli_fail(struct cli *c, const char *fmt, ...)
{
	struct buf b = {0};
	bool failed = false;
	va_list ap;

	buf_fmt(&b, "ctc%s%s: ", c->command ? " " : "", c->command ? c->command->name : "");
	va_start(ap, fmt);
	buf_vfmt(&b, fmt, ap);
	va_end(ap);
	buf_addc(&b, '\n');
	write_all(STDERR_FILENO, buf_view(&b), &failed);
	buf_free(&b);
	return 1;
}

bool cli_not_root(struct cli *c)
{
	if (geteuid() == 0)
		return false;
	cli_fail(c, "only root may do this: sudo ctc %s", c->command->name);
	return true;
}

int cli_err(struct cli *c, const struct err *e)
{
	return cli_fail(c, "%s", e->text);
}

int cli_print(struct cli *c, struct str text)
{
	bool failed = false;

	write_all(STDOUT_FILENO, text, &failed);
	/* whoever reads us has seen enough: `ctc … | head` is no mistake */
	if (failed && errno != EPIPE)
		return cli_fail(c, "cannot write to standard output: %s", strerror(errno));
	return failed;
}

int cli_diags(struct cli *c, struct diags *d, enum diag_format format)
{
	struct buf b = {0};
	bool failed = false;
	int status = 0;

	diags_render(d, format, c->colour_err, &b);
	if (format != DIAG_TEXT)
		status = cli_print(c, buf_view(&b));
	else
		write_all(STDERR_FILENO, buf_view(&b), &failed);
	buf_free(&b);
	return status;
}

static void option_usage(const struct cli_option *o, struct buf *out)
{
	struct buf left = {0};

	if (o->letter)
		buf_fmt(&left, "-%c, ", o->letter);
	buf_fmt(&left, "--%s", o->name);
	for (size_t i = 0; o->kind == CLI_WORD && o->words[i]; i++)
		buf_fmt(&left, "%s%s", i ? "|" : " ", o->words[i]);
	if (o->kind != CLI_WORD && o->value)
		buf_fmt(&left, " %s", o->value);
	buf_fmt(out, "  %-30.*s %s\n", STR_ARG(buf_view(&left)), o->doc);
	buf_free(&left);
}

static int usage(struct cli *c, const struct cli_option *options)
{
	static const struct cli_option help = {"help", 'h', CLI_FLAG, NULL, NULL, "print this", NULL};
	struct buf b = {0};

	buf_fmt(&b, "Usage: ctc %s [OPTION…]%s%s\n%s.\n\nOptions:\n", c->command->name, *c->command->arguments ? " " : "",
		c->command->arguments, c->command->doc);
	for (const struct cli_option *o = options; o->name; o++)
		option_usage(o, &b);
	option_usage(&help, &b);
	if (c->command->needs == CLI_CHANGE)
		buf_puts(&b, "\nExit status: 0 done; 1 refused, nothing was changed; 3 failed, and the host is as it was before; `ctc help exit-codes` has all.\n");
	int status = cli_print(c, buf_view(&b));
	buf_free(&b);
	return status;
}

static int option_unknown(struct cli *c, const struct cli_option *options, struct str name)
{
	struct near near = near_start(name);

	for (const struct cli_option *o = options; o->name; o++)
		near_offer(&near, str_of(o->name));
	near_offer(&near, STR("help"));
	if (near.best.n)
		return cli_fail(c, "there is no option --%.*s; did you mean --%.*s?", STR_ARG(name), STR_ARG(near.best));
	return cli_fail(c, "there is no option --%.*s; see `ctc help %s`", STR_ARG(name), c->command->name);
}

static int option_word(struct cli *c, const struct cli_option *o, const char *value)
{
	struct near near = near_start(str_of(value));
	struct buf words = {0};

	for (int i = 0; o->words[i]; i++) {
		if (strcmp(o->words[i], value) == 0) {
			*(int *)o->to = i;
			buf_free(&words);
			return 0;
		}
		near_offer(&near, str_of(o->words[i]));
		buf_fmt(&words, "%s%s", i ? ", " : "", o->words[i]);
	}
	if (near.best.n)
		cli_fail(c, "--%s cannot be %s; did you mean %.*s?", o->name, value, STR_ARG(near.best));
	else
		cli_fail(c, "--%s cannot be %s; it is one of %.*s", o->name, value, STR_ARG(buf_view(&words)));
	buf_free(&words);
	return 1;
}

static int option_set(struct cli *c, const struct cli_option *o, const char *value)
{
	struct cli_texts *texts = o->to;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->to = true;
		return 0;
	case CLI_TEXT:
		*(const char **)o->to = value;
		return 0;
	case CLI_TEXTS:
		texts->at = xrealloc(texts->at, (texts->n + 1) * sizeof *texts->at);
		texts->at[texts->n++] = value;
		return 0;
	case CLI_WORD:
		return option_word(c, o, value);
	}
	return 1;
}

/* --name, --name=value, --name value; *i is at the argument, and at the last one that was used afterwards. */
static int option_long(struct cli *c, const struct cli_option *options, int argc, char **argv, int *i)
{
	struct str value, name = str_cut(str_of(argv[*i] + 2), '=', &value);
	bool given = argv[*i][2 + name.n] == '=';
	const struct cli_option *o;

	for (o = options; o->name && !str_is(name, o->name); o++)
		;
	if (!o->name)
		return option_unknown(c, options, name);
	if (o->kind == CLI_FLAG && given)
		return cli_fail(c, "--%s takes no value", o->name);
	if (o->kind == CLI_FLAG)
		return option_set(c, o, NULL);
	if (given)
		return option_set(c, o, value.s);
	if (*i + 1 >= argc)
		return cli_fail(c, "--%s needs a value", o->name);
	return option_set(c, o, argv[++*i]);
}

/* -y, -yn, -o VALUE, -oVALUE */
static int option_short(struct cli *c, const struct cli_option *options, int argc, char **argv, int *i)
{
	for (const char *letter = argv[*i] + 1; *letter; letter++) {
		const struct cli_option *o;

		for (o = options; o->name && o->letter != *letter; o++)
			;
		if (!o->name)
			return cli_fail(c, "there is no option -%c; see `ctc help %s`", *letter, c->command->name);
		if (o->kind != CLI_FLAG) {
			if (letter[1])
				return option_set(c, o, letter + 1);
			if (*i + 1 >= argc)
				return cli_fail(c, "-%c needs a value", *letter);
			return option_set(c, o, argv[++*i]);
		}
		option_set(c, o, NULL);
	}
	return 0;
}

int cli_options(struct cli *c, const struct cli_option *options, int argc, char **argv, int *ret_status)
{
	int operands = 0;
	bool over = false, commanded = false; /* the second: by operands, behind which a "--" may stand */

	if (c->completes) {
		complete_arguments(c, options, argc, argv);
		*ret_status = 0;
		return -1;
	}

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0 && (!over || (commanded && operands == c->before_command))) {
			over = true;
			commanded = false;
			continue;
		}
		if (over || argv[i][0] != '-' || argv[i][1] == '\0') {
			argv[++operands] = argv[i];
			commanded |= !over && operands == c->before_command;
			over |= commanded;
			continue;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			*ret_status = usage(c, options);
			return -1;
		}
		int failed = argv[i][1] == '-' ? option_long(c, options, argc, argv, &i) : option_short(c, options, argc, argv, &i);
		if (failed) {
			*ret_status = failed;
			return -1;
		}
	}
	return operands;
}
