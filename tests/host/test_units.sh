# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Units on a real host: what systemd, podman and the program in the container make of what the source says. spec/units.md has the rules that are proved here. The functions
# build on each other: they run in order, on one host, on which the stacks `witness` (whose process must never change) and `u` stay.

state() { systemctl show -P "$1" "$2"; }
pid() { state MainPID "ct-$1.service"; }
# inside CONTAINER FILE: a file of the container's first process below /proc
inside() { cat "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-$1")/$2"; }
# What is active, failed or under way.
names() { systemctl list-units --plain --no-legend 'ct-*' 'ctstack*' ct.slice | awk '{print $1, $3, $4}'; }
containers() { podman ps --all --format '{{.Names}}' | sort | xargs; }

# one STACK FIELDS: a stack of one container without a network of its own
one() { printf 'stack %s {\n  container x {\n    image = "localhost/web:1"\n    network = host\n    %s\n  }\n}\n' "$1" "$2"; }

# u ENV: a stack with all that a unit can have
u() {
	cat <<-SRC
		stack u {
		  subnet lan { range = 10.77.0.0/24 }
		  container web {
		    image   = "localhost/web:1"
		    address = 10.77.0.2
		    ports   { http = 80/tcp }
		    env     { $1 }
		    limits  { memory = 64MiB; cpu = 0.5; tasks = 50; io-weight = 30 }
		    ready   { http = "/" }
		  }
		}
	SRC
}

test_a_container_is_one_plain_unit() {
	image localhost/web:1
	one witness 'env { PROBE_PORTS = "7001" }' >/witness.ctstack
	ctc apply --yes /witness.ctstack
	pid witness-x >/witness
	u 'PROBE_NAME = "first"' >/u.ctstack
	ctc apply --yes /u.ctstack
	equal "$(state ActiveState ct-u-web.service) $(state SubState ct-u-web.service)" "active running"
	equal "$(state MemoryMax ct-u-web.service) $(state CPUQuotaPerSecUSec ct-u-web.service)" "67108864 500ms"
	equal "$(state TasksMax ct-u-web.service) $(state IOWeight ct-u-web.service)" "50 30"
	equal "$(state Slice ct-u-web.service) $(state ActiveState ct-u.slice) $(state ActiveState ct-u.target)" "ct-u.slice active active"
	contains "$(state WantedBy ct-u-web.service)" ct-u.target
	contains "$(state Wants multi-user.target)" ctstack.target
	contains "$(systemctl cat ct-u-web)" "--network=ns:/run/netns/ct-u-web"
	equal "$(state FragmentPath ct-u-web.service)" /run/systemd/generator/ct-u-web.service
	eventually 5 bash -c 'journalctl --output=cat --unit=ct-u-web | grep -q "listens on 80"'
	equal "$(probe get 10.77.0.2 80 /)" "first ok"
	equal "$(find /etc/systemd -name 'ct*')" ""
	expect 0 ctc plan --detailed-exitcode /u.ctstack
}

