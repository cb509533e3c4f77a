# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# `requires`, asked of systemd: who requires another container starts with it, stops with it, whatever ends it, and is started again with it, as the plan says.

pid() { systemctl show -P MainPID "ct-s-$1.service"; }
states() { (systemctl is-active "$@" || true) | xargs; }
all_run() { [ "$(states ct-s-db ct-s-app ct-s-web ct-s-cron)" = "active active active active" ]; }
stopped() { [ "$(states ct-s-app ct-s-web)" = "inactive inactive" ]; }
# went_down MICROSECONDS: app and web stopped after that moment, whatever became of them since
went_down() { [ "$(moment app InactiveEnterTimestampMonotonic)" -gt "$1" ] && [ "$(moment web InactiveEnterTimestampMonotonic)" -gt "$1" ]; }
now() { awk '{ printf "%.0f", $1 * 1000000 }' /proc/uptime; }
moment() { systemctl show -P "$2" "ct-s-$1.service"; }

# source_of LINE [LINE [WITHIN]]: what db says, what app says, and how long db may take
source_of() {
	cat <<-SRC
		stack s {
		  subnet lan { range = 10.85.0.0/24 }
		  defaults container { image = "localhost/probe:1" }
		  container db   { address = 10.85.0.2; ports { pg = 80/tcp }; ready { tcp = pg; within = ${3-20s} }; $1 }
		  container app  { address = 10.85.0.3; requires = [db]; ${2-} }
		  container web  { address = 10.85.0.4; requires = [app] }
		  container cron { address = 10.85.0.5; after = [db] }
		}
	SRC
}

test_it_starts_when_the_other_one_is_ready() {
	image localhost/probe:1
	source_of 'env { PROBE_DELAY_MS = "1500" }' >/s.ctstack
	ctc apply --yes /s.ctstack
	[ "$(moment app ExecMainStartTimestampMonotonic)" -ge "$(moment db ActiveEnterTimestampMonotonic)" ]
	[ "$(moment web ExecMainStartTimestampMonotonic)" -ge "$(moment app ActiveEnterTimestampMonotonic)" ]
	all_run
	expect 0 ctc plan --detailed-exitcode /s.ctstack
	# Alone it brings in what it requires.
	systemctl stop ct-s-db
	stopped
	systemctl start ct-s-web
	eventually 20 all_run
}

test_a_change_of_the_other_one_is_a_restart_that_the_plan_says() {
	local app web cron
	app=$(pid app) web=$(pid web) cron=$(pid cron)
	source_of 'env { PROBE_DELAY_MS = "500" }' >/s.ctstack
	run ctc plan /s.ctstack
	contains "$out" "required s.db changes"
	contains "$out" "required s.app changes"
	contains "$out" "Plan: 3 restart, 1 untouched."
	ctc apply --yes /s.ctstack
	all_run
	[ "$(pid app)" != "$app" ]
	[ "$(pid web)" != "$web" ]
	equal "$(pid cron)" "$cron"
	expect 0 ctc plan --detailed-exitcode /s.ctstack
	# Not the other way.
	local db
	db=$(pid db)
	source_of 'env { PROBE_DELAY_MS = "500" }' 'env { X = "1" }' >/s.ctstack
	ctc apply --yes /s.ctstack
	equal "$(pid db)" "$db"
	all_run
	ctc rollback --yes
	equal "$(pid db)" "$db"
	all_run
}

test_another_image_of_the_other_one_counts() {
	local app
	app=$(pid app)
	image localhost/other:1 80 PROBE_NAME=other
	podman tag localhost/other:1 localhost/db:1
	source_of 'image = "localhost/db:1"' >/s.ctstack
	ctc apply --yes /s.ctstack
	[ "$(pid app)" != "$app" ]
	app=$(pid app)
	image localhost/db:1 80 PROBE_NAME=newer
	run ctc plan --pull never /s.ctstack
	ctc apply --yes /s.ctstack
	all_run
	expect 0 ctc plan --detailed-exitcode /s.ctstack
}

test_it_stops_with_it() {
	systemctl stop ct-s-db
	stopped
	equal "$(systemctl is-active ct-s-cron)" active
	run ctc plan /s.ctstack
	contains "$out" "does not run"
	# Started by hand it brings back who requires it.
	systemctl start ct-s-db
	eventually 20 all_run
	local app cron
	app=$(pid app) cron=$(pid cron)
	systemctl restart ct-s-db
	eventually 20 all_run
	[ "$(pid app)" != "$app" ]
	equal "$(pid cron)" "$cron"
	# ctc's own verbs tell of it and wait for it.
	expect 0 ctc stop s.db
	contains "$out" "stopped ct-s-web.service"
	expect 0 ctc start s.db
	contains "$out" "ready ct-s-web.service"
	all_run
	ctc stop s.app >/dev/null
	expect 0 ctc restart s.db
	lacks "$out" "stopped ct-s-app.service"
	contains "$out" "ready ct-s-app.service"
	lacks "$out" ct-s-cron
	all_run
	equal "$(pid cron)" "$cron"
}

