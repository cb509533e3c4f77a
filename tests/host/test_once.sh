# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# patience: 240
#
# Containers that run once (`run = once`), asked of systemd, of the journal and of what their program leaves: when it runs, how often, who waits for it, and what becomes of a change in which it
# fails, takes too long, or is cut off. What runs is a shell in an image, or in a tree; it writes a line to /srv/log/runs for each time.

shell_tree() {
	mkdir -p "$1"/{bin,dev,etc,log,proc,run,sys,tmp,usr,var/tmp}
	cp /usr/bin/busybox "$1/bin/sh"
}
job_image() {
	shell_tree "$PWD/tree"
	tar -C tree -c . | podman import --quiet --change 'ENV PATH=/bin' - "$1" >/dev/null
}

pid() { systemctl show -P MainPID "ct-s-$1.service"; }
moment() { systemctl show -P "$2" "ct-s-$1.service"; }
states() { (systemctl is-active "$@" || true) | xargs; }
sub() { systemctl show -P SubState "ct-s-$1.service"; }
runs() { xargs </srv/log/runs; }
is_up() { equal "$(states ct-s-db ct-s-migrate ct-s-app ct-s-cron)" "active active active active" && equal "$(sub migrate)" exited; }
no_drift() { expect 0 ctc plan --detailed-exitcode "$1"; }
# processes that run these words
running() { pgrep -fc "^/bin/sh -c .*$1" || true; }

# source_of SCRIPT [LINE]: what the job does, and what else it says
source_of() {
	cat <<-SRC
		stack s {
		  subnet lan { range = 10.86.0.0/24 }
		  container db      { image = "localhost/probe:1"; address = 10.86.0.2; ports { pg = 80/tcp }; ready { tcp = pg; within = 20s }; env { PROBE_DELAY_MS = "700" } }
		  container migrate {
		    image   = "localhost/job:1"
		    address = 10.86.0.3
		    run     = once
		    after   = [db]
		    command = ["/bin/sh", "-c", "$1"]
		    mount /srv/log -> /log
		    ${2-}
		  }
		  container app  { image = "localhost/probe:1"; address = 10.86.0.4; after = [migrate] }
		  container cron { image = "localhost/probe:1"; address = 10.86.0.5; requires = [migrate] }
		  allow migrate -> db.pg
		}
	SRC
}

test_it_ends_and_then_comes_what_is_after_it() {
	mkdir -p /srv/log
	image localhost/probe:1
	job_image localhost/job:1
	source_of 'echo first >>/log/runs; echo said; echo complained >&2; sleep 1; echo all done' >/s.ctstack
	run ctc plan /s.ctstack
	contains "$out" run=once
	ctc apply --yes /s.ctstack >log
	contains "$(<log)" "run ct-s-migrate.service"
	contains "$(<log)" "finished ct-s-migrate.service"
	is_up
	equal "$(runs)" first
	[ "$(moment migrate ExecMainStartTimestampMonotonic)" -ge "$(moment db ActiveEnterTimestampMonotonic)" ]
	for name in app cron; do
		[ "$(moment $name ExecMainStartTimestampMonotonic)" -ge "$(moment migrate ExecMainExitTimestampMonotonic)" ]
	done
	[ $(($(moment migrate ExecMainExitTimestampMonotonic) - $(moment migrate ExecMainStartTimestampMonotonic))) -ge 1000000 ]
	equal "$(podman ps --all --format '{{.Names}}' | grep migrate || true)" ""
	no_drift /s.ctstack
	# each line once, under its unit
	for line in said complained 'all done'; do
		equal "$(journalctl --output=cat --unit=ct-s-migrate | grep -cx "$line")" 1
	done
}

test_what_people_see_of_it() {
	run ctc status
	contains "$out" "No drift"
	[[ $out =~ s.migrate' '+finished' '+20[0-9][0-9]- ]]
	contains "$(ctc status --json)" '"id":"s.migrate","unit":"ct-s-migrate.service","state":"finished","active":"active"'
	contains "$(ctc status --prometheus)" "ctstack_containers_active 4"
	run ctc start s.migrate
	contains "$out" "ct-s-migrate.service has finished already: \`ctc restart s.migrate\` runs it again"
	expect 1 ctc exec s.migrate -- /bin/sh -c true
	contains "$out" "s.migrate has finished"
	contains "$(ctc logs s.migrate)" complained
	equal "$(ctc ip s.migrate)" 10.86.0.3
	equal "$(runs)" first
}

