/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Notifications (linux/netfilter/nfnetlink.h, NFNLGRP_NFTABLES; linux/rtnetlink.h, RTNLGRP_*). A message is only ever a reason to look: where the kernel could not keep up
 * with telling (ENOBUFS), that is one too. Every message of nf_tables has the name of its table as attribute 1, and each batch ends with one of the new generation and who
 * made it. */
#include "runtime/nl_watch.h"
#include "runtime/clock.h"

#include <net/if.h> /* before linux/if.h, which then leaves out what both have */

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "runtime/nft_rules.h"
#include "runtime/nl_route.h"

enum { PAUSE_MS = 20, PATIENCE_MS = 200 };
enum { ATTR_TABLE = 1 };

static int join(struct mnl_socket *s, const unsigned *groups, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (mnl_socket_setsockopt(s, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i], sizeof groups[i]) < 0)
			return err_errno(e, -errno, "ask the kernel for notifications of group %u", groups[i]);
	return 0;
}

int watch_open(struct watch *ret, struct err *e)
{
	static const unsigned nft[] = {NFNLGRP_NFTABLES};
	static const unsigned route[] = {RTNLGRP_LINK,	   RTNLGRP_TC,	       RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,  RTNLGRP_IPV4_ROUTE,
					 RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF};

	*ret = (struct watch){0};
	int r = nl_socket(NETLINK_NETFILTER, &ret->nft, e);
	if (r == 0)
		r = nl_socket(NETLINK_ROUTE, &ret->route, e);
	if (r == 0)
		r = join(ret->nft, nft, 1, e);
	if (r == 0)
		r = join(ret->route, route, sizeof route / sizeof route[0], e);
	if (r < 0)
		watch_close(ret);
	return r;
}

int watch_open_table(struct watch *ret, struct err *e)
{
	static const unsigned nft[] = {NFNLGRP_NFTABLES};

	*ret = (struct watch){0};
	int r = nl_socket(NETLINK_NETFILTER, &ret->nft, e);
	if (r == 0)
		r = join(ret->nft, nft, 1, e);
	if (r < 0)
		watch_close(ret);
	return r;
}

void watch_close(struct watch *w)
{
	if (w->nft)
		mnl_socket_close(w->nft);
	if (w->route)
		mnl_socket_close(w->route);
	*w = (struct watch){0};
}

static bool text_is(const struct nlattr *attr, const char *text)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 && strcmp(mnl_attr_get_str(attr), text) == 0;
}

