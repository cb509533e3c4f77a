/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Diagnostics as JSON, for editors and scripts: an array, one object a diagnostic (spec/tools.md). Columns count bytes. */
#include "lang/base/json.h"
#include "lang/diag.h"

static void place(struct diags *d, struct span at, struct buf *out)
{
	struct place p = source_place(d->sources, at);
	struct place end = source_place(d->sources, (struct span){at.hi, at.hi});

	buf_puts(out, "\"path\":");
	if (!p.source) {
		buf_puts(out, "null");
		return;
	}
	json_str(out, p.source->path);
	buf_fmt(out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", p.line, p.column, end.line, end.column);
}

/* The notes that stand at a place, or the helps, which stand at none. */
static void notes(struct diags *d, const struct diag *one, bool placed, struct buf *out)
{
	const char *comma = "";

	vec_each(struct diag_note, note, &one->notes) {
		if ((note->at.lo != 0) != placed)
			continue;
		buf_puts(out, comma);
		comma = ",";
		if (placed)
			buf_puts(out, "{\"message\":");
		json_str(out, note->text);
		if (!placed)
			continue;
		buf_addc(out, ',');
		place(d, note->at, out);
		buf_addc(out, '}');
	}
}

static void diagnostic(struct diags *d, const struct diag *one, struct buf *out)
{
	struct str fix = diag_fix(d, one);

	buf_fmt(out, "{\"code\":\"%s\",\"name\":\"%s\",\"severity\":\"%s\",\"message\":", diag_infos[one->code].code, DIAG_NAME(one->code).s,
		severity_word(one->severity));
	json_str(out, one->text);
	buf_addc(out, ',');
	place(d, one->at, out);
	buf_puts(out, ",\"label\":");
	json_str(out, one->label);
	buf_puts(out, ",\"notes\":[");
	notes(d, one, true, out);
	buf_puts(out, "],\"help\":[");
	notes(d, one, false, out);
	buf_puts(out, "],\"fix\":");
	if (fix.n)
		json_str(out, fix);
	else
		buf_puts(out, "null");
	buf_addc(out, '}');
}

void diags_json(struct diags *d, struct buf *out)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < d->all.n; i++) {
		buf_puts(out, i ? ",\n " : "");
		diagnostic(d, d->all.at[i], out);
	}
	buf_puts(out, "]\n");
}
