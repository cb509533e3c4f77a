/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The gate's two programs, in the instructions that the kernel takes (linux/bpf.h; bpf(2)), how they are attached (tc-bpf(8), direct action), and the routing rule
 * (ip-rule(8); linux/fib_rules.h). */
#include "runtime/nl_gate.h"

#include <arpa/inet.h>
#include <asm/byteorder.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "lang/base/cleanup.h"

/* Names of the filters; their last word is the version of their program. */
#define NAME_IN "ctstack-unjudged-2"
#define NAME_OUT "ctstack-judged-1"

/* Numbers of the two blocks: "ct" and 1, 2. */
enum { BLOCK_IN = 0x63740001, BLOCK_OUT = 0x63740002 };
enum { FILTER_HANDLE = 1, FILTER_PRIO = 1 };

/* ---- the programs ---- */

#define LOAD(reg, field) {.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (reg), .src_reg = BPF_REG_1, .off = offsetof(struct __sk_buff, field)}
#define STORE(reg, field) {.code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1, .src_reg = (reg), .off = offsetof(struct __sk_buff, field)}
#define OP(op, reg, value) {.code = BPF_ALU | (op) | BPF_K, .dst_reg = (reg), .imm = (int32_t)(value)}
#define JUMP(op, reg, value, skip) {.code = BPF_JMP | (op) | BPF_K, .dst_reg = (reg), .off = (skip), .imm = (int32_t)(value)}
#define RETURN(value) {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (value)}, {.code = BPF_JMP | BPF_EXIT}

/* From a container: unjudged. Not ARP, which nf_tables never sees, so that nobody would take the mark away: the kernel answers only where a route for the packet is found. */
static const struct bpf_insn program_in[] = {
	LOAD(BPF_REG_2, protocol),
	JUMP(BPF_JEQ, BPF_REG_2, __constant_htons(ETH_P_ARP), 3),
	LOAD(BPF_REG_2, mark),
	OP(BPF_OR, BPF_REG_2, GATE_UNJUDGED),
	STORE(BPF_REG_2, mark),
	RETURN(TC_ACT_UNSPEC),
};

/* To a container: what is judged, and ARP, by which the host finds it. */
static const struct bpf_insn program_out[] = {
	LOAD(BPF_REG_2, mark),
	JUMP(BPF_JSET, BPF_REG_2, GATE_JUDGED, 4),
	LOAD(BPF_REG_2, protocol),
	JUMP(BPF_JEQ, BPF_REG_2, __constant_htons(ETH_P_ARP), 2),
	RETURN(TC_ACT_SHOT),
	RETURN(TC_ACT_UNSPEC),
};

/* A descriptor of the program. Kernels before 5.11 count it against a limit that systemd's services of root share (getrlimit(2), RLIMIT_MEMLOCK). */
static int program_load(const struct bpf_insn *at, size_t n, struct err *e)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SCHED_CLS, .insns = (uintptr_t)at, .insn_cnt = (uint32_t)n, .license = (uintptr_t) "GPL"};
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit before;
	bool raised = getrlimit(RLIMIT_MEMLOCK, &before) == 0 && setrlimit(RLIMIT_MEMLOCK, &all) == 0;
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr), code = -errno;

	if (raised)
		setrlimit(RLIMIT_MEMLOCK, &before);
	if (fd < 0)
		return err_errno(e, code, "the kernel does not take the program that keeps containers' links shut (CONFIG_BPF_SYSCALL, CONFIG_NET_CLS_BPF)");
	return fd;
}

static int load_in(struct err *e)
{
	return program_load(program_in, sizeof program_in / sizeof program_in[0], e);
}

static int load_out(struct err *e)
{
	return program_load(program_out, sizeof program_out / sizeof program_out[0], e);
}

int gate_check(struct err *e)
{
	_fd_ int in = load_in(e), out = in < 0 ? -1 : load_out(e);

	return in < 0 ? in : out < 0 ? out : 0;
}

