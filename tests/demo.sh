#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `make demo`: the machine-learning lab of examples/ml.ctstack on a disposable host, from nothing to running, changed, and back. Every command is really run and every packet
# really sent; the images are tiny stand-ins under the real names, and the GPU is a stand-in device node. Ends with status 1 at the first thing that is not as it says.
set -eu -o pipefail
cd "$(dirname "$0")/.."
host=tests/host/host name=demo$$
[ "$(id -u)" = 0 ] || {
	echo "make demo boots a disposable host (systemd-nspawn) and so needs root: sudo make demo"
	exit 1
}

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	title=$'\e[1;36m' command=$'\e[1m' dim=$'\e[2m' good=$'\e[32m' bad=$'\e[31m' plain=$'\e[0m'
else
	title='' command='' dim='' good='' bad='' plain=''
fi
chapter=0
began=$SECONDS

say() { printf '%s\n' "$*"; }
tell() {
	chapter=$((chapter + 1))
	printf '\n%s%d. %s%s\n' "$title" $chapter "$1" "$plain"
	shift
	[ $# = 0 ] || printf '%s   %s%s\n' "$dim" "$*" "$plain"
	echo
}
give_up() {
	printf '\n%sThis is not as it should be: %s%s\n' "$bad" "$*" "$plain"
	exit 1
}

in_host() { $host run $name "$@"; }
quietly() { in_host "$@" >/dev/null; }
# Shows a command as the host's administrator would type it, and what it prints.
run() {
	printf '   %s# %s%s\n' "$command" "$*" "$plain"
	in_host /bin/bash -c "cd /root/lab && $*" | sed -u 's/^/   /'
}
probe() { in_host /src/build/probe "$@"; }
# One answer of each service where it is published, or the end of the demo.
ask_all() {
	local short port answer i
	for service in "${all[@]}"; do
		read -r short _ port _ <<<"$service"
		for ((i = 0; i < ${1:-1}; i++)); do
			! answer=$(probe get 127.0.0.1 "$port" / 2>/dev/null) || break
			sleep 0.1
		done
		[ "$answer" = "$short ok" ] || give_up "$short does not answer"
		printf '   GET http://127.0.0.1:%-6s %s%s%s\n' "$port/" "$good" "$answer" "$plain"
	done
}
main_pids() { in_host bash -c 'for c; do systemctl show --property=MainPID --value "ct-ml-$c.service"; done' main_pids "${all[@]%% *}"; }

stage=''
clean_up() {
	trap - EXIT INT TERM HUP
	$host down $name
	[ -z "$stage" ] || rm -rf "$stage"
	[ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" build
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
export CTC_HOST_OWNER=$$ CTC_HOST_GPU=nvidia
$host sweep
stage=$($host stage)

# name address port image, of each service: from the example and the library that it uses
services() {
	awk '
		FILENAME ~ /stdlib/ && $1 == "template" { t = $2 }
		FILENAME ~ /stdlib/ && $1 == "image" && !(t in image) { split($0, q, "\""); image[t] = q[2] }
		FILENAME ~ /stdlib/ && $1 == "ports" && match($0, /http = [0-9]+/) { port[t] = substr($0, RSTART + 7, RLENGTH - 7) }
		FILENAME ~ /examples/ && $1 == "container" && match($0, /: *ml\.[a-z]+/) { c = $2; t = substr($0, RSTART, RLENGTH); sub(/.*ml\./, "", t); of[c] = t }
		FILENAME ~ /examples/ && match($0, /address *= *[0-9.]+/) { a = substr($0, RSTART, RLENGTH); sub(/.*= */, "", a); print c, a, port[of[c]], image[of[c]] }
	' stdlib/ml.ctstack examples/ml.ctstack
}
mapfile -t all < <(services)

say
say "${title}ctc${plain}: a host takes over a whole container stack, or stays as it is."
say "${dim}A disposable host boots now: its own systemd, network, /etc and /var. Nothing of this machine is touched.${plain}"
MAKEFLAGS='' make --no-print-directory -s install DESTDIR="$stage" PREFIX=/usr/local
$host up $name "$stage"
quietly mkdir -p /root/lab
quietly cp /src/examples/ml.ctstack /root/lab/ml.ctstack
printf '%s\n' "${all[@]}" | in_host bash -c '. /src/tests/host/lib.sh; while read -r short _ port image; do image "$image" "$port" PROBE_NAME="$short" </dev/null; done'
# What the containers may and may not reach besides each other.
quietly systemd-run --quiet --unit=web --property=NetworkNamespacePath=/run/netns/world /src/build/probe serve 443 80
quietly systemd-run --quiet --unit=ssh /src/build/probe serve 22

tell "What is wanted stands in one file" "examples/ml.ctstack, without its comments"
grep -v '^ *#' examples/ml.ctstack | cat -s | sed "s/^/   ${dim}|${plain} /"

tell "What would happen?" "Nothing has been touched yet; everything was checked: types, addresses, ports, flows, images, the GPU."
run ctc plan ml.ctstack

tell "Make it so" "One transaction: namespaces, links, firewall, services. All of it is there at the end, or none of it."
printf '   %s# ctc apply ml.ctstack --yes%s\n' "$command" "$plain"
# The plan, which it prints again, is cut out.
in_host /bin/bash -c 'cd /root/lab && ctc apply ml.ctstack --yes' | sed -u -n "s/^Plan for .*/   ${dim}(the same plan)${plain}/p; /^Plan: /,\$ { /^Plan: /d; s/^/   /p }"
run ctc status

tell "Five services answer" "on this host's loopback, where the file publishes them"
ask_all

tell "Who reaches whom: a real packet for each pair" "A line says who connects, a column to whom. The file allows jupyter to ask the others, and everybody port 443 of the world."
columns=("${all[@]}" "world:443 198.51.100.1 443" "world:80 198.51.100.1 80" "host 192.168.200.10 22")
# All at the same time, each from within a container's network: "FROM TO open" or what it met instead.
seen=$(
	for row in "${all[@]}"; do
		for column in "${columns[@]}"; do echo "${row%% *} ${column}"; done
	done | in_host bash -c 'while read -r a b address port _; do
		[ "$a" = "$b" ] || echo "$a $b $(ip netns exec "ct-ml-$a" /src/build/probe connect "$address" "$port" 700)" &
	done; wait'
)
meant() { # FROM TO
	case "$2" in
	world:443) echo open ;;
	world:80 | host) echo refused ;;
	*) if [ "$1" = jupyter ]; then echo open; else echo refused; fi ;;
	esac
}
printf '   %-9s' ''
for column in "${columns[@]}"; do printf '%10s' "${column%% *}"; done
say
for row in "${all[@]}"; do
	a=${row%% *}
	printf '   %-9s' "$a"
	for column in "${columns[@]}"; do
		b=${column%% *}
		if [ "$a" = "$b" ]; then
			printf '%10s' .
			continue
		fi
		case "$seen" in *"$a $b open"*) saw=open ;; *) saw=refused ;; esac
		[ $saw = "$(meant "$a" "$b")" ] || give_up "$a -> $b: $saw, and the file says $(meant "$a" "$b")"
		if [ $saw = open ]; then printf '%s%10s%s' "$good" open "$plain"; else printf '%10s' refused; fi
	done
	say
