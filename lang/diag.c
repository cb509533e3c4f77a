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
	new->at = at;
	va_start(ap, fmt);
	new->text = text_of(d->arena, fmt, ap);
	va_end(ap);
	vec_push(d->arena, &d->all, new);
	if (diag_infos[code].severity == SEV_ERROR)
		d->errors++;
	else
		d->warnings++;
	return new;
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
	if (best.n)
		diag_help(d, on, "did you mean `%.*s`?", STR_ARG(best));
}
