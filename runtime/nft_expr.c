/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * nf_tables expressions, through libnftnl. The rule owns them. */
#include "runtime/nft_expr.h"

#include <assert.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <libnftnl/expr.h>
#include <libnftnl/object.h>

enum { LOG_LEVEL_INFO = 6 };

/* The kernel names the four registers of 16 bytes by their old numbers (nft_dump_register). */
static uint32_t reg(unsigned word)
{
	assert(word < NFT_REG32_COUNT);
	return word % 4 ? NFT_REG32_00 + word : NFT_REG_1 + word / 4;
}

static struct nftnl_expr *add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *x = nftnl_expr_alloc(name);

	/* NULL for a name that this libnftnl does not know, or without memory; nothing has been sent then. */
	assert(x);
	nftnl_rule_add_expr(r, x);
	return x;
}

void nft_expr_meta(struct nftnl_rule *r, uint32_t key, unsigned word)
{
	struct nftnl_expr *x = add(r, "meta");

	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, reg(word));
}

void nft_expr_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len, unsigned word)
{
	struct nftnl_expr *x = add(r, "payload");

	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, reg(word));
}

void nft_expr_ct(struct nftnl_rule *r, uint32_t key, int dir, unsigned word)
{
	struct nftnl_expr *x = add(r, "ct");

	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, key);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, reg(word));
	if (dir != NFT_NO_DIR)
		nftnl_expr_set_u8(x, NFTNL_EXPR_CT_DIR, (uint8_t)dir);
}

void nft_expr_cmp(struct nftnl_rule *r, uint32_t op, const void *bytes, uint32_t n)
{
	struct nftnl_expr *x = add(r, "cmp");

	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(x, NFTNL_EXPR_CMP_DATA, bytes, n);
}

void nft_expr_mask(struct nftnl_rule *r, const void *bits, uint32_t n)
{
	struct nftnl_expr *x = add(r, "bitwise");
	const uint8_t zero[16] = {0};

	assert(n <= sizeof zero);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, n);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, bits, n);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, n);
}

void nft_expr_any_bit(struct nftnl_rule *r, uint32_t bits)
{
	const uint32_t zero = 0;

	nft_expr_mask(r, &bits, sizeof bits);
	nft_expr_cmp(r, NFT_CMP_NEQ, &zero, sizeof zero);
}

void nft_expr_lookup(struct nftnl_rule *r, const char *set, int into_word)
{
	struct nftnl_expr *x = add(r, "lookup");

	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, reg(0));
	nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, set);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, 0);
	if (into_word != NFT_NO_WORD)
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_DREG, reg((unsigned)into_word));
}

void nft_expr_fib_daddr_type(struct nftnl_rule *r)
{
	struct nftnl_expr *x = add(r, "fib");

	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
}

void nft_expr_dnat(struct nftnl_rule *r, uint32_t family, unsigned addr_word, unsigned port_word)
{
	struct nftnl_expr *x = add(r, "nat");

	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FAMILY, family);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MIN, reg(addr_word));
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MAX, reg(addr_word));
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MIN, reg(port_word));
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MAX, reg(port_word));
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FLAGS, NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED);
}

void nft_expr_mark(struct nftnl_rule *r, uint32_t bit, bool on)
{
	const uint32_t keep = ~bit, flip = on ? bit : 0;
	struct nftnl_expr *x;

	nft_expr_meta(r, NFT_META_MARK, 0);
	x = add(r, "bitwise");
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, reg(0));
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, sizeof keep);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, &keep, sizeof keep);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof flip);
	x = add(r, "meta");
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(x, NFTNL_EXPR_META_SREG, reg(0));
}

void nft_expr_masquerade(struct nftnl_rule *r)
{
	add(r, "masq");
}

void nft_expr_count(struct nftnl_rule *r, const char *counter)
{
	struct nftnl_expr *x = add(r, "objref");

	nftnl_expr_set_u32(x, NFTNL_EXPR_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nftnl_expr_set_str(x, NFTNL_EXPR_OBJREF_IMM_NAME, counter);
}

void nft_expr_limit(struct nftnl_rule *r, uint64_t per_second, uint32_t burst)
{
	struct nftnl_expr *x = add(r, "limit");

	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_RATE, per_second);
	nftnl_expr_set_u64(x, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_BURST, burst);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LIMIT_FLAGS, 0);
}

void nft_expr_log(struct nftnl_rule *r, const char *prefix)
{
	struct nftnl_expr *x = add(r, "log");

	nftnl_expr_set_str(x, NFTNL_EXPR_LOG_PREFIX, prefix);
	nftnl_expr_set_u32(x, NFTNL_EXPR_LOG_LEVEL, LOG_LEVEL_INFO);
}

void nft_expr_verdict(struct nftnl_rule *r, int verdict, const char *chain)
{
	struct nftnl_expr *x = add(r, "immediate");

	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	if (chain)
		nftnl_expr_set_str(x, NFTNL_EXPR_IMM_CHAIN, chain);
}
