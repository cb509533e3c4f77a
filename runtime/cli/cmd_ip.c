/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc ip STACK.CONTAINER: its addresses, one a line. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"

static int run(struct cli *c, struct session *s, const char *name, int family)
{
	_buf_ struct buf out = {0};
	const struct res_container *where;
	struct err e;
	int r = session_look(s, &e);

	if (r == 0)
		r = select_one(s, name, &where, &e);
	if (r < 0)
		return cli_err(c, &e);
	if (where->address.n && family != 6)
		buf_fmt(&out, "%.*s\n", STR_ARG(where->address));
	if (where->address6.n && family != 4)
		buf_fmt(&out, "%.*s\n", STR_ARG(where->address6));
	if (!out.n)
		return cli_fail(c, "%.*s has no %saddress of its own", STR_ARG(where->res.id), family == 4 ? "IPv4 " : family == 6 ? "IPv6 " : "");
	return cli_print(c, buf_view(&out));
}

int cmd_ip(struct cli *c, int argc, char **argv)
{
	bool four = false, six = false;
	const struct cli_option options[] = {
		{"ipv4", '4', CLI_FLAG, &four, NULL, "only the IPv4 address", NULL},
		{"ipv6", '6', CLI_FLAG, &six, NULL, "only the IPv6 address", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	if (n != 1)
		return cli_fail(c, "name the one container: ctc ip STACK.CONTAINER");
	session_begin(&s);
	status = run(c, &s, argv[1], four == six ? 0 : four ? 4 : 6);
	session_end(&s);
	return status;
}
