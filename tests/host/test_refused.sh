# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A host that cannot do what is asked: each time one sentence that says what to do, status 1, and nothing changed.

stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a {
		    image = "localhost/a:1"
		    address = 10.77.0.11
		    ports { http = 80/tcp }
		    $*
		  }
		  publish 127.0.0.1:8080 -> a.http
		}
	END
}

# refused TEXT: an apply is refused with it, and the host is as it was.
refused() {
	# After the first command there is a lock, and nothing else.
	untouched >before
	expect 1 ctc apply --yes t.ctstack
	contains "$out" "$1"
	untouched >after
	diff before after
}

untouched() {
	ip -o link | sed 's/^[0-9]*: //'
	ip netns list
	sysctl -n net.ipv4.ip_forward
	nft list ruleset
	systemctl list-units --all --plain --no-legend 'ct*'
	{ find /run/systemd/generator /var/lib/ctstack /run/ctstack ! -name lock 2>/dev/null || true; } | sed '/^\/run\/ctstack$/d' | sort
}

test_no_root() {
	image localhost/a:1
	stack
	chmod 755 .
	expect 1 setpriv --reuid=65534 --regid=65534 --clear-groups ctc apply --yes t.ctstack
	contains "$out" "sudo"
}

test_a_mount_without_its_source() {
	image localhost/a:1
	stack 'mount /etc -> /a; mount /srv/not-there -> /b'
	refused 't.a mounts /srv/not-there, which is not on this host'
	contains "$out" 't.ctstack:7:29'
}

test_all_that_is_missing_is_said_at_once() {
	stack 'mount /srv/not-there -> /a; mount /srv/nor-this -> /b; timezone = "Mars/Base"; device d { from = /dev/not-there }'
	refused 't.a mounts /srv/nor-this, which is not on this host'
	contains "$out" 'also: t.a mounts /srv/not-there, which is not on this host: make it first, or use a volume, which is made (t.ctstack:7:11)'
	contains "$out" 'also: t.a wants the device /dev/not-there'
	contains "$out" 'also: t.a is in the time zone Mars/Base'
	# secrets come first, since a plan tells their contents apart
	stack 'secret one -> /a; secret two -> /b'
	sed -i 's/^  subnet/  secret one { file = \/root\/not-one }\n  secret two { file = \/root\/not-two }\n&/' t.ctstack
	refused 'secret t.one of t.a: /root/not-one is not on this host'
	contains "$out" 'also: secret t.two of t.a: /root/not-two is not on this host'
}

test_no_podman() {
	stack
	# For this command alone.
	expect 1 unshare --mount sh -c 'mount --bind /dev/null /usr/bin/podman && ctc apply --yes t.ctstack'
	contains "$out" "podman is not installed"
	refute test -e /var/lib/ctstack
}

# instead PROGRAM TEXT: a host whose PROGRAM prints TEXT, for one apply.
instead() {
	printf '#!/bin/sh\necho "%s"\n' "$2" >fake
	chmod 755 fake
	expect 1 unshare --mount sh -c "mount --bind fake $1 && ctc apply --yes t.ctstack"
	refute test -e /var/lib/ctstack
}

test_old_programs() {
	stack
	instead /usr/bin/podman "podman version 3.4.4"
	contains "$out" "this host has podman 3.4, and ctc needs 4.0 or newer"
	instead /usr/bin/podman "what?"
	contains "$out" "podman does not say its version"
	instead /usr/bin/systemctl "systemd 247 (247.3-7)"
	contains "$out" "this host runs systemd 247, and ctc needs 249 or newer"
}

# What is known to be broken is said, and not refused.
test_a_systemd_that_lets_containers_out() {
	mkdir -p /srv/tree/bin
	sed -e 's|image = .*|rootfs = /srv/tree; command = ["/bin/app"]|' <(stack; cat t.ctstack) >u.ctstack
	printf '#!/bin/sh\necho "systemd 252 (252.38-1~deb12u1)"\n' >fake
	chmod 755 fake
	expect 0 unshare --mount sh -c 'mount --bind fake /usr/bin/systemd-nspawn && ctc plan u.ctstack'
	contains "$out" "warning: this host has systemd 252 (252.38-1~deb12u1): its systemd-nspawn can be left by a container's root (CVE-2026-40226)"
	expect 0 unshare --mount sh -c 'mount --bind fake /usr/bin/systemd-nspawn && ctc apply --dry-run u.ctstack'
	contains "$out" "CVE-2026-40226"
	image localhost/a:1
	stack
	expect 0 unshare --mount sh -c 'mount --bind fake /usr/bin/systemd-nspawn && ctc plan t.ctstack'
	lacks "$out" CVE
}

