/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * parse(): a text is read in the quick way, and once more with care where that meets a mistake. What the grammar's actions make is in parse_expr.c and parse_entry.c. */
#include "lang/parse.h"

#include "grammar.h"
#include "lang/base/cleanup.h"

struct str parser_shown(const struct parser *p, struct span at)
{
	enum { SHOWN_MAX = 40 };
	struct str text = parser_text(p, at);

	if (text.n > SHOWN_MAX + 2)
		text.n = SHOWN_MAX + 2;	/* a line end has two bytes at most */
	text = str_cut(text, '\n', NULL);
	if (text.n && text.s[text.n - 1] == '\r')
		text.n--;
	if (text.n <= SHOWN_MAX)
		return text;
	size_t n = SHOWN_MAX;
	while (n > 0 && ((unsigned char)text.s[n] & 0xc0) == 0x80)
		n--;
	return str_fmt(p->arena, "%.*s…", (int)n, text.s);
}
struct ast *parse(struct arena *a, struct diags *d, struct source *source)
{
	return parse_heard(a, d, source, NULL);
}

static struct parser parser_new(struct arena *a, struct diags *d, struct source *source)
{
	struct parser p = {.arena = a, .kept = a, .diags = d, .ast = arena_new(a, struct ast), .text = source->text, .base = source->base, .last = SEP, .before = SEP};

	p.ast->source = source;
	p.last_at = p.before_at = (struct span){source->base, source->base};
	return p;
}

static void parser_run(struct parser *p, int (*grammar)(struct parser *p))
{
	lexer_open(p);
	grammar(p);
	lexer_close(p);
}

/* What a byte of text comes to in a tree, about. */
enum { TREE_BYTES = 6 };

/* Most texts have no mistakes, and are read in the quick way. Where that meets any, all that it said and made is left alone, and the text is read once more. */
struct ast *parse_heard(struct arena *a, struct diags *d, struct source *source, struct listener *listener)
{
	_arena_ struct arena passing = {0};
	struct diags doubts = {.arena = a, .sources = d->sources};
	struct parser quick = parser_new(a, &doubts, source), careful = parser_new(a, d, source);
	size_t errors = d->errors;

	if (!text_check(&careful))
		return careful.ast;
	if (!listener)
		arena_expect(a, (size_t)TREE_BYTES * source->text.n);
	quick.quick = true;
	if (listener && d->errors == errors) {
		quick.listener = listener;
		quick.arena = &passing;
	}
	parser_run(&quick, quick_parse);
	if (!quick.failed && doubts.all.n == 0)
		return quick.ast;
	parser_run(&careful, yyparse);
	return careful.ast;
}
