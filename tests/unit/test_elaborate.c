/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The elaborator: what a source means (a place in the model, by path, and its text) and what is said of a wrong one (the codes, and a part of the sentence). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/elab.h"
#include "compiler/net.h"
#include "lang/base/cleanup.h"

struct run {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct modules modules;
	struct model model;
};

static void run_text(struct run *r, const char *text)
{
	_arena_ struct arena scratch = {0};

	*r = (struct run){0};
	r->sources.arena = r->diags.arena = &r->arena;
	r->diags.sources = &r->sources;
	modules_load_text(&r->sources, &r->diags, STR("test.ctstack"), str_of(text), &r->modules);
	elaborate(&scratch, &r->arena, &r->diags, &r->modules, &r->model);
}

static void run_end(struct run *r)
{
	modules_free(&r->modules);
	arena_free(&r->arena);
}

/* ---- the model as text ---- */

static void flow_text(const struct flow_end *e, struct buf *out)
{
	switch (e->kind) {
	case END_CONTAINER:
		buf_str(out, ((const struct m_head *)e->container)->name);
		break;
	case END_SUBNET:
		buf_str(out, ((const struct m_head *)e->subnet)->name);
		break;
	case END_WORLD:
		buf_puts(out, "<world>");
		break;
	case END_HOST:
		buf_puts(out, "<host>");
		break;
	}
	if (e->named)
		buf_fmt(out, ".%.*s", STR_ARG(port_name(e->container, e->port)));
	if (e->port.lo) {
		buf_addc(out, ':');
		port_text(e->port, out);
	}
}

static void value_text(struct arena *a, struct val v, struct buf *out)
{
	if (v.type == T_FLOWEND) {
		flow_text(&v.u.FLOWEND, out);
		return;
	}
	if (v.type == T_PORTREF) {
		buf_fmt(out, "%.*s.%.*s:", STR_ARG(((struct m_head *)v.u.PORTREF.container)->name), STR_ARG(v.u.PORTREF.named ? port_name(v.u.PORTREF.container, v.u.PORTREF.port) : STR("")));
		port_text(v.u.PORTREF.port, out);
		return;
	}
	/* references lead into the model: the elaborator's own nodes are gone */
	if (v.type == T_SUBNETREF || v.type == T_CONTAINERREF) {
		buf_str(out, (v.type == T_SUBNETREF ? (struct m_head *)v.u.SUBNETREF : (struct m_head *)v.u.CONTAINERREF)->name);
		return;
	}
	if (v.type == T_CONTAINERREFS) {
		for (size_t i = 0; i < v.u.CONTAINERREFS.n; i++)
			buf_fmt(out, "%s%.*s", i ? ", " : "", STR_ARG(((struct m_head *)v.u.CONTAINERREFS.at[i])->name));
		return;
	}
	v = val_widen(a, v);
	if (v.type == V_LIST) {
		for (size_t i = 0; i < v.u.list->n; i++) {
			buf_puts(out, i ? ", " : "");
			value_text(a, v.u.list->at[i], out);
		}
	} else if (v.type == V_NODE) {
		buf_str(out, v.u.node->name.text);
	} else if (v.type == V_NONE) {
		buf_puts(out, "-");
	} else if (!val_text(v, out)) {
		buf_puts(out, "?");
	}
}

struct any_vec {
	void *at;
	size_t n, cap;
};

/* One step of a path: from a block of a kind to what is below it. */
static void member_text(struct run *r, const void *model, enum kind_tag kind, struct str path, struct buf *out)
{
	struct str rest, word = str_cut(path, '.', &rest);
	struct any_vec v;

	for (size_t i = 0; i < schema_kinds[kind].nrows; i++) {
		const struct schema_row *row = &schema_kinds[kind].rows[i];
		const char *member = (const char *)model_field(model, row);

		if (!str_eq(row->name, word))
			continue;
		memcpy(&v, member, row->form == ROW_FIELD || (row->form == ROW_BLOCK && row->how == HOW_ONE) ? sizeof v.at : sizeof v);
		if (row->form == ROW_FIELD) {
			value_text(&r->arena, field_read(member, row->type), out);
			return;
		}
		if (row->form == ROW_BLOCK && row->how == HOW_ONE) {
			if (v.at)
				member_text(r, v.at, row->child, rest, out);
			else
				buf_puts(out, "-");
			return;
		}
		if (rest.n == 0) {
			buf_fmt(out, "%zu", v.n);
			return;
		}
		word = str_cut(rest, '.', &rest);
		if (row->form == ROW_ARROW) {
			const char *element = (const char *)v.at + (size_t)(word.s[0] - '0') * row->arrow_size;
			void *block;

			assert_true((size_t)(word.s[0] - '0') < v.n);
			memcpy(&block, element + row->arrow_block, sizeof block);
			if (rest.n) {
				member_text(r, block, row->child, rest, out);
				return;
			}
			value_text(&r->arena, field_read(element + row->arrow_left, row->type), out);
			buf_puts(out, " -> ");
			value_text(&r->arena, field_read(element + row->arrow_right, row->right), out);
			return;
		}
		for (size_t k = 0; k < v.n; k++) {
			if (row->form == ROW_MAP) {
				const char *entry = (const char *)v.at + k * type_infos[row->type].entry_size;

				if (str_eq(*(const struct str *)entry, word)) {
					value_text(&r->arena, field_read(entry + type_infos[row->type].entry_value, row->type), out);
					return;
				}
			} else {
				struct m_head *child = ((struct m_head **)v.at)[k];

				if (str_eq(child->name, word)) {
					member_text(r, child, row->child, rest, out);
					return;
				}
			}
		}
		buf_puts(out, "(absent)");
		return;
	}
	fail_msg("no %.*s", STR_ARG(word));
}

static void model_is(struct run *r, const char *path, const char *wanted)
{
	struct str rest, stack = str_cut(str_of(path), '.', &rest);
	struct buf b = {0};

	for (size_t i = 0; i < r->model.stacks.n; i++)
		if (str_eq(((struct m_head *)r->model.stacks.at[i])->name, stack))
			member_text(r, r->model.stacks.at[i], KIND_stack, rest, &b);
	buf_addc(&b, '\0');
	if (strcmp(b.s, wanted) != 0)
		fail_msg("%s is `%s`, not `%s`", path, b.s, wanted);
	buf_free(&b);
}

