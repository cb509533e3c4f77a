# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The household of examples/media.ctstack, with stand-in programs under the images' names and the real Caddy: categories, secrets, routes and metrics together.

inside() { cat "/proc/$(podman inspect --format '{{.State.Pid}}' "ct-media-$1")/$2"; }
get() { curl --silent --show-error --max-time 30 --http1.1 --insecure --resolve "$1:443:127.0.0.1" "https://$1/"; }

test_the_stack_runs() {
	caddy_image docker.io/library/caddy:2.6.2
	image docker.io/linuxserver/sonarr:4.0.11 8989
	image docker.io/library/postgres:16 5432
	image docker.io/n8nio/n8n:1.70.0 5678
	mkdir -p /mnt/storage/media
	install -d -m 0700 /etc/secrets
	(umask 077 && printf 'pg-pass-word' >/etc/secrets/postgres-password && printf 'N8N_ENCRYPTION_KEY=n8n-key-word\n' >/etc/secrets/n8n.env)
	expect 0 ctc apply --yes /src/examples/media.ctstack
	equal "$(get sonarr.home.arpa)" "sonarr ok"
	equal "$(get n8n.home.arpa)" "n8n ok"
	equal "$(probe get 127.0.0.1 5432 /)" "postgres ok"
	equal "$(stat -c '%u:%g %a' /opt/media/sonarr/config /opt/databases/postgres /opt/services/n8n/data | xargs)" "1000:1000 755 999:999 700 1000:1000 755"
	contains "$(inside sonarr mountinfo | grep ' /media ')" " ro,"
	contains "$(cat /run/ctstack-metrics/media.json)" 192.168.230.13:5678
	expect 0 ctc plan --detailed-exitcode /src/examples/media.ctstack
}

pid() { systemctl show -P MainPID "ct-media-$1.service"; }

# n8n requires its database: a change of that one is a restart of both, as the plan says, and of nobody else.
test_an_app_is_started_again_with_its_database() {
	local n8n sonarr edge
	n8n=$(pid n8n) sonarr=$(pid sonarr) edge=$(pid edge)
	sed '/container postgres/,/^  }/s/memory = 1GiB/memory = 2GiB/' /src/examples/media.ctstack >/more.ctstack
	run ctc plan /more.ctstack
	contains "$out" "required media.postgres changes"
	contains "$out" "Plan: 2 restart, 2 untouched."
	expect 0 ctc apply --yes /more.ctstack
	equal "$(get n8n.home.arpa)" "n8n ok"
	[ "$(pid n8n)" != "$n8n" ]
	equal "$(pid sonarr) $(pid edge)" "$sonarr $edge"
	systemctl stop ct-media-postgres.service
	equal "$(systemctl is-active ct-media-n8n.service || true)" inactive
	expect 0 ctc apply --yes /src/examples/media.ctstack
	equal "$(get n8n.home.arpa)" "n8n ok"
}

test_secrets_arrive() {
	equal "$(inside postgres root/run/secrets/postgres-password)" pg-pass-word
	equal "$(inside n8n environ | tr '\0' '\n' | grep '^N8N_E')" N8N_ENCRYPTION_KEY=n8n-key-word
	lacks "$(systemctl cat 'ct-media-*')" pg-pass-word
	refute grep -rqF -e pg-pass-word -e n8n-key-word /var/lib/ctstack /run/systemd
}

test_what_is_to_be_backed_up() {
	equal "$(ctc volumes --backup --format paths | xargs)" "/opt/databases/postgres /opt/media/sonarr/config /opt/services/edge/certificates /opt/services/n8n/data"
	ctc destroy --yes media
	[ -d /opt/databases/postgres ]
}
