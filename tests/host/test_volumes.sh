# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Data: where it is kept, that it stays as it is, and what a backup program is told. The functions build on each other.

source_text() {
	cat <<-SRC
		stack media {
		  subnet lan { range = 10.81.0.0/24 }
		  container sonarr {
		    image   = "localhost/web:1"
		    address = 10.81.0.2
		    volume config { at = /config; category = media; owner = 1000:1000; mode = 0750; backup = true }
		    volume cache  { at = /cache }
		    $*
		  }
		}
	SRC
}

test_a_category_is_a_place() {
	image localhost/web:1
	source_text 'volume data { at = /data; category = databases }' >m.ctstack
	ctc apply --yes m.ctstack
	equal "$(stat -c '%u:%g %a' /opt/media/sonarr/config)" "1000:1000 750"
	equal "$(stat -c '%u:%g %a' /opt /opt/media /opt/media/sonarr | sort -u)" "0:0 755"
	touch /opt/media/sonarr/config/kept
	[ -e "/proc/$(podman inspect --format '{{.State.Pid}}' ct-media-sonarr)/root/config/kept" ]
}

test_what_is_there_already_stays_and_is_told() {
	source_text 'volume data { at = /data; category = databases }' >m.ctstack
	chown 7:8 /opt/media/sonarr/config
	chmod 0700 /opt/media/sonarr/config
	expect 0 ctc plan --detailed-exitcode m.ctstack
	contains "$out" "/opt/media/sonarr/config stays as it is, 7:8 0700: the source says 1000:1000 0750"
	ctc plan --format json m.ctstack >plan.json
	contains "$(cat plan.json)" '"notes":["/opt/media/sonarr/config stays as it is'
	ctc apply --yes m.ctstack
	equal "$(stat -c '%u:%g %a' /opt/media/sonarr/config)" "7:8 700"
	contains "$(ctc status)" "/opt/media/sonarr/config is 7:8 0700: the source says 1000:1000 0750"
	contains "$(ctc status --json)" '"notes":["/opt/media/sonarr/config is 7:8 0700'
	contains "$(ctc status)" "No drift"
	chown 1000:1000 /opt/media/sonarr/config
	chmod 0750 /opt/media/sonarr/config
	ctc plan m.ctstack >plan
	lacks "$(cat plan)" "stays as it is"
}

test_what_is_to_be_backed_up() {
	equal "$(ctc volumes --backup --format paths)" /opt/media/sonarr/config
	equal "$(ctc volumes --format paths media)" "/opt/databases/sonarr/data
/opt/media/sonarr/config
/var/lib/ctstack/volumes/media/sonarr/cache"
	contains "$(ctc volumes)" "media.sonarr  1000:1000 0750  backup"
	contains "$(ctc volumes --format json)" '{"path":"/opt/media/sonarr/config","container":"media.sonarr","owner":"1000:1000","mode":"0750","backup":true}'
	expect 1 ctc volumes nothing
}

test_data_outlives_its_volume_and_its_stack() {
	source_text >m.ctstack
	expect 0 ctc apply --yes m.ctstack
	[ -d /opt/databases/sonarr/data ]
	expect 0 ctc destroy --yes media
	contains "$out" "volume config stays in /opt/media/sonarr/config"
	[ -e /opt/media/sonarr/config/kept ]
}

# A file system that the host has mounted below is shown, and no more to be written than what it is mounted in.
test_what_may_only_be_read_is_so_with_what_is_mounted_below() {
	local c root
	mkdir -p /srv/shelf/disk /srv/other/disk
	mount -t tmpfs tmpfs /srv/shelf/disk
	mount -t tmpfs tmpfs /srv/other/disk
	echo there | tee /srv/shelf/disk/book >/srv/other/disk/book
	mkdir -p /srv/tree/{etc,proc,sys,dev,run,tmp,usr}
	cp /src/build/probe /srv/tree/probe
	echo ID=tree >/srv/tree/etc/os-release
	cat >shelf.ctstack <<-'SRC'
		stack shelf {
		  subnet lan { range = 10.82.0.0/24 }
		  container image {
		    image = "localhost/web:1"
		    mount /srv/shelf -> /shelf { readonly = true }
		    volume other { at = /other; from = /srv/other; readonly = true }
		    mount /srv/shelf -> /open
		    ports { http = 80/tcp }
		    ready { tcp = http }
		  }
		  container tree {
		    rootfs  = /srv/tree
		    command = ["/probe", "serve", "80"]
		    mount /srv/shelf -> /shelf { readonly = true }
		    volume other { at = /other; from = /srv/other; readonly = true }
		    mount /srv/shelf -> /open
		    ports { http = 80/tcp }
		    ready { tcp = http }
		  }
		}
	SRC
	expect 0 ctc apply --yes shelf.ctstack
	for c in "$(podman inspect --format '{{.State.Pid}}' ct-shelf-image)" "$(machinectl show --property=Leader --value ct-shelf-tree)"; do
		root=/proc/$c/root
		equal "$(cat "$root/shelf/disk/book" "$root/other/disk/book" | xargs)" "there there"
		for place in shelf shelf/disk other other/disk; do
			run touch "$root/$place/mine"
			contains "$out" "Read-only file system"
		done
		touch "$root/open/mine" "$root/open/disk/mine"
		rm "$root/open/mine" "$root/open/disk/mine"
	done
	expect 0 ctc plan --detailed-exitcode shelf.ctstack
	ctc destroy --yes shelf
	refute [ -e /run/ctstack/hooks/readonly.json ]
	umount /srv/shelf/disk /srv/other/disk
}
