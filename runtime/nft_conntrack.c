/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctnetlink (linux/netfilter/nfnetlink_conntrack.h): one dump of a family's connections, each held against the ports
 * and sources whose translation has changed, and one request to delete for each that is not translated as it would be
 * now. Policy is no matter here: what is no longer allowed is silenced by the rules at once (spec/policy.md, P5).
 * Entries of a zone of their own are other programs'. */
#include "runtime/nft_conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/nft_elem.h"
#include "runtime/nl.h"

/* What became of a port or a source. */
struct retranslation {
	bool went, came;
	uint8_t old[NFT_BYTES_MAX], new[NFT_BYTES_MAX]; /* where it led and leads: data of the map */
};

/* One direction of a connection, and of the other one its source: who answers. */
struct connection {
	uint8_t proto;
	uint8_t src[16], dst[16], reply_src[16];
	uint8_t dport[2], reply_sport[2]; /* network order; zero for protocols without ports */
	uint32_t status;		  /* IPS_DST_NAT and others */
};

struct settling {
	struct arena arena;
	struct map changed; /* set and bytes of the key -> struct retranslation */
	struct map local;   /* bytes of an address -> "yes" or "no" */
	const struct manifest *containers;
	int family;
	struct nl_batch deletions;
};

static bool is_publish(enum policy_set set)
{
	return set == SET_dnat4 || set == SET_dnat6 || set == SET_dnat_any4 || set == SET_dnat_any6;
}

static bool is_masquerade(enum policy_set set)
{
	return set == SET_masquerade4 || set == SET_masquerade6;
}

static enum policy_set set_of(const struct change *c)
{
	return policy_set_find(((const struct res_nft *)change_res(c))->set);
}

bool nft_conntrack_concerned(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_publish(set_of(&s.at[i])) || is_masquerade(set_of(&s.at[i])))
			return true;
	return false;
}

/* The set's number before the key, in a buffer that the caller has. */
static struct str changed_key(enum policy_set set, const uint8_t *key, size_t n, char buffer[NFT_BYTES_MAX + 1])
{
	buffer[0] = (char)set;
	memcpy(buffer + 1, key, n);
	return (struct str){buffer, n + 1};
}

static void enter_change(struct settling *t, const struct change *c)
{
	const struct res_nft *from = (const struct res_nft *)c->from, *to = (const struct res_nft *)c->to;
	struct retranslation *x = arena_new(&t->arena, struct retranslation);
	enum policy_set set = set_of(c);
	char buffer[NFT_BYTES_MAX + 1];
	struct nft_elem elem;

	if (!is_publish(set) && !is_masquerade(set))
		return;
	if (to && nft_elem_parse(set, to->key, to->data, &elem)) {
		x->came = true;
		memcpy(x->new, elem.data, sizeof x->new);
	}
	if (from && nft_elem_parse(set, from->key, from->data, &elem)) {
		x->went = true;
		memcpy(x->old, elem.data, sizeof x->old);
	}
	if (x->went || x->came)
		map_set(&t->arena, &t->changed,
			str_copy(&t->arena, changed_key(set, elem.key, nft_key_len(set), buffer)), x);
}

static struct str addr_bytes(const struct settling *t, const uint8_t *b)
{
	return (struct str){(const char *)b, t->family == 6 ? 16 : 4};
}

