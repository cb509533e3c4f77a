# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What people do with containers every day, without a new generation: start, stop, restart, logs, exec, enter, run, ip, list, aliases.

test_two_stacks_run() {
	image localhost/a:1
	# A shell and its programs beside the tests' own.
	mkdir -p tree/bin && cp /bin/busybox tree/bin/busybox && cp /src/build/probe tree/probe
	for name in sh cat echo id ls env; do ln -s busybox "tree/bin/$name"; done
	tar -C tree -c . | podman import --quiet --change 'ENTRYPOINT ["/probe"]' --change 'ENV PROBE_PORTS=80' --change 'ENV PATH=/bin' - localhost/box:1 >/dev/null
	cat >dev.ctstack <<-'END'
		stack dev {
		  subnet lan { range = 10.77.0.0/24 }
		  container postgres {
		    image = "localhost/box:1"; address = 10.77.0.2; alias = "pg"
		    ports { pg = 80/tcp }
		    ready { tcp = pg }
		    shortcuts { psql = ["/bin/echo", "psql of", "a b"]; who = ["/bin/id", "-u"] }
		  }
		  container dev-ml { image = "localhost/a:1"; address = 10.77.0.3; ports { http = 80/tcp } }
		}
		stack one { subnet lan { range = 10.78.0.0/24; range6 = fd00:78::/64 }
		  container only { image = "localhost/box:1"; address = 10.78.0.2; address6 = fd00:78::2 }
		}
	END
	expect 0 ctc apply --yes dev.ctstack
}

test_list_and_ip_say_what_is_there() {
	equal "$(ctc list --names)" $'dev\none\ndev.dev-ml\ndev.postgres\none.only'
	contains "$(ctc list)" "postgres"
	contains "$(ctc list --json)" '{"name":"dev","file":"dev.ctstack","containers":["dev-ml","postgres"]}'
	equal "$(ctc ip dev.postgres)" 10.77.0.2
	equal "$(ctc ip one.only)" $'10.78.0.2\nfd00:78::2'
	equal "$(ctc ip one)" $'10.78.0.2\nfd00:78::2'
	equal "$(ctc ip -6 one)" fd00:78::2
	expect 1 ctc ip -6 dev.postgres
	contains "$out" "has no IPv6 address of its own"
	expect 1 ctc ip dev
	contains "$out" "name one, like dev.dev-ml"
	expect 1 ctc ip dev.postgre
	contains "$out" 'did you mean `dev.postgres`?'
}

test_stop_and_start_one() {
	local other
	other=$(main_pid ct-dev-dev-ml.service)
	expect 0 ctc stop dev.postgres
	contains "$out" "stopped ct-dev-postgres.service"
	refute systemctl is-active --quiet ct-dev-postgres.service
	refute probe connect 10.77.0.2 80 300
	run ctc status dev.postgres
	contains "$out" dev.postgres
	lacks "$out" dev.dev-ml
	contains "$out" "Drift: 1 difference."
	expect 0 ctc status one
	contains "$out" "No drift."
	expect 0 ctc start dev.postgres
	contains "$out" "ready ct-dev-postgres.service"
	expect 0 probe connect 10.77.0.2 80
	equal "$(main_pid ct-dev-dev-ml.service)" "$other"
	contains "$(ctc status)" "No drift: the host is as the generation says."
}

test_restart_a_stack_and_no_other() {
	local one dev
	one=$(main_pid ct-one-only.service) dev=$(main_pid ct-dev-dev-ml.service)
	expect 0 ctc restart dev
	refute test "$(main_pid ct-dev-dev-ml.service)" = "$dev"
	equal "$(main_pid ct-one-only.service)" "$one"
	expect 0 ctc stop --all
	equal "$(podman ps --quiet)" ''
	expect 0 ctc start --all
	equal "$(podman ps --quiet | wc -l)" 3
	expect 1 ctc start
	expect 1 ctc start --all dev
	expect 1 ctc stop dev.nobody
}

test_a_start_that_fails_says_why() {
	ctc stop dev.postgres >/dev/null
	mkdir -p /run/systemd/system/ct-dev-postgres.service.d
	printf '[Service]\nExecStartPre=/bin/false\n' >/run/systemd/system/ct-dev-postgres.service.d/no.conf
	systemctl daemon-reload
	expect 3 ctc start dev.postgres
	contains "$out" ct-dev-postgres.service
	rm -r /run/systemd/system/ct-dev-postgres.service.d
	systemctl daemon-reload
	systemctl stop ct-dev-postgres.service
}

