/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Secrets on their last step: from the credentials of a unit (systemd.exec(5)) to files that its container is shown, with the owner and the mode that it asks for. They lie
 * in memory that is never swapped (ramfs), below RUN_DIR/secrets, which root alone can enter. */
#ifndef CTC_RUNTIME_DELIVER_H
#define CTC_RUNTIME_DELIVER_H

#include <sys/types.h>

#include "runtime/host.h"

struct delivery {
	struct str name;	/* of the credential and of the file */
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/* "password:999:999:0400"; false where it is none. */
bool delivery_parse(struct str text, struct delivery *ret);

/* Makes the unit's directory anew with these files, read from `credentials`. n == 0: takes it away. mapped: for a container with private users, in memory that can be shown
 * to them (idmap.h). */
int deliver(struct host *h, const char *credentials, struct str unit, bool mapped, const struct delivery *all, size_t n, struct err *e);

#endif
