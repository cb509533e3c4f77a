#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiles and plans generated stacks of 100, 1,000 and 10,000 containers against an empty host and prints what it took. Prints numbers, judges none:
# a time depends on the machine. Instructions are counted where valgrind is installed.
#	run.sh CTC MEASURE [CONTAINERS...]
set -eu
ctc=$1 measure=$2
shift 2
[ $# -gt 0 ] || set -- 100 1000 10000
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

instructions() {
	command -v valgrind >/dev/null 2>&1 || return 0
	valgrind --tool=callgrind --callgrind-out-file="$dir/callgrind" "$@" 2>&1 >/dev/null | awk '/Collected/ { print $NF }'
}

printf '%10s %10s %10s %10s %12s %14s %14s\n' containers 'file KiB' 'wall ms' 'RSS MiB' 'µs/container' instructions per-container
for n; do
	file=$dir/$n.ctstack
	"$here/generate.sh" "$n" >"$file"
	times=$((n < 5000 ? 20 : 5))
	# shellcheck disable=SC2046 # two words
	set -- $("$measure" $times "$ctc" plan --offline "$file")
	count=$(instructions "$ctc" plan --offline "$file")
	awk -v n="$n" -v size="$(wc -c <"$file")" -v ms="$1" -v rss="$2" -v ir="$count" 'BEGIN {
		printf "%10d %10d %10.2f %10.1f %12.1f %14s %14s\n", n, size / 1024, ms, rss, ms * 1000 / n, ir == "" ? "-" : ir, ir == "" ? "-" : sprintf("%d", ir / n)
	}'
done
