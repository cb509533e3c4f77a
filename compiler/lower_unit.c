/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the model to systemd units: a service a container, a slice and a target a stack, and what the host needs once.
 * The texts are meant to be read with `systemctl cat`; spec/units.md says what each field becomes and why. A text
 * changes exactly when the container must restart: published ports, flows, and the content of the hosts file are not
 * in it. What is the engine's own stands in lower_podman.c. Bytes of the source reach a unit through unit_text.h alone. */
#include "compiler/lower_engine.h"
#include "lang/schema.h"
#include "lang/base/sort.h"

enum {
	START_MARGIN_S = 60,	/* podman's own work before the container runs, on top of `ready.within` */
	START_DEFAULT_S = 90,	/* the same without `ready` */
	ONCE_DEFAULT_S = 600,	/* all of one that runs once, without `within` */
	RESTART_S = 5,
};

#define NETWORK_UNIT "ctstack-network.service"
#define WATCH_UNIT "ctstack-watch.service"
#define ROOT_TARGET "ctstack.target"
#define ROOT_SLICE "ct.slice"	/* what systemd takes for the parent of every ct-STACK.slice */

void unit_late(struct unit_of *u, struct str what, struct str value, bool last)
{
	u->word->n = 0;
	PUT(u->word, what, STR(":"), value);
	PUT(u->out, STR("\t@"), buf_view(u->word), last ? STR("@\n") : STR("@ \\\n"));
	vec_push(u->arena, &u->binds, str_copy(u->arena, buf_view(u->word)));
}

void unit_once(struct unit_of *u, struct str more)
{
	if (container_runs_once(u->c))
		PUT(u->out, STR("ctc once "), more, u->name, STR(" -- "));
}

struct str gpu_wanted(struct arena *a, const struct m_container *c)
{
	struct str wanted = word_texts[c->rare->gpu.v];

	for (size_t i = 0; i < c->rare->gpu_devices.v.n; i++)
		wanted = STR_JOIN(a, wanted, i ? STR(",") : STR("="), c->rare->gpu_devices.v.at[i]);
	return wanted;
}

static int cmp_mounts(const void *a, const void *b)
{
	const struct bind_mount *x = a, *y = b;
	int order = str_cmp(x->to, y->to);

	return order ? order : str_cmp(x->from, y->from);
}

/* Volumes and mounts together, sorted by where they are seen, so that moving a line in the source changes nothing. */
static void collect_mounts(struct unit_of *u)
{
	const struct m_container *c = u->c;
	struct bind_mount *all = arena_array(u->arena, c->volume.n + c->mount.n + c->secret.n + 1, sizeof *all);
	size_t n = 0;

	for (size_t i = 0; i < c->volume.n; i++) {
		const struct m_volume *v = c->volume.at[i];

		all[n++] = (struct bind_mount){.from = name_volume(u->arena, c, v), .to = v->at.v, .readonly = v->readonly.v, .mapped = users_are_private(c)};
	}
	for (size_t i = 0; i < c->mount.n; i++)
		all[n++] = (struct bind_mount){.from = c->mount.at[i].left.v, .to = c->mount.at[i].right.v,
					       .readonly = c->mount.at[i].block && c->mount.at[i].block->readonly.v, .mapped = users_are_private(c)};
	n += secret_mounts(u, all + n);
	if (u->proxy)
		all[n++] = (struct bind_mount){.from = name_proxy_dir(u->arena, c), .to = STR(PROXY_CONFIG_DIR), .readonly = true, .made = true};
	sort_array(all, n, sizeof *all, cmp_mounts);
	u->mounts = all;
	u->nmounts = n;
}