test_it_stops_when_it_fails_and_comes_back_with_it() {
	local app web cron before
	app=$(pid app) web=$(pid web) cron=$(pid cron) before=$(now)
	podman kill --signal KILL ct-s-db >/dev/null
	eventually 20 went_down "$before"
	eventually 60 all_run
	[ "$(pid app)" != "$app" ]
	[ "$(pid web)" != "$web" ]
	equal "$(pid cron)" "$cron"
	[ "$(moment app ExecMainStartTimestampMonotonic)" -ge "$(moment db ActiveEnterTimestampMonotonic)" ]
	# One that is not started again takes them with it for good.
	source_of 'restart = no' >/s.ctstack
	ctc apply --yes /s.ctstack
	podman kill --signal KILL ct-s-db >/dev/null
	eventually 20 stopped
	sleep 7
	stopped
	ctc apply --yes /s.ctstack
	all_run
}

test_drift_of_the_other_one_is_a_restart_too() {
	local app cron
	app=$(pid app) cron=$(pid cron)
	mkdir -p /etc/systemd/system/ct-s-db.service.d
	printf '[Service]\nEnvironment=X=1\n' >/etc/systemd/system/ct-s-db.service.d/hand.conf
	run ctc plan /s.ctstack
	contains "$out" "s.app"
	contains "$out" "goes with what it requires"
	contains "$out" "3 restart"
	ctc apply --yes /s.ctstack
	all_run
	[ "$(pid app)" != "$app" ]
	equal "$(pid cron)" "$cron"
	expect 0 ctc plan --detailed-exitcode /s.ctstack
}

test_one_that_cannot_start_fails_the_apply_and_nothing_is_left_down() {
	source_of 'env { PROBE_PORTS = "81" }' "" 2s >/bad.ctstack
	run ctc apply --yes /bad.ctstack
	refute equal "$status" 0
	contains "$out" "ct-s-db.service"
	all_run
	expect 0 ctc plan --detailed-exitcode /s.ctstack
}

# A name that changes takes who requires it along, there and back; so does a container that is put between.
test_another_name_and_another_between() {
	source_of 'restart = no' | sed 's/container db /container base /; s/\[db\]/[base]/g; s/^  defaults/  moved db -> base\n&/' >/renamed.ctstack
	ctc apply --yes /renamed.ctstack
	equal "$(states ct-s-base ct-s-app ct-s-web ct-s-cron)" "active active active active"
	equal "$(systemctl list-units --plain --no-legend 'ct-s-db*')" ""
	expect 0 ctc plan --detailed-exitcode /renamed.ctstack
	systemctl stop ct-s-base
	stopped
	ctc start s.base
	eventually 20 active_with_base
	ctc rollback --yes
	all_run
	expect 0 ctc plan --detailed-exitcode /s.ctstack
	source_of 'restart = no' | sed 's/requires = \[app\]/requires = [db]/; s/requires = \[db\]; *}/requires = [web] }/' >/between.ctstack
	run ctc plan /between.ctstack
	ctc apply --yes /between.ctstack
	all_run
	ctc apply --yes /s.ctstack
	all_run
	expect 0 ctc plan --detailed-exitcode /s.ctstack
}
active_with_base() { [ "$(states ct-s-base ct-s-app ct-s-web ct-s-cron)" = "active active active active" ]; }

# Who waits for people to start it, and was started by them, comes back when what it requires was started again by a change of ours; who was not stays down.
tool_source() {
	cat <<-SRC
		stack s {
		  subnet lan { range = 10.85.0.0/24 }
		  defaults container { image = "localhost/probe:1" }
		  container db    { address = 10.85.0.2; ports { pg = 80/tcp }; ready { tcp = pg; within = ${2-20s} }; ${1-} }
		  container tool  { address = 10.85.0.3; requires = [db]; autostart = false }
		  container shell { address = 10.85.0.4; requires = [tool]; autostart = false }
		  container idle  { address = 10.85.0.5; requires = [db]; autostart = false }
		  container cron  { address = 10.85.0.6; after = [db] }
		}
	SRC
}
tools_run() { [ "$(states ct-s-db ct-s-tool ct-s-shell ct-s-idle ct-s-cron)" = "active active active inactive active" ]; }

test_one_that_people_started_comes_back_with_what_it_requires() {
	local tool cron
	image localhost/probe:1
	tool_source >/t.ctstack
	ctc apply --yes /t.ctstack
	equal "$(states ct-s-tool ct-s-shell ct-s-idle)" "inactive inactive inactive"
	systemctl start ct-s-shell
	tools_run
	expect 0 ctc restart s.db
	contains "$out" "ready ct-s-shell.service"
	lacks "$out" ct-s-idle
	tools_run
	expect 0 ctc plan --detailed-exitcode /t.ctstack
	tool=$(pid tool) cron=$(pid cron)
	tool_source 'env { X = "1" }' >/t.ctstack
	run ctc plan /t.ctstack
	contains "$out" "Plan: 3 restart, 1 changed without restart, 1 untouched."
	ctc apply --yes /t.ctstack
	tools_run
	[ "$(pid tool)" != "$tool" ]
	equal "$(pid cron)" "$cron"
	expect 0 ctc plan --detailed-exitcode /t.ctstack
	ctc rollback --yes
	tools_run
	equal "$(pid cron)" "$cron"
}

