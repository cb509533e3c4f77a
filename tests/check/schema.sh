#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spec/schema.md is what the tables say now. Prints "ok NAME" or "not ok NAME"; ends with status 1 where it is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
if difference=$(build/ctc doc --schema | diff spec/schema.md -); then
	echo 'ok spec/schema.md is current'
else
	echo 'not ok spec/schema.md is current: build/ctc doc --schema >spec/schema.md'
	printf '%s\n' "$difference" | sed 's/^/# /'
	exit 1
fi
