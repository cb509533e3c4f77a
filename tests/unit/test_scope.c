/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Scope: what of the current generation stays, what goes, and what cannot stand beside what stays. Manifests are written as "kind id stack [detail]" lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/scope.h"

static struct str word(struct str *rest)
{
	return str_cut(*rest, ' ', rest);
}

/* One line: "stack a", "container a.web ADDRESS IMAGE", "subnet a.lan RANGE", "publish ID ADDRESS PORT TO", "flow FROM>TO", "directory PATH STACK", "nft ID STACK DATA [STACK]...", or any other
 * kind with "ID STACK". Stacks of dotted names are the part before the dot; "-" is empty. */
static void add_line(struct manifest *m, struct str line)
{
	struct str kind = word(&line), id = word(&line), rest;
	struct str stack = str_cut(id, '.', &rest);
	struct res *r = NULL;

	if (str_is(kind, "stack")) {
		r = &manifest_add_stack(m, id)->res;
		stack = id;
	} else if (str_is(kind, "container")) {
		struct res_container *c = manifest_add_container(m, id);

		c->address = word(&line);
		c->image = word(&line);
		r = &c->res;
	} else if (str_is(kind, "subnet")) {
		struct res_subnet *s = manifest_add_subnet(m, id);

		s->range = word(&line);
		r = &s->res;
	} else if (str_is(kind, "publish")) {
		struct res_publish *p = manifest_add_publish(m, id);

		p->address = word(&line);
		if (str_is(p->address, "-"))
			p->address = STR("");
		p->port = word(&line);
		p->to = word(&line);
		stack = str_cut(p->to, '.', &rest);
		r = &p->res;
	} else if (str_is(kind, "flow")) {
		struct res_flow *f = manifest_add_flow(m, id);

		f->from = str_cut(id, '>', &f->to);
		stack = str_cut(f->from, '.', &rest);
		r = &f->res;
	} else {
		for (int k = 0; k < RES_KIND_COUNT && !r; k++)
			if (str_is(kind, res_infos[k].word))
				r = manifest_add(m, (enum res_kind)k, id);
		assert_non_null(r);
		stack = word(&line);
		if (r->kind == RES_directory)
			((struct res_directory *)r)->keep = true;
		if (r->kind == RES_nft) { /* DATA, and further stacks */
			struct res_nft *n = (struct res_nft *)r;

			n->data = word(&line);
			n->also.at = arena_array(m->arena, 8, sizeof *n->also.at);
			while (line.n)
				n->also.at[n->also.n++] = word(&line);
		}
	}
	r->stack = str_is(stack, "-") ? STR("") : str_copy(m->arena, stack);
	r->origin = str_fmt(m->arena, "%.*s.ctstack:1:1", STR_ARG(r->stack));
}

static struct manifest parse(struct arena *a, const char *text)
{
	struct manifest m = {.arena = a};

	for (struct str rest = str_of(text); rest.n;) {
		struct str line = str_cut(rest, ';', &rest);

		add_line(&m, str_copy(a, line));
	}
	assert_null(manifest_seal(&m));
	return m;
}

static void ids(const struct manifest *m, struct buf *out)
{
	for (size_t i = 0; i < m->all.n; i++)
		buf_fmt(out, "%s%.*s", i ? " " : "", STR_ARG(m->all.at[i]->id));
}