/* The attributes of a message about nf_tables. */
static bool nft_attrs(const struct nlmsghdr *m, const struct nlattr *ret[NFTA_GEN_PROC_NAME + 1])
{
	const struct nfgenmsg *head = mnl_nlmsg_get_payload(m);

	if (mnl_nlmsg_get_payload_len(m) < sizeof *head || NFNL_SUBSYS_ID(m->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return false;
	nl_attrs(head + 1, mnl_nlmsg_get_payload_len(m) - sizeof *head, ret, NFTA_GEN_PROC_NAME + 1);
	return true;
}

static bool names_our_table(const struct nlmsghdr *m)
{
	const struct nlattr *t[NFTA_GEN_PROC_NAME + 1];

	return nft_attrs(m, t) && NFNL_MSG_TYPE(m->nlmsg_type) != NFT_MSG_NEWGEN &&
	       ((const struct nfgenmsg *)mnl_nlmsg_get_payload(m))->nfgen_family == NFPROTO_INET && text_is(t[ATTR_TABLE], NFT_TABLE);
}

/* Whether something of ours was altered, by anybody but ctc. */
static bool heard_nft(struct watch *w, const struct nlmsghdr *m)
{
	const struct nlattr *t[NFTA_GEN_PROC_NAME + 1];

	w->ours |= names_our_table(m);
	if (!nft_attrs(m, t) || NFNL_MSG_TYPE(m->nlmsg_type) != NFT_MSG_NEWGEN)
		return false;
	bool heard = w->ours && !text_is(t[NFTA_GEN_PROC_NAME], "ctc");
	w->ours = false;
	if (heard && t[NFTA_GEN_PROC_NAME] && mnl_attr_validate(t[NFTA_GEN_PROC_NAME], MNL_TYPE_NUL_STRING) == 0)
		strncpy(w->by, mnl_attr_get_str(t[NFTA_GEN_PROC_NAME]), sizeof w->by - 1);
	return heard;
}

/* As link_observe.c knows them. */
static bool name_is_ours(const char *name)
{
	return strlen(name) == 10 && strncmp(name, "ct", 2) == 0;
}

/* An interface that is gone by now may have been ours. */
static bool index_is_ours(unsigned index)
{
	char name[IF_NAMESIZE];

	return !if_indextoname(index, name) || name_is_ours(name);
}

static bool heard_link(const struct nlmsghdr *m, const struct ifinfomsg *head)
{
	const struct nlattr *t[IFLA_IFNAME + 1];

	nl_attrs(head + 1, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, IFLA_IFNAME + 1);
	return t[IFLA_IFNAME] && mnl_attr_validate(t[IFLA_IFNAME], MNL_TYPE_NUL_STRING) == 0 && name_is_ours(mnl_attr_get_str(t[IFLA_IFNAME]));
}

static bool heard_route(const struct watch *w, const struct nlmsghdr *m)
{
	const void *head = mnl_nlmsg_get_payload(m);
	size_t n = mnl_nlmsg_get_payload_len(m);

	switch (m->nlmsg_type) {
	case RTM_DELLINK: /* others may stand on it */
		return true;
	case RTM_NEWLINK:
		return n >= sizeof(struct ifinfomsg) && (w->any_link || heard_link(m, head));
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return n >= sizeof(struct ifaddrmsg) && index_is_ours(((const struct ifaddrmsg *)head)->ifa_index);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return n >= sizeof(struct rtmsg) && ((const struct rtmsg *)head)->rtm_protocol == RT_PROTOCOL;
	case RTM_DELQDISC:
	case RTM_NEWQDISC:
	case RTM_DELTFILTER:
	case RTM_NEWTFILTER:
		return n >= sizeof(struct tcmsg) && (((const struct tcmsg *)head)->tcm_ifindex == (int)TCM_IFINDEX_MAGIC_BLOCK ||
						     index_is_ours((unsigned)((const struct tcmsg *)head)->tcm_ifindex));
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNETCONF:
		return true;
	default:
		return false;
	}
}

/* Reads what is there. */
static int hear(struct watch *w, struct mnl_socket *s, bool *heard, struct err *e)
{
	uint64_t buffer[4096];

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(s), buffer, sizeof buffer, MSG_DONTWAIT);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0 && errno != ENOBUFS)
			return err_errno(e, -errno, "cannot read the kernel's notifications");
		if (n < 0)
			*heard = true;
		for (int left = (int)n; left > 0 && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			*heard |= s == w->nft ? heard_nft(w, m) : heard_route(w, m);
	}
}

int watch_wait(struct watch *w, int within_ms, struct err *e)
{
	int64_t begin = clock_ms(), first = 0;

	w->by[0] = '\0';
	for (;;) {
		struct pollfd p[] = {{.fd = mnl_socket_get_fd(w->nft), .events = POLLIN}, {.fd = mnl_socket_get_fd(w->route), .events = POLLIN}};
		int64_t left = first ? PAUSE_MS : within_ms < 0 ? -1 : begin + within_ms - clock_ms();
		bool heard = false;
		int n = poll(p, 2, within_ms >= 0 && left < 0 ? 0 : (int)left);

		if (n < 0 && errno != EINTR)
			return err_errno(e, -errno, "cannot wait for the kernel's notifications");
		if (n == 0)
			return first != 0;
		int r = hear(w, w->nft, &heard, e);
		if (r == 0)
			r = hear(w, w->route, &heard, e);
		if (r < 0)
			return r;
		if (heard && !first)
			first = clock_ms();
		if (first && clock_ms() - first >= PATIENCE_MS)
			return 1;
	}
}

bool watch_touched(struct watch *w)
{
	uint64_t buffer[4096];

	while (!w->ours) {
		ssize_t n = recv(mnl_socket_get_fd(w->nft), buffer, sizeof buffer, MSG_DONTWAIT);
		const struct nlmsghdr *m = (const struct nlmsghdr *)buffer;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return false;
		if (n < 0) /* ENOBUFS: it may have been */
			w->ours = true;
		for (int left = (int)n; left > 0 && mnl_nlmsg_ok(m, left); m = mnl_nlmsg_next(m, &left))
			w->ours |= names_our_table(m);
	}
	return true;
}
