/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the source said, in the manifest's words: stacks, subnets, containers, flows and published ports, and
 * the images that containers run. People see these in a plan; later applies are checked against them. */
#include "compiler/lower_impl.h"

#include "lang/base/json.h"
#include "lang/base/path.h"
#include "lang/base/sort.h"
#include "lang/schema.h"

static struct str cidr_str(struct arena *a, struct cidr c)
{
	char text[CIDR_TEXT_MAX];

	return c.addr.family ? str_copy(a, str_of(cidr_text(c, text))) : STR("");
}

static struct str addr_str(struct arena *a, struct addr address)
{
	char text[ADDR_TEXT_MAX];

	return address.family ? str_copy(a, str_of(addr_text(address, text))) : STR("");
}

static struct str port_str(struct lowering *l, struct port p)
{
	char text[PORT_TEXT_MAX];

	return str_copy(l->arena, port_write(p, text));
}

static void lower_stack(struct lowering *l, const struct m_stack *s)
{
	struct res_stack *r = manifest_take_stack(l->out, s->head.name);
	struct place where = source_place(l->sources, s->head.at);

	res_mark(&r->res, s, STR(""), source_origin(l->sources, s->head.at));
	r->path = where.source ? where.source->path : STR("");
}

static void lower_subnet(struct lowering *l, const struct net_subnet *n)
{
	const struct m_subnet *s = n->subnet;
	struct res_subnet *r = manifest_take_subnet(l->out, n->full);

	res_mark(&r->res, s->head.stack, STR(""), source_origin(l->sources, s->head.at));
	r->range = cidr_str(l->arena, subnet_range(s, NET_4));
	r->host = addr_str(l->arena, subnet_gateway(s, NET_4));
	r->range6 = cidr_str(l->arena, subnet_range(s, NET_6));
	r->host6 = addr_str(l->arena, subnet_gateway(s, NET_6));
	r->nat = s->nat.set && s->nat.v;
	r->uplink = s->uplink.set ? s->uplink.v : STR("");
}

static struct strs sorted(struct str *at, size_t n)
{
	sort_strs(at, n);
	return (struct strs){at, n};
}

/* "http=11434/tcp" */
static struct strs container_ports(struct lowering *l, const struct m_container *c)
{
	struct str *texts = arena_array(l->arena, c->ports.n, sizeof *texts);
	size_t n = 0;

	vec_each(const struct entry_PORT, p, &c->ports) {
		char text[PORT_TEXT_MAX];

		texts[n++] = STR_JOIN(l->arena, p->name, STR("="), port_write(p->value.v, text));
	}
	return sorted(texts, n);
}

/* "models=/var/lib/ollama/models" */
static struct strs container_volumes(struct lowering *l, const struct m_container *c)
{
	struct str *texts = arena_array(l->arena, c->volume.n, sizeof *texts);
	size_t n = 0;

	vec_each(struct m_volume *const, v, &c->volume)
		texts[n++] = STR_JOIN(l->arena, (*v)->head.name, STR("="), name_volume(l->arena, c, *v));
	return sorted(texts, n);
}

/* "dev.password=/etc/secrets/password", of those whose bytes are not in the unit itself */
static struct strs container_secrets(struct lowering *l, const struct m_container *c)
{
	struct secrets given = container_secrets_given(l->scratch, c);
	struct str *texts = arena_array(l->arena, given.n + 1, sizeof *texts);
	size_t n = 0;

	if (c->wireguard && secret_path(c->wireguard->private_key.v).n)
		texts[n++] = STR_JOIN(l->arena, name_full(l->scratch, &c->wireguard->private_key.v->head),
				      c->wireguard->private_key.v->file.set ? STR("=") : STR("=sealed "), secret_path(c->wireguard->private_key.v));

