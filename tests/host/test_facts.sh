# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The facts of a host, taken there and used elsewhere: what a plan by them refuses is what an apply on the host itself does (spec/manifest.md, Facts).

stack() {
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.77.0.0/24 }
		  container a { image = "localhost/a:1"; address = 10.77.0.11; ports { http = 80/tcp }; $1 }
		  publish 127.0.0.1:8080 -> a.http
		}
	END
}

# elsewhere COMMAND...: as nobody, without a host to look at
elsewhere() { setpriv --reuid=65534 --regid=65534 --clear-groups unshare --user --net --mount "$@"; }

test_they_serve_a_plan_elsewhere() {
	local server
	chmod 755 .
	image localhost/a:1
	probe serve 8080 >/dev/null &
	server=$!
	eventually 5 probe connect 127.0.0.1 8080
	ctc facts --json >taken.json
	ends_all $server
	eventually 5 refute probe connect 127.0.0.1 8080
	ctc facts --json >free.json
	stack ''
	expect 0 elsewhere ctc plan --facts "$PWD/free.json" "$PWD/t.ctstack"
	contains "$out" "Plan: 1 new; 1 port opens."
	expect 1 elsewhere ctc plan --facts "$PWD/taken.json" "$PWD/t.ctstack"
	contains "$out" "a program listens on port 8080 of this host already"
}

# Here and there the same is refused, and the same taken.
test_they_refuse_what_the_host_would() {
	local wants
	ctc facts --json >host.json
	for wants in 'gpu = nvidia' 'device x { from = /dev/no-such-thing }' 'device x { from = /dev/net/tun }' 'init = true' ''; do
		stack "$wants"
		run ctc plan t.ctstack
		here=$status
		run ctc plan --facts host.json t.ctstack
		equal "$wants: $status" "$wants: $here"
	done
	stack 'gpu = nvidia'
	expect 1 ctc plan --facts host.json t.ctstack
	contains "$out" "this host has no nvidia GPU"
}
