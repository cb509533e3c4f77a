/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whether files can be shown to a container with private users as they are: through an idmapped mount (mount_setattr(2)), which not every file system can be. Asked of the
 * kernel itself, with a mount that is attached nowhere. */
#ifndef CTC_RUNTIME_IDMAP_H
#define CTC_RUNTIME_IDMAP_H

#include "runtime/host.h"

/* The file system that the path is on, or will be on once it is made. True, too, where nobody may ask. */
bool idmap_path(struct host *h, struct str path);
/* Memory that is never swapped, as secrets are kept in: tmpfs with `noswap` (Linux 6.4). */
bool idmap_memory(void);

#endif
