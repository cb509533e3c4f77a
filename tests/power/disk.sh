#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes what a virtual machine for power cuts boots from, without root's mounts and without a mirror of whole systems: Debian's kernel for clouds, a first file system that loads
# what the disk needs, and the disk, an ext4 with this machine's own packages (those that a host needs, and what they depend on) and the ctc that has fault points.
#	disk.sh DIR STAGE	DIR gets vmlinuz, initrd and disk.img; STAGE is a tree from `make install DESTDIR=STAGE`. The kernel is fetched once, into build/power.
set -eu -o pipefail
cd "$(dirname "$0")/../.."
dir=$1 stage=$2 kernel=build/power
. tests/host/root.sh
packages="systemd systemd-container dbus nftables iproute2 procps busybox-static libjansson4 libmnl0 libnettle8 libnftnl11 libyaml-0-2"

# Prints the packages that are named, what they depend on and what is essential, of those that are installed.
closure() {
	dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Essential}\t${Provides}\t${Pre-Depends}, ${Depends}\n' | awk -F'\t' -v wanted="$*" '
	$1 !~ /^.i/ { next }
	{ depends[$2] = $5; if ($3 == "yes") wanted = wanted " " $2 }
	{ n = split($4, name, /, */); for (i = 1; i <= n; i++) { sub(/[ (].*/, "", name[i]); provider[name[i]] = $2 } }
	function take(name,   and, or, i, j, n, k) {
		if (!(name in depends)) name = provider[name]
		if (name == "" || name in taken) return
		taken[name] = 1
		print name
		n = split(depends[name], and, /, */)
		for (i = 1; i <= n; i++) {
			k = split(and[i], or, / *\| */)
			for (j = 1; j <= k; j++) {
				sub(/[ (:].*/, "", or[j])
				if (or[j] in depends || or[j] in provider) { queue[++last] = or[j]; break }
			}
		}
	}
	END { last = split(wanted, queue, " "); for (at = 1; at <= last; at++) take(queue[at]) }'
}

fetch_kernel() {
	local package
	[ ! -d $kernel/lib ] || return 0
	package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
	rm -rf $kernel $kernel.new && mkdir -p $kernel.new
	(cd $kernel.new && apt-get -q -o APT::Sandbox::User=root download "${package:-linux-image-cloud-amd64}" >/dev/null && dpkg -x ./*.deb . && rm ./*.deb)
	busybox depmod -b $kernel.new "$(ls $kernel.new/lib/modules)"
	mv $kernel.new $kernel
}

make_initrd() {
	local root=$dir/initrd.d module
	rm -rf "$root" && mkdir -p "$root"/{bin,dev,proc,root}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
		cp "$(find $kernel/lib/modules -name "$module.ko")" "$root/$module.ko"
		echo "insmod /$module.ko"
	done >"$root/load"
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t devtmpfs dev /dev
		. /load
		mount -t ext4 -o commit=300 /dev/vda /root
		mount -o move /dev /root/dev
		exec switch_root /root /usr/lib/systemd/systemd
	END
	chmod 755 "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$dir/initrd"
	rm -rf "$root"
}

# What a test host binds from the machine, copied; and a tree for each container to run in.
fill_usr() {
	local root=$1 tree
	# shellcheck disable=SC2086
	closure $packages | xargs dpkg-query -L | sed -nE 's,^/(bin|sbin|lib|lib64)/,/usr/&,; s,//,/,; /^\/usr\//p' |
		grep -vE '^/usr/(share/(doc|man|info|locale|icons|zsh|bash-completion|perl|lintian|common-licenses)|lib/(x86_64-linux-gnu/(perl|gconv)))/' | sort -u |
		while read -r path; do if [ -L "$path" ] || [ -f "$path" ]; then echo "$path"; fi; done >"$dir/files"
	tar -C / -cf - --no-recursion -T "$dir/files" | tar -C "$root" -xf -
	cp -a "$stage/usr/local" "$root/usr/local"
	ln -s ../bin/busybox "$root/usr/sbin/modprobe"
	cp -a $kernel/lib/modules "$root/usr/lib/modules"
	for tree in "$root"/srv/{a,b,c}; do mkdir -p "$tree"/{dev,etc,proc,run,sys,tmp,usr,var/tmp} && cp build/probe "$tree/probe"; done
	mkdir -p "$root/src/build" && cp -a tests "$root/src/tests" && cp -a build/probe "$root/src/build/probe"
}

# Two units of its own: what cuts the power during a boot is there before ctc is, and who takes orders comes when all is up.
fill_etc() {
	local etc=$1/etc/systemd/system unit
	for unit in getty.target serial-getty@.service modprobe@.service systemd-sysusers.service systemd-random-seed.service systemd-update-utmp.service \
		systemd-update-utmp-runlevel.service systemd-user-sessions.service systemd-tmpfiles-clean.timer sys-kernel-config.mount sys-fs-fuse-connections.mount dev-mqueue.mount dev-hugepages.mount \
		sys-kernel-debug.mount sys-kernel-tracing.mount systemd-repart.service systemd-pstore.service apt-daily.timer; do ln -s /dev/null "$etc/$unit"; done
	cat >"$etc/power-arm.service" <<-'END'
		[Unit]
		DefaultDependencies=no
		Before=ctstack-network.service ctstack-recover.service
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=/bin/bash /src/tests/power/inside.sh arm
	END
	mkdir -p "$etc/sysinit.target.wants"
	ln -s ../power-arm.service "$etc/sysinit.target.wants/power-arm.service"
	cat >"$etc/power.service" <<-'END'
		[Service]
		Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root
		Delegate=yes
		ExecStart=/bin/bash /src/tests/power/inside.sh serve
	END
	ln -s ../power.service "$etc/multi-user.target.wants/power.service"
}

mkdir -p "$dir"
fetch_kernel
cp $kernel/boot/vmlinuz-* "$dir/vmlinuz"
make_initrd
make_root "$dir/root" power
fill_usr "$dir/root"
fill_etc "$dir/root"
mke2fs -q -t ext4 -d "$dir/root" "$dir/disk.img" 2G
rm -rf "$dir/root" "$dir/files"
