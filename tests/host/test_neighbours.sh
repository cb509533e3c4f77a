# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Other programs and hands at the rules of packets: what they do to our table opens nothing, but for what was in flight (G4a), and is mended by itself (spec/policy.md, "Without the table" and
# "Neighbours"). Forbidden packets are sent all the time, and counted where they would arrive.
# patience: 600

stack() {
	cat >/root/n.ctstack <<-END
		stack n {
		  subnet lan { range = 10.90.0.0/24; range6 = fd90::/64 }
		  container a { image = "localhost/a:1"; address = 10.90.0.11; address6 = fd90::11; ports { http = 80/tcp; echo = 7000/udp } }
		  container b { image = "localhost/a:1"; address = 10.90.0.12; address6 = fd90::12; ports { http = 80/tcp } }
		  container c { image = "localhost/a:1"; address = 10.90.0.13; address6 = fd90::13; ports { http = 80/tcp } }
		  allow b -> a.http
		  publish 127.0.0.1:8080 -> a.http
		  publish 8081 -> b.http
		$(printf '  %s\n' "$@")
		}
	END
}

pids() { for name in a b c; do main_pid "ct-n-$name.service"; done; }

# allowed [MS]: what is allowed, by each way that a packet can take
allowed() {
	local ms=${1:-300}
	in_ns ct-n-b probe connect 10.90.0.11 80 "$ms" && in_ns ct-n-b probe connect fd90::11 80 "$ms" && probe connect 127.0.0.1 8080 "$ms" && probe connect 10.90.0.12 80 "$ms" &&
		in_ns world probe connect 203.0.113.10 8081 "$ms" && in_ns world probe connect 2001:db8:1::10 8081 "$ms"
}

# Sinks for what is forbidden: in containers, on the host and in the world; and senders to each of them, in both families and from the world.
storm_begins() {
	local at
	sinks=(sink-ct-n-a sink-ct-n-b sink-world sink-host) senders=()
	for at in "${sinks[@]}"; do counts "$at" "${at#sink-}" 7700; done
	for at in 10.90.0.11 fd90::11 203.0.113.1 2001:db8:1::1 10.90.0.1 fd90::1; do
		in_ns ct-n-c probe storm $at 7700 600000 &
		senders+=($!)
	done
	for at in 10.90.0.12 fd90::12; do
		in_ns world probe storm $at 7700 600000 &
		senders+=($!)
	done
	sleep 0.5
}

storm_ends() {
	ends_all "${senders[@]}"
	counted "${sinks[@]}"
}

# storm_is_over REMOVALS: nothing has arrived; but at the world and the host what each processor had in flight at the instants when the table went (spec/policy.md, G4a).
storm_is_over() {
	local sink most
	storm_ends
	for sink in "${sinks[@]}"; do
		case $sink in sink-ct-*) most=0 ;; *) most=$(($1 * $(nproc))) ;; esac
		[ "$(cut -d' ' -f1 "$sink")" -le $most ] || {
			echo "$sink: $(cat "$sink"), at most $most"
			return 1
		}
		grep -q '^0 ' "$sink" || echo "# $sink: $(cat "$sink"), in flight"
	done
}

test_a_stack_runs() {
	image localhost/a:1 "80 7000/udp"
	stack
	expect 0 ctc apply --yes /root/n.ctstack
	in_ns world ip route add 10.90.0.0/24 via 203.0.113.10
	in_ns world ip -6 route add fd90::/64 via 2001:db8:1::10
	# A container that asks first, before the host has ever asked for it.
	expect 0 in_ns ct-n-b probe connect 10.90.0.11 80
	eventually 5 allowed
	systemctl is-active ctstack-watch.service
	expect 0 ctc plan --detailed-exitcode /root/n.ctstack
}

