/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the host refused. Functions that touch the host return 0 or a negative errno and fill a struct err: one sentence that says what was
 * tried on what, why it failed and what to do. Nothing below the command layer prints it. Context is put in front on the way up. */
#ifndef CTC_BASE_ERR_H
#define CTC_BASE_ERR_H

#include "lang/base/str.h"

struct err {
	int code;		/* negative errno, or 0 */
	char text[2048];	/* NUL-terminated, cut at the end where too long */
	char resource[256];	/* id of the resource that failed, or "": leads to its origin in the source */
	char origin[512];	/* "file:line:column" of a part of it that is to blame, or "" */
};

/* Sets text and code, and returns code, so that a caller can `return err_set(...)`. code must be negative. */
int err_set(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* As err_set, with ": strerror(-code)" behind. */
int err_errno(struct err *e, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "context: " in front of the text; returns e->code. */
int err_context(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Puts it behind the text; returns e->code. */
int err_append(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One of several refusals at once: the first is the error, others stand behind it as lines of their own, as far as there is room; returns all->code. */
int err_also(struct err *all, const struct err *one);
/* Names the resource where none is named yet; returns e->code. */
int err_resource(struct err *e, struct str id);
/* Names the place in the source, where it is a nearer one than the resource's; returns e->code. */
int err_origin(struct err *e, struct str origin);

#endif
