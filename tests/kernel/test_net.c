/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Namespaces, links, sysctls, directories and files on a real kernel, with real packets. The program moves into a network and a mount namespace of its own, with
 * a /run of its own, before its first test: nothing that it makes is seen outside, and all of it ends with the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/kind.h"
#include "runtime/link.h"
#include "runtime/nl_gate.h"
#include "runtime/ns.h"

/* The kinds under test, in the order of txn.c. */
static const struct {
	enum res_kind kind;
	const struct kind_ops *ops;
} ours[] = {
	{RES_sysctl, &kind_sysctl}, {RES_gate, &kind_gate}, {RES_directory, &kind_directory}, {RES_file, &kind_file}, {RES_netns, &kind_netns}, {RES_link, &kind_link},
};
enum { OURS = sizeof ours / sizeof ours[0], READY_MS = 10000 };

struct world {
	struct host host;
	struct arena arena;	/* for the time of one test */
	struct err err;
};

static int setup(void **state)
{
	static struct world w;

	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0 || mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") < 0) {
		fprintf(stderr, "these tests need root and namespaces: %s\n", strerror(errno));
		return -1;
	}
	mkdir("/run/mount", 0755); /* umount(8) makes it */
	/* The policy is another test's: here everything is judged well, so that the links' gates let it pass. */
	char rules[400];
	snprintf(rules, sizeof rules,
		 "nft 'table inet judge { chain a { type filter hook prerouting priority -300; meta mark set meta mark & 0x%x; }; "
		 "chain b { type filter hook postrouting priority 1000; meta mark set meta mark | 0x%x; }; }'", ~GATE_UNJUDGED, GATE_JUDGED);
	if (system(rules) != 0)
		return -1;
	*state = &w;
	return host_open(&w.host, &w.err);
}

static int teardown(void **state)
{
	host_close(&((struct world *)*state)->host);
	return 0;
}

static int end_test(void **state)
{
	arena_free(&((struct world *)*state)->arena);
	return 0;
}

static void run(const char *fmt, ...)
{
	char command[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("this failed: %s", command);
}

/* What a command prints, in the arena. */
static struct str output(struct world *w, const char *command)
{
	_buf_ struct buf all = {0};
	char part[4096];
	FILE *f = popen(command, "re");

	assert_non_null(f);
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_add(&all, part, n);
	pclose(f);
	return buf_take(&all, &w->arena);
}

/* Everything on the host that these kinds can touch. Interface numbers and counters are left out: they only ever go up. */
static const char everything[] =
	"ip -o -d link | sed 's/^[0-9]*: //; s/@if[0-9]*/@/; s/link-netnsid [0-9]*//'; ip -o addr | sed 's/^[0-9]*: //'; ip -4 route show table all;"
	" ip -6 route show table all | sort; ip rule; ip -6 rule; tc qdisc | grep -c clsact; find /run /mnt -printf '%p %y %m %U:%G\\n' | sort; find /run /mnt -path /run/netns -prune -o -type f -exec head {} + ;"
	" cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding; readlink /proc/self/ns/net; grep -c ' /run' /proc/self/mountinfo";

static struct manifest empty(struct world *w)
{
	struct manifest m = {.arena = &w->arena};

	manifest_seal(&m);
	return m;
}

static void seal(struct manifest *m)
{
	assert_null(manifest_seal(m));
}

static struct str text(struct world *w, const char *fmt, unsigned n)
{
	char out[64];

	snprintf(out, sizeof out, fmt, n);
	return str_copy(&w->arena, str_of(out));
}

/* Container number n: a namespace and a link into it. */
static struct res_link *add_container(struct world *w, struct manifest *m, unsigned n)
{
	struct res_link *l = manifest_add_link(m, text(w, "ct%08u", n));

	l->altname = text(w, "ct-t-c%u", n);
	l->netns = l->altname;
	l->address = text(w, n < 250 ? "192.168.200.%u" : "10.99.%u.1", n < 250 ? n : n - 250);
	l->gateway = STR("192.168.200.254");
	l->address6 = text(w, "fd00:200::%x", n);
	l->gateway6 = STR("fd00:200::fffe");
	manifest_add_netns(m, l->netns);
	return l;
}

static struct manifest look(struct world *w, const struct manifest *known)
{
	struct manifest m = {.arena = &w->arena};

	for (size_t i = 0; i < OURS; i++)
		if (ours[i].ops->observe(&w->host, known, &m, &w->err) < 0)
			fail_msg("observe: %s", w->err.text);
	seal(&m);
	return m;
}

static struct manifest both(struct world *w, const struct manifest *a, const struct manifest *b)
{
	struct manifest m = {.arena = &w->arena};

	for (size_t i = 0; i < b->all.n; i++)
		manifest_put(&m, b->all.at[i]);
	for (size_t i = 0; i < a->all.n; i++)
		if (!manifest_find(b, a->all.at[i]->kind, a->all.at[i]->id))
			manifest_put(&m, a->all.at[i]);
	seal(&m);
	return m;
}

static int prepare(struct world *w, const struct plan *p)
{
	int r = 0;

	for (size_t i = 0; i < OURS && r == 0; i++)
		r = ours[i].ops->prepare(&w->host, plan_slice(p, ours[i].kind), &w->err);
	return r;
}

static int phase(struct world *w, const struct plan *p, enum phase phase)
{
	int r = 0;

	for (size_t i = 0; i < OURS && r == 0; i++) {
		size_t k = phase == PHASE_CLEAN ? OURS - 1 - i : i;

		r = ours[k].ops->apply(&w->host, phase, plan_slice(p, ours[k].kind), &w->err);
	}
	return r;
}

static int apply(struct world *w, const struct plan *p)
{
	int r = prepare(w, p);

	for (int i = PHASE_ADD; i <= PHASE_CLEAN && r == 0; i++)
		r = phase(w, p, (enum phase)i);
	return r;
}

/* The plan from what is to `to`, where `recorded` is what was there by our own account. */
static struct plan plan_to(struct world *w, const struct manifest *recorded, const struct manifest *to)
{
	struct manifest known = both(w, recorded, to), *now = arena_new(&w->arena, struct manifest);
	struct plan p;

	*now = look(w, &known);
	plan_make(&w->arena, now, to, &p);
	return p;
}

static void assert_nothing_to_do(struct world *w, const struct manifest *recorded, const struct manifest *to)
{
	struct plan p = plan_to(w, recorded, to);
	_buf_ struct buf seen = {0};

	if (p.effects == 0)
		return;
	manifest_encode(p.from, &seen);
	fail_msg("%zu differences; first: %s. There is: %.*s", p.effects, change_res(&p.changes.at[0])->id.s, STR_ARG(buf_view(&seen)));
}

static void converge(struct world *w, const struct manifest *recorded, const struct manifest *to)
{
	struct plan p = plan_to(w, recorded, to);

	if (apply(w, &p) < 0)
		fail_msg("apply: %s (%s)", w->err.text, w->err.resource);
	assert_nothing_to_do(w, recorded, to);
}

static void assert_back_to(struct world *w, struct str before, const struct manifest *recorded)
{
	struct manifest none = empty(w);

	converge(w, recorded, &none);
	assert_string_equal(before.s, output(w, everything).s);
}

/* Packets. */

struct place {
	struct sockaddr_storage at;
	socklen_t n;
};

static struct place place(const char *address, uint16_t port)
{
	struct place p = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&p.at;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&p.at;

	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		p.n = sizeof *four;
	} else {
		assert_int_equal(inet_pton(AF_INET6, address, &six->sin6_addr), 1);
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		p.n = sizeof *six;
	}
	return p;
}

