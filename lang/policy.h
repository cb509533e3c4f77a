/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The sets of policy.def as data. */
#ifndef CTC_LANG_POLICY_H
#define CTC_LANG_POLICY_H

#include "lang/base/str.h"

enum policy_set {
#define POLICY_SET(name, family, key, data, form, doc) SET_##name,
#include "lang/policy.def"
#undef POLICY_SET
	SET_COUNT
};

enum policy_field { FIELD_END, FIELD_IFNAME, FIELD_ADDR, FIELD_PROTO, FIELD_PORT };
enum policy_form { SET_EXACT, SET_RANGE };
enum { POLICY_FIELDS_MAX = 5 };

struct policy_set_info {
	const char *name;
	int family;				   /* 4, 6 or 0 */
	enum policy_field key[POLICY_FIELDS_MAX];  /* ended by FIELD_END */
	enum policy_field data[POLICY_FIELDS_MAX]; /* empty for a set */
	enum policy_form form;
	const char *doc;
};
extern const struct policy_set_info policy_sets[SET_COUNT];

/* The rules that look the sets up are a resource too: a res_nft with id and set POLICY_RULES and key POLICY_RULES_KEY,
 * wanted wherever any element is. An observed table whose rules, chains or sets are not what this program writes has
 * another key, so that the plan sees it; without the resource the whole table goes. */
#define POLICY_RULES "rules"
#define POLICY_RULES_KEY "intact"

/* The set of this name, or SET_COUNT. */
enum policy_set policy_set_find(struct str name);

#endif
