# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests in tests/host/test_*.sh may use. Each `test_…` function runs in a bash of its own under `set -eEu -o pipefail`, as root, in the test host, in an empty
# directory: any command that fails fails the test and is named with its line. The functions of a file run in order on one host that was booted for the file; those called
# `test_after_reboot_…` run after it was rebooted. A line `# gpu: nvidia` in the file gives the host stand-in device nodes, and
# `# patience: 600` each function so many seconds, instead of 120.

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

# eventually SECONDS COMMAND...: tries every 50 ms until it succeeds.
eventually() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000)) said
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

# The change that a ctc handed over to systemd is over, and what it left is settled.
settled() { [ "$(systemctl show -P ActiveState ctstack-transaction.service)" = inactive ]; }
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
