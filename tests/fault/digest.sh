# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# digest: what of ours is on the host, in text, so that two states are told apart by cmp. Sourced in a test host.

# One line an element of a set, in order: the kernel lists hash sets in any order. Rules stay in theirs.
nft_sorted() {
	awk '$1 ~ /^(set|map|chain|counter)$/ { kind = $1; name = $2; n = 0 }
		kind == "chain" { printf "%s %03d %s\n", name, ++n, $0; next }
		{ sub(/elements = {/, ""); sub(/ }$/, ""); k = split($0, part, /,[ \t]*/); for (i = 1; i <= k; i++) { sub(/^[ \t]+/, "", part[i]); if (part[i] != "") print name, part[i] } }' | sort
}
# routes IP...: its rules and routes of both families, whichever table they are in. What the kernel learns and forgets by itself is left out.
routes() {
	"$@" rule
	"$@" -6 rule
	"$@" route show table all | sed 's/ linkdown//' | sort
	"$@" -6 route show table all | grep -vE 'fe80|multicast|expires' | sed 's/ linkdown//' | sort
}
# addresses IP...: without those that the kernel gives a link by itself, when it comes to it.
addresses() { "$@" -o address 2>&1 | sed '/ fe80:/d; s/ tentative//; s/ valid_lft.*//; s/^[0-9]*: //; s/@if[0-9]*//' | sort; }
# Everything of ours on the host. Numbers of generations and processes differ from run to run: what they lead to does not.
digest() {
	systemctl list-units --all --plain --no-legend 'ct*' | awk '{ print $1, $2, $3, $4 }' | sort
	systemctl list-jobs --no-legend --plain 'ct*'
	find /run/systemd/generator -name 'ct*' -printf '%p %y %l\n' | sort
	find /run/systemd/generator -name 'ct*' -type f -exec sha256sum {} + | sort
	nft -s list table inet ctstack 2>&1 | nft_sorted
	ip -o link | grep -oE 'ct[a-z0-9]{8}|altname ct[^ ]*' | sort
	addresses ip
	routes ip
	ip netns list | sed 's/ (id.*//' | sort | while read -r name; do
		echo "netns $name"
		addresses ip -n "$name"
		routes ip -n "$name" 2>&1
	done
	sysctl -n net.ipv4.ip_forward
	! command -v podman >/dev/null || podman ps --all --format '{{.Names}} {{.State}}' | cut -d' ' -f1,2 | sort
	find /run/ctstack /etc/systemd/system ! -name lock ! -name progress ! -type d ! -name active -printf '%p %m %U %G %s\n' 2>/dev/null | sort
	find /run/ctstack -type f ! -name lock ! -name progress -exec sha256sum {} + 2>/dev/null | sort
	# A store in which nothing counts yet is as good as none.
	if [ "$(readlink /var/lib/ctstack/current)" != generations/0000 ] && [ -e /var/lib/ctstack/current ]; then
		find /var/lib/ctstack ! -path '*/generations/*' ! -name history ! -name current -printf '%p %y %m %U %G\n' | sort
		sha256sum </var/lib/ctstack/current/manifest.json
		[ ! -e /run/ctstack/active ] || [ "$(basename "$(readlink /run/ctstack/active)")" = "$(basename "$(readlink /var/lib/ctstack/current)")" ] || echo "active is not current"
	elif [ -e /var/lib/ctstack/journal ]; then
		echo "a journal is left"
	fi
	find /var/lib/ctstack/generations -mindepth 1 -maxdepth 1 ! -name '[0-9][0-9][0-9][0-9]' -printf 'left: %f\n' 2>/dev/null
}