/* A socket in a namespace ("" for the host's): a child enters it, makes the socket and passes it on; this process stays where it is. */
static int socket_in(const char *ns, int family)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {"", 1};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int pair[2], fd = -1, status;
	char path[128];

	if (!*ns)
		return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	pid_t child = fork();
	if (child == 0) {
		snprintf(path, sizeof path, "/run/netns/%s", ns);
		int in = open(path, O_RDONLY | O_CLOEXEC);

		if (in < 0 || setns(in, CLONE_NEWNET) < 0 || (fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
			_exit(1);
		control.head = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
		_exit(sendmsg(pair[1], &m, 0) == 1 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	char byte;
	part.iov_base = &byte;
	assert_int_equal(recvmsg(pair[0], &m, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	close(pair[0]);
	close(pair[1]);
	return fd;
}

static bool ready_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, READY_MS) == 1 && p.revents & events;
}

struct talk {
	int client, server;
};

static void talk_end(struct talk *t)
{
	close(t->client);
	close(t->server);
}

static bool say(int from, int to)
{
	char byte = 'x';

	return send(from, &byte, 1, MSG_NOSIGNAL) == 1 && ready_for(to, POLLIN) && recv(to, &byte, 1, 0) == 1;
}

/* A connection from one namespace to a listener at an address in another, used in both directions. seen_as: the address that the listener must see. */
static bool connects(const char *from_ns, const char *to_ns, const char *address, const char *seen_as, struct talk *ret)
{
	static uint16_t port = 2000;
	struct place at = place(address, ++port), peer = {.n = sizeof peer.at}, want = place(seen_as, 0);
	_fd_ int listener = socket_in(to_ns, at.at.ss_family), client = socket_in(from_ns, at.at.ss_family), server = -1;
	int error = 0;
	socklen_t n = sizeof error;
	bool good = false;

	fcntl(client, F_SETFL, O_NONBLOCK);
	if (bind(listener, (struct sockaddr *)&at.at, at.n) < 0 || listen(listener, 1) < 0)
		fail_msg("cannot listen on %s in `%s`: %s", address, to_ns, strerror(errno));
	if (connect(client, (struct sockaddr *)&at.at, at.n) < 0 && errno != EINPROGRESS)
		return false;
	if (ready_for(client, POLLOUT) && getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0 && ready_for(listener, POLLIN))
		server = accept4(listener, (struct sockaddr *)&peer.at, &peer.n, SOCK_CLOEXEC);
	if (server >= 0 && at.at.ss_family == AF_INET)
		good = ((struct sockaddr_in *)&peer.at)->sin_addr.s_addr == ((struct sockaddr_in *)&want.at)->sin_addr.s_addr;
	else if (server >= 0)
		good = memcmp(&((struct sockaddr_in6 *)&peer.at)->sin6_addr, &((struct sockaddr_in6 *)&want.at)->sin6_addr, 16) == 0;
	good = good && say(client, server) && say(server, client);
	if (good && ret)
		*ret = (struct talk){take_fd(&client), take_fd(&server)};
	return good;
}

static void assert_reachable(const struct res_link *l)
{
	assert_true(connects("", l->netns.s, l->address.s, l->gateway.s, NULL));
	assert_true(connects(l->netns.s, "", l->gateway.s, l->address.s, NULL));
	assert_true(connects("", l->netns.s, l->address6.s, l->gateway6.s, NULL));
	assert_true(connects(l->netns.s, "", l->gateway6.s, l->address6.s, NULL));
	for (size_t i = 0; i < l->more.n; i++) /* at each; what it sends itself comes from the first */
		assert_true(connects("", l->netns.s, l->more.at[i].s, strchr(l->more.at[i].s, ':') ? l->gateway6.s : l->gateway.s, NULL));
}

/* Tests. */

static void a_container_is_reached_at_once_and_leaves_nothing(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *l = add_container(w, &m, 11);
	struct timespec t0, t1;

	seal(&m);
	converge(w, &none, &m);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	assert_reachable(l);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_true(t1.tv_sec - t0.tv_sec < 10); /* where duplicate addresses are looked for, nobody can bind to them meanwhile, either */
	run("ip netns exec ct-t-c11 ip -o addr show dev eth0 | grep -q 192.168.200.11/32");
	run("ip netns exec ct-t-c11 ip -o link show dev lo | grep -q ',UP'");
	run("ip netns list | grep -q ct-t-c11");
	run("ip link show dev ct-t-c11 | grep -q ct00000011");
	run("test \"$(ip netns exec ct-t-c11 cat /proc/sys/net/ipv6/conf/eth0/accept_ra)\" = 0");
	run("test \"$(cat /proc/sys/net/ipv6/conf/ct00000011/accept_ra)\" = 0");
	assert_back_to(w, before, &m);
}

static void a_hundred_and_fifty_at_once(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *first = NULL, *last = NULL;

	for (unsigned i = 1; i <= 150; i++) {
		last = add_container(w, &m, i);
		first = first ? first : last;
	}
	seal(&m);
	converge(w, &none, &m);
	assert_reachable(first);
	assert_reachable(last);
	assert_back_to(w, before, &m);
}

static void one_family_is_enough(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *four = add_container(w, &m, 4), *six = add_container(w, &m, 6), *no = add_container(w, &m, 7);

	four->address6 = four->gateway6 = six->address = six->gateway = (struct str){0};
	no->address6 = no->gateway6 = no->address = no->gateway = (struct str){0};
	seal(&m);
	converge(w, &none, &m);
	assert_true(connects("", four->netns.s, four->address.s, four->gateway.s, NULL));
	assert_true(connects("", six->netns.s, six->address6.s, six->gateway6.s, NULL));
	assert_back_to(w, before, &m);
}

/* A host on which IPv6 is off by default, and which drops packets that come from elsewhere than the answer would go. */
static void a_strict_host_is_no_hindrance(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *l = add_container(w, &m, 11);

	seal(&m);
	run("cd /proc/sys/net && echo 1 > ipv6/conf/all/disable_ipv6 && echo 1 > ipv4/conf/all/rp_filter && echo 1 > ipv4/conf/default/rp_filter &&"
	    " echo 2 > ipv4/conf/all/arp_ignore && echo 2 > ipv4/conf/all/arp_announce");
	converge(w, &none, &m);
	assert_reachable(l);
	run("cd /proc/sys/net && echo 0 > ipv6/conf/all/disable_ipv6 && echo 0 > ipv4/conf/all/rp_filter && echo 0 > ipv4/conf/default/rp_filter &&"
	    " echo 0 > ipv4/conf/all/arp_ignore && echo 0 > ipv4/conf/all/arp_announce");
	assert_back_to(w, before, &m);
}

/* Each breaks something behind our back; field: what the observation must no longer call as it was. */
struct drift {
	const char *command, *field;
};
static const struct drift drifts[] = {
	{"ip link set ct00000011 down", "netns"},
	{"ip -n ct-t-c11 link set eth0 down", "netns"},
	{"ip -n ct-t-c11 link set eth0 down && ip -n ct-t-c11 link set eth0 name other && ip -n ct-t-c11 link set other up", "netns"},
	{"ip -n ct-t-c11 link set eth0 netns ct-t-c12 name moved", "netns"},
	{"echo 1 > /proc/sys/net/ipv6/conf/ct00000011/accept_ra", "netns"},
	{"ip link property del dev ct00000011 altname ct-t-c11", "altname"},
	{"ip route del 192.168.200.11/32", "address"},
	{"ip route replace 192.168.200.11/32 dev ct00000011 proto 199 scope link", "gateway"},
	{"ip addr del 192.168.200.254/32 dev ct00000011", "gateway"},
	{"ip -n ct-t-c11 addr del 192.168.200.11/32 dev eth0", "address"},
	{"ip -n ct-t-c11 route del default", "gateway"},
	{"ip -n ct-t-c11 route replace default dev lo", "gateway"},
	{"ip -n ct-t-c11 route del 192.168.200.254", "gateway"},
	{"ip -6 route del fd00:200::b/128 dev ct00000011 proto 199", "address6"},
	{"ip addr del fd00:200::fffe/128 dev ct00000011", "gateway6"},
	{"ip -n ct-t-c11 addr del fd00:200::b/128 dev eth0", "address6"},
	{"ip -n ct-t-c11 -6 route del default", "gateway6"},
	{"echo 1 > /proc/sys/net/ipv4/conf/ct00000011/route_localnet", "localnet"},
	{"ip -6 route add local ::1 dev ct00000011 table local proto 199 metric 70000", "localnet"},
	{"ip link del ct00000011", ""},
	{"umount /run/netns/ct-t-c11", ""},
	{"ip netns del ct-t-c11", ""},
};

static bool field_differs(const struct res *a, const struct res *b, const char *name)
{
	for (size_t i = 0; i < res_infos[a->kind].nfields; i++) {
		const struct res_field *f = &res_infos[a->kind].fields[i];
		const void *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;

		if (strcmp(f->name, name) == 0)
			return f->type == RES_BOOL   ? *(const bool *)x != *(const bool *)y
			       : f->type == RES_STRS ? !strs_eq(x, y)
						     : !str_eq(*(const struct str *)x, *(const struct str *)y);
	}
	fail_msg("no field %s", name);
	return false;
}

static void mend_each(struct world *w, const struct drift *all, size_t n, struct strs more)
{
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *l = add_container(w, &m, 11), *neighbour = add_container(w, &m, 12);

	l->more = more;
	seal(&m);
	converge(w, &none, &m);
	for (size_t i = 0; i < n; i++) {
		struct talk t;

		assert_true(connects("", neighbour->netns.s, neighbour->address.s, neighbour->gateway.s, &t));
		run("%s", all[i].command);
		struct manifest now = look(w, &m);
		struct res *seen = manifest_find(&now, RES_link, l->res.id);
		if (all[i].field[0] && (!seen || !field_differs(seen, &l->res, all[i].field)))
			fail_msg("`%s` does not change the field %s", all[i].command, all[i].field);
		struct plan p = plan_to(w, &none, &m);
		if (p.effects == 0)
			fail_msg("`%s` is not seen", all[i].command);
		if (apply(w, &p) < 0)
			fail_msg("after `%s`: %s", all[i].command, w->err.text);
		assert_nothing_to_do(w, &none, &m);
		assert_reachable(l);
		/* back to what was found, but for what was broken */
		struct plan back = plan_to(w, &m, &now);
		if (apply(w, &back) < 0)
			fail_msg("back, after `%s`: %s", all[i].command, w->err.text);
		back = plan_to(w, &m, &now);
		for (size_t k = 0; k < back.changes.n; k++)
			if (!back.changes.at[k].to || !res_broken(back.changes.at[k].to))
				fail_msg("back, after `%s`: %s differs", all[i].command, change_res(&back.changes.at[k])->id.s);
		assert_true(say(t.client, t.server));
		assert_true(say(t.server, t.client));
		talk_end(&t);
		converge(w, &none, &m);
	}
	assert_back_to(w, before, &m);
}

static void drift_is_seen_and_mended(void **state)
{
	mend_each(*state, drifts, sizeof drifts / sizeof drifts[0], (struct strs){0});
}

static struct str further[] = {{"192.168.200.111", 15}, {"192.168.200.112", 15}, {"fd00:200::111", 13}};

static const struct drift further_drifts[] = {
	{"ip route del 192.168.200.111/32", "more"},
	{"ip -6 route del fd00:200::111/128 dev ct00000011 proto 199", "more"},
	{"ip -n ct-t-c11 addr del 192.168.200.112/32 dev eth0", "more"},
	{"ip -n ct-t-c11 addr del fd00:200::111/128 dev eth0", "more"},
	{"ip -n ct-t-c11 addr del 192.168.200.11/32 dev eth0", "address"},
	{"ip -n ct-t-c11 addr del fd00:200::b/128 dev eth0", "address6"},
	{"ip -n ct-t-c11 route del default", "gateway"},
	{"ip addr del 192.168.200.254/32 dev ct00000011", "gateway"},
	{"ip link del ct00000011", ""},
};

static void drift_of_further_addresses_is_seen_and_mended(void **state)
{
	mend_each(*state, further_drifts, sizeof further_drifts / sizeof further_drifts[0], (struct strs){further, 3});
}

/* The link stays, and with it a connection to the first address. */
static void further_addresses_come_and_go(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), one = {.arena = &w->arena}, three = {.arena = &w->arena};
	struct res_link *l = add_container(w, &one, 11), *m = add_container(w, &three, 11);
	struct talk t;

	m->more = (struct strs){further, 3};
	seal(&one);
	seal(&three);
	converge(w, &none, &one);
	assert_true(connects("", l->netns.s, l->address.s, l->gateway.s, &t));
	converge(w, &one, &three);
	assert_reachable(m);
	converge(w, &three, &one);
	assert_reachable(l);
	run("! ip -n ct-t-c11 -o addr show dev eth0 | grep -q 111");
	run("! ip route | grep -q '192.168.200.11[12]' && ! ip -6 route | grep -q fd00:200::111");
	assert_true(say(t.client, t.server));
	assert_true(say(t.server, t.client));
	talk_end(&t);
	assert_back_to(w, before, &one);
}

/* What stands in the way, how it is made and unmade, and what prepare says. */
static const struct {
	const char *make, *unmake, *says;
} hindrances[] = {
	{"ip link add ct00000011 type veth peer name x", "ip link del ct00000011", "a network interface ct00000011 exists that ctc did not make"},
	{"ip link add foreign type veth peer name x && ip link property add dev foreign altname ct-t-c11", "ip link del foreign",
	 "the network interface foreign, which ctc did not make, has the alternative name ct-t-c11 that the link ct00000011 needs"},
	{"mkdir -p /run/netns && echo text > /run/netns/ct-t-c11", "rm /run/netns/ct-t-c11", "/run/netns/ct-t-c11 exists and is no network namespace"},
	{"mkdir -p /run/netns/ct-t-c11", "rmdir /run/netns/ct-t-c11", "/run/netns/ct-t-c11 exists and is no network namespace"},
	{"mkdir -p /run/netns && ln -s /proc/self/ns/net /run/netns/ct-t-c11", "rm /run/netns/ct-t-c11",
	 "/run/netns/ct-t-c11 exists and is no network namespace"},
	{"ip addr add 192.168.200.11/24 dev lo", "ip addr del 192.168.200.11/24 dev lo", "192.168.200.11 is an address of the host itself"},
	{"ip addr add fd00:200::b/64 dev lo", "ip addr del fd00:200::b/64 dev lo", "fd00:200::b is an address of the host itself"},
	{"ip link set lo up; ip route add 192.168.200.11/32 dev lo", "ip route del 192.168.200.11/32; ip link set lo down",
	 "the host has a route to 192.168.200.11 already"},
};

static void what_is_in_the_way_is_named_and_left_alone(void **state)
{
	struct world *w = *state;
	struct manifest none = empty(w), m = {.arena = &w->arena};

	add_container(w, &m, 11);
	seal(&m);
	for (size_t i = 0; i < sizeof hindrances / sizeof hindrances[0]; i++) {
		run("%s", hindrances[i].make);
		struct str before = output(w, everything);
		struct plan p = plan_to(w, &none, &m);

		assert_int_equal(p.effects, 2); /* what is in the way is not ours, so it is not seen */
		if (prepare(w, &p) == 0)
			fail_msg("`%s` is not seen", hindrances[i].make);
		if (!strstr(w->err.text, hindrances[i].says))
			fail_msg("after `%s`: %s", hindrances[i].make, w->err.text);
		/* nor is it taken for ours when our record says that we had made it */
		struct plan away = plan_to(w, &m, &none);
		assert_int_equal(away.effects, 0);
		assert_string_equal(before.s, output(w, everything).s);
		run("%s", hindrances[i].unmake);
	}
}

static void a_foreign_link_is_never_deleted(void **state)
{
	struct world *w = *state;
	struct str name = STR("ct00000011");

	run("ip link add ct00000011 type veth peer name x");
	assert_int_equal(link_delete(&w->host, &name, 1, &w->err), -EEXIST);
	assert_non_null(strstr(w->err.text, "ct00000011 is not one that ctc made"));
	run("ip link show dev ct00000011 >/dev/null && ip link del ct00000011");
	assert_int_equal(link_delete(&w->host, &name, 1, &w->err), 0);
}

/* The kernel does not show a blackhole to who asks for the route to one address, so that it is found only when the route is added: in the middle. */
static void a_link_that_fails_in_the_middle_is_taken_back(void **state)
{
	struct world *w = *state;
	struct manifest none = empty(w), m = {.arena = &w->arena};

	add_container(w, &m, 11);
	add_container(w, &m, 12);
	seal(&m);
	run("ip route add blackhole 192.168.200.12/32");
	struct str before = output(w, everything);
	struct plan p = plan_to(w, &none, &m);
	assert_int_equal(apply(w, &p), -EEXIST);
	assert_string_equal(w->err.text, "cannot add the route to 192.168.200.12/32 through the link of ct00000012: File exists");
	assert_string_equal(w->err.resource, "ct00000012");
	assert_back_to(w, before, &m);
	run("ip route del blackhole 192.168.200.12/32");
}

static void an_address_moves_to_a_new_link_between_stop_and_start(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), old = {.arena = &w->arena}, new = {.arena = &w->arena};
	struct res_link *a = add_container(w, &old, 11), *b = add_container(w, &new, 12);

	b->address = a->address;
	b->address6 = a->address6;
	seal(&old);
	seal(&new);
	converge(w, &none, &old);
	struct plan p = plan_to(w, &old, &new);
	assert_int_equal(prepare(w, &p), 0);
	assert_int_equal(phase(w, &p, PHASE_ADD), 0);
	assert_reachable(a);
	assert_int_equal(phase(w, &p, PHASE_STOP), 0);
	assert_int_equal(phase(w, &p, PHASE_SWAP), 0);
	assert_reachable(b);
	assert_int_equal(phase(w, &p, PHASE_CLEAN), 0);
	assert_reachable(b);
	assert_nothing_to_do(w, &old, &new);
	/* and back, by the same calls */
	converge(w, &new, &old);
	assert_reachable(a);
	assert_back_to(w, before, &old);
}

static void two_links_exchange_their_addresses(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), old = {.arena = &w->arena}, new = {.arena = &w->arena};
	struct res_link *a = add_container(w, &new, 11), *b = add_container(w, &new, 12);
	struct str four = a->address, six = a->address6;

	add_container(w, &old, 11);
	add_container(w, &old, 12);
	a->address = b->address;
	a->address6 = b->address6;
	b->address = four;
	b->address6 = six;
	a->gateway = STR("192.168.200.1");
	seal(&old);
	seal(&new);
	converge(w, &none, &old);
	converge(w, &old, &new);
	assert_reachable(a);
	assert_reachable(b);
	assert_back_to(w, before, &new);
}

