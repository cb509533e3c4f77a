/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Making, mending and deleting links. A link is made in one request with its other end in the container's namespace already, so that no end is ever seen in a wrong
 * place; all requests of up to NS_CHUNK links go out together. Nothing here decides what to do: kind_link.c does.
 *
 *	host end	gateway/32, route container/32 dev LINK src gateway, for each address of the container
 *	eth0		container/32 for each, route gateway/32 dev eth0, default via gateway, both with the first address as the source
 *
 * and the same with /128 for IPv6, without duplicate address detection: a link has two ends, and both addresses are ours. */
#include "runtime/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "lang/base/cleanup.h"
#include "runtime/nl_gate.h"
#include "runtime/ns.h"

/* Of one family at most; of both together. */
enum { END_ADDRS_MAX = 1 + MORE_ADDRESSES_MAX, ENDS_MAX = LINK_FAMILIES + MORE_ADDRESSES_MAX };

/* What is known of a link while it is worked on. */
struct job {
	const struct link_want *want;
	int ns;			/* the container's namespace; -1 */
	struct mnl_socket *in;	/* a socket in it; NULL */
	uint32_t index, peer;	/* of the two ends, each in its namespace */
	bool strange;		/* the container's end takes router advertisements, as none does in a namespace that ctc made */
	bool later[ENDS_MAX];	/* the route to this address of the container is another link's for now: the first ones of the families, then the further ones */
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

/* The index of the one interface of this name, 0 where there is none; *ret_advertised (may be NULL): whether it takes router advertisements. */
static int find_index(struct mnl_socket *s, struct str name, uint32_t *ret, bool *ret_advertised, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links links = {.arena = &a};

	rt_ask_link(&b, name);
	int r = nl_send(s, &b, rt_take_link, &links, e);
	*ret = r == 0 && links.all.n == 1 && str_is(name, links.all.at[0].name) ? links.all.at[0].index : 0;
	if (ret_advertised)
		*ret_advertised = *ret && links.all.at[0].accept_ra;
	return r;
}

/* Finds both ends; both must be there. */
static int find_ends(struct mnl_socket *route, struct job *jobs, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct job *j = &jobs[i];
		int r = find_index(route, id_of(j), &j->index, NULL, e);

		if (r == 0 && j->index && j->in)
			r = find_index(j->in, STR(LINK_PEER), &j->peer, &j->strange, e);
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

/* The container's addresses, as job.later counts them; family 0: none. */
static struct addr own_addr(const struct link_want *w, size_t i)
{
	return i < LINK_FAMILIES ? w->address[i] : w->more[i - LINK_FAMILIES];
}

static size_t own_addrs(const struct link_want *w)
{
	return LINK_FAMILIES + w->nmore;
}

/* What one end shall have of a family, and how much of it is there. Nothing: naddrs 0. */
struct end {
	struct rt_addr addrs[END_ADDRS_MAX];
	struct rt_route routes[END_ADDRS_MAX > 2 ? END_ADDRS_MAX : 2];
	size_t naddrs, nroutes;
	bool has_addr[END_ADDRS_MAX], has_route[END_ADDRS_MAX], later[END_ADDRS_MAX];
};

static bool is_of(struct addr a, enum link_family f)
{
	return a.family == (f == LINK_6 ? 6 : 4);
}

static struct end host_end(const struct job *j, enum link_family f)
{
	const struct link_want *w = j->want;
	struct end x = {0};

	if (!w->address[f].family)
		return x;
	x.addrs[x.naddrs++] = full_addr(j->index, w->gateway[f]);
	for (size_t i = 0; i < own_addrs(w); i++) {
		if (!is_of(own_addr(w, i), f))
			continue;
		x.later[x.nroutes] = j->later[i];
		x.routes[x.nroutes] = full_route(j->index, own_addr(w, i));
		x.routes[x.nroutes++].source = w->gateway[f];
	}
	return x;
}

static struct end container_end(const struct job *j, enum link_family f)
{
	const struct link_want *w = j->want;
	struct end x = {0};

	for (size_t i = 0; i < own_addrs(w); i++)
		if (is_of(own_addr(w, i), f))
			x.addrs[x.naddrs++] = full_addr(j->peer, own_addr(w, i));
	if (!x.naddrs)
		return x;
	x.nroutes = 2;
	x.routes[0] = full_route(j->peer, w->gateway[f]);
	x.routes[1] = (struct rt_route){.dst = {.family = w->gateway[f].family}, .gateway = w->gateway[f], .index = j->peer};
	x.routes[0].source = x.routes[1].source = w->address[f];
	return x;
}

/* A new end, on which nothing is yet, but for the routes that are another link's. In the namespace, which is ours, what a program has put in the place of our routes
 * gives way. */
static void put_new(struct nl_batch *b, struct str id, const struct end *x, bool replace)
{
	for (size_t i = 0; i < x->naddrs; i++)
		rt_set_addr(b, id, &x->addrs[i], true, 0);
	for (size_t i = 0; i < x->nroutes; i++)
		if (!x->later[i])
			rt_set_route(b, id, &x->routes[i], true, replace, 0);
}

/* To which of the container's addresses the host's route leads by this link, and to which by another one of ours. */
static int find_routes(struct mnl_socket *route, const struct job *j, bool here[ENDS_MAX], bool elsewhere[ENDS_MAX], struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_routes found = {.arena = &a};

	for (size_t i = 0; i < own_addrs(j->want); i++)
		if (own_addr(j->want, i).family)
			rt_ask_route(&b, own_addr(j->want, i));
	int r = nl_send(route, &b, rt_take_route, &found, e);
	vec_each (const struct rt_route, x, &found.all)
		for (size_t i = 0; i < own_addrs(j->want); i++)
			if (x->protocol == RT_PROTOCOL && x->len == addr_bits(x->dst) && addr_eq(x->dst, own_addr(j->want, i)))
				(x->index == j->index ? here : elsewhere)[i] = true;
	return r;
}

/* Marks the addresses whose route leads to another link of ours: that container runs still. */
static int find_taken(struct mnl_socket *route, struct job *j, struct err *e)
{
	bool here[ENDS_MAX] = {0};

	return find_routes(route, j, here, j->later, e);
}

/* Marks the addresses whose route does not lead here: the one that had it has it still, or has given it up meanwhile. */
static int find_missing(struct mnl_socket *route, struct job *j, struct err *e)
{
	bool here[ENDS_MAX] = {0}, elsewhere[ENDS_MAX] = {0};
	int r = find_routes(route, j, here, elsewhere, e);

	for (size_t i = 0; i < own_addrs(j->want); i++)
		j->later[i] = !here[i];
	return r;
}

/* Ports that are published on ::1 or everywhere, as route_localnet is for 127.0.0.0/8. The link is up. */
static void put_loopback6(struct nl_batch *b, const struct job *j, bool on)
{
	rt_set_loopback6(b, id_of(j), j->index, on, on ? -EEXIST : -ESRCH);
}

/* Before a link carries its first packet: none passes that the policy has not judged, whether there is a policy or not. */
static int shut(struct mnl_socket *route, const struct job *jobs, size_t n, bool anew, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};

	for (size_t i = 0; i < n; i++) {
		if (anew)
			gate_put_unlink(&b, id_of(&jobs[i]), jobs[i].index);
		gate_put_link(&b, id_of(&jobs[i]), jobs[i].index);
	}
	int r = nl_send(route, &b, NULL, NULL, e);
	return r < 0 || !n ? r : gate_arm(route, e);
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
	if (r == 0)
		r = shut(route, jobs, n, false, e);
	for (size_t i = 0; i < n && r == 0; i++) {
		const struct job *j = &jobs[i];

		r = fail(j, set_conf(h, j->want, e), e);
		if (r == 0 && j->strange)
			r = fail(j, ns_settle(h, j->ns, LINK_PEER, e), e);
		if (r == 0)
			r = fail(j, find_taken(route, &jobs[i], e), e);
		rt_set_up(&b, id_of(j), j->peer);
		for (int f = 0; f < LINK_FAMILIES; f++) {
			struct end x = container_end(j, (enum link_family)f);

			put_new(&b, id_of(j), &x, true);
		}
		r = r < 0 ? r : nl_send(j->in, &b, NULL, NULL, e);
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		rt_set_up(&b, id_of(&jobs[i]), jobs[i].index);
		for (int f = 0; f < LINK_FAMILIES; f++) {
			struct end x = host_end(&jobs[i], (enum link_family)f);

			put_new(&b, id_of(&jobs[i]), &x, false);
		}
		if (jobs[i].want->res->localnet && jobs[i].want->res->address6.n)
			put_loopback6(&b, &jobs[i], true);
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

		if (h->interrupted && *h->interrupted)
			return err_set(e, -EINTR, "interrupted by the user");
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
			r = fail(&j, find_missing(route, &j, e), e);
		for (int f = 0; f < LINK_FAMILIES && r == 0; f++) {
			struct end x = host_end(&j, (enum link_family)f);

			for (size_t k = 0; k < x.nroutes; k++)
				if (x.later[k])
					rt_set_route(&b, id_of(&j), &x.routes[k], true, true, 0);
		}
	}
	return r < 0 ? r : nl_send(route, &b, NULL, NULL, e);
}

static bool route_same(const struct rt_route *a, const struct rt_route *b)
{
	return a->len == b->len && addr_eq(a->dst, b->dst) && addr_eq(a->gateway, b->gateway) && addr_eq(a->source, b->source);
}

/* Which of the addresses that an end shall have this is; naddrs: none of them. */
static size_t wanted_addr(const struct end *x, const struct rt_addr *a)
{
	size_t i = 0;

	while (i < x->naddrs && !(addr_eq(a->addr, x->addrs[i].addr) && a->len == x->addrs[i].len))
		i++;
	return i;
}

static size_t wanted_route(const struct end *x, const struct rt_route *r)
{
	size_t i = 0;

	while (i < x->nroutes && !route_same(r, &x->routes[i]))
		i++;
	return i;
}

/* Requests that make an end of a family what it shall be. New addresses come first: with the last address of an interface the kernel takes its routes. In the
 * namespace what a program has put in the place of our routes gives way; on the host a route that another link of ours has. */
static void put_end(struct nl_batch *b, struct str id, struct end *x, uint8_t family, const struct rt_addrs *addrs, const struct rt_routes *routes, bool inside)
{
	vec_each (const struct rt_addr, a, &addrs->all) {
		size_t i = wanted_addr(x, a);

		if (i == x->naddrs)
			continue;
		x->has_addr[i] = !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
		if (!x->has_addr[i])
			rt_set_addr(b, id, a, false, -EADDRNOTAVAIL);
	}
	for (size_t i = 0; i < x->naddrs; i++)
		if (!x->has_addr[i])
			rt_set_addr(b, id, &x->addrs[i], true, 0);
	/* Backwards: a default route needs the one to its gateway. */
	for (size_t i = routes->all.n; i-- > 0;) {
		const struct rt_route *r = &routes->all.at[i];
		size_t k = wanted_route(x, r);

		if (k < x->nroutes)
			x->has_route[k] = true;
		else if (r->dst.family == family)
			rt_set_route(b, id, r, false, false, -ESRCH);
	}
	vec_each (const struct rt_addr, a, &addrs->all)
		if (a->addr.family == family && !link_finds_neighbours(a->addr) && wanted_addr(x, a) == x->naddrs)
			rt_set_addr(b, id, a, false, -EADDRNOTAVAIL);
	for (size_t k = 0; k < x->nroutes; k++)
		if (!x->has_route[k])
			rt_set_route(b, id, &x->routes[k], true, inside || x->later[k], 0);
}

static int read_end(struct mnl_socket *s, uint32_t index, struct rt_addrs *addrs, struct rt_routes *routes, struct err *e)
{
	int r = rt_get_addrs(s, index, addrs, e);

	return r < 0 ? r : rt_get_routes(s, index, routes, e);
}

/* What is at the host end. Where the observation saw the one address of a family work, that is it; reading the routing table of a large host again for every link would take longer
 * than all the rest. */
static int read_host_end(struct mnl_socket *route, const struct job *j, enum link_family f, const struct res_link *from, struct rt_addrs *addrs,
			 struct rt_routes *routes, struct err *e)
{
	struct str address = f == LINK_6 ? from->address6 : from->address, gateway = f == LINK_6 ? from->gateway6 : from->gateway;
	struct addr a, g;