test_exec_runs_inside() {
	equal "$(ctc exec one.only -- /bin/echo 'a  b' '$HOME' ';id')" 'a  b $HOME ;id'
	equal "$(echo from outside | ctc exec one -- /bin/cat)" 'from outside'
	expect 7 ctc exec one.only -- /bin/sh -c 'exit 7'
	equal "$(ctc exec --user 1000:1000 one.only -- /bin/id -u)" 1000
	# options behind the container's name are the command's, also without a --
	equal "$(ctc exec -u 1000:1000 one.only /bin/id -u)" 1000
	equal "$(ctc exec one.only /bin/echo -- --help -h)" '-- --help -h'
	equal "$(echo 'echo $((6*7))' | ctc enter one.only)" 42
	expect 1 ctc exec one.only
	expect 0 ctc stop one.only
	expect 1 ctc exec one.only -- /bin/id
	contains "$out" 'one.only does not run'
	contains "$out" 'ctc start one.only'
	expect 0 ctc start one.only
}

test_shortcuts_have_names() {
	expect 0 ctc start dev.postgres
	equal "$(ctc run dev.postgres psql)" 'psql of a b'
	equal "$(ctc run dev.postgres psql more 'and more')" 'psql of a b more and more'
	equal "$(ctc run dev.postgres psql -c 'select 1')" 'psql of a b -c select 1'
	equal "$(ctc run dev.postgres psql -- -c --)" 'psql of a b -c --'
	contains "$(ctc run dev.postgres)" who
	expect 1 ctc run dev.postgres pslq
	contains "$out" 'did you mean `psql`?'
}

test_aliases_are_functions_of_the_shell() {
	ctc aliases >functions
	(
		. ./functions
		equal "$(dev-pg-psql)" 'psql of a b'
		equal "$(pg-psql x)" 'psql of a b x'
		contains "$(dev-pg-status)" dev.postgres
		contains "$(dev-ml-status)" dev.dev-ml
		contains "$(dev-status-all)" dev.postgres
		dev-stop-all >/dev/null
		refute systemctl is-active --quiet ct-dev-dev-ml.service
		dev-start-all >/dev/null
		systemctl is-active --quiet ct-dev-dev-ml.service
	)
	contains "$(ctc aliases --sudo one)" 'one-only-enter() { sudo ctc enter one.only "$@"; }'
	ctc aliases --shell sh dev >aliases
	equal "$(dash -c '. ./aliases; eval "dev-pg-psql x"')" 'psql of a b x'
	contains "$(ctc aliases --shell fish one)" 'function one-only-logs; ctc logs one.only $argv; end'
}

test_logs_are_those_of_the_container() {
	ctc exec one.only -- /bin/sh -c 'echo to the log >/proc/1/fd/1'
	eventually 5 sh -c 'ctc logs one.only | grep -q "to the log"'
	lacks "$(ctc logs dev)" 'to the log'
	equal "$(ctc logs -n 1 one.only)" 'to the log'
	timeout 200 ctc logs -f one.only >followed &
	eventually 5 grep -aq 'to the log' followed
	ctc exec one.only -- /bin/sh -c 'printf "one more\n\n\303\050 raw\n" >/proc/1/fd/1'
	eventually 5 grep -aq ' raw' followed
	# line by line, an empty one and bytes that are no text among them
	equal "$(ctc logs -n 3 one.only | od -An -c | xargs)" "$(printf 'one more\n\n\303\050 raw\n' | od -An -c | xargs)"
	ends_all %1
	# whose reader has seen enough ends with the next line, also where it follows
	(while [ ! -e over ]; do ctc exec one.only -- /bin/sh -c 'echo the next >/proc/1/fd/1'; sleep 1; done) &
	timeout 200 ctc logs -f one.only | head -n 1 >first
	equal "${PIPESTATUS[0]} $(wc -l <first)" '0 1'
	touch over
	wait
}

# Each as its user has it: bash by what it would offer, fish and zsh from files where `make install` puts them, and zsh at a terminal, the first time that the key is pressed.
test_names_are_completed() {
	equal "$(bash -c 'source <(ctc completion bash); COMP_WORDS=(ctc stop dev.); COMP_CWORD=2; _ctc; echo "${COMPREPLY[*]}"')" 'dev.dev-ml dev.postgres'
	equal "$(bash -c 'source <(ctc completion bash); COMP_WORDS=(ctc destroy ""); COMP_CWORD=2; _ctc; echo "${COMPREPLY[*]}"')" 'dev one'
	mkdir -p /etc/fish/completions && ctc completion fish >/etc/fish/completions/ctc.fish
	equal "$(HOME=$PWD fish -c 'complete -C "ctc stop dev."' | sort | xargs)" 'dev.dev-ml dev.postgres'
	equal "$(HOME=$PWD fish -c 'complete -C "ctc stop on"' | sort | xargs)" 'one one.only'
	cat >at-terminal.zsh <<-'ZSH'
		zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell 'autoload -Uz compinit; compinit -u; PS1="> "; print READY-$((1 + 1))'
		zpty -r shell seen '*READY-2*'
		zpty -w -n shell $'ctc ip dev.po\t\n'
		zpty -r shell seen '*10.77.0.2*'
		print found
	ZSH
	equal "$(timeout 60 zsh -f at-terminal.zsh)" found
}