# The control: these senders and these sinks, with a table that judges everything in the place of ours.
test_control_a_storm_arrives_where_nothing_forbids_it() {
	systemctl stop ctstack-watch.service
	nft -f - <<-END
		delete table inet ctstack
		table inet judge {
			chain a { type filter hook prerouting priority -300; meta mark set meta mark & 0xefffffff; }
			chain b { type filter hook postrouting priority 1000; meta mark set meta mark | 0x20000000; }
		}
	END
	storm_begins
	sleep 2
	storm_ends
	for sink in "${sinks[@]}"; do
		[ "$(cut -d' ' -f1 "$sink")" -gt 20 ] || {
			echo "$sink: $(cat "$sink")"
			return 1
		}
	done
	nft delete table inet judge
	systemctl start ctstack-watch.service
	eventually 5 allowed
}

# What hands and neighbours do, one at a time, each with its way back to what is allowed soon after its end (two seconds, on a machine at rest), by itself. $removals: how often the table goes.
removals=1
mended() {
	local before end
	before=$(pids)
	storm_begins
	"$@"
	end=${EPOCHREALTIME/./}
	eventually 2 allowed
	echo "# allowed $(((${EPOCHREALTIME/./} - end) / 1000)) ms after the end of: $*"
	sleep 1
	storm_is_over $removals
	equal "$(pids)" "$before"
	eventually 5 ctc plan --detailed-exitcode /root/n.ctstack
}

test_a_flushed_rule_set() { mended nft flush ruleset; }

test_a_deleted_table() { mended nft delete table inet ctstack; }

test_flushed_ten_times() {
	flush_often() {
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			nft flush ruleset
			sleep 0.05
		done
	}
	removals=10
	mended flush_often
}

test_a_flushed_chain_of_ours() { mended nft flush chain inet ctstack raw_prerouting; }

watcher_says() { journalctl -u ctstack-watch.service | grep "$1"; }
test_an_element_of_ours_goes() {
	mended nft delete element inet ctstack flow4 '{ 10.90.0.11 . 10.90.0.12 . tcp . 80 }'
	eventually 5 watcher_says "nft has altered the table inet ctstack"
	eventually 5 watcher_says "as generation 1 says again: nft flow4 10.90.0.11 . 10.90.0.12 . tcp . 80"
}

# The one thing that does open: whoever may write rules of ours. Not for longer than it takes to be told.
rule_is_gone() { ! nft list chain inet ctstack forward | grep 'udp dport 7700 accept' >/dev/null; }
test_a_rule_added_by_hand_goes() {
	nft insert rule inet ctstack forward udp dport 7700 accept
	eventually 2 rule_is_gone
	eventually 2 allowed
}

test_the_gate_is_mended() {
	mended ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole
	mended tc filter del block 1668546562
	mended ip link set "$(basename "$(ip -o link show ct-n-a | cut -d: -f2 | cut -d@ -f1 | tr -d ' ')")" down
	mended sysctl -q net.ipv4.ip_forward=0
}

# nftables.service flushes at each start and stop. It is masked in test hosts: this is its file.
test_nftables_service() {
	rm -f /etc/systemd/system/nftables.service
	mkdir -p /etc/nftables.d
	printf '#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter { chain forward { type filter hook forward priority 0; policy accept; }; }\n' >/etc/nftables.conf
	systemctl daemon-reload
	mended systemctl restart nftables.service
	nft list table inet filter >/dev/null
	mended systemctl stop nftables.service
	mended systemctl reload-or-restart nftables.service
}

# ---- programs of Debian that are not installed by `make deps`, since they would begin to work on the machine itself ----

installed() {
	command -v "$1" >/dev/null || {
		echo "# $1 is not installed here: skipped"
		return 1
	}
}

# Two firewalls whose own rules stop what they were not told of: W5 says what to tell them. From then on their reloads are none of our business.
test_firewalld() {
	installed firewalld || return 0
	systemctl start firewalld.service
	eventually 60 firewall-cmd --state
	refute in_ns ct-n-b probe connect 10.90.0.11 80 300
	firewall-cmd --permanent --zone=trusted --add-interface=ct+
	mended firewall-cmd --reload
	mended firewall-cmd --complete-reload
	mended systemctl restart firewalld.service
	mended systemctl stop firewalld.service
}