/* Whether an address is one of the host's: whether a socket can have it. */
static bool is_local(struct settling *t, const uint8_t *address)
{
	struct str key = addr_bytes(t, address);
	const char *known = map_get(&t->local, key);

	if (!known) {
		struct sockaddr_in6 six = {.sin6_family = AF_INET6};
		struct sockaddr_in four = {.sin_family = AF_INET};
		_fd_ int fd = socket(t->family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		int r;

		memcpy(&six.sin6_addr, address, t->family == 6 ? 16 : 0);
		memcpy(&four.sin_addr, address, t->family == 6 ? 0 : 4);
		r = t->family == 6 ? bind(fd, (struct sockaddr *)&six, sizeof six)
				   : bind(fd, (struct sockaddr *)&four, sizeof four);
		known = r == 0 ? "yes" : "no";
		map_set(&t->arena, &t->local, str_copy(&t->arena, key), (void *)(uintptr_t)known);
	}
	return known[0] == 'y';
}

static bool is_container(struct settling *t, const uint8_t *address)
{
	struct addr a = {.family = (uint8_t)t->family};
	char text[ADDR_TEXT_MAX];

	memcpy(a.b, address, addr_bits(a) / 8);
	return manifest_find(t->containers, RES_nft,
			     str_fmt(&t->arena, "%s %s", t->family == 6 ? "address6" : "address4", addr_text(a, text)));
}

static const struct retranslation *find_change(const struct settling *t, enum policy_set set,
					       const struct connection *c)
{
	const enum policy_field *f = policy_sets[set].key;
	char buffer[NFT_BYTES_MAX + 1];
	uint8_t key[NFT_BYTES_MAX] = {0};
	size_t n = t->family == 6 ? 16 : 4, at = 0;

	if (is_masquerade(set)) {
		memcpy(key, c->src, n);
		at = n;
	} else {
		if (f[0] == FIELD_ADDR) {
			memcpy(key, c->dst, n);
			at = n;
		}
		key[at] = c->proto;
		memcpy(key + at + 4, c->dport, sizeof c->dport);
		at += 8;
	}
	return map_get(&t->changed, changed_key(set, key, at, buffer));
}

/* Whether it is translated to where the map says. */
static bool leads_to(const struct settling *t, const struct connection *c, const uint8_t data[NFT_BYTES_MAX])
{
	size_t n = t->family == 6 ? 16 : 4;

	return memcmp(c->reply_src, data, n) == 0 && memcmp(c->reply_sport, data + n, 2) == 0;
}

/* A connection that would be translated in another way, had it begun now. TCP needs no help where something is new: its
 * connections begin anew. */
static bool stale_publish(struct settling *t, enum policy_set set, const struct connection *c)
{
	const struct retranslation *x = find_change(t, set, c);
	bool new_for_it = x && x->came && c->proto != IPPROTO_TCP;

	if (!x)
		return false;
	if (!(c->status & IPS_DST_NAT))
		return new_for_it && is_local(t, c->dst);
	/* A port that is published on one address goes before the same one on every address. */
	return (x->went && leads_to(t, c, x->old)) ||
	       (new_for_it && policy_sets[set].key[0] == FIELD_ADDR && !leads_to(t, c, x->new));
}

static bool is_stale(struct settling *t, const struct connection *c)
{
	bool six = t->family == 6;
	const struct retranslation *x = find_change(t, six ? SET_masquerade6 : SET_masquerade4, c);

	if (stale_publish(t, six ? SET_dnat6 : SET_dnat4, c) ||
	    stale_publish(t, six ? SET_dnat_any6 : SET_dnat_any4, c))
		return true;
	return x && x->came && !x->went && c->proto != IPPROTO_TCP && !(c->status & IPS_SRC_NAT) &&
	       !is_local(t, c->reply_src) && !is_container(t, c->reply_src);
}

/* Bytes of an attribute of exactly n bytes. */
static bool take_bytes(const struct nlattr *attr, void *to, size_t n)
{
	if (!attr || mnl_attr_get_payload_len(attr) != n)
		return false;
	memcpy(to, mnl_attr_get_payload(attr), n);
	return true;
}

static void nested(const struct nlattr *nest, const struct nlattr **ret, size_t count)
{
	nl_attrs(nest ? mnl_attr_get_payload(nest) : NULL, nest ? mnl_attr_get_payload_len(nest) : 0, ret, count);
}

/* src and dst may be NULL where they are not asked for. */
static bool take_tuple(const struct nlattr *tuple, int family, uint8_t *src, uint8_t *dst, uint8_t *proto,
		       uint8_t *sport, uint8_t *dport)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *p[CTA_PROTO_MAX + 1];
	size_t n = family == 6 ? 16 : 4;

	nested(tuple, parts, CTA_TUPLE_MAX + 1);
	nested(parts[CTA_TUPLE_IP], ip, CTA_IP_MAX + 1);
	nested(parts[CTA_TUPLE_PROTO], p, CTA_PROTO_MAX + 1);
	if (src && !take_bytes(ip[family == 6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC], src, n))
		return false;
	if (dst && !take_bytes(ip[family == 6 ? CTA_IP_V6_DST : CTA_IP_V4_DST], dst, n))
		return false;
	if (sport)
		take_bytes(p[CTA_PROTO_SRC_PORT], sport, 2);
	if (dport)
		take_bytes(p[CTA_PROTO_DST_PORT], dport, 2);
	return !proto || take_bytes(p[CTA_PROTO_NUM], proto, 1);
}

