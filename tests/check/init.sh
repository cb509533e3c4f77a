#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ctc init: what it writes compiles, is in canonical form, and says what was asked for. Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
ctc=$PWD/build/ctc failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# is NAME COMMAND...
is() {
	local name=$1
	shift
	if "$@" >said 2>&1; then
		echo "ok init: $name"
	else
		echo "not ok init: $name"
		sed 's/^/# /' said
		failed=1
	fi
}
fails() { ! "$@"; }

is 'everything by options' "$ctc" init sonarr -i lscr.io/linuxserver/sonarr:4.0.11 -p 8989 -p 53/udp -d /config -c media -s /etc/ctstack/sonarr-env </dev/null
is 'it compiles without a warning' "$ctc" check --deny warnings sonarr.ctstack
is 'it is canonical' "$ctc" fmt --check sonarr.ctstack
"$ctc" plan --offline --format json sonarr.ctstack >plan.json
for part in 'volume config=\|/opt/media/sonarr/data' '127.0.0.1:8989/tcp' '127.0.0.1:53/udp' 'lscr.io/linuxserver/sonarr:4.0.11'; do is "the plan has $part" grep -q "$part" plan.json; done
"$ctc" plan --offline sonarr.ctstack >plan.txt
is 'the plan has the secret' grep -q 'env-files=.sonarr.sonarr-env.' plan.txt
is 'it never overwrites' fails "$ctc" init sonarr -i localhost/x:1 </dev/null
is 'only an image' "$ctc" init one -i localhost/x:1 </dev/null
is 'that compiles, too' "$ctc" check one.ctstack
is 'a port that is none' fails "$ctc" init two -i localhost/x:1 -p 80/sctp </dev/null
is 'an image that is none' fails "$ctc" init two -i 'a b"${x}' </dev/null
is 'nothing is left of it' fails test -e two.ctstack
is 'nobody to ask' fails "$ctc" init three </dev/null
is 'a name that is none' fails "$ctc" init 'Thr ee' -i localhost/x:1 -o - </dev/null
is 'it is said before anything is asked' bash -c '"$0" init Thr_ee 2>&1 </dev/null | grep "cannot be a name here"' "$ctc"
# at a terminal
answers() { printf '%s\n' "$@" >answers; }
asked() { script --quiet --return --command "$ctc init pg" /dev/null <answers; }
answers localhost/pg:1 5432 /var/lib/data databases /etc/ctstack/pg-env
is 'what is not said is asked' asked
"$ctc" plan --offline --format json pg.ctstack >plan.json
for part in /opt/databases/pg/data 127.0.0.1:5432/tcp localhost/pg:1; do is "an answer makes $part" grep -q "$part" plan.json; done
is 'an answer makes a secret' grep -q 'secret pg-env { file = /etc/ctstack/pg-env }' pg.ctstack
rm pg.ctstack
answers localhost/pg:1 '' /var/lib/data movies ''
is 'a kind of data that is none' fails asked
is 'nothing is left of that' fails test -e pg.ctstack
exit $failed
