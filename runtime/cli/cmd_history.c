/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc history: what was done to this host, when, by whom, and how it ended. */
#include <errno.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/show.h"

static void put(struct buf *out, const char *key, struct str text)
{
	buf_fmt(out, ",\"%s\":", key);
	json_str(out, text);
}

/* current: NULL where nobody knows */
static void as_json(const struct event *all, size_t n, const uint32_t *current, struct buf *out)
{
	buf_puts(out, "{\"ctstack-history\":1,");
	if (current)
		buf_fmt(out, "\"current\":%u,", *current);
	buf_puts(out, "\"events\":[");
	for (size_t i = 0; i < n; i++) {
		buf_fmt(out, "%s\n{\"time\":%lld", i ? "," : "", (long long)all[i].time);
		put(out, "user", all[i].user);
		put(out, "action", all[i].action);
		buf_fmt(out, ",\"from\":%u,\"to\":%u", all[i].from, all[i].to);
		put(out, "outcome", all[i].outcome);
		buf_addc(out, '}');
	}
	buf_puts(out, "\n]}\n");
}

static void as_text(const struct event *all, size_t n, const uint32_t *current, bool colour, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		bool done = str_is(all[i].outcome, "done");
		char when[SESSION_TIME_MAX], change[32];

		snprintf(change, sizeof change, "%u -> %u", all[i].from, all[i].to);
		buf_fmt(out, "%s  %-10.*s  %-8.*s  %-12s  %s", session_time(all[i].time, when), STR_ARG(all[i].user), STR_ARG(all[i].action), change,
			colour && !done ? "\033[31m" : "");
		show_plain(all[i].outcome, 0, out);
		buf_puts(out, colour && !done ? "\033[0m\n" : "\n");
	}
	if (current)
		buf_fmt(out, "%sGeneration %u is current.\n", n ? "\n" : "", *current);
}

/* What of it can be read; what is damaged is named behind it. */
static int show(struct cli *c, struct session *s, bool json)
{
	_buf_ struct buf out = {0};
	struct event *all = NULL;
	size_t n = 0;
	struct err look, history, link;
	int looked = session_look(s, &look), read = 0;

	if (looked < 0 && s->store.state_fd < 0)
		return cli_err(c, &look);
	bool known = store_current(&s->store, &s->current, &link) == 0;
	read = store_history_read(&s->store, &s->arena, &all, &n, &history);
	if (json)
		as_json(all, n, known ? &s->current : NULL, &out);
	else if (s->store.state_fd < 0)
		buf_puts(&out, "Nothing was applied on this host yet.\n");
	else
		as_text(all, n, known ? &s->current : NULL, c->colour, &out);
	int status = cli_print(c, buf_view(&out));
	if (read < 0)
		status = cli_err(c, &history);
	if (looked < 0)
		status = cli_err(c, &look);
	return status;
}

int cmd_history(struct cli *c, int argc, char **argv)
{
	struct session s;
	bool json = false;
	const struct cli_option options[] = {
		{"json", 0, CLI_FLAG, &json, NULL, "as JSON (spec/manifest.md)", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	session_begin(&s);
	status = show(c, &s, json);
	session_end(&s);
	return status;
}
