/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was written and could not be understood. That it is wrong has been said where it stands; that what it would have declared is not there is no news to anybody. Beside the entries that
 * the parser lost (ast.h) these are entries that no kind has a word for, and blocks whose name is none or another one's. */
#include "compiler/elab.h"

enum { LOST_MAX = 200, LOST_BYTES_MAX = 16384 }; /* beyond that nothing is news, which also bounds the work */

static void word_add(struct elab *el, struct file *f, struct str word)
{
	if (f->lost.words.n <= LOST_MAX)
		vec_push(el->a, &f->lost.words, word);
}

void lost_entry(struct elab *el, struct file *f, const struct entry *e)
{
	const struct expr *name = e->kind == EN_BLOCK ? e->name : NULL;

	if (name && name->kind == EX_NAME)
		word_add(el, f, name->u.text);
	else if (name)
		f->lost.unnamed = true;
	else if (f->lost.bytes <= LOST_BYTES_MAX) {
		const struct source *s = f->module->ast->source;
		struct str text = {s->text.s + (e->at.lo - s->base), e->at.hi - e->at.lo};

		f->lost.bytes += text.n;
		vec_push(el->a, &f->lost.entries, text);
	}
}

void lost_name(struct elab *el, struct file *f, struct str name)
{
	if (name.n)
		word_add(el, f, name);
	else
		f->lost.unnamed = true;
}

bool lost_word(const struct file *f, struct str word)
{
	if (f->lost.words.n > LOST_MAX || f->lost.bytes > LOST_BYTES_MAX || ast_lost_word(f->module->ast, word))
		return true;
	vec_each(const struct str, one, &f->lost.words)
		if (str_eq(*one, word))
			return true;
	vec_each(const struct str, text, &f->lost.entries)
		if (word.n && memmem(text->s, text->n, word.s, word.n))
			return true;
	return false;
}

/* A name that cannot be is near to the one that was meant: web_server, Web. */
bool lost_meant(const struct elab *el, const struct file *f, struct str name, struct str best)
{
	for (size_t i = 0; i < f->lost.words.n && el->suggested < SUGGESTED_MAX; i++) {
		struct near near = near_start(f->lost.words.at[i]);

		near_offer(&near, name);
		if (near.best.n || str_starts(f->lost.words.at[i], name))
			return true;
	}
	return best.n ? lost_word(f, best) : f->lost.unnamed;
}

bool node_lost_word(const struct node *n, struct str word)
{
	if (n->broken || n->partial)
		return true;
	for (const struct layer *l = n->layers; l; l = l->next)
		if (lost_word(l->outer->file, word) || ast_unnamed_within(l->outer->file->module->ast, l->entry->at))
			return true;
	return false;
}

bool node_lost_field(const struct node *n)
{
	if (n->broken || n->partial || n->lost)
		return true;
	for (const struct layer *l = n->layers; l; l = l->next)
		if (ast_lost_within(l->outer->file->module->ast, l->entry->at))
			return true;
	return false;
}