static void unit_section(struct unit_of *u)
{
	struct str stack = u->c->head.stack->head.name, container = u->c->head.name;

	PUT(u->out, STR("# Made by ctc from container "), container, STR(" of stack "), stack,
	    STR(". Edits here do not last: change the source.\n"));
	PUT(u->out, STR("[Unit]\nDescription=Container "), container, STR(" of stack "), stack, STR("\nRequires=" NETWORK_UNIT "\n"));
	for (size_t i = 0; i < u->after.n; i++)
		PUT(u->out, STR("Wants="), u->after.at[i], STR("\n"));
	for (size_t i = 0; i < u->requires.n; i++)
		PUT(u->out, STR("BindsTo="), u->requires.at[i], STR("\n"));
	if (u->c->wireguard)
		PUT(u->out, STR("Wants="), name_wireguard_unit(u->arena, u->c), STR("\n"));
	/* The namespace is there without the container that it is named after; what that one does in it, a tunnel, comes first. */
	if (u->home.n)
		PUT(u->out, STR("Wants="), u->home, STR("\n"));
	/* network.target: at the end of the day, containers stop before the host's network does. */
	PUT(u->out, STR("After=network.target " NETWORK_UNIT));
	for (size_t i = 0; i < u->after.n; i++)
		PUT(u->out, STR(" "), u->after.at[i]);
	for (size_t i = 0; i < u->requires.n; i++)
		PUT(u->out, STR(" "), u->requires.at[i]);
	if (u->c->wireguard)
		PUT(u->out, STR(" "), name_wireguard_unit(u->arena, u->c));
	if (u->home.n)
		PUT(u->out, STR(" "), u->home);
	PUT(u->out, STR("\nPartOf="), name_target(u->arena, u->c->head.stack), STR("\n"));
	for (size_t i = 0; i < u->nmounts; i++) {
		if (u->mounts[i].made)
			continue;
		PUT(u->out, STR("RequiresMountsFor="));
		unit_item(u->out, u->mounts[i].from);
		PUT(u->out, STR("\n"));
	}
	if (u->c->rare->rootfs.set) {
		PUT(u->out, STR("RequiresMountsFor="));
		unit_item(u->out, u->c->rare->rootfs.v);
		PUT(u->out, STR("\n"));
	}
	/* A container that cannot start yet is tried again for as long as it takes. */
	PUT(u->out, STR("StartLimitIntervalSec=0\n"));
}

