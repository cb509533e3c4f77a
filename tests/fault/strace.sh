#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The second crash matrix, in a test host: the program as it is installed, under strace(1), which kills it before a system call or lets the call fail as a full disk, a broken one
# or a lack of memory or descriptors would. It needs nothing in the program and knows nothing of it. The first run of a scenario (state.sh) notes every call and from where it was
# made, of the ctc that is asked (ask), of the service that makes the change (serve) and of what settles it where that was killed (settle): each is killed before each call that
# may change something, and each call fails once for each place (call and stack) that makes it.
#
#	strace.sh SCENARIO all|COUNT [SEED]	COUNT: so many of the runs, chosen by the seed
# Prints "ok …" or what was wrong and "not ok …", and a line "# points …".
set -u -o pipefail
. /src/tests/host/lib.sh
PATH=/usr/local/bin:$PATH
scenario=$1 count=$2 seed=${3:-1}
. /src/tests/fault/state.sh

# strace's options for each of the three, in files; where there is none it runs without.
control=/run/ctc-strace
mkdir -p $control /run/systemd/system/ctstack-transaction.service.d
cat >$control/run <<'END'
#!/bin/sh
who=$1
shift
[ ! -s /run/ctc-strace/$who ] || exec strace -e signal=none $(cat /run/ctc-strace/$who) -- "$@"
exec "$@"
END
chmod 755 $control/run
cat >/run/systemd/system/ctstack-transaction.service.d/strace.conf <<END
[Service]
ExecStart=
ExecStart=$control/run serve /usr/local/bin/ctc transact
ExecStopPost=
ExecStopPost=$control/run settle /usr/local/bin/ctc transact --over
END
systemctl daemon-reload

# arm WHO OPTION...
arm() { echo "${@:2}" >"$control/$1"; }
unarmed() { rm -f $control/{ask,serve,settle}; }
# tamper WHO WHAT NAME NUMBER: that happens to its call.
tamper() {
	local how=error=$2
	[ "$2" != kill ] || how=signal=KILL
	arm "$1" -o "$work/trace" -e "trace=$3" -e "inject=$3:$how:when=$4"
}
asked() { timeout 600 $control/run ask "$@" >said 2>&1; }

parties="ask serve"
watched() {
	local who
	rm -f calls.*
	for who in $parties; do arm "$who" -k -o "$work/calls.$who"; done
	asked "$@"
	status=$?
	quiet
	unarmed
}

# From what strace -k wrote: WHO WHAT NAME NUMBER TEXT, where WHAT is `kill` or an error, and NUMBER counts the calls of that name. What the loader calls is left out.
points() {
	awk -v who="$1" '
	BEGIN {
		list("write pwrite64 fsync ftruncate fallocate fchmod fchown mkdirat linkat symlinkat renameat renameat2 unlinkat mount umount2 sendto sendmsg clone clone3 vfork kill setns", changes, "x")
		list("openat openat2 socket eventfd2 epoll_create1 pipe2 timerfd_create inotify_init1 memfd_create pidfd_open accept4", errors, "EMFILE")
		list("write pwrite64 fallocate mkdirat symlinkat linkat renameat renameat2", errors, "ENOSPC EDQUOT EIO")
		list("read pread64 fsync unlinkat getdents64 ftruncate fchmod fchown readlinkat newfstatat", errors, "EIO")
		list("mmap brk clone clone3 vfork sendto sendmsg recvmsg recvfrom ioctl mount setns poll ppoll epoll_wait", errors, "ENOMEM")
	}
	function list(words, into, value,   part, i, n) { n = split(words, part, " "); for (i = 1; i <= n; i++) into[part[i]] = value }
	function flush(   part, i, n, makes) {
		if (name == "" || stack !~ /\/ctc\(/) return
		makes = text ~ /O_CREAT|O_TMPFILE/
		if (name in changes || makes) print who, "kill", name, number, text
		n = split(errors[name] (makes ? " ENOSPC" : "") (text ~ /F_DUPFD/ ? " EMFILE" : ""), part, " ")
		for (i = 1; i <= n; i++) if (!seen[name, part[i], stack]++) print who, part[i], name, number, text
	}
	/^ >/ { stack = stack "\n" $0; next }
	{ flush(); name = stack = "" }
	/^[a-z0-9_]+\(/ { name = text = $0; sub(/\(.*/, "", name); sub(/^[a-z0-9_]*\(/, "", text); text = substr(text, 1, 60); number = ++calls[name] }
	END { flush() }' "calls.$1"
}

states
{ points ask; points serve; } >points
cut=()
if [ "$scenario" = recovery ]; then
	# The service is killed in the midst of its effects, each time, and something happens to what settles that.
	read -r -a cut < <(awk '$1 == "serve" && $2 == "kill" { if (/"journal"/) n = 1; if (n) line[++k] = $0 } END { print line[int(k * 2 / 3)] }' points)
	parties=settle
	arm settle -k -o "$work/calls.settle"
	tamper "${cut[@]:0:4}"
	asked "${command[@]}"
	quiet
	unarmed
	points settle >points
	[ -s points ] || give_up "the change is cut off (${cut[*]})"
	reset
fi

while read -r who what call number text; do
	[ "$scenario" != recovery ] || tamper "${cut[@]:0:4}"
	tamper "$who" "$what" "$call" "$number"
	{ asked "${command[@]}"; } 2>/dev/null
	status=$?
	[ "$scenario" != recovery ] || status=any
	judge "$who: $what at $call number $number ($text)"
	if [ "$wrong" -gt 20 ]; then
		echo "  too many: the rest is left out"
		break
	fi
done < <(some "$count" "$seed" <points)
echo "# points $scenario $(wc -l <points) $runs $mixed $wrong"
if [ $wrong = 0 ]; then
	echo "ok strace $scenario: $runs of $(wc -l <points) runs ($(grep -c '^[a-z]* kill ' points) kills, $(grep -vc '^[a-z]* kill ' points) errors), 0 mixed"
else
	echo "not ok strace $scenario: $wrong wrong, $mixed mixed, in $runs runs"
fi
