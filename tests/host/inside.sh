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

for name in $(grep -oE '^test_[A-Za-z0-9_]+' "$file"); do
	case "$name" in
	test_after_reboot_*) [ "$3" = rebooted ] || continue ;;
	*) [ "$3" = first ] || continue ;;
	esac
	[ -z "${ONLY:-}" ] || [[ $name == $ONLY ]] || continue
	work=$(mktemp -d /tmp/test.XXXXXX)
	cd "$work" || exit 1
	since=$(date +%s)
	if timeout -k 5 "${TEST_TIMEOUT:-${patience:-120}}" bash "$0" one "$file" "$name" >"$work.log" 2>&1; then
		grep '^# ' "$work.log"
		echo "ok ${file##*/}: ${name#test_}"
	else
		status=$?
		sed 's/^/    /' "$work.log"
		echo "    status $status; the journal meanwhile:"
		journalctl --no-pager --output=cat --since="@$since" -n 40 2>/dev/null | cut -c1-200 | sed 's/^/    | /'
		echo "not ok ${file##*/}: ${name#test_}"
	fi
done
echo done
