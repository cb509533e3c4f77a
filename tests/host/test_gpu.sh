# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# GPUs: chosen, shared or exclusive, by CDI files and by device nodes, for podman and for systemd-nspawn. There is no card here: the nodes are stand-ins (the tun device by other names,
# which no container can open unless it is given), the driver's library is a text file.

inside() { cat "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-$1")/$2"; }
in_container() { podman exec "ct-$1" /probe "${@:2}"; }
in_tree() { ctc inside "$(main_pid "ct-$1.service")" -- /probe "${@:2}"; }

# one STACK FIELDS, tree STACK FIELDS: a stack of one container
one() { printf 'stack %s {\n  container x {\n    image = "localhost/cuda-app:1"\n    network = host\n    limits { memory = 64MiB }\n    env { PROBE_PORTS = "7101" }\n    %s\n  }\n}\n' "$1" "$2"; }
tree() { printf 'stack %s {\n  container x {\n    rootfs = /srv/tree\n    command = ["/probe", "serve", "7999"]\n    network = host\n    limits { memory = 64MiB }\n    %s\n  }\n}\n' "$1" "$2"; }

test_the_cards_are_listed() {
	local node
	image localhost/cuda-app:1
	mkdir -p /srv/tree/{dev,etc,proc,run,sys,tmp,usr,var/tmp} /dev/dri
	cp /src/build/probe /srv/tree/probe
	for node in nvidia0 nvidia1 nvidiactl nvidia-uvm dri/renderD128 dri/renderD129; do mknod -m 0666 "/dev/$node" c 10 200; done
	expect 0 ctc facts
	contains "$out" "nvidia nvidia1"
	contains "$out" "intel dri/renderD129"
	contains "$out" "podman version"
	contains "$(ctc facts --json)" '{"vendor":"nvidia","name":"nvidia0","by":"/dev/nvidia0","fault":""}'
}

test_the_example_runs() {
	ctc apply --yes /src/examples/gpu.ctstack
	equal "$(probe get 127.0.0.1 8081 /)" "serve-1 ok"
	equal "$(ls "/proc/$(podman inspect --format '{{.State.Pid}}' ct-gpu-train)/root/dev" | grep nvidia | xargs)" "nvidia-uvm nvidia0 nvidiactl"
	equal "$(ls "/proc/$(podman inspect --format '{{.State.Pid}}' ct-gpu-serve-1)/root/dev" | grep nvidia | xargs)" "nvidia-uvm nvidia1 nvidiactl"
	expect 0 in_container gpu-serve-2 open /dev/nvidia1
	expect 0 ctc plan --detailed-exitcode /src/examples/gpu.ctstack
}

# Whoever comes later, in whatever stack, does not get a card that one has for itself.
test_an_exclusive_card_stays_so() {
	one later 'gpu = nvidia; gpu-devices = ["0"]' >later.ctstack
	expect 1 ctc apply --yes later.ctstack
	contains "$out" "GPU nvidia=0 of container later.x is taken"
	contains "$out" "gpu.train"
	one later 'gpu = nvidia' >later.ctstack
	expect 1 ctc plan later.ctstack
	one later 'gpu = nvidia; gpu-devices = ["1"]' >later.ctstack
	expect 0 ctc plan later.ctstack
	ctc destroy --yes gpu
}

test_a_card_that_is_not_there_is_said_before_anything_changes() {
	one lacks 'gpu = nvidia; gpu-devices = ["7"]' >lacks.ctstack
	expect 1 ctc apply --yes lacks.ctstack
	contains "$out" '"7" is not among them'
	contains "$out" "lacks.ctstack:2:"
	one lacks 'gpu = amd' >lacks.ctstack
	expect 1 ctc apply --yes lacks.ctstack
	contains "$out" "this host has no amd GPU"
	equal "$(systemctl list-units --plain --no-legend 'ct-lacks*')" ""
}

# cdi_file FORMAT [HOOK]: two devices, a library and a variable
test_by_a_cdi_file() {
	mkdir -p /etc/cdi /opt/driver
	echo library >/opt/driver/libcuda.so.1
	cat >/etc/cdi/nvidia.json <<-'JSON'
		{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu",
		 "containerEdits": {"env": ["NVIDIA_VISIBLE_DEVICES=void"],
		   "deviceNodes": [{"path": "/dev/nvidiactl"}],
		   "mounts": [{"hostPath": "/opt/driver/libcuda.so.1", "containerPath": "/usr/lib/libcuda.so.1", "options": ["ro", "bind"]}]},
		 "devices": [{"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia0"}]}},
		   {"name": "all", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia0"}, {"path": "/dev/nvidia1"}]}}]}
	JSON
	one cdi 'gpu = nvidia; gpu-devices = ["0"]' >cdi.ctstack
	ctc apply --yes cdi.ctstack
	contains "$(systemctl cat ct-cdi-x)" "--device=nvidia.com/gpu=0"
	equal "$(inside cdi-x root/usr/lib/libcuda.so.1)" library
	contains "$(inside cdi-x environ | tr '\0' '\n')" NVIDIA_VISIBLE_DEVICES=void
	expect 0 in_container cdi-x open /dev/nvidia0
	expect 1 in_container cdi-x open /dev/nvidia1
	contains "$(ctc facts)" "nvidia all  /etc/cdi/nvidia.json"
	one cdi 'gpu = nvidia; gpu-devices = ["3"]' >cdi.ctstack
	expect 1 ctc apply --yes cdi.ctstack
	contains "$out" "which are: 0, all"
}

