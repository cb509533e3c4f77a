/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What can only be judged on the host, before anything is changed: whether it can carry stacks at all (host_check), and whether what a plan needs of it
 * is there and free (bind_check; of containers: bind_need.c). Each refusal is one sentence that says what to do. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ipv6_route.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/bind.h"
#include "runtime/bind_impl.h"
#include "runtime/facts.h"
#include "runtime/nl_route.h"
#include "runtime/nft_probe.h"
#include "runtime/podman.h"
#include "runtime/spawn.h"

enum { KERNEL_MAJOR = 5, KERNEL_MINOR = 10, PODMAN_MAJOR = 4, SYSTEMD_VERSION = 249, VERSION_MS = 10000, FIXED_MINOR = 39, FIXED_UPDATE = 2, ROUTES_MAX = 64 << 20 };

#define BUS_SOCKET "/run/dbus/system_bus_socket"

bool kernel_older(const char *release, int than_major, int than_minor)
{
	int major = 0, minor = 0;

	return sscanf(release, "%d.%d", &major, &minor) == 2 && (major < than_major || (major == than_major && minor < than_minor));
}

int kernel_judge(const char *release, struct err *e)
{
	if (!kernel_older(release, KERNEL_MAJOR, KERNEL_MINOR))
		return 0;
	return err_set(e, -EOPNOTSUPP, "this host runs Linux %s, and ctc needs 5.10 or newer: install a newer kernel and boot it", release);
}

static int check_kernel(struct err *e)
{
	struct utsname u;

	return uname(&u) < 0 ? 0 : kernel_judge(u.release, e);
}

static int check_cgroup(struct host *h, struct err *e)
{
	_fd_ int fd = openat(h->root_fd, "sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	return err_set(e, -EOPNOTSUPP,
		       "this host does not use cgroup v2 alone, by which limits are kept: boot it with systemd.unified_cgroup_hierarchy=1 on the kernel's command line");
}

static int check_systemd(struct host *h, struct err *e)
{
	struct sockaddr_un bus = {.sun_family = AF_UNIX, .sun_path = BUS_SOCKET};
	_fd_ int fd = -1;

	if (!fact_exists(h, STR("run/systemd/system")))
		return err_set(e, -EOPNOTSUPP, "systemd is not the first process here, and containers are run by it: use ctc on a host that systemd has booted");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, -errno, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&bus, sizeof bus) < 0 && errno != EAGAIN)
		return err_errno(e, -errno, "the system bus does not answer at " BUS_SOCKET " (see systemctl status dbus, and systemctl start dbus.socket)");
	return 0;
}

int systemd_judge(const char *said, struct err *e)
{
	int version = 0;

	if (sscanf(said, "systemd %d", &version) == 1 && version < SYSTEMD_VERSION)
		return err_set(e, -EOPNOTSUPP, "this host runs systemd %d, and ctc needs 249 or newer: upgrade the distribution", version);
	return 0;
}

/* CVE-2026-40226: systemd 233 to 259; Debian 12 mended it in 252.39-1~deb12u2. Of other distributions' versions nothing can be told from the number. */
const char *nspawn_judge(const char *said)
{
	int minor, revision, update;

	if (sscanf(said, "systemd 252 (252.%d-%d~deb12u%d", &minor, &revision, &update) != 3)
		return NULL;
	return minor > FIXED_MINOR || (minor == FIXED_MINOR && update >= FIXED_UPDATE) ?
		       NULL :
		       "its systemd-nspawn can be left by a container's root (CVE-2026-40226); 252.39-1~deb12u2 and later cannot: apt-get install --only-upgrade systemd-container";
}

bool wants_nspawn(const struct manifest *wanted)
{
	const struct res_container *c;

	manifest_each(container, c, wanted)
		for (size_t i = 0; i < c->needs.n; i++)
			if (str_is(c->needs.at[i], "nspawn") || str_starts(c->needs.at[i], STR("nspawn=")))
				return true;
	return false;
}

static void warn_nspawn(struct host *h, const struct manifest *wanted, struct buf *out)
{
	const char *const argv[] = {"systemd-nspawn", "--version", NULL}, *what;
	const struct spawn s = {.argv = argv, .within_ms = VERSION_MS, .out_max = 65536, .interrupted = h->interrupted};
	struct spawned done;
	struct err ignored;

	if (!wants_nspawn(wanted) || spawn_run(&s, &done, &ignored) < 0)
		return;
	buf_addc(&done.out, '\0');
	what = nspawn_judge(done.out.s);
	if (what)
		buf_fmt(out, "this host has %.*s: %s\n", (int)strcspn(done.out.s, "\n"), done.out.s, what);
	spawned_free(&done);
}

void host_warn(struct host *h, const struct manifest *wanted, const struct manifest *current, struct buf *out)
{
	warn_nspawn(h, wanted, out);
	overlap_warn(h, wanted, current, out);
	publish_warn(h, wanted, current, out);
}