/* "E0301 E0502", sorted by place. */
static void diags_text(struct run *r, struct buf *out)
{
	struct buf b = {0};
	const char *at;

	if (!r->diags.all.n)
		return;
	diags_render(&r->diags, DIAG_TEXT, false, &b);
	buf_addc(&b, '\0');
	for (at = b.s; (at = strstr(at, "error[")) != NULL; at += 6)
		buf_fmt(out, "%s%.5s", out->n ? " " : "", at + 6);
	buf_free(&b);
}

static void said(struct run *r, const char *codes, const char *part)
{
	struct buf b = {0}, all = {0};

	diags_text(r, &b);
	if (r->diags.all.n)
		diags_render(&r->diags, DIAG_TEXT, false, &all);
	buf_addc(&b, '\0');
	buf_addc(&all, '\0');
	if (strcmp(b.s, codes) != 0)
		fail_msg("said `%s`, not `%s`:\n%s", b.s, codes, all.s);
	if (part && !strstr(all.s, part))
		fail_msg("nothing says `%s`:\n%s", part, all.s);
	buf_free(&b);
	buf_free(&all);
}

/* ---- what sources mean ---- */

#define IMAGE "image = \"localhost/web:1\"\n"
#define LAN "subnet lan { range = 10.0.0.0/24 }\n"

struct meaning {
	const char *source, *path, *text;
};

static void check_meanings(const struct meaning *rows, size_t n)
{
	struct run r = {0};
	const char *last = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].source) {
			if (last)
				run_end(&r);
			run_text(&r, last = rows[i].source);
			said(&r, "", NULL);
		}
		model_is(&r, rows[i].path, rows[i].text);
	}
	run_end(&r);
}
#define CHECK_MEANINGS(rows) check_meanings(rows, sizeof rows / sizeof rows[0])

