/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The parser on damaged texts: every prefix, and every text with one byte left out or changed, of the examples, the standard library and the goldens. It must not
 * crash (the sanitizer build looks closer), the tree must be sound, and one piece of damage must not be answered by a heap of messages. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "lang/ast.h"
#include "lang/base/cleanup.h"

enum { TEXT_MAX = 1 << 16, CUTS_MAX = 2000 };	/* of a longer text every second, third, ... byte */

struct text {
	char *bytes;
	size_t n;
};

static struct text text_read(const char *path)
{
	_file_ FILE *f = fopen(path, "re");
	struct text t = {.bytes = malloc(TEXT_MAX + 1)};

	assert_non_null(f);
	assert_non_null(t.bytes);
	t.n = fread(t.bytes, 1, TEXT_MAX, f);
	assert_true(t.n < TEXT_MAX);
	return t;
}

static void sound_span(const struct source *s, struct span at)
{
	assert_true(at.lo >= s->base && at.hi <= s->base + s->text.n && at.lo <= at.hi);
}

static void sound_entries(const struct source *s, const struct entry_list *list, unsigned depth);

static void sound_expr(const struct source *s, const struct expr *e, uint32_t depth)
{
	if (!e)
		return;
	sound_span(s, e->at);
	assert_true(e->depth < depth);
	switch (e->kind) {
	case EX_TEXT:
	case EX_COMPUTED:
	case EX_LIST:
		for (const struct expr *i = e->u.list.first; i; i = i->next)
			sound_expr(s, i, e->depth);
		break;
	case EX_MEMBER:
		sound_expr(s, e->u.member.base, e->depth);
		break;
	case EX_PORT_OF:
		sound_expr(s, e->u.port_of.base, e->depth);
		break;
	case EX_INDEX:
		sound_expr(s, e->u.index.base, e->depth);
		sound_expr(s, e->u.index.index, e->depth);
		break;
	case EX_CALL:
		for (const struct expr *i = e->u.call.args.first; i; i = i->next)
			sound_expr(s, i, e->depth);
		break;
	case EX_UNARY:
	case EX_BINARY:
		sound_expr(s, e->u.op.left, e->depth);
		sound_expr(s, e->u.op.right, e->depth);
		break;
	case EX_COND:
		sound_expr(s, e->u.cond.condition, e->depth);
		sound_expr(s, e->u.cond.yes, e->depth);
		sound_expr(s, e->u.cond.no, e->depth);
		break;
	case EX_COMPREHENSION:
		sound_expr(s, e->u.loop.body, e->depth);
		sound_expr(s, e->u.loop.key, e->depth);
		sound_expr(s, e->u.loop.loop->list, e->depth);
		sound_expr(s, e->u.loop.loop->condition, e->depth);
		break;
	case EX_MAP:
		for (const struct entry *i = e->u.map.first; i; i = i->next) {
			assert_int_equal(i->kind, EN_FIELD);
			sound_expr(s, i->value, e->depth);
			sound_expr(s, computed_name(i), e->depth);
		}
		break;
	default:
		break;
	}
}

