/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What may stand where somebody presses the key that completes. The shells' code (cmd_completion.c) only asks: everything is said once, in the tables of commands, of options, of the language. */
#ifndef CTC_CLI_COMPLETE_H
#define CTC_CLI_COMPLETE_H

#include "runtime/cli/cli.h"

/* words: the command line behind "ctc", the last of them (which may be empty) as far as it was typed. A line for each that fits, with a tab and what it is where that is known; a line that begins with * is a
 * pattern of file names: those files, and directories. What only root may see is not offered to others. */
void complete(int n, char **words, struct buf *out);

/* For cli_options, to which the command was led by complete: argv[1] to argv[argc - 1] are words as above. */
void complete_arguments(const struct cli *c, const struct cli_option *options, int argc, char **argv);

#endif
