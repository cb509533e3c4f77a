/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Directories of volumes, and two files of each container that is not on the host's network. Its hosts file has its
 * own names, those of the containers that it may open connections to, and the host's where it may open some to that: addresses are known here, so that no name
 * server is needed. Its resolv.conf has the name servers for all other names; the host's are known only there. */
#include "compiler/lower_engine.h"
#include "compiler/lower_impl.h"
#include "lang/base/sort.h"

struct former {
	VEC(struct str) all;	/* the name that it has, and those that it had */
};

static void former_of(struct lowering *l, const struct m_stack *s, struct str name, struct former *ret)
{
	vec_push(l->scratch, &ret->all, name);
	for (size_t i = 0; i < s->moved.n; i++)
		if (str_eq(s->moved.at[i].right.v, name))
			vec_push(l->scratch, &ret->all, s->moved.at[i].left.v);
}

static void former_stacks(struct lowering *l, const struct m_stack *s, struct former *ret)
{
	vec_push(l->scratch, &ret->all, s->head.name);
	for (size_t i = 0; i < s->moved.n; i++)
		if (name_is_stack_move(s, &s->moved.at[i].right))
			vec_push(l->scratch, &ret->all, s->moved.at[i].left.v);
}

/* Where a volume's data may be since its stack, its container, or it itself, had another name. */
static struct strs volume_was(struct lowering *l, const struct m_container *c, const struct m_volume *v)
{
	const struct m_stack *s = c->head.stack;
	struct former stacks = {0}, containers = {0}, volumes = {0};
	struct str now = name_volume(l->scratch, c, v);
	VEC(struct str) was = {0};

	if (v->from.set || s->moved.n == 0)
		return (struct strs){0};
	former_stacks(l, s, &stacks);
	former_of(l, c->head.stack, c->head.name, &containers);
	former_of(l, c->head.stack, STR_JOIN(l->scratch, c->head.name, STR("."), v->head.name), &volumes);
	for (size_t n = 0; n < stacks.all.n; n++)
		for (size_t i = 0; i < containers.all.n; i++)
			for (size_t k = 0; k < volumes.all.n; k++) {
				struct str volume, path;

				str_cut(volumes.all.at[k], '.', &volume);
				path = name_volume_as(l->arena, v, stacks.all.at[n], containers.all.at[i], volume);
				if (!str_eq(path, now)) /* that of a category does not hang on the stack */
					vec_push(l->arena, &was, path);
			}
	return (struct strs){was.at, was.n};
}

/* Two containers may share a directory; rules.c has seen to it that they agree about its owner and mode. */
static void lower_directories(struct lowering *l)
{
	struct map seen = {0};

	lower_each_member(m, l) {
		vec_each(struct m_volume *const, at, &m->container->volume) {
			const struct m_volume *v = *at;
			struct str path = name_volume(l->arena, m->container, v);
			struct res_directory *r;

			r = map_get(&seen, path);
			if (r) {
				r->backup |= v->backup.v;
				continue;
			}
			r = manifest_take_directory(l->out, path);
			map_add(l->scratch, &seen, path, r);
			res_mark(&r->res, m->container->head.stack, m->full,
				 source_origin(l->sources, v->from.given ? v->from.at : v->head.at));
			r->mode = v->mode.v;
			r->uid = v->owner.v.uid;
			r->gid = v->owner.v.gid;
			r->keep = true;
			r->backup = v->backup.v;
			r->was = volume_was(l, m->container, v);
		}
	}
}

/* What one container's file lists. */
struct peer {
	const struct net_member *member;
	bool short_name;
};
struct peers {
	VEC(struct peer) all;
	bool host;
};

/* What podman and Docker call the host of a container; images have these names in their defaults. */
#define HOST_NAMES " host.containers.internal host.docker.internal\n"

static int cmp_names(const void *x, const void *y)
{
	const struct m_head *a = &((const struct peer *)x)->member->container->head,
			    *b = &((const struct peer *)y)->member->container->head;
	int order = str_cmp(a->name, b->name);

	return order ? order : str_cmp(a->stack->head.name, b->stack->head.name);
}

/* Sorts by name, drops what stands twice (and the container itself), and gives the short name to a peer where
 * it can mean nobody else: the own stack's first, then whoever is alone with it. */
static void peers_settle(const struct net_member *self, struct peers *p)
{
	const struct m_head *own = &self->container->head;
	size_t n = 0;

	sort_array(p->all.at, p->all.n, sizeof *p->all.at, cmp_names);
	vec_each(struct peer, q, &p->all)
		if (q->member != self && (n == 0 || p->all.at[n - 1].member != q->member))
			p->all.at[n++] = *q;
	p->all.n = n;
	for (size_t i = 0, end; i < n; i = end) {
		struct str name = p->all.at[i].member->container->head.name;

		for (end = i + 1; end < n && str_eq(p->all.at[end].member->container->head.name, name);)
			end++;
		for (size_t k = i; k < end; k++)
			p->all.at[k].short_name = p->all.at[k].member->container->head.stack == own->stack ||
						  (end == i + 1 && !str_eq(name, own->name));
		/* One of several is of the own stack: then the others have no short name, which the line
		 * above has said already. */
	}
}

