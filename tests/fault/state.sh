# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the crash matrices have in common, sourced in a test host: the scenarios (a state of the host and a command that leads to another one) and the judgement after a run that
# something cut off: `ctc recover`, and then the host must be in one of the two states, whole, as its digest tells; the container that no scenario touches keeps its process.
#
# The script that sources it sets $scenario and defines
#	unarmed			from now on nothing happens to any ctc
#	watched COMMAND...	runs it undisturbed, and notes where it could have been cut off; sets $status
work=/root/crash-$scenario
mkdir -p "$work"
cd "$work" || exit 1

. /src/tests/fault/digest.sh
keeper() { [ "$scenario" = first ] || main_pid ct-keep-k.service; }

# ---- the scenarios ----
# What its containers run: an image, or what the script that sources this has set; NAME in it is the container's.
program=${program:-'image = "localhost/a:1"'}
keep="stack keep {
  subnet lan { range = 10.78.0.0/24 }
  container k { ${program//NAME/k}; address = 10.78.0.2; ports { http = 80/tcp } }
}"
container() { printf '  container %s { %s; address = %s; ports { http = 80/tcp }; %s }\n' "$1" "${program//NAME/$1}" "$2" "${3:-}"; }
stack() { printf 'stack t {\n  subnet lan { range = 10.77.0.0/24 }\n%s\n}\n' "$(printf '%s\n' "$@")"; }

a=$(container a 10.77.0.11 'limits { memory = 64MiB }')
b=$(container b 10.77.0.12)
flow='  allow a -> b.http'
command=(ctc apply --yes new.ctstack)
stack "$a" "$b" "$flow" '  publish 8080 -> a.http' >old.ctstack
case $scenario in
first)
	stack "$a" "$b" "$flow" >new.ctstack
	: >old.ctstack
	;;
add) stack "$a" "$b" "$flow" '  publish 8080 -> a.http' "$(container c 10.77.0.13 'volume v { at = /v }')" '  allow c -> a.http' >new.ctstack ;;
change) stack "${a/64MiB/96MiB}" "$b" "$flow" '  publish 8080 -> a.http' >new.ctstack ;;
policy) stack "$a" "$b" '  allow b -> a.http' '  publish 8081 -> b.http' >new.ctstack ;;
remove) stack "$a" '  publish 8080 -> a.http' >new.ctstack ;;
rename) stack "$a" "$(container d 10.77.0.12)" '  allow a -> d.http' '  publish 8080 -> a.http' >new.ctstack ;;
address)
	a=${a/10.77.0.11/'10.77.0.11; more-addresses = [10.77.0.3]'}
	stack "$a" "$b" "$flow" '  publish 8080 -> a.http' >old.ctstack
	stack "${a/10.77.0.11/10.77.0.21}" "$b" "$flow" '  publish 8080 -> a.http' >new.ctstack
	;;
unready) stack "$a" "$b" "$flow" "$(container c 10.77.0.13 'ready { exec = ["/probe", "connect", "127.0.0.1", "9"]; within = 1s }')" '  publish 8081 -> b.http' >new.ctstack ;;
rollback)
	stack "${a/64MiB/96MiB}" "$b" '  publish 8081 -> b.http' >new.ctstack
	command=(ctc rollback --yes)
	;;
recovery) stack "${a/64MiB/96MiB}" "$(container c 10.77.0.13)" '  publish 8081 -> a.http' >new.ctstack ;;
requires)
	# b was started by people, and goes down with what it requires.
	b="$(container b 10.77.0.12 'requires = [a]; autostart = false')"
	stack "$a" "$b" "$flow" '  publish 8080 -> a.http' >old.ctstack
	stack "${a/64MiB/96MiB}" "$b" "$flow" '  publish 8080 -> a.http' >new.ctstack
	;;
once)
	# j had finished before, and has on the way back without being run.
	j=$(container j 10.77.0.13 'run = once; command = ["name"]')
	stack "$a" "$b" "$j" "$flow" '  publish 8080 -> a.http' >old.ctstack
	stack "${a/64MiB/96MiB}" "$b" "${j/once/once; env { X = \"1\" \}}" "$flow" '  publish 8080 -> a.http' >new.ctstack
	;;
