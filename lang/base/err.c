/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Errors of the host. */
#include "lang/base/err.h"

#include <assert.h>
#include <stdio.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	*e = (struct err){.code = code};
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	return code;
}

int err_errno(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	assert(code < 0);
	*e = (struct err){.code = code};
	va_start(ap, fmt);
	int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof e->text)
		snprintf(e->text + n, sizeof e->text - (size_t)n, ": %s", strerror(-code));
	return code;
}

int err_context(struct err *e, const char *fmt, ...)
{
	char context[sizeof e->text];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(context, sizeof context - 2, fmt, ap);
	va_end(ap);
	size_t used = n < 0 ? 0 : (size_t)n < sizeof context - 2 ? (size_t)n : sizeof context - 3;
	size_t room = sizeof e->text - used - 3;
	size_t keep = strlen(e->text);

	if (keep > room)
		keep = room;
	memmove(e->text + used + 2, e->text, keep);
	e->text[used + 2 + keep] = '\0';
	memcpy(e->text, context, used);
	memcpy(e->text + used, ": ", 2);
	return e->code;
}

int err_append(struct err *e, const char *fmt, ...)
{
	size_t n = strlen(e->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->text + n, sizeof e->text - n, fmt, ap);
	va_end(ap);
	return e->code;
}

int err_also(struct err *all, const struct err *one)
{
	enum { AROUND = 16 };

	if (!all->code)
		*all = *one;
	else if (strlen(all->text) + strlen(one->text) + strlen(one->origin) + AROUND < sizeof all->text)
		err_append(all, "\n  also: %s%s%s%s", one->text, one->origin[0] ? " (" : "", one->origin, one->origin[0] ? ")" : "");
	return all->code;
}

int err_resource(struct err *e, struct str id)
{
	if (!e->resource[0])
		snprintf(e->resource, sizeof e->resource, "%.*s", STR_ARG(id));
	return e->code;
}

int err_origin(struct err *e, struct str origin)
{
	if (origin.n < sizeof e->origin)
		snprintf(e->origin, sizeof e->origin, "%.*s", STR_ARG(origin));
	return e->code;
}
