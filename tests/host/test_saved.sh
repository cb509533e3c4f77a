# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Saved plans: an apply of one does what was looked at, or nothing; and the dry run, which writes nothing at all (spec/transaction.md, Saved plans).

cd /root

# stack PORT [LINE...]
stack() {
	cat >s.ctstack <<-END
		stack s {
		  subnet lan { range = 10.79.0.0/24 }
		  container a {
		    image   = "localhost/a:1"
		    address = 10.79.0.11
		    ports  { http = 80/tcp }
		    env    { WORD = "hush-hush" }
		  }
		  publish 127.0.0.1:$1 -> a.http
		$(shift && printf '  %s\n' "$@")
		}
	END
}

# stale TEXT [PLAN]
stale() {
	expect 6 ctc apply "${2:-p.ctplan}"
	contains "$out" "the plan is stale: $1"
	contains "$out" "Nothing was changed"
}

# Everything that could be written: what others write all the time is left out.
everything() {
	find /etc /var /run /root /tmp /opt /dev/shm \( -path /var/log -o -path /run/log -o -path /var/lib/containers -o -path /run/containers -o -path /run/libpod -o -path /run/systemd \
		-o -path /run/netns -o -path "$PWD/before" -o -path "$PWD/after" -o -path '/tmp/test.*' -o -path '/run/lock' -o -path /run/crun -o -path /run/runc -o -path /run/udev \) -prune \
		-o ! -type d -printf '%p %i %m %u %s %T@ %C@\n' -o -printf '%p %i %m %u\n' | sort
	find /run/systemd/generator /run/systemd/system /run/systemd/transient -printf '%p %i %s %T@\n' 2>/dev/null | sort || true
	nft -s list ruleset
	ip -o link
	ip netns list
	systemctl list-units --all --plain --no-legend 'ct*'
}

test_a_dry_run_on_a_new_host_writes_nothing() {
	image localhost/a:1
	stack 8080
	podman image inspect localhost/a:1 >/dev/null
	everything >before
	expect 0 ctc apply --dry-run s.ctstack
	contains "$out" "1 new"
	contains "$out" "this was a dry run. The kernel takes the rules, systemd the units."
	everything >after
	diff before after
	refute test -e /var/lib/ctstack
	refute test -e /run/ctstack
}

test_a_saved_plan_is_applied_without_a_question() {
	stack 8080
	expect 0 ctc plan -o p.ctplan s.ctstack
	contains "$out" "1 new"
	contains "$out" "Saved: \`ctc apply p.ctplan\`"
	equal "$(stat -c %a p.ctplan)" 600
	lacks "$(cat p.ctplan)" hush
	mkdir -p elsewhere
	cd elsewhere
	expect 0 ctc apply ../p.ctplan </dev/null
	contains "$out" "generation 1 runs"
	eventually 10 probe connect 127.0.0.1 8080
	cd ..
	stale "it was made for generation 0, and generation 1 runs"
}

test_a_dry_run_of_a_change_writes_nothing() {
	stack 8081 'container b { image = "localhost/a:1"; address = 10.79.0.12; volume v { at = /v } }'
	everything >before
	expect 0 ctc apply --dry-run s.ctstack
	everything >after
	diff before after
	expect 1 probe connect 127.0.0.1 8081
	expect 1 ctc apply --dry-run --confirm 1m s.ctstack
	contains "$out" "nothing to confirm"
}

test_a_dry_run_is_refused_as_the_change_would_be() {
	stack 8081 'container b { image = "localhost/a:1"; address = 10.79.0.12 }'
	mkdir -p /etc/systemd/system
	printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/ct-s-b.service
	expect 1 ctc apply --dry-run s.ctstack
	contains "$out" "there is another unit of the name ct-s-b.service"
	rm /etc/systemd/system/ct-s-b.service
	exec 9>/run/ctstack/lock
	flock 9
	expect 4 ctc apply --dry-run s.ctstack
	exec 9>&-
}

test_what_has_changed_is_said() {
	stack 8081
	expect 0 ctc plan --out p.ctplan s.ctstack
	stack 8082
	stale "s.ctstack has changed"
	echo '}' >>s.ctstack
	expect 6 ctc apply p.ctplan
	contains "$out" "its sources do not compile any more"
	rm s.ctstack
	expect 6 ctc apply p.ctplan
	stack 8081
	systemctl stop ct-s-a.service
	stale "the host has changed since: unit ct-s-a.service would change, too"
	systemctl start ct-s-a.service
	nft add element inet ctstack published4 '{ 127.0.0.1 . 10.79.0.11 . tcp . 99 }'
	stale "the host has changed since: nft published4 127.0.0.1 . 10.79.0.11 . tcp . 99 would change, too"
	nft delete element inet ctstack published4 '{ 127.0.0.1 . 10.79.0.11 . tcp . 99 }'
	expect 0 ctc apply p.ctplan
	contains "$out" "1 port opens, 1 port closes"
}

test_a_plan_that_was_tampered_with_is_refused() {
	local at
	stack 8083
	expect 0 ctc plan -o p.ctplan s.ctstack
	cp p.ctplan q.ctplan
	sed -i 's/"prune":false/"prune":true/' q.ctplan
	expect 1 ctc apply q.ctplan
	contains "$out" "q.ctplan is not as this host wrote it"
	for at in 0 1 100 1000 $(($(stat -c %s p.ctplan) - 2)) $(($(stat -c %s p.ctplan) - 1)); do
		cp p.ctplan q.ctplan
		printf '\001' | dd of=q.ctplan bs=1 seek="$at" conv=notrunc status=none
		expect 1 ctc apply q.ctplan
	done
	: >q.ctplan
	expect 1 ctc apply q.ctplan
	head -c 200 p.ctplan >q.ctplan
	expect 1 ctc apply q.ctplan
	expect 1 ctc apply none.ctplan
	expect 1 ctc apply p.ctplan s.ctstack
	expect 1 ctc apply --prune p.ctplan
}

test_a_plan_of_another_host_is_refused() {
	cp /etc/machine-id id
	cp /var/lib/ctstack/key key
	head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >/etc/machine-id
	head -c 32 /dev/urandom >/var/lib/ctstack/key
	expect 1 ctc apply p.ctplan
	contains "$out" "p.ctplan was made on another host"
	cat id >/etc/machine-id
	cat key >/var/lib/ctstack/key
	expect 0 ctc apply p.ctplan
	eventually 10 probe connect 127.0.0.1 8083
}

test_a_plan_is_not_written_through_a_link() {
	echo precious >precious
	ln -s precious r.ctplan
	stack 8084
	expect 0 ctc plan -o r.ctplan s.ctstack
	equal "$(cat precious)" precious
	refute test -L r.ctplan
	expect 1 ctc plan -o r.txt s.ctstack
	expect 1 ctc plan --offline -o r.ctplan s.ctstack
}
