/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tunnel of tunnel.h. Keys and peers are given to either implementation by wg(8), which reads them from memory that has no name. */
#include "runtime/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/inner.h"
#include "runtime/link.h"
#include "runtime/ns.h"
#include "runtime/spawn.h"

#define INNER "wg0"
#define SOCKET_DIR "run/wireguard"

enum { FILE_MAX = 1 << 20, KEY_MAX = 256, WG_MS = 10000, APPEAR_MS = 10000, APPEAR_STEP_MS = 20, RETURN_TABLE = 51820, RETURN_PRIORITY = 1000 };

struct own_link {
	struct addr address, gateway;
};

struct tunnel {
	struct host *h;
	struct arena *arena;
	struct str netns, interface, peers;
	unsigned port;
	VEC(struct own_link) links;
	struct inner_want want;
	struct mnl_socket *host, *in;
	pid_t child;		/* wireguard-go; 0: the kernel's */
};

/* ---- reading the file ---- */

/* Two routes take the place of one to everywhere: they go before the default route of the container's link, and leave it where it is. */
static void want_route(struct tunnel *t, struct cidr to)
{
	struct rt_route r = {.dst = to.addr, .len = to.len};

	if (to.len) {
		vec_push(t->arena, &t->want.routes, r);
		return;
	}
	r.len = 1;
	vec_push(t->arena, &t->want.routes, r);
	r.dst.b[0] = 0x80;
	vec_push(t->arena, &t->want.routes, r);
}

static bool line_take(struct tunnel *t, struct str line)
{
	struct str value, key = str_cut(line, ' ', &value), second;
	struct own_link own;
	struct cidr c;

	if (str_is(key, "netns"))
		t->netns = value;
	else if (str_is(key, "interface") && rt_name_fits(value, IFNAMSIZ))
		t->interface = value;
	else if (str_is(key, "link") && addr_parse(str_cut(value, ' ', &second), &own.address) && addr_parse(second, &own.gateway))
		vec_push(t->arena, &t->links, own);
	else if (str_is(key, "address") && inner_addr_parse(value, &c))
		vec_push(t->arena, &t->want.addrs, c);
	else if (str_is(key, "route") && inner_addr_parse(value, &c))
		want_route(t, c);
	else if (str_is(key, "port") && value.n && value.n < 6)
		t->port = (unsigned)strtoul(str_fmt(t->arena, "%.*s", STR_ARG(value)).s, NULL, 10);
	else
		return false;
	return true;
}

static int tunnel_read(struct tunnel *t, struct str path, struct err *e)
{
	struct str rest;
	int r = fs_read(t->h->root_fd, path, FILE_MAX, t->arena, &rest, e);

	while (r == 0 && rest.n) {
		struct str line = str_cut(rest, '\n', &rest);

		if (str_is(line, "peers")) {
			t->peers = rest;
			break;
		}
		if (!line_take(t, line))
			return err_set(e, -EINVAL, "%.*s has a line that is none: %.*s", STR_ARG(path), STR_ARG(line));
	}
	if (r == 0 && (!t->netns.n || !t->interface.n))
		r = err_set(e, -EINVAL, "%.*s names no network namespace or no interface", STR_ARG(path));
	return r;
}

/* ---- the two implementations ---- */

static int find_own(struct tunnel *t, struct rt_link *ret, struct err *e)
{
	return inner_find(t->host, t->arena, t->interface, ret, e);
}

static int delete_link(struct mnl_socket *s, struct str name, struct tunnel *t, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_link l;
	int r = inner_find(s, t->arena, name, &l, e);

	if (r < 0 || l.index == 0)
		return r;
	rt_del_link(&b, t->netns, l.index);
	return nl_send(s, &b, NULL, NULL, e);
}

static int kernel_begin(struct tunnel *t, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};

	rt_add_wireguard(&b, t->netns, t->interface);
	return nl_send(t->host, &b, NULL, NULL, e);
}

static void pause_ms(int ms)
{
	const struct timespec step = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

	nanosleep(&step, NULL);
}