static void a_published_port_costs_no_connection(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), old = {.arena = &w->arena}, new = {.arena = &w->arena};
	struct res_link *a = add_container(w, &old, 11);
	struct talk four, six;

	add_container(w, &new, 11)->localnet = true;
	seal(&old);
	seal(&new);
	converge(w, &none, &old);
	assert_true(connects("", a->netns.s, a->address.s, a->gateway.s, &four));
	assert_true(connects("", a->netns.s, a->address6.s, a->gateway6.s, &six));
	converge(w, &old, &new);
	run("test \"$(cat /proc/sys/net/ipv4/conf/ct00000011/route_localnet)\" = 1");
	run("ip -6 route show table local | grep -q '^local ::1 dev ct00000011 proto 199 '");
	converge(w, &new, &old);
	assert_true(say(four.client, four.server) && say(four.server, four.client));
	assert_true(say(six.client, six.server) && say(six.server, six.client));
	talk_end(&four);
	talk_end(&six);
	assert_back_to(w, before, &old);
}

static void an_ipv6_address_that_goes_takes_its_loopback_with_it(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), both = {.arena = &w->arena}, four = {.arena = &w->arena};
	struct res_link *l;

	add_container(w, &both, 11)->localnet = true;
	l = add_container(w, &four, 11);
	l->localnet = true;
	l->address6 = l->gateway6 = STR("");
	seal(&both);
	seal(&four);
	converge(w, &none, &four);
	run("! ip -6 route show table local | grep -q '^local ::1 dev ct00000011 '");
	converge(w, &four, &both);
	run("ip -6 route show table local | grep -q '^local ::1 dev ct00000011 proto 199 '");
	converge(w, &both, &four);
	run("! ip -6 route show table local | grep -q '^local ::1 dev ct00000011 '");
	assert_back_to(w, before, &four);
}

