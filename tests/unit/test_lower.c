/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compiler/lower: what a model becomes. Policy elements are compared as whole lists: an element too many
 * opens something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compiler/lower.h"
#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "lang/policy.h"
#include "tests/unit/model_build.h"

#define _built_ _cleanup_(built_end)

static struct manifest lowered(struct built *b)
{
	struct manifest m = {.arena = &b->arena};
	struct net network;
	struct routes routes = {0};
	struct flows flows = {0};
	uint32_t containers = 0, subnets = 0;

	vec_each(struct m_stack *const, s, &b->model.stacks) {
		vec_each(struct m_container *const, c, &(*s)->container) {
			(*c)->head.index = containers++;
			(*c)->head.place = (uint8_t)container_place_said(*c);
		}
		vec_each(struct m_subnet *const, n, &(*s)->subnet)
			(*n)->head.index = subnets++;
	}

	net_build(&b->arena, &b->arena, &b->model, &network);
	routes_build(&b->arena, &b->arena, &b->model, &network, &routes);
	flows_build(&b->arena, &b->model, &network, &routes, &flows);
	lower(&b->arena, &b->model, &network, &routes, &flows, &b->sources, false, &m);
	return m;
}

/* The elements of the sets whose names begin so, one a line, with a map's data behind "=". */
static const char *elements(struct built *b, const struct manifest *m, const char *sets)
{
	struct buf out = {0};
	struct res_nft *n;

	manifest_each(nft, n, m) {
		if (!str_starts(n->set, str_of(sets)))
			continue;
		buf_str(&out, n->res.id);
		if (n->data.n)
			buf_fmt(&out, " = %.*s", STR_ARG(n->data));
		buf_addc(&out, '\n');
	}
	return buf_take(&out, &b->arena).s;
}

static const char *content(const struct manifest *m, const char *path)
{
	struct res_file *f = (struct res_file *)manifest_find(m, RES_file, str_of(path));

	assert_non_null(f);
	return f->content.s;
}

/* stack ml with subnet lan, and web, db and box in it; web and db speak both families. */
struct lab {
	struct m_stack *ml;
	struct m_subnet *lan;
	struct m_container *box, *db, *web;
};

static struct lab lab(struct built *b)
{
	struct lab l;

	built_start(b);
	l.ml = built_stack(b, "ml");
	l.lan = built_subnet(b, l.ml, "lan", "10.1.0.0/24", "fd01::/64");
	l.box = built_container(b, l.ml, "box", "10.1.0.13", NULL);
	l.db = built_container(b, l.ml, "db", "10.1.0.12", "fd01::12");
	l.web = built_container(b, l.ml, "web", "10.1.0.11", "fd01::11");
	built_port(b, l.db, "pg", 5432, 5432, PROTO_TCP);
	built_port(b, l.web, "dns", 53, 53, PROTO_UDP);
	built_port(b, l.web, "http", 80, 80, PROTO_TCP);
	return l;
}

static void a_container_has_namespace_link_and_source(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;
	struct res_link *link;

	(void)state, (void)l;
	m = lowered(&b);
	assert_non_null(manifest_find(&m, RES_netns, STR("ct-ml-web")));
	assert_string_equal(elements(&b, &m, "source6"),
			    "source6 ct998wvvp8 . fd01::12\nsource6 ct9a6f14p3 . fd01::11\n");
	link = (struct res_link *)manifest_find(&m, RES_link, STR("ct9a6f14p3"));
	assert_non_null(link);
	assert_string_equal(link->altname.s, "ct-ml-web");
	assert_string_equal(link->netns.s, "ct-ml-web");
	assert_string_equal(link->address.s, "10.1.0.11");
	assert_string_equal(link->gateway.s, "10.1.0.1");
	assert_string_equal(link->address6.s, "fd01::11");
	assert_string_equal(link->gateway6.s, "fd01::1");
	assert_false(link->localnet);
	assert_string_equal(link->res.owner.s, "ml.web");
	assert_string_equal(link->res.stack.s, "ml");
	assert_string_equal(elements(&b, &m, "address"), "address4 10.1.0.11\naddress4 10.1.0.12\naddress4 "
							 "10.1.0.13\naddress6 fd01::11\naddress6 fd01::12\n");
	assert_non_null(manifest_find(&m, RES_nft, STR(POLICY_RULES)));
	assert_non_null(manifest_find(&m, RES_sysctl, STR("net.ipv4.ip_forward")));
	assert_non_null(manifest_find(&m, RES_sysctl, STR("net.ipv6.conf.all.forwarding")));
}