# U12. The words stand here as bash writes them, in the source as the language does.
test_values_come_out_as_they_are_written() {
	cat >v.ctstack <<-'SRC'
		stack v {
		  container x {
		    image   = "localhost/web:1"
		    network = host
		    user    = 12:34
		    command = ["serve-nothing", "-dash", "", "a  b", "%n %% \${PATH} \"q\" 'p' \\", ";", "#x", "l1\nl2\tt", "ü€🐳", "\$HOME", "\\x41", "*"]
		    env {
		      PROBE_PORTS = "7002"
		      A = "hello \"world\" it's"
		      B = "50% %i %n %% \$HOME \${PATH} $$ $x"
		      C = "line1\nline2\n\ttab  "
		      D = "-leading"
		      E = ""
		      F = "ünï €  🐳"
		      G = "back\\slash \\x41 end\\"
		      H = "#no ; comment"
		      I = "a,b=c:d"
		      J = "*"
		      K = "  lead and trail  "
		      L = "\u{1b}[31mred\u{7f}"
		    }
		    labels { note = "la\"b,el %n $X = y\nz" }
		  }
		}
	SRC
	ctc apply --yes v.ctstack
	inside v-x cmdline >cmdline
	printf '%s\0' /probe serve-nothing -dash '' 'a  b' "%n %% \${PATH} \"q\" 'p' \\" ';' '#x' $'l1\nl2\tt' 'ü€🐳' "\$HOME" '\x41' '*' >wanted
	cmp cmdline wanted
	inside v-x environ | LC_ALL=C sort -z | grep -zE '^[A-L]=' >environ
	printf '%s\0' "A=hello \"world\" it's" "B=50% %i %n %% \$HOME \${PATH} \$\$ \$x" $'C=line1\nline2\n\ttab  ' D=-leading E= 'F=ünï €  🐳' 'G=back\slash \x41 end\' \
		'H=#no ; comment' I=a,b=c:d 'J=*' 'K=  lead and trail  ' $'L=\e[31mred\x7f' >wanted
	cmp environ wanted
	contains "$(podman inspect --format '{{json .Config.Labels}}' ct-v-x)" '"note":"la\"b,el %n $X = y\nz"'
	equal "$(inside v-x status | awk '/^(Uid|Gid)/ {print $2}' | xargs)" "12 34"
	expect 0 ctc plan --detailed-exitcode v.ctstack
	ctc destroy --yes v
}

test_mounts_arrive() {
	mkdir -p /mnt/a.b=c:d@e+f%n~g
	echo found >/mnt/a.b=c:d@e+f%n~g/file
	one m 'env { PROBE_PORTS = "7003" }
	mount /mnt/a.b=c:d@e+f%n~g -> /data/%n { readonly = true }
	volume own { at = /data/y=z; from = /srv/q%n; mode = 0700; owner = 5:6 }
	volume kept { at = /data/kept }' >m.ctstack
	ctc apply --yes m.ctstack
	equal "$(inside m-x root/data/%n/file)" found
	contains "$(inside m-x mountinfo | grep ' /data/%n ')" " ro,"
	contains "$(inside m-x mountinfo | grep ' /data/y=z ')" " rw,"
	equal "$(stat -c '%a %u:%g' /srv/q%n)" "700 5:6"
	contains "$(inside m-x mountinfo)" /var/lib/ctstack/volumes/m/x/kept
	ctc destroy --yes m
	[ -d /srv/q%n ]
}

test_only_what_changed_starts_again() {
	local first second
	cat >r.ctstack <<-'SRC'
		stack r {
		  container a { image = "localhost/web:1"; network = host; env { PROBE_PORTS = "7011" } }
		  container b { image = "localhost/web:1"; network = host; env { PROBE_PORTS = "7012" }; after = [a] }
		}
	SRC
	ctc apply --yes r.ctstack
	first=$(pid r-a) second=$(pid r-b)
	sed -i 's/"7011" }/"7011" }; limits { memory = 100MiB }/' r.ctstack
	ctc apply --yes r.ctstack
	[ "$(pid r-a)" != "$first" ]
	equal "$(pid r-b)" "$second"
	equal "$(state MemoryMax ct-r-a.service)" 104857600
	# the order of lines and comments are nothing
	{ sed -n 1p r.ctstack; sed -n 3p r.ctstack; echo '  # moved'; sed -n 2p r.ctstack; sed -n 4p r.ctstack; } >s.ctstack
	expect 0 ctc plan --detailed-exitcode s.ctstack
	# a restart of what it comes after leaves it alone
	systemctl restart ct-r-a
	equal "$(pid r-b)" "$second"
	ctc destroy --yes r
	equal "$(pid witness-x)" "$(cat /witness)"
}

