# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Operating-system trees, which systemd-nspawn runs: one program or a whole system, asked for from inside. The trees are made here: of the tests' own program, and of the host's
# /usr with a root of its own. spec/units.md has the rules that are proved here.

state() { systemctl show -P "$1" "$2"; }
# The container's first process: the child of systemd-nspawn.
first() {
	local pid
	pid=$(main_pid "ct-$1.service")
	tr -d ' ' <"/proc/$pid/task/$pid/children"
}
inside() { cat "/proc/$(first "$1")/$2"; }
in_container() { ctc inside "$(main_pid "ct-$1.service")" -- /probe "${@:2}"; }

# said UNIT TEXT: it stands in the journal
said() { journalctl --output=cat --unit="$1" | grep "$2" >/dev/null; }

# program_tree DIRECTORY: a tree of one program
program_tree() {
	mkdir -p "$1"/{dev,etc,proc,run,sys,tmp,usr,var/tmp}
	cp /src/build/probe "$1/probe"
}

# system_tree DIRECTORY: a whole system: the host's /usr, an /etc of its own
system_tree() {
	local link
	mkdir -p "$1"/{dev,etc,proc,root,run,sys,tmp,usr,var}
	for link in bin lib lib64 sbin; do ln -s "usr/$link" "$1/$link"; done
	mount --bind -o ro /usr "$1/usr"
	cp /etc/os-release /etc/passwd /etc/group "$1/etc/"
	: >"$1/etc/machine-id"
	echo whoever-made-it >"$1/etc/hostname"
	mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
	for link in systemd-sysusers.service systemd-firstboot.service systemd-logind.service; do ln -s /dev/null "$1/etc/systemd/system/$link"; done
	printf '[Unit]\nDescription=Web\n[Service]\nExecStart=/probe serve 80\n' >"$1/etc/systemd/system/web.service"
	ln -s ../web.service "$1/etc/systemd/system/multi-user.target.wants/web.service"
	cp /src/build/probe "$1/probe"
}

# stack NAME FIELDS: a stack of one container in a network of its own
stack() {
	cat <<-SRC
		stack $1 {
		  subnet lan { range = 10.79.0.0/24 }
		  container x {
		    address = 10.79.0.2
		    ports   { http = 80/tcp }
		    $2
		  }
		}
	SRC
}

test_a_program_runs_in_a_tree() {
	program_tree '/srv/pro:gram'
	mkdir -p '/srv/da:ta' && echo found >'/srv/da:ta/file'
	stack p 'rootfs  = /srv/pro:gram
		command  = ["/probe", "serve", "80"]
		hostname = "web.example"
		timezone = "Europe/Berlin"
		env      { GREETING = "a \"b\" $HOME %n"; PROBE_NAME = "tree" }
		limits   { memory = 64MiB; tasks = 20 }
		mount /srv/da:ta -> /da:ta { readonly = true }
		volume kept { at = /kept }
		tmpfs scratch { at = /scratch; size = 1MiB; mode = 0700 }
		ready    { http = "/" }
		restart  = always' >p.ctstack
	expect 0 ctc plan p.ctstack
	contains "$out" /srv/pro:gram
	ctc apply --yes p.ctstack
	equal "$(probe get 10.79.0.2 80 /)" "tree ok"
	equal "$(in_container p-x name)" web.example
	contains "$(inside p-x environ | tr '\0' '\n')" "GREETING=a \"b\" \$HOME %n"
	equal "$(inside p-x 'root/da:ta/file')" found
	equal "$(ctc exec p.x -- /probe name)" web.example
	expect 1 ctc exec p.x -- /probe open '/da:ta/new' create
	expect 127 ctc exec p.x -- /nothing
	contains "$out" "cannot run /nothing in the container"
	expect 1 in_container p-x open '/da:ta/new' create
	expect 0 in_container p-x open /kept/new create
	[ -f /var/lib/ctstack/volumes/p/x/kept/new ]
	expect 0 in_container p-x open /scratch/new create
	contains "$(inside p-x mountinfo | grep ' /scratch ')" size=1024k
	cmp "/proc/$(first p-x)/root/etc/localtime" /usr/share/zoneinfo/Europe/Berlin
	contains "$(inside p-x root/etc/hosts)" "10.79.0.2 web.example x x.p"
	equal "$(state MemoryMax ct-p-x.service) $(state TasksMax ct-p-x.service)" "67108864 20"
	equal "$(ls "/proc/$(first p-x)/root/sys/class/net")" "$(printf 'eth0\nlo')"
	# known to machined, in its own stack's slice
	contains "$(machinectl --no-legend list)" ct-p-x
	contains "$(state ControlGroup ct-p-x.service)" /ct-p.slice/
	expect 0 ctc plan --detailed-exitcode p.ctstack
}

