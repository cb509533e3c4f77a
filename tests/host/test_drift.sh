# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What hands do to what is ours: each edit is reported exactly, nothing else is, and `ctc apply --repair` mends it. The watcher, which would be faster, is frozen meanwhile. The table of
# all edits is printed.
# patience: 600

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

# row NAME EDIT EXPECTED: lines of drift, with A and B for the names of the two links.
row() {
	local expected=${3//LINK_A/$A}
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
	printf '# %-42s %s\n' "$1" "$(tr '\n' ';' <<<"$3" | sed 's/;$//; s/;/; /g')" | tee -a /root/table
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
}

test_edits_of_links() {
	A=$(link_of a) B=$(link_of b)
	row "the gateway's address" 'ip address del 10.91.0.254/32 dev $A 2>/dev/null || ip address del $(ip -o -4 address show dev $A | awk "{print \$4}") dev $A' "different link LINK_A"
	row "the container's address" 'ip -n ct-d-a address del 10.91.0.11/32 dev eth0' "different link LINK_A"
	row "the container's IPv6 address" 'ip -n ct-d-a address del fd91::11/128 dev eth0' "different link LINK_A"
	row "the route to a container" 'ip route del 10.91.0.11 dev $A' "different link LINK_A"
	row "the IPv6 route to a container" 'ip -6 route del fd91::12 dev $B' "different link LINK_B"
	row "a container's default route" 'ip -n ct-d-b route del default' "different link LINK_B"
}

test_edits_of_links_as_such() {
	A=$(link_of a) B=$(link_of b)
	row "a link set down" 'ip link set $B down' "different link LINK_B"
	row "a container's end set down" 'ip -n ct-d-b link set eth0 down' "different link LINK_B"
	row "an alternative name" 'ip link property del dev $A altname ct-d-a' "different link LINK_A"
	row "an alternative name added" 'ip link property del dev $A altname ct-d-a; ip link property add dev $A altname ct-d-z' "different link LINK_A"
	row "route_localnet" 'sysctl -qw net.ipv4.conf.$A.route_localnet=0' "different link LINK_A"
	row "the way back to ::1" 'ip -6 route del table local local ::1 dev $B' "different link LINK_B"
	row "router advertisements taken" 'sysctl -qw net.ipv6.conf.$A.accept_ra=1' "different link LINK_A"
	probe connect 127.0.0.1 8080
	in_ns ct-d-b probe connect 10.91.0.11 80
}

# The way to ::1, where there is no IPv6: whether ports are published on loopback addresses or not.
test_a_stray_way_to_loopback() {
	local one
	cat >/root/four.ctstack <<-END
		stack four {
		  subnet lan { range = 10.94.0.0/24 }
		  container a { image = "localhost/a:1"; ports { http = 80/tcp } }
		  container b { image = "localhost/a:1" }
		  publish 127.0.0.1:8083 -> a.http
		}
	END
	expect 0 ctc apply --yes /root/four.ctstack
	freeze
	for one in a b; do
		A=$(ip -o link show ct-four-$one | cut -d: -f2 | cut -d@ -f1 | tr -d ' ') B=''
		row "a way to ::1 without IPv6 ($one)" 'sysctl -qw net.ipv6.conf.$A.disable_ipv6=0; ip -6 route add table local local ::1 dev $A metric 99999 proto 199' "different link LINK_A"
		lacks "$(ip -6 route show table local)" "::1 dev $A"
	done
	probe connect 127.0.0.1 8083
	expect 0 ctc destroy --yes four
}

test_what_links_have_not() {
	A=$(link_of a) B=$(link_of b)
	row "a foreign address on a link" 'ip address add 10.9.9.9/24 dev $A' "different link LINK_A"
	row "a foreign IPv6 address on a link" 'ip address add fd99::1/64 dev $B' "different link LINK_B"
	row "a link deleted" 'ip link del $A' "missing link LINK_A"
	row "a link renamed" 'ip link set $A down; ip link set $A name other0' "missing link LINK_A
foreign link other0"
	probe connect 127.0.0.1 8080
	in_ns ct-d-b probe connect 10.91.0.11 80
}

# The processes of a container whose namespace is gone sit in one that nobody can reach: mending starts them again, in the new one, and nobody else.
test_edits_of_namespaces() {
	local b
	A=$(link_of a) B=$(link_of b)
	b=$(main_pid ct-d-b.service)
	row "a namespace deleted" "ip netns delete ct-d-a" "missing netns ct-d-a
different link LINK_A
different unit ct-d-a.service"
	row "a namespace unmounted" "umount /run/netns/ct-d-a" "different netns ct-d-a
different link LINK_A
different unit ct-d-a.service"
	row "another namespace under a name" "ip netns delete ct-d-a; ip netns add ct-d-a" "different link LINK_A
different unit ct-d-a.service"
	row "lo in a namespace" "ip -n ct-d-a link set lo down" "different link LINK_A"
	row "a namespace added" "ip netns add ct-d-z" "foreign netns ct-d-z"
	equal "$(main_pid ct-d-b.service)" "$b"
	probe connect 127.0.0.1 8080
	in_ns ct-d-b probe connect 10.91.0.11 80
}

test_edits_of_files() {
	local name
	A=$(link_of a) B=$(link_of b)
	row "a hosts file's content" "echo 10.9.9.9 x >>/run/ctstack/hosts/ct-d-a" "different file /run/ctstack/hosts/ct-d-a"
	row "a hosts file's mode" "chmod 600 /run/ctstack/hosts/ct-d-a" "different file /run/ctstack/hosts/ct-d-a"
	row "a hosts file removed" "rm /run/ctstack/hosts/ct-d-b" "missing file /run/ctstack/hosts/ct-d-b
different unit ct-d-b.service"
	row "a hosts file replaced, as editors do" "cd /run/ctstack/hosts; cp ct-d-b other; echo 10.9.9.9 x >>other; mv other ct-d-b" "different file /run/ctstack/hosts/ct-d-b
different unit ct-d-b.service"
	row "a hosts file replaced by an equal one" "cd /run/ctstack/hosts; cp -p ct-d-b other; mv other ct-d-b" "different unit ct-d-b.service"
	row "a volume removed" "rm -r /var/lib/ctstack/volumes/d/a/data" "missing directory /var/lib/ctstack/volumes/d/a/data
different unit ct-d-a.service"
	for name in a b; do refute grep -q '//deleted /\(etc/hosts\|data\) ' "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-d-$name")/mountinfo"; done
}

