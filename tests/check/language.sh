#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spec/language.md and the tables say the same: its functions are those of lang/function.def, which is sorted. And each of its rules has its two goldens: the valid one
# is accepted, the invalid one refused.
# Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

result() # STATUS NAME
{
	if [ "$1" = 0 ]; then echo "ok $2"; else
		echo "not ok $2"
		sed 's/^/# /' "$work/out"
		failed=1
	fi
}

# FUNCTION(id, "name", "arguments", least, TAKES(…), "result",\n "doc") -> | `name(arguments)` | result | doc |
sed -n '/^FUNCTION/{N;s/^FUNCTION([a-z_]*, "\([^"]*\)", "\([^"]*\)", [0-9], TAKES([^)]*), "\([^"]*\)",[^"]*"\(.*\)")$/| `\1(\2)` | \3 | \4 |/;T;s/\\"/"/g;p;}' lang/function.def >"$work/table"
sed -n '/^| function /,/^$/{/^| `/p;}' spec/language.md | diff "$work/table" - >"$work/out"
result $? 'the functions of spec/language.md are those of lang/function.def'
cut -d'`' -f2 "$work/table" | cut -d'(' -f1 | LC_ALL=C sort -c 2>"$work/out"
result $? 'lang/function.def is sorted'
[ "$(wc -l <"$work/table")" = "$(grep -c '^FUNCTION' lang/function.def)" ]
result $? 'every row of lang/function.def is read here'

sed -n 's/^\*\*L\([0-9]*\)\.\*\*.*/\1/p' spec/language.md >"$work/rules"
cd tests/golden/language || exit 1
while read -r n; do
	rule=$(printf 'L%02d' "$n")
	[ "$(tail -n1 "$rule-valid.expect" 2>&1)" = 'exit 0' ] || echo "$rule-valid is not there, or is refused"
	[ "$(tail -n1 "$rule-invalid.expect" 2>&1)" = 'exit 1' ] || echo "$rule-invalid is not there, or is accepted"
done <"$work/rules" >"$work/out"
[ -s "$work/rules" ] && [ ! -s "$work/out" ]
result $? 'every rule of spec/language.md has a valid and an invalid golden'
for file in L*.expect; do
	n=${file%%-*} n=${n#L}
	grep -qx "${n#0}" "$work/rules" || echo "$file: there is no such rule"
done >"$work/out"
[ ! -s "$work/out" ]
result $? 'every such golden has its rule'
sort "$work/rules" | uniq -d >"$work/out"
[ ! -s "$work/out" ]
result $? 'no number of a rule is given twice'
exit $failed
