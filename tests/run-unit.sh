#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the cmocka programs given, as TAP, and closes with "N passed, N failed". A program that dies counts as one failure.
set -u
passed=0 failed=0
for program in "$@"; do
	echo "# $program"
	out=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
	status=$?
	printf '%s\n' "$out"
	p=$(printf '%s\n' "$out" | grep -c '^ok ')
	f=$(printf '%s\n' "$out" | grep -c '^not ok ')
	if [ $status -ne 0 ] && [ "$f" -eq 0 ]; then
		echo "not ok - $program ended with status $status"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
