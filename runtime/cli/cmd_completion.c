/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc completion: the shell code that completes ctc's command line. Commands come from the table; options are asked of `ctc help COMMAND` when somebody
 * presses the key, so that they are said once; codes are asked of `ctc explain`; operands
 * are .ctstack files where a command takes files, and names of `ctc list` where it takes stacks or containers. */
#include "runtime/cli/cli.h"

#include <string.h>

/* Whether its operands are names of stacks or containers of this host. They are asked of `ctc list`, which only root may. */
static bool takes_names(const struct cli_command *k)
{
	return strncmp(k->arguments, "STACK", 5) == 0 || strncmp(k->arguments, "[STACK", 6) == 0;
}

/* The command that says the names: stacks alone where no container may stand. */
static const char *names_of(const struct cli_command *k)
{
	return strstr(k->arguments, "CONTAINER") ? "ctc list --names 2>/dev/null" : "ctc list --names 2>/dev/null | grep -v \"[.]\"";
}

/* The names of source files are completed; a command may take something else, too. */
static bool takes_files(const struct cli_command *k)
{
	return strncmp(k->arguments, "FILE…", strlen("FILE…")) == 0;
}

static void bash_completion(struct buf *out)
{
	buf_puts(out, "# bash completion of ctc; load it with: source <(ctc completion bash)\n"
		      "_ctc()\n"
		      "{\n"
		      "\tlocal word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-}\n"
		      "\tCOMPREPLY=()\n"
		      "\tif [ \"$COMP_CWORD\" = 1 ]; then\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -W '");
	for (const struct cli_command *k = cli_commands; k->name; k++)
		buf_fmt(out, "%s%s", k == cli_commands ? "" : " ", k->name);
	buf_puts(out, "' -- \"$word\")\n"
		      "\t\treturn\n"
		      "\tfi\n"
		      "\tcase \"$word\" in\n"
		      "\t-*) mapfile -t COMPREPLY < <(compgen -W \"$(ctc help \"$command\" 2>/dev/null | grep -o -e '--[a-z][a-z-]*')\" -- \"$word\") ;;\n"
		      "\t*) case \"$command\" in\n");
	for (const struct cli_command *k = cli_commands; k->name; k++)
		if (takes_files(k))
			buf_fmt(out, "\t\t%s) mapfile -t COMPREPLY < <(compgen -f -X '!*.ctstack' -- \"$word\"; %scompgen -d -S / -- \"$word\") ;;\n",
				k->name, strstr(k->arguments, ".ctplan") ? "compgen -f -X '!*.ctplan' -- \"$word\"; " : "");
	for (const struct cli_command *k = cli_commands; k->name; k++)
		if (takes_names(k))
			buf_fmt(out, "\t\t%s) mapfile -t COMPREPLY < <(compgen -W \"$(%s)\" -- \"$word\") ;;\n", k->name, names_of(k));
	buf_puts(out, "\t\thelp) mapfile -t COMPREPLY < <(compgen -W '");
	for (const struct cli_command *k = cli_commands; k->name; k++)
		buf_fmt(out, "%s%s", k == cli_commands ? "" : " ", k->name);
	buf_puts(out, "' -- \"$word\") ;;\n"
		      "\t\texplain) mapfile -t COMPREPLY < <(compgen -W \"$(ctc explain 2>/dev/null | awk '{ print $1, $2 }')\" -- \"$word\") ;;\n"
		      "\tesac ;;\n"
		      "\tesac\n"
		      "}\n"
		      "complete -o nospace -o filenames -F _ctc ctc\n");
}

