# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Uplinks and name servers, asked of packets. Besides the world behind uplink0 the host has another way out here, uplink1, behind which the same address answers.

pid() { systemctl show -P MainPID "ct-$1.service"; }

source_of() {
	cat <<-SRC
		stack n {
		  subnet one { range = 10.79.1.0/24; range6 = fd79:1::/64; nat = true; uplink = "$1" }
		  subnet two { range = 10.79.2.0/24; range6 = fd79:2::/64; nat = true }
		  defaults container { image = "localhost/shell:1" }
		  container bound { subnet = one; address = 10.79.1.2; address6 = fd79:1::2 }
		  container free  { subnet = two;  address = 10.79.2.2; address6 = fd79:2::2 }
		  container asks  { subnet = two;  address = 10.79.2.3; resolver = [198.51.100.1] }
		  container mute  { subnet = two;  address = 10.79.2.4; resolver = none }
		  container with  { join = asks; env { PROBE_PORTS = "81" } }
		}
	SRC
}

# Another way out: 192.0.2.0/24, behind it 192.0.2.9 and 2001:db8:9::9.
second_uplink() {
	ip netns add second
	ip link add uplink1 type veth peer name uplink1 netns second
	sysctl -q net.ipv6.conf.uplink1.accept_dad=0
	ip netns exec second sysctl -q net.ipv6.conf.uplink1.accept_dad=0
	ip link set uplink1 up
	ip -n second link set uplink1 up
	ip -n second link set lo up
	ip address add 192.0.2.10/24 dev uplink1
	ip address add 2001:db8:9::10/64 dev uplink1 nodad
	ip -n second address add 192.0.2.9/24 dev uplink1
	ip -n second address add 2001:db8:9::9/64 dev uplink1 nodad
}

image_with_shell() {
	cp /src/build/probe "$(command -v busybox)" .
	tar -c probe busybox | podman import --quiet --change 'ENTRYPOINT ["/probe"]' --change 'ENV PROBE_PORTS=80' - localhost/shell:1 >/dev/null
}

test_a_missing_uplink_is_an_error_of_the_plan() {
	image_with_shell
	second_uplink
	source_of eth7 >/n.ctstack
	expect 1 ctc plan /n.ctstack
	contains "$out" "eth7"
	contains "$out" "is not on this host"
	expect 1 ctc apply --yes /n.ctstack
	ip link property add dev uplink0 altname wan0
	source_of wan0 >/n.ctstack
	expect 1 ctc plan /n.ctstack
	contains "$out" 'write "uplink0"'
	ip link property del dev uplink0 altname wan0
	source_of uplink0 >/n.ctstack
	run ctc plan /n.ctstack
	contains "$out" "by uplink0"
}

# By the uplink, and by no other interface; masqueraded as its address.
test_only_the_uplink_leads_out() {
	ctc apply --yes /n.ctstack
	in_ns world probe serve 443 >/dev/null &
	local world=$! second
	in_ns second probe serve 443 >/dev/null &
	second=$!
	eventually 5 probe connect 198.51.100.1 443
	eventually 5 probe connect 192.0.2.9 443
	equal "$(in_ns ct-n-bound probe get 198.51.100.1 443 /peer)" 203.0.113.10
	equal "$(in_ns ct-n-bound probe get 2001:db8:1::1 443 /peer)" 2001:db8:1::10
	refute in_ns ct-n-bound probe connect 192.0.2.9 443 300
	refute in_ns ct-n-bound probe connect 2001:db8:9::9 443 300
	equal "$(in_ns ct-n-free probe get 192.0.2.9 443 /peer)" 192.0.2.10
	equal "$(in_ns ct-n-free probe get 2001:db8:9::9 443 /peer)" 2001:db8:9::10
	equal "$(in_ns ct-n-free probe get 198.51.100.1 443 /peer)" 203.0.113.10
	ends_all $world $second
}

