/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Templates by name: which one an expression behind `:` means, and of which kind it is in the end. What is in their bodies is read anew
 * for each block that uses them (node.c). */
#include "compiler/elab.h"

#include "compiler/stdlib.h"

void templates_collect(struct elab *el, struct file *f)
{
	for (const struct entry *e = f->module->ast->entries.first; e; e = e->next) {
		struct template *t, *old;

		if (e->kind != EN_TEMPLATE)
			continue;
		t = arena_new(el->a, struct template);
		t->entry = e;
		t->file = f;
		if (kind_find(entry_word(e).text) != KIND_COUNT) {
			say(el, DIAG_name_form, entry_word(e).at, "`%.*s` is a kind of block: no template can have this name",
			    STR_ARG(entry_word(e).text));
			continue;
		}
		old = map_add(el->a, &f->templates, entry_word(e).text, t);
		if (old) {
			struct diag *d = say(el, DIAG_name_twice, entry_word(e).at, "two templates are called `%.*s`",
					     STR_ARG(entry_word(e).text));

			say_note(el, d, entry_word(old->entry).at, "first declared here");
			continue;
		}
		vec_push(el->a, &f->template_list, t);
	}
}

static struct template *unknown(struct elab *el, struct file *f, struct ident name, bool kinds_too)
{
	if (unknown_again(el, &f->unknown, name.text, name.at) || lost_word(f, name.text) || map_get(&f->misplaced, name.text))
		return NULL;
	struct near near = near_start(name.text);
	struct diag *d = say(el, DIAG_template_unknown, name.at, "there is no template `%.*s`%s", STR_ARG(name.text),
			     f->module->std ? " in this module" : "");

	if (d)
		map_add(el->a, &f->unknown, name.text, d);
	vec_each(struct template *, t, &f->template_list)
		near_offer(&near, entry_word((*t)->entry).text);
	for (size_t k = 0; kinds_too && k < KIND_COUNT; k++)
		near_offer(&near, schema_kinds[k].word);
	say_suggest(el, d, &near);
	for (size_t i = 0; d && i < f->module->uses.n; i++) {
		const struct module_use *use = &f->module->uses.at[i];

		if (use->module && map_get(&el->files[use->module->index].templates, name.text)) {
			say_help(el, d, "write %.*s.%.*s", STR_ARG(use->alias), STR_ARG(name.text));
			break;
		}
	}
	return NULL;
}

struct file *file_used(struct elab *el, struct file *f, struct str alias, bool *ret_bad)
{
	*ret_bad = false;
	for (size_t i = 0; i < f->module->uses.n; i++) {
		const struct module_use *use = &f->module->uses.at[i];

		if (!str_eq(use->alias, alias))
			continue;
		*ret_bad = !use->module;
		return use->module ? &el->files[use->module->index] : NULL;
	}
	return NULL;
}

/* It may be used under another name. */
static void help_module(struct elab *el, const struct file *f, struct diag *d, struct str name)
{
	const struct str own = str_fmt(el->a, "std.%.*s", STR_ARG(name));

	vec_each(struct module_use, use, &f->module->uses)
		if (use->module && (str_eq(use->module->name, own) || str_is(use->module->name, str_fmt(el->a, "<%.*s>", STR_ARG(own)).s))) {
			say_help(el, d, "it is called `%.*s` here", STR_ARG(use->alias));
			return;
		}
	const struct stdlib_module *m = stdlib_modules;

	while (m->name && !str_is(name, m->name))
		m++;
	if (!m->name && f->module->uses.n == 1)
		say_help(el, d, "the one that is used is called `%.*s`", STR_ARG(f->module->uses.at[0].alias));
	else
		say_help(el, d, "for the standard library's: use std.%.*s", STR_ARG(name));
}

/* The file that a module's name stands for in this one. */
static struct file *module_find(struct elab *el, struct file *f, const struct expr *e)
{
	struct near near;
	bool bad;

	if (e->kind != EX_NAME) {
		say(el, DIAG_template_unknown, e->at, "a template is named NAME or MODULE.NAME");
		return NULL;
	}
	struct file *used = file_used(el, f, e->u.text, &bad);
	if (used || bad)
		return used;
	if (unknown_again(el, &f->unknown, e->u.text, e->at) || lost_word(f, e->u.text))
		return NULL;
	near = near_start(e->u.text);
	for (size_t i = 0; i < f->module->uses.n; i++)
		near_offer(&near, f->module->uses.at[i].alias);
	file_used(el, f, near.best, &bad);
	struct diag *d = bad ? NULL : say(el, DIAG_template_unknown, e->at, "no module `%.*s` is used here", STR_ARG(e->u.text));
	if (d)
		map_add(el->a, &f->unknown, e->u.text, d);
	say_suggest(el, d, &near);
	if (d && near.best.n == 0)
		help_module(el, f, d, e->u.text);
	return NULL;
}

