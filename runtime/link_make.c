/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making, mending and deleting links. A link is made in one request with its other end in the container's namespace already, so that no end is ever seen in a wrong
 * place; all requests of up to NS_CHUNK links go out together. Nothing here decides what to do: kind_link.c does.
 *
 *	host end	gateway/32, route container/32 dev LINK src gateway
 *	eth0		container/32, route gateway/32 dev eth0, default via gateway
 *
 * and the same with /128 for IPv6, without duplicate address detection: a link has two ends, and both addresses are ours. */
#include "runtime/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "lang/base/cleanup.h"
#include "runtime/ns.h"

/* What is known of a link while it is worked on. */
struct job {
	const struct link_want *want;
	int ns;			/* the container's namespace; -1 */
	struct mnl_socket *in;	/* a socket in it; NULL */
	uint32_t index, peer;	/* of the two ends, each in its namespace */
	bool later[LINK_FAMILIES];	/* the route to the container is another link's for now */
};

static void jobs_end(struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].ns >= 0)
			close(jobs[i].ns);
		if (jobs[i].in)
			mnl_socket_close(jobs[i].in);
	}
}

static struct str id_of(const struct job *j)
{
	return j->want->res->res.id;
}

static int fail(const struct job *j, int r, struct err *e)
{
	if (r < 0)
		err_resource(e, id_of(j));
	return r;
}

static int open_socket(size_t i, void *context, struct err *e)
{
	struct job *j = (struct job *)context + i;

	return fail(j, nl_socket(NETLINK_ROUTE, &j->in, e), e);
}

/* Opens each job's namespace and a socket in it. */
static int enter(struct host *h, struct job *jobs, size_t n, struct err *e)
{
	int fds[NS_CHUNK];

	for (size_t i = 0; i < n; i++) {
		jobs[i].ns = ns_open(h, jobs[i].want->res->netns, e);
		if (jobs[i].ns < 0)
			return fail(&jobs[i], jobs[i].ns, e);
		fds[i] = jobs[i].ns;
	}
	return ns_each(fds, n, open_socket, jobs, e);
}

/* Adds the one interface of this name, 0 where there is none. */
static int find_index(struct mnl_socket *s, struct str name, uint32_t *ret, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = &a};

	rt_ask_link(&b, name);
	int r = nl_send(s, &b, rt_take_link, &links, e);
	*ret = r == 0 && links.all.n == 1 && str_is(name, links.all.at[0].name) ? links.all.at[0].index : 0;
	return r;
}

/* Finds both ends; both must be there. */
static int find_ends(struct mnl_socket *route, struct job *jobs, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct job *j = &jobs[i];
		int r = find_index(route, id_of(j), &j->index, e);

		if (r == 0 && j->index && j->in)
			r = find_index(j->in, STR(LINK_PEER), &j->peer, e);
		if (r == 0 && (!j->index || (j->in && !j->peer)))
			r = err_set(e, -ENODEV, "the link %.*s, or " LINK_PEER " at its other end, has disappeared", STR_ARG(id_of(j)));
		if (r < 0)
			return fail(j, r, e);
	}
	return 0;
}

static int conf_write(struct host *h, const char *family, struct str link, const char *key, const char *value, struct err *e)
{
	_buf_ struct buf path = {0};

	buf_fmt(&path, "net/%s/conf/%.*s/%s", family, STR_ARG(link), key);
	return proc_sys_write(h, buf_view(&path), str_of(value), e);
}

static int set_localnet(struct host *h, const struct link_want *w, struct err *e)
{
	return conf_write(h, "ipv4", w->res->res.id, "route_localnet", w->res->localnet ? "1" : "0", e);
}

/* What the host end must have before it is up. The container's end has it from its namespace's defaults (ns.c). */
static int set_conf(struct host *h, const struct link_want *w, struct err *e)
{
	struct str name = w->res->res.id;
	int r = w->res->localnet ? set_localnet(h, w, e) : 0;

	if (r == 0)
		r = conf_write(h, "ipv6", name, "accept_ra", "0", e);
	if (r == -ENOENT && !w->address[LINK_6].family) { /* no IPv6 in this kernel, and none is asked for */
		*e = (struct err){0};
		return 0;
	}
	if (r == 0)
		r = conf_write(h, "ipv6", name, "accept_dad", "0", e);
	if (r == 0 && w->address[LINK_6].family)
		r = conf_write(h, "ipv6", name, "disable_ipv6", "0", e);
	return r;
}

static struct rt_addr full_addr(uint32_t index, struct addr a)
{
	return (struct rt_addr){index, a, (uint8_t)addr_bits(a), a.family == 6 ? IFA_F_NODAD | IFA_F_NOPREFIXROUTE : 0};
}

static struct rt_route full_route(uint32_t index, struct addr to)
{
	return (struct rt_route){.dst = to, .len = (uint8_t)addr_bits(to), .index = index};
}

