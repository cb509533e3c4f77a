/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Objects of libnftnl from the tables of nft_rules.h and lang/policy.h. Userdata and type numbers are nft's (its
 * src/datatype.c and src/netlink.c, and libnftnl/udata.h), so that nft lists keys, data and comments readably; the
 * kernel does not look at them. */
#include "runtime/nft_object.h"

#include <assert.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/udata.h>

#include "lang/base/utf8.h"
#include "runtime/nft_elem.h"
#include "runtime/nft_rules.h"

/* enum datatypes of nft's include/datatype.h; a concatenation's type has six bits for each field. */
enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_INET_PROTOCOL = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_IFNAME = 41,
	TYPE_BITS = 6
};
/* enum byteorder of nft's include/expression.h: of a concatenation there is none. */
enum { ORDER_NONE = 0, ORDER_HOST = 1, ORDER_BIG = 2 };

/* NULL only without memory; nothing has been sent then. */
#define NEW(type, alloc)                                                                                               \
	struct nftnl_##type *new = alloc();                                                                            \
	assert(new);                                                                                                   \
	return new

struct nftnl_table *nft_table_new(void)
{
	NEW(table, nftnl_table_alloc);
}

struct nftnl_chain *nft_chain_new(void)
{
	NEW(chain, nftnl_chain_alloc);
}

struct nftnl_rule *nft_rule_new(void)
{
	NEW(rule, nftnl_rule_alloc);
}

struct nftnl_obj *nft_obj_new(void)
{
	NEW(obj, nftnl_obj_alloc);
}

struct nftnl_set *nft_set_new(void)
{
	NEW(set, nftnl_set_alloc);
}

uint32_t nft_comment_put(uint8_t type, struct str comment, uint8_t *to)
{
	static const char cut[] = "...";
	const size_t max = NFT_COMMENT_MAX - 3;
	size_t i = 0;
	uint32_t n = 2;

	if (comment.n > max) {
		for (i = comment.n - max + strlen(cut); i < comment.n && (comment.s[i] & 0xc0) == 0x80;) /* not within a character */
			i++;
		memcpy(to + n, cut, strlen(cut));
		n += (uint32_t)strlen(cut);
	}
	for (size_t len; i < comment.n; i += len) {
		uint32_t code;

		len = utf8_decode(comment.s + i, comment.n - i, &code);
		if (!len || code < ' ' || code == 0x7f || code == '"' || code == '\\' || utf8_invisible(code)) {
			to[n++] = '?';
			len += !len;
		} else {
			memcpy(to + n, comment.s + i, len);
			n += (uint32_t)len;
		}
	}
	to[n++] = '\0';
	to[0] = type;
	to[1] = (uint8_t)(n - 2);
	return n;
}

struct str nft_comment_get(const void *userdata, uint32_t n)
{
	const uint8_t *b = userdata;

	while (n >= 2 && b[1] <= n - 2) {
		if (b[0] == 0)
			return (struct str){(const char *)b + 2, strnlen((const char *)b + 2, b[1])};
		n -= 2u + b[1];
		b += 2u + b[1];
	}
	return (struct str){0};
}

struct nftnl_table *nft_table_make(void)
{
	struct nftnl_table *t = nft_table_new();
	uint8_t comment[NFT_COMMENT_MAX];
	uint32_t n = nft_comment_put(NFTNL_UDATA_TABLE_COMMENT, STR(NFT_TABLE_MARK), comment);

	nftnl_table_set_u32(t, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, NFT_TABLE);
	nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, 0);
	nftnl_table_set_data(t, NFTNL_TABLE_USERDATA, comment, n);
	return t;
}

struct nftnl_chain *nft_chain_make(size_t chain)
{
	const struct nft_chain_info *info = &nft_chains[chain];
	struct nftnl_chain *c = nft_chain_new();
	uint8_t comment[NFT_COMMENT_MAX];
	uint32_t n = nft_comment_put(NFTNL_UDATA_CHAIN_COMMENT, str_of(info->doc), comment);

	nftnl_chain_set_u32(c, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, NFT_TABLE);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, info->name);
	nftnl_chain_set_data(c, NFTNL_CHAIN_USERDATA, comment, n);
	if (info->type) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, info->type);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, info->hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, info->priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	}
	return c;
}

struct nftnl_rule *nft_rule_make(size_t rule)
{
	struct nftnl_rule *r = nft_rule_new();
	uint8_t comment[NFT_COMMENT_MAX];
	uint32_t n = nft_comment_put(NFTNL_UDATA_RULE_COMMENT, str_of(nft_rule_doc(rule)), comment);

	nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, NFPROTO_INET);
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, NFT_TABLE);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, nft_rule_chain(rule));
	nftnl_rule_set_data(r, NFTNL_RULE_USERDATA, comment, n);
	nft_rule_build(rule, r);
	return r;
}

struct nftnl_obj *nft_counter_make(size_t counter)
{
	const struct nft_counter_info *info = &nft_counters[counter];
	struct nftnl_obj *o = nft_obj_new();
	uint8_t comment[NFT_COMMENT_MAX];
	uint32_t n = nft_comment_put(NFTNL_UDATA_OBJ_COMMENT, str_of(info->doc), comment);

	nftnl_obj_set_u32(o, NFTNL_OBJ_FAMILY, NFPROTO_INET);
	nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, NFT_TABLE);
	nftnl_obj_set_str(o, NFTNL_OBJ_NAME, info->name);
	nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	nftnl_obj_set_data(o, NFTNL_OBJ_USERDATA, comment, n);
	nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_BYTES, 0);
	nftnl_obj_set_u64(o, NFTNL_OBJ_CTR_PKTS, 0);
	return o;
}

