# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a container's fields do to its processes, asked of the processes themselves: entry point, capabilities, devices, file systems, host name, local time, how it ends. And
# containers that are not made, or not started by themselves. spec/units.md has the table that is proved here.

state() { systemctl show -P "$1" "$2"; }
# The container's first process, and a file of it below /proc.
first() { podman inspect --format '{{.State.Pid}}' "ct-$1"; }
inside() { cat "/proc/$(first "$1")/$2"; }
in_container() { podman exec "ct-$1" /probe "${@:2}"; }

# one STACK FIELDS: a stack of one container without a network of its own
one() { printf 'stack %s {\n  container x {\n    image = "localhost/web:1"\n    network = host\n    %s\n  }\n}\n' "$1" "$2"; }

test_images_are_there() {
	image localhost/web:1
}

test_what_its_process_is() {
	one p 'env { PROBE_PORTS = "7101" }
	entrypoint  = ["/probe", "first word \" \\ é"]
	command     = ["second"]
	working-dir = /proc/self
	hostname    = "db.example.org"
	timezone    = "Europe/Berlin"' >p.ctstack
	ctc apply --yes p.ctstack
	inside p-x cmdline >cmdline
	printf '%s\0' /probe 'first word " \ é' second >wanted
	cmp cmdline wanted
	contains "$(readlink "/proc/$(first p-x)/cwd")" /proc/
	equal "$(in_container p-x name)" db.example.org
	cmp "/proc/$(first p-x)/root/etc/localtime" /usr/share/zoneinfo/Europe/Berlin
	# an empty entry point: the command alone
	one p 'env { PROBE_PORTS = "7101" }
	entrypoint = []
	command    = ["/probe", "serve", "7102"]' >p.ctstack
	expect 0 ctc plan p.ctstack
	contains "$out" "entrypoint"
	ctc apply --yes p.ctstack
	equal "$(inside p-x cmdline | tr '\0' ' ')" "/probe serve 7102 "
	equal "$(in_container p-x name)" x
	ctc destroy --yes p
}

capabilities() { inside "$1" status | awk '/^Cap(Eff|Bnd)/ {print $2}' | xargs; }

test_capabilities_are_what_the_kernel_keeps() {
	one c 'env { PROBE_PORTS = "7103" }
	capabilities { add = [NET_ADMIN, CHOWN]; drop = [ALL] }
	no-new-privileges = true' >c.ctstack
	ctc apply --yes c.ctstack
	# bits 0 (CAP_CHOWN) and 12 (CAP_NET_ADMIN)
	equal "$(capabilities c-x)" "0000000000001001 0000000000001001"
	equal "$(inside c-x status | awk '/^NoNewPrivs/ {print $2}')" 1
	one c 'env { PROBE_PORTS = "7103" }
	capabilities { drop = [CHOWN] }' >c.ctstack
	ctc apply --yes c.ctstack
	equal $((0x$(inside c-x status | awk '/^CapEff/ {print $2}') & 1)) 0
	[ "$(capabilities c-x)" != "0000000000000000 0000000000000000" ]
	equal "$(inside c-x status | awk '/^NoNewPrivs/ {print $2}')" 0
	ctc destroy --yes c
}

test_ports_below_1024_need_no_right() {
	image localhost/low:1 80
	cat >low.ctstack <<-'SRC'
		stack low {
		  subnet lan { range = 10.76.0.0/24 }
		  defaults container { image = "localhost/low:1"; ports { http = 80/tcp }; ready { http = "/" } }
		  container user { user = 1000:1000; read-only = true; no-new-privileges = true }
		  container root { capabilities { drop = [ALL] } }
		}
	SRC
	ctc apply --yes low.ctstack
	equal "$(awk '/^(Uid|CapEff|CapBnd)/ {print $2}' "/proc/$(podman inspect --format '{{.State.Pid}}' ct-low-root)/status" | xargs)" "0 0000000000000000 0000000000000000"
	equal "$(awk '/^(Uid|CapEff)/ {print $2}' "/proc/$(podman inspect --format '{{.State.Pid}}' ct-low-user)/status" | xargs)" "1000 0000000000000000"
	equal "$(sysctl -n net.ipv4.ip_unprivileged_port_start)" 1024
	ctc destroy --yes low
}

test_file_systems_are_as_they_are_said() {
	one f 'env { PROBE_PORTS = "7104" }
	read-only = true
	shm-size  = 8MiB
	tmpfs work { at = /work=space; size = 1MiB; mode = 0700 }' >f.ctstack
	ctc apply --yes f.ctstack
	expect 1 in_container f-x open /file create
	equal "$out" "Read-only file system"
	expect 0 in_container f-x open /tmp/file create
	expect 0 in_container f-x open /work=space/file create
	contains "$(inside f-x mountinfo | grep ' /work=space ')" size=1024k
	contains "$(inside f-x mountinfo | grep ' /work=space ')" mode=700
	contains "$(inside f-x mountinfo | grep ' /dev/shm ')" size=8192k
	ctc destroy --yes f
}