done

tell "A change touches what it must, and nothing else" "ollama gets less memory"
before=$(main_pids)
run "sed -i 's|volume models { from = /var/lib/ollama/models }|&; limits { memory = 24GiB }|' ml.ctstack"
quietly grep -q 'memory = 24GiB' /root/lab/ml.ctstack
run ctc apply ml.ctstack --yes
say
after=$(main_pids)
paste -d' ' <(printf '%s\n' "${all[@]}" | cut -d' ' -f1) <(echo "$before") <(echo "$after") | while read -r short old new; do
	if [ "$old" = "$new" ]; then printf '   %-9s still runs as process %s\n' "$short" "$old"; else printf '   %-9s %srestarted: %s -> %s%s\n' "$short" "$good" "$old" "$new" "$plain"; fi
done
[ "$(paste <(echo "$before") <(echo "$after") | awk '$1 != $2' | wc -l)" = 1 ] || give_up "one service should have restarted"

tell "A change that fails is no change" "This version of vllm dies as soon as it is started."
in_host bash -c '. /src/tests/host/lib.sh; image docker.io/vllm/vllm-openai:broken 8000 PROBE_DIE=3'
run "sed 's|container vllm *: ml.vllm *{|& image = \"docker.io/vllm/vllm-openai:broken\";|' ml.ctstack > broken.ctstack"
# It must fail: that is what is shown.
printf '   %s# %s%s\n' "$command" "ctc apply broken.ctstack --yes" "$plain"
status=0
in_host /bin/bash -c "cd /root/lab && ctc apply broken.ctstack --yes" 2>&1 | sed -u 's/^/   /' || status=$?
[ $status != 0 ] || give_up "the apply should have failed"
probe get 127.0.0.1 8000 /health >/dev/null || give_up "vllm should be back"
say "   ${good}vllm answers as before.${plain}"

tell "And back" "The generation before, as it was: no registry, no compiler, no source."
run ctc rollback
run ctc plan /src/examples/ml.ctstack

tell "The power fails" "The host boots again. Nobody types anything."
$host reboot $name --hard
ask_all 200
run ctc history

say
say "${title}That was all of it, in $((SECONDS - began)) seconds.${plain} The host is gone again. Your own: ${command}make && sudo make install${plain}, then ${command}sudo ctc plan FILE${plain}."
