#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs in a test host at boot: everything beyond the host is the name space `world`, at the other end of `uplink0`.
set -eu
ip netns add world
ip link add uplink0 type veth peer name uplink0 netns world
ip link set lo up
ip -n world link set lo up
for n in 10:- 1:world; do
	at=${n%%:*} ns=${n#*:}
	in=()
	[ "$ns" = - ] || in=(-n "$ns")
	# Every address is there at once, without a second of detecting duplicates that cannot be.
	if [ "$ns" = - ]; then sysctl -q net.ipv6.conf.uplink0.accept_dad=0; else ip netns exec "$ns" sysctl -q net.ipv6.conf.uplink0.accept_dad=0; fi
	ip "${in[@]}" link set uplink0 up
	ip "${in[@]}" address add 203.0.113.$at/24 dev uplink0
	ip "${in[@]}" address add 2001:db8:1::$at/64 dev uplink0 nodad
done
ip route add default via 203.0.113.1
ip -6 route add default via 2001:db8:1::1
# Beyond the neighbour: an address of the internet.
ip -n world address add 198.51.100.1/32 dev lo
ip -n world address add 2001:db8:2::1/128 dev lo nodad
