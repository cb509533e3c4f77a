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
	quiet
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
	freeze # the watcher, which would mend it
	nft add element inet ctstack published4 '{ 127.0.0.1 . 10.79.0.11 . tcp . 99 }'
	stale "the host has changed since: nft published4 127.0.0.1 . 10.79.0.11 . tcp . 99 would change, too"
	nft delete element inet ctstack published4 '{ 127.0.0.1 . 10.79.0.11 . tcp . 99 }'
	thaw
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

# effects TRACE: what the traced process and its threads did that changes something. Not: other programs that it ran; what it wrote in the place that it hid from all others, or told its terminal.
effects() {
	awk '
	function fd_hidden(text) { return hidden && text ~ /(^|, )[0-9]+<\/tmp[\/>]/ }
	/execve\(/ && begun++ { other[$1] = 1 }
	other[$1] { next }
	{ call = $2; name = call; sub(/\(.*/, "", name); arguments = substr($0, index($0, "(") + 1) }
	name == "mount" && /"ctstack-rehearsal", "\/tmp", "tmpfs"/ { hidden = 1; next }
	name == "mount" && unshared && /MS_REC\|MS_PRIVATE/ { next }
	name == "unshare" { unshared = 1; next }
	name ~ /^(rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|rmdir|mkdir|mkdirat|mknod|mknodat|fchmod|fchown|chmod|chown|fchmodat|fchownat|ftruncate|truncate|fallocate|fsync|utimensat|setxattr|umount2|mount|move_mount)$/ {
		if (!fd_hidden(arguments)) print
		next
	}
	name ~ /^(open|openat|openat2)$/ && /O_CREAT|O_TRUNC|O_TMPFILE/ { if (!fd_hidden(arguments)) print; next }
	name ~ /^(write|writev|pwrite64)$/ { if (!fd_hidden(arguments) && arguments !~ /^([12]<|[0-9]+<\/memfd:)/) print; next }
	name == "flock" && /LOCK_SH/ { next } # a look whether somebody has it
	name ~ /^(kill|tkill|tgkill|pidfd_send_signal|flock)$/ { print; next }
	name ~ /^(send|sendto|sendmsg|sendmmsg)$/ {
		# a batch of nf_tables without its end is only looked at
		if (/NFNL_MSG_BATCH_BEGIN/ && !/NFNL_MSG_BATCH_END/) { rehearsed++; next }
		if (/NFNL_MSG_BATCH_END|(NFT_MSG|RTM|IPCTNL_MSG[A-Z_]*)_(NEW|DEL|SET)/) print
		if (/StartUnit|StopUnit|StartTransientUnit|KillUnit|[^n]Reload\\0|ResetFailedUnit|Subscribe\\0|SetUnitProperties/) print
	}
	END { print rehearsed + 0 " batches without an end" > "batches" }' "$1"
}

# caddy REFERENCE: the program and what it is linked with, as an image.
caddy_image() {
	local -a files
	mapfile -t files < <(ldd /usr/bin/caddy | grep -oE '/[^ ]+' | sort -u)
	tar -C / -ch "${files[@]#/}" usr/bin/caddy 2>/dev/null | podman import --quiet --change 'ENV PATH=/usr/bin' --change 'ENV HOME=/' - "$1" >/dev/null
}

traced() { strace -f --detach-on=execve -y -v -s 1000000 -o "$1" -e trace=%file,%desc,%network,%process,%signal,unshare,mount "${@:2}"; }

# The dry run asks the kernel, systemd and the proxy's own program, each call of it is looked at; and as a counter-test a real change is seen by the same look.
test_a_dry_run_has_no_effect_in_any_system_call() {
	image localhost/a:1
	caddy_image localhost/caddy:1
	cat >x.ctstack <<-END
		stack x {
		  subnet lan { range = 10.81.0.0/24; nat = true }
		  container front { image = "localhost/caddy:1"; address = 10.81.0.10; ports { http = 80/tcp; https = 443/tcp }; volume data { at = /data } }
		  container web { image = "localhost/a:1"; address = 10.81.0.11; ports { http = 80/tcp }; ready { tcp = http } }
		  proxy p { container = front; domain = "example.org"; tls = off }
		  route "www" -> web.http
		  expect deny web -> front
		}
	END
	stack 8080
	expect 0 ctc apply --yes s.ctstack
	everything >before
	local trace
	trace=$(mktemp -d /tmp/test.XXXXXX)/trace
	expect 0 traced "$trace" ctc apply --dry-run x.ctstack
	contains "$out" "this was a dry run"
	everything >after
	# podman has a container for the proxy's program, for a moment, and systemd a scope for it
	diff <(grep -v '^/run/systemd/transient ' before) <(grep -v '^/run/systemd/transient ' after)
	equal "$(effects "$trace")" ""
	# it did ask: the kernel by a batch, and the programs
	refute grep -q '^0 ' batches
	grep -q 'execve(.*"systemd-analyze", "verify"' "$trace"
	grep -q 'execve(.*"podman".*"validate", "--config", "-"' "$trace"
	expect 0 ctc plan x.ctstack
	expect 0 traced "$trace" ctc apply --yes x.ctstack
	effects "$trace" >done
	grep -q renameat done
	grep -q StartTransientUnit done
	expect 0 ctc destroy --yes x
}

# A configuration that the program refuses is refused by the dry run, in its words.
test_a_dry_run_hears_the_programs_refusal() {
	mkdir -p fake
	cat >fake/caddy <<-'END'
		#!/bin/sh
		[ "$1" = validate ] && cat >/dev/null && echo "Error: no such thing as a listener" >&2 && exit 1
	END
	chmod 755 fake/caddy
	mkdir -p tree/bin && cp /bin/busybox tree/bin/sh && cp /bin/busybox tree/bin/cat && cp fake/caddy tree/bin/caddy
	tar -C tree -c . | podman import --quiet --change 'ENV PATH=/bin' - localhost/caddy:2 >/dev/null
	sed 's|caddy:1|caddy:2|' x.ctstack >y.ctstack
	expect 1 ctc apply --dry-run y.ctstack
	contains "$out" "Caddy in image localhost/caddy:2 does not take its configuration: no such thing as a listener"
	expect 1 ctc apply --yes y.ctstack
	contains "$out" "no such thing as a listener"
	refute systemctl cat ct-x-front.service
}
