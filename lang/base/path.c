/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lang/base/path.h"

struct str path_trimmed(struct str path)
{
	while (path.n > 1 && path.s[path.n - 1] == '/')
		path.n--;
	return path;
}

int path_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		int p = a.s[i] == '/' ? 0 : (unsigned char)a.s[i], q = b.s[i] == '/' ? 0 : (unsigned char)b.s[i];

		if (p != q)
			return p < q ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

bool path_inside(struct str path, struct str outer)
{
	return path.n > outer.n && str_starts(path, outer) && path.s[outer.n] == '/';
}
