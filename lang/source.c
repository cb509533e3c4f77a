/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Texts in one space of positions. The first text begins at position 1, so that the span {0, 0} is nowhere. */
#include "lang/source.h"

struct source *source_add(struct sources *all, struct str path, struct str text)
{
	uint32_t base = all->end ? all->end : 1;

	if (text.n > SOURCE_MAX || base + text.n > SOURCES_MAX)
		return NULL;
	struct source *s = arena_new(all->arena, struct source);
	s->path = str_copy(all->arena, path);
	s->text = text;
	s->base = base;
	vec_push(all->arena, &all->all, s);
	all->end = base + (uint32_t)text.n + 1;
	return s;
}

/* The text that a position lies in, or NULL. */
static struct source *source_of(struct sources *all, uint32_t at)
{
	size_t lo = 0, hi = all->all.n;

	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (all->all.at[middle]->base <= at)
			lo = middle;
		else
			hi = middle;
	}
	if (hi == 0 || at == 0)
		return NULL;
	struct source *s = all->all.at[lo];
	return at - s->base <= s->text.n ? s : NULL;
}

static void lines_index(struct arena *a, struct source *s)
{
	const char *end = s->text.s + s->text.n;
	VEC(uint32_t) lines = {0};

	vec_push(a, &lines, 0);
	for (const char *c = s->text.s; s->text.n && (c = memchr(c, '\n', (size_t)(end - c))); c++)
		vec_push(a, &lines, (uint32_t)(c - s->text.s) + 1);
	s->lines = lines.at;
	s->nlines = lines.n;
	s->origins = arena_array(a, s->nlines, sizeof *s->origins);
}

/* The index of the line that an offset lies in. */
static size_t line_of(struct source *s, uint32_t offset)
{
	size_t lo = s->lines[s->asked] <= offset ? s->asked : 0, hi = s->nlines;
	for (size_t step = 1; lo + step < hi; step *= 2) {
		if (s->lines[lo + step] > offset)
			hi = lo + step;
		else
			lo += step;
	}
	while (hi - lo > 1) {
		size_t middle = lo + (hi - lo) / 2;

		if (s->lines[middle] <= offset)
			lo = middle;
		else
			hi = middle;
	}
	return s->asked = lo;
}

/* All of a place but its text. */
static struct place place_numbers(struct sources *all, struct span at)
{
	struct source *s = source_of(all, at.lo);

	if (!s)
		return (struct place){0};
	if (!s->lines)
		lines_index(all->arena, s);
	uint32_t offset = at.lo - s->base;
	size_t line = line_of(s, offset);
	return (struct place){.source = s, .line = (uint32_t)line + 1, .column = offset - s->lines[line] + 1};
}

struct place source_place(struct sources *all, struct span at)
{
	struct place p = place_numbers(all, at);

	if (!p.source)
		return p;
	uint32_t start = p.source->lines[p.line - 1];
	p.text = str_cut((struct str){p.source->text.s + start, p.source->text.n - start}, '\n', NULL);
	if (p.text.n && p.text.s[p.text.n - 1] == '\r')
		p.text.n--;
	return p;
}

/* Without printf, since manifests carry one for each resource. */
static struct str origin_text(struct arena *a, struct place p)
{
	char numbers[2 * (1 + UINT_DIGITS)], *to = numbers + sizeof numbers;

	*(to = uint_before(to, p.column) - 1) = ':';
	*(to = uint_before(to, p.line) - 1) = ':';
	return STR_JOIN(a, p.source->path, (struct str){to, (size_t)(numbers + sizeof numbers - to)});
}

/* What one block asks for are many resources of one place, and mostly the only ones of its line: the newest answer of each line is kept. */
struct str source_origin(struct sources *all, struct span at)
{
	struct place p = place_numbers(all, at);

	if (!p.source)
		return STR("");
	struct origin *kept = &p.source->origins[p.line - 1];
	if (kept->column != p.column) {
		struct str text = origin_text(all->arena, p);

		*kept = (struct origin){text.s, (uint32_t)text.n, p.column};
	}
	return (struct str){kept->s, kept->n};
}