static void what_a_killed_maker_left_is_finished_or_removed(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct res_link *l = add_container(w, &m, 11);

	seal(&m);
	run("install -m 000 /dev/null /run/netns/ct-t-c11");
	assert_back_to(w, before, &m);
	run("install -m 000 /dev/null /run/netns/ct-t-c11");
	converge(w, &none, &m);
	assert_reachable(l);
	/* namespace and link of a container that no record knows */
	assert_back_to(w, before, &none);
	converge(w, &none, &m);
	assert_back_to(w, before, &m);
}

static void the_caller_stays_in_its_namespace(void **state)
{
	struct world *w = *state;
	struct str before = output(w, "readlink /proc/self/ns/net");
	struct str names[] = {STR("ct-t-a"), STR("ct-t-b")}, bad = STR("../x");

	assert_int_equal(ns_make(&w->host, names, 2, &w->err), 0);
	assert_int_equal(ns_make(&w->host, names, 2, &w->err), 0);
	assert_int_equal(ns_make(&w->host, &bad, 1, &w->err), -EINVAL);
	assert_string_equal(before.s, output(w, "readlink /proc/self/ns/net").s);
	assert_string_equal(before.s, output(w, "readlink /proc/thread-self/ns/net").s);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ns_remove(&w->host, names[i], &w->err), 0);
	assert_int_equal(ns_remove(&w->host, names[0], &w->err), 0);
}

