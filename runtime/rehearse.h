/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A change without the change: everything that can be asked beforehand is asked, of the kernel (a batch of rules without its end), of systemd (the units' texts), of whatever else a
 * kind of resource would have to do with. */
#ifndef CTC_RUNTIME_REHEARSE_H
#define CTC_RUNTIME_REHEARSE_H

#include "runtime/plan.h"
#include "runtime/host.h"

/* Writes nothing that anybody else could see: what systemd reads is in a mount name space of this process, which stays in it. For a process that ends soon. */
int rehearse(struct host *h, const struct plan *p, struct err *e);

#endif
