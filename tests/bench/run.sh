#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Compiles generated stacks and prints what it took. Prints numbers, judges none: a time depends on the machine and on who else is on it; instructions do not,
# and are counted where valgrind is installed. Beside them, in the same run, stand what nobody can go below: the program's start, and wc reading the bytes.
#	run.sh CTC MEASURE POLICY [CONTAINERS...]
set -eu
ctc=$1 measure=$2 policy=$3
shift 3
sizes=${*:-100 1000 10000}
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

source_of() { # FORM CONTAINERS
	[ -e "$dir/$1-$2.ctstack" ] || "$here/generate.sh" "$2" "$1" >"$dir/$1-$2.ctstack"
	echo "$dir/$1-$2.ctstack"
}

instructions() {
	command -v valgrind >/dev/null 2>&1 || return 0
	valgrind --tool=callgrind --callgrind-out-file="$dir/callgrind" "$@" 2>&1 >/dev/null | awk '/Collected/ { print $NF }'
}

heading() {
	printf '\n%s\n%10s %9s %9s %9s %7s %8s %7s %8s %7s %13s %10s %6s\n' "$1" containers 'file KiB' 'wall ms' 'cpu ms' '/start' 'RSS MiB' faults \
		'µs/each' 'MB/s' instructions per-each /byte
}

# row CONTAINERS FILE COMMAND...
row() {
	n=$1 file=$2
	shift 2
	times=$((n < 5000 ? 20 : 5))
	count=$(if [ "${2-}" = fmt ]; then instructions "$1" fmt --check - <"$file"; else instructions "$@"; fi) # valgrind 3.19 has no openat2
	echo "$n $(wc -c <"$file") $start $("$measure" $times "$@") $count" | awk '{
		n = $1; size = $2; ir = $8
		printf "%10d %9d %9.2f %9.2f %7.1f %8.1f %7d %8.1f %7.1f", n, size / 1024, $4, $5, $4 / $3, $6, $7, $4 * 1000 / n, size / 1e3 / $5
		printf " %13s %10s %6s\n", ir == "" ? "-" : ir, ir == "" ? "-" : sprintf("%d", ir / n), ir == "" ? "-" : sprintf("%d", ir / size)
	}'
}

start=$("$measure" 50 "$ctc" --version | cut -d ' ' -f 1)
echo "start of the program: $start ms"
for form in light full; do
	heading "plan --offline, against an empty host: $form"
	for n in $sizes; do
		file=$(source_of $form "$n")
		row "$n" "$file" "$ctc" plan --offline "$file"
	done
done
for form in light full templates loops; do
	heading "check: $form"
	for n in 10 1000 10000; do
		file=$(source_of $form "$n")
		row "$n" "$file" "$ctc" check "$file"
	done
done
# Every line of the canonical form is made, and nothing is written.
for form in light full templates loops; do
	heading "fmt --check: $form"
	for n in 10 1000 10000; do
		file=$(source_of $form "$n")
		row "$n" "$file" "$ctc" fmt --check "$file"
	done
done
file=$(source_of full 10000)
heading "the same bytes: wc -w"
row 10000 "$file" "$(command -v wc)" -w "$file"
if [ "$(id -u)" = 0 ]; then
	printf '\npolicy in the kernel: all elements, and one flow more among them\n'
	printf '%10s %9s %10s %9s %9s %9s %8s %8s %8s\n' containers elements bytes 'all ms' 'read ms' changed bytes 'there ms' 'back ms'
	for n in $sizes; do
		file=$(source_of light "$n")
		sed 's/^}$/  allow c0 -> c7.http\n}/' "$file" >"$dir/changed.ctstack"
		"$policy" "$file" "$dir/changed.ctstack" | awk -v n="$n" '{ printf "%10d %9d %10d %9.1f %9.1f %9d %8d %8.2f %8.2f\n", n, $1, $2, $3, $4, $5, $6, $7, $8 }'
	done
fi
printf '\n%-26s %9s %8s\n' 'what ends at a bound' 'cpu ms' 'RSS MiB'
for bomb in "$here"/../golden/limits/*.ctstack; do
	"$measure" 3 "$ctc" check "$bomb" | awk -v name="$(basename "$bomb" .ctstack)" '{ printf "%-26s %9.2f %8.1f\n", name, $2, $3 }'
done
