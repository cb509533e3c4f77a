#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints a stack with N containers. For each ten of them a subnet; for each container two ports, three flows and two published ports, and
#	light		nothing more
#	full		a volume, environment, limits and a readiness check, all written out (the default)
#	templates	the same by way of a template with a parameter
#	loops		the same by way of a template and three loops, in one subnet
set -eu
n=${1:?usage: generate.sh CONTAINERS [light|full|templates|loops]}
awk -v n="$n" -v form="${2:-full}" '
function address(i, host) { return sprintf("10.%d.%d.%d", int(i / 10) / 256, int(i / 10) % 256, host) }
function body(indent, name, next_one) {
	printf "%simage   = \"localhost/bench:1\"\n", indent
	printf "%sports { http = 8080/tcp; metrics = 9090/tcp }\n", indent
	if (form == "light")
		return
	printf "%senv {\n%s  NAME = \"%s\"\n%s  NEXT = \"http://%s:8080\"\n%s}\n", indent, indent, name, indent, next_one, indent
	printf "%svolume data { at = /data }\n", indent
	printf "%slimits { memory = 256MiB; cpu = 0.5 }\n", indent
	printf "%sready { http = \"/health\"; port = http }\n", indent
}
BEGIN {
	if (form == "templates" || form == "loops") {
		print "template service : container {\n  param me: string\n  param next: string"
		body("  ", "${me}", "${next}")
		print "}\n"
	}
	print "stack bench {"
	if (form == "loops") {
		print  "  subnet lan { range = 10.0.0.0/8 }"
		printf "  for i in range(0, %d) {\n", n - 1
		print  "    container c-${i} : service { subnet = lan; address = lan.range[i + 11]; me = \"c-${i}\"; next = \"c-${i + 1}\" }"
		printf "    for k in range(1, 3) { allow c-${i} -> c-${(i + k) %% %d}.http }\n", n
		print  "    publish (10000 + 2 * i) -> c-${i}.http"
		print  "    publish (10001 + 2 * i) -> c-${i}.metrics"
		print  "  }\n}"
		exit
	}
	for (i = 0; i < n; i += 10)
		printf "  subnet n%d {\n    range = %s/24\n    host  = %s\n  }\n", i / 10, address(i, 0), address(i, 1)
	for (i = 0; i < n; i++) {
		printf "\n  container c%d %s{\n", i, form == "templates" ? ": service " : ""
		printf "    subnet  = n%d\n", int(i / 10)
		printf "    address = %s\n", address(i, 11 + i % 10)
		if (form == "templates")
			printf "    me = \"c%d\"\n    next = \"c%d\"\n", i, (i + 1) % n
		else
			body("    ", "c" i, "c" (i + 1) % n)
		print  "  }"
		for (k = 1; k <= 3; k++)
			printf "  allow c%d -> c%d.http\n", i, (i + k) % n
		printf "  publish 127.0.0.1:%d -> c%d.http\n", 10000 + 2 * i, i
		printf "  publish 127.0.0.1:%d -> c%d.metrics\n", 10001 + 2 * i, i
	}
	print "}"
}'
