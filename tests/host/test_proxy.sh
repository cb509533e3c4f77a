# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Reverse proxies: the real Caddy, from Debian, in an image made here, serves what the source says, and no request is lost while it changes. spec/services.md has the rules. The
# functions build on each other.
# set: HAMMER_APPLIES

# get NAME [CURL OPTION]...: what https://NAME/ answers, and its status behind it
get() {
	curl --silent --show-error --max-time 30 --http1.1 --insecure --resolve "$1:443:127.0.0.1" --write-out ' %{http_code}' "https://$1/" "${@:2}" | tr -d '\n'
}
plain() {
	curl --silent --show-error --max-time 30 --resolve "$1:80:127.0.0.1" --write-out ' %{http_code} %{redirect_url}' "http://$1/" "${@:2}" | tr -d '\n'
}

test_the_example_is_served() {
	caddy_image docker.io/library/caddy:2.6.2
	image docker.io/library/nginx:1.27
	expect 0 ctc apply --yes /src/examples/proxy.ctstack
	contains "$out" "wiki.example.org at web.front"
	equal "$(get wiki.example.org)" "wiki ok 200"
	equal "$(get admin.example.org)" " 401"
	equal "$(get admin.example.org --user alice:wrong)" " 401"
	equal "$(get admin.example.org --user alice:hunter2)" "admin ok 200"
	equal "$(plain status.example.net)" "wiki ok 200 "
	equal "$(plain wiki.example.org)" " 308 https://wiki.example.org/"
	equal "$(plain elsewhere.example.org)" " 404 "
	expect 0 ctc plan --detailed-exitcode /src/examples/proxy.ctstack
	contains "$(nft list map inet ctstack flow4 2>/dev/null || nft list table inet ctstack)" "192.168.220.12"
}

# The example with other lines for the routes, and another name that wiki answers with.
changed() {
	sed -e '/^  route "admin"/,/^  }/d' -e '/status.example.net/d' -e "s|^  container admin {|  $1\n&|" /src/examples/proxy.ctstack
}

test_a_route_that_goes_is_gone_and_restarts_nothing() {
	local edge wiki
	edge=$(main_pid ct-web-edge.service) wiki=$(main_pid ct-web-wiki.service)
	changed '' >w.ctstack
	expect 0 ctc apply --yes w.ctstack
	contains "$out" "admin.example.org at web.front"
	equal "$(get wiki.example.org)" "wiki ok 200"
	refute equal "$(get admin.example.org --user alice:hunter2 2>/dev/null || true)" "admin ok 200"
	equal "$(main_pid ct-web-edge.service) $(main_pid ct-web-wiki.service)" "$edge $wiki"
	expect 0 ctc rollback
	equal "$(get admin.example.org --user alice:hunter2)" "admin ok 200"
	equal "$(main_pid ct-web-edge.service)" "$edge"
}

test_another_program_than_the_record_says_is_drift() {
	in_ns ct-web-edge curl --silent --fail --request DELETE http://localhost:2019/id/admin.example.org
	refute equal "$(get admin.example.org --user alice:hunter2 2>/dev/null || true)" "admin ok 200"
	expect 2 ctc plan --detailed-exitcode /src/examples/proxy.ctstack
	contains "$out" "proxy web.front is not as recorded"
	ctc apply --yes /src/examples/proxy.ctstack
	equal "$(get admin.example.org --user alice:hunter2)" "admin ok 200"
}

test_what_caddy_does_not_take_changes_nothing() {
	local edge
	edge=$(main_pid ct-web-edge.service)
	# A port that cannot be told from the other one: the compiler cannot know that Caddy minds.
	sed 's|proxy front { container = edge }|proxy front { container = edge; http = edge:443/tcp }|' /src/examples/proxy.ctstack >bad.ctstack
	expect 1 ctc apply --yes bad.ctstack
	contains "$out" "does not take its configuration"
	contains "$out" "Nothing was changed"
	equal "$(get wiki.example.org) $(main_pid ct-web-edge.service)" "wiki ok 200 $edge"
}

