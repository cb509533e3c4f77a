/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table, its chains, sets, counters and rules as objects of libnftnl, and the text by which a wanted and a found
 * one are compared. */
#ifndef CTC_RUNTIME_NFT_OBJECT_H
#define CTC_RUNTIME_NFT_OBJECT_H

#include <libnftnl/chain.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "lang/base/cleanup.h"
#include "lang/policy.h"

#define NFT_CLEANUP(type)                                                                                              \
	static inline void cleanup_nftnl_##type(struct nftnl_##type **p)                                               \
	{                                                                                                              \
		if (*p)                                                                                                \
			nftnl_##type##_free(*p);                                                                       \
	}
NFT_CLEANUP(table)
NFT_CLEANUP(chain)
NFT_CLEANUP(rule)
NFT_CLEANUP(obj)
NFT_CLEANUP(set)
#undef NFT_CLEANUP
#define _nftnl_(type) _cleanup_(cleanup_nftnl_##type) struct nftnl_##type *

/* An empty one, owned by the caller. */
struct nftnl_table *nft_table_new(void);
struct nftnl_chain *nft_chain_new(void);
struct nftnl_rule *nft_rule_new(void);
struct nftnl_obj *nft_obj_new(void);
struct nftnl_set *nft_set_new(void);

/* As it shall be; chain, counter and rule are indices of nft_rules.h. Owned by the caller. */
struct nftnl_table *nft_table_make(void);
struct nftnl_chain *nft_chain_make(size_t chain);
struct nftnl_rule *nft_rule_make(size_t rule);
struct nftnl_obj *nft_counter_make(size_t counter);
struct nftnl_set *nft_set_make(enum policy_set set);

/* Append what cannot be changed in an object that is there. */
void nft_chain_shape(const struct nftnl_chain *c, struct buf *out);
void nft_obj_shape(struct nftnl_obj *o, struct buf *out);
void nft_set_shape(const struct nftnl_set *s, struct buf *out);
/* Append what can: of a chain its policy, and one line for each of its rules. */
void nft_chain_state(const struct nftnl_chain *c, struct buf *out);
void nft_rule_text(struct nftnl_rule *r, struct buf *out);

/* Userdata with a comment, as nft writes it; returns its length, at most NFT_COMMENT_MAX. Comments that nft could not
 * show are made so that it can: too long ones lose their beginning; quotes and backslashes, for which it has no escape,
 * and what cannot be seen become "?". Type 0 is the comment of all but sets. */
enum { NFT_COMMENT_MAX = 2 + 128 };
uint32_t nft_comment_put(uint8_t type, struct str comment, uint8_t *to);
/* The comment of type 0 in userdata, or an empty string; a slice of the bytes. */
struct str nft_comment_get(const void *userdata, uint32_t n);

#endif
