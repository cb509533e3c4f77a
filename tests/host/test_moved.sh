# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What is renamed keeps its data and its address (spec/language.md, L49): forwards, backwards, and when the change fails in the middle.

volumes=/var/lib/ctstack/volumes/t
kept=/var/tmp/test-moved	# what one test leaves for the next

# stack NAME VOLUME [LINE...]: one container that is renamed along the way, and one that must not notice; LINEs are added to the stack.
stack() {
	local name=$1 volume=$2
	shift 2
	cat >t.ctstack <<-END
		stack t {
		  subnet lan { range = 10.78.0.0/24 }
		  container $name {
		    image = "localhost/a:1"
		    ports { http = 80/tcp }
		    ready { tcp = ${ready:-http}; within = ${within:-30s} }
		    volume $volume { at = /data }
		  }
		  container other { image = "localhost/a:1"; ports { http = 80/tcp }; ready { tcp = http } }
		  publish 127.0.0.1:8080 -> $name.http
		$(printf '  %s\n' "$@")
		}
		output address = t.$name.address
	END
}

test_it_runs_under_its_first_name() {
	image localhost/a:1
	stack chat data
	expect 0 ctc apply --yes t.ctstack
	echo precious >"$volumes/chat/data/file"
	main_pid ct-t-other.service >"$kept-pid"
	ctc output --only address t.ctstack >"$kept-address"
}

test_the_plan_says_renamed() {
	stack chat-ui data "moved chat -> chat-ui"
	expect 0 ctc plan t.ctstack
	contains "$out" "renamed to t.chat-ui"
	contains "$out" "1 renamed, 1 untouched"
	equal "$(ctc output --only address t.ctstack)" "$(cat "$kept-address")"
}

test_a_rename_that_fails_leaves_the_data_where_it_was() {
	ready=chat-ui:81/tcp within=2s stack chat-ui data "moved chat -> chat-ui"
	expect 3 ctc apply --yes t.ctstack
	equal "$(cat "$volumes/chat/data/file")" precious
	refute test -e "$volumes/chat-ui/data"
	expect 0 probe connect 127.0.0.1 8080
	expect 0 probe connect "$(cat "$kept-address")" 80
	equal "$(main_pid ct-t-other.service)" "$(cat "$kept-pid")"
}

test_its_data_and_address_follow() {
	stack chat-ui data "moved chat -> chat-ui"
	expect 0 ctc apply --yes t.ctstack
	equal "$(cat "$volumes/chat-ui/data/file")" precious
	refute test -e "$volumes/chat/data"
	expect 0 probe connect 127.0.0.1 8080
	expect 0 probe connect "$(cat "$kept-address")" 80
	refute systemctl is-active --quiet ct-t-chat.service
	equal "$(main_pid ct-t-other.service)" "$(cat "$kept-pid")"
}

test_saying_it_again_changes_nothing() {
	stack chat-ui data "moved chat -> chat-ui"
	expect 0 ctc plan --detailed-exitcode t.ctstack
	contains "$out" "Nothing to do"
}

test_a_volume_is_renamed_alone() {
	stack chat-ui state "moved chat -> chat-ui" "moved chat-ui.data -> chat-ui.state"
	expect 0 ctc apply --yes t.ctstack
	equal "$(cat "$volumes/chat-ui/state/file")" precious
	refute test -e "$volumes/chat-ui/data"
	equal "$(main_pid ct-t-other.service)" "$(cat "$kept-pid")"
}

test_a_rollback_takes_it_back_to_its_first_name() {
	expect 0 ctc rollback --yes 1
	equal "$(cat "$volumes/chat/data/file")" precious
	refute test -e "$volumes/chat-ui/state"
	expect 0 probe connect 127.0.0.1 8080
	equal "$(main_pid ct-t-other.service)" "$(cat "$kept-pid")"
}

test_both_names_at_once_follow_it_forward_again() {
	stack chat-ui state "moved chat -> chat-ui" "moved chat-ui.data -> chat-ui.state"
	expect 0 ctc apply --yes t.ctstack
	equal "$(cat "$volumes/chat-ui/state/file")" precious
	refute test -e "$volumes/chat/data"
}

test_what_is_in_the_way_is_refused() {
	stack chat state "moved chat-ui -> chat"
	mkdir -p "$volumes/chat/state"
	expect 1 ctc apply --yes t.ctstack
	contains "$out" "both are there"
	equal "$(cat "$volumes/chat-ui/state/file")" precious
	rmdir "$volumes/chat/state"
	expect 0 ctc apply --yes t.ctstack
	equal "$(cat "$volumes/chat/state/file")" precious
}

test_what_goes_later_leaves_its_data_there() {
	expect 0 ctc destroy --yes t
	equal "$(cat "$volumes/chat/state/file")" precious
}

# The stack under another name, in which it says what it was called.
renamed() {
	stack chat data
	sed -e 's/^stack t {/stack u {/' -e 's/^output address = t/output address = u/' -e '/^}/i moved t -> u' t.ctstack >u.ctstack
}

test_a_whole_stack_is_renamed() {
	cat >n.ctstack <<-END
		stack n {
		  subnet lan { range = 10.79.0.0/24 }
		  container web { image = "localhost/a:1"; ports { http = 80/tcp }; ready { tcp = http } }
		}
	END
	stack chat data
	expect 0 ctc apply --yes t.ctstack n.ctstack
	echo precious >"$volumes/chat/data/file"
	main_pid ct-n-web.service >"$kept-pid"
	ctc output --only address t.ctstack >"$kept-address"
	renamed
	expect 0 ctc plan u.ctstack
	contains "$out" "renamed to u.chat"
	contains "$out" "2 renamed"
	expect 0 ctc apply --yes u.ctstack
	equal "$(cat /var/lib/ctstack/volumes/u/chat/data/file)" precious
	refute test -e "$volumes/chat/data"
	equal "$(ctc output --only address u.ctstack)" "$(cat "$kept-address")"
	expect 0 probe connect 127.0.0.1 8080
	refute systemctl is-active --quiet ct-t-chat.service
	refute systemctl is-active --quiet ct-t-other.service
	equal "$(main_pid ct-n-web.service)" "$(cat "$kept-pid")"
	expect 0 ctc plan --detailed-exitcode u.ctstack
}

test_a_rollback_gives_the_stack_its_old_name() {
	expect 0 ctc rollback --yes
	equal "$(cat "$volumes/chat/data/file")" precious
	refute test -e /var/lib/ctstack/volumes/u/chat/data
	expect 0 probe connect 127.0.0.1 8080
	refute systemctl is-active --quiet ct-u-chat.service
	equal "$(main_pid ct-n-web.service)" "$(cat "$kept-pid")"
	renamed
	expect 0 ctc apply --yes u.ctstack
	equal "$(cat /var/lib/ctstack/volumes/u/chat/data/file)" precious
}

test_the_old_name_is_free_for_another_stack() {
	cat >other.ctstack <<-END
		stack t {
		  subnet lan { range = 10.80.0.0/24 }
		  container new { image = "localhost/a:1"; ports { http = 80/tcp }; ready { tcp = http } }
		}
	END
	expect 0 ctc apply --yes other.ctstack
	main_pid ct-t-new.service >"$kept-pid"
	renamed
	expect 0 ctc apply --yes u.ctstack
	equal "$(main_pid ct-t-new.service)" "$(cat "$kept-pid")"
	for stack in u t n; do
		expect 0 ctc destroy --yes "$stack"
	done
}
