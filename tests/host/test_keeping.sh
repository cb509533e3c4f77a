# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What is kept and how it goes: generations, images, data; and what two generations have not in common.

cd /root

# stack IMAGE [LINE...]
stack() {
	cat >k.ctstack <<-END
		stack k {
		  subnet lan { range = 10.79.0.0/24 }
		  container a {
		    image   = "localhost/$1:1"
		    address = 10.79.0.11
		    ports  { http = 80/tcp }
		    volume data { at = /data }
		  }
		$(shift && printf '  %s\n' "$@")
		}
	END
}
generations() { find /var/lib/ctstack/generations -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs; }

test_generations_are_made() {
	local n
	for n in a b c d; do
		image localhost/$n:1 80 PROBE_NAME=$n
		stack $n
		expect 0 ctc apply --yes k.ctstack
	done
	stack d '  publish 127.0.0.1:8080 -> a.http'
	SUDO_USER=ana expect 0 ctc apply --yes k.ctstack
	equal "$(generations)" "0000 0001 0002 0003 0004 0005"
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "ana"
	contains "$(tail -n 3 <<<"$out")" "4 -> 5"
}

test_two_generations_are_compared() {
	expect 0 ctc diff 4 5
	contains "$out" "+ 127.0.0.1:8080/tcp"
	contains "$out" "1 port opens"
	expect 0 ctc diff 5 4
	contains "$out" "- 127.0.0.1:8080/tcp"
	expect 0 ctc diff 3
	contains "$out" "localhost/c:1 -> localhost/d:1"
	expect 0 ctc diff 2 2
	contains "$out" "Nothing to do"
	contains "$(ctc diff --format json 4 5)" '"ports"'
	expect 1 ctc diff 4 77
	contains "$out" "no generation 77"
	expect 1 ctc diff
	expect 1 ctc diff x
}

test_old_generations_and_their_images_go() {
	local a d
	a=$(podman image inspect -f '{{.ID}}' localhost/a:1)
	d=$(podman image inspect -f '{{.ID}}' localhost/d:1)
	expect 0 ctc gc
	contains "$out" "Nothing to remove"
	expect 1 ctc gc --keep 2 </dev/null
	contains "$out" "generation 1 "
	contains "$out" "localhost/a:1"
	contains "$out" "give --yes"
	equal "$(generations)" "0000 0001 0002 0003 0004 0005"
	expect 0 ctc gc --keep 2 --yes
	equal "$(generations)" "0000 0004 0005"
	refute podman image exists "$a"
	podman image exists "$d"
	expect 0 ctc rollback
	contains "$out" "generation 4 runs"
	# The newest is not the current one; its base is gone, and it stays.
	expect 0 ctc gc --keep 1 --yes
	equal "$(generations)" "0000 0004 0005"
	expect 1 ctc gc --keep 0
}

test_an_image_that_is_used_stays() {
	podman create --name other localhost/d:1 >/dev/null
	image localhost/e:1 80 PROBE_NAME=e
	stack e
	expect 0 ctc apply --yes k.ctstack
	stack e 'publish 127.0.0.1:8081 -> a.http'
	expect 0 ctc apply --yes k.ctstack
	expect 0 ctc gc --keep 1 --yes
	contains "$out" "podman keeps the image"
	podman image exists localhost/d:1
	equal "$(generations)" "0000 0006 0007"
	podman rm other >/dev/null
}

test_data_that_is_used_stays() {
	echo precious >/var/lib/ctstack/volumes/k/a/data/x
	expect 0 ctc prune --yes
	contains "$out" "Nothing to remove"
	equal "$(cat /var/lib/ctstack/volumes/k/a/data/x)" precious
}

test_data_that_nobody_uses_is_shown_and_goes() {
	mkdir -p /srv/elsewhere
	echo mine >/srv/elsewhere/x
	ln -s /srv/elsewhere /var/lib/ctstack/volumes/k/a/data/link
	mkdir /var/lib/ctstack/volumes/k/a/data/deep
	head -c 3000000 /dev/urandom >/var/lib/ctstack/volumes/k/a/data/deep/big
	expect 0 ctc destroy --yes k
	test -e /var/lib/ctstack/volumes/k/a/data/x
	expect 1 ctc prune </dev/null
	contains "$out" "/var/lib/ctstack/volumes/k/a/data"
	contains "$out" "2.9 MiB in 3 files"
	test -e /var/lib/ctstack/volumes/k/a/data/x
	expect 0 ctc prune --yes
	refute test -e /var/lib/ctstack/volumes/k
	equal "$(cat /srv/elsewhere/x)" mine
	expect 0 ctc history
	contains "$(tail -n 3 <<<"$out")" "prune"
}

# A mount in the tree, and a tree that is a link: neither is entered.
test_nothing_beyond_the_tree_goes() {
	mkdir -p /var/lib/ctstack/volumes/x/y/z/mnt /srv/other
	echo mine >/srv/other/x
	mount --bind /srv /var/lib/ctstack/volumes/x/y/z/mnt
	mount -t tmpfs none /var/lib/ctstack/volumes/x/y/z/mnt
	echo mine >/var/lib/ctstack/volumes/x/y/z/mnt/x
	expect 1 ctc prune --yes
	contains "$out" "cannot remove"
	equal "$(cat /var/lib/ctstack/volumes/x/y/z/mnt/x)" mine
	umount /var/lib/ctstack/volumes/x/y/z/mnt
	umount /var/lib/ctstack/volumes/x/y/z/mnt
	rm -r /var/lib/ctstack/volumes/x/y/z
	ln -s /srv/other /var/lib/ctstack/volumes/x/y/z
	run ctc prune --yes
	equal "$(cat /srv/other/x)" mine
	test -L /var/lib/ctstack/volumes/x/y/z
}
