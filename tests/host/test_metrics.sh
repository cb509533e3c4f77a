# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Metrics: where Prometheus is told to look something answers, and what ctc says of itself is what the host is.

test_prometheus_finds_what_answers() {
	local at path
	image localhost/web:1 8080
	cat >m.ctstack <<-SRC
		stack m {
		  subnet lan { range = 10.83.0.0/24 }
		  container web {
		    image   = "localhost/web:1"
		    address = 10.83.0.2
		    ports   { http = 8080/tcp }
		    ready   { http = "/" }
		    scrape { port = http; path = "/peer" }
		  }
		  container quiet { image = "localhost/web:1"; address = 10.83.0.3 }
		}
	SRC
	ctc apply --yes m.ctstack
	equal "$(stat -c '%a' /run/ctstack-metrics /run/ctstack-metrics/m.json | xargs)" "755 644"
	equal "$(tr -d ' \n' </run/ctstack-metrics/m.json)" '[{"labels":{"__metrics_path__":"/peer","container":"web","stack":"m"},"targets":["10.83.0.2:8080"]}]'
	at=$(sed -n 's/.*"\([0-9.]*:[0-9]*\)".*/\1/p' /run/ctstack-metrics/m.json)
	path=$(sed -n 's/.*"__metrics_path__": "\(.*\)",/\1/p' /run/ctstack-metrics/m.json)
	equal "$(curl --silent --fail "http://$at$path")" 10.83.0.1
	expect 0 ctc plan --detailed-exitcode m.ctstack
}

# value NAME FILE
value() { sed -n "s/^ctstack_$1 //p" "$2"; }

test_the_state_is_told() {
	ctc status --prometheus >now
	equal "$(value generation now) $(value drift now) $(value containers now) $(value containers_active now) $(value last_change_success now)" "1 0 2 2 1"
	equal "$(value generation /run/ctstack-metrics/ctstack.prom) $(value last_change_success /run/ctstack-metrics/ctstack.prom)" "1 1"
	systemctl stop ct-m-quiet.service
	ctc status --prometheus >now
	equal "$(value drift now) $(value containers_active now)" "1 1"
	cat >bad.ctstack <<-SRC
		stack bad {
		  container x { image = "localhost/web:1"; network = host; env { PROBE_DIE = "3" } }
		}
	SRC
	expect 3 ctc apply --yes bad.ctstack
	equal "$(value generation /run/ctstack-metrics/ctstack.prom) $(value last_change_success /run/ctstack-metrics/ctstack.prom)" "1 0"
	contains "$(cat /run/ctstack-metrics/ctstack.prom)" 'ctstack_last_change_info{action="apply"} 1'
	ctc destroy --yes m
	refute test -e /run/ctstack-metrics/m.json
}