static void sound_entry(const struct source *s, const struct entry *e, unsigned depth)
{
	enum { TREE_MAX = 201 };

	sound_span(s, e->at);
	switch (e->kind) {
	case EN_BLOCK:
		sound_expr(s, e->name, TREE_MAX);
		sound_expr(s, e->base, TREE_MAX);
		sound_entries(s, &e->body, depth + 1);
		break;
	case EN_TEMPLATE:
		sound_expr(s, e->base, TREE_MAX);
		sound_entries(s, &e->body, depth + 1);
		break;
	case EN_ARROW:
		assert_non_null(e->left);
		assert_non_null(e->right);
		sound_expr(s, e->left, TREE_MAX);
		sound_expr(s, e->right, TREE_MAX);
		sound_entries(s, &e->body, depth + 1);
		break;
	case EN_FOR:
	case EN_IF:
		assert_non_null(e->value);
		sound_expr(s, e->value, TREE_MAX);
		sound_entries(s, &e->body, depth + 1);
		if (e->kind == EN_IF)
			sound_entries(s, &e->other, depth + 1);
		break;
	case EN_ASSERT:
		sound_expr(s, e->message, TREE_MAX);
		/* fall through */
	case EN_FIELD:
		if (e->kind == EN_FIELD)
			sound_expr(s, computed_name(e), TREE_MAX);
		/* fall through */
	case EN_LET:
	case EN_OUTPUT:
	case EN_USE:
		assert_non_null(e->value);
		/* fall through */
	case EN_PARAM:
	case EN_INPUT:
		sound_expr(s, e->value, TREE_MAX);
		break;
	case EN_TYPE:
		assert_non_null(e->type);
		break;
	}
}

static void sound_entries(const struct source *s, const struct entry_list *list, unsigned depth)
{
	assert_true(depth < 500);
	for (const struct entry *e = list->first; e; e = e->next) {
		sound_entry(s, e, depth);
	}
}

/* Parses from memory of exactly that size, so that a read behind its end is seen. Returns the number of messages. */
static size_t parse_once(const char *bytes, size_t n)
{
	_arena_ struct arena arena = {0};
	_mem_ char *copy = malloc(n ? n : 1);
	_buf_ struct buf shown = {0};
	struct sources sources = {.arena = &arena};
	struct diags diags = {.arena = &arena, .sources = &sources};

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	struct source *s = source_add(&sources, STR("cut"), (struct str){copy, n});
	struct ast *ast = parse(&arena, &diags, s);
	sound_entries(s, &ast->entries, 0);
	diags_render(&diags, DIAG_TEXT, false, &shown);
	diags_render(&diags, DIAG_JSON, false, &shown);
	return diags.all.n;
}

static void worst(size_t *most, size_t now, const char *path, size_t at, const char *how, size_t limit)
{
	if (now > *most)
		*most = now;
	if (now > limit)
		fail_msg("%s, %s at byte %zu: %zu messages for one piece of damage", path, how, at, now);
}

/* A text that is right: cut off, one byte left out, one byte made another. */
static void damage(const char *path, bool right)
{
	struct text t = text_read(path);
	_mem_ char *bytes = t.bytes;
	_mem_ char *other = malloc(t.n + 1);
	size_t most = 0, step = t.n / CUTS_MAX + 1;

	assert_non_null(other);
	if (right)
		assert_int_equal(parse_once(bytes, t.n), 0);
	for (size_t i = 0; i < t.n; i += step) {
		worst(&most, parse_once(bytes, i), path, i, "cut", right ? 2 : SIZE_MAX);
		memcpy(other, bytes, i);
		memcpy(other + i, bytes + i + 1, t.n - i - 1);
		worst(&most, parse_once(other, t.n - 1), path, i, "left out", right ? 3 : SIZE_MAX);
		memcpy(other, bytes, t.n);
		for (const char *c = "\"{}[()\n$#\\:= a0\x80"; *c; c++) {
			other[i] = *c;
			if (i % 7 == 0)
				parse_once(other, t.n);
		}
	}
}

static void damage_all(const char *pattern, bool right)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		damage(found.gl_pathv[i], right);
	globfree(&found);
}

static void damaged_examples_get_few_messages(void **state)
{
	(void)state;
	damage_all("examples/*.ctstack", true);
	damage_all("stdlib/*.ctstack", true);
}

static void damaged_goldens_do_no_harm(void **state)
{
	(void)state;
	damage_all("tests/golden/literal/*.ctstack", false);
	damage_all("tests/golden/grammar/[a-ce-z]*.ctstack", false);
	damage_all("tests/golden/text/[bceit]*.ctstack", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_examples_get_few_messages),
		cmocka_unit_test(damaged_goldens_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