/* ---- the links ---- */

static struct tcmsg *begin_clsact(struct nl_batch *b, int type, int flags, uint32_t index)
{
	struct tcmsg *head = nl_begin(b, type, flags, sizeof *head);

	head->tcm_ifindex = (int)index;
	head->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	head->tcm_parent = TC_H_CLSACT;
	mnl_attr_put_strz(b->open, TCA_KIND, "clsact");
	return head;
}

void gate_put_link(struct nl_batch *b, struct str resource, uint32_t index)
{
	begin_clsact(b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index);
	mnl_attr_put_u32(b->open, TCA_INGRESS_BLOCK, BLOCK_IN);
	mnl_attr_put_u32(b->open, TCA_EGRESS_BLOCK, BLOCK_OUT);
	nl_end(b, 0, resource, "keep the link of %.*s shut without the policy (CONFIG_NET_SCH_INGRESS)", STR_ARG(resource));
}

void gate_put_unlink(struct nl_batch *b, struct str resource, uint32_t index)
{
	begin_clsact(b, RTM_DELQDISC, 0, index);
	nl_end(b, NL_ANY, resource, "remove the queueing discipline of the link of %.*s", STR_ARG(resource));
}

static void put_filter(struct nl_batch *b, uint32_t block, const char *name, int program)
{
	struct tcmsg *head = nl_begin(b, RTM_NEWTFILTER, NLM_F_CREATE, sizeof *head);

	head->tcm_ifindex = (int)TCM_IFINDEX_MAGIC_BLOCK;
	head->tcm_block_index = block;
	head->tcm_handle = FILTER_HANDLE;
	head->tcm_info = TC_H_MAKE(FILTER_PRIO << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(b->open, TCA_KIND, "bpf");
	struct nlattr *options = mnl_attr_nest_start(b->open, TCA_OPTIONS);
	mnl_attr_put_u32(b->open, TCA_BPF_FD, (uint32_t)program);
	mnl_attr_put_strz(b->open, TCA_BPF_NAME, name);
	mnl_attr_put_u32(b->open, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(b->open, options);
	nl_end(b, 0, STR(""), "attach the program %s (CONFIG_NET_CLS_BPF)", name);
}

int gate_arm(struct mnl_socket *route, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	_fd_ int in = load_in(e), out = in < 0 ? -1 : load_out(e);

	if (in < 0 || out < 0)
		return e->code;
	put_filter(&b, BLOCK_IN, NAME_IN, in);
	put_filter(&b, BLOCK_OUT, NAME_OUT, out);
	return nl_send(route, &b, NULL, NULL, e);
}

static bool attr_is(const struct nlattr *attr, uint32_t value)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof value && mnl_attr_get_u32(attr) == value;
}

static bool attr_says(const struct nlattr *attr, const char *text)
{
	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 && strcmp(mnl_attr_get_str(attr), text) == 0;
}

static int take_qdisc(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct tcmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[TCA_EGRESS_BLOCK + 1];
	struct gate_links *g = context;

	(void)e;
	if (m->nlmsg_type != RTM_NEWQDISC || mnl_nlmsg_get_payload_len(m) < sizeof *head)
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, TCA_EGRESS_BLOCK + 1);
	if (attr_says(t[TCA_KIND], "clsact") && attr_is(t[TCA_INGRESS_BLOCK], BLOCK_IN) && attr_is(t[TCA_EGRESS_BLOCK], BLOCK_OUT))
		vec_push(g->arena, &g->members, (uint32_t)head->tcm_ifindex);
	return 0;
}

static void forget_members(void *context)
{
	((struct gate_links *)context)->members.n = 0;
}

/* What stands in a block: our filter first, and nothing that could take its place. */
struct block_look {
	const char *name;
	bool armed, other;
};

