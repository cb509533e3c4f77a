# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The transaction on a host: what is touched and what is not, what a failure and a kill leave (spec/transaction.md).

# stack [LINE...]: t.ctstack with two containers, one of which may reach the other; LINEs are added to the stack.
stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a {
		    image   = "localhost/a:1"
		    address = 10.77.0.11
		    ports  { http = 80/tcp }
		    limits { memory = ${memory:-64MiB} }
		    ready  { tcp = http }
		  }
		  container b {
		    image   = "localhost/a:1"
		    address = 10.77.0.12
		    ports  { http = 80/tcp }
		    ready  { http = "/" }
		  }
		  allow a -> b.http
		  publish 127.0.0.1:${port:-8080} -> a.http
		$(printf '  %s\n' "$@")
		}
	END
}

# Everything of ours on the host, and what runs; processes are not the same after a restart, so that they are asked for apart.
digest() {
	systemctl list-units --all --plain --no-legend 'ct*' | awk '$1 != "ctstack-transaction.service" { print $1, $2, $3, $4 }' | sort
	find /run/systemd/generator -name 'ct*' | sort | while read -r unit; do [ ! -f "$unit" ] || sha256sum "$unit"; done
	nft -s list ruleset
	ip -o address | sed '/ fe80:/d; s/ tentative//; s/ valid_lft.*//; s/^[0-9]*: //' | sort
	ip route
	ip -6 route | grep -v '^fe80'
	ip netns list | sort | while read -r name _; do
		echo "netns $name"
		ip -n "$name" -o address | sed '/ fe80:/d; s/ valid_lft.*//; s/^[0-9]*: //; s/@if[0-9]*//'
		ip -n "$name" route
	done
	sysctl -n net.ipv4.ip_forward
	find /var/lib/ctstack /run/ctstack ! -path '*/history' ! -path '*/lock' ! -path '*/progress' ! -type d -printf '%p %m %u %g %l %s\n' | sort
}

pids() { for name in "$@"; do main_pid "ct-t-$name.service"; done; }

test_nothing_is_touched_by_a_plan() {
	image localhost/a:1
	stack
	digest >before 2>/dev/null || true
	expect 2 ctc plan --detailed-exitcode t.ctstack
	contains "$out" "2 new"
	expect 0 ctc plan t.ctstack
	digest >after 2>/dev/null || true
	cmp before after
}

test_without_a_terminal_it_needs_yes() {
	stack
	expect 1 ctc apply t.ctstack </dev/null
	contains "$out" "--yes"
	refute test -e /run/systemd/generator/ct-t-a.service
}

test_an_apply_makes_the_stack_run() {
	stack
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "ready ct-t-a.service"
	contains "$out" "generation 1 runs"
	equal "$(probe get 127.0.0.1 8080 /peer)" "$(probe get 10.77.0.11 80 /peer)" || true
	expect 0 probe connect 127.0.0.1 8080
	expect 0 in_ns ct-t-a probe connect 10.77.0.12 80
	expect 2 in_ns ct-t-b probe connect 10.77.0.11 80 300
}

test_a_second_plan_has_nothing_to_do() {
	stack
	expect 0 ctc plan --detailed-exitcode t.ctstack
	contains "$out" "Nothing to do"
	digest >before
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "Nothing to do"
	digest >after
	diff before after
	expect 0 ctc status
	contains "$out" "No drift"
	contains "$out" "Generation 1"
}

test_an_offline_plan_knows_what_a_host_filled_in() {
	stack
	expect 0 ctc plan --base 1 --detailed-exitcode t.ctstack
	contains "$out" "Nothing to do: generation 1 is as the source says."
	ctc show 1 --manifest >m.json
	memory=1GiB stack
	expect 2 ctc plan --base m.json --detailed-exitcode t.ctstack
	contains "$out" "1 restart, 1 untouched."
	expect 0 ctc show 1 --json
	contains "$out" '"stacks":["t"]'
	expect 0 ctc show 1
	contains "$out" "stack    t: a, b"
}

test_a_changed_limit_restarts_one_container() {
	local a b
	a=$(pids a) b=$(pids b)
	memory=96MiB stack
	expect 2 ctc plan --detailed-exitcode t.ctstack
	contains "$out" "1 restart, 1 untouched"
	contains "$out" "64MiB -> 96MiB"
	expect 0 ctc apply --yes t.ctstack
	[ "$(pids a)" != "$a" ]
	equal "$(pids b)" "$b"
	equal "$(systemctl show -P MemoryMax ct-t-a.service)" $((96 << 20))
}

