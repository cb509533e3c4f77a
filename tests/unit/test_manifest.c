/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lang/manifest: order, comparison, and the text form: decode(encode(m)) = m, and what is no manifest is refused by name. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "lang/manifest.h"

static struct manifest sample(struct arena *a)
{
	static struct str ports[] = {{"http=80/tcp", 11}};
	struct manifest m = {.arena = a};
	struct res_unit *u = manifest_add_unit(&m, STR("ct-x-web.service"));

	u->res.stack = STR("x");
	u->res.origin = STR("x.ctstack:3:1");
	u->text = STR("[Service]\nExecStart=/bin/true \"quoted\"\n");
	u->active = true;
	struct res_container *c = manifest_add_container(&m, STR("x.web"));
	c->ports = (struct strs){ports, 1};
	struct res_directory *d = manifest_add_directory(&m, STR("/data"));
	d->mode = 0750;
	d->uid = 1000;
	manifest_add_netns(&m, STR("ct-x-web"));
	assert_null(manifest_seal(&m));
	return m;
}

static void sorted_by_kind_then_id_and_found(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest m = sample(&a);
	struct res_unit *u;
	size_t units = 0;

	(void)state;
	assert_int_equal(m.all.at[0]->kind, RES_container);
	assert_non_null(manifest_find(&m, RES_directory, STR("/data")));
	assert_null(manifest_find(&m, RES_directory, STR("/datb")));
	assert_null(manifest_find(&m, RES_stack, STR("x")));
	manifest_each(unit, u, &m) {
		assert_true(str_is(u->res.id, "ct-x-web.service"));
		units++;
	}
	assert_int_equal(units, 1);
}

static void text_form_is_canonical_and_comes_back(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest m = sample(&a), back = {.arena = &a};
	_buf_ struct buf first = {0}, second = {0};
	struct err e = {0};

	(void)state;
	manifest_encode(&m, &first);
	assert_int_equal(manifest_decode(buf_view(&first), &back, &e), 0);
	manifest_encode(&back, &second);
	assert_true(str_eq(buf_view(&first), buf_view(&second)));
	for (size_t i = 0; i < m.all.n; i++)
		assert_true(res_same(m.all.at[i], back.all.at[i]));
}

static void noted_fields_are_no_difference(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest m = sample(&a);
	struct res *d = manifest_find(&m, RES_directory, STR("/data")), *copy = res_copy(&a, d);

	(void)state;
	((struct res_directory *)copy)->keep = true;
	copy->origin = STR("elsewhere:1:1");
	assert_true(res_same(d, copy));
	((struct res_directory *)copy)->mode = 0700;
	assert_false(res_same(d, copy));
}

static void same_id_twice_is_seen(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest m = {.arena = &a};

	(void)state;
	manifest_add_netns(&m, STR("ct-a"));
	manifest_add_netns(&m, STR("ct-a"));
	assert_non_null(manifest_seal(&m));
}

static void what_is_no_manifest_is_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{"", -EBADMSG},
		{"[]", -EBADMSG},
		{"{\"ctstack-manifest\":1}", -EBADMSG},
		{"{\"ctstack-manifest\":99,\"resources\":[]}", -EPROTO},
		{"{\"ctstack-manifest\":1,\"resources\":[7]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"moon\",\"id\":\"x\"}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"netns\"}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"netns\",\"id\":\"\"}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"netns\",\"id\":\"x\",\"mode\":1}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"directory\",\"id\":\"/x\",\"mode\":\"1\"}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[{\"kind\":\"netns\",\"id\":\"x\"},{\"kind\":\"netns\",\"id\":\"x\"}]}", -EBADMSG},
		{"{\"ctstack-manifest\":1,\"resources\":[]}", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest m = {.arena = &a};
		struct err e = {0};

		assert_int_equal(manifest_decode(str_of(rows[i].text), &m, &e), rows[i].code);
		assert_int_equal(e.text[0] != '\0', rows[i].code != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorted_by_kind_then_id_and_found),
		cmocka_unit_test(text_form_is_canonical_and_comes_back),
		cmocka_unit_test(noted_fields_are_no_difference),
		cmocka_unit_test(same_id_twice_is_seen),
		cmocka_unit_test(what_is_no_manifest_is_refused),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
