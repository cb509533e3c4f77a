/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Names of the world to addresses, as this machine's resolver has them. */
#ifndef CTC_RUNTIME_LOOKUP_H
#define CTC_RUNTIME_LOOKUP_H

#include "lang/base/addr.h"
#include "lang/base/err.h"

/* The address of a name: of the family that the machine's resolver puts first, the lowest, so that the order of an answer does not matter. 0, or -ENOENT, -EAGAIN. */
int lookup_address(struct str name, struct addr *ret, struct err *e);

#endif
