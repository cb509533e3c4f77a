/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Links as they are. The host's interfaces, addresses and routes are read once; then each namespace that holds an end of a link of ours is visited once. A field of
 * the observed resource says what works from one end to the other, not what was asked for: an address counts when the container's end has it and the host's route
 * to it is there. What does not work is reported as empty, so that a plan sees it as a difference. */
#include "runtime/link.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "lang/base/sort.h"
#include "runtime/nl_gate.h"
#include "runtime/ns.h"

/* One link of ours. */
struct seen {
	const struct rt_link *link;
	const struct res_link *known;	/* may be NULL */
	struct str ns;			/* name of the namespace with the other end; empty: none of those that have a name */
};

struct side {
	struct rt_addrs addrs;		/* both sorted by interface */
	struct rt_routes routes;
};

struct ns_number {
	int32_t id;
	struct str name;
};

struct look {
	struct host *h;
	const struct manifest *known;
	struct manifest *ret;
	struct arena *arena;		/* for the time of the observation */
	struct mnl_socket *route;
	struct rt_links links;
	struct side host;
	struct rt_routes loopback6;	/* sorted by interface */
	struct gate_links gate;
	VEC(struct seen) seen;
	VEC(struct ns_number) numbers;	/* sorted */
};

static int cmp_addrs(const void *a, const void *b)
{
	const struct rt_addr *x = a, *y = b;

	return x->index != y->index ? (x->index < y->index ? -1 : 1) : addr_cmp(x->addr, y->addr);
}

static int cmp_routes(const void *a, const void *b)
{
	const struct rt_route *x = a, *y = b;

	return x->index != y->index ? (x->index < y->index ? -1 : 1) : addr_cmp(x->dst, y->dst);
}

static int cmp_numbers(const void *a, const void *b)
{
	const struct ns_number *x = a, *y = b;

	return x->id != y->id ? (x->id < y->id ? -1 : 1) : str_cmp(x->name, y->name);
}

static int read_side(struct mnl_socket *s, struct arena *a, struct side *ret, struct err *e)
{
	*ret = (struct side){.addrs = {.arena = a}, .routes = {.arena = a}};
	int r = rt_get_addrs(s, 0, &ret->addrs, e);

	if (r == 0)
		r = rt_get_routes(s, 0, &ret->routes, e);
	if (r == 0 && ret->addrs.all.n)
		qsort(ret->addrs.all.at, ret->addrs.all.n, sizeof *ret->addrs.all.at, cmp_addrs);
	if (r == 0 && ret->routes.all.n)
		qsort(ret->routes.all.at, ret->routes.all.n, sizeof *ret->routes.all.at, cmp_routes);
	return r;
}

/* for (each address or route of one interface): both lists are sorted by it. */
#define side_each(type, var, list, wanted)                                                                            \
	for (const type *var = (list)->at + first_of((list)->at, (list)->n, sizeof(type), offsetof(type, index), (wanted)); \
	     var < (list)->at + (list)->n && var->index == (wanted); var++)