static int check_systemd_version(struct host *h, struct err *e)
{
	const char *const argv[] = {"systemctl", "--version", NULL};
	const struct spawn s = {.argv = argv, .within_ms = VERSION_MS, .out_max = 65536, .interrupted = h->interrupted};
	struct spawned done;
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return r;
	buf_addc(&done.out, '\0');
	r = systemd_judge(done.out.s, e);
	spawned_free(&done);
	return r;
}

int podman_judge(const struct podman_version *v, struct err *e)
{
	if (!v)
		return err_set(e, -ENOENT, "podman is not installed, which runs the containers: apt-get install podman, or what this distribution calls it");
	if (v->major < PODMAN_MAJOR)
		return err_set(e, -EOPNOTSUPP, "this host has podman %d.%d, and ctc needs 4.0 or newer: install a newer one", v->major, v->minor);
	return 0;
}

static int check_podman(struct host *h, struct err *e)
{
	struct podman_version v;
	int r = podman_version(h, &v, e);

	return r == 0 ? podman_judge(&v, e) : r == -ENOENT ? podman_judge(NULL, e) : r;
}

bool wants_podman(const struct manifest *wanted)
{
	const struct res_image *i;

	manifest_each(image, i, wanted)
		if (!str_starts(i->res.id, STR("os:")))
			return true;
	return false;
}

int host_check(struct host *h, const struct manifest *wanted, struct err *e)
{
	int r;

	if (geteuid() != 0)
		return err_set(e, -EPERM, "this changes the network and the services of the host and needs root: run it with sudo");
	r = check_kernel(e);
	if (r == 0)
		r = check_systemd(h, e);
	if (r == 0)
		r = check_systemd_version(h, e);
	if (r == 0)
		r = check_cgroup(h, e);
	if (r == 0)
		r = nft_probe(e);
	if (r == 0 && wanted && wants_podman(wanted))
		r = check_podman(h, e);
	return r;
}

struct wanted_port {
	struct addr addr;	/* family 0: every address */
	unsigned lo, hi;
	enum proto proto;
	bool v6;		/* whether a packet of IPv6 would be translated */
};

/* "8080/tcp", "8000-8010/udp" */
static bool wanted_port_read(const struct manifest *bound, const struct res_publish *p, struct wanted_port *ret)
{
	const struct res_container *to = (const struct res_container *)manifest_find(bound, RES_container, p->to);
	char text[64];
	int n = snprintf(text, sizeof text, "%.*s", STR_ARG(p->port)), end = 0;
	char *slash = strchr(text, '/');

	*ret = (struct wanted_port){.proto = PROTO_TCP, .v6 = to && to->address6.n > 0};
	if (n < 0 || (size_t)n >= sizeof text || (p->address.n && !addr_parse(p->address, &ret->addr)))
		return false;
	if (slash) {
		*slash = '\0';
		ret->proto = strcmp(slash + 1, "udp") == 0 ? PROTO_UDP : strcmp(slash + 1, "sctp") == 0 ? PROTO_SCTP : PROTO_TCP;
	}
	n = sscanf(text, "%5u%n-%5u", &ret->lo, &end, &ret->hi);
	if (n == 1)
		ret->hi = ret->lo;
	return n >= 1;
}

/* Whether packets that the program waits for would go to the container instead. */
static bool collides(const struct wanted_port *w, const struct listener *l)
{
	if (l->proto != w->proto || l->port < w->lo || l->port > w->hi)
		return false;
	if (l->addr.family == 0)
		return true;
	if (w->addr.family == 0)
		return l->addr.family == 4 || w->v6;
	if (w->addr.family != l->addr.family)
		return false;
	return addr_is_any(w->addr) || addr_is_any(l->addr) || addr_eq(w->addr, l->addr);
}

int ports_judge(const struct manifest *bound, const struct manifest *current, const struct listeners *all,
		struct str (*program)(void *context, const struct listener *l), void *context, struct err *e)
{
	const struct res_publish *p;

	manifest_each(publish, p, bound) {
		struct wanted_port w;

		if ((current && manifest_find(current, RES_publish, p->res.id)) || !wanted_port_read(bound, p, &w))
			continue;
		vec_each(const struct listener, l, &all->all)
			if (collides(&w, l)) {
				struct str who = program(context, l);

				err_set(e, -EADDRINUSE,
					"%.*s cannot be published: %.*s listens on port %u of this host already; stop it, or publish another port",
					STR_ARG(p->res.id), STR_ARG(who), (unsigned)l->port);
				return err_resource(e, p->res.id);
			}
	}
	return 0;
}

struct asking {
	struct host *h;
	struct arena *a;
};

static struct str running_program(void *context, const struct listener *l)
{
	const struct asking *asking = context;

	return listener_program(asking->h, asking->a, l);
}

static bool publishes_anew(const struct manifest *bound, const struct manifest *current)
{
	const struct res_publish *p;

	manifest_each(publish, p, bound)
		if (!current || !manifest_find(current, RES_publish, p->res.id))
			return true;
	return false;
}

