/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Collecting the user's mistakes. Nothing is printed here; diag_render.c makes text of them. */
#include "lang/diag.h"

#include <assert.h>

#include "lang/base/near.h"

const struct diag_info diag_infos[DIAG_COUNT] = {
#define DIAG(code, name, severity, title) [DIAG_##name] = {code, #name, SEV_##severity, title},
#include "lang/diag.def"
#undef DIAG
};

struct str diag_name(enum diag_code code, char room[DIAG_NAME_MAX])
{
	const char *name = diag_infos[code].name;
	size_t n = strlen(name);

	assert(n < DIAG_NAME_MAX);
	for (size_t i = 0; i <= n; i++)
		room[i] = (char)(name[i] == '_' ? '-' : name[i]);
	return (struct str){room, n};
}

enum diag_code diag_find(struct str word, enum diag_code *ret_near)
{
	struct near near = near_start(word);
	enum diag_code best = DIAG_COUNT;

	for (unsigned code = 0; code < DIAG_COUNT; code++) {
		size_t before = near.distance;

		near_offer(&near, str_of(diag_infos[code].code));
		near_offer(&near, DIAG_NAME(code));
		if (near.distance < before)
			best = (enum diag_code)code;
		/* 0 is the same but for letter case */
		if (near.distance == 0)
			return best;
	}
	if (ret_near)
		*ret_near = best;
	return DIAG_COUNT;
}

static struct str text_of(struct arena *a, const char *fmt, va_list ap)
{
	struct buf b = {0};

	buf_vfmt(&b, fmt, ap);
	return buf_take(&b, a);
}

struct diag *diag_add(struct diags *d, enum diag_code code, struct span at, const char *fmt, ...)
{
	struct diag *new = arena_new(d->arena, struct diag);
	va_list ap;

	new->code = code;
	new->severity = diag_infos[code].severity;
	new->at = at;
	va_start(ap, fmt);
	new->text = text_of(d->arena, fmt, ap);
	va_end(ap);
	vec_push(d->arena, &d->all, new);
	d->errors += new->severity == SEV_ERROR;
	d->warnings += new->severity == SEV_WARNING;
	return new;
}

void diag_drop(struct diags *d, const struct diag *one)
{
	if (!d->all.n || d->all.at[d->all.n - 1] != one)
		return;
	d->all.n--;
	d->errors -= one->severity == SEV_ERROR;
	d->warnings -= one->severity == SEV_WARNING;
}

void diag_note(struct diags *d, struct diag *on, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(d->arena, &on->notes, (struct diag_note){at, text_of(d->arena, fmt, ap)});
	va_end(ap);
}

void diag_help(struct diags *d, struct diag *on, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(d->arena, &on->notes, (struct diag_note){{0, 0}, text_of(d->arena, fmt, ap)});
	va_end(ap);
}

void diag_suggest(struct diags *d, struct diag *on, struct str best)
{
	if (!best.n)
		return;
	diag_help(d, on, "did you mean `%.*s`?", STR_ARG(best));
	on->suggested = str_copy(d->arena, best);
}

/* A suggestion is a fix where the marked text is the word that it is near to, and not, say, a whole path with the word in it. */
struct str diag_fix(struct diags *d, const struct diag *one)
{
	struct place p = source_place(d->sources, one->at);
	struct str word;

	if (!one->suggested.n || !p.source || one->at.hi - p.source->base > p.source->text.n)
		return STR("");
	word = (struct str){p.source->text.s + (one->at.lo - p.source->base), one->at.hi - one->at.lo};
	struct near near = near_start(word);
	near_offer(&near, one->suggested);
	return word.n && word.s[0] != '"' && near.best.n ? one->suggested : STR("");
}

const char *severity_word(enum severity severity)
{
	return severity == SEV_ERROR ? "error" : "warning";
}
