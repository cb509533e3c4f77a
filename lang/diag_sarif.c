/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Diagnostics as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for review tools: one run, a rule for each code that is met, a result for each
 * diagnostic. Columns count Unicode code points, as SARIF wants it said. */

#include "lang/base/json.h"
#include "lang/diag.h"

/* A path as a URI reference (RFC 3986): everything but unreserved characters and / is percent-encoded; a : in the first part would make it a scheme. */
static void uri(struct str path, struct buf *out)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	buf_puts(out, path.n && path.s[0] == '/' ? "\"file://" : "\"");
	for (size_t i = 0; i < path.n; i++)
		if (path.s[i] && strchr(plain, path.s[i]))
			buf_addc(out, path.s[i]);
		else
			buf_fmt(out, "%%%02X", (unsigned char)path.s[i]);
	buf_addc(out, '"');
}

/* What is written, and where the last region began: results are sorted, so that columns of a very long line are counted once from its beginning. */
struct sarif {
	struct diags *d;
	struct buf *out;
	const char *line;
	size_t byte, column;
};

/* Code points that begin in text[from .. to-1]. */
static size_t points(struct str text, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = from; i < to && i < text.n; i++)
		n += ((unsigned char)text.s[i] & 0xc0) != 0x80;
	return n;
}

static size_t begin_column(struct sarif *w, struct place p)
{
	if (p.text.s != w->line || p.column - 1 < w->byte) {
		w->line = p.text.s;
		w->byte = 0;
		w->column = 1;
	}
	w->column += points(p.text, w->byte, p.column - 1);
	w->byte = p.column - 1;
	return w->column;
}

static void region(struct sarif *w, struct span at)
{
	struct place begin = source_place(w->d->sources, at), end = source_place(w->d->sources, (struct span){at.hi, at.hi});
	size_t first = begin_column(w, begin);
	size_t last = end.line == begin.line ? first + points(begin.text, begin.column - 1, end.column - 1) : 1 + points(end.text, 0, end.column - 1);

	buf_fmt(w->out, "{\"startLine\":%u,\"startColumn\":%zu,\"endLine\":%u,\"endColumn\":%zu}", begin.line, first, end.line, last);
}

/* A location with or without a message; the place is one of a source. */
static void location(struct sarif *w, struct span at, const struct str *message)
{
	struct place p = source_place(w->d->sources, at);
	struct buf *out = w->out;

	buf_puts(out, "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":");
	uri(p.source->path, out);
	buf_puts(out, "},\"region\":");
	region(w, at);
	buf_addc(out, '}');
	if (message) {
		buf_puts(out, ",\"message\":{\"text\":");
		json_str(out, *message);
		buf_addc(out, '}');
	}
	buf_addc(out, '}');
}

static void fixes(struct sarif *w, const struct diag *one)
{
	struct str fix = diag_fix(w->d, one);
	struct place p = source_place(w->d->sources, one->at);
	struct buf *out = w->out;

	if (!fix.n)
		return;
	buf_puts(out, ",\"fixes\":[{\"description\":{\"text\":");
	json_str(out, fix);
	buf_puts(out, "},\"artifactChanges\":[{\"artifactLocation\":{\"uri\":");
	uri(p.source->path, out);
	buf_puts(out, "},\"replacements\":[{\"deletedRegion\":");
	region(w, one->at);
	buf_puts(out, ",\"insertedContent\":{\"text\":");
	json_str(out, fix);
	buf_puts(out, "}}]}]}]");
}

/* The sentence and, each on a line, what helps: a result has one message. */
static void message(const struct diag *one, struct buf *out)
{
	struct buf text = {0};

	buf_str(&text, one->text);
	vec_each(struct diag_note, note, &one->notes)
		if (note->at.lo == 0)
			buf_fmt(&text, "\nhelp: %.*s", STR_ARG(note->text));
	buf_puts(out, "\"message\":{\"text\":");
	json_str(out, buf_view(&text));
	buf_addc(out, '}');
	buf_free(&text);
}

static void result(struct sarif *w, const struct diag *one, size_t rule)
{
	const char *comma = "";
	struct buf *out = w->out;

	buf_fmt(out, "{\"ruleId\":\"%s\",\"ruleIndex\":%zu,\"level\":\"%s\",", diag_infos[one->code].code, rule, severity_word(one->severity));
	message(one, out);
	buf_puts(out, ",\"locations\":[");
	if (source_place(w->d->sources, one->at).source)
		location(w, one->at, one->label.n ? &one->label : NULL);
	buf_puts(out, "],\"relatedLocations\":[");
	vec_each(struct diag_note, note, &one->notes) {
		if (!source_place(w->d->sources, note->at).source)
			continue;
		buf_puts(out, comma);
		location(w, note->at, &note->text);
		comma = ",";
	}
	buf_addc(out, ']');
	fixes(w, one);
	buf_addc(out, '}');
}

static void rule(enum diag_code code, struct buf *out)
{
	const struct diag_info *info = &diag_infos[code];

	buf_fmt(out, "{\"id\":\"%s\",\"name\":\"%s\",\"shortDescription\":{\"text\":", info->code, DIAG_NAME(code).s);
	json_str(out, str_of(info->title));
	buf_fmt(out, "},\"defaultConfiguration\":{\"enabled\":%s,\"level\":\"%s\"}}", info->severity == SEV_OFF ? "false" : "true",
		severity_word(info->severity));
}

void diags_sarif(struct diags *d, struct buf *out)
{
	struct sarif w = {.d = d, .out = out};
	size_t rules[DIAG_COUNT] = {0}, n = 0;	/* by code: its place among the rules, from 1 */

	for (size_t i = 0; i < d->all.n; i++)
		rules[d->all.at[i]->code] = 1;
	buf_puts(out, "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n"
		      "\"tool\":{\"driver\":{\"name\":\"ctc\",\"rules\":[");
	for (unsigned code = 0; code < DIAG_COUNT; code++) {
		if (!rules[code])
			continue;
		buf_puts(out, n ? ",\n " : "\n ");
		rule((enum diag_code)code, out);
		rules[code] = ++n;
	}
	buf_puts(out, "]}},\n");
	if (d->partly) {
		buf_puts(out, "\"invocations\":[{\"executionSuccessful\":true,\"toolExecutionNotifications\":[{\"level\":\"note\",\"message\":{\"text\":");
		json_str(out, STR(DIAGS_PARTLY));
		buf_puts(out, "}}]}],\n");
	}
	buf_puts(out, "\"columnKind\":\"unicodeCodePoints\",\n\"results\":[");
	for (size_t i = 0; i < d->all.n; i++) {
		buf_puts(out, i ? ",\n " : "\n ");
		result(&w, d->all.at[i], rules[d->all.at[i]->code] - 1);
	}
	buf_puts(out, "]}]}\n");
}
