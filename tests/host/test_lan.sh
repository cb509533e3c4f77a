# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Macvlans: examples/lan.ctstack on a host whose network has a neighbour (192.168.0.7, who is the router too) at the other end of enp3s0. The images are stand-ins.

LAN=/src/examples/lan.ctstack
pid() { systemctl show -P MainPID "ct-$1.service"; }
index() { ip -n ct-house-media -json link show lan0 | grep -o '"ifindex":[0-9]*'; }

lan() {
	ip netns add neighbour
	ip link add enp3s0 type veth peer name lan netns neighbour
	ip link set enp3s0 up
	ip address add 192.168.0.151/24 dev enp3s0
	ip -n neighbour link set lan up
	ip -n neighbour link set lo up
	ip -n neighbour address add 192.168.0.7/24 dev lan
	ip -n neighbour address add 192.168.0.1/24 dev lan
	ip -n neighbour address add 192.0.2.1/32 dev lo
	sysctl -q net.ipv6.conf.enp3s0.accept_dad=0
	ip netns exec neighbour sysctl -q net.ipv6.conf.lan.accept_dad=0
	ip -n neighbour address add fd90::7/64 dev lan nodad
}

test_a_missing_parent_is_an_error_of_the_plan() {
	image docker.io/library/nginx:1.27-alpine 80 PROBE_NAME=media
	image docker.io/nginx/nginx-prometheus-exporter:1.3 9113 PROBE_NAME=metrics
	sed "s/# ctc: allow.*//" $LAN >/warned.ctstack
	run ctc check /warned.ctstack
	contains "$out" "W0919"
	expect 1 ctc plan $LAN
	contains "$out" "the parent enp3s0"
	contains "$out" "is not on this host"
	expect 1 ctc apply --yes $LAN
	equal "$(ip netns list | grep -c ct- || true)" 0
}

test_the_network_reaches_it_and_the_host_does_not() {
	lan
	ctc apply --yes $LAN
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /peer)" 192.168.0.7
	equal "$(in_ns neighbour probe get 192.168.0.152 9113 /)" "metrics ok"
	# By the router, under its own address.
	in_ns neighbour probe serve 443 >/dev/null &
	local router=$!
	eventually 5 in_ns neighbour probe connect 192.0.2.1 443
	equal "$(in_ns ct-house-media probe get 192.0.2.1 443 /peer)" 192.168.0.152
	ends_all $router
	refute probe connect 192.168.0.152 80 500
	equal "$(cat "/proc/$(podman inspect --format '{{.State.Pid}}' ct-house-media)/root/etc/resolv.conf")" "nameserver 192.168.0.1"
	contains "$(ip -n ct-house-media -d link show lan0)" "macvlan mode bridge"
	expect 0 ctc plan --detailed-exitcode $LAN
	refute nft list table inet ctstack
}

# The interface is not the process's: connections of the other container in it go on, and nobody has to find it again.
test_a_restart_keeps_the_interface() {
	local before other
	before=$(index) other=$(pid house-metrics)
	in_ns neighbour probe get 192.168.0.152 9113 /
	systemctl restart ct-house-media.service
	equal "$(index)" "$before"
	equal "$(pid house-metrics)" "$other"
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
}

test_drift_is_seen_and_mended_in_place() {
	local before process
	before=$(index) process=$(pid house-media)
	ip -n ct-house-media route del default
	ip -n ct-house-media address add 192.168.0.200/24 dev lan0
	ip -n ct-house-media address del 192.168.0.152/24 dev lan0
	expect 2 ctc plan --detailed-exitcode $LAN
	ctc apply --yes $LAN
	equal "$(index)" "$before"
	equal "$(pid house-media)" "$process"
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
	refute in_ns neighbour probe connect 192.168.0.200 80 400
	contains "$(ip -n ct-house-media route)" "default via 192.168.0.1"
	# Taken away altogether.
	ip -n ct-house-media link del lan0
	ctc apply --yes $LAN
	equal "$(pid house-media)" "$process"
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
	expect 0 ctc plan --detailed-exitcode $LAN
}

drift() { ctc status --json | sed -n 's/^{"what":"\([^"]*\)","kind":"\([^"]*\)","id":"\([^"]*\)".*/\1 \2 \3/p'; }
# row NAME EDIT...: what hands do to the interface or its routes is its drift, and is mended; no process notices.
row() {
	local process
	process=$(pid house-media)
	"${@:2}"
	equal "$1: $(drift)" "$1: different macvlan ct-house-media"
	expect 0 ctc apply --repair --yes
	equal "after the repair: $1: $(drift)" "after the repair: $1: "
	equal "$(pid house-media)" "$process"
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
}

test_each_edit_by_hand_is_drift() {
	local inside=(ip -n ct-house-media)
	row "the route to its network" "${inside[@]}" route del 192.168.0.0/24 dev lan0
	row "that route by another way" "${inside[@]}" route replace 192.168.0.0/24 via 192.168.0.1 dev lan0 onlink
	row "the default route" "${inside[@]}" route del default
	row "the default route by another way" "${inside[@]}" route replace default via 192.168.0.7 dev lan0
	row "the interface down" "${inside[@]}" link set lan0 down
	row "an address more" "${inside[@]}" address add 192.168.0.201/24 dev lan0
}

