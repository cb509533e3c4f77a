#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every function outside our own code that the runtime calls is known either as an effect, before which tests can cut a change off (tests/fault/effects.def, fault.c), or as
# none (tests/fault/pure.list). So no effect can be added without a fault point.
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
name='every effect has a fault point'
# runtime/systemd.c has functions of libsystemd under their own names: they are not our own code.
objects=$(find build/o/runtime build/o/lang build/o/compiler -name '*.o' | sort)
[ -n "$objects" ] || { echo "not ok $name"; echo "# nothing is built"; exit 1; }
patterns=$({ grep -v '^#' tests/fault/pure.list; tests/fault/wrapped.sh; } | sort -u)
# shellcheck disable=SC2086
unknown=$(comm -23 <(nm --undefined-only --format=posix $objects | awk 'NF >= 2 { print $1 }' | sort -u) \
	<(nm --defined-only --extern-only --format=posix $(grep -v /systemd.o <<<"$objects") build/o/gen/*.o | awk 'NF >= 3 { print $1 }' | sort -u) |
	while read -r symbol; do
		known=''
		for pattern in $patterns; do
			# shellcheck disable=SC2254
			case "$symbol" in $pattern) known=1 && break ;; esac
		done
		[ -n "$known" ] || echo "$symbol"
	done)
if [ -z "$unknown" ]; then
	echo "ok $name"
else
	echo "not ok $name"
	printf '%s\n' "$unknown" | sed 's/^/# is this an effect? add it to effects.def or pure.list in tests\/fault: /'
	exit 1
fi