# What is wanted is an image by its content; a name that somebody else gives away, or takes away, is none of it.
test_edits_of_images() {
	A=$(link_of a) B=$(link_of b)
	image localhost/packed:1
	podman save --quiet --format docker-archive --output /srv/packed.tar localhost/packed:1
	podman rmi localhost/packed:1 >/dev/null
	printf 'stack e {\n  subnet lan { range = 10.93.0.0/24 }\n  container x { archive = /srv/packed.tar; address = 10.93.0.11; ports { http = 80/tcp } }\n}\n' >e.ctstack
	expect 0 ctc apply --yes e.ctstack
	row "an image removed" "systemctl stop ct-e-x.service; podman rmi --force $(podman inspect --format '{{.Image}}' ct-e-x) >/dev/null" "missing image archive:/srv/packed.tar
different unit ct-e-x.service"
	probe connect 10.93.0.11 80
	expect 0 ctc destroy --yes e
}

test_edits_of_units() {
	local before
	A=$(link_of a) B=$(link_of b)
	row "a unit stopped" "systemctl stop ct-d-b.service" "different unit ct-d-b.service"
	row "a unit's text edited" "sed -i s/Description=/Description=x/ /run/systemd/generator/ct-d-a.service" "different unit ct-d-a.service"
	before=$(main_pid ct-d-a.service)
	row "a unit's file removed" "rm /run/systemd/generator/ct-d-a.service; systemctl show ct-d-a.service >/dev/null" "different unit ct-d-a.service"
	equal "$(main_pid ct-d-a.service)" "$before" # as the plan says: it is written again, and nothing starts
	rm /run/systemd/generator/ct-d-a.service
	run ctc apply --repair --dry-run
	contains "$out" "1 changed without restart"
	row "a unit's file removed, and read" "systemctl daemon-reload; rm /run/systemd/generator/ct-d-a.service" "different unit ct-d-a.service"
	equal "$(main_pid ct-d-a.service)" "$before"
	row "a unit wanted no more" "rm /run/systemd/generator/ct-d.target.wants/ct-d-b.service" "different unit ct-d-b.service"
	row "the target stopped" "systemctl stop ct-d.target" "different unit ct-d-a.service
different unit ct-d-b.service
different unit ct-d.target"
	row "the watcher stopped" "systemctl stop ctstack-watch.service" "different unit ctstack-watch.service"
	eventually 5 probe connect 127.0.0.1 8080
}

