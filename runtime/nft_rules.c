/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The rules of table inet ctstack: a table, and the few words that it is written in. Rules look sets up and never name
 * a container, so their number is constant. A packet of a connection is judged by the header of its direction: in the
 * forward chain the destination of what goes out, and the source of what comes back, are the translated ones, since the
 * source is translated back only after it (nf_nat_packet()). */
#include "runtime/nft_rules.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "runtime/nft_elem.h"
#include "runtime/nft_expr.h"
#include "runtime/nl_gate.h"

enum { PRI_RAW = -300, PRI_DSTNAT = -100, PRI_FILTER = 0, PRI_SRCNAT = 100 };
enum { LOG_PER_SECOND = 10, LOG_BURST = 20 };
enum { ND_SOLICIT = 135, ND_ADVERT = 136 }; /* RFC 4861, 4.3 and 4.4 */

const struct nft_chain_info nft_chains[] = {
	{"raw_prerouting", "sources and destinations that no wire may bring", "filter", NF_INET_PRE_ROUTING, PRI_RAW},
	{"nat_prerouting", "published ports, from outside and from containers", "nat", NF_INET_PRE_ROUTING, PRI_DSTNAT},
	{"nat_output", "published ports, from the host itself", "nat", NF_INET_LOCAL_OUT, PRI_DSTNAT},
	{"forward", "between containers, to and from the world", "filter", NF_INET_FORWARD, PRI_FILTER},
	{"input", "containers to the host", "filter", NF_INET_LOCAL_IN, PRI_FILTER},
	{"nat_postrouting", "sources that must become the host's", "nat", NF_INET_POST_ROUTING, PRI_SRCNAT},
	{"output", "the host to containers", "filter", NF_INET_LOCAL_OUT, PRI_FILTER},
	{.name = "source", .doc = "of packets from a container's link"},
	{.name = "link_local", .doc = "IPv6 neighbour discovery and nothing else"},
	{.name = "publish", .doc = "to the container behind a published port"},
	{.name = "from_link", .doc = "a container sends"},
	{.name = "to_link", .doc = "something else sends to a container"},
	{.name = "between", .doc = "containers: the packets of those that ask"},
	{.name = "between_reply", .doc = "containers: the packets of those that answer"},
	{.name = "to_world", .doc = "a container asks the world"},
	{.name = "uplink", .doc = "of those that have one: no other interface"},
	{.name = "to_world_reply", .doc = "the world answers"},
	{.name = "from_world", .doc = "the world asks a container"},
	{.name = "from_world_reply", .doc = "the container answers"},
	{.name = "by_host", .doc = "a container asks by a published port"},
	{.name = "by_host_reply", .doc = "and is answered"},
	{.name = "published", .doc = "translated by a publish that still holds"},
	{.name = "published_reply", .doc = "the same for the answers"},
	{.name = "to_host", .doc = "a container sends to the host"},
	{.name = "to_link_nat", .doc = "sources that a container could not answer to"},
	{.name = "denied", .doc = "no flow allows it"},
	{.name = "spoofed", .doc = "the source is not the sender's"},
	{.name = "martian", .doc = "a loopback address that came from outside"},
	{.name = "invalid", .doc = "belongs to no connection"},
};
const size_t nft_nchains = sizeof nft_chains / sizeof nft_chains[0];

const struct nft_counter_info nft_counters[] = {
	{"denied", "no flow allows it"},
	{"spoofed", "the source is not the sender's"},
	{"martian", "a loopback address that came from outside"},
	{"invalid", "belongs to no connection"},
	{"link_local", "link-local, but not neighbour discovery"},
};
const size_t nft_ncounters = sizeof nft_counters / sizeof nft_counters[0];

/* Where a field of a key comes from. Addresses are of the family of the set. */
enum source { NONE, IIF, OIF, SADDR, DADDR, CT_DADDR, L4PROTO, SPORT, DPORT };

