# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# gpu: nvidia
#
# examples/ml.ctstack as people see it: what stands in it is what a packet, systemd and the kernel say; it survives a boot. The images are stand-ins under the real names.

ML=/src/examples/ml.ctstack
names="ollama jupyter comfyui vllm localai"
declare -A address=([ollama]=192.168.200.11 [jupyter]=192.168.200.12 [comfyui]=192.168.200.13 [vllm]=192.168.200.14 [localai]=192.168.200.15)
declare -A port=([ollama]=11434 [jupyter]=8888 [comfyui]=8188 [vllm]=8000 [localai]=8080)

import() {
	local name
	for name in $names; do
		image "$(awk -v t="$name" '$1 == "template" { in_it = $2 == t } in_it && $1 == "image" { split($0, q, "\""); print q[2]; exit }' /src/stdlib/ml.ctstack)" \
			"${port[$name]}" PROBE_NAME="$name"
	done
}

test_it_is_applied() {
	import
	expect 2 ctc plan --detailed-exitcode $ML
	contains "$out" "5 new"
	expect 0 ctc apply --yes $ML
	expect 0 ctc plan --detailed-exitcode $ML
	contains "$out" "Nothing to do"
}

test_each_service_answers_where_it_is_published() {
	for name in $names; do
		equal "$(probe get 127.0.0.1 "${port[$name]}" /)" "$name ok"
		equal "$(probe get "${address[$name]}" "${port[$name]}" /)" "$name ok"
	done
}

# The pairs that the file allows, and no other: on the declared port and on one that is not.
test_a_packet_from_every_container_to_every_other() {
	local from to servers=()
	for to in $names; do
		in_ns "ct-ml-$to" probe serve 9999 >/dev/null &
		servers+=($!)
	done
	for to in $names; do eventually 5 in_ns "ct-ml-$to" probe connect 127.0.0.1 9999; done
	for from in $names; do
		for to in $names; do
			[ "$from" != "$to" ] || continue
			for p in "${port[$to]}" 9999; do
				{ echo "$from $to $p $(in_ns "ct-ml-$from" probe connect "${address[$to]}" "$p" 400)" >"seen.$from.$to.$p" || true; } &
			done
		done
		for to in $names; do
			[ "$from" = "$to" ] || wait -n
		done
	done
	while [ "$(cat seen.* | wc -l)" -lt 40 ]; do sleep 0.05; done
	ends_all "${servers[@]}"
	grep -h ' open$' seen.* | sort >open
	for to in $names; do
		[ "$to" = jupyter ] || echo "jupyter $to ${port[$to]} open"
	done | sort >meant
	diff meant open
}

test_what_leaves_for_the_world() {
	local world
	in_ns world probe serve 443 80 53/udp 54/udp >/dev/null &
	world=$!
	eventually 5 probe get 198.51.100.1 443 /
	for name in $names; do
		# Under the host's address.
		equal "$(in_ns "ct-ml-$name" probe get 198.51.100.1 443 /peer)" 203.0.113.10
		expect 0 in_ns "ct-ml-$name" probe udp-ask 198.51.100.1 53
		refute in_ns "ct-ml-$name" probe connect 198.51.100.1 80 200
		refute in_ns "ct-ml-$name" probe udp-ask 198.51.100.1 54 200
	done
	ends_all $world
}

test_what_comes_from_the_world() {
	ip -n world route add 192.168.200.0/24 via 203.0.113.10
	for name in $names; do
		refute in_ns world probe connect "${address[$name]}" "${port[$name]}" 200
		refute in_ns world probe connect 203.0.113.10 "${port[$name]}" 200
	done
	# A neighbour that sends to the host's loopback.
	ip -n world route add table 7 127.0.0.0/8 via 203.0.113.10
	ip -n world rule add pref 0 table 7
	ip -n world rule add pref 1 table local
	ip -n world rule del pref 0 table local
	refute in_ns world probe connect 127.0.0.1 11434 200
}

test_the_host_itself_is_closed_to_containers() {
	local server
	probe serve 22 53/udp >/dev/null &
	server=$!
	eventually 5 probe connect 127.0.0.1 22
	for name in $names; do
		refute in_ns "ct-ml-$name" probe connect 192.168.200.10 22 200
		refute in_ns "ct-ml-$name" probe connect 203.0.113.10 22 200
		refute in_ns "ct-ml-$name" probe udp-ask 192.168.200.10 53 200
	done
	ends_all $server
}

test_a_source_address_that_is_another_container_is_dropped() {
	counts count ct-ml-vllm 5353
	# jupyter may reach vllm on 8000/tcp only; the count shows that nothing else comes, the counter that it was a spoofed one.
	in_ns ct-ml-ollama probe udp-send 192.168.200.14 5353 192.168.200.12 3 || true
	counted count
	equal "$(cat count)" "0 nobody"
	counts count world 53
	in_ns ct-ml-ollama probe udp-send 198.51.100.1 53 192.168.200.12 3 || true
	in_ns ct-ml-ollama probe udp-send 198.51.100.1 53 192.168.200.11 2 || true
	counted count
	equal "$(cat count)" "2 203.0.113.10"
}

test_systemd_and_the_kernel_show_it() {
	local unit
	unit=$(systemctl cat ct-ml-ollama.service)
	contains "$unit" "--network=ns:/run/netns/ct-ml-ollama"
	contains "$unit" "--device=/dev/nvidia0"
	contains "$unit" "$(podman image inspect --format '{{.Id}}' docker.io/ollama/ollama:0.5.7)"
	lacks "$unit" "@"
	for name in $names; do
		contains "$(ip netns list)" "ct-ml-$name"
		contains "$(ip -n "ct-ml-$name" -o address show eth0)" "${address[$name]}/32"
		contains "$(nft list table inet ctstack)" "${address[$name]}"
		equal "$(systemctl is-active "ct-ml-$name.service")" active
	done
	equal "$(systemctl show -P ControlGroup ct-ml-ollama.service)" /ct.slice/ct-ml.slice/ct-ml-ollama.service
	[ -d /var/lib/ollama/models ] && [ -d /home/kernelcore/dev/notebooks ]
}

test_the_gpu_is_in_the_container() {
	podman exec ct-ml-ollama /probe connect 127.0.0.1 11434
	for node in nvidia0 nvidiactl nvidia-uvm; do
		[ -c "/proc/$(podman inspect --format '{{.State.Pid}}' ct-ml-ollama)/root/dev/$node" ]
	done
}

test_after_reboot_the_stack_is_back_by_itself() {
	for name in $names; do
		eventually 20 probe get 127.0.0.1 "${port[$name]}" /
		equal "$(probe get 127.0.0.1 "${port[$name]}" /)" "$name ok"
	done
	expect 0 ctc plan --detailed-exitcode $ML
	contains "$out" "Nothing to do"
}

test_after_reboot_the_policy_is_the_same() {
	expect 0 in_ns ct-ml-jupyter probe connect 192.168.200.11 11434
	refute in_ns ct-ml-ollama probe connect 192.168.200.12 8888 300
}
