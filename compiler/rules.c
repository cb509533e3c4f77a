/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole-stack rules as a table: one row and one function each. They all run, since each looks at something else. */
#include "compiler/rules.h"

#include "compiler/rules_impl.h"

/* WHOLE: it concludes from what is not there. */
static const struct {
	enum diag_code code;
	void (*check)(struct rules *r, enum diag_code code);
	bool whole;
} rules[] = {
#define ROW(name) {DIAG_##name, rule_##name, false}
#define WHOLE(name) {DIAG_##name, rule_##name, true}
	ROW(subnet_range),
	ROW(subnet_bits),
	ROW(subnet_reserved),
	ROW(subnet_small),
	ROW(subnet_host),
	ROW(subnet_overlap),
	ROW(subnet_missing),
	ROW(address_missing),
	ROW(address_outside),
	ROW(address_reserved),
	ROW(address_twice),
	ROW(address_more),
	ROW(host_network),
	ROW(join_target),
	ROW(join_network),
	ROW(join_port),
	ROW(macvlan_network),
	ROW(macvlan_policy),
	ROW(macvlan_range),
	ROW(macvlan_address),
	ROW(wireguard_peer),
	ROW(wireguard_only),
	ROW(wireguard_network),
	ROW(wireguard_address),
	ROW(dns_use),
	ROW(publish_twice),
	ROW(publish_length),
	ROW(publish_family),
	ROW(publish_protocol),
	ROW(publish_many),
	ROW(flow_self),
	WHOLE(flow_port),
	ROW(flow_outside),
	WHOLE(flow_family),
	ROW(flow_many),
	WHOLE(expect_reach),
	WHOLE(moved_target),
	ROW(after_cycle),
	ROW(requires_choice),
	ROW(mount_twice),
	ROW(mount_reserved),
	ROW(directory_differs),
	ROW(volume_same),
	ROW(volume_overlap),
	ROW(host_reserved),
	ROW(port_twice),
	ROW(ready_choice),
	ROW(ready_port),
	ROW(name_long),
	ROW(name_collision),
	ROW(name_reserved),
	ROW(unit_value),
	ROW(alias_form),
	ROW(secret_source),
	ROW(secret_form),
	ROW(secret_twice),
	ROW(secret_shared),
	ROW(secret_literal),
	ROW(secret_unused),
	ROW(capability_twice),
	ROW(machine_text),
	ROW(device_path),
	ROW(runs_nothing),
	ROW(engine_choice),
	ROW(engine_field),
	ROW(rootfs_twice),
	ROW(os_form),
	ROW(gpu_choice),
	ROW(gpu_exclusive),
	WHOLE(metrics_port),
	ROW(route_proxy),
	ROW(route_twice),
	ROW(route_host),
	ROW(route_port),
	ROW(route_auth),
	ROW(proxy_form),
	ROW(proxy_email),
	ROW(route_plain),
	ROW(route_acme),
	ROW(image_tag),
	ROW(gpu_memory),
	ROW(gpu_shared),
	ROW(database_open),
	ROW(flow_twice),
	ROW(flow_host),
	ROW(mount_inside),
	ROW(user_root),
	ROW(mount_writable),
	ROW(port_discovery),
	ROW(user_unset),
	ROW(memory_unset),
	ROW(dns_closed),
	ROW(macvlan_host),
};

struct str port_shown(struct arena *a, struct port p)
{
	struct buf b = {0};

	port_text(p, &b);
	return buf_take(&b, a);
}

/* What the rules compute on the way is not kept: diagnostics own their texts. */
void rules_check(struct arena *scratch, struct diags *d, const struct model *model, const struct net *net, const struct routes *routes,
		 const struct flows *flows, bool part)
{
	struct rules r = {.arena = scratch, .diags = d, .model = model, .net = net, .routes = routes, .flows = flows};

	publishes_resolve(&r);
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (!d->idle[rules[i].code] && !(part && (rules[i].whole || diag_infos[rules[i].code].severity != SEV_ERROR)))
			rules[i].check(&r, rules[i].code);
}
