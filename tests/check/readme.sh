#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What README.md shows is true: its example compiles, its commands are commands, its files are there.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

result() { # STATUS NAME
	if [ "$1" = 0 ]; then echo "ok $2"; else
		[ ! -s "$work/out" ] || sed 's/^/# /' "$work/out"
		echo "not ok $2"
		failed=1
	fi
}

sed -n '/^```ctstack$/,/^```$/{/^```/d;p}' README.md >"$work/readme.ctstack"
[ -s "$work/readme.ctstack" ] && build/ctc check "$work/readme.ctstack" >"$work/out" 2>&1
result $? "the README's example compiles"

for example in examples/*.ctstack; do
	build/ctc check "$example" >"$work/out" 2>&1
	result $? "$example compiles"
done

sed -n '/^```sh$/,/^```$/p' README.md | sed -n 's/^\(sudo \)\{0,1\}ctc \([a-z]*\).*/\2/p' | sort -u | while read -r command; do
	build/ctc help "$command" >/dev/null 2>&1 || echo "ctc $command"
done >"$work/out"
[ ! -s "$work/out" ]
result $? "the README's commands are commands"

grep -o '`[a-z]*/[a-zA-Z/._]*`' README.md | tr -d '`' | grep -v '^build/' | sort -u | while read -r path; do
	[ -e "$path" ] || echo "$path"
done >"$work/out"
[ ! -s "$work/out" ]
result $? "the README's files are there"
exit $failed
