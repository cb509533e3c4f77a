/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether the kernel has nf_tables. */
#ifndef CTC_RUNTIME_NFT_PROBE_H
#define CTC_RUNTIME_NFT_PROBE_H

#include "lang/base/err.h"

/* 0, or one sentence that says what to do. Needs CAP_NET_ADMIN. */
int nft_probe(struct err *e);

#endif
