#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The manual names every command, every kind of block and every field of the schema, and formats without a complaint.
# Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

# names PAGE WORDS...: each word is there as an argument of Cm or Ic
names()
{
	page=$1
	shift
	for word in "$@"; do
		grep -qE "^\.(It |Pq )?.*(Cm|Ic) $word( |\$)|^\.Ic $word( |\$)" "$page" || missing="$missing $word"
	done
}

missing=''
names spec/man/ctc.1 $(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' runtime/cli/commands.def)
if [ -z "$missing" ]; then echo 'ok ctc.1 names every command'; else echo "not ok ctc.1 does not name:$missing"; failed=1; fi

missing=''
names spec/man/ctstack.5 $(sed -n 's/^ *\(FIELD\|RARE\|MAP\|BLOCK\|ARROW\)(\(container\|subnet\|stack\), [a-z0-9_]*, "\([a-z0-9-]*\)".*/\3/p' lang/schema.def)
if [ -z "$missing" ]; then echo 'ok ctstack.5 names the fields of stacks, subnets and containers'; else echo "not ok ctstack.5 does not name:$missing"; failed=1; fi

if command -v mandoc >/dev/null; then
	said=$(mandoc -T lint -W warning spec/man/*.[15] 2>&1 | grep -v 'referenced manual not found')
	if [ -z "$said" ]; then echo 'ok the pages format'; else echo 'not ok the pages format'; printf '%s\n' "$said" | sed 's/^/# /'; failed=1; fi
fi
exit $failed
