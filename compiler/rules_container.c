/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about containers: who waits for whom, their ports, and when they are ready. */
#include "compiler/rules_impl.h"
#include "lang/base/sort.h"

/* Whom a container waits for: those of its `after`, those that it requires, then the one whose network it joins. */
static size_t waits(const struct m_container *c)
{
	return c->after.v.n + c->rare->requires.v.n + (container_place(c) == PLACE_JOINED);
}

static const struct m_container *waits_for(const struct m_container *c, size_t i)
{
	if (i < c->after.v.n)
		return c->after.v.at[i];
	i -= c->after.v.n;
	return i < c->rare->requires.v.n ? c->rare->requires.v.at[i] : c->rare->join.v;
}

static struct span named_at(const struct f_CONTAINERREFS *all, size_t i)
{
	return all->v.spans ? all->v.spans[i] : all->at;
}

static struct span waits_at(const struct m_container *c, size_t i)
{
	if (i < c->after.v.n)
		return named_at(&c->after, i);
	i -= c->after.v.n;
	return i < c->rare->requires.v.n ? named_at(&c->rare->requires, i) : c->rare->join.at;
}

/* Depth-first over these, without recursion: the path is a stack of its own, since a chain may be as long
 * as the file. */
struct visit {
	size_t member; /* index in the net */
	size_t next;   /* which of those is looked at next */
};
struct walk {
	enum { NEW, OPEN, DONE } * state;
	struct visit *path;
	size_t n;
};

static void report_cycle(struct rules *r, enum diag_code code, const struct walk *w, size_t first)
{
	const struct net_member *members = r->net->members;
	const struct m_container *last = members[w->path[w->n - 1].member].container;
	struct span at = waits_at(last, w->path[w->n - 1].next - 1);
	struct buf cycle = {0};
	struct diag *d;

	if (first + 1 == w->n && last->rare->join.set && at.lo == last->rare->join.at.lo)
		return; /* it joins itself: join_target tells */
	if (first + 1 == w->n) {
		diag_help(r->diags, diag_add(r->diags, code, at, "container `%.*s` waits for itself", STR_ARG(last->head.name)), "leave it out");
		return;
	}
	for (size_t i = first, shown = 0; i < w->n; i++) {
		if (w->n - first > 12 && shown == 6) { /* a long one is shown by its ends */
			buf_fmt(&cycle, "… %zu more → ", w->n - first - 12);
			i = w->n - 6;
		}
		buf_fmt(&cycle, "%.*s → ", STR_ARG(members[w->path[i].member].full));
		shown++;
	}
	buf_str(&cycle, members[w->path[first].member].full);
	d = diag_add(r->diags, code, at, "containers wait for each other: %.*s", STR_ARG(buf_view(&cycle)));
	for (size_t i = first; i + 1 < w->n && i < first + 8; i++) {
		const struct m_container *c = members[w->path[i].member].container;

		diag_note(r->diags, d, waits_at(c, w->path[i].next - 1), "`%.*s` waits for `%.*s`", STR_ARG(c->head.name),
			  STR_ARG(members[w->path[i + 1].member].container->head.name));
	}
	buf_free(&cycle);
}

static void walk_from(struct rules *r, enum diag_code code, struct walk *w, size_t start)
{
	w->n = 0;
	w->path[w->n++] = (struct visit){start, 0};
	w->state[start] = OPEN;
	while (w->n) {
		struct visit *v = &w->path[w->n - 1];
		const struct m_container *c = r->net->members[v->member].container;
		size_t to, first;

		if (v->next == waits(c)) {
			w->state[v->member] = DONE;
			w->n--;
			continue;
		}
		to = (size_t)(net_member_of(r->net, waits_for(c, v->next++)) - r->net->members);
		if (w->state[to] == NEW) {
			w->path[w->n++] = (struct visit){to, 0};
			w->state[to] = OPEN;
		} else if (w->state[to] == OPEN) {
			for (first = w->n - 1; w->path[first].member != to;)
				first--;
			report_cycle(r, code, w, first);
		}
	}
}

