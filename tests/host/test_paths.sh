# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Paths as disks have them: blanks, quotes, separators and signs of every notation that they go through, letters outside ASCII. Each is read through its mount, from inside of a container of either
# engine; and what was applied is what is there. The functions build on each other.

SHOWS='/srv/TV Shows, Ünïcode/50% $HOME %n'
ODD=$'/srv/"q" \'s\' `t` #;*?/-back\\slash: 日本語 🎬 '
FILMS='/srv/Films: alte, neue\ '
TREE='/var/lib/my trees/a:b, c %i \d'
SECRET='/etc/my secrets/50% $HOME/key: a,b "c"\'
BLANK='/etc/my secrets/blank '
LIST='/srv/A list, of $5.txt'

# A string of the language.
quoted() {
	local s=${1//\\/\\\\}
	s=${s//\"/\\\"}
	printf '"%s"' "${s//\$/\\\$}"
}
place_of() { printf '/in, side: \\ "x" %s $HOME%s' %h "$1"; }

source_text() {
	cat <<-SRC
		stack films {
		  subnet lan { range = 10.84.0.0/24 }
		  secret key   { file = $(quoted "$SECRET") }
		  secret blank { file = $(quoted "$BLANK") }
		  container player {
		    image       = "localhost/web:1"
		    address     = 10.84.0.2
		    working-dir = $(quoted "$(place_of "$SHOWS")")
		    mount $(quoted "$SHOWS") -> $(quoted "$(place_of "$SHOWS")") { readonly = true }
		    mount $(quoted "$ODD")   -> $(quoted "$(place_of "$ODD")")
		    mount $(quoted "$LIST")  -> "/the list, again"
		    volume films { at = "/films: new"; from = $(quoted "${1:-$FILMS}"); backup = true }
		    device odd   { from = "/dev/odd, \"1\""; at = "/dev/Öd 2" }
		    secret key   -> "/my keys/key: 1, \"2\""
		    secret blank -> "/my keys/blank "
		    env          { MARK = "${2:-}" }
		    tmpfs fast   { at = "/fast, 1" }
		  }
		  container tree {
		    rootfs  = $(quoted "$TREE")
		    command = ["/probe", "serve", "80"]
		    address = 10.84.0.3
		    working-dir = $(quoted "$(place_of "$ODD")")
		    mount $(quoted "$SHOWS") -> $(quoted "$(place_of "$SHOWS")") { readonly = true }
		    mount $(quoted "$ODD")   -> $(quoted "$(place_of "$ODD")")
		    volume music { at = "/müsik: \\\\ "; from = "/srv/Jörg: Musik, live"; backup = true }
		    device odd   { from = "/dev/odd: 1" }
		    secret key   -> "/my keys/key: 1"
		    tmpfs fast   { at = "/fa:st \\\\ 1"; mode = 0700 }
		  }
		}
	SRC
}

# Of the first process in the container.
root_of() {
	local pid
	case "$1" in
	player) pid=$(podman inspect --format '{{.State.Pid}}' ct-films-player) ;;
	tree)
		pid=$(main_pid ct-films-tree.service)
		pid=$(tr -d ' ' <"/proc/$pid/task/$pid/children")
		;;
	esac
	echo "/proc/$pid/root"
}
# mounted CONTAINER PATH: how, as mountinfo has it
mounted() { awk -v at="$2" '{ gsub(/\\040/, " ", $5); gsub(/\\134/, "\\", $5) } $5 == at { print $6 }' "$(dirname "$(root_of "$1")")/mountinfo"; }
devices() { mknod '/dev/odd, "1"' c 1 5 && mknod '/dev/odd: 1' c 1 5; }
pids() { main_pid ct-films-player.service && main_pid ct-films-tree.service; }

