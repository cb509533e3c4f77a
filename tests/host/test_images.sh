# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Images: fetched from a registry (a directory that `probe files` serves) before anything is changed, run by their id, and kept by it.

# publish_image NAME ANSWER: a version of NAME:1 in the registry
publish_image() {
	local blobs manifest
	image localhost/made:1 80 PROBE_NAME="$2"
	podman push --quiet --format v2s2 localhost/made:1 dir:made 2>/dev/null
	mkdir -p "/srv/registry/v2/$1/manifests" "/srv/registry/v2/$1/blobs"
	for blob in made/*; do
		case "${blob##*/}" in
		manifest.json) cp "$blob" "/srv/registry/v2/$1/manifests/1" && cp "$blob" "/srv/registry/v2/$1/manifests/sha256:$(sha256sum <"$blob" | cut -d' ' -f1)" ;;
		version) ;;
		*) cp "$blob" "/srv/registry/v2/$1/blobs/sha256:${blob##*/}" ;;
		esac
	done
	podman rmi localhost/made:1 >/dev/null
}

serve_registry() {
	printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >/etc/containers/registries.conf.d/test.conf
	systemd-run --quiet --collect --unit=registry --property=Type=exec /src/build/probe files 5000 /srv/registry
	eventually 5 probe connect 127.0.0.1 5000
}

stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a {
		    image = "127.0.0.1:5000/lab/web:1"
		    address = 10.77.0.11
		    ports { http = 80/tcp }
		    ready { http = "/" }
		    $*
		  }
		}
	END
}

test_a_missing_image_is_fetched() {
	mkdir -p /etc/containers/registries.conf.d
	publish_image lab/web first
	serve_registry
	stack
	expect 0 ctc plan t.ctstack
	contains "$out" "127.0.0.1:5000/lab/web:1"
	refute podman image exists 127.0.0.1:5000/lab/web:1
	expect 0 ctc apply --yes t.ctstack
	contains "$out" "fetch 127.0.0.1:5000/lab/web:1"
	grep -Eq '^ +[0-9.]+s  layer 1 of 127.0.0.1:5000/lab/web:1: [0-9a-f]{12}$' <<<"$out"
	grep -Eq '^ +[0-9.]+s  fetched 127.0.0.1:5000/lab/web:1 \([0-9]+ s\)$' <<<"$out"
	equal "$(probe get 10.77.0.11 80 /)" "first ok"
}

test_a_tag_that_moves_changes_nothing() {
	local before
	before=$(main_pid ct-t-a.service)
	publish_image lab/web second
	podman pull --quiet 127.0.0.1:5000/lab/web:1 >/dev/null
	stack
	expect 0 ctc plan --detailed-exitcode t.ctstack
	contains "$out" "Nothing to do"
	stack 'limits { tasks = 100 }'
	expect 0 ctc apply --yes t.ctstack
	equal "$(probe get 10.77.0.11 80 /)" "first ok"
	systemctl stop registry.service
	expect 0 ctc rollback
	equal "$(probe get 10.77.0.11 80 /)" "first ok"
}

test_an_image_that_was_removed_is_named() {
	local id
	id=$(podman inspect --format '{{.Image}}' ct-t-a)
	stack
	expect 0 ctc destroy --yes t
	podman rmi --force "$id" >/dev/null
	expect 1 ctc rollback
	contains "$out" "127.0.0.1:5000/lab/web:1"
	contains "$out" "Nothing was changed"
}

# A plan means one moment: what podman said of images when it was bound holds when the host is looked at.
test_a_plan_asks_podman_once() {
	image localhost/once:1
	stack
	mkdir -p once
	cp /usr/bin/podman once/
	printf '#!/bin/sh\necho "$*" >>%s/asked\nexec %s/once/podman "$@"\n' "$PWD" "$PWD" >once.sh
	chmod 755 once.sh
	sed 's|127.0.0.1:5000/lab/web:1|localhost/once:1|' t.ctstack >once.ctstack
	ctc apply --yes once.ctstack
	rm -f asked
	expect 0 unshare --mount sh -c 'mount --bind once.sh /usr/bin/podman && ctc plan once.ctstack'
	equal "$(grep -c '^image inspect' asked)" 1
	equal "$(grep -cv '^image inspect' asked)" 1
	# What is gone by the time that an apply begins is seen all the same.
	expect 0 ctc destroy --yes t
}

