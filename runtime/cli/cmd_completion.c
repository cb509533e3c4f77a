/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc completion: the shell code that completes ctc's command line. It asks `ctc completion words` whenever somebody presses the key, so that nothing is said twice (complete.c). */
#include <string.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/complete.h"

static const char bash[] =
	"# bash completion of ctc; load it with: source <(ctc completion bash)\n"
	"_ctc()\n"
	"{\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} line\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS=$'\\t' read -r line _; do\n"
	"\t\tcase $line in\n"
	"\t\t\\**) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X \"!$line\" -- \"$word\"; compgen -d -S / -- \"$word\") ;;\n"
	"\t\t*) COMPREPLY+=(\"$line\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(ctc completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"\t[[ ${COMPREPLY[0]-} != */ ]] || compopt -o nospace 2>/dev/null\n"
	"}\n"
	"complete -o filenames -F _ctc ctc\n";

static const char zsh[] =
	"#compdef ctc\n"
	"# zsh completion of ctc; put it into a directory of $fpath as _ctc, or load it behind compinit with: source <(ctc completion zsh)\n"
	"_ctc()\n"
	"{\n"
	"\tlocal line\n"
	"\tlocal -a found\n"
	"\tfor line in \"${(@f)$(ctc completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\"; do\n"
	"\t\tcase $line in\n"
	"\t\t\\**) _files -g $line ;;\n"
	"\t\t?*) found+=(\"${${line%%$'\\t'*}//:/\\\\:}${${(M)line%%$'\\t'*}/#$'\\t'/:}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t(( $#found )) && _describe word found\n"
	"}\n"
	/* A file that zsh loads by itself is the function's own body when it is called first. */
	"if [[ $funcstack[1] == _ctc ]]; then _ctc \"$@\"; else compdef _ctc ctc; fi\n";

static const char fish[] =
	"# fish completion of ctc; load it with: ctc completion fish | source\n"
	"function __ctc_words\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tset -e words[1]\n"
	"\tfor line in (ctc completion words -- $words 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\t\tcase '\\*'\n"
	"\t\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\t\tcase '\\**'\n"
	"\t\t\t\t__fish_complete_suffix (string sub -s 2 -- $line)\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c ctc -f -a '(__ctc_words)'\n";

static const struct {
	const char *name, *code;
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int cmd_completion(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = 0, n = cli_options(c, options, argc, argv, &status);
	_buf_ struct buf out = {0};

	if (n < 0)
		return status;
	if (n > 0 && strcmp(argv[1], "words") == 0) {
		complete(n - 1, argv + 2, &out);
		return cli_print(c, buf_view(&out));
	}
	for (size_t i = 0; n == 1 && i < sizeof shells / sizeof shells[0]; i++)
		if (strcmp(shells[i].name, argv[1]) == 0)
			return cli_print(c, str_of(shells[i].code));
	return cli_fail(c, "say for which shell: bash, zsh or fish");
}