static void put_host_route(struct nl_batch *b, const struct job *j, enum link_family f, bool replace)
{
	struct rt_route r = full_route(j->index, j->want->address[f]);

	r.source = j->want->gateway[f];
	rt_set_route(b, id_of(j), &r, true, replace, 0);
}

static void put_host_end(struct nl_batch *b, const struct job *j, enum link_family f)
{
	struct rt_addr gateway = full_addr(j->index, j->want->gateway[f]);

	if (!j->want->address[f].family)
		return;
	rt_set_addr(b, id_of(j), &gateway, true, 0);
	if (!j->later[f])
		put_host_route(b, j, f, false);
}

static void put_container_end(struct nl_batch *b, const struct job *j, enum link_family f)
{
	struct rt_addr own = full_addr(j->peer, j->want->address[f]);
	struct rt_route gateway = full_route(j->peer, j->want->gateway[f]);
	struct rt_route any = {.dst = {.family = own.addr.family}, .gateway = j->want->gateway[f], .index = j->peer};

	if (!j->want->address[f].family)
		return;
	rt_set_addr(b, id_of(j), &own, true, 0);
	/* The namespace is ours: what a program in it has put in their place gives way. */
	rt_set_route(b, id_of(j), &gateway, true, true, 0);
	rt_set_route(b, id_of(j), &any, true, true, 0);
}

/* Marks the families whose route leads to another link of ours: that container runs still. */
static int find_taken(struct mnl_socket *route, struct job *j, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_routes found = {.arena = &a};

	for (int f = 0; f < LINK_FAMILIES; f++)
		if (j->want->address[f].family)
			rt_ask_route(&b, j->want->address[f]);
	int r = nl_send(route, &b, rt_take_route, &found, e);
	vec_each (const struct rt_route, x, &found.all)
		for (int f = 0; f < LINK_FAMILIES; f++)
			if (x->protocol == RT_PROTOCOL && x->index != j->index && x->len == addr_bits(x->dst) && addr_eq(x->dst, j->want->address[f]))
				j->later[f] = true;
	return r;
}

static int make_chunk(struct host *h, struct mnl_socket *route, struct job *jobs, size_t n, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	int r = enter(h, jobs, n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct str name = id_of(&jobs[i]);
		const struct rt_veth v = {name, link_mac(name, false), jobs[i].ns, LINK_PEER, link_mac(name, true)};

		rt_add_veth(&b, name, &v);
		rt_set_altname(&b, name, name, jobs[i].want->res->altname, true);
	}
	r = nl_send(route, &b, NULL, NULL, e);
	if (r == 0)
		r = find_ends(route, jobs, n, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct job *j = &jobs[i];

		r = fail(j, set_conf(h, j->want, e), e);
		if (r == 0)
			r = fail(j, find_taken(route, &jobs[i], e), e);
		rt_set_up(&b, id_of(j), j->peer);
		put_container_end(&b, j, LINK_4);
		put_container_end(&b, j, LINK_6);
		r = r < 0 ? r : nl_send(j->in, &b, NULL, NULL, e);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		rt_set_up(&b, id_of(&jobs[i]), jobs[i].index);
		put_host_end(&b, &jobs[i], LINK_4);
		put_host_end(&b, &jobs[i], LINK_6);
	}
	return r < 0 ? r : nl_send(route, &b, NULL, NULL, e);
}

static void jobs_begin(struct job *jobs, const struct link_want *links, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct job){.want = &links[i], .ns = -1};
}

int link_make(struct host *h, const struct link_want *links, size_t n, struct err *e)
{
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	for (size_t i = 0; i < n && r == 0; i += NS_CHUNK) {
		size_t m = n - i < NS_CHUNK ? n - i : NS_CHUNK;
		struct job jobs[NS_CHUNK];

		jobs_begin(jobs, links + i, m);
		r = make_chunk(h, route, jobs, m, e);
		jobs_end(jobs, m);
	}
	return r;
}

int link_route(struct host *h, const struct link_want *links, size_t n, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	for (size_t i = 0; i < n && r == 0; i++) {
		struct job j;

		jobs_begin(&j, &links[i], 1);
		r = find_ends(route, &j, 1, e);
		if (r == 0)
			r = fail(&j, find_taken(route, &j, e), e);
		for (int f = 0; f < LINK_FAMILIES && r == 0; f++)
			if (j.later[f])
				put_host_route(&b, &j, (enum link_family)f, true);
	}
	return r < 0 ? r : nl_send(route, &b, NULL, NULL, e);
}

