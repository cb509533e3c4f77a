# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests in tests/host/test_*.sh may use. Each `test_…` function runs in a bash of its own under `set -eEu -o pipefail`, as root, in the test host, in an empty
# directory: any command that fails fails the test and is named with its line. The functions of a file run in order on one host that was booted for the file; those called
# `test_after_reboot_…` run after it was rebooted. A line `# gpu: nvidia` in the file gives the host stand-in device nodes, and
# `# patience: 600` each function so many seconds, instead of 300: on a machine that is slow and has other things to do. Nobody waits for a moment to pass: a test waits for
# what must be (eventually), holds a change where it is to be looked at (waits_at, opens), and knows that the watcher may be at work at any moment.

# run COMMAND...: sets $out (both streams) and $status, and never fails.
run() {
	status=0
	out=$("$@" 2>&1) || status=$?
}

# expect STATUS COMMAND...: as run, and fails where the status is another.
expect() {
	local want=$1
	shift
	run "$@"
	[ "$status" = "$want" ] || {
		printf 'status %s, expected %s: %s\n%s\n' "$status" "$want" "$*" "$out"
		return 1
	}
}

refute() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

# equal GOT WANTED
equal() {
	[ "$1" = "$2" ] || {
		printf 'got:\n%s\nexpected:\n%s\n' "$1" "$2"
		return 1
	}
}

# contains TEXT PART, lacks TEXT PART
contains() {
	case "$1" in *"$2"*) ;; *)
		printf 'in this text:\n%s\nthere should be:\n%s\n' "$1" "$2"
		return 1
		;;
	esac
}
lacks() {
	case "$1" in *"$2"*)
		printf 'in this text:\n%s\nthere should not be:\n%s\n' "$1" "$2"
		return 1
		;;
	esac
}

# eventually SECONDS COMMAND...: tries every 50 ms until it succeeds. SECONDS are those of a machine at rest: it is given up after ten times as long, or two minutes.
eventually() {
	local seconds=$(($1 * 10)) end said
	[ $seconds -le 120 ] || seconds=$(($1 > 120 ? $1 : 120))
	end=$((${EPOCHREALTIME/./} + seconds * 1000000))
	shift
	until said=$("$@" 2>&1); do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || {
			printf 'never succeeded: %s\n%s\n' "$*" "$said"
			return 1
		}
		sleep 0.05
	done
}

# image REFERENCE [PORTS [NAME=VALUE]...]: an image under that name whose program is `probe`, which serves these ports (80 by default) whatever its arguments say.
image() {
	local reference=$1 ports=${2:-80} pair
	local -a changes=(--change 'ENTRYPOINT ["/probe"]' --change "ENV PROBE_PORTS=$ports")
	shift
	[ $# = 0 ] || shift
	for pair in "$@"; do changes+=(--change "ENV $pair"); done
	tar -C /src/build -c probe | podman import --quiet "${changes[@]}" - "$reference" >/dev/null
}

# caddy_image REFERENCE: the real Caddy, from Debian, with what it is linked with, as an image.
caddy_image() {
	local -a files
	mapfile -t files < <(ldd /usr/bin/caddy | grep -oE '/[^ ]+' | sort -u)
	tar -C / -ch "${files[@]#/}" usr/bin/caddy 2>/dev/null |
		podman import --quiet --change 'ENV PATH=/usr/bin' --change 'ENV XDG_DATA_HOME=/data' --change 'ENV XDG_CONFIG_HOME=/config' --change 'ENV HOME=/' - "$1" >/dev/null
}

# Commands: probe (tests/host/probe.c) and in_ns (bin/in_ns).
PATH=/src/tests/host/bin:/src/build:$PATH

main_pid() { systemctl show --property=MainPID --value "$1"; }

# kill_main UNIT: kills its main process and waits until the unit runs again, with another: until then the one that was killed, or what it leaves for a moment, may still answer.
kill_main() {
	local before
	before=$(main_pid "$1")
	kill -KILL "$before"
	eventually 15 anew "$1" "$before"
}
# anew UNIT PID: it runs, with another main process
anew() {
	local now
	now=$(systemctl show --property=ActiveState --property=MainPID "$1" | sort)
	[[ $now =~ ^ActiveState=active$'\n'MainPID=([1-9][0-9]*)$ ]] && [ "${BASH_REMATCH[1]}" != "$2" ]
}

# What the watcher had begun when it was frozen still puts back what it finds altered: that ends first.
freeze() {
	local watcher
	watcher=$(main_pid ctstack-watch.service)
	kill -STOP "$watcher"
	eventually 60 childless "$watcher"
}
childless() { ! ps -o stat= --ppid "$1" | grep -v '^Z' >/dev/null; }
thaw() { kill -CONT "$(main_pid ctstack-watch.service)"; }
# The change that a ctc handed over to systemd is over, and what it left is settled. What was killed may have asked for one over the bus, of which systemd has not heard yet: the bus
# hands on one after the other.
settled() {
	busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.DBus.Peer Ping >/dev/null &&
		[ "$(systemctl show -P ActiveState -P Job ctstack-transaction.service)" = inactive ]
}
# So it is, and no unit of ours starts or stops any more.
quiet() { eventually 60 no_jobs >/dev/null; }
no_jobs() { settled && [ -z "$(systemctl list-jobs --no-legend 'ct*')" ]; }
# waits_at WORDS COMMAND...: a change in the background, until it has said these words (in log, which begins anew). Sets $ctc.
waits_at() {
	local words=$1
	shift
	: >log
	"$@" >>log 2>&1 &
	ctc=$!
	eventually 60 grep -q "$words" log
}
# ended: waits for that change, and for what it handed over. Sets $status.
ended() {
	status=0
	wait "$ctc" || status=$?
	eventually 60 settled
}
# ends STATUS: the same, and so it must end.
ends() {
	ended
	[ "$status" = "$1" ] || {
		echo "status $status, expected $1"
		cat log
		return 1
	}
}
# A container whose image waits at its gate listens from now on: a change that waits for it goes on when the test has seen what it wants.
gate=PROBE_GATE=/open
opens() { eventually 20 opened "$1"; }
opened() { touch "/proc/$(podman inspect --format '{{.State.Pid}}' "$1")/root/open"; }
# hears PID: it has begun to hear an interrupt, as a ctc does that has the lock.
hears() { [ $((0x$(awk '/^SigCgt/ { print $2 }' "/proc/$1/status") & 2)) != 0 ]; }
# ends_all PID...: programs in the background, which nobody needs any more.
ends_all() {
	kill "$@"
	wait "$@" || true
}
# counts FILE NAMESPACE PORT: from now on datagrams that come there are counted (`host`: not in a namespace), until `counted FILE...` writes how many, and from whom the first was.
counts() {
	local at=()
	[ "$2" = host ] || at=(in_ns "$2")
	"${at[@]}" probe udp-count "$3" 36000000 >"$1" 2>"$1.begun" &
	echo $! >"$1.pid"
	eventually 10 test -s "$1.begun"
}
counted() {
	local file
	sleep 0.3 # what is on its way
	for file; do kill -INT "$(cat "$file.pid")"; done
	for file; do wait "$(cat "$file.pid")" || true; done
}
# From now on nothing settles what a killed change leaves, as if the power had failed; and again as it was.
without_settling() {
	mkdir -p /run/systemd/system/ctstack-transaction.service.d
	printf '[Service]\nExecStopPost=\n' >/run/systemd/system/ctstack-transaction.service.d/cut.conf
	systemctl daemon-reload
}
with_settling() {
	rm -r /run/systemd/system/ctstack-transaction.service.d
	systemctl daemon-reload
}