test_no_cgroup_v2() {
	stack
	expect 1 unshare --mount sh -c 'mount -t tmpfs none /sys/fs/cgroup && ctc apply --yes t.ctstack'
	contains "$out" "does not use cgroup v2"
}

test_no_systemd() {
	stack
	expect 1 unshare --mount sh -c 'mount -t tmpfs none /run/systemd && ctc apply --yes t.ctstack'
	contains "$out" "systemd is not the first process here"
}

test_no_netfilter() {
	stack
	expect 1 systemd-run --quiet --pipe --wait --collect --property='RestrictAddressFamilies=AF_UNIX' --working-directory="$PWD" ctc apply --yes t.ctstack
	contains "$out" "this kernel has no netfilter"
	refute test -e /var/lib/ctstack
}

test_an_image_that_cannot_be_fetched() {
	sed 's|localhost/a:1|registry.invalid/none:1|' <(stack; cat t.ctstack) >u.ctstack
	mv u.ctstack t.ctstack
	refused "cannot fetch the image registry.invalid/none:1"
}

test_a_port_that_is_taken() {
	local server
	image localhost/a:1
	stack
	probe serve 8080 >/dev/null &
	server=$!
	eventually 5 probe connect 127.0.0.1 8080
	refused "probe (pid $server) listens on port 8080"
	contains "$out" "t.ctstack:9:"
	ends_all $server
}

test_a_mount_that_is_missing() {
	stack 'mount /srv/none -> /srv'
	refused "/srv/none"
	contains "$out" "t.ctstack:"
}

test_no_gpu() {
	stack 'gpu = nvidia'
	refused "nvidia"
	contains "$out" "t.ctstack:3:"
}

test_a_gpu_by_cdi() {
	mkdir -p /etc/cdi
	printf 'cdiVersion: "0.5.0"\nkind: nvidia.com/gpu\ndevices:\n- name: all\n  containerEdits:\n    env:\n    - CDI_SAYS=hello\n' >/etc/cdi/nvidia.yaml
	stack 'gpu = nvidia; ready { http = "/env/CDI_SAYS" }'
	expect 0 ctc apply --yes t.ctstack
	contains "$(systemctl cat ct-t-a.service)" "--device=nvidia.com/gpu=all"
	equal "$(probe get 10.77.0.11 80 /env/CDI_SAYS)" hello
	expect 0 ctc destroy --yes t
}

test_no_bus() {
	stack
	systemctl stop dbus.socket dbus.service
	untouched >before
	expect 1 ctc apply --yes t.ctstack
	systemctl start dbus.socket dbus.service
	contains "$out" "bus"
	contains "$out" "systemctl start dbus.socket"
	untouched >after
	diff before after
}

# What runs on has lost a directory meanwhile: that is no reason to refuse what is changed beside it. Its own start is one.
test_a_mount_that_vanished_elsewhere() {
	image localhost/a:1
	mkdir -p /srv/here
	cat >other.ctstack <<-'END'
		stack other {
		  subnet lan { range = 10.78.0.0/24 }
		  container b { image = "localhost/a:1"; address = 10.78.0.11; mount /srv/here -> /b }
		}
	END
	ctc apply --yes other.ctstack
	pid=$(main_pid ct-other-b)
	rmdir /srv/here
	stack
	ctc apply --yes t.ctstack
	[ "$(main_pid ct-other-b)" = "$pid" ]
	ctc destroy --yes t
	[ "$(main_pid ct-other-b)" = "$pid" ]
	systemctl stop ct-other-b
	expect 1 ctc apply --yes other.ctstack
	contains "$out" 'other.b mounts /srv/here, which is not on this host'
	ctc destroy --yes other
}
