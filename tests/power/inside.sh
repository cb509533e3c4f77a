#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# In the virtual machine whose power run.sh cuts.
#	inside.sh arm	at each boot, before ctc has done anything: its fault points are counted from now on, and at the one that the kernel was given as ctc.cut=N the power goes
#	inside.sh serve	once the host is up: takes orders from the serial line, one a line, and answers each with lines of which the last begins with `end`
set -u -o pipefail
line=/dev/ttyS1

# power_at NUMBER: counting begins anew; 0: nothing happens anywhere.
power_at() {
	mkdir -p /run/ctc-fault
	ln -sfn $line /run/ctc-fault/power
	: >/run/ctc-fault/log
	rm -f /run/ctc-fault/count
	truncate -s 8 /run/ctc-fault/count
	echo "$1 1000 0 0" >/run/ctc-fault/at
}

if [ "$1" = arm ]; then
	power_at "$(sed -n 's/.*ctc\.cut=\([0-9]*\).*/\1/p' /proc/cmdline)"
	exit
fi

scenario=power program='rootfs = /srv/NAME; command = ["/probe", "serve", "80"]'
. /src/tests/host/lib.sh
PATH=/usr/local/bin:$PATH	# its ctc is the one with fault points
. /src/tests/fault/state.sh
unarmed() { rm -f /run/ctc-fault/at; }
passed() { [ ! -e /run/ctc-fault/log ] || wc -l </run/ctc-fault/log; }

has_settled() {
	case $(systemctl show -P ActiveState ctstack-recover.service) in inactive | failed) no_jobs ;; *) false ;; esac
}
booted() {
	systemctl is-system-running --wait
	eventually 120 has_settled
} >/dev/null

# What the generator made for the boot alone goes with the next daemon-reload. The uplink has another hardware address at each boot.
digest_now() {
	systemctl daemon-reload
	quiet
	digest | grep -vE 'uplink0 .*fe80:|fe80:.* uplink0 '
}

# The two states, as they are after a boot.
order_prepare() {
	{
		# What a host keeps once anything was on it is there in both.
		reset && "${command[@]}" && reset
	} >said 2>&1 || { cat said reset.log && echo end wrong && return; }
	sync
	echo end
}
order_old() {
	digest_now >old
	power_at 0
	"${command[@]}" >said 2>&1 || { cat said && echo end wrong && return; }
	local n
	n=$(passed)
	unarmed
	sync
	echo "end $n"
}
order_new() {
	digest_now >new
	if ! reset || cmp -s old new; then cat reset.log && echo end wrong && return; fi
	sync
	echo end
}

# Answers with `end STATUS`, unless the power goes before.
order_cut() {
	power_at "$1"
	"${command[@]}" >said 2>&1
	echo "end $?"
}

# wrong WHAT [FILE]
wrong() {
	echo "  $1"
	[ $# = 1 ] || head -20 "$2" | sed 's/^/    /'
	sound=wrong
}

# Nobody has done anything since the boot. Answers with `end old|new|mixed right|wrong`. Leaves the old state.
order_judge() {
	local is=mixed generation
	sound=right
	ctc status >status 2>&1 || wrong "ctc status ends with status $?" status
	grep -q '^No drift' status && ! grep -qi 'cut off\|confirm' status || wrong "ctc status is not content" status
	ctc recover >recovered 2>&1 && grep -q '^Nothing to recover' recovered || wrong "ctc recover has something to do" recovered
	for generation in /var/lib/ctstack/generations/*; do
		[ ! -e "$generation/SHA256SUMS" ] || (cd "$generation" && sha256sum --quiet --check SHA256SUMS) >sums 2>&1 || wrong "$generation is damaged" sums
	done
	ctc history >history 2>&1 || wrong "the history cannot be read" history
	digest_now >is
	if cmp -s is old; then
		is=old
	elif cmp -s is new; then
		is=new
	else
		diff old is >differs; wrong "differs from the old state:" differs
		diff new is >differs; wrong "differs from the new state:" differs
	fi
	[ $sound = right ] || { journalctl --no-pager -b -o cat -u 'ct*' -n 40 >log; wrong "the journal:" log; }
	[ $is = old ] || reset || wrong "the old state does not come back" reset.log
	sync
	echo "end $is $sound"
}

stty -F $line raw -echo
exec <$line >$line
booted
boot=$(passed)
unarmed
echo "end $boot"
while read -r order argument; do "order_$order" "$argument"; done