# It can be moved while containers run.
test_another_uplink_restarts_nothing() {
	local before
	before=$(pid n-bound)
	source_of uplink1 >/n.ctstack
	ctc apply --yes /n.ctstack
	equal "$(pid n-bound)" "$before"
	in_ns second probe serve 443 >/dev/null &
	local second=$!
	eventually 5 probe connect 192.0.2.9 443
	equal "$(in_ns ct-n-bound probe get 192.0.2.9 443 /peer)" 192.0.2.10
	refute in_ns ct-n-bound probe connect 203.0.113.1 443 300
	ends_all $second
}

pid_in() { podman inspect --format '{{.State.Pid}}' "ct-n-$1"; }
resolv_of() { cat "/proc/$(pid_in "$1")/root/etc/resolv.conf"; }
# asks CONTAINER SERVER: whether a look-up in the container reaches the server, in the world
asks() {
	local pid
	pid=$(pid_in "$1")
	counts count world 53
	timeout 5 nsenter -t "$pid" -m -n /busybox nslookup name.example >/dev/null 2>&1 || true
	counted count
	[ "$(cut -d' ' -f1 count)" -gt 0 ]
}

# The stub of the host answers nobody in another namespace: whom it asks is asked.
test_the_hosts_name_servers_are_those_behind_its_stub() {
	mkdir -p /run/systemd/resolve
	printf 'nameserver 127.0.0.53\noptions edns0\nsearch lan.example\n' >/etc/resolv.conf
	printf '# by resolved\nnameserver 198.51.100.1\nnameserver fe80::1%%uplink0\nsearch lan.example\n' >/run/systemd/resolve/resolv.conf
	local before
	before=$(pid n-free)
	run ctc plan /n.ctstack
	contains "$out" "no restart"
	ctc apply --yes /n.ctstack
	equal "$(pid n-free)" "$before"
	equal "$(resolv_of free)" "nameserver 198.51.100.1
search lan.example"
	asks free
	# Another one, while it runs.
	printf 'nameserver 203.0.113.1\n' >/etc/resolv.conf
	ctc apply --yes /n.ctstack
	equal "$(resolv_of free)" "nameserver 203.0.113.1"
	equal "$(pid n-free)" "$before"
	printf 'nameserver 127.0.0.1\n' >/etc/resolv.conf
	rm /run/systemd/resolve/resolv.conf
	ctc apply --yes /n.ctstack
	equal "$(resolv_of free)" "# the host has no name server that a container can ask"
}

test_name_servers_that_are_said() {
	equal "$(resolv_of asks)" "nameserver 198.51.100.1"
	equal "$(resolv_of with)" "nameserver 198.51.100.1"
	equal "$(resolv_of mute)" "# no name servers"
	asks asks
	asks with
	refute asks mute
}

# overlapping RANGE: a plan of a stack with that subnet
overlapping() {
	cat >/o.ctstack <<-SRC
		stack o {
		  subnet lan { range = $1 }
		  container a { image = "localhost/shell:1" }
		}
	SRC
	expect 2 ctc plan --detailed-exitcode /o.ctstack
}

# podman's own are there before it has made any of them; docker's bridge is an interface like another.
test_a_subnet_that_overlaps_another_network_is_told_of() {
	overlapping 10.88.7.0/24
	contains "$out" "subnet o.lan (10.88.7.0/24) overlaps podman's network podman (10.88.0.0/16)"
	podman network create --subnet 10.91.4.0/24 lab >/dev/null
	overlapping 10.91.0.0/16
	contains "$out" "overlaps podman's network lab (10.91.4.0/24)"
	ip link add docker0 type bridge
	ip address add 172.17.0.1/16 dev docker0
	overlapping 172.17.200.0/24
	contains "$out" "overlaps the network of docker0 (172.17.0.0/16)"
	overlapping 203.0.113.128/25
	contains "$out" "overlaps the network of uplink0 (203.0.113.0/24)"
	overlapping 10.92.0.0/24
	lacks "$out" "overlaps"
	# Neither itself, nor once it is there.
	ctc apply --yes /o.ctstack
	expect 0 ctc plan --detailed-exitcode /o.ctstack
	lacks "$out" "overlaps"
	overlapping 10.88.7.0/24
	run ctc apply --yes /o.ctstack
	contains "$out" "overlaps podman's network"
	expect 0 ctc plan --detailed-exitcode /o.ctstack
	lacks "$out" "overlaps"
	ctc destroy --yes o
}
