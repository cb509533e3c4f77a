#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spec/diagnostics.md: every code has its section, in order, with its name; of its wrong example exactly that code is said, and of the right one
# nothing. Every code is in a golden, too.
# Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
page=$PWD/spec/diagnostics.md ctc=$PWD/build/ctc
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

sed -n 's/^DIAG("\([EW][0-9]*\)",[[:space:]]*\([a-z0-9_]*\),.*/## \1 \2/p' lang/diag.def | tr _ - | LC_ALL=C sort >"$work/wanted"
grep '^## ' "$page" >"$work/there"
if diff "$work/wanted" "$work/there" >"$work/out"; then
	echo 'ok every code has its section in spec/diagnostics.md, in order'
else
	echo 'not ok every code has its section in spec/diagnostics.md, in order: ## CODE name, why, a wrong block, the right one'
	sed 's/^/# /' "$work/out"
	failed=1
fi

missing=$(cut -d' ' -f2 "$work/wanted" | while read -r code; do grep -q "\[$code\]" tests/golden/*/*.expect || printf ' %s' "$code"; done)
if [ -z "$missing" ]; then
	echo 'ok every code has a golden with its picture'
else
	echo "not ok every code has a golden with its picture: there is none with$missing"
	failed=1
fi

# $work/CODE/1 and 2: the two blocks, and what the first is written in
awk -v to="$work" '
	/^## / { code = $2; n = 0 }
	/^```./ { n++; dir = to "/" code; system("mkdir -p " dir); print substr($0, 4) >(dir "/form" n); file = dir "/" n; printf "" >file; next }
	/^```$/ { close(file); file = ""; next }
	file { print >file }
' "$page"

# said DIR OPTIONS: the codes that are said of example.ctstack there, each once
said()
{
	read -ra options <<<"$2"
	(cd "$1" && timeout 60 "$ctc" check --format json ${options[@]+"${options[@]}"} example.ctstack 2>&1) | grep -oE '"code":"[A-Z0-9]*"' | sort -u | cut -d'"' -f4 | tr '\n' ' '
}

for dir in "$work"/[EW]*/; do
	code=$(basename "$dir")
	bad='' lint=''
	case $code in W*) lint="--warn $code" ;; esac # also those that are off by themselves
	for n in 1 2; do
		mkdir "$dir/run$n"
		if grep -q "^sh" "$dir/form$n"; then
			(cd "$dir/run$n" && sh "$dir/$n" >example.ctstack 2>/dev/null)
		else
			cp "$dir/$n" "$dir/run$n/example.ctstack"
		fi
	done
	got=$(said "$dir/run1" "$(sed -n "s/^[a-z]*//p" "$dir/form1") $lint")
	[ "$got" = "$code " ] || bad="of the wrong example is said: ${got:-nothing}"
	got=$(said "$dir/run2" "$(sed -n "s/^[a-z]*//p" "$dir/form2") $lint")
	[ -z "$got" ] || bad="$bad of the right example is said: $got"
	[ ! -e "$dir/3" ] || bad="$bad there are more than two blocks"
	if [ -z "$bad" ]; then
		echo "ok explain $code"
	else
		echo "not ok explain $code: $bad"
		failed=1
	fi
done
exit $failed