test_a_changed_port_restarts_none() {
	local before
	before=$(pids a b)
	memory=96MiB port=8081 stack
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "2 untouched; 1 port opens, 1 port closes"
	equal "$(pids a b)" "$before"
	expect 0 probe connect 127.0.0.1 8081
	expect 1 probe connect 127.0.0.1 8080
}

test_rollback_restores() {
	local before
	before=$(pids a b)
	expect 0 ctc rollback
	contains "$out" "generation 2 runs"
	expect 0 probe connect 127.0.0.1 8080
	expect 1 probe connect 127.0.0.1 8081
	equal "$(pids a b)" "$before"
	expect 0 ctc rollback 1
	equal "$(systemctl show -P MemoryMax ct-t-a.service)" $((64 << 20))
	memory=64MiB stack
	expect 0 ctc plan --detailed-exitcode t.ctstack
	expect 1 ctc rollback 99
	contains "$out" "no generation 99"
}

has_died() { [ "$(systemctl show -P ExecMainStatus "$1")" = 3 ]; }
test_a_dying_program_leaves_the_host_as_before() {
	local before change
	image localhost/dies:1 80 PROBE_DIE=3
	before=$(pids a b)
	digest >before
	stack 'container dies { image = "localhost/dies:1"; address = 10.77.0.13 }' 'publish 127.0.0.1:8099 -> b.http'
	# The change looks when it has died, however long that takes here.
	waits_at 'start ct-t-dies.service' ctc apply --yes t.ctstack
	change=$(main_pid ctstack-transaction.service)
	kill -STOP "$change"
	eventually 30 has_died ct-t-dies.service
	kill -CONT "$change"
	ends 3
	contains "$(cat log)" "ct-t-dies.service"
	contains "$(cat log)" "t.ctstack:18:"
	contains "$(cat log)" "The host is as before: generation 1"
	digest >after
	diff before after
	equal "$(pids a b)" "$before"
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "failed: while starting: ct-t-dies.service did not stay up: exit status 3"
	lacks "$out" "log lines"
	stack
	expect 0 ctc plan --detailed-exitcode t.ctstack
}

test_a_program_that_is_never_ready_leaves_the_host_as_before() {
	digest >before
	stack 'container mute { image = "localhost/a:1"; address = 10.77.0.14; ports { other = 81/tcp }; ready { tcp = other; within = 2s } }'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "ct-t-mute.service"
	digest >after
	diff before after
}

test_an_interrupt_goes_back() {
	local ctc
	image localhost/slow:1 80 PROBE_DELAY_MS=20000
	digest >before
	stack 'container slow { image = "localhost/slow:1"; address = 10.77.0.15; ready { tcp = 80/tcp; within = 60s } }' >/dev/null
	sed -i 's/ready { tcp = 80\/tcp;/ports { http = 80\/tcp }; ready { tcp = http;/' t.ctstack
	ctc apply --yes t.ctstack >log 2>&1 &
	ctc=$!
	eventually 20 grep -q 'start ct-t-slow.service' log
	kill -INT $ctc
	status=0
	wait $ctc || status=$?
	cat log
	equal "$status" 3
	contains "$(cat log)" "interrupted"
	digest >after
	diff before after
}

test_another_ctc_is_told_to_wait() {
	exec 9>/run/ctstack/lock
	flock 9
	stack
	expect 4 ctc apply --yes t.ctstack
	contains "$out" "another ctc"
	exec 9>&-
}

# Killed at ever later moments: systemd settles at once whatever was half done, and who waits is told.
test_a_killed_change_is_settled() {
	local ctc before pause
	before=$(pids a b)
	digest >before
	stack 'container c { image = "localhost/a:1"; address = 10.77.0.16 }' 'allow c -> a.http' 'publish 127.0.0.1:8098 -> b.http'
	for pause in 0 0.05 0.1 0.15 0.2 0.3 0.4 0.5 0.7 0.9 1.2 1.5 2 3 5 8 13 21 34; do
		ctc apply --yes t.ctstack >log 2>&1 &
		ctc=$!
		eventually 20 systemctl is-active --quiet ctstack-transaction.service
		sleep $pause
		systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service 2>/dev/null || true
		status=0
		wait $ctc || status=$?
		eventually 20 settled
		[ "$(readlink /var/lib/ctstack/current)" = generations/0001 ] || break
		[ "$status" = 3 ] || [ "$status" = 1 ] || {
			echo "after $pause s: status $status"
			cat log
			return 1
		}
		contains "$(cat log)" "killed (KILL)"
		refute test -e /var/lib/ctstack/journal
		digest >after
		diff before after
		equal "$(pids a b)" "$before"
	done
	equal "$status" 0
	expect 0 ctc rollback 1
	digest >after
	equal "$(pids a b)" "$before"
}