# Whoever applies something else, or restarts what comes after it, does not run it.
test_nothing_else_runs_it_again() {
	local app cron
	app=$(pid app) cron=$(pid cron)
	printf 'stack t {\n container x { image = "localhost/probe:1"; network = host; env { PROBE_PORTS = "8099" } }\n}\n' >/t.ctstack
	ctc apply --yes /t.ctstack
	ctc destroy --yes t
	ctc apply --repair --yes
	equal "$(runs)" first
	equal "$(pid app) $(pid cron)" "$app $cron"
	systemctl restart ct-s-app
	ctc restart s.app s.cron
	systemctl restart ct-s-db
	is_up
	equal "$(runs)" first
	no_drift /s.ctstack
}

# Who is only `after` it stays as it is; who requires it goes with it.
test_it_runs_again_when_it_is_changed() {
	local app cron
	app=$(pid app) cron=$(pid cron)
	source_of 'echo second >>/log/runs; sleep 1' >/s.ctstack
	run ctc plan /s.ctstack
	contains "$out" "s.migrate  runs again"
	contains "$out" "Plan: 1 restart, 1 run again, 2 untouched."
	contains "$(ctc plan --format json /s.ctstack)" '"id":"s.migrate","action":"again"'
	ctc apply --yes /s.ctstack
	is_up
	equal "$(runs)" "first second"
	equal "$(pid app)" "$app"
	[ "$(pid cron)" != "$cron" ]
	[ "$(moment cron ExecMainStartTimestampMonotonic)" -ge "$(moment migrate ExecMainExitTimestampMonotonic)" ]
	# Back to what it did before is a change like any other.
	ctc rollback --yes >log
	equal "$(runs)" "first second first"
	is_up
	ctc apply --yes /s.ctstack
	equal "$(runs)" "first second first second"
	no_drift /s.ctstack
}

# What had finished has, and is not run for the way back.
test_its_failure_fails_the_apply() {
	local app before
	app=$(pid app) before=$(runs)
	source_of 'echo third >>/log/runs; echo the table is locked >&2; exit 3' >/bad.ctstack
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" "ct-s-migrate.service did not finish: exit status 3; its last log lines:"
	contains "$out" "the table is locked"
	is_up
	equal "$(runs)" "$before third"
	equal "$(pid app)" "$app"
	contains "$(journalctl --output=cat --unit=ct-s-migrate | tail -3)" "It had finished before the change that is taken back: it is not run again."
	no_drift /s.ctstack
	equal "$(ls -A /run/ctstack/finished)" ""
	# One that cannot even start.
	source_of 'echo' 'entrypoint = ["/bin/none"]' >/bad.ctstack
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" "/bin/none"
	is_up
	equal "$(runs)" "$before third"
}

test_it_takes_too_long() {
	local before start
	before=$(runs)
	source_of 'trap : TERM; echo fourth >>/log/runs; sleep 61 & sleep 62; sleep 63; sleep 64' 'within = 3s; stop-timeout = 1s' >/bad.ctstack
	start=$SECONDS
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" "did not finish: timeout: it had not ended within 3 s (\`within\` beside run = once says how long it may take)"
	[ $((SECONDS - start)) -lt 90 ]
	is_up
	equal "$(runs)" "$before fourth"
	equal "$(running fourth)" 0
	equal "$(podman ps --all --format '{{.Names}}' | grep migrate || true)" ""
	no_drift /s.ctstack
}

test_it_is_entered_and_stopped_while_it_runs() {
	local before
	source_of 'echo fifth >>/log/runs; [ -e /log/go ] || sleep 71' 'restart = no; stop-timeout = 1s' >/s.ctstack
	touch /srv/log/go
	ctc apply --yes /s.ctstack
	rm /srv/log/go
	before=$(runs)
	ctc restart s.migrate >log 2>&1 &
	eventually 30 runs_are "$before fifth"
	[[ $(ctc status s.migrate) =~ s.migrate' '+running ]]
	equal "$(ctc exec s.migrate -- /bin/sh -c 'echo inside')" inside
	systemctl stop ct-s-migrate
	wait || true
	equal "$(running fifth)" 0
	[[ "$(states ct-s-migrate)" =~ ^(inactive|failed)$ ]]
	equal "$(podman ps --all --format '{{.Names}}' | grep migrate || true)" ""
	run ctc status
	contains "$out" "has not finished"
	touch /srv/log/go
	ctc apply --repair --yes
	is_up
	no_drift /s.ctstack
}
runs_are() { equal "$(runs)" "$1"; }
