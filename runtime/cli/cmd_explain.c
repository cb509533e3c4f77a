/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc explain: what a diagnostic means, with an example and its repair; without a code, which there are. */
#include "lang/base/cleanup.h"
#include "lang/explain.h"
#include "runtime/cli/cli.h"

int cmd_explain(struct cli *c, int argc, char **argv)
{
	static const struct cli_option options[] = {{0}};
	int status = 0, n = cli_options(c, options, argc, argv, &status);
	_buf_ struct buf out = {0};

	if (n < 0)
		return status;
	if (n > 1)
		return cli_fail(c, "one code at a time");
	if (n == 0) {
		explain_list(&out);
		return cli_print(c, buf_view(&out));
	}
	enum diag_code near, code = diag_find(str_of(argv[1]), &near);

	if (code == DIAG_COUNT && near != DIAG_COUNT)
		return cli_fail(c, "there is no diagnostic %s; did you mean %s (%s)?", argv[1], diag_infos[near].code, DIAG_NAME(near).s);
	if (code == DIAG_COUNT)
		return cli_fail(c, "there is no diagnostic %s; `ctc explain` lists them", argv[1]);
	explain(code, &out);
	return cli_print(c, buf_view(&out));
}
