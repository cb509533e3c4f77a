/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kind nft as a keeper of one table: what is applied is found again, what others do is seen, what is not ours is left alone. What packets meet is test_nft.c's. */
#include "tests/kernel/policy.h"

#include "runtime/nft_rules.h"

/* One element of every set, and two of some. */
static void one_of_each(struct manifest *m)
{
	static const struct {
		const char *set, *key, *data;
	} all[] = {
		{"links", "ctaaaaaaaa", ""},
		{"links", "ct-with-dashes_", ""},
		{"source4", "ctaaaaaaaa . 10.20.0.11", ""},
		{"source6", "ctaaaaaaaa . fd20::11", ""},
		{"address4", "10.20.0.11", ""},
		{"address6", "fd20::11", ""},
		{"flow4", "10.20.0.11 . 10.20.0.12 . tcp . 80", ""},
		{"flow4", "10.20.0.11 . 10.20.0.12 . udp . 80", ""},
		{"flow6", "fd20::11 . fd20::12 . sctp . 65535", ""},
		{"flow_range4", "10.20.0.11 . 10.20.0.12 . tcp . 8000-8010", ""},
		{"flow_range4", "10.20.0.11 . 10.20.0.12 . tcp . 8020-8030", ""},
		{"flow_range6", "fd20::11 . fd20::12 . udp . 1-65535", ""},
		{"world4", "10.20.0.11 . tcp . 443", ""},
		{"world6", "fd20::11 . tcp . 443", ""},
		{"world_range4", "10.20.0.11 . tcp . 80-90", ""},
		{"world_range6", "fd20::11 . tcp . 80-90", ""},
		{"world_any4", "10.20.0.11", ""},
		{"world_any6", "fd20::11", ""},
		{"ingress4", "10.20.0.11 . tcp . 443", ""},
		{"ingress6", "fd20::11 . tcp . 443", ""},
		{"ingress_range4", "10.20.0.11 . tcp . 80-90", ""},
		{"ingress_range6", "fd20::11 . tcp . 80-90", ""},
		{"host4", "10.20.0.11 . udp . 53", ""},
		{"host6", "fd20::11 . udp . 53", ""},
		{"host_range4", "10.20.0.11 . tcp . 80-90", ""},
		{"host_range6", "fd20::11 . tcp . 80-90", ""},
		{"host_any4", "10.20.0.11", ""},
		{"host_any6", "fd20::11", ""},
		{"dnat4", "127.0.0.1 . tcp . 8080", "10.20.0.11 . 80"},
		{"dnat6", "::1 . tcp . 8080", "fd20::11 . 80"},
		{"dnat_any4", "tcp . 8080", "10.20.0.11 . 80"},
		{"dnat_any6", "tcp . 8080", "fd20::11 . 80"},
		{"published4", "127.0.0.1 . 10.20.0.11 . tcp . 80", ""},
		{"published6", "::1 . fd20::11 . tcp . 80", ""},
		{"published_any4", "10.20.0.11 . tcp . 80", ""},
		{"published_any6", "fd20::11 . tcp . 80", ""},
		{"hairpin4", "10.20.0.11 . 10.20.0.11", ""},
		{"hairpin6", "fd20::11 . fd20::11", ""},
		{"masquerade4", "10.20.0.11", ""},
		{"masquerade6", "fd20::11", ""},
	};

	want_rules(m);
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		want(m, all[i].set, all[i].key, all[i].data, "lab.ctstack:3:14");
}

static void what_is_applied_is_found_again(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};

	one_of_each(&m);
	seal(&m);
	must_apply(w, &m);
	must_hold(w, &m);
	struct manifest now = look(w);
	for (size_t i = 0; i < now.all.n; i++)
		if (!str_is(now.all.at[i]->id, POLICY_RULES))
			assert_true(str_is(now.all.at[i]->origin, "lab.ctstack:3:14"));
	for (int s = 0; s < SET_COUNT; s++) {
		size_t found = 0;

		for (size_t i = 0; i < now.all.n; i++)
			found += str_is(((struct res_nft *)now.all.at[i])->set, policy_sets[s].name);
		assert_in_range(found, 1, 2); /* the list above has every set */
	}
	/* The same once more changes nothing, not even the generation of the rules. */
	struct str before = output(w, "nft list ruleset");
	must_apply(w, &m);
	assert_true(str_eq(before, output(w, "nft list ruleset")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_applied_is_found_again, end_test),
	};

	return cmocka_run_group_tests_name("nft_table", tests, world_setup, world_teardown);
}