enum op_kind {
	OP_END,
	OP_IN,		/* the key is in the set */
	OP_DNAT,	/* the map has the key: to what it says */
	OP_LOCAL,	/* the destination is an address of the host */
	OP_DIR,		/* value: of conntrack */
	OP_STATE,	/* value: a bit of conntrack's state */
	OP_STATUS,	/* value: a bit of conntrack's status */
	OP_L4,		/* value: transport protocol */
	OP_ICMP6,	/* value: type */
	OP_NOT_IIF,	/* name */
	OP_NOT_IIFKIND, /* name */
	OP_NET,		/* from[0] lies in the prefix: name its address, value its length */
	OP_MASQ,
	OP_MARK, /* bits: the mark has it from now on (value), or has it no more */
	OP_COUNT, /* name */
	OP_LIMIT,
	OP_LOG,	    /* name: the prefix */
	OP_VERDICT, /* value; name: a chain or NULL */
};

enum { OPS_MAX = 4 };

struct op {
	enum op_kind kind;
	enum policy_set set;
	enum source from[POLICY_FIELDS_MAX];
	const char *name;
	int value;
	uint32_t bits;
};

struct rule {
	const char *chain, *doc;
	struct op ops[OPS_MAX];
};

/* clang-format off */
#define IN(set_, ...) {.kind = OP_IN, .set = SET_##set_, .from = {__VA_ARGS__}}
#define DNAT(map, ...) {.kind = OP_DNAT, .set = SET_##map, .from = {__VA_ARGS__}}
#define LOCAL {.kind = OP_LOCAL}
#define ORIGINAL {.kind = OP_DIR, .value = IP_CT_DIR_ORIGINAL}
#define REPLY {.kind = OP_DIR, .value = IP_CT_DIR_REPLY}
#define INVALID {.kind = OP_STATE, .value = NF_CT_STATE_INVALID_BIT}
#define RELATED {.kind = OP_STATE, .value = NF_CT_STATE_BIT(IP_CT_RELATED)}
#define TRANSLATED {.kind = OP_STATUS, .value = IPS_DST_NAT}
#define L4(proto) {.kind = OP_L4, .value = (proto)}
#define ICMP6(type_) {.kind = OP_ICMP6, .value = (type_)}
#define NOT_IIF(name_) {.kind = OP_NOT_IIF, .name = (name_)}
#define NOT_IIFKIND(name_) {.kind = OP_NOT_IIFKIND, .name = (name_)}
#define NET(source_, addr, len) {.kind = OP_NET, .from = {source_}, .name = (addr), .value = (len)}
#define MASQ {.kind = OP_MASQ}
#define MARK(bit) {.kind = OP_MARK, .bits = (bit), .value = 1}
#define UNMARK(bit) {.kind = OP_MARK, .bits = (bit), .value = 0}
#define COUNT(name_) {.kind = OP_COUNT, .name = (name_)}
#define LIMIT {.kind = OP_LIMIT}
#define LOG(prefix) {.kind = OP_LOG, .name = "ctstack: " prefix " "}
#define ACCEPT {.kind = OP_VERDICT, .value = NF_ACCEPT}
/* Into a container: its link's gate lets pass what was judged in the same look at the rules. */
#define PASS MARK(GATE_JUDGED), ACCEPT
#define DROP {.kind = OP_VERDICT, .value = NF_DROP}
#define RETURN {.kind = OP_VERDICT, .value = NFT_RETURN}
#define JUMP(chain_) {.kind = OP_VERDICT, .value = NFT_JUMP, .name = (chain_)}
#define GOTO(chain_) {.kind = OP_VERDICT, .value = NFT_GOTO, .name = (chain_)}

