/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Saying mistakes: a template that is used a thousand times is wrong once. */
#include "compiler/elab.h"

enum { SAID_MAX = 2000 }; /* distinct mistakes that are kept; far more than are ever shown */

static struct str text_of(struct arena *a, const char *fmt, va_list ap)
{
	struct buf b = {0};

	buf_vfmt(&b, fmt, ap);
	return buf_take(&b, a);
}

bool say_full(const struct elab *el)
{
	return el->said.n > SAID_MAX;
}

/* NULL: said already, or there is more than anybody reads. */
static struct diag *say_new(struct elab *el, enum diag_code code, struct span at, const char *fmt, va_list ap)
{
	struct {
		uint32_t code, lo, hi;
	} place = {(uint32_t)code, at.lo, at.hi};
	struct str key = {(const char *)&place, sizeof place};

	if (say_full(el) || map_get(&el->said, key))
		return NULL;
	struct diag *d = diag_add(el->d, code, at, "%s", text_of(el->a, fmt, ap).s);
	map_add(el->a, &el->said, str_copy(el->a, key), d);
	return d;
}

struct diag *say(struct elab *el, enum diag_code code, struct span at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	struct diag *d = say_new(el, code, at, fmt, ap);
	va_end(ap);
	return d;
}

void say_label(struct elab *el, struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return;
	va_start(ap, fmt);
	d->label = text_of(el->d->arena, fmt, ap);
	va_end(ap);
}

void say_note(struct elab *el, struct diag *d, struct span at, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return;
	va_start(ap, fmt);
	diag_note(el->d, d, at, "%s", text_of(el->a, fmt, ap).s);
	va_end(ap);
}

void say_help(struct elab *el, struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (!d)
		return;
	va_start(ap, fmt);
	diag_help(el->d, d, "%s", text_of(el->a, fmt, ap).s);
	va_end(ap);
}

void say_suggest(struct elab *el, struct diag *d, const struct near *near)
{
	/* of one letter there is nothing left to recognise */
	if (d && (near->wanted.n > 1 || near->distance == 0))
		diag_suggest(el->d, d, near->best);
}

void say_limit(struct elab *el, enum diag_code code, struct span at, const char *fmt, ...)
{
	va_list ap;

	if (el->stopped)
		return;
	el->stopped = true;
	va_start(ap, fmt);
	say_new(el, code, at, fmt, ap);
	va_end(ap);
}

const char *node_path(struct elab *el, const struct node *n)
{
	struct str own = n->name.text.n ? n->name.text : n->kind->word;

	if (!n->parent || !n->parent->parent)
		return str_copy(el->a, own).s;
	return str_fmt(el->a, "%s.%.*s", node_path(el, n->parent), STR_ARG(own)).s;
}
