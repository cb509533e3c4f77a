/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The files that a command is given: compiled, with every mistake printed; and their texts, for carets and for the store. */
#ifndef CTC_CLI_INPUT_H
#define CTC_CLI_INPUT_H

#include "compiler/compile.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/report.h"

/* False where there were errors, which stand on standard error by then. Warnings do, too. c is all zero before; compilation_end in any case. */
bool input_compile(struct cli *cli, struct compilation *c, char *const *paths, size_t n);
struct texts input_texts(struct compilation *c);

#endif
