#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The completion code, asked in the shell itself: bash always, zsh and fish where they are installed.
# Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
PATH=$PWD/build:$PATH
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
touch "$work/lab.ctstack" "$work/notes.txt"

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		echo "ok $1"
	else
		printf 'not ok %s\n# got: %s\n# expected: %s\n' "$1" "$2" "$3"
		failed=1
	fi
}

# complete WORD...: what bash would offer for the last word
complete_in_bash()
{
	bash -c 'source <(ctc completion bash); cd "$1"; shift; COMP_WORDS=(ctc "$@"); COMP_CWORD=$#; _ctc; printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " "' \
		bash "$work" "$@"
}

is 'bash: commands' "$(complete_in_bash ro)" 'rollback '
is 'bash: options of a command' "$(complete_in_bash plan --detailed)" '--detailed-exitcode '
is 'bash: files of ours and no others' "$(complete_in_bash apply '')" 'lab.ctstack '
is 'bash: help takes a command' "$(complete_in_bash help hist)" 'history '
is 'bash: explain takes a code' "$(complete_in_bash explain E061 | cut -d' ' -f1-3)" 'E0610 E0611 E0612'
is 'bash: explain takes a name' "$(complete_in_bash explain image)" 'image-form image-registry image-tag '

# What zsh shows is not to be had without a terminal: the words that it is given, before it leaves out those that do not begin as what is typed.
complete_in_zsh()
{
	zsh -f -c 'compadd() { [[ $1 == -a ]] && print -l -- ${(P)2} || print -l -- "$@"; }; _describe() { print -l -- ${(P)2%%:*}; }; compdef() { :; }
		source <(ctc completion zsh); words=(ctc "$@"); CURRENT=$(($# + 1)); _ctc' zsh "$@" | grep -x -e "${*: -1}.*" | sort | tr '\n' ' '
}
complete_in_fish()
{
	HOME=$work fish --no-config -c 'ctc completion fish | source; cd $argv[1]; complete -C "ctc $argv[2]"' "$work" "$*" | cut -f1 | sort | tr '\n' ' '
}
for shell in zsh fish; do
	command -v $shell >/dev/null || continue
	is "$shell: the code parses" "$(ctc completion $shell >"$work/code" && $shell -n "$work/code" 2>&1)" ''
	is "$shell: commands" "$(complete_in_$shell ro)" 'rollback '
	is "$shell: options of a command" "$(complete_in_$shell plan --detailed)" '--detailed-exitcode '
	is "$shell: explain takes a code" "$(complete_in_$shell explain E061 | cut -d' ' -f1-3)" 'E0610 E0611 E0612'
done
# It offers other files, too, behind those that end as they should.
command -v fish >/dev/null && is 'fish: files of ours' "$(complete_in_fish apply la)" 'lab.ctstack '
is 'another shell is refused' "$(ctc completion tcsh 2>&1)" 'ctc completion: say for which shell: bash, zsh or fish'
exit $failed