	for (size_t i = 0; i < given.n; i++)
		if (secret_path(given.at[i]).n)
			texts[n++] = STR_JOIN(l->arena, name_full(l->scratch, &given.at[i]->head), given.at[i]->file.set ? STR("=") : STR("=sealed "),
					      secret_path(given.at[i]));
	return sorted(texts, n);
}

/* "psql=[\"psql\",\"-U\",\"app\"]" */
static struct strs container_shortcuts(struct lowering *l, const struct m_container *c)
{
	struct str *texts = arena_array(l->arena, c->shortcuts.n, sizeof *texts);
	size_t n = 0;

	vec_each(const struct entry_STRINGS, s, &c->shortcuts) {
		l->text.n = 0;
		buf_str(&l->text, s->name);
		buf_puts(&l->text, "=[");
		for (size_t i = 0; i < s->value.v.n; i++) {
			buf_puts(&l->text, i ? "," : "");
			json_str(&l->text, s->value.v.at[i]);
		}
		buf_addc(&l->text, ']');
		texts[n++] = str_copy(l->arena, buf_view(&l->text));
	}
	return sorted(texts, n);
}

static int cmp_mounts(const void *a, const void *b)
{
	return str_cmp(((const struct f_PATH *)a)->v, ((const struct f_PATH *)b)->v);
}

/* The host paths, sorted, and where each stands. */
static void container_mounts(struct lowering *l, const struct m_container *c, struct res_container *r)
{
	struct f_PATH *all = arena_array(l->scratch, c->mount.n, sizeof *all);
	struct str *paths = arena_array(l->arena, c->mount.n, sizeof *paths), *origins = arena_array(l->arena, c->mount.n, sizeof *origins);

	for (size_t i = 0; i < c->mount.n; i++)
		all[i] = c->mount.at[i].left;
	sort_array(all, c->mount.n, sizeof *all, cmp_mounts);
	for (size_t i = 0; i < c->mount.n; i++) {
		paths[i] = all[i].v;
		origins[i] = source_origin(l->sources, all[i].at);
	}
	r->mounts = (struct strs){paths, c->mount.n};
	r->mount_origins = (struct strs){origins, c->mount.n};
}

