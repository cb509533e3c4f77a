/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether a value is of the type that is asked for. Types are exact: an int serves where a number is asked for, the port of a container where a port is, a string where
 * a path is, and nothing else is converted. What is said otherwise is in mismatch.c. */
#include "compiler/elab.h"

#include "lang/base/path.h"

/* ---- bounds ---- */

static void bound_text(int tag, double x, struct buf *out)
{
	switch (tag) {
	case T_SIZE:
	case T_SIZELIMIT:
		size_text((int64_t)x, out);
		break;
	case T_DURATION:
		duration_text((int64_t)x, out);
		break;
	case T_MODE:
		val_text(VAL(MODE, (int64_t)x), out);
		break;
	default:
		val_text(VAL(FLOAT, x), out);
	}
}

static struct val bounded(struct elab *el, struct val typed, const struct expr *e, const struct type *t,
			  const struct target *to)
{
	double x = t->tag == T_NUMBER || t->tag == T_FLOAT ? typed.u.NUMBER : (double)typed.u.INT;
	struct buf b = {0};

	if (!t->bounded || (x >= t->min && x <= t->max))
		return typed;
	if (t->max >= (double)INT64_MAX) {
		buf_puts(&b, "at least ");
		bound_text(t->tag, t->min, &b);
	} else {
		buf_puts(&b, "between ");
		bound_text(t->tag, t->min, &b);
		buf_puts(&b, " and ");
		bound_text(t->tag, t->max, &b);
	}
	struct str range = buf_take(&b, el->a);
	struct diag *d = say(el, DIAG_value_range, e->at, "`%.*s` must be %.*s", STR_ARG(to->name), STR_ARG(range));
	say_label(el, d, "this is %s", val_string(el, val_widen(el->a, typed)));
	return val_poison();
}

/* ---- one check for each form of type ---- */

static struct val check_text(struct elab *el, struct val v, const struct expr *e, const struct type *t,
			     const struct target *to)
{
	struct near near;

	if (!t->words)
		return v;
	near = near_start(v.u.STRING);
	for (size_t i = 0; i < t->words->n; i++) {
		if (str_eq(t->words->at[i], v.u.STRING))
			return v;
		near_offer(&near, t->words->at[i]);
	}
	struct diag *d = say(el, DIAG_word_unknown, e->at, "`%.*s` is %s, not \"%.*s\"", STR_ARG(to->name),
			     type_text(el, t), STR_ARG(v.u.STRING));
	say_suggest(el, d, &near);
	return val_poison();
}

struct port with_protocol(struct port p)
{
	if (p.proto == PROTO_NONE)
		p.proto = PROTO_TCP;
	return p;
}

static struct val check_hostport(struct elab *el, struct val v, const struct expr *e, const struct type *t,
				 const struct target *to)
{
	struct endpoint at = {0};

	switch (v.type) {
	case T_ENDPOINT:
		at = v.u.ENDPOINT;
		break;
	case T_PORT:
		at.port = v.u.PORT;
		break;
	case T_INT:
		if (v.u.INT < 1 || v.u.INT > 65535) {
			say(el, DIAG_value_range, e->at, "a port is between 1 and 65535");
			return val_poison();
		}
		at.port = (struct port){(uint16_t)v.u.INT, (uint16_t)v.u.INT, PROTO_NONE};
		break;
	default:
		return mismatch(el, v, e, t, to);
	}
	return VAL(HOSTPORT, at);
}

/* 203.0.113.1:51820, or "vpn.example.org:51820" */
static struct val check_remote(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	struct remote at = {0};
	const char *wrong;

	if (v.type == T_ENDPOINT)
		return VAL(REMOTE, (struct remote){.at = v.u.ENDPOINT});
	if (v.type != T_STRING || form_is_endpoint(v.u.STRING))
		return mismatch(el, v, e, t, to);
	wrong = form_remote(v.u.STRING, &at);
	return wrong ? ill_formed(el, DIAG_address, wrong, v.u.STRING, e, to) : VAL(REMOTE, at);
}

static struct val check_flow_end(struct elab *el, struct val v, const struct expr *e, const struct type *t,
				 const struct target *to)
{
	struct flow_end end = {0};

	if (v.type == T_PORTREF) {
		end.kind = END_CONTAINER;
		end.container = v.u.PORTREF.container;
		end.named = v.u.PORTREF.named;
		end.port = with_protocol(v.u.PORTREF.port);
	} else if (v.type == V_NODE && v.u.node->tag == KIND_container) {
		node_ready(el, v.u.node);
		end.kind = END_CONTAINER;
		end.container = (struct m_container *)v.u.node->model;
	} else if (v.type == V_NODE && v.u.node->tag == KIND_subnet) {
		node_ready(el, v.u.node);
		end.kind = END_SUBNET;
		end.subnet = (struct m_subnet *)v.u.node->model;
	} else {
		return mismatch(el, v, e, t, to);
	}
	return VAL(FLOWEND, end);
}

