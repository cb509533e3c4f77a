/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Silences and levels of lints. A silence is a comment: behind an entry it speaks of its line, on a line of its own of the entry that follows in the same body, with
 * all that is in it. Nothing in the tree knows of it, so that it can stand wherever a comment can. */
#include "lang/lint.h"

#include "lang/base/sort.h"

static struct str trim(struct str s)
{
	while (s.n && (s.s[0] == ' ' || s.s[0] == '\t'))
		s = (struct str){s.s + 1, s.n - 1};
	while (s.n && (s.s[s.n - 1] == ' ' || s.s[s.n - 1] == '\t' || s.s[s.n - 1] == '\r'))
		s.n--;
	return s;
}

struct reading {
	struct arena *arena;
	struct diags *d;
	const struct ast *ast;
	struct silences *ret;
	size_t next;		/* of the comments: those before have been given to an entry */
	bool judged;
};

static struct str text_at(const struct reading *r, struct span at)
{
	const struct source *s = r->ast->source;

	return (struct str){s->text.s + (at.lo - s->base), at.hi - at.lo};
}

/* The part behind "ctc:" of a comment that has one. */
static bool is_directive(const struct reading *r, const struct comment *c, struct str *ret)
{
	struct str text = text_at(r, c->at);

	text = trim((struct str){text.s + 1, text.n - 1});
	if (!str_starts(text, STR("ctc:")))
		return false;
	*ret = trim((struct str){text.s + 4, text.n - 4});
	return true;
}

static void malformed(struct reading *r, const struct comment *c, const char *why)
{
	struct diag *d = diag_add(r->d, DIAG_silence_form, c->at, "this comment silences nothing: %s", why);

	diag_help(r->d, d, "# ctc: allow NAME: REASON");
}

static void silence_add(struct reading *r, const struct comment *c, struct str name, struct span covers)
{
	enum diag_code near, code = diag_find(name, &near);
	struct diag *d;

	if (code != DIAG_COUNT && diag_infos[code].severity != SEV_ERROR) {
		vec_push(r->arena, &r->ret->all, (struct silence){.at = c->at, .covers = covers, .code = code, .judged = r->judged});
		return;
	}
	if (code != DIAG_COUNT) {
		diag_add(r->d, DIAG_silence_form, c->at, "%s (%s) is an error: only lints can be silenced", diag_infos[code].code, DIAG_NAME(code).s);
		return;
	}
	d = diag_add(r->d, DIAG_silence_form, c->at, "there is no lint `%.*s`", STR_ARG(name));
	if (near != DIAG_COUNT && diag_infos[near].severity != SEV_ERROR)
		diag_help(r->d, d, "did you mean `%s`?", DIAG_NAME(near).s);
	else
		diag_help(r->d, d, "`ctc explain` lists them: their codes begin with W");
}

/* allow NAME[, NAME…]: REASON */
static void silence_read(struct reading *r, const struct comment *c, struct str text, struct span covers)
{
	struct str reason, names, word = str_cut(text, ' ', &names);

	if (!str_is(word, "allow")) {
		malformed(r, c, "`ctc:` is followed by `allow`");
		return;
	}
	names = trim(str_cut(names, ':', &reason));
	if (!names.n) {
		malformed(r, c, "it names no lint");
		return;
	}
	if (!trim(reason).n) {
		malformed(r, c, "it gives no reason");
		return;
	}
	while (names.n) {
		struct str name = trim(str_cut(names, ',', &names));

		if (name.n)
			silence_add(r, c, name, covers);
	}
}

/* The comments before a position, which speak of what is given. */
static void take_until(struct reading *r, uint32_t until, struct span covers)
{
	struct str text;

	for (; r->next < r->ast->comments.n && r->ast->comments.at[r->next].at.lo < until; r->next++) {
		const struct comment *c = &r->ast->comments.at[r->next];

		if (!is_directive(r, c, &text))
			continue;
		if (c->own_line) {
			silence_read(r, c, text, covers);
			continue;
		}
		struct place p = source_place(r->d->sources, c->at);
		silence_read(r, c, text, (struct span){c->at.lo - (p.column - 1), c->at.lo});
	}
}