static int cmp_paths(const void *a, const void *b)
{
	return path_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Where something is mounted in its tree: not what lies in another mount. systemd-nspawn makes the places of the kernel's file systems before the tree is read-only, those in memory after it. */
static struct strs mount_points(struct lowering *l, const struct m_container *c)
{
	static const char *const made[] = {"/dev", "/proc", "/sys"}, *const memory[] = {"/run", "/tmp", "/var/tmp"};
	enum { MADE = sizeof made / sizeof made[0], MEMORY = sizeof memory / sizeof memory[0] };
	struct str *all = arena_array(l->scratch, c->volume.n + c->mount.n + c->tmpfs.n + MADE + MEMORY + 3, sizeof *all), outer = STR("");
	size_t n = 0, kept = 0;

	vec_each(struct m_volume *const, v, &c->volume)
		all[n++] = path_trimmed((*v)->at.v);
	for (size_t i = 0; i < c->mount.n; i++)
		all[n++] = path_trimmed(c->mount.at[i].right.v);
	vec_each(struct m_tmpfs *const, t, &c->tmpfs)
		all[n++] = path_trimmed((*t)->at.v);
	if (c->rare->timezone.set)
		all[n++] = STR("/etc/localtime");
	if (!container_on_host(container_home(c))) {
		all[n++] = STR("/etc/hosts");
		all[n++] = STR("/etc/resolv.conf");
	}
	for (size_t i = 0; i < MADE; i++)
		all[n++] = str_of(made[i]);
	for (size_t i = 0; i < MEMORY; i++)
		all[n++] = str_of(memory[i]);
	sort_array(all, n, sizeof *all, cmp_paths);
	for (size_t i = 0; i < n; i++) {
		bool is_made = false;

		if (outer.n && (str_eq(all[i], outer) || path_inside(all[i], outer)))
			continue;
		outer = all[i];
		for (size_t k = 0; k < MADE && !is_made; k++)
			is_made = str_is(outer, made[k]);
		if (!is_made)
			all[kept++] = outer;
	}
	return (struct strs){all, kept};
}

/* What private users see as it is: "mapped=/srv/data", and memory for secrets. */
static struct strs needs_mapped(struct lowering *l, const struct m_container *c)
{
	VEC(struct str) all = {0};

	if (c->secret.n)
		vec_push(l->arena, &all, STR("mapped-memory"));
	if (tree_is_mapped(c))
		vec_push(l->arena, &all, c->rare->rootfs.set ? STR_JOIN(l->arena, STR("mapped="), c->rare->rootfs.v) : STR("mapped=/var/lib/ctstack/os"));
	vec_each(struct m_volume *const, v, &c->volume)
		vec_push(l->arena, &all, STR_JOIN(l->arena, STR("mapped="), name_volume(l->arena, c, *v)));
	for (size_t i = 0; i < c->mount.n; i++)
		vec_push(l->arena, &all, STR_JOIN(l->arena, STR("mapped="), c->mount.at[i].left.v));
	return (struct strs){all.at, all.n};
}

/* "device=/dev/net/tun" */
static struct strs container_needs(struct lowering *l, const struct m_container *c)
{
	VEC(struct str) all = {0};

	vec_each(struct m_device *const, d, &c->device)
		vec_push(l->arena, &all, STR_JOIN(l->arena, container_is_tree(c) ? STR("device=") : STR("devices="), (*d)->from.v));
	if (c->rare->timezone.set)
		vec_push(l->arena, &all, STR_JOIN(l->arena, STR("zone="), c->rare->timezone.v));
	if (reads_only(c))
		vec_push(l->arena, &all, STR("readonly"));
	if (c->rare->init.v && !container_is_tree(c))
		vec_push(l->arena, &all, STR("init"));
	/* Where something is said of limits, podman sets these two besides, to as much as there is. */
	if (c->ulimits && !container_is_tree(c) && !(c->ulimits->nofile.set && c->ulimits->nproc.set))
		vec_push(l->arena, &all, STR("any-limit"));
	if (c->wireguard) {
		vec_push(l->arena, &all, STR("wg"));
		vec_push(l->arena, &all, STR("wireguard"));
	}
	if (container_is_tree(c))
		vec_push(l->arena, &all, STR("nspawn"));
	if (c->rare->rootfs.set)
		vec_push(l->arena, &all, STR_JOIN(l->arena, STR("rootfs="), c->rare->rootfs.v));
	if (container_is_disk(c))
		vec_push(l->arena, &all, STR("dissect"));
	else if (c->rare->rootfs.set && c->rare->read_only.v) {
		struct strs points = mount_points(l, c);

		for (size_t i = 0; i < points.n; i++)
			vec_push(l->arena, &all, STR_JOIN(l->arena, STR("point="), c->rare->rootfs.v, points.at[i]));
	}
	if (users_are_private(c)) {
		struct strs mapped = needs_mapped(l, c);

		for (size_t i = 0; i < mapped.n; i++)
			vec_push(l->arena, &all, mapped.at[i]);
	}
	return sorted(all.at, all.n);
}

/* "nvidia=0 exclusive", "nvidia=*" */
static struct strs container_gpus(struct lowering *l, const struct m_container *c)
{
	struct str how = c->rare->gpu_sharing.set && c->rare->gpu_sharing.v == WORD_SHARING_exclusive ? STR(" exclusive") : STR("");
	size_t n = c->rare->gpu_devices.v.n;
	struct str *texts = arena_array(l->arena, n + 1, sizeof *texts);

	if (!c->rare->gpu.set)
		return (struct strs){0};
	for (size_t i = 0; i < n; i++)
		texts[i] = STR_JOIN(l->arena, word_texts[c->rare->gpu.v], STR("="), c->rare->gpu_devices.v.at[i], how);
	if (!n)
		texts[n++] = STR_JOIN(l->arena, word_texts[c->rare->gpu.v], STR("=*"), how);
	return sorted(texts, n);
}

static void lower_container(struct lowering *l, const struct net_member *m)
{
	const struct m_container *c = m->container;
	struct res_container *r = manifest_take_container(l->out, m->full);

	res_mark(&r->res, c->head.stack, m->full, source_origin(l->sources, c->head.at));
	r->unit = name_unit(l->arena, c);
	r->engine = container_is_tree(c) ? STR("nspawn") : STR("podman");
	r->image = c->rare->rootfs.set ? c->rare->rootfs.v : name_image(l->arena, c);
	r->address = m->address[NET_4];
	r->address6 = m->address[NET_6];
	r->more_addresses = lower_more(l, m, false);
	r->ports = container_ports(l, c);
	r->fields = container_fields(l, c);
	r->volumes = container_volumes(l, c);
	r->secrets = container_secrets(l, c);
	r->alias = c->rare->alias.set ? c->rare->alias.v : STR("");
	r->shortcuts = container_shortcuts(l, c);
	r->gpus = container_gpus(l, c);
	r->needs = container_needs(l, c);
	container_mounts(l, c, r);
}

static void lower_flow(struct lowering *l, const struct flow *f)
{
	struct str port;
	struct res_flow *r = manifest_take_flow(l->out, flow_id(l->arena, l->net, f, &port));

	res_mark(&r->res, f->stack, f->from.kind == END_CONTAINER ? flow_end_name(l->net, &f->from) : STR(""),
		 source_origin(l->sources, f->at));
	r->from = flow_end_name(l->net, &f->from);
	r->to = flow_end_name(l->net, &f->to);
	r->port = port;
	r->doc = f->doc;
}

static struct str doc_of(const struct m_arrow_flow *block)
{
	return block ? block->doc.v : STR("");
}

static void lower_publish(struct lowering *l, const struct m_stack *s, size_t i)
{
	struct span at = s->publish.at[i].at;
	const struct endpoint *host = &s->publish.at[i].left.v;
	const struct port_ref *to = &s->publish.at[i].right.v;
	struct port target = to->port, port = host->port;
	struct str address = addr_str(l->arena, host->addr), full = net_member_of(l->net, to->container)->full, port_shown, id;
	char text[PORT_TEXT_MAX];
	struct res_publish *r;

	port.proto = target.proto;
	port_shown = port_write(port, text);
	id = host->addr.family == 6 ? STR_JOIN(l->arena, STR("["), address, STR("]:"), port_shown)
				    : STR_JOIN(l->arena, address.n ? address : STR("*"), STR(":"), port_shown);
	r = manifest_take_publish(l->out, id);
	res_mark(&r->res, s, full, source_origin(l->sources, at));
	r->address = address;
	r->port = (struct str){id.s + id.n - port_shown.n, port_shown.n};
	r->to = full;
	r->to_port = port_str(l, target);
	r->doc = doc_of(s->publish.at[i].block);
}

static struct str end_str(struct lowering *l, const struct flow_end *end)
{
	l->text.n = 0;
	flow_end_text(end, &l->text);
	return str_copy(l->arena, buf_view(&l->text));
}

static void lower_expectations(struct lowering *l, const struct m_stack *s)
{
	struct map seen = {0};

	for (size_t i = 0; i < s->expect.n; i++) {
		const struct flow_end *to = &s->expect.at[i].right.v;
		struct port port = to->port;
		struct str from_name = end_str(l, &s->expect.at[i].left.v), to_name = end_str(l, to), port_shown = port.lo ? port_str(l, port) : STR("");
		struct str mode = word_texts[s->expect.at[i].mode];
		struct str id = STR_JOIN(l->arena, s->head.name, STR(": expect "), mode, STR(" "), from_name, STR(" -> "), to_name, port.lo ? STR(":") : STR(""),
					 port_shown);
		struct res_expect *r;

		if (map_add(l->scratch, &seen, id, l))
			continue;
		r = manifest_add_expect(l->out, id);
		res_mark(&r->res, s, STR(""), source_origin(l->sources, s->expect.at[i].at));
		r->doc = doc_of(s->expect.at[i].block);
		r->mode = mode;
		r->from = from_name;
		r->to = to_name;
		r->port = port_shown;
	}
}

static void moved_add(struct lowering *l, const struct m_stack *s, size_t i, struct str from, struct str to)
{
	struct res_moved *r = manifest_add_moved(l->out, STR_JOIN(l->arena, from, STR(" -> "), to));

	res_mark(&r->res, s, STR(""), source_origin(l->sources, s->moved.at[i].at));
	r->from = from;
	r->to = to;
}

/* The name that something in the stack had, where it says so, else the one that it has. */
static struct str former_name(const struct m_stack *s, struct str name)
{
	for (size_t i = 0; i < s->moved.n; i++)
		if (str_eq(s->moved.at[i].right.v, name))
			return s->moved.at[i].left.v;
	return name;
}

/* The stack had another name, and so had all that is in it. */
static void lower_moved_stack(struct lowering *l, const struct m_stack *s, size_t i)
{
	struct str old = s->moved.at[i].left.v;

	moved_add(l, s, i, str_copy(l->arena, old), str_copy(l->arena, s->head.name));
	vec_each(struct m_container *const, c, &s->container)
		moved_add(l, s, i, STR_JOIN(l->arena, old, STR("."), former_name(s, (*c)->head.name)), name_full(l->arena, &(*c)->head));
	vec_each(struct m_subnet *const, n, &s->subnet)
		moved_add(l, s, i, STR_JOIN(l->arena, old, STR("."), former_name(s, (*n)->head.name)), name_full(l->arena, &(*n)->head));
}

static void lower_moved(struct lowering *l, const struct m_stack *s)
{
	for (size_t i = 0; i < s->moved.n; i++) {
		if (name_is_stack_move(s, &s->moved.at[i].right)) {
			lower_moved_stack(l, s, i);
			continue;
		}
		struct str from = STR_JOIN(l->arena, s->head.name, STR("."), s->moved.at[i].left.v),
			   to = STR_JOIN(l->arena, s->head.name, STR("."), s->moved.at[i].right.v);
		moved_add(l, s, i, from, to);
	}
}

void lower_declared(struct lowering *l)
{
	lower_each_stack(s, l)
		lower_stack(l, *s);
	for (size_t i = 0; i < l->net->nsubnets; i++)
		if (!l->net->subnets[i].subnet->head.stack->head.outside)
			lower_subnet(l, &l->net->subnets[i]);
	lower_each_member(m, l)
		lower_container(l, m);
	vec_each(const struct flow, f, &l->flows->all)
		if (!f->stack->head.outside)
			lower_flow(l, f);
	lower_each_stack(s, l)
		lower_expectations(l, *s);
	lower_each_stack(s, l)
		lower_moved(l, *s);
	lower_each_stack(s, l)
		for (size_t i = 0; i < (*s)->publish.n; i++)
			lower_publish(l, *s, i);
}

/* An image belongs to the host: it stays when the stack goes, and several stacks may run it. */
void lower_images(struct lowering *l)
{
	struct map seen = {0};

	lower_each_member(m, l) {
		const struct m_container *c = m->container;
		struct str name = name_image(l->arena, c);

		if (!name.n || map_add(l->scratch, &seen, name, l))
			continue;
		res_mark(&manifest_take_image(l->out, name)->res, NULL, STR(""),
			 source_origin(l->sources, c->image.set ? c->image.at : c->rare->archive.set ? c->rare->archive.at : c->os.at[0]->head.at));
	}
}
