/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a plan says to people: which container restarts and why, what is drift and what was asked for, and that no value of a source can speak to a terminal, break a
 * table or the JSON. Goldens of whole plans are in tests/plans. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/show.h"

static struct strs list_of(struct arena *a, const char *text)
{
	VEC(struct str) all = {0};

	for (struct str rest = str_of(text); rest.n;)
		vec_push(a, &all, str_cut(rest, ' ', &rest));
	return (struct strs){all.at, all.n};
}

/* A container with its unit and its link, as lowering makes them. */
static struct res_container *container(struct manifest *m, const char *id, const char *image, const char *address, const char *fields)
{
	struct arena *a = m->arena;
	struct res_container *c = manifest_add_container(m, str_of(id));
	struct res_unit *u;

	c->unit = str_fmt(a, "ct-%s.service", id);
	c->image = str_of(image);
	c->address = str_of(address);
	c->fields = list_of(a, fields);
	c->res.origin = str_fmt(a, "ml.ctstack:%zu:3", m->all.n);
	u = manifest_add_unit(m, c->unit);
	u->res.owner = c->res.id;
	u->text = str_fmt(a, "%s %s", image, fields);
	u->active = true;
	return c;
}

static struct res_unit *unit_of(struct manifest *m, const char *id)
{
	for (size_t i = 0; i < m->all.n; i++)
		if (m->all.at[i]->kind == RES_unit && str_is(m->all.at[i]->owner, id))
			return (struct res_unit *)m->all.at[i];
	return NULL;
}

static void flow(struct manifest *m, const char *id)
{
	manifest_add_flow(m, str_of(id))->res.origin = STR("ml.ctstack:40:3");
}

static void nft(struct manifest *m, const char *id, const char *owner)
{
	manifest_add_nft(m, str_of(id))->res.owner = str_of(owner);
}

struct scene {
	struct arena a;
	struct manifest recorded, observed, wanted;
	struct plan plan;
	struct view view;
};

static void scene_end(struct scene *s)
{
	arena_free(&s->a);
}
#define _scene_ _cleanup_(scene_end)

static void scene_start(struct scene *s)
{
	*s = (struct scene){0};
	s->recorded.arena = s->observed.arena = s->wanted.arena = &s->a;
}

static void scene_view(struct scene *s)
{
	assert_null(manifest_seal(&s->recorded));
	assert_null(manifest_seal(&s->observed));
	assert_null(manifest_seal(&s->wanted));
	plan_make(&s->a, &s->observed, &s->wanted, &s->plan);
	view_make(&s->a, &s->plan, &s->recorded, &s->view);
	s->view.against = STR("this host at generation 3");
}

static const struct view_container *viewed(struct scene *s, const char *id)
{
	vec_each(struct view_container *const, c, &s->view.containers)
		if (str_is((*c)->to ? (*c)->to->res.id : (*c)->from->res.id, id))
			return *c;
	return NULL;
}

static void both(struct scene *s, void (*add)(struct manifest *m))
{
	add(&s->recorded);
	add(&s->observed);
}

static void add_old(struct manifest *m)
{
	struct res_container *c = container(m, "ml.old", "old:1", "10.0.0.9", "gpu=nvidia");

	c->volumes = list_of(m->arena, "data=/srv/data");
	container(m, "ml.limit", "x:1", "10.0.0.2", "limits.memory=16GiB restart=no");
	container(m, "ml.same", "x:1", "10.0.0.3", "");
	container(m, "ml.stopped", "x:1", "10.0.0.4", "");
	container(m, "ml.ports", "x:1", "10.0.0.5", "")->ports = list_of(m->arena, "http=80/tcp");
	flow(m, "ml.old -> ml.same:80/tcp");
}

static void add_new(struct manifest *m)
{
	struct res_container *c = container(m, "ml.fresh", "docker.io/x/fresh:2", "10.0.0.7", "gpu=nvidia restart=always");

	c->ports = list_of(m->arena, "http=80/tcp");
	c->volumes = list_of(m->arena, "data=/srv/fresh");
	container(m, "ml.limit", "x:1", "10.0.0.2", "limits.memory=32GiB restart=no");
	container(m, "ml.same", "x:1", "10.0.0.3", "");
	container(m, "ml.stopped", "x:1", "10.0.0.4", "");
	container(m, "ml.ports", "x:1", "10.0.0.5", "")->ports = list_of(m->arena, "http=8080/tcp");
	flow(m, "ml.fresh -> ml.same:80/tcp");
	flow(m, "ml.fresh -> world");
}

