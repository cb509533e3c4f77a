# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The disk refuses: it is full at every page that a change could need, or it may only be read. The change is refused or goes back, says why, and what runs goes on running.

# stack PORT
stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a {
		    image = "localhost/a:1"
		    address = 10.77.0.11
		    ports { http = 80/tcp }
		  }
		  publish 127.0.0.1:$1 -> a.http
		}
	END
}

# The policy and what runs.
host_is() {
	nft list table inet ctstack | sed 's/packets [0-9]* bytes [0-9]*//'
	main_pid ct-t-a.service
	readlink /var/lib/ctstack/current
	find /var/lib/ctstack ! -name history | sort
}

test_a_store_of_its_own() {
	image localhost/a:1
	mkdir -m 0700 -p /var/lib/ctstack
	mount -t tmpfs -o size=512k,mode=0700 none /var/lib/ctstack
	stack 8080
	expect 0 ctc apply --yes t.ctstack
	expect 0 probe connect 127.0.0.1 8080
}

# So many free pages that the journal, the link of the commit or the history meets the end, not the generation alone.
test_a_full_disk() {
	local free tries=0
	host_is >before
	stack 8081
	for free in $(seq 0 40); do
		dd if=/dev/zero of=/var/lib/ctstack/ballast bs=4096 2>/dev/null || true
		truncate -s "-$((free * 4096))" /var/lib/ctstack/ballast
		run ctc apply --yes t.ctstack
		rm /var/lib/ctstack/ballast
		[ "$status" != 0 ] || break
		tries=$((tries + 1))
		case "$status" in 1 | 3) ;; *) printf 'status %s with %s free pages\n%s\n' "$status" "$free" "$out"; return 1 ;; esac
		contains "$out" "No space left"
		host_is >after
		diff before after
	done
	equal "$status" 0
	[ "$tries" -gt 3 ]
	expect 0 probe connect 127.0.0.1 8081
	expect 0 ctc plan --detailed-exitcode t.ctstack
}

test_a_disk_that_may_only_be_read() {
	host_is >before
	mount -o remount,ro /var/lib/ctstack
	stack 8082
	expect 1 ctc apply --yes t.ctstack
	contains "$out" "Read-only file system"
	expect 1 ctc destroy --yes t
	contains "$out" "Read-only file system"
	expect 0 ctc status
	expect 2 ctc plan --detailed-exitcode t.ctstack
	host_is >after
	diff before after
	expect 0 probe connect 127.0.0.1 8081
	mount -o remount,rw /var/lib/ctstack
	expect 0 ctc apply --yes t.ctstack
	expect 0 probe connect 127.0.0.1 8082
}