static void nothing_is_open_that_was_not_said(void **state)
{
	_built_ struct built b = {0};
	struct manifest m;

	(void)state;
	lab(&b);
	m = lowered(&b);
	for (int s = 0; s < SET_COUNT; s++)
		if (s != SET_links && s != SET_source4 && s != SET_source6 && s != SET_address4 &&
		    s != SET_address6)
			assert_string_equal(elements(&b, &m, policy_sets[s].name), "");
	assert_int_equal(m.first[RES_flow], m.first[RES_flow + 1]);
}

static void flows_open_their_ports_in_common_families(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;
	struct res_flow *f;

	(void)state;
	built_allow(&b, l.ml, end_of(l.web), end_port(l.db, "pg"));
	built_allow(&b, l.ml, end_of(l.box), end_of(l.web));
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "flow"), "flow4 10.1.0.11 . 10.1.0.13 . tcp . 80\n"
						      "flow4 10.1.0.11 . 10.1.0.13 . udp . 53\n"
						      "flow4 10.1.0.12 . 10.1.0.11 . tcp . 5432\n"
						      "flow6 fd01::12 . fd01::11 . tcp . 5432\n");
	f = (struct res_flow *)manifest_find(&m, RES_flow, STR("ml.box -> ml.web:53/udp"));
	assert_non_null(f);
	assert_string_equal(f->from.s, "ml.box");
	assert_string_equal(f->to.s, "ml.web");
	assert_string_equal(f->port.s, "53/udp");
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.box -> ml.web:80/tcp")));
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.web -> ml.db:5432/tcp")));
}

static void subnets_stand_for_their_members(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;

	(void)state;
	built_allow(&b, l.ml, end_subnet(l.lan), end_subnet(l.lan));
	m = lowered(&b);
	/* every declared port of each to each, and nobody to himself */
	assert_string_equal(elements(&b, &m, "flow4"), "flow4 10.1.0.11 . 10.1.0.12 . tcp . 80\n"
						       "flow4 10.1.0.11 . 10.1.0.12 . udp . 53\n"
						       "flow4 10.1.0.11 . 10.1.0.13 . tcp . 80\n"
						       "flow4 10.1.0.11 . 10.1.0.13 . udp . 53\n"
						       "flow4 10.1.0.12 . 10.1.0.11 . tcp . 5432\n"
						       "flow4 10.1.0.12 . 10.1.0.13 . tcp . 5432\n");
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.lan -> ml.lan")));
}

static void an_element_that_two_flows_imply_has_the_origin_of_the_first(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;
	struct str first;
	struct res *r;

	(void)state;
	first = source_origin(&b.sources, (struct span){b.at, b.at + 1});
	built_allow(&b, l.ml, end_of(l.web), end_of(l.db));
	built_allow(&b, l.ml, end_subnet(l.lan), end_of(l.db));
	m = lowered(&b);
	r = manifest_find(&m, RES_nft, STR("flow4 10.1.0.12 . 10.1.0.11 . tcp . 5432"));
	assert_non_null(r);
	assert_string_equal(r->origin.s, first.s);
	assert_string_equal(
	    elements(&b, &m, "flow4"),
	    "flow4 10.1.0.12 . 10.1.0.11 . tcp . 5432\nflow4 10.1.0.12 . 10.1.0.13 . tcp . 5432\n");
}

static void ranges_that_overlap_become_one(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct flow_end to = end_of(l.db);
	struct manifest m;

	(void)state;
	to.port = (struct port){8000, 8010, PROTO_TCP};
	built_allow(&b, l.ml, end_of(l.web), to);
	to.port = (struct port){8005, 8020, PROTO_TCP};
	built_allow(&b, l.ml, end_of(l.web), to);
	to.port = (struct port){8021, 8022, PROTO_TCP};
	built_allow(&b, l.ml, end_of(l.web), to);
	to.port = (struct port){8000, 8010, PROTO_UDP};
	built_allow(&b, l.ml, end_of(l.web), to);
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "flow_range4"),
			    "flow_range4 10.1.0.12 . 10.1.0.11 . tcp . 8000-8020\n"
			    "flow_range4 10.1.0.12 . 10.1.0.11 . tcp . 8021-8022\n"
			    "flow_range4 10.1.0.12 . 10.1.0.11 . udp . 8000-8010\n");
	assert_string_equal(elements(&b, &m, "flow4"), "");
}

