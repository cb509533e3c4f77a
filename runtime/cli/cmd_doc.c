/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc doc: the reference of kinds, fields and templates, from the same tables and sources that the compiler reads. */
#include "lang/doc.h"

#include "compiler/stdlib.h"
#include "lang/base/cleanup.h"
#include "lang/base/near.h"
#include "runtime/cli/cli.h"
#include "runtime/fs.h"

#include <fcntl.h>

#define SUFFIX STR(".ctstack")

struct asking {
	struct cli *c;
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct buf out;
};

static void overview(struct asking *q)
{
	doc_kinds(&q->out);
	buf_puts(&q->out, "\nModules of the standard library:\n");
	for (const struct stdlib_module *m = stdlib_modules; m->name; m++)
		buf_fmt(&q->out, "  std.%s\n", m->name);
	buf_puts(&q->out, "\n`ctc doc KIND`, `ctc doc KIND.FIELD`, `ctc doc std.MODULE`, `ctc doc std.MODULE.TEMPLATE` and `ctc doc FILE.ctstack` say more.\n");
}

/* An entry by its word alone, of whichever kinds have it. */
static bool ask_row(struct asking *q, struct str word)
{
	bool found = false;

	for (unsigned k = KIND_COUNT; k-- > 0;)
		for (size_t i = 0; i < schema_kinds[k].nrows; i++) {
			const struct schema_row *row = &schema_kinds[k].rows[i];

			if (!schema_kinds[k].word.n || !str_eq(row->name, word))
				continue;
			buf_puts(&q->out, found ? "\n" : "");
			doc_row((enum kind_tag)k, row, &q->out);
			found = true;
		}
	return found;
}

/* KIND, KIND.FIELD or FIELD */
static int ask_kind(struct asking *q, struct str what)
{
	struct str field, word = str_cut(what, '.', &field);
	enum kind_tag kind = kind_find(word);
	struct near near = near_start(kind == KIND_COUNT ? word : field);

	if (kind == KIND_COUNT && !field.n && ask_row(q, word))
		return 0;
	if (kind == KIND_COUNT) {
		for (unsigned k = 0; k < KIND_COUNT; k++)
			near_offer(&near, schema_kinds[k].word);
		near_offer(&near, STR("std"));
		if (near.best.n)
			return cli_fail(q->c, "there is no kind of block %.*s; did you mean %.*s?", STR_ARG(word), STR_ARG(near.best));
		return cli_fail(q->c, "there is no kind of block %.*s; `ctc doc` lists them", STR_ARG(word));
	}
	if (!field.n) {
		doc_kind(kind, &q->out);
		return 0;
	}
	for (size_t i = 0; i < schema_kinds[kind].nrows; i++) {
		const struct schema_row *row = &schema_kinds[kind].rows[i];

		if (str_eq(row->name, field)) {
			doc_row(kind, row, &q->out);
			return 0;
		}
		near_offer(&near, row->name);
	}
	if (near.best.n)
		return cli_fail(q->c, "%.*s has no %.*s; did you mean %.*s?", STR_ARG(word), STR_ARG(field), STR_ARG(near.best));
	return cli_fail(q->c, "%.*s has no %.*s; `ctc doc %.*s` lists what it has", STR_ARG(word), STR_ARG(field), STR_ARG(word));
}

/* The templates of a text, or one of them. */
static int ask_text(struct asking *q, struct str name, struct str text, struct str template)
{
	struct source *source = source_add(&q->sources, name, text);
	struct near near = near_start(template);

	if (!source)
		return cli_fail(q->c, "%.*s is too large", STR_ARG(name));
	struct ast *ast = parse(&q->arena, &q->diags, source);
	if (q->diags.errors) {
		cli_diags(q->c, &q->diags, DIAG_TEXT);
		return 1;
	}
	for (const struct entry *e = ast->entries.first; template.n && e; e = e->next) {
		if (e->kind != EN_TEMPLATE)
			continue;
		if (str_eq(entry_word(e).text, template)) {
			doc_template(ast, e, STR_JOIN(&q->arena, name, STR("."), template), &q->out);
			return 0;
		}
		near_offer(&near, entry_word(e).text);
	}
	if (!template.n) {
		doc_file(ast, name, &q->out);
		return 0;
	}
	if (near.best.n)
		return cli_fail(q->c, "%.*s has no template %.*s; did you mean %.*s?", STR_ARG(name), STR_ARG(template), STR_ARG(near.best));
	return cli_fail(q->c, "%.*s has no template %.*s; `ctc doc %.*s` lists them", STR_ARG(name), STR_ARG(template), STR_ARG(name));
}

/* std, std.MODULE, std.MODULE.TEMPLATE */
static int ask_std(struct asking *q, struct str what)
{
	struct str template, module;
	struct near near;

	str_cut(what, '.', &module);
	module = str_cut(module, '.', &template);
	near = near_start(module);
	for (const struct stdlib_module *m = stdlib_modules; m->name; m++) {
		if (str_is(module, m->name))
			return ask_text(q, str_fmt(&q->arena, "std.%s", m->name), (struct str){m->begin, (size_t)(m->end - m->begin)}, template);
		near_offer(&near, str_of(m->name));
	}
	if (!module.n) {
		overview(q);
		return 0;
	}
	if (near.best.n)
		return cli_fail(q->c, "the standard library has no module %.*s; did you mean std.%.*s?", STR_ARG(module), STR_ARG(near.best));
	return cli_fail(q->c, "the standard library has no module %.*s; `ctc doc` lists them", STR_ARG(module));
}

static int ask_file(struct asking *q, const char *path)
{
	struct err e = {0};
	struct str text;

	if (fs_read_named(path, SOURCE_MAX, &q->arena, &text, &e) < 0)
		return cli_err(q->c, &e);
	return ask_text(q, str_of(path), text, STR(""));
}

static int ask(struct asking *q, struct str what)
{
	bool file = what.n > SUFFIX.n && str_ends(what, SUFFIX);

	if (file)
		return ask_file(q, what.s);
	return str_is(what, "std") || str_starts(what, STR("std.")) ? ask_std(q, what) : ask_kind(q, what);
}

int cmd_doc(struct cli *c, int argc, char **argv)
{
	bool page = false, synopsis = false;
	const struct cli_option options[] = {
		{"schema", 0, CLI_FLAG, &page, NULL, "the page spec/schema.md: every kind and field", NULL},
		{"synopsis", 0, CLI_FLAG, &synopsis, NULL, "the whole vocabulary on a page, as it is written", NULL},
		{0},
	};
	int status = 0, n = cli_options(c, options, argc, argv, &status);
	struct asking q = {.c = c};

	if (n < 0)
		return status;
	if (n > 1)
		return cli_fail(c, "one question at a time");
	q.sources.arena = q.diags.arena = &q.arena;
	q.diags.sources = &q.sources;
	if (page)
		doc_page(&q.out);
	else if (synopsis)
		doc_synopsis(&q.out);
	else if (n == 0)
		overview(&q);
	else
		status = ask(&q, str_of(argv[1]));
	if (!status)
		status = cli_print(c, buf_view(&q.out));
	buf_free(&q.out);
	arena_free(&q.arena);
	return status;
}
