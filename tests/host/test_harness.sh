# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gpu: nvidia
#
# The test host itself: what the other tests take for granted.

test_systemd_runs_and_nothing_failed() {
	equal "$(cat /proc/1/comm)" systemd
	equal "$(systemctl is-system-running)" running
}

# A process of another host would be listed as 0.
test_the_host_has_control_groups_of_its_own() {
	find /sys/fs/cgroup -name cgroup.procs -exec cat {} + >processes
	grep -qx 1 processes
	refute grep -qx 0 processes
}

test_the_host_has_a_network_of_its_own() {
	equal "$(ls /sys/class/net | sort | xargs)" "lo uplink0"
	in_ns world probe serve 80 53/udp &
	eventually 5 probe get 198.51.100.1 80 /
	eventually 5 probe get 2001:db8:2::1 80 /
	equal "$(probe get 203.0.113.1 80 /peer)" 203.0.113.10
	contains "$(probe udp-ask 203.0.113.1 53)" ok
	contains "$(probe udp-ask 198.51.100.1 53)" ok
	contains "$(probe udp-ask 2001:db8:2::1 53)" ok
	expect 1 probe connect 203.0.113.1 81
	equal "$out" refused
	probe hold 203.0.113.1 80 300
	ends_all $!
}

test_a_packet_that_is_dropped_is_seen_as_a_timeout() {
	ip netns exec world nft -f - <<-'NFT'
		table inet t {
			chain c {
				type filter hook input priority 0
				tcp dport 82 drop
				tcp dport 83 reject with icmpx admin-prohibited
			}
		}
	NFT
	expect 2 probe connect 203.0.113.1 82 200
	expect 3 probe connect 203.0.113.1 83 200
	ip netns exec world nft delete table inet t
}

test_udp_from_an_address_that_is_not_ones_own() {
	counts count world 5000
	probe udp-send 203.0.113.1 5000 192.0.2.7 3
	counted count
	equal "$(cat count)" "3 192.0.2.7"
}

test_images_are_run_by_podman_in_a_unit() {
	image docker.io/library/web:1 8080 PROBE_NAME=web
	systemd-run --quiet --unit=web --property=Delegate=yes --property=Type=notify --property=NotifyAccess=all \
		podman run --rm --cgroups=split --sdnotify=conmon --network=host --pull=never docker.io/library/web:1
	eventually 10 probe connect 127.0.0.1 8080 # it runs when conmon says so, and listens a little later
	equal "$(probe get 127.0.0.1 8080 /)" "web ok"
	systemctl stop web
	expect 1 probe connect 127.0.0.1 8080
	image localhost/dies:1 80 PROBE_DIE=3
	expect 3 podman run --rm --cgroups=split --network=none localhost/dies:1
}

test_stand_in_device_nodes() {
	[ -c /dev/nvidia0 ] && [ -c /dev/nvidiactl ]
}

test_etc_and_var_are_kept_for_the_next_boot() {
	echo kept | tee /etc/kept >/var/lib/kept
	touch /run/gone
}

test_after_reboot_etc_and_var_are_still_there() {
	equal "$(cat /etc/kept /var/lib/kept | xargs)" "kept kept"
	[ ! -e /run/gone ]
	[ -c /dev/nvidia0 ]
	equal "$(podman image inspect --format '{{index .RepoTags 0}}' docker.io/library/web:1)" docker.io/library/web:1
	equal "$(systemctl is-system-running)" running
}
