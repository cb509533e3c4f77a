/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Constructors for nf_tables expressions, each appended to a rule. A register is named by its number of four bytes, 0
 * to 15, as a concatenation is laid out; keys, bases and operations are those of linux/netfilter/nf_tables.h. The forms
 * are those that nft writes, so that nft can list them. */
#ifndef CTC_RUNTIME_NFT_EXPR_H
#define CTC_RUNTIME_NFT_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include <libnftnl/rule.h>

enum { NFT_NO_DIR = -1, NFT_NO_WORD = -1 };

void nft_expr_meta(struct nftnl_rule *r, uint32_t key, unsigned word);
void nft_expr_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len, unsigned word);
/* dir: IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY or NFT_NO_DIR. */
void nft_expr_ct(struct nftnl_rule *r, uint32_t key, int dir, unsigned word);
/* Compares the register from word 0 on with n bytes. */
void nft_expr_cmp(struct nftnl_rule *r, uint32_t op, const void *bytes, uint32_t n);
/* Clears all but the bits of n bytes, in place from word 0 on. */
void nft_expr_mask(struct nftnl_rule *r, const void *bits, uint32_t n);
/* Whether any of the bits of a 32-bit register in the host's order is set. */
void nft_expr_any_bit(struct nftnl_rule *r, uint32_t bits);
/* Looks up the key from word 0 on; with into_word not NFT_NO_WORD, of a map, and what is found goes there. */
void nft_expr_lookup(struct nftnl_rule *r, const char *set, int into_word);
/* The type of the destination address (RTN_LOCAL and so on) into word 0. */
void nft_expr_fib_daddr_type(struct nftnl_rule *r);
/* family: NFPROTO_IPV4 or NFPROTO_IPV6; address and port from these words on. */
void nft_expr_dnat(struct nftnl_rule *r, uint32_t family, unsigned addr_word, unsigned port_word);
/* Gives the packet's mark the bit, or takes it; the other bits stay. */
void nft_expr_mark(struct nftnl_rule *r, uint32_t bit, bool on);
void nft_expr_masquerade(struct nftnl_rule *r);
/* One more packet for a named counter. */
void nft_expr_count(struct nftnl_rule *r, const char *counter);
/* Goes on while there are at most this many packets in a second. */
void nft_expr_limit(struct nftnl_rule *r, uint64_t per_second, uint32_t burst);
/* A line in the kernel's log, of level info. */
void nft_expr_log(struct nftnl_rule *r, const char *prefix);
/* verdict: NF_ACCEPT, NF_DROP, NFT_RETURN, NFT_JUMP or NFT_GOTO; chain for the last two, else NULL. */
void nft_expr_verdict(struct nftnl_rule *r, int verdict, const char *chain);

#endif
