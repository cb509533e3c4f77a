# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What hands do to what is ours: each edit is reported exactly, nothing else is, and `ctc apply --repair` mends it. The watcher, which would be faster, is frozen meanwhile.

stack() {
	cat >/root/d.ctstack <<-END
		stack d {
		  subnet lan { range = 10.91.0.0/24; range6 = fd91::/64; nat = true }
		  container a { image = "localhost/a:1"; address = 10.91.0.11; address6 = fd91::11; ports { http = 80/tcp }; volume data { at = /data } }
		  container b { image = "localhost/a:1"; address = 10.91.0.12; address6 = fd91::12; ports { http = 80/tcp } }
		  allow b -> a.http
		  publish 127.0.0.1:8080 -> a.http
		  publish 8081 -> b.http
		}
	END
}

link_of() { ip -o link show "ct-d-$1" | cut -d: -f2 | cut -d@ -f1 | tr -d ' '; }
drift() { ctc status --json | sed -n 's/^{"what":"\([^"]*\)","kind":"\([^"]*\)","id":"\([^"]*\)".*/\1 \2 \3/p'; }
freeze() { kill -STOP "$(main_pid ctstack-watch.service)"; }

# row NAME EDIT EXPECTED: lines of drift, with A and B for the names of the two links.
rows=0
row() {
	local expected=${3//LINK_A/$A}
	rows=$((rows + 1))
	bash -c "A=$A B=$B; $2" || {
		echo "$1: the edit itself failed: $2"
		return 1
	}
	expected=${expected//LINK_B/$B}
	equal "$1
$(drift)" "$1
$expected"
	expect 0 ctc apply --repair --yes
	equal "after the repair: $1
$(drift)" "after the repair: $1
"
}

test_a_stack_runs() {
	image localhost/a:1
	stack
	expect 0 ctc apply --yes /root/d.ctstack
	equal "$(drift)" ""
	expect 0 ctc apply --repair --yes
	contains "$out" "Nothing to do"
}

test_edits_of_the_policy() {
	A=$(link_of a) B=$(link_of b)
	freeze
	row "a rule added" "nft insert rule inet ctstack forward accept" "different nft rules"
	row "rules removed" "nft flush chain inet ctstack published" "different nft rules"
	row "a set added" "nft add set inet ctstack mine '{ type ipv4_addr; }'" "different nft rules"
	row "a chain added" "nft add chain inet ctstack mine" "different nft rules"
	row "a chain's policy" "nft 'add chain inet ctstack forward { policy drop; }'" "different nft rules"
	row "an element removed" "nft delete element inet ctstack flow4 '{ 10.91.0.11 . 10.91.0.12 . tcp . 80 }'" "missing nft flow4 10.91.0.11 . 10.91.0.12 . tcp . 80"
	row "an element added" "nft add element inet ctstack flow6 '{ fd91::12 . fd91::11 . tcp . 80 }'" "foreign nft flow6 fd91::12 . fd91::11 . tcp . 80"
	row "an element of a map changed" \
		"nft 'delete element inet ctstack dnat4 { 127.0.0.1 . tcp . 8080 }; add element inet ctstack dnat4 { 127.0.0.1 . tcp . 8080 : 10.91.0.12 . 80 }'" \
		"different nft dnat4 127.0.0.1 . tcp . 8080"
	row "a set emptied" "nft flush set inet ctstack source4" "missing nft source4 $(printf '%s\n' "$A . 10.91.0.11" "$B . 10.91.0.12" | sort | sed '2s/^/missing nft source4 /')"
	probe connect 127.0.0.1 8080
	echo "$rows edits"
}

test_edits_of_the_gate_and_of_kernel_switches() {
	A=$(link_of a) B=$(link_of b)
	row "the routing rule" "ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole" "missing gate ipv4"
	row "the IPv6 routing rule" "ip -6 rule del pref 0 fwmark 0x10000000/0x10000000 blackhole" "missing gate ipv6"
	row "the order of the routing rules" "ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole; ip rule add pref 0 fwmark 0x10000000/0x10000000 blackhole" "different gate ipv4"
	row "a link's queueing discipline" 'tc qdisc del dev $A clsact' "different link LINK_A"
	row "forwarding" "sysctl -qw net.ipv4.ip_forward=0" "missing sysctl net.ipv4.ip_forward"
	row "IPv6 forwarding" "sysctl -qw net.ipv6.conf.all.forwarding=0" "missing sysctl net.ipv6.conf.all.forwarding"
	probe connect 127.0.0.1 8080
	echo "$rows edits"
}

test_edits_of_links() {
	A=$(link_of a) B=$(link_of b)
	row "the gateway's address" 'ip address del 10.91.0.254/32 dev $A 2>/dev/null || ip address del $(ip -o -4 address show dev $A | awk "{print \$4}") dev $A' "different link LINK_A"
	row "the container's address" 'ip -n ct-d-a address del 10.91.0.11/32 dev eth0' "different link LINK_A"
	row "the container's IPv6 address" 'ip -n ct-d-a address del fd91::11/128 dev eth0' "different link LINK_A"
	row "the route to a container" 'ip route del 10.91.0.11 dev $A' "different link LINK_A"
	row "the IPv6 route to a container" 'ip -6 route del fd91::12 dev $B' "different link LINK_B"
	row "a container's default route" 'ip -n ct-d-b route del default' "different link LINK_B"
	row "a link set down" 'ip link set $B down' "different link LINK_B"
	row "a container's end set down" 'ip -n ct-d-b link set eth0 down' "different link LINK_B"
	row "an alternative name" 'ip link property del dev $A altname ct-d-a' "different link LINK_A"
	row "an alternative name added" 'ip link property del dev $A altname ct-d-a; ip link property add dev $A altname ct-d-z' "different link LINK_A"
	row "route_localnet" 'sysctl -qw net.ipv4.conf.$A.route_localnet=0' "different link LINK_A"
	row "the way back to ::1" 'ip -6 route del table local local ::1 dev $B' "different link LINK_B"
	row "router advertisements taken" 'sysctl -qw net.ipv6.conf.$A.accept_ra=1' "different link LINK_A"
	row "a link deleted" 'ip link del $A' "missing link LINK_A"
	row "a link renamed" 'ip link set $A down; ip link set $A name other0' "missing link LINK_A
foreign link other0"
	probe connect 127.0.0.1 8080
	in_ns ct-d-b probe connect 10.91.0.11 80
	echo "$rows edits"
}

test_edits_of_files() {
	A=$(link_of a) B=$(link_of b)
	row "a hosts file's content" "echo 10.9.9.9 x >>/run/ctstack/hosts/ct-d-a" "different file /run/ctstack/hosts/ct-d-a"
	row "a hosts file's mode" "chmod 600 /run/ctstack/hosts/ct-d-a" "different file /run/ctstack/hosts/ct-d-a"
	row "a hosts file removed" "rm /run/ctstack/hosts/ct-d-b" "missing file /run/ctstack/hosts/ct-d-b"
	row "a volume removed" "rm -r /var/lib/ctstack/volumes/d/a/data" "missing directory /var/lib/ctstack/volumes/d/a/data"
	echo "$rows edits"
}

test_edits_of_units() {
	A=$(link_of a) B=$(link_of b)
	row "a unit stopped" "systemctl stop ct-d-b.service" "different unit ct-d-b.service"
	row "a unit's text edited" "sed -i s/Description=/Description=x/ /run/systemd/generator/ct-d-a.service" "different unit ct-d-a.service"
	row "a unit's file removed" "rm /run/systemd/generator/ct-d-a.service; systemctl show ct-d-a.service >/dev/null" "missing unit ct-d-a.service"
	row "a unit wanted no more" "rm /run/systemd/generator/ct-d.target.wants/ct-d-b.service" "different unit ct-d-b.service"
	row "the target stopped" "systemctl stop ct-d.target" "different unit ct-d-a.service
different unit ct-d-b.service
different unit ct-d.target"
	row "the watcher stopped" "systemctl stop ctstack-watch.service" "different unit ctstack-watch.service"
	eventually 5 probe connect 127.0.0.1 8080
	echo "$rows edits"
}

# Not drift but an accident: systemd starts it again.
test_a_container_removed_by_podman_comes_back() {
	podman rm --force --time 0 ct-d-a >/dev/null
	eventually 20 probe connect 127.0.0.1 8080
	equal "$(drift)" ""
}

# With the watcher awake, what belongs to the network is mended without anybody asking.
test_the_watcher_mends_the_network() {
	ip link set "$(link_of a)" down
	nft flush set inet ctstack source4
	ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole
	no_drift() { [ -z "$(drift)" ]; }
	eventually 5 no_drift
	probe connect 127.0.0.1 8080
}
