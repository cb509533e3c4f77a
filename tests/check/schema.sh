#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spec/schema.md and the last chapter of spec/language.md are what the tables and the standard library say now; with --update they are written. Prints "ok NAME" or "not ok NAME"; ends with
# status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
made=$(mktemp) || exit 1
trap 'rm -f "$made"' EXIT

# current PAGE: what is in $made is what it should be
current()
{
	if [ "${update:-}" ]; then
		cmp -s "$1" "$made" || cp "$made" "$1"
	elif difference=$(diff "$1" "$made"); then
		echo "ok $1 is current"
	else
		echo "not ok $1 is current: make golden writes it"
		printf '%s\n' "$difference" | sed 's/^/# /'
		failed=1
	fi
}

[ "${1:-}" = --update ] && update=1
build/ctc doc --schema >"$made"
current spec/schema.md

# What stands up to the vocabulary stays.
{
	sed '/^<!-- ctc doc --synopsis -->$/q' spec/language.md
	printf '```\n%s\n```\n<!-- end -->\n' "$(build/ctc doc --synopsis)"
	printf '\nThe standard library, by `use std.MODULE`; `ctc doc std.MODULE.TEMPLATE` shows a template whole, with its image and variables. What a template gives, a block that uses it can give otherwise (L20):\n\n| template | parameters | ports and volumes | and |\n|---|---|---|---|\n'
	for module in stdlib/*.ctstack; do
		module=$(basename "$module" .ctstack)
		for template in $(build/ctc doc "std.$module" | awk 'NR > 1 { print $1 }'); do
			build/ctc doc "std.$module.$template" | awk -v name="$module.$template" '
				NR == 2 { what = $0 }
				/^[A-Z].*:$/ { part = $1 }
				part == "Parameters:" && /^  [a-z]/ { sub(/^  /, ""); parameters = parameters (parameters ? "; " : "") "`" $0 "`" }
				part == "Parameters:" && /^      / { sub(/^ +/, ""); parameters = parameters " " $0 }
				part == "" || part == "Parameters:" || !/^  [a-z]/ { next }
				{ sub(/^  /, ""); gsub(/  +/, " ") }
				/^ports / { sub(/^[^{]*[{] */, ""); sub(/ *[}]$/, ""); gsub(/; /, "`, `"); has = has (has ? ", " : "") "`" $0 "`"; next }
				/^volume / { at = $0; sub(/.* at = /, "", at); sub(/[ ;].*/, "", at); has = has (has ? ", " : "") "`" $2 "` at `" at "`"; next }
				!/^(image|env|command|entrypoint) / && !/[{[]$/ { rest = rest (rest ? ", " : "") "`" $0 "`" }
				END { print "| `" name "`: " what " | " parameters " | " has " | " rest " |" }'
		done
	done
} >"$made"
current spec/language.md
exit $failed