/* Its interface and the socket by which wg speaks to it. */
static int go_appears(struct tunnel *t, struct err *e)
{
	struct str socket = str_fmt(t->arena, SOCKET_DIR "/%.*s.sock", STR_ARG(t->interface));
	struct rt_link l;
	struct stat st;

	for (int waited = 0; waited < APPEAR_MS; waited += APPEAR_STEP_MS) {
		int r = find_own(t, &l, e), status;

		if (r < 0)
			return r;
		if (l.index && fs_stat(t->h->root_fd, socket, &st, e) == 0)
			return 0;
		if (waitpid(t->child, &status, WNOHANG) == t->child) {
			t->child = 0;
			return err_set(e, -EIO, "wireguard-go has ended at once: see journalctl for what it said; /dev/net/tun has to be there");
		}
		pause_ms(APPEAR_STEP_MS);
	}
	return err_set(e, -ETIMEDOUT, "wireguard-go has made no interface within %d s", APPEAR_MS / 1000);
}

static int go_begin(struct tunnel *t, struct err *e)
{
	char path[256], *environment[] = {"LOG_LEVEL=error", "PATH=" SPAWN_PATH, NULL};
	char *argv[] = {"wireguard-go", "-f", (char *)str_fmt(t->arena, "%.*s", STR_ARG(t->interface)).s, NULL};
	posix_spawnattr_t attr;
	sigset_t none;

	if (!spawn_find("wireguard-go", path, sizeof path))
		return err_set(e, -EOPNOTSUPP, "this kernel has no WireGuard, and wireguard-go is not installed: apt-get install wireguard-go, or what this distribution calls it");
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	int r = posix_spawn(&t->child, path, NULL, &attr, argv, environment);
	posix_spawnattr_destroy(&attr);
	if (r != 0) {
		t->child = 0;
		return err_errno(e, -r, "cannot start wireguard-go");
	}
	return go_appears(t, e);
}

/* Whether the family by which WireGuard is configured is registered. */
static bool kernel_has(struct host *h)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct genlmsghdr *ask = nl_begin(&b, GENL_ID_CTRL, 0, sizeof *ask);
	struct mnl_socket *s;
	struct err e;

	ask->cmd = CTRL_CMD_GETFAMILY;
	ask->version = 1;
	mnl_attr_put_strz(b.open, CTRL_ATTR_FAMILY_NAME, "wireguard");
	nl_end(&b, 0, STR(""), "ask for WireGuard");
	return nl_open(h, NETLINK_GENERIC, &s, &e) == 0 && nl_send(s, &b, NULL, NULL, &e) == 0;
}

bool tunnel_possible(struct host *h)
{
	char path[256];

	return kernel_has(h) || (spawn_find("wireguard-go", path, sizeof path) && fact_is_device(h, STR("/dev/net/tun")));
}

static int begin(struct tunnel *t, struct err *e)
{
	int r = kernel_begin(t, e);

	return r == -EOPNOTSUPP ? go_begin(t, e) : r;
}

/* ---- what it is given ---- */

static int key_read(struct tunnel *t, const char *credentials, struct str *ret, struct err *e)
{
	struct str path = str_fmt(t->arena, "%s/private-key", credentials), text;
	int r = fs_read(t->h->root_fd, path, KEY_MAX, t->arena, &text, e);

	if (r < 0)
		return err_context(e, "the private key of the tunnel");
	while (text.n && (text.s[text.n - 1] == '\n' || text.s[text.n - 1] == ' '))
		text.n--;
	if (str_has(text, '\n'))
		return err_set(e, -EINVAL, "the private key of the tunnel is more than one line");
	*ret = text;
	return 0;
}

static int configure(struct tunnel *t, struct str key, struct err *e)
{
	_fd_ int fd = memfd_create("wireguard", MFD_CLOEXEC);
	_buf_ struct buf text = {0};
	struct spawned done;

	buf_fmt(&text, "[Interface]\nPrivateKey = %.*s\n", STR_ARG(key));
	if (t->port)
		buf_fmt(&text, "ListenPort = %u\n", t->port);
	buf_str(&text, t->peers);
	if (fd < 0 || write(fd, text.s, text.n) != (ssize_t)text.n)
		return err_errno(e, -errno, "cannot hold the configuration of the tunnel");
	explicit_bzero(text.s, text.n);
	struct str path = str_fmt(t->arena, "/proc/%d/fd/%d", (int)getpid(), fd), name = str_fmt(t->arena, "%.*s", STR_ARG(t->interface));
	const char *const argv[] = {"wg", "setconf", name.s, path.s, NULL};
	const struct spawn s = {.argv = argv, .within_ms = WG_MS};
	int r = spawn_run(&s, &done, e);

	if (r == -ENOENT)
		return err_set(e, r, "wg is not installed, which configures WireGuard: apt-get install wireguard-tools, or what this distribution calls it");
	if (r < 0)
		return r;
	struct str said = spawned_last_line(&done);
	if (done.status != 0)
		r = err_set(e, -EINVAL, "wg does not take the configuration of the tunnel: %.*s", STR_ARG(said));
	spawned_free(&done);
	return r;
}

