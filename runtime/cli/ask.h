/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Asking a person at a terminal. */
#ifndef CTC_CLI_ASK_H
#define CTC_CLI_ASK_H

#include "runtime/host.h"

/* True where yes is set, or who sits there says so. What is no clear yes is a no, and is said; so it is where there is no terminal to ask on. While it waits it calls host_meanwhile. */
bool ask(struct host *h, bool yes, const char *question);

#endif
