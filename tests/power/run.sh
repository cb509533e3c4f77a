#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Power cuts: a virtual machine in which ctc changes a host from one state to another is killed at one of ctc's fault points, and booted again. Nobody does anything then: the host
# must be in the old state or in the new one, whole. After some, the power is cut once more while that boot restores what there was.
#	run.sh [COUNT [SEED]]	COUNT cuts, spread over all points, where exactly the seed chooses
# A disk of qemu's has a layer of its own for each boot: what it has not been told to flush is not on it when it is killed. Prints "# cuts: N, …; old A, new B, mixed 0" and closes with
# "N passed, N failed". Where qemu is missing it says so, and is no test that passed. CTC_POWER_ACCEL=kvm: not emulated.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
count=${1:-20} seed=${2:-1}

missing=''
for program in qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils mke2fs:e2fsprogs; do
	command -v "${program%%:*}" >/dev/null || missing="$missing ${program#*:}"
done
[ -z "$missing" ] || {
	echo "# skipped: power cuts need$missing: apt-get install --no-install-recommends$missing"
	exit 0
}
[ "$(uname -m)" = x86_64 ] || {
	echo "# skipped: power cuts: the virtual machine is an x86_64"
	exit 0
}
[ "$(id -u)" = 0 ] || {
	echo "run.sh: makes a host's disk and so needs root: run it with sudo"
	exit 1
}

qemu='' layer=0
work=$(mktemp -d /var/tmp/ctc-power.XXXXXX)
clean_up() {
	trap - EXIT INT TERM HUP
	power_off
	rm -rf "$work"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

power_off() {
	[ -z "$qemu" ] || { kill -KILL "$qemu" && wait "$qemu"; } 2>/dev/null
	qemu=''
}

# boot [POINT]: and the power goes at that point of it.
boot() {
	local below=$work/disk.img format=raw
	power_off
	[ $layer = 0 ] || { below=$work/$layer.qcow2 format=qcow2; }
	layer=$((layer + 1))
	qemu-img create -q -f qcow2 -F $format -b "$below" "$work/$layer.qcow2" || return
	rm -f "$work"/line.*
	mkfifo "$work/line.in" "$work/line.out"
	exec 3<>"$work/line.in" 4<>"$work/line.out"
	# One processor, and one that is easy to emulate: this is what a boot costs least with.
	qemu-system-x86_64 -accel "${CTC_POWER_ACCEL:-tcg}" -cpu Nehalem -m 1024 -smp 1 -display none -monitor none -nic none -no-reboot \
		-kernel "$work/vmlinuz" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet mitigations=off nokaslr rcupdate.rcu_expedited=1 panic=-1 systemd.firstboot=no systemd.show_status=no ctc.cut=${1:-0}" \
		-drive "file=$work/$layer.qcow2,if=virtio,format=qcow2,cache=writeback" -serial "file:$work/console" -serial "pipe:$work/line" </dev/null >>"$work/qemu" 2>&1 3>&- 4>&- &
	qemu=$!
}

# Reads until an order is answered, whose words are then in $answer, or the power is to go: 1. 2: neither came.
answered() {
	local said
	answer=()
	while IFS= read -r -t 900 -u 4 said; do
		said=${said%$'\r'}	# early in a boot the line is a terminal
		case $said in
		cut) return 1 ;;
		end | "end "*)
			read -r -a answer <<<"${said#end}"
			return 0
			;;
		*) printf '%s\n' "$said" ;;
		esac
	done
	return 2
}
order() {
	echo "$*" >&3
	answered
}

# All that there is to say of a virtual machine that does not do what it should.
give_up() {
	tail -20 "$work/console" "$work/qemu" 2>/dev/null | cut -c1-160
	echo "not ok power: $*"
	echo "0 passed, 1 failed"
	exit 1
}

build() {
	MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$work/stage" PREFIX=/usr/local build/probe build/fault/ctc && cp build/fault/ctc "$work/stage/usr/local/bin/ctc" &&
		tests/power/disk.sh "$work" "$work/stage"
}
build >"$work/built" 2>&1 || { cat "$work/built" && give_up "the machine's disk is made"; }
rm -rf "$work/stage"
touch "$work/console"

{ boot && answered; } || give_up "the machine boots"
{ order prepare && [ "${answer[*]}" = "" ]; } || give_up "the two states are made"
{ boot && answered && order old && [ "${answer[0]}" != wrong ]; } || give_up "the old state"
total=${answer[0]}
{ boot && answered && order new && [ "${answer[*]}" = "" ]; } || give_up "the new state"

# Some of each part of the change in any order, so that a run which is ended early has seen all parts; at last one when all is said and done.
points=$(awk -v n=$((count - 1)) -v total="$total" -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < n; i++) print 1 + int((i + rand()) * total / n) }' |
	shuf --random-source=<(yes "$seed" 2>/dev/null))
RANDOM=$seed
old=0 new=0 mixed=0 wrong=0 cuts=0 boots=0 after=40
for point in $points 1000000; do
	want=''
	order cut $point
	case $? in
	0) [ "${answer[0]}" = 0 ] && want=new ;;
	2) give_up "the machine answers" ;;
	esac
	at="cut at point $point of $total" again=0
	[ $point != 1000000 ] || at="cut at the end"
	[ $((cuts % 3)) != 1 ] || again=$((RANDOM % after + 1))
	cuts=$((cuts + 1))
	boot $again || give_up "the machine boots"
	answered
	status=$?
	if [ $status = 1 ]; then
		boots=$((boots + 1)) at="$at, and again at point $again of the boot"
		boot || give_up "the machine boots"
		answered
		status=$?
	fi
	[ $status = 0 ] || give_up "the machine boots after a $at"
	[ "${answer[0]:-0}" -le 20 ] || after=${answer[0]}	# none where ctc has nothing to do in that boot
	order judge || give_up "the machine answers after a $at"
	case ${answer[0]} in old) old=$((old + 1)) ;; new) new=$((new + 1)) ;; *) mixed=$((mixed + 1)) ;; esac
	verdict=${answer[0]}
	if [ "${answer[1]}" != right ] || [ "${want:-$verdict}" != "$verdict" ]; then
		echo "  $at: $verdict${want:+, should be $want}"
		wrong=$((wrong + 1))
	fi
	echo "# $at: $verdict"
done
echo "# cuts: $cuts, and $boots during the boot after one; old $old, new $new, mixed $mixed"
if [ $wrong = 0 ]; then
	echo "ok power: $cuts cuts at points of $total, and what was committed runs after each boot"
	echo "1 passed, 0 failed"
else
	echo "not ok power: $wrong of $count wrong"
	echo "0 passed, 1 failed"
fi
[ $wrong = 0 ]
