# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Packets while the real command works: forbidden ones that are sent all the time, those that a container sends as its very first act, and a connection that is allowed.
# tests/kernel/test_flood.c has the same at thousands of changes. `make check-flood` asks for more of both:
# set: FLOOD_STARTS FLOOD_CHANGES
starts=${FLOOD_STARTS:-12} changes=${FLOOD_CHANGES:-8}

SHOTS="10.92.0.11/7700 fd92::11/7700 203.0.113.1/7700 2001:db8:1::1/7700 10.92.0.254/7700 203.0.113.10/7700"
SINKS="ct-f-a world host"
SENDERS="c c2 c3 c4"	# which start at once
FOREVER=36000000	# milliseconds: until it is ended

stack() {
	cat >/root/f.ctstack <<-END
		stack f {
		  subnet lan { range = 10.92.0.0/24; range6 = fd92::/64; host = 10.92.0.254 }
		  container a { image = "localhost/a:1"; address = 10.92.0.11; address6 = fd92::11; ports { http = 80/tcp; sink = 7700/udp } }
		  container b { image = "localhost/a:1"; address = 10.92.0.12; address6 = fd92::12; ports { http = 80/tcp } }
		  container c { image = "localhost/a:1"; address = 10.92.0.13; address6 = fd92::13; ports { http = 80/tcp }; env { PROBE_SHOTS = "$SHOTS" } }
		  allow b -> a.http
		  container c2 { image = "localhost/a:1"; address = 10.92.0.14; address6 = fd92::14; env { PROBE_SHOTS = "$SHOTS" } }
		  container c3 { image = "localhost/a:1"; address = 10.92.0.15; address6 = fd92::15; env { PROBE_SHOTS = "$SHOTS" } }
		  container c4 { image = "localhost/a:1"; address = 10.92.0.16; address6 = fd92::16; env { PROBE_SHOTS = "$SHOTS" } }
		$(printf '  %s\n' "$@")
		}
	END
}

# Counts what arrives at each sink, until it is asked.
listen() { for at in $SINKS; do counts "sink-$at" "$at" 7700; done; }
# shellcheck disable=SC2086 # words
stop_listening() { counted $(printf 'sink-%s ' $SINKS); }
# Who listens has sent what it sends first.
has_sent() { probe connect "$1" 80; }
nothing_arrived() { for at in $SINKS; do equal "sink-$at: $(cat "sink-$at")" "sink-$at: 0 nobody"; done; }

test_a_stack_runs() {
	image localhost/a:1
	stack
	expect 0 ctc apply --yes /root/f.ctstack
}

# The control: where the policy allows it, the first datagrams of a container arrive, everywhere.
test_control_first_datagrams_arrive_where_they_may() {
	stack 'allow c -> a.sink' 'allow c -> world:7700/udp' 'allow c -> host:7700/udp'
	expect 0 ctc apply --yes /root/f.ctstack
	listen
	systemctl restart ct-f-c.service
	eventually 10 has_sent 10.92.0.13
	stop_listening
	for at in $SINKS; do equal "$at $(cut -d' ' -f1 "sink-$at")" "$at 2"; done
	expect 0 ctc rollback
}

# At each start: after a stop, after somebody has flushed all rules, while the policy changes.
test_the_first_datagrams_of_a_container_go_nowhere() {
	local i at done=0 units
	units=$(printf 'ct-f-%s.service ' $SENDERS)
	listen
	for ((i = 0; done < starts; i++)); do
		case $((i % 3)) in
		0) systemctl restart $units ;;
		1)
			systemctl stop $units
			nft flush ruleset
			systemctl start $units
			;;
		2)
			systemctl kill --signal=KILL ct-f-c.service || true
			stack "publish $((9000 + i)) -> b.http"
			expect 0 ctc apply --yes /root/f.ctstack
			systemctl restart $units
			;;
		esac
		for at in 13 14 15 16; do eventually 10 has_sent 10.92.0.$at; done
		done=$((done + $(wc -w <<<"$SENDERS")))
	done
	stop_listening
	nothing_arrived
	echo "# $done starts of containers that send first of all, a third of them after a flush of all rules, a third after an apply: 0 of $((done * 6)) datagrams arrived"
}

# The real command, there and back, under forbidden packets; a connection that both policies allow stays.
test_changes_by_the_command_leak_nothing() {
	local i hold storms=()
	stack
	expect 0 ctc apply --yes /root/f.ctstack
	listen
	for at in $SHOTS; do
		in_ns ct-f-c probe storm "${at%/*}" 7700 $FOREVER &
		storms+=($!)
	done
	in_ns ct-f-b probe hold 10.92.0.11 80 $((changes * 3000)) &
	hold=$!
	for ((i = 0; i < changes; i++)); do
		stack "allow c -> b.http" "publish $((9100 + i)) -> b.http" "allow a -> world:$((7000 + i))/udp"
		expect 0 ctc apply --yes /root/f.ctstack
		expect 0 ctc rollback
	done
	ends_all "${storms[@]}"
	stop_listening
	nothing_arrived
	wait $hold
	echo "# $changes applies and as many rollbacks: 0 forbidden datagrams arrived, the connection held"
}
