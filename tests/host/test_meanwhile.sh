# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What hands take away while a change waits for a slow container is made again by the change itself (spec/policy.md, W3): the lock is its own, and the watcher waits for it. Forbidden packets are
# sent all the time, and counted where they would arrive.
# patience: 600

# stack [LINE...]
stack() {
	cat >/root/m.ctstack <<-END
		stack m {
		  subnet lan { range = 10.92.0.0/24; range6 = fd92::/64 }
		  container a { image = "localhost/a:1"; address = 10.92.0.11; address6 = fd92::11; ports { http = 80/tcp } }
		  container b { image = "localhost/a:1"; address = 10.92.0.12; address6 = fd92::12 }
		  container c { image = "localhost/a:1"; address = 10.92.0.13; address6 = fd92::13 }
		  allow b -> a.http
		  publish 127.0.0.1:8080 -> a.http
		$(printf '  %s\n' "$@")
		}
	END
}
slow='container slow { image = "localhost/slow:1"; address = 10.92.0.15; ports { http = 80/tcp }; ready { tcp = http; within = 500s } }'
never='container never { image = "localhost/a:1"; address = 10.92.0.15; ports { no = 81/tcp }; ready { tcp = no; within = 20s } }'
# It ends when the test lets it: it does not hear that signal.
clings='container clings { image = "localhost/a:1"; address = 10.92.0.16; stop-signal = SIGWINCH; stop-timeout = 500s }'

link_of() { ip -o link show "ct-m-$1" | cut -d: -f2 | cut -d@ -f1 | tr -d ' '; }
pids() { for name in a b c; do main_pid "ct-m-$name.service"; done; }
# allowed [MS]
allowed() { in_ns ct-m-b probe connect 10.92.0.11 80 "${1:-300}" && in_ns ct-m-b probe connect fd92::11 80 "${1:-300}" && probe connect 127.0.0.1 8080 "${1:-300}"; }
# From the time before a stop, after which podman has other things to do.
clinging() { clinging=$(podman inspect --format '{{.State.Pid}}' ct-m-clings); }

# From c nothing is allowed, neither to a nor to the host.
storm_begins() {
	counts sink-a ct-m-a 7700
	counts sink-host host 7700
	in_ns ct-m-c probe storm 10.92.0.11 7700 600000 &
	senders=($!)
	in_ns ct-m-c probe storm 10.92.0.1 7700 600000 &
	senders+=($!)
}
# storm_is_over REMOVALS: as in test_neighbours.sh; at the host it may be what each processor had in flight (G4a).
storm_is_over() {
	ends_all "${senders[@]}"
	counted sink-a sink-host
	equal "$(cut -d' ' -f1 sink-a)" 0
	[ "$(cut -d' ' -f1 sink-host)" -le $(($1 * $(nproc))) ]
}

# asked UNIT: its program runs, and is asked whether it is ready.
asked() { [ "$(systemctl show -P SubState "$1")" = start-post ]; }
still_waits() { systemctl is-active --quiet ctstack-transaction.service; }

# mended COMMAND...: what it takes away is back soon (half a second on a machine at rest), while the change waits still.
mended() {
	local end
	expect 0 "$@"
	end=${EPOCHREALTIME/./}
	eventually 5 allowed
	echo "# allowed $(((${EPOCHREALTIME/./} - end) / 1000)) ms after: $*"
	still_waits
}

test_a_stack_runs() {
	image localhost/a:1
	image localhost/slow:1 80 $gate
	stack
	expect 0 ctc apply --yes /root/m.ctstack
	eventually 5 allowed
}

test_a_flush_while_a_container_becomes_ready() {
	local before
	before=$(pids)
	storm_begins
	stack "$slow"
	waits_at 'start ct-m-slow.service' ctc apply --yes /root/m.ctstack
	eventually 20 asked ct-m-slow.service
	mended nft flush ruleset
	mended nft delete table inet ctstack
	mended nft flush chain inet ctstack raw_prerouting
	mended ip link delete "$(link_of a)"
	mended ip route delete 10.92.0.12
	mended ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole
	mended sysctl -q net.ipv4.ip_forward=0
	opens ct-m-slow
	ends 0
	storm_is_over 2
	contains "$(cat log)" "nft altered what is ours; it is as it was again: nft "
	contains "$(cat log)" "somebody altered what is ours; it is as it was again: link $(link_of a)"
	equal "$(pids)" "$before"
	expect 0 ctc plan --detailed-exitcode /root/m.ctstack
	expect 0 probe connect 10.92.0.15 80
}