test_nothing_of_the_host_leaks_into_it() {
	# no descriptor but the standard ones and its own sockets
	for fd in "/proc/$(first p-x)/fd/"*; do
		case "$(readlink "$fd")" in /dev/null | socket:* | pipe:* | anon_inode:*) ;; *)
			echo "leaked: $(readlink "$fd")"
			return 1
			;;
		esac
	done
	# a file beside the tree that would open the host is not read
	printf '[Exec]\nEnvironment=LEAKED=yes\n[Files]\nBind=/etc/shadow\n' >'/srv/pro:gram.nspawn'
	mkdir -p /etc/systemd/nspawn
	printf '[Exec]\nEnvironment=LEAKED=yes\n' >/etc/systemd/nspawn/ct-p-x.nspawn
	systemctl restart ct-p-x
	lacks "$(inside p-x environ | tr '\0' '\n')" LEAKED
	rm '/srv/pro:gram.nspawn' /etc/systemd/nspawn/ct-p-x.nspawn
	# what is run in it has its rights, not root's
	ctc inside "$(main_pid ct-p-x.service)" -- /probe serve 81 &
	eventually 5 probe connect 10.79.0.2 81
	equal "$(awk '/^CapEff/ {print $2}' "/proc/$(pgrep -f '^/probe serve 81')/status")" "$(inside p-x status | awk '/^CapBnd/ {print $2}')"
	# and its variables
	contains "$(tr '\0' '\n' <"/proc/$(pgrep -f '^/probe serve 81')/environ")" "GREETING=a \"b\" \$HOME %n"
	pkill -f '^/probe serve 81'
	wait
}

test_a_command_runs_as_a_user_of_the_tree() {
	local pid
	printf 'app:x:70:71::/data:/\n' >'/srv/pro:gram/etc/passwd'
	printf 'other:x:79:\nmore:x:80:app\n' >'/srv/pro:gram/etc/group'
	ctc exec -u app -w /proc p.x /probe serve 8082 &
	eventually 5 probe connect 10.79.0.2 8082
	pid=$(pgrep -f '^/probe serve 8082')
	equal "$(awk '/^(Uid|Gid|Groups|CapEff)/ {print $2}' "/proc/$pid/status" | xargs)" "70 71 80 0000000000000000"
	contains "$(tr '\0' '\n' <"/proc/$pid/environ")" HOME=/data
	equal "$(readlink "/proc/$pid/cwd")" /proc
	pkill -f '^/probe serve 8082'
	wait
	# a number needs no line
	expect 0 ctc exec -u 12:other p.x /probe name
	expect 126 ctc exec -u nobody p.x /probe name
	contains "$out" "there is no user or group nobody in the container"
	expect 126 ctc exec -w /nowhere p.x /probe name
	rm '/srv/pro:gram/etc/passwd' '/srv/pro:gram/etc/group'
}

test_a_program_that_ends_is_started_again_and_one_that_is_asked_ends() {
	local before unit
	before=$(first p-x) unit=$(main_pid ct-p-x.service)
	kill -KILL "$before"
	eventually 15 anew ct-p-x.service "$unit"
	equal "$(probe get 10.79.0.2 80 /)" "tree ok"
	[ "$(first p-x)" != "$before" ]
	systemctl stop ct-p-x
	eventually 5 said ct-p-x "ended by SIGTERM"
	equal "$(state Result ct-p-x.service)" success
	ctc destroy --yes p
	lacks "$(machinectl --no-legend list)" ct-p-x
	[ -f '/srv/pro:gram/probe' ]
}

