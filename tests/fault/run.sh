#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The crash matrix: every scenario of inside.sh in a test host of its own, at every fault point or at some that a seed chooses. Closes with the sum and "N passed, N failed".
#	run.sh all|COUNT [SEED [SCENARIO...]]
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
count=${1:-2} seed=${2:-1}
shift $(($# < 2 ? $# : 2))
[ $# -gt 0 ] || set -- first add change policy remove rename address unready rollback recovery
host=tests/host/host
[ "$(id -u)" = 0 ] || {
	echo "run.sh: boots test hosts and so needs root: run it with sudo"
	exit 1
}
export CTC_HOST_OWNER=$$
$host sweep
stage=$($host stage)
name='' log=$(mktemp)
clean_up() {
	trap - EXIT INT TERM HUP
	[ -z "$name" ] || $host down "$name"
	rm -rf "$stage" "$log"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local build/probe build/fault/ctc && cp build/fault/ctc "$stage/usr/local/bin/ctc" || {
	echo "not ok the crash matrix is built"
	echo "0 passed, 1 failed"
	exit 1
}
n=0
for scenario in "$@"; do
	n=$((n + 1)) name=c$$-$n
	$host up "$name" "$stage" 2>&1 && $host run "$name" systemd-run --quiet --pipe --wait --collect --property=Delegate=yes \
		bash /src/tests/fault/inside.sh "$scenario" "$count" "$seed" 2>&1 | tee -a "$log" | grep -v '^# p'
	grep -qE "^(not )?ok crash $scenario:" "$log" || echo "not ok crash $scenario: runs to its end" | tee -a "$log"
	$host down "$name"
	name=''
done
# Named places: function and effect.
sed -n 's/^# place //p' "$log" | sort -u | while read -r effect address; do
	echo "$effect in $(addr2line -f -e build/fault/ctc "$address" | head -1)"
done | sort -u | sed 's/^/# point: /'
awk '/^# points/ { scenarios++; points += $4; runs += $5; mixed += $6 } END { printf "# matrix: %d scenarios, %d points, %d runs (killed, failing), %d mixed\n", scenarios, points, runs, mixed }' "$log"
echo "$(grep -c '^ok ' "$log") passed, $(grep -c '^not ok ' "$log") failed"
! grep -q '^not ok ' "$log"
