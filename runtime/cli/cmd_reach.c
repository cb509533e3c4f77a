/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc reach FROM TO [FILE…]: whether one may open connections to another, which line allows it, and what would. Of files, or of what was applied on this host. A subnet is each
 * container in it. */
#include <errno.h>

#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "lang/base/near.h"
#include "lang/reach.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"
#include "runtime/cli/session.h"

enum format { AS_TEXT, AS_JSON };
enum { UNREACHED = 2 };

/* One of the two names on the command line. */
struct asked {
	struct str name;	/* without the port */
	const struct res_subnet *subnet;	/* then end is nothing; NULL */
	struct reach_end end;
	struct port port;	/* lo 0: every declared one */
};

struct answer {
	const struct manifest *m;
	struct asked from, to;
	struct buf *out;
	int format;
	bool any, first;
};

/* ---- reading the two names ---- */

/* The port of this name that a container declares. */
static bool port_named(const struct res_container *c, struct str name, struct port *ret)
{
	for (size_t i = 0; c && i < c->ports.n; i++) {
		struct str text, key = str_cut(c->ports.at[i], '=', &text);

		if (str_eq(key, name))
			return port_parse(text, ret);
	}
	return false;
}

/* "443" is 443/tcp. */
static bool port_number(struct str text, struct port *ret)
{
	_buf_ struct buf with = {0};

	buf_str(&with, text);
	if (text.n && !str_has(text, '/'))
		buf_puts(&with, "/tcp");
	return port_parse(buf_view(&with), ret) && ret->lo > 0 && ret->lo == ret->hi;
}

/* STACK.NAME:PORT, STACK.NAME.PORT or STACK.NAME */
static bool asked_read(const struct manifest *m, const char *text, struct asked *ret)
{
	struct str port, name = str_cut(str_of(text), ':', &port), last = {0};
	struct asked a = {.name = name};

	if (strchr(text, ':') && !port_number(port, &a.port))
		return false;
	a.subnet = (const struct res_subnet *)manifest_find(m, RES_subnet, name);
	if (a.subnet || reach_end_find(m, name, &a.end)) {
		*ret = a;
		return true;
	}
	if (a.port.lo)
		return false;
	for (size_t i = name.n; i-- > 0;)
		if (name.s[i] == '.') {
			last = (struct str){name.s + i + 1, name.n - i - 1};
			a.name.n = i;
			break;
		}
	if (a.name.n == name.n || !reach_end_find(m, a.name, &a.end))
		return false;
	*ret = a;
	return port_named((const struct res_container *)manifest_find(m, RES_container, a.name), last, &ret->port);
}

static int unknown(struct cli *c, const struct manifest *m, const char *name)
{
	struct near near = near_start(str_of(name));
	const struct res_container *k;
	const struct res_subnet *n;

	near_offer(&near, STR("world"));
	near_offer(&near, STR("host"));
	manifest_each(container, k, m)
		near_offer(&near, k->res.id);
	manifest_each(subnet, n, m)
		near_offer(&near, n->res.id);
	if (near.best.n)
		return cli_fail(c, "there is no `%s`; did you mean `%.*s`?", name, STR_ARG(near.best));
	return cli_fail(c, "there is no `%s`: name world, host, STACK.CONTAINER or STACK.SUBNET; the second one with a port if you like, STACK.CONTAINER.http or STACK.CONTAINER:80/tcp", name);
}

/* ---- saying it ---- */

static const char *const verdict_words[] = {
	[REACH_DENIED] = "denied",
	[REACH_ALLOWED] = "allowed",
	[REACH_ALWAYS] = "always",
	[REACH_FAMILY] = "no-family",
	[REACH_OUTSIDE] = "outside",
};

static void put_port(struct buf *out, struct port port)
{
	if (port.lo)
		port_text(port, out);
	else
		buf_puts(out, "any other port");
}

static void text_line(struct answer *a, struct port port, const char *yes, struct str why, struct str origin)
{
	size_t start = a->out->n;

	buf_puts(a->out, "  ");
	put_port(a->out, port);
	do
		buf_addc(a->out, ' ');
	while (a->out->n - start < 20);
	buf_fmt(a->out, "%s%.*s", yes, STR_ARG(why));
	if (origin.n)
		buf_fmt(a->out, "  %.*s", STR_ARG(origin));
	buf_addc(a->out, '\n');
}

static void json_line(struct answer *a, struct port port, const char *way, const char *verdict, struct str by, struct str origin)
{
	_buf_ struct buf shown = {0};

	buf_puts(a->out, a->first ? "\n{\"port\":" : ",\n{\"port\":");
	a->first = false;
	if (port.lo)
		port_text(port, &shown);
	json_str(a->out, buf_view(&shown));
	buf_fmt(a->out, ",\"way\":\"%s\",\"verdict\":\"%s\"", way, verdict);
	if (by.n) {
		buf_puts(a->out, ",\"by\":");
		json_str(a->out, by);
		buf_puts(a->out, ",\"origin\":");
		json_str(a->out, origin);
	}
	buf_addc(a->out, '}');
}