test_a_whole_system_boots() {
	system_tree /srv/system
	stack s 'rootfs = /srv/system
		boot   = true
		ready  { exec = ["/probe", "connect", "127.0.0.1", "80"]; within = 200s }' >s.ctstack
	ctc apply --yes s.ctstack
	equal "$(probe get 10.79.0.2 80 /)" "x ok"
	equal "$(inside s-x comm)" systemd
	equal "$(in_container s-x name)" x
	contains "$(machinectl --no-legend list)" ct-s-x
	equal "$(systemd-run --machine=ct-s-x --wait --pipe --quiet /bin/systemctl is-active web.service)" active
	# its journal is its own, and what it says on its console is in the host's
	eventually 5 said ct-s-x "Web"
	# an init is asked to shut down as it knows it
	systemctl stop ct-s-x
	equal "$(state Result ct-s-x.service)" success
	ctc destroy --yes s
}

test_what_is_ephemeral_is_gone_and_what_is_read_only_stays() {
	program_tree /srv/plain
	# where the tree cannot be written to, what is mounted needs its place
	stack e 'rootfs = /srv/plain; command = ["/probe", "serve", "80"]; read-only = true; tmpfs t { at = /tmp/t; size = 1MiB }' >e.ctstack
	expect 1 ctc plan e.ctstack
	contains "$out" "mounted at /srv/plain/etc/hosts, which is not in its tree"
	contains "$out" "e.ctstack:"
	touch /srv/plain/etc/hosts /srv/plain/etc/resolv.conf
	rmdir /srv/plain/var/tmp
	expect 1 ctc plan e.ctstack
	contains "$out" "mounted at /srv/plain/var/tmp, which is not in its tree"
	mkdir /srv/plain/var/tmp
	expect 2 ctc plan --detailed-exitcode e.ctstack
	stack e 'rootfs = /srv/plain; command = ["/probe", "serve", "80"]; ephemeral = true' >e.ctstack
	ctc apply --yes e.ctstack
	expect 0 in_container e-x open /new create
	[ ! -e /srv/plain/new ]
	systemctl restart ct-e-x
	eventually 5 in_container e-x open /new create
	stack e 'rootfs = /srv/plain; command = ["/probe", "serve", "80"]; read-only = true' >e.ctstack
	ctc apply --yes e.ctstack
	expect 1 in_container e-x open /new create
	equal "$out" "Read-only file system"
	expect 0 in_container e-x open /var/tmp/new create
	ctc destroy --yes e
}

test_private_users_are_nobody_outside() {
	program_tree /srv/private
	stack u 'rootfs = /srv/private; command = ["/probe", "serve", "80"]; users = private
		volume kept { at = /kept }
		ready { http = "/" }' >u.ctstack
	ctc apply --yes u.ctstack
	[ "$(inside u-x uid_map | awk '{print $2}')" -ge 65536 ]
	equal "$(probe get 10.79.0.2 80 /)" "x ok"
	expect 0 in_container u-x open /kept/new create
	equal "$(stat -c %u:%g /var/lib/ctstack/volumes/u/x/kept/new)" 0:0
	expect 1 in_container u-x open /proc/sysrq-trigger w
	# The tree is as it was, and what is written to it is the host's root's.
	expect 0 in_container u-x open /new create
	equal "$(stat -c %u:%g /srv/private/probe /srv/private/new | xargs)" "0:0 0:0"
	ctc destroy --yes u
}