test_one_that_people_started_comes_back_from_drift() {
	local tool
	tool=$(pid tool)
	mkdir -p /etc/systemd/system/ct-s-db.service.d
	printf '[Service]\nEnvironment=X=1\n' >/etc/systemd/system/ct-s-db.service.d/hand.conf
	tool_source >/t.ctstack
	run ctc plan /t.ctstack
	contains "$out" "s.shell"
	contains "$out" "3 restart"
	ctc apply --yes /t.ctstack
	tools_run
	[ "$(pid tool)" != "$tool" ]
	expect 0 ctc plan --detailed-exitcode /t.ctstack
}

test_one_that_people_started_comes_back_when_the_apply_fails() {
	tool_source 'env { PROBE_PORTS = "81" }' 2s >/bad.ctstack
	run ctc apply --yes /bad.ctstack
	refute equal "$status" 0
	tools_run
	expect 0 ctc plan --detailed-exitcode /t.ctstack
}

# Where what it requires shall not run any more, it goes down with it, as the plan says, and does not bring it up again.
test_one_that_people_started_goes_down_for_good_with_what_it_requires() {
	local cron change
	cron=$(pid cron)
	for change in 'autostart = false' 'autostart = false; env { X = "3" }'; do
		tool_source "$change" >/down.ctstack
		run ctc plan /down.ctstack
		contains "$out" "what it requires stops"
		contains "$out" "Plan: 3 stop"
		ctc apply --yes /down.ctstack
		equal "$(states ct-s-db ct-s-tool ct-s-shell ct-s-cron)" "inactive inactive inactive active"
		expect 0 ctc plan --detailed-exitcode /down.ctstack
		ctc apply --yes /t.ctstack
		systemctl start ct-s-shell
		tools_run
	done
	equal "$(pid cron)" "$cron"
}

# Also where the only other change is that of the last one of the chain: it does not come up again, and bring all of the chain up with it.
test_the_last_of_a_chain_stays_down_with_another_text() {
	tool_source 'autostart = false' | sed 's/container shell {/container shell { env { X = "4" };/' >/down.ctstack
	run ctc plan /down.ctstack
	contains "$out" "Plan: 3 stop"
	ctc apply --yes /down.ctstack
	sleep 1
	equal "$(states ct-s-db ct-s-tool ct-s-shell ct-s-cron)" "inactive inactive inactive active"
	expect 0 ctc plan --detailed-exitcode /down.ctstack
	ctc apply --yes /t.ctstack
	systemctl start ct-s-shell
	tools_run
}

# Killed where all is stopped, and systemd has read no new text yet: the texts are as they were, and only who ran tells.
test_one_that_people_started_comes_back_when_the_apply_is_killed() {
	local cron tool slow='stop-signal = SIGWINCH; stop-timeout = 4s'
	tool_source "$slow" >/t.ctstack
	ctc apply --yes /t.ctstack
	cron=$(pid cron) tool=$(pid tool)
	tool_source "$slow; env { X = \"2\" }" >/t.ctstack
	without_settling
	ctc apply --yes /t.ctstack >said 2>&1 &
	eventually 20 stopping
	systemctl kill --kill-whom=main --signal=KILL ctstack-transaction.service
	wait $! || true
	eventually 20 tools_down
	refute grep -q X=2 /run/systemd/generator/ct-s-db.service
	ctc recover
	with_settling
	tools_run
	[ "$(pid tool)" != "$tool" ]
	equal "$(pid cron)" "$cron"
	tool_source "$slow" >/t.ctstack
	expect 0 ctc plan --detailed-exitcode /t.ctstack
	source_of 'restart = no' >/s.ctstack
	ctc apply --yes /s.ctstack
	all_run
}
stopping() { [ "$(states ct-s-tool ct-s-db)" = "inactive deactivating" ]; }
tools_down() { [[ "$(states ct-s-db ct-s-tool ct-s-shell ct-s-cron)" =~ ^(inactive|failed)" inactive inactive active"$ ]]; }

test_after_reboot_all_run() {
	eventually 60 all_run
	[ "$(moment app ExecMainStartTimestampMonotonic)" -ge "$(moment db ActiveEnterTimestampMonotonic)" ]
	expect 0 ctc plan --detailed-exitcode /s.ctstack
	source_of 'restart = no' | sed 's/requires = \[db\];//' >/s.ctstack
	ctc apply --yes /s.ctstack
	systemctl stop ct-s-db
	equal "$(systemctl is-active ct-s-app)" active
}