static void sysctls_come_and_go(void **state)
{
	struct world *w = *state;
	struct str before = output(w, everything);
	struct manifest none = empty(w), m = {.arena = &w->arena}, bad = {.arena = &w->arena};
	struct res_sysctl *s = manifest_add_sysctl(&m, STR("net.ipv4.ip_forward"));

	s->value = STR("1");
	s->prior = STR("0");
	s = manifest_add_sysctl(&m, STR("net.ipv4.tcp_wmem"));
	s->value = STR("4096 20000 4000000");
	s->prior = output(w, "cat /proc/sys/net/ipv4/tcp_wmem | tr -d '\\n'");
	seal(&m);
	converge(w, &none, &m);
	run("test \"$(cat /proc/sys/net/ipv4/ip_forward)\" = 1");
	assert_back_to(w, before, &m);
	run("test \"$(cat /proc/sys/net/ipv4/tcp_wmem)\" = \"%s\"", s->prior.s);

	manifest_add_sysctl(&bad, STR("net.ipv6.conf.nowhere.forwarding"))->value = STR("1");
	manifest_add_sysctl(&bad, STR("net...ip_forward"))->value = STR("1");
	seal(&bad);
	for (size_t i = 0; i < bad.all.n; i++) {
		const struct change c = {OP_CREATE, NULL, bad.all.at[i]};

		assert_true(kind_sysctl.prepare(&w->host, (struct slice){.at = &c, .n = 1}, &w->err) < 0);
		assert_string_equal(w->err.text, i ? "this kernel has no setting net.ipv6.conf.nowhere.forwarding; IPv6 is turned off, and the stack uses IPv6 addresses"
						   : "`net...ip_forward` is not the name of a kernel setting");
	}
}

