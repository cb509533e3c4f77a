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
		  expect reach migrate -> db.pg
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
	expect 0 ctc apply --dry-run /s.ctstack
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

# Who makes a change is killed while the job runs: it ends, and what there was before is there again, without being run.
test_a_change_that_is_killed_in_the_middle_of_it() {
	local app before
	app=$(pid app) before=$(runs)
	source_of 'echo sixth >>/log/runs; sleep 81; echo too late >>/log/runs' 'stop-timeout = 1s' >/new.ctstack
	waits_at "run ct-s-migrate.service" ctc apply --yes /new.ctstack
	eventually 60 runs_are "$before sixth"
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	ends 3
	quiet
	is_up
	equal "$(runs)" "$before sixth"
	equal "$(running sixth)" 0
	equal "$(pid app)" "$app"
	equal "$(ls -A /run/ctstack/finished)" ""
	no_drift /s.ctstack
	# The same where nothing settles it but a person.
	without_settling
	waits_at "run ct-s-migrate.service" ctc apply --yes /new.ctstack
	eventually 60 runs_are "$before sixth sixth"
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	ended
	with_settling
	ctc recover
	quiet
	is_up
	equal "$(runs)" "$before sixth sixth"
	equal "$(running sixth)" 0
	no_drift /s.ctstack
	# Ctrl-C is the way back, too.
	waits_at "run ct-s-migrate.service" ctc apply --yes /new.ctstack
	eventually 60 runs_are "$before sixth sixth sixth"
	kill -INT "$ctc"
	ends 3
	is_up
	equal "$(runs)" "$before sixth sixth sixth"
	no_drift /s.ctstack
}

# It had succeeded, and what comes after it fails: the new one is not undone, the old one not run.
test_what_comes_after_it_fails() {
	local before
	before=$(runs)
	source_of 'echo seventh >>/log/runs' | sed 's/container app  {/& env { PROBE_DIE = "9" };/' >/bad.ctstack
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" ct-s-app.service
	is_up
	equal "$(runs)" "$before seventh"
	no_drift /s.ctstack
}

# Whoever starts again what it requires has it run again, and then what requires it; who wants less says `after`.
test_it_runs_again_with_what_it_requires() {
	local before
	before=$(runs)
	cat >/r.ctstack <<-SRC
		stack r {
		  subnet lan { range = 10.88.0.0/24 }
		  container db  { image = "localhost/probe:1"; address = 10.88.0.2; ports { pg = 80/tcp }; ready { tcp = pg } }
		  container job { image = "localhost/job:1"; address = 10.88.0.3; run = once; requires = [db]; command = ["/bin/sh", "-c", "echo with >>/log/runs"]; mount /srv/log -> /log }
		  container web { image = "localhost/probe:1"; address = 10.88.0.4; requires = [job] }
		}
	SRC
	ctc apply --yes /r.ctstack
	equal "$(runs)" "$before with"
	systemctl restart ct-r-db
	eventually 60 runs_are "$before with with"
	eventually 60 all_of_r
	[ "$(systemctl show -P ExecMainStartTimestampMonotonic ct-r-web)" -ge "$(systemctl show -P ExecMainExitTimestampMonotonic ct-r-job)" ]
	expect 0 ctc restart r.db
	contains "$out" "finished ct-r-job.service"
	contains "$out" "ready ct-r-web.service"
	equal "$(runs)" "$before with with with"
	no_drift /r.ctstack
	ctc destroy --yes r
}
all_of_r() { equal "$(states ct-r-db ct-r-job ct-r-web)" "active active active"; }

# tree_of SCRIPT [LINE]
tree_of() {
	cat <<-SRC
		stack n {
		  subnet lan { range = 10.87.0.0/24 }
		  container seed { rootfs = /srv/tree; address = 10.87.0.2; run = once; command = ["/bin/sh", "-c", "$1"]; mount /srv/log -> /log; ${2-} }
		  container web  { image = "localhost/probe:1"; address = 10.87.0.3; after = [seed] }
		}
	SRC
}

