# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints the source of step STEP of the random walk SEED: two stacks whose every trait is drawn anew now and then, so that neighbouring steps differ in some.
#	awk -v seed=N -v step=N -f walk.awk

# A number in [0, 1) of a text; the same text, the same number.
function draw(text,    i, h) {
	h = seed * 7919 + 17
	for (i = 1; i <= length(text); i++) h = (h * 131 + index(letters, substr(text, i, 1))) % 2147483647
	for (i = 0; i < 3; i++) h = (h * 48271) % 2147483647
	return h / 2147483647
}
# The trait's number as of this step: that of the last step in which it was drawn anew, as happens once in `seldom` steps.
function trait(name, seldom,    s) {
	for (s = step; s > 0 && draw(name " anew " s) * seldom >= 1; s--);
	return draw(name " at " s)
}
# One of the words, where | stands between them.
function one(name, seldom, words,    w, n) {
	n = split(words, w, "|")
	return w[1 + int(trait(name, seldom) * n)]
}
function line(text) { if (text != "") print "    " text }

function keyed(id) { return one(id " secret", 8, "||key") != "" }

function container(s, c, k,    id, at, before, joins, once, program) {
	id = s "." c
	print "  container " c " {"
	joins = k == 4 && there[s ".a"] && one(id " joins", 8, "|a") != ""
	# nothing leads to the fourth: it may be one that ends
	once = k == 4 && !joins && one(id " once", 6, "|yes") != ""
	program = one(id " program", 12, "image = \"localhost/a:1\"|image = \"localhost/b:1\"|rootfs = /srv/tree-" s c "; command = [\"/probe\", " (once ? "\"name\"" : "\"serve\", \"" (joins ? 81 : 80) "\"") "]")
	line(program)
	if (once) line("run = once" (program ~ /^image/ ? "; command = [\"name\"]" : ""))
	if (joins) {
		joined[id] = 1
		line("join = a; ports { other = 81/tcp }; env { PROBE_PORTS = \"81\" }")
	} else {
		# at the third place the containers of a stack stand in a ring, which turns: one has the address that another had
		at = one(id " address", 8, "|1|2|3")
		line(at == "" ? "" : "address = " net[s] "." (at * 10 + (at == 3 ? (k + int(trait(s " turn", 4) * 4)) % 4 : k)))
		line(one(id " further", 6, "||more-addresses = [" net[s] "." 100 + k "]|more-addresses = [" net[s] "." 100 + k ", " net[s] "." 110 + k "]"))
		line("ports { http = 80/tcp; sink = 7700/udp }")
		line(one(id " env", 5, "|env { COLOUR = \"red\" }|env { COLOUR = \"a \\\"b\\\" 100% \\u{24}x\" }"))
	}
	line(one(id " limits", 5, "|limits { memory = 64MiB }|limits { memory = 96MiB; tasks = 50 }"))
	line(one(id " restart", 6, (once ? "|restart = no" : "|restart = always") "|restart = on-failure"))
	line(one(id " volume", 8, "||volume v { at = /v }|volume v { at = /v; mode = 0700 }"))
	line(one(id " read-only", 10, "||read-only = true"))
	line(one(id " capabilities", 10, "||capabilities { drop = [CHOWN] }"))
	line(one(id " timezone", 10, "||timezone = \"Europe/Berlin\""))
	line(one(id " tmpfs", 8, "||tmpfs t { at = /t; size = 1MiB }"))
	if (keyed(id)) line("secret key -> /run/secrets/key")
	if (program ~ /^image/) line(one(id " label", 8, "||labels { tier = \"one\" }"))
	line(one(id " stop", 8, "||stop-timeout = 5s"))
	if (!joins && !once) line(one(id " ready", 5, "|ready { tcp = http }"))
	before = substr("abc", k - 1, 1)
	if (k > 1 && there[s "." before] && !joins) line(one(id " after", 6, "||after = [" before "]|requires = [" before "]"))
	print "  }"
}

BEGIN {
	letters = " abcdefghijklmnopqrstuvwxyz.0123456789"
	for (i = 1; i <= 2; i++) {
		s = substr("pq", i, 1)
		net[s] = "10." (70 + i) "." one(s " net", 25, "0|1")
		for (k = 1; k <= 4; k++) there[s "." substr("abcd", k, 1)] = trait(s k " there", 6) < 0.7
	}
	for (i = 1; i <= 2; i++) {
		s = substr("pq", i, 1)
		print "stack " s " {"
		print "  subnet lan { range = " net[s] ".0/24" one(s " six", 12, "|; range6 = fd7" i "::/64") one(s " host", 20, "|; host = " net[s] ".254") " }"
		line(one(s " defaults", 15, "|defaults container { limits { io-weight = 50 } }"))
		for (k = 1; k <= 4 && !(there[s "." substr("abcd", k, 1)] && keyed(s "." substr("abcd", k, 1))); k++);
		if (k <= 4) print "  secret key { file = /etc/walk-key }"
		for (k = 1; k <= 4; k++) if (there[s "." substr("abcd", k, 1)]) container(s, substr("abcd", k, 1), k)
		for (k = 1; k <= 4; k++) for (j = 1; j <= 4; j++) for (t = 1; t <= 2; t++) {
			from = substr("abcd", k, 1); to = substr("pq", t, 1) "." substr("abcd", j, 1)
			if (s "." from == to || (joined[s "." from] && to == s ".a") || !there[s "." from] || !there[to] || to ~ /d$/ || trait(s "." from " to " to, 5) > 0.25) continue
			print "  allow " from " -> " (t == i ? substr(to, 3) : to) "." one(s from to " port", 6, "http|sink")
		}
		for (k = 1; k <= 3; k++) {
			c = substr("abcd", k, 1)
			if (!there[s "." c]) continue
			if (trait(s c " out", 5) < 0.3) print "  allow " c " -> world:53/udp"
			if (trait(s c " in", 5) < 0.2) print "  allow world -> " c ".http"
			if (trait(s c " published", 5) < 0.4) print "  publish " one(s c " at", 8, "|127.0.0.1:") (8000 + i * 10 + int(trait(s c " port", 8) * 2) * 100 + k) " -> " c ".http"
		}
		print "}\n"
	}
}
