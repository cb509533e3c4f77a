#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints a stack with N containers: N/10 subnets, and for each container two ports, three flows, two published ports, a volume, environment and limits.
set -eu
n=${1:?usage: generate.sh CONTAINERS}
awk -v n="$n" '
function address(i, host) { return sprintf("10.%d.%d.%d", int(i / 10) / 256, int(i / 10) % 256, host) }
BEGIN {
	print "stack bench {"
	for (i = 0; i < n; i += 10)
		printf "  subnet n%d {\n    range = %s/24\n    host  = %s\n  }\n", i / 10, address(i, 0), address(i, 1)
	for (i = 0; i < n; i++) {
		printf "\n  container c%d {\n", i
		print  "    image   = \"localhost/bench:1\""
		printf "    subnet  = n%d\n", int(i / 10)
		printf "    address = %s\n", address(i, 11 + i % 10)
		print  "    ports { http = 8080/tcp; metrics = 9090/tcp }"
		printf "    env {\n      NAME = \"c%d\"\n      NEXT = \"http://c%d:8080\"\n    }\n", i, (i + 1) % n
		print  "    volume data { at = /data }"
		print  "    limits { memory = 256MiB; cpu = 0.5 }"
		print  "    ready { http = \"/health\"; port = http }"
		print  "  }"
		for (k = 1; k <= 3; k++)
			printf "  allow c%d -> c%d.http\n", i, (i + k) % n
		printf "  publish 127.0.0.1:%d -> c%d.http\n", 10000 + 2 * i, i
		printf "  publish 127.0.0.1:%d -> c%d.metrics\n", 10001 + 2 * i, i
	}
	print "}"
}'