# HTTP/1.1, since curl 7.88 takes the GOAWAY of HTTP/2, which asks it to go on with another connection, for an error.
# Caddy before 2.7 loads its certificates anew with each configuration, and until they are there it refuses a handshake with this alert (its issue 5589): that is told, and asked again.
EARLY='alert internal error'
asked() {
	local said
	said=$(get "$1" 2>&1) || true
	[[ $said != *"$EARLY"* ]] || {
		echo "$said" >>early
		said=$(get "$1" 2>&1) || true
	}
	echo "$said"
}
# hammer: asks for NAME until the file `stop` is there, on connections of its own and on one that stays, and counts the answers
hammer() {
	: >early
	while [ ! -e stop ]; do asked "$1"; done >>"answers-$1" &
	while [ ! -e stop ]; do
		curl --silent --show-error --max-time 30 --http1.1 --insecure --resolve "$1:443:127.0.0.1" --write-out ' %{http_code}\n' "https://$1/?[1-50]" 2>&1 || true
	done | tr -d '\r' | grep -v '^$' >>"kept-$1" &
}

test_no_request_is_lost_while_things_change() {
	local i rounds=${HAMMER_APPLIES:-6} other
	hammer wiki.example.org
	for ((i = 0; i < rounds; i++)); do
		case $((i % 3)) in
		0) changed '' >w.ctstack ;;
		1) cp /src/examples/proxy.ctstack w.ctstack ;;
		2) sed "s|image   = \"docker.io/library/nginx:1.27\"|&\n    env { ROUND = \"$i\" }|" /src/examples/proxy.ctstack >w.ctstack ;;
		esac
		ctc apply --yes w.ctstack >>applied 2>&1 || { cat applied; return 1; }
	done
	touch stop
	wait
	grep "$EARLY" kept-wiki.example.org >>early || true
	equal "$(grep -c '^ 000$' kept-wiki.example.org || true)" "$(grep -c "$EARLY" kept-wiki.example.org || true)"
	other=$(cat answers-wiki.example.org <(grep -vE "^ 000$|$EARLY" kept-wiki.example.org) | grep -vE '^wiki ok( 200)?$|^ 200$' | sort | uniq -c || true)
	equal "$other" ""
	[ "$(grep -c "$EARLY" early || true)" -le "$rounds" ]
	[ "$(wc -l <answers-wiki.example.org)" -gt $((rounds * 5)) ]
	[ "$(grep -c 200 kept-wiki.example.org)" -gt $((rounds * 5)) ]
	echo "# $rounds applies: $(wc -l <answers-wiki.example.org) requests on connections of their own and $(grep -c 200 kept-wiki.example.org) on one that stays, all answered; $(grep -c "$EARLY" early || true) handshakes refused while certificates were loaded, and tried again"
}

test_it_goes_with_its_stack() {
	ctc destroy --yes web
	refute test -e /run/ctstack/proxy/ct-web-edge
	[ -d /opt/services/edge/certificates ]
}

# Traefik itself is not in Debian: the program is a stand-in, and what it is given is judged in unit/test_traefik.
test_traefik_finds_its_routes_in_a_file() {
	local traefik file
	image docker.io/library/traefik:v3.1 "80 8443"
	image localhost/wiki:1 8080
	image localhost/six:1 8080
	cp /src/tests/golden/manifest/traefik.ctstack t.ctstack
	expect 0 ctc apply --yes t.ctstack
	traefik=$(main_pid ct-edge-traefik.service)
	file="/proc/$(podman inspect --format '{{.State.Pid}}' ct-edge-traefik)/root/etc/ctstack/routes.yml"
	contains "$(cat "$file")" 'Host(`plain.example.org`)'
	contains "$(tr '\0' '\n' <"${file%/root/*}/cmdline")" "--entrypoints.https.address=:8443"
	# what leads to a container opens the way to it, in the family that it has
	expect 0 in_ns ct-edge-traefik probe connect 10.4.0.3 8080
	expect 0 in_ns ct-edge-traefik probe connect fd04::4 8080
	contains "$(cat "$file")" '"http://[fd04::4]:8080"'
	expect 0 ctc plan --detailed-exitcode t.ctstack
	# it watches the file: a route that goes restarts nothing
	sed -i '/route "plain"/d' t.ctstack
	expect 0 ctc apply --yes t.ctstack
	lacks "$(cat "$file")" plain.example.org
	equal "$(main_pid ct-edge-traefik.service)" "$traefik"
	expect 0 ctc rollback --yes
	contains "$(cat "$file")" 'Host(`plain.example.org`)'
	equal "$(main_pid ct-edge-traefik.service)" "$traefik"
	ctc destroy --yes edge
	refute test -e /run/ctstack/proxy/ct-edge-traefik
}
