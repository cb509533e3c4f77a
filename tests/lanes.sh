# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced by what boots several test hosts: LANES of them (1) side by side. A test waits more than it computes.

lanes_work=$(mktemp -d)
lanes_begun=0

# COMMAND... in a process of its own, as soon as a lane is free. One lane shows at once what is printed; of several, each shows it as one piece when it has ended.
lane() {
	if [ "${LANES:-1}" = 1 ]; then
		"$@" &
		wait $!
		return
	fi
	[ "$(jobs -rp | wc -l)" -lt "$LANES" ] || wait -n
	lanes_begun=$((lanes_begun + 1))
	{
		"$@" >"$lanes_work/$lanes_begun" 2>&1
		flock "$lanes_work" cat "$lanes_work/$lanes_begun"
	} &
}

# In a process that begins lanes, and nothing else in the background: ends them with it.
lanes_end_with_me() {
	trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' TERM
	trap 'rm -rf "$lanes_work"' EXIT
}
