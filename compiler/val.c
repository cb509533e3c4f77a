/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Values: their names for people, their text, equality and order, and the way into the model and back. */
#include "compiler/elab.h"


static bool is_word(int type)
{
	return type < T_COUNT && type_has_words((enum type_tag)type);
}

const char *val_shown(struct val v)
{
	switch (v.type) {
	case T_IP:
		return v.u.IP.family == 6 ? "ip6" : "ip4";
	case T_CIDR:
		return v.u.CIDR.addr.family == 6 ? "cidr6" : "cidr4";
	case T_PORTREF:
		return "port";
	case V_POISON:
		return "mistake";
	case V_NONE:
		return "none";
	case V_LIST:
		return "list";
	case V_MAP:
		return "map";
	case V_NODE:
		return v.u.node->kind->word.s;
	case V_ABSENT:
		return v.u.absent->word.s;
	case V_ENTRIES:
		return v.u.entries.row->name.s;
	case V_FILE:
		return "module";
	default:
		return type_infos[v.type].shown;
	}
}

bool val_text(struct val v, struct buf *out)
{
	char text[CIDR_TEXT_MAX];

	switch (v.type) {
	case T_BOOL:
		buf_puts(out, v.u.BOOL ? "true" : "false");
		return true;
	case T_INT:
		if (v.u.INT < 0)
			buf_addc(out, '-');
		buf_uint(out, v.u.INT < 0 ? 0 - (uint64_t)v.u.INT : (uint64_t)v.u.INT);
		return true;
	case T_MODE:
		buf_fmt(out, "%04llo", (unsigned long long)v.u.MODE);
		return true;
	case T_FLOAT:
		number_text(v.u.FLOAT, out);
		return true;
	case T_PERCENT:
		number_text(v.u.PERCENT, out);
		buf_addc(out, '%');
		return true;
	case T_STRING:
		buf_str(out, v.u.STRING);
		return true;
	case T_PATH:
		buf_str(out, v.u.PATH);
		return true;
	case T_SIZE:
		size_text(v.u.SIZE, out);
		return true;
	case T_DURATION:
		duration_text(v.u.DURATION, out);
		return true;
	case T_IP:
		buf_puts(out, addr_text(v.u.IP, text));
		return true;
	case T_CIDR:
		buf_puts(out, cidr_text(v.u.CIDR, text));
		return true;
	case T_MAC:
		for (size_t i = 0; i < sizeof v.u.MAC.b; i++)
			buf_fmt(out, i ? ":%02x" : "%02x", v.u.MAC.b[i]);
		return true;
	case T_PORT:
		port_text(v.u.PORT, out);
		return true;
	case T_PORTREF:
		port_text(v.u.PORTREF.port, out);
		return true;
	case T_ENDPOINT:
		endpoint_text(v.u.ENDPOINT, out);
		return true;
	case T_OWNER:
		buf_fmt(out, "%u:%u", v.u.OWNER.uid, v.u.OWNER.gid);
		return true;
	default:
		if (!is_word(v.type))
			return false;
		buf_str(out, word_texts[v.u.RESTART]);
		return true;
	}
}

bool val_eq(struct val a, struct val b, bool *ret_comparable)
{
	*ret_comparable = true;
	if (a.type == V_NONE || b.type == V_NONE || a.type == V_ABSENT || b.type == V_ABSENT)
		return (a.type == V_NONE || a.type == V_ABSENT) && (b.type == V_NONE || b.type == V_ABSENT);
	if (a.type == b.type) {
		switch (a.type) {
		case T_BOOL:
			return a.u.BOOL == b.u.BOOL;
		case T_FLOAT:
		case T_PERCENT:
			return a.u.FLOAT == b.u.FLOAT;
		case T_INT:
		case T_MODE:
		case T_SIZE:
		case T_DURATION:
			return a.u.INT == b.u.INT;
		case T_STRING:
		case T_PATH:
			return str_eq(a.u.STRING, b.u.STRING);
		case T_IP:
			return addr_eq(a.u.IP, b.u.IP);
		case T_CIDR:
			return addr_eq(a.u.CIDR.addr, b.u.CIDR.addr) && a.u.CIDR.len == b.u.CIDR.len;
		case T_MAC:
			return memcmp(a.u.MAC.b, b.u.MAC.b, sizeof a.u.MAC.b) == 0;
		case T_PORT:
			return port_eq(a.u.PORT, b.u.PORT);
		case T_PORTREF:
			return a.u.PORTREF.container == b.u.PORTREF.container && port_eq(a.u.PORTREF.port, b.u.PORTREF.port);
		case T_ENDPOINT:
			return addr_eq(a.u.ENDPOINT.addr, b.u.ENDPOINT.addr) && port_eq(a.u.ENDPOINT.port, b.u.ENDPOINT.port);
		case T_OWNER:
			return a.u.OWNER.uid == b.u.OWNER.uid && a.u.OWNER.gid == b.u.OWNER.gid;
		case V_NODE:
			return a.u.node == b.u.node;
		default:
			if (is_word(a.type))
				return a.u.RESTART == b.u.RESTART;
		}
	}
	*ret_comparable = false;
	return false;
}

