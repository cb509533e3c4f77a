# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Containers that share the network of another one (`join`): one address, one policy, names in it, and a namespace that outlives whoever it is named after.

pid() { systemctl show -P MainPID "ct-$1.service"; }
net_of() { readlink "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-$1")/ns/net"; }

source_of() {
	cat <<-SRC
		stack j {
		  subnet lan { range = 10.78.0.0/24; range6 = fd78::/64 }
		  container gate {
		    image    = "localhost/web:1"
		    address  = 10.78.0.2
		    address6 = fd78::2
		    ports    { http = 80/tcp }
		    env      { PROBE_NAME = "$1" }
		    ready    { tcp = http }
		  }
		  container app {
		    image = "localhost/web:1"
		    join  = gate
		    ports { http = 8080/tcp }
		    env   { PROBE_PORTS = "8080"; PROBE_NAME = "app" }
		    ready { http = "/" }
		  }
		  container peer {
		    image   = "localhost/web:1"
		    address = 10.78.0.3
		    ports   { http = 80/tcp }
		    env     { PROBE_NAME = "peer" }
		  }
		  allow app  -> peer.http
		  allow peer -> app.http
		  publish 127.0.0.1:8078 -> app.http
		}
	SRC
}

test_both_are_in_one_namespace() {
	image localhost/web:1
	source_of first >/j.ctstack
	ctc apply --yes /j.ctstack
	equal "$(net_of j-app)" "$(net_of j-gate)"
	equal "$(net_of j-app)" "$(stat -L -c 'net:[%i]' /run/netns/ct-j-gate)"
	[ ! -e /run/netns/ct-j-app ]
	equal "$(probe get 10.78.0.2 8080 /)" "app ok"
	equal "$(probe get fd78::2 8080 /)" "app ok"
	equal "$(probe get 127.0.0.1 8078 /)" "app ok"
	equal "$(in_ns ct-j-gate probe get 127.0.0.1 8080 /)" "app ok"
	expect 0 ctc plan --detailed-exitcode /j.ctstack
}

# What is said of the one that joins is opened for the address; nothing else is.
test_the_policy_is_that_of_the_address() {
	equal "$(in_ns ct-j-peer probe get 10.78.0.2 8080 /)" "app ok"
	refute in_ns ct-j-peer probe connect 10.78.0.2 80 300
	equal "$(in_ns ct-j-gate probe get 10.78.0.3 80 /)" "peer ok"
	equal "$(in_ns ct-j-gate probe get 10.78.0.3 80 /peer)" 10.78.0.2
}

test_they_know_each_other_by_name() {
	local hosts
	hosts=$(podman exec ct-j-app /probe cat /etc/hosts 2>/dev/null || cat "/proc/$(podman inspect --format '{{.State.Pid}}' ct-j-app)/root/etc/hosts")
	contains "$hosts" "10.78.0.2 app app.j"
	contains "$hosts" "10.78.0.2 gate gate.j"
	contains "$hosts" "10.78.0.3 peer peer.j"
}

test_a_restart_of_the_owner_leaves_the_others_their_network() {
	local before net
	before=$(pid j-app) net=$(net_of j-app)
	systemctl restart ct-j-gate.service
	equal "$(pid j-app)" "$before"
	equal "$(net_of j-gate)" "$net"
	equal "$(probe get 127.0.0.1 8078 /)" "app ok"
	# Killed, stopped: the same.
	systemctl kill --kill-whom=all --signal=KILL ct-j-gate.service
	systemctl stop ct-j-gate.service
	equal "$(probe get 10.78.0.2 8080 /)" "app ok"
	equal "$(in_ns ct-j-peer probe get 10.78.0.2 8080 /)" "app ok"
	systemctl start ct-j-gate.service
	# A change of the owner restarts the owner alone.
	source_of second >/j.ctstack
	ctc apply --yes /j.ctstack
	equal "$(pid j-app)" "$before"
	equal "$(probe get 10.78.0.2 80 /)" "second ok"
	equal "$(probe get 127.0.0.1 8078 /)" "app ok"
}

# The address is the group's: all of it is started again.
test_another_address_restarts_all() {
	local before
	before=$(pid j-app)
	sed 's/10\.78\.0\.2$/10.78.0.9/' /j.ctstack >/k.ctstack
	run ctc plan /k.ctstack
	contains "$out" "2 restart"
	ctc apply --yes /k.ctstack
	refute equal "$(pid j-app)" "$before"
	equal "$(probe get 10.78.0.9 8080 /)" "app ok"
	ctc destroy --yes j
	equal "$(ip netns list | grep -c ct-j || true)" 0
}