/* Into the container's namespace, where it gets its addresses and routes and goes up; answers to who asks by the container's own address do not go through it. */
static int move_in(struct tunnel *t, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	_fd_ int ns = ns_open(t->h, t->netns, e);
	struct rt_link l, eth;
	int r = ns < 0 ? ns : find_own(t, &l, e);

	if (r == 0 && l.index == 0)
		r = err_set(e, -ENODEV, "the interface of the tunnel has disappeared");
	if (r < 0)
		return r;
	rt_move_link(&b, t->netns, l.index, ns, STR(INNER));
	r = nl_send(t->host, &b, NULL, NULL, e);
	if (r == 0)
		r = inner_find(t->in, t->arena, STR(INNER), &l, e);
	if (r == 0)
		r = inner_find(t->in, t->arena, STR(LINK_PEER), &eth, e);
	for (size_t i = 0; r == 0 && eth.index && i < t->links.n; i++)
		rt_set_return(&b, t->netns, t->links.at[i].address, t->links.at[i].gateway, eth.index, RETURN_TABLE, RETURN_PRIORITY);
	if (r == 0)
		r = nl_send(t->in, &b, NULL, NULL, e);
	const struct inner i = {t->in, l.index, t->netns};
	return r < 0 ? r : inner_settle(&i, &t->want, e);
}

/* ---- staying ---- */

static int say_ready(struct err *e)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_fd_ int fd = -1;
	size_t n = path ? strlen(path) : 0;

	if (!n)
		return 0;
	if (n >= sizeof to.sun_path)
		return err_set(e, -EINVAL, "NOTIFY_SOCKET is too long");
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		return err_errno(e, -errno, "cannot tell systemd that the tunnel is ready");
	return 0;
}

/* Until a signal: 0; or until wireguard-go has ended. */
static int stay(struct tunnel *t, int signals, struct err *e)
{
	for (;;) {
		struct pollfd p = {.fd = signals, .events = POLLIN};
		struct signalfd_siginfo info;

		if (poll(&p, 1, -1) < 0 || read(signals, &info, sizeof info) != sizeof info)
			continue;
		if (info.ssi_signo != SIGCHLD)
			return 0;
		int status;
		if (t->child && waitpid(t->child, &status, WNOHANG) == t->child) {
			t->child = 0;
			return err_set(e, -EPIPE, "wireguard-go has ended");
		}
	}
}

static void end(struct tunnel *t)
{
	struct err ignored;

	if (t->child) {
		kill(t->child, SIGTERM);
		waitpid(t->child, NULL, 0);
	}
	if (t->in) {
		delete_link(t->in, STR(INNER), t, &ignored);
		mnl_socket_close(t->in);
	}
	if (t->host)
		delete_link(t->host, t->interface, t, &ignored);
}

int tunnel_run(struct host *h, struct str path, const char *credentials, struct err *e)
{
	_arena_ struct arena arena = {0};
	struct tunnel t = {.h = h, .arena = &arena};
	_fd_ int signals = -1;
	struct str key = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	int r = signals < 0 ? err_errno(e, -errno, "cannot wait for signals") : tunnel_read(&t, path, e);
	if (r == 0)
		r = key_read(&t, credentials, &key, e);
	if (r == 0)
		r = nl_open(h, NETLINK_ROUTE, &t.host, e);
	if (r == 0)
		r = inner_enter(h, t.netns, &t.in, e);
	/* What a killed one has left. */
	if (r == 0)
		r = delete_link(t.in, STR(INNER), &t, e);
	if (r == 0)
		r = delete_link(t.host, t.interface, &t, e);
	if (r == 0)
		r = begin(&t, e);
	if (r == 0)
		r = configure(&t, key, e);
	if (r == 0)
		r = move_in(&t, e);
	if (r == 0)
		r = say_ready(e);
	if (r == 0)
		r = stay(&t, signals, e);
	end(&t);
	return r;
}