static struct val check_node(struct elab *el, struct val v, const struct expr *e, const struct type *t,
			     const struct target *to)
{
	static const struct {
		int tag;
		enum kind_tag kind;
	} refs[] = {
#define REF(tag, kind) {T_##tag, KIND_##kind},
#include "lang/ref.def"
	};
	size_t i = 0;

	while (refs[i].tag != t->tag)
		i++;
	if (v.type != V_NODE || v.u.node->tag != refs[i].kind)
		return mismatch(el, v, e, t, to);
	node_ready(el, v.u.node);
	switch (t->tag) {
#define REF(tag, kind)        \
	case T_##tag:         \
		return VAL(tag, (struct m_##kind *)v.u.node->model);
#include "lang/ref.def"
	default:
		return val_poison();
	}
}

bool type_is_list(const struct type *t)
{
	switch (t->tag) {
	case T_STRINGS:
	case T_DNS:
	case T_CIDRS:
	case T_IPS:
	case T_CAPABILITIES:
	case V_LIST:
#define REFS(tag, one, kind, plural) case T_##tag:
#include "lang/ref.def"
		return true;
	default:
		return false;
	}
}

struct type element_type(const struct type *t)
{
	switch (t->tag) {
	case T_STRINGS:
		return (struct type){.tag = T_STRING};
	case T_DNS:
	case T_IPS:
		return (struct type){.tag = T_IP};
	case T_CAPABILITIES:
		return (struct type){.tag = T_CAPABILITY};
	case T_CIDRS:
		return (struct type){.tag = T_CIDR};
#define REFS(list, one, kind, plural) \
	case T_##list:                \
		return (struct type){.tag = T_##one};
#include "lang/ref.def"
	default:
		return *t->of;
	}
}

struct val list_made(struct elab *el, const struct list *l, struct span at, const struct expr *elements, const struct type *t)
{
	struct val v = {.type = t->tag};
	struct list *copy;

	switch (t->tag) {
	case T_STRINGS:
		v.u.STRINGS.at = arena_array(el->a, l->n, sizeof *v.u.STRINGS.at);
		v.u.STRINGS.n = l->n;
		for (size_t i = 0; i < l->n; i++)
			v.u.STRINGS.at[i] = l->at[i].u.STRING;
		break;
	case T_CIDRS:
		v.u.CIDRS = (struct cidrs){arena_array(el->a, l->n, sizeof *v.u.CIDRS.at), l->n};
		for (size_t i = 0; i < l->n; i++)
			v.u.CIDRS.at[i] = l->at[i].u.CIDR;
		break;
	case T_IPS:
		v.u.IPS = (struct addrs){arena_array(el->a, l->n, sizeof *v.u.IPS.at), l->n};
		for (size_t i = 0; i < l->n; i++)
			v.u.IPS.at[i] = l->at[i].u.IP;
		break;
	case T_DNS:
		v.u.DNS = (struct dns){l->n ? DNS_LIST : DNS_NONE, arena_array(el->a, l->n, sizeof *v.u.DNS.at), l->n};
		for (size_t i = 0; i < l->n; i++)
			v.u.DNS.at[i] = l->at[i].u.IP;
		break;
	case T_CAPABILITIES:
		v.u.CAPABILITIES.at = arena_array(el->a, l->n, sizeof *v.u.CAPABILITIES.at);
		v.u.CAPABILITIES.n = l->n;
		for (size_t i = 0; i < l->n; i++)
			v.u.CAPABILITIES.at[i] = l->at[i].u.CAPABILITY;
		break;
#define REFS(tag, one, kind, plural)                                                    \
	case T_##tag:                                                                   \
		v.u.tag.at = arena_array(el->a, l->n, sizeof(struct m_##kind *));       \
		v.u.tag.spans = arena_array(el->a, l->n, sizeof *v.u.tag.spans);        \
		v.u.tag.n = l->n;                                                       \
		for (size_t i = 0; i < l->n; i++) {                                     \
			v.u.tag.at[i] = l->at[i].u.one;                                 \
			v.u.tag.spans[i] = elements ? elements->at : at;                \
			elements = elements ? elements->next : NULL;                    \
		}                                                                       \
		break;
#include "lang/ref.def"
	default:
		copy = arena_new(el->a, struct list);
		*copy = *l;
		v.u.list = copy;
	}
	return v;
}

static struct val check_list(struct elab *el, struct val v, const struct expr *e, const struct type *t,
			     const struct target *to)
{
	struct type of;
	struct list typed;

	if (v.type != V_LIST)
		return mismatch(el, v, e, t, to);
	of = element_type(t);
	typed = (struct list){arena_array(el->a, v.u.list->n, sizeof *typed.at), v.u.list->n};
	for (size_t i = 0; i < typed.n; i++) {
		typed.at[i] = check(el, v.u.list->at[i], e, &of, to);
		if (typed.at[i].type == V_POISON)
			return val_poison();
		if (t->tag == V_LIST)
			typed.at[i] = val_widen(el->a, typed.at[i]);
	}
	return list_made(el, &typed, e->at, NULL, t);
}

static struct val check_map(struct elab *el, struct val v, const struct expr *e, const struct type *t,
			    const struct target *to)
{
	struct dict *typed;

	if (v.type != V_MAP)
		return mismatch(el, v, e, t, to);
	if (t->record)
		return record_check(el, v.u.dict, e, t, to);
	typed = arena_new(el->a, struct dict);
	typed->n = v.u.dict->n;
	typed->at = arena_array(el->a, typed->n, sizeof *typed->at);
	for (size_t i = 0; i < typed->n; i++) {
		struct val one = check(el, v.u.dict->at[i].val, e, t->of, to);

		if (one.type == V_POISON)
			return one;
		typed->at[i] = (struct dict_entry){v.u.dict->at[i].name, val_widen(el->a, one)};
	}
	return (struct val){.type = V_MAP, .u.dict = typed};
}

/* A text that ends like an option is hardly meant: who means it says path("…"). */
static struct val check_path(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	if (v.type == T_PATH)
		return v;
	if (v.type != T_STRING)
		return mismatch(el, v, e, t, to);
	const char *wrong = path_wrong(v.u.STRING);
	if (!wrong && !(wrong = path_option(v.u.STRING)))
		return VAL(PATH, path_trimmed(v.u.STRING));
	return ill_formed(el, DIAG_path, wrong, v.u.STRING, e, to);
}

struct val check(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	const char *wrong;

	/* `none` is a choice of name servers, and not the lack of one. */
	if (v.type == V_POISON || (v.type == V_NONE && t->optional && t->tag != T_DNS))
		return v;
	switch (t->tag) {
	case T_NUMBER:
	case T_FLOAT:
		if (v.type == T_INT)
			v.u.NUMBER = (double)v.u.INT;
		else if (v.type != T_FLOAT)
			return mismatch(el, v, e, t, to);
		v.type = t->tag;
		return bounded(el, v, e, t, to);
	case T_COUNTLIMIT:
	case T_SIZELIMIT:
		if (v.type != (t->tag == T_COUNTLIMIT ? T_INT : T_SIZE) && v.type != t->tag)
			return mismatch(el, v, e, t, to);
		v.type = t->tag;
		return bounded(el, v, e, t, to);
	case T_INT:
	case T_SIZE:
	case T_DURATION:
	case T_MODE:
		return v.type == t->tag ? bounded(el, v, e, t, to) : mismatch(el, v, e, t, to);
	case T_STRING:
		return v.type == T_STRING ? check_text(el, v, e, t, to) : mismatch(el, v, e, t, to);
	case T_IMAGE:
		if (v.type != T_STRING)
			return mismatch(el, v, e, t, to);
		wrong = form_image(v.u.STRING);
		return wrong ? ill_formed(el, DIAG_image_form, wrong, v.u.STRING, e, to) : VAL(IMAGE, v.u.STRING);
	case T_IFNAME:
		if (v.type != T_STRING)
			return mismatch(el, v, e, t, to);
		wrong = form_ifname(v.u.STRING);
		return wrong ? ill_formed(el, DIAG_interface_form, wrong, v.u.STRING, e, to) : VAL(IFNAME, v.u.STRING);
	case T_PATH:
		return check_path(el, v, e, t, to);
	case T_DNS:
		if (v.type == V_NONE)
			return VAL(DNS, (struct dns){.from = DNS_NONE});
		return check_list(el, v, e, t, to);
	case T_IP4:
	case T_IP6:
		if (v.type != T_IP || v.u.IP.family != (t->tag == T_IP6 ? 6 : 4))
			return mismatch(el, v, e, t, to);
		v.type = t->tag;
		return v;
	case T_CIDR4:
	case T_CIDR6:
		if (v.type != T_CIDR || v.u.CIDR.addr.family != (t->tag == T_CIDR6 ? 6 : 4))
			return mismatch(el, v, e, t, to);
		v.type = t->tag;
		return v;
	case T_PORT:
		if (v.type != T_PORT && v.type != T_PORTREF)
			return mismatch(el, v, e, t, to);
		return VAL(PORT, with_protocol(v.type == T_PORT ? v.u.PORT : v.u.PORTREF.port));
	case T_HOSTPORT:
		return check_hostport(el, v, e, t, to);
	case T_REMOTE:
		return check_remote(el, v, e, t, to);
	case T_FLOWEND:
		return check_flow_end(el, v, e, t, to);
#define REF(tag, kind) case T_##tag:
#include "lang/ref.def"
		return check_node(el, v, e, t, to);
	case T_STRINGS:
	case T_CAPABILITIES:
	case T_CIDRS:
	case T_IPS:
	case V_LIST:
#define REFS(tag, one, kind, plural) case T_##tag:
#include "lang/ref.def"
		return check_list(el, v, e, t, to);
	case V_MAP:
		return check_map(el, v, e, t, to);
	default:
		return v.type == t->tag ? v : mismatch(el, v, e, t, to);
	}
}