static size_t first_of(const void *at, size_t n, size_t size, size_t offset, uint32_t index)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (*(const uint32_t *)((const char *)at + mid * size + offset) < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool has_addr(const struct side *s, uint32_t index, struct addr a)
{
	side_each(struct rt_addr, x, &s->addrs.all, index)
		if (addr_eq(x->addr, a) && x->len == addr_bits(a) && !(x->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
			return true;
	return false;
}

/* The route to dst/len with this gateway (family 0: none), or NULL. */
static const struct rt_route *find_route(const struct side *s, uint32_t index, struct addr dst, uint8_t len, struct addr gateway)
{
	side_each(struct rt_route, x, &s->routes.all, index)
		if (addr_eq(x->dst, dst) && x->len == len && addr_eq(x->gateway, gateway) && x->type == RTN_UNICAST)
			return x;
	return NULL;
}

static const struct addr no_addr = {0};

static bool address_works(const struct look *k, const struct side *in, const struct rt_link *l, struct addr a)
{
	return has_addr(in, l->peer, a) && find_route(&k->host, l->index, a, (uint8_t)addr_bits(a), no_addr);
}

/* The container's address of a family, of those that work: what it sends comes from that one; else the known one, else the first. */
static struct addr find_address(const struct look *k, const struct side *in, const struct rt_link *l, uint8_t family, struct str known)
{
	struct addr a;

	side_each(struct rt_route, x, &in->routes.all, l->peer)
		if (x->dst.family == family && !x->len && x->source.family && address_works(k, in, l, x->source))
			return x->source;
	if (addr_parse(known, &a) && a.family == family && address_works(k, in, l, a))
		return a;
	side_each(struct rt_route, x, &k->host.routes.all, l->index)
		if (x->dst.family == family && x->len == addr_bits(x->dst) && address_works(k, in, l, x->dst))
			return x->dst;
	return no_addr;
}

static struct str addr_str(struct arena *a, struct addr x)
{
	char text[ADDR_TEXT_MAX];

	return x.family ? str_copy(a, str_of(addr_text(x, text))) : STR("");
}

/* Every other address of the container that works, as sorted texts. */
static struct strs find_more(const struct look *k, const struct side *in, const struct rt_link *l, struct addr address, struct addr address6, struct arena *a)
{
	VEC(struct str) all = {0};

	side_each(struct rt_route, x, &k->host.routes.all, l->index)
		if (x->len == addr_bits(x->dst) && !addr_eq(x->dst, address) && !addr_eq(x->dst, address6) && address_works(k, in, l, x->dst))
			vec_push(a, &all, addr_str(a, x->dst));
	sort_strs(all.at, all.n);
	return (struct strs){all.at, all.n};
}

static bool gateway_works(const struct look *k, const struct side *in, const struct rt_link *l, struct addr g, struct addr address)
{
	struct addr any = {.family = g.family};
	const struct rt_route *to = NULL;

	if (address.family)
		to = find_route(&k->host, l->index, address, (uint8_t)addr_bits(address), no_addr);
	return has_addr(&k->host, l->index, g) && find_route(in, l->peer, g, (uint8_t)addr_bits(g), no_addr) &&
	       find_route(in, l->peer, any, 0, g) && (!to || addr_eq(to->source, g));
}

static struct addr find_gateway(const struct look *k, const struct side *in, const struct rt_link *l, uint8_t family, struct str known,
				struct addr address)
{
	struct addr g;

	if (addr_parse(known, &g) && g.family == family && gateway_works(k, in, l, g, address))
		return g;
	side_each(struct rt_addr, x, &k->host.addrs.all, l->index)
		if (x->addr.family == family && gateway_works(k, in, l, x->addr, address))
			return x->addr;
	return no_addr;
}

/* The alternative name: the known one where the link has it, else the first that is of our form. */
static struct str find_altname(const struct rt_link *l, struct str known)
{
	struct str first = {0};

	for (size_t i = 0; i < l->altnames.n; i++) {
		if (str_eq(l->altnames.at[i], known))
			return known;
		if (str_starts(l->altnames.at[i], STR("ct-")) && (!first.n || str_cmp(l->altnames.at[i], first) < 0))
			first = l->altnames.at[i];
	}
	return first;
}

/* Whether there is anything of ours of a family. What a program in the container has put on its own end does not count. */
static bool family_begun(const struct look *k, const struct side *in, const struct rt_link *l, uint8_t family)
{
	side_each(struct rt_addr, a, &k->host.addrs.all, l->index)
		if (a->addr.family == family && a->len == addr_bits(a->addr))
			return true;
	side_each(struct rt_route, r, &k->host.routes.all, l->index)
		if (r->dst.family == family)
			return true;
	side_each(struct rt_route, r, &in->routes.all, l->peer)
		if (r->dst.family == family)
			return true;
	return false;
}

/* Whether somebody gave the host's end an address of a family that is not the gateway's. */
static bool has_foreign_address(const struct look *k, const struct rt_link *l, uint8_t family, struct str gateway)
{
	struct addr g = {0};

	addr_parse(gateway, &g);
	side_each(struct rt_addr, x, &k->host.addrs.all, l->index)
		if (x->addr.family == family && !link_finds_neighbours(x->addr) && !(addr_eq(x->addr, g) && x->len == addr_bits(g)))
			return true;
	return false;
}

static bool has_loopback6(const struct look *k, const struct seen *s)
{
	side_each(struct rt_route, x, &k->loopback6.all, s->link->index)
		if (x->type == RTN_LOCAL)
			return true;
	return false;
}

/* One field says that ports published on loopback addresses work: where that is wanted, all that it takes must be there, and where it is not, nothing of it. */
static bool find_localnet(const struct look *k, const struct seen *s)
{
	bool six = has_loopback6(k, s);

	if (s->known && s->known->localnet)
		return s->link->localnet && (six || !s->known->address6.n);
	return s->link->localnet || six;
}

static struct res_link *report(struct look *k, const struct seen *s)
{
	struct res_link *r = manifest_add_link(k->ret, str_of(s->link->name));

	r->fault = STR("not connected to a container");
	r->altname = str_copy(k->ret->arena, find_altname(s->link, s->known ? s->known->altname : STR("")));
	r->localnet = find_localnet(k, s);
	return r;
}

/* The fields that depend on the other end, which stands in the namespace that `in` was read from. */
static void report_peer(struct look *k, const struct seen *s, const struct rt_link *peer, const struct side *in, struct res_link *r)
{
	static const struct res_link nothing;
	const struct res_link *known = s->known ? s->known : &nothing;
	const struct rt_link *l = s->link;
	struct arena *a = k->ret->arena;

	if (l->flags & IFF_UP && peer->flags & IFF_UP && strcmp(peer->name, LINK_PEER) == 0 && !l->accept_ra && !peer->accept_ra)
		r->netns = str_copy(a, s->ns);
	struct addr address = find_address(k, in, l, 4, known->address), address6 = find_address(k, in, l, 6, known->address6);
	r->address = addr_str(a, address);
	r->gateway = addr_str(a, find_gateway(k, in, l, 4, known->gateway, address));
	r->address6 = addr_str(a, address6);
	r->gateway6 = addr_str(a, find_gateway(k, in, l, 6, known->gateway6, address6));
	r->more = find_more(k, in, l, address, address6, a);
	/* A way to ::1 that leads nowhere. */
	if (!known->address6.n && !r->address6.n && has_loopback6(k, s))
		r->localnet = !known->localnet;
	if (!r->altname.n)
		r->fault = STR("no alternative name");
	else if ((!r->address.n || !r->gateway.n) && family_begun(k, in, l, 4))
		r->fault = STR("IPv4 does not work");
	else if ((!r->address6.n || !r->gateway6.n) && family_begun(k, in, l, 6))
		r->fault = STR("IPv6 does not work");
	else if (has_foreign_address(k, l, 4, r->gateway) || has_foreign_address(k, l, 6, r->gateway6))
		r->fault = STR("has an address that is not its own");
	else if (!gate_holds(&k->gate, l->index))
		r->fault = STR("open where the policy is not there");
	else if (r->netns.n)
		r->fault = STR("");
}

/* ct and 8 characters, as compiler/names.c makes them. */
static bool name_is_ours(const char *name)
{
	return strlen(name) == 10 && strncmp(name, "ct", 2) == 0;
}

/* Of lo, in every namespace (LOOPBACK_IFINDEX in the kernel's include/net/flow.h). */
enum { LOOPBACK_INDEX = 1 };

/* One of ours that somebody gave another name: it has the hardware address that its own name leads to. A stranger's may have the alternative name. */
static bool is_renamed(const struct look *k, const struct rt_link *l)
{
	const struct res_link *r;

	manifest_each(link, r, k->known) {
		struct mac own = link_mac(r->res.id, false);

		for (size_t i = 0; i < l->altnames.n; i++)
			if (str_eq(l->altnames.at[i], r->altname) && memcmp(own.b, l->mac.b, sizeof own.b) == 0)
				return true;
	}
	return false;
}

static int find_ours(struct look *k, struct err *e)
{
	int r = rt_get_veths(k->route, &k->links, e);

	for (size_t i = 0; r == 0 && i < k->links.all.n; i++) {
		const struct rt_link *l = &k->links.all.at[i];
		const struct res_link *known = (const struct res_link *)manifest_find(k->known, RES_link, str_of(l->name));

		if (link_is_ours(l) && (known || is_renamed(k, l) || (name_is_ours(l->name) && find_altname(l, STR("")).n)))
			vec_push(k->arena, &k->seen, (struct seen){.link = l, .known = known});
	}
	return r;
}

static void close_fds(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* The numbers of up to NS_CHUNK namespaces. One that has gone meanwhile is left out. */
static int number_chunk(struct look *k, const struct str *names, size_t n, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_ids ids = {.arena = k->arena};
	struct str opened[NS_CHUNK];
	int fds[NS_CHUNK], r = 0;
	size_t m = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		r = ns_open(k->h, names[i], e);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		rt_ask_nsid(&b, r);
		opened[m] = names[i];
		fds[m++] = r;
	}
	if (r >= 0)
		r = nl_send(k->route, &b, rt_take_nsid, &ids, e);
	close_fds(fds, m);
	if (r == 0 && ids.all.n != m)
		r = err_set(e, -EBADMSG, "the kernel did not number all network namespaces that it was asked for");
	for (size_t i = 0; r == 0 && i < m; i++)
		if (ids.all.at[i] >= 0)
			vec_push(k->arena, &k->numbers, (struct ns_number){ids.all.at[i], opened[i]});
	return r;
}

static int number_namespaces(struct look *k, struct err *e)
{
	VEC(struct str) names = {0};
	const struct res_link *known;
	struct ns_entry *list;
	size_t n;
	int r = ns_list(k->h, k->arena, &list, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (list[i].state == NS_WHOLE)
			vec_push(k->arena, &names, list[i].name);
	manifest_each(link, known, k->known)
		if (known->netns.n && !str_starts(known->netns, STR("ct-")))
			vec_push(k->arena, &names, known->netns);
	for (size_t i = 0; r == 0 && i < names.n; i += NS_CHUNK)
		r = number_chunk(k, names.at + i, names.n - i < NS_CHUNK ? names.n - i : NS_CHUNK, e);
	if (k->numbers.n)
		qsort(k->numbers.at, k->numbers.n, sizeof *k->numbers.at, cmp_numbers);
	return r;
}

/* The name of a namespace by its number; of several names the known one, else the first. */
static struct str name_of(const struct look *k, int32_t id, struct str known)
{
	size_t lo = 0, hi = k->numbers.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->numbers.at[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	struct str first = {0};
	for (; lo < k->numbers.n && k->numbers.at[lo].id == id; lo++) {
		if (str_eq(k->numbers.at[lo].name, known))
			return known;
		if (!first.n)
			first = k->numbers.at[lo].name;
	}
	return first;
}

static int open_socket(size_t i, void *context, struct err *e)
{
	return nl_socket(NETLINK_ROUTE, &((struct mnl_socket **)context)[i], e);
}

/* One namespace, read through a socket that was opened in it. */
static int visit(struct look *k, const struct seen *s, struct mnl_socket *socket, struct err *e)
{
	_arena_ struct arena scratch = {0};
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rt_links peer = {.arena = &scratch};	/* and lo */
	struct side in;
	int r = 0;

	rt_ask_index(&b, s->link->peer);
	rt_ask_index(&b, LOOPBACK_INDEX);
	r = nl_send(socket, &b, rt_take_link, &peer, e);
	if (r == 0)
		r = read_side(socket, &scratch, &in, e);
	if (r < 0)
		return err_context(e, "network namespace %.*s", STR_ARG(s->ns));
	struct res_link *res = report(k, s);
	if (peer.all.n == 2 && peer.all.at[0].index == s->link->peer)
		report_peer(k, s, &peer.all.at[0], &in, res);
	if (!res->fault.n && !(peer.all.at[1].flags & IFF_UP))
		res->fault = STR("lo is down in the container");
	return 0;
}

static int visit_chunk(struct look *k, const struct seen *s, size_t n, struct err *e)
{
	struct mnl_socket *sockets[NS_CHUNK] = {0};
	const struct seen *open[NS_CHUNK];
	int fds[NS_CHUNK], r = 0;
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		r = ns_open(k->h, s[i].ns, e);
		if (r < 0 && r != -ENOENT)
			break;
		if (r < 0)
			report(k, &s[i]);
		else
			open[m] = &s[i], fds[m++] = r;
		r = 0;
	}
	if (r == 0 && m)
		r = ns_each(fds, m, open_socket, sockets, e);
	close_fds(fds, m);
	for (size_t i = 0; i < m; i++) {
		if (r == 0)
			r = visit(k, open[i], sockets[i], e);
		if (sockets[i])
			mnl_socket_close(sockets[i]);
	}
	return r;
}

static int cmp_seen(const void *a, const void *b)
{
	return str_cmp(((const struct seen *)a)->ns, ((const struct seen *)b)->ns);
}

static int look(struct look *k, struct err *e)
{
	int r = nl_open(k->h, NETLINK_ROUTE, &k->route, e);
	size_t first = 0;

	if (r == 0)
		r = find_ours(k, e);
	if (r < 0 || k->seen.n == 0)
		return r;
	r = read_side(k->route, k->arena, &k->host, e);
	k->loopback6.arena = k->arena;
	if (r == 0)
		r = rt_get_loopback6(k->route, &k->loopback6, e);
	if (r == 0 && k->loopback6.all.n)
		qsort(k->loopback6.all.at, k->loopback6.all.n, sizeof *k->loopback6.all.at, cmp_routes);
	k->gate.arena = k->arena;
	if (r == 0)
		r = gate_get_links(k->route, &k->gate, e);
	if (r == 0)
		r = number_namespaces(k, e);
	for (size_t i = 0; r == 0 && i < k->seen.n; i++) {
		struct seen *s = &k->seen.at[i];

		if (s->link->peer_nsid >= 0)
			s->ns = name_of(k, s->link->peer_nsid, s->known ? s->known->netns : STR(""));
	}
	/* Those without a namespace come first. */
	qsort(k->seen.at, k->seen.n, sizeof *k->seen.at, cmp_seen);
	for (; r == 0 && first < k->seen.n && k->seen.at[first].ns.n == 0; first++)
		report(k, &k->seen.at[first]);
	for (size_t i = first; r == 0 && i < k->seen.n; i += NS_CHUNK)
		r = visit_chunk(k, k->seen.at + i, k->seen.n - i < NS_CHUNK ? k->seen.n - i : NS_CHUNK, e);
	return r;
}

int link_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	_arena_ struct arena arena = {0};
	struct look k = {.h = h, .known = known, .ret = ret, .arena = &arena, .links = {.arena = &arena}};

	return look(&k, e);
}
