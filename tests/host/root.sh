# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The root directory of a host that tests boot, sourced by what boots one (host, ../power/disk.sh): everything of its own beside an empty /usr.

make_gpu() {
	local nodes="" node
	case "$1" in
	nvidia) nodes="nvidia0 nvidiactl nvidia-uvm nvidia-uvm-tools nvidia-modeset" ;;
	amd) nodes="kfd dri/renderD128" ;;
	intel) nodes="dri/renderD128" ;;
	*) die "CTC_HOST_GPU is nvidia, amd or intel" ;;
	esac
	# /dev/null by other names: made at each boot, before any service.
	for node in $nodes; do
		[ "$node" = "${node#dri/}" ] || echo "d /dev/dri 0755"
		echo "c /dev/$node 0666 - - - 1:3"
	done
}

# make_root ROOT NAME
make_root() {
	local root=$1 link unit
	mkdir -p "$root"/{usr,etc/systemd/system/multi-user.target.wants,etc/containers,etc/tmpfiles.d,var/tmp,root,run,tmp,dev,proc,sys,src,opt,mnt,home}
	for link in bin lib lib64 sbin; do ln -s "usr/$link" "$root/$link"; done
	cp /usr/lib/os-release "$root/etc/os-release"
	awk -F: '$3 < 1000' /etc/passwd >"$root/etc/passwd"
	awk -F: '$3 < 1000' /etc/group >"$root/etc/group"
	tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
	echo "$2" >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
	printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
	[ ! -d /etc/alternatives ] || cp -a /etc/alternatives "$root/etc/"
	# Other programs that have a say about packets, where they are installed.
	mkdir -p "$root/etc/default"
	for link in protocols services ufw default/ufw firewalld NetworkManager; do [ ! -e "/etc/$link" ] || cp -a "/etc/$link" "$root/etc/$link"; done
	for unit in nftables.service systemd-firstboot.service systemd-logind.service; do ln -s /dev/null "$root/etc/systemd/system/$unit"; done
	# AppArmor's file system, in which podman would look for its profile, is not seen in here.
	printf '[engine]\nruntime = "runc"\ncgroup_manager = "systemd"\nevents_logger = "file"\n[containers]\npids_limit = 0\napparmor_profile = "unconfined"\n' \
		>"$root/etc/containers/containers.conf"
	printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >"$root/etc/containers/policy.json"
	printf 'unqualified-search-registries = []\n' >"$root/etc/containers/registries.conf"
	[ -z "${CTC_HOST_GPU:-}" ] || make_gpu "$CTC_HOST_GPU" >"$root/etc/tmpfiles.d/gpu.conf"
	cat >"$root/etc/systemd/system/world.service" <<-'UNIT'
		[Unit]
		Description=The network beyond the host
		DefaultDependencies=no
		Before=network-pre.target
		Wants=network-pre.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/bash /src/tests/host/world.sh
		[Install]
		WantedBy=multi-user.target
	UNIT
	ln -s ../world.service "$root/etc/systemd/system/multi-user.target.wants/world.service"
}