static void world_and_host(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;

	(void)state;
	built_allow(&b, l.ml, end_of(l.web), end_outside(END_WORLD, 443, PROTO_TCP));
	built_allow(&b, l.ml, end_of(l.box), end_outside(END_WORLD, 0, 0));
	built_allow(&b, l.ml, end_of(l.db), end_outside(END_HOST, 53, PROTO_UDP));
	built_allow(&b, l.ml, end_of(l.box), end_outside(END_HOST, 0, 0));
	built_allow(&b, l.ml, end_outside(END_WORLD, 0, 0), end_port(l.web, "http"));
	built_allow(&b, l.ml, end_outside(END_HOST, 0, 0), end_of(l.web));
	m = lowered(&b);
	assert_string_equal(
	    elements(&b, &m, "world"),
	    "world4 10.1.0.11 . tcp . 443\nworld6 fd01::11 . tcp . 443\nworld_any4 10.1.0.13\n");
	assert_string_equal(elements(&b, &m, "masquerade"),
			    "masquerade4 10.1.0.11\nmasquerade4 10.1.0.13\nmasquerade6 fd01::11\n");
	assert_string_equal(elements(&b, &m, "host"),
			    "host4 10.1.0.12 . udp . 53\nhost6 fd01::12 . udp . 53\nhost_any4 10.1.0.13\n");
	assert_string_equal(elements(&b, &m, "ingress"),
			    "ingress4 10.1.0.11 . tcp . 80\ningress6 fd01::11 . tcp . 80\n");
	assert_string_equal(elements(&b, &m, "flow"), "");
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.web -> world:443/tcp")));
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.box -> world")));
}

static void nat_opens_the_world_to_every_member(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;

	(void)state;
	SET(&b, l.lan->nat, true);
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "world_any"),
			    "world_any4 10.1.0.11\nworld_any4 10.1.0.12\nworld_any4 10.1.0.13\n"
			    "world_any6 fd01::11\nworld_any6 fd01::12\n");
	assert_string_equal(elements(&b, &m, "masquerade4"),
			    "masquerade4 10.1.0.11\nmasquerade4 10.1.0.12\nmasquerade4 10.1.0.13\n");
	assert_non_null(manifest_find(&m, RES_flow, STR("ml.lan -> world")));
}

static void published_ports(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;
	struct res_publish *p;

	(void)state;
	built_port(&b, l.box, "rtp", 9000, 9001, PROTO_UDP);
	built_publish(&b, l.ml, "127.0.0.1", 8080, 8080, l.web, "http");
	built_publish(&b, l.ml, "127.0.0.1", 8081, 8081, l.web, "http");
	built_publish(&b, l.ml, NULL, 53, 53, l.web, "dns");
	built_publish(&b, l.ml, "10.9.9.9", 700, 701, l.box, "rtp");
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "dnat"), "dnat4 10.9.9.9 . udp . 700 = 10.1.0.13 . 9000\n"
						      "dnat4 10.9.9.9 . udp . 701 = 10.1.0.13 . 9001\n"
						      "dnat4 127.0.0.1 . tcp . 8080 = 10.1.0.11 . 80\n"
						      "dnat4 127.0.0.1 . tcp . 8081 = 10.1.0.11 . 80\n"
						      "dnat_any4 udp . 53 = 10.1.0.11 . 53\n"
						      "dnat_any6 udp . 53 = fd01::11 . 53\n");
	assert_string_equal(elements(&b, &m, "published"), "published4 10.9.9.9 . 10.1.0.13 . udp . 9000\n"
							   "published4 10.9.9.9 . 10.1.0.13 . udp . 9001\n"
							   "published4 127.0.0.1 . 10.1.0.11 . tcp . 80\n"
							   "published_any4 10.1.0.11 . udp . 53\n"
							   "published_any6 fd01::11 . udp . 53\n");
	assert_string_equal(
	    elements(&b, &m, "hairpin"),
	    "hairpin4 10.1.0.11 . 10.1.0.11\nhairpin4 10.1.0.13 . 10.1.0.13\nhairpin6 fd01::11 . fd01::11\n");
	assert_true(((struct res_link *)manifest_find(&m, RES_link, STR("ct9a6f14p3")))->localnet);
	p = (struct res_publish *)manifest_find(&m, RES_publish, STR("*:53/udp"));
	assert_non_null(p);
	assert_string_equal(p->address.s, "");
	assert_string_equal(p->to.s, "ml.web");
	assert_string_equal(p->to_port.s, "53/udp");
	p = (struct res_publish *)manifest_find(&m, RES_publish, STR("10.9.9.9:700-701/udp"));
	assert_non_null(p);
	assert_string_equal(p->to_port.s, "9000-9001/udp");
	assert_non_null(manifest_find(&m, RES_publish, STR("127.0.0.1:8080/tcp")));
}