static int take_filter(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct tcmsg *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[TCA_OPTIONS + 1], *bpf[TCA_BPF_FLAGS + 1];
	struct block_look *look = context;

	(void)e;
	/* Each chain of filters is announced by a message without a handle. */
	if (m->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(m) < sizeof *head || !head->tcm_handle)
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, TCA_OPTIONS + 1);
	nl_attrs(t[TCA_OPTIONS] ? mnl_attr_get_payload(t[TCA_OPTIONS]) : NULL, t[TCA_OPTIONS] ? mnl_attr_get_payload_len(t[TCA_OPTIONS]) : 0, bpf,
		 TCA_BPF_FLAGS + 1);
	if (attr_says(t[TCA_KIND], "bpf") && attr_says(bpf[TCA_BPF_NAME], look->name) && attr_is(bpf[TCA_BPF_FLAGS], TCA_BPF_FLAG_ACT_DIRECT))
		look->armed = true;
	else
		look->other = true;
	return 0;
}

static void forget_filters(void *context)
{
	struct block_look *look = context;

	look->armed = look->other = false;
}

static int block_is_armed(struct mnl_socket *route, uint32_t block, const char *name, bool *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct block_look look = {.name = name};
	struct tcmsg *head = nl_begin(&b, RTM_GETTFILTER, 0, sizeof *head);

	head->tcm_ifindex = (int)TCM_IFINDEX_MAGIC_BLOCK;
	head->tcm_block_index = block;
	nl_end(&b, 0, STR(""), "list the filters of the links");
	int r = nl_dump(route, &b, take_filter, forget_filters, &look, e);
	*ret = look.armed && !look.other;
	return r;
}

static int cmp_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int gate_get_links(struct mnl_socket *route, struct gate_links *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	bool in = false, out = false;

	nl_begin(&b, RTM_GETQDISC, 0, sizeof(struct tcmsg));
	nl_end(&b, 0, STR(""), "list the queueing disciplines");
	int r = nl_dump(route, &b, take_qdisc, forget_members, ret, e);
	if (r == 0)
		r = block_is_armed(route, BLOCK_IN, NAME_IN, &in, e);
	if (r == 0)
		r = block_is_armed(route, BLOCK_OUT, NAME_OUT, &out, e);
	if (r == 0 && ret->members.n)
		qsort(ret->members.at, ret->members.n, sizeof *ret->members.at, cmp_index);
	ret->armed = in && out;
	return r;
}

bool gate_holds(const struct gate_links *g, uint32_t index)
{
	return g->armed && g->members.n && bsearch(&index, g->members.at, g->members.n, sizeof index, cmp_index);
}

/* ---- the routing rule ---- */

struct rules_look {
	struct gate_rule found;
	bool local;	/* the table "local" was looked up by now */
};

static uint32_t attr_number(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) >= sizeof(uint32_t) ? mnl_attr_get_u32(attr) : 0;
}

static int take_rule(const struct nlmsghdr *m, void *context, struct err *e)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(m);
	const struct nlattr *t[FRA_OIFNAME + 1];
	struct rules_look *look = context;

	(void)e;
	if (m->nlmsg_type != RTM_NEWRULE || mnl_nlmsg_get_payload_len(m) < sizeof *head)
		return 0;
	nl_attrs((const char *)head + sizeof *head, mnl_nlmsg_get_payload_len(m) - sizeof *head, t, FRA_OIFNAME + 1);
	if (attr_number(t[FRA_PRIORITY]) == look->found.spare)
		look->found.spare++; /* they come in order */
	if (head->action == FR_ACT_BLACKHOLE && attr_number(t[FRA_FWMARK]) == GATE_UNJUDGED && attr_number(t[FRA_FWMASK]) == GATE_UNJUDGED &&
	    !t[FRA_PRIORITY] && !t[FRA_SRC] && !t[FRA_DST] && !t[FRA_IFNAME] && !t[FRA_OIFNAME] && !(head->flags & FIB_RULE_INVERT)) {
		look->found.there = true;
		look->found.late = look->local;
	} else if (head->action == FR_ACT_TO_TBL && head->table == RT_TABLE_LOCAL) {
		look->local = true;
	}
	return 0;
}

