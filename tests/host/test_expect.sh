# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a source expects of its flows is asked with packets before a change counts (spec/transaction.md, E1-E7): what holds, what does not, and what is said about it.

# stack [LINE...]: a reaches b on a TCP and a UDP port, and nobody reaches c.
stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24; range6 = fd77::/64 }
		  container a {
		    image = "localhost/a:1"
		    address = 10.77.0.11
		    address6 = fd77::11
		    ports { http = 80/tcp }
		  }
		  container b {
		    image = "localhost/b:1"
		    address = 10.77.0.12
		    address6 = fd77::12
		    ports { http = 80/tcp; dns = 53/udp; late = 81/tcp }
		  }
		  container c { image = "localhost/a:1"; address = 10.77.0.13; ports { http = 80/tcp } }
		  allow a -> b.http
		  allow a -> b.dns
		  allow a -> b.late
		$(printf '  %s\n' "$@")
		}
	END
}

# foreign RULE: another program's table, which judges behind ours
foreign() {
	printf 'table inet foreign\ndelete table inet foreign\ntable inet foreign {\n chain f {\n  type filter hook forward priority 10;\n  %s\n }\n}\n' "$1" | nft -f -
}

generation() { basename "$(readlink /var/lib/ctstack/current)"; }

test_what_holds_is_probed_and_the_change_counts() {
	image localhost/a:1
	image localhost/b:1 "80 53/udp"
	stack 'expect reach a -> b.http' 'expect reach a -> b.dns' 'expect deny b -> a' 'expect deny lan -> c' 'expect deny c -> host' 'expect reach host -> a.http' 'expect deny c -> world'
	expect 0 ctc plan t.ctstack
	contains "$out" "Probed with packets before it counts"
	contains "$out" "6 expectations, 11 probes"
	contains "$out" "t: expect deny t.c -> world not: nobody here can send from, or listen in, the world"
	expect 0 ctc plan --format json t.ctstack
	contains "$out" '"unasked":"nobody here can send from'
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "probe 6 expectations with packets"
	equal "$(generation)" 0001
}

# The container runs and declares the port, and nobody listens there.
test_a_service_that_does_not_listen_fails_the_change() {
	stack 'expect reach a -> b.late'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "t: expect reach t.a -> t.b:81/tcp: a TCP connection from 10.77.0.11 to 10.77.0.12 port 81 was refused: it arrived there, and nothing listens on that port"
	contains "$out" "t.ctstack:19:3"
	contains "$out" "The host is as before: generation 1"
	equal "$(generation)" 0001
}

test_a_datagram_that_nobody_takes_fails_the_change() {
	stack 'allow a -> b:99/udp' 'expect reach a -> b:99/udp'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "an empty UDP datagram from 10.77.0.11 to 10.77.0.12 port 99 was refused: it arrived there, and nothing listens"
	equal "$(generation)" 0001
}

# Another program's table has the last word: the compiler cannot know it, a packet does.
test_a_foreign_firewall_that_blocks_fails_the_change() {
	foreign 'ip saddr 10.77.0.11 tcp dport 80 drop'
	stack 'expect reach a -> b.http' 'publish 127.0.0.1:8080 -> c.http'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "t: expect reach t.a -> t.b:80/tcp: a TCP connection from 10.77.0.11 to 10.77.0.12 port 80 was not answered within 10 s, and no packet of it arrived there"
	contains "$out" "t.ctstack:19:3"
	equal "$(generation)" 0001
	foreign 'ip saddr 10.77.0.11 udp dport 53 drop'
	stack 'expect reach a -> b.dns' 'publish 127.0.0.1:8080 -> c.http'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "an empty UDP datagram from 10.77.0.11 to 10.77.0.12 port 53 was not answered within 10 s, and no packet of it arrived there"
	foreign 'ip saddr 10.77.0.11 tcp dport 80 reject with tcp reset'
	stack 'expect reach a -> b.http' 'publish 127.0.0.1:8080 -> c.http'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "was refused, and no packet of it arrived there: a firewall refuses it"
	nft delete table inet foreign
	expect 0 ctc apply --yes t.ctstack
	equal "$(generation)" 0002
}

