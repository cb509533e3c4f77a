/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compiler/rules: one table. Each row is a source and the codes that it earns, all of them; most rules have rows that just pass, beside those that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"

#define LAN "subnet lan { range = 10.1.0.0/24 }\n"
#define LAN6 "subnet lan { range = 10.1.0.0/24; range6 = fd01::/64 }\n"
#define IMAGE "image = \"localhost/x:1\"\n"
#define WEB "container web { " IMAGE "address = 10.1.0.11; ports { http = 80/tcp; dns = 53/udp; rtp = 9000-9003/udp } }\n"
#define DB "container db { " IMAGE "address = 10.1.0.12; ports { pg = 5432/tcp } }\n"
#define MACVLAN "macvlan net { parent = \"enp3s0\"; range = 192.168.0.0/24; gateway = 192.168.0.1 }\n"
#define KEY "secret k { file = /etc/secrets/k }\n"
#define PUBLIC "\"xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=\""
#define PEER "peer p { key = " PUBLIC "; endpoint = 203.0.113.1:51820; allowed = [0.0.0.0/0] }"
#define TUNNEL(how, peer) "container t { " IMAGE "address = 10.1.0.2; wireguard { private-key = k; address = 10.9.0.2; " how " " peer " } }\n"
#define STACK(...) "stack s {\n" __VA_ARGS__ "}\n"
#define ONE(...) STACK(LAN "container a { " IMAGE __VA_ARGS__ "}\n")
/* A container with some of NVIDIA's. */
#define GPU(name, host, sharing, devices) \
	"container " name " { " IMAGE "address = 10.1.0.2" host "; gpu = nvidia; gpu-sharing = " sharing "; gpu-devices = [" devices "]; limits { memory = 1GiB } }\n"
#define TWO(...) STACK(LAN WEB DB __VA_ARGS__)

#define HASH "$2b$10$mdFg1VJZ92OsGkTx/1iPue4cfAek1PKJMpKLRjHmKl5HZ6OeIVUyq"
/* A stack with a web server, a proxy, and these lines. */
#define ROUTED(fields, ...)                                                                                                    \
	STACK(LAN "container web { " IMAGE "address = 10.1.0.2; ports { http = 80/tcp; dns = 53/udp } }\n"                    \
		  "container edge { " IMAGE "address = 10.1.0.3; ports { https = 443/tcp } }\n"                                \
		  "proxy front { container = edge" fields " }\npublish 443 -> edge.https\n" __VA_ARGS__)
#define SECRET "secret pw { file = /etc/secrets/pw }\n"