static struct res_directory *add_directory(struct manifest *m, const char *path, int64_t mode, int64_t owner, bool keep)
{
	struct res_directory *d = manifest_add_directory(m, str_of(path));

	d->mode = mode;
	d->uid = d->gid = owner;
	d->keep = keep;
	return d;
}

static void directories_and_files_come_and_go(void **state)
{
	struct world *w = *state;
	struct manifest none = empty(w), m = {.arena = &w->arena}, changed = {.arena = &w->arena};
	struct res_file *f = manifest_add_file(&m, STR("/run/ctstack/hosts/a"));

	umask(077);
	add_directory(&m, "/mnt/scratch", 0711, 0, false);
	add_directory(&m, "/mnt/data/models", 0770, 1000, true);
	f->content = STR("127.0.0.1 localhost\n");
	f->mode = 0644;
	seal(&m);
	converge(w, &none, &m);
	run("test \"$(stat -c '%%a %%u' /mnt/scratch /mnt/data /mnt/data/models /run/ctstack/hosts/a | tr '\\n' ,)\" = '711 0,755 0,770 1000,644 0,'");

	/* what somebody does to data is not undone; a scratch directory is put right; a file keeps its inode */
	run("chmod 0700 /mnt/data/models /mnt/scratch; stat -c %%i /run/ctstack/hosts/a > /mnt/inode");
	add_directory(&changed, "/mnt/scratch", 0711, 0, false);
	add_directory(&changed, "/mnt/data/models", 0750, 7, true);
	f = manifest_add_file(&changed, STR("/run/ctstack/hosts/a"));
	f->content = STR("other\n");
	f->mode = 0600;
	seal(&changed);
	converge(w, &m, &changed);
	run("test \"$(stat -c '%%a %%u' /mnt/scratch /mnt/data/models /run/ctstack/hosts/a | tr '\\n' ,)\" = '711 0,700 1000,600 0,'");
	run("test \"$(cat /run/ctstack/hosts/a)\" = other && test \"$(stat -c %%i /run/ctstack/hosts/a)\" = \"$(cat /mnt/inode)\"");

	/* gone, but for data, and for what somebody has put into the scratch directory */
	run("touch /mnt/scratch/mine");
	struct plan p = plan_to(w, &changed, &none);
	assert_int_equal(apply(w, &p), 0);
	run("test -e /mnt/scratch/mine && test -d /mnt/data/models && test -d /run/ctstack/hosts && test ! -e /run/ctstack/hosts/a");
	run("rm /mnt/scratch/mine");
	p = plan_to(w, &changed, &none);
	assert_int_equal(apply(w, &p), 0);
	run("test ! -e /mnt/scratch && rm -r /mnt/data /mnt/inode /run/ctstack");
	umask(022);
}