test_what_a_disk_has_is_seen_inside() {
	local c
	image localhost/web:1
	mkdir -p "$SHOWS" "$ODD" "${SECRET%/*}" "$TREE"/{dev,etc,proc,run,sys,tmp,usr,var/tmp}
	cp /src/build/probe "$TREE/probe"
	echo shows >"$SHOWS/file" && echo odd >"$ODD/file" && echo list >"$LIST"
	(umask 077 && printf 'bytes of the key' >"$SECRET" && printf 'blank' >"$BLANK")
	devices
	source_text >p.ctstack
	expect 0 ctc plan p.ctstack
	contains "$out" "volume films=$(quoted "$FILMS")"
	ctc apply --yes p.ctstack
	for c in player tree; do
		equal "$(cat "$(root_of $c)$(place_of "$SHOWS")/file") $(cat "$(root_of $c)$(place_of "$ODD")/file")" "shows odd"
		contains "$(mounted $c "$(place_of "$SHOWS")")," ro,
		contains "$(mounted $c "$(place_of "$ODD")")," rw,
	done
	equal "$(cat "$(root_of player)/the list, again")" list
	equal "$(cat "$(root_of player)/my keys/key: 1, \"2\"") $(cat "$(root_of tree)/my keys/key: 1")" "bytes of the key bytes of the key"
	equal "$(cat "$(root_of player)/my keys/blank ")" blank
	equal "$(stat -c %t:%T "$(root_of player)/dev/Öd 2") $(stat -c %t:%T "$(root_of tree)/dev/odd: 1")" "1:5 1:5"
	equal "$(readlink "$(dirname "$(root_of player)")/cwd")" "$(place_of "$SHOWS")"
	equal "$(readlink "$(dirname "$(root_of tree)")/cwd")" "$(place_of "$ODD")"
	[ "$(mounted player '/fast, 1')" != '' ] && equal "$(stat -c %a "$(root_of tree)/fa:st \\ 1")" 700
	echo new >"$(root_of player)/films: new/made"
	echo new >"$(root_of tree)/müsik: \\ /made"
	equal "$(cat "$FILMS/made" '/srv/Jörg: Musik, live/made')" "$(printf 'new\nnew')"
	contains "$(systemctl show -P RequiresMountsFor ct-films-player)" "TV Shows, Ünïcode"
	lacks "$(journalctl --boot --output cat --identifier systemd)" "ignoring"
}

test_it_is_as_it_was_planned() {
	local before
	before=$(pids)
	source_text >p.ctstack
	expect 0 ctc plan --detailed-exitcode p.ctstack
	contains "$(ctc status)" "No drift"
	expect 0 ctc apply --yes p.ctstack
	equal "$(pids)" "$before"
	# what is shown of it reads back as it
	ctc show --effective p.ctstack >effective.ctstack 2>/dev/null
	contains "$(cat effective.ctstack)" "mount $(quoted "$SHOWS") "
	expect 0 ctc plan --detailed-exitcode effective.ctstack
}

test_scripts_read_where_the_data_is() {
	equal "$(ctc volumes --backup --format paths)" "$(printf '%s\n' "$FILMS" '/srv/Jörg: Musik, live')"
	ctc volumes --backup --format paths | while IFS= read -r path; do [ -f "$path/made" ]; done
	contains "$(ctc volumes --format json)" '"path":"/srv/Films: alte, neue\\ "'
}

test_only_another_mount_starts_it_again() {
	local before after
	before=$(pids)
	source_text >p.ctstack
	echo 'stack other { subnet lan { range = 10.85.0.0/24 } }' >>p.ctstack
	ctc apply --yes p.ctstack
	equal "$(pids)" "$before"
	source_text '/srv/Films; "neue" 100%' >p.ctstack
	expect 2 ctc plan --detailed-exitcode p.ctstack
	contains "$out" "volume.films  $(quoted "$FILMS") -> $(quoted '/srv/Films; "neue" 100%')"
	ctc apply --yes p.ctstack
	after=$(pids)
	refute equal "${after%%$'\n'*}" "${before%%$'\n'*}" >/dev/null
	equal "${after#*$'\n'}" "${before#*$'\n'}"
	refute test -e "$(root_of player)/films: new/made"
	expect 0 ctc rollback
	equal "$(cat "$(root_of player)/films: new/made")" new
	source_text >p.ctstack
	expect 0 ctc plan --detailed-exitcode p.ctstack
}

