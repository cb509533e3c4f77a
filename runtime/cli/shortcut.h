/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A container's shortcuts, as the manifest has them (res_container.shortcuts). */
#ifndef CTC_CLI_SHORTCUT_H
#define CTC_CLI_SHORTCUT_H

#include "lang/manifest.h"

struct shortcut {
	struct str name;
	char **words;	/* n of them, in the arena */
	size_t n;
};

/* False for a text that is none. */
bool shortcut_read(struct arena *a, struct str text, struct shortcut *ret);

#endif