/* Requests that take away all that is ours of a family on one end: routes, and addresses but the link-local one, by which IPv6 finds neighbours (RFC 4861). */
static int put_flush(struct mnl_socket *s, struct nl_batch *b, struct str id, uint32_t index, uint8_t family, struct err *e)
{
	_arena_ struct arena a = {0};
	struct rt_addrs addrs = {.arena = &a};
	struct rt_routes routes = {.arena = &a};
	int r = rt_get_addrs(s, index, &addrs, e);

	if (r == 0)
		r = rt_get_routes(s, index, &routes, e);
	/* Backwards: the default route needs the one to the gateway. */
	for (size_t i = routes.all.n; i-- > 0 && r == 0;)
		if (routes.all.at[i].dst.family == family && routes.all.at[i].index == index)
			rt_set_route(b, id, &routes.all.at[i], false, false, -ESRCH);
	for (size_t i = 0; i < addrs.all.n && r == 0; i++) {
		const struct rt_addr *x = &addrs.all.at[i];
		bool link_local = family == 6 && x->addr.b[0] == 0xfe && (x->addr.b[1] & 0xc0) == 0x80;

		if (x->addr.family == family && x->index == index && !link_local)
			rt_set_addr(b, id, x, false, -EADDRNOTAVAIL);
	}
	return r;
}

/* Makes one family anew: on the host's end and then on the container's, each in one system call. */
static int mend_family(struct mnl_socket *route, struct job *j, enum link_family f, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	uint8_t family = f == LINK_6 ? 6 : 4;
	int r = put_flush(j->in, &b, id_of(j), j->peer, family, e);

	if (r == 0) {
		rt_set_up(&b, id_of(j), j->peer);
		put_container_end(&b, j, f);
		r = nl_send(j->in, &b, NULL, NULL, e);
	}
	if (r == 0)
		r = put_flush(route, &b, id_of(j), j->index, family, e);
	if (r == 0) {
		bool taken = j->later[f];

		rt_set_up(&b, id_of(j), j->index);
		j->later[f] = true;
		put_host_end(&b, j, f);
		if (j->want->address[f].family)
			put_host_route(&b, j, f, taken);
		r = nl_send(route, &b, NULL, NULL, e);
	}
	return r;
}

static int mend(struct host *h, struct mnl_socket *route, struct job *j, const struct res_link *from, struct err *e)
{
	const struct res_link *to = j->want->res;
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	bool four = !str_eq(from->address, to->address) || !str_eq(from->gateway, to->gateway);
	bool six = !str_eq(from->address6, to->address6) || !str_eq(from->gateway6, to->gateway6);
	int r = 0;

	if (!str_eq(from->altname, to->altname)) {
		if (from->altname.n)
			rt_set_altname(&b, to->res.id, to->res.id, from->altname, false);
		rt_set_altname(&b, to->res.id, to->res.id, to->altname, true);
		r = nl_send(route, &b, NULL, NULL, e);
	}
	if (r == 0 && from->localnet != to->localnet)
		r = set_localnet(h, j->want, e);
	if (r < 0 || (!four && !six))
		return r;
	r = enter(h, j, 1, e);
	if (r == 0)
		r = find_ends(route, j, 1, e);
	if (r == 0)
		r = set_conf(h, j->want, e);
	if (r == 0)
		r = find_taken(route, j, e);
	if (r == 0 && four)
		r = mend_family(route, j, LINK_4, e);
	if (r == 0 && six)
		r = mend_family(route, j, LINK_6, e);
	return r;
}

int link_mend(struct host *h, const struct res_link *from, const struct link_want *to, struct err *e)
{
	struct mnl_socket *route;
	struct job j;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	jobs_begin(&j, to, 1);
	if (r == 0)
		r = fail(&j, mend(h, route, &j, from, e), e);
	jobs_end(&j, 1);
	return r;
}

static int delete_chunk(struct mnl_socket *route, const struct str *names, size_t n, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = &a};

	for (size_t i = 0; i < n; i++)
		rt_ask_link(&b, names[i]);
	int r = nl_send(route, &b, rt_take_link, &links, e);
	vec_each (const struct rt_link, l, &links.all)
		if (r == 0 && !link_is_ours(l)) {
			r = err_set(e, -EEXIST, "the interface %s is not one that ctc made; it is left alone", l->name);
			err_resource(e, str_of(l->name));
		}
	if (r < 0 || links.all.n == 0)
		return r;
	/* In one system call, so that no other process sees a doomed link, and a killed one leaves none. */
	vec_each (const struct rt_link, l, &links.all)
		rt_doom(&b, str_of(l->name), l->index);
	rt_del_doomed(&b);
	return nl_send(route, &b, NULL, NULL, e);
}

int link_delete(struct host *h, const struct str *names, size_t n, struct err *e)
{
	struct mnl_socket *route;
	int r = nl_open(h, NETLINK_ROUTE, &route, e);

	for (size_t i = 0; i < n && r == 0; i += NS_CHUNK)
		r = delete_chunk(route, names + i, n - i < NS_CHUNK ? n - i : NS_CHUNK, e);
	return r;
}
