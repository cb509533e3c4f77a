/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Netlink transport: sockets, batches of requests, dumps, and the kernel's reasons (netlink(7); Documentation/userspace-api/netlink/intro.rst).
 * A request is matched to its answer by sequence number; numbers begin at the clock's nanoseconds for each batch, so that an answer which an
 * earlier, failed batch left in the socket is not taken for ours. */
#include "runtime/nl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/netlink.h>

#include "lang/base/cleanup.h"

enum {
	NL_BUFFERS = 4 << 20,	 /* asked for in each direction */
	NL_CHUNK_BYTES = 64 << 10, /* what one sendmsg carries at most: well below the smallest usual send buffer */
	NL_CHUNK_REQUESTS = 128, /* acknowledgements of which fit into the smallest usual receive buffer */
	NL_DUMP_TRIES = 10,
};

struct nl {
	struct mnl_socket *sockets[MAX_LINKS]; /* by protocol */
};

struct nl_request {
	size_t at, n; /* in nl_batch.bytes */
	int tolerate;
	struct str resource, what;
	bool done;
	struct nl_ack ack;
};

static int socket_setup(int fd, int protocol)
{
	const int on = 1, size = NL_BUFFERS;
	const struct timeval deadline = {.tv_sec = NL_DEADLINE_MS / 1000, .tv_usec = NL_DEADLINE_MS % 1000 * 1000};

	/* Larger buffers are a help, not a need: chunks fit into the usual ones. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) < 0)
		return -errno;
	if (protocol == NETLINK_ROUTE && setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0)
		return -errno;
	return 0;
}

int nl_socket(int protocol, struct mnl_socket **ret, struct err *e)
{
	struct mnl_socket *s = mnl_socket_open2(protocol, SOCK_CLOEXEC);

	if (!s)
		return err_errno(e, -errno, "cannot open a netlink socket of protocol %d", protocol);
	int r = mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : socket_setup(mnl_socket_get_fd(s), protocol);
	if (r < 0) {
		mnl_socket_close(s);
		return err_errno(e, r, "cannot set up a netlink socket of protocol %d", protocol);
	}
	*ret = s;
	return 0;
}

int nl_open(struct host *h, int protocol, struct mnl_socket **ret, struct err *e)
{
	assert(protocol >= 0 && protocol < MAX_LINKS);
	if (!h->nl) {
		h->nl = xrealloc(NULL, sizeof *h->nl);
		*h->nl = (struct nl){0};
	}
	if (!h->nl->sockets[protocol]) {
		int r = nl_socket(protocol, &h->nl->sockets[protocol], e);

		if (r < 0)
			return r;
	}
	*ret = h->nl->sockets[protocol];
	return 0;
}

void nl_close(struct nl *nl)
{
	for (size_t i = 0; nl && i < MAX_LINKS; i++)
		if (nl->sockets[i])
			mnl_socket_close(nl->sockets[i]);
	free(nl);
}

struct attr_table {
	const struct nlattr **at;
	size_t n;
};

static int enter_attr(const struct nlattr *attr, void *context)
{
	struct attr_table *table = context;

	if (mnl_attr_get_type(attr) < table->n)
		table->at[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

void nl_attrs(const void *bytes, size_t n, const struct nlattr **ret, size_t count)
{
	struct attr_table table = {ret, count};

	memset(ret, 0, count * sizeof *ret);
	mnl_attr_parse_payload(bytes, n, enter_attr, &table);
}

bool nl_ack_read(const struct nlmsghdr *m, struct nl_ack *ret)
{
	const struct nlmsgerr *refusal = mnl_nlmsg_get_payload(m);
	size_t n = mnl_nlmsg_get_payload_len(m), head = sizeof *refusal;
	const struct nlattr *attrs[NLMSGERR_ATTR_OFFS + 1] = {0};
	struct nl_ack ack = {0};

	if (m->nlmsg_type != NLMSG_ERROR || n < head || refusal->error > 0)
		return false;
	ack.code = refusal->error;
	if (!(m->nlmsg_flags & NLM_F_CAPPED) && refusal->msg.nlmsg_len > sizeof refusal->msg)
		head += refusal->msg.nlmsg_len - sizeof refusal->msg;
	if (m->nlmsg_flags & NLM_F_ACK_TLVS && head <= n)
		nl_attrs((const char *)refusal + head, n - head, attrs, NLMSGERR_ATTR_OFFS + 1);
	const struct nlattr *text = attrs[NLMSGERR_ATTR_MSG], *offset = attrs[NLMSGERR_ATTR_OFFS];
	if (text && mnl_attr_validate(text, MNL_TYPE_NUL_STRING) == 0)
		snprintf(ack.text, sizeof ack.text, "%s", mnl_attr_get_str(text));
	if (offset && mnl_attr_validate(offset, MNL_TYPE_U32) == 0)
		ack.offset = mnl_attr_get_u32(offset);
	*ret = ack;
	return true;
}

void nl_batch_free(struct nl_batch *b)
{
	buf_free(&b->bytes);
	arena_free(&b->arena);
	b->requests.at = NULL;
	b->requests.n = b->requests.cap = 0;
	b->open = NULL;
}

void *nl_begin(struct nl_batch *b, int type, int flags, size_t size)
{
	assert(!b->open);
	memset(b->scratch, 0, sizeof b->scratch);
	b->open = mnl_nlmsg_put_header(b->scratch);
	b->open->nlmsg_type = (uint16_t)type;
	b->open->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST | NLM_F_ACK);
	return mnl_nlmsg_put_extra_header(b->open, size);
}

void nl_end(struct nl_batch *b, int tolerate, struct str resource, const char *fmt, ...)
{
	struct nl_request r = {.at = b->bytes.n, .n = b->open->nlmsg_len, .tolerate = tolerate};
	_buf_ struct buf what = {0};
	va_list ap;

	assert(r.n <= sizeof b->scratch && r.n % NLMSG_ALIGNTO == 0);
	va_start(ap, fmt);
	buf_vfmt(&what, fmt, ap);
	va_end(ap);
	r.what = str_copy(&b->arena, buf_view(&what));
	r.resource = str_copy(&b->arena, resource);
	buf_add(&b->bytes, b->open, r.n);
	vec_push(&b->arena, &b->requests, r);
	b->open = NULL;
}

/* One read of what the kernel sent; messages of other senders are dropped. Returns the number of bytes, 0 for a dropped one. */
static ssize_t receive(struct mnl_socket *s, void *buffer, size_t size, struct err *e)
{
	struct sockaddr_nl from = {0};
	struct iovec part = {buffer, size};
	struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	do
		n = recvmsg(mnl_socket_get_fd(s), &m, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return err_set(e, -ETIMEDOUT, "the kernel gave no answer on a netlink socket within %d seconds", NL_DEADLINE_MS / 1000);
	if (n < 0 && errno == ENOBUFS)
		return err_set(e, -ENOBUFS, "the kernel's answer did not fit into the netlink socket's buffer");
	if (n < 0)
		return err_errno(e, -errno, "cannot read from a netlink socket");
	if (m.msg_flags & MSG_TRUNC)
		return err_set(e, -EMSGSIZE, "the kernel sent a netlink message of more than %zu bytes", size);
	return from.nl_pid == 0 ? n : 0;
}

static int transmit(struct mnl_socket *s, const void *bytes, size_t n, struct err *e)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t sent;

	do
		sent = sendto(mnl_socket_get_fd(s), bytes, n, 0, (const struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_errno(e, -errno, "cannot send to a netlink socket");
	return 0;
}

static uint32_t first_number(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* Takes one message of an answer to requests lo .. hi-1. Counts the acknowledgements that are missing down. */
static int take(struct nl_batch *b, uint32_t base, size_t lo, size_t hi, const struct nlmsghdr *m, nl_reply reply, void *context,
		size_t *missing, struct err *e)
{
	size_t number = (size_t)(m->nlmsg_seq - base);

	if (number < lo || number >= hi || b->requests.at[number].done)
		return 0;
	struct nl_request *q = &b->requests.at[number];
	if (m->nlmsg_type == NLMSG_ERROR) {
		if (!nl_ack_read(m, &q->ack))
			q->ack.code = -EBADMSG;
		q->done = true;
		--*missing;
		return 0;
	}
	return m->nlmsg_type >= NLMSG_MIN_TYPE && reply ? reply(m, context, e) : 0;
}

static int exchange(struct mnl_socket *s, struct nl_batch *b, uint32_t base, size_t lo, size_t hi, nl_reply reply, void *context,
		    struct err *e)
{
	uint64_t buffer[4096]; /* 32 KiB: the most that the kernel puts into one dump message (netlink_dump) */
	const struct nl_request *first = &b->requests.at[lo], *last = &b->requests.at[hi - 1];
	size_t missing = hi - lo;
	int failed = 0;
	int r = transmit(s, b->bytes.s + first->at, last->at + last->n - first->at, e);

	if (r < 0)
		return r;
	/* All acknowledgements are taken even where reply has failed, so that the socket is clean afterwards. */
	while (missing > 0) {
		ssize_t n = receive(s, buffer, sizeof buffer, e);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;

		if (n < 0)
			return (int)n;
		for (int left = (int)n; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			r = take(b, base, lo, hi, m, failed < 0 ? NULL : reply, context, &missing, e);
			failed = failed < 0 ? failed : r;
		}
	}
	return failed;
}

static int refused(const struct nl_batch *b, struct err *e)
{
	for (size_t i = 0; i < b->requests.n; i++) {
		const struct nl_request *q = &b->requests.at[i];

		if (q->ack.code == 0 || q->ack.code == q->tolerate || q->tolerate == NL_ANY)
			continue;
		if (q->ack.text[0])
			err_set(e, q->ack.code, "cannot %s: %s (%s)", q->what.s, strerror(-q->ack.code), q->ack.text);
		else
			err_errno(e, q->ack.code, "cannot %s", q->what.s);
		return err_resource(e, q->resource);
	}
	return 0;
}

int nl_send(struct mnl_socket *s, struct nl_batch *b, nl_reply reply, void *context, struct err *e)
{
	uint32_t base = first_number();
	int r = 0;

	assert(!b->open);
	for (size_t i = 0; i < b->requests.n; i++)
		((struct nlmsghdr *)(void *)(b->bytes.s + b->requests.at[i].at))->nlmsg_seq = base + (uint32_t)i;
	for (size_t lo = 0, hi; lo < b->requests.n && r >= 0; lo = hi) {
		const struct nl_request *first = &b->requests.at[lo];

		for (hi = lo + 1; hi < b->requests.n && hi - lo < NL_CHUNK_REQUESTS; hi++)
			if (b->requests.at[hi].at + b->requests.at[hi].n - first->at > NL_CHUNK_BYTES)
				break;
		r = exchange(s, b, base, lo, hi, reply, context, e);
	}
	if (r >= 0)
		r = refused(b, e);
	nl_batch_free(b);
	return r;
}

/* One dump: 1 when it was inconsistent, 0 when it is complete. */
static int dump_once(struct mnl_socket *s, const struct nl_batch *b, uint32_t number, bool tearable, nl_reply reply, void *context, struct err *e)
{
	uint64_t buffer[4096];
	struct nl_ack ack;
	bool torn = false;
	int failed = 0;
	int r = transmit(s, b->bytes.s, b->bytes.n, e);

	if (r < 0)
		return r;
	for (;;) {
		ssize_t n = receive(s, buffer, sizeof buffer, e);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;

		if (n < 0)
			return (int)n;
		for (int left = (int)n; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			if (m->nlmsg_seq != number)
				continue;
			torn = torn || (tearable && m->nlmsg_flags & NLM_F_DUMP_INTR);
			if (m->nlmsg_type == NLMSG_ERROR && nl_ack_read(m, &ack) && ack.code < 0)
				return err_errno(e, ack.code, "cannot %s%s%s", b->requests.at[0].what.s, ack.text[0] ? ": " : "", ack.text);
			if (m->nlmsg_type == NLMSG_DONE) {
				int code = mnl_nlmsg_get_payload_len(m) >= sizeof(int) ? *(const int *)mnl_nlmsg_get_payload(m) : 0;

				if (failed == 0 && code < 0)
					return err_errno(e, code, "cannot %s", b->requests.at[0].what.s);
				return failed < 0 ? failed : torn;
			}
			if (m->nlmsg_type >= NLMSG_MIN_TYPE && failed == 0)
				failed = reply(m, context, e);
		}
	}
}

int nl_dump(struct mnl_socket *s, struct nl_batch *b, nl_reply reply, void (*restart)(void *context), void *context, struct err *e)
{
	int r = 1;

	assert(!b->open && b->requests.n == 1);
	for (int tries = 0; r > 0 && tries < NL_DUMP_TRIES; tries++) {
		struct nlmsghdr *m = (struct nlmsghdr *)(void *)b->bytes.s;

		m->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		m->nlmsg_seq = first_number();
		if (tries > 0)
			restart(context);
		r = dump_once(s, b, m->nlmsg_seq, restart != NULL, reply, context, e);
	}
	if (r > 0)
		r = err_set(e, -EAGAIN, "cannot %s: it changed while it was read, %d times in a row; try again", b->requests.at[0].what.s,
			    NL_DUMP_TRIES);
	nl_batch_free(b);
	return r;
}