test_a_flush_while_one_never_becomes_ready() {
	local before
	expect 0 ctc rollback
	before=$(pids)
	nft --stateless list table inet ctstack >before
	storm_begins
	stack "$never"
	waits_at 'start ct-m-never.service' ctc apply --yes /root/m.ctstack
	mended nft flush ruleset
	ends 3
	contains "$(cat log)" "The host is as before"
	storm_is_over 1
	equal "$(pids)" "$before"
	allowed 5000
	equal "$(nft --stateless list table inet ctstack)" "$(cat before)"
	expect 0 ctc status --json
	contains "$out" '"drift":[]'
	stack
	expect 0 ctc plan --detailed-exitcode /root/m.ctstack
}

# Before the new policy is in: what is flushed is the old one.
test_a_flush_while_a_container_ends() {
	stack "$clings" 'publish 127.0.0.1:8081 -> a.http'
	expect 0 ctc apply --yes /root/m.ctstack
	clinging
	storm_begins
	stack
	waits_at 'stop ct-m-clings.service' ctc apply --yes /root/m.ctstack
	mended nft flush ruleset
	probe connect 127.0.0.1 8081
	mended ip link delete "$(link_of a)"
	refute grep -q 'stopped ct-m-clings.service' log
	kill -TERM "$clinging"
	ends 0
	storm_is_over 1
	refute probe connect 127.0.0.1 8081
	expect 0 ctc plan --detailed-exitcode /root/m.ctstack
}

# What another one edits inside of the table meanwhile is no removal: the batch that switches the policy refuses it (P17), and then the host is as before.
test_an_edit_while_a_container_ends_is_refused() {
	stack "$clings"
	expect 0 ctc apply --yes /root/m.ctstack
	clinging
	storm_begins
	stack 'publish 127.0.0.1:8081 -> a.http'
	waits_at 'stop ct-m-clings.service' ctc apply --yes /root/m.ctstack
	nft delete element inet ctstack flow4 '{ 10.92.0.12 . 10.92.0.11 . tcp . 80 }' || nft delete element inet ctstack flow4 '{ 10.92.0.11 . 10.92.0.12 . tcp . 80 }'
	nft insert rule inet ctstack forward udp dport 7701 accept
	kill -TERM "$clinging"
	ends 3
	contains "$(cat log)" "since the plan was made"
	storm_is_over 0
	refute grep -q 'udp dport 7701' <(nft list table inet ctstack)
	allowed 5000
	stack "$clings"
	expect 0 ctc plan --detailed-exitcode /root/m.ctstack
	clinging
	stack
	waits_at 'stop ct-m-clings.service' ctc apply --yes /root/m.ctstack
	kill -TERM "$clinging"
	ends 0
}

# At the question, too.
test_a_flush_while_somebody_thinks() {
	stack 'publish 127.0.0.1:8082 -> a.http'
	mkfifo answer
	script -qefc 'ctc apply /root/m.ctstack' /dev/null <answer >log 2>&1 &
	ctc=$!
	exec 5>answer
	eventually 60 grep -q 'Apply this plan' log
	nft flush ruleset
	eventually 5 allowed
	ip link delete "$(link_of b)"
	eventually 5 allowed
	refute probe connect 127.0.0.1 8082
	echo y >&5
	exec 5>&-
	ends 0
	probe connect 127.0.0.1 8082
	expect 0 ctc plan --detailed-exitcode /root/m.ctstack
}

# While images come.
test_a_flush_while_an_image_is_fetched() {
	# A podman that pulls until it is told to give up.
	printf '#!/bin/sh\n[ "$1" = pull ] || exec /root/podman "$@"\nwhile [ ! -e /root/enough ]; do sleep 0.1; done\nexit 1\n' >fake
	chmod 755 fake
	cp /usr/bin/podman /root/podman
	stack 'container d { image = "example.org/nowhere:1" }'
	waits_at 'example.org/nowhere' unshare --mount --propagation private sh -c 'mount --bind fake /usr/bin/podman && exec ctc apply --yes /root/m.ctstack'
	nft flush ruleset
	eventually 5 allowed
	kill -0 "$ctc"
	touch /root/enough
	ends 1
	allowed 5000
}
