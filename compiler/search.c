/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The search path. A path is judged twice: as it is written, so that it does not matter what is there, and as the file system leads it. */
#include "compiler/search.h"

#include <errno.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "lang/base/path.h"

struct str path_dir(struct arena *a, struct str path)
{
	size_t n = path.n;

	while (n && path.s[n - 1] != '/')
		n--;
	return n ? str_copy(a, (struct str){path.s, n}) : STR(".");
}

static bool real_path(struct arena *a, struct str path, struct str *ret)
{
	_mem_ char *real = realpath(arena_copy(a, path.s, path.n), NULL);

	if (!real)
		return false;
	*ret = str_copy(a, str_of(real));
	return true;
}

void search_add(struct arena *a, struct search *s, struct str dir)
{
	struct str real;

	if (real_path(a, dir, &real))
		vec_push(a, &s->dirs, real);
}

/* path: absolute, without . and .. */
static bool is_inside(const struct search *s, struct str path)
{
	vec_each(const struct str, dir, &s->dirs)
		if (dir->n == 1 || str_eq(path, *dir) || path_inside(path, *dir))
			return true;
	return false;
}

/* dir, a real path, and below it a relative one, with . and .. worked out on the text. */
static struct str joined(struct arena *a, struct str dir, struct str path)
{
	struct buf b = {0};

	buf_str(&b, dir);
	while (path.n) {
		struct str part = str_cut(path, '/', &path);

		if (part.n == 0 || str_is(part, "."))
			continue;
		if (str_is(part, "..")) {
			while (b.n && b.s[--b.n] != '/')
				;
			continue;
		}
		if (!b.n || b.s[b.n - 1] != '/')
			buf_addc(&b, '/');
		buf_str(&b, part);
	}
	return buf_take(&b, a);
}

int search_check(struct arena *a, const struct search *s, struct str path)
{
	struct str here, real;

	if (!real_path(a, path.n && path.s[0] == '/' ? STR("/") : STR("."), &here) || !is_inside(s, joined(a, here, path)))
		return -EXDEV;
	return real_path(a, path, &real) && !is_inside(s, real) ? -EXDEV : 0;
}