test_a_device_opens_only_where_it_is_given() {
	one d 'env { PROBE_PORTS = "7105" }' >d.ctstack
	ctc apply --yes d.ctstack
	expect 1 in_container d-x open /dev/given
	equal "$out" "No such file or directory"
	one d 'env { PROBE_PORTS = "7105" }
	device tun  { from = /dev/net/tun; at = /dev/given }
	device zero { from = /dev/zero; at = /dev/read-me; readonly = true }' >d.ctstack
	ctc apply --yes d.ctstack
	expect 0 in_container d-x open /dev/given
	expect 0 in_container d-x open /dev/read-me r
	ctc destroy --yes d
}

test_what_the_host_does_not_have_is_said_before_anything_changes() {
	one n 'device x { from = /dev/no-such-device }' >n.ctstack
	expect 1 ctc apply --yes n.ctstack
	contains "$out" "n.x wants the device /dev/no-such-device"
	contains "$out" "n.ctstack:2:"
	: >/dev/no-node
	one n 'device x { from = /dev/no-node }' >n.ctstack
	expect 1 ctc plan n.ctstack
	contains "$out" "no such device node"
	one n 'timezone = "Mars/Olympus_Mons"' >n.ctstack
	expect 1 ctc apply --yes n.ctstack
	contains "$out" "the time zone Mars/Olympus_Mons"
	equal "$(systemctl list-units --plain --no-legend 'ct-n*')" ""
}

test_a_small_init_collects_children() {
	one i 'env { PROBE_PORTS = "7106" }
	init = true' >i.ctstack
	ctc apply --yes i.ctstack
	contains "$(inside i-x cmdline | tr '\0' ' ')" init
	contains "$(inside i-x cmdline | tr '\0' ' ')" "/probe"
	refute [ "$(inside i-x comm)" = probe ]
	ctc destroy --yes i
}

test_it_ends_as_it_was_asked_to() {
	local began
	one s 'env { PROBE_PORTS = "7107" }
	stop-signal = SIGUSR1' >s.ctstack
	ctc apply --yes s.ctstack
	systemctl stop ct-s-x
	eventually 5 bash -c 'journalctl --output=cat --unit=ct-s-x | grep -q "ended by SIGUSR1"'
	# one that the program does not care for: it is killed when its time is over, and not before
	one s 'env { PROBE_PORTS = "7107" }
	stop-signal  = SIGWINCH
	stop-timeout = 2s' >s.ctstack
	ctc apply --yes s.ctstack
	began=${EPOCHREALTIME/./}
	systemctl stop ct-s-x
	[ $((${EPOCHREALTIME/./} - began)) -ge 1900000 ]
	[ $((${EPOCHREALTIME/./} - began)) -lt 60000000 ]
	# which is no failure where people ask ctc for it
	ctc start s.x
	ctc stop s.x
	equal "$(systemctl is-failed ct-s-x || true)" inactive
	ctc destroy --yes s
}

# Of files and processes podman gives as many as it can where nothing is said of them and something of others, which not every machine lets it.
test_what_a_process_may_use() {
	one u 'env { PROBE_PORTS = "7112" }
	ulimits { nofile = 777; nproc = 5000; memlock = 32KiB; core = 0B; stack = 4MiB }' >u.ctstack
	expect 0 ctc plan u.ctstack
	contains "$out" "ulimits.memlock=32KiB"
	ctc apply --yes u.ctstack
	inside u-x limits >limits
	equal "$(awk '/^Max open files/ {print $4, $5}' limits) $(awk '/^Max locked memory/ {print $4, $5}' limits)" "777 777 32768 32768"
	equal "$(awk '/^Max core file size/ {print $5, $6}' limits) $(awk '/^Max stack size/ {print $4, $5}' limits)" "0 0 4194304 4194304"
	one u 'env { PROBE_PORTS = "7112" }
	ulimits { core = unlimited; nofile = 778; nproc = 5000 }' >u.ctstack
	expect 0 ctc apply --yes u.ctstack
	equal "$(awk '/^Max open files/ {print $4, $5}' "/proc/$(first u-x)/limits") $(awk '/^Max core file size/ {print $5, $6}' "/proc/$(first u-x)/limits")" "778 778 unlimited unlimited"
	# Where the machine does not let podman do as it likes, that is known before anything is changed.
	one u 'env { PROBE_PORTS = "7112" }
	ulimits { nofile = 778 }' >u.ctstack
	run ctc apply --yes u.ctstack
	if (($((0x$(awk '/^CapBnd/ {print $2}' /proc/1/status))) >> 24 & 1)); then
		equal "$status" 0
	else
		equal "$status" 1
		contains "$out" "u.x has \`ulimits\`, and where these do not give both nofile and nproc"
		contains "$out" "give both, such as nofile = 1024 and nproc = 4096"
	fi
	ctc destroy --yes u
}