static void forget_rules(void *context)
{
	*(struct rules_look *)context = (struct rules_look){.found.spare = 1};
}

int gate_get_rule(struct mnl_socket *route, int family, struct gate_rule *ret, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};
	struct rules_look look;
	struct fib_rule_hdr *head = nl_begin(&b, RTM_GETRULE, 0, sizeof *head);

	forget_rules(&look);
	head->family = (uint8_t)family;
	nl_end(&b, 0, STR(""), "list the routing rules");
	int r = nl_dump(route, &b, take_rule, forget_rules, &look, e);
	*ret = look.found;
	return r;
}

static void put_gate(struct nl_batch *b, int family, struct str resource, bool on, int tolerate)
{
	struct fib_rule_hdr *head = nl_begin(b, on ? RTM_NEWRULE : RTM_DELRULE, on ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *head);

	head->family = (uint8_t)family;
	head->action = FR_ACT_BLACKHOLE;
	mnl_attr_put_u32(b->open, FRA_PRIORITY, 0);
	mnl_attr_put_u32(b->open, FRA_FWMARK, GATE_UNJUDGED);
	mnl_attr_put_u32(b->open, FRA_FWMASK, GATE_UNJUDGED);
	/* As the kernel's own: systemd-networkd removes what it does not know but these (networkd.conf(5), ManageForeignRoutingPolicyRules=). Whoever made it, it goes. */
	if (on)
		mnl_attr_put_u8(b->open, FRA_PROTOCOL, RTPROT_KERNEL);
	nl_end(b, tolerate, resource, "%s the routing rule for packets that were not judged", on ? "add" : "remove");
}

static void put_local(struct nl_batch *b, int family, uint32_t priority, struct str resource, bool on)
{
	struct fib_rule_hdr *head = nl_begin(b, on ? RTM_NEWRULE : RTM_DELRULE, on ? NLM_F_CREATE | NLM_F_EXCL : 0, sizeof *head);

	head->family = (uint8_t)family;
	head->action = FR_ACT_TO_TBL;
	head->table = RT_TABLE_LOCAL;
	mnl_attr_put_u32(b->open, FRA_PRIORITY, priority);
	if (on)
		mnl_attr_put_u8(b->open, FRA_PROTOCOL, RTPROT_KERNEL);
	/* Where an administrator has moved it to elsewhere, nothing is in the way. */
	nl_end(b, on ? -EEXIST : -ENOENT, resource, "move the routing rule of the table local behind ours");
}

int gate_add_rule(struct mnl_socket *route, int family, const struct gate_rule *now, struct str resource, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};

	if (now->there && !now->late)
		return 0;
	if (now->there)
		put_gate(&b, family, resource, false, -ENOENT);
	/* Ours must come before the kernel's rule for the table local, which has the priority 0, too, and among rules of one priority the youngest is the last (fib_nl_newrule): that
	 * one is removed and added behind ours, while a copy with another priority stands in for it. All this is one system call: it is done whole, or a crash finds it not begun. */
	put_gate(&b, family, resource, true, -EEXIST);
	put_local(&b, family, now->spare, resource, true);
	put_local(&b, family, 0, resource, false);
	put_local(&b, family, 0, resource, true);
	put_local(&b, family, now->spare, resource, false);
	return nl_send(route, &b, NULL, NULL, e);
}

int gate_remove_rule(struct mnl_socket *route, int family, struct str resource, struct err *e)
{
	_cleanup_(nl_batch_free) struct nl_batch b = {0};

	put_gate(&b, family, resource, false, -ENOENT);
	return nl_send(route, &b, NULL, NULL, e);
}