test_a_cdi_file_whose_library_has_vanished() {
	mv /opt/driver/libcuda.so.1 /opt/driver/libcuda.so.2
	one cdi 'gpu = nvidia' >cdi.ctstack
	expect 1 ctc apply --yes cdi.ctstack
	contains "$out" "/etc/cdi/nvidia.json asks for /opt/driver/libcuda.so.1, which is not on this host"
	contains "$(ctc facts)" "cannot be used"
	mv /opt/driver/libcuda.so.2 /opt/driver/libcuda.so.1
	ctc destroy --yes cdi
	rm /etc/cdi/nvidia.json
}

test_by_a_cdi_file_in_a_tree() {
	# the kernel's answer without the grant: the node is there, and cannot be opened
	mkdir -p /srv/nodes && mknod -m 0666 /srv/nodes/card c 10 200
	tree t 'mount /srv/nodes -> /nodes' >t.ctstack
	ctc apply --yes t.ctstack
	expect 1 in_tree t-x open /nodes/card
	equal "$out" "Operation not permitted"
	cat >/etc/cdi/nvidia.yaml <<-'YAML'
		cdiVersion: "0.5.0"
		kind: nvidia.com/gpu
		containerEdits:
		  env: [ "NVIDIA_VISIBLE_DEVICES=void" ]
		  mounts:
		    - { hostPath: /opt/driver/libcuda.so.1, containerPath: /usr/lib/libcuda.so.1, options: [ ro ] }
		devices:
		  - name: 0
		    containerEdits:
		      deviceNodes:
		        - path: /dev/nvidia0
	YAML
	tree t 'mount /srv/nodes -> /nodes; gpu = nvidia; gpu-devices = ["0"]' >t.ctstack
	ctc apply --yes t.ctstack
	expect 0 in_tree t-x open /dev/nvidia0
	expect 0 in_tree t-x open /nodes/card
	contains "$(systemctl show -P DeviceAllow ct-t-x)" "/dev/nvidia0 rw"
	equal "$(cat "/proc/$(cat "/proc/$(main_pid ct-t-x.service)/task/$(main_pid ct-t-x.service)/children" | tr -d ' ')/root/usr/lib/libcuda.so.1")" library
	expect 0 ctc plan --detailed-exitcode t.ctstack
	# what systemd-nspawn cannot do is said
	printf '      hooks:\n        - { hookName: createContainer, path: /bin/true }\n' >>/etc/cdi/nvidia.yaml
	tree t 'gpu = nvidia' >t.ctstack
	expect 1 ctc apply --yes t.ctstack
	contains "$out" "the hook /bin/true"
	rm /etc/cdi/nvidia.yaml
	printf 'kind: [\n' >/etc/cdi/broken.yaml
	expect 1 ctc plan t.ctstack
	contains "$out" "/etc/cdi/broken.yaml cannot be understood: line"
	rm /etc/cdi/broken.yaml
}

test_by_nodes_in_a_tree() {
	tree t 'gpu = intel; gpu-devices = ["renderD129"]' >t.ctstack
	ctc apply --yes t.ctstack
	expect 0 in_tree t-x open /dev/dri/renderD129
	expect 1 in_tree t-x open /dev/dri/renderD128
	ctc destroy --yes t
}

# The first example of the requirement documents: a service with the Intel card, no VPN, and its port behind a proxy's route.
my_service() {
	cat <<-SRC
		stack home {
		  domain = "example.org"
		  subnet lan { range = 192.168.100.0/24; nat = true }
		  container my-service {
		    image = "localhost/cuda-app:1"
		    gpu   = intel
		    ports  { http = 8080/tcp }
		    env    { PROBE_PORTS = "8080" }
		    ready  { http = "/" }
		    limits { memory = 64MiB }
		  }
		  container edge { image = "localhost/caddy:1"; ports { http = 80/tcp; https = 443/tcp }; ready { tcp = https } }
		  proxy my-host { container = edge }
		  route "myservice" -> my-service.http { enable = $1; providers = [my-host] }
		  publish 127.0.0.1:443 -> edge.https
		}
	SRC
}
asked() { curl --silent --max-time 20 --insecure --resolve myservice.example.org:443:127.0.0.1 https://myservice.example.org/; }

test_a_card_and_a_route() {
	local service
	caddy_image localhost/caddy:1
	my_service true >home.ctstack
	ctc apply --yes home.ctstack
	equal "$(asked)" "my-service ok"
	equal "$(ls "/proc/$(podman inspect --format '{{.State.Pid}}' ct-home-my-service)/root/dev/dri" | xargs)" "renderD128 renderD129"
	expect 0 in_container home-my-service open /dev/dri/renderD128
	[ ! -e "/proc/$(podman inspect --format '{{.State.Pid}}' ct-home-my-service)/root/dev/nvidia0" ]
	[ ! -e "/proc/$(podman inspect --format '{{.State.Pid}}' ct-home-edge)/root/dev/dri" ]
	service=$(main_pid ct-home-my-service.service)
	my_service false >home.ctstack
	ctc apply --yes home.ctstack
	refute asked
	equal "$(main_pid ct-home-my-service.service)" "$service"
	ctc destroy --yes home
}