static void scene_usual(struct scene *s)
{
	struct res_publish *p;
	struct res_subnet *n;

	scene_start(s);
	both(s, add_old);
	add_new(&s->wanted);
	unit_of(&s->observed, "ml.stopped")->active = false;
	p = manifest_add_publish(&s->wanted, STR("127.0.0.1:80/tcp"));
	p->port = STR("80/tcp"), p->to = STR("ml.fresh"), p->to_port = STR("80/tcp"), p->address = STR("127.0.0.1");
	n = manifest_add_subnet(&s->wanted, STR("ml.lan"));
	n->range = STR("10.0.0.0/24"), n->host = STR("10.0.0.1"), n->nat = true, n->res.origin = STR("ml.ctstack:2:10");
	manifest_add_sysctl(&s->wanted, STR("net.ipv4.ip_forward"))->value = STR("1");
	manifest_add_sysctl(&s->observed, STR("net.ipv4.ip_forward"))->value = STR("0");
	scene_view(s);
	s->view.scope = list_of(&s->a, "ml");
	s->view.kept = list_of(&s->a, "shop web");
	s->view.missing = list_of(&s->a, "docker.io/x/fresh:2");
}

static void verdicts(void **state)
{
	static const struct {
		const char *id;
		enum verdict verdict;
	} rows[] = {
		{"ml.fresh", VERDICT_NEW},     {"ml.limit", VERDICT_RESTART},	{"ml.old", VERDICT_REMOVED},
		{"ml.stopped", VERDICT_START}, {"ml.ports", VERDICT_CHANGE},
	};
	_scene_ struct scene s;

	(void)state;
	scene_usual(&s);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_non_null(viewed(&s, rows[i].id));
		assert_int_equal(viewed(&s, rows[i].id)->verdict, rows[i].verdict);
	}
	assert_null(viewed(&s, "ml.same"));
	assert_int_equal(s.view.untouched, 1);
	assert_int_equal(s.view.drifted, 1);
	assert_int_equal(viewed(&s, "ml.limit")->fields.n, 1);
}

static void the_text(void **state)
{
	static const char wanted[] =
		"Plan for stack ml, compared with this host at generation 3\n"
		"Stacks that stay as they are: shop, web\n"
		"\n"
		"Subnets\n"
		"  + ml.lan  10.0.0.0/24  host 10.0.0.1  nat   ml.ctstack:2\n"
		"\n"
		"Containers\n"
		"  + ml.fresh    docker.io/x/fresh:2           ml.ctstack:1\n"
		"                10.0.0.7  http=80/tcp  gpu=nvidia  restart=always\n"
		"                volume data=/srv/fresh\n"
		"  ~ ml.limit    restart                       ml.ctstack:3\n"
		"        limits.memory  16GiB -> 32GiB\n"
		"  - ml.old      removed                       ml.ctstack:1\n"
		"                volume data stays in /srv/data\n"
		"  ~ ml.ports    no restart                    ml.ctstack:9\n"
		"        ports.http  80/tcp -> 8080/tcp\n"
		"  ~ ml.stopped  start, drifted                ml.ctstack:7\n"
		"        unit ct-ml.stopped.service does not run\n"
		"    1 other untouched\n"
		"\n"
		"Flows\n"
		"  + ml.fresh -> ml.same:80/tcp                ml.ctstack:40\n"
		"  + ml.fresh -> world                         ml.ctstack:40\n"
		"  - ml.old -> ml.same:80/tcp                  ml.ctstack:40\n"
		"\n"
		"Published ports\n"
		"  + 127.0.0.1:80/tcp  -> ml.fresh:80/tcp\n"
		"\n"
		"Host\n"
		"  ~ sysctl     net.ipv4.ip_forward  0 -> 1; packets between other networks are forwarded, too, unless another firewall stops them\n"
		"\n"
		"Images to fetch\n"
		"  + docker.io/x/fresh:2\n"
		"\n"
		"Plan: 1 new, 1 restart, 1 start, 1 changed without restart, 1 removed, 1 untouched; 2 flows open, 1 flow closes, 1 port opens.\n";
	_scene_ struct scene s;
	_buf_ struct buf out = {0};

	(void)state;
	scene_usual(&s);
	show_text(&s.view, false, &out);
	assert_string_equal(str_copy(&s.a, buf_view(&out)).s, wanted);
}

