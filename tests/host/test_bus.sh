# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# patience: 600
# long
#
# A system bus that stops answering in the midst of a change: dbus-daemon is stopped, so that connections are taken and nothing comes back (spec/transaction.md, B4). It takes minutes, in which nothing is done.

stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a { image = "localhost/a:1"; address = 10.77.0.11; ports { http = 80/tcp }; ready { tcp = http } }
		$(printf '  %s\n' "$@")
		}
	END
}
slow='container slow { image = "localhost/slow:1"; address = 10.77.0.15; ports { http = 80/tcp }; ready { tcp = http; within = 20s } }'

bus_pid() { systemctl show -P MainPID dbus.service; }

# The change ends, says what is the matter, lets go of the lock; and what it left is settled once the bus is back.
test_in_the_midst_of_a_change_it_needs_a_recovery() {
	local bus begun
	image localhost/a:1
	image localhost/slow:1 80 PROBE_DELAY_MS=4000
	stack
	expect 0 ctc apply --yes t.ctstack
	bus=$(bus_pid)
	stack "$slow"
	begun=$(date +%s)
	ctc apply --yes t.ctstack >log 2>&1 &
	ctc=$!
	eventually 20 grep -q 'start ct-t-slow.service' log
	kill -STOP "$bus"
	status=0
	wait "$ctc" || status=$?
	took=$(($(date +%s) - begun))
	# meanwhile everybody else is told the same, and nobody hangs
	flock --nonblock /run/ctstack/lock true
	kill -CONT "$bus"
	cat log
	equal "$status" 5
	grep -Eq "systemd has not answered over the system bus for [0-9.]+ s" log
	contains "$(cat log)" "run \`ctc recover\`"
	[ "$took" -lt 200 ]
	test -e /var/lib/ctstack/journal
	equal "$(readlink /var/lib/ctstack/current)" generations/0001
	eventually 60 settled
	expect 0 ctc recover
	contains "$out" "going back to generation 1"
	stack
	expect 0 ctc plan --detailed-exitcode t.ctstack
}

# Before the change it is refused, and nothing has happened.
test_before_a_change_it_is_refused() {
	local bus begun
	bus=$(bus_pid)
	stack 'publish 127.0.0.1:8080 -> a.http'
	kill -STOP "$bus"
	begun=$(date +%s)
	run ctc apply --yes t.ctstack
	took=$(($(date +%s) - begun))
	flock --nonblock /run/ctstack/lock true
	kill -CONT "$bus"
	equal "$status" 1
	grep -Eq "list the units: systemd has not answered over the system bus for [0-9.]+ s; see systemctl status dbus" <<<"$out"
	[ "$took" -lt 140 ]
	refute test -e /var/lib/ctstack/journal
	expect 0 ctc apply --yes t.ctstack
}

# An interrupt does not wait for it.
test_an_interrupt_ends_the_waiting() {
	local bus
	bus=$(bus_pid)
	stack
	kill -STOP "$bus"
	ctc apply --yes t.ctstack >log 2>&1 &
	ctc=$!
	eventually 10 hears "$ctc"
	kill -INT "$ctc"
	status=0
	wait "$ctc" || status=$?
	kill -CONT "$bus"
	equal "$status" 1
	contains "$(cat log)" "interrupted: nothing was changed"
}