# What is not enabled is checked and not made; what leads to it is left out.
test_what_is_not_enabled_is_not_made() {
	cat >e.ctstack <<-'SRC'
		input with-b: bool = true  "whether b is made"
		stack e {
		  subnet lan { range = 10.78.0.0/24 }
		  container a { image = "localhost/web:1"; address = 10.78.0.2; ports { http = 80/tcp } }
		  container b { enable = with-b; image = "localhost/web:1"; address = 10.78.0.3; ports { http = 80/tcp } }
		  allow a -> b.http
		  publish 127.0.0.1:7108 -> b.http
		}
	SRC
	ctc apply --yes e.ctstack
	equal "$(probe get 127.0.0.1 7108 /)" "b ok"
	sed -i 's/bool = true/bool = false/' e.ctstack
	expect 0 ctc plan e.ctstack
	contains "$out" "- e.b"
	contains "$out" "- e.a -> e.b:80/tcp"
	ctc apply --yes e.ctstack
	equal "$(systemctl list-units --plain --no-legend 'ct-e-b*')" ""
	refute ip netns exec ct-e-b true
	expect 1 probe connect 127.0.0.1 7108
	equal "$(probe get 10.78.0.2 80 /)" "a ok"
	# and the whole stack
	sed -i 's/^stack e {/stack e { enable = false/' e.ctstack
	ctc apply --yes e.ctstack
	equal "$(systemctl list-units --plain --no-legend 'ct-e*' 'ct-e.*')" ""
	expect 0 ctc plan --detailed-exitcode e.ctstack
	ctc destroy --yes e
}

test_what_does_not_start_by_itself_waits_for_people() {
	local before
	one w 'env { PROBE_PORTS = "7109" }
	autostart = false' >/w.ctstack
	expect 0 ctc plan /w.ctstack
	contains "$out" "autostart=false"
	ctc apply --yes /w.ctstack
	equal "$(state ActiveState ct-w-x.service) $(state LoadState ct-w-x.service)" "inactive loaded"
	expect 0 ctc status w.x
	contains "$out" dead
	expect 0 ctc plan --detailed-exitcode /w.ctstack
	# started by people, it is left to them
	systemctl start ct-w-x
	before=$(state MainPID ct-w-x.service)
	expect 0 ctc plan --detailed-exitcode /w.ctstack
	ctc apply --yes /w.ctstack
	equal "$(state MainPID ct-w-x.service)" "$before"
	# and what changes while it runs is started again with it
	one w 'env { PROBE_PORTS = "7110" }
	autostart = false' >/w.ctstack
	expect 0 ctc apply --yes /w.ctstack
	equal "$(state ActiveState ct-w-x.service)" active
	[ "$(state MainPID ct-w-x.service)" != "$before" ]
	expect 0 probe connect 127.0.0.1 7110
	# stopped, it stays so
	systemctl stop ct-w-x
	one w 'env { PROBE_PORTS = "7111" }
	autostart = false' >/w.ctstack
	expect 0 ctc plan /w.ctstack
	contains "$out" "w.x  no restart"
	ctc apply --yes /w.ctstack
	equal "$(state ActiveState ct-w-x.service)" inactive
}

test_one_that_no_longer_starts_by_itself_is_stopped() {
	local waits="env { PROBE_PORTS = \"7111\" }
	autostart = false" runs='env { PROBE_PORTS = "7111" }' before
	one w "$runs" >w.ctstack
	expect 0 ctc plan w.ctstack
	contains "$out" "w.x  start"
	expect 0 ctc apply --yes w.ctstack
	equal "$(state ActiveState ct-w-x.service)" active
	# the way back leads to where it waited, and forward again
	expect 0 ctc rollback --yes
	contains "$out" "w.x  stop"
	equal "$(state ActiveState ct-w-x.service)" inactive
	expect 0 ctc apply --yes w.ctstack
	one w "$waits" >v.ctstack
	expect 0 ctc apply --yes v.ctstack
	contains "$out" "w.x  stop"
	equal "$(state ActiveState ct-w-x.service)" inactive
	# a change that fails leaves it as it was found: down, or started by people
	printf 'stack y {\n  container dies { image = "localhost/web:1"; network = host; env { PROBE_DIE = "3" } }\n}\n' >y.ctstack
	expect 3 ctc apply --yes w.ctstack y.ctstack
	equal "$(state ActiveState ct-w-x.service)" inactive
	systemctl start ct-w-x
	before=$(state MainPID ct-w-x.service)
	expect 3 ctc apply --yes w.ctstack y.ctstack
	equal "$(state MainPID ct-w-x.service)" "$before"
	expect 0 ctc status
	contains "$out" "No drift"
	systemctl stop ct-w-x
}

test_after_reboot_it_still_waits() {
	eventually 20 systemctl is-active --quiet ct-w.target
	equal "$(state ActiveState ct-w-x.service) $(state LoadState ct-w-x.service)" "inactive loaded"
	equal "$(systemctl --failed --plain --no-legend)" ""
	expect 0 ctc plan --detailed-exitcode /w.ctstack
}
