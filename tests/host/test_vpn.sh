# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# WireGuard: examples/vpn.ctstack, whose other end is in the world. Every packet that comes from this host is counted there: those of the tunnel, and those in the clear, of which there must be none
# while the tunnel is killed, restarted and given another key. The kernel of the test host may have no WireGuard: then both ends are wireguard-go.

pid() { systemctl show -P MainPID "ct-$1.service"; }
in_clear() { in_ns world nft -j list counter inet count clear | grep -o '"packets": *[0-9]*' | grep -o '[0-9]*$'; }
encrypted() { in_ns world nft -j list counter inet count encrypted | grep -o '"packets": *[0-9]*' | grep -o '[0-9]*$'; }
# Asks the world behind the tunnel, and by the address that the world has outside of it.
asks() { in_ns ct-vpn-gate probe get 10.64.0.1 443 /peer "${1:-5000}"; }

# world_end KEYFILE: the other end, which takes what comes from the key of this host
world_end() {
	if ! ip link add wgw type wireguard 2>/dev/null; then
		in_ns world wireguard-go wgw
	else
		ip link set wgw netns world
	fi
	eventually 5 ip -n world link show wgw
	printf '[Interface]\nPrivateKey = %s\nListenPort = 51820\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.64.0.2/32\n' "$(cat /world.key)" "$(wg pubkey </etc/secrets/vpn.key)" >/world.conf
	in_ns world wg setconf wgw /world.conf
	ip -n world address add 10.64.0.1/24 dev wgw
	ip -n world link set wgw up
}

source_of() { sed "s|key       = .*|key       = \"$(wg pubkey </world.key)\"|; s|203.0.113.1:51820|203.0.113.1:51820|" /src/examples/vpn.ctstack >/vpn.ctstack; }

count() {
	cat >/count.nft <<-NFT
		table inet count {
		  counter encrypted {
		  }
		  counter clear {
		  }
		  chain seen {
		    type filter hook prerouting priority raw; policy accept;
		    iifname uplink0 ip saddr 203.0.113.10 udp dport 51820 counter name encrypted accept
		    iifname uplink0 icmp type destination-unreachable ip saddr 203.0.113.10 accept comment "the host, of which the other end asks a port that is closed meanwhile"
		    iifname uplink0 meta nfproto ipv4 counter name clear
		  }
		}
	NFT
	in_ns world nft -f /count.nft
}

test_the_tunnel_carries_what_its_container_sends() {
	image docker.io/library/alpine:3.20 80 PROBE_NAME=gate
	image docker.io/linuxserver/transmission:4.0.6 9091 PROBE_NAME=client
	install -d -m 0700 /etc/secrets
	wg genkey >/etc/secrets/vpn.key
	wg genkey >/world.key
	chmod 0600 /etc/secrets/vpn.key
	source_of
	count
	world_end
	ctc apply --yes /vpn.ctstack
	in_ns world probe serve 443 53/udp >/dev/null &
	echo $! >/server
	eventually 10 asks
	equal "$(asks)" 10.64.0.2
	# The other one in its network, too; and the host still reaches both.
	equal "$(nsenter -t "$(podman inspect --format '{{.State.Pid}}' ct-vpn-client)" -n probe get 10.64.0.1 443 /peer)" 10.64.0.2
	equal "$(probe get 127.0.0.1 9091 /)" "client ok"
	equal "$(probe get 192.168.230.2 80 /)" "gate ok"
	equal "$(in_clear)" 0
	[ "$(encrypted)" -gt 0 ]
	expect 0 ctc plan --detailed-exitcode /vpn.ctstack
}

test_nothing_has_the_key() {
	local key
	key=$(cat /etc/secrets/vpn.key)
	refute grep -rqF "$key" /var/lib/ctstack /run/ctstack /run/systemd/generator
	refute bash -c "journalctl --no-pager | grep -qF '$key'"
	refute bash -c "systemctl show ct-vpn-gate.wireguard.service | grep -qF '$key'"
	refute bash -c "tr '\\0' '\\n' </proc/$(systemctl show -P MainPID ct-vpn-gate.wireguard.service)/cmdline | grep -qF '$key'"
}

