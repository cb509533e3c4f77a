/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The constant part of table inet ctstack as data: chains, counters, rules. spec/policy.md says in prose what a packet
 * meets. */
#ifndef CTC_RUNTIME_NFT_RULES_H
#define CTC_RUNTIME_NFT_RULES_H

#include <stddef.h>
#include <stdint.h>

#include <libnftnl/rule.h>

#define NFT_TABLE "ctstack"
/* The table's comment is our mark: a table of this name without it is somebody else's. */
#define NFT_TABLE_MARK "made and kept by ctc"

struct nft_chain_info {
	const char *name, *doc;
	const char *type; /* "filter" or "nat" of a base chain; NULL for one that rules lead to */
	uint32_t hook;	  /* NF_INET_PRE_ROUTING and so on */
	int32_t priority; /* linux/netfilter_ipv4.h, NF_IP_PRI_ */
};

struct nft_counter_info {
	const char *name, *doc;
};

/* The tables, in the order in which the kernel gets them: a chain before the rules that lead to it. */
extern const struct nft_chain_info nft_chains[];
extern const size_t nft_nchains;
extern const struct nft_counter_info nft_counters[];
extern const size_t nft_ncounters;
extern const size_t nft_nrules;

const char *nft_rule_chain(size_t rule);
const char *nft_rule_doc(size_t rule);
/* Appends the rule's expressions. */
void nft_rule_build(size_t rule, struct nftnl_rule *to);

#endif
