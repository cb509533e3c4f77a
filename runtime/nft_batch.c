/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Batches of nf_tables through libmnl. The whole batch is one sendmsg, as the kernel wants it. The kernel works within
 * that system call: it goes through all messages, then commits or throws away, then puts its refusals into our receive
 * queue, in the order of the messages. The last message asks for an acknowledgement, so that there is always an answer
 * to wait for. */
#include "runtime/nft_batch.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "runtime/nft_object.h"
#include "runtime/nft_rules.h"

enum {
	LIST_MAX = 60000,	/* an attribute ends at 65,535 bytes */
	MESSAGE_MAX = 64 << 10, /* a list of LIST_MAX and one more element; all others are far smaller */
	BATCH_MAX = 512 << 20,	/* a million elements take about 100 MiB */
};

struct nft_message {
	size_t at; /* in bytes */
	bool elements;
	struct str what;
};

struct nft_piece {
	size_t at; /* of the element's attribute, in bytes */
	const struct res *who;
};

static struct nlmsghdr *put_header(struct nft_batch *b, int type, int flags, uint8_t family, uint16_t res_id)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(b->scratch);
	struct nfgenmsg *g = mnl_nlmsg_put_extra_header(m, sizeof *g);

	m->nlmsg_type = (uint16_t)type;
	m->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m->nlmsg_seq = b->seq + (uint32_t)b->messages.n;
	*g = (struct nfgenmsg){.nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res_id)};
	return m;
}

/* The message in scratch goes to the end of the batch. */
static void close_message(struct nft_batch *b, bool elements, struct str what)
{
	assert(b->open->nlmsg_len <= MESSAGE_MAX);
	vec_push(&b->arena, &b->messages, (struct nft_message){b->bytes.n, elements, what});
	buf_add(&b->bytes, b->open, b->open->nlmsg_len);
	b->open = NULL;
}

