#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs tests/host/test_*.sh, or those that are named, each in a host of its own that is booted for it and removed after it, and closes with "N passed, N failed".
#	run.sh [FILE[:FUNCTION]]...	FILE: test_x, test_x.sh or a path; FUNCTION may be a pattern
# Whatever ends it, its hosts go too; what a kill -9 left is removed by the next run. A file says in lines `# set: NAME…` which variables of the environment, beside TEST_TIMEOUT
# (seconds a function may take), its functions read; they are handed into the host where they are set. LANES of them (1) go on side by side. Where all are
# run, those that say `# long` begin first, so that no lane waits for another at the end.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
host=tests/host/host
[ "$(id -u)" = 0 ] || {
	echo "run.sh: boots test hosts and so needs root: run it with sudo"
	exit 1
}

# shellcheck source=tests/lanes.sh
. tests/lanes.sh
name='' lanes='' count=0 passed=0 failed=0
export CTC_HOST_OWNER=$$
$host sweep
stage=$($host stage)
work=$(mktemp -d)

clean_up() {
	trap - EXIT INT TERM HUP
	[ -z "$lanes" ] || kill "$lanes" 2>/dev/null
	wait
	rm -rf "$stage" "$work"
	rmdir "${stage%/*}" 2>/dev/null || true
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

# Shows what comes but the closing word, and fails where that word never came.
shown() {
	local line complete=1
	while IFS= read -r line; do
		if [ "$line" = done ]; then complete=0; else printf '%s\n' "$line"; fi
	done
	return $complete
}

part() {
	local variable set=()
	for variable in TEST_TIMEOUT $(sed -n 's/^# set: *//p' "$1"); do
		[ -z "${!variable:-}" ] || set+=("--setenv=$variable=${!variable}")
	done
	{
		$host run "$name" systemd-run --quiet --pipe --wait --collect --property=Delegate=yes --setenv=ONLY="$3" "${set[@]}" \
			bash /src/tests/host/inside.sh all "/src/$1" "$2" 2>&1 | shown
	} &
	wait $!
}

# FILE FUNCTION, in a host of its own. What can take long is waited for, so that a signal is heard meanwhile.
run_file() {
	local file=$1 only=$2 gpu
	SECONDS=0
	name=t$CTC_HOST_OWNER-$count
	trap '$host down "$name"' EXIT
	trap 'exit 130' TERM
	gpu=$(sed -n 's/^# gpu: *//p' "$file")
	if ! CTC_HOST_GPU=$gpu $host up "$name" "$stage" 2>&1; then
		echo "not ok $file: the host boots"
	elif ! part "$file" first "$only"; then
		echo "not ok $file: runs to its end"
	elif grep -q '^test_after_reboot_' "$file"; then
		if ! $host reboot "$name" 2>&1; then
			echo "not ok $file: the host reboots"
		elif ! part "$file" rebooted "$only"; then
			echo "not ok $file: runs to its end after the reboot"
		fi
	fi
	echo "# ${file##*/}: $SECONDS s"
}

run_wanted() { # WANTED...
	local wanted file only
	lanes_end_with_me
	for wanted in "$@"; do
		file=${wanted%%:*} only=''
		[ "$file" = "$wanted" ] || only=${wanted#*:}
		for file in "$file" "tests/host/$file" "tests/host/$file.sh"; do
			[ ! -f "$file" ] || break
		done
		count=$((count + 1))
		if [ -f "$file" ]; then lane run_file "$file" "$only"; else echo "not ok $wanted: no such file"; fi
	done
	wait
}

MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local build/probe || {
	echo "not ok make install"
	echo "0 passed, 1 failed"
	exit 1
}
if [ $# = 0 ]; then
	mapfile -t files < <(grep -l '^# long' tests/host/test_*.sh && grep -L '^# long' tests/host/test_*.sh)
	set -- "${files[@]}"
fi
mkfifo "$work/lines"
run_wanted "$@" >"$work/lines" &
lanes=$!
while IFS= read -r line; do
	case "$line" in
	"ok "*) passed=$((passed + 1)) ;;
	"not ok "*) failed=$((failed + 1)) ;;
	esac
	printf '%s\n' "$line"
done <"$work/lines"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
