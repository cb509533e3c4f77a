# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# patience: 3000
#
# examples/os.ctstack as it is: mmdebstrap builds a real Debian, of the packages in the mirror that mirror.sh made, and its systemd boots. `make check-os` runs it; `make check` shows the same
# with a stand-in for mmdebstrap (tests/host/test_nspawn.sh), since this takes minutes.

release=$(basename /src/build/mirror/dists/*)
os() { ctc exec os.debian -- "$@"; }

test_a_real_debian_is_built_and_boots() {
	mkdir -p /etc/apt/apt.conf.d
	sed "s|release = \"bookworm\";|release = \"$release\"; mirror = \"deb [trusted=yes] copy:/src/build/mirror $release main\";|; s|within = 1m|within = 5m|" /src/examples/os.ctstack >/os.ctstack
	grep -q copy: /os.ctstack
	expect 0 ctc apply --yes /os.ctstack
	contains "$out" "fetched os:debian $release"
	equal "$(os /bin/systemctl is-active multi-user.target)" active
	contains "$(os /bin/cat /etc/os-release)" "VERSION_CODENAME=$release"
	contains "$(os /usr/bin/curl --version)" "curl "
	equal "$(os /bin/hostname)" debian.example
	equal "$(os /usr/bin/dpkg --audit)" ""
	equal "$(os /bin/systemctl --failed --plain --no-legend)" ""
	contains "$(machinectl --no-legend list)" ct-os-debian
	expect 0 ctc plan --detailed-exitcode /os.ctstack
}

# It asks for a page of the host's by the network that ctc made, under the tree's own programs.
test_its_programs_have_the_network() {
	in_ns world probe serve 80 >/dev/null &
	local world=$!
	eventually 5 probe connect 198.51.100.1 80
	equal "$(os /usr/bin/curl --silent --max-time 10 http://198.51.100.1/peer)" 203.0.113.10
	kill $world
}

test_what_it_wrote_is_forgotten_and_its_volume_is_not() {
	os /usr/bin/touch /root/forgotten /srv/kept
	ctc restart os.debian
	expect 1 os /usr/bin/test -e /root/forgotten
	expect 0 os /usr/bin/test -e /srv/kept
}

# The same asked for by another stack is the same tree: nothing is built.
test_it_is_built_once() {
	ctc destroy --yes os
	expect 0 ctc apply --yes /os.ctstack
	lacks "$out" "fetch os:"
	equal "$(ls /var/lib/ctstack/os | wc -l)" 1
	ctc destroy --yes os
}
