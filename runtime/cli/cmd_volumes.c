/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc volumes: the directories that hold the data of containers, as the current generation has them; for people, for programs, and for backups. */
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "lang/base/utf8.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/show.h"

enum format { AS_TEXT, AS_JSON, AS_PATHS };

struct listing {
	const char *stack;	/* or NULL: of all */
	bool backup;		/* only those that are to be backed up */
	int format;
};

static bool is_listed(const struct listing *l, const struct res_directory *d)
{
	return d->keep && (!l->backup || d->backup) && (!l->stack || str_is(d->res.stack, l->stack));
}

static void as_json(const struct res_directory *d, bool first, struct buf *out)
{
	buf_puts(out, first ? "\n{\"path\":" : ",\n{\"path\":");
	json_str(out, d->res.id);
	buf_puts(out, ",\"container\":");
	json_str(out, d->res.owner);
	buf_fmt(out, ",\"owner\":\"%u:%u\",\"mode\":\"%04llo\",\"backup\":%s}", (unsigned)d->uid, (unsigned)d->gid, (unsigned long long)d->mode,
		d->backup ? "true" : "false");
}

static void as_text(const struct res_directory *d, struct buf *out)
{
	size_t start = out->n;

	show_plain(d->res.id, 0, out);
	for (size_t cells = utf8_cells((struct str){out->s + start, out->n - start}); cells < 48; cells++)
		buf_addc(out, ' ');
	buf_puts(out, "  ");
	show_plain(d->res.owner, 0, out);
	buf_fmt(out, "  %u:%u %04llo%s\n", (unsigned)d->uid, (unsigned)d->gid, (unsigned long long)d->mode, d->backup ? "  backup" : "");
}

static void list(const struct listing *l, const struct manifest *recorded, struct buf *out)
{
	const struct res_directory *d;
	size_t n = 0;

	if (l->format == AS_JSON)
		buf_puts(out, "{\"ctstack-volumes\":1,\"volumes\":[");
	manifest_each(directory, d, recorded) {
		if (!is_listed(l, d))
			continue;
		if (l->format == AS_JSON)
			as_json(d, n == 0, out);
		else if (l->format == AS_TEXT)
			as_text(d, out);
		else
			buf_fmt(out, "%.*s\n", STR_ARG(d->res.id));
		n++;
	}
	if (l->format == AS_JSON)
		buf_puts(out, "\n]}\n");
}

static int view(struct cli *c, struct session *s, const void *asked)
{
	const struct listing *l = asked;
	_buf_ struct buf out = {0};

	if (l->stack && !manifest_find(&s->recorded, RES_stack, str_of(l->stack)))
		return cli_fail(c, "there is no stack `%s` on this host: `ctc status` lists them", l->stack);
	list(l, &s->recorded, &out);
	return cli_print(c, buf_view(&out));
}

int cmd_volumes(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[AS_TEXT] = "text", [AS_JSON] = "json", [AS_PATHS] = "paths", NULL};
	struct listing l = {0};
	const struct cli_option options[] = {
		{"backup", 0, CLI_FLAG, &l.backup, NULL, "only those with `backup = true`", NULL},
		{"format", 0, CLI_WORD, &l.format, NULL, "for people, for programs (spec/manifest.md), or only the paths, one a line", formats},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 1)
		return cli_fail(c, "name one stack, or none");
	l.stack = n ? argv[1] : NULL;
	return session_view(c, view, &l);
}
