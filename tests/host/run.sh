#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs tests/host/test_*.sh, or those that are named, each in a host of its own that is booted for it and removed after it, and closes with "N passed, N failed".
#	run.sh [FILE[:FUNCTION]]...	FILE: test_x, test_x.sh or a path; FUNCTION may be a pattern
# Whatever ends it, its hosts go too; what a kill -9 left is removed by the next run. A file says in lines `# set: NAME…` which variables of the environment, beside TEST_TIMEOUT
# (seconds a function may take), its functions read; they are handed into the host where they are set. Where all are run, those that say `# waits` go on beside the others.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
host=tests/host/host
[ "$(id -u)" = 0 ] || {
	echo "run.sh: boots test hosts and so needs root: run it with sudo"
	exit 1
}

name='' count=0 passed=0 failed=0 beside='' beside_log=''
export CTC_HOST_OWNER=$$
$host sweep
stage=$($host stage)

clean_up() {
	trap - EXIT INT TERM HUP
	if [ -n "$beside" ]; then
		kill "$beside" 2>/dev/null
		wait "$beside" 2>/dev/null
	fi
	rm -f "$beside_log"
	[ -z "$name" ] || $host down "$name"
	rm -rf "$stage"
	rmdir "${stage%/*}" 2>/dev/null || true
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

# Prints what comes but the closing word, counts, and fails where that word never came.
tally() {
	local line complete=1
	while IFS= read -r line; do
		case "$line" in
		done)
			complete=0
			continue
			;;
		"ok "*) passed=$((passed + 1)) ;;
		"not ok "*) failed=$((failed + 1)) ;;
		esac
		printf '%s\n' "$line"
	done
	return $complete
}

broken() {
	echo "not ok $1"
	failed=$((failed + 1))
}

part() {
	local variable set=()
	for variable in TEST_TIMEOUT $(sed -n 's/^# set: *//p' "$1"); do
		[ -z "${!variable:-}" ] || set+=("--setenv=$variable=${!variable}")
	done
	tally < <($host run "$name" systemd-run --quiet --pipe --wait --collect --property=Delegate=yes --setenv=ONLY="$3" "${set[@]}" \
		bash /src/tests/host/inside.sh all "/src/$1" "$2" 2>&1)
}

run_file() {
	local file=$1 only=$2 gpu
	count=$((count + 1))
	name=t$$-$count
	gpu=$(sed -n 's/^# gpu: *//p' "$file")
	if ! CTC_HOST_GPU=$gpu $host up "$name" "$stage" 2>&1; then
		broken "$file: the host boots"
	elif ! part "$file" first "$only"; then
		broken "$file: runs to its end"
	elif grep -q '^test_after_reboot_' "$file"; then
		if ! $host reboot "$name" 2>&1; then
			broken "$file: the host reboots"
		elif ! part "$file" rebooted "$only"; then
			broken "$file: runs to its end after the reboot"
		fi
	fi
	$host down "$name"
	name=''
}

MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local build/probe || {
	broken "make install"
	echo "0 passed, 1 failed"
	exit 1
}
if [ $# = 0 ]; then
	mapfile -t waiting < <(grep -l '^# waits' tests/host/test_*.sh)
	mapfile -t others < <(grep -L '^# waits' tests/host/test_*.sh)
	beside_log=$(mktemp)
	"$0" "${waiting[@]}" >"$beside_log" 2>&1 &
	beside=$!
	set -- "${others[@]}"
fi
for wanted in "$@"; do
	file=${wanted%%:*} only=''
	[ "$file" = "$wanted" ] || only=${wanted#*:}
	for file in "$file" "tests/host/$file" "tests/host/$file.sh"; do
		[ ! -f "$file" ] || break
	done
	if [ -f "$file" ]; then run_file "$file" "$only"; else broken "$wanted: no such file"; fi
done
if [ -n "$beside" ]; then
	wait "$beside"
	beside=''
	tally < <(sed 's/^[0-9]* passed, [0-9]* failed$/done/' "$beside_log") || broken "those that wait: run to their end"
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