static void every_address_of_one_family(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;

	(void)state;
	built_publish(&b, l.ml, "0.0.0.0", 80, 80, l.web, "http");
	built_publish(&b, l.ml, "::1", 81, 81, l.web, "http");
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "dnat"),
			    "dnat6 ::1 . tcp . 81 = fd01::11 . 80\ndnat_any4 tcp . 80 = 10.1.0.11 . 80\n");
	assert_non_null(manifest_find(&m, RES_publish, STR("[::1]:81/tcp")));
	assert_non_null(manifest_find(&m, RES_publish, STR("0.0.0.0:80/tcp")));
}

static void hosts_files_name_those_that_can_be_reached(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;

	(void)state;
	built_allow(&b, l.ml, end_of(l.web), end_of(l.db));
	built_allow(&b, l.ml, end_of(l.box), end_of(l.web));
	built_allow(&b, l.ml, end_of(l.box), end_of(l.db));
	m = lowered(&b);
	assert_string_equal(content(&m, "/run/ctstack/hosts/ct-ml-web"),
			    "127.0.0.1 localhost\n::1 localhost\n"
			    "10.1.0.11 web web.ml\nfd01::11 web web.ml\n"
			    "10.1.0.12 db db.ml\nfd01::12 db db.ml\n");
	/* box has no IPv6 address: names that lead there would only fail */
	assert_string_equal(content(&m, "/run/ctstack/hosts/ct-ml-box"),
			    "127.0.0.1 localhost\n::1 localhost\n"
			    "10.1.0.13 box box.ml\n10.1.0.11 web web.ml\n10.1.0.12 db db.ml\n");
	assert_string_equal(content(&m, "/run/ctstack/hosts/ct-ml-db"),
			    "127.0.0.1 localhost\n::1 localhost\n10.1.0.12 db db.ml\nfd01::12 db db.ml\n");
}

static void short_names_are_the_own_stacks(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct m_stack *x = built_stack(&b, "x"), *y = built_stack(&b, "y");
	struct m_container *xdb, *ydb, *xa, *ya, *xonly;
	struct manifest m;

	(void)state;
	built_subnet(&b, x, "n", "10.2.0.0/24", NULL);
	built_subnet(&b, y, "n", "10.3.0.0/24", NULL);
	xa = built_container(&b, x, "a", "10.2.0.3", NULL);
	xdb = built_container(&b, x, "db", "10.2.0.2", NULL);
	xonly = built_container(&b, x, "only", "10.2.0.4", NULL);
	ya = built_container(&b, y, "a", "10.3.0.3", NULL);
	ydb = built_container(&b, y, "db", "10.3.0.2", NULL);
	struct m_container *far[] = {xdb, xa, xonly, ydb, ya};
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
		built_port(&b, far[i], "p", 1, 1, PROTO_TCP),
		    built_allow(&b, l.ml, end_of(l.web), end_of(far[i]));
	built_allow(&b, l.ml, end_of(l.web), end_of(l.db));
	m = lowered(&b);
	assert_string_equal(content(&m, "/run/ctstack/hosts/ct-ml-web"),
			    "127.0.0.1 localhost\n::1 localhost\n"
			    "10.1.0.11 web web.ml\nfd01::11 web web.ml\n"
			    "10.1.0.12 db db.ml\n"
			    "10.2.0.2 db.x\n10.2.0.3 a.x\n10.2.0.4 only only.x\n"
			    "10.3.0.2 db.y\n10.3.0.3 a.y\n"
			    "fd01::12 db db.ml\n");
}

