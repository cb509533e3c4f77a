# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A random walk from source to source (walk.awk): at each step what the plan says is what happens to each container, there is nothing to do afterwards, the way back leads to the
# host that was, a change that is killed somewhere leaves the one or the other, and the way forth leads to the same host again. `make check-walk` goes further:
# set: WALK_STEPS WALK_SEED
# patience: 1200
. /src/tests/fault/digest.sh

# What is not there at first (a table, a network) is no failure of the digest. Data stays where it is, as it is, whatever else goes; an element that stays keeps its comment; and a
# route to ::1 has its link's number for a metric.
is_now() { { digest || true; } | grep -v '^/var/lib/ctstack/volumes' | sed 's/ comment "[^"]*"//; s/^\(local ::1 .*\) metric [0-9]*/\1/' >"$1"; }

# A line for each container whose unit runs: its name and which start of it that is.
starts() {
	local unit
	systemctl list-units --plain --no-legend --state=active 'ct-*.service' | awk '{ print $1 }' | while read -r unit; do
		printf '%s %s\n' "$unit" "$(systemctl show -P InvocationID "$unit")"
	done | sort
}

# told BEFORE AFTER PLAN: each container did what the plan says, and those that it does not name did nothing.
told() {
	awk -v plan="$3" '
		FILENAME == ARGV[1] { before[$1] = $2; unit[$1]; next }
		FILENAME == ARGV[2] { after[$1] = $2; unit[$1]; next }
		match($0, /"action":"[a-z]+","unit":"[^"]+"/) { split(substr($0, RSTART, RLENGTH), part, "\""); action[part[8]] = part[4]; unit[part[8]] }
		END {
			for (u in unit) {
				if (u !~ /^ct-[pq]-[a-d]\.service$/) continue
				is = !(u in after) ? "removed" : !(u in before) ? "new" : before[u] == after[u] ? "" : "restart"
				said = action[u] == "change" ? "" : action[u] == "start" ? "new" : action[u] == "stop" ? "removed" : action[u] == "again" ? "restart" : action[u]
				if (is != said) { print u ": the plan says \"" action[u] "\", and what happened is \"" is "\""; wrong = 1 }
			}
			exit wrong
		}' "$1" "$2" "$3"
}

same() {
	is_now is
	cmp -s "$1" is || { diff "$1" is || true; printf 'the host is not as it was: %s\n' "$2"; return 1; }
}

# walk_step STEP SEED: from the state that is to that of the step.
walk_step() {
	local step=$1 seed=$2 length
	quiet
	awk -v seed="$seed" -v step="$step" -f /src/tests/host/walk.awk >walk.ctstack
	is_now old
	starts >before
	run ctc plan --detailed-exitcode --format json walk.ctstack
	printf '%s\n' "$out" >plan
	case $status in 0) return ;; 2) ;; *) printf '%s\n' "$out"; return 1 ;; esac
	length=${EPOCHREALTIME/./}
	expect 0 ctc apply --yes walk.ctstack
	length=$((${EPOCHREALTIME/./} - length))
	quiet
	starts >after
	told before after plan
	expect 0 ctc plan --detailed-exitcode walk.ctstack
	is_now new
	expect 0 ctc rollback --yes
	quiet
	same old "rolled back"
	expect 0 ctc plan --detailed-exitcode last.ctstack
	# killed somewhere on the way
	ctc apply --yes walk.ctstack >killed 2>&1 &
	sleep "$(awk -v seed="$seed$step" -v all=$length 'BEGIN { srand(seed); printf "%.3f", rand() * all / 1000000 }')"
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service 2>/dev/null || true
	wait $! || true
	quiet
	expect 0 ctc recover
	quiet
	is_now is
	cmp -s is old || cmp -s is new || { diff old is || true; echo ---; diff new is || true; echo "killed: neither the old state nor the new one"; return 1; }
	cmp -s is new || expect 0 ctc apply --yes walk.ctstack
	quiet
	same new "applied again"
}

where_it_stopped() {
	[ "$1" != 0 ] || return 0
	printf 'step %s of seed %s; the source before:\n' "$step" "$seed"
	cat last.ctstack
	printf 'and then:\n'
	diff last.ctstack walk.ctstack || true
}

test_each_step_is_what_its_plan_says() {
	local tree steps=${WALK_STEPS:-4}
	seed=${WALK_SEED:-1} step=0
	trap 'where_it_stopped $?' EXIT
	image localhost/a:1
	image localhost/b:1
	for tree in /srv/tree-{p,q}{a,b,c,d}; do
		mkdir -p $tree/{dev,etc,proc,run,sys,t,tmp,usr,v,var/tmp}
		cp /src/build/probe $tree/probe
		touch $tree/etc/{hosts,resolv.conf,localtime}
	done
	install -m 0600 <(echo "bytes of it") /etc/walk-key
	for ((step = 1; step <= steps; step++)); do
		[ ! -e walk.ctstack ] || cp walk.ctstack last.ctstack
		[ -e last.ctstack ] || printf 'stack p { subnet lan { range = 10.71.0.0/24 } }\nstack q { subnet lan { range = 10.72.0.0/24 } }\n' >last.ctstack
		[ "$step" != 1 ] || expect 0 ctc apply --yes last.ctstack
		walk_step "$step" "$seed"
	done
	echo "# $steps steps of walk $seed: each as planned, there and back, and whole when it was killed"
}
