/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parser: what a text means, as a tree written down in a line. Mistakes and their messages stand in tests/golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "tests/unit/tree.h"

struct parsed {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct ast *ast;
};

static void parse_text(struct parsed *p, struct str text)
{
	*p = (struct parsed){0};
	p->sources.arena = p->diags.arena = &p->arena;
	p->diags.sources = &p->sources;
	p->ast = parse(&p->arena, &p->diags, source_add(&p->sources, STR("t"), text));
}

static void expect(const char *text, const char *tree)
{
	_buf_ struct buf out = {0};
	struct parsed p;

	parse_text(&p, str_of(text));
	if (p.diags.all.n)
		fail_msg("%s: %.*s", text, STR_ARG(p.diags.all.at[0]->text));
	tree_entries(&out, &p.ast->entries);
	buf_addc(&out, '\0');
	assert_string_equal(out.s, tree);
	arena_free(&p.arena);
}

struct row {
	const char *text, *tree;
};

static void expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect(rows[i].text, rows[i].tree);
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void literals_have_their_types(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"8080", "8080"}, {"1_000", "1000"}, {"0", "0"}, {"0750", "0750"}, {"00", "00"}, {"9223372036854775807", "9223372036854775807"},
		{"2.5", "2.5"}, {"0.1", "0.10000000000000001"}, {"3.14159", "3.1415899999999999"}, {"1_0.5", "10.5"}, {"true", "true"},
		{"false", "false"}, {"none", "none"}, {"50%", "50%"}, {"2.5%", "2.5%"}, {"16GiB", "16GiB"}, {"512MiB", "512MiB"},
		{"10GB", "9765625KiB"}, {"1.5GiB", "1536MiB"}, {"1TB", "976562500KiB"}, {"0B", "0B"}, {"1_024kB", "1000KiB"}, {"7B", "7B"},
		{"500ms", "500ms"}, {"30s", "30s"}, {"1h30m", "1h30m"}, {"90m", "1h30m"}, {"0s", "0s"}, {"1.5s", "1s500ms"}, {"36h", "36h"},
		{"7us", "7us"}, {"192.168.200.10", "ip:192.168.200.10"}, {"fd00:200::10", "ip:fd00:200::10"}, {"::1", "ip:::1"}, {"::", "ip:::"},
		{"::ffff:1.2.3.4", "ip:::ffff:1.2.3.4"}, {"ABCD::1", "ip:abcd::1"}, {"1:2:3:4:5:6:7:8", "ip:1:2:3:4:5:6:7:8"},
		{"192.168.200.0/24", "net:192.168.200.0/24"}, {"fd00:200::/64", "net:fd00:200::/64"}, {"::/0", "net:::/0"},
		{"10.0.0.7/8", "net:10.0.0.7/8"}, {"02:42:ac:11:00:02", "mac:02:42:ac:11:00:02"}, {"AA:bb:CC:dd:EE:ff", "mac:aa:bb:cc:dd:ee:ff"},
		{"11434/tcp", "port:11434/tcp"}, {"53/udp", "port:53/udp"}, {"9/sctp", "port:9/sctp"}, {"8000-8010/tcp", "port:8000-8010/tcp"},
		{"8000-8010", "port:8000-8010/tcp"}, {"127.0.0.1:5432", "end:127.0.0.1:5432"}, {"[::1]:5432", "end:[::1]:5432"},
		{"127.0.0.1:53/udp", "end:127.0.0.1:53/udp"}, {"0.0.0.0:8000-8010", "end:0.0.0.0:8000-8010"},
		{"[fd00::1]:53/udp", "end:[fd00::1]:53/udp"}, {"/var/lib/ollama/models", "path:/var/lib/ollama/models"}, {"/", "path:/"},
		{"/a/", "path:/a"}, {"/a-b/c_d/e.f/@g+h=i~j%k", "path:/a-b/c_d/e.f/@g+h=i~j%k"}, {"/dev/x:1", "path:/dev/x:1"},
		{"1000:1000", "owner:1000:1000"}, {"0:4294967294", "owner:0:4294967294"}, {"\"a b\"", "\"a b\""}, {"\"\"", "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[200], tree[200];

		snprintf(text, sizeof text, "x = %s", rows[i].text);
		snprintf(tree, sizeof tree, "{field x %s}", rows[i].value);
		expect(text, tree);
	}
}