# Whoever waits for a slow registry sees that something is done. A host on which podman is slow, for one apply.
test_a_slow_fetch_is_told_of() {
	systemctl is-active --quiet registry.service || serve_registry
	publish_image lab/slow slow
	mkdir real
	cp /usr/bin/podman real/
	printf '#!/bin/sh\n[ "$1" != pull ] || sleep 12\nexec %s/real/podman "$@"\n' "$PWD" >fake
	chmod 755 fake
	stack
	sed -i 's|lab/web|lab/slow|' t.ctstack
	expect 0 unshare --mount sh -c 'mount --bind fake /usr/bin/podman && ctc apply --yes t.ctstack'
	contains "$out" "still at 127.0.0.1:5000/lab/slow:1 (10 s)"
	contains "$out" "layer 1 of 127.0.0.1:5000/lab/slow:1"
	expect 0 ctc destroy --yes t
	systemctl stop registry.service
}

# An archive is what its bytes are: loaded once, another image when the file is another one.
test_a_lock_pins_what_a_name_means() {
	local digest
	mkdir -p pinned
	publish_image lab/pinned first
	serve_registry
	digest=sha256:$(sha256sum </srv/registry/v2/lab/pinned/manifests/1 | cut -d' ' -f1)
	printf 'stack p {\n  subnet lan { range = 10.77.2.0/24 }\n  container x { image = "127.0.0.1:5000/lab/pinned:1"; address = 10.77.2.11; ports { http = 80/tcp }; ready { http = "/" } }\n}\n' >pinned/p.ctstack
	expect 0 ctc lock pinned/p.ctstack
	expect 1 ctc check --locked pinned/p.ctstack
	contains "$out" 'the image `127.0.0.1:5000/lab/pinned:1` is not locked'
	expect 0 ctc lock --images pinned/p.ctstack
	equal "$(grep '^image' pinned/ctstack.lock)" "image 127.0.0.1:5000/lab/pinned:1 $digest"
	# somebody pushes another image under the name, and this host has none of them any more
	publish_image lab/pinned second
	podman rmi 127.0.0.1:5000/lab/pinned:1 >/dev/null
	expect 0 ctc apply --yes --locked pinned/p.ctstack
	equal "$(probe get 10.77.2.11 80 /)" "first ok"
	# what is locked stays so until it is asked for anew
	expect 0 ctc lock --images pinned/p.ctstack
	equal "$(grep '^image' pinned/ctstack.lock)" "image 127.0.0.1:5000/lab/pinned:1 $digest"
	expect 0 ctc lock --update pinned/p.ctstack
	refute grep -q "$digest" pinned/ctstack.lock
	expect 0 ctc apply --yes --locked pinned/p.ctstack
	equal "$(probe get 10.77.2.11 80 /)" "second ok"
	systemctl stop registry
	expect 0 ctc destroy --yes p
}

test_an_archive_is_loaded_and_run_by_its_content() {
	local first
	archive() {
		image localhost/packed:1 80 PROBE_NAME="$1"
		podman save --quiet --format "$2" --output /srv/packed.tar localhost/packed:1
		podman rmi localhost/packed:1 >/dev/null
	}
	printf 'stack a {\n  subnet lan { range = 10.77.1.0/24 }\n  container x { archive = /srv/packed.tar; address = 10.77.1.11; ports { http = 80/tcp }; ready { http = "/" } }\n}\n' >a.ctstack
	expect 1 ctc plan a.ctstack
	contains "$out" "the archive /srv/packed.tar is not on this host"
	contains "$out" "a.ctstack:3:"
	archive first docker-archive
	expect 0 ctc plan a.ctstack
	contains "$out" "archive:/srv/packed.tar"
	expect 0 ctc apply --yes a.ctstack
	contains "$out" "fetch archive:/srv/packed.tar"
	contains "$out" "layer 1 of archive:/srv/packed.tar: "
	equal "$(probe get 10.77.1.11 80 /)" "first ok"
	expect 0 ctc plan --detailed-exitcode a.ctstack
	first=$(main_pid ct-a-x.service)
	rm /srv/packed.tar
	archive second oci-archive
	expect 2 ctc plan --detailed-exitcode a.ctstack
	expect 0 ctc apply --yes a.ctstack
	equal "$(probe get 10.77.1.11 80 /)" "second ok"
	[ "$(main_pid ct-a-x.service)" != "$first" ]
	# the generation has the image, not the file
	rm /srv/packed.tar
	expect 0 ctc rollback
	equal "$(probe get 10.77.1.11 80 /)" "first ok"
	echo nonsense >/srv/packed.tar
	expect 1 ctc apply --yes a.ctstack
	contains "$out" "cannot load the archive /srv/packed.tar: it is no OCI or Docker archive"
	equal "$(probe get 10.77.1.11 80 /)" "first ok"
	ctc destroy --yes a
}
