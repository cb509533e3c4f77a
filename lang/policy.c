/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * policy.def as a table. */
#include "lang/policy.h"

#define IFNAME FIELD_IFNAME
#define ADDR FIELD_ADDR
#define PROTO FIELD_PROTO
#define PORT FIELD_PORT
#define KEY(...) {__VA_ARGS__}
#define DATA(...) {__VA_ARGS__}

const struct policy_set_info policy_sets[SET_COUNT] = {
#define POLICY_SET(name, family, key, data, form, doc) [SET_##name] = {#name, family, key, data, SET_##form, doc},
#include "lang/policy.def"
};

enum policy_set policy_set_find(struct str name)
{
	int s = 0;

	while (s < SET_COUNT && !str_is(name, policy_sets[s].name))
		s++;
	return (enum policy_set)s;
}
