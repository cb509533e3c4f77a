#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test that spec/features.md names is there: the file, and the function where one is named. Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
missing=$(grep -oE '(host|kernel|unit)/test_[a-z]+(_[a-z]+)*(: [a-z_]+(, [a-z_]+)*)?' spec/features.md | sort -u | while IFS=: read -r file names; do
	cat "tests/$file".* >/dev/null 2>&1 || echo "tests/$file"
	for name in $(echo "$names" | tr ',' ' '); do
		grep -qE "(^|[^a-z_])(test_)?$name([^a-z_]|\$)" "tests/$file".* || echo "$file: $name"
	done
done)
if [ -z "$missing" ]; then
	echo 'ok the tests that features.md names are there'
else
	echo 'not ok the tests that features.md names are there'
	printf '%s\n' "$missing" | sed 's/^/# /'
	exit 1
fi
