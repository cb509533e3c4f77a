/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asks nf_tables for its generation, with a socket of its own: the question loads the module where there is one. */
#include "runtime/nft_probe.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "lang/base/cleanup.h"

int nft_probe(struct err *e)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg family;
	} ask = {{.nlmsg_len = sizeof ask, .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, .nlmsg_flags = NLM_F_REQUEST},
		 {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0}};
	const struct timeval deadline = {.tv_sec = 5};
	_Alignas(struct nlmsghdr) char answer[8192];
	const struct nlmsghdr *head = (const struct nlmsghdr *)answer;
	_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) < 0 || send(fd, &ask, sizeof ask, 0) < 0)
		return err_errno(e, -errno, "this kernel has no netfilter, by which flows are kept: it needs the module nf_tables");
	ssize_t n = recv(fd, answer, sizeof answer, 0);

	if (n < (ssize_t)sizeof *head)
		return err_errno(e, n < 0 ? -errno : -EIO, "the kernel's nf_tables does not answer");
	if (head->nlmsg_type == NLMSG_ERROR)
		return err_set(e, -EOPNOTSUPP, "this kernel has no nf_tables, by which flows are kept: load it with modprobe nf_tables, or boot a kernel that has it");
	return 0;
}