/* The largest unit of systemd's that divides the number: 16G. */
static void put_bytes(struct buf *out, int64_t bytes)
{
	static const char units[] = "KMGT";
	int i = -1;

	while (i < 3 && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	buf_uint(out, (uint64_t)bytes);
	if (i >= 0)
		buf_addc(out, units[i]);
}

static void limits(struct unit_of *u)
{
	const struct m_limits *l = u->c->limits;

	if (!l)
		return;
	if (l->memory.set) {
		buf_puts(u->out, "MemoryMax=");
		put_bytes(u->out, l->memory.v);
		buf_addc(u->out, '\n');
	}
	if (l->cpu.set) {
		/* in hundredths of a percent, which is what systemd keeps */
		int64_t quota = (int64_t)(l->cpu.v * 10000 + 0.5);

		PUT(u->out, STR("CPUQuota="), DECIMAL(quota / 100));
		if (quota % 100)
			PUT(u->out, STR("."), DECIMAL(quota % 100 / 10), DECIMAL(quota % 10));
		PUT(u->out, STR("%\n"));
	}
	if (l->tasks.set)
		PUT(u->out, STR("TasksMax="), DECIMAL(l->tasks.v), STR("\n"));
	if (l->io_weight.set)
		PUT(u->out, STR("IOWeight="), DECIMAL(l->io_weight.v), STR("\n"));
}

/* Whole seconds that a start may take, which is all of one that runs once. */
static int64_t start_seconds(const struct m_container *c)
{
	if (container_runs_once(c))
		return c->rare->within.set ? (c->rare->within.v + 999999) / 1000000 : ONCE_DEFAULT_S;
	return c->ready ? (c->ready->within.v + 999999) / 1000000 + START_MARGIN_S : START_DEFAULT_S;
}

/* The address that `ready` asks: the container's own, or the host's loopback where it has none. */
static struct str ready_address(struct arena *a, const struct m_container *c)
{
	char text[ADDR_TEXT_MAX];

	c = container_home(c);
	if (container_on_host(c))
		return STR("127.0.0.1");
	if (c->address.set)
		return str_copy(a, str_of(addr_text(c->address.v, text)));
	return STR_JOIN(a, STR("["), str_of(addr_text(c->address6.v, text)), STR("]"));
}

/* The start job is done only when this command is: at apply, at boot and at every restart alike. It gives up at once
 * when the container's process is gone. */
static void ready_command(struct unit_of *u)
{
	const struct m_ready *r = u->c->ready;

	if (!r)
		return;
	PUT(u->out, STR("ExecStartPost=ctc wait --within="));
	duration_text(r->within.v, u->out);
	PUT(u->out, STR(" --pid=${MAINPID} "));
	/* The host does not reach an interface that stands beside its own. */
	if (container_place(container_home(u->c)) == PLACE_MACVLAN && !r->exec.set)
		PUT(u->out, STR("--netns="), u->netns, STR(" "));
	if (r->exec.set) {
		PUT(u->out, STR("exec -- "));
		u->engine->enter(u);
		for (size_t i = 0; i < r->exec.v.n; i++) {
			PUT(u->out, i ? STR(" ") : STR(""));
			unit_word(u->out, r->exec.v.at[i]);
		}
	} else {
		u->word->n = 0;
		PUT(u->word, r->http.set ? STR("http://") : STR("tcp://"), ready_address(u->arena, u->c), STR(":"), DECIMAL(ready_port(u->c).lo));
		if (r->http.set)
			PUT(u->word, str_starts(r->http.v, STR("/")) ? STR("") : STR("/"), r->http.v);
		unit_word(u->out, buf_view(u->word));
	}
	PUT(u->out, STR("\n"));
}

/* While the host's interface is not there, nor is the one that stands on it, and a program would find no network: it waits, which `restart` says. */
static void own_interface(struct unit_of *u)
{
	const struct m_container *home = container_home(u->c);

	if (container_place(home) != PLACE_MACVLAN)
		return;
	u->word->n = 0;
	PUT(u->word, STR("link://"), home->rare->macvlan.v->parent.v, STR("/lan0"));
	PUT(u->out, STR("ExecStartPre=ctc wait --within=1s --netns="), u->netns, STR(" "));
	unit_word(u->out, buf_view(u->word));
	PUT(u->out, STR("\n"));
}

static void service_section(struct unit_of *u)
{
	const struct m_container *c = u->c;

	PUT(u->out, STR("\n[Service]\nSlice="), name_slice(u->arena, c->head.stack), STR("\nSyslogIdentifier="), u->name);
	PUT(u->out, STR("\n"));
	u->engine->supervise(u);
	PUT(u->out, STR("Restart="), word_texts[c->restart.v], STR("\nRestartSec="), DECIMAL(RESTART_S), STR("s\nTimeoutStartSec="), DECIMAL(start_seconds(c)),
	    STR("s\nTimeoutStopSec="), DECIMAL(stop_seconds(c) + u->engine->stop_margin_s), STR("s\n"));
	limits(u);
	/* Requires= would stop this container whenever the other one is stopped to be changed: that is what `requires` is for. */
	for (size_t i = 0; i < u->after.n; i++)
		PUT(u->out, STR("ExecStartPre=systemctl is-active --quiet "), u->after.at[i], STR("\n"));
	own_interface(u);
	secret_load(u);
	u->engine->start(u);
	ready_command(u);
	u->engine->stop(u);
	secret_unload(u);
}

/* Whoever moves to another network is started again there. */
static void own_macvlan(struct unit_of *u, const struct m_macvlan *lan)
{
	char text[ADDR_TEXT_MAX];

	PUT(u->out, STR("Parent="));
	unit_item(u->out, lan->parent.v);
	PUT(u->out, STR(" "), word_texts[lan->mode.v], STR("\n"));
	if (lan->gateway.set)
		PUT(u->out, STR("Gateway="), str_of(addr_text(lan->gateway.v, text)), STR("\n"));
	if (lan->gateway6.set)
		PUT(u->out, STR("Gateway6="), str_of(addr_text(lan->gateway6.v, text)), STR("\n"));
}

/* What is not said above and still asks for a restart. systemd ignores sections that begin with X-. */
static void own_section(struct unit_of *u)
{
	const struct m_container *c = u->c, *home = container_home(c);
	char text[ADDR_TEXT_MAX];

	PUT(u->out, STR("\n[X-ctstack]\nStack="), c->head.stack->head.name, STR("\nContainer="), c->head.name, STR("\n"));
	if (home->address.set)
		PUT(u->out, STR("Address="), str_of(addr_text(home->address.v, text)), STR("\n"));
	if (home->address6.set)
		PUT(u->out, STR("Address6="), str_of(addr_text(home->address6.v, text)), STR("\n"));
	if (container_place(home) == PLACE_MACVLAN)
		own_macvlan(u, home->rare->macvlan.v);
	secret_own(u);
	/* What tells one text of what it requires from another: it is started again with it. */
	for (size_t i = 0; i < u->requires.n; i++)
		unit_late(u, STR("requires"), u->requires.at[i], true);
}

/* The units of these containers, sorted, each once and but for those in `but`, which is sorted, too. */
static struct strs unit_names(struct arena *a, const struct m_containers *all, struct strs but)
{
	struct strs names = {arena_array(a, all->n + 1, sizeof *names.at), 0};
	size_t passed = 0;

	for (size_t i = 0; i < all->n; i++)
		names.at[i] = name_unit(a, all->at[i]);
	sort_strs(names.at, all->n);
	for (size_t i = 0; i < all->n; i++) {
		struct str name = names.at[i];

		while (passed < but.n && str_cmp(but.at[passed], name) < 0)
			passed++;
		if (!(names.n && str_eq(name, names.at[names.n - 1])) && !(passed < but.n && str_eq(name, but.at[passed])))
			names.at[names.n++] = name;
	}
	return names;
}

/* Its stack's target, and whatever it requires: it is there with them. Sorted; a service's name comes before the target's. */
static struct str wanted_by(const struct unit_of *u)
{
	struct buf all = {0};

	for (size_t i = 0; i < u->requires.n; i++)
		buf_fmt(&all, "%.*s ", STR_ARG(u->requires.at[i]));
	buf_str(&all, name_target(u->arena, u->c->head.stack));
	return buf_take(&all, u->arena);
}

static int cmp_switches(const void *a, const void *b)
{
	return str_cmp(((const struct kernel_switch *)a)->name, ((const struct kernel_switch *)b)->name);
}

/* Its own, and one of ours: the namespace belongs to the host's users, and without it only their root might listen on ports below 1024 in it. */
static void collect_switches(struct unit_of *u)
{
	static const char low[] = "net.ipv4.ip_unprivileged_port_start";
	const struct m_container *c = u->c;
	bool said = false;

	u->switches = arena_array(u->arena, c->sysctls.n + 1, sizeof *u->switches);
	vec_each(const struct entry_STRING, s, &c->sysctls) {
		u->switches[u->nswitches++] = (struct kernel_switch){s->name, s->value.v};
		said |= str_is(s->name, low);
	}
	if (!said && lacks_low_ports(c) && u->netns.n)
		u->switches[u->nswitches++] = (struct kernel_switch){str_of(low), STR("0")};
	sort_array(u->switches, u->nswitches, sizeof *u->switches, cmp_switches);
}

/* Where its network is, and what it needs to find names there. */
static void collect_network(struct unit_of *u)
{
	const struct m_container *home = container_home(u->c);

	if (container_on_host(home))
		return;
	u->netns = name_derived(u->arena, home);
	if (home != u->c)
		u->home = name_unit(u->arena, home);
	u->etc[u->netc++] = (struct bind_mount){.from = name_hosts_file(u->arena, u->c), .to = STR("/etc/hosts"), .readonly = true};
	u->etc[u->netc++] = (struct bind_mount){.from = name_resolv_file(u->arena, u->c), .to = STR("/etc/resolv.conf"), .readonly = true};
}

/* word is empty or holds what the last one left: its memory is used again. */
static void container_unit(struct lowering *l, const struct net_member *m, struct buf *word)
{
	const struct m_container *c = m->container;
	struct unit_of u = {.arena = l->arena, .c = c, .engine = container_is_tree(c) ? &engine_nspawn : &engine_podman, .name = name_derived(l->arena, c), .out = &l->text, .word = word};
	struct res_unit *unit = manifest_take_unit(l->out, name_unit(l->arena, c));

	u.proxy = m->proxy;
	u.command = c->command.set || !m->proxy ? c->command.v : proxy_command(u.arena, m->proxy);
	u.requires = unit_names(u.arena, &c->rare->requires.v, (struct strs){0});
	u.after = unit_names(u.arena, &c->after.v, u.requires);
	collect_mounts(&u);
	collect_network(&u);
	collect_switches(&u);
	u.out->n = 0;
	unit_section(&u);
	service_section(&u);
	own_section(&u);
	sort_strs(u.binds.at, u.binds.n);
	res_mark(&unit->res, c->head.stack, m->full, source_origin(l->sources, c->head.at));
	unit->text = str_copy(u.arena, buf_view(u.out));
	unit->wanted_by = c->autostart.v ? wanted_by(&u) : STR("");
	unit->active = c->autostart.v;
	unit->binds = (struct strs){u.binds.at, u.binds.n};
}

static void stack_units(struct lowering *l, const struct m_stack *s)
{
	struct str origin = source_origin(l->sources, s->head.at);
	struct res_unit *slice = manifest_take_unit(l->out, name_slice(l->arena, s));
	struct res_unit *target = manifest_take_unit(l->out, name_target(l->arena, s));

	res_mark(&slice->res, s, STR(""), origin);
	slice->text = str_fmt(l->arena, "[Unit]\nDescription=Containers of stack %.*s\n\n[X-ctstack]\nStack=%.*s\n", STR_ARG(s->head.name),
			      STR_ARG(s->head.name));
	slice->active = true;
	res_mark(&target->res, s, STR(""), origin);
	/* The target holds the slice, so that both are there at boot even where no container is. */
	target->text = str_fmt(l->arena,
			       "[Unit]\nDescription=Stack %.*s\nRequires=%s\nAfter=%s\nPartOf=" ROOT_TARGET "\n\n[X-ctstack]\nStack=%.*s\n",
			       STR_ARG(s->head.name), slice->res.id.s, slice->res.id.s, STR_ARG(s->head.name));
	target->wanted_by = STR(ROOT_TARGET);
	target->active = true;
}

/* What the host needs once, as long as there is any stack. */
static void host_units(struct manifest *ret)
{
	struct res_unit *slice = manifest_take_unit(ret, STR(ROOT_SLICE));
	struct res_unit *target = manifest_take_unit(ret, STR(ROOT_TARGET));
	struct res_unit *network = manifest_take_unit(ret, STR(NETWORK_UNIT));
	struct res_unit *watch = manifest_take_unit(ret, STR(WATCH_UNIT));

	slice->text = STR("[Unit]\nDescription=Containers of all stacks\n\n[X-ctstack]\n");
	slice->active = true;
	target->text = STR("[Unit]\nDescription=Container stacks\nRequires=" ROOT_SLICE "\nAfter=" ROOT_SLICE "\n\n[X-ctstack]\n");
	target->wanted_by = STR("multi-user.target");
	target->active = true;
	/* 2: all is there but what waits for an interface that the host has not; whose it is waits for it as well.
	 * No RemainAfterExit=: it is inactive once it has done its work, so that restarting it can stop no container,
	 * and where it failed every start of a container tries it again. */
	network->text = STR("[Unit]\n"
			    "Description=Network of the container stacks\n"
			    "After=systemd-sysctl.service systemd-networkd.service NetworkManager.service networking.service\n"
			    "After=nftables.service firewalld.service ufw.service docker.service\n"
			    "RequiresMountsFor=/var/lib/ctstack\n"
			    "StartLimitIntervalSec=0\n"
			    "\n[Service]\n"
			    "Type=oneshot\n"
			    "TimeoutStartSec=300s\n"
			    "ExecStart=ctc restore\n"
			    "SuccessExitStatus=2\n"
			    "\n[X-ctstack]\n");
	/* What it does is done by the other one as well, before each start of a container: here it is only soon. */
	watch->text = STR("[Unit]\n"
			  "Description=Watch over the network of the container stacks\n"
			  "After=" NETWORK_UNIT "\n"
			  "PartOf=" ROOT_TARGET "\n"
			  "StartLimitIntervalSec=0\n"
			  "\n[Service]\n"
			  "Type=exec\n"
			  "ExecStart=ctc watch\n"
			  "Restart=always\n"
			  "RestartSec=1s\n"
			  "\n[X-ctstack]\n");
	watch->wanted_by = STR(ROOT_TARGET);
	watch->active = true;
}

void lower_stack_units(struct lowering *l)
{
	bool any = false;

	lower_each_stack(s, l) {
		if (!(*s)->enable.v)
			continue;
		if (!any)
			host_units(l->out);
		any = true;
		stack_units(l, *s);
	}
}

void lower_container_units(struct lowering *l)
{
	struct buf word = {0};

	lower_each_stack(s, l)
		for (size_t k = 0; (*s)->enable.v && k < (*s)->container.n; k++)
			container_unit(l, net_member_of(l->net, (*s)->container.at[k]), &word);
	buf_free(&word);
}