static struct template *template_named(struct elab *el, struct file *f, const struct expr *base, bool kinds_too)
{
	struct template *t;
	struct ident name;

	if (base->kind == EX_MEMBER) {
		f = module_find(el, f, base->u.member.base);
		if (!f)
			return NULL;
		name = base->u.member.name;
		kinds_too = false;
	} else if (base->kind == EX_NAME) {
		name = (struct ident){base->u.text, base->at};
	} else {
		say(el, DIAG_template_unknown, base->at, "a template is named NAME or MODULE.NAME");
		return NULL;
	}
	t = map_get(&f->templates, name.text);
	return t ? t : unknown(el, f, name, kinds_too);
}

/* Finds the kind that a template makes in the end. False where a mistake was said. */
static bool resolve(struct elab *el, struct template *t)
{
	const struct expr *base = t->entry->base;

	if (t->state == TEMPLATE_BUSY) {
		struct diag *d = say(el, DIAG_template_cycle, entry_word(t->entry).at, "template `%.*s` extends itself",
				     STR_ARG(entry_word(t->entry).text));

		for (const struct template *on = t->base; on && on != t; on = on->base)
			say_note(el, d, entry_word(on->entry).at, "by way of `%.*s`", STR_ARG(entry_word(on->entry).text));
		say_help(el, d, "the first of them names a kind: template %.*s : container { … }", STR_ARG(entry_word(t->entry).text));
		return false;
	}
	if (t->state != TEMPLATE_FRESH)
		return t->state == TEMPLATE_GOOD;
	t->state = TEMPLATE_BUSY;
	t->kind = KIND_COUNT;
	if (!base) {
		struct diag *d = say(el, DIAG_template_unknown, entry_word(t->entry).at,
				     "template `%.*s` does not say what it makes", STR_ARG(entry_word(t->entry).text));
		say_help(el, d, "template %.*s : container { … }", STR_ARG(entry_word(t->entry).text));
	} else {
		if (base->kind == EX_NAME)
			t->kind = kind_find(base->u.text);
		if (t->kind == KIND_COUNT) {
			t->base = template_named(el, t->file, base, true);
			if (t->base && el->slot_depth++ < SLOT_DEPTH_MAX && resolve(el, t->base))
				t->kind = t->base->kind;
			else if (t->base && el->slot_depth > SLOT_DEPTH_MAX)
				say_limit(el, DIAG_limit_depth, base->at,
					  "templates extend each other more than %d deep", SLOT_DEPTH_MAX);
			if (t->base)
				el->slot_depth--;
		}
	}
	t->state = t->kind != KIND_COUNT ? TEMPLATE_GOOD : TEMPLATE_BAD;
	return t->state == TEMPLATE_GOOD;
}

struct template *template_find(struct elab *el, struct file *f, const struct expr *base, enum kind_tag kind)
{
	struct template *t;

	if (base->kind == EX_NAME && kind_find(base->u.text) != KIND_COUNT) {
		say(el, DIAG_template_unknown, base->at, "`%.*s` is a kind of block, not a template",
		    STR_ARG(base->u.text));
		return NULL;
	}
	t = template_named(el, f, base, false);
	if (!t || !resolve(el, t))
		return NULL;
	if (t->kind != kind) {
		struct diag *d = say(el, DIAG_template_kind, base->at, "template `%.*s` is for %.*s, not for %.*s",
				     STR_ARG(entry_word(t->entry).text), STR_ARG(schema_kinds[t->kind].word),
				     STR_ARG(schema_kinds[kind].word));

		say_note(el, d, entry_word(t->entry).at, "declared here");
		say_help(el, d, "its kind stands behind its name: template %.*s : %.*s { … }", STR_ARG(entry_word(t->entry).text), STR_ARG(schema_kinds[kind].word));
		return NULL;
	}
	return t;
}

void templates_check(struct elab *el, struct file *f)
{
	vec_each(struct template *, t, &f->template_list) {
		struct node *n;

		if (!resolve(el, *t) || f->module->std)
			continue;
		n = node_new(el, f->node, (*t)->kind, entry_word((*t)->entry), entry_word((*t)->entry).at);
		if (!n)
			return;
		n->sample = true;
		layers_of_template(el, n, *t, 0);
		node_finish(el, n);
	}
}