# The ctc that asked is killed at ever later moments: the change is made, or was never begun.
test_who_asked_may_die() {
	local ctc before pause
	before=$(pids a b)
	digest >before
	stack 'container c { image = "localhost/a:1"; address = 10.77.0.16 }'
	for pause in 0.02 0.05 0.1 0.2 0.3 0.5 1 2 4 8 16; do
		ctc apply --yes t.ctstack >log 2>&1 &
		ctc=$!
		sleep $pause
		kill -KILL $ctc
		wait $ctc || true
		eventually 20 settled
		refute test -e /var/lib/ctstack/journal
		[ "$(readlink /var/lib/ctstack/current)" = generations/0001 ] || break
		expect 0 ctc recover
		digest >after
		diff before after
	done
	eventually 20 settled
	equal "$(pids a b)" "$before"
	expect 0 in_ns ct-t-c probe connect 127.0.0.1 80
	expect 0 ctc plan --detailed-exitcode t.ctstack
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "done"
	expect 0 ctc rollback 1
}

# As a ctc leaves it that is killed between the staging and the journal.
test_a_generation_that_never_counted_goes() {
	cp -a /var/lib/ctstack/generations/0001 /var/lib/ctstack/generations/0099
	expect 0 ctc recover
	contains "$out" "Nothing to recover"
	[ ! -e /var/lib/ctstack/generations/0099 ]
	expect 0 ctc show 1
}

test_the_next_apply_recovers_by_itself() {
	local ctc
	stack 'container c { image = "localhost/a:1"; address = 10.77.0.16 }'
	without_settling
	ctc apply --yes t.ctstack >log 2>&1 &
	ctc=$!
	eventually 20 test -e /var/lib/ctstack/journal
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	status=0
	wait $ctc || status=$?
	equal "$status" 5
	contains "$(cat log)" "run \`ctc recover\`"
	with_settling
	expect 0 ctc status
	contains "$out" "ctc recover"
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "was cut off"
	expect 0 in_ns ct-t-c probe connect 127.0.0.1 80
}

test_other_stacks_stay_and_conflicts_are_named() {
	local before
	cat >u.ctstack <<-'END'
		stack u {
		  subnet lan { range = 10.78.0.0/24 }
		  container x { image = "localhost/a:1"; address = 10.78.0.2; ports { http = 80/tcp } }
		  publish 127.0.0.1:8090 -> x.http
		}
	END
	before=$(pids a b)
	expect 0 ctc apply --yes u.ctstack
	equal "$(pids a b)" "$before"
	sed -i 's/8090/8080/' u.ctstack
	expect 1 ctc apply --yes u.ctstack
	contains "$out" "host port 127.0.0.1:8080/tcp is taken"
	contains "$out" "t.ctstack:"
	sed -i 's/8080/8090/; s/10\.78/10.77/g' u.ctstack
	expect 1 ctc apply --yes u.ctstack
	contains "$out" "overlaps"
	expect 0 probe connect 127.0.0.1 8090
}

