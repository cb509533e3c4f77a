/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Inputs, and the values that they are given from outside: `--set name=value` and files of lines `name = value`. Each is a source like any other, so that what is
 * wrong has its caret under the option's text or the file's line. Values are expressions without names; the text of an option for a string or a path needs no quotes. */
#include "compiler/inputs.h"

#include "compiler/elab.h"
#include "compiler/read.h"
#include "lang/base/cleanup.h"

/* ---- reading ---- */

/* Enters a value, in place of one of the same name from a file where it is an option's. */
static void given_add(struct modules *m, struct diags *d, struct given one)
{
	struct given *new = arena_new(&m->arena, struct given), *old = map_add(&m->arena, &m->given_by_name, one.name.text, new);

	*new = one;
	if (!old) {
		vec_push(&m->arena, &m->given, new);
	} else if (old->set == one.set) {
		struct diag *twice = diag_add(d, DIAG_field_twice, one.name.at, "`%.*s` is given twice", STR_ARG(one.name.text));

		diag_note(d, twice, old->name.at, "first given here");
	} else {
		*old = one;
	}
}

static void vars_read(struct sources *sources, struct diags *d, struct str path, struct modules *ret)
{
	struct stat st;
	struct source *source = NULL;
	struct ast *ast;
	int error;
	_fd_ int fd = text_open(&ret->arena, d, path, (struct span){0, 0}, &st, &error);

	if (fd >= 0)
		source = text_read(sources, d, fd, st.st_size, path, (struct span){0, 0}, &error);
	if (error && !ret->error)
		ret->error = -error;
	if (!source)
		return;
	ast = parse(&ret->arena, d, source);
	for (const struct entry *e = ast->entries.first; e; e = e->next)
		if (e->kind == EN_FIELD)
			given_add(ret, d, (struct given){.name = entry_word(e), .source = source, .ast = ast, .value = e->value, .text = e->value->at});
		else
			diag_help(d, diag_add(d, DIAG_given_form, e->at, "a file of values for inputs holds nothing else than values"), "write: NAME = VALUE");
}

static void set_read(struct sources *sources, struct diags *d, struct str text, struct modules *ret)
{
	struct source *source = text_enter(sources, d, STR("--set"), text, (struct span){0, 0});
	struct str value, name = str_cut(text, '=', &value);

	if (!source)
		return;
	const uint32_t equals = source->base + (uint32_t)name.n, end = source->base + (uint32_t)text.n;
	while (name.n && name.s[name.n - 1] == ' ')
		name.n--;
	const struct span name_at = {source->base, source->base + (uint32_t)name.n};
	if (equals == end || form_name(name, N_NAME)) {
		diag_help(d, diag_add(d, DIAG_given_form, name_at, "this gives no input a value"), "write: --set NAME=VALUE");
		return;
	}
	given_add(ret, d, (struct given){.set = true, .name = {name, name_at}, .source = source, .text = {equals + 1, end}});
}

void givens_read(struct sources *sources, struct diags *d, const struct givens *givens, struct modules *ret)
{
	for (size_t i = 0; i < givens->nvars; i++)
		vars_read(sources, d, str_of(givens->vars[i]), ret);
	for (size_t i = 0; i < givens->nset; i++)
		set_read(sources, d, str_of(givens->set[i]), ret);
}

/* ---- meaning ---- */

/* Where nothing has a name. */
static struct scope *nowhere(struct elab *el, const struct ast *ast)
{
	struct scope *s = scope_new(el, NULL, NULL);
	struct module *m = arena_new(el->a, struct module);

	m->ast = (struct ast *)ast;
	s->file = arena_new(el->a, struct file);
	s->file->module = m;
	return s;
}

static struct str given_text(const struct given *g)
{
	return (struct str){g->source->text.s + (g->text.lo - g->source->base), g->text.hi - g->text.lo};
}

/* The text of an option: a string's as it is, anything else in the language's notation. NULL where a mistake was said. */
static const struct expr *set_value(struct elab *el, const struct given *g, const struct type *t, const struct ast **ret_ast)
{
	struct str text = given_text(g);
	bool quoted = text.n && text.s[0] == '"', none = t->optional && str_eq(text, STR("none"));
	bool as_is = t->tag == T_STRING || t->tag == T_IMAGE || (t->tag == T_PATH && text.n && text.s[0] == '/');
	const struct entry *e;
	size_t errors = el->d->errors;

	if (as_is && !quoted && !none) {
		struct expr *plain = arena_new(el->a, struct expr);

		plain->kind = EX_STRING;
		plain->at = g->text;
		plain->u.text = text;
		return plain;
	}
	*ret_ast = parse(el->a, el->d, g->source);
	e = (*ret_ast)->entries.first;
	if (e && e->kind == EN_FIELD && !e->next)
		return e->value;
	if (el->d->errors == errors)
		say(el, DIAG_given_form, g->text, "this is not one value");
	return NULL;
}

/* A reference to a block, which nobody outside can name. */
static bool is_block_type(const struct type *t)
{
	switch (t->tag) {
#define REF(tag, kind) case T_##tag:
#define REFS(tag, one, kind, plural) case T_##tag:
#include "lang/ref.def"
		return true;
	default:
		return false;
	}
}

struct val input_value(struct elab *el, struct binding *b, const struct type *t, const struct target *to)
{
	const struct given *g = b->given;
	const struct ast *ast = g->ast;
	const struct expr *value = g->value ? g->value : set_value(el, g, t, &ast);

	return value ? eval_as(el, value, nowhere(el, ast), t, to) : val_poison();
}

void input_add(struct elab *el, struct file *f, const struct entry *e)
{
	struct binding *b = arena_new(el->a, struct binding);

	b->form = BIND_INPUT;
	b->name = entry_word(e);
	b->declared = e->type;
	b->home = f->scope;
	b->given = map_get(&el->modules->given_by_name, entry_word(e).text);
	if (b->given)
		b->given->used = true;
	b->slot = (struct slot){.expr = e->value, .scope = f->scope, .state = e->value || b->given ? SLOT_FRESH : SLOT_EMPTY};
	if (names_add(el, &f->scope->names, b))
		vec_push(el->a, &el->bindings, b);
	struct type t = {0};
	if (b->slot.state == SLOT_EMPTY && !declared_optional(el, b) && (!b->declared || type_read(el, b->declared, b->home, &t))) {
		struct diag *d = say(el, DIAG_input_missing, entry_word(e).at, "input `%.*s` has neither a value nor a default", STR_ARG(entry_word(e).text));

		if (b->declared && is_block_type(&t))
			say_help(el, d, "a block is not given from outside: its name may be, as a string; or a template has it as a `param`");
		else
			say_help(el, d, "give it one: --set %.*s=…, or a line `%.*s = …` in a file for --vars", STR_ARG(entry_word(e).text), STR_ARG(entry_word(e).text));
	}
}

void inputs_unknown(struct elab *el)
{
	vec_each(struct given *const, at, &el->modules->given) {
		const struct given *g = *at;
		struct near near = near_start(g->name.text);

		if (g->used)
			continue;
		struct diag *d = say(el, DIAG_input_unknown, g->name.at, "no file has an input `%.*s`", STR_ARG(g->name.text));
		vec_each(struct binding *, b, &el->bindings)
			if ((*b)->form == BIND_INPUT)
				near_offer(&near, (*b)->name.text);
		say_suggest(el, d, &near);
	}
}
