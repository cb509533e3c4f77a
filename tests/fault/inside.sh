#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The crash matrix, in a test host whose ctc is build/fault/ctc. The command of a scenario (state.sh) is run again and again, and each time something happens at another of its
# fault points: the process is killed, or the call fails. Then the host is judged.
#
#	inside.sh SCENARIO all|COUNT [SEED]	COUNT: so many points of it, chosen by the seed, both ways each
# Prints "ok …" or what was wrong and "not ok …", and a line "# points …" with the named places that were passed.
set -u -o pipefail
. /src/tests/host/lib.sh
PATH=/usr/local/bin:$PATH	# its ctc is the one with fault points
scenario=$1 count=$2 seed=${3:-1}
. /src/tests/fault/state.sh
mkdir -p /run/ctc-fault
ln -sf /run/ctc-fault/log trace

# control NUMBER CODE NUMBER CODE: what shall happen at which points; counting begins anew.
control() {
	: >/run/ctc-fault/log
	rm -f /run/ctc-fault/count
	truncate -s 8 /run/ctc-fault/count
	echo "$*" >/run/ctc-fault/at
}
unarmed() { rm -f /run/ctc-fault/at; }
watched() {
	control 0 0 0 0
	"$@" >said 2>&1
	status=$?
	quiet
	cp /run/ctc-fault/log points
	unarmed
}

# run_at WHAT NUMBER CODE NUMBER CODE
run_at() {
	local what=$1
	shift
	control "$@"
	{ timeout 600 "${command[@]}" >said 2>&1; } 2>/dev/null
	status=$?
	# A recovery that follows ends with a status of its own.
	[ "$scenario" != recovery ] || status=any
	judge "$what"
}

states
first=0
if [ "$scenario" = recovery ]; then
	# The change is cut off where its units were stopped and not yet started; the points are those of what comes after.
	first=$(awk '$3 ~ /^sd_bus_call/ && $5 == "StartUnit" || $3 ~ /^sd_bus_call/ && $5 == "EnqueueUnitJob" { n = $1 } END { print n + 0 }' points)
	[ "$first" != 0 ] || first=$(($(wc -l <points) * 3 / 4))
	control "$first" 0 0 0
	"${command[@]}" >said 2>&1
	quiet
	ctc recover >recovered 2>&1
	cp /run/ctc-fault/log points
	unarmed
	digest >is
	cmp -s is old || cmp -s is new || { diff old is; echo "not ok crash recovery: a recovery that nothing disturbs"; exit 1; }
	cmp -s is old || reset
	command=(sh -c 'ctc apply --yes new.ctstack; ctc recover')
fi
total=$(wc -l <points)

for number in $(seq $((first + 1)) "$total" | some "$count" "$seed"); do
	effect=$(awk -v n="$number" '$1 == n { print $3, $5 }' points)
	if [ "$first" = 0 ]; then
		run_at "killed before $number ($effect)" "$number" 0 0 0
		run_at "$number ($effect) fails" "$number" 5 0 0
	else
		run_at "killed before $number ($effect), after $first" "$first" 0 "$number" 0
		run_at "$number ($effect) fails, after $first" "$first" 0 "$number" 5
	fi
	if [ "$wrong" -gt 20 ]; then
		echo "  too many: the rest is left out"
		break
	fi
done
echo "# points $scenario $((total - first)) $runs $mixed $wrong"
awk '{ print $3, $4 }' points | sort -u | sed 's/^/# place /'
if [ $wrong = 0 ]; then
	echo "ok crash $scenario: $runs runs at $((runs / 2)) of $((total - first)) points, 0 mixed"
else
	echo "not ok crash $scenario: $wrong wrong, $mixed mixed, in $runs runs"
fi
