# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Further addresses of a container, asked of packets: it answers at each, the policy holds for each, in both directions, and they come and go while it runs.

pid() { systemctl show -P MainPID "ct-$1.service"; }

# source_of MORE: what stands in server's list
source_of() {
	cat <<-SRC
		stack m {
		  subnet lan { range = 10.83.0.0/24; range6 = fd83::/64 }
		  defaults container { image = "localhost/probe:1" }
		  container server { address = 10.83.0.2; address6 = fd83::2; more-addresses = [$1]; ports { http = 80/tcp } }
		  container client { address = 10.83.0.11; address6 = fd83::11; more-addresses = [10.83.0.12] }
		  container other  { address = 10.83.0.21; address6 = fd83::21 }
		  allow   client -> server.http
		  allow   server -> world:443/tcp
		  publish 8080   -> server.http
		  expect  reach client -> server.http
		  expect  deny  other -> server
		}
	SRC
}

test_a_second_address_restarts_nothing() {
	image localhost/probe:1
	source_of "" >/m.ctstack
	ctc apply --yes /m.ctstack
	local server client
	server=$(pid m-server) client=$(pid m-client)
	in_ns ct-m-client probe hold 10.83.0.2 80 20000 &
	local held=$!
	source_of "10.83.0.3, 10.83.0.4, fd83::3" >/m.ctstack
	run ctc plan /m.ctstack
	contains "$out" "more-addresses"
	contains "$out" "no restart"
	lacks "$out" " restarts"
	ctc apply --yes /m.ctstack
	equal "$(pid m-server)" "$server"
	equal "$(pid m-client)" "$client"
	expect 0 ctc plan --detailed-exitcode /m.ctstack
	equal "$(ctc ip m.server)" "10.83.0.2
fd83::2
10.83.0.3
10.83.0.4
fd83::3"
	equal "$(ctc ip --ipv6 m.server)" "fd83::2
fd83::3"
	wait $held
}

test_it_answers_at_each_and_only_whom_it_may() {
	local to from
	for to in 10.83.0.2 10.83.0.3 10.83.0.4; do
		equal "$(probe get $to 80 /)" "server ok"
		equal "$(in_ns ct-m-client probe get $to 80 /peer)" 10.83.0.11
		for from in 10.83.0.11 10.83.0.12; do
			equal "$(PROBE_FROM=$from in_ns ct-m-client probe get $to 80 /peer)" $from
		done
		refute in_ns ct-m-client probe connect $to 81 300
		refute in_ns ct-m-other probe connect $to 80 300
	done
	for to in fd83::2 fd83::3; do
		equal "$(probe get $to 80 /)" "server ok"
		equal "$(in_ns ct-m-client probe get $to 80 /peer)" fd83::11
		refute in_ns ct-m-other probe connect $to 80 300
	done
	# Ports of the host lead to the first one, and names mean it.
	equal "$(in_ns world probe get 203.0.113.10 8080 /)" "server ok"
	contains "$(cat /run/ctstack/hosts/ct-m-client)" "10.83.0.2 server"
	lacks "$(cat /run/ctstack/hosts/ct-m-client)" "10.83.0.3"
}

# What it sends itself: from each that it chooses, where the flow lets it; and from no other.
test_what_it_sends() {
	in_ns world probe serve 443 444 >/dev/null &
	local world=$! from
	eventually 5 probe connect 198.51.100.1 443
	for from in 10.83.0.2 10.83.0.3 10.83.0.4; do
		equal "$(PROBE_FROM=$from in_ns ct-m-server probe get 198.51.100.1 443 /peer)" 203.0.113.10
		PROBE_FROM=$from refute in_ns ct-m-server probe connect 198.51.100.1 444 300
	done
	equal "$(PROBE_FROM=fd83::3 in_ns ct-m-server probe get 2001:db8:1::1 443 /peer)" 2001:db8:1::10
	PROBE_FROM=10.83.0.12 refute in_ns ct-m-client probe connect 198.51.100.1 443 300
	ip -n ct-m-server address add 10.83.0.99/32 dev eth0
	PROBE_FROM=10.83.0.99 refute in_ns ct-m-server probe connect 198.51.100.1 443 300
	ip -n ct-m-server address del 10.83.0.99/32 dev eth0
	ends_all $world
}

