/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc ip STACK.CONTAINER: its addresses, one a line. */
#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"

struct asked {
	const char *name;
	int family;	/* 0: both */
};

static int view(struct cli *c, struct session *s, const void *asked)
{
	const struct asked *a = asked;
	_buf_ struct buf out = {0};
	const struct res_container *where;
	struct err e;

	if (select_one(s, a->name, &where, &e) < 0)
		return cli_err(c, &e);
	if (where->address.n && a->family != 6)
		buf_fmt(&out, "%.*s\n", STR_ARG(where->address));
	if (where->address6.n && a->family != 4)
		buf_fmt(&out, "%.*s\n", STR_ARG(where->address6));
	for (size_t i = 0; i < where->more_addresses.n; i++) {
		struct str one = where->more_addresses.at[i];
		bool six = memchr(one.s, ':', one.n);

		if (a->family == 0 || six == (a->family == 6))
			buf_fmt(&out, "%.*s\n", STR_ARG(one));
	}
	if (!out.n)
		return cli_fail(c, "%.*s has no %saddress of its own", STR_ARG(where->res.id), a->family == 4 ? "IPv4 " : a->family == 6 ? "IPv6 " : "");
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

	if (n < 0)
		return status;
	if (n != 1)
		return cli_fail(c, "name the one container: ctc ip STACK.CONTAINER");
	return session_view(c, view, &(struct asked){argv[1], four == six ? 0 : four ? 4 : 6});
}
