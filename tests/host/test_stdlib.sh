# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# patience: 600
#
# Every template of the standard library at once, with its required parameters and nothing else: each runs, in a stand-in under its image's name that has its ports, and what `ctc show --effective`
# says of it is what the host, its process and its mounts say. `ctc doc` lists them: one that is added is tested without a line here. std.base, which builds an operating system, is in test_nspawn.

LIST=/templates		# MODULE TEMPLATE CONTAINER, a line each
SOURCE=/stdlib.ctstack
FACTS=/facts		# what the source comes to: CONTAINER FIELD VALUE

# The templates of a module that are a container by themselves: others are there to be extended.
templates() { ctc doc "std.$1" | awk 'NR > 1 { print $1 }'; }
whole() { ctc doc "std.$1.$2" | grep -E '^  (image +=|os )' >/dev/null; }

# What a template asks for: secrets, and texts.
required() {
	ctc doc "std.$1.$2" | awk '/^Parameters:/ { on = 1; next } /^It gives:/ { on = 0 } on && /^  [a-z]/ && !/ = / {
		split($1, name, ":"); print "    " name[1] " = " ($2 == "secret" ? "key" : "\"http://ollama.example\"") }'
}

write_source() {
	local module template n=1
	printf 'stack t {\n  subnet lan { range = 10.90.0.0/24 }\n  secret key { file = /etc/secrets/key }\n' >body
	: >$LIST
	for module in $(ctc doc | sed -n 's/^  std\.//p'); do
		[ "$module" != base ] || continue
		printf 'use std.%s\n' "$module"
		for template in $(templates "$module"); do
			whole "$module" "$template" || continue
			n=$((n + 1))
			echo "$module $template $module-$template" >>$LIST
			printf '  container %s-%s : %s.%s {\n    address = 10.90.0.%d\n%s\n  }\n' "$module" "$template" "$module" "$template" $n "$(required "$module" "$template")" >>body
		done
	done >$SOURCE
	cat body >>$SOURCE
	echo '}' >>$SOURCE
}

