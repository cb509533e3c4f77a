/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc list: the stacks of this host and their containers, by name. What they do is `ctc status`. */
#include "lang/base/cleanup.h"
#include "lang/base/json.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"
#include "runtime/image.h"

/* For completion: every name that a command may be given. */
static void as_names(const struct session *s, struct buf *out)
{
	const struct res_container *c;
	const struct res_stack *stack;

	manifest_each(stack, stack, &s->recorded)
		buf_fmt(out, "%.*s\n", STR_ARG(stack->res.id));
	manifest_each(container, c, &s->recorded)
		buf_fmt(out, "%.*s\n", STR_ARG(c->res.id));
}

static struct str short_name(const struct res_container *c)
{
	struct str name;

	str_cut(c->res.id, '.', &name);
	return name;
}

static void as_text(const struct session *s, struct buf *out)
{
	_arena_ struct arena scratch = {0};
	const struct res_container *c;
	const struct res_stack *stack;

	manifest_each(stack, stack, &s->recorded) {
		buf_fmt(out, "%.*s  (%.*s)\n", STR_ARG(stack->res.id), STR_ARG(stack->path));
		manifest_each(container, c, &s->recorded)
			if (str_eq(c->res.stack, stack->res.id))
				buf_fmt(out, "  %-20.*s  %-39.*s  %.*s\n", STR_ARG(short_name(c)), STR_ARG(c->address.n ? c->address : c->address6),
					STR_ARG(image_said(&scratch, c->image)));
	}
	if (!out->n)
		buf_puts(out, "There is no stack on this host.\n");
}

static void as_json(const struct session *s, struct buf *out)
{
	const struct res_container *c;
	const struct res_stack *stack;
	const char *between = "";

	buf_fmt(out, "{\"ctstack-list\":1,\"generation\":%u,\"stacks\":[", s->current);
	manifest_each(stack, stack, &s->recorded) {
		const char *comma = "";

		buf_fmt(out, "%s\n{\"name\":", between);
		json_str(out, stack->res.id);
		buf_puts(out, ",\"file\":");
		json_str(out, stack->path);
		buf_puts(out, ",\"containers\":[");
		manifest_each(container, c, &s->recorded) {
			if (!str_eq(c->res.stack, stack->res.id))
				continue;
			buf_puts(out, comma);
			json_str(out, short_name(c));
			comma = ",";
		}
		buf_puts(out, "]}");
		between = ",";
	}
	buf_puts(out, "]}\n");
}

static int view(struct cli *c, struct session *s, const void *asked)
{
	void (*const *as)(const struct session *s, struct buf *out) = asked;
	_buf_ struct buf out = {0};

	(*as)(s, &out);
	return cli_print(c, buf_view(&out));
}

int cmd_list(struct cli *c, int argc, char **argv)
{
	bool json = false, names = false;
	const struct cli_option options[] = {
		{"json", 0, CLI_FLAG, &json, NULL, "as JSON (spec/manifest.md)", NULL},
		{"names", 0, CLI_FLAG, &names, NULL, "only the names that other commands take, one a line", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	void (*const as)(const struct session *s, struct buf *out) = json ? as_json : names ? as_names : as_text;
	return session_view(c, view, &as);
}
