/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Elements of the policy's sets (lang/policy.def): their text, as a manifest has it, and their bytes, as the kernel has
 * them. Pure: nothing here asks the kernel. */
#ifndef CTC_RUNTIME_NFT_ELEM_H
#define CTC_RUNTIME_NFT_ELEM_H

#include "lang/policy.h"

/* NFT_DATA_VALUE_MAXLEN of linux/netfilter/nf_tables.h: the longest key or data of the kernel. */
enum { NFT_BYTES_MAX = 64 };

/* The fields one after the other, in network order, each filled up to a multiple of four bytes. */
struct nft_elem {
	uint8_t key[NFT_BYTES_MAX];
	uint8_t end[NFT_BYTES_MAX];  /* of a RANGE set: the key with the interval's last value; else unused */
	uint8_t data[NFT_BYTES_MAX]; /* of a map; else unused */
};

/* Bytes that a field takes in a key: in full words of four, and without the filling. family: 4 or 6, for FIELD_ADDR. */
uint32_t nft_field_len(enum policy_field f, int family);
uint32_t nft_field_size(enum policy_field f, int family);
/* Bytes of a whole key; of the data, 0 for a set. */
uint32_t nft_key_len(enum policy_set set);
uint32_t nft_data_len(enum policy_set set);

/* False where the texts are not the canonical ones of an element of this set. */
bool nft_elem_parse(enum policy_set set, struct str key, struct str data, struct nft_elem *ret);
/* Appends the canonical texts; false (and unspecified texts) where the bytes are no element that nft_elem_parse could
 * make: then somebody else made it. */
bool nft_elem_text(enum policy_set set, const struct nft_elem *elem, struct buf *key, struct buf *data);
/* Whether both are the same element with the same data. */
bool nft_elem_eq(enum policy_set set, const struct nft_elem *a, const struct nft_elem *b);

#endif