test_what_is_gone_is_missed_and_comes_back() {
	source_text >p.ctstack
	rm -r "$FILMS"
	run ctc status
	contains "$out" "$FILMS"
	ctc apply --yes p.ctstack
	echo again >"$FILMS/again"
	equal "$(cat "$(root_of player)/films: new/again")" again
	contains "$(ctc status)" "No drift"
	# replaced by another one of its name
	mkdir '/srv/other one' && rm -r "$FILMS" && mv '/srv/other one' "$FILMS"
	lacks "$(ctc status)" "No drift"
	ctc apply --yes p.ctstack
	echo third >"$FILMS/third"
	equal "$(cat "$(root_of player)/films: new/third")" third
	contains "$(ctc status)" "No drift"
}

test_a_secret_that_is_open_is_named_as_a_shell_takes_it() {
	source_text >p.ctstack
	chmod 0644 "$SECRET"
	expect 1 ctc plan p.ctstack
	contains "$out" "(mode 0644): chmod 0600 '"
	eval "$(sed -n "s/.*(mode 0644): \(chmod 0600 .*'\).*/\1/p" <<<"$out" | head -1)"
	equal "$(stat -c %a "$SECRET")" 600
	expect 0 ctc plan --detailed-exitcode p.ctstack
}

test_a_mount_that_is_not_there_is_named() {
	source_text | sed 's|mount "/srv/A list|mount "/srv/Another list|' >p.ctstack
	expect 1 ctc plan p.ctstack
	contains "$out" "films.player mounts $(quoted '/srv/Another list, of $5.txt'), which is not on this host"
}

# podman divides the names of archives at colons.
test_an_archive_is_found_whatever_its_name_is() {
	local name='/srv/my images/web: 1, "new" 50%.tar' format
	mkdir -p "${name%/*}"
	for format in docker-archive oci-archive; do
		image localhost/packed:1 80 PROBE_NAME="$format"
		podman save --quiet --format "$format" --output /srv/packed.tar localhost/packed:1
		mv /srv/packed.tar "$name"
		podman rmi localhost/packed:1 >/dev/null
		printf 'stack a {\n subnet lan { range = 10.86.0.0/24 }\n container x { archive = %s; address = 10.86.0.2; ports { http = 80/tcp }; ready { http = "/" } }\n}\n' "$(quoted "$name")" >a.ctstack
		expect 0 ctc apply --yes a.ctstack
		equal "$(probe get 10.86.0.2 80 /)" "$format ok"
		expect 0 ctc plan --detailed-exitcode a.ctstack
	done
	expect 0 ctc destroy --yes a
}

test_init_writes_paths_that_compile() {
	expect 0 ctc init shows --image localhost/web:1 --data "/in side: 1" --secret "$SECRET" --port 80
	contains "$(cat shows.ctstack)" "$(quoted "$SECRET")"
	expect 0 ctc check shows.ctstack
}

test_after_reboot_it_is_seen_again() {
	devices # nobody else has made them yet
	eventually 60 systemctl is-active --quiet ct-films-player.service
	eventually 60 systemctl is-active --quiet ct-films-tree.service
	equal "$(cat "$(root_of player)$(place_of "$SHOWS")/file") $(cat "$(root_of tree)$(place_of "$ODD")/file")" "shows odd"
	equal "$(cat "$(root_of player)/my keys/blank ")" blank
	eventually 30 no_drift
}
no_drift() { ctc status | grep "No drift" >/dev/null; }