# They are their owner's in the container, nobody's outside, and in memory that is not swapped.
test_private_users_have_secrets() {
	program_tree /srv/private
	mkdir -p /etc/secrets
	printf hunter2 >/etc/secrets/password
	chmod 0600 /etc/secrets/password
	stack u 'rootfs = /srv/private; command = ["/probe", "serve", "80"]; users = private
		secret password -> /run/secrets/password
		secret key -> /var/key { owner = 33:34; mode = 0440 }
		ready { http = "/" }' | sed 's/^stack u {/&\n  secret password { file = \/etc\/secrets\/password }\n  secret key { file = \/etc\/secrets\/password }/' >u.ctstack
	ctc apply --yes u.ctstack
	local pid base
	pid=$(first u-x)
	base=$(awk '{print $2}' "/proc/$pid/uid_map")
	[ "$base" -ge 65536 ]
	equal "$(stat -c '%u:%g %a' "/proc/$pid/root/run/secrets/password")" "$base:$base 400"
	equal "$(stat -c '%u:%g %a' "/proc/$pid/root/var/key")" "$((base + 33)):$((base + 34)) 440"
	equal "$(nsenter -t "$pid" -U cat "/proc/$pid/root/run/secrets/password")" hunter2
	contains "$(grep ' /run/ctstack/mapped-secrets ' /proc/mounts)" noswap
	equal "$(stat -c %a /run/ctstack/mapped-secrets)" 700
	refute grep -rqs hunter2 /var/lib/ctstack /run/systemd/generator
	expect 0 ctc plan --detailed-exitcode u.ctstack
	printf other >/etc/secrets/password
	ctc apply --yes u.ctstack
	pid=$(first u-x)
	equal "$(nsenter -t "$pid" -U cat "/proc/$pid/root/run/secrets/password")" other
	ctc destroy --yes u
	equal "$(ls /run/ctstack/mapped-secrets)" ""
}

# ramfs is a file system that no mount can map.
test_what_private_users_cannot_be_shown_is_an_error_of_the_plan() {
	program_tree /srv/private
	mkdir -p /mnt/plain
	mount -t ramfs none /mnt/plain
	stack u 'rootfs = /srv/private; command = ["/probe", "serve", "80"]; users = private
		volume kept { at = /kept; from = /mnt/plain/not/made/yet }' >u.ctstack
	expect 1 ctc plan u.ctstack
	contains "$out" "u.x has private users, and the kernel cannot show them the files of /mnt/plain/not/made/yet as they are"
	expect 1 ctc apply --yes u.ctstack
	refute ls -d /mnt/plain/not
	stack u 'rootfs = /srv/private; command = ["/probe", "serve", "80"]; users = private
		mount /mnt/plain -> /data { readonly = true }' >u.ctstack
	expect 1 ctc plan u.ctstack
	contains "$out" "the files of /mnt/plain as they are"
	cp -a /srv/private /mnt/plain/tree
	stack u 'rootfs = /mnt/plain/tree; command = ["/probe", "serve", "80"]; users = private' >u.ctstack
	expect 1 ctc plan u.ctstack
	contains "$out" "the files of /mnt/plain/tree as they are"
	# Of who is not private, and of what is in memory, nothing of that is asked.
	stack u 'rootfs = /mnt/plain/tree; command = ["/probe", "serve", "80"]; volume kept { at = /kept; from = /mnt/plain/kept }' >u.ctstack
	expect 0 ctc plan u.ctstack
	stack u 'rootfs = /mnt/plain/tree; command = ["/probe", "serve", "80"]; users = private; ephemeral = true; ready { http = "/" }' >u.ctstack
	ctc apply --yes u.ctstack
	equal "$(stat -c %u /mnt/plain/tree/probe)" 0
	ctc destroy --yes u
	umount /mnt/plain
}

test_capabilities_of_a_tree() {
	stack c 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]
		capabilities { add = [NET_BIND_SERVICE, NET_ADMIN]; drop = [ALL] }
		no-new-privileges = true
		ulimits { nofile = 777; core = unlimited }' >c.ctstack
	ctc apply --yes c.ctstack
	# bits 10 and 12
	equal "$(inside c-x status | awk '/^Cap(Bnd|Eff)/ {print $2}' | xargs)" "0000000000001400 0000000000001400"
	equal "$(inside c-x status | awk '/^NoNewPrivs/ {print $2}')" 1
	equal "$(inside c-x limits | awk '/^Max open files/ {print $4, $5} /^Max core/ {print $5, $6}' | xargs)" "unlimited unlimited 777 777"
	# what is run in it beside it may use no more
	ctc exec c.x /probe serve 81 &
	eventually 5 probe connect 10.79.0.2 81
	equal "$(awk '/^Max open files/ {print $4, $5}' "/proc/$(pgrep -f '^/probe serve 81')/limits")" "777 777"
	pkill -f '^/probe serve 81'
	wait
	# without any right at all it listens below 1024: the network is its own
	stack c 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]; capabilities { drop = [ALL] }; ready { http = "/" }' >c.ctstack
	ctc apply --yes c.ctstack
	equal "$(inside c-x status | awk '/^CapBnd/ {print $2}')" 0000000000000000
	ctc destroy --yes c
}