RULE(after_cycle)
{
	struct walk w = {
	    .state = arena_array(r->arena, r->net->nmembers, sizeof *w.state),
	    .path = arena_array(r->arena, r->net->nmembers, sizeof *w.path),
	};

	for (size_t i = 0; i < r->net->nmembers; i++)
		if (w.state[i] == NEW)
			walk_from(r, code, &w, i);
}

/* Its stack is applied, stopped and rolled back as a whole, and what it requires with it. What waits for people would not: requiring it starts it. */
RULE(requires_choice)
{
	rules_each_container(m, r)
		for (size_t i = 0; i < m->container->rare->requires.v.n; i++) {
			const struct m_container *c = m->container, *other = c->rare->requires.v.at[i];
			struct diag *d;

			if (other->head.stack != c->head.stack) {
				d = diag_add(r->diags, code, named_at(&c->rare->requires, i), "container `%.*s` is of another stack, which comes and goes without this one",
					     STR_ARG(other->head.name));
				diag_help(r->diags, d, "say `after = [%.*s.%.*s]`: then it starts when that one is ready, and runs on without it",
					  STR_ARG(other->head.stack->head.name), STR_ARG(other->head.name));
			} else if (c->autostart.v && !other->autostart.v) {
				d = diag_add(r->diags, code, named_at(&c->rare->requires, i), "container `%.*s` waits for people to start it, and this one would start it",
					     STR_ARG(other->head.name));
				diag_note(r->diags, d, other->autostart.at, "said here");
				diag_help(r->diags, d, "give `%.*s` autostart = false as well", STR_ARG(c->head.name));
			}
		}
}

struct declared {
	struct port port;
	const struct entry_PORT *entry;
};

static int cmp_declared(const void *x, const void *y)
{
	const struct declared *a = x, *b = y;

	if (a->port.proto != b->port.proto)
		return a->port.proto < b->port.proto ? -1 : 1;
	if (a->port.lo != b->port.lo)
		return a->port.lo < b->port.lo ? -1 : 1;
	return (a->entry->at.lo > b->entry->at.lo) - (a->entry->at.lo < b->entry->at.lo);
}

static void ports_check(struct rules *r, enum diag_code code, const struct m_container *c,
			struct declared *all)
{
	const struct declared *highest = all;
	size_t n = 0;

	vec_each(const struct entry_PORT, p, &c->ports)
		all[n++] = (struct declared){p->value.v, p};
	sort_array(all, n, sizeof *all, cmp_declared);
	for (size_t i = 1; i < n; i++) {
		const struct declared *p = &all[i], *said = p, *first = highest;

		if (p->port.proto == first->port.proto && p->port.lo <= first->port.hi) {
			if (said_elsewhere(r, &c->head, said->entry->at))
				SWAP(said, first);
			diag_note(r->diags,
				  diag_add(r->diags, code, said->entry->at, "port `%.*s` (%.*s) is port `%.*s` (%.*s) once more", STR_ARG(said->entry->name),
					   STR_ARG(port_shown(r->arena, said->port)), STR_ARG(first->entry->name), STR_ARG(port_shown(r->arena, first->port))),
				  first->entry->at, "declared here");
		}
		if (p->port.proto != highest->port.proto || p->port.hi > highest->port.hi)
			highest = p;
	}
}

RULE(port_twice)
{
	size_t most = 0;
	struct declared *all;

	rules_each_container(m, r)
		if (m->container->ports.n > most)
			most = m->container->ports.n;
	all = arena_array(r->arena, most, sizeof *all);
	rules_each_container(m, r)
		if (m->container->ports.n > 1)
			ports_check(r, code, m->container, all);
}

