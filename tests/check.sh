#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs suites of tests, each a command line in one argument, and closes with one line "N passed, N failed" over all. A suite prints a line "ok …" or "not ok …" a test; one that
# ends with a status and no "not ok", or without any result, counts as one that failed. Only one that says "# skipped: …" may have none. What failed and why, and what was skipped,
# is said once more at the end.
set -u
passed=0 failed=0
log=$(mktemp)
again=$(mktemp)
trap 'rm -f "$log" "$again"' EXIT

# What failed with the first lines of what was said before it (indented, without what a journal said), and what was skipped.
reasons() {
	awk '
		/^# skipped: / { print }
		/^    [^|]/ { if (n < 12) said[n++] = $0 }
		/^not ok / { print; for (i = 0; i < n; i++) print substr(said[i], 1, 200) }
		/^(not )?ok / { n = 0 }'
}

for suite in "$@"; do
	echo "# ${suite%% *}"
	began=$SECONDS
	$suite 2>&1 | tee "$log" | grep -Ev --line-buffered '^[0-9]+ passed, [0-9]+ failed$'
	status=${PIPESTATUS[0]}
	p=$(grep -c '^ok ' "$log") f=$(grep -c '^not ok ' "$log")
	reasons <"$log" >>"$again"
	if { [ $((p + f)) = 0 ] && ! grep -q '^# skipped: ' "$log"; } || { [ "$status" != 0 ] && [ "$f" = 0 ]; }; then
		echo "not ok ${suite%% *} ended with status $status" | tee -a "$again"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
	echo "# ${suite%% *}: $((SECONDS - began)) s"
done
# What root built in somebody's checkout stays theirs.
[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build 2>/dev/null
[ ! -s "$again" ] || { echo && sed "s/^not ok/# failed:/" "$again"; }
echo "$passed passed, $failed failed"
[ $failed = 0 ]
