/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The configuration of a container as podman hands it to the OCI runtime (config.json, OCI runtime-spec 1.0), and what ctc changes in it that podman has no option for. */
#ifndef CTC_OCI_H
#define CTC_OCI_H

#include "lang/base/err.h"
#include "lang/base/str.h"

/* Bind mounts that are read-only become so with all that is mounted below them: "ro" of a mount that has "rbind" becomes "rro". Every other byte stays as it is, so that numbers
 * that no library holds do, too. -EBADMSG: what is no JSON as far as it was looked at; ret is what was written until then. */
int oci_readonly(struct str config, struct buf *ret, struct err *e);

#endif