#define NAME58 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *what, *codes, *source;
} rows[] = {
	{"a small stack", "", TWO("allow web -> db.pg\npublish 127.0.0.1:80 -> web.http\n")},

	{"subnet: no range", "E0601", STACK("subnet lan { range = none }\n")},
	{"subnet: a range that is chosen", "", STACK("subnet lan {}\n")},
	{"subnet: only IPv6", "", STACK("subnet lan { range6 = fd01::/64 }\n")},
	{"subnet: host bits", "E0602", STACK("subnet lan { range = 10.1.0.5/24 }\n")},
	{"subnet: host bits of IPv6", "E0602", STACK("subnet lan { range6 = fd01::5/64 }\n")},
	{"subnet: loopback", "E0603", STACK("subnet lan { range = 127.1.0.0/16 }\n")},
	{"subnet: this network", "E0603", STACK("subnet lan { range = 0.0.0.0/8 }\n")},
	{"subnet: everything", "E0603", STACK("subnet lan { range = 0.0.0.0/0 }\n")},
	{"subnet: multicast", "E0603", STACK("subnet lan { range = 239.1.0.0/24 }\n")},
	{"subnet: link-local", "E0603", STACK("subnet lan { range = 169.254.7.0/24 }\n")},
	{"subnet: IPv6 link-local", "E0603", STACK("subnet lan { range6 = fe80::/64 }\n")},
	{"subnet: IPv6 multicast", "E0603", STACK("subnet lan { range6 = ff05::/64 }\n")},
	{"subnet: /31", "E0604", STACK("subnet lan { range = 10.1.0.0/31 }\n")},
	{"subnet: /30", "", STACK("subnet lan { range = 10.1.0.0/30 }\n")},
	{"subnet: /127", "E0604", STACK("subnet lan { range6 = fd01::/127 }\n")},
	{"subnet: host outside", "E0605", STACK("subnet lan { range = 10.1.0.0/24; host = 10.2.0.1 }\n")},
	{"subnet: host is the network", "E0605", STACK("subnet lan { range = 10.1.0.0/24; host = 10.1.0.0 }\n")},
	{"subnet: host is the broadcast address", "E0605", STACK("subnet lan { range = 10.1.0.0/24; host = 10.1.0.255 }\n")},
	{"subnet: host6 at the end", "", STACK("subnet lan { range6 = fd01::/64; host6 = fd01::ffff:ffff:ffff:ffff }\n")},
	{"subnet: host without range", "E0605", STACK("subnet lan { range6 = fd01::/64; host = 10.1.0.1 }\n")},
	{"subnets: equal", "E0606", STACK("subnet a { range = 10.1.0.0/24 }\nsubnet b { range = 10.1.0.0/24 }\n")},
	{"subnets: one in the other", "E0606", STACK("subnet a { range = 10.1.7.0/24 }\nsubnet b { range = 10.1.0.0/16 }\n")},
	{"subnets: neighbours", "", STACK("subnet a { range = 10.1.0.0/24 }\nsubnet b { range = 10.1.1.0/24 }\n")},
	{"subnets: two in a wide one", "E0606 E0606",
	 STACK("subnet a { range = 10.0.0.0/8 }\nsubnet b { range = 10.1.0.0/24 }\nsubnet c { range = 10.2.0.0/24 }\n")},
	{"subnets: of two stacks", "E0606", STACK("subnet a { range = 10.1.0.0/24 }\n") "stack t {\nsubnet a { range = 10.1.0.128/25 }\n}\n"},
	{"subnets: IPv6", "E0606", STACK("subnet a { range6 = fd01::/48 }\nsubnet b { range6 = fd01:0:0:5::/64 }\n")},

	{"container: no subnet in the stack", "E0607", STACK("container a { " IMAGE "address = 10.1.0.2 }\n")},
	{"container: which subnet", "E0607", STACK(LAN "subnet b { range = 10.2.0.0/24 }\ncontainer a { " IMAGE "address = 10.1.0.2 }\n")},
	{"container: this subnet", "", STACK(LAN "subnet b { range = 10.2.0.0/24 }\ncontainer a { " IMAGE "subnet = b; address = 10.2.0.2 }\n")},
	{"container: no address", "E0608", ONE("address = none")},
	{"container: an address that is chosen", "", ONE()},
	{"container: only IPv6", "", STACK(LAN6 "container a { " IMAGE "address6 = fd01::2 }\n")},
	{"address: outside", "E0609", ONE("address = 10.2.0.2")},
	{"address: the range is elsewhere", "E0668", STACK("subnet lan { range = 10.1.0.0/24; host = 10.2.0.1 }\ncontainer a { " IMAGE "address = 10.2.0.2 }\n")},
	{"address: IPv6 outside", "E0609", STACK(LAN6 "container a { " IMAGE "address6 = fd02::2 }\n")},
	{"address: the subnet has none of the family", "E0609", ONE("address6 = fd01::2")},
	{"address: network", "E0610", ONE("address = 10.1.0.0")},
	{"address: broadcast", "E0610", ONE("address = 10.1.0.255")},
	{"address: the default host's", "E0610", ONE("address = 10.1.0.1")},
	{"address: the host's", "E0610", STACK("subnet lan { range = 10.1.0.0/24; host = 10.1.0.9 }\ncontainer a { " IMAGE "address = 10.1.0.9 }\n")},
	{"address: the first, where the host is elsewhere", "",
	 STACK("subnet lan { range = 10.1.0.0/24; host = 10.1.0.9 }\ncontainer a { " IMAGE "address = 10.1.0.1 }\n")},
	{"address: twice", "E0611", TWO("container x { " IMAGE "address = 10.1.0.11 }\n")},
	{"address: IPv6 twice", "E0611",
	 STACK(LAN6 "container a { " IMAGE "address6 = fd01::2 }\ncontainer b { " IMAGE "address6 = fd01:0::0:2 }\n")},

	{"url: an IPv6 address", "E0637", ONE("env { A = \"http://fd00::2/\"; B = \"http://[fd00::2]:80/\"; C = \"fd00::2\"; D = \"http://web:80/a:b\" }")},
	{"url: behind a user", "E0637", ONE("env { A = \"pg://u:p@fd00::2:5432\" }")},
	{"url: of an address", "E0637", STACK(LAN6 "container a { " IMAGE "address6 = fd01::2; env { A = \"http://${address6}:80\" } }\n")},
	{"proxy: nobody reaches it", "W0932", STACK(LAN "container e { " IMAGE "ports { https = 443/tcp } }\ncontainer w { " IMAGE "ports { http = 80/tcp } }\nproxy p { container = e }\nroute \"w\" -> w.http\n")},
	{"proxy: another container reaches it", "", STACK(LAN "container e { " IMAGE "ports { https = 443/tcp } }\ncontainer w { " IMAGE "ports { http = 80/tcp } }\nproxy p { container = e }\nroute \"w\" -> w.http\nallow w -> e.https\n")},
	{"proxy: no routes", "", STACK(LAN "container e { " IMAGE "ports { https = 443/tcp } }\nproxy p { container = e }\n")},
	{"more addresses", "", STACK(LAN6 "container a { " IMAGE "address6 = fd01::2; more-addresses = [fd01::3, fd01::4] }\n")},
	{"more addresses: none", "", STACK(LAN "container a { " IMAGE "more-addresses = [] }\n")},
	{"more addresses: beside one that is chosen", "", STACK("subnet lan { range = 10.1.0.0/29 }\ncontainer a { " IMAGE "more-addresses = [10.1.0.2, 10.1.0.3, 10.1.0.4, 10.1.0.5] }\n")},
	{"more addresses: outside", "E0609", ONE("address = 10.1.0.2; more-addresses = [10.2.0.3]")},
	{"more addresses: the host's", "E0610", ONE("address = 10.1.0.2; more-addresses = [10.1.0.1]")},
	{"more addresses: the first again", "E0611", ONE("address = 10.1.0.2; more-addresses = [10.1.0.2]")},
	{"more addresses: another one's", "E0611", TWO("container x { " IMAGE "address = 10.1.0.20; more-addresses = [10.1.0.11] }\n")},
	{"more addresses: no first one", "E0635", STACK("subnet lan { range = 10.1.0.0/24; range6 = fd01::/64 }\ncontainer a { " IMAGE "address = 10.1.0.2; more-addresses = [fd01::3] }\n")},
	{"more addresses: no such range", "E0609 E0635", ONE("address = 10.1.0.2; more-addresses = [fd01::3]")},
	{"more addresses: too many", "E0635",
	 ONE("address = 10.1.0.2; more-addresses = [10.1.0.11, 10.1.0.12, 10.1.0.13, 10.1.0.14, 10.1.0.15, 10.1.0.16, 10.1.0.17, 10.1.0.18, "
	     "10.1.0.19, 10.1.0.20, 10.1.0.21, 10.1.0.22, 10.1.0.23, 10.1.0.24, 10.1.0.25, 10.1.0.26]")},
	{"more addresses: on the host's network", "E0612", STACK("container a { " IMAGE "network = host; more-addresses = [10.1.0.3] }\n")},
	{"more addresses: of who joins", "E0656", STACK(LAN "container a { " IMAGE "}\ncontainer b { " IMAGE "join = a; more-addresses = [10.1.0.9] }\n")},
	{"macvlan: more addresses", "E0663", STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.5; more-addresses = [192.168.1.6] }\n")},
	{"more addresses: a name server there", "W0918",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; resolver = [10.1.0.9] }\ncontainer b { " IMAGE "address = 10.1.0.3; more-addresses = [10.1.0.9]; ports { dns = 53/udp } }\n")},
	{"metrics: not tcp", "E0689", ONE("address = 10.1.0.2; ports { dns = 53/udp }; scrape { port = dns }")},
	{"metrics", "", ONE("address = 10.1.0.2; ports { http = 80/tcp }; scrape { port = http }")},
	{"route", "", ROUTED("", "route \"a\" -> web.http\n")},
	{"route: for who passes", "", ROUTED("", "route \"a\" -> web.http { auth { me = \"" HASH "\" } }\n")},
	{"route: no proxy", "E0682", STACK(LAN "container web { " IMAGE "address = 10.1.0.2; ports { http = 80/tcp } }\nroute \"a\" -> web.http\n")},
	{"route: which proxy", "E0682",
	 ROUTED("", "container more { " IMAGE "address = 10.1.0.4; ports { https = 443/tcp } }\nproxy back { container = more }\nroute \"a\" -> web.http\n")},
	{"route: both proxies", "",
	 ROUTED("", "container more { " IMAGE "address = 10.1.0.4; ports { https = 443/tcp } }\nproxy back { container = more }\n"
		    "route \"a\" -> web.http { providers = [front, back] }\npublish 444 -> more.https\n")},
	{"route: twice", "E0683", ROUTED("; domain = \"b.c\"", "route \"a\" -> web.http\nroute \"a.b.c\" -> web.http\n")},
	{"route: not tcp", "E0684", ROUTED("", "route \"a\" -> web.dns\n")},
	{"route: to itself", "E0684", ROUTED("", "route \"a\" -> edge.https\n")},
	{"route: the proxy has no such port", "E0684", ROUTED("", "route \"a\" -> web.http { tls = off }\n")},
	{"route: no family in common", "E0684",
	 STACK("subnet lan { range = 10.1.0.0/24; range6 = fd01::/64 }\ncontainer web { " IMAGE "address6 = fd01::2; ports { http = 80/tcp } }\n"
	       "container edge { " IMAGE "address = 10.1.0.3; ports { https = 443/tcp } }\nproxy front { container = edge }\nroute \"a\" -> web.http\npublish 443 -> edge.https\n")},
	{"route: no host name", "E0685", ROUTED("", "route \"A\" -> web.http\n")},
	{"route: a password", "E0686", ROUTED("", "route \"a\" -> web.http { auth { me = \"x\" } }\n")},
	{"proxy: nobody to write to", "E0687", ROUTED("; tls = acme; domain = \"example.org\"", "route \"a\" -> web.http\n")},
	{"proxy: twice", "E0688", ROUTED("", "proxy back { container = edge }\n")},
	{"proxy: where nothing can be mounted", "E0625", STACK(LAN "container a { " IMAGE "address = 10.1.0.2; mount /x -> /etc/ctstack }\n")},
	{"route: passwords in the clear", "W0925",
	 ROUTED("; http = edge:80/tcp", "route \"a\" -> web.http { tls = off; auth { me = \"" HASH "\" } }\n")},
	{"route: no such certificate", "W0926", ROUTED("; tls = acme; email = \"a@b.c\"", "route \"a\" -> web.http\n")},

	{"proxy: not enabled", "",
	 STACK(LAN "container web { " IMAGE "address = 10.1.0.2; ports { http = 80/tcp } }\n"
		   "container edge { " IMAGE "address = 10.1.0.3; ports { https = 443/tcp }; enable = false }\n"
		   "container back { " IMAGE "address = 10.1.0.4; ports { https = 443/tcp } }\n"
		   "proxy front { container = edge }\nproxy second { container = back }\n"
		   "route \"a\" -> web.http { providers = [front] }\nroute \"b\" -> web.http { providers = [front, second] }\nroute \"c\" -> web.http\npublish 443 -> back.https\n")},

	{"volume: two of one category and name", "E0679",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; volume v { at = /v; category = media } }\n")
	 "stack t {\nsubnet lan { range = 10.2.0.0/24 }\ncontainer a { " IMAGE "address = 10.2.0.2; volume v { at = /v; category = media } }\n}\n"},
	{"volume: two of one name, kept apart", "",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; volume v { at = /v; category = media }\nvolume w { at = /w; category = media; from = /opt/x } }\n"
		   "container b { " IMAGE "address = 10.1.0.3; volume v { at = /v; category = media } }\n")},
	{"volume: one in another", "E0680",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; volume v { at = /v; from = /srv/v }\nmount /srv/v/w -> /w }\n")},
	{"volume: a part that may be written", "",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; volume v { at = /v; from = /srv/v; readonly = true }\nmount /srv/v/w -> /w }\n")},
	{"mount: what ctc keeps", "E0681", STACK(LAN "container a { " IMAGE "address = 10.1.0.2; mount /var/lib/ctstack -> /w }\n")},

	{"secret: as a file and as environment", "", STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; env-files = [pw]; secret pw -> /pw }\n")},
	{"secret: in a text", "E0675", STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; secret pw -> /pw; env { A = \"${pw}\" } }\n")},
	{"secret: from nowhere", "E0676", STACK(LAN "secret pw {}\ncontainer a { " IMAGE "address = 10.1.0.2; env-files = [pw] }\n")},
	{"secret: from two places", "E0676",
	 STACK(LAN "secret pw { file = /a; encrypted-file = /b }\ncontainer a { " IMAGE "address = 10.1.0.2; env-files = [pw] }\n")},
	{"secret: twice", "E0677", STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; secret pw -> /a; secret pw -> /b }\n")},
	{"secret: two of one name", "E0677",
	 STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; secret pw -> /a; env-files = [t.pw] }\n") "stack t {\nsecret pw { file = /c }\n}\n"},
	{"secret: where something is mounted", "E0624",
	 STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; volume v { at = /a }\nsecret pw -> /a }\n")},
	{"secret: within a volume", "", STACK(LAN SECRET "container a { " IMAGE "address = 10.1.0.2; volume v { at = /a }\nsecret pw -> /a/pw }\n")},
	{"secret: not encrypted", "E0678", STACK(LAN "secret pw { encrypted = \"a b\" }\ncontainer a { " IMAGE "address = 10.1.0.2; env-files = [pw] }\n")},
	{"secret: in /tmp", "W0922", STACK(LAN "secret pw { file = /tmp/pw }\ncontainer a { " IMAGE "address = 10.1.0.2; env-files = [pw] }\n")},
	{"secret: unused", "W0924", STACK(SECRET)},
	{"a port in a URL", "W0931", STACK(LAN "container a { " IMAGE "address = 10.1.0.2; ports { web = 80/tcp }; env { A = \"http://x:${ports.web}/\"; B = \"${ports.web.number} and ${ports.web}\" } }\n")},
	{"subnet: somebody else's", "W0938", STACK("subnet lan { range = 8.8.8.0/24 }\n")},
	{"subnet: nearly private", "W0938", STACK("subnet lan { range = 172.32.0.0/16 }\n")},
	{"subnet: more than what is private", "W0938", STACK("subnet lan { range = 192.0.0.0/8 }\n")},
	{"subnet: of the documentation", "", STACK("subnet lan { range = 192.0.2.0/24 }\n")},
	{"subnet: a prefix of IPv6", "", STACK("subnet lan { range6 = 2a01:4f8::/64 }\n")},
	{"ready: a word of Compose", "E0628", ONE("address = 10.1.0.2; ready { exec = [\"CMD\", \"true\"] }")},
	{"ready: another one", "E0628", ONE("address = 10.1.0.2; ready { exec = [\"CMD-SHELL\", \"true\"] }")},
	{"subnet: none for two", "E0607", STACK("container a { " IMAGE "}\ncontainer b { " IMAGE "}\n")},
	{"image: no registry", "W0936", STACK(LAN "container a { image = \"nginx:1.27\"; address = 10.1.0.2 }\n")},
	{"image: a path and no registry", "W0936", STACK(LAN "container a { image = \"library/nginx:1.27\"; address = 10.1.0.2 }\n")},
	{"image: a registry by its port", "", STACK(LAN "container a { image = \"hub:5000/nginx:1.27\"; address = 10.1.0.2 }\n")},
	{"flow: the number with the other protocol", "W0937", TWO("allow db -> web:53\n")},
	{"flow: the number with its protocol", "", TWO("allow db -> web:53/udp\n")},
	{"flow: a number that nothing has", "", TWO("allow db -> web:54\n")},
	{"flow: within a range of the other protocol", "W0937", TWO("allow db -> web:9001/tcp\n")},
	{"flow: names by tcp", "W0937", TWO("allow db -> world:53\n")},
	{"flow: names by tcp and udp", "", TWO("allow db -> world:53\nallow lan -> world:53/udp\n")},
	{"password in the source", "W0923", STACK(LAN "container a { " IMAGE "address = 10.1.0.2; env { DB_PASSWORD = \"x\"; API_KEY = \"\"; MAX_TOKENS = \"9\"; PW_FILE = \"/x\" } }\n")},

	{"alias: a name", "", ONE("address = 10.1.0.2; alias = \"my-pg2\"; shortcuts { psql = [\"psql\", \"-U\", \"x y\"] }")},
	{"alias: no name", "E0634", ONE("address = 10.1.0.2; alias = \"my pg\"")},
	{"shortcut: nothing to run", "E0634", ONE("address = 10.1.0.2; shortcuts { psql = [] }")},

	{"host network", "", ONE("network = host")},
	{"host network: subnet", "E0612", ONE("network = host; subnet = lan")},
	{"host network: address", "E0612", ONE("network = host; address = 10.1.0.2")},
	{"host network: published", "E0612",
	 STACK("container a { " IMAGE "network = host; ports { http = 80/tcp } }\npublish 127.0.0.1:81 -> a.http\n")},
	{"host network: flow", "E0612", TWO("container a { " IMAGE "network = host }\nallow a -> db.pg\n")},

	{"join", "", TWO("container a { " IMAGE "join = web; ports { alt = 8080/tcp } }\nallow db -> a.alt\npublish 127.0.0.1:80 -> a.alt\n")},
	{"run: once", "", ONE("address = 10.1.0.2; run = once; within = 1h; restart = no")},
	{"run: a service", "", ONE("address = 10.1.0.2; run = service; restart = always")},
	{"run: once, and ready", "E0690", ONE("address = 10.1.0.2; run = once; ready { exec = [\"true\"] }")},
	{"run: once, and always", "E0690", ONE("address = 10.1.0.2; run = once; restart = always")},
	{"run: once, and read", "E0690", ONE("address = 10.1.0.2; run = once; ports { m = 9100/tcp }; scrape { port = m }")},
	{"run: once, and booted", "E0690", STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2; run = once }\n")},
	{"run: within of a service", "E0690", ONE("address = 10.1.0.2; within = 1m")},
	{"run: published", "E0691", TWO("container j { " IMAGE "address = 10.1.0.13; run = once; ports { p = 81/tcp } }\npublish 81 -> j.p\n")},
	{"run: expected to answer", "E0691", TWO("container j { " IMAGE "address = 10.1.0.13; run = once; ports { p = 81/tcp } }\nallow lan -> lan\nexpect reach web -> j.p\n")},
	{"run: expected not to answer", "", TWO("container j { " IMAGE "address = 10.1.0.13; run = once; ports { p = 81/tcp } }\nexpect deny web -> j.p\nexpect deny j -> web\n")},
	{"run: reached", "W0928", TWO("container j { " IMAGE "address = 10.1.0.13; run = once; ports { p = 81/tcp } }\nallow web -> j.p\n")},
	{"run: reached by all of the subnet, and reaching", "", TWO("container j { " IMAGE "address = 10.1.0.13; run = once }\nallow j -> db.pg\nallow lan -> lan\n")},
	{"run: its network joined by what comes after it", "", STACK(LAN "container j { " IMAGE "address = 10.1.0.2; run = once }\ncontainer a { " IMAGE "join = j; after = [j]; ports { p = 80/tcp } }\npublish 80 -> a.p\n")},

	{"join: itself", "E0655", STACK(LAN "container a { " IMAGE "join = a }\n")},
	{"join: one that joins", "E0655", TWO("container a { " IMAGE "join = web }\ncontainer b { " IMAGE "join = a }\n")},
	{"join: one on the host's network", "E0655", TWO("container h { " IMAGE "network = host }\ncontainer a { " IMAGE "join = h }\n")},
	{"join: one of another stack", "E0655", TWO() "stack t {\ncontainer a { " IMAGE "join = s.web }\n}\n"},
	{"join: and the host's network", "E0656", TWO("container a { " IMAGE "join = web; network = host }\n")},
	{"join: and an address", "E0656 E0656", TWO("container a { " IMAGE "join = web; address = 10.1.0.20; subnet = lan }\n")},
	{"join: a port twice", "E0657", TWO("container a { " IMAGE "join = web; ports { http = 80/tcp } }\n")},
	{"join: a port in a range", "E0657",
	 TWO("container a { " IMAGE "join = web; ports { x = 9002/udp } }\ncontainer b { " IMAGE "join = web; ports { y = 9002/tcp } }\n")},
	{"join: flow within", "E0618", TWO("container a { " IMAGE "join = web }\nallow a -> web.http\n")},
	{"join: waits for who joins it", "E0623",
	 STACK(LAN "container a { " IMAGE "join = b }\ncontainer b { " IMAGE "address = 10.1.0.2; after = [a] }\n")},

	{"gpu: by its nodes", "W0920", ONE("address = 10.1.0.2; device a { from = /dev/nvidia0 }\ndevice b { from = /dev/nvidiactl }\n")},
	{"gpu: of amd by its node", "W0920", ONE("address = 10.1.0.2; device a { from = /dev/kfd }\n")},
	{"gpu: a node beside it", "", ONE("address = 10.1.0.2; gpu = nvidia; device a { from = /dev/nvidia-fs0 }\nlimits { memory = 1GiB }\n")},
	{"device: no GPU's", "", ONE("address = 10.1.0.2; device a { from = /dev/kvm }\ndevice b { from = /dev/dri/renderD128 }\n")},
	{"device: mounted", "W0921", ONE("address = 10.1.0.2; mount /dev/kvm -> /dev/kvm\n")},
	{"device: a directory of them", "W0921", ONE("address = 10.1.0.2; mount /dev/dri -> /dev/dri\n")},
	{"device: what is none", "", ONE("address = 10.1.0.2; mount /dev/log -> /dev/log\nmount /dev/shm/x -> /x\n")},

	{"macvlan", "W0919", "stack s {\n" MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.152 }\n}\n"},
	{"macvlan: nobody in it", "", "stack s {\n" MACVLAN "}\n"},
	{"macvlan: and a subnet", "E0660", STACK(LAN MACVLAN "container a { " IMAGE "macvlan = net; subnet = lan; address = 192.168.0.152 }\n")},
	{"macvlan: and the host's network", "E0612 E0612", STACK(MACVLAN "container a { " IMAGE "macvlan = net; network = host; address = 192.168.0.152 }\n")},
	{"macvlan: and a network to join", "E0656", TWO(MACVLAN "container a { " IMAGE "macvlan = net; join = web }\n")},
	{"macvlan: a flow", "E0661", TWO(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.152 }\nallow a -> db.pg\n")},
	{"macvlan: published", "E0661",
	 STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.152; ports { http = 80/tcp } }\npublish 80 -> a.http\n")},
	{"macvlan: joined and published", "E0661",
	 STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.152 }\ncontainer b { " IMAGE "join = a; ports { http = 80/tcp } }\npublish 80 -> b.http\n")},
	{"macvlan: no range", "E0662", STACK("macvlan net { parent = \"eth0\" }\n")},
	{"macvlan: host bits", "E0662", STACK("macvlan net { parent = \"eth0\"; range = 192.168.0.5/24 }\n")},
	{"macvlan: the router elsewhere", "E0662", STACK("macvlan net { parent = \"eth0\"; range = 192.168.0.0/24; gateway = 10.0.0.1 }\n")},
	{"macvlan: a router of another family", "E0662", STACK("macvlan net { parent = \"eth0\"; range = 192.168.0.0/24; gateway6 = fd00::1 }\n")},
	{"macvlan: no address", "E0663", STACK(MACVLAN "container a { " IMAGE "macvlan = net }\n")},
	{"macvlan: outside", "E0663", STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.1.2 }\n")},
	{"macvlan: the router's", "E0663", STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.1 }\n")},
	{"macvlan: no such family", "E0663", STACK(MACVLAN "container a { " IMAGE "macvlan = net; address6 = fd00::2 }\n")},
	{"macvlan: an address twice", "E0611 W0919",
	 STACK(MACVLAN "container a { " IMAGE "macvlan = net; address = 192.168.0.5 }\ncontainer b { " IMAGE "macvlan = net; address = 192.168.0.5 }\n")},

	{"wireguard", "", STACK(LAN KEY TUNNEL("", PEER) )},
	{"wireguard: nobody at the other end", "E0664", STACK(LAN KEY TUNNEL("", ""))},
	{"wireguard: no key", "E0664", STACK(LAN KEY TUNNEL("", "peer p { key = \"x\"; endpoint = 203.0.113.1:51820; allowed = [10.9.0.0/24] }"))},
	{"wireguard: a name of which no lock has the address", "E0639", STACK(LAN KEY TUNNEL("", "peer p { key = " PUBLIC "; endpoint = \"vpn.example.org:51820\"; allowed = [10.9.0.0/24] }"))},
	{"wireguard: the only way", "", STACK(LAN KEY TUNNEL("only = true;", PEER))},
	{"wireguard: not the only way", "E0665", STACK(LAN KEY TUNNEL("only = true;", PEER) "allow t -> world:80/tcp\n")},
	{"wireguard: not for who joins it", "E0665",
	 STACK(LAN KEY TUNNEL("only = true;", PEER) "container j { " IMAGE "join = t }\nallow j -> world:80/tcp\n")},
	{"wireguard: another way where it is not the only one", "", STACK(LAN KEY TUNNEL("", PEER) "allow t -> world:80/tcp\n")},
	{"wireguard: on the host's network", "E0666",
	 STACK(KEY "container t { " IMAGE "network = host; wireguard { private-key = k; address = 10.9.0.2; " PEER " } }\n")},
	{"wireguard: no address", "E0667", STACK(LAN KEY "container t { " IMAGE "address = 10.1.0.2; wireguard { private-key = k; " PEER " } }\n")},
	{"wireguard: nobody begins", "E0667", STACK(LAN KEY TUNNEL("", "peer p { key = " PUBLIC "; allowed = [10.9.0.0/24] }"))},
	{"wireguard: the other end begins", "", STACK(LAN KEY TUNNEL("port = 51820;", "peer p { key = " PUBLIC "; allowed = [10.9.0.0/24] }"))},

	{"interface: a name", "E0658", STACK("subnet lan { range = 10.1.0.0/24; uplink = \"en p0\" }\n")},
	{"interface: too long", "E0658", STACK("subnet lan { range = 10.1.0.0/24; uplink = \"abcdefghijklmnop\" }\n")},
	{"interface: such a one", "", STACK("subnet lan { range = 10.1.0.0/24; uplink = \"enp1s0.100\" }\n")},
	{"resolver: of the host's network", "E0659", ONE("network = host; resolver = none")},
	{"resolver: too many", "E0659 W0918 W0918 W0918 W0918", ONE("address = 10.1.0.2; resolver = [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]")},
	{"resolver: none", "", ONE("address = 10.1.0.2; resolver = none")},
	{"resolver: host", "", ONE("address = 10.1.0.2; resolver = host")},
	{"resolver: no flow", "W0918", ONE("address = 10.1.0.2; resolver = [9.9.9.9]")},
	{"resolver: a flow to the world", "", TWO("container a { " IMAGE "address = 10.1.0.2; resolver = [9.9.9.9] }\nallow a -> world:53/udp\n")},
	{"resolver: nat", "", STACK("subnet lan { range = 10.1.0.0/24; nat = true }\ncontainer a { " IMAGE "address = 10.1.0.2; resolver = [9.9.9.9] }\n")},
	{"resolver: a container", "", TWO("container a { " IMAGE "address = 10.1.0.2; resolver = [10.1.0.11] }\nallow a -> web.dns\n")},
	{"resolver: a container without a flow", "W0918", TWO("container a { " IMAGE "address = 10.1.0.2; resolver = [10.1.0.11] }\nallow a -> web.http\n")},
	{"resolver: the host", "W0918", ONE("address = 10.1.0.2; resolver = [10.1.0.1]")},

	{"publish: twice", "E0613", TWO("publish 127.0.0.1:80 -> web.http\npublish 127.0.0.1:80 -> db.pg\n")},
	{"publish: two addresses", "", TWO("publish 127.0.0.1:80 -> web.http\npublish 127.0.0.2:80 -> web.http\n")},
	{"publish: every address covers one", "E0613", TWO("publish 127.0.0.1:80 -> web.http\npublish 80 -> web.http\n")},
	{"publish: one is covered by every address", "E0613", TWO("publish 80 -> web.http\npublish 127.0.0.1:80 -> web.http\n")},
	{"publish: 0.0.0.0 covers one", "E0613", TWO("publish 0.0.0.0:80 -> web.http\npublish 127.0.0.1:80 -> web.http\n")},
	{"publish: another protocol", "", TWO("publish 127.0.0.1:53 -> web.dns\npublish 127.0.0.1:53 -> web.http\n")},
	{"publish: a range covers one", "E0613", TWO("publish 127.0.0.1:9000-9003 -> web.rtp\npublish 127.0.0.1:9002 -> web.dns\n")},
	{"publish: by two stacks", "E0613",
	 TWO("publish 127.0.0.1:80 -> web.http\n")
	 "stack t {\nsubnet lan { range = 10.2.0.0/24 }\ncontainer a { " IMAGE "address = 10.2.0.2; ports { http = 80/tcp } }\npublish 80 -> a.http\n}\n"},
	{"publish: a container of the host's network has it", "E0613",
	 TWO("container a { " IMAGE "network = host; ports { http = 80/tcp } }\npublish 127.0.0.1:80 -> web.http\n")},
	{"publish: two of the host's network", "E0613",
	 STACK("container a { " IMAGE "network = host; ports { http = 80/tcp } }\ncontainer b { " IMAGE "network = host; ports { http = 80/tcp } }\n")},
	{"publish: range", "", TWO("publish 127.0.0.1:100-103 -> web.rtp\n")},
	{"publish: range too short", "E0614", TWO("publish 127.0.0.1:100-102 -> web.rtp\n")},
	{"publish: one for many", "E0614", TWO("publish 127.0.0.1:100 -> web.rtp\n")},
	{"publish: many for one", "E0614", TWO("publish 127.0.0.1:100-101 -> web.http\n")},
	{"publish: no such family", "E0615", TWO("publish [::1]:80 -> web.http\n")},
	{"publish: such a family", "",
	 STACK(LAN6 "container a { " IMAGE "address6 = fd01::2; ports { http = 80/tcp } }\npublish [::1]:80 -> a.http\n")},
	{"publish: the other family", "E0615",
	 STACK(LAN6 "container a { " IMAGE "address6 = fd01::2; ports { http = 80/tcp } }\npublish 127.0.0.1:80 -> a.http\n")},
	{"publish: protocols differ", "E0616", TWO("publish 53/tcp -> web.dns\n")},
	{"publish: 1,025 ports", "E0617",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; ports { p = 2000-3024/tcp } }\npublish 127.0.0.1:2000-3024 -> a.p\n")},
	{"publish: 1,024 ports", "",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; ports { p = 2000-3023/tcp } }\npublish 127.0.0.1:2000-3023 -> a.p\n")},

	{"flow: to itself", "E0618", TWO("allow web -> web.http\n")},
	{"flow: no port", "E0619", TWO("container a { " IMAGE "address = 10.1.0.2 }\nallow web -> a\n")},
	{"flow: every declared port", "", TWO("allow db -> web\n")},
	{"flow: a port by number", "", TWO("allow db -> web:8080/tcp\n")},
	{"flow: subnet without ports", "E0619",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2 }\ncontainer b { " IMAGE "address = 10.1.0.3 }\nallow a -> lan\n")},
	{"flow: outside", "E0620", TWO("allow host -> world\n")},
	{"flow: outside, other way", "E0620", TWO("allow world -> host\n")},
	{"flow: no family in common", "E0621",
	 STACK(LAN6 "container a { " IMAGE "address6 = fd01::2 }\ncontainer b { " IMAGE "address = 10.1.0.2; ports { p = 1/tcp } }\nallow a -> b\n")},
	{"flow: twice", "W0904", TWO("allow web -> db.pg\nallow web -> db\n")},
	{"flow: nat says it too", "W0904",
	 STACK("subnet lan { range = 10.1.0.0/24; nat = true }\ncontainer a { " IMAGE "address = 10.1.0.2 }\nallow lan -> world\n")},
	{"flow: more than said before", "", TWO("allow db -> web.http\nallow db -> web\n")},
	{"flow: from the host", "W0905", TWO("allow host -> web\n")},

	{"after: chain", "", TWO("container a { " IMAGE "address = 10.1.0.2; after = [web, db] }\ncontainer b { " IMAGE "address = 10.1.0.3; after = [a] }\n")},
	{"requires", "", TWO("container a { " IMAGE "requires = [web, db]; after = [web] }\ncontainer b { " IMAGE "requires = [a]; autostart = false }\n")},
	{"requires: itself", "E0623", ONE("requires = [a]")},
	{"requires: in a circle with after", "E0623", STACK(LAN "container a { " IMAGE "requires = [b] }\ncontainer b { " IMAGE "after = [a] }\n")},
	{"requires: of another stack", "E0636", "stack x { " LAN "container c { " IMAGE "} }\nstack s { subnet net { range = 10.2.0.0/24 }\ncontainer a { " IMAGE "requires = [x.c] } }\n"},
	{"requires: one that waits for people", "E0636", STACK(LAN "container a { " IMAGE "requires = [b] }\ncontainer b { " IMAGE "autostart = false }\n")},
	{"requires: one that is not enabled", "E0643", STACK(LAN "container a { " IMAGE "requires = [b] }\ncontainer b { " IMAGE "enable = false }\n")},
	{"after: itself", "E0623", ONE("address = 10.1.0.2; after = [a]")},
	{"after: in a circle", "E0623",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; after = [b] }\ncontainer b { " IMAGE "address = 10.1.0.3; after = [c] }\n"
		   "container c { " IMAGE "address = 10.1.0.4; after = [a] }\n")},

	{"mount: twice", "E0624", ONE("address = 10.1.0.2; volume a { at = /data }\nmount /srv/x -> /data\n")},
	{"mount: a slash more", "E0624", ONE("address = 10.1.0.2; volume a { at = /data }\nvolume b { at = /data/ }\n")},
	{"mount: inside", "W0906", ONE("address = 10.1.0.2; volume a { at = /data }\nvolume b { at = /data/b }\n")},
	{"mount: inside of the one before the last", "W0906",
	 ONE("address = 10.1.0.2; volume a { at = /data }\nvolume b { at = /data-b }\nvolume c { at = /data/c }\n")},
	{"mount: beside", "", ONE("address = 10.1.0.2; volume a { at = /data }\nvolume b { at = /data2 }\n")},
	{"mount: proc", "E0625", ONE("address = 10.1.0.2; mount /srv -> /proc/sys\n")},
	{"mount: root", "E0625", ONE("address = 10.1.0.2; mount /srv -> /\n")},
	{"mount: hosts", "E0625", ONE("address = 10.1.0.2; mount /srv/hosts -> /etc/hosts\n")},
	{"mount: a device", "W0921", ONE("address = 10.1.0.2; mount /dev/kvm -> /dev/kvm\n")},
	{"directory: shared", "",
	 TWO("container a { " IMAGE "address = 10.1.0.2; volume v { at = /d; from = /srv/d } }\ncontainer b { " IMAGE
	     "address = 10.1.0.3; volume v { at = /e; from = /srv/d } }\n")},
	{"directory: two owners", "E0626",
	 TWO("container a { " IMAGE "address = 10.1.0.2; volume v { at = /d; from = /srv/d } }\ncontainer b { " IMAGE
	     "address = 10.1.0.3; volume v { at = /e; from = /srv/d; owner = 1:1 } }\n")},

	{"port: twice", "E0627", ONE("address = 10.1.0.2; ports { a = 80/tcp; b = 80/tcp }")},
	{"port: in a range", "E0627", ONE("address = 10.1.0.2; ports { a = 80-90/tcp; b = 85/tcp }")},
	{"port: of two protocols", "", ONE("address = 10.1.0.2; ports { a = 53/tcp; b = 53/udp }")},

	{"ready: http", "", ONE("address = 10.1.0.2; ports { a = 80/tcp; d = 53/udp }\nready { http = \"/\" }")},
	{"ready: nothing", "E0628", ONE("address = 10.1.0.2; ready { within = 5s }")},
	{"ready: two", "E0628", ONE("address = 10.1.0.2; ports { a = 80/tcp }\nready { http = \"/\"; tcp = a }")},
	{"ready: port without http", "E0628", ONE("address = 10.1.0.2; ports { a = 80/tcp }\nready { exec = [\"/x\"]; port = a }")},
	{"ready: which port", "E0629", ONE("address = 10.1.0.2; ports { a = 80/tcp; b = 81/tcp }\nready { http = \"/\" }")},
	{"ready: this port", "", ONE("address = 10.1.0.2; ports { a = 80/tcp; b = 81/tcp }\nready { http = \"/\"; port = b }")},
	{"ready: no port", "E0629", ONE("address = 10.1.0.2; ready { http = \"/\" }")},
	{"ready: udp", "E0629", ONE("address = 10.1.0.2; ports { d = 53/udp }\nready { tcp = d }")},
	{"ready: a range", "E0629", ONE("address = 10.1.0.2; ports { d = 80-81/tcp }\nready { tcp = d }")},
	{"ready: no path", "E0629", ONE("address = 10.1.0.2; ports { a = 80/tcp }\nready { http = \"health\" }")},
	{"ready: another's port", "E0629", TWO("container a { " IMAGE "address = 10.1.0.2; ready { tcp = db.pg } }\n")},

	{"name: 63 characters", "", STACK(LAN "container " NAME58 " { " IMAGE "address = 10.1.0.2 }\n")},
	{"name: 64 characters", "E0630", STACK(LAN "container " NAME58 "x { " IMAGE "address = 10.1.0.2 }\n")},
	{"name: the same on the host", "E0631",
	 "stack a {\n" LAN "container b-c { " IMAGE "address = 10.1.0.2 }\n}\n"
	 "stack a-b {\nsubnet lan { range = 10.2.0.0/24 }\ncontainer c { " IMAGE "address = 10.2.0.2 }\n}\n"},
	{"name: the same interface", "E0631",
	 STACK(LAN "container ccfgnd { " IMAGE "address = 10.1.0.2 }\ncontainer cpndpc { " IMAGE "address = 10.1.0.3 }\n")},
	{"name: localhost", "E0632", STACK(LAN "container localhost { " IMAGE "address = 10.1.0.2 }\n")},

	{"capabilities", "", ONE("address = 10.1.0.2; capabilities { add = [NET_ADMIN]; drop = [ALL] }")},
	{"capabilities: both ways", "E0640", ONE("address = 10.1.0.2; capabilities { add = [KILL]; drop = [KILL] }")},
	{"capabilities: twice", "E0640", ONE("address = 10.1.0.2; capabilities { add = [KILL, KILL] }")},
	{"capabilities: all and one", "E0640", ONE("address = 10.1.0.2; capabilities { drop = [ALL, KILL] }")},
	{"host name", "", ONE("address = 10.1.0.2; hostname = \"a.b-c.9\"")},
	{"host name: not one", "E0641", ONE("address = 10.1.0.2; hostname = \"a..b\"")},
	{"time zone", "", ONE("address = 10.1.0.2; timezone = \"Etc/GMT+1\"")},
	{"time zone: a way out", "E0641", ONE("address = 10.1.0.2; timezone = \"../passwd\"")},
	{"device", "", ONE("address = 10.1.0.2; device a { from = /dev/fuse }")},
	{"device: elsewhere", "E0642", ONE("address = 10.1.0.2; device a { from = /devices/fuse }")},
	{"device: a colon, which podman takes for another path", "E0638", ONE("address = 10.1.0.2; device a { from = /dev/a:b }")},
	{"device: a colon in a tree", "", STACK(LAN "container a { rootfs = /srv/t; command = [\"/x\"]; address = 10.1.0.2; device a { from = /dev/a:b; at = \"/dev/c: d\" } }\n")},
	{"device: a colon in both", "E0638 E0638", ONE("address = 10.1.0.2; device a { from = /dev/a:b; at = /dev/c:d }")},
	{"tree: a path that no overlay takes", "E0638", STACK(LAN "container a { rootfs = \"/srv/it's\"; ephemeral = true; command = [\"/x\"]; address = 10.1.0.2 }\n")},
	{"tree: the same without an overlay", "", STACK(LAN "container a { rootfs = \"/srv/it's: a\\\\b,\"; command = [\"/x\"]; address = 10.1.0.2 }\n")},
	{"tree: the same of a disk", "", STACK(LAN "container a { rootfs = \"/srv/a, b.raw\"; ephemeral = true; command = [\"/x\"]; address = 10.1.0.2 }\n")},
	{"tree: what an overlay takes", "", STACK(LAN "container a { rootfs = \"/srv/50% \\$x \xc3\xa9\"; ephemeral = true; command = [\"/x\"]; address = 10.1.0.2 }\n")},
	{"device: what podman's list can hold", "", ONE("address = 10.1.0.2; device a { from = \"/dev/a, \\\"b\\\"\" }")},
	{"device: twice", "E0642", ONE("address = 10.1.0.2; device a { from = /dev/fuse }\ndevice b { from = /dev/fuse }")},
	{"enable", "", TWO("container a { " IMAGE "enable = false; address = 10.1.0.2 }\nallow a -> db.pg\n")},
	{"enable: waited for", "E0643", TWO("container a { " IMAGE "enable = false; address = 10.1.0.4 }\ncontainer b { " IMAGE "address = 10.1.0.5; after = [a] }\n")},
	{"enable: neither of two", "", STACK(LAN "container a { " IMAGE "enable = false; address = 10.1.0.2 }\ncontainer b { " IMAGE "address = 10.1.0.2 }\n")},
	{"entrypoint: none", "E0644", ONE("address = 10.1.0.2; entrypoint = []")},
	{"entrypoint: the command", "", ONE("address = 10.1.0.2; entrypoint = []; command = [\"/x\"]")},
	{"tmpfs: twice", "E0624", ONE("address = 10.1.0.2; tmpfs a { at = /x }\nvolume b { at = /x }")},

	{"tree", "", STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2 }\n")},
	{"tree: nothing to run", "E0644", STACK(LAN "container a { rootfs = /srv/a; address = 10.1.0.2 }\n")},
	{"tree: neither", "E0645", STACK(LAN "container a { address = 10.1.0.2 }\n")},
	{"tree: both", "E0645", ONE("address = 10.1.0.2; rootfs = /srv/a; boot = true")},
	{"tree: what podman has", "E0646 E0646",
	 STACK(LAN "container a { rootfs = /srv/a; boot = true; user = 1:1; shm-size = 1MiB; address = 10.1.0.2 }\n")},
	{"tree: init and init", "E0646", STACK(LAN "container a { rootfs = /srv/a; boot = true; init = true; address = 10.1.0.2 }\n")},
	{"tree: private users and a secret", "",
	 STACK(LAN "secret k { file = /k }\n container a { rootfs = /srv/a; boot = true; users = private; address = 10.1.0.2; secret k -> /k }\n")},
	{"image: what nspawn has", "E0646", ONE("address = 10.1.0.2; users = private")},
	{"tree: twice", "E0647",
	 STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2 }\ncontainer b { rootfs = /srv/a; boot = true; ephemeral = true; address = 10.1.0.3 }\n")},
	{"tree: twice, unchanged", "",
	 STACK(LAN "container a { rootfs = /srv/a; boot = true; read-only = true; address = 10.1.0.2 }\ncontainer b { rootfs = /srv/a; boot = true; ephemeral = true; address = 10.1.0.3 }\n")},

	{"gpu: some", "", ONE("address = 10.1.0.2; gpu = nvidia; gpu-devices = [\"0\", \"mig1:0\"]; limits { memory = 1GiB }")},
	{"groups", "", ONE("address = 10.1.0.2; groups { render = 105; video = 44; most = 4294967294 }")},
	{"groups: no number", "E0695", ONE("address = 10.1.0.2; groups { render = -1 }")},
	{"groups: too large", "E0695", ONE("address = 10.1.0.2; groups { render = 4294967295 }")},
	{"groups: twice", "E0695", ONE("address = 10.1.0.2; groups { render = 105; video = 105 }")},
	{"groups: of a tree", "E0646", STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2; groups { video = 44 } }\n")},
	{"sysctls", "", ONE("address = 10.1.0.2; sysctls { \"net.core.somaxconn\" = \"1024\"; \"net.ipv4.ip_unprivileged_port_start\" = \"80\" }")},
	{"sysctls: of a tree", "", STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2; sysctls { \"net.ipv4.ip_forward\" = \"1\" } }\n")},
	{"sysctls: the host's", "E0696", ONE("address = 10.1.0.2; sysctls { \"vm.max_map_count\" = \"262144\" }")},
	{"sysctls: two lines", "E0696", ONE("address = 10.1.0.2; sysctls { \"net.core.somaxconn\" = \"1\\n2\" }")},
	{"sysctls: nothing", "E0696", ONE("address = 10.1.0.2; sysctls { \"net.core.somaxconn\" = \"\" }")},
	{"sysctls: on the host's network", "E0696", ONE("network = host; sysctls { \"net.core.somaxconn\" = \"1\" }")},
	{"sysctls: in another's network", "E0696", STACK(LAN WEB "container a { " IMAGE "join = web; sysctls { \"net.core.somaxconn\" = \"1\" } }\n")},
	{"sysctls: no name", "E0305", ONE("address = 10.1.0.2; sysctls { \"net..x\" = \"1\" }")},
	{"sysctls: a path", "E0305", ONE("address = 10.1.0.2; sysctls { \"net.core/../x\" = \"1\" }")},
	{"env: a name with dots", "", ONE("address = 10.1.0.2; env { \"discovery.type\" = \"single-node\" }")},
	{"env: a name with dots, of a tree", "E0646", STACK(LAN "container a { rootfs = /srv/a; boot = true; address = 10.1.0.2; env { \"a.b\" = \"1\" } }\n")},
	{"env: a switch of a telling name", "", ONE("address = 10.1.0.2; env { MYSQL_RANDOM_ROOT_PASSWORD = \"1\"; ALLOW_EMPTY_PASSWORD = \"Yes\" }")},
	{"mount: what holds secrets", "W0933", ONE("address = 10.1.0.2; mount /run -> /host/run { readonly = true }")},
	{"mount: the whole host", "W0933", ONE("address = 10.1.0.2; mount / -> /host { readonly = true }")},
	{"mount: the whole host, for nobody", "", ONE("address = 10.1.0.2; user = 65534:65534; mount / -> /host { readonly = true }")},
	{"mount: the whole host, for nobody with rights", "W0933", ONE("address = 10.1.0.2; user = 65534:65534; capabilities { add = [DAC_READ_SEARCH] }; mount / -> /host { readonly = true }")},
	{"mount: as a volume", "W0933", ONE("address = 10.1.0.2; volume lib { at = /lib2; from = /var/lib }")},
	{"mount: beside what holds secrets", "", ONE("address = 10.1.0.2; mount /run/dbus -> /run/dbus; mount /var/log -> /logs")},
	{"mount: private users read none of them", "", STACK(LAN "container a { rootfs = /srv/a; boot = true; users = private; address = 10.1.0.2; mount /run -> /host }\n")},
	{"gpu: of nobody", "E0648", ONE("address = 10.1.0.2; gpu-devices = [\"0\"]")},
	{"gpu: none of them", "E0648", ONE("address = 10.1.0.2; gpu = amd; gpu-devices = []; limits { memory = 1GiB }")},
	{"gpu: twice and no name", "E0648 E0648", ONE("address = 10.1.0.2; gpu = amd; gpu-devices = [\"0\", \"0\", \"a,b\"]; limits { memory = 1GiB }")},
	{"gpu: alone twice", "E0649", TWO(GPU("a", "2", "exclusive", "\"0\"") GPU("b", "4", "exclusive", "\"0\""))},
	{"gpu: alone beside one who shares", "E0649", TWO(GPU("a", "2", "shared", "\"0\", \"1\"") GPU("b", "4", "exclusive", "\"1\""))},
	{"gpu: alone, different ones", "", TWO(GPU("a", "2", "exclusive", "\"0\"") GPU("b", "4", "exclusive", "\"1\""))},
	{"gpu: shared", "", TWO(GPU("a", "2", "shared", "\"0\"") GPU("b", "4", "shared", "\"0\""))},
	{"gpu: all of them alone", "E0649",
	 TWO(GPU("a", "2", "shared", "\"0\"") "container b { " IMAGE "address = 10.1.0.4; gpu = nvidia; gpu-sharing = exclusive; limits { memory = 1GiB } }\n")},
	{"gpu: another vendor's", "",
	 TWO(GPU("a", "2", "exclusive", "\"0\"") "container b { " IMAGE "address = 10.1.0.4; gpu = amd; gpu-sharing = exclusive; limits { memory = 1GiB } }\n")},

	{"os", "", STACK(LAN "container a { os debian { release = \"bookworm\" }; boot = true; address = 10.1.0.2 }\n")},
	{"os: twice the same tree", "E0647",
	 STACK(LAN "container a { os debian { release = \"bookworm\"; packages = [\"b\", \"a\"] }; command = [\"/x\"]; address = 10.1.0.2 }\n"
		   "container b { os debian { release = \"bookworm\"; packages = [\"a\", \"b\"] }; command = [\"/x\"]; address = 10.1.0.3 }\n")},
	{"os: two", "E0650", STACK(LAN "container a { os debian { release = \"x\" }; os ubuntu { release = \"x\" }; boot = true; address = 10.1.0.2 }\n")},
	{"os: no distribution", "E0650", STACK(LAN "container a { os plan9 { release = \"4\" }; boot = true; address = 10.1.0.2 }\n")},
	{"os: no words", "E0650 E0650 E0650",
	 STACK(LAN "container a { os debian { release = \"a b\"; packages = [\"-x\"]; mirror = \"a|b\" }; boot = true; address = 10.1.0.2 }\n")},
	{"archive", "", STACK(LAN "container a { archive = /srv/a.tar; address = 10.1.0.2 }\n")},
	{"archive: and an image", "E0645", ONE("address = 10.1.0.2; archive = /srv/a.tar")},

	{"image: a tag", "", STACK(LAN "container a { image = \"localhost:5000/x:1\"; address = 10.1.0.2 }\n")},
	{"image: no tag", "W0901", STACK(LAN "container a { image = \"localhost:5000/x\"; address = 10.1.0.2 }\n")},
	{"image: latest", "W0901", STACK(LAN "container a { image = \"docker.io/library/x:latest\"; address = 10.1.0.2 }\n")},
	{"image: digest", "", STACK(LAN "container a { image = \"localhost/x@sha256:" DIGEST "\"; address = 10.1.0.2 }\n")},
	{"gpu: shared without a word", "W0927",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; gpu = nvidia; limits { memory = 1GiB } }\n"
		   "container b { " IMAGE "address = 10.1.0.3; gpu = nvidia; gpu-devices = [\"1\"]; limits { memory = 1GiB } }\n"
		   "container c { " IMAGE "address = 10.1.0.4; gpu = nvidia; gpu-devices = [\"1\"]; limits { memory = 1GiB } }\n")},
	{"gpu: shared by one who says so", "W0927",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; gpu = amd; limits { memory = 1GiB } }\n"
		   "container b { " IMAGE "address = 10.1.0.3; gpu = amd; gpu-sharing = shared; limits { memory = 1GiB } }\n")},
	{"gpu: shared, or not the same", "",
	 STACK(LAN "container a { " IMAGE "address = 10.1.0.2; gpu = nvidia; gpu-sharing = shared; limits { memory = 1GiB } }\n"
		   "container b { " IMAGE "address = 10.1.0.3; gpu = nvidia; gpu-sharing = shared; limits { memory = 1GiB } }\n"
		   "container c { " IMAGE "address = 10.1.0.4; gpu = amd; gpu-devices = [\"0\"]; limits { memory = 1GiB } }\n"
		   "container d { " IMAGE "address = 10.1.0.5; gpu = amd; gpu-devices = [\"1\"]; limits { memory = 1GiB } }\n"
		   "container e { " IMAGE "address = 10.1.0.6; gpu = intel; limits { memory = 1GiB } }\n")},
	{"gpu: no limit", "W0902", ONE("address = 10.1.0.2; gpu = nvidia")},
	{"gpu: a limit", "", ONE("address = 10.1.0.2; gpu = nvidia\nlimits { memory = 1GiB }")},
	{"database: open", "W0903", TWO("publish 5432 -> db.pg\n")},
	{"database: open under another port", "W0903", TWO("publish 10.9.9.9:15432 -> db.pg\n")},
	{"database: of that image", "W0903",
	 "stack s { subnet lan { range = 10.0.0.0/24 }; container m { image = \"docker.io/library/mongo:7\"; ports { x = 9999/tcp } }; publish 9999 -> m.x }"},
	{"database: allowed to the world", "W0903", TWO("allow world -> db.pg\n")},
	{"database: all of it allowed to the world", "W0903", TWO("allow world -> db\n")},
	{"database: loopback", "", TWO("publish 127.0.0.1:5432 -> db.pg\n")},
	{"user: root", "W0910", ONE("address = 10.1.0.2; user = 0:1000")},
	{"user: root by PUID", "W0910", ONE("address = 10.1.0.2; env { PUID = \"00\" }")},
	{"user: a group of root", "", ONE("address = 10.1.0.2; user = 1000:0")},
	{"mount: two may write", "W0911", TWO("container a { " IMAGE "address = 10.1.0.2\nmount /srv -> /a }\ncontainer b { " IMAGE "address = 10.1.0.3\nmount /srv/ -> /b }\n")},
	{"mount: one may write", "",
	 TWO("container a { " IMAGE "address = 10.1.0.2\nmount /srv -> /a }\ncontainer b { " IMAGE "address = 10.1.0.3\nmount /srv -> /b { readonly = true } }\n")},
	{"port: mDNS", "W0912", ONE("address = 10.1.0.2; ports { mdns = 5353/udp }")},
	{"port: mDNS in a wide range", "", ONE("address = 10.1.0.2; ports { rtp = 5000-6000/udp }")},
	{"port: 5353 of tcp", "", ONE("address = 10.1.0.2; ports { x = 5353/tcp }")},
	{"port: mDNS on the host's network", "", ONE("network = host; ports { mdns = 5353/udp }")},
	{"silence: of the entry below", "", "# ctc: allow gpu-memory: why\n" ONE("address = 10.1.0.2; gpu = nvidia")},
	{"silence: of its line", "", ONE("address = 10.1.0.2; user = 0:0 # ctc: allow W0910: why\n")},
	{"silence: of another line", "W0910 W0907", ONE("address = 10.1.0.2 # ctc: allow W0910: why\nuser = 0:0\n")},
	{"silence: of another lint", "W0910 W0907", ONE("# ctc: allow image-tag: why\nuser = 0:0; address = 10.1.0.2\n")},
	{"silence: where there are errors", "E0301", ONE("# ctc: allow image-tag: why\naddress = nothing\n")},
	{"silence: no reason", "W0908", ONE("address = 10.1.0.2 # ctc: allow image-tag:\n")},
};