static void every_form_of_entry_is_read(void **state)
{
	static const struct row rows[] = {
		{"a = 1", "{field a 1}"},
		{"\"a.b\" = 1", "{field a.b 1}"},
		{"limits { cpu = 8 }", "{block limits - - {field cpu 8}}"},
		{"container web { }", "{block container web - {}}"},
		{"container web : ml.web { }", "{block container web ml.web {}}"},
		{"container : web { }", "{block container - web {}}"},
		{"container \"chat ui\" { }", "{block container text[\"chat ui\"] - {}}"},
		{"container worker-${i} { }", "{block container name[\"worker-\" i] - {}}"},
		{"container ${i}-x-${j}y : t { }", "{block container name[i \"-x-\" j \"y\"] t {}}"},
		{"publish 127.0.0.1:80 -> web.http", "{arrow publish <end:127.0.0.1:80 web.http>}"},
		{"publish 8080 -> web.http", "{arrow publish <8080 web.http>}"},
		{"allow lan -> world:443/tcp", "{arrow allow <lan world@443/tcp>}"},
		{"allow lan -> db:5432", "{arrow allow <lan db@5432/tcp>}"},
		{"mount /a -> /b { readonly = true }", "{arrow mount <path:/a path:/b>{field readonly true}}"},
		{"mount /a->/b{}", "{arrow mount <path:/a path:/b>{}}"},
		{"expect deny web -> db.pg", "{arrow expect deny<web db.pg>}"},
		{"expect deny [a, b] -> 10.0.0.1", "{arrow expect deny<[a b] ip:10.0.0.1>}"},
		{"route \"chat\" -> chat-ui.http { auth = none }", "{arrow route <\"chat\" chat-ui.http>{field auth none}}"},
		{"let x = 1", "{let x - 1}"},
		{"let x: int? = 1", "{let x int? 1}"},
		{"input m: string = \"x\" \"Doc\"", "{input m string \"x\" \"Doc\"}"},
		{"input m: string", "{input m string -}"},
		{"param p: duration = 5m \"Doc\"", "{param p duration 5m \"Doc\"}"},
		{"param p: list<string> \"Doc\"", "{param p list<string> - \"Doc\"}"},
		{"output o = a.b", "{output o a.b}"},
		{"for i in range(1, 3) { x = i }", "{for i range(1 3) {field x i}}"},
		{"if a { x = 1 }", "{if  a {field x 1}{}}"},
		{"if a { x = 1 } else { x = 2 }", "{if  a {field x 1}{field x 2}}"},
		{"if a { } else if b { } else { y = 1 }", "{if  a {}{if  b {}{field y 1}}}"},
		{"assert a != none, \"message\"", "{assert  (!= a none) \"message\"}"},
		{"assert a", "{assert  a -}"},
		{"use std.ml", "{use  std.ml}"},
		{"use \"./x.ctstack\" as x", "{use x \"./x.ctstack\"}"},
		{"template t : container { param a: int }", "{template t container {param a int -}}"},
		{"template t : std.ml.x { }", "{template t std.ml.x {}}"},
		{"type t = low | \"high\"", "{type t low|\"high\"}"},
		{"type t = int in 1..65535", "{type t int in 1..65535}"},
		{"type t = int in -5..max", "{type t int in (- 5)..max}"},
		{"type t = { a: int = 1 \"Doc\"; b: map<list<ip?>> }", "{type t {param a int 1 \"Doc\"; param b map<list<ip?>> -}}"},
		{"type t = (a | b)?", "{type t a|b?}"},
		{"moved old -> new", "{arrow moved <old new>}"},
		{"language = 1", "{field language 1}"},
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void operators_bind_as_people_expect(void **state)
{
	static const struct row rows[] = {
		{"x = 1 + 2 * 3", "{field x (+ 1 (* 2 3))}"},
		{"x = (1 + 2) * 3", "{field x (* (+ 1 2) 3)}"},
		{"x = 1 - 2 - 3", "{field x (- (- 1 2) 3)}"},
		{"x = -1 + 2", "{field x (+ (- 1) 2)}"},
		{"x = - -a", "{field x (- (- a))}"},
		{"x = a % 2 == 0 and not b or c", "{field x (or (and (== (% a 2) 0) (not b)) c)}"},
		{"x = not a == b", "{field x (not (== a b))}"},
		{"x = a < b and c >= d", "{field x (and (< a b) (>= c d))}"},
		{"x = if a then b else c + 1", "{field x (if a b (+ c 1))}"},
		{"x = if a then b else if c then d else e", "{field x (if a b (if c d e))}"},
		{"x = a.b.c[0].d", "{field x a.b.c[0].d}"},
		{"x = f(a, g(b),)", "{field x f(a g(b))}"},
		{"x = f()[1]", "{field x f()[1]}"},
		{"x = [i * 2 for i in list if i > 1]", "{field x (each i list (> i 1) (* i 2))}"},
		{"x = [i for i in list]", "{field x (each i list - i)}"},
		{"x = chat-ui", "{field x chat-ui}"},
		{"x = a - b", "{field x (- a b)}"},
		{"x = { a = 1, \"b\" = [1, 2,], }", "{field x {field a 1; field b [1 2]}}"},
		{"x = {}", "{field x {}}"},
		{"x = []", "{field x []}"},
		{"x = worker-${1}.http", "{field x name[\"worker-\" 1].http}"},
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void strings_mean_what_they_say(void **state)
{
	static const struct row rows[] = {
		{"x = \"a\\n\\t\\\\\\\"\\$\\u{e9}\\u{1F680}\"", "{field x \"a\\n\t\\\"$\xc3\xa9\xf0\x9f\x9a\x80\"}"},
		{"x = \"$\"", "{field x \"$\"}"},
		{"x = \"$5 $x\"", "{field x \"$5 $x\"}"},
		{"x = \"${a}\"", "{field x text[a]}"},
		{"x = \"${\"a\"}\"", "{field x \"a\"}"},
		{"x = \"a${b}c${d}\"", "{field x text[\"a\" b \"c\" d]}"},
		{"x = \"\\${a}\"", "{field x \"${a}\"}"},
		{"x = \"${f({a = \"}\"})}\"", "{field x text[f({field a \"}\"})]}"},
		{"x = \"a${\"b${\"c\"}\"}\"", "{field x text[\"a\" text[\"b\" \"c\"]]}"},
		{"x = \"\"\"\n  a\n    b\n\n  c\n  \"\"\"", "{field x \"a\\n  b\\n\\nc\\n\"}"},
		{"x = \"\"\"\r\n  a\r\n  b\r\n  \"\"\"", "{field x \"a\\nb\\n\"}"},
		{"x = \"\"\"a\"\"\"", "{field x \"a\"}"},
		{"x = \"\"\"\"\"\"", "{field x \"\"}"},
		{"x = \"\"\"\n  a \"quoted\" \\\"\\\"\\\" $ \\n b\"\"\"", "{field x \"a \"quoted\" \"\"\" $ \\n b\"}"},
		{"x = \"\"\"\n\ta\n\t  ${b}\n\tc\"\"\"", "{field x text[\"a\\n  \" b \"\\nc\"]}"},
		{"x = \"\"\"\n  ${a}\n  b\"\"\"", "{field x text[\"\" a \"\\nb\"]}"},
		{"x = \"\"\"\n  a\n b\"\"\"", "{field x \" a\\nb\"}"},
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void entries_end_where_their_line_ends(void **state)
{
	static const struct row rows[] = {
		{"", "{}"},
		{"\n\n;;\n", "{}"},
		{"# only a comment", "{}"},
		{"a = 1\nb = 2", "{field a 1; field b 2}"},
		{"a = 1; b = 2;", "{field a 1; field b 2}"},
		{"a = 1\r\nb = 2\r\n", "{field a 1; field b 2}"},
		{"a = [\n1,\n\n2 # x\n, 3\n]\nb = 1", "{field a [1 2 3]; field b 1}"},
		{"a = (1\n+\n2)", "{field a (+ 1 2)}"},
		{"a = f([{ x = 1\ny = 2 }])", "{field a f([{field x 1; field y 2}])}"},
		{"a {\n\n b = 1\n\n}\nc = 1", "{block a - - {field b 1}; field c 1}"},
		{"a { b = 1; }", "{block a - - {field b 1}}"},
		{"a { b { c { } }; d = 1 }", "{block a - - {block b - - {block c - - {}}; field d 1}}"},
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void words_are_reserved_only_where_they_must(void **state)
{
	static const struct row rows[] = {
		{"type = 1; in = 2; input = 3; output = 4; as = 5; use = 6; param = 7", "{field type 1; field in 2; field input 3; field output 4; "
										     "field as 5; field use 6; field param 7}"},
		{"volume input { }", "{block volume input - {}}"},
		{"template template : type { }", "{template template type {}}"},
		{"param type: string", "{param type string -}"},
		{"x = a.type.in", "{field x a.type.in}"},
		{"x = input", "{field x input}"},
		{"for x in type { }", "{for x type {}}"},
		{"input { }", "{block input - - {}}"},
		{"let = 1", "{field let 1}"},
		{"use output as use", "{use use output}"},
		{"x = { if = 1, else = 2 }", "{field x {field if 1; field else 2}}"},
		{"if x == none { }", "{if  (== x none) {}{}}"},
	};

	(void)state;
	EXPECT_ROWS(rows);
}

static void comments_are_kept_and_document_what_follows(void **state)
{
	struct parsed p;

	(void)state;
	expect("# Not this.\n\n# One.\n#  Two.\ntemplate t { }", "{template t - {} \"One.\\n Two.\"}");
	expect("x = 1 # not this\ntemplate t { }", "{field x 1; template t - {}}");
	expect("# Doc\r\ntype t = int", "{type t int \"Doc\"}");
	parse_text(&p, STR("# a\nx = 1 # b\n  # c"));
	assert_int_equal(p.ast->comments.n, 3);
	assert_true(p.ast->comments.at[0].own_line);
	assert_false(p.ast->comments.at[1].own_line);
	assert_true(p.ast->comments.at[2].own_line);
	assert_int_equal(p.ast->comments.at[1].at.hi - p.ast->comments.at[1].at.lo, 3);
	arena_free(&p.arena);
}

static void spans_are_exact(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p, STR("  aa = b.cc + 10  # x"));
	const struct entry *e = p.ast->entries.first;
	assert_int_equal(e->at.lo, 3);
	assert_int_equal(e->at.hi, 17);
	assert_int_equal(entry_word(e).at.hi - entry_word(e).at.lo, 2);
	assert_int_equal(e->value->at.lo, 8);
	assert_int_equal(e->value->at.hi, 17);
	assert_int_equal(e->value->u.op.left->u.member.name.at.lo, 10);
	arena_free(&p.arena);
}

/* What is broken is left out; all else is there. */
static void what_is_right_is_read_beside_what_is_wrong(void **state)
{
	static const struct {
		const char *text, *tree;
		size_t errors;
	} rows[] = {
		{"a = 1\nb c\nd = 2", "{field a 1; field d 2}", 1},
		{"a = = 1; b = 2", "{field b 2}", 1},
		{"a { b = ; c = 1 }\nd = 1", "{block a - - {field c 1}; field d 1}", 1},
		{"a x y { b = ; c = 1 }\nd = 1", "{field d 1}", 2},
		{"if = { } else { b = }\nd = 1", "{field d 1}", 2},
		{"a = [1 2 { x = }]\nb = 1", "{field b 1}", 1},
		{"a = { b = 1 2; c = 3 }\nd = 1", "{field a {field c 3}; field d 1}", 1},
		{"a = [1, 2\nb = 1", "{field a [1 2]; field b 1}", 1},
		{"a = \"x\nb = 1", "{field a bad; field b 1}", 1},
		{"a = 300.1.1.1\nb = 1", "{field a bad; field b 1}", 1},
		{"a = x:70000/tcp\nb = 1", "{field a bad; field b 1}", 1},
		{"a = @ \nb = 1", "{field b 1}", 1},
		{"a {\n b = 1", "{block a - - {field b 1}}", 1},
		{"a = 1 }\nb = 1", "{field a 1; field b 1}", 1},
		{"a = \"${ b c }\"\nd = 1", "{field d 1}", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf out = {0};
		struct parsed p;

		parse_text(&p, str_of(rows[i].text));
		tree_entries(&out, &p.ast->entries);
		buf_addc(&out, '\0');
		assert_string_equal(out.s, rows[i].tree);
		assert_int_equal(p.diags.errors, rows[i].errors);
		arena_free(&p.arena);
	}
}

static void what_is_lost_can_be_asked_for(void **state)
{
	struct parsed p;

	(void)state;
	parse_text(&p, STR("a { image \"x\"; b = 1 }\nc { d = 1 }"));
	const struct entry *a = p.ast->entries.first, *c = a->next;
	assert_int_equal(p.ast->lost.n, 1);
	assert_true(ast_lost_within(p.ast, a->at));
	assert_false(ast_lost_within(p.ast, c->at));
	assert_true(ast_lost_word(p.ast, STR("image")));
	assert_false(ast_lost_word(p.ast, STR("imagine")));
	assert_false(p.ast->unbalanced);
	arena_free(&p.arena);
	parse_text(&p, STR("a { b = 1"));
	assert_true(p.ast->unbalanced);
	arena_free(&p.arena);
}

/* A text of n times the piece. */
static struct str repeat(struct arena *a, const char *before, const char *piece, size_t n, const char *behind)
{
	struct buf b = {0};

	buf_puts(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, piece);
	buf_puts(&b, behind);
	return buf_take(&b, a);
}

static void limits_are_said_once(void **state)
{
	static const struct {
		const char *before, *piece, *behind;
		size_t n;
		enum diag_code code;
	} rows[] = {
		{"a = ", "(", "", 1000, DIAG_deep},	      {"", "a {", "", 1000, DIAG_deep},
		{"a = ", "[", "1]", 100000, DIAG_deep},	      {"a = ", "not ", "b", 100000, DIAG_deep},
		{"a = ", "- ", "b", 500, DIAG_deep},	      {"a = b", ".c", "", 500, DIAG_deep},
		{"a = b", "[0]", "", 500, DIAG_deep},	      {"a = b", " + b", "", 500, DIAG_deep},
		{"a = ", "\"${", "", 500, DIAG_deep},	      {"a = ", "if b then c else ", "d", 500, DIAG_deep},
		{"let a: ", "list<", "int", 150, DIAG_syntax}, {"if a { }", " else if a { }", "", 500, DIAG_deep},
		{"", "a=1\n", "", 1000001, DIAG_many},	      {"a = \"", "x", "\"", 1 << 20, DIAG_string_long},
		{"a = \"${b}", "x", "\"", 1 << 20, DIAG_string_long},
		{"a = ", "9", "", 100000, DIAG_number_range}, {"a = ", "1h", "", 100000, DIAG_number},
		{"a = /", "a/", "", 100000, DIAG_path},	      {"a = ", "1.", "1", 100000, DIAG_number},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena texts = {0};
		struct parsed p;

		parse_text(&p, repeat(&texts, rows[i].before, rows[i].piece, rows[i].n, rows[i].behind));
		assert_int_equal(p.diags.all.n, 1);
		assert_string_equal(diag_infos[p.diags.all.at[0]->code].code, diag_infos[rows[i].code].code);
		arena_free(&p.arena);
	}
}

/* By the square of their number they would take minutes; as it is, a fraction of a second. */
static void many_mistakes_take_no_longer_each_than_few(void **state)
{
	enum { MISTAKES = 100000, SECONDS_MAX = 5 };
	static const struct {
		const char *before, *piece, *behind;
	} rows[] = {
		{"", "a = <<A\n", ""}, {"", "a = <<A\n", "A\n"}, {"", "a = ''\n", ""}, {"", "a: b c\n", ""}, {"container c {\n", "a:; ", "}\n"}, {"container c {\n", "a:\n", "}\n"},
		{"", "a = ''x-${b}''\n", ""}, {"", "a = /* ", ""}, {"a = b", "-", ""}, {":80", "1.2.3.4", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena texts = {0};
		struct str text = repeat(&texts, rows[i].before, rows[i].piece, MISTAKES, rows[i].behind);
		struct parsed p;
		clock_t before = clock();

		parse_text(&p, text);
		assert_true(p.diags.errors > 0);
		assert_true((clock() - before) / CLOCKS_PER_SEC < SECONDS_MAX);
		arena_free(&p.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(literals_have_their_types),
		cmocka_unit_test(every_form_of_entry_is_read),
		cmocka_unit_test(operators_bind_as_people_expect),
		cmocka_unit_test(strings_mean_what_they_say),
		cmocka_unit_test(entries_end_where_their_line_ends),
		cmocka_unit_test(words_are_reserved_only_where_they_must),
		cmocka_unit_test(comments_are_kept_and_document_what_follows),
		cmocka_unit_test(spans_are_exact),
		cmocka_unit_test(what_is_right_is_read_beside_what_is_wrong),
		cmocka_unit_test(what_is_lost_can_be_asked_for),
		cmocka_unit_test(limits_are_said_once),
		cmocka_unit_test(many_mistakes_take_no_longer_each_than_few),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