# The same node is there twice, at a path that the policy knows and at one that it does not: DevicePolicy=closed is kept by the kernel, whoever mounts what.
test_a_device_opens_only_where_it_is_given() {
	stack d 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]
		volume nodes { at = /nodes; from = /srv/nodes }' >d.ctstack
	mkdir -p /srv/nodes
	[ -e /srv/nodes/tun ] || mknod /srv/nodes/tun c 10 200
	equal "$(state DevicePolicy ct-d-x.service)" auto
	ctc apply --yes d.ctstack
	equal "$(state DevicePolicy ct-d-x.service)" closed
	expect 1 in_container d-x open /nodes/tun
	equal "$out" "Operation not permitted"
	stack d 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]
		volume nodes { at = /nodes; from = /srv/nodes }
		device tun { from = /dev/net/tun; at = /dev/given }' >d.ctstack
	ctc apply --yes d.ctstack
	expect 0 in_container d-x open /dev/given
	expect 0 in_container d-x open /nodes/tun
	ctc destroy --yes d
}

# What is not the engine's own is there for trees, too: a network that is shared with a container of podman's, or the host's, secrets, both families, the order of starts.
test_a_tree_stands_beside_images() {
	image localhost/pod:1
	program_tree /srv/joins
	program_tree /srv/hosts
	install -d -m 0700 /etc/secrets
	(umask 077 && printf 'bytes of %s' it >/etc/secrets/key)
	cat >b.ctstack <<-'SRC'
		stack b {
		  subnet lan { range = 10.79.0.0/24; range6 = fd79::/64 }
		  secret key { file = /etc/secrets/key }
		  container pod { image = "localhost/pod:1"; address = 10.79.0.2; address6 = fd79::2; ports { http = 80/tcp }; ready { tcp = http } }
		  container joins {
		    rootfs  = /srv/joins
		    command = ["/probe", "serve", "81"]
		    join    = pod
		    ports   { other = 81/tcp }
		    ready   { http = "/" }
		    secret key -> /run/secrets/key { owner = 5:6 }
		  }
		  container hosts {
		    rootfs  = /srv/hosts
		    command = ["/probe", "serve", "7990"]
		    network = host
		    after   = [joins]
		    ready   { exec = ["/probe", "connect", "127.0.0.1", "7990"] }
		  }
		  publish 127.0.0.1:7981 -> joins.other
		  publish [::1]:7982 -> joins.other
		}
	SRC
	expect 0 ctc apply --yes b.ctstack
	equal "$(probe get 127.0.0.1 7981 /) $(probe get ::1 7982 /) $(probe get 127.0.0.1 7990 /)" "joins ok joins ok hosts ok"
	equal "$(inside b-joins root/run/secrets/key)" "bytes of it"
	equal "$(stat -c '%u:%g %a' "/proc/$(first b-joins)/root/run/secrets/key")" "5:6 400"
	refute grep -rqs 'bytes of it' /var/lib/ctstack /run/systemd
	[ "$(state ActiveEnterTimestampMonotonic ct-b-hosts.service)" -gt "$(state ActiveEnterTimestampMonotonic ct-b-joins.service)" ]
	expect 0 ctc plan --detailed-exitcode b.ctstack
	ctc destroy --yes b
	refute test -e /run/ctstack/secrets/ct-b-joins
}

