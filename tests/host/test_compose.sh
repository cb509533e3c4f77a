# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What applications ask of a container in other tools' files, and what the kernel says of it then: groups, switches of its network, odd names of variables, directories of devices, and the host by name.

pid() { podman inspect --format '{{.State.Pid}}' "ct-app-$1"; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(pid "$1")/status" | xargs; }
switch_of() { in_ns "ct-app-$1" cat "/proc/sys/$2"; }

source_text() {
	cat <<-SRC
		stack app {
		  subnet lan { range = 10.85.0.0/24; range6 = fd85::/64 }
		  container media {
		    image = "localhost/web:1"
		    user  = 1000:1000
		    groups { render = ${1:-105}; video = 44 }
		    device bus { from = /dev/bus/fake; at = /dev/bus/usb }
		    ports { http = 80/tcp }
		    ready { tcp = http }
		  }
		  container search {
		    image = "localhost/web:1"
		    env     { "discovery.type" = "single-node"; "a.b.c" = "%h \$HOME" }
		    sysctls { "net.core.somaxconn" = "1234"; "net.ipv4.ip_unprivileged_port_start" = "77" }
		    capabilities { drop = [NET_RAW] }
		    ports { http = 80/tcp }
		    ready { tcp = http }
		  }
		  container tree {
		    rootfs  = /srv/app-tree
		    command = ["/probe", "serve", "80"]
		    sysctls { "net.core.somaxconn" = "4321" }
		    ports { http = 80/tcp }
		    ready { tcp = http }
		  }
		  allow search -> host:7777/tcp
		}
	SRC
}

test_groups_switches_names_and_devices_arrive() {
	image localhost/web:1
	mkdir -p /dev/bus/fake/001 /srv/app-tree/{etc,proc,sys,dev,run,tmp,usr}
	cp /src/build/probe /srv/app-tree/probe
	echo ID=tree >/srv/app-tree/etc/os-release
	[ -c /dev/bus/fake/001/004 ] || mknod /dev/bus/fake/001/004 c 1 5
	chmod 0666 /dev/bus/fake/001/004
	source_text >app.ctstack
	expect 0 ctc apply --yes app.ctstack
	equal "$(status_of media Groups)" "44 105 1000"
	equal "$(status_of media Gid)" "1000 1000 1000 1000"
	equal "$(tr '\0' '\n' <"/proc/$(pid search)/environ" | grep '\.' | sort | xargs -d '\n')" "a.b.c=%h \$HOME discovery.type=single-node"
	equal "$(switch_of search net/core/somaxconn) $(switch_of search net/ipv4/ip_unprivileged_port_start)" "1234 77"
	equal "$(switch_of tree net/core/somaxconn)" 4321
	lacks "$(cat /proc/sys/net/core/somaxconn)" 1234
	# A node of the directory is there, and may be opened: by the first process' own user.
	equal "$(stat -c %F "/proc/$(pid media)/root/dev/bus/usb/001/004")" "character special file"
	expect 0 ctc exec app.media -- /probe open /dev/bus/usb/001/004 r
	expect 0 ctc plan --detailed-exitcode app.ctstack
}

# The host has a name where it may be reached, and nowhere else; by it the packet arrives.
test_the_host_is_known_by_name() {
	local hosts
	hosts=/proc/$(pid search)/root/etc/hosts
	equal "$(grep internal "$hosts" | xargs -d '\n')" "10.85.0.1 host.containers.internal host.docker.internal fd85::1 host.containers.internal host.docker.internal"
	lacks "$(cat "/proc/$(pid media)/root/etc/hosts")" internal
	probe serve 7777 >/dev/null 2>&1 &
	eventually 10 probe get 127.0.0.1 7777 /
	expect 0 ctc exec app.search -- /probe get "$(awk '/internal/ { print $1; exit }' "$hosts")" 7777 /
	kill $!
}

test_another_group_restarts_the_one_that_has_it() {
	local media search
	media=$(main_pid ct-app-media.service) search=$(main_pid ct-app-search.service)
	source_text 106 >app.ctstack
	run ctc plan app.ctstack
	contains "$out" "groups.render"
	contains "$out" "105 -> 106"
	expect 0 ctc apply --yes app.ctstack
	equal "$(status_of media Groups)" "44 106 1000"
	[ "$(main_pid ct-app-media.service)" != "$media" ]
	equal "$(main_pid ct-app-search.service)" "$search"
}

# What the kernel does not take is said by podman at the start, and the host goes back to what ran.
test_a_switch_that_the_kernel_does_not_have_is_taken_back() {
	local search
	search=$(switch_of search net/core/somaxconn)
	source_text 106 | sed 's/"net.core.somaxconn" = "1234"/"net.core.no_such_switch" = "1"/' >wrong.ctstack
	run ctc apply --yes wrong.ctstack
	refute [ "$status" = 0 ]
	contains "$out" no_such_switch
	equal "$(switch_of search net/core/somaxconn)" "$search"
	source_text 106 >app.ctstack
	expect 0 ctc plan --detailed-exitcode app.ctstack
}

test_a_directory_of_devices_is_not_for_a_tree() {
	source_text 106 | sed 's|^    command = .*|&; device bus { from = /dev/bus/fake }|' >tree.ctstack
	expect 1 ctc apply --yes tree.ctstack
	contains "$out" "name the nodes"
}

# examples/metrics.ctstack: what measures the host sees all of it, may write nowhere, also not to what is mounted below, and reads no secret.
test_what_measures_the_host_reads_it_and_no_secret() {
	local c
	image quay.io/prometheus/node-exporter:v1.8.2 9100
	image docker.io/prom/prometheus:v2.55.1 9090
	image docker.io/grafana/grafana:11.4.0 3000
	install -d -m 0700 /etc/secrets
	(umask 077 && echo word >/etc/secrets/grafana)
	mkdir -p /etc/prometheus /srv/below
	touch /etc/prometheus/prometheus.yml
	mountpoint -q /srv/below || mount -t tmpfs -o mode=0777 tmpfs /srv/below
	expect 0 ctc apply --yes /src/examples/metrics.ctstack
	for c in /host/etc/secrets/grafana /host/run/ctstack/secrets/ct-metrics-grafana/admin /host/var/lib/ctstack/key; do
		expect 1 ctc exec metrics.exporter -- /probe open "$c" r
		contains "$out" "Permission denied"
	done
	expect 0 ctc exec metrics.exporter -- /probe open /host/etc/passwd r
	expect 1 ctc exec metrics.exporter -- /probe open /host/srv/below/mine create
	contains "$out" "Read-only file system"
	expect 0 ctc plan --detailed-exitcode /src/examples/metrics.ctstack
	ctc destroy --yes metrics
	umount /srv/below
}

test_an_address_that_the_host_has_not_is_told() {
	source_text 106 | sed 's|^  allow search .*|&; publish 192.0.2.77:8081 -> media.http; publish 127.0.0.3:8082 -> media.http; publish 0.0.0.0:8083 -> media.http|' >far.ctstack
	run ctc plan far.ctstack
	equal "$(grep 'no address' <<<"$out")" "warning: 192.0.2.77 is no address of this host: until it is, nobody reaches what is published there, app.media"
}
