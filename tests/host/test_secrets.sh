# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Secrets: that the program gets their bytes, and that nobody else does. spec/services.md has the rules that are proved here. The functions build on each other.

inside() { cat "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-$1")/$2"; }

# The bytes, in two halves, so that this text and what bash says of it do not hold them.
WORD=$(printf '%s%s' 'k9XqZ' 'w77bytes')
AGAIN=$(printf '%s%s' 'Other1' 'w78bytes')

source_text() {
	cat <<-SRC
		stack s {
		  subnet lan { range = 10.78.0.0/24 }
		  secret password { file = /etc/secrets/pass%word:1 }
		  secret variables { file = /etc/secrets/variables.env }
		  container app {
		    image   = "localhost/web:1"
		    address = 10.78.0.2
		    user    = 12:34
		    volume config { at = /config }
		    secret password  -> /run/secrets/password
		    secret variables -> /config/secret.json { owner = 5:6; mode = 0440 }
		    $*
		  }
		}
	SRC
}

write_secrets() {
	mkdir -p /etc/secrets
	(umask 077 && printf '%s' "$1" >'/etc/secrets/pass%word:1' && printf '# a comment\nPLAIN=%s\nQUOTED="%s x"\n' "$1" "$1" >/etc/secrets/variables.env)
}

