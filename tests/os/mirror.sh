#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mirror.sh DIRECTORY PACKAGE...: a mirror of the machine's own release that has these packages, the smallest system and all that they need, so that a host without a network can build
# trees of it. The machine's apt fetches it once: what is there stays.
set -eu -o pipefail
mkdir -p "$1"
dir=$(realpath "$1")
shift
# shellcheck disable=SC1091
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
list=$dir/dists/$release
arch=$(dpkg --print-architecture)
packages=main/binary-$arch/Packages

[ ! -e "$list/Release" ] || exit 0
command -v dpkg-scanpackages >/dev/null || {
	echo "mirror.sh: needs dpkg-scanpackages: apt-get install dpkg-dev"
	exit 1
}
mkdir -p "$dir/pool/partial" "$list/${packages%/*}"
# As if nothing were installed.
apt-get -qq -o Dir::State::status=/dev/null -o Dir::Cache::archives="$dir/pool" -o APT::Install-Recommends=false --yes --download-only install \
	'?essential' '?priority(required)' apt "$@" </dev/null
(cd "$dir" && dpkg-scanpackages --multiversion pool 2>/dev/null) >"$list/$packages"
# Without a codename nothing in it would belong to the release that is asked for.
{
	printf 'Codename: %s\nSuite: %s\nComponents: main\nArchitectures: %s\nDate: %s\nSHA256:\n' "$release" "$release" "$arch" "$(date -Ru)"
	printf ' %s %s %s\n' "$(sha256sum <"$list/$packages" | cut -d' ' -f1)" "$(stat -c %s "$list/$packages")" "$packages"
} >"$list/Release.new"
mv "$list/Release.new" "$list/Release"