void nft_batch_begin(struct nft_batch *b, uint32_t genid)
{
	struct timespec now;

	*b = (struct nft_batch){.scratch = xrealloc(NULL, MESSAGE_MAX)};
	/* Not a number that answers to an earlier batch, which may still be in the socket, could have. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	b->seq = (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	b->open = put_header(b, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	mnl_attr_put_u32(b->open, NFNL_BATCH_GENID, htonl(genid));
	close_message(b, false, STR("change the rules of packets"));
}

void nft_batch_free(struct nft_batch *b)
{
	buf_free(&b->bytes);
	free(b->scratch);
	arena_free(&b->arena);
	*b = (struct nft_batch){0};
}

static void close_list(struct nft_batch *b)
{
	if (!b->list)
		return;
	mnl_attr_nest_end(b->open, b->list);
	b->list = NULL;
	close_message(b, true,
		      str_fmt(&b->arena,
			      b->list_type == NFT_MSG_NEWSETELEM ? "add elements to the set %s"
								 : "remove elements from the set %s",
			      policy_sets[b->list_set].name));
}

bool nft_batch_any(const struct nft_batch *b)
{
	return b->messages.n > 1 || b->open;
}

struct nlmsghdr *nft_batch_message(struct nft_batch *b, int type, int flags, const char *fmt, ...)
{
	_buf_ struct buf what = {0};
	va_list ap;

	close_list(b);
	assert(!b->open);
	va_start(ap, fmt);
	buf_vfmt(&what, fmt, ap);
	va_end(ap);
	b->open = put_header(b, NFNL_SUBSYS_NFTABLES << 8 | type, flags, NFPROTO_INET, 0);
	b->what = buf_take(&what, &b->arena);
	return b->open;
}

void nft_batch_end(struct nft_batch *b)
{
	assert(b->open && !b->list);
	close_message(b, false, b->what);
}

static void open_list(struct nft_batch *b, int type, enum policy_set set)
{
	bool add = type == NFT_MSG_NEWSETELEM;

	/* NLM_F_EXCL: an element that is there already is not what the plan says. */
	b->open = put_header(b, NFNL_SUBSYS_NFTABLES << 8 | type, add ? NLM_F_CREATE | NLM_F_EXCL : 0, NFPROTO_INET, 0);
	mnl_attr_put_strz(b->open, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(b->open, NFTA_SET_ELEM_LIST_SET, policy_sets[set].name);
	b->list = mnl_attr_nest_start(b->open, NFTA_SET_ELEM_LIST_ELEMENTS);
	b->list_type = type;
	b->list_set = set;
}

static void put_value(struct nlmsghdr *m, uint16_t type, const uint8_t *bytes, uint32_t n)
{
	struct nlattr *nest = mnl_attr_nest_start(m, type);

	mnl_attr_put(m, NFTA_DATA_VALUE, n, bytes);
	mnl_attr_nest_end(m, nest);
}

void nft_batch_elem(struct nft_batch *b, int type, enum policy_set set, const struct nft_elem *elem,
		    const struct res *r)
{
	uint8_t comment[NFT_COMMENT_MAX];

	if (b->list && (b->list_type != type || b->list_set != set ||
			(char *)mnl_nlmsg_get_payload_tail(b->open) - (char *)b->list > LIST_MAX))
		close_list(b);
	if (!b->list)
		open_list(b, type, set);
	vec_push(&b->arena, &b->pieces, (struct nft_piece){b->bytes.n + b->open->nlmsg_len, r});
	struct nlattr *nest = mnl_attr_nest_start(b->open, NFTA_LIST_ELEM);
	put_value(b->open, NFTA_SET_ELEM_KEY, elem->key, nft_key_len(set));
	if (policy_sets[set].form == SET_RANGE)
		put_value(b->open, NFTA_SET_ELEM_KEY_END, elem->end, nft_key_len(set));
	if (type == NFT_MSG_NEWSETELEM && nft_data_len(set))
		put_value(b->open, NFTA_SET_ELEM_DATA, elem->data, nft_data_len(set));
	if (type == NFT_MSG_NEWSETELEM && r->origin.n)
		mnl_attr_put(b->open, NFTA_SET_ELEM_USERDATA, nft_comment_put(0, r->origin, comment), comment);
	mnl_attr_nest_end(b->open, nest);
}

/* The last of the elements that begin at or before a place; NULL for none. */
static const struct nft_piece *piece_at(const struct nft_batch *b, size_t at)
{
	size_t lo = 0, hi = b->pieces.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (b->pieces.at[mid].at <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &b->pieces.at[lo - 1] : NULL;
}

/* What a kernel without a module says, to a message that makes a chain or a rule. */
static const char *explain_hint(const struct nft_message *m, int code)
{
	if (code == -EPERM)
		return "; root (CAP_NET_ADMIN) may";
	if (!m->elements && (code == -ENOENT || code == -EOPNOTSUPP || code == -EINVAL))
		return "; does this kernel have nft_ct, nft_nat, nft_chain_nat, nft_masq, nft_fib_inet, nft_limit and "
		       "nft_log? Load them with modprobe, or "
		       "boot a kernel that has them";
	return "";
}

/* Says which message was refused, and by the offset of the attribute which element in it. */
static int explain(const struct nft_batch *b, uint32_t number, const struct nl_ack *ack, struct err *e)
{
	const struct nft_message *m = &b->messages.at[number];
	const struct nft_piece *p = m->elements && ack->offset ? piece_at(b, m->at + ack->offset) : NULL;
	struct str id = p && p->at >= m->at ? p->who->id : (struct str){0};

	err_set(e, ack->code, "the kernel refuses to %s%s%.*s: %s%s%s%s", m->what.s, id.n ? ": " : "", STR_ARG(id),
		strerror(-ack->code), ack->text[0] ? ": " : "", ack->text, explain_hint(m, ack->code));
	return id.n ? err_resource(e, id) : ack->code;
}

static int send_all(const struct nft_batch *b, int fd, struct err *e)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int size = b->bytes.n > BATCH_MAX ? BATCH_MAX : (int)b->bytes.n;
	ssize_t sent;

	if (b->bytes.n > BATCH_MAX)
		return err_set(e, -E2BIG,
			       "the change of the rules of packets is larger than %d MiB; apply fewer stacks at a time",
			       BATCH_MAX >> 20);
	/* A netlink message must fit into the send buffer; the kernel doubles what is asked for (socket(7)). */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	do
		sent = sendto(fd, b->bytes.s, b->bytes.n, 0, (const struct sockaddr *)&kernel, sizeof kernel);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? err_errno(e, -errno, "cannot send the rules of packets to the kernel (%zu bytes)", b->bytes.n)
			: 0;
}

/* Takes the answers up to the one to the last message; the first refusal counts. */
static int receive_all(const struct nft_batch *b, int fd, uint32_t last, struct err *e)
{
	uint64_t buffer[4096];
	int result = 0;

	for (bool done = false; !done;) {
		ssize_t n = recv(fd, buffer, sizeof buffer, 0);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;
		struct nl_ack ack;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return result < 0 ? result
			       : errno == EAGAIN
				       ? err_set(e, -ETIMEDOUT,
						 "the kernel does not answer to a change of the rules of packets")
				       : err_errno(
						 e, -errno,
						 "cannot read the kernel's answer to a change of the rules of packets");
		for (int left = (int)n; mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left)) {
			uint32_t number = m->nlmsg_seq - b->seq;

			if (number > last || !nl_ack_read(m, &ack))
				continue;
			/* What is said of the batch as a whole is said of its first message, and may be all that is
			 * said. */
			done = done || number == last || (number == 0 && ack.code < 0);
			if (ack.code < 0 && result == 0)
				result = number == 0 && ack.code == -ERESTART ? -ERESTART : explain(b, number, &ack, e);
		}
	}
	return result;
}