RULE(ready_choice)
{
	rules_each_container(m, r) {
		const struct m_ready *y = m->container->ready;
		int ways = y ? y->http.set + y->tcp.set + y->exec.set : 1;
		struct diag *d;

		if (ways == 0) {
			d = diag_add(r->diags, code, y->head.at, "this readiness check checks nothing");
			diag_help(r->diags, d, "give it one of `http`, `tcp` and `exec`");
		} else if (ways > 1) {
			d = diag_add(r->diags, code, y->head.at,
				     "a readiness check is one of `http`, `tcp` and `exec`, not several");
			diag_help(r->diags, d,
				  "http = \"%.*s\" already means that the port accepts a connection",
				  STR_ARG(y->http.set ? y->http.v : STR("/")));
		} else if (y && y->port.set && !y->http.set) {
			d = diag_add(r->diags, code, y->port.at,
				     "`port` belongs to `http`, which is not given");
			diag_help(r->diags, d, "say tcp = … for a port that is to accept a connection");
		} else if (y && y->exec.set && y->exec.v.n == 0) {
			d = diag_add(r->diags, code, y->exec.at, "this readiness check runs nothing");
			diag_help(r->diags, d, "name the program and its arguments: exec = [\"/bin/check\", \"-q\"]");
		} else if (y && y->exec.set && (str_is(y->exec.v.at[0], "CMD") || str_is(y->exec.v.at[0], "CMD-SHELL"))) {
			d = diag_add(r->diags, code, y->exec.at, "no program is called %.*s", STR_ARG(y->exec.v.at[0]));
			diag_help(r->diags, d, str_is(y->exec.v.at[0], "CMD") ? "begin with the program's own name: exec = [\"pg_isready\"]" : "name the shell: exec = [\"sh\", \"-c\", \"…\"]");
		}
	}
}

/* What stands in a request line: RFC 9112, 3.2. A blank or a line end would make another request of it. */
static bool request_target(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] <= ' ' || s.s[i] >= 0x7f)
			return false;
	return true;
}

/* What is wrong with the port of a check that has one, or NULL. */
static const char *ready_port_wrong(const struct m_container *c, const struct m_ready *y, struct port p)
{
	const struct port_ref *ref = y->tcp.set ? &y->tcp.v : y->port.set ? &y->port.v : NULL;

	if (ref && ref->container && ref->container != c)
		return "this is a port of another container";
	if (ref && p.proto != PROTO_TCP)
		return "only a tcp port can be asked whether it is ready";
	if (ref && p.lo != p.hi)
		return "this is a range of ports: choose one";
	if (!ref)
		return "it is not clear which port `http` asks: the container does not have exactly one tcp "
		       "port";
	return NULL;
}

static struct str first_tcp(const struct m_container *c)
{
	vec_each(const struct entry_PORT, p, &c->ports)
		if (p->value.v.proto == PROTO_TCP)
			return p->name;
	return STR("");
}

RULE(ready_port)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const struct m_ready *y = c->ready;
		struct port p = ready_port(c);
		const char *wrong;

		if (!y || y->http.set + y->tcp.set != 1)
			continue;
		if (y->http.set && !str_starts(y->http.v, STR("/")))
			diag_help(
			    r->diags,
			    diag_add(r->diags, code, y->http.at, "`http` is a path, and begins with `/`"),
			    "for example http = \"/health\"");
		else if (y->http.set && !request_target(y->http.v))
			diag_help(
			    r->diags,
			    diag_add(r->diags, code, y->http.at, "`http` has a character that no request can have"),
			    "write blanks and characters outside ASCII as %%XX: \"/a%%20b\"");
		if (!y->tcp.set && !y->port.set && p.lo && p.lo == p.hi)
			continue;
		wrong = ready_port_wrong(c, y, p);
		if (!wrong)
			continue;
		struct diag *d = diag_add(r->diags, code, y->tcp.set ? y->tcp.at : y->port.set ? y->port.at : y->http.at, "%s", wrong);
		struct str tcp = first_tcp(c);
		if (!y->tcp.set && !y->port.set)
			diag_help(r->diags, d, tcp.n ? "say which beside it: port = %.*s" : "declare it: ports { http%.*s = 80/tcp }", STR_ARG(tcp));
	}
}