# A flood from both containers, to the world inside the tunnel and to its address outside of it, while the tunnel goes and comes.
test_while_it_is_down_nothing_leaves_in_the_clear() {
	local flood gate client tunnel=ct-vpn-gate.wireguard.service before
	gate=$(pid vpn-gate) client=$(pid vpn-client)
	in_ns ct-vpn-gate bash -c 'while :; do probe udp-send 198.51.100.1 53 192.168.230.2 20; probe udp-send 10.64.0.1 53 10.64.0.2 20; probe connect 198.51.100.1 443 50; done' >/dev/null 2>&1 &
	flood=$!
	sleep 1
	for how in KILL TERM; do
		before=$(main_pid $tunnel)
		systemctl kill --kill-whom=all --signal=$how $tunnel
		eventually 15 anew $tunnel "$before"
		eventually 15 asks
	done
	systemctl stop $tunnel
	refute in_ns ct-vpn-gate ip link show wg0
	refute asks 1000
	systemctl start $tunnel
	eventually 10 asks
	systemctl restart $tunnel
	eventually 10 asks
	ends_all $flood
	equal "$(in_clear)" 0
	# Nobody in the network was restarted for it.
	equal "$(pid vpn-gate) $(pid vpn-client)" "$gate $client"
}

test_another_key_restarts_the_tunnel_alone() {
	local gate client before
	gate=$(pid vpn-gate) client=$(pid vpn-client) before=$(systemctl show -P MainPID ct-vpn-gate.wireguard.service)
	wg genkey >/etc/secrets/vpn.key
	printf '[Interface]\nPrivateKey = %s\nListenPort = 51820\n[Peer]\nPublicKey = %s\nAllowedIPs = 10.64.0.2/32\n' "$(cat /world.key)" "$(wg pubkey </etc/secrets/vpn.key)" >/world.conf
	in_ns world wg setconf wgw /world.conf
	run ctc plan /vpn.ctstack
	contains "$out" "wireguard"
	ctc apply --yes /vpn.ctstack
	eventually 10 asks
	refute equal "$(systemctl show -P MainPID ct-vpn-gate.wireguard.service)" "$before"
	equal "$(pid vpn-gate) $(pid vpn-client)" "$gate $client"
	equal "$(in_clear)" 0
}

# A restart of the container is none of the tunnel, and none of who joins it.
test_members_survive_the_container() {
	local tunnel client
	client=$(pid vpn-client) tunnel=$(systemctl show -P MainPID ct-vpn-gate.wireguard.service)
	systemctl restart ct-vpn-gate.service
	equal "$(pid vpn-client)" "$client"
	equal "$(systemctl show -P MainPID ct-vpn-gate.wireguard.service)" "$tunnel"
	equal "$(asks)" 10.64.0.2
}

test_a_key_that_is_none_fails_the_apply() {
	local client
	client=$(pid vpn-client)
	cp /etc/secrets/vpn.key /good.key
	echo nonsense >/etc/secrets/vpn.key
	run ctc apply --yes /vpn.ctstack
	refute equal "$status" 0
	cp /good.key /etc/secrets/vpn.key
	ctc apply --yes /vpn.ctstack
	eventually 10 asks
	rm /etc/secrets/vpn.key
	expect 1 ctc plan /vpn.ctstack
	contains "$out" /etc/secrets/vpn.key
	cp /good.key /etc/secrets/vpn.key
}

# without PROGRAM COMMAND...: as if it were not installed
without() {
	local path
	path=$(command -v "$1")
	mount --bind /dev/null "$path"
	"${@:2}"
	umount "$path"
}

test_what_a_tunnel_needs_is_looked_for_before_anything_changes() {
	sed 's|203.0.113.1:51820|203.0.113.1:51821|' /vpn.ctstack >/other.ctstack
	without wg expect 1 ctc plan /other.ctstack
	contains "$out" "vpn.gate has a tunnel, which wg configures, and it is not installed: apt-get install wireguard-tools"
	if ! ip link add probed type wireguard 2>/dev/null; then
		without wireguard-go expect 1 ctc plan /other.ctstack
		contains "$out" "vpn.gate has a tunnel, and this host has no WireGuard"
	else
		ip link del probed
		without wireguard-go expect 0 ctc plan /other.ctstack
	fi
	without wg expect 0 ctc plan --detailed-exitcode /vpn.ctstack # it runs
}

test_it_goes_without_a_trace() {
	ctc destroy --yes vpn
	equal "$(ip netns list | grep -c ct-vpn || true)" 0
	equal "$(ip -o link | grep -c ' cw' || true)" 0
	[ ! -e /run/ctstack/wireguard/ct-vpn-gate ]
	equal "$(in_clear)" 0
	kill "$(cat /server)"
}