/* The codes of all diagnostics, in the order in which they would be printed, joined by blanks. */
static struct str codes_of(struct compilation *c)
{
	struct buf out = {0};

	vec_each(struct diag *const, d, &c->diags.all)
		buf_fmt(&out, "%s%s", out.n ? " " : "", diag_infos[(*d)->code].code);
	return buf_take(&out, &c->arena);
}

static void every_row(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct compilation c = {0};
		struct str codes;

		compile_text(&c, STR("rows.ctstack"), str_of(rows[i].source));
		codes = codes_of(&c);
		if (!str_is(codes, rows[i].codes)) {
			struct buf text = {0};

			diags_render(&c.diags, DIAG_TEXT, false, &text);
			print_message("%s: wanted \"%s\", got \"%.*s\"\n%.*s\n", rows[i].what, rows[i].codes, STR_ARG(codes), STR_ARG(text));
			buf_free(&text);
			wrong++;
		}
		compilation_end(&c);
	}
	assert_int_equal(wrong, 0);
}

/* Rules about sizes, with sources that are made. */
static void expect(struct buf *source, const char *codes)
{
	struct compilation c = {0};

	compile_text(&c, STR("made.ctstack"), buf_view(source));
	assert_string_equal(codes_of(&c).s, codes);
	compilation_end(&c);
}

