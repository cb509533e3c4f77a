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
export work
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
# typed_in_bash KEYS: what bash runs when somebody types this, with the tabulator: readline splits the words here. (ctc says what it was run with.)
typed_in_bash()
{
	# shellcheck disable=SC2016
	(cd "$work" && printf '%s\n' 'source <(ctc completion bash); ctc() { if [ "$1" = completion ]; then command ctc "$@"; else echo "ran: $*"; fi; }' "$1" exit |
		TERM=dumb timeout 30 script -qec 'bash --norc --noprofile -i' /dev/null | tr -d '\r' | sed -n 's/^ran: //p')
}

is 'bash: commands' "$(complete_in_bash ro)" 'rollback '
is 'bash: options of a command' "$(complete_in_bash plan --detailed)" '--detailed-exitcode '
is 'bash: files of ours and no others' "$(complete_in_bash apply '')" 'lab.ctstack '
is 'bash: help takes a command' "$(complete_in_bash help hist)" 'history '
is 'bash: explain takes a code' "$(complete_in_bash explain E061 | cut -d' ' -f1-3)" 'E0610 E0611 E0612'
is 'bash: explain takes a name' "$(complete_in_bash explain image)" 'image-form image-registry image-tag '
is 'bash: a value of an option' "$(complete_in_bash plan --format '')" 'json markdown text '
is 'bash: a value behind =, which bash takes for a word' "$(complete_in_bash plan --format = ma)" 'markdown '
is 'bash: a value right behind =' "$(complete_in_bash check --format =)" 'json sarif text '
is 'bash: doc takes a kind' "$(complete_in_bash doc contai)" 'container '
is 'bash: doc takes a field of it' "$(complete_in_bash doc container.stop)" 'container.stop-signal container.stop-timeout '
is 'bash: doc takes a field' "$(complete_in_bash doc stop-)" 'stop-signal stop-timeout '
is 'bash: doc takes a template' "$(complete_in_bash doc std.ml.oll)" 'std.ml.ollama std.ml.ollama-model '
is 'bash: doc takes a file' "$(complete_in_bash doc lab.)" 'lab.ctstack '
is 'bash: reach takes two ends' "$(complete_in_bash reach wo)$(complete_in_bash reach world ho)$(complete_in_bash reach world host '')" 'world host lab.ctstack '
is 'bash: completion takes a shell' "$(complete_in_bash completion '')" 'bash fish zsh '
is 'bash: help takes more than commands' "$(complete_in_bash help exit)" 'exit-codes '
is 'bash: a lint' "$(complete_in_bash check --deny image-)" 'image-registry image-tag '
is 'bash: the words of another program are its own' "$(complete_in_bash exec a.b -- '')" ' '
is 'bash: the value of one option is no operand' "$(complete_in_bash reach --set a=b wor)" 'world '
is 'bash, typed: a command' "$(typed_in_bash $'ctc histo\t')" 'history'
is 'bash, typed: a value behind =' "$(typed_in_bash $'ctc plan --format=mark\t')" 'plan --format=markdown'
is 'bash, typed: a file' "$(typed_in_bash $'ctc check la\t')" 'check lab.ctstack'

# What zsh shows is not to be had without a terminal: the words that it is given, before it leaves out those that do not begin as what is typed.
complete_in_zsh()
{
	zsh -f -c 'compadd() { [[ $1 == -a ]] && print -l -- ${(P)2} || print -l -- "$@"; }; _describe() { print -l -- ${(P)2%%:*}; }; compdef() { :; }
		_files() { print -l -- *${~2#\*}(N) }
		source <(ctc completion zsh); words=(ctc "$@"); CURRENT=$(($# + 1)); cd "$work"; _ctc' zsh "$@" | grep -x -e "${*: -1}.*" | sort | tr '\n' ' '
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
	is "$shell: a value of an option" "$(complete_in_$shell plan --format ma)" 'markdown '
	is "$shell: a value behind =" "$(complete_in_$shell plan --format=ma)" '--format=markdown '
	is "$shell: a field of a kind" "$(complete_in_$shell doc container.stop)" 'container.stop-signal container.stop-timeout '
	is "$shell: a template" "$(complete_in_$shell doc std.ml.oll)" 'std.ml.ollama std.ml.ollama-model '
	is "$shell: the second end" "$(complete_in_$shell reach world ho)" 'host '
	is "$shell: a shell" "$(complete_in_$shell completion zs)" 'zsh '
done
# It offers other files, too, behind those that end as they should.
command -v fish >/dev/null && is 'fish: files of ours' "$(complete_in_fish apply la)" 'lab.ctstack '
is 'another shell is refused' "$(ctc completion tcsh 2>&1)" 'ctc completion: say for which shell: bash, zsh or fish'
exit $failed