# ring [host=NUMBER] NAME=NUMBER...: the host and the containers, each with the address of that number
ring() {
	local host=1
	[[ $1 != host=* ]] || { host=${1#*=}; shift; }
	printf 'stack ring {\n  subnet lan { range = 10.79.0.0/24; range6 = fd79::/64; host = 10.79.0.%s; host6 = fd79::%s }\n' "$host" "$host"
	printf '%s\n' "$@" | sed 's|^\(.*\)=\(.*\)$|  container \1 { image = "localhost/a:1"; address = 10.79.0.\2; address6 = fd79::\2; ports { http = 80/tcp } }|'
	printf '}\n'
}
# each one answers where it is now
answers() {
	local one at
	for one in "$@"; do
		[[ $one != host=* ]] || continue
		for at in 10.79.0. fd79::; do equal "$one $(probe get "$at${one#*=}" 80 /name)" "$one ${one%=*} ok"; done
	done
}

test_an_address_goes_from_one_to_another() {
	local one="a=2 b=3" two="a=3 b=4 c=2" three="host=3 a=1 c=2" now
	# shellcheck disable=SC2086 # words
	for now in "$one" "$two" "$three"; do
		ring $now >ring.ctstack
		expect 0 ctc apply --yes ring.ctstack
		answers $now
		expect 0 ctc status
		contains "$out" "No drift"
	done
	# not so where another interface of the host has it, too
	ip address add 10.79.0.3/32 dev lo
	expect 1 ctc rollback --yes
	contains "$out" "10.79.0.3 is an address of the host itself"
	ip address delete 10.79.0.3/32 dev lo
	# shellcheck disable=SC2086
	for now in "$two" "$one"; do
		expect 0 ctc rollback --yes
		answers $now
	done
	ctc destroy --yes ring
}

test_destroy_removes_one_stack() {
	local before
	before=$(pids a b)
	expect 1 ctc destroy --yes v
	expect 1 ctc destroy --yes ''
	expect 0 ctc destroy --yes u
	contains "$out" "1 removed"
	equal "$(pids a b)" "$before"
	expect 1 probe connect 127.0.0.1 8090
	expect 0 ctc destroy --yes t
	equal "$(systemctl list-units --all --plain --no-legend 'ct-t-*' | grep -c running)" 0 || true
	equal "$(ip netns list)" "$(ip netns list | grep world)"
	expect 0 ctc status
	contains "$out" "No drift"
}

test_prune_removes_what_no_file_declares() {
	local before
	stack
	cat >u.ctstack <<-'END'
		stack u {
		  subnet lan { range = 10.78.0.0/24 }
		  container x { image = "localhost/a:1"; address = 10.78.0.2; ports { http = 80/tcp } }
		}
	END
	expect 0 ctc apply --yes t.ctstack u.ctstack
	contains "$out" "3 new"
	before=$(pids a b)
	expect 0 ctc plan t.ctstack
	contains "$out" "Stack that stays as it is: u"
	expect 2 ctc plan --prune --detailed-exitcode t.ctstack
	contains "$out" "1 removed, 2 untouched"
	expect 0 ctc apply --yes --prune t.ctstack
	equal "$(pids a b)" "$before"
	refute systemctl cat ct-u-x.service
}

# A person at a terminal is asked; what is no clear yes is a no.
test_a_terminal_is_asked() {
	stack 'publish 127.0.0.1:8097 -> b.http'
	run script -qec 'ctc apply t.ctstack' /dev/null <<<n
	contains "$out" "Apply this plan? [y/N]"
	contains "$out" "Nothing was changed."
	equal "$status" 1
	expect 1 probe connect 127.0.0.1 8097
	run script -qec 'ctc apply t.ctstack' /dev/null <<<y
	equal "$status" 0
	expect 0 probe connect 127.0.0.1 8097
}

# Nobody else may use the state: it says all of a host's network.
test_the_state_is_roots_alone() {
	equal "$(stat -c %a /var/lib/ctstack /var/lib/ctstack/generations /var/lib/ctstack/generations/0001 | xargs)" "700 700 700"
	expect 1 setpriv --reuid=65534 --clear-groups ctc status
	equal "$out" "ctc status: only root may do this: sudo ctc status"
	expect 1 setpriv --reuid=65534 --clear-groups ctc reach world t.a
	contains "$out" "is for root alone to read: run this with sudo"
	expect 1 setpriv --reuid=65534 --clear-groups ctc plan --base 1 /src/examples/hello.ctstack
	contains "$out" "is for root alone to read: run this with sudo"
	expect 0 setpriv --reuid=65534 --clear-groups ctc plan /src/examples/hello.ctstack
	contains "$out" "an empty host"
}

test_a_damaged_generation_is_never_applied() {
	local before
	before=$(pids a b)
	sed -i 's/"x":1/"x":2/; s/web/wib/; s/10\.77\.0\.11/10.77.0.12/' /var/lib/ctstack/generations/0001/manifest.json
	expect 1 ctc rollback 1
	contains "$out" "generations/0001/manifest.json is not as it was written"
	equal "$(pids a b)" "$before"
}