/* n containers, each with a port, that may all reach each other. */
static void crowd(struct buf *out, unsigned n)
{
	out->n = 0;
	buf_puts(out, "stack s {\nsubnet lan { range = 10.1.0.0/16 }\nallow lan -> lan\n");
	for (unsigned i = 0; i < n; i++)
		buf_fmt(out, "container c%u { " IMAGE "address = 10.1.%u.%u; ports { p = 80/tcp } }\n", i, 1 + i / 250, 1 + i % 250);
	buf_puts(out, "}\n");
}

static void flows_have_a_limit(void **state)
{
	_buf_ struct buf source = {0};

	(void)state;
	crowd(&source, 500);
	expect(&source, "");
	crowd(&source, 501);
	expect(&source, "E0622");
}

static void units_have_a_limit(void **state)
{
	_buf_ struct buf source = {0};

	(void)state;
	buf_puts(&source, "stack s {\n" LAN "container a {\n" IMAGE "address = 10.1.0.2\nenv { A = \"");
	for (size_t i = 0; i < 131072; i++)
		buf_addc(&source, 'a');
	buf_puts(&source, "\" }\n}\n}\n");
	expect(&source, "E0633");
}

/* What is off by itself is said where it is asked for. */
static void lints_that_are_off(void **state)
{
	static const enum diag_code off[] = {DIAG_user_unset, DIAG_memory_unset};

	(void)state;
	for (size_t i = 0; i < sizeof off / sizeof off[0]; i++) {
		struct lint_levels levels = {.all = LINT_ALLOW, .of = {[DIAG_image_tag] = LINT_DENY}};
		struct compilation c = {.levels = &levels};

		levels.of[off[i]] = LINT_WARN;
		assert_int_equal(compile_text(&c, STR("made.ctstack"), STR(STACK(LAN "container a { image = \"x\"; address = 10.1.0.2 }\n"))), -EINVAL);
		assert_int_equal(c.diags.errors, 1);
		assert_int_equal(c.diags.warnings, 1);
		compilation_end(&c);
	}
}

