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

static void as_json(const struct event *all, size_t n, uint32_t current, struct buf *out)
{
	buf_fmt(out, "{\"ctstack-history\":1,\"current\":%u,\"events\":[", current);
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

static void as_text(const struct event *all, size_t n, uint32_t current, bool colour, struct buf *out)
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
	buf_fmt(out, "%sGeneration %u is current.\n", n ? "\n" : "", current);
}

static int view(struct cli *c, struct session *s, const void *asked)
{
	const bool *json = asked;
	_buf_ struct buf out = {0};
	struct event *all = NULL;
	size_t n = 0;
	struct err e;

	if (s->store.state_fd >= 0 && store_history_read(&s->store, &s->arena, &all, &n, &e) < 0)
		return cli_err(c, &e);
	if (*json)
		as_json(all, n, s->current, &out);
	else if (s->store.state_fd < 0)
		buf_puts(&out, "Nothing was applied on this host yet.\n");
	else
		as_text(all, n, s->current, c->colour, &out);
	return cli_print(c, buf_view(&out));
}

int cmd_history(struct cli *c, int argc, char **argv)
{
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
	return session_view(c, view, &json);
}
