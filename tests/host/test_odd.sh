# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Odd moments: what else happens to a host in the midst of a change. Each ends in the old state or in the new one, whole, and whoever waits is told which.
# patience: 600

# stack [LINE...]
stack() {
	cat >/root/o.ctstack <<-END
		stack o {
		  subnet lan { range = 10.95.0.0/24 }
		  container a { image = "localhost/a:1"; address = 10.95.0.11; ports { http = 80/tcp } }
		  container b { image = "localhost/a:1"; address = 10.95.0.12 }
		  allow b -> a.http
		  publish 127.0.0.1:8080 -> a.http
		$(printf '  %s\n' "$@")
		}
	END
}
slow='container slow { image = "localhost/slow:1"; address = 10.95.0.15; ports { http = 80/tcp }; ready { tcp = http; within = 500s } }'

pids() { for name in a b; do main_pid "ct-o-$name.service"; done; }
# allowed [MS]
allowed() { in_ns ct-o-b probe connect 10.95.0.11 80 "${1:-300}" && probe connect 127.0.0.1 8080 "${1:-300}"; }
service_pid() { main_pid ctstack-transaction.service; }

# An apply in the background, until it waits for a container that is not ready before the gate opens.
begin() {
	stack "$slow"
	waits_at 'start ct-o-slow.service' ctc apply --yes /root/o.ctstack
	eventually 20 asked
}
asked() { [ "$(systemctl show -P SubState ct-o-slow.service)" = start-post ]; }
# The gate opens, and the change is made.
goes_on() {
	opens ct-o-slow
	ends 0
}
# The one or the other, whole.
is_new() {
	probe connect 10.95.0.15 80
	allowed 5000
	expect 0 ctc plan --detailed-exitcode /root/o.ctstack
	expect 0 ctc status
	contains "$out" "No drift"
}
is_old() {
	refute systemctl cat ct-o-slow.service
	allowed 5000
	stack
	expect 0 ctc plan --detailed-exitcode /root/o.ctstack
	expect 0 ctc status
	contains "$out" "No drift"
}
back() {
	stack
	expect 0 ctc apply --yes /root/o.ctstack
	is_old
}

test_a_stack_runs() {
	image localhost/a:1
	image localhost/slow:1 80 $gate
	stack
	expect 0 ctc apply --yes /root/o.ctstack
	eventually 5 allowed
	pids >/root/pids
}

# Nobody looks after the network for that long; what was altered is mended when the process goes on.
test_a_change_that_stands_still() {
	local service
	begin
	service=$(service_pid)
	kill -STOP "$service"
	nft flush ruleset
	sleep 12
	refute allowed
	expect 4 ctc apply --yes /root/o.ctstack
	kill -CONT "$service"
	eventually 10 allowed
	goes_on
	is_new
	back
}

test_systemd_reads_its_units_anew() {
	begin
	systemctl daemon-reload
	systemctl daemon-reexec
	systemctl daemon-reload
	goes_on
	is_new
	back
	equal "$(pids)" "$(cat /root/pids)"
}

test_the_service_is_stopped_and_stopped_again() {
	begin
	systemctl stop --no-block ctstack-transaction.service
	systemctl stop --no-block ctstack-transaction.service
	systemctl kill --signal=TERM ctstack-transaction.service || true
	ends 3
	is_old
}

# Also those who were asked on the way back are killed, again and again for a while.
test_everybody_in_the_service_is_told_to_end() {
	begin
	for _ in 1 2 3 4 5 6; do
		systemctl kill --signal=TERM ctstack-transaction.service || true
		sleep 0.2
	done
	status=0
	wait "$ctc" || status=$?
	eventually 60 settled
	[ "$status" = 3 ] || [ "$status" = 5 ]
	[ "$status" = 3 ] || expect 0 ctc recover
	is_old
}

test_the_service_is_restarted() {
	begin
	systemctl restart --no-block ctstack-transaction.service || true
	ends 3
	expect 0 ctc recover
	contains "$out" "Nothing to recover"
	is_old
}

# The directory of the store is given another name in the midst of a change: what is open stays open.
test_the_store_is_renamed() {
	begin
	mv /var/lib/ctstack /var/lib/elsewhere
	goes_on
	mv /var/lib/elsewhere /var/lib/ctstack
	is_new
	back
}

test_two_recoveries_at_once() {
	local one two first=0 second=0
	without_settling
	begin
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	wait "$ctc" || true
	with_settling
	test -e /var/lib/ctstack/journal
	ctc recover >one 2>&1 &
	one=$!
	ctc recover >two 2>&1 &
	two=$!
	wait $one || first=$?
	wait $two || second=$?
	cat one two
	[ "$first$second" = 04 ] || [ "$first$second" = 40 ] || [ "$first$second" = 00 ]
	refute test -e /var/lib/ctstack/journal
	is_old
}

test_podman_removes_a_container_that_is_starting() {
	begin
	podman rm --force --time 0 ct-o-slow >/dev/null
	ends 3
	is_old
}

test_podman_removes_one_that_is_not_touched() {
	begin
	podman rm --force --time 0 ct-o-b >/dev/null
	goes_on
	eventually 20 is_new
	lacks "$(cat log)" warning
	back
	pids >/root/pids
}

test_the_journal_is_restarted() {
	begin
	systemctl restart systemd-journald.service
	goes_on
	is_new
	back
}

test_the_bus_is_restarted() {
	begin
	systemctl restart dbus.service || true
	ends 3
	contains "$(cat log)" "the connection to systemd over the system bus failed"
	is_old
}

# What tells which generation units are made from is gone: systemd reads units of `current` then.
test_what_is_in_run_is_removed() {
	begin
	rm -rf /run/ctstack/active
	goes_on
	is_new
	test -e /run/ctstack/active
	back
	rm -rf /run/ctstack/active
	systemctl daemon-reload
	expect 0 ctc status
	contains "$out" "No drift"
	stack 'publish 127.0.0.1:8085 -> a.http'
	expect 0 ctc apply --yes /root/o.ctstack
	probe connect 127.0.0.1 8085
	back
}

# While a program is waited for: it is made again, and told. Before podman is asked: it misses what it is to show the container.
test_all_of_run_is_removed() {
	begin
	mv /run/ctstack /run/gone
	goes_on
	contains "$(cat log)" "warning: somebody has changed the host meanwhile: file /run/ctstack/hosts/ct-o-a"
	is_whole_again
	back
}
test_all_of_run_is_removed_before_a_start() {
	local beside=/run/systemd/system/ct-o-.service.d
	mkdir -p $beside
	printf '[Service]\nExecStartPre=/bin/sh -c "until test -e /root/go; do sleep 0.1; done"\n' >$beside/waits.conf
	systemctl daemon-reload
	stack "$slow"
	waits_at 'start ct-o-slow.service' ctc apply --yes /root/o.ctstack
	eventually 20 prepares
	mv /run/ctstack /run/gone
	touch /root/go
	ends 3
	rm -r $beside
	systemctl daemon-reload
	is_whole_again
	is_old
}
prepares() { [ "$(systemctl show -P SubState ct-o-slow.service)" = start-pre ]; }
is_whole_again() {
	rm -rf /run/gone
	expect 0 ctc recover
	expect 0 ctc apply --repair --yes
	expect 0 ctc status
	contains "$out" "No drift"
}