struct line {
	struct addr address;
	const struct peer *peer;
};

static int cmp_lines(const void *x, const void *y)
{
	return addr_cmp(((const struct line *)x)->address, ((const struct line *)y)->address);
}

/* hostname: what its own programs call it, "" for others. */
static void write_line(struct buf *out, struct addr address, struct str hostname, const struct m_head *head, bool short_name)
{
	char text[ADDR_TEXT_MAX];

	buf_puts(out, addr_text(address, text));
	buf_addc(out, ' ');
	if (hostname.n && !str_eq(hostname, head->name)) {
		buf_str(out, hostname);
		buf_addc(out, ' ');
	}
	if (short_name) {
		buf_str(out, head->name);
		buf_addc(out, ' ');
	}
	buf_str(out, head->name);
	buf_addc(out, '.');
	buf_str(out, head->stack->head.name);
	buf_addc(out, '\n');
}

/* The host as the container sees it: its gateway. */
static void write_host(struct buf *out, const struct net_member *home)
{
	char text[ADDR_TEXT_MAX];

	for (enum net_family f = NET_4; f < NET_FAMILIES; f++)
		if (home->address[f].n)
			buf_fmt(out, "%s" HOST_NAMES, addr_text(subnet_gateway(home->subnet, f), text));
}

static struct str hosts_text(struct lowering *l, const struct net_member *self, struct peers *p)
{
	struct buf *out = &l->text;
	const struct m_container *c = self->home->container;
	const struct m_head *own = &self->container->head;
	struct str hostname = container_hostname(self->container); /* programs look up their own */
	struct line *lines = arena_array(l->scratch, 2 * p->all.n, sizeof *lines);
	size_t n = 0;

	vec_each(const struct peer, q, &p->all) {
		const struct m_container *other = q->member->home->container;

		if (c->address.set && other->address.set)
			lines[n++] = (struct line){other->address.v, q};
		if (c->address6.set && other->address6.set)
			lines[n++] = (struct line){other->address6.v, q};
	}
	sort_array(lines, n, sizeof *lines, cmp_lines);
	out->n = 0;
	buf_puts(out, "127.0.0.1 localhost\n::1 localhost\n");
	if (c->address.set)
		write_line(out, c->address.v, hostname, own, true);
	if (c->address6.set)
		write_line(out, c->address6.v, hostname, own, true);
	if (p->host)
		write_host(out, self->home);
	for (size_t i = 0; i < n; i++)
		write_line(out, lines[i].address, STR(""), &lines[i].peer->member->container->head, lines[i].peer->short_name);
	return str_copy(l->arena, buf_view(out));
}

/* By home: what one container of a namespace may reach, all in it may; and they reach each other. */
static void collect_peers(struct lowering *l, struct peers *peers)
{
	lower_each_member(m, l)
		vec_push(l->scratch, &peers[m->home - l->net->members].all, (struct peer){.member = m});
	vec_each(const struct flow, f, &l->flows->all) {
		struct flow_members from, to;

		flow_members(l->net, &f->from, &from);
		flow_members(l->net, &f->to, &to);
		for (size_t i = 0; i < from.n; i++)
			peers[from.at[i]->home - l->net->members].host |= f->to.kind == END_HOST;
		for (size_t i = 0; i < from.n; i++)
			for (size_t k = 0; k < to.n; k++)
				vec_push(l->scratch, &peers[from.at[i]->home - l->net->members].all,
					 (struct peer){.member = to.at[k]});
	}
}

static struct str resolv_text(struct lowering *l, const struct dns *dns)
{
	char text[ADDR_TEXT_MAX];

	if (dns->from == DNS_HOST)
		return STR("@dns:host@\n");
	if (dns->from == DNS_NONE)
		return STR("# no name servers\n");
	l->text.n = 0;
	for (size_t i = 0; i < dns->n; i++) {
		buf_puts(&l->text, "nameserver ");
		buf_puts(&l->text, addr_text(dns->at[i], text));
		buf_addc(&l->text, '\n');
	}
	return str_copy(l->arena, buf_view(&l->text));
}

static void lower_file(struct lowering *l, const struct net_member *m, struct str path, struct str content)
{
	struct res_file *r = manifest_take_file(l->out, path);

	res_mark(&r->res, m->container->head.stack, m->full, source_origin(l->sources, m->container->head.at));
	r->mode = 0644;
	r->content = content;
}

void lower_files(struct lowering *l)
{
	struct peers *peers = arena_array(l->scratch, l->net->nmembers, sizeof *peers);

	lower_directories(l);
	collect_peers(l, peers);
	lower_each_member(m, l) {
		const struct peers *all = &peers[m->home - l->net->members];
		struct peers p = {.host = all->host};

		if (container_on_host(m->home->container))
			continue;
		vec_each(const struct peer, q, &all->all)
			vec_push(l->scratch, &p.all, *q);
		peers_settle(m, &p);
		lower_file(l, m, name_hosts_file(l->arena, m->container), hosts_text(l, m, &p));
		lower_file(l, m, name_resolv_file(l->arena, m->container),
			   resolv_text(l, container_dns(m->container)));
	}
}
