/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One batch of nf_tables: all of it happens, at one instant, or nothing (nfnetlink_rcv_batch() in the kernel). It
 * carries the generation of the rule set that it was made for, and the kernel refuses it where that is no longer the
 * current one. Without its end marker the kernel checks a batch and throws it away. */
#ifndef CTC_RUNTIME_NFT_BATCH_H
#define CTC_RUNTIME_NFT_BATCH_H

#include "lang/manifest.h"
#include "runtime/nft_elem.h"
#include "runtime/nl.h"

struct nft_message;
struct nft_piece;

/* Begun with nft_batch_begin; nft_batch_free when done. */
struct nft_batch {
	struct buf bytes;
	struct arena arena;
	uint32_t seq; /* of the first message, the beginning of the batch */
	VEC(struct nft_message) messages;
	VEC(struct nft_piece) pieces; /* elements */
	struct nlmsghdr *open;	      /* the message that is being written, in scratch */
	struct str what;	      /* it tries */
	struct nlattr *list;	      /* its list of elements, where it has one */
	int list_type;
	enum policy_set list_set;
	char *scratch;
};

void nft_batch_begin(struct nft_batch *b, uint32_t genid);
void nft_batch_free(struct nft_batch *b);
/* Whether anything is in it. */
bool nft_batch_any(const struct nft_batch *b);

/* Begins a message of a type (NFT_MSG_NEWTABLE and so on) and of flags (NLM_F_CREATE, ...); its attributes are put
 * after the header that is returned, which is for nftnl_*_nlmsg_build_payload and mnl_attr_put; nft_batch_end ends it.
 * The text says what is tried: "make the chain forward". */
struct nlmsghdr *nft_batch_message(struct nft_batch *b, int type, int flags, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void nft_batch_end(struct nft_batch *b);
/* NFT_MSG_NEWSETELEM or NFT_MSG_DELSETELEM of one element; several in a row for one set share a message. The resource
 * is who wants it; its origin becomes the comment. */
void nft_batch_elem(struct nft_batch *b, int type, enum policy_set set, const struct nft_elem *elem,
		    const struct res *r);

/* Makes it one for another generation; it may be sent again then. */
void nft_batch_regen(struct nft_batch *b, uint32_t genid);
/* Returns when every change that had begun is done, and told to whoever listens (the kernel's one mutex of changes). */
int nft_batch_barrier(struct mnl_socket *s, struct err *e);
/* Sends it, with the end marker or without. -ERESTART: the rule set is of another generation by now; anything else is
 * explained in e, with the resource whose element the kernel did not like. */
int nft_batch_send(struct nft_batch *b, struct mnl_socket *s, bool commit, struct err *e);

#endif