/* What only a lock beside the file earns. */
static void a_lock_is_compared(void **state)
{
	const char *path = "tests/golden/lock/taken/s.ctstack";
	struct compilation c = {.check_only = true};

	(void)state;
	assert_int_equal(compile_files(&c, &path, 1), 0);
	assert_int_equal(c.diags.all.n, 2);
	vec_each(struct diag *const, d, &c.diags.all)
		assert_string_equal(diag_infos[(*d)->code].code, "W0915");
	compilation_end(&c);
}

#define MADE "E0622 E0633 W0913 W0914 W0915"

/* Each code of a rule or a lint is earned by some row, or by a made source. */
static void every_code_has_a_row(void **state)
{
	(void)state;
	for (int code = 0; code < DIAG_COUNT; code++) {
		bool earned = strstr(MADE, diag_infos[code].code);

		if (strncmp(diag_infos[code].code, "E06", 3) != 0 && strncmp(diag_infos[code].code, "W09", 3) != 0)
			continue;
		for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !earned; i++)
			earned = strstr(rows[i].codes, diag_infos[code].code);
		if (!earned)
			fail_msg("no row earns %s", diag_infos[code].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(flows_have_a_limit),
		cmocka_unit_test(units_have_a_limit),
		cmocka_unit_test(lints_that_are_off),
		cmocka_unit_test(a_lock_is_compared),
		cmocka_unit_test(every_code_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