/* A rule for each family: the set's name with 4 and with 6. */
#define BOTH(chain, doc, set, fields, ...)                     \
	{chain, doc, {IN(set##4, FIELDS fields), __VA_ARGS__}}, \
	{chain, doc, {IN(set##6, FIELDS fields), __VA_ARGS__}}
#define FIELDS(...) __VA_ARGS__
/* What drops: a line in the log now and then, and every packet counted. */
#define DENY(name)                                                                  \
	{name, "a line in the log, " "not for every packet", {LIMIT, LOG(name)}}, \
	{name, "every packet counted", {COUNT(name), DROP}}

static const struct rule rules[] = {
	{"raw_prerouting", "a container's link", {IN(links, IIF), GOTO("source")}},
	/* The kernel drops these itself where route_localnet is off, but only after a published loopback port was translated. A VRF device loops its own back. */
	{"raw_prerouting", "loopback from outside", {NOT_IIF("lo"), NOT_IIFKIND("vrf"), NET(DADDR, "127.0.0.0", 8), GOTO("martian")}},

	{"source", "loopback of the host", {NET(DADDR, "127.0.0.0", 8), GOTO("martian")}},
	BOTH("source", "its own address", source, (IIF, SADDR), UNMARK(GATE_UNJUDGED), ACCEPT),
	{"source", "link-local", {NET(SADDR, "fe80::", 10), GOTO("link_local")}},
	{"source", "not addressed yet", {NET(SADDR, "::", 128), GOTO("link_local")}},
	{"source", "another's address", {GOTO("spoofed")}},

	{"link_local", "neighbour solicitation", {ICMP6(ND_SOLICIT), UNMARK(GATE_UNJUDGED), ACCEPT}},
	{"link_local", "neighbour advertisement", {ICMP6(ND_ADVERT), UNMARK(GATE_UNJUDGED), ACCEPT}},
	/* Every kernel asks for routers and reports its groups when a link comes up: nothing to log. */
	{"link_local", "router solicitations, multicast reports", {COUNT("link_local"), DROP}},

	{"nat_prerouting", "published ports", {JUMP("publish")}},
	{"nat_output", "published ports", {JUMP("publish")}},
	{"publish", "on this address", {DNAT(dnat4, DADDR, L4PROTO, DPORT)}},
	{"publish", "on this address", {DNAT(dnat6, DADDR, L4PROTO, DPORT)}},
	{"publish", "on every address of the host", {LOCAL, DNAT(dnat_any4, L4PROTO, DPORT)}},
	{"publish", "on every address of the host", {LOCAL, DNAT(dnat_any6, L4PROTO, DPORT)}},

	{"forward", "a container sends", {IN(links, IIF), GOTO("from_link")}},
	{"forward", "something else sends to a container", {IN(links, OIF), GOTO("to_link")}},

	{"from_link", "of no connection", {INVALID, GOTO("invalid")}},
	{"from_link", "errors of a connection", {L4(IPPROTO_ICMP), RELATED, PASS}},
	{"from_link", "errors of a connection", {L4(IPPROTO_ICMPV6), RELATED, PASS}},
	{"from_link", "to a container", {IN(links, OIF), GOTO("between")}},
	{"from_link", "asks the world", {ORIGINAL, GOTO("to_world")}},
	{"from_link", "answers the world", {REPLY, GOTO("from_world_reply")}},
	{"from_link", "untracked", {GOTO("denied")}},

	BOTH("to_link", "a container's address, but not from its link", address, (SADDR), GOTO("spoofed")),
	{"to_link", "of no connection", {INVALID, GOTO("invalid")}},
	{"to_link", "errors of a connection", {L4(IPPROTO_ICMP), RELATED, PASS}},
	{"to_link", "errors of a connection", {L4(IPPROTO_ICMPV6), RELATED, PASS}},
	{"to_link", "the world asks", {ORIGINAL, GOTO("from_world")}},
	{"to_link", "the world answers", {REPLY, GOTO("to_world_reply")}},
	{"to_link", "untracked", {GOTO("denied")}},

	{"between", "answers", {REPLY, GOTO("between_reply")}},
	BOTH("between", "a flow", flow, (DADDR, SADDR, L4PROTO, DPORT), PASS),
	BOTH("between", "a flow to a range of ports", flow_range, (DADDR, SADDR, L4PROTO, DPORT), PASS),
	{"between", "by a published port", {TRANSLATED, GOTO("by_host")}},
	{"between", "no flow", {GOTO("denied")}},
	BOTH("between_reply", "a flow", flow, (SADDR, DADDR, L4PROTO, SPORT), PASS),
	BOTH("between_reply", "a flow to a range of ports", flow_range, (SADDR, DADDR, L4PROTO, SPORT), PASS),
	{"between_reply", "by a published port", {TRANSLATED, GOTO("by_host_reply")}},
	{"between_reply", "no flow", {GOTO("denied")}},

	BOTH("by_host", "its own published port", hairpin, (SADDR, DADDR), PASS),
	BOTH("by_host", "may reach the world, so what the world reaches", world_any, (SADDR), JUMP("published")),
	{"by_host", "no flow", {GOTO("denied")}},
	BOTH("by_host_reply", "its own published port", hairpin, (DADDR, SADDR), PASS),
	BOTH("by_host_reply", "may reach the world, so what the world reaches", world_any, (DADDR), JUMP("published_reply")),
	{"by_host_reply", "no flow", {GOTO("denied")}},

	BOTH("to_world", "its subnet has an uplink", bound, (SADDR), JUMP("uplink")),
	BOTH("to_world", "anything", world_any, (SADDR), ACCEPT),
	BOTH("to_world", "a port", world, (SADDR, L4PROTO, DPORT), ACCEPT),
	BOTH("to_world", "a range of ports", world_range, (SADDR, L4PROTO, DPORT), ACCEPT),
	{"to_world", "no flow", {GOTO("denied")}},
	BOTH("uplink", "by this one", uplink, (SADDR, OIF), RETURN),
	{"uplink", "by another one", {GOTO("denied")}},
	BOTH("to_world_reply", "anything", world_any, (DADDR), PASS),
	BOTH("to_world_reply", "a port", world, (DADDR, L4PROTO, SPORT), PASS),
	BOTH("to_world_reply", "a range of ports", world_range, (DADDR, L4PROTO, SPORT), PASS),
	{"to_world_reply", "no flow", {GOTO("denied")}},

	{"from_world", "by a published port", {TRANSLATED, JUMP("published")}},
	BOTH("from_world", "a port", ingress, (DADDR, L4PROTO, DPORT), PASS),
	BOTH("from_world", "a range of ports", ingress_range, (DADDR, L4PROTO, DPORT), PASS),
	{"from_world", "no flow", {GOTO("denied")}},
	{"from_world_reply", "by a published port", {TRANSLATED, JUMP("published_reply")}},
	BOTH("from_world_reply", "a port", ingress, (SADDR, L4PROTO, SPORT), ACCEPT),
	BOTH("from_world_reply", "a range of ports", ingress_range, (SADDR, L4PROTO, SPORT), ACCEPT),
	{"from_world_reply", "no flow", {GOTO("denied")}},

	BOTH("published", "on this address", published, (CT_DADDR, DADDR, L4PROTO, DPORT), PASS),
	BOTH("published", "on every address of the host", published_any, (DADDR, L4PROTO, DPORT), PASS),
	BOTH("published_reply", "on this address", published, (CT_DADDR, SADDR, L4PROTO, SPORT), PASS),
	BOTH("published_reply", "on every address of the host", published_any, (SADDR, L4PROTO, SPORT), PASS),

	{"input", "a container sends", {IN(links, IIF), GOTO("to_host")}},
	{"to_host", "answers the host", {REPLY, ACCEPT}},
	{"to_host", "neighbour solicitation", {ICMP6(ND_SOLICIT), ACCEPT}},
	{"to_host", "neighbour advertisement", {ICMP6(ND_ADVERT), ACCEPT}},
	{"to_host", "of no connection", {INVALID, GOTO("invalid")}},
	{"to_host", "errors of a connection", {L4(IPPROTO_ICMP), RELATED, ACCEPT}},
	{"to_host", "errors of a connection", {L4(IPPROTO_ICMPV6), RELATED, ACCEPT}},
	BOTH("to_host", "anything", host_any, (SADDR), ACCEPT),
	BOTH("to_host", "a port", host, (SADDR, L4PROTO, DPORT), ACCEPT),
	BOTH("to_host", "a range of ports", host_range, (SADDR, L4PROTO, DPORT), ACCEPT),
	{"to_host", "no flow", {GOTO("denied")}},

	{"nat_postrouting", "to a container", {IN(links, OIF), GOTO("to_link_nat")}},
	BOTH("nat_postrouting", "a container's subnet has nat", masquerade, (SADDR), MASQ),
	{"to_link_nat", "the host by its loopback", {NET(SADDR, "127.0.0.0", 8), MASQ}},
	{"to_link_nat", "the host by its loopback", {NET(SADDR, "::1", 128), MASQ}},
	BOTH("to_link_nat", "to itself by a published port", hairpin, (SADDR, DADDR), MASQ),

	{"output", "by a container's link", {IN(links, OIF), MARK(GATE_JUDGED)}},
	/* A translated packet gets its way only after this. */
	BOTH("output", "to a container", address, (DADDR), MARK(GATE_JUDGED)),

	DENY("denied"),
	DENY("spoofed"),
	DENY("martian"),
	{"invalid", "every packet counted", {COUNT("invalid"), DROP}},
};
/* clang-format on */
const size_t nft_nrules = sizeof rules / sizeof rules[0];

const char *nft_rule_chain(size_t rule)
{
	return rules[rule].chain;
}

const char *nft_rule_doc(size_t rule)
{
	return rules[rule].doc;
}

static void build_meta_cmp(struct nftnl_rule *to, uint32_t key, uint32_t op, const void *value, uint32_t n)
{
	nft_expr_meta(to, key, 0);
	nft_expr_cmp(to, op, value, n);
}

/* An inet table sees both families: what reads a header of one says first which. */
static void build_family(struct nftnl_rule *to, int family)
{
	const uint8_t number = family == 6 ? NFPROTO_IPV6 : NFPROTO_IPV4;

	if (family)
		build_meta_cmp(to, NFT_META_NFPROTO, NFT_CMP_EQ, &number, sizeof number);
}

/* Loads the first n bytes of the source or destination address. */
static void build_addr(struct nftnl_rule *to, enum source from, int family, uint32_t n, unsigned word)
{
	/* struct iphdr and struct ipv6hdr */
	const uint32_t saddr = family == 6 ? 8 : 12, daddr = family == 6 ? 24 : 16;

	nft_expr_payload(to, NFT_PAYLOAD_NETWORK_HEADER, from == SADDR ? saddr : daddr, n, word);
}

/* Loads the source from the word on. */
static void build_load(struct nftnl_rule *to, enum source from, int family, unsigned word)
{
	switch (from) {
	case IIF:
		nft_expr_meta(to, NFT_META_IIFNAME, word);
		return;
	case OIF:
		nft_expr_meta(to, NFT_META_OIFNAME, word);
		return;
	case SADDR:
	case DADDR:
		build_addr(to, from, family, nft_field_len(FIELD_ADDR, family), word);
		return;
	case CT_DADDR:
		nft_expr_ct(to, family == 6 ? NFT_CT_DST_IP6 : NFT_CT_DST_IP, IP_CT_DIR_ORIGINAL, word);
		return;
	case L4PROTO:
		nft_expr_meta(to, NFT_META_L4PROTO, word);
		return;
	case SPORT:
		nft_expr_payload(to, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 2, word);
		return;
	case DPORT:
		nft_expr_payload(to, NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, word);
		return;
	case NONE:
		break;
	}
	assert(false);
}

static void build_key(struct nftnl_rule *to, const struct op *op)
{
	const struct policy_set_info *info = &policy_sets[op->set];
	unsigned word = 0;

	build_family(to, info->family);
	for (size_t i = 0; info->key[i] != FIELD_END; i++) {
		build_load(to, op->from[i], info->family, word);
		word += nft_field_len(info->key[i], info->family) / 4;
	}
}

static void build_dnat(struct nftnl_rule *to, const struct op *op)
{
	const struct policy_set_info *info = &policy_sets[op->set];

	build_key(to, op);
	nft_expr_lookup(to, info->name, 0);
	nft_expr_dnat(to, info->family == 6 ? NFPROTO_IPV6 : NFPROTO_IPV4, 0,
		      nft_field_len(info->data[0], info->family) / 4);
}

/* As nft writes it: a prefix of whole bytes is these bytes, another one needs a mask. */
static void build_net(struct nftnl_rule *to, const struct op *op)
{
	int family = strchr(op->name, ':') ? 6 : 4;
	uint32_t bits = (uint32_t)op->value, n = bits % 8 ? nft_field_len(FIELD_ADDR, family) : bits / 8;
	uint8_t addr[16], mask[16] = {0};

	inet_pton(family == 6 ? AF_INET6 : AF_INET, op->name, addr);
	for (uint32_t i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	build_family(to, family);
	build_addr(to, op->from[0], family, n, 0);
	if (bits % 8)
		nft_expr_mask(to, mask, n);
	nft_expr_cmp(to, NFT_CMP_EQ, addr, n);
}

static void build_name(struct nftnl_rule *to, uint32_t key, const char *name)
{
	char padded[IFNAMSIZ] = {0};

	memcpy(padded, name, strlen(name));
	build_meta_cmp(to, key, NFT_CMP_NEQ, padded, sizeof padded);
}

static void build_op(struct nftnl_rule *to, const struct op *op)
{
	const uint8_t byte = (uint8_t)op->value, icmp6 = IPPROTO_ICMPV6;
	const uint32_t local = RTN_LOCAL;

	switch (op->kind) {
	case OP_IN:
		build_key(to, op);
		nft_expr_lookup(to, policy_sets[op->set].name, NFT_NO_WORD);
		return;
	case OP_DNAT:
		build_dnat(to, op);
		return;
	case OP_LOCAL:
		nft_expr_fib_daddr_type(to);
		nft_expr_cmp(to, NFT_CMP_EQ, &local, sizeof local);
		return;
	case OP_DIR:
		nft_expr_ct(to, NFT_CT_DIRECTION, NFT_NO_DIR, 0);
		nft_expr_cmp(to, NFT_CMP_EQ, &byte, sizeof byte);
		return;
	case OP_STATE:
	case OP_STATUS:
		nft_expr_ct(to, op->kind == OP_STATE ? NFT_CT_STATE : NFT_CT_STATUS, NFT_NO_DIR, 0);
		nft_expr_any_bit(to, (uint32_t)op->value);
		return;
	case OP_L4:
		build_meta_cmp(to, NFT_META_L4PROTO, NFT_CMP_EQ, &byte, sizeof byte);
		return;
	case OP_ICMP6:
		build_family(to, 6);
		build_meta_cmp(to, NFT_META_L4PROTO, NFT_CMP_EQ, &icmp6, sizeof icmp6);
		nft_expr_payload(to, NFT_PAYLOAD_TRANSPORT_HEADER, 0, sizeof byte, 0);
		nft_expr_cmp(to, NFT_CMP_EQ, &byte, sizeof byte);
		return;
	case OP_NOT_IIF:
		build_name(to, NFT_META_IIFNAME, op->name);
		return;
	case OP_NOT_IIFKIND:
		build_name(to, NFT_META_IIFKIND, op->name);
		return;
	case OP_NET:
		build_net(to, op);
		return;
	case OP_MARK:
		nft_expr_mark(to, op->bits, op->value);
		return;
	case OP_MASQ:
		nft_expr_masquerade(to);
		return;
	case OP_COUNT:
		nft_expr_count(to, op->name);
		return;
	case OP_LIMIT:
		nft_expr_limit(to, LOG_PER_SECOND, LOG_BURST);
		return;
	case OP_LOG:
		nft_expr_log(to, op->name);
		return;
	case OP_VERDICT:
		nft_expr_verdict(to, op->value, op->name);
		return;
	case OP_END:
		return;
	}
}

void nft_rule_build(size_t rule, struct nftnl_rule *to)
{
	for (size_t i = 0; i < OPS_MAX && rules[rule].ops[i].kind != OP_END; i++)
		build_op(to, &rules[rule].ops[i]);
}