static void every_field_reaches_the_model(void **state)
{
	static const struct meaning rows[] = {
		{"stack s {\n"
		 "  subnet lan { range = 10.0.0.0/24; host = 10.0.0.1; range6 = fd00::/64; host6 = fd00::1; nat = true }\n"
		 "  container db { image = \"db:1\"; ports { pg = 5432/tcp } }\n"
		 "  container web {\n"
		 "    image = \"localhost/web:1\"; command = [\"serve\", \"--fast\"]; network = private; subnet = lan\n"
		 "    address = 10.0.0.2; address6 = fd00::2; gpu = amd; user = 1000:100; restart = always; after = [db]\n"
		 "    ports { http = 80/tcp; range = 8000-8010/udp }\n"
		 "    env { A = \"1\"; b_2 = \"two\" }\n"
		 "    labels { role = \"front\"; \"org.example/x_y-z\" = \"1\" }\n"
		 "    volume data { at = /data; from = /srv/data; owner = 1:2; mode = 0750; readonly = true }\n"
		 "    mount /etc/ssl -> /ssl { readonly = true }\n"
		 "    mount /opt/x -> /x\n"
		 "    limits { memory = 2GiB; cpu = 2; tasks = 100; io-weight = 50 }\n"
		 "    ready { http = \"/up\"; port = http; within = 1m30s }\n"
		 "  }\n"
		 "  publish 127.0.0.1:8080 -> web.http\n"
		 "  publish 8081 -> web:81/tcp\n"
		 "  publish [::1]:53/udp -> web.range\n"
		 "  allow web -> db.pg\n"
		 "  allow lan -> world:443/tcp\n"
		 "  allow world -> web\n"
		 "  allow db -> host:53/udp\n"
		 "  allow lan -> lan:1000-2000/tcp\n"
		 "}\n",
		 "s.subnet", "1"},
		{NULL, "s.subnet.lan.range", "10.0.0.0/24"}, {NULL, "s.subnet.lan.host", "10.0.0.1"}, {NULL, "s.subnet.lan.range6", "fd00::/64"},
		{NULL, "s.subnet.lan.host6", "fd00::1"}, {NULL, "s.subnet.lan.nat", "true"}, {NULL, "s.container.web.image", "localhost/web:1"},
		{NULL, "s.container.web.command", "serve, --fast"}, {NULL, "s.container.web.network", "private"},
		{NULL, "s.container.web.subnet", "lan"}, {NULL, "s.container.web.address", "10.0.0.2"}, {NULL, "s.container.web.address6", "fd00::2"},
		{NULL, "s.container.web.gpu", "amd"}, {NULL, "s.container.web.user", "1000:100"}, {NULL, "s.container.web.restart", "always"},
		{NULL, "s.container.web.after", "db"}, {NULL, "s.container.web.ports.http", "80/tcp"}, {NULL, "s.container.web.ports.range", "8000-8010/udp"},
		{NULL, "s.container.web.env.A", "1"}, {NULL, "s.container.web.env.b_2", "two"}, {NULL, "s.container.web.labels.role", "front"}, {NULL, "s.container.web.labels", "2"},
		{NULL, "s.container.web.volume.data.at", "/data"}, {NULL, "s.container.web.volume.data.from", "/srv/data"},
		{NULL, "s.container.web.volume.data.owner", "1:2"}, {NULL, "s.container.web.volume.data.mode", "0750"},
		{NULL, "s.container.web.volume.data.readonly", "true"}, {NULL, "s.container.web.mount", "2"},
		{NULL, "s.container.web.mount.0", "/etc/ssl -> /ssl"}, {NULL, "s.container.web.mount.0.readonly", "true"},
		{NULL, "s.container.web.mount.1", "/opt/x -> /x"}, {NULL, "s.container.web.mount.1.readonly", "false"},
		{NULL, "s.container.web.limits.memory", "2GiB"}, {NULL, "s.container.web.limits.cpu", "2"}, {NULL, "s.container.web.limits.tasks", "100"},
		{NULL, "s.container.web.limits.io-weight", "50"}, {NULL, "s.container.web.ready.http", "/up"},
		{NULL, "s.container.web.ready.port", "web.http:80/tcp"}, {NULL, "s.container.web.ready.within", "1m30s"},
		{NULL, "s.publish.0", "127.0.0.1:8080 -> web.http:80/tcp"}, {NULL, "s.publish.1", "8081/tcp -> web.:81/tcp"},
		{NULL, "s.publish.2", "[::1]:53/udp -> web.range:8000-8010/udp"}, {NULL, "s.allow.0", "web -> db.pg:5432/tcp"},
		{NULL, "s.allow.1", "lan -> <world>:443/tcp"}, {NULL, "s.allow.2", "<world> -> web"}, {NULL, "s.allow.3", "db -> <host>:53/udp"},
		{NULL, "s.allow.4", "lan -> lan:1000-2000/tcp"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void what_is_not_written_has_the_schemas_default(void **state)
{
	static const struct meaning rows[] = {
		{"stack s { container web { " IMAGE " volume v { at = /v }; ready { exec = [\"true\"] } } }", "s.container.web.network", "private"},
		{NULL, "s.container.web.restart", "on-failure"}, {NULL, "s.container.web.gpu", "-"}, {NULL, "s.container.web.limits", "-"},
		{NULL, "s.container.web.volume.v.mode", "0755"}, {NULL, "s.container.web.volume.v.owner", "0:0"},
		{NULL, "s.container.web.ready.within", "30s"}, {NULL, "s.container.web.env", "0"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void instance_beats_template_beats_defaults_beats_schema(void **state)
{
	static const struct meaning rows[] = {
		{"template base : container { image = \"base:1\"; restart = no; env { A = \"base\"; B = \"base\"; C = \"base\" } }\n"
		 "template derived : base { restart = always; env { B = \"derived\" } }\n"
		 "defaults container { network = host; user = 9:9; env { D = \"outer\"; E = \"outer\" } }\n"
		 "stack s {\n"
		 "  defaults container { user = 1:1; restart = on-failure; env { A = \"defaults\"; D = \"inner\" } }\n"
		 "  container one : derived { env { C = \"one\" } }\n"
		 "  container two : base { user = 2:2 }\n"
		 "}\n",
		 "s.container.one.image", "base:1"},
		{NULL, "s.container.one.restart", "always"}, {NULL, "s.container.two.restart", "no"}, {NULL, "s.container.one.user", "1:1"},
		{NULL, "s.container.two.user", "2:2"}, {NULL, "s.container.one.network", "host"}, {NULL, "s.container.one.env.A", "base"},
		{NULL, "s.container.one.env.B", "derived"}, {NULL, "s.container.one.env.C", "one"}, {NULL, "s.container.one.env.D", "inner"},
		{NULL, "s.container.one.env.E", "outer"}, {NULL, "s.container.two.env.B", "base"},
		/* none takes away what a lower layer gives */
		{"stack s { defaults container { gpu = nvidia }; container a { " IMAGE " gpu = none }; container b { " IMAGE " } }",
		 "s.container.a.gpu", "-"},
		{NULL, "s.container.b.gpu", "nvidia"},
		/* blocks of one name merge, arrows append, the template's first */
		{"template t : container { " IMAGE " volume v { at = /v; mode = 0700 }; mount /a -> /a }\n"
		 "stack s { container c : t { volume v { from = /srv/v; mode = 0711 }; volume w { at = /w }; mount /b -> /b } }",
		 "s.container.c.volume.v.at", "/v"},
		{NULL, "s.container.c.volume.v.from", "/srv/v"}, {NULL, "s.container.c.volume.v.mode", "0711"}, {NULL, "s.container.c.volume", "2"},
		{NULL, "s.container.c.mount.0", "/a -> /a"}, {NULL, "s.container.c.mount.1", "/b -> /b"},
		/* blocks that only the defaults write; defaults for blocks within */
		{"stack s { defaults container { limits { cpu = 2; memory = 1GiB } }; defaults volume { mode = 0700 }\n"
		 "container c { " IMAGE " limits { memory = 2GiB }; volume v { at = /v } }; container d { " IMAGE " volume v { at = /v; mode = 0711 } } }",
		 "s.container.c.limits.cpu", "2"},
		{NULL, "s.container.c.limits.memory", "2GiB"}, {NULL, "s.container.d.limits.memory", "1GiB"},
		{NULL, "s.container.c.volume.v.mode", "0700"}, {NULL, "s.container.d.volume.v.mode", "0711"},
		/* a template within a template's block, and templates of other kinds */
		{"template small : limits { memory = 1GiB; cpu = 1 }\n"
		 "template t : container { " IMAGE " limits : small { cpu = 2 } }\n"
		 "template pair : stack { " LAN "; container a : t {}; container b : t { limits { memory = 2GiB } } }\n"
		 "stack s : pair { container b { limits { cpu = 3 } } }",
		 "s.container.a.limits.memory", "1GiB"},
		{NULL, "s.container.a.limits.cpu", "2"}, {NULL, "s.container.b.limits.memory", "2GiB"}, {NULL, "s.container.b.limits.cpu", "3"},
		{NULL, "s.subnet.lan.range", "10.0.0.0/24"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void parameters_are_set_by_instances_and_read_in_templates(void **state)
{
	static const struct meaning rows[] = {
		{"template t : container {\n"
		 "  param keep: duration = 5m\n"
		 "  param name: string\n"
		 "  param size: size? \n"
		 "  param level: int in 1..5 = 3\n"
		 "  param peer: container?\n"
		 "  " IMAGE
		 "  env { KEEP = \"${keep}\"; NAME = name; LEVEL = \"${level}\"; PORT = \"${ports.http.number}\"; PEER = if peer == none then \"\" else peer.name }\n"
		 "  limits { memory = size }\n"
		 "  ports { http = 80/tcp }\n"
		 "}\n"
		 "template u : t { name = \"u${keep}\"; param name2: string = name }\n"
		 "stack s {\n"
		 "  container a : t { name = \"a\"; keep = 90s; ports { http = 8080/tcp } }\n"
		 "  container b : u { size = 1GiB; env { NAME2 = name2 } }\n"
		 "}\n",
		 "s.container.a.env.KEEP", "1m30s"},
		{NULL, "s.container.a.env.NAME", "a"}, {NULL, "s.container.a.env.PORT", "8080"}, {NULL, "s.container.a.limits.memory", "-"},
		{NULL, "s.container.b.env.NAME", "u5m"}, {NULL, "s.container.b.env.NAME2", "u5m"}, {NULL, "s.container.b.limits.memory", "1GiB"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void names_mean_the_innermost_wherever_they_are_written(void **state)
{
	static const struct meaning rows[] = {
		/* order does not matter; a field's own name in its value means the one outside */
		{"stack s {\n"
		 "  container b { " IMAGE " user = user; address = lan.range[4]; subnet = lan; env { A = \"${a.address}\"; O = other }; let other = \"inner\" }\n"
		 "  container a { " IMAGE " address = b.address + 1; env { O = other } }\n"
		 "  subnet lan { range = net }\n"
		 "}\n"
		 "let net = 10.7.0.0/16\n"
		 "let user = 5:5\n"
		 "let other = \"outer\"\n",
		 "s.container.b.user", "5:5"},
		{NULL, "s.container.a.address", "10.7.0.5"}, {NULL, "s.container.b.env.A", "10.7.0.5"}, {NULL, "s.container.b.env.O", "inner"},
		{NULL, "s.container.a.env.O", "outer"},
		/* a template's names are those of its own place, not of its instance's */
		{"let x = \"file\"\n"
		 "template t : container { " IMAGE " env { X = x } }\n"
		 "template derived : t { param x: string = \"param\"; env { Y = x } }\n"
		 "stack s { let x = \"stack\"; container c : derived { let x = \"body\"; env { Z = x } } }",
		 "s.container.c.env.X", "file"},
		{NULL, "s.container.c.env.Y", "param"}, {NULL, "s.container.c.env.Z", "body"},
		/* another stack's members; a stack and a module may share a name */
		{"use std.ml\n"
		 "stack ml { " LAN "; container ollama : ml.ollama { address = 10.0.0.2 } }\n"
		 "stack t { container c { " IMAGE " env { U = \"http://${ml.ollama.address}:${ml.ollama.http.number}\"; P = ml.ollama.http.protocol } } }",
		 "t.container.c.env.U", "http://10.0.0.2:11434"},
		{NULL, "t.container.c.env.P", "tcp"},
		/* world and host are words, unless somebody has these names; so are the words of enumerations */
		{"stack s { container world { " IMAGE " }; container amd { " IMAGE " gpu = amd }; allow amd -> world; allow amd -> host }", "s.allow.0",
		 "amd -> world"},
		{NULL, "s.allow.1", "amd -> <host>"}, {NULL, "s.container.amd.gpu", "amd"},
		/* a port's short name; a field of that name wins where it is a member */
		{"stack s { container c { " IMAGE " ports { http = 80/tcp; a = 1-2/udp }\n"
		 " ready { http = \"/\"; port = http }; env { F = \"${ports.a.first}\"; L = \"${ports[\"a\"].last}\"; A = \"${ports.a}\" } } }",
		 "s.container.c.ready.port", "c.http:80/tcp"},
		{NULL, "s.container.c.env.F", "1"}, {NULL, "s.container.c.env.L", "2"}, {NULL, "s.container.c.env.A", "1-2/udp"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void values_have_one_text(void **state)
{
	static const struct meaning rows[] = {
		{"stack s { container c { " IMAGE " env {\n"
		 "A = \"${1_000} ${-5} ${2.5} ${true} ${16GiB} ${1500MiB} ${90s} ${0.5} ${50%}\"\n"
		 "B = \"${10.0.0.1} ${FD00::1} ${10.0.0.0/8} ${02:42:AC:11:00:02} ${53/udp} ${127.0.0.1:80} ${/var/lib} ${1000:100}\"\n"
		 "C = \"${0750}\"\n"
		 "} } }",
		 "s.container.c.env.A", "1000 -5 2.5 true 16GiB 1500MiB 1m30s 0.5 50%"},
		{NULL, "s.container.c.env.B", "10.0.0.1 fd00::1 10.0.0.0/8 02:42:ac:11:00:02 53/udp 127.0.0.1:80 /var/lib 1000:100"},
		{NULL, "s.container.c.env.C", "0750"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void operators_compute(void **state)
{
	static const struct meaning rows[] = {
		{"let l = [1, 2] + [3]\n"
		 "let m = { a = 1, b = 2 }\n"
		 "let n4 = 10.0.0.0/24\n"
		 "let n6 = fd00::/64\n"
		 "stack s { container c { " IMAGE " env {\n"
		 "A = \"${1 + 2 * 3 - 4 % 3} ${2GiB + 512MiB} ${3 * 5s} ${1m - 10s} ${10.0.0.250 + 10} ${10.0.1.4 - 5} ${2.5 * 2.0}\"\n"
		 "B = \"${1 < 2 and not (2 <= 1)} ${1 == 2 or 3 != 4} ${\"a\" < \"b\"} ${1GiB >= 1024MiB} ${none == none} ${10.0.0.1 < 10.0.0.2}\"\n"
		 "C = \"${l[0]}${l[2]} ${length(l)} ${m.a}${m[\"b\"]} ${n4[11]} ${n6[255]}\"\n"
		 "D = if 1 > 2 then \"yes\" else \"no\"\n"
		 "E = join([\"${x * x}\" for x in range(1, 5) if x % 2 == 1], \"+\")\n"
		 "F = \"${false and nothing}${true or nothing}\"\n"
		 "} } }\n"
		 "let nothing = true",
		 "s.container.c.env.A", "6 2560MiB 15s 50s 10.0.1.4 10.0.0.255 5"},
		{NULL, "s.container.c.env.B", "true true true true true true"}, {NULL, "s.container.c.env.C", "13 3 12 10.0.0.11 fd00::ff"},
		{NULL, "s.container.c.env.D", "no"}, {NULL, "s.container.c.env.E", "1+9+25"}, {NULL, "s.container.c.env.F", "falsetrue"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

static void for_and_if_make_blocks_fields_and_entries(void **state)
{
	static const struct meaning rows[] = {
		{"let debug = true\n"
		 "stack s {\n"
		 "  for n in [\"x\", \"y\"] {\n"
		 "    let image2 = \"localhost/${n}:1\"\n"
		 "    container w-${n} { image = image2; if n == \"y\" { env { Y = n } } else { env { X = n } }; if debug { restart = no } }\n"
		 "    allow w-first -> world\n"
		 "    for i in range(1, 2) { container deep-${n}-${i} { " IMAGE " } }\n"
		 "  }\n"
		 "  if debug { container \"w-first\" { " IMAGE " } } else if true { container never { " IMAGE " } }\n"
		 "  container web { " IMAGE " env { A = \"1\" }; if debug { env { B = \"2\" }; limits { memory = 1GiB } }; limits { cpu = 1 } }\n"
		 "}\n",
		 "s.container", "8"},
		{NULL, "s.container.w-x.image", "localhost/x:1"}, {NULL, "s.container.w-x.env.X", "x"}, {NULL, "s.container.w-y.env.Y", "y"},
		{NULL, "s.container.w-y.restart", "no"}, {NULL, "s.container.deep-y-2.image", "localhost/web:1"}, {NULL, "s.allow", "2"},
		{NULL, "s.allow.1", "w-first -> <world>"}, {NULL, "s.container.web.env", "2"}, {NULL, "s.container.web.limits.cpu", "1"},
		{NULL, "s.container.web.limits.memory", "1GiB"},
		/* conditions see what is written plainly beside them */
		{"stack s { container a { " IMAGE " limits { memory = 1GiB } }; if a.limits.memory != none { container b { " IMAGE " } } }", "s.container", "2"},
		/* and computed names are looked for like others */
		{"stack s { for i in range(1, 2) { container w-${i} { " IMAGE " ports { http = 80/tcp } }; allow w-${3 - i} -> w-${i}.http } }", "s.allow.0",
		 "w-2 -> w-1.http:80/tcp"},
		{"for n in [\"p\", \"q\"] { stack s-${n} { container c { " IMAGE " } } }", "s-q.container.c.image", "localhost/web:1"},
		/* arrows in the order of the entries that make them */
		{"stack s { container a { " IMAGE " }; for i in range(1, 2) { allow a -> world:1/tcp }; allow a -> world:2/tcp }", "s.allow.2",
		 "a -> <world>:2/tcp"},
	};

	(void)state;
	CHECK_MEANINGS(rows);
}

/* What was written, and where, is told from what was not: rules and plans blame the right line. */
static void fields_know_where_their_value_was_written(void **state)
{
	static const char source[] = "template t : container {\n  image = \"localhost/t:1\"\n}\n"
				     "stack s {\n  defaults container { restart = always }\n  container c : t {\n    gpu = none\n  }\n}\n";
	const struct m_container *c;
	struct run r;

	(void)state;
	run_text(&r, source);
	said(&r, "", NULL);
	c = r.model.stacks.at[0]->container.at[0];
	assert_true(c->image.set && c->image.given && c->restart.set && c->restart.given);
	assert_int_equal(source_place(&r.sources, c->image.at).line, 2);
	assert_int_equal(source_place(&r.sources, c->restart.at).line, 5);
	assert_true(!c->rare->gpu.set && c->rare->gpu.given);
	assert_int_equal(source_place(&r.sources, c->rare->gpu.at).line, 7);
	assert_true(c->network.set && !c->network.given);
	assert_true(!c->user.set && !c->user.given);
	assert_int_equal(source_place(&r.sources, c->head.at).line, 6);
	assert_ptr_equal(c->head.stack, r.model.stacks.at[0]);
	run_end(&r);
}

static void outputs_are_texts_sorted_by_name(void **state)
{
	struct run r;

	(void)state;
	run_text(&r, "output url = \"http://${s.c.address}\"\noutput all = [1GiB, 2GiB]\nstack s { container c { " IMAGE " address = 10.0.0.2 } }");
	said(&r, "", NULL);
	assert_int_equal(r.model.outputs.n, 2);
	assert_true(str_eq(r.model.outputs.at[0].name, STR("all")) && str_eq(r.model.outputs.at[0].texts.at[1], STR("2GiB")));
	assert_true(r.model.outputs.at[0].list && r.model.outputs.at[0].texts.n == 2);
	assert_true(str_eq(r.model.outputs.at[1].texts.at[0], STR("http://10.0.0.2")));
	run_end(&r);
}

/* ---- what is wrong ---- */

struct mistake {
	const char *source, *codes, *part;
};

static void check_mistakes(const struct mistake *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct run r;

		run_text(&r, rows[i].source);
		said(&r, rows[i].codes, rows[i].part);
		run_end(&r);
	}
}
#define CHECK_MISTAKES(rows) check_mistakes(rows, sizeof rows / sizeof rows[0])
#define IN_C(text) "stack s { container c { " IMAGE text " } }"

static void wrong_names_are_said_once(void **state)
{
	static const struct mistake rows[] = {
		{IN_C("env { A = \"${foo}\"; B = \"${foo}\" }"), "E0301", "also used here"},
		{"let used = unknown\n" IN_C("env { A = used; B = used }"), "E0301", "`unknown` is not known here"},
		{"stack s { subnet lan {}; container c { " IMAGE " subnet = lam } }", "E0301", "did you mean `lan`?"},
		{"let a = 1\nlet a = 2", "E0302", "first declared here"},
		{"stack s { container c { " IMAGE " }; container c { " IMAGE " } }", "E0302", "two blocks of `s` are called `c`"},
		{"stack s { subnet c {}; container c { " IMAGE " } }", "E0302", "first given here"},
		{"let s = 1\nstack s {}", "E0302", "first declared here"},
		{"let x = 1\nstack s { let x = x + 1 }", "E0303", "`x` depends on itself"},
		{"stack s {}\nstack s {}", "E0302", "two stacks are called `s`"},
		{"template t : container {}\ntemplate t : subnet {}", "E0302", "two templates are called `t`"},
		{"input a: int = 1\nlet a = 1", "E0302", NULL},
		{"let a = b\nlet b = c\nlet c = a", "E0303", "`a` depends on itself: a -> b -> c -> a"},
		{"stack s { container a { " IMAGE " address = b.address }; container b { " IMAGE " address = a.address } }", "E0303",
		 "s.a.address -> s.b.address -> s.a.address"},
		{IN_C("env { A = \"${env.A}\" }"), "E0303", NULL},
		{IN_C("env { A = \"${c.adress}\" }"), "E0304", "did you mean `address`?"},
		{IN_C("env { A = \"${c.ports.http}\" }"), "E0304", "has no port `http`"},
		{IN_C("env { A = \"${address.x}\" }"), "E0304", NULL},
		{IN_C("ports { a = 1-5/tcp }; env { A = \"${ports.a.number}\" }"), "E0304", "`first` and `last`"},
		{"stack S {}", "E0305", "lower-case"},
		{"stack s { container a_b { " IMAGE " } }", "E0305", NULL},
		{IN_C("ports { image = 80/tcp }"), "E0305", "no port can have this name"},
		{IN_C("env { A-B = \"\" }"), "E0305", "environment variable"},
		{IN_C("labels { \"a b\" = \"\" }"), "E0305", NULL},
		{"template subnet : container {}", "E0305", "is a kind of block"},
		{"stack s { for i in [\"a\", \"B\"] { container x-${i} { " IMAGE " } } }", "E0305", "`x-B` cannot be a name"},
		{"stack s { container \"a.b\" { " IMAGE " } }", "E0305", NULL},
		{"stack s { if x.gpu == none { container y { " IMAGE " } }; container x { " IMAGE " if true { gpu = amd } } }", "", NULL},
		{"stack s { container x { " IMAGE " if gpu == none { gpu = amd } } }", "E0306", "a condition beside it depends on"},
		{"let y = true\nstack s { if y { container y { " IMAGE " } } }", "E0306", "names in another sense"},
		{"stack s { if true { container y { " IMAGE " } }; if y.gpu == none { container z { " IMAGE " } } }", "E0306", "made or changed by an `if`"},
		{"stack s { if y.gpu == none { container z { " IMAGE " } }; if true { container y { " IMAGE " } } }", "E0301", "`if` and `for`"},
		{"stack s { container x { " IMAGE " if true { gpu = amd }; if gpu == amd { env { A = \"\" } } } }", "E0306", NULL},
		{"stack s { container x { " IMAGE " if true { limits { cpu = 1 } }; if limits.cpu == none { gpu = amd } } }", "E0306", NULL},
		{IN_C("env { A = \"${twice(1)}\" }"), "E0311", NULL},
	};

	(void)state;
	CHECK_MISTAKES(rows);
}

static void wrong_templates_are_said_and_nothing_follows_from_them(void **state)
{
	static const struct mistake rows[] = {
		{"template web : container { " IMAGE " }\nstack s { container c : wbe { foo = 1 } }", "E0307", "did you mean `web`?"},
		{"use std.ml\nstack s { container c : ml.olama {} }", "E0307", "did you mean `ollama`?"},
		{"stack s { container c : ml.ollama {} }", "E0307", "use std.ml"},
		{"template t : subnet {}\nstack s { container c : t { " IMAGE " } }", "E0308", "is for subnet, not for container"},
		{"template a : b {}\ntemplate b : a {}", "E0309", "extends itself"},
		{"template t : container { " IMAGE " param x: int; param y: string }\nstack s { container c : t { y = \"\" } }", "E0310", "asks for `x`"},
		{"template t : container { " IMAGE " param x: int; env { A = \"${x}\" } }\nstack s { container c : t {} }", "E0310", "declared here"},
		{"template t : container { " IMAGE " param x: int }\nstack s { container c : t { x = \"1\" } }", "E0401", NULL},
		{"template t : container { " IMAGE " param image: int = 1 }\nstack s { container c : t {} }", "E0305", NULL},
		{"template t : container { " IMAGE " param x: nonsense = 1 }\nstack s { container c : t {} }", "E0412", NULL},
		{"template t : container { env { A = nothing } }\nstack s { container a : t { " IMAGE " }; container b : t { " IMAGE " } }", "E0301", NULL},
		/* what nobody uses, and what all uses override, is read too; what an instance would give is not missed */
		{"template t : container { param x: int; env { A = \"${x}\"; B = \"${address} ${limits.memory} ${ports.http}\" }; if x == 1 { gpu = amd } }\n", "",
		 NULL},
		{"template t : container { env { A = nothing } }\n", "E0301", NULL},
		{"template t : container { restart = 5 }\nstack s { container c : t { " IMAGE " restart = no } }", "E0401", NULL},
		{"template t : container { param x: int = \"a\" }\nstack s { container c : t { " IMAGE " x = 1 } }", "E0401", NULL},
		{"template t : container { adress = 5 }\n", "E0501", NULL},
		{"template t : stack { container c { image = 5 } }\n", "E0401", NULL},
	};

	(void)state;
	CHECK_MISTAKES(rows);
}

static void values_of_another_type_are_refused(void **state)
{
	static const struct mistake rows[] = {
		{IN_C("address = \"10.0.0.2\""), "E0401", "write it without quotes: 10.0.0.2"},
		{IN_C("address = fd00::1"), "E0401", "`address` takes ip4, not ip6"},
		{IN_C("limits { memory = 512 }"), "E0401", "give it a unit: 512MiB"},
		{IN_C("limits { tasks = 1.5 }"), "E0401", "takes int, not float"},
		{IN_C("ready { exec = [\"a\"]; within = 30 }"), "E0401", "30s"},
		{IN_C("ports { http = 80 }"), "E0401", "80/tcp"},
		{IN_C("volume v { at = \"v\" }"), "E0114", "they begin with `/`"},
		{IN_C("volume v { at = \"/v:ro\" }"), "E0114", "path(\"…\")"},
		{IN_C("volume v { at = \"/v\\u{200b}\" }"), "E0114", "cannot be seen"},
		{IN_C("volume v { at = \"/v\\u{7f}\" }"), "E0114", "no control characters"},
		{IN_C("volume v { at = 80/tcp }"), "E0401", NULL},
		{IN_C("volume v { at = /v; mode = 750 }"), "E0401", "a mode begins with 0: 0750"},
		{IN_C("env { A = 5 }"), "E0401", "\"5\""},
		{IN_C("command = \"run\""), "E0401", "list"},
		{IN_C("command = [\"a\", 5]"), "E0401", NULL},
		{IN_C("after = c"), "E0401", "[c]"},
		{IN_C("subnet = c"), "E0401", "takes subnet, not container"},
		{"stack s { container c { " IMAGE " ports { p = 1/tcp } }; publish 80 -> c }", "E0401", "name one of its ports: c.p"},
		{"stack s { container c { " IMAGE " ports { p = 1/tcp } }; allow c.p -> world }", "E0401", "the left side"},
		{"stack s { allow world -> 80/tcp }", "E0401", NULL},
		{"let x = [1, \"a\"]", "E0401", "one type"},
		{"let x: size = 5", "E0401", NULL},
		{"let x: list<int> = [1, 2s]", "E0401", NULL},
		{"if 1 { }", "E0401", "true or false"},
		/* what is not evaluated has a type, too */
		{"let a = \"x\"\nlet b = if true then 1 else a", "E0401", "both branches are of one type: `then` is int, `else` is string"},
		{IN_C("limits { memory = if true then 1GiB else \"2GiB\" }"), "E0401", "both branches"},
		{IN_C("limits { memory = if true then 1GiB else none }; gpu = if false then nvidia else amd"), "", NULL},
		{"let a = false and 1", "E0401", "true or false, not int"},
		{"let a = true or \"x\"", "E0401", NULL},
		{"for i in 5 { }", "E0401", "range(1, 5)"},
		{IN_C("limits { memory = 1KiB }"), "E0402", "at least 1MiB"},
		{IN_C("limits { io-weight = 0 }"), "E0402", "between 1 and 10000"},
		{IN_C("ready { exec = [\"a\"]; within = 0s }"), "E0402", "between 1s and 24h"},
		{"stack s { container c { " IMAGE " ports { p = 1/tcp } }; publish 0 -> c.p }", "E0402", NULL},
		{"let x: int in 1..5 = 6", "E0402", "between 1 and 5"},
		{IN_C("gpu = nvidea"), "E0403", "did you mean `nvidia`?"},
		{IN_C("restart = true"), "E0401", "`restart` is no, on-failure or always, not bool"},
		{IN_C("network = bridge"), "E0403", "private or host"},
		{IN_C("limits { memory = c.limits.memory2 }"), "E0304", NULL},
		{"stack s { container a { " IMAGE " }; container c { " IMAGE " restart = a.gpu } }", "E0407", "not set"},
		{"stack s { container a { " IMAGE " }; container c { " IMAGE " env { A = \"${a.address}\"; B = \"${a.limits.memory}\" } } }", "E0407 E0407",
		 "`a.limits.memory` is not set"},
		{"stack s { container a { " IMAGE " }; container c { " IMAGE " gpu = a.gpu; limits { memory = a.limits.memory } } }", "", NULL},
		{IN_C("env { A = \"${c}\" }"), "E0401", "no text can be made of this container"},
		{"let x = 1 + 1s", "E0408", "`+` does not take int and duration"},
		{"let a = \"a\"\nlet x = a + \"b\"", "E0408", "\"${a}b\""},
		{"let x = 1 < 1.0", "E0408", NULL},
		{"let x = not 5", "E0408", NULL},
		{"let x = 1 == \"1\"", "E0408", NULL},
		{"let x = 9223372036854775807 + 1", "E0409", NULL},
		{"let x = 1GiB - 2GiB", "E0409", "less than 0"},
		{"let x = 5 % 0", "E0409", NULL},
		{"let x = 255.255.255.255 + 1", "E0409", NULL},
		{"let l = [1, 2]\nlet x = l[2]", "E0410", "2 items"},
		{"let l = 10.0.0.0/30\nlet x = l[4]", "E0410", NULL},
		{"let x = range(1)", "E0411", "range(1, 1)"},
		{"let x = range(1, 2, 3)", "E0411", NULL},
		{"let x: nonsense = 1", "E0412", NULL},
		{"type a = b\ntype b = a\nlet x: a = 1", "E0412", "made of itself"},
		{"assert 1 == 2, \"the ${\"message\"}\"", "E0413", "the message"},
		{"stack s { container c { " IMAGE " }; assert c.gpu == nvidia, \"c needs a gpu\" }", "E0413", "c needs a gpu"},
	};

	(void)state;
	CHECK_MISTAKES(rows);
}

static void texts_with_a_grammar_are_checked(void **state)
{
	static const struct {
		const char *image;
		bool good;
	} images[] = {
		{"nginx", true}, {"nginx:1.25", true}, {"library/nginx", true}, {"docker.io/library/nginx:1.25", true}, {"localhost/web:1", true},
		{"localhost:5000/web", true}, {"reg.example.com:443/a/b/c:v1.2_3-x", true}, {"[fd00::1]:5000/web:1", true}, {"a__b/c-d.e", true},
		{"a@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true},
		{"a:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true}, {"", false}, {"Nginx", false},
		{"nginx:", false}, {"nginx:-x", false}, {"a//b", false}, {"/a", false}, {"a/", false}, {"a b", false}, {"a:1:2", false}, {"a@sha256:12", false},
		{"a@md5:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", false}, {"reg.example.com:0/a", false}, {"reg.example.com:x/a", false},
		{"-a", false}, {"a..b", false}, {"a___b", false}, {"a\n", false}, {"a --privileged", false}, {"https://a.b/c", false},
		{"reg..com/a", false}, {"a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
		if ((form_image(str_of(images[i].image)) == NULL) != images[i].good)
			fail_msg("image `%s`", images[i].image);
}

/* Whatever a path is, what path_text prints of it is that path again: bare where it can be, else a string or path("…"). */
static void paths_read_back(void **state)
{
	static const struct {
		const char *path, *shown;
	} rows[] = {
		{"/", "/"}, {"/srv/data", "/srv/data"}, {"/a-b/-c/--d", "/a-b/-c/--d"}, {"/dev/pci-0000:00:1f.2", "/dev/pci-0000:00:1f.2"}, {"/50%/a=b/~x@y+z", "/50%/a=b/~x@y+z"},
		{"/srv/TV Shows", "\"/srv/TV Shows\""}, {"/srv/a,b", "\"/srv/a,b\""}, {"/srv/t ", "\"/srv/t \""}, {"/home/j\xc3\xb6rg", "\"/home/j\xc3\xb6rg\""},
		{"/\xe6\x97\xa5 \xf0\x9f\x8e\xac", "\"/\xe6\x97\xa5 \xf0\x9f\x8e\xac\""}, {"/a\"b", "\"/a\\\"b\""}, {"/a\\b\\", "\"/a\\\\b\\\\\""}, {"/$HOME/${x}", "\"/\\$HOME/\\${x}\""},
		{"/#;*?!&|<>()[]{}^`'", "\"/#;*?!&|<>()[]{}^`'\""}, {"/a-", "\"/a-\""}, {"/a:", "\"/a:\""}, {"/a:/b", "\"/a:/b\""}, {"/a-:b", "\"/a-:b\""}, {"/a:-b", "\"/a:-b\""},
		{"/a:ro", "path(\"/a:ro\")"}, {"/a b:Z", "path(\"/a b:Z\")"}, {"/.../..a/.b", "/.../..a/.b"},
		{"/\xf0\x9f\x96\xa5\xef\xb8\x8f", "\"/\xf0\x9f\x96\xa5\\u{fe0f}\""}, {"/\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\"/\xf0\x9f\x91\xa9\\u{200d}\xf0\x9f\x92\xbb\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf shown = {0}, source = {0};
		struct run r;

		assert_null(path_wrong(str_of(rows[i].path)));
		path_text(str_of(rows[i].path), &shown);
		if (!str_is(buf_view(&shown), rows[i].shown))
			fail_msg("`%s` is shown as `%.*s`", rows[i].path, (int)shown.n, shown.s);
		buf_fmt(&source, "stack s { container c { " IMAGE " working-dir = %.*s; mount %.*s -> %.*s } }", STR_ARG(buf_view(&shown)), STR_ARG(buf_view(&shown)), STR_ARG(buf_view(&shown)));
		buf_addc(&source, '\0');
		run_text(&r, source.s);
		said(&r, "", NULL);
		model_is(&r, "s.container.c.working-dir", rows[i].path);
		model_is(&r, "s.container.c.mount.0", str_fmt(&r.arena, "%s -> %s", rows[i].path, rows[i].path).s);
		run_end(&r);
	}
}

static void what_is_no_path_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "srv", "./a", "~/a", "//a", "/a//b", "/a/../b", "/..", "/.", "/a/./b", "/a\nb", "/a\tb", "/a\x01", "/a\x7f", "/a\xff", "/a\xc3", "/a\xc0\xaf", "/a\xed\xa0\x80",
		"/a\xe2\x80\xae", "/a\xe2\x81\xa6", "/a\xe2\x80\x8b", "/a\xc2\xa0", "/a\xc2\x85", "/a\xe2\x80\xa8", "/a\xef\xbb\xbf",
	};
	char long_part[300] = "/", long_path[4200] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (!path_wrong(str_of(bad[i])))
			fail_msg("`%s` is a path", bad[i]);
	assert_non_null(path_wrong((struct str){"/a\0b", 4}));
	memset(long_part + 1, 'x', 255);
	assert_null(path_wrong((struct str){long_part, 256}));
	memset(long_part + 1, 'x', 256);
	assert_non_null(path_wrong((struct str){long_part, 257}));
	for (size_t i = 0; i < sizeof long_path - 1; i++)
		long_path[i] = i % 2 ? 'x' : '/';
	assert_null(path_wrong((struct str){long_path, 4094}));
	assert_non_null(path_wrong((struct str){long_path, 4096}));
}

static void entries_that_do_not_fit_are_refused(void **state)
{
	static const struct mistake rows[] = {
		{IN_C("adress = 1.2.3.4"), "E0501", "did you mean `address`?"},
		{IN_C("memory = 1GiB"), "E0501", "`memory` belongs in `limits { … }`"},
		{IN_C("range = 10.0.0.0/8"), "E0501", "`range` belongs in `subnet NAME { … }`"},
		{"stak s {}", "E0501", "did you mean `stack`?"},
		{"image = 5", "E0501", NULL},
		{"container c {}", "E0501", "`container` belongs in `stack NAME { … }`"},
		{"stack s { container c { device d {} } }", "E0502", "device `d` has no `from`"},
		{IN_C("volume v {}"), "E0502", "`at`"},
		{IN_C("image = \"b:2\""), "E0503", "first given here"},
		{IN_C("env { A = \"1\"; A = \"2\" }"), "E0503", "first given here"},
		{IN_C("env { A = \"1\" }; env { B = \"1\" }"), "E0503", "first given here"},
		{IN_C("limits { cpu = 1 }; limits { memory = 1GiB }"), "E0503", "first given here"},
		{"stack s { defaults container { gpu = amd }; defaults container { gpu = amd } }", "E0503", NULL},
		{"stack s { container { " IMAGE " } }", "E0504", "needs a name"},
		{IN_C("limits big { cpu = 1 }"), "E0504", "has no name"},
		{IN_C("env x { A = \"\" }"), "E0504", NULL},
		{"defaults nonsense { }", "E0504", NULL},
		{IN_C("limits = 5"), "E0505", "write: limits { memory"},
		{IN_C("restart { }"), "E0505", "write: restart = …"},
		{IN_C("ports = [80/tcp]"), "E0505", "write: ports { http"},
		{IN_C("mount { }"), "E0505", "write: mount /host/path -> "},
		{IN_C("env { limits { } }"), "E0505", NULL},
		{"stack s { allow deny world -> host }", "E0505", NULL},
		{"stack s { container c { " IMAGE " }; allow c -> world { x = 1 } }", "E0501", "this arrow has no `x`"},
		{"stack s { param x: int = 1 }", "E0506", NULL},
		{"stack s { use std.ml }", "E0506", NULL},
		{"stack s { input x: int = 1 }", "E0506", NULL},
		{"output a = 1\noutput a = 2", "E0302", "two outputs"},
		{"output a = none", "E0407", NULL},
		{"stack s {}\noutput a = s", "E0401", "no text can be made of this stack"},
		{"language = 2", "E0709", "newer"},
		{"language = \"1\"", "E0709", NULL},
		{"input x: int", "E0710", NULL},
		{"use std.mll", "E0701", "did you mean `ml`?"},
		{"use other", "E0703", "std.other"},
		{"use \"/etc/passwd\"", "E0703", NULL},
		{"use \"x.ctstack\"", "E0703", "\"./x.ctstack\""},
		{"use std.ml\nuse std.ml", "E0704", "first given here"},
	};

	(void)state;
	CHECK_MISTAKES(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_reaches_the_model),
		cmocka_unit_test(what_is_not_written_has_the_schemas_default),
		cmocka_unit_test(instance_beats_template_beats_defaults_beats_schema),
		cmocka_unit_test(parameters_are_set_by_instances_and_read_in_templates),
		cmocka_unit_test(names_mean_the_innermost_wherever_they_are_written),
		cmocka_unit_test(values_have_one_text),
		cmocka_unit_test(operators_compute),
		cmocka_unit_test(for_and_if_make_blocks_fields_and_entries),
		cmocka_unit_test(fields_know_where_their_value_was_written),
		cmocka_unit_test(outputs_are_texts_sorted_by_name),
		cmocka_unit_test(wrong_names_are_said_once),
		cmocka_unit_test(wrong_templates_are_said_and_nothing_follows_from_them),
		cmocka_unit_test(values_of_another_type_are_refused),
		cmocka_unit_test(texts_with_a_grammar_are_checked),
		cmocka_unit_test(paths_read_back),
		cmocka_unit_test(what_is_no_path_is_refused),
		cmocka_unit_test(entries_that_do_not_fit_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
