#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The crash matrices: every scenario of state.sh in a test host of its own, cut off everywhere or at some places that a seed chooses. Closes with the sum and "N passed, N failed".
#	[LANES=N] run.sh points|strace all|COUNT [SEED [SCENARIO...]]	points: inside.sh, fault points in a program made for it; strace: strace.sh, system calls of the one that is installed
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
matrix=$1 count=${2:-2} seed=${3:-1}
shift $(($# < 3 ? $# : 3))
[ $# -gt 0 ] || set -- first add change policy remove rename address unready requires once rollback recovery
host=tests/host/host
[ "$(id -u)" = 0 ] || {
	echo "run.sh: boots test hosts and so needs root: run it with sudo"
	exit 1
}
case $matrix in
points) word=crash script=inside.sh ;;
strace) word=strace script=strace.sh ;;
*) sed -n 's/^#	//p' "$0" >&2; exit 64 ;;
esac
export CTC_HOST_OWNER=$$
$host sweep
stage=$($host stage)
# shellcheck source=tests/lanes.sh
. tests/lanes.sh
name='' lanes='' log=$(mktemp)
clean_up() {
	trap - EXIT INT TERM HUP
	[ -z "$lanes" ] || kill "$lanes" 2>/dev/null
	wait
	rm -rf "$stage" "$log"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

build() {
	MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local build/probe || return
	[ $matrix != points ] || { MAKEFLAGS='' make --no-print-directory -s build/fault/ctc && cp build/fault/ctc "$stage/usr/local/bin/ctc"; }
}
build || {
	echo "not ok the crash matrix is built"
	echo "0 passed, 1 failed"
	exit 1
}
# NUMBER SCENARIO, in a host of its own. What takes long is waited for, so that a signal is heard meanwhile.
run_scenario() {
	local scenario=$2
	name=c$CTC_HOST_OWNER-$1
	trap '$host down "$name"' EXIT
	trap 'exit 130' TERM
	$host up "$name" "$stage" 2>&1 && {
		$host run "$name" systemd-run --quiet --pipe --wait --collect --property=Delegate=yes \
			bash "/src/tests/fault/$script" "$scenario" "$count" "$seed" 2>&1 | tee -a "$log" | grep --line-buffered -v '^# p' &
		wait $!
	}
	grep -qE "^(not )?ok $word $scenario:" "$log" || echo "not ok $word $scenario: runs to its end" | tee -a "$log"
}
run_scenarios() {
	local n=0 scenario
	lanes_end_with_me
	for scenario in "$@"; do
		n=$((n + 1))
		lane run_scenario $n "$scenario"
	done
	wait
}
run_scenarios "$@" &
lanes=$!
wait $lanes
# Named places: function and effect.
sed -n 's/^# place //p' "$log" | sort -u | while read -r effect address; do
	echo "$effect in $(addr2line -f -e build/fault/ctc "$address" | head -1)"
done | sort -u | sed 's/^/# point: /'
awk -v matrix=$matrix '/^# points/ { scenarios++; points += $4; runs += $5; mixed += $6 }
	END { printf "# matrix (%s): %d scenarios, %d points, %d runs, %d mixed\n", matrix, scenarios, points, runs, mixed }' "$log"
echo "$(grep -c '^ok ' "$log") passed, $(grep -c '^not ok ' "$log") failed"
! grep -q '^not ok ' "$log"