	if (from->fault.n || from->more.n || j->want->nmore || !addr_parse(address, &a) || !addr_parse(gateway, &g))
		return read_end(route, j->index, addrs, routes, e);
	struct rt_route r = full_route(j->index, a);
	r.source = g;
	vec_push(addrs->arena, &addrs->all, full_addr(j->index, g));
	vec_push(routes->arena, &routes->all, r);
	addrs->all.at[0].flags = 0;
	return 0;
}

/* Mends one family: the container's end, then the host's, each in one system call. */
static int mend_family(struct mnl_socket *route, struct job *j, enum link_family f, const struct res_link *from, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_addrs in_addrs = {.arena = &a}, addrs = {.arena = &a};
	struct rt_routes in_routes = {.arena = &a}, routes = {.arena = &a};
	struct end inner = container_end(j, f), outer = host_end(j, f);
	uint8_t family = f == LINK_6 ? 6 : 4;
	int r = read_end(j->in, j->peer, &in_addrs, &in_routes, e);

	if (r == 0) {
		put_end(&b, id_of(j), &inner, family, &in_addrs, &in_routes, true);
		r = nl_send(j->in, &b, NULL, NULL, e);
	}
	if (r == 0)
		r = read_host_end(route, j, f, from, &addrs, &routes, e);
	if (r == 0) {
		put_end(&b, id_of(j), &outer, family, &addrs, &routes, false);
		r = nl_send(route, &b, NULL, NULL, e);
	}
	return r;
}

static int mend_gate(struct mnl_socket *route, const struct job *j, struct err *e)
{
	_arena_ struct arena a = {0};
	struct gate_links g = {.arena = &a};
	int r = gate_get_links(route, &g, e);

	return r < 0 || gate_holds(&g, j->index) ? r : shut(route, j, 1, true, e);
}

static bool have_all(const struct strs *all, const struct strs *of, uint8_t family)
{
	struct addr a;

	for (size_t i = 0; i < of->n; i++)
		if (addr_parse(of->at[i], &a) && a.family == family && !strs_have(all, of->at[i]))
			return false;
	return true;
}

static bool further_differ(const struct strs *from, const struct strs *to, uint8_t family)
{
	return !have_all(from, to, family) || !have_all(to, from, family);
}

static int mend(struct host *h, struct mnl_socket *route, struct job *j, const struct res_link *from, struct err *e)
{
	const struct res_link *to = j->want->res;
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	bool four = from->fault.n || !str_eq(from->address, to->address) || !str_eq(from->gateway, to->gateway) || further_differ(&from->more, &to->more, 4);
	bool six = from->fault.n || !str_eq(from->address6, to->address6) || !str_eq(from->gateway6, to->gateway6) || further_differ(&from->more, &to->more, 6);
	int r = 0;

	if (!str_eq(from->altname, to->altname)) {
		if (from->altname.n)
			rt_set_altname(&b, to->res.id, to->res.id, from->altname, false);
		rt_set_altname(&b, to->res.id, to->res.id, to->altname, true);
		r = nl_send(route, &b, NULL, NULL, e);
	}
	if (r == 0 && from->localnet != to->localnet)
		r = set_localnet(h, j->want, e);
	if (r < 0 || (!four && !six && from->localnet == to->localnet))
		return r;
	r = enter(h, j, 1, e);
	if (r == 0)
		r = find_ends(route, j, 1, e);
	if (r == 0 && from->fault.n)
		r = ns_settle(h, j->ns, LINK_PEER, e);
	if (r == 0 && from->fault.n)
		r = mend_gate(route, j, e);
	if (r == 0 && six)
		r = set_conf(h, j->want, e);
	if (r == 0)
		r = find_taken(route, j, e);
	if (r == 0 && four)
		r = mend_family(route, j, LINK_4, from, e);
	if (r == 0 && six)
		r = mend_family(route, j, LINK_6, from, e);
	bool loopback6 = to->localnet && to->address6.n;
	if (r == 0 && (loopback6 || from->localnet != to->localnet || (from->localnet && from->address6.n))) {
		put_loopback6(&b, j, loopback6);
		r = nl_send(route, &b, NULL, NULL, e);
	}
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
