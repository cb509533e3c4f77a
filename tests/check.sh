#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs suites of tests, each a command line in one argument, and closes with one line "N passed, N failed" over all. A suite prints a line "ok …" or "not ok …" a test; one that
# ends with a status and no "not ok", or without any result, counts as one that failed. Only one that says "# skipped: …" may have none. What failed and why, and what was skipped,
# is said once more at the end.
#	check.sh SUITE... [-- SUITE...]		those behind -- go on beside the others, and are shown after them
set -u
work=$(mktemp -d)
beside=()
clean_up() {
	trap - EXIT INT TERM HUP
	[ ${#beside[@]} = 0 ] || kill "${beside[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

# What failed with the first lines of what was said before it (indented, without what a journal said), and what was skipped.
reasons() {
	awk '
		/^# skipped: / { print }
		/^    [^|]/ { if (n < 12) said[n++] = $0 }
		/^not ok / { print; for (i = 0; i < n; i++) print substr(said[i], 1, 200) }
		/^(not )?ok / { n = 0 }'
}
shown() { grep -Ev --line-buffered '^[0-9]+ passed, [0-9]+ failed$'; }

# NUMBER SUITE STATUS: what it printed is in the file of that number.
judge() {
	grep -q '^not ok ' "$work/$1" || { [ "$3" = 0 ] && grep -qE '^(ok|# skipped:) ' "$work/$1"; } ||
		echo "not ok ${2%% *} ended with status $3" | tee -a "$work/$1"
}

n=0 first=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	first+=("$1")
	shift
done
for suite in "${@:2}"; do
	n=$((n + 1))
	$suite >"$work/beside-$n" 2>&1 &
	beside+=($!)
done
for suite in "${first[@]}"; do
	n=$((n + 1)) began=$SECONDS
	printf -v log %02d $n
	echo "# ${suite%% *}"
	$suite 2>&1 | tee "$work/$log" | shown
	judge "$log" "$suite" "${PIPESTATUS[0]}"
	echo "# ${suite%% *}: $((SECONDS - began)) s"
done
n=0
for suite in "${@:2}"; do
	n=$((n + 1))
	echo "# $suite, beside the others"
	wait "${beside[0]}"
	status=$?
	beside=("${beside[@]:1}")
	shown <"$work/beside-$n"
	judge beside-$n "$suite" $status
done
# What root built in somebody's checkout stays theirs.
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build 2>/dev/null
again=$(for log in "$work"/*; do reasons <"$log"; done)
[ -z "$again" ] || { echo && sed 's/^not ok/# failed:/' <<<"$again"; }
passed=$(cat "$work"/* | grep -c '^ok ') failed=$(cat "$work"/* | grep -c '^not ok ')
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
