/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The one writer of systemd's unit format (systemd.syntax(7), systemd.service(5) "Command lines"). Nothing else puts
 * a value of the source into a unit. What the format or execve(2) cannot carry is named by unit_word_refused, which
 * the rules ask, so that the writers below never fail. */
#ifndef CTC_COMPILER_UNIT_TEXT_H
#define CTC_COMPILER_UNIT_TEXT_H

#include "lang/base/str.h"

enum {
	UNIT_WORD_MAX = 128 * 1024 - 1,		/* MAX_ARG_STRLEN of the kernel, less the NUL */
	/* All words of a command together: written with escapes, at most four bytes for one, and with the rest of the
	 * command it stays below systemd's LONG_LINE_MAX of 1 MiB, which counts continued lines as one. */
	UNIT_COMMAND_MAX = 200 * 1024,
};

/* NULL, or why the bytes cannot be one word of a command line in a unit: the end of "a value that …". */
const char *unit_word_refused(struct str word);
/* The same for a path of the host or the container: no control characters, no "." or ".." components. */
const char *unit_path_refused(struct str path);

/* One word of a command line, such that the program gets exactly these bytes: quoted where needed, with systemd's
 * escapes, specifiers and variables disarmed. */
void unit_word(struct buf *out, struct str word);
/* "\t" word " \\\n": a word of a command line that goes on. */
void unit_arg(struct buf *out, struct str word);
/* A word of a list that is not a command line (RequiresMountsFor=): quotes and specifiers, no variables. */
void unit_item(struct buf *out, struct str word);

/* A path as the rest of a line that systemd does not take apart into words (LoadCredential=), of a unit that is no instance: specifiers disarmed, what is at its end kept. */
void unit_rest(struct buf *out, struct str path);

/* A field of podman's --mount= or an item of its --device=, which are read as one record of RFC 4180: KEY=VALUE, or without a key the value, quoted as such where needed. */
void podman_field(struct buf *out, struct str key, struct str value);

#endif
