/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Adoption: what binding filled in is no difference to an offline plan, and nothing else is overlooked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/adopt.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void unit(struct manifest *m, const char *text, bool bound)
{
	struct res_unit *u = manifest_add_unit(m, STR("ct-a.service"));

	u->text = str_of(text);
	u->active = true;
	if (!bound) {
		u->binds.at = arena_new(m->arena, struct str);
		u->binds.at[0] = STR("image:x");
		u->binds.n = 1;
	}
	assert_null(manifest_seal(m));
}

static void texts_that_binding_makes(void **state)
{
	static const struct {
		const char *compiled, *base;
		bool adopted;
	} rows[] = {
		{"run \\\n\t@image:x@\n", "run \\\n\t" ID "\n", true},
		{"run \\\n\t@image:x@ \\\n\targ\n", "run \\\n\t" ID " \\\n\targ\n", true},
		{"run \\\n\t@image:x@ \\\n\targ\n", "run \\\n\t" ID " \\\n\tother\n", false},
		{"run \\\n\t@image:x@\n", "run \\\n\t0123\n", false},
		{"run \\\n\t@image:x@\n", "run \\\n\t" ID "\nmore\n", false},
		{"run \\\n\t@image:x@\nmore\n", "run \\\n\t" ID "\n", false},
		{"run \\\n\t@gpu:nvidia@ \\\n\t@image:x@\n", "run \\\n\t--device=/dev/a \\\n\t--device=/dev/b \\\n\t" ID "\n", true},
		{"run \\\n\t@gpu:nvidia@ \\\n\t@image:x@\nend\n", "run \\\n\t" ID "\nend\n", true},
		{"run \\\n\t@gpu:nvidia@ \\\n\t@image:x@\nend\n", "run \\\n\t--device=/dev/a \\\n\t" ID "\n", false},
		{"a\n\t@gpu:nvidia@ \\\n\tz\n", "a\n\t--device=/dev/a \\\n\tz\n", true},
		{"a\n\t@gpu:nvidia@ \\\n\tz\n", "a\n\t--device=/dev/a \\\n", false},
		{"memory 1\n\t@image:x@\n", "memory 2\n\t" ID "\n", false},
		{"\t@image:x@\n", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena a = {0};
		struct manifest compiled = {.arena = &a}, base = {.arena = &a}, out = {.arena = &a};

		unit(&compiled, rows[i].compiled, false);
		unit(&base, rows[i].base, true);
		manifest_adopt(&compiled, &base, &out);
		assert_int_equal(out.all.n, 1);
		assert_true(out.all.at[0] == (rows[i].adopted ? base.all.at[0] : compiled.all.at[0]));
	}
}

static struct res_unit *add(struct manifest *m, const char *name, const char *text, const char *bind)
{
	struct res_unit *u = manifest_add_unit(m, str_of(name));

	u->text = str_of(text);
	u->active = true;
	if (bind) {
		u->binds.at = arena_new(m->arena, struct str);
		u->binds.at[u->binds.n++] = str_of(bind);
	}
	return u;
}

/* c requires b, which requires a. */
static void what_requires_another_changes_with_it(void **state)
{
	static const struct {
		const char *a, *compiled_a;
		bool bound, same;
	} rows[] = {
		{"a 1\n", "a 1\n", false, true},
		{"a 1\n", "a 2\n", false, false},
		{"a 1\n", "a 1\n", true, true},
		{"a 1\n", "a 2\n", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_arena_ struct arena arena = {0};
		struct manifest compiled = {.arena = &arena}, base = {.arena = &arena}, out = {.arena = &arena};

		add(&compiled, "ct-a.service", rows[i].compiled_a, NULL);
		add(&compiled, "ct-b.service", "b\n\t@requires:ct-a.service@\n", "requires:ct-a.service");
		add(&compiled, "ct-c.service", "c\n\t@requires:ct-b.service@\n", "requires:ct-b.service");
		add(&base, "ct-a.service", rows[i].a, NULL);
		add(&base, "ct-b.service", rows[i].bound ? "b\nRequires=ct-a.service 0123456789abcdef\n" : "b\n\t@requires:ct-a.service@\n", rows[i].bound ? NULL : "requires:ct-a.service");
		add(&base, "ct-c.service", rows[i].bound ? "c\nRequires=ct-b.service 0123456789abcdef\n" : "c\n\t@requires:ct-b.service@\n", rows[i].bound ? NULL : "requires:ct-b.service");
		assert_null(manifest_seal(&compiled));
		assert_null(manifest_seal(&base));
		manifest_adopt(&compiled, &base, &out);
		assert_int_equal(out.all.n, 3);
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(res_same(out.all.at[k], base.all.at[k]), rows[i].same);
	}
}

/* Each requires the next one, whose name comes later, and the last of them has changed. */
static void a_chain_is_as_long_as_it_likes(void **state)
{
	enum { LONG = 50000 };
	_arena_ struct arena a = {0};
	struct manifest compiled = {.arena = &a}, base = {.arena = &a}, out = {.arena = &a};

	(void)state;
	for (int i = 0; i < LONG; i++) {
		const char *name = str_fmt(&a, "ct-s-%06d.service", i).s, *next = str_fmt(&a, "ct-s-%06d.service", i + 1).s;
		bool last = i + 1 == LONG;

		add(&compiled, name, last ? "new\n" : str_fmt(&a, "x\n\t@requires:%s@\n", next).s, last ? NULL : str_fmt(&a, "requires:%s", next).s);
		add(&base, name, last ? "old\n" : str_fmt(&a, "x\nRequires=%s 0123456789abcdef\n", next).s, NULL);
	}
	assert_null(manifest_seal(&compiled));
	assert_null(manifest_seal(&base));
	manifest_adopt(&compiled, &base, &out);
	assert_int_equal(out.all.n, LONG);
	for (size_t i = 0; i < LONG; i++)
		assert_false(res_same(out.all.at[i], base.all.at[i]));
}

static void images_and_switches_of_the_same_name(void **state)
{
	_arena_ struct arena a = {0};
	struct manifest compiled = {.arena = &a}, base = {.arena = &a}, out = {.arena = &a};

	(void)state;
	manifest_add_image(&compiled, STR("x:1"));
	manifest_add_image(&compiled, STR("x:2"));
	manifest_add_sysctl(&compiled, STR("a"))->value = STR("1");
	manifest_add_sysctl(&compiled, STR("b"))->value = STR("1");
	manifest_add_image(&base, STR("x:1"))->digest = STR(ID);
	manifest_add_sysctl(&base, STR("a"))->value = STR("1");
	manifest_add_sysctl(&base, STR("b"))->value = STR("0");
	assert_null(manifest_seal(&compiled));
	assert_null(manifest_seal(&base));
	manifest_adopt(&compiled, &base, &out);
	assert_true(manifest_find(&out, RES_image, STR("x:1")) == manifest_find(&base, RES_image, STR("x:1")));
	assert_true(manifest_find(&out, RES_image, STR("x:2")) == manifest_find(&compiled, RES_image, STR("x:2")));
	assert_true(manifest_find(&out, RES_sysctl, STR("a")) == manifest_find(&base, RES_sysctl, STR("a")));
	assert_true(manifest_find(&out, RES_sysctl, STR("b")) == manifest_find(&compiled, RES_sysctl, STR("b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_binding_makes),
		cmocka_unit_test(what_requires_another_changes_with_it),
		cmocka_unit_test(a_chain_is_as_long_as_it_likes),
		cmocka_unit_test(images_and_switches_of_the_same_name),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
