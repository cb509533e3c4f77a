/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The whole-stack rules as a table: one row and one function each. They all run, since each looks at something else. */
#include "compiler/rules.h"

#include "compiler/rules_impl.h"

/* WHOLE: it concludes from what is not there. EACH: it judges each container by itself, and remembers none; neighbours in the table go over the containers together.
 * What is before expect_reach is what must hold where that is asked. */
static const struct row {
	enum diag_code code;
	void (*check)(struct rules *r, enum diag_code code);
	enum { ROW_PLAIN, ROW_WHOLE, ROW_EACH } kind;
} rows[] = {
#define ROW(name) {DIAG_##name, rule_##name, ROW_PLAIN}
#define WHOLE(name) {DIAG_##name, rule_##name, ROW_WHOLE}
#define EACH(name) {DIAG_##name, rule_##name, ROW_EACH}
	ROW(subnet_missing),
	EACH(address_missing),
	EACH(address_outside),
	EACH(address_reserved),
	EACH(address_more),
	EACH(join_network),
	EACH(macvlan_network),
	EACH(macvlan_address),
	EACH(wireguard_peer),
	EACH(wireguard_network),
	EACH(wireguard_address),
	EACH(dns_use),
	ROW(subnet_range),
	ROW(subnet_bits),
	ROW(subnet_reserved),
	ROW(subnet_small),
	ROW(subnet_host),
	ROW(subnet_overlap),
	ROW(address_twice),
	ROW(host_network),
	ROW(join_target),
	ROW(join_port),
	ROW(macvlan_policy),
	ROW(macvlan_range),
	ROW(wireguard_only),
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
	ROW(directory_differs),
	ROW(volume_same),
	ROW(name_collision),
	ROW(name_reserved),
	ROW(secret_source),
	ROW(secret_form),
	ROW(secret_shared),
	ROW(secret_unused),
	ROW(rootfs_twice),
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
	ROW(proxy_idle),
	ROW(gpu_shared),
	ROW(database_open),
	ROW(flow_twice),
	ROW(flow_host),
	ROW(flow_protocol),
	ROW(subnet_public),
	ROW(mount_writable),
	ROW(dns_closed),
	ROW(macvlan_host),
	ROW(run_target),
	ROW(run_flow),
	EACH(requires_choice),
	EACH(mount_twice),
	EACH(mount_reserved),
	EACH(volume_overlap),
	EACH(host_reserved),
	EACH(port_twice),
	EACH(ready_choice),
	EACH(ready_port),
	EACH(run_field),
	EACH(name_long),
	EACH(unit_value),
	EACH(path_target),
	EACH(alias_form),
	EACH(secret_twice),
	EACH(secret_literal),
	EACH(capability_twice),
	EACH(machine_text),
	EACH(device_path),
	EACH(runs_nothing),
	EACH(engine_choice),
	EACH(engine_field),
	EACH(os_form),
	EACH(group_number),
	EACH(sysctl_choice),
	EACH(gpu_choice),
	EACH(image_tag),
	EACH(image_registry),
	EACH(gpu_memory),
	EACH(gpu_by_hand),
	EACH(mount_device),
	EACH(mount_secrets),
	EACH(mount_inside),
	EACH(user_root),
	EACH(port_discovery),
	EACH(user_unset),
	EACH(memory_unset),
};

struct str port_shown(struct arena *a, struct port p)
{
	struct buf b = {0};

	port_text(p, &b);
	return buf_take(&b, a);
}

enum { ROWS = sizeof rows / sizeof rows[0], GROUP = 16 };

/* part: something of the model is missing. What a rule computes on the way is given up, but for what it keeps for others. */
static void row_check(struct rules *r, const struct row *row, bool part)
{
	const struct arena_mark before = arena_mark(r->arena);
	const struct given *given = r->given;

	if (r->diags->idle[row->code] || (part && (row->kind == ROW_WHOLE || diag_infos[row->code].severity != SEV_ERROR)))
		return;
	row->check(r, row->code);
	if (r->given == given)
		arena_rewind(r->arena, before);
}

bool said_elsewhere(const struct rules *r, const struct m_head *head, struct span at)
{
	return source_place(r->diags->sources, at).source != source_place(r->diags->sources, head->at).source;
}

/* A container is large: a few are looked at by all of these rules, while they are at hand, before the next ones are. */
static void each_check(struct rules *r, const struct row *from, const struct row *to, bool part)
{
	const struct net_member *end = r->end;

	for (; r->first < end; r->first = r->end) {
		r->end = end - r->first > GROUP ? r->first + GROUP : end;
		for (const struct row *row = from; row < to; row++)
			row_check(r, row, part);
	}
	r->first = r->net->members;
	r->end = end;
}

/* Diagnostics own their texts. */
void rules_check(struct arena *scratch, struct diags *d, const struct model *model, const struct net *net, const struct routes *routes,
		 const struct flows *flows, bool part)
{
	struct rules r = {.arena = scratch, .diags = d, .model = model, .net = net, .routes = routes, .flows = flows,
			  .first = net->members, .end = net->members + net->nmembers};
	const struct row *last;

	publishes_resolve(&r);
	for (const struct row *row = rows; row < rows + ROWS; row = last) {
		last = row + 1;
		if (row->kind != ROW_EACH) {
			row_check(&r, row, part);
			continue;
		}
		while (last < rows + ROWS && last->kind == ROW_EACH)
			last++;
		each_check(&r, row, last, part);
	}
}