static void a_half_made_data_directory_is_finished_or_removed(void **state)
{
	struct world *w = *state;
	struct manifest none = empty(w), m = {.arena = &w->arena};

	add_directory(&m, "/mnt/models", 0770, 1000, true);
	seal(&m);
	run("mkdir -m 1000 /mnt/models");
	struct plan p = plan_to(w, &m, &none);
	assert_int_equal(apply(w, &p), 0);
	run("test ! -e /mnt/models && mkdir -m 1000 /mnt/models");
	converge(w, &none, &m);
	run("test \"$(stat -c '%%a %%u' /mnt/models)\" = '770 1000' && rmdir /mnt/models");
}

/* Paths that must not be made, and why. */
static const struct {
	const char *make, *path, *says;
} bad_paths[] = {
	{"touch /mnt/x", "/mnt/x", "/mnt/x exists and is no directory"},
	{"touch /mnt/x", "/mnt/x/y", "/mnt/x/y: Not a directory"},
	{"ln -s /etc /mnt/x", "/mnt/x/y", "/mnt/x is a symbolic link to /etc, and links are not followed"},
	{"ln -s /etc /mnt/x", "/mnt/x", "/mnt/x exists and is no directory"},
	{"true", "/mnt/../etc/x", "is no path"},
	{"true", "mnt/y", "is not an absolute path"},
};

