/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A WireGuard tunnel whose inner end stands in a container's namespace, kept by a process of its own (`ctc tunnel FILE`, in the unit ct-STACK-CONTAINER.wireguard.service). The interface is made in the
 * host's namespace, where its encrypted packets stay, and moved: by the kernel's WireGuard, or where there is none by wireguard-go, which runs as a child. */
#ifndef CTC_RUNTIME_TUNNEL_H
#define CTC_RUNTIME_TUNNEL_H

#include "runtime/host.h"

/* The file, a line each, in this order:
 *	netns NAME		where the inner end is, as wg0
 *	interface NAME		what it is called until it is moved
 *	link ADDRESS GATEWAY	of the container's own link: answers from that address leave by it
 *	address CIDR		in the tunnel
 *	route CIDR		what is behind it
 *	port N			on which the host listens
 *	peers			and behind it, to the end, the peers as wg(8) reads them
 * The private key is the file `private-key` in the directory of credentials. */

/* Whether this host could make one: its kernel knows WireGuard (asking loads the module, where there is one), or wireguard-go is installed and has /dev/net/tun. */
bool tunnel_possible(struct host *h);
/* Makes the tunnel, says READY=1 to systemd, and stays until a signal comes or the tunnel has ended, and takes it down. Returns 0 after a signal. */
int tunnel_run(struct host *h, struct str path, const char *credentials, struct err *e);

#endif