static int check_ports(struct host *h, const struct manifest *bound, const struct manifest *current, struct err *e)
{
	_arena_ struct arena scratch = {0};
	struct asking asking = {h, &scratch};
	struct listeners listeners = {0};

	if (!publishes_anew(bound, current))
		return 0;
	int r = fact_listeners(h, &scratch, &listeners, e);
	return r < 0 ? r : ports_judge(bound, current, &listeners, running_program, &asking, e);
}

/* The interface of a route that a router's advertisement made, or "": the last of ten fields, the ninth of which are the flags (linux/ipv6_route.h). */
static struct str advertised_route(struct str line)
{
	struct str fields[10] = {0};
	char flags[16];
	size_t n = 0;

	while (line.n) {
		struct str one = str_cut(line, ' ', &line);

		if (one.n && n < 10)
			fields[n++] = one;
	}
	snprintf(flags, sizeof flags, "%.*s", STR_ARG(fields[8]));
	return n == 10 && strtoul(flags, NULL, 16) & (RTF_DEFAULT | RTF_ADDRCONF) ? fields[9] : STR("");
}

/* A kernel that begins to forward forgets the default routes that it was advertised, except where accept_ra is 2 (rt6_purge_dflt_routers()), and no way back brings
 * them back: the host would be cut off from IPv6, and with it perhaps who works on it. */
static int check_routers(struct host *h, const struct manifest *bound, struct err *e)
{
	const struct res *forwarding = manifest_find(bound, RES_sysctl, STR("net.ipv6.conf.all.forwarding"));
	_arena_ struct arena a = {0};
	struct str value, routes;

	if (!forwarding || fact_sysctl(h, forwarding->id, &a, &value, e) < 0 || str_is(value, "1") ||
	    fact_read(h, str_fmt(&a, "proc/%d/net/ipv6_route", (int)getpid()), ROUTES_MAX, &a, &routes, e) < 0)
		return 0;
	while (routes.n) {
		struct str link = advertised_route(str_cut(routes, '\n', &routes));

		if (!link.n || fact_read(h, str_fmt(&a, "proc/sys/net/ipv6/conf/%.*s/accept_ra", STR_ARG(link)), 64, &a, &value, e) < 0 ||
		    str_is(str_cut(value, '\n', NULL), "2"))
			continue;
		err_set(e, -ENETUNREACH,
			"containers with IPv6 addresses need forwarding, and with it this host would lose the IPv6 route that a router advertised on %.*s: "
			"set net.ipv6.conf.%.*s.accept_ra = 2, now (sysctl -w) and for the next boot (/etc/sysctl.d)",
			STR_ARG(link), STR_ARG(link));
		return err_resource(e, forwarding->id);
	}
	return 0;
}

static struct str altname_of(const struct rt_link *l, struct str name)
{
	for (size_t i = 0; i < l->altnames.n; i++)
		if (str_eq(l->altnames.at[i], name))
			return str_of(l->name);
	return STR("");
}

/* An interface of the host that a source names: it must be there, under the name that packets are judged by. */
static int check_interface(struct host *h, const struct res *who, struct str name, const char *what, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = &a};
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	if (r < 0)
		return r;
	rt_ask_link(&b, name);
	r = nl_send(route, &b, rt_take_link, &links, e);
	if (r < 0 || (links.all.n == 1 && str_is(name, links.all.at[0].name)))
		return r;
	if (links.all.n == 1 && altname_of(&links.all.at[0], name).n)
		err_set(e, -ENODEV, "%s %.*s of %.*s is an alternative name on this host: write \"%s\"", what, STR_ARG(name), STR_ARG(who->id),
			links.all.at[0].name);
	else
		err_set(e, -ENODEV, "%s %.*s of %.*s is not on this host: `ip link` shows the interfaces that are", what, STR_ARG(name), STR_ARG(who->id));
	return err_resource(e, who->id);
}

/* What is as it was may have lost an interface of the host's: it has its network when that comes again, and is no reason to refuse what is changed now. */
static bool comes_anew(const struct manifest *current, const struct res *r)
{
	const struct res *was = current ? manifest_find(current, r->kind, r->id) : NULL;

	return !was || !res_same(was, r);
}

static int check_interfaces(struct host *h, const struct manifest *bound, const struct manifest *current, struct err *e)
{
	const struct res_macvlan *m;
	const struct res_subnet *s;
	int r = 0;

	manifest_each(subnet, s, bound)
		if (r == 0 && s->uplink.n && comes_anew(current, &s->res))
			r = check_interface(h, &s->res, s->uplink, "the uplink", e);
	manifest_each(macvlan, m, bound)
		if (r == 0 && comes_anew(current, &m->res))
			r = check_interface(h, &m->res, m->parent, "the parent", e);
	return r;
}

int bind_check(struct host *h, const struct plan *p, const struct manifest *current, struct err *e)
{
	int r = containers_check(h, p, e);

	if (r == 0)
		r = check_interfaces(h, p->to, current, e);
	if (r == 0)
		r = check_routers(h, p->to, e);
	return r < 0 ? r : check_ports(h, p->to, current, e);
}