static uint32_t field_type(enum policy_field f, int family)
{
	switch (f) {
	case FIELD_IFNAME:
		return TYPE_IFNAME;
	case FIELD_ADDR:
		return family == 6 ? TYPE_IP6ADDR : TYPE_IPADDR;
	case FIELD_PROTO:
		return TYPE_INET_PROTOCOL;
	case FIELD_PORT:
		return TYPE_INET_SERVICE;
	case FIELD_END:
		break;
	}
	return 0;
}

static uint32_t fields_type(const enum policy_field *f, int family)
{
	uint32_t type = 0;

	for (; *f != FIELD_END; f++)
		type = type << TYPE_BITS | field_type(*f, family);
	return type;
}

static uint32_t fields_order(const enum policy_field *f)
{
	return f[1] != FIELD_END ? ORDER_NONE : f[0] == FIELD_IFNAME ? ORDER_HOST : ORDER_BIG;
}

static void set_userdata(struct nftnl_set *s, const struct policy_set_info *info)
{
	struct nftnl_udata_buf *b = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	uint8_t comment[NFT_COMMENT_MAX];
	uint32_t n = nft_comment_put(NFTNL_UDATA_SET_COMMENT, str_of(info->doc), comment);

	assert(b);
	nftnl_udata_put_u32(b, NFTNL_UDATA_SET_KEYBYTEORDER, fields_order(info->key));
	if (info->data[0] != FIELD_END)
		nftnl_udata_put_u32(b, NFTNL_UDATA_SET_DATABYTEORDER, fields_order(info->data));
	nftnl_udata_put(b, NFTNL_UDATA_SET_COMMENT, n - 2, comment + 2);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(b), nftnl_udata_buf_len(b));
	nftnl_udata_buf_free(b);
}

struct nftnl_set *nft_set_make(enum policy_set set)
{
	const struct policy_set_info *info = &policy_sets[set];
	struct nftnl_set *s = nft_set_new();
	uint32_t flags = 0;

	nftnl_set_set_u32(s, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_str(s, NFTNL_SET_TABLE, NFT_TABLE);
	nftnl_set_set_str(s, NFTNL_SET_NAME, info->name);
	nftnl_set_set_u32(s, NFTNL_SET_ID, (uint32_t)set + 1);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, fields_type(info->key, info->family));
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, nft_key_len(set));
	if (info->data[0] != FIELD_END) {
		flags |= NFT_SET_MAP;
		nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, fields_type(info->data, info->family));
		nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, nft_data_len(set));
	}
	if (info->form == SET_RANGE) {
		uint8_t lengths[POLICY_FIELDS_MAX];
		uint32_t n = 0;

		flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
		for (; info->key[n] != FIELD_END; n++)
			lengths[n] = (uint8_t)nft_field_size(info->key[n], info->family);
		nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, lengths, n);
	}
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, flags);
	set_userdata(s, info);
	return s;
}

void nft_chain_shape(const struct nftnl_chain *c, struct buf *out)
{
	if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
		buf_fmt(out, "%s %u %d", nftnl_chain_get_str(c, NFTNL_CHAIN_TYPE),
			nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM), nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO));
}

void nft_chain_state(const struct nftnl_chain *c, struct buf *out)
{
	if (nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM))
		buf_fmt(out, "policy %u\n", nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY));
}

void nft_obj_shape(struct nftnl_obj *o, struct buf *out)
{
	buf_fmt(out, "object %u", nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE));
}

static void bytes_text(const void *bytes, uint32_t n, struct buf *out)
{
	for (uint32_t i = 0; i < n; i++)
		buf_fmt(out, "%02x", ((const uint8_t *)bytes)[i]);
}

void nft_set_shape(const struct nftnl_set *s, struct buf *out)
{
	/* What is not set reads as 0; a timeout or an expression is what no set of ours has. Userdata only says how nft
	 * shows it: a saved rule set that nft loaded again has some more in it. */
	buf_fmt(out, "flags %x key %x %u data %x %u object %u timeout %" PRIu64 " expr %d",
		nftnl_set_get_u32(s, NFTNL_SET_FLAGS), nftnl_set_get_u32(s, NFTNL_SET_KEY_TYPE),
		nftnl_set_get_u32(s, NFTNL_SET_KEY_LEN), nftnl_set_get_u32(s, NFTNL_SET_DATA_TYPE),
		nftnl_set_get_u32(s, NFTNL_SET_DATA_LEN), nftnl_set_get_u32(s, NFTNL_SET_OBJ_TYPE),
		nftnl_set_get_u64(s, NFTNL_SET_TIMEOUT),
		nftnl_set_is_set(s, NFTNL_SET_EXPR) || nftnl_set_is_set(s, NFTNL_SET_EXPRESSIONS));
}

static int expr_text(struct nftnl_expr *x, void *context)
{
	struct buf *out = context;
	char text[512];
	int n = nftnl_expr_snprintf(text, sizeof text, x, NFTNL_OUTPUT_DEFAULT, 0);

	/* What is longer than any of ours is cut, and differs by that. */
	buf_fmt(out, "[%s ", nftnl_expr_get_str(x, NFTNL_EXPR_NAME));
	buf_add(out, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	buf_addc(out, ']');
	return 0;
}

void nft_rule_text(struct nftnl_rule *r, struct buf *out)
{
	uint32_t n = 0;
	const void *userdata = nftnl_rule_get_data(r, NFTNL_RULE_USERDATA, &n);

	nftnl_expr_foreach(r, expr_text, out);
	bytes_text(userdata, userdata ? n : 0, out);
	buf_addc(out, '\n');
}
