/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The reference of templates and files, from their source: the comment above one says what it is, the text behind a parameter what that is for, and what it gives is shown as it is
 * written, with what comes from templates of the same file that it extends. */
#include "lang/doc.h"

enum { CHAIN_MAX = 16 };

static struct str source_text(const struct ast *ast, struct span at)
{
	return (struct str){ast->source->text.s + (at.lo - ast->source->base), at.hi - at.lo};
}

static struct str base_text(const struct ast *ast, const struct entry *t)
{
	return t->base ? source_text(ast, t->base->at) : STR("?");
}

/* An entry of the body as it is written, moved to the left by what its first line is indented. */
static void put_entry(const struct ast *ast, const struct entry *e, struct buf *out)
{
	struct str text = source_text(ast, e->at), all = ast->source->text;
	size_t begin = e->at.lo - ast->source->base, indent = 0;

	while (begin > indent && (all.s[begin - indent - 1] == ' ' || all.s[begin - indent - 1] == '\t'))
		indent++;
	for (bool first = true; text.n; first = false) {
		struct str line = str_cut(text, '\n', &text);
		size_t drop = 0;

		while (!first && drop < indent && drop < line.n && (line.s[drop] == ' ' || line.s[drop] == '\t'))
			drop++;
		buf_fmt(out, "  %.*s\n", (int)(line.n - drop), line.s + drop);
	}
}

static void put_param(const struct ast *ast, const struct entry *e, struct buf *out)
{
	buf_fmt(out, "  %.*s: %.*s", STR_ARG(entry_word(e).text), STR_ARG(source_text(ast, e->type->at)));
	if (e->value)
		buf_fmt(out, " = %.*s", STR_ARG(source_text(ast, e->value->at)));
	buf_addc(out, '\n');
	if (e->doc.n)
		buf_fmt(out, "      %.*s\n", STR_ARG(e->doc));
}

static bool is_param(const struct entry *e)
{
	return e->kind == EN_PARAM;
}

static size_t count(const struct entry_list *list, bool params)
{
	size_t n = 0;

	for (const struct entry *e = list->first; e; e = e->next)
		n += is_param(e) == params;
	return n;
}

/* The first line of a description; the whole of it follows in doc_template. */
static struct str first_line(struct str doc)
{
	return str_cut(doc, '\n', NULL);
}

/* The template that this one extends, where it stands in the same file, or NULL. */
static const struct entry *base_of(const struct ast *ast, const struct entry *t)
{
	if (t->base && t->base->kind == EX_NAME)
		for (const struct entry *e = ast->entries.first; e; e = e->next)
			if (e->kind == EN_TEMPLATE && str_eq(entry_word(e).text, t->base->u.text))
				return e;
	return NULL;
}

static void put_params(const struct ast *ast, const struct entry *t, struct buf *out)
{
	for (const struct entry *e = t->body.first; e; e = e->next)
		if (is_param(e))
			put_param(ast, e, out);
}

static void put_given(const struct ast *ast, const struct entry *t, struct buf *out)
{
	for (const struct entry *e = t->body.first; e; e = e->next)
		if (!is_param(e))
			put_entry(ast, e, out);
}

void doc_template(const struct ast *ast, const struct entry *t, struct str name, struct buf *out)
{
	const struct entry *chain[CHAIN_MAX];
	struct str doc = t->doc;
	size_t n = 0, params = 0;

	/* What is only parsed may extend itself. */
	for (const struct entry *e = t; e && n < CHAIN_MAX; e = base_of(ast, e)) {
		chain[n++] = e;
		params += count(&e->body, true);
	}
	buf_fmt(out, "%.*s: a template of %.*s\n", STR_ARG(name), STR_ARG(base_text(ast, t)));
	while (doc.n) {
		struct str line = str_cut(doc, '\n', &doc);

		buf_fmt(out, "%.*s\n", STR_ARG(line));
	}
	buf_puts(out, params ? "\nParameters:\n" : "");
	for (size_t i = 0; i < n; i++)
		put_params(ast, chain[i], out);
	for (size_t i = 0; i < n; i++) {
		if (!count(&chain[i]->body, false))
			continue;
		if (i == 0)
			buf_puts(out, "\nIt gives:\n");
		else
			buf_fmt(out, "\nAnd as %.*s:\n", STR_ARG(entry_word(chain[i]).text));
		put_given(ast, chain[i], out);
	}
}

static void put_listed(const struct ast *ast, const struct entry *e, struct buf *out)
{
	if (e->kind == EN_INPUT)
		put_param(ast, e, out);
	else if (e->kind == EN_TEMPLATE)
		buf_fmt(out, "  %-14.*s %.*s\n", STR_ARG(entry_word(e).text), STR_ARG(first_line(e->doc)));
	else
		buf_fmt(out, "  %.*s = %.*s\n", STR_ARG(entry_word(e).text), STR_ARG(source_text(ast, e->value->at)));
}

void doc_file(const struct ast *ast, struct str name, struct buf *out)
{
	static const struct {
		enum entry_kind kind;
		const char *title;
	} sections[] = {{EN_INPUT, "Inputs"}, {EN_TEMPLATE, "Templates"}, {EN_OUTPUT, "Outputs"}};
	bool any = false;

	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		bool titled = false;

		for (const struct entry *e = ast->entries.first; e; e = e->next) {
			if (e->kind != sections[i].kind)
				continue;
			if (!titled)
				buf_fmt(out, "%s%s of %.*s:\n", any ? "\n" : "", sections[i].title, STR_ARG(name));
			any = titled = true;
			put_listed(ast, e, out);
		}
	}
	if (!any)
		buf_fmt(out, "%.*s has no inputs, templates and outputs.\n", STR_ARG(name));
}