static void drain(int fd)
{
	char byte;

	while (recv(fd, &byte, sizeof byte, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		;
}

void nft_batch_regen(struct nft_batch *b, uint32_t genid)
{
	struct nlmsghdr *begin = (struct nlmsghdr *)(void *)b->bytes.s;
	struct nlattr *attr = mnl_nlmsg_get_payload_offset(begin, sizeof(struct nfgenmsg));
	const uint32_t value = htonl(genid);

	memcpy(mnl_attr_get_payload(attr), &value, sizeof value);
}

int nft_batch_barrier(struct mnl_socket *s, struct err *e)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg gen;
	} both[] = {
		{{.nlmsg_len = sizeof *both, .nlmsg_type = NFNL_MSG_BATCH_BEGIN, .nlmsg_flags = NLM_F_REQUEST}, {.res_id = htons(NFNL_SUBSYS_NFTABLES)}},
		{{.nlmsg_len = sizeof *both, .nlmsg_type = NFNL_MSG_BATCH_END, .nlmsg_flags = NLM_F_REQUEST}, {.res_id = htons(NFNL_SUBSYS_NFTABLES)}},
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (sendto(mnl_socket_get_fd(s), both, sizeof both, 0, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
		return err_errno(e, -errno, "cannot send to a netlink socket");
	return 0;
}

int nft_batch_send(struct nft_batch *b, struct mnl_socket *s, bool commit, struct err *e)
{
	int fd = mnl_socket_get_fd(s);

	close_list(b);
	assert(!b->open && b->messages.n > 1);
	uint32_t last = (uint32_t)b->messages.n - 1;
	struct nlmsghdr *m = (struct nlmsghdr *)(void *)(b->bytes.s + b->messages.at[last].at);
	m->nlmsg_flags |= NLM_F_ACK;
	size_t body = b->bytes.n;
	if (commit) {
		struct nlmsghdr *end = put_header(b, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

		buf_add(&b->bytes, end, end->nlmsg_len);
	}
	drain(fd);
	int r = send_all(b, fd, e);
	if (r == 0)
		r = receive_all(b, fd, last, e);
	drain(fd);
	b->bytes.n = body;
	return r;
}
