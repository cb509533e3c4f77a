#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The second crash matrix, in a test host: the program as it is installed, under strace(1), which kills it before a system call or lets the call fail as a full disk, a broken one
# or a lack of memory or descriptors would. It needs nothing in the program and knows nothing of it. The first run of a scenario (state.sh) notes every call and from where it was
# made: the process is killed before each call that may change something, and each call fails once for each place (call and stack) that makes it.
#
#	strace.sh SCENARIO all|COUNT [SEED]	COUNT: so many of the runs, chosen by the seed
# Prints "ok …" or what was wrong and "not ok …", and a line "# points …".
set -u -o pipefail
. /src/tests/host/lib.sh
PATH=/usr/local/bin:$PATH
scenario=$1 count=$2 seed=${3:-1}
. /src/tests/fault/state.sh

# traced OPTION... -- COMMAND...: runs the command under strace with these options.
traced() { timeout 120 strace -o trace -e signal=none "$@"; }
unarmed() { :; }
watched() {
	traced -k -- "$@" >said 2>&1
	status=$?
	settled
	cp trace calls
}

# From calls, as strace -k writes them: WHAT NAME NUMBER TEXT, where WHAT is `kill` or an error, and NUMBER counts the calls of that name. What the loader calls is left out.
points() {
	awk '
	BEGIN {
		list("write pwrite64 fsync ftruncate fallocate fchmod fchown mkdirat linkat symlinkat renameat renameat2 unlinkat mount umount2 sendto sendmsg clone clone3 vfork kill setns", changes, "x")
		list("openat openat2 socket eventfd2 epoll_create1 pipe2 timerfd_create inotify_init1 memfd_create pidfd_open accept4", errors, "EMFILE")
		list("write pwrite64 fallocate mkdirat symlinkat linkat renameat renameat2", errors, "ENOSPC EIO")
		list("read pread64 fsync unlinkat getdents64 ftruncate fchmod fchown readlinkat newfstatat", errors, "EIO")
		list("mmap brk clone clone3 vfork sendto sendmsg recvmsg recvfrom ioctl mount setns poll ppoll epoll_wait", errors, "ENOMEM")
	}
	function list(words, into, value,   part, i, n) { n = split(words, part, " "); for (i = 1; i <= n; i++) into[part[i]] = value }
	function flush(   part, i, n, makes) {
		if (name == "" || stack !~ /\/ctc\(/) return
		makes = text ~ /O_CREAT|O_TMPFILE/
		if (name in changes || makes) print "kill", name, number, text
		n = split(errors[name] (makes ? " ENOSPC" : "") (text ~ /F_DUPFD/ ? " EMFILE" : ""), part, " ")
		for (i = 1; i <= n; i++) if (!seen[name, part[i], stack]++) print part[i], name, number, text
	}
	/^ >/ { stack = stack "\n" $0; next }
	{ flush(); name = stack = "" }
	/^[a-z0-9_]+\(/ { name = text = $0; sub(/\(.*/, "", name); sub(/^[a-z0-9_]*\(/, "", text); text = substr(text, 1, 60); number = ++calls[name] }
	END { flush() }' "$1"
}

# tampered WHAT NAME NUMBER COMMAND...: runs it, and that happens to it.
tampered() {
	local how=error=$1
	[ "$1" != kill ] || how=signal=KILL
	traced -e "trace=$2" -e "inject=$2:$how:when=$3" -- "${@:4}" >said 2>&1
}

states
points calls >points
before=()
if [ "$scenario" = recovery ]; then
	# The change is cut off in the midst of its effects, before each run in which something happens to the recovery.
	cut=$(awk '/kill [a-z0-9]* [0-9]* .*"journal"/ && !n { n = NR } $1 == "kill" && n { line[++k] = $0 } END { print line[int(k * 2 / 3)] }' points)
	read -r what call number _ <<<"$cut"
	before=(tampered "$what" "$call" "$number" "${command[@]}")
	{ "${before[@]}"; } 2>/dev/null
	[ -e /var/lib/ctstack/journal ] || give_up "the change is cut off ($cut)"
	watched ctc recover
	points calls >points
	reset
	command=(ctc recover)
fi

while read -r what call number text; do
	[ "$scenario" != recovery ] || { "${before[@]}"; } 2>/dev/null
	{ tampered "$what" "$call" "$number" "${command[@]}"; } 2>/dev/null
	status=$?
	[ "$scenario" != recovery ] || status=any
	judge "$what at $call number $number ($text)"
	if [ "$wrong" -gt 20 ]; then
		echo "  too many: the rest is left out"
		break
	fi
done < <(some "$count" "$seed" <points)
echo "# points $scenario $(wc -l <points) $runs $mixed $wrong"
if [ $wrong = 0 ]; then
	echo "ok strace $scenario: $runs of $(wc -l <points) runs ($(grep -c ^kill points) kills, $(grep -vc ^kill points) errors), 0 mixed"
else
	echo "not ok strace $scenario: $wrong wrong, $mixed mixed, in $runs runs"
fi
