/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The model as source text, row by row of the schema. A value's place tells where it comes from: within a template, within `defaults`, or written for the block; what has no
 * place is the schema's. Names are written so that they mean the same from where they stand now. */
#include "compiler/effective_impl.h"

#include <ctype.h>

#include "lang/ast.h"
#include "lang/base/cleanup.h"
#include "lang/base/sort.h"
#include "lang/base/utf8.h"
#include "lang/print.h"

/* ---- where values come from ---- */

static void regions_of(struct effective *e, const struct entry_list *list)
{
	for (const struct entry *i = list->first; i; i = i->next) {
		if (i->kind == EN_TEMPLATE)
			vec_push(&e->arena, &e->regions, (struct region){i->at, entry_word(i).text});
		else if (i->kind == EN_BLOCK && str_is(entry_word(i).text, "defaults"))
			vec_push(&e->arena, &e->regions, (struct region){i->at, STR("")});
		else if (i->kind == EN_BLOCK || i->kind == EN_FOR || i->kind == EN_IF)
			regions_of(e, &i->body);
		if (i->kind == EN_IF)
			regions_of(e, &i->other);
	}
}

static int cmp_regions(const void *a, const void *b)
{
	const struct region *x = a, *y = b;

	return (x->at.lo > y->at.lo) - (x->at.lo < y->at.lo);
}

static void regions_find(struct effective *e)
{
	size_t n = e->sources->all.n;

	for (size_t i = 0; i < n; i++) {
		struct diags unheard = {.arena = &e->arena, .sources = e->sources};

		regions_of(e, &parse(&e->arena, &unheard, e->sources->all.at[i])->entries);
	}
	sort_array(e->regions.at, e->regions.n, sizeof *e->regions.at, cmp_regions);
}

static const struct region *region_of(const struct effective *e, struct span at)
{
	size_t lo = 0, hi = e->regions.n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (e->regions.at[middle].at.lo <= at.lo)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo && at.lo < e->regions.at[lo - 1].at.hi ? &e->regions.at[lo - 1] : NULL;
}

/* What a comment cannot hold is left out of it: a path may have any byte but NUL. */
static void put_path(struct str path, struct buf *out)
{
	for (size_t i = 0, len; i < path.n; i += len) {
		uint32_t code;

		len = utf8_decode(path.s + i, path.n - i, &code);
		if (!len || code < 0x20 || code == 0x7f || utf8_invisible(code)) {
			buf_addc(out, '?');
			len += !len;
		} else {
			buf_add(out, path.s + i, len);
		}
	}
}

/* "  # template ollama, std.ml:18", and the end of the line. */
static void put_origin(struct effective *e, bool given, struct span at)
{
	struct place p = source_place(e->sources, at);
	const struct region *r = p.source ? region_of(e, at) : NULL;

	if (!given || !p.source) {
		buf_puts(e->out, "  # schema default\n");
		return;
	}
	buf_puts(e->out, "  # ");
	if (r && r->name.n)
		buf_fmt(e->out, "template %.*s, ", STR_ARG(r->name));
	else if (r)
		buf_puts(e->out, "defaults, ");
	put_path(p.source->path, e->out);
	buf_fmt(e->out, ":%u\n", p.line);
}

/* ---- blocks ---- */

static void indent(struct effective *e, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_puts(e->out, "  ");
}

