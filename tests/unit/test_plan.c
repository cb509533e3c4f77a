/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/plan: what differs, in order; nothing for equal manifests; the way back is the plan with the manifests swapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/plan.h"

/* A world in short: one letter pair a resource, the kind and the value of a compared field. "n" netns, "s" sysctl, "c" container, "d" directory, "u" a unit that waits for people; with "runs" or
 * "finished" one that they have started, and which runs, or has ended well. */
static struct manifest world(struct arena *a, const char *text)
{
	struct manifest m = {.arena = a};

	for (struct str rest = str_of(text), word; rest.n;) {
		word = str_cut(rest, ' ', &rest);
		struct str value, id = str_cut((struct str){word.s + 1, word.n - 1}, '=', &value);

		switch (word.s[0]) {
		case 'n':
			manifest_add_netns(&m, id);
			break;
		case 's':
			manifest_add_sysctl(&m, id)->value = str_copy(a, value);
			break;
		case 'c':
			manifest_add_container(&m, id)->image = str_copy(a, value);
			break;
		case 'd':
			manifest_add_directory(&m, id)->keep = value.n > 0; /* NOTED: no difference */
			break;
		case 'u': { /* NOTED, too */
			struct res_unit *u = manifest_add_unit(&m, id);

			u->runs = str_is(value, "runs");
			u->finished = str_is(value, "finished");
			break;
		}
		default:
			fail_msg("no kind %c", word.s[0]);
		}
	}
	assert_null(manifest_seal(&m));
	return m;
}

static const struct {
	const char *from, *to, *plan;
	size_t effects;
} rows[] = {
	{"", "", "", 0},
	{"na sx=1", "na sx=1", "", 0},
	{"", "nb na", "+netns a\n+netns b\n", 2},
	{"nb na", "", "-netns a\n-netns b\n", 2},
	{"sx=1 sy=1", "sx=1 sy=2", "~sysctl y\n", 1},
	{"na nb nc", "na nc nd", "-netns b\n+netns d\n", 2},
	{"cx=1", "cx=2", "~container x\n", 0},
	{"da", "da=keep", "", 0},
	/* kinds come in the order of res.def, whatever the ids are */
	{"nz cz=1", "sa=1 ca=1", "+container a\n-container z\n+sysctl a\n-netns z\n", 2},
};

static void print_plan(const struct plan *p, struct buf *out)
{
	for (size_t i = 0; i < p->changes.n; i++) {
		const struct change *c = &p->changes.at[i];
		const struct res *r = change_res(c);

		assert_true((c->from == NULL) == (c->op == OP_CREATE));
		assert_true((c->to == NULL) == (c->op == OP_DELETE));
		buf_fmt(out, "%c%s %.*s\n", "+~-"[c->op], res_infos[r->kind].word, STR_ARG(r->id));
	}
}

static void difference_is_found_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest from = world(&a, rows[i].from), to = world(&a, rows[i].to);
		_buf_ struct buf text = {0};
		struct plan p;

		plan_make(&a, &from, &to, &p);
		print_plan(&p, &text);
		buf_addc(&text, '\0');
		assert_string_equal(text.s, rows[i].plan);
		assert_int_equal(p.effects, rows[i].effects);
	}
}

static void the_way_back_is_the_same_with_the_ends_swapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest from = world(&a, rows[i].from), to = world(&a, rows[i].to);
		struct plan there, back;

		plan_make(&a, &from, &to, &there);
		plan_make(&a, &to, &from, &back);
		assert_int_equal(there.changes.n, back.changes.n);
		assert_int_equal(there.effects, back.effects);
		for (size_t k = 0; k < there.changes.n; k++) {
			assert_ptr_equal(there.changes.at[k].from, back.changes.at[k].to);
			assert_ptr_equal(there.changes.at[k].to, back.changes.at[k].from);
		}
	}
}

/* Whether one runs that waits for people is no difference to a plan, but to the way back to where it ran. */
static void what_people_had_started_is_a_way_back(void **state)
{
	static const struct {
		const char *from, *to;
		size_t changes;
	} cases[] = {{"ux=runs", "ux", 0}, {"ux=runs", "ux=runs", 0}, {"ux", "ux=runs", 1}, {"ux=finished", "ux", 0}, {"ux=finished", "ux=finished", 0}, {"ux", "ux=finished", 1},
			 /* started again, or at its end meanwhile */
			 {"ux=runs", "ux=finished", 0}, {"ux=finished", "ux=runs", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest from = world(&a, cases[i].from), to = world(&a, cases[i].to);
		struct plan p;

		plan_make(&a, &from, &to, &p);
		assert_int_equal(p.changes.n, cases[i].changes);
	}
}

static void slices_are_the_whole_plan_by_kind(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest from = world(&a, rows[i].from), to = world(&a, rows[i].to);
		struct plan p;
		size_t seen = 0;

		plan_make(&a, &from, &to, &p);
		for (int kind = 0; kind < RES_KIND_COUNT; kind++) {
			struct slice s = plan_slice(&p, (enum res_kind)kind);

			for (size_t k = 0; k < s.n; k++, seen++) {
				assert_int_equal(change_res(&s.at[k])->kind, kind);
				assert_ptr_equal(&s.at[k], &p.changes.at[seen]);
			}
		}
		assert_int_equal(seen, p.changes.n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(difference_is_found_in_order),
		cmocka_unit_test(the_way_back_is_the_same_with_the_ends_swapped),
		cmocka_unit_test(what_people_had_started_is_a_way_back),
		cmocka_unit_test(slices_are_the_whole_plan_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
