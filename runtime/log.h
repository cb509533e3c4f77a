/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The journal. The last lines that a unit's processes wrote to it, for error messages: bounded, and safe to show on a
 * terminal. And one line into it, for a program that nobody watches. */
#ifndef CTC_RUNTIME_LOG_H
#define CTC_RUNTIME_LOG_H

#include "lang/value.h"

enum { LOG_LINES_MAX = 100, LOG_LINE_MAX = 160 };

/* At most max lines (up to LOG_LINES_MAX), oldest first, each at most LOG_LINE_MAX bytes (of a longer one the beginning and the end), written in this boot since
 * since_us (µs of CLOCK_MONOTONIC, which nobody sets). Control characters are shown as "?", what is no UTF-8 too. Without a
 * journal, or without lines, the list is empty: a missing log is never an error. */
void log_tail(struct arena *a, const char *unit, uint64_t since_us, size_t max, struct strs *ret);
/* Now, as since_us counts. */
uint64_t log_now_us(void);

/* One line at the priority of an error: into the journal, where that does not run yet into the kernel's log, else to
 * standard error. */
void log_error(const char *program, const char *text);

#endif