# Another mode, another family, a subnet and back: the container comes with it.
test_it_moves_between_networks() {
	sed 's/mode     = bridge/mode     = private/; s/range    =/range6   = fd90::\/64\n    range    =/; s/address = 192.168.0.152/address = 192.168.0.153; address6 = fd90::153/' $LAN >/private.ctstack
	ctc apply --yes /private.ctstack
	equal "$(in_ns neighbour probe get 192.168.0.153 80 /)" "media ok"
	equal "$(in_ns neighbour probe get fd90::153 80 /)" "media ok"
	refute in_ns neighbour probe connect 192.168.0.152 80 400
	contains "$(ip -n ct-house-media -d link show lan0)" "macvlan mode private"
	expect 0 ctc plan --detailed-exitcode /private.ctstack
	ip -n ct-house-media -6 route del fd90::/64 dev lan0
	equal "$(drift)" "different macvlan ct-house-media"
	expect 0 ctc apply --repair --yes
	equal "$(drift)" ""
	sed 's/macvlan = lan.*/subnet = own/; s/address = 192.168.0.152/address = 10.93.0.2/; s/^stack house {/&\n  subnet own { range = 10.93.0.0\/24 }/' $LAN >/own.ctstack
	ctc apply --yes /own.ctstack
	equal "$(probe get 10.93.0.2 80 /)" "media ok"
	equal "$(ip -n ct-house-media -o link | grep -c lan0 || true)" 0
	expect 0 ctc plan --detailed-exitcode /own.ctstack
	ctc apply --yes $LAN
	equal "$(in_ns neighbour probe get 192.168.0.152 80 /)" "media ok"
	equal "$(ip -n ct-house-media -o link | grep -c eth0 || true)" 0
	expect 0 ctc plan --detailed-exitcode $LAN
}

# A start that fails leaves what was there: the old address, the old interface.
test_a_failed_change_goes_back() {
	local before
	before=$(index)
	sed 's/address = 192.168.0.152/address = 192.168.0.160/; s/ready { http = "\/" }/ready { tcp = http; within = 2s }\n    env { PROBE_PORTS = "81" }/' $LAN >/fails.ctstack
	run ctc apply --yes /fails.ctstack
	refute equal "$status" 0
	eventually 10 in_ns neighbour probe get 192.168.0.152 80 /
	equal "$(index)" "$before"
	expect 0 ctc plan --detailed-exitcode $LAN
}

no_lan() { ip netns delete neighbour; ip link del enp3s0 2>/dev/null || true; }
answers() { [ "$(in_ns neighbour probe get 192.168.0.152 80 /)" = "media ok" ]; }
waits() { journalctl --since="@$1" -u ct-house-media.service | grep "there is no interface lan0, since the host has no enp3s0" >/dev/null; }
watcher_says() { journalctl --since="@$1" -u ctstack-watch.service | grep "a network interface of the host is missing" >/dev/null; }
# Beside it one that needs nothing of that network.
private_stack() {
	cat <<-SRC
		stack own {
		  subnet lan { range = 10.93.0.0/24 }
		  container web { image = "docker.io/library/nginx:1.27-alpine"; address = 10.93.0.2; ports { http = 80/tcp }; ${1-} }
		  publish 127.0.0.1:8093 -> web.http
		}
	SRC
}

# It takes the interface with it, and no process: all is back when it is.
test_a_parent_that_goes_and_comes_again() {
	local process since
	private_stack >/p.ctstack
	ctc apply --yes /p.ctstack
	process=$(pid house-media) since=$(date +%s)
	no_lan
	eventually 10 watcher_says "$since"
	equal "$(ip -n ct-house-media -o link | grep -c lan0 || true)" 0
	probe connect 127.0.0.1 8093
	expect 2 ctc restore
	equal "$(drift)" "missing macvlan ct-house-media"
	# Started meanwhile it waits as well, and others start.
	systemctl restart ct-own-web.service
	eventually 5 probe connect 127.0.0.1 8093
	run systemctl restart ct-house-metrics.service
	refute systemctl is-active --quiet ct-house-metrics.service
	equal "$(systemctl is-failed ctstack-network.service || true)" inactive
	lan
	eventually 35 answers
	equal "$(pid house-media)" "$process"
	eventually 15 systemctl is-active --quiet ct-house-metrics.service
	expect 0 ctc plan --detailed-exitcode $LAN
}

# Another stack is changed without it; what needs it is refused, and says what is missing.
test_changes_of_others_go_on_without_it() {
	no_lan
	private_stack 'env { X = "1" }' >/p.ctstack
	expect 0 ctc apply --yes /p.ctstack
	eventually 5 probe connect 127.0.0.1 8093
	expect 0 ctc apply --yes $LAN
	contains "$out" "ct-house-media waits for the network interface enp3s0"
	sed 's/mode     = bridge/mode     = private/' $LAN >/private.ctstack
	expect 1 ctc apply --yes /private.ctstack
	contains "$out" "the parent enp3s0"
	lan
	eventually 35 answers
	expect 0 ctc plan --detailed-exitcode $LAN
}

test_after_reboot_others_have_their_network_and_it_waits_for_its_parent() {
	# The interface of this host is made by the test: at boot it is not there.
	eventually 30 probe connect 127.0.0.1 8093
	equal "$(systemctl is-failed ctstack-network.service || true)" inactive
	refute systemctl is-active --quiet ct-house-media.service
	eventually 20 waits 0
	private_stack 'env { X = "2" }' >/p.ctstack
	expect 0 ctc apply --yes /p.ctstack
	ctc rollback --yes
	eventually 5 probe connect 127.0.0.1 8093
	lan
	eventually 45 answers
	expect 0 ctc plan --detailed-exitcode $LAN
	ctc destroy --yes house
	equal "$(ip netns list | grep 'ct-house' || true)" ""
}