/* By a port of the host it is reached: what would open the other way is not asked. */
static void text_only_published(struct answer *a, struct port port)
{
	text_line(a, port, "no", STR(" at its own address: no line allows that"), STR(""));
}

/* What an administrator would have to write, seen from the stack of the one that is asked. */
static void text_denied(struct answer *a, struct port port)
{
	struct str stack, name = a->to.name, from = a->from.name;
	_buf_ struct buf why = {0};

	stack = str_cut(name, '.', &name);
	buf_puts(&why, ": no line allows it");
	if (port.lo && a->to.end.kind != REACH_WORLD && a->to.end.kind != REACH_HOST) {
		if (str_starts(from, stack) && from.n > stack.n && from.s[stack.n] == '.')
			from = (struct str){from.s + stack.n + 1, from.n - stack.n - 1};
		buf_fmt(&why, "; in stack %.*s this would: allow %.*s -> %.*s:", STR_ARG(stack), STR_ARG(from), STR_ARG(name));
		port_text(port, &why);
	}
	text_line(a, port, "no", buf_view(&why), STR(""));
}

/* published: it is reached by a port of the host. */
static void direct_line(struct answer *a, struct port port, bool published)
{
	/* A protocol that no flow names: what holds for it holds for every port that none names. */
	struct reach r = reach_direct(a->m, a->from.end, a->to.end, 0, port.lo ? port : (struct port){1, 1, PROTO_NONE});
	struct str none = STR("");

	a->any |= r.verdict == REACH_ALLOWED || r.verdict == REACH_ALWAYS;
	if (a->format == AS_JSON) {
		json_line(a, port, "direct", verdict_words[r.verdict], r.by ? r.by->res.id : none, r.by ? r.by->res.origin : none);
		return;
	}
	switch (r.verdict) {
	case REACH_DENIED:
		if (published)
			text_only_published(a, port);
		else
			text_denied(a, port);
		return;
	case REACH_ALLOWED:
		text_line(a, port, "yes, ", r.by->res.id, r.by->res.origin);
		return;
	case REACH_ALWAYS:
		text_line(a, port, "yes", a->from.end.kind == REACH_CONTAINER ? STR(": they share one network") : STR(": no policy stands between"), none);
		return;
	case REACH_FAMILY:
		text_line(a, port, "no", STR(": one has only IPv4 addresses, the other only IPv6"), none);
		return;
	case REACH_OUTSIDE:
		text_line(a, port, "unknown", STR(": one stands in a macvlan, whose packets do not pass this host"), none);
		return;
	}
}

/* Ports of the host that lead to this one; whether there are any. */
static bool published_lines(struct answer *a, struct port port)
{
	const struct res_publish *p;
	bool any = false;

	manifest_each(publish, p, a->m) {
		const struct res_container *server = (const struct res_container *)manifest_find(a->m, RES_container, p->to);
		struct port inside;

		if (!server || a->to.end.kind != REACH_CONTAINER || reach_home(a->m, server) != reach_home(a->m, a->to.end.container) ||
		    !port_parse(p->to_port, &inside) || inside.proto != port.proto || inside.lo > port.hi || inside.hi < port.lo ||
		    !reach_published(a->m, a->from.end, p, 0))
			continue;
		a->any = any = true;
		if (a->format == AS_JSON)
			json_line(a, port, "published", verdict_words[REACH_ALLOWED], p->res.id, p->res.origin);
		else
			text_line(a, port, "yes, by the host's ", p->res.id, p->res.origin);
	}
	return any;
}

/* A line for each way; what is open comes before what is not. */
static void answer_port(struct answer *a, struct port port)
{
	enum reach_verdict verdict = reach_direct(a->m, a->from.end, a->to.end, 0, port).verdict;
	bool denied = verdict == REACH_DENIED && a->format == AS_TEXT, published;

	if (!denied)
		direct_line(a, port, false);
	published = published_lines(a, port);
	if (denied)
		direct_line(a, port, published);
}

static void answer_all(struct answer *a)
{
	const struct res_container *c = a->to.end.container, *other;

	if (a->to.port.lo) {
		answer_port(a, a->to.port);
		return;
	}
	/* Of all in one namespace: they have one address. */
	manifest_each(container, other, a->m)
		for (size_t i = 0; c && reach_home(a->m, other) == reach_home(a->m, c) && i < other->ports.n; i++) {
			struct str text;
			struct port port;

			str_cut(other->ports.at[i], '=', &text);
			if (!port_parse(text, &port))
				continue;
			answer_port(a, port);
		}
	if (!c) {
		const struct res_flow *f;

		manifest_each(flow, f, a->m) {
			struct port port;

			if (port_parse(f->port, &port) && str_eq(f->to, a->to.name) && reach_direct(a->m, a->from.end, a->to.end, 0, port).by == f)
				direct_line(a, port, false);
		}
	}
	direct_line(a, (struct port){0}, false);
}