static void what_is_wanted(void **state)
{
	static const struct {
		const char *current, *compiled, *also, *wanted;
		bool prune;
	} rows[] = {
		{"", "stack a;container a.x 10.0.0.2 i", "", "a a.x", false},
		{"stack a;container a.x 10.0.0.2 i", "stack a;container a.y 10.0.0.2 i", "", "a a.y", false},
		{"stack a;container a.x 10.0.0.2 i", "stack b;container b.y 10.0.0.3 i", "", "a b a.x b.y", false},
		{"stack a;container a.x 10.0.0.2 i", "stack b;container b.y 10.0.0.3 i", "", "b b.y", true},
		{"stack a;container a.x 10.0.0.2 i", "", "a", "", false},
		/* images: while a container runs them */
		{"stack a;stack b;container a.x 10.0.0.2 i;container b.y 10.0.0.3 j;image i -;image j -", "", "a", "b b.y j", false},
		{"stack a;container a.x 10.0.0.2 i;image i -", "stack a;container a.x 10.0.0.2 j;image j -", "", "a a.x j", false},
		/* what belongs to the host: while any stack is there */
		{"stack a;stack b;sysctl net.x -", "", "a", "b net.x", false},
		{"stack a;sysctl net.x -;unit ctstack.target -", "", "a", "", false},
		{"stack a;sysctl net.x -", "stack a;sysctl net.y -", "", "a net.y", false},
		/* data directories may be shared */
		{"stack a;directory /data a", "stack b;directory /data b", "", "a b /data", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		_buf_ struct buf out = {0};
		struct manifest current = parse(&a, rows[i].current), compiled = parse(&a, rows[i].compiled), wanted = {.arena = &a};
		struct scope scope;

		scope_merge(&current, &compiled, rows[i].prune, str_of(rows[i].also), &scope, &wanted);
		assert_int_equal(scope.conflicts.n, 0);
		ids(&wanted, &out);
		buf_addc(&out, '\0');
		assert_string_equal(out.s, rows[i].wanted);
	}
}

/* Whoever asks for an element keeps it, whoever else goes. */
static void an_element_is_everybodys_who_asks(void **state)
{
	static const struct {
		const char *current, *compiled, *also, *wanted;
		size_t conflicts;
	} rows[] = {
		/* one of two goes, the one whose it was and the other one */
		{"stack a;stack b;nft e a - b", "", "a", "e b", 0},
		{"stack a;stack b;nft e a - b", "", "b", "e a", 0},
		{"stack a;stack b;stack c;nft e a - b c", "", "a", "e b c", 0},
		/* one of two asks for it no more */
		{"stack a;stack b;nft e a - b", "stack a", "", "e b", 0},
		/* a second one asks for what is there */
		{"stack a;nft e a -", "stack b;nft e b -", "", "e b a", 0},
		{"stack a;nft e a -", "stack b;stack c;nft e b - c", "", "e b a c", 0},
		/* the same again */
		{"stack a;stack b;nft e a - b", "stack a;nft e a -", "", "e a b", 0},
		{"stack a;stack b;nft e a - b", "stack a;stack b;nft e a - b", "", "e a b", 0},
		/* the last one goes */
		{"stack a;stack b;nft e a -", "stack a", "", "", 0},
		/* what leads elsewhere is no common one */
		{"stack a;nft e a 1", "stack b;nft e b 2", "", "e b", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		_buf_ struct buf out = {0};
		struct manifest current = parse(&a, rows[i].current), compiled = parse(&a, rows[i].compiled), wanted = {.arena = &a};
		struct scope scope;
		const struct res_nft *n;

		scope_merge(&current, &compiled, false, str_of(rows[i].also), &scope, &wanted);
		assert_int_equal(scope.conflicts.n, rows[i].conflicts);
		manifest_each(nft, n, &wanted) {
			buf_fmt(&out, "%.*s %.*s", STR_ARG(n->res.id), STR_ARG(n->res.stack));
			for (size_t k = 0; k < n->also.n; k++)
				buf_fmt(&out, " %.*s", STR_ARG(n->also.at[k]));
		}
		buf_addc(&out, '\0');
		assert_string_equal(out.s, rows[i].wanted);
	}
}

static void names_in_scope_and_kept(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest current = parse(&a, "stack a;stack b;stack c"), compiled = parse(&a, "stack b;stack d"), wanted = {.arena = &a};
	struct scope scope;

	(void)state;
	scope_merge(&current, &compiled, false, STR("c"), &scope, &wanted);
	assert_int_equal(scope.in.n, 3);
	assert_true(str_is(scope.in.at[0], "b") && str_is(scope.in.at[1], "c") && str_is(scope.in.at[2], "d"));
	assert_int_equal(scope.kept.n, 1);
	assert_true(str_is(scope.kept.at[0], "a"));
}

static void conflicts_name_both_places(void **state)
{
	static const struct {
		const char *current, *compiled, *text; /* NULL: no conflict */
	} rows[] = {
		{"stack a;subnet a.l 10.0.0.0/16", "stack b;subnet b.l 10.0.3.0/24", "subnet b.l (10.0.3.0/24) overlaps subnet a.l (10.0.0.0/16)"},
		{"stack a;subnet a.l 10.0.3.0/24", "stack b;subnet b.l 10.0.0.0/16", "subnet b.l (10.0.0.0/16) overlaps subnet a.l (10.0.3.0/24)"},
		{"stack a;subnet a.l 10.0.3.0/24;subnet a.m 10.0.4.0/24", "stack b;subnet b.k 10.0.2.0/24;subnet b.l 10.0.4.128/25",
		 "subnet b.l (10.0.4.128/25) overlaps subnet a.m (10.0.4.0/24)"},
		{"stack a;subnet a.l 10.0.0.0/16;subnet a.m 10.1.0.0/24", "stack b;subnet b.k 10.1.1.0/24", NULL},
		{"stack a;subnet a.l fd00::/48", "stack b;subnet b.k fd00:0:0:5::/64", "subnet b.k (fd00:0:0:5::/64) overlaps subnet a.l (fd00::/48)"},
		{"stack a;container a.x 10.0.0.2 i", "stack b;container b.x 10.0.0.2 i", "address 10.0.0.2 of container b.x is taken"},
		{"stack a;publish 127.0.0.1:80/tcp 127.0.0.1 80/tcp a.x", "stack b;publish *:80/tcp - 80/tcp b.x",
		 "host port *:80/tcp is taken: 127.0.0.1:80/tcp leads to a.x"},
		{"stack a;publish *:80/tcp - 80/tcp a.x", "stack b;publish 127.0.0.1:80/tcp 127.0.0.1 80/tcp b.x",
		 "host port 127.0.0.1:80/tcp is taken: *:80/tcp leads to a.x"},
		{"stack a;publish 0.0.0.0:80/tcp 0.0.0.0 80/tcp a.x", "stack b;publish 127.0.0.1:80/tcp 127.0.0.1 80/tcp b.x",
		 "host port 127.0.0.1:80/tcp is taken: 0.0.0.0:80/tcp leads to a.x"},
		{"stack a;publish 0.0.0.0:80/tcp 0.0.0.0 80/tcp a.x", "stack b;publish [::1]:80/tcp ::1 80/tcp b.x", NULL},
		{"stack a;publish 127.0.0.1:80/tcp 127.0.0.1 80/tcp a.x", "stack b;publish 127.0.0.2:80/tcp 127.0.0.2 80/tcp b.x", NULL},
		{"stack a;publish *:80/tcp - 80/tcp a.x", "stack b;publish *:80/udp - 80/udp b.x", NULL},
		{"stack a;publish *:80-90/tcp - 80-90/tcp a.x", "stack b;publish *:85/tcp - 85/tcp b.x", "host port *:85/tcp is taken: *:80-90/tcp leads to a.x"},
		{"stack a;publish *:80-90/tcp - 80-90/tcp a.x", "stack b;publish *:91/tcp - 91/tcp b.x", NULL},
		{"stack a-b;unit ct-a-b-c.service a-b", "stack a;unit ct-a-b-c.service a", "unit ct-a-b-c.service is there already"},
		/* what stays refers to what changes */
		{"stack a;stack b;container b.y 10.0.0.2 i;flow a.x>b.y", "stack b;container b.y 10.0.0.3 i",
		 "b.y changes its address, but stack a, which stays as it is, refers to it"},
		{"stack a;stack b;container b.y 10.0.0.2 i;flow a.x>b.y", "stack b;container b.z 10.0.0.2 i",
		 "b.y goes away, but stack a, which stays as it is, refers to it"},
		{"stack a;stack b;container b.y 10.0.0.2 i;flow a.x>b.y", "stack b;container b.y 10.0.0.2 j", NULL},
		{"stack a;stack b;subnet b.l 10.0.0.0/24;container b.y 10.0.0.2 i;flow a.x>b.l",
		 "stack b;subnet b.l 10.0.0.0/24;container b.y 10.0.0.2 i;container b.z 10.0.0.3 i",
		 "b.l changes its members, but stack a, which stays as it is, refers to it"},
		{"stack a;flow a.x>world", "stack b", NULL},
		/* what is compiled refers to what is not there */
		{"", "stack a;flow a.x>b.y", "a.x>b.y refers to b.y, which is neither in these files nor on the host"},
		{"stack b;container b.y 10.0.0.2 i", "stack a;flow a.x>b.y", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest current = parse(&a, rows[i].current), compiled = parse(&a, rows[i].compiled), wanted = {.arena = &a};
		struct scope scope;

		scope_merge(&current, &compiled, false, STR(""), &scope, &wanted);
		if (!rows[i].text) {
			assert_int_equal(scope.conflicts.n, 0);
			continue;
		}
		assert_int_equal(scope.conflicts.n, 1);
		assert_string_equal(str_copy(&a, scope.conflicts.at[0].text).s, rows[i].text);
		assert_true(scope.conflicts.at[0].note.n > 0);
	}
}

static void a_union_is_sorted_and_the_second_wins(void **state)
{
	_arena_ struct arena a = {0};
	_buf_ struct buf out = {0};
	struct manifest x = parse(&a, "netns a s;netns c s;netns d s"), y = parse(&a, "netns b s;netns c t"), both = {.arena = &a};

	(void)state;
	manifest_union(&x, &y, &both);
	ids(&both, &out);
	assert_true(str_is(buf_view(&out), "a b c d"));
	assert_true(str_is(manifest_find(&both, RES_netns, STR("c"))->stack, "t"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted),
		cmocka_unit_test(an_element_is_everybodys_who_asks),
		cmocka_unit_test(names_in_scope_and_kept),
		cmocka_unit_test(conflicts_name_both_places),
		cmocka_unit_test(a_union_is_sorted_and_the_second_wins),
	};

	return cmocka_run_group_tests_name("scope", tests, NULL, NULL);
}