static size_t value_offset(enum type_tag tag)
{
	switch ((int)tag) {
#define TYPE(tag_, ctype, shown) \
	case T_##tag_:           \
		return offsetof(struct f_##tag_, v);
#include "lang/type.def"
#undef TYPE
	}
	return 0;
}

/* What every struct f_TYPE begins with. */
struct f_any {
	bool set, given;
	struct span at;
};

static void put_field(struct effective *e, const struct schema_row *row, const void *field, unsigned depth)
{
	const struct f_any *any = field;

	if (!any->set)
		return;
	indent(e, depth);
	buf_fmt(e->out, "%.*s = ", STR_ARG(row->name));
	effective_value(e, row->type, (const char *)field + value_offset(row->type));
	if (any->given || row->dflt.n)
		put_origin(e, any->given, any->at);
	else
		buf_puts(e->out, "  # chosen\n");
}

static bool is_name(struct str s)
{
	bool good = s.n && !isdigit((unsigned char)s.s[0]) && s.s[0] != '-' && s.s[s.n - 1] != '-';

	for (size_t i = 0; good && i < s.n; i++)
		good = isalnum((unsigned char)s.s[i]) || s.s[i] == '_' || s.s[i] == '-';
	return good;
}

static void put_map(struct effective *e, const struct schema_row *row, const void *map, unsigned depth)
{
	const struct type_info *type = &type_infos[row->type];
	const VEC(char) *entries = map;	/* of struct entry_TYPE */

	if (!entries->n)
		return;
	indent(e, depth);
	buf_fmt(e->out, "%.*s {\n", STR_ARG(row->name));
	for (size_t i = 0; i < entries->n; i++) {
		const char *entry = entries->at + i * type->entry_size;
		struct str name = *(const struct str *)entry;
		const struct f_any *any = (const void *)(entry + type->entry_value);

		indent(e, depth + 1);
		if (is_name(name))
			buf_str(e->out, name);
		else
			string_text(name, e->out);
		buf_puts(e->out, " = ");
		effective_value(e, row->type, (const char *)any + value_offset(row->type));
		put_origin(e, true, any->at);
	}
	indent(e, depth);
	buf_puts(e->out, "}\n");
}

static void put_rows(struct effective *e, enum kind_tag kind, const void *model, unsigned depth);

static void put_block(struct effective *e, const struct schema_row *row, const struct m_head *head, unsigned depth)
{
	const struct m_container *outer = e->inside;

	indent(e, depth);
	buf_str(e->out, row->name);
	if (head->name.n)
		buf_fmt(e->out, " %.*s", STR_ARG(head->name));
	buf_puts(e->out, " {\n");
	if (row->child == KIND_container)
		e->inside = (const void *)head;
	put_rows(e, row->child, head, depth + 1);
	e->inside = outer;
	indent(e, depth);
	buf_puts(e->out, "}\n");
}

static bool has_rows(enum kind_tag kind, const void *model)
{
	for (size_t i = 0; model && i < schema_kinds[kind].nrows; i++)
		if (schema_kinds[kind].rows[i].form == ROW_FIELD && ((const struct f_any *)model_field(model, &schema_kinds[kind].rows[i]))->set)
			return true;
	return false;
}

static void put_arrows(struct effective *e, const struct schema_row *row, const void *vector, unsigned depth)
{
	const VEC(char) *arrows = vector;

	for (size_t i = 0; i < arrows->n; i++) {
		const char *arrow = arrows->at + i * row->arrow_size;
		const void *block = *(void *const *)(const void *)(arrow + row->arrow_block);
		struct span at = *(const struct span *)(const void *)arrow;
		enum word mode = *(const enum word *)(const void *)(arrow + row->arrow_mode);

		indent(e, depth);
		buf_fmt(e->out, "%.*s ", STR_ARG(row->name));
		if (mode != WORD_COUNT)
			buf_fmt(e->out, "%.*s ", STR_ARG(word_texts[mode]));
		effective_value(e, row->type, arrow + row->arrow_left + value_offset(row->type));
		buf_puts(e->out, " -> ");
		effective_value(e, row->right, arrow + row->arrow_right + value_offset(row->right));
		if (has_rows(row->child, block)) {
			buf_puts(e->out, " {");
			put_origin(e, true, at);
			put_rows(e, row->child, block, depth + 1);
			indent(e, depth);
			buf_puts(e->out, "}\n");
		} else {
			put_origin(e, true, at);
		}
	}
}

static void put_rows(struct effective *e, enum kind_tag kind, const void *model, unsigned depth)
{
	for (size_t i = 0; i < schema_kinds[kind].nrows; i++) {
		const struct schema_row *row = &schema_kinds[kind].rows[i];
		const void *member = model_field(model, row);
		const VEC(struct m_head *) *many = member;

		switch (row->form) {
		case ROW_FIELD:
			put_field(e, row, member, depth);
			break;
		case ROW_MAP:
			put_map(e, row, member, depth);
			break;
		case ROW_ARROW:
			put_arrows(e, row, member, depth);
			break;
		case ROW_BLOCK:
			if (row->how == HOW_ONE && *(struct m_head *const *)member)
				put_block(e, row, *(struct m_head *const *)member, depth);
			for (size_t k = 0; row->how == HOW_MANY && k < many->n; k++)
				put_block(e, row, many->at[k], depth);
			break;
		}
	}
}

static bool alias_taken(const struct effective *e, const struct model *model, struct str alias)
{
	vec_each(const struct used, u, &e->used)
		if (str_eq(u->alias, alias))
			return true;
	vec_each(struct m_stack *const, s, &model->stacks)
		if (!(*s)->head.outside && str_eq((*s)->head.name, alias))
			return true;
	return str_is(alias, "std") || str_is(alias, "world") || str_is(alias, "host");
}

/* The file's own name as an identifier: "lab" of shared/lab.ctstack, "lab-2" where that is another one's. */
static struct str alias_of(struct effective *e, const struct model *model, struct str path)
{
	struct buf text = {0};
	size_t from = path.n, n;

	while (from && path.s[from - 1] != '/')
		from--;
	n = path.n - from;
	if (n > 8 && memcmp(path.s + path.n - 8, ".ctstack", 8) == 0)
		n -= 8;
	for (size_t i = from; i < from + n; i++) {
		char c = path.s[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_', digit = c >= '0' && c <= '9';

		if (text.n == 0 && !letter)
			buf_puts(&text, "file-");
		buf_addc(&text, letter || digit ? c : '-');
	}
	while (text.n && text.s[text.n - 1] == '-')
		text.n--;
	if (!text.n)
		buf_puts(&text, "file");
	struct str stem = buf_take(&text, &e->arena), alias = stem;
	for (size_t k = 2; alias_taken(e, model, alias); k++)
		alias = str_fmt(&e->arena, "%.*s-%zu", STR_ARG(stem), k);
	return alias;
}

/* use "./lab.ctstack" as lab: for the stacks of files that are only used. */
static void put_uses(struct effective *e, const struct model *model)
{
	vec_each(struct m_stack *const, s, &model->stacks) {
		const struct source *source = source_place(e->sources, (*s)->head.at).source;
		bool known = !(*s)->head.outside || !source;

		vec_each(const struct used, u, &e->used)
			known |= u->source == source;
		if (known)
			continue;
		struct str alias = alias_of(e, model, source->path);
		vec_push(&e->arena, &e->used, (struct used){source, alias});
		buf_puts(e->out, "use ");
		string_text(STR_JOIN(&e->arena, str_starts(source->path, STR("../")) ? STR("") : STR("./"), source->path), e->out);
		buf_fmt(e->out, " as %.*s\n", STR_ARG(alias));
	}
	if (e->used.n)
		buf_addc(e->out, '\n');
}

/* In the form that the formatter gives. */
static void put_formed(struct effective *e, struct buf *out)
{
	struct sources alone = {.arena = &e->arena};
	struct diags unheard = {.arena = &e->arena, .sources = &alone};
	struct source *source = source_add(&alone, STR("effective"), buf_view(e->out));

	if (!source || !print_source(&unheard, source, out))
		buf_str(out, buf_view(e->out));
}

void effective_print(struct sources *sources, const struct model *model, struct buf *out)
{
	_buf_ struct buf raw = {0};
	struct effective e = {.sources = sources, .out = &raw};
	bool first = true;

	regions_find(&e);
	put_uses(&e, model);
	vec_each(struct m_stack *const, s, &model->stacks) {
		if ((*s)->head.outside)
			continue;
		e.stack = *s;
		buf_fmt(&raw, "%sstack %.*s {\n", first ? "" : "\n", STR_ARG((*s)->head.name));
		put_rows(&e, KIND_stack, *s, 1);
		buf_puts(&raw, "}\n");
		first = false;
	}
	put_formed(&e, out);
	arena_free(&e.arena);
}
