/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a tree says of what is not in it. */
#include "lang/ast.h"

/* Where that much is lost, nothing is news: which also bounds the work. */
enum { LOST_ENTRIES_MAX = 200, LOST_BYTES_MAX = 16384 };

bool ast_lost_within(const struct ast *ast, struct span at)
{
	if (ast->lost.n > LOST_ENTRIES_MAX)
		return true;
	vec_each(struct span, lost, &ast->lost)
		if (lost->lo >= at.lo && lost->lo < at.hi)
			return true;
	return false;
}

bool ast_lost_word(const struct ast *ast, struct str word)
{
	size_t bytes = 0;

	vec_each(struct span, lost, &ast->lost) {
		const char *s = ast->source->text.s + (lost->lo - ast->source->base);
		size_t n = lost->hi - lost->lo;

		bytes += n;
		if (bytes > LOST_BYTES_MAX || (word.n && memmem(s, n, word.s, word.n)))
			return true;
	}
	return ast->lost.n > LOST_ENTRIES_MAX;
}

bool ast_unnamed(const struct ast *ast)
{
	vec_each(const struct unnamed, one, &ast->unnamed)
		if (one->block)
			return true;
	return false;
}

bool ast_unnamed_within(const struct ast *ast, struct span at)
{
	if (ast->unnamed.n > LOST_ENTRIES_MAX)
		return true;
	vec_each(const struct unnamed, one, &ast->unnamed)
		if (one->at >= at.lo && one->at < at.hi)
			return true;
	return false;
}