static void directories_of_volumes(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct manifest m;
	struct res_directory *d;
	struct m_volume *v;

	(void)state;
	built_volume(&b, l.db, "data", "/data", NULL);
	v = built_volume(&b, l.web, "models", "/models", "/srv/models");
	SET(&b, v->owner, (struct owner){1000, 100});
	SET(&b, v->mode, 0750);
	built_volume(&b, l.box, "models", "/models", "/srv/shared");
	built_volume(&b, l.db, "models", "/models", "/srv/shared");
	m = lowered(&b);
	d = (struct res_directory *)manifest_find(&m, RES_directory, STR("/srv/models"));
	assert_non_null(d);
	assert_true(d->keep);
	assert_int_equal(d->mode, 0750);
	assert_int_equal(d->uid, 1000);
	assert_int_equal(d->gid, 100);
	assert_string_equal(d->res.owner.s, "ml.web");
	assert_non_null(manifest_find(&m, RES_directory, STR("/var/lib/ctstack/volumes/ml/db/data")));
	d = (struct res_directory *)manifest_find(&m, RES_directory, STR("/srv/shared"));
	assert_non_null(d);
	assert_string_equal(d->res.owner.s, "ml.box");
}

static void containers_show_their_effective_fields(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct m_volume *v = built_volume(&b, l.web, "models", "/models", "/srv/models");
	struct manifest m;
	struct res_container *c;
	struct buf all = {0};
	struct str after_list[] = {STR("curl"), STR("-f")};

	(void)state;
	SET(&b, v->readonly, true);
	SET(&b, l.web->rare->gpu, WORD_GPU_nvidia);
	SET(&b, l.web->restart, WORD_RESTART_on_failure);
	SET(&b, l.web->subnet, l.lan);
	l.web->after.set = true;
	l.web->after.v = (struct m_containers){&l.db, NULL, 1};
	l.web->limits = arena_new(&b.arena, struct m_limits);
	SET(&b, l.web->limits->memory, (int64_t)32 << 30);
	SET(&b, l.web->limits->cpu, 0.5);
	l.web->ready = arena_new(&b.arena, struct m_ready);
	SET(&b, l.web->ready->exec, (struct strs){after_list, 2});
	SET(&b, l.web->ready->within, 90000000);
	struct entry_STRING e = {.name = STR("MODE"), .at = built_at(&b)};
	SET(&b, e.value, STR("fast"));
	vec_push(&b.arena, &l.web->env, e);
	vec_push(&b.arena, &l.web->mount, (__typeof__(*l.web->mount.at)){.at = built_at(&b)});
	SET(&b, l.web->mount.at[0].left, STR("/etc/ssl"));
	SET(&b, l.web->mount.at[0].right, STR("/ssl"));
	l.web->mount.at[0].block = arena_new(&b.arena, struct m_arrow_mount);
	SET(&b, l.web->mount.at[0].block->readonly, true);
	m = lowered(&b);
	c = (struct res_container *)manifest_find(&m, RES_container, STR("ml.web"));
	assert_non_null(c);
	for (size_t i = 0; i < c->fields.n; i++)
		buf_fmt(&all, "%.*s\n", STR_ARG(c->fields.at[i]));
	assert_string_equal(
	    buf_take(&all, &b.arena).s,
	    "after=[ml.db]\nenv.MODE=fast\ngpu=nvidia\nlimits.cpu=0.5\nlimits.memory=32GiB\n"
	    "mount./etc/ssl=/ssl (readonly)\nready.exec=[\"curl\", \"-f\"]\nready.within=1m30s\n"
	    "restart=on-failure\nsubnet=ml.lan\nvolume.models.at=/models\nvolume.models.mode=0755\n"
	    "volume.models.owner=0:0\nvolume.models.readonly=true\n");
	assert_string_equal(c->unit.s, "ct-ml-web.service");
	assert_string_equal(c->image.s, "localhost/web:1");
	assert_string_equal(c->address6.s, "fd01::11");
	assert_int_equal(c->ports.n, 2);
	assert_string_equal(c->ports.at[0].s, "dns=53/udp");
	assert_string_equal(c->ports.at[1].s, "http=80/tcp");
	assert_int_equal(c->volumes.n, 1);
	assert_string_equal(c->volumes.at[0].s, "models=/srv/models");
}

static void ipv6_is_forwarded_only_where_it_is_used(void **state)
{
	_built_ struct built b = {0};
	struct m_stack *s;
	struct manifest m;

	(void)state;
	built_start(&b);
	s = built_stack(&b, "s");
	built_subnet(&b, s, "n", "10.2.0.0/24", "fd02::/64");
	built_container(&b, s, "a", "10.2.0.2", NULL);
	m = lowered(&b);
	assert_non_null(manifest_find(&m, RES_sysctl, STR("net.ipv4.ip_forward")));
	assert_null(manifest_find(&m, RES_sysctl, STR("net.ipv6.conf.all.forwarding")));
}

