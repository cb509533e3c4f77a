#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sources beside the exact text that ctc prints for them: tests/golden/run.sh [--update] [CTC] [THEME/NAME…]
#
#	THEME/NAME.ctstack	run as `ctc check NAME.ctstack` in that directory; or
#	THEME/NAME.gen		a shell script that writes NAME.ctstack to its standard output (binary or large files), and what it uses beside it; or
#	THEME/NAME.cmd		another command line, one line
#	THEME/NAME.in		what its standard input says (nothing, where there is none)
#	THEME/NAME.expect	standard output, then standard error, then "exit N"
#
# Files in deeper directories are there to be used. --update writes what came out as what is expected: the review is the diff.
set -u
cd "$(dirname "$0")" || exit 1
update=
[ "${1:-}" = --update ] && { update=1; shift; }
ctc=$(realpath -m "../../${1:-build/ctc}")
[ $# -gt 0 ] && shift
[ -x "$ctc" ] || { echo "there is no $ctc: run make"; exit 1; }
here=$PWD
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export NO_COLOR=1 LC_ALL=C
passed=0 failed=0

# The command's output as the .expect files have it. $1: directory, $2: name
golden_run()
{
	local dir=$1 name=$2 in=/dev/null words
	if [ -f "$dir/$name.cmd" ]; then
		read -ra words <"$dir/$name.cmd"
	else
		words=(check "$name.ctstack")
	fi
	if [ -f "$dir/$name.gen" ]; then
		mkdir -p "$tmp/$dir"
		(cd "$tmp/$dir" && sh "$here/$dir/$name.gen" >"$name.ctstack") || return
		dir=$tmp/$dir
	fi
	[ ! -f "$dir/$name.in" ] || in=$here/$dir/$name.in
	(cd "$dir" && timeout 60 "$ctc" ${words[@]+"${words[@]}"} <"$in" 2>"$tmp/err"; echo "exit $?" >"$tmp/exit")
	cat "$tmp/err" "$tmp/exit"
}

names=("$@")
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(for f in */*.ctstack */*.gen */*.cmd; do [ -f "$f" ] && echo "${f%.*}"; done | LC_ALL=C sort -u)
for name in ${names[@]+"${names[@]}"}; do
	golden_run "${name%/*}" "${name##*/}" >"$tmp/out"
	if [ -n "$update" ]; then
		cmp -s "$tmp/out" "$name.expect" || { cp "$tmp/out" "$name.expect" && echo "# wrote $name.expect"; }
	fi
	if cmp -s "$tmp/out" "$name.expect"; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		diff -u --label "$name.expect" --label "printed now" "$name.expect" "$tmp/out" 2>&1 | sed 's/^/# /'
		failed=$((failed + 1))
	fi
done
# An expectation without a source would never be looked at.
for f in */*.expect; do
	if ! [ -f "${f%.expect}.ctstack" ] && ! [ -f "${f%.expect}.gen" ] && ! [ -f "${f%.expect}.cmd" ]; then
		echo "not ok $f has no source"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