static void put_deletion(struct settling *t, const struct nlattr *tuple, const struct nlattr *id)
{
	struct nfgenmsg *g = nl_begin(&t->deletions, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0, sizeof *g);

	*g = (struct nfgenmsg){.nfgen_family = t->family == 6 ? AF_INET6 : AF_INET, .version = NFNETLINK_V0};
	mnl_attr_put(t->deletions.open, CTA_TUPLE_ORIG | NLA_F_NESTED, mnl_attr_get_payload_len(tuple),
		     mnl_attr_get_payload(tuple));
	/* With its number: not another connection that has begun since between the same two. */
	if (id)
		mnl_attr_put(t->deletions.open, CTA_ID, mnl_attr_get_payload_len(id), mnl_attr_get_payload(id));
	nl_end(&t->deletions, -ENOENT, STR(""), "forget how a connection was translated");
}

static int take_connection(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	struct settling *t = context;
	struct connection c = {0};
	uint32_t status = 0;

	(void)e;
	nl_attrs(mnl_nlmsg_get_payload_offset(m, sizeof(struct nfgenmsg)),
		 mnl_nlmsg_get_payload_len(m) - sizeof(struct nfgenmsg), attrs, CTA_MAX + 1);
	if (attrs[CTA_ZONE] || !take_tuple(attrs[CTA_TUPLE_ORIG], t->family, c.src, c.dst, &c.proto, NULL, c.dport) ||
	    !take_tuple(attrs[CTA_TUPLE_REPLY], t->family, c.reply_src, NULL, NULL, c.reply_sport, NULL) ||
	    !take_bytes(attrs[CTA_STATUS], &status, sizeof status))
		return 0;
	c.status = ntohl(status);
	if (is_stale(t, &c))
		put_deletion(t, attrs[CTA_TUPLE_ORIG], attrs[CTA_ID]);
	return 0;
}

static void forget_deletions(void *context)
{
	nl_batch_free(&((struct settling *)context)->deletions);
}

static int settle_family(struct settling *t, struct mnl_socket *socket, int family, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct nfgenmsg *g = nl_begin(&b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0, sizeof *g);

	*g = (struct nfgenmsg){.nfgen_family = family == 6 ? AF_INET6 : AF_INET, .version = NFNETLINK_V0};
	nl_end(&b, 0, STR(""), "read the kernel's table of connections (module nf_conntrack_netlink)");
	t->family = family;
	int r = nl_dump(socket, &b, take_connection, forget_deletions, t, e);
	return r < 0 || !t->deletions.requests.n ? r : nl_send(socket, &t->deletions, NULL, NULL, e);
}

int nft_conntrack_settle(struct mnl_socket *socket, struct slice s, const struct manifest *containers, struct err *e)
{
	struct settling t = {.containers = containers};
	bool family[2] = {false};
	int r = 0;

	for (size_t i = 0; i < s.n; i++) {
		enum policy_set set = set_of(&s.at[i]);

		if (is_publish(set) || is_masquerade(set))
			family[policy_sets[set].family == 6] = true;
		enter_change(&t, &s.at[i]);
	}
	for (int six = 0; six < 2 && r == 0; six++)
		if (family[six] && t.changed.n)
			r = settle_family(&t, socket, six ? 6 : 4, e);
	nl_batch_free(&t.deletions);
	arena_free(&t.arena);
	return r;
}