/* Whom a name means: itself, or each container in the subnet that has a network of its own. */
static struct asked *members(struct arena *arena, const struct manifest *m, const struct asked *of, size_t *ret_n)
{
	const struct res_container *k;
	VEC(struct asked) all = {0};

	if (!of->subnet)
		vec_push(arena, &all, *of);
	manifest_each(container, k, m)
		if (of->subnet && reach_in_subnet(k, of->subnet) && reach_home(m, k) == k)
			vec_push(arena, &all, ((struct asked){.name = k->res.id, .end = {REACH_CONTAINER, k}, .port = of->port}));
	*ret_n = all.n;
	return all.at;
}

/* One block for two ends. */
static void pair(struct answer *a)
{
	if (a->format == AS_JSON) {
		buf_puts(a->out, "\"from\":");
		json_str(a->out, a->from.name);
		buf_puts(a->out, ",\"to\":");
		json_str(a->out, a->to.name);
		buf_puts(a->out, ",\"ports\":[");
	} else {
		buf_fmt(a->out, "%.*s -> %.*s\n", STR_ARG(a->from.name), STR_ARG(a->to.name));
	}
	a->first = true;
	answer_all(a);
	if (a->format == AS_JSON)
		buf_puts(a->out, "\n]}");
}

static bool same_network(const struct manifest *m, const struct asked *a, const struct asked *b)
{
	return a->end.kind == REACH_CONTAINER && b->end.kind == REACH_CONTAINER && reach_home(m, a->end.container) == reach_home(m, b->end.container);
}

/* Every two of them that do not share one network. */
static void pairs(struct answer *a, const struct asked *from, const struct asked *to)
{
	_arena_ struct arena arena = {0};
	size_t nfrom, nto, n = 0;
	const struct asked *froms = members(&arena, a->m, from, &nfrom), *tos = members(&arena, a->m, to, &nto);

	for (size_t i = 0; i < nfrom; i++)
		for (size_t k = 0; k < nto; k++) {
			if (same_network(a->m, &froms[i], &tos[k]))
				continue;
			if (a->format == AS_JSON)
				buf_puts(a->out, n++ ? ",\n{" : "\n{");
			else if (n++)
				buf_addc(a->out, '\n');
			a->from = froms[i];
			a->to = tos[k];
			pair(a);
		}
	if (!n && a->format == AS_TEXT)
		buf_puts(a->out, "No other container is in the subnet.\n");
}

static int reach(struct cli *c, const struct manifest *m, char **names, int format)
{
	_buf_ struct buf out = {0};
	struct answer a = {.m = m, .out = &out, .format = format};
	struct asked from, to;

	if (!asked_read(m, names[0], &from) || from.port.lo)
		return unknown(c, m, names[0]);
	if (!asked_read(m, names[1], &to))
		return unknown(c, m, names[1]);
	if (format == AS_JSON)
		buf_puts(&out, "{\"ctstack-reach\":1,");
	if (from.subnet || to.subnet) {
		if (format == AS_JSON) {
			buf_puts(&out, "\"from\":");
			json_str(&out, from.name);
			buf_puts(&out, ",\"to\":");
			json_str(&out, to.name);
			buf_puts(&out, ",\"pairs\":[");
		}
		pairs(&a, &from, &to);
		if (format == AS_JSON)
			buf_puts(&out, "\n]}");
	} else {
		a.from = from;
		a.to = to;
		pair(&a);
	}
	if (format == AS_JSON)
		buf_addc(&out, '\n');
	if (cli_print(c, buf_view(&out)) != 0)
		return STATUS_REFUSED;
	return a.any ? STATUS_DONE : UNREACHED;
}

static int reach_files(struct cli *c, const struct input *in, char **argv, size_t n, int format)
{
	struct compilation k = {.givens = input_givens(in)};
	int status = input_compile(c, &k, argv + 3, n) ? reach(c, &k.manifest, argv + 1, format) : STATUS_REFUSED;

	compilation_end(&k);
	return status;
}

struct question {
	char **names;
	int format;
};

static int reach_applied(struct cli *c, struct session *s, const void *asked)
{
	const struct question *q = asked;

	return reach(c, &s->recorded, q->names, q->format);
}

int cmd_reach(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", NULL};
	int format = AS_TEXT, status = STATUS_REFUSED;
	_input_ struct input in = {0};
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "for people, or for programs (spec/network.md)", formats},
		INPUT_OPTIONS(&in),
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n < 2)
		return cli_fail(c, "name who asks and who is asked: ctc reach world ml.ollama; then files, or none for what was applied on this host");
	return n == 2 ? session_view(c, reach_applied, &(struct question){argv + 1, format}) : reach_files(c, &in, argv, (size_t)n - 2, format);
}
