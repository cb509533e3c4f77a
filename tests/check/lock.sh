#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Chosen addresses stay: whatever comes, goes or is moved in the source, a container keeps its address, but where its name collides with a new one's; and with a lock
# even then. Prints "ok NAME" or "not ok NAME"; ends with status 1 where one is not.
set -u
cd "$(dirname "$0")/../.." || exit 1
ctc=$PWD/build/ctc
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

result() # STATUS NAME
{
	if [ "$1" = 0 ]; then echo "ok $2"; else
		echo "not ok $2"
		[ ! -s out ] || sed 's/^/# /' out
		failed=1
	fi
}

# source NAME...: a stack of these containers
source_of()
{
	local name
	echo 'stack s {'
	echo '  subnet lan { range = 10.0.0.0/24 }'
	for name in "$@"; do echo "  container $name { image = \"localhost/x:1\" }"; done
	echo '}'
	for name in "$@"; do echo "output $name = s.$name.address"; done
}

mapfile -t names < <(seq -f 'c-%g' 1 40)
source_of "${names[@]}" >all.ctstack
"$ctc" output all.ctstack | tr -s ' ' >all
source_of $(printf '%s\n' "${names[@]}" | tac) >turned.ctstack
"$ctc" output turned.ctstack | tr -s ' ' | diff all - >out
result $? 'the order of the source does not matter'

# Without each in turn: of the others at most one moves, to the place that became free or on the way there.
for name in "${names[@]}"; do
	source_of $(printf '%s\n' "${names[@]}" | grep -vx "$name") >less.ctstack
	here=$("$ctc" output less.ctstack | tr -s ' ' | diff <(grep -v "^$name = " all) - | grep -c '^>')
	[ "$here" -gt 1 ] && echo "without $name, $here others move"
done >out
[ ! -s out ]
result $? 'who goes moves nobody but those that collided with it'

"$ctc" lock all.ctstack >/dev/null
for name in "${names[@]}"; do
	source_of $(printf '%s\n' "${names[@]}" | grep -vx "$name") "new-$name" >all.ctstack
	"$ctc" output all.ctstack | tr -s ' ' | grep -v '^new' | diff <(grep -v "^$name = " all) -
done >out
[ ! -s out ]
result $? 'with a lock nobody moves at all'

source_of "${names[@]}" >all.ctstack
cp ctstack.lock before
"$ctc" lock all.ctstack >out && cmp -s before ctstack.lock && [ ! -s out ]
result $? 'a lock that is right is not written again'
"$ctc" check --locked all.ctstack >out 2>&1
result $? 'and is accepted'
sed -i '3s/.*/<<<<<<< a merge/' ctstack.lock
"$ctc" lock all.ctstack >out 2>&1 && cmp -s before ctstack.lock
result $? 'what a merge broke is mended'
# What a tunnel leads to is asked for once, and again only where somebody wants it. The first is what this machine itself says of the name.
mkdir named && cat >named/s.ctstack <<'END'
stack s {
  subnet lan { range = 10.0.0.0/24 }
  secret key { file = /root/wg.key }
  container vpn {
    image = "localhost/x:1"; address = 10.0.0.2
    wireguard { private-key = key; address = 10.9.0.2; peer home { key = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="; endpoint = "localhost:51820"; allowed = [0.0.0.0/0] } }
  }
}
END
"$ctc" check named/s.ctstack >out 2>&1; [ $? = 1 ] && grep -q E0639 out && "$ctc" lock named/s.ctstack >out 2>&1 && "$ctc" check --locked named/s.ctstack >out 2>&1 && grep -qE '^name localhost (127\.0\.0\.1|::1)$' named/ctstack.lock
result $? 'a name that a tunnel leads to is looked up'
sed -i 's/^name localhost .*/name localhost 203.0.113.9/' named/ctstack.lock
"$ctc" lock named/s.ctstack >out 2>&1 && grep -q '^name localhost 203.0.113.9$' named/ctstack.lock && "$ctc" lock --names named/s.ctstack >out 2>&1 && ! grep -q 203.0.113.9 named/ctstack.lock
result $? 'and anew where somebody asks for it'
sed -i 's/localhost:51820/nothing.invalid:51820/' named/s.ctstack
! "$ctc" lock named/s.ctstack >out 2>&1 && grep -q 'no address of nothing.invalid' out && grep -q '^name localhost' named/ctstack.lock
result $? 'what has no address is an error, and the lock stays as it was'

# By a path from the root, while one stands elsewhere.
mv ctstack.lock before
mkdir -p away && (cd away && "$ctc" lock "$work/all.ctstack" >out 2>&1 && "$ctc" doc "$work/all.ctstack" >>out 2>&1) && cmp -s before ctstack.lock && [ ! -e away/tmp ]
result $? 'the lock stands beside the files, wherever one is'
exit $failed