# A disk image, and no loop device that is left when it is over. What is written to it is there at the next start; what is ephemeral is not. The host's network is not seen in it.
test_a_disk_image_is_a_tree() {
	local n before disk='/srv/my disks/a: b, 50% e.raw'
	[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
	for ((n = 0; n < 32; n++)); do [ -e "/dev/loop$n" ] || mknod "/dev/loop$n" b 7 "$n"; done
	program_tree tree
	mkdir -p '/srv/my disks'
	mke2fs -q -t ext4 -d tree "$disk" 16M
	before=$(losetup --list --noheadings --output BACK-FILE | grep -cF '/srv/my disks/a: b, 50%' || true)
	stack i "rootfs = \"$disk\"; "'command = ["/probe", "serve", "80"]; ready { http = "/" }' >i.ctstack
	expect 0 ctc apply --yes i.ctstack
	equal "$(probe get 10.79.0.2 80 /)" "x ok"
	equal "$(ls "/proc/$(first i-x)/root/sys/class/net")" "$(printf 'eth0\nlo')"
	equal "$(ctc exec i.x -- /probe name)" x
	expect 1 in_container i-x open /dev/loop-control
	expect 0 in_container i-x open /new create
	expect 0 ctc plan --detailed-exitcode i.ctstack
	# killed, it leaves nothing that the next start stumbles over
	kill_main ct-i-x.service
	equal "$(probe get 10.79.0.2 80 /)" "x ok"
	expect 0 in_container i-x open /new
	equal "$(grep -c ' /run/ctstack/trees/ct-i-x ' /proc/mounts)" 1
	# its root is nobody outside, and nobody's writing stays
	stack i "rootfs = \"$disk\"; "'command = ["/probe", "serve", "80"]; users = private; ephemeral = true; ready { http = "/" }' >i.ctstack
	expect 0 ctc apply --yes i.ctstack
	[ "$(inside i-x uid_map | awk '{print $2}')" -ge 65536 ]
	expect 0 in_container i-x open /more create
	systemctl restart ct-i-x
	expect 1 in_container i-x open /more
	expect 0 in_container i-x open /new
	ctc destroy --yes i
	refute grep -q ' /run/ctstack/trees/' /proc/mounts
	equal "$(losetup --list --noheadings --output BACK-FILE | grep -cF '/srv/my disks/a: b, 50%' || true)" "$before"
}

# mmdebstrap's stand-in: the test host has no mirror. It makes a tree of the host's own systemd and what that is linked with, and leaves its words.
stand_in() {
	cat >/root/mmdebstrap <<-'SH'
		#!/bin/bash
		set -eu
		echo "$*" >>/root/built
		t=${*: -1}
		[ ! -e /root/fail ] || { mkdir "$t"; printf 'W: slow\nE: no mirror\nE: mmdebstrap failed to run\n' >&2; exit 100; }
		mkdir -p "$t"/{dev,etc,proc,root,run,sys,tmp,var,srv,usr/bin,usr/sbin,usr/lib64,usr/lib}
		for link in bin lib lib64 sbin; do ln -s "usr/$link" "$t/$link"; done
		cp -a /usr/lib/systemd "$t/usr/lib/"
		for p in bash systemctl; do cp "/usr/bin/$p" "$t/usr/bin/"; done
		{ ldd "$t"/usr/bin/* /usr/lib/systemd/systemd /usr/lib/systemd/systemd-* 2>/dev/null || true; } | grep -o '/[^ )]*\.so[^ )]*' | sort -u |
			while read -r lib; do
				to=$t/usr${lib#/usr}
				mkdir -p "${to%/*}"
				cp -L "$lib" "$to"
			done
		cp /etc/os-release /etc/passwd /etc/group "$t/etc/"
		: >"$t/etc/machine-id"
		mkdir -p "$t/etc/systemd/system"
		for unit in systemd-sysusers systemd-firstboot systemd-logind; do ln -s /dev/null "$t/etc/systemd/system/$unit.service"; done
	SH
	chmod +x /root/mmdebstrap
	mount --bind /root/mmdebstrap /usr/bin/mmdebstrap
}

test_a_distribution_is_built_once() {
	local tree
	[ -x /usr/bin/mmdebstrap ]
	stand_in
	touch /root/fail
	expect 1 ctc apply --yes /src/examples/os.ctstack
	contains "$out" "cannot build debian bookworm with ca-certificates, curl, dbus, systemd-sysv"
	contains "$out" "E: no mirror"
	equal "$(systemctl list-units --plain --no-legend 'ct-os*')" ""
	rm /root/fail /root/built
	expect 0 ctc apply --yes /src/examples/os.ctstack
	contains "$out" "build debian bookworm"
	tree=$(ls -d /var/lib/ctstack/os/*)
	equal "$(cat /root/built)" "--variant=minbase --include=ca-certificates,curl,dbus,systemd-sysv --quiet -- bookworm $tree.new"
	contains "$(systemctl cat ct-os-debian)" "--directory=$tree"
	equal "$(inside os-debian comm)" systemd
	contains "$(machinectl --no-legend list)" ct-os-debian
	equal "$(state MemoryMax ct-os-debian.service)" 1073741824
	expect 0 ctc plan --detailed-exitcode /src/examples/os.ctstack
	ctc destroy --yes os
	ctc apply --yes /src/examples/os.ctstack
	equal "$(wc -l </root/built)" 1
	ctc destroy --yes os
}

# Where there is no mmdebstrap it is debootstrap, which knows neither --quiet nor "--".
test_debootstrap_does_where_it_is_what_there_is() {
	stand_in
	rm -rf /root/built /var/lib/ctstack/os/*
	umount /usr/bin/mmdebstrap
	mkdir -p /var/upper /var/work
	cp /root/mmdebstrap /var/upper/debootstrap
	sed -i 's|^echo "$\*" >>/root/built|case " $* " in *" --quiet "* \| *" -- "*) echo "E: unrecognized or invalid option" >\&2; exit 1 ;; esac; t=$4; echo "$*" >>/root/built; set -- "$t"|' /var/upper/debootstrap
	mount -t overlay overlay -o lowerdir=/usr/sbin,upperdir=/var/upper,workdir=/var/work /usr/sbin
	mount --bind /dev/null /usr/bin/mmdebstrap
	sed 's|release = "bookworm";|& mirror = "http://mirror.example/debian";|' /src/examples/os.ctstack >d.ctstack
	expect 0 ctc apply --yes d.ctstack
	contains "$(cat /root/built)" "--variant=minbase --include=ca-certificates,curl,dbus,systemd-sysv bookworm /var/lib/ctstack/os/"
	contains "$(cat /root/built)" ".new http://mirror.example/debian"
	equal "$(inside os-debian comm)" systemd
	ctc destroy --yes os
	umount /usr/bin/mmdebstrap /usr/sbin
}

test_the_base_profile_is_a_debian_with_what_people_expect() {
	stand_in
	rm -f /root/built
	cat >base.ctstack <<-'SRC'
		use std.base
		stack b {
		  subnet lan { range = 10.79.0.0/24 }
		  container box : base.debian { address = 10.79.0.2; sshd = true; extra = ["curl"] }
		  allow world -> box.ssh
		}
	SRC
	expect 0 ctc apply --yes base.ctstack
	contains "$(cat /root/built)" "--include=curl,dbus,git,htop,iptables,openssh-server,systemd-sysv,tmux,vim,wget "
	equal "$(inside b-box comm)" systemd
	equal "$(ctc exec b.box -- /bin/systemctl is-active multi-user.target)" active
	expect 0 ctc plan --detailed-exitcode base.ctstack
	ctc destroy --yes b
}

test_what_is_missing_is_said_before_anything_changes() {
	stack m 'rootfs = /srv/none; boot = true' >m.ctstack
	expect 1 ctc apply --yes m.ctstack
	contains "$out" "m.x runs in the tree /srv/none, which is not on this host"
	contains "$out" "m.ctstack:"
	equal "$(systemctl list-units --plain --no-legend 'ct-m*')" ""
}

test_a_tree_with_no_program_of_that_name_fails_the_apply() {
	stack f 'rootfs = /srv/pro:gram; command = ["/none"]' >f.ctstack
	expect 3 ctc apply --yes f.ctstack
	contains "$out" ct-f-x.service
	equal "$(systemctl list-units --plain --no-legend 'ct-f*')" ""
	stack f 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]
		ready { exec = ["/probe", "connect", "127.0.0.1", "99"]; within = 2s }' >f.ctstack
	run ctc apply --yes f.ctstack
	[ "$status" != 0 ]
	contains "$out" "not ready"
}

test_it_stays_for_the_next_boot() {
	stack w 'rootfs = /srv/pro:gram; command = ["/probe", "serve", "80"]; ready { http = "/" }' >/w.ctstack
	ctc apply --yes /w.ctstack
}

test_after_reboot_it_is_back() {
	eventually 20 systemctl is-active --quiet ct-w-x.service
	equal "$(probe get 10.79.0.2 80 /)" "x ok"
	expect 0 ctc plan --detailed-exitcode /w.ctstack
}
