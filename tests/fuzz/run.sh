#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the fuzzers: tests/fuzz/run.sh BUILD SECONDS TARGET…
#
# The corpus of each lies in BUILD/corpus-TARGET and grows; it begins with the examples, the standard library, the goldens and the museum. The dictionary is made of the
# schema. What an input did harm with is left in BUILD/crash-TARGET-…: minimise it (BUILD/fuzz_TARGET -minimize_crash=1 FILE), mend the cause, and put the input into
# tests/bogons/TARGET/.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1 seconds=$2
shift 2
failed=0

# Words of the tables in quotes, and the words and marks of the grammar.
{
	sed -nE 's/^ *(KIND_BEGIN|FIELD|RARE|MAP|BLOCK|ARROW)\([^"]*"([a-z0-9-]+)".*/"\2"/p' lang/schema.def
	sed -nE 's/^WORD\([^"]*"([a-z0-9-]+)".*/"\1"/p' lang/enum.def
	sed -nE 's/^"([a-z]+)"[[:space:]]*\{ WORD.*/"\1"/p' lang/lexer.l
	printf '"%s"\n' '${' '->' '\"\"\"' '\"' '==' '..' '10.0.0.0/24' '80/tcp' '1GiB' '5m' 'defaults container' 'lan.range[2]' '# ctc: allow image-tag: x' '/srv/x' 'path(' '\"/srv/TV Shows, 50%\"'
} | sort -u >"$build/words.dict"

for target in "$@"; do
	corpus=$build/corpus-$target
	mkdir -p "$corpus"
	if [ "$target" = manifest ]; then
		seeds="tests/golden/manifest/*.json tests/bogons/manifest/*"
	else
		seeds="examples/*.ctstack stdlib/*.ctstack tests/golden/*/*.ctstack tests/plans/*/*.ctstack tests/bogons/parse/* tests/bogons/compile/*"
	fi
	for seed in $seeds; do
		[ ! -f "$seed" ] || cp "$seed" "$corpus/$(echo "$seed" | tr / _)"
	done
	echo "# fuzz_$target, $seconds seconds"
	if "$build/fuzz_$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -max_len=20000 -dict="$build/words.dict" \
		-artifact_prefix="$build/crash-$target-" "$corpus" >"$build/log-$target" 2>&1; then
		echo "ok fuzz_$target: $(grep -E 'DONE|Done' "$build/log-$target" | tail -1)"
	else
		echo "not ok fuzz_$target: see $build/log-$target"
		tail -40 "$build/log-$target" | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