test_ufw() {
	installed ufw || return 0
	ufw --force enable
	refute in_ns ct-n-b probe connect 10.90.0.11 80 300
	ufw route allow in on ct+
	ufw route allow out on ct+
	mended ufw reload
	mended ufw --force disable
}

test_iptables() {
	installed iptables-nft || return 0
	flush_iptables() {
		iptables-nft -A FORWARD -s 192.0.2.1 -j DROP
		iptables-nft-save >saved
		iptables-nft-restore <saved
		iptables-nft -F
		iptables-nft -t nat -F
	}
	mended flush_iptables
}

# Whoever makes the host's network leaves our links alone, while it starts, restarts, and sees new ones appear.
beside() {
	local server
	in_ns world probe serve 8000 &
	server=$!
	eventually 5 probe connect 203.0.113.1 8000
	systemctl start "$1"
	mended systemctl restart "$1"
	stack 'container d { image = "localhost/a:1"; address = 10.90.0.14; address6 = fd90::14 }' 'allow d -> world:8000/tcp'
	expect 0 ctc apply --yes /root/n.ctstack
	expect 0 in_ns ct-n-d probe connect 203.0.113.1 8000
	expect 0 in_ns ct-n-d probe connect 2001:db8:1::1 8000
	expect 0 systemctl restart "$1"
	expect 0 in_ns ct-n-d probe connect 203.0.113.1 8000
	expect 0 ctc plan --detailed-exitcode /root/n.ctstack
	ends_all $server
}
after() {
	expect 0 ctc rollback
	systemctl stop "$1"
	stack
	expect 0 ctc plan --detailed-exitcode /root/n.ctstack
	allowed 5000
}
our_links() { ip -o link show type veth | grep -o 'ct[a-z0-9]\{8\}' | sort -u; }

test_systemd_networkd() {
	beside systemd-networkd.service
	for link in $(our_links); do contains "$(networkctl --no-pager status "$link")" "(unmanaged)"; done
	after systemd-networkd.service
}

test_NetworkManager() {
	installed NetworkManager || return 0
	install -m 0644 /src/runtime/install/ctstack.conf /etc/NetworkManager/conf.d/
	beside NetworkManager.service
	for link in $(our_links); do contains "$(nmcli --terse --fields DEVICE,STATE device)" "$link:unmanaged"; done
	after NetworkManager.service
}

# Without the watcher a container that starts has the policy back before it begins.
test_a_start_of_a_container_mends_too() {
	systemctl stop ctstack-watch.service
	nft flush ruleset
	expect 2 in_ns ct-n-b probe connect 10.90.0.11 80 300
	expect 2 probe connect 10.90.0.12 80 300
	systemctl restart ct-n-c.service
	eventually 5 allowed
	systemctl start ctstack-watch.service
}

# A change of ours is no reason to mend: the watcher stays quiet, once it has told all that was before.
told() { journalctl -u ctstack-watch.service | grep -c -E "$1" || true; }
told_more() { [ "$(told again)" -gt "$1" ]; }
test_our_own_changes_are_left_alone() {
	local before
	before=$(told again)
	nft flush ruleset
	eventually 5 told_more "$before"
	eventually 5 allowed
	before=$(told "altered|again")
	stack 'allow c -> a.http'
	expect 0 ctc apply --yes /root/n.ctstack
	expect 0 in_ns ct-n-c probe connect 10.90.0.11 80
	expect 0 ctc rollback
	sleep 1
	equal "$(told "altered|again")" "$before"
}

test_nothing_is_left_after_a_destroy() {
	expect 0 ctc destroy --yes n
	refute systemctl is-active ctstack-watch.service
	lacks "$(ip rule; ip -6 rule)" fwmark
	equal "$(tc qdisc | grep -c clsact)" 0 || true
	equal "$(nft list tables | grep -c ctstack)" 0 || true
	equal "$(ip rule | head -1)" "0:	from all lookup local"
}