test_what_comes_after_waits_until_it_is_ready() {
	local ready started
	cat >a.ctstack <<-'SRC'
		stack a {
		  container db {
		    image = "localhost/web:1"; network = host
		    env   { PROBE_PORTS = "7021"; PROBE_DELAY_MS = "1200" }
		    ready { exec = ["/probe", "connect", "127.0.0.1", "7021"]; within = 20s }
		  }
		  container app { image = "localhost/web:1"; network = host; env { PROBE_PORTS = "7022" }; after = [db] }
		}
	SRC
	ctc apply --yes a.ctstack
	ready=$(state ActiveEnterTimestampMonotonic ct-a-db.service) started=$(state ExecMainStartTimestampMonotonic ct-a-app.service)
	[ "$started" -ge "$ready" ]
	[ $((ready - $(state ExecMainStartTimestampMonotonic ct-a-db.service))) -ge 1000000 ]
	# it does not start while the other one cannot
	systemctl stop ct-a-app ct-a-db
	mkdir -p /run/systemd/system/ct-a-db.service.d
	printf '[Service]\nExecStart=\nExecStart=false\nRestart=no\n' >/run/systemd/system/ct-a-db.service.d/broken.conf
	systemctl daemon-reload
	refute systemctl start ct-a-app
	systemctl stop ct-a-app
	rm -r /run/systemd/system/ct-a-db.service.d
	systemctl daemon-reload
	ctc apply --yes a.ctstack
	equal "$(systemctl is-active ct-a-db ct-a-app | xargs)" "active active"
	ctc destroy --yes a
}

# fails_with FILE TEXT...: apply fails, says each text, and leaves the host as it was.
fails_with() {
	local before file=$1 text
	shift
	before=$(names)
	run ctc apply --yes "$file"
	[ "$status" != 0 ]
	for text; do contains "$out" "$text"; done
	equal "$(names)" "$before"
	equal "$(systemctl --failed --plain --no-legend)" ""
	equal "$(systemctl list-jobs --no-legend | grep ct || true)" ""
	equal "$(containers)" "ct-u-web ct-witness-x"
	equal "$(pid witness-x)" "$(cat /witness)"
}

test_a_program_that_dies_at_once_fails_the_apply() {
	one f 'env { PROBE_DIE = "3" }' >f.ctstack
	fails_with f.ctstack ct-f-x.service "exit status 3" "told to die"
	one f 'env { PROBE_DIE = "0" }; restart = no' >f.ctstack
	fails_with f.ctstack ct-f-x.service "exit status 0"
}

test_a_program_that_is_started_again_and_again_fails_the_apply() {
	one f 'env { PROBE_DIE = "4"; PROBE_DELAY_MS = "400" }; restart = always' >f.ctstack
	fails_with f.ctstack ct-f-x.service "exit status 4" "told to die"
}

test_a_program_that_is_never_ready_fails_the_apply() {
	one f 'env { PROBE_PORTS = "7031" }; ready { exec = ["/probe", "connect", "127.0.0.1", "7032"]; within = 2s }' >f.ctstack
	fails_with f.ctstack ct-f-x.service "not ready"
	# one that died is not waited for
	one f 'env { PROBE_DIE = "5"; PROBE_DELAY_MS = "800" }; ready { exec = ["/probe", "connect", "127.0.0.1", "7032"]; within = 120s }' >f.ctstack
	SECONDS=0
	fails_with f.ctstack ct-f-x.service "exit status 5" "told to die"
	[ "$SECONDS" -lt 60 ]
}

test_what_podman_refuses_is_said() {
	one f 'env { PROBE_PORTS = "7031" }
	command = ["x"]' >f.ctstack
	mkdir -p /etc/systemd/system/ct-f-x.service.d
	printf '[Service]\nExecStart=\nExecStart=podman run --no-such-option\n' >/etc/systemd/system/ct-f-x.service.d/x.conf
	fails_with f.ctstack ct-f-x.service "podman could not start it" "no-such-option"
	rm -r /etc/systemd/system/ct-f-x.service.d
	systemctl daemon-reload
	# the end of a long line says why
	one f "entrypoint = [\"/$(printf 'long%.0s' {1..40})\"]" >f.ctstack
	fails_with f.ctstack ct-f-x.service "command that was not found"
}

test_a_changed_container_that_fails_goes_back_to_what_it_was() {
	local before
	before=$(systemctl cat ct-u-web)
	u 'PROBE_NAME = "second"; PROBE_DIE = "6"' >w.ctstack
	fails_with w.ctstack ct-u-web.service "exit status 6"
	equal "$(systemctl cat ct-u-web)" "$before"
	equal "$(probe get 10.77.0.2 80 /)" "first ok"
}

