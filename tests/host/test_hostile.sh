# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A host that is against us: full or read-only disks, programs that hang, links where root writes, damaged files, two at once. Each time one sentence, the status that was promised,
# and the old generation, whole (spec/transaction.md).

cd /root
state=/var/lib/ctstack

# stack [LINE...]
stack() {
	cat >h.ctstack <<-END
		stack h {
		  subnet lan { range = 10.79.0.0/24 }
		  container a {
		    image   = "localhost/a:1"
		    address = 10.79.0.11
		    ports  { http = 80/tcp }
		    ready  { tcp = http }
		  }
		$(printf '  %s\n' "$@")
		}
	END
}
change() { stack 'publish 127.0.0.1:8080 -> a.http' 'container b { image = "localhost/a:1"; address = 10.79.0.12; volume data { at = /data } }'; }

digest() {
	quiet
	systemctl list-units --all --plain --no-legend 'ct*' | awk '{ print $1, $2, $3, $4 }' | sort
	nft -s list ruleset
	ip -o link | sed 's/^[0-9]*: //' | sort
	ip netns list | sort
	readlink $state/current /run/ctstack/active || true
	main_pid ct-h-a.service
	ls $state $state/generations
}

# as_before STATUS TEXT COMMAND...: it ends so, says so, and the host is as it was.
as_before() {
	local want=$1 text=$2
	shift 2
	digest >before
	expect "$want" "$@"
	contains "$out" "$text"
	digest >after
	diff before after
}

test_a_stack_runs() {
	image localhost/a:1
	stack
	expect 0 ctc apply --yes h.ctstack
}

test_a_read_only_disk() {
	change
	mount --bind $state $state
	mount -o remount,bind,ro $state
	as_before 1 "Read-only file system" ctc apply --yes h.ctstack
	as_before 1 "Read-only file system" ctc destroy --yes h
	eventually 10 umount $state
}

# Whatever room there is left: the change is made, or it is not.
test_a_full_disk() {
	local room
	change
	cp -a $state copy
	for room in 0 4 8 16 24 32 40 64 96 128; do
		mount -t tmpfs -o size=1m,mode=0700 none $state
		cp -a copy/. $state/
		head -c 2000000 /dev/zero >$state/filler 2>/dev/null || true
		truncate -s -$((room * 1024)) $state/filler
		digest >before
		run ctc apply --yes h.ctstack
		if [ "$status" = 0 ]; then
			expect 0 ctc plan --detailed-exitcode h.ctstack
			rm $state/filler
			expect 0 ctc rollback 1
		else
			contains "$out" "No space left on device"
			[ "$status" = 1 ] || [ "$status" = 3 ]
			digest >after
			diff before after
		fi
		echo "room $room KiB: status $status"
		eventually 10 umount $state # the watcher looks once more after a change
	done
	equal "$status" 0
	rm -r copy
}

test_links_where_root_writes_are_not_followed() {
	local name
	change
	mkdir -p /srv/elsewhere
	for name in request progress; do
		rm -f /run/ctstack/$name
		echo precious >/srv/elsewhere/$name
		ln -s /srv/elsewhere/$name /run/ctstack/$name
	done
	for name in journal history pending; do
		[ ! -e $state/$name ] || mv $state/$name saved
		ln -s /srv/elsewhere/$name $state/$name
		run ctc apply --yes h.ctstack
		refute test -e /srv/elsewhere/$name
		rm -f $state/$name
		[ ! -e saved ] || mv saved $state/$name
	done
	run ctc rollback 1
	equal "$(cat /srv/elsewhere/request /srv/elsewhere/progress | xargs)" "precious precious"
}

test_a_link_above_a_volume_is_not_followed() {
	change
	rm -rf $state/volumes/h
	mkdir -p $state/volumes
	ln -s /srv/elsewhere $state/volumes/h
	as_before 1 "symbolic link" ctc apply --yes h.ctstack
	refute test -e /srv/elsewhere/b
	rm $state/volumes/h
}

test_a_link_in_the_place_of_the_state_is_not_followed() {
	change
	rm -f /run/ctstack/lock
	ln -s /srv/elsewhere/lock /run/ctstack/lock
	as_before 1 "symbolic link" ctc apply --yes h.ctstack
	refute test -e /srv/elsewhere/lock
	rm /run/ctstack/lock
	mv $state /srv/state
	ln -s /srv/state $state
	expect 1 ctc apply --yes h.ctstack
	contains "$out" "symbolic link"
	rm $state
	mv /srv/state $state
}

test_two_at_once() {
	local one two a b
	change
	ctc apply --yes h.ctstack >one 2>&1 &
	one=$!
	ctc apply --yes h.ctstack >two 2>&1 &
	two=$!
	a=0 b=0
	wait $one || a=$?
	wait $two || b=$?
	# One makes it; the other one waits for nothing, or comes late and finds nothing to do.
	case "$a $b" in "0 4" | "4 0" | "0 0") ;; *) cat one two; echo "$a $b"; return 1 ;; esac
	expect 0 ctc plan --detailed-exitcode h.ctstack
	expect 0 ctc rollback 1
}

