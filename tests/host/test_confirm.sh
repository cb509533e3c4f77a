# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# ctc apply --confirm: what nobody confirms goes back by itself, whatever happens to the tool and the host (spec/transaction.md, Confirmation).

# stack PORT [LINE...]
stack() {
	cat >/root/c.ctstack <<-END
		stack c {
		  subnet lan { range = 10.79.0.0/24 }
		  container a {
		    image   = "localhost/a:1"
		    address = 10.79.0.11
		    ports  { http = 80/tcp }
		    ready  { tcp = http }
		  }
		  publish 127.0.0.1:$1 -> a.http
		$(shift && printf '  %s\n' "$@")
		}
	END
}

current() { [ "$(readlink /var/lib/ctstack/current)" = "generations/$1" ]; }
nothing_waits() {
	refute test -e /var/lib/ctstack/pending
	refute systemctl is-active --quiet ctstack-confirm.timer
}

test_a_stack_runs() {
	image localhost/a:1
	stack 8080
	expect 1 ctc apply --yes --confirm 3 /root/c.ctstack
	contains "$out" "--confirm takes a duration"
	expect 0 ctc apply --yes /root/c.ctstack
	nothing_waits
	expect 1 ctc confirm
	contains "$out" "nothing waits to be confirmed; generation 1 runs"
}

test_what_is_confirmed_stays() {
	stack 8081
	expect 0 ctc apply --yes --confirm 2m /root/c.ctstack
	contains "$out" "It goes back to generation 1 in 2m, unless \`ctc confirm\`"
	expect 0 ctc status
	contains "$out" "It goes back to generation 1 in "
	contains "$(ctc status --json)" '"unconfirmed":{"back-to":1,"seconds-left":1'
	systemctl is-active --quiet ctstack-confirm.timer
	expect 1 ctc apply --yes /root/c.ctstack
	contains "$out" "generation 2 waits to be confirmed"
	expect 0 ctc confirm
	contains "$out" "generation 2 stays"
	nothing_waits
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "confirm"
	expect 0 probe connect 127.0.0.1 8081
}

test_what_nobody_confirms_goes_back() {
	stack 8082
	expect 0 ctc apply --yes --confirm 10s /root/c.ctstack
	expect 0 probe connect 127.0.0.1 8082
	eventually 30 current 0002
	eventually 20 settled
	eventually 10 nothing_waits
	expect 0 probe connect 127.0.0.1 8081
	expect 1 probe connect 127.0.0.1 8082
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "confirm"
	contains "$(tail -n 3 <<<"$out")" "3 -> 2"
	expect 1 ctc confirm
}

# A clock that somebody sets does not count: neither systemd's timer nor the note looks at it.
test_no_clock_that_can_be_set_counts() {
	local deadline now
	stack 8082
	now=$(cut -d. -f1 /proc/uptime)
	expect 0 ctc apply --yes --confirm 2m /root/c.ctstack
	contains "$(systemctl show -P TimersMonotonic ctstack-confirm.timer)" "OnActiveUSec=2min"
	equal "$(systemctl show -P TimersCalendar ctstack-confirm.timer)" ""
	deadline=$(sed -n 's/.*"deadline":\([0-9]*\),.*/\1/p' /var/lib/ctstack/pending)
	[ $((deadline / 1000000)) -ge $((now + 120)) ]
	[ $((deadline / 1000000)) -le $(($(cut -d. -f1 /proc/uptime) + 120)) ]
	current 0004
	expect 0 ctc rollback
	contains "$out" "generation 2 runs"
	nothing_waits
}

test_a_failed_apply_disarms_it() {
	stack 8082 'container bad { image = "localhost/a:1"; address = 10.79.0.12; ports { no = 9/tcp }; ready { tcp = no; within = 1s } }'
	expect 3 ctc apply --yes --confirm 2m /root/c.ctstack
	nothing_waits
	current 0002
}

# The change takes longer than the window: the window begins when it is made. The timer went off meanwhile; what looks again in some seconds whether there is something to take back is
# in nobody's way.
test_the_window_begins_with_the_commit() {
	image localhost/slow:1 80 PROBE_DELAY_MS=12000
	stack 8083 'container slow { image = "localhost/slow:1"; address = 10.79.0.13; ports { http = 80/tcp }; ready { tcp = http; within = 60s } }'
	expect 0 ctc apply --yes --confirm 10s /root/c.ctstack
	expect 0 ctc confirm
	nothing_waits
	expect 0 probe connect 10.79.0.13 80
	stack 8082
	expect 0 ctc apply --yes --confirm 2m /root/c.ctstack
	expect 0 ctc confirm
	expect 0 ctc rollback 2
}

test_a_damaged_note_is_named() {
	stack 8084
	expect 0 ctc apply --yes --confirm 2m /root/c.ctstack
	sed -i 's/"from":2/"from":1/' /var/lib/ctstack/pending
	expect 1 ctc confirm
	contains "$out" "/var/lib/ctstack/pending, which says what waits to be confirmed, is damaged"
	expect 0 probe connect 127.0.0.1 8084
	rm /var/lib/ctstack/pending
	systemctl stop ctstack-confirm.timer
	expect 0 ctc rollback 2
}

# The host goes down inside the window.
test_it_is_not_confirmed_when_the_host_goes_down() {
	stack 8085 'container b { image = "localhost/a:1"; address = 10.79.0.14 }'
	expect 0 ctc apply --yes --confirm 1h /root/c.ctstack
	expect 0 probe connect 127.0.0.1 8085
	readlink /var/lib/ctstack/current >/root/was
}

test_after_reboot_the_old_generation_runs() {
	eventually 30 current 0002
	eventually 20 settled
	eventually 10 nothing_waits
	eventually 20 probe connect 127.0.0.1 8081
	expect 1 probe connect 127.0.0.1 8085
	refute systemctl cat ct-c-b.service
	refute systemctl --quiet is-failed ctstack-recover.service
	expect 0 ctc status
	contains "$out" "Generation 2"
	contains "$out" "No drift"
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "confirm"
}
