# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A boot brings back the committed generation, whatever was going on when the host went down (spec/transaction.md, Boot).

stack() {
	cat >/root/b.ctstack <<-END
		stack b {
		  subnet lan { range = 10.88.0.0/24; range6 = fd88::/64; nat = true }
		  container a {
		    image    = "localhost/a:1"
		    address  = 10.88.0.11
		    address6 = fd88::11
		    ports  { http = 80/tcp }
		    ready  { tcp = http }
		    volume data { at = /data }
		  }
		  container b { image = "localhost/a:1"; address = 10.88.0.12; ports { http = 80/tcp } }
		  allow a -> b.http
		  publish 127.0.0.1:8080 -> a.http
		$(printf '  %s\n' "$@")
		}
	END
}

test_a_stack_runs() {
	image localhost/a:1
	image localhost/slow:1 80 PROBE_DELAY_MS=30000
	stack
	expect 0 ctc apply --yes /root/b.ctstack
	probe connect 127.0.0.1 8080
}

# A host that has just booted, as far as the network goes.
forget_network() {
	systemctl stop ctstack.target
	rm /run/ctstack/active
	ip netns delete ct-b-a
	ip netns delete ct-b-b
	eventually 10 no_links
	nft delete table inet ctstack
}
no_links() { ! ip -o link show type veth | grep 'altname ct-b-' >/dev/null; }

# As systemd calls it at boot, when nobody has made anything below /run yet: no word, and the units.
test_the_generator_at_boot() {
	mkdir made
	mv /run/ctstack /run/away
	run /usr/local/lib/systemd/system-generators/ctstack-generator made made made
	mv /run/away /run/ctstack
	equal "$status $out" "0 "
	[ -f made/ct-b-a.service ]
	refute test -e made/ctstack-recover.service
}

# Somebody else's table is in the way of the policy: nothing starts, however often it is tried.
test_without_a_policy_no_container_starts() {
	forget_network
	nft add table inet ctstack
	refute systemctl start ct-b-a.service
	refute systemctl start ct-b-a.service
	refute test -e /run/ctstack/active
	refute podman container exists ct-b-a
	nft delete table inet ctstack
	systemctl start ctstack.target ct-b-a.service ct-b-b.service
	eventually 5 in_ns ct-b-a probe connect 10.88.0.12 80
	expect 2 in_ns ct-b-b probe connect 10.88.0.11 80 300
}

network_is_activating() { [ "$(systemctl is-active ctstack-network.service)" = activating ]; }

# Another ctc has the lock and has not come to the policy: a start waits for the one or the other.
test_a_start_waits_for_the_policy() {
	local holder start
	forget_network
	flock /run/ctstack/lock sh -c 'touch held && exec sleep 600' &
	holder=$!
	eventually 10 test -e held
	systemctl start ct-b-b.service &
	start=$!
	eventually 10 network_is_activating
	sleep 1
	refute podman container exists ct-b-b
	refute test -e /run/ctstack/active
	kill $holder $(pgrep -P $holder)
	wait $start
	systemctl start ctstack.target ct-b-a.service
	expect 2 in_ns ct-b-b probe connect 10.88.0.11 80 300
	expect 0 ctc plan --detailed-exitcode /root/b.ctstack
}

# The new generation is active, its policy is in force, a program is being waited for: then everything ends.
test_a_change_is_cut_off_in_the_middle() {
	local ctc
	stack 'container slow { image = "localhost/slow:1"; address = 10.88.0.13; ports { http = 80/tcp }; ready { tcp = http; within = 60s } }' \
		'allow b -> a.http' 'publish 127.0.0.1:8081 -> b.http'
	without_settling
	ctc apply --yes /root/b.ctstack >log 2>&1 &
	ctc=$!
	eventually 30 grep -q 'start ct-b-slow.service' log
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	wait $ctc || true
	equal "$(readlink /run/ctstack/active)" /var/lib/ctstack/generations/0002
	equal "$(readlink /var/lib/ctstack/current)" generations/0001
	[ -e /var/lib/ctstack/journal ]
}

test_after_reboot_the_committed_stack_is_back_by_itself() {
	eventually 30 systemctl is-active --quiet ct-b-a.service
	eventually 30 systemctl is-active --quiet ct-b-b.service
	equal "$(readlink /run/ctstack/active)" /var/lib/ctstack/generations/0001
	eventually 10 probe connect 127.0.0.1 8080
	eventually 5 in_ns ct-b-a probe connect 10.88.0.12 80
	expect 2 in_ns ct-b-b probe connect 10.88.0.11 80 300
	expect 1 probe connect 127.0.0.1 8081
	refute systemctl cat ct-b-slow.service
	equal "$(cat /proc/sys/net/ipv4/ip_forward)" 1
}

has_settled() { [ ! -e /var/lib/ctstack/journal ] && settled; }

# Nobody asked for it: the boot found the journal.
test_after_reboot_what_was_cut_off_is_settled() {
	eventually 30 has_settled
	eventually 10 sh -c '[ "$(systemctl is-active ctstack-recover.service)" = inactive ]'
	refute systemctl --quiet is-failed ctstack-recover.service
	refute test -e /var/lib/ctstack/generations/0002
	expect 0 ctc status
	contains "$out" "No drift"
	lacks "$out" "cut off"
	expect 0 ctc recover
	contains "$out" "Nothing to recover: generation 1 runs"
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" recover
	stack
	expect 0 ctc plan --detailed-exitcode /root/b.ctstack
	contains "$out" "Nothing to do"
}

test_after_reboot_a_change_works_as_before() {
	stack 'allow b -> a.http'
	expect 0 ctc apply --yes /root/b.ctstack
	expect 0 in_ns ct-b-b probe connect 10.88.0.11 80
	expect 0 ctc rollback
	expect 2 in_ns ct-b-b probe connect 10.88.0.11 80 300
}