int val_order(struct val a, struct val b, bool *ret_comparable)
{
	*ret_comparable = a.type == b.type;
	if (a.type == b.type) {
		switch (a.type) {
		case T_INT:
		case T_SIZE:
		case T_DURATION:
			return (a.u.INT > b.u.INT) - (a.u.INT < b.u.INT);
		case T_FLOAT:
		case T_PERCENT:
			return (a.u.FLOAT > b.u.FLOAT) - (a.u.FLOAT < b.u.FLOAT);
		case T_STRING:
			return str_cmp(a.u.STRING, b.u.STRING);
		case T_IP:
			return addr_cmp(a.u.IP, b.u.IP);
		default:
			*ret_comparable = false;
		}
	}
	return 0;
}

static struct val list_of(struct arena *a, size_t n)
{
	struct list *l = arena_new(a, struct list);

	l->at = arena_array(a, n, sizeof *l->at);
	l->n = n;
	return (struct val){.type = V_LIST, .u.list = l};
}

static struct val node_val(const void *model)
{
	return (struct val){.type = V_NODE, .u.node = model_node(model)};
}

struct val val_widen(struct arena *a, struct val v)
{
	struct val wide = v;

	switch (v.type) {
	case T_IP4:
	case T_IP6:
		return VAL(IP, v.u.IP4);
	case T_CIDR4:
	case T_CIDR6:
		return VAL(CIDR, v.u.CIDR4);
	case T_NUMBER:
		return VAL(FLOAT, v.u.NUMBER);
	case T_COUNTLIMIT:
	case T_SIZELIMIT:
		if (v.u.INT == INT64_MAX)
			return VAL(STRING, STR("unlimited"));
		return v.type == T_COUNTLIMIT ? VAL(INT, v.u.INT) : VAL(SIZE, v.u.SIZE);
	case T_IMAGE:
		return VAL(STRING, v.u.IMAGE);
	case T_IFNAME:
		return VAL(STRING, v.u.IFNAME);
	case T_DNS:
		if (v.u.DNS.from != DNS_LIST)
			return v.u.DNS.from == DNS_HOST ? VAL(STRING, STR("host")) : val_none();
		wide = list_of(a, v.u.DNS.n);
		for (size_t i = 0; i < v.u.DNS.n; i++)
			wide.u.list->at[i] = VAL(IP, v.u.DNS.at[i]);
		return wide;
	case T_HOSTPORT:
		return v.u.HOSTPORT.addr.family ? VAL(ENDPOINT, v.u.HOSTPORT) : VAL(PORT, v.u.HOSTPORT.port);
	case T_REMOTE:
		return v.u.REMOTE.name.n ? VAL(STRING, str_fmt(a, "%.*s:%u", STR_ARG(v.u.REMOTE.name), (unsigned)v.u.REMOTE.at.port.lo)) : VAL(ENDPOINT, v.u.REMOTE.at);
	case T_CIDRS:
		wide = list_of(a, v.u.CIDRS.n);
		for (size_t i = 0; i < v.u.CIDRS.n; i++)
			wide.u.list->at[i] = VAL(CIDR, v.u.CIDRS.at[i]);
		return wide;
	case T_IPS:
		wide = list_of(a, v.u.IPS.n);
		for (size_t i = 0; i < v.u.IPS.n; i++)
			wide.u.list->at[i] = VAL(IP, v.u.IPS.at[i]);
		return wide;
#define REF(tag, kind) \
	case T_##tag:  \
		return node_val(v.u.tag);
#include "lang/ref.def"
	case T_STRINGS:
		wide = list_of(a, v.u.STRINGS.n);
		for (size_t i = 0; i < v.u.STRINGS.n; i++)
			wide.u.list->at[i] = VAL(STRING, v.u.STRINGS.at[i]);
		return wide;
	case T_CAPABILITIES:
		wide = list_of(a, v.u.CAPABILITIES.n);
		for (size_t i = 0; i < v.u.CAPABILITIES.n; i++)
			wide.u.list->at[i] = VAL(CAPABILITY, v.u.CAPABILITIES.at[i]);
		return wide;
#define REFS(tag, one, kind, plural)                                   \
	case T_##tag:                                                  \
		wide = list_of(a, v.u.tag.n);                          \
		for (size_t i = 0; i < v.u.tag.n; i++)                 \
			wide.u.list->at[i] = node_val(v.u.tag.at[i]); \
		return wide;
#include "lang/ref.def"
	default:
		return wide;
	}
}

