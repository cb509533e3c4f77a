# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The host's clock is set while something waits: by days, forwards and backwards. Deadlines are those of clocks that nobody sets, and only what is told to people has the time of day. libfaketime sets the
# clock of single processes; the clocks that go on by themselves it leaves alone.

clock=/run/test-clock
set_clock() { echo "$1" >$clock.new && mv $clock.new $clock; }
faked=(LD_PRELOAD=/usr/lib/$(uname -m)-linux-gnu/faketime/libfaketimeMT.so.1 FAKETIME_TIMESTAMP_FILE=$clock FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1)
on_that_clock() { env "${faked[@]}" "$@"; }

stack() {
	cat >/root/c.ctstack <<-END
		stack c {
		  subnet lan { range = 10.79.0.0/24 }
		  container a { image = "localhost/a:1"; address = 10.79.0.11; ports { http = 80/tcp }; ready { tcp = http; within = 5s } }
		  publish 127.0.0.1:$1 -> a.http
		$(shift && printf '  %s\n' "$@")
		}
	END
}

test_the_service_runs_on_that_clock() {
	image localhost/a:1
	image localhost/late:1 80 PROBE_DELAY_MS=60000
	set_clock +10d
	mkdir -p /run/systemd/system/ctstack-transaction.service.d
	printf '[Service]\nEnvironment=%s\n' "${faked[*]}" >/run/systemd/system/ctstack-transaction.service.d/clock.conf
	stack 8080
	expect 0 on_that_clock ctc apply --yes /root/c.ctstack
	# the counter-test: it does see that clock
	expect 0 ctc history
	contains "$out" "$(date -d '+10 days' +%Y-%m-%d)"
}

test_a_wait_is_as_long_as_it_should_be() {
	local begun took jump
	for jump in +30d -30d; do
		set_clock +0
		begun=${EPOCHREALTIME/./}
		on_that_clock ctc wait tcp://10.79.0.99:80 --within 3s >log 2>&1 &
		ctc=$!
		sleep 1
		set_clock $jump
		status=0
		wait $ctc || status=$?
		took=$(((${EPOCHREALTIME/./} - begun) / 1000))
		equal "$status" 1
		contains "$(cat log)" "was not ready within 3000 ms"
		[ $took -ge 2900 ] && [ $took -lt 60000 ]
	done
}

# The way back is not taken early, and not late.
test_a_change_waits_for_its_confirmation_as_long_as_it_should() {
	local begun took jump
	for jump in +30d -30d; do
		set_clock +0
		stack 8081
		begun=${EPOCHREALTIME/./}
		expect 0 on_that_clock ctc apply --yes --confirm 12s /root/c.ctstack
		set_clock $jump
		expect 0 on_that_clock ctc status
		contains "$out" "It goes back to generation 1 in "
		run on_that_clock ctc confirm --expired
		eventually 100 refute test -e /var/lib/ctstack/pending
		took=$(((${EPOCHREALTIME/./} - begun) / 1000))
		[ $took -ge 12000 ]
		eventually 30 settled
		equal "$(readlink /var/lib/ctstack/current)" generations/0001
		expect 1 probe connect 127.0.0.1 8081
	done
}

# A gate that is not passed fails when its time is over, and says what the program said, whatever the day is.
test_a_gate_fails_in_time_and_tells_what_was_said() {
	local begun took
	set_clock +30d
	stack 8080 'container late { image = "localhost/late:1"; address = 10.79.0.12; ports { http = 80/tcp }; ready { tcp = http; within = 4s }; restart = no }'
	begun=${EPOCHREALTIME/./}
	on_that_clock ctc apply --yes /root/c.ctstack >log 2>&1 &
	ctc=$!
	eventually 20 grep -q 'start ct-c-late.service' log
	set_clock -30d
	status=0
	wait $ctc || status=$?
	took=$(((${EPOCHREALTIME/./} - begun) / 1000))
	equal "$status" 3
	contains "$(cat log)" "was not ready within 4000 ms"
	[ $took -lt 200000 ]
}
