/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Diagnostics to text: sorted, each once, with its picture (diag_picture.c) and what to do. */
#include "lang/diag_picture.h"

#include <stdlib.h>

static const struct paint plain = {"", "", "", "", "", "", ""};
static const struct paint coloured = {"\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[34m", "\x1b[36m", "\x1b[32m", "\x1b[0m"};

static int cmp_diags(const void *a, const void *b)
{
	const struct diag *x = *(struct diag *const *)a, *y = *(struct diag *const *)b;

	if (x->at.lo != y->at.lo)
		return x->at.lo < y->at.lo ? -1 : 1;
	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	if (x->at.hi != y->at.hi)
		return x->at.hi < y->at.hi ? -1 : 1;
	return str_cmp(x->text, y->text);
}

static void sort_and_unite(struct diags *d)
{
	size_t n = 0;

	if (d->all.n)
		qsort(d->all.at, d->all.n, sizeof *d->all.at, cmp_diags);
	d->errors = d->warnings = 0;
	for (size_t i = 0; i < d->all.n; i++) {
		if (n && cmp_diags(&d->all.at[n - 1], &d->all.at[i]) == 0)
			continue;
		d->all.at[n++] = d->all.at[i];
		d->errors += d->all.at[i]->severity == SEV_ERROR;
		d->warnings += d->all.at[i]->severity == SEV_WARNING;
	}
	d->all.n = n;
}

static void show_position(struct diags *d, struct buf *out, struct span at)
{
	struct str origin = source_origin(d->sources, at);

	picture_text(origin, out);
	if (origin.n)
		buf_puts(out, ": ");
}

static void render_one(struct diags *d, const struct diag *one, const struct paint *c, struct buf *out)
{
	const struct diag_info *info = &diag_infos[one->code];
	const char *colour = one->severity == SEV_ERROR ? c->error : c->warning;

	buf_puts(out, c->bold);
	show_position(d, out, one->at);
	buf_fmt(out, "%s%s%s[%s]%s%s: ", c->off, colour, severity_word(one->severity), info->code, c->off, c->bold);
	picture_text(one->text, out);
	buf_fmt(out, "%s\n", c->off);
	picture(d, out, c, one, colour);
	vec_each(struct diag_note, note, &one->notes) {
		if (note->at.lo != 0)
			continue;
		buf_fmt(out, "  %shelp%s: ", c->help, c->off);
		picture_text(note->text, out);
		buf_addc(out, '\n');
	}
}

static void render_text(struct diags *d, const struct paint *c, struct buf *out)
{
	size_t shown = d->all.n < DIAG_CAP ? d->all.n : DIAG_CAP;

	for (size_t i = 0; i < shown; i++)
		render_one(d, d->all.at[i], c, out);
	if (shown < d->all.n)
		buf_fmt(out, "… and %zu more\n", d->all.n - shown);
	if (d->errors)
		buf_fmt(out, "%zu error%s", d->errors, d->errors == 1 ? "" : "s");
	if (d->warnings)
		buf_fmt(out, "%s%zu warning%s", d->errors ? ", " : "", d->warnings, d->warnings == 1 ? "" : "s");
	if (d->errors || d->warnings)
		buf_addc(out, '\n');
	if (d->partly)
		buf_fmt(out, "%snote%s: %s\n", c->note, c->off, DIAGS_PARTLY);
}

void diags_render(struct diags *d, enum diag_format format, bool colour, struct buf *out)
{
	sort_and_unite(d);
	switch (format) {
	case DIAG_TEXT:
		render_text(d, colour ? &coloured : &plain, out);
		break;
	case DIAG_JSON:
		diags_json(d, out);
		break;
	case DIAG_SARIF:
		diags_sarif(d, out);
		break;
	}
}
