/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Netlink sockets, and requests that go out many at a time with one acknowledgement each. Which messages are sent is the business of the kinds: nl_route.c
 * speaks rtnetlink, kind_nft.c nf_tables. */
#ifndef CTC_RUNTIME_NL_H
#define CTC_RUNTIME_NL_H

#include <libmnl/libmnl.h>

#include "lang/base/vec.h"
#include "runtime/host.h"

/* How long the kernel may take to answer. It answers within the system call; this is for what should not be. */
enum { NL_DEADLINE_MS = 30000 };

/* The host's socket of a protocol (NETLINK_ROUTE, NETLINK_NETFILTER), opened at first use in the network namespace that the process is in, and owned by the
 * host: host_close closes it. It has a receive deadline (recv fails with EAGAIN), extended acknowledgements without a copy of the request (NETLINK_EXT_ACK,
 * NETLINK_CAP_ACK), buffers of several MiB where the process may have them, and, for NETLINK_ROUTE, strict checking, so that dumps are filtered by the kernel. */
int nl_open(struct host *h, int protocol, struct mnl_socket **ret, struct err *e);
/* The same, owned by the caller (mnl_socket_close), in the namespace of the calling thread. */
int nl_socket(int protocol, struct mnl_socket **ret, struct err *e);
/* All sockets. NULL is fine. */
void nl_close(struct nl *nl);

/* What an NLMSG_ERROR says. */
struct nl_ack {
	int code;		/* 0 or negative errno */
	uint32_t offset;	/* of the attribute that was refused, in the request from its header on; 0: not said */
	char text[128];		/* NLMSGERR_ATTR_MSG, or "" */
};

/* False where the message is no well-formed NLMSG_ERROR. Extended acks are read as NETLINK_CAP_ACK sockets send them. */
bool nl_ack_read(const struct nlmsghdr *m, struct nl_ack *ret);

/* Enters the attributes in n bytes into ret[0 .. count-1] by type, the last of equals; NULL for what is not there. Malformed bytes end the walk; lengths within
 * the attributes are the caller's to check (mnl_attr_validate). */
void nl_attrs(const void *bytes, size_t n, const struct nlattr **ret, size_t count);

/* Requests that wait to be sent. All zero is empty; nl_batch_free when done. */
struct nl_batch {
	struct buf bytes;
	struct arena arena;
	struct {
		struct nl_request *at;
		size_t n, cap;
	} requests;
	struct nlmsghdr *open;	/* the request that is being written */
	uint64_t scratch[512];	/* in which it is written: 4 KiB, far more than any request of ours */
};

enum { NL_ANY = 1 };

void nl_batch_free(struct nl_batch *b);
/* Begins a request: NLM_F_REQUEST and NLM_F_ACK are added to flags. Returns its family header of `size` zeroed bytes; attributes are put on b->open. */
void *nl_begin(struct nl_batch *b, int type, int flags, size_t size);
/* Ends it. tolerate: a negative errno that counts as success (0: none, NL_ANY: every one). resource: whose request it is, for struct err; the text says what is tried
 * ("make the link ctab12cd34"). */
void nl_end(struct nl_batch *b, int tolerate, struct str resource, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* What comes back besides acknowledgements. Negative: stop with it. */
typedef int (*nl_reply)(const struct nlmsghdr *m, void *context, struct err *e);

/* Sends all requests in as few system calls as fit and takes all answers; the batch is empty afterwards. The kernel does each request whatever becomes of the
 * others. Returns the error of the first request that failed, with the kernel's own words. reply may be NULL. */
int nl_send(struct mnl_socket *s, struct nl_batch *b, nl_reply reply, void *context, struct err *e);
/* Sends the one request in the batch as a dump (NLM_F_DUMP is added) and gives every message to reply. A dump that the kernel calls inconsistent is repeated:
 * then restart is called first, to forget what was taken. NULL: it is taken all
 * the same, by one who knows otherwise whether what was asked for has changed. */
int nl_dump(struct mnl_socket *s, struct nl_batch *b, nl_reply reply, void (*restart)(void *context), void *context, struct err *e);

#endif
