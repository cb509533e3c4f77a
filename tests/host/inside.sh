#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs one file of tests, in the test host (see lib.sh). run.sh calls it.
#	inside.sh all FILE first|rebooted	the functions of that part, in order; prints "ok NAME" or the output and "not ok NAME" for each, then "done". Lines "# …" of what
#						a function printed, its numbers, are shown also where all went well
#	inside.sh one FILE FUNCTION		one of them
set -u
here=/src/tests/host
file=$2
# Seconds that a function may take; a line `# patience: N` in the file says another number.
patience=$(sed -n 's/^# patience: *//p' "$file")
limit=${TEST_TIMEOUT:-${patience:-300}}

if [ "$1" = one ]; then
	# shellcheck source=lib.sh
	. $here/lib.sh
	# shellcheck disable=SC1090
	. "$file"
	trap 'printf "line %s of %s: %s\n" "$LINENO" "${BASH_SOURCE[0]##*/}" "$BASH_COMMAND"' ERR
	set -eEu -o pipefail
	"$3"
	exit 0
fi

# What else there is to know of a failure: the units of ours and the jobs under way, who has the lock and what it was told last, the processes, and the journal.
aftermath() {
	echo "units and jobs:"
	timeout 20 systemctl list-units --all --plain --no-legend --no-pager 'ct*' 2>&1
	timeout 20 systemctl --failed --plain --no-legend --no-pager 2>&1
	timeout 20 systemctl list-jobs --no-legend --no-pager 2>&1
	echo "the lock: $(cat /run/ctstack/lock 2>&1); current: $(readlink /var/lib/ctstack/current), active: $(readlink /run/ctstack/active)"
	tail -n 5 /run/ctstack/progress 2>/dev/null
	echo "processes, load $(cut -d' ' -f1-3 /proc/loadavg):"
	ps -eo pid,ppid,stat,etimes,wchan:16,args --sort=pid 2>/dev/null | tail -n 60
	echo "the journal meanwhile:"
	journalctl --no-pager --output=short-monotonic --since="@$since" -n 100 2>/dev/null
}

for name in $(grep -oE '^test_[A-Za-z0-9_]+' "$file"); do
	case "$name" in
	test_after_reboot_*) [ "$3" = rebooted ] || continue ;;
	*) [ "$3" = first ] || continue ;;
	esac
	[ -z "${ONLY:-}" ] || [[ $name == $ONLY ]] || continue
	work=$(mktemp -d /tmp/test.XXXXXX)
	cd "$work" || exit 1
	since=$(date +%s) SECONDS=0
	if timeout -k 5 "$limit" bash "$0" one "$file" "$name" >"$work.log" 2>&1; then
		grep '^# ' "$work.log"
		[ $SECONDS -lt $((limit / 3)) ] || echo "# ${name#test_}: $SECONDS s of $limit"
		echo "ok ${file##*/}: ${name#test_}"
	else
		status=$?
		sed 's/^/    /' "$work.log"
		echo "    status $status after $SECONDS s of $limit"
		aftermath | cut -c1-200 | sed 's/^/    | /'
		echo "not ok ${file##*/}: ${name#test_}"
	fi
done
echo done
