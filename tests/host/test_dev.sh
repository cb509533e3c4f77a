# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gpu: nvidia
# patience: 600
#
# examples/ml.ctstack and examples/dev.ctstack side by side on one host: flows across stacks, a database that only some reach, and both gone and back by rollbacks. The images are
# stand-ins under the real names, but for the proxy, which is the real Caddy.

ML=/src/examples/ml.ctstack
DEV=/src/examples/dev.ctstack
declare -A address=([dev-ml]=192.168.210.11 [chat-ui]=192.168.210.12 [code-server]=192.168.210.13 [proxy]=192.168.210.14 [postgres]=192.168.210.15)
declare -A ports=([ollama]=11434 [jupyter]=8888 [comfyui]=8188 [vllm]=8000 [localai]=8080 [dev-ml]=8889 [chat-ui]=3000 [code-server]=8443 [proxy]="80 443" [postgres]=5432)

# The reference that a template of a module runs.
reference() { awk -v t="$2" '$1 == "template" { in_it = $2 == t } in_it && $1 == "image" { split($0, q, "\""); print q[2]; exit }' "/src/stdlib/$1.ctstack"; }
import() {
	local name
	for name in ollama comfyui vllm localai; do image "$(reference ml $name)" "${ports[$name]}" PROBE_NAME=$name; done
	# jupyter and dev-ml run one image; each listens where it is told.
	image "$(reference ml jupyter)" "8888 8889" PROBE_NAME=jupyter
	for name in chat-ui code-server postgres; do image "$(reference dev $name)" "${ports[$name]}" PROBE_NAME=$name; done
	caddy_image "$(reference dev caddy)"
	mkdir -p /etc/ctstack
	install -m 0600 /dev/stdin /etc/ctstack/dev-postgres-password <<<'not in any artefact'
}

test_the_password_must_be_there() {
	expect 1 ctc plan $ML $DEV
	contains "$out" /etc/ctstack/dev-postgres-password
	contains "$out" "dev.ctstack:"
}

test_both_come_up_together() {
	import
	expect 0 ctc apply --yes $ML $DEV
	contains "$out" "10 new"
	expect 0 ctc plan --detailed-exitcode $ML $DEV
	for name in dev-ml chat-ui code-server proxy postgres; do
		contains "$(ip -n "ct-dev-$name" -o address show eth0)" "${address[$name]}/32"
		for port in ${ports[$name]}; do
			expect 0 probe connect "${address[$name]}" "$port"
			expect 0 probe connect 127.0.0.1 "$port"
		done
	done
}

test_flows_cross_the_stacks_where_the_source_says() {
	equal "$(in_ns ct-dev-chat-ui probe get 192.168.200.11 11434 /)" "ollama ok"
	expect 0 in_ns ct-dev-dev-ml probe connect 192.168.200.11 11434
	for name in code-server proxy postgres; do refute in_ns "ct-dev-$name" probe connect 192.168.200.11 11434 300; done
	refute in_ns ct-dev-chat-ui probe connect 192.168.200.12 8888 300
	refute in_ns ct-ml-ollama probe connect 192.168.210.12 3000 300
}

# What a container once knew of its gateway it asks again and again: the host must answer.
test_a_container_finds_its_gateway_anew() {
	for name in ct-ml-jupyter ct-dev-chat-ui; do
		ip -n $name neigh flush all
		equal "$(in_ns $name probe get 192.168.200.11 11434 /)" "ollama ok"
	done
}

# https NAME: what the proxy answers to who asks for that name on this host
https() { curl --silent --show-error --max-time 30 --insecure --resolve "$1:443:127.0.0.1" "https://$1/"; }

test_the_proxy_leads_where_the_source_says() {
	equal "$(https chat.home.arpa)" "chat-ui ok"
	equal "$(https code.home.arpa)" "code-server ok"
	refute https pg.home.arpa
	refute in_ns ct-dev-proxy probe connect 192.168.210.11 8889 300
}

test_the_database_is_reached_only_from_where_the_source_says() {
	ip -n world route replace 192.168.210.0/24 via 203.0.113.10
	for name in dev-ml code-server; do expect 0 in_ns "ct-dev-$name" probe connect 192.168.210.15 5432; done
	for name in ct-dev-chat-ui ct-dev-proxy ct-ml-ollama ct-ml-jupyter world; do refute in_ns $name probe connect 192.168.210.15 5432 300; done
	refute in_ns world probe connect 203.0.113.10 5432 300
	# The proxy's ports are the world's.
	expect 0 in_ns world probe connect 203.0.113.10 80
	expect 0 in_ns world probe connect 203.0.113.10 443
	refute in_ns world probe connect 203.0.113.10 3000 300
}

test_the_password_is_where_the_program_looks() {
	local pid
	pid=$(podman inspect --format '{{.State.Pid}}' ct-dev-postgres)
	equal "$(cat "/proc/$pid/root/run/secrets/postgres-password")" 'not in any artefact'
	refute grep -rqs 'not in any artefact' /var/lib/ctstack /run/systemd/generator /run/ctstack/hosts
	lacks "$(journalctl --no-pager)" 'not in any artefact'
	lacks "$(systemctl show ct-dev-postgres.service)" 'not in any artefact'
}

test_the_words_of_the_shell_are_those_people_know() {
	local functions
	functions=$(ctc aliases)
	for name in ml-ollama-enter ml-ollama-status ml-ollama-start ml-ollama-stop ollama-list ml-status-all ml-start-all ml-stop-all dev-ml-enter dev-ml-start dev-chat-enter \
		dev-chat-start dev-code-enter dev-code-start dev-pg-enter dev-pg-psql dev-pg-start dev-status-all dev-start-all dev-stop-all; do
		contains $'\n'"$functions" $'\n'"$name() {"
	done
}

test_all_of_it_goes_away_and_comes_back() {
	expect 0 ctc destroy --yes dev
	refute systemctl is-active --quiet ct-dev-postgres.service
	equal "$(in_ns ct-ml-jupyter probe get 192.168.200.11 11434 /)" "ollama ok"
	expect 0 ctc rollback --yes
	equal "$(in_ns ct-dev-chat-ui probe get 192.168.200.11 11434 /)" "ollama ok"
	expect 0 probe connect 127.0.0.1 5432
	expect 0 ctc plan --detailed-exitcode $ML $DEV
	expect 0 ctc rollback --yes 0
	equal "$(podman ps --quiet)" ''
	refute ip netns pids ct-dev-proxy
	expect 0 ctc rollback --yes 1
	equal "$(podman ps --quiet | wc -l)" 10
	expect 0 ctc plan --detailed-exitcode $ML $DEV
	equal "$(in_ns ct-dev-chat-ui probe get 192.168.200.11 11434 /)" "ollama ok"
	equal "$(https chat.home.arpa)" "chat-ui ok"
	expect 0 in_ns ct-dev-code-server probe connect 192.168.210.15 5432
	for name in ct-dev-chat-ui ct-dev-proxy ct-ml-ollama ct-ml-jupyter world; do refute in_ns $name probe connect 192.168.210.15 5432 300; done
}

test_after_reboot_both_are_back() {
	for name in dev-ml chat-ui code-server postgres; do eventually 20 probe connect 127.0.0.1 "${ports[$name]}"; done
	equal "$(in_ns ct-dev-chat-ui probe get 192.168.200.11 11434 /)" "ollama ok"
}