/* Leaves the value without a pointer to anything but the arena and the model. */
static void val_copy(struct arena *a, struct val *v)
{
	size_t n;

	switch (v->type) {
	case T_STRING:
	case T_PATH:
	case T_IMAGE:
	case T_NAMED:
	case T_IFNAME:
		v->u.STRING = str_copy(a, v->u.STRING);
		break;
	case T_CIDRS:
		v->u.CIDRS.at = (struct cidr *)arena_copy(a, v->u.CIDRS.at, v->u.CIDRS.n * sizeof *v->u.CIDRS.at);
		break;
	case T_IPS:
		v->u.IPS.at = (struct addr *)arena_copy(a, v->u.IPS.at, v->u.IPS.n * sizeof *v->u.IPS.at);
		break;
	case T_DNS:
		v->u.DNS.at = (struct addr *)arena_copy(a, v->u.DNS.at, v->u.DNS.n * sizeof *v->u.DNS.at);
		break;
	case T_STRINGS:
		n = v->u.STRINGS.n;
		v->u.STRINGS.at = (struct str *)arena_copy(a, v->u.STRINGS.at, n * sizeof *v->u.STRINGS.at);
		for (size_t i = 0; i < n; i++)
			v->u.STRINGS.at[i] = str_copy(a, v->u.STRINGS.at[i]);
		break;
	case T_CAPABILITIES:
		n = v->u.CAPABILITIES.n;
		v->u.CAPABILITIES.at = (enum word *)arena_copy(a, v->u.CAPABILITIES.at, n * sizeof *v->u.CAPABILITIES.at);
		break;
#define REFS(tag, one, kind, plural)                                                                            \
	case T_##tag:                                                                                           \
		n = v->u.tag.n;                                                                                 \
		v->u.tag.at = (struct m_##kind **)arena_copy(a, v->u.tag.at, n * sizeof(struct m_##kind *));    \
		v->u.tag.spans = (struct span *)arena_copy(a, v->u.tag.spans, n * sizeof *v->u.tag.spans);      \
		break;
#include "lang/ref.def"
	case T_REMOTE:
		v->u.REMOTE.name = str_copy(a, v->u.REMOTE.name);
		break;
	default:
		break; /* plain numbers, addresses, words, references into the model */
	}
}

void field_write(struct arena *a, void *field, struct val typed)
{
	val_copy(a, &typed);
	switch (typed.type) {
#define TYPE(tag, ctype, shown)                          \
	case T_##tag:                                    \
		((struct f_##tag *)field)->set = true;   \
		((struct f_##tag *)field)->v = typed.u.tag; \
		break;
#include "lang/type.def"
#undef TYPE
	default:
		*(bool *)field = false;	/* set stands first in every struct f_TYPE */
		break;
	}
}

struct val field_read(const void *field, enum type_tag tag)
{
	switch (tag) {
#define TYPE(tag, ctype, shown)                                                          \
	case T_##tag:                                                                    \
		return ((const struct f_##tag *)field)->set ?                            \
			       VAL(tag, ((const struct f_##tag *)field)->v) :            \
			       (struct val){.type = V_NONE, .u.INT = T_##tag + 1};
#include "lang/type.def"
#undef TYPE
	case T_COUNT:
		break;
	}
	return val_none();
}

int dict_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct dict_entry *)a)->name, ((const struct dict_entry *)b)->name);
}