power) stack "${a/64MiB/96MiB}" "$(container c 10.77.0.13 'volume v { at = /v }')" '  allow c -> a.http' '  publish 8081 -> a.http' >new.ctstack ;;
*)
	echo "not ok crash $scenario: no such scenario"
	exit 1
	;;
esac

# Brings the host to the state before the command.
reset() {
	unarmed
	if [ "$scenario" = first ]; then
		[ ! -e /var/lib/ctstack/current/manifest.json ] || ! grep -q '"t"' /var/lib/ctstack/current/manifest.json || ctc destroy --yes t
		quiet
		rm -rf /var/lib/ctstack /run/ctstack
		systemctl daemon-reload
	else
		[ "$scenario" != rollback ] || ctc apply --yes before.ctstack
		ctc apply --yes old.ctstack || return
		[ "$scenario" != requires ] || systemctl start ct-t-b.service || return
	fi
	quiet
} >reset.log 2>&1


give_up() {
	cat reset.log said 2>/dev/null
	echo "not ok crash $scenario: $*"
	exit 1
}

# The old state runs afterwards; its digest and the new one's are in the files old and new.
states() {
	image localhost/a:1
	touch said recovered
	if [ "$scenario" != first ]; then
		echo "$keep" >keep.ctstack
		ctc apply --yes keep.ctstack >said 2>&1 || give_up "the first state"
	fi
	[ "$scenario" != rollback ] || { cp new.ctstack before.ctstack && mv old.ctstack older && cp older old.ctstack; }
	reset || give_up "the old state"
	# What a host keeps once anything was on it (an image, a directory of podman's) is there in both.
	if [ "$scenario" != rollback ]; then
		"${command[@]}" >said 2>&1
		reset || give_up "the old state"
	fi
	digest >old
	kept=$(keeper)
	watched "${command[@]}"
	digest >new
	case $scenario:$status in unready:3 | [!u]*:0) ;; *) give_up "the command itself ended with status $status" ;; esac
	reset || give_up "the old state"
	digest >is
	cmp -s is old || { diff old is; give_up "the old state does not come back"; }
}

# ---- the judgement ----
wrong=0 mixed=0 runs=0 kept=''

fail() {
	echo "  $*"
	{
		echo "--- the command" && tail -15 said
		echo "--- recover" && tail -5 recovered
		echo "--- points" && tail -4 trace
		echo "--- units and jobs" && systemctl list-units --all --plain --no-legend --no-pager 'ct*' && systemctl list-jobs --no-legend --no-pager
		echo "--- the journal" && journalctl --no-pager --output=short-monotonic -n 40
	} 2>/dev/null | cut -c1-200 | sed 's/^/    /'
	wrong=$((wrong + 1))
}

# After a run that ended with $status and had WHAT happen to it. Leaves the old state. Where more came after the command, its status says nothing: `any`.
judge() {
	local what=$1
	quiet
	unarmed
	runs=$((runs + 1))
	timeout 600 ctc recover >recovered 2>&1 || fail "$what: recover ended with status $?"
	quiet
	digest >is
	if cmp -s is old; then
		case $status in 0) fail "$what: status 0, and the host is as before" ;; esac
	elif cmp -s is new; then
		case $status in 1 | 3 | 4 | 6) fail "$what: status $status, and the host is in the new state" ;; esac
	else
		fail "$what: neither the old nor the new state (status $status)"
		diff old is | head -8 | sed 's/^/    old: /'
		diff new is | head -8 | sed 's/^/    new: /'
		mixed=$((mixed + 1))
	fi
	[ "$(keeper)" = "$kept" ] || { fail "$what: the container that is not touched was restarted"; kept=$(keeper); }
	cmp -s is old || reset
	[ "$scenario" != rollback ] || reset
}

# some COUNT SEED: as many of the lines, in their order, chosen by the seed; or all of them.
some() {
	if [ "$1" = all ]; then cat; else nl -ba | shuf -n "$1" --random-source=<(yes "$2-$scenario" 2>/dev/null) | sort -n | cut -f2-; fi
}