/* Colour adds escape sequences and nothing else. */
static void colour_is_only_colour(void **state)
{
	_scene_ struct scene s;
	_buf_ struct buf plain = {0}, coloured = {0}, stripped = {0};

	(void)state;
	scene_usual(&s);
	show_text(&s.view, false, &plain);
	show_text(&s.view, true, &coloured);
	assert_true(coloured.n > plain.n);
	for (size_t i = 0; i < coloured.n; i++) {
		if (coloured.s[i] == '\033')
			while (coloured.s[i] != 'm')
				i++;
		else
			buf_addc(&stripped, coloured.s[i]);
	}
	assert_true(str_eq(buf_view(&stripped), buf_view(&plain)));
}

static void nothing_to_do(void **state)
{
	_scene_ struct scene s;
	_buf_ struct buf out = {0};

	(void)state;
	scene_start(&s);
	container(&s.recorded, "ml.same", "x:1", "10.0.0.3", "");
	container(&s.observed, "ml.same", "x:1", "10.0.0.3", "");
	container(&s.wanted, "ml.same", "x:1", "10.0.0.3", "");
	scene_view(&s);
	show_text(&s.view, false, &out);
	assert_false(view_pending(&s.view));
	assert_true(str_eq(buf_view(&out), STR("Plan, compared with this host at generation 3\n\nNothing to do: the host is as the source says.\n")));
}

static void drift_is_what_nobody_asked_for(void **state)
{
	_scene_ struct scene s;
	const struct view_container *c;

	(void)state;
	scene_start(&s);
	container(&s.recorded, "a.x", "x:1", "10.0.0.3", "");
	container(&s.observed, "a.x", "x:1", "10.0.0.3", "");
	container(&s.wanted, "a.x", "x:1", "10.0.0.3", "");
	/* recorded and wanted, but not there; there, but neither recorded nor wanted; wanted and not there, because it is new */
	nft(&s.recorded, "flow4 1", "a.x");
	nft(&s.wanted, "flow4 1", "a.x");
	nft(&s.observed, "flow4 2", "");
	nft(&s.wanted, "flow4 3", "a.x");
	scene_view(&s);
	c = viewed(&s, "a.x");
	assert_non_null(c);
	assert_int_equal(c->verdict, VERDICT_CHANGE);
	assert_int_equal(c->policy_drift, 1);
	assert_int_equal(s.view.policy_drift, 1);
	assert_int_equal(s.view.untouched, 0);
}