# `volume data { at = /data }` of container x is: x volume.data.at /data
write_facts() {
	ctc show --effective $SOURCE | awk '
		{ sub(/  # .*$/, "") }
		/^ *}$/ { depth--; next }
		/{$/ { name = $0; sub(/^ */, "", name); sub(/ *{$/, "", name); at[++depth] = name; next }
		depth >= 2 && at[2] ~ /^container / {
			split(at[2], who, " "); path = ""
			for (i = 3; i <= depth; i++) { part = at[i]; gsub(/ /, ".", part); path = path part "." }
			field = $1; value = $0; sub(/^ *[^ ]+ *= */, "", value); gsub(/^"|"$/, "", value)
			print who[2], path field, value
		}' >$FACTS
}
# fact CONTAINER FIELD; facts CONTAINER PATTERN: "FIELD VALUE" lines
fact() { awk -v c="$1" -v f="$2" '$1 == c && $2 == f { sub(/^[^ ]+ [^ ]+ /, ""); print }' $FACTS; }
facts() { awk -v c="$1" -v f="$2" '$1 == c && $2 ~ f { sub(/^[^ ]+ /, ""); print }' $FACTS; }
containers() { awk '{ print $3 }' $LIST; }
# those that run on, and those that end
services() { for name in $(containers); do [ "$(fact "$name" run)" = once ] || echo "$name"; done; }
jobs_of() { for name in $(containers); do [ "$(fact "$name" run)" != once ] || echo "$name"; done; }
ports_of() { facts "$1" '^ports\.' | sed -n 's|.* \([0-9]*\)/tcp$|\1|p'; }

# An image that several templates run has the ports of them all.
import() {
	local name reference
	for name in $(containers); do echo "$(fact "$name" image) $(ports_of "$name" | xargs)"; done | sort |
		awk '{ reference = $1; $1 = ""; ports[reference] = ports[reference] $0 } END { for (r in ports) print r ports[r] }' >images
	while read -r reference ports; do
		image "$reference" "${ports:-9999}"
	done <images
}

pid_of() { podman inspect --format '{{.State.Pid}}' "ct-t-$1"; }

test_all_of_them_are_applied() {
	install -d -m 0700 /etc/secrets
	(umask 077 && printf 'bytes of the key' >/etc/secrets/key)
	write_source
	expect 0 ctc check $SOURCE
	lacks "$out" warning
	write_facts
	[ "$(wc -l <$LIST)" -ge 18 ]
	import
	expect 0 ctc apply --yes $SOURCE
	contains "$out" "$(wc -l <$LIST) new"
	expect 0 ctc plan --detailed-exitcode $SOURCE
}

test_each_answers_on_its_ports() {
	local name port
	for name in $(containers); do
		for port in $(ports_of "$name"); do equal "$(probe get "$(fact "$name" address)" "$port" /)" "$name ok"; done
	done
}

# Its directory has the owner and the mode that the template says, the container sees it where the template says, and it may write there where it should.
test_each_has_its_data() {
	local name volume at pid seen n=0
	for name in $(services); do
		pid=$(pid_of "$name")
		facts "$name" '^volume\..*\.at$' >volumes
		while read -r volume at; do
			volume=${volume#volume.} volume=${volume%.at}
			seen=$(awk -v at="$at" '$5 == at { print $6 }' "/proc/$pid/mountinfo")
			case "$(fact "$name" "volume.$volume.readonly")" in
			true) contains ",$seen," ,ro, ;;
			*) contains ",$seen," ,rw, ;;
			esac
			equal "$name $volume $(stat -c '%u:%g 0%a' "/proc/$pid/root$at")" "$name $volume $(fact "$name" "volume.$volume.owner") $(fact "$name" "volume.$volume.mode")"
			n=$((n + 1))
		done <volumes
	done
	[ $n -ge 20 ]
}

test_each_has_its_environment_command_and_limits() {
	local name pid variable value
	for name in $(services); do
		pid=$(pid_of "$name")
		tr '\0' '\n' <"/proc/$pid/environ" >environ
		facts "$name" '^env\.' | sed 's/^env\.//; s/\\"/"/g' >wanted
		while read -r variable value; do grep -qxF -- "$variable=$value" environ || equal "$name: $variable" "$value"; done <wanted
		fact "$name" command | grep -o '"[^"]*"' | tr -d '"' >wanted || true
		tr '\0' '\n' <"/proc/$pid/cmdline" | tail -n +2 | diff wanted -
		value=$(fact "$name" limits.memory)
		[ -z "$value" ] || equal "$name $(systemctl show -P MemoryMax "ct-t-$name.service")" "$name $(numfmt --from=iec-i --suffix=B "$value" | tr -d B)"
	done
}

test_secrets_are_where_their_programs_look() {
	local name at n=0
	for name in $(services); do
		for at in $(facts "$name" '^secret\..*\.mode$' | sed -n 's/^secret\.key\.->\.\(.*\)\.mode .*/\1/p'); do
			equal "$(cat "/proc/$(pid_of "$name")/root$at")" "bytes of the key"
			n=$((n + 1))
		done
	done
	[ $n -ge 2 ]
}

# What ends has ended well, with what it was told.
test_each_that_ends_has_finished() {
	local name n=0
	for name in $(jobs_of); do
		equal "$name $(systemctl show -P ActiveState -P SubState "ct-t-$name.service" | xargs)" "$name active exited"
		n=$((n + 1))
	done
	[ $n -ge 1 ]
	contains "$(journalctl --output=cat --unit=ct-t-ml-ollama-model)" "pulled http://ollama.example from http://ollama.example"
}

# What `ctc doc` says of a template is enough to use it: why it is there, and what each parameter is for.
test_each_is_documented() {
	local module template
	while read -r module template _; do
		ctc doc "std.$module.$template" >doc
		[ -n "$(sed -n 2p doc)" ]
		equal "$module.$template: $(awk '/^Parameters:/ { on = 1; next } /^It gives:/ { on = 0 } on && /^  [a-z]/ { p = $1; getline; if ($0 !~ /^      [^ ]/) print p }' doc)" "$module.$template: "
	done <$LIST
	ctc destroy --yes t
}

# Once Ollama is ready it is told to; what waits for the model starts when that has ended, and nothing of another apply tells it so once more.
test_a_model_is_there_before_who_needs_it() {
	local source=/model.ctstack
	cat >$source <<-SRC
		use std.ml
		stack m {
		  subnet lan { range = 10.91.0.0/24 }
		  container ollama : ml.ollama { address = 10.91.0.2; env { PROBE_DELAY_MS = "1500" } }
		  container qwen : ml.ollama-model { address = 10.91.0.3; server = "http://ollama:11434"; model = "qwen3:0.6b"; after = [ollama] }
		  container user { image = "localhost/user:1"; address = 10.91.0.4; after = [qwen] }
		  allow qwen -> ollama.http
		  expect reach qwen -> ollama.http
		}
	SRC
	image localhost/user:1
	ctc apply --yes $source
	when() { systemctl show -P "$2" "ct-m-$1.service"; }
	[ "$(when qwen ExecMainStartTimestampMonotonic)" -ge "$(when ollama ActiveEnterTimestampMonotonic)" ]
	[ "$(when user ExecMainStartTimestampMonotonic)" -ge "$(when qwen ExecMainExitTimestampMonotonic)" ]
	equal "$(journalctl --output=cat --unit=ct-m-qwen | grep -cx 'pulled qwen3:0.6b from http://ollama:11434')" 1
	# its network is there after its end: what the expectation asked, and who may not ask
	in_ns ct-m-qwen probe connect 10.91.0.2 11434
	refute in_ns ct-m-user probe connect 10.91.0.2 11434 300
	expect 0 ctc plan --detailed-exitcode $source
	sed -i 's/qwen3:0.6b/qwen3:1.7b/' $source
	ctc apply --yes $source
	contains "$(journalctl --output=cat --unit=ct-m-qwen)" "pulled qwen3:1.7b from"
	ctc destroy --yes m
}
