/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names of stacks and containers, looked up in the current generation (select.h). */
#include "runtime/cli/select.h"

#include <errno.h>

#include "lang/base/near.h"

static int none_of_it(struct session *s, struct str name, struct err *e)
{
	struct near near = near_start(name);
	const struct res_container *c;
	const struct res_stack *stack;

	manifest_each(stack, stack, &s->recorded)
		near_offer(&near, stack->res.id);
	manifest_each(container, c, &s->recorded)
		near_offer(&near, c->res.id);
	if (near.best.s)
		return err_set(e, -ENOENT, "there is no stack or container `%.*s` on this host; did you mean `%.*s`?", STR_ARG(name), STR_ARG(near.best));
	return err_set(e, -ENOENT, "there is no stack or container `%.*s` on this host: `ctc list` names them", STR_ARG(name));
}

static bool is_meant(const struct res_container *c, struct str name)
{
	return str_eq(c->res.id, name) || str_eq(c->res.stack, name);
}

int select_containers(struct session *s, char **names, int n, struct selected *ret, struct err *e)
{
	const struct res_container *c;

	*ret = (struct selected){0};
	for (int i = 0; i < n; i++) {
		struct str name = str_of(names[i]);

		if (!manifest_find(&s->recorded, RES_container, name) && !manifest_find(&s->recorded, RES_stack, name))
			return none_of_it(s, name, e);
	}
	manifest_each(container, c, &s->recorded) {
		bool meant = n == 0;

		for (int i = 0; i < n && !meant; i++)
			meant = is_meant(c, str_of(names[i]));
		if (meant)
			vec_push(&s->arena, &ret->all, c);
	}
	return 0;
}

int select_one(struct session *s, const char *name, const struct res_container **ret, struct err *e)
{
	struct selected found;
	char *names[] = {(char *)name};
	int r = select_containers(s, names, 1, &found, e);

	if (r < 0)
		return r;
	if (found.all.n != 1)
		return err_set(e, -EINVAL, "`%s` is a stack with %zu containers: name one, like %.*s", name, found.all.n,
			       found.all.n ? (int)found.all.at[0]->res.id.n : 15, found.all.n ? found.all.at[0]->res.id.s : "STACK.CONTAINER");
	*ret = found.all.at[0];
	return 0;
}