# What systemd takes beside a unit's own file is removed, and the unit started again where its process was made by that.
test_edits_beside_units() {
	A=$(link_of a) B=$(link_of b)
	row "a drop-in, read" "mkdir -p /etc/systemd/system/ct-d-a.service.d; printf '[Service]\nTimeoutStopSec=61\n' >/etc/systemd/system/ct-d-a.service.d/x.conf; systemctl daemon-reload" \
		"different unit ct-d-a.service"
	equal "$(systemctl show -P TimeoutStopUSec -P DropInPaths ct-d-a.service)" "1min"
	refute test -e /etc/systemd/system/ct-d-a.service.d
	row "a drop-in, not read" "mkdir -p /run/systemd/system/ct-d-b.service.d; printf '[Service]\nRestartSec=9\n' >/run/systemd/system/ct-d-b.service.d/x.conf" "different unit ct-d-b.service"
	row "a property" "systemctl set-property ct-d-a.service CPUWeight=50" "different unit ct-d-a.service"
	row "a property of the slice" "systemctl set-property --runtime ct-d.slice CPUWeight=50" "different unit ct-d.slice"
	row "a drop-in for the target" "mkdir -p /etc/systemd/system/ct-d.target.d; printf '[Unit]\nStopWhenUnneeded=yes\n' >/etc/systemd/system/ct-d.target.d/x.conf" "different unit ct-d.target"
	row "a unit masked" "systemctl mask ct-d-b.service" "different unit ct-d-b.service"
	row "a unit masked and stopped" "systemctl mask --runtime ct-d-b.service; systemctl stop ct-d-b.service" "different unit ct-d-b.service"
	row "a unit replaced" "sed s/RestartSec=.*/RestartSec=7/ /run/systemd/generator/ct-d-a.service >/etc/systemd/system/ct-d-a.service; systemctl daemon-reload" "different unit ct-d-a.service"
	equal "$(systemctl show -P FragmentPath ct-d-a.service)" /run/systemd/generator/ct-d-a.service
	eventually 5 probe connect 127.0.0.1 8080
}

# Who wants to add something for good, does it for many units at once.
test_drop_ins_for_many_units_are_left_alone() {
	mkdir -p /etc/systemd/system/ct-d-.service.d
	printf '[Service]\nRestartSec=8\n' >/etc/systemd/system/ct-d-.service.d/x.conf
	systemctl daemon-reload
	equal "$(drift)" ""
	expect 0 ctc apply --repair --yes
	contains "$out" "Nothing to do"
	equal "$(systemctl show -P RestartUSec ct-d-a.service)" 8s
	rm -r /etc/systemd/system/ct-d-.service.d
	systemctl daemon-reload
}

# A repair that fails puts back what stood beside the unit.
test_what_stands_beside_a_unit_comes_back_where_a_repair_fails() {
	local file=/etc/systemd/system/ct-d-a.service.d/x.conf before
	mkdir -p "${file%/*}"
	printf '[Service]\nRestartSec=7\n' >$file
	chmod 0640 $file
	ln -s /dev/null /run/systemd/system/ct-d-b.service
	systemctl daemon-reload
	systemctl stop ct-d-a.service
	before=$(drift)
	# nothing starts any more
	mkdir -p /etc/systemd/system/ct-d-.service.d
	printf '[Service]\nExecStartPre=false\n' >/etc/systemd/system/ct-d-.service.d/x.conf
	expect 3 ctc apply --repair --yes
	equal "$(cat $file) $(stat -c %a $file)" "[Service]
RestartSec=7 640"
	equal "$(readlink /run/systemd/system/ct-d-b.service)" /dev/null
	equal "$(drift)" "$before"
	rm -r /etc/systemd/system/ct-d-.service.d
	expect 0 ctc apply --repair --yes
	equal "$(drift)" ""
	refute test -e $file
	eventually 5 probe connect 127.0.0.1 8080
}

# Not drift but an accident: systemd starts it again.
test_a_container_removed_by_podman_comes_back() {
	podman rm --force --time 0 ct-d-a >/dev/null
	eventually 20 probe connect 127.0.0.1 8080
	equal "$(drift)" ""
}

test_a_killed_container_is_no_drift_while_it_comes_back() {
	local i
	systemctl kill --signal=KILL ct-d-a.service
	for ((i = 0; i < 20; i++)); do equal "$(drift)" ""; done
	eventually 20 probe connect 127.0.0.1 8080
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

test_the_table_is_long_enough() {
	sort -u /root/table >table
	[ "$(wc -l <table)" -ge 30 ]
	echo "# $(wc -l <table) edits by hand: each reported exactly, nothing else reported, each mended"
}