/* A doc string between the quotes that the shell wants: no text of ours has a single quote or a colon, which zsh would ask to be escaped. */
static void zsh_completion(struct buf *out)
{
	buf_puts(out, "#compdef ctc\n"
		      "# zsh completion of ctc; put it into a directory of $fpath as _ctc, or load it behind compinit with: source <(ctc completion zsh)\n"
		      "_ctc()\n"
		      "{\n"
		      "\tlocal -a commands options\n"
		      "\tcommands=(\n");
	for (const struct cli_command *k = cli_commands; k->name; k++) {
		buf_fmt(out, "\t\t'%s:", k->name);
		for (const char *s = k->doc; *s; s++) {
			if (*s == '\'')
				buf_puts(out, "'\\'");
			buf_addc(out, *s);
		}
		buf_puts(out, "'\n");
	}
	buf_puts(out, "\t)\n"
		      "\tif (( CURRENT == 2 )); then\n"
		      "\t\t_describe command commands\n"
		      "\telif [[ $words[CURRENT] == -* ]]; then\n"
		      "\t\toptions=(${(f)\"$(ctc help $words[2] 2>/dev/null | grep -o -e '--[a-z][a-z-]*')\"})\n"
		      "\t\tcompadd -a options\n"
		      "\telif [[ $words[2] == help ]]; then\n"
		      "\t\t_describe command commands\n"
		      "\telif [[ $words[2] == explain ]]; then\n"
		      "\t\tcompadd ${=\"$(ctc explain 2>/dev/null | awk '{ print $1, $2 }')\"}\n");
	for (const struct cli_command *k = cli_commands; k->name; k++)
		if (takes_names(k))
			buf_fmt(out, "\telif [[ $words[2] == %s ]]; then\n\t\tcompadd ${(f)\"$(%s)\"}\n", k->name, names_of(k));
	buf_puts(out, "\telse\n"
		      "\t\t_files -g '*.ctstack'\n"
		      "\tfi\n"
		      "}\n"
		      /* A file that zsh loads by itself is the function's own body when it is called first. */
		      "if [[ $funcstack[1] == _ctc ]]; then _ctc \"$@\"; else compdef _ctc ctc; fi\n");
}

static void fish_completion(struct buf *out)
{
	buf_puts(out, "# fish completion of ctc; load it with: ctc completion fish | source\n"
		      "complete -c ctc -f\n");
	for (const struct cli_command *k = cli_commands; k->name; k++) {
		buf_fmt(out, "complete -c ctc -n __fish_use_subcommand -a %s -d '", k->name);
		for (const char *s = k->doc; *s; s++) {
			if (*s == '\'')
				buf_addc(out, '\\');
			buf_addc(out, *s);
		}
		buf_puts(out, "'\n");
		if (takes_files(k))
			buf_fmt(out, "complete -c ctc -n '__fish_seen_subcommand_from %s' -a '(__fish_complete_suffix .ctstack)'\n", k->name);
	}
	for (const struct cli_command *k = cli_commands; k->name; k++)
		if (takes_names(k))
			buf_fmt(out, "complete -c ctc -n '__fish_seen_subcommand_from %s' -a '(%s)'\n", k->name, names_of(k));
	buf_puts(out, "complete -c ctc -n '__fish_seen_subcommand_from explain' -a \"(ctc explain 2>/dev/null | awk '{ print \\$1; print \\$2 }')\"\n");
	buf_puts(out, "complete -c ctc -n 'not __fish_use_subcommand; and string match -q -- \"-*\" (commandline -ct)' -a \"(ctc help (commandline -opc)[2] 2>/dev/null | string match -r -a -- '--[a-z][a-z-]*')\"\n");
}

static const struct {
	const char *name;
	void (*print)(struct buf *out);
} shells[] = {{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

int cmd_completion(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = 0, n = cli_options(c, options, argc, argv, &status);
	struct buf b = {0};

	if (n < 0)
		return status;
	for (size_t i = 0; n == 1 && i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(shells[i].name, argv[1]) != 0)
			continue;
		shells[i].print(&b);
		status = cli_print(c, buf_view(&b));
		buf_free(&b);
		return status;
	}
	return cli_fail(c, "say for which shell: bash, zsh or fish");
}
