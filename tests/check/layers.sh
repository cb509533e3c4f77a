#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who may include whom. Prints "ok NAME", or "not ok NAME" with the lines that break the rule, and ends with status 1 where there are any.
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0

# rule NAME FILES EXCEPT INCLUDE: no file that matches FILES and not EXCEPT includes what matches INCLUDE (extended regular expressions).
rule()
{
	bad=$(find lang compiler runtime -name "*.[chly]" | sort | grep -E "$2" | grep -Ev "$3" |
		xargs -r grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($4)" /dev/null)
	if [ -n "$bad" ]; then
		echo "not ok $1"
		printf '%s\n' "$bad" | sed 's/^/# /'
		failed=1
	else
		echo "ok $1"
	fi
}

none='^$'
rule 'base knows only itself' '^lang/base/' "$none" '(lang/[a-z_]+\.|compiler/|runtime/)'
rule 'lang knows no wing' '^lang/' "$none" '(compiler|runtime)/'
rule 'the compiler does not know the runtime' '^compiler/' "$none" 'runtime/'
rule 'the runtime knows neither the compiler nor the tree' '^runtime/' '^runtime/cli/' '(compiler/|runtime/cli/|lang/(ast|model|schema)\.)'
rule 'netlink libraries stay in nl, nft and the kinds that speak netlink' '.' '^runtime/(nl|nft|kind_(nft|link|netns))[a-z_]*\.[ch]$' \
	'(libnftnl|libmnl|linux/netfilter)/'
rule 'libsystemd stays in bus, log and what loads it' '.' '^runtime/(bus(_[a-z]+)?|log|systemd)\.[ch]$' 'systemd/'
rule 'libyaml stays in yaml' '.' '^runtime/yaml\.c$' 'yaml\.h'
exit $failed
