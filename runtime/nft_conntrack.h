/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Connections that are translated as it was before a change. The kernel translates a connection once and for all: a
 * program that keeps sending UDP to a port would never come to the container that the port leads to now. So these
 * entries of conntrack are deleted, and no others; the next packet is seen as a new connection. */
#ifndef CTC_RUNTIME_NFT_CONNTRACK_H
#define CTC_RUNTIME_NFT_CONNTRACK_H

#include "runtime/plan.h"

struct mnl_socket;

/* Whether the slice changes how anything is translated: else there is nothing to settle. */
bool nft_conntrack_concerned(struct slice s);
/* After the change. containers: every container's address, as res_nft of the sets address4 and address6, sealed. */
int nft_conntrack_settle(struct mnl_socket *socket, struct slice s, const struct manifest *containers, struct err *e);

#endif