test_a_stopped_container_is_drift() {
	systemctl stop ct-u-web
	contains "$(ctc status)" "ct-u-web.service  does not run"
	expect 2 ctc plan --detailed-exitcode /u.ctstack
	ctc apply --yes /u.ctstack
	equal "$(systemctl is-active ct-u-web)" active
	equal "$(probe get 10.77.0.2 80 /)" "first ok"
}

test_a_file_that_systemd_has_not_read_is_read_and_nothing_restarts() {
	local before
	before=$(pid u-web)
	touch -d 'now + 2 seconds' /run/systemd/generator/ct-u-web.service
	equal "$(state NeedDaemonReload ct-u-web.service)" yes
	expect 2 ctc plan --detailed-exitcode /u.ctstack
	ctc apply --yes /u.ctstack
	equal "$(pid u-web) $(state NeedDaemonReload ct-u-web.service)" "$before no"
}

test_units_of_others_are_in_the_way_and_not_touched() {
	one o 'env { PROBE_PORTS = "7041" }' >o.ctstack
	printf '[Service]\nExecStart=sleep infinity\n' >/etc/systemd/system/ct-o-x.service
	systemctl daemon-reload
	systemctl start ct-o-x
	fails_with o.ctstack /etc/systemd/system/ct-o-x.service
	equal "$(systemctl is-active ct-o-x)" active
	systemctl stop ct-o-x
	rm /etc/systemd/system/ct-o-x.service
	systemctl daemon-reload
}

# What is there before the unit is left alone, and drift from then on; it stays behind a unit that goes.
test_a_drop_in_works_and_is_told() {
	mkdir -p /etc/systemd/system/ct-o-x.service.d
	printf '[Service]\nNice=5\n' >/etc/systemd/system/ct-o-x.service.d/nice.conf
	one o 'env { PROBE_PORTS = "7041" }' >o.ctstack
	expect 0 ctc apply --yes o.ctstack
	contains "$out" /etc/systemd/system/ct-o-x.service.d
	equal "$(state Nice ct-o-x.service)" 5
	expect 2 ctc plan --detailed-exitcode o.ctstack
	contains "$out" "unit ct-o-x.service is also changed by /etc/systemd/system/ct-o-x.service.d/nice.conf"
	ctc destroy --yes o
	[ -f /etc/systemd/system/ct-o-x.service.d/nice.conf ]
	expect 0 ctc apply --yes o.ctstack
	expect 0 ctc apply --yes o.ctstack
	equal "$(state DropInPaths ct-o-x.service)" ""
	refute test -e /etc/systemd/system/ct-o-x.service.d
	expect 0 ctc plan --detailed-exitcode o.ctstack
	ctc destroy --yes o
}

# U2: for systemd, ct-d-e.slice would be inside ct-d.slice.
test_the_end_of_a_stack_is_not_the_end_of_one_whose_name_begins_alike() {
	local before
	one d 'env { PROBE_PORTS = "7051" }' >d.ctstack
	one d-e 'env { PROBE_PORTS = "7052" }' >de.ctstack
	ctc apply --yes d.ctstack de.ctstack
	before=$(pid d-e-x)
	equal "$(state ControlGroup ct-d-e-x.service)" '/ct.slice/ct-d\x2de.slice/ct-d-e-x.service'
	ctc destroy --yes d
	equal "$(pid d-e-x)" "$before"
	ctc destroy --yes d-e
	lacks "$(names)" ct-d
}

test_a_reload_by_others_changes_nothing() {
	local before
	before="$(names) $(pid u-web)"
	systemctl daemon-reload
	equal "$(names) $(pid u-web)" "$before"
	equal "$(pid witness-x)" "$(cat /witness)"
}

