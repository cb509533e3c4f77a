/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the rules say to each other: each rule reads the whole model, reports under the code of
 * its row in rules.c, and knows nothing of the others. A rule leaves alone what another one reports, so that
 * one mistake is one message. */
#ifndef CTC_COMPILER_RULES_IMPL_H
#define CTC_COMPILER_RULES_IMPL_H

#include "compiler/flows.h"
#include "compiler/net.h"
#include "lang/base/map.h"
#include "lang/diag.h"

struct rules {
	struct arena *arena;
	struct diags *diags;
	const struct model *model;
	const struct net *net;
	const struct routes *routes;
	const struct flows *flows;
	const struct net_member *first, *end; /* the containers that a rule goes over */
	struct given *given; /* of each subnet and family; NULL: nobody asked (rules_elsewhere.c) */
	const struct publish *publishes; /* of all stacks */
	size_t npublishes;
};

/* rules_publish.c: what leads where is asked once for all rules. */
void publishes_resolve(struct rules *r);

/* code: what the rule reports under. */
#define RULE(name) void rule_##name(struct rules *r, enum diag_code code)

/* rules_subnet.c */
RULE(subnet_range);
RULE(subnet_bits);
RULE(subnet_reserved);
RULE(subnet_public);
RULE(subnet_small);
RULE(subnet_host);
RULE(subnet_overlap);
/* Whether a range is said to be none that a subnet can have: how addresses lie in it is no news then. */
bool range_refused(struct cidr range);
/* Hangs on which addresses the members of a range can have. */
void range_help(struct rules *r, struct diag *d, struct cidr range);
/* rules_elsewhere.c: whether it is the range that is wrong, since nothing that is given in it is there; it was said. */
bool elsewhere_said(struct rules *r, const struct m_subnet *s, enum net_family family);
/* rules_address.c */
RULE(subnet_missing);
RULE(address_missing);
RULE(address_outside);
RULE(address_reserved);
RULE(address_twice);
RULE(address_more);
RULE(host_network);
/* rules_join.c */
RULE(join_target);
RULE(join_network);
RULE(join_port);
/* rules_macvlan.c */
RULE(macvlan_network);
RULE(macvlan_policy);
RULE(macvlan_range);
RULE(macvlan_address);
RULE(macvlan_host);
/* rules_wireguard.c */
RULE(wireguard_peer);
RULE(wireguard_only);
RULE(wireguard_network);
RULE(wireguard_address);
/* rules_dns.c */
RULE(dns_use);
RULE(dns_closed);
/* rules_publish.c */
RULE(publish_twice);
RULE(publish_length);
RULE(publish_family);
RULE(publish_protocol);
RULE(publish_many);
/* rules_flow.c */
RULE(flow_self);
RULE(flow_port);
RULE(flow_outside);
RULE(flow_family);
RULE(flow_many);
RULE(flow_twice);
RULE(flow_host);
RULE(flow_protocol);
/* rules_expect.c */
RULE(expect_reach);
/* rules_moved.c */
RULE(moved_target);
/* rules_container.c */
RULE(after_cycle);
RULE(requires_choice);
RULE(port_twice);
RULE(ready_choice);
RULE(ready_port);
/* rules_run.c */
RULE(run_field);
RULE(run_target);
RULE(run_flow);
/* rules_engine.c */
RULE(capability_twice);
RULE(machine_text);
RULE(device_path);
RULE(runs_nothing);
RULE(engine_choice);
RULE(engine_field);
RULE(rootfs_twice);
RULE(os_form);
/* rules_process.c */
RULE(group_number);
RULE(sysctl_choice);
/* rules_gpu.c */
RULE(gpu_choice);
RULE(gpu_exclusive);
RULE(gpu_shared);
RULE(gpu_by_hand);
/* rules_mount.c */
RULE(mount_twice);
RULE(mount_inside);
RULE(mount_reserved);
RULE(mount_writable);
RULE(mount_device);
RULE(mount_secrets);
RULE(directory_differs);
RULE(volume_same);
RULE(volume_overlap);
RULE(host_reserved);
/* rules_names.c */
RULE(name_long);
RULE(name_collision);
RULE(name_reserved);
/* rules_unit.c */
RULE(unit_value);
RULE(path_target);
RULE(alias_form);
/* rules_secret.c */
RULE(secret_source);
RULE(secret_form);
RULE(secret_twice);
RULE(secret_shared);
RULE(secret_literal);
RULE(secret_unused);
/* rules_route.c */
RULE(metrics_port);
RULE(route_proxy);
RULE(route_twice);
RULE(route_host);
RULE(route_port);
RULE(route_auth);
RULE(proxy_form);
RULE(proxy_email);
RULE(route_plain);
RULE(route_acme);
RULE(proxy_idle);
/* rules_lint.c */
RULE(image_tag);
RULE(image_registry);
RULE(gpu_memory);
RULE(database_open);
RULE(user_root);
RULE(user_unset);
RULE(memory_unset);
RULE(port_discovery);

/* for (each container m): const struct net_member *m; rules_each_container(m, r) */
#define rules_each_container(m, r)                                                                           \
	for (const struct net_member *m = (r)->first; m < (r)->end; m++)
#define rules_each_subnet(s, r)                                                                              \
	for (const struct net_subnet *s = (r)->net->subnets; s < (r)->net->subnets + (r)->net->nsubnets; s++)

/* Two that stand in each other's way, each with where it is said and its stack: whether the message belongs
 * to the first, because it is said later in the source, or because the other's file is only used. */
static inline bool said_later(struct span a, const struct m_head *a_head, struct span b,
			      const struct m_head *b_head)
{
	bool a_outside = a_head->stack->head.outside, b_outside = b_head->stack->head.outside;

	return a_outside != b_outside ? b_outside : a.lo > b.lo;
}
/* Whether something of a block stands in another file than the block itself: its template says it, and the message belongs to what the block says, where it can. */
bool said_elsewhere(const struct rules *r, const struct m_head *head, struct span at);
#define SWAP(a, b)                                                                                           \
	do {                                                                                                 \
		__typeof__(a) t_ = (a);                                                                      \
		(a) = (b);                                                                                   \
		(b) = t_;                                                                                    \
	} while (0)

/* Values in messages: the buffer is the caller's. */
struct addr_shown {
	char text[CIDR_TEXT_MAX];
};
#define SHOW_ADDR(a) addr_text((a), (struct addr_shown){0}.text)
#define SHOW_CIDR(c) cidr_text((c), (struct addr_shown){0}.text)
struct str port_shown(struct arena *a, struct port p);

/* The family's word in messages and the name of the field. */
static inline const char *family_name(enum net_family f)
{
	return f == NET_4 ? "IPv4" : "IPv6";
}

#endif
