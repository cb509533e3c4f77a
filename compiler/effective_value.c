/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values in the language's notation, so that they mean the same from where they stand now. */
#include "compiler/effective_impl.h"
#include "compiler/net.h"

static void put_addr(struct addr a, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	buf_puts(out, addr_text(a, text));
}

static void put_cidr(struct cidr c, struct buf *out)
{
	char text[CIDR_TEXT_MAX];

	buf_puts(out, cidr_text(c, text));
}

/* Whether a name means something else within the container that is written. */
static bool is_shadowed(const struct effective *e, struct str name)
{
	const struct schema_kind *k = &schema_kinds[KIND_container];

	if (!e->inside)
		return false;
	for (size_t i = 0; i < k->nrows; i++)
		if (str_eq(k->rows[i].name, name))
			return true;
	vec_each(struct m_volume *const, v, &e->inside->volume)
		if (str_eq((*v)->head.name, name))
			return true;
	vec_each(const struct entry_PORT, p, &e->inside->ports)
		if (str_eq(p->name, name))
			return true;
	return false;
}

static void put_ref(struct effective *e, const struct m_head *head)
{
	const struct source *source = source_place(e->sources, head->stack->head.at).source;

	vec_each(const struct used, u, &e->used)
		if (head->stack->head.outside && u->source == source)
			buf_fmt(e->out, "%.*s.", STR_ARG(u->alias));
	if (head->stack != e->stack || is_shadowed(e, head->name))
		buf_fmt(e->out, "%.*s.", STR_ARG(head->stack->head.name));
	buf_str(e->out, head->name);
}

static void put_colon_port(struct port p, struct buf *out)
{
	buf_addc(out, ':');
	port_text(p, out);
}

static void put_port_ref(struct effective *e, const struct port_ref *r)
{
	if (e->inside != r->container || !r->named)
		put_ref(e, &r->container->head);
	if (r->named)
		buf_fmt(e->out, "%s%.*s", e->inside == r->container ? "" : ".", STR_ARG(port_name(r->container, r->port)));
	else
		put_colon_port(r->port, e->out);
}

static void put_flow_end(struct effective *e, const struct flow_end *f)
{
	switch (f->kind) {
	case END_CONTAINER:
		put_ref(e, &f->container->head);
		break;
	case END_SUBNET:
		put_ref(e, &f->subnet->head);
		break;
	case END_WORLD:
		buf_puts(e->out, "world");
		break;
	case END_HOST:
		buf_puts(e->out, "host");
		break;
	}
	if (f->named)
		buf_fmt(e->out, ".%.*s", STR_ARG(port_name(f->container, f->port)));
	else if (f->port.lo)
		put_colon_port(f->port, e->out);
}

static void put_host_port(const struct endpoint *p, struct buf *out)
{
	if (p->addr.family)
		endpoint_text(*p, out);
	else if (p->port.proto == PROTO_NONE && p->port.lo == p->port.hi)
		buf_uint(out, p->port.lo);
	else
		port_text(p->port, out);
}

/* A reference to a block, or a list of such: their types are shown as the kind's word. */
static bool put_references(struct effective *e, enum type_tag tag, const void *v)
{
	struct str shown = str_of(type_infos[tag].shown);
	const struct {
		struct m_head *const *at;
		struct span *spans;
		size_t n;
	} *list = v;

	if (kind_find(shown) != KIND_COUNT) {
		put_ref(e, *(struct m_head *const *)v);
		return true;
	}
	if (!str_starts(shown, STR("list<")) || kind_find((struct str){shown.s + 5, shown.n - 6}) == KIND_COUNT)
		return false;
	buf_addc(e->out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(e->out, i ? ", " : "");
		put_ref(e, list->at[i]);
	}
	buf_addc(e->out, ']');
	return true;
}

/* v: the .v of a struct f_TYPE or entry_TYPE. */
void effective_value(struct effective *e, enum type_tag tag, const void *v)
{
	struct buf *out = e->out;

	if (type_has_words(tag)) {
		buf_str(out, word_texts[*(const enum word *)v]);
		return;
	}
	if (put_references(e, tag, v))
		return;
	switch ((int)tag) {
	case T_BOOL:
		buf_puts(out, *(const bool *)v ? "true" : "false");
		break;
	case T_INT:
		buf_fmt(out, "%lld", (long long)*(const int64_t *)v);
		break;
	case T_FLOAT:
	case T_NUMBER:
		number_text(*(const double *)v, out);
		break;
	case T_PERCENT:
		number_text(*(const double *)v, out);
		buf_addc(out, '%');
		break;
	case T_MODE:
		buf_fmt(out, "0%03llo", (unsigned long long)*(const int64_t *)v);
		break;
	case T_STRING:
	case T_IMAGE:
	case T_IFNAME:
		string_text(*(const struct str *)v, out);
		break;
	case T_PATH:
		path_text(*(const struct str *)v, out);
		break;
	case T_NAMED:
		buf_str(out, *(const struct str *)v);
		break;
	case T_SIZE:
		size_text(*(const int64_t *)v, out);
		break;
	case T_COUNTLIMIT:
	case T_SIZELIMIT:
		limit_text(*(const int64_t *)v, (int)tag == T_SIZELIMIT, out);
		break;
	case T_DURATION:
		duration_text(*(const int64_t *)v, out);
		break;
	case T_IP:
	case T_IP4:
	case T_IP6:
		put_addr(*(const struct addr *)v, out);
		break;
	case T_CIDR:
	case T_CIDR4:
	case T_CIDR6:
		put_cidr(*(const struct cidr *)v, out);
		break;
	case T_PORT:
		port_text(*(const struct port *)v, out);
		break;
	case T_ENDPOINT:
		endpoint_text(*(const struct endpoint *)v, out);
		break;
	case T_REMOTE:
		remote_text(v, out);
		break;
	case T_OWNER:
		buf_fmt(out, "%u:%u", ((const struct owner *)v)->uid, ((const struct owner *)v)->gid);
		break;
	case T_DNS:
		dns_text(v, out);
		break;
	case T_HOSTPORT:
		put_host_port(v, out);
		break;
	case T_FLOWEND:
		put_flow_end(e, v);
		break;
	case T_PORTREF:
		put_port_ref(e, v);
		break;
	case T_IPS:
		addrs_text(((const struct addrs *)v)->at, ((const struct addrs *)v)->n, out);
		break;
	case T_CIDRS: {
		const struct cidrs *l = v;

		buf_addc(out, '[');
		for (size_t i = 0; i < l->n; i++) {
			buf_puts(out, i ? ", " : "");
			put_cidr(l->at[i], out);
		}
		buf_addc(out, ']');
		break;
	}
	case T_CAPABILITIES: {
		const struct word_list *l = v;

		buf_addc(out, '[');
		for (size_t i = 0; i < l->n; i++)
			buf_fmt(out, "%s%.*s", i ? ", " : "", STR_ARG(word_texts[l->at[i]]));
		buf_addc(out, ']');
		break;
	}
	case T_STRINGS: {
		const struct strs *l = v;

		buf_addc(out, '[');
		for (size_t i = 0; i < l->n; i++) {
			buf_puts(out, i ? ", " : "");
			string_text(l->at[i], out);
		}
		buf_addc(out, ']');
		break;
	}
	}
}
