/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Table inet ctstack as it is, and as it shall be: its chains, sets, counters and rules as comparable text, its
 * elements as resources. All that is read is of one generation of the kernel's rule set. */
#ifndef CTC_RUNTIME_NFT_STATE_H
#define CTC_RUNTIME_NFT_STATE_H

#include "lang/manifest.h"
#include "runtime/host.h"

struct mnl_socket;
struct watch;

enum nft_object_kind { NFT_OBJECT_OF_COUNTERS, NFT_OBJECT_OF_CHAINS, NFT_OBJECT_OF_SETS };

struct nft_thing {
	enum nft_object_kind kind;
	size_t number; /* of the wanted: index in nft_counters, nft_chains, policy_sets; of a found counter: the type of
			  object that it is */
	struct str name;
	struct str shape; /* where it differs, the object must be made anew */
	struct str state; /* of a chain its policy and rules: where it differs, they are written anew */
};

struct nft_things {
	VEC(struct nft_thing) all; /* nft_things_sort: by kind, then name */
};

struct nft_state {
	uint32_t genid;
	bool exists, ours; /* the table; whether it bears our mark */
	bool intact;	   /* it is ours and all in it but the elements is as nft_wanted says */
	struct nft_things things;
	struct manifest elements; /* res_nft, sealed; those that were asked for, of sets of the wanted shape; and
				     POLICY_RULES where the table is ours */
};

/* In the order of their tables: as they are made. */
void nft_wanted(struct arena *a, struct nft_things *ret);
void nft_things_sort(struct nft_things *t);
/* Everything lives in the arena. A missing table is no error. sets: whose elements are read, by enum policy_set; NULL:
 * all, and only then is it seen where a set holds what is no element of ours. */
int nft_state_read(struct arena *a, struct mnl_socket *s, const bool *sets, struct nft_state *ret, struct err *e);
/* The same, hearing of changes since `ear` was opened (watch_open_table): what other tables become meanwhile is no matter. -ERESTART: ours was altered. */
int nft_state_hear(struct arena *a, struct mnl_socket *s, const bool *sets, struct watch *ear, struct nft_state *ret, struct err *e);
/* The number of the current generation of rules. */
int nft_genid(struct mnl_socket *s, uint32_t *ret, struct err *e);

/* By kind, then name. */
int nft_thing_cmp(const struct nft_thing *a, const struct nft_thing *b);

#endif