# What must not pass, and does by another way than the policy's: a bridge that somebody has put between two containers.
test_a_way_around_the_policy_fails_the_change() {
	ip link add around-a type veth peer name around-c
	ip link set around-a netns ct-t-a
	ip link set around-c netns ct-t-c
	in_ns ct-t-a ip link set around-a up
	in_ns ct-t-c ip link set around-c up
	in_ns ct-t-a ip route add 10.77.0.13/32 dev around-a
	in_ns ct-t-c ip route add 10.77.0.11/32 dev around-c
	stack 'expect deny a -> c.http' 'publish 127.0.0.1:8081 -> c.http'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "t: expect deny t.a -> t.c:80/tcp: a TCP connection from 10.77.0.11 to 10.77.0.13 port 80 "
	contains "$out" "t.ctstack:19:3"
	equal "$(generation)" 0002
	# also a datagram, of which nobody would say that it came
	counts count ct-t-c 7
	stack 'expect deny a -> c:7/udp' 'publish 127.0.0.1:8081 -> c.http'
	expect 3 ctc apply --yes t.ctstack
	contains "$out" "an empty UDP datagram from 10.77.0.11 to 10.77.0.13 port 7 arrived"
	counted count
	in_ns ct-t-a ip link del around-a
	expect 0 ctc apply --yes t.ctstack
}

# What a rollback, a repair and a way back are for is a host that works again: they ask nothing.
test_a_rollback_asks_nothing() {
	stack 'expect reach a -> b.http' 'publish 127.0.0.1:8082 -> c.http'
	expect 0 ctc apply --yes t.ctstack
	foreign 'tcp dport 80 drop'
	expect 0 ctc rollback
	lacks "$out" "probe "
	expect 0 ctc apply --yes --repair
	nft delete table inet foreign
	expect 0 ctc destroy --yes t
}

# A hundred cost about what one costs, and an apply that nothing is asked of stays as quick.
test_a_hundred_cost_what_one_costs() {
	local i from to
	local -a all=()
	for i in $(seq 1 100); do all+=("expect deny b -> a:$((1000 + i))/tcp"); done
	stack "${all[@]}"
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "probe 100 expectations with packets"
	from=$(sed -n 's/^ *\([0-9.]*\)s  probe 100.*/\1/p' <<<"$out")
	to=$(sed -n 's/^Done in \([0-9.]*\) s.*/\1/p' <<<"$out")
	# one alone is watched for half a second
	awk -v from="$from" -v to="$to" 'BEGIN { exit !(to - from < 25) }'
	expect 0 ctc destroy --yes t
}

# One that waits for people is not expected to answer; and a stack that the change leaves alone is asked nothing.
test_who_is_not_asked() {
	cat >u.ctstack <<-END
		stack u {
		  subnet lan { range = 10.78.0.0/24 }
		  container a { image = "localhost/a:1"; address = 10.78.0.11; ports { http = 80/tcp } }
		  container b { image = "localhost/a:1"; address = 10.78.0.12; ports { http = 80/tcp }; autostart = false }
		  allow a -> b.http
		  expect reach a -> b.http
		  expect deny b -> a
		}
	END
	expect 0 ctc plan u.ctstack
	contains "$out" "u: expect reach u.a -> u.b:80/tcp not: a container that would have to answer does not run by itself"
	expect 0 ctc apply --yes u.ctstack
	contains "$out" "probe 1 expectation with packets"
	stack 'expect reach a -> b.http'
	expect 0 ctc apply --yes t.ctstack # what it needs of the host, forwarding of IPv6, may concern everybody
	contains "$out" "probe 2 expectations with packets"
	stack 'expect reach a -> b.http' 'publish 127.0.0.1:8083 -> c.http'
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "probe 1 expectation with packets"
}

# What fails at a packet is taken back by a process that may itself be killed then.
test_killed_while_it_probes_it_goes_back() {
	foreign 'tcp dport 80 drop'
	stack 'expect reach a -> b.http' 'publish 127.0.0.1:8084 -> c.http'
	ctc apply --yes t.ctstack >log 2>&1 &
	ctc=$!
	eventually 20 grep -q 'probe 1 expectation' log
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	status=0
	wait $ctc || status=$?
	equal "$status" 3
	: >log
	ctc apply --yes t.ctstack >>log 2>&1 &
	ctc=$!
	eventually 20 grep -q 'probe 1 expectation' log
	kill -INT $ctc
	status=0
	wait $ctc || status=$?
	equal "$status" 3
	contains "$(cat log)" "interrupted"
	nft delete table inet foreign
	expect 1 probe connect 127.0.0.1 8084
}
