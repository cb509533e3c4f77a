# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The change is made by a service of systemd's: what becomes of it when whoever asked goes away, interrupts, or was told another plan (spec/transaction.md, The service).

# stack [LINE...]
stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a {
		    image   = "localhost/a:1"
		    address = 10.77.0.11
		    ports  { http = 80/tcp }
		    ready  { tcp = http }
		  }
		  publish 127.0.0.1:8080 -> a.http
		$(printf '  %s\n' "$@")
		}
	END
}
slow='container slow { image = "localhost/slow:1"; address = 10.77.0.15; ports { http = 80/tcp }; ready { tcp = http; within = 250s } }'

# begin_slowly COMMAND...: in the background, until it waits for a container that is not ready before the gate opens.
begin_slowly() { waits_at 'start ct-t-slow.service' "$@"; }

test_a_stack_runs() {
	image localhost/a:1
	image localhost/slow:1 80 $gate
	stack
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "ready ct-t-a.service"
	contains "$out" "generation 1 runs"
	refute test -e /run/ctstack/request
}

test_it_runs_in_a_service_of_its_own() {
	stack "$slow"
	begin_slowly ctc apply --yes t.ctstack
	equal "$(systemctl show -P Description ctstack-transaction.service)" "A change of the container stacks"
	contains "$(systemctl show -P ExecStopPost ctstack-transaction.service)" "transact --over"
	expect 4 ctc apply --yes t.ctstack
	contains "$out" "ctc transact"
	expect 0 ctc status
	contains "$out" "Another ctc is changing this host right now"
	contains "$out" "start ct-t-slow.service"
	kill -INT "$ctc"
	ended
	equal "$status" 3
	contains "$(cat log)" "going back"
	contains "$(cat log)" "The host is as before: generation 1"
	refute systemctl cat ct-t-slow.service
}

# The second Ctrl-C leaves the change to itself, which is on its way back.
test_a_second_interrupt_leaves_it_alone() {
	stack "$slow"
	begin_slowly ctc apply --yes t.ctstack
	kill -STOP "$(systemctl show -P MainPID ctstack-transaction.service)"
	kill -INT "$ctc"
	eventually 5 grep -q 'second Ctrl-C' log
	kill -INT "$ctc"
	status=0
	wait "$ctc" || status=$?
	kill -CONT "$(systemctl show -P MainPID ctstack-transaction.service)"
	equal "$status" 7
	contains "$(cat log)" "ctc status"
	eventually 60 settled
	equal "$(readlink /var/lib/ctstack/current)" generations/0001
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "failed: while starting: start units: interrupted"
}

# A terminal that is closed, a connection that is lost.
test_a_hangup_changes_nothing() {
	stack "$slow"
	begin_slowly ctc apply --yes t.ctstack
	kill -HUP "$ctc"
	status=0
	wait "$ctc" || status=$?
	equal "$status" 7
	opens ct-t-slow
	eventually 60 settled
	expect 0 probe connect 10.77.0.15 80
	expect 0 ctc plan --detailed-exitcode t.ctstack
	expect 0 ctc rollback 1
}

# What was agreed to, and nothing else: between the question and the answer somebody changes the host.
test_another_plan_than_the_one_agreed_to_is_refused() {
	stack 'publish 127.0.0.1:8097 -> a.http'
	mkfifo answer
	script -qefc 'ctc apply t.ctstack' /dev/null <answer >log 2>&1 &
	ctc=$!
	exec 5>answer
	eventually 60 grep -q 'Apply this plan' log
	systemctl stop ct-t-a.service
	echo y >&5
	exec 5>&-
	ended
	equal "$status" 6
	contains "$(cat log)" "the host has changed since the plan was made: unit ct-t-a.service would change, too"
	contains "$(cat log)" "Nothing was changed"
	expect 1 probe connect 127.0.0.1 8097
	refute systemctl is-active --quiet ct-t-a.service
	refute test -e /var/lib/ctstack/generations/0003
	systemctl start ct-t-a.service
}

# The service itself: killed by the kernel for its memory, or by whoever, and stopped in order.
test_a_stopped_service_goes_back() {
	stack "$slow"
	begin_slowly ctc apply --yes t.ctstack
	systemctl stop ctstack-transaction.service
	ended
	equal "$status" 3
	refute systemctl cat ct-t-slow.service
	begin_slowly ctc apply --yes t.ctstack
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	ended
	equal "$status" 3
	contains "$(cat log)" "the process that made the change was killed (KILL)"
	contains "$(cat log)" "The host is as before: generation 1"
	refute systemctl cat ct-t-slow.service
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "failed: the process that made the change was killed (KILL)"
}

test_by_hand_it_does_nothing() {
	expect 1 ctc transact </dev/null
	contains "$out" "systemd"
	expect 1 ctc transact --over </dev/null
}

test_an_interrupt_before_the_change_says_so() {
	# A podman that never answers; once it is asked, ctc hears signals.
	printf '#!/bin/sh\n: >/root/asked\nexec sleep 600\n' >fake
	chmod 755 fake
	stack 'publish 127.0.0.1:8097 -> a.http'
	unshare --mount sh -c 'mount --bind fake /usr/bin/podman && exec ctc apply --yes t.ctstack' >log 2>&1 &
	ctc=$!
	eventually 20 test -e /root/asked
	kill -INT $ctc
	ended
	equal "$status" 1
	contains "$(cat log)" "interrupted: nothing was changed"
	lacks "$(cat log)" podman
}

# Somebody stops a container that the change does not touch: it stays down, the change is made, and its end says so (T1a).
test_a_container_that_somebody_stops_meanwhile_is_named() {
	stack "$slow"
	begin_slowly ctc apply --yes t.ctstack
	systemctl stop ct-t-a.service
	opens ct-t-slow
	ended
	equal "$status" 0
	contains "$(cat log)" "warning: somebody has changed the host meanwhile: unit ct-t-a.service; "
	contains "$(cat log)" "ctc apply --repair"
	refute systemctl is-active --quiet ct-t-a.service
	expect 0 ctc apply --repair --yes
	lacks "$out" warning
	systemctl is-active --quiet ct-t-a.service
	expect 0 ctc rollback
	lacks "$out" warning
}
