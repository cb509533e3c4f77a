/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/unit_follow: whoever is bound to a unit that is started again goes with it, along a chain of any length and in any order; who does not run, or is bound to something else, does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/unit_drift.h"
#include "runtime/unit_follow.h"

static struct res_unit *unit(struct manifest *m, const char *name, const char *bound)
{
	struct res_unit *u = manifest_add_unit(m, str_of(name));

	u->text = str_fmt(m->arena, "[Unit]\n%s%s\n[X-ctstack]\n", bound ? "BindsTo=" : "", bound ? bound : "");
	u->active = true;
	return u;
}

static void who_is_bound_goes_along(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest seen = {.arena = &a};

	(void)state;
	struct res_unit *last = unit(&seen, "ct-a.service", "ct-b.service"), *down = unit(&seen, "ct-down.service", "ct-c.service"),
			*behind = unit(&seen, "ct-behind.service", "ct-down.service"), *people = unit(&seen, "ct-p.service", "ct-a.service"),
			*middle = unit(&seen, "ct-b.service", "ct-c.service"), *doomed = unit(&seen, "ct-c.service", "ct-root.service"),
			*root = unit(&seen, "ct-root.service", NULL), *other = unit(&seen, "ct-other.service", "ct-elsewhere.service");
	down->active = behind->active = false;
	people->active = false;
	people->runs = true;
	units_bound_mark(&seen);
	assert_int_equal(last->fault.n + middle->fault.n + people->fault.n, 0);
	doomed->fault = STR(UNIT_ASTRAY);
	middle->fault = STR(UNIT_UNREAD); /* mending which takes no process */
	units_bound_mark(&seen);
	assert_true(str_is(doomed->fault, UNIT_ASTRAY));
	assert_true(str_is(middle->fault, UNIT_GOES_WITH));
	assert_true(str_is(last->fault, UNIT_GOES_WITH));
	assert_true(str_is(people->fault, UNIT_GOES_WITH));
	assert_int_equal(root->fault.n + other->fault.n + down->fault.n + behind->fault.n, 0);
}

/* Before and after: `a` shall not run any more. */
static void who_waits_for_people_goes_down_for_good(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest from = {.arena = &a}, to = {.arena = &a};
	struct res_unit *first = NULL;
	struct map down = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = {"ct-a.service", "ct-b.service", "ct-c.service", "ct-idle.service", "ct-other.service"},
					 *const bound[] = {NULL, "ct-a.service", "ct-b.service", "ct-a.service", "ct-elsewhere.service"};
		struct res_unit *x = unit(&from, names[i], bound[i]), *y = unit(&to, names[i], bound[i]);

		x->active = i == 0;
		x->runs = i == 1 || i == 2 || i == 4;
		y->active = false;
		first = first ? first : y;
	}
	manifest_seal(&from);
	manifest_seal(&to);
	units_left_down(&a, &from, &to, &down);
	assert_true(map_get(&down, STR("ct-b.service")) && map_get(&down, STR("ct-c.service")));
	assert_int_equal(down.n, 2);
	first->active = true;
	down = (struct map){0};
	units_left_down(&a, &from, &to, &down);
	assert_int_equal(down.n, 0);
}

/* The last of the names is the first of the chain: a search that goes through all units for each step would take hours. */
static void a_chain_is_as_long_as_it_likes(void **state)
{
	enum { LONG = 100000 };
	_arena_ struct arena a = {0};
	struct manifest seen = {.arena = &a};
	size_t marked = 0;

	(void)state;
	for (int i = 0; i < LONG; i++)
		unit(&seen, str_fmt(&a, "ct-s-%06d.service", i).s, i + 1 < LONG ? str_fmt(&a, "ct-s-%06d.service", i + 1).s : NULL);
	((struct res_unit *)seen.all.at[LONG - 1])->fault = STR(UNIT_ASTRAY);
	units_bound_mark(&seen);
	for (size_t i = 0; i < LONG; i++)
		marked += str_is(((struct res_unit *)seen.all.at[i])->fault, UNIT_GOES_WITH);
	assert_int_equal(marked, LONG - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_bound_goes_along),
		cmocka_unit_test(who_waits_for_people_goes_down_for_good),
		cmocka_unit_test(a_chain_is_as_long_as_it_likes),
	};

	return cmocka_run_group_tests_name("unit_follow", tests, NULL, NULL);
}