test_a_program_of_a_tree() {
	local before web
	shell_tree /srv/tree
	before=$(runs)
	tree_of 'echo tree >>/log/runs; echo from the tree; sleep 1' >/n.ctstack
	ctc apply --yes /n.ctstack
	equal "$(states ct-n-seed ct-n-web)" "active active"
	equal "$(runs)" "$before tree"
	equal "$(journalctl --output=cat --unit=ct-n-seed | grep -cx 'from the tree')" 1
	[ "$(systemctl show -P ExecMainStartTimestampMonotonic ct-n-web)" -ge "$(systemctl show -P ExecMainExitTimestampMonotonic ct-n-seed)" ]
	[[ $(ctc status n.seed) =~ n.seed' '+finished ]]
	no_drift /n.ctstack
	web=$(systemctl show -P MainPID ct-n-web)
	tree_of 'echo tree2 >>/log/runs; echo no room >&2; exit 4' >/bad.ctstack
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" "ct-n-seed.service did not finish: exit status 4; its last log lines:"
	contains "$out" "no room"
	equal "$(states ct-n-seed ct-n-web)" "active active"
	tree_of 'echo tree3 >>/log/runs; sleep 91' 'within = 3s; stop-timeout = 1s' >/bad.ctstack
	expect 3 ctc apply --yes /bad.ctstack
	contains "$out" "it had not ended within 3 s"
	equal "$(states ct-n-seed ct-n-web)" "active active"
	equal "$(running tree3)" 0
	equal "$(runs)" "$before tree tree2 tree3"
	equal "$(systemctl show -P MainPID ct-n-web)" "$web"
	no_drift /n.ctstack
	# entered while it runs
	tree_of 'echo tree4 >>/log/runs; [ -e /log/stay ] || exit 0; sleep 92' >/n.ctstack
	ctc apply --yes /n.ctstack
	touch /srv/log/stay
	systemctl restart --no-block ct-n-seed
	eventually 30 runs_are "$before tree tree2 tree3 tree4 tree4"
	equal "$(ctc exec n.seed -- /bin/sh -c 'echo inside')" inside
	rm /srv/log/stay
	ctc destroy --yes n
	equal "$(running tree4)" 0
}

# People start it; another text is not run by itself, and has not finished.
test_one_that_waits_for_people() {
	local before
	before=$(runs)
	tree_of 'echo by hand >>/log/runs' 'autostart = false' | sed '/container web/d' >/n.ctstack
	ctc apply --yes /n.ctstack
	equal "$(runs)" "$before"
	expect 0 ctc start n.seed
	contains "$out" "finished ct-n-seed.service"
	equal "$(runs)" "$before by hand"
	[[ $(ctc status n.seed) =~ n.seed' '+finished ]]
	no_drift /n.ctstack
	sed -i 's/by hand/anew/' /n.ctstack
	ctc apply --yes /n.ctstack
	equal "$(states ct-n-seed)" inactive
	equal "$(runs)" "$before by hand"
	no_drift /n.ctstack
	expect 0 ctc start n.seed
	expect 0 ctc restart n.seed
	equal "$(runs)" "$before by hand anew anew"
	# One that fails says why.
	sed -i 's/echo anew/echo why not; exit 5; &/' /n.ctstack
	ctc apply --yes /n.ctstack
	expect 3 ctc start n.seed
	contains "$out" "ct-n-seed.service did not finish: exit status 5"
	contains "$out" "why not"
	ctc destroy --yes n
}

# A service that ends is none; what is to be written is said.
test_a_service_that_ends_by_itself() {
	cat >/n.ctstack <<-SRC
		stack n {
		  container x { image = "localhost/job:1"; network = host; restart = no; command = ["/bin/sh", "-c", "sleep 3"] }
		}
	SRC
	ctc apply --yes /n.ctstack
	eventually 20 gone ct-n-x
	contains "$(ctc status)" "restart = no: one that is to end says run = once"
	ctc destroy --yes n
}
gone() { [ "$(systemctl is-active "$1")" = inactive ]; }

# It fails when the host boots, is tried again until it succeeds, and only then comes what is after it.
test_it_fails_until_it_succeeds() {
	source_of 'echo boot >>/log/runs; [ -e /log/go ] || { touch /log/go; exit 6; }' >/s.ctstack
	touch /srv/log/go
	ctc apply --yes /s.ctstack
	rm /srv/log/go
	: >/srv/log/runs
	is_up
}
test_after_reboot_it_runs_again_before_what_waits_for_it() {
	local name
	eventually 120 is_up
	equal "$(runs)" "boot boot"
	for name in app cron; do
		[ "$(moment $name ExecMainStartTimestampMonotonic)" -ge "$(moment migrate ExecMainExitTimestampMonotonic)" ]
	done
	no_drift /s.ctstack
	ctc recover
	equal "$(runs)" "boot boot"
}
