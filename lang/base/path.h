/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Absolute paths as texts: which lies in which. Nothing is looked up. */
#ifndef CTC_BASE_PATH_H
#define CTC_BASE_PATH_H

#include "lang/base/str.h"

/* Without a "/" at the end. */
struct str path_trimmed(struct str path);
/* An order for sort_array in which "/" stands before every other byte, so that what is inside a path follows it directly. */
int path_cmp(struct str a, struct str b);
/* Whether it lies inside `outer`; itself it does not. Neither has a "/" at the end. */
bool path_inside(struct str path, struct str outer);

#endif