# flip FILE AT
flip() {
	printf "\\x$(printf %02x $((0x$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tx1 | tr -d ' ') ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

test_a_damaged_byte_is_named_and_everything_runs_on() {
	local file at
	change
	for file in manifest.json meta.json SHA256SUMS; do
		for at in 0 100; do
			flip $state/generations/0001/$file $at
			as_before 1 "generations/0001/$file is not as it was written" ctc apply --yes h.ctstack
			expect 1 ctc status
			contains "$out" "$file"
			probe connect 10.79.0.11 80
			flip $state/generations/0001/$file $at
		done
	done
	expect 0 ctc status
	contains "$out" "No drift"
}

test_a_damaged_journal_is_named() {
	without_settling
	stack 'container slow { image = "localhost/a:1"; address = 10.79.0.13; ports { no = 9/tcp }; ready { tcp = no; within = 30s } }'
	ctc apply --yes h.ctstack >log 2>&1 &
	eventually 20 grep -q 'start ct-h-slow.service' log
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	wait || true
	with_settling
	flip $state/journal 30
	expect 5 ctc recover
	contains "$out" "/var/lib/ctstack/journal is damaged"
	expect 5 ctc apply --yes h.ctstack
	contains "$out" "/var/lib/ctstack/journal is damaged"
	probe connect 10.79.0.11 80
	flip $state/journal 30
	expect 0 ctc recover
	contains "$out" "generation 1 runs"
	stack
	expect 0 ctc plan --detailed-exitcode h.ctstack
}

# The bus that everything is asked over says nothing any more. Before a change, whoever waits for it may end that; in the midst of one it is waited for.
test_a_bus_that_stops_answering() {
	local bus ctc
	bus=$(main_pid dbus.service)
	change
	digest >before
	kill -STOP "$bus"
	ctc apply --yes h.ctstack >log 2>&1 &
	ctc=$!
	eventually 10 hears $ctc
	kill -INT $ctc
	status=0
	wait $ctc || status=$?
	kill -CONT "$bus"
	equal "$status" 1
	contains "$(cat log)" "nothing was changed"
	digest >after
	diff before after
	image localhost/slow:1 80 PROBE_DELAY_MS=3000
	stack 'container slow { image = "localhost/slow:1"; address = 10.79.0.13; ports { http = 80/tcp }; ready { tcp = http; within = 60s } }'
	ctc apply --yes h.ctstack >log 2>&1 &
	ctc=$!
	eventually 60 grep -q 'start ct-h-slow.service' log
	kill -STOP "$bus"
	sleep 6
	kill -CONT "$bus"
	wait $ctc
	expect 0 ctc plan --detailed-exitcode h.ctstack
	stack
	expect 0 ctc apply --yes h.ctstack
}

# The service may open only so many files, on its way back, too; then whoever asks may.
test_too_few_descriptors() {
	local n failed=0 limit=/run/systemd/system/ctstack-transaction.service.d/limit.conf
	# Data stays: its directory is there from now on.
	change
	expect 0 ctc apply --yes h.ctstack
	stack
	expect 0 ctc apply --yes h.ctstack
	change
	digest >before
	mkdir -p "$(dirname $limit)"
	for n in 5 7 9 11 13 15 17; do
		printf '[Service]\nLimitNOFILE=%s\n' "$n" >$limit
		systemctl daemon-reload
		run ctc apply --yes h.ctstack
		rm $limit
		systemctl daemon-reload
		case "$status" in 0) break ;; 1 | 3 | 5) ;; *) printf 'status %s with %s descriptors\n%s\n' "$status" "$n" "$out"; return 1 ;; esac
		failed=$((failed + 1))
		expect 0 ctc recover
		digest >after
		diff before after
	done
	[ $failed -gt 2 ]
	stack
	expect 0 ctc apply --yes h.ctstack
	change
	digest >before
	for n in 5 7 9 11; do
		run prlimit --nofile="$n" ctc apply --yes h.ctstack
		[ "$status" != 0 ] || break
		equal "$status" 1
		contains "$out" "Too many open files"
		digest >after
		diff before after
	done
	stack
	expect 0 ctc apply --yes h.ctstack
}

# A podman that never answers, before anything was changed.
test_a_podman_that_hangs() {
	printf '#!/bin/sh\nexec sleep 600\n' >fake
	chmod 755 fake
	change
	as_before 1 "podman did not end within 60 s" unshare --mount sh -c 'mount --bind fake /usr/bin/podman && exec ctc apply --yes h.ctstack'
}

# The generation in force is gone: what runs goes on, the error says the way, and the way leads there.
test_a_lost_generation_is_begun_anew() {
	local current=$(readlink $state/current)
	mv $state/$current kept
	as_before 1 "ln -sfn generations/0000 /var/lib/ctstack/current" ctc apply --yes h.ctstack
	expect 1 ctc status
	contains "$out" "put it back from a backup"
	# what was done is known all the same
	expect 1 ctc history
	contains "$out" "apply     0 -> 1        done"
	contains "$out" "Generation ${current##*/000} is current."
	contains "$out" "put it back from a backup"
	probe connect 10.79.0.11 80
	ln -sfn generations/0000 $state/current
	expect 0 ctc apply --yes h.ctstack
	probe connect 10.79.0.11 80
	expect 0 ctc status
	contains "$out" "No drift"
	expect 0 ctc plan --detailed-exitcode h.ctstack
}