/* No further than there are comments. */
static void read_entries(struct reading *r, const struct entry_list *list)
{
	for (const struct entry *e = list->first; e && r->next < r->ast->comments.n; e = e->next) {
		bool judged = r->judged;

		take_until(r, e->at.lo, e->at);
		r->judged &= e->kind != EN_TEMPLATE;
		if (entry_bodied(e->kind))
			read_entries(r, &e->body);
		if (e->kind == EN_IF)
			read_entries(r, &e->other);
		take_until(r, e->at.hi, (struct span){0, 0});
		r->judged = judged;
	}
}

void silences_collect(struct arena *a, struct diags *d, const struct ast *ast, bool judge, struct silences *ret)
{
	struct reading r = {.arena = a, .d = d, .ast = ast, .ret = ret, .judged = judge};

	read_entries(&r, &ast->entries);
	take_until(&r, UINT32_MAX, (struct span){0, 0});
}

static int cmp_places(const void *a, const void *b)
{
	const struct diag *x = *(struct diag *const *)a, *y = *(struct diag *const *)b;

	return (x->at.lo > y->at.lo) - (x->at.lo < y->at.lo);
}

/* Another one for the same code and place stands directly before it. */
static bool is_repeated(const struct silences *s, size_t i)
{
	for (size_t k = i; k-- > 0 && s->all.at[k].covers.lo == s->all.at[i].covers.lo;)
		if (s->all.at[k].code == s->all.at[i].code && !s->all.at[k].judged == !s->all.at[i].judged)
			return true;
	return false;
}

static void silence(struct diags *d, struct silence *s)
{
	size_t lo = 0, hi = d->all.n;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (d->all.at[middle]->at.lo < s->covers.lo)
			lo = middle + 1;
		else
			hi = middle;
	}
	for (; lo < d->all.n && d->all.at[lo]->at.lo < s->covers.hi; lo++) {
		struct diag *one = d->all.at[lo];

		if (one->code != s->code)
			continue;
		one->silenced = true;
		s->used = true;
	}
}

/* Takes away what is silenced, and counts what is left. */
static void count(struct diags *d)
{
	size_t n = 0;

	d->errors = d->warnings = 0;
	for (size_t i = 0; i < d->all.n; i++) {
		struct diag *one = d->all.at[i];

		if (one->silenced)
			continue;
		d->errors += one->severity == SEV_ERROR;
		d->warnings += one->severity == SEV_WARNING;
		d->all.at[n++] = one;
	}
	d->all.n = n;
}

void silences_apply(struct diags *d, struct silences *silences, bool judge)
{
	if (silences->all.n)
		sort_array(d->all.at, d->all.n, sizeof *d->all.at, cmp_places);
	for (size_t i = 0; i < silences->all.n; i++)
		if (silences->all.at[i].covers.lo && !is_repeated(silences, i))
			silence(d, &silences->all.at[i]);
	vec_each(struct silence, s, &silences->all) {
		if (!judge || !s->judged || s->used)
			continue;
		struct diag *one = diag_add(d, DIAG_silence_idle, s->at, "`%s` says nothing here that could be silenced", DIAG_NAME(s->code).s);
		diag_help(d, one, "a silence speaks of its line, or of the entry below it; take it out where it has outlived its reason");
	}
	count(d);
}

void lints_idle(struct diags *d, const struct lint_levels *levels, const struct silences *silences)
{
	for (size_t code = 0; code < DIAG_COUNT; code++) {
		enum lint_level level = levels ? levels->of[code] : LINT_DEFAULT;

		d->idle[code] = diag_infos[code].severity == SEV_OFF && (level == LINT_DEFAULT || level == LINT_ALLOW);
	}
	vec_each(const struct silence, s, &silences->all)
		d->idle[s->code] = false;
}

void lints_apply(struct diags *d, const struct lint_levels *levels)
{
	for (size_t i = 0; levels && i < d->all.n; i++) {
		struct diag *one = d->all.at[i];
		enum lint_level level = levels->of[one->code];

		if (diag_infos[one->code].severity == SEV_ERROR)
			continue;
		if (level == LINT_DEFAULT && one->severity == SEV_WARNING)
			level = levels->all;
		if (level != LINT_DEFAULT)
			one->severity = level == LINT_DENY ? SEV_ERROR : level == LINT_WARN ? SEV_WARNING : SEV_OFF;
	}
	for (size_t i = 0; i < d->all.n; i++)
		d->all.at[i]->silenced |= d->all.at[i]->severity == SEV_OFF;
	count(d);
}