static void bad_paths_are_refused_before_anything_is_made(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof bad_paths / sizeof bad_paths[0]; i++) {
		struct manifest none = empty(w), m = {.arena = &w->arena};

		add_directory(&m, bad_paths[i].path, 0755, 0, false);
		seal(&m);
		run("%s", bad_paths[i].make);
		struct str before = output(w, everything);
		struct plan p = plan_to(w, &none, &m);
		assert_true(prepare(w, &p) < 0);
		if (!strstr(w->err.text, bad_paths[i].says))
			fail_msg("%s: %s", bad_paths[i].path, w->err.text);
		assert_string_equal(before.s, output(w, everything).s);
		run("rm -f /mnt/x");
	}
	struct manifest m = {.arena = &w->arena};
	const struct change c = {OP_CREATE, NULL, &manifest_add_file(&m, STR("/etc/passwd"))->res};
	assert_true(kind_file.prepare(&w->host, (struct slice){.at = &c, .n = 1}, &w->err) < 0);
	assert_true(kind_file.apply(&w->host, PHASE_ADD, (struct slice){.at = &c, .n = 1}, &w->err) < 0);
	assert_string_equal(w->err.text, "/etc/passwd: files are written below /run/ctstack, /var/lib/ctstack and /run/ctstack-metrics only");
}

/* What a hand does to the gate is seen, and mended; other programs' marks, rules and filters stay as they are. */
static void the_gate_is_kept(void **state)
{
	static const struct {
		const char *hand, *kind;	/* kind of what is reported, NULL: nothing */
		size_t n;
	} rows[] = {
		{"ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole", "gate ipv4", 1},
		{"ip -6 rule del pref 0 fwmark 0x10000000/0x10000000 blackhole", "gate ipv6", 1},
		{"ip rule del pref 0 fwmark 0x10000000/0x10000000 blackhole; ip rule add pref 0 fwmark 0x10000000/0x10000000 blackhole", "gate ipv4", 1},
		{"ip -6 rule del pref 0 fwmark 0x10000000/0x10000000 blackhole; ip -6 rule add pref 0 fwmark 0x10000000/0x10000000 blackhole", "gate ipv6", 1},
		{"tc qdisc del dev ct00000001 clsact", "link ct00000001", 1},
		{"tc qdisc del dev ct00000001 clsact && tc qdisc add dev ct00000001 clsact", "link ct00000001", 1},
		{"tc filter del block 1668546561", "link ct00000001", 2},
		{"tc filter del block 1668546562", "link ct00000001", 2},
		/* others' */
		{"ip rule add pref 0 fwmark 7 lookup main", NULL, 0},
		{"ip rule add pref 1 to 192.0.2.7 lookup main && ip -6 rule add fwmark 0x10000000/0x10000000 to fd77::/64 lookup main", NULL, 0},
	};
	struct world *w = *state;
	struct manifest none = empty(w), m = {.arena = &w->arena};
	struct str before = output(w, everything);

	add_container(w, &m, 1);
	add_container(w, &m, 2);
	manifest_add_gate(&m, STR("ipv4"));
	manifest_add_gate(&m, STR("ipv6"));
	seal(&m);
	converge(w, &none, &m);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		run("%s", rows[i].hand);
		struct plan p = plan_to(w, &m, &m);
		if (p.effects != rows[i].n)
			fail_msg("%s: %zu differences", rows[i].hand, p.effects);
		if (p.effects)
			assert_string_equal(str_fmt(&w->arena, "%s %.*s", res_infos[change_res(&p.changes.at[0])->kind].word,
						    STR_ARG(change_res(&p.changes.at[0])->id)).s, rows[i].kind);
		converge(w, &m, &m);
	}
	run("ip rule del fwmark 7; ip rule del pref 1; ip -6 rule del to fd77::/64");
	assert_back_to(w, before, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_caller_stays_in_its_namespace, end_test),
		cmocka_unit_test_teardown(a_container_is_reached_at_once_and_leaves_nothing, end_test),
		cmocka_unit_test_teardown(a_hundred_and_fifty_at_once, end_test),
		cmocka_unit_test_teardown(one_family_is_enough, end_test),
		cmocka_unit_test_teardown(a_strict_host_is_no_hindrance, end_test),
		cmocka_unit_test_teardown(drift_is_seen_and_mended, end_test),
		cmocka_unit_test_teardown(drift_of_further_addresses_is_seen_and_mended, end_test),
		cmocka_unit_test_teardown(further_addresses_come_and_go, end_test),
		cmocka_unit_test_teardown(the_gate_is_kept, end_test),
		cmocka_unit_test_teardown(what_is_in_the_way_is_named_and_left_alone, end_test),
		cmocka_unit_test_teardown(a_foreign_link_is_never_deleted, end_test),
		cmocka_unit_test_teardown(a_link_that_fails_in_the_middle_is_taken_back, end_test),
		cmocka_unit_test_teardown(an_address_moves_to_a_new_link_between_stop_and_start, end_test),
		cmocka_unit_test_teardown(two_links_exchange_their_addresses, end_test),
		cmocka_unit_test_teardown(a_published_port_costs_no_connection, end_test),
		cmocka_unit_test_teardown(an_ipv6_address_that_goes_takes_its_loopback_with_it, end_test),
		cmocka_unit_test_teardown(what_a_killed_maker_left_is_finished_or_removed, end_test),
		cmocka_unit_test_teardown(sysctls_come_and_go, end_test),
		cmocka_unit_test_teardown(directories_and_files_come_and_go, end_test),
		cmocka_unit_test_teardown(a_half_made_data_directory_is_finished_or_removed, end_test),
		cmocka_unit_test_teardown(bad_paths_are_refused_before_anything_is_made, end_test),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