test_a_damaged_generation_gives_no_unit_and_says_so() {
	local manifest generator=/usr/local/lib/systemd/system-generators/ctstack-generator
	manifest=$(readlink -f /var/lib/ctstack/current)/manifest.json
	cp -a "$manifest" saved
	printf x | dd of="$manifest" bs=1 seek=200 conv=notrunc status=none
	mkdir out
	expect 1 $generator out out out
	equal "$(ls out)" ""
	eventually 5 bash -c 'journalctl --identifier=ctstack-generator | grep -q manifest.json'
	cat saved >"$manifest"
	$generator out out out
	diff out/ct-u-web.service /run/systemd/generator/ct-u-web.service
	equal "$(readlink out/ct-u.target.wants/ct-u-web.service)" ../ct-u-web.service
}

test_the_last_stack_leaves_nothing() {
	equal "$(pid witness-x)" "$(cat /witness)"
	ctc destroy --yes u
	ctc destroy --yes witness
	equal "$(names)" ""
	equal "$(find /run/systemd/generator -name 'ct*')" ""
	equal "$(containers)" ""
	ctc apply --yes /witness.ctstack
}

test_after_reboot_it_is_back_by_itself() {
	eventually 20 systemctl is-active --quiet ct-witness-x.service
	equal "$(systemctl is-active ctstack.target ct-witness.target | xargs)" "active active"
	equal "$(systemctl --failed --plain --no-legend)" ""
	one witness 'env { PROBE_PORTS = "7001" }' >w.ctstack
	expect 0 ctc plan --detailed-exitcode w.ctstack
}

# A container whose program ends when the gate is opened.
brief() {
	image localhost/brief:1 80 PROBE_DIE=5 $gate
	cat >brief.ctstack <<-'END'
		stack brief {
		  subnet lan { range = 10.76.0.0/24 }
		  container a { image = "localhost/brief:1"; address = 10.76.0.11 }
		}
	END
}
# Nobody has asked yet what became of it.
has_ended() { [[ "$(sed -n 's/^State:\t//p' "/proc/$1/status")" = Z* ]]; }

# A monitor that takes its time, as on a host that is very slow: the program has ended, and systemd does not know it yet.
test_a_program_that_has_ended_is_not_committed() {
	local change monitor program
	brief
	# The change waits until the program has ended; the monitor, which has said that it runs, until the settling has looked.
	waits_at 'start ct-brief-a.service' ctc apply --yes brief.ctstack
	change=$(main_pid ctstack-transaction.service)
	kill -STOP "$change"
	eventually 30 systemctl is-active --quiet ct-brief-a.service
	monitor=$(main_pid ct-brief-a.service) program=$(podman inspect --format '{{.State.Pid}}' ct-brief-a)
	kill -STOP "$monitor"
	touch "/proc/$program/root/open"
	eventually 10 has_ended "$program"
	systemctl is-active --quiet ct-brief-a.service
	kill -CONT "$change"
	sleep 3
	kill -CONT "$monitor"
	ends 3
	contains "$(cat log)" "ct-brief-a.service did not stay up: exit status 5"
	refute systemctl cat ct-brief-a.service
}

# A change that takes its time: between two of its looks at the container the program ends, systemd is told, and nothing is left. strace(1) stops it where it looks for the processes.
test_a_program_that_ends_between_two_looks_is_not_committed() {
	local beside=/run/systemd/system/ctstack-transaction.service.d group=sys/fs/cgroup/ct.slice/ct-brief.slice/ct-brief-a.service
	mkdir -p $beside
	printf '[Service]\nExecStart=\nExecStart=strace -o /root/trace -P %s -e trace=%%%%file -e inject=%%%%file:signal=STOP:when=1 -- /usr/local/bin/ctc transact\n' $group >$beside/slow.conf
	systemctl daemon-reload
	brief
	waits_at 'ready ct-brief-a.service' ctc apply --yes brief.ctstack
	eventually 30 grep -q 'stopped by SIGSTOP' /root/trace
	opens ct-brief-a
	eventually 30 refute systemctl is-active --quiet ct-brief-a.service
	eventually 30 refute test -e /$group/supervisor
	pkill -CONT -P "$(main_pid ctstack-transaction.service)"
	ends 3
	contains "$(cat log)" "ct-brief-a.service did not stay up: exit status 5"
	refute systemctl cat ct-brief-a.service
	rm -r $beside
	systemctl daemon-reload
}