# Fails where the bytes stand in a file below one of the directories, but for the secrets' own.
found_nowhere() {
	local -a hits
	mapfile -t hits < <(grep -rlaF -e "$1" "${@:2}" 2>/dev/null | grep -vE '^(/etc/secrets/|/run/ctstack/secrets/|/run/credentials/ct-s-app\.service/|/var/lib/ctstack/volumes/s/app/config/)' || true)
	[ ${#hits[@]} = 0 ] || {
		printf 'the bytes are in %s\n' "${hits[@]}"
		return 1
	}
}

test_a_secret_that_is_missing_is_a_mistake_of_the_plan() {
	image localhost/web:1 8080
	source_text >s.ctstack
	expect 1 ctc plan s.ctstack
	contains "$out" "secret s.password of s.app: /etc/secrets/pass%word:1 is not on this host"
	write_secrets "$WORD"
	chmod 0644 /etc/secrets/variables.env
	expect 1 ctc apply --yes s.ctstack
	contains "$out" "open to everybody on this host (mode 0644): chmod 0600 /etc/secrets/variables.env"
	contains "$out" "s.ctstack:5"
	equal "$(podman ps --all --quiet)" ""
	chmod 0600 /etc/secrets/variables.env
}

test_the_program_sees_it_with_its_owner_and_mode() {
	local root
	source_text >s.ctstack
	expect 0 ctc plan s.ctstack
	lacks "$out" "$WORD"
	ctc apply --yes s.ctstack >applied 2>&1
	lacks "$(cat applied)" "$WORD"
	equal "$(inside s-app root/run/secrets/password)" "$WORD"
	contains "$(inside s-app root/config/secret.json)" "PLAIN=$WORD"
	root=/proc/$(podman inspect --format '{{.State.Pid}}' ct-s-app)/root
	equal "$(stat -c '%u:%g %a' "$root/run/secrets/password") $(stat -c '%u:%g %a' "$root/config/secret.json")" "12:34 400 5:6 440"
	contains "$(inside s-app mountinfo | grep ' /run/secrets/password ')" " ro,"
	equal "$(stat -f -c %T /run/ctstack/secrets) $(stat -c %a /run/ctstack/secrets/ct-s-app)" "ramfs 700"
	expect 0 ctc plan --detailed-exitcode s.ctstack
}

test_a_start_without_it_says_so() {
	mv /etc/secrets/variables.env /etc/secrets/elsewhere
	expect 3 ctc restart s.app
	contains "$out" "ct-s-app.service did not start: systemd could not read its secrets"
	mv /etc/secrets/elsewhere /etc/secrets/variables.env
	expect 0 ctc start s.app
}

test_the_bytes_are_nowhere_else() {
	mkdir -p dumped
	source_text >s.ctstack
	journalctl --output=export >dumped/journal
	journalctl --output=cat --all >dumped/journal.text
	systemctl cat 'ct-*' >dumped/units
	systemctl show 'ct-*' >dumped/properties
	ps axeww >dumped/processes
	cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >dumped/proc 2>/dev/null || true
	podman inspect ct-s-app >dumped/inspect
	ctc status >dumped/status
	ctc show 1 >dumped/show
	ctc plan --format json s.ctstack >dumped/plan.json
	nft list ruleset >dumped/ruleset
	[ -s dumped/journal ] && [ -s dumped/processes ] && [ -s dumped/proc ]
	found_nowhere "$WORD" dumped /var /run /etc /tmp /root
	# Had they been anywhere, this would have said so.
	printf '%s\n' "$WORD" >/var/tmp/leak
	refute found_nowhere "$WORD" /var
	rm /var/tmp/leak
}

test_environment_comes_from_a_file_that_podman_alone_reads() {
	source_text 'env-files = [variables]' >s.ctstack
	ctc apply --yes s.ctstack
	equal "$(inside s-app environ | tr '\0' '\n' | grep -E '^(PLAIN|QUOTED)=' | sort)" "PLAIN=$WORD
QUOTED=\"$WORD x\""
	lacks "$(systemctl cat ct-s-app)" "$WORD"
	contains "$(systemctl cat ct-s-app)" "--env-file=\${CREDENTIALS_DIRECTORY}/variables"
	found_nowhere "$WORD" /var/lib/ctstack /var/log /run/systemd /run/ctstack /etc
}

test_other_bytes_restart_who_is_given_them() {
	local before stamp
	before=$(main_pid ct-s-app.service)
	source_text >s.ctstack
	ctc apply --yes s.ctstack
	before=$(main_pid ct-s-app.service)
	write_secrets "$WORD"
	expect 0 ctc plan --detailed-exitcode s.ctstack
	write_secrets "$AGAIN"
	expect 2 ctc plan --detailed-exitcode s.ctstack
	contains "$out" "secret s.password"
	lacks "$out" "$AGAIN"
	ctc apply --yes s.ctstack
	refute [ "$before" = "$(main_pid ct-s-app.service)" ]
	equal "$(inside s-app root/run/secrets/password)" "$AGAIN"
	# The way back is with the bytes of now, and says so; without them it is refused.
	mv /etc/secrets/variables.env /etc/secrets/elsewhere
	before=$(main_pid ct-s-app.service)
	expect 1 ctc rollback
	contains "$out" "secret variables of s.app: /etc/secrets/variables.env is not on this host"
	equal "$(main_pid ct-s-app.service)" "$before"
	mv /etc/secrets/elsewhere /etc/secrets/variables.env
	expect 0 ctc rollback
	contains "$out" "warning: secret password of s.app is what /etc/secrets/pass%word:1 has now: that generation had another content"
	equal "$(inside s-app root/run/secrets/password)" "$AGAIN"
	ctc apply --yes s.ctstack
	# What tells them apart is keyed: it is not the digest of the bytes, and another host has another one.
	stamp=$(systemctl cat ct-s-app | sed -n 's/^Secret=s.password //p')
	equal "${#stamp}" 16
	refute [ "$(printf '%s' "$AGAIN" | sha256sum | cut -c-16)" = "$stamp" ]
	equal "$(stat -c '%a %s' /var/lib/ctstack/key)" "600 32"
}

test_it_goes_with_the_container() {
	ctc destroy --yes s
	equal "$(ls /run/ctstack/secrets)" ""
	refute test -e /run/credentials/ct-s-app.service
	found_nowhere "$AGAIN" /var /run /tmp /root
}

test_an_encrypted_secret_is_decrypted_by_systemd() {
	printf '%s' "$WORD" | systemd-creds encrypt --with-key=host --name=sealed - /etc/sealed.cred
	cat >e.ctstack <<-SRC
		stack e {
		  subnet lan { range = 10.79.0.0/24 }
		  secret sealed { encrypted-file = /etc/sealed.cred }
		  secret inline { encrypted = "$(printf '%s' "$AGAIN" | systemd-creds encrypt --with-key=host --name=inline - - | tr -d '\n')" }
		  container x {
		    image   = "localhost/web:1"
		    address = 10.79.0.2
		    secret sealed -> /run/secrets/sealed
		    secret inline -> /run/secrets/inline
		  }
		}
	SRC
	ctc apply --yes e.ctstack
	equal "$(inside e-x root/run/secrets/sealed) $(inside e-x root/run/secrets/inline)" "$WORD $AGAIN"
	found_nowhere "$WORD" /var/lib /run/systemd /etc
	found_nowhere "$AGAIN" /var/lib /run/systemd /etc
	expect 0 ctc plan --detailed-exitcode e.ctstack
	ctc destroy --yes e
}