/* One that runs once runs again where it is changed, and is no service that does not run where it has not finished. */
static void what_runs_once(void **state)
{
	static const struct {
		const char *recorded, *wanted;
		bool runs;
		enum verdict verdict;
		const char *drift;
	} rows[] = {
		{"\nType=oneshot\nRemainAfterExit=yes\n", "\nType=oneshot\nRemainAfterExit=yes\nX=1\n", true, VERDICT_AGAIN, NULL},
		{"\nType=oneshot\nRemainAfterExit=yes\n", "\nType=oneshot\nRemainAfterExit=yes\n", false, VERDICT_START, "unit ct-a.x.service has not finished"},
		{"\nRestart=no\n", "\nRestart=no\n", false, VERDICT_START, "unit ct-a.x.service does not run, and restart = no: one that is to end says run = once"},
		{"\nRestart=always\n", "\nRestart=always\n", false, VERDICT_START, "unit ct-a.x.service does not run"},
		/* what was a service */
		{"\nRestart=no\n", "\nType=oneshot\nRemainAfterExit=yes\n", true, VERDICT_AGAIN, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_scene_ struct scene s;
		const struct view_container *c;

		scene_start(&s);
		container(&s.recorded, "a.x", "x:1", "10.0.0.3", "");
		container(&s.observed, "a.x", "x:1", "10.0.0.3", "");
		container(&s.wanted, "a.x", "x:1", "10.0.0.3", "");
		unit_of(&s.recorded, "a.x")->text = str_of(rows[i].recorded);
		unit_of(&s.observed, "a.x")->text = str_of(rows[i].recorded);
		unit_of(&s.observed, "a.x")->active = rows[i].runs;
		unit_of(&s.wanted, "a.x")->text = str_of(rows[i].wanted);
		scene_view(&s);
		c = viewed(&s, "a.x");
		assert_non_null(c);
		assert_int_equal(c->verdict, rows[i].verdict);
		assert_int_equal(c->drift.n, rows[i].drift != NULL);
		if (rows[i].drift)
			assert_true(str_is(c->drift.at[0], rows[i].drift));
	}
}

static void a_published_port_touches_no_container(void **state)
{
	_scene_ struct scene s;
	struct manifest *all[3];

	(void)state;
	scene_start(&s);
	all[0] = &s.recorded, all[1] = &s.observed, all[2] = &s.wanted;
	for (size_t i = 0; i < 3; i++) {
		struct res_link *l;

		container(all[i], "a.x", "x:1", "10.0.0.3", "");
		l = manifest_add_link(all[i], STR("ctx"));
		l->res.owner = STR("a.x");
		l->localnet = i == 2;
	}
	nft(&s.wanted, "dnat4 1", "a.x");
	manifest_add_publish(&s.wanted, STR("127.0.0.1:80/tcp"))->to = STR("a.x");
	scene_view(&s);
	assert_int_equal(s.view.containers.n, 0);
	assert_int_equal(s.view.untouched, 1);
	assert_int_equal(s.view.ports_open, 1);
}

/* An observation does not know owners; the record does. Data that stays is told by its container alone. */
static void what_goes_belongs_to_its_container(void **state)
{
	_scene_ struct scene s;

	(void)state;
	scene_start(&s);
	container(&s.recorded, "a.x", "x:1", "", "");
	container(&s.observed, "a.x", "x:1", "", "");
	manifest_add_file(&s.recorded, STR("/hosts"))->res.owner = STR("a.x");
	manifest_add_file(&s.observed, STR("/hosts"));
	manifest_add_directory(&s.recorded, STR("/data"))->keep = true;
	manifest_add_directory(&s.observed, STR("/data"))->keep = true;
	unit_of(&s.observed, "a.x")->res.owner = STR("");
	scene_view(&s);
	assert_int_equal(s.view.containers.n, 1);
	assert_int_equal(s.view.count[VERDICT_REMOVED], 1);
	assert_int_equal(s.view.host.n, 0);
}

/* Every byte that a value can hold, in every notation. */
static void values_cannot_speak(void **state)
{
	_scene_ struct scene s;
	_buf_ struct buf text = {0}, json = {0}, markdown = {0};
	char all[256];
	struct str value[1];

	(void)state;
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	scene_start(&s);
	container(&s.recorded, "a.x", "x:1", "", "");
	container(&s.observed, "a.x", "x:1", "", "");
	value[0] = str_fmt(&s.a, "env.X=%.100s", all);
	container(&s.wanted, "a.x", "x:1", "", "")->fields = (struct strs){value, 1};
	unit_of(&s.wanted, "a.x")->text = STR("y");
	scene_view(&s);
	show_text(&s.view, true, &text);
	show_json(&s.view, &json);
	show_markdown(&s.view, &markdown);
	assert_null(memmem(text.s, text.n, "\x1b\x1c", 2));
	assert_non_null(memmem(text.s, text.n, "\\x1b\\x1c", 8));
	assert_null(memchr(markdown.s, '\x1b', markdown.n));
	json_error_t at;
	json_t *root = json_loadb(json.s, json.n, JSON_REJECT_DUPLICATES, &at);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "summary"), "restart")), 1);
	json_decref(root);
}

static void plain_text_is_cut_between_characters(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		const char *wanted;
	} rows[] = {
		{"abc", 0, "abc"}, {"abcd", 3, "abc..."}, {"abc", 3, "abc"}, {"a\xc3\xa4z", 2, "a\xc3\xa4..."}, {"\xc2\x9b[31m", 0, "\\x9b[31m"}, {"\t\n\x7f", 0, "\\t\\n\\x7f"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf out = {0};

		show_plain(str_of(rows[i].text), rows[i].max, &out);
		assert_true(str_is(buf_view(&out), rows[i].wanted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts),
		cmocka_unit_test(the_text),
		cmocka_unit_test(colour_is_only_colour),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(drift_is_what_nobody_asked_for),
		cmocka_unit_test(what_runs_once),
		cmocka_unit_test(a_published_port_touches_no_container),
		cmocka_unit_test(what_goes_belongs_to_its_container),
		cmocka_unit_test(values_cannot_speak),
		cmocka_unit_test(plain_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests_name("show", tests, NULL, NULL);
}