static void the_hosts_network_gets_nothing_of_its_own(void **state)
{
	_built_ struct built b = {0};
	struct m_stack *s;
	struct m_container *c;
	struct manifest m;

	(void)state;
	built_start(&b);
	s = built_stack(&b, "s");
	c = built_container(&b, s, "a", NULL, NULL);
	SET(&b, c->network, WORD_NETWORK_host);
	m = lowered(&b);
	for (int kind = RES_image + 1; kind < RES_unit; kind++)
		assert_int_equal(m.first[kind], m.first[kind + 1]);
	assert_non_null(manifest_find(&m, RES_image, STR("localhost/web:1")));
}

/* A stack whose file is only used: what leads to it knows its addresses, and nothing is made of it. */
static void stacks_outside_are_referred_to_only(void **state)
{
	_built_ struct built b = {0};
	struct lab l = lab(&b);
	struct m_stack *far = built_stack(&b, "zfar");
	struct m_container *c;
	struct manifest m;
	struct res *r;

	(void)state;
	far->head.outside = true;
	built_subnet(&b, far, "n", "10.7.0.0/24", NULL);
	c = built_container(&b, far, "api", "10.7.0.2", NULL);
	SET(&b, c->image, STR("localhost/far:1"));
	built_port(&b, c, "http", 80, 80, PROTO_TCP);
	built_volume(&b, c, "data", "/data", NULL);
	built_publish(&b, far, "127.0.0.1", 99, 99, c, "http");
	built_allow(&b, far, end_of(c), end_of(l.db));
	built_allow(&b, l.ml, end_of(l.web), end_of(c));
	m = lowered(&b);
	assert_string_equal(elements(&b, &m, "flow"), "flow4 10.7.0.2 . 10.1.0.11 . tcp . 80\n");
	assert_string_equal(elements(&b, &m, "dnat"), "");
	assert_non_null(strstr(content(&m, "/run/ctstack/hosts/ct-ml-web"), "10.7.0.2 api api.zfar\n"));
	for (size_t i = 0; i < m.all.n; i++) {
		r = m.all.at[i];
		assert_false(str_is(r->stack, "zfar"));
		assert_false(str_is(r->owner, "zfar.api"));
	}
	assert_null(manifest_find(&m, RES_image, STR("localhost/far:1")));
}

static void the_same_model_gives_the_same_bytes(void **state)
{
	struct str text[2];
	struct built b[2] = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct lab l = lab(&b[i]);
		struct manifest m;
		struct buf out = {0};

		built_allow(&b[i], l.ml, end_subnet(l.lan), end_subnet(l.lan));
		built_publish(&b[i], l.ml, NULL, 80, 80, l.web, "http");
		m = lowered(&b[i]);
		manifest_encode(&m, &out);
		text[i] = buf_take(&out, &b[i].arena);
	}
	assert_string_equal(text[0].s, text[1].s);
	built_end(&b[0]);
	built_end(&b[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_container_has_namespace_link_and_source),
	    cmocka_unit_test(nothing_is_open_that_was_not_said),
	    cmocka_unit_test(flows_open_their_ports_in_common_families),
	    cmocka_unit_test(subnets_stand_for_their_members),
	    cmocka_unit_test(an_element_that_two_flows_imply_has_the_origin_of_the_first),
	    cmocka_unit_test(ranges_that_overlap_become_one),
	    cmocka_unit_test(world_and_host),
	    cmocka_unit_test(nat_opens_the_world_to_every_member),
	    cmocka_unit_test(published_ports),
	    cmocka_unit_test(every_address_of_one_family),
	    cmocka_unit_test(hosts_files_name_those_that_can_be_reached),
	    cmocka_unit_test(short_names_are_the_own_stacks),
	    cmocka_unit_test(directories_of_volumes),
	    cmocka_unit_test(containers_show_their_effective_fields),
	    cmocka_unit_test(ipv6_is_forwarded_only_where_it_is_used),
	    cmocka_unit_test(the_hosts_network_gets_nothing_of_its_own),
	    cmocka_unit_test(stacks_outside_are_referred_to_only),
	    cmocka_unit_test(the_same_model_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
