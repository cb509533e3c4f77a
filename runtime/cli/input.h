/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The files that a command is given: compiled, with every mistake printed; and their texts, for carets and for the store. */
#ifndef CTC_CLI_INPUT_H
#define CTC_CLI_INPUT_H

#include "compiler/compile.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/report.h"
#include "runtime/view.h"

/* The options of what is compiled, values for inputs and more files that may be used: rows for the table of a command that compiles. */
struct input {
	struct cli_texts set, vars, include;
	bool locked;
};
#define INPUT_OPTIONS(in)                                                                                                     \
	{"set", 0, CLI_TEXTS, &(in)->set, "NAME=VALUE", "a value for an input of the files; it wins over --vars", NULL},      \
	{"vars", 0, CLI_TEXTS, &(in)->vars, "FILE", "values for inputs: lines NAME = VALUE", NULL},                        \
	{"include", 'I', CLI_TEXTS, &(in)->include, "DIR", "files in and below DIR may be used, too", NULL},             \
	{"locked", 0, CLI_FLAG, &(in)->locked, NULL, "refuse where ctstack.lock is not there, or not as the files need it", NULL}
/* For struct compilation. */
struct givens input_givens(const struct input *in);
void input_end(struct input *in);
#define _input_ __attribute__((cleanup(input_end)))

/* False where there were errors, which stand on standard error by then. Warnings do, too. c is all zero before, but for givens; compilation_end in any case. */
bool input_compile(struct cli *cli, struct compilation *c, char *const *paths, size_t n);
/* All of standard input, as a source: in a. -EFBIG: it is larger than one may be. */
int input_stdin(struct arena *a, struct str *ret, struct err *e);
struct texts input_texts(struct compilation *c);
/* What the files output, as it is shown; in the compilation's arena. */
struct view_outputs input_outputs(struct compilation *c);

#endif
