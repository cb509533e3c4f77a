/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One form of separator for each kind of bracket, where lines begin, and where blanks stand. */
#include "lang/parse.h"
#include "lang/print_impl.h"

/* Whether a comma belongs behind the last element, where each stands on its own line. */
static bool takes_last_comma(const struct level *l)
{
	return l->lines && !l->comprehension && (l->token == '[' || l->token == CALL);
}

/* Whether a comma is part of the entry at hand: assert a, "b"; for name, value in map. */
static bool comma_within(const struct level *l)
{
	return l->first == ASSERT || l->first == FOR || l->comprehension;
}

static bool last_in_bracket(const struct items *raw, size_t i)
{
	for (i++; i < raw->n && raw->at[i].token == 0; i++)
		;
	return i == raw->n || item_is(&raw->at[i], IS_CLOSING);
}

static bool separator_stays(const struct items *raw, const struct level *l, size_t i)
{
	if (raw->at[i].token == ',' && l->brace && comma_within(l))
		return true;
	if (l->brace && l->lines)
		return false;
	return !last_in_bracket(raw, i) || (!l->brace && takes_last_comma(l));
}

static bool line_begins(const struct level *l, const struct item *it, const struct item *before, bool entry)
{
	if (!before || before->token == 0)
		return true;
	if (it->token == 0 || !l->lines)
		return it->token == 0 && it->breaks > 0;
	return it->breaks > 0 || entry || (item_is(before, IS_OPENING) && before->lines);
}

/* The comma behind the last element: before the comments that follow that. */
static void comma_add(struct printer *p, size_t open)
{
	struct items *items = &p->items;
	size_t end = items->n;

	while (items->at[end - 1].token == 0)
		end--;
	if (end - 1 == open || item_is(&items->at[end - 1], IS_SEPARATOR))
		return;
	vec_push(p->arena, items, (struct item){0});
	memmove(items->at + end + 1, items->at + end, (items->n - 1 - end) * sizeof *items->at);
	items->at[end] = (struct item){.token = ',', .is = IS_SEPARATOR | IS_TIGHT, .cells = 1, .tight = true, .other = ELSEWHERE};
}

/* NAME: type */
static bool declares(const struct level *l)
{
	return l->record || l->first == LET || l->first == PARAM || l->first == INPUT;
}

static bool is_tight(const struct level *l, const struct item *it, const struct item *before, bool before_unary)
{
	switch (it->token) {
	case ':':
		return declares(l);
	case '<':
	case '>':
		return l->typed;
	}
	return item_is(it, IS_TIGHT) || item_is(before, IS_TIGHT_BEHIND) || before_unary || (before->token == '<' && l->typed);
}

static void item_space(struct printer *p, struct level *l, struct item *it)
{
	it->tight = is_tight(l, it, &p->spaced, p->unary);
	p->unary = it->token == '-' && !item_is(&p->spaced, IS_OPERAND);
	if (it->token == ':')
		l->typed |= declares(l);
	else if (it->token == '=')
		l->typed = l->first == TYPE;
	p->spaced.token = it->token;
	p->spaced.is = it->is;
}

static void level_open(struct printer *p, const struct item *it)
{
	const struct level *around = &p->levels[p->nlevels - 1];
	bool brace = item_is(it, IS_BRACE);

	p->levels[p->nlevels] = (struct level){.open = (uint32_t)p->items.n, .token = it->token, .brace = brace, .lines = it->lines, .first = SEP,
					       .record = brace && around->typed, .typed = around->typed && !brace};
	p->nlevels++;
}

static void item_close(struct printer *p, const struct level *l, struct item *it, const struct item *before)
{
	it->begins = line_begins(l, it, before, false) || l->lines;
	it->other = l->open;
	if (it->other != ELSEWHERE)
		p->items.at[it->other].other = (uint32_t)p->items.n;
	p->nlevels--;
}

/* Whether it stands first on a line, and in an entry. */
static void item_begin(struct printer *p, struct level *l, struct item *it, const struct item *before)
{
	p->entry |= l->brace && it->breaks > 0;
	bool entry = p->entry && l->brace;

	if (entry && it->token != 0) {
		l->first = it->token;
		l->typed = false;
	}
	it->begins = line_begins(l, it, before, entry);
	l->comprehension |= it->token == FOR && !entry;
}

void print_items(struct printer *p)
{
	p->items.n = 0;
	for (size_t i = 0; i < p->raw.n; i++) {
		struct item it = p->raw.at[i];
		struct level *l = &p->levels[p->nlevels - 1];

		if (item_is(&it, IS_SEPARATOR) && !separator_stays(&p->raw, l, i)) {
			p->entry |= l->brace;
			continue;
		}
		if (item_is(&it, IS_CLOSING) && takes_last_comma(l))
			comma_add(p, l->open);
		const struct item *before = p->items.n ? &p->items.at[p->items.n - 1] : p->begun ? &p->before : NULL;
		if (item_is(&it, IS_CLOSING))
			item_close(p, l, &it, before);
		else
			item_begin(p, l, &it, before);
		if (it.token != 0) {
			item_space(p, l, &it);
			p->entry = item_is(&it, IS_BRACE) || (item_is(&it, IS_SEPARATOR) && l->brace && !(it.token == ',' && comma_within(l)));
		}
		if (item_is(&it, IS_OPENING))
			level_open(p, &it);
		vec_push(p->arena, &p->items, it);
	}
	/* What is open stays so, but its items are not in the next window. */
	for (size_t i = p->nlevels; i-- > 0 && p->levels[i].open != ELSEWHERE;)
		p->levels[i].open = ELSEWHERE;
}
