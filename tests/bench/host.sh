#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What changing a host takes, in a disposable host of its own (tests/host/host), with containers that really run; beside it, what podman alone takes for as many of the same
# containers without any network, started by as many processes as there are processors: so our own share shows. Prints times and ratios, judges none. Needs root.
#	host.sh [CONTAINERS...]		10 and 100 by default
set -eu -o pipefail
cd "$(dirname "$0")/../.."

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
# timed COMMAND...: sets $ms; ends with what the command said where it fails.
timed() {
	local begin said
	begin=$(now_ms)
	said=$("$@" 2>&1) || {
		printf '%s\n%s\n' "this failed: $*" "$said" >&2
		exit 1
	}
	ms=$(($(now_ms) - begin))
}
# least TIMES COMMAND...: sets $ms to the shortest of some runs.
least() {
	local best='' times=$1 i
	shift
	for ((i = 0; i < times; i++)); do
		timed "$@"
		[ -n "$best" ] && [ "$best" -le "$ms" ] || best=$ms
	done
	ms=$best
}
# ratio A B
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b ? b : 1) }'; }

podman_alone() {
	seq "$1" | xargs -P "$(nproc)" -I{} podman --events-backend=none run --detach --rm --pull=never --network=none --name=alone-{} localhost/bench:1
}

# The numbers of one size, in the test host.
rows() {
	local n=$1 alone apply plan nothing change back listed
	/src/tests/bench/generate.sh "$n" light >stack.ctstack
	sed 's/^}$/  allow c0 -> c7.http\n}/' stack.ctstack >changed.ctstack
	timed podman_alone "$n"
	alone=$ms
	podman rm --force --all --time=0 >/dev/null
	timed ctc apply --yes stack.ctstack
	apply=$ms
	least 5 ctc plan stack.ctstack
	plan=$ms
	least 5 podman ps --quiet
	listed=$ms
	least 3 ctc apply --yes stack.ctstack
	nothing=$ms
	timed ctc apply --yes changed.ctstack
	change=$ms
	timed ctc rollback --yes
	back=$ms
	printf '%10d %10d %10d %6s %9d %10d %6s %10d %9d %9d\n' "$n" "$alone" "$apply" "$(ratio "$apply" "$alone")" "$plan" "$listed" "$(ratio "$plan" "$listed")" \
		"$nothing" "$change" "$back"
	timed ctc destroy --yes bench
}

if [ "${1:-}" = inside ]; then
	shift
	# shellcheck source=tests/host/lib.sh
	. tests/host/lib.sh
	image localhost/bench:1 8080,9090
	cd "$(mktemp -d)"
	# The first of all is slower for everybody.
	podman_alone 1 >/dev/null
	podman rm --force --all --time=0 >/dev/null
	printf '%10s %10s %10s %6s %9s %10s %6s %10s %9s %9s\n' containers 'podman ms' 'apply ms' ratio 'plan ms' 'list ms' ratio 'nothing ms' 'change ms' 'back ms'
	for n; do rows "$n"; done
	exit
fi

host=tests/host/host name=bench$$
[ "$(id -u)" = 0 ] || {
	echo "make bench-host boots a disposable host (systemd-nspawn) and so needs root: sudo make bench-host"
	exit 1
}
stage=''
clean_up() {
	trap - EXIT INT TERM HUP
	$host down $name
	[ -z "$stage" ] || rm -rf "$stage"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
export CTC_HOST_OWNER=$$
$host sweep
stage=$($host stage)
MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local build/probe
$host up $name "$stage"
echo 'podman: as many containers by podman alone, without a network; apply: from nothing; plan: of what runs already, beside `podman ps`;'
echo 'nothing: an apply of what runs already; change: an apply of one more flow; back: its rollback'
# shellcheck disable=SC2068
$host run $name bash /src/tests/bench/host.sh inside ${@:-10 100}
