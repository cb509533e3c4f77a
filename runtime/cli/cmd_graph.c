/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc graph: a picture of the stacks, as text for Graphviz or Mermaid. */
#include "compiler/graph.h"
#include "lang/base/cleanup.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/input.h"

int cmd_graph(struct cli *c, int argc, char **argv)
{
	static const char *const formats[] = {[GRAPH_DOT] = "dot", [GRAPH_MERMAID] = "mermaid", NULL};
	int format = GRAPH_DOT, status = 0;
	_input_ struct input in = {0};
	_buf_ struct buf out = {0};
	const struct cli_option options[] = {
		{"format", 0, CLI_WORD, &format, NULL, "for Graphviz (the default), or for Mermaid", formats},
		INPUT_OPTIONS(&in),
		{0},
	};
	int n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n == 0)
		return cli_fail(c, "name the files that declare the stacks");
	struct compilation made = {.givens = input_givens(&in), .check_only = true};
	status = 1;
	if (input_compile(c, &made, argv + 1, (size_t)n)) {
		graph_print(&made.model, (enum graph_format)format, &out);
		status = cli_print(c, buf_view(&out));
	}
	compilation_end(&made);
	return status;
}