test_drift_of_one_is_seen_and_mended() {
	local before
	before=$(pid m-server)
	ip -n ct-m-server address del 10.83.0.3/32 dev eth0
	expect 2 ctc plan --detailed-exitcode /m.ctstack
	contains "$out" "m.server"
	run ctc status
	contains "$out" "Drift: 1 difference"
	ctc apply --yes /m.ctstack
	equal "$(in_ns ct-m-client probe get 10.83.0.3 80 /)" "server ok"
	# The first one: the others stay, and what is sent comes from it again.
	ip -n ct-m-server address del 10.83.0.2/32 dev eth0
	ip -n ct-m-server address del fd83::2/128 dev eth0
	expect 2 ctc plan --detailed-exitcode /m.ctstack
	ctc apply --yes /m.ctstack
	equal "$(in_ns ct-m-client probe get 10.83.0.4 80 /)" "server ok"
	in_ns ct-m-client probe serve 9999 >/dev/null &
	local serves=$!
	contains "$(ip -n ct-m-server route get 10.83.0.11)" "src 10.83.0.2"
	contains "$(ip -n ct-m-server -6 route get fd83::11)" "src fd83::2"
	ends_all $serves
	nft delete element inet ctstack source4 "{ \"$(ip -json link show ct-m-server | grep -o '"ifname":"[^"]*' | cut -d'"' -f4)\" . 10.83.0.4 }"
	eventually 10 in_ns ct-m-client probe get 10.83.0.4 80 /
	expect 0 ctc plan --detailed-exitcode /m.ctstack
	equal "$(pid m-server)" "$before"
}

test_one_goes_and_the_others_stay() {
	local before
	before=$(pid m-server)
	in_ns ct-m-client probe hold 10.83.0.4 80 8000 &
	local held=$!
	source_of "10.83.0.4" >/m.ctstack
	ctc apply --yes /m.ctstack
	equal "$(pid m-server)" "$before"
	refute probe connect 10.83.0.3 80 300
	refute probe connect fd83::3 80 300
	equal "$(in_ns ct-m-client probe get 10.83.0.4 80 /)" "server ok"
	wait $held
	# The one that went is another container's now.
	source_of "10.83.0.4" | sed 's/container other  {/& more-addresses = [10.83.0.3];/' >/m.ctstack
	ctc apply --yes /m.ctstack
	contains "$(ip route get 10.83.0.3)" "$(ip -json link show ct-m-other | grep -o '"ifname":"[^"]*' | cut -d'"' -f4)"
	ctc rollback --yes
	refute probe connect 10.83.0.3 80 300
}

test_another_stack_may_not_have_it() {
	cat >/t.ctstack <<-SRC
		stack t {
		  subnet lan { range = 10.84.0.0/24 }
		  container a { image = "localhost/probe:1"; address = 10.84.0.2; more-addresses = [10.84.0.3] }
		}
	SRC
	ctc apply --yes /t.ctstack
	equal "$(probe get 10.84.0.3 80 /)" "a ok"
	ip address add 10.84.0.9/32 dev lo
	sed 's/10.84.0.3\]/10.84.0.9]/' /t.ctstack >/taken.ctstack
	expect 1 ctc apply --yes /taken.ctstack
	contains "$out" "10.84.0.9 is an address of the host itself"
	equal "$(probe get 10.84.0.3 80 /)" "a ok"
}

# Which of them is the first is seen in what it sends from, whatever the next source says: so it is again after a way back.
test_a_way_back_leads_to_the_first_one() {
	swapped() {
		cat <<-SRC
			stack w {
			  subnet lan { range = 10.85.0.0/16; range6 = fd85::/64 }
			  container a { image = "localhost/probe:1"; address = $1; address6 = $2; more-addresses = [$3]; ports { http = 80/tcp }; ${4:-} }
			}
		SRC
	}
	sends_from() {
		equal "$(ip -n ct-w-a route get 10.85.0.1 | grep -o 'src [^ ]*')" "src $1"
		equal "$(ip -n ct-w-a -6 route get fd85::1 | grep -o 'src [^ ]*')" "src $2"
	}
	swapped 10.85.0.200 fd85::200 "10.85.0.3, fd85::3" >/w.ctstack
	ctc apply --yes /w.ctstack
	sends_from 10.85.0.200 fd85::200
	swapped 10.85.0.3 fd85::3 "10.85.0.200, fd85::200" >/swap.ctstack
	ctc apply --yes /swap.ctstack
	sends_from 10.85.0.3 fd85::3
	expect 0 ctc plan --detailed-exitcode /swap.ctstack
	ctc rollback --yes
	sends_from 10.85.0.200 fd85::200
	# all are others, and the change fails
	swapped 10.85.1.200 fd85::1:200 "10.85.1.3, fd85::1:3" 'ready { exec = ["/probe", "connect", "127.0.0.1", "9"]; within = 1s }' >/fails.ctstack
	expect 3 ctc apply --yes /fails.ctstack
	sends_from 10.85.0.200 fd85::200
	expect 0 ctc plan --detailed-exitcode /w.ctstack
	ctc destroy --yes w
}

test_in_a_macvlan() {
	ip netns add neighbour
	ip link add enp3s0 type veth peer name lan netns neighbour
	ip link set enp3s0 up
	ip -n neighbour link set lan up
	ip -n neighbour address add 192.168.0.7/24 dev lan
	macvlan() {
		cat <<-SRC
			stack v {
			  macvlan net { parent = "enp3s0"; range = 192.168.0.0/24; gateway = 192.168.0.1 }
			  container a { image = "localhost/probe:1"; macvlan = net; address = $1; more-addresses = [$2]; ports { http = 80/tcp } }  # ctc: allow macvlan-host: it is tested
			}
		SRC
	}
	macvlan 192.168.0.50 192.168.0.51 >/v.ctstack
	ctc apply --yes /v.ctstack
	local before
	before=$(pid v-a)
	equal "$(in_ns neighbour probe get 192.168.0.50 80 /)" "a ok"
	equal "$(in_ns neighbour probe get 192.168.0.51 80 /)" "a ok"
	contains "$(ip -n ct-v-a route get 192.168.0.7)" "src 192.168.0.50"
	macvlan 192.168.0.50 "192.168.0.52, 192.168.0.53" >/v.ctstack
	ctc apply --yes /v.ctstack
	equal "$(pid v-a)" "$before"
	equal "$(in_ns neighbour probe get 192.168.0.52 80 /)" "a ok"
	refute in_ns neighbour probe connect 192.168.0.51 80 300
	ip -n ct-v-a address del 192.168.0.53/24 dev lan0
	expect 2 ctc plan --detailed-exitcode /v.ctstack
	ctc apply --yes /v.ctstack
	equal "$(in_ns neighbour probe get 192.168.0.53 80 /)" "a ok"
	equal "$(pid v-a)" "$before"
	# The first one and another change places.
	macvlan 192.168.0.52 "192.168.0.50, 192.168.0.53" >/v.ctstack
	ctc apply --yes /v.ctstack
	contains "$(ip -n ct-v-a route get 192.168.0.7)" "src 192.168.0.52"
	ctc rollback --yes
	contains "$(ip -n ct-v-a route get 192.168.0.7)" "src 192.168.0.50"
	# The first one changes: the others do not go with it, whatever the host has set.
	macvlan 192.168.0.60 "192.168.0.52, 192.168.0.53" >/v.ctstack
	ctc apply --yes /v.ctstack
	equal "$(in_ns neighbour probe get 192.168.0.60 80 /)" "a ok"
	equal "$(in_ns neighbour probe get 192.168.0.53 80 /)" "a ok"
	contains "$(ip -n ct-v-a route get 192.168.0.7)" "src 192.168.0.60"
	expect 0 ctc plan --detailed-exitcode /v.ctstack
}
