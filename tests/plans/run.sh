#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plans as people, programs and reviewers see them: each folder has to.ctstack, perhaps from.ctstack (what it is compared with) and args (further options), and what
# `ctc plan` then says: plan.txt, plan.json, plan.md, or errors.txt where it refuses.
#	run.sh CTC [--update]
set -u
ctc=$(realpath "$1") update=${2:-}
cd "$(dirname "$0")" || exit 1
out=$(mktemp -d) failed=0
trap 'rm -rf "$out"' EXIT

# one FOLDER FORMAT FILE
one() {
	base='' args=''
	[ ! -f "$1/from.ctstack" ] || base='--base from.ctstack'
	[ ! -f "$1/args" ] || args=$(cat "$1/args")
	# shellcheck disable=SC2086 # words
	(cd "$1" && "$ctc" plan --offline $base $args --format "$2" to.ctstack) >"$out/$3" 2>"$out/errors.txt"
	status=$?
	[ $status -eq 0 ] || rm "$out/$3"
	for got in "$3" errors.txt; do
		[ -s "$out/$got" ] || rm -f "$out/$got"
		if [ "$update" = --update ]; then
			rm -f "$1/$got"
			[ ! -f "$out/$got" ] || cp "$out/$got" "$1/$got"
		elif [ -f "$out/$got" ] || [ -f "$1/$got" ]; then
			touch "$out/$got"
			diff -uN "$1/$got" "$out/$got" >&2 || return 1
		fi
	done
}

for folder in */; do
	folder=${folder%/}
	ok=ok
	for form in text:plan.txt json:plan.json markdown:plan.md; do
		one "$folder" "${form%:*}" "${form#*:}" || ok='not ok' failed=1
	done
	echo "$ok plans: $folder"
done
exit $failed
