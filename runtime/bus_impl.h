/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the bus say to each other: messages of libsystemd, which no other file sees. */
#ifndef CTC_RUNTIME_BUS_IMPL_H
#define CTC_RUNTIME_BUS_IMPL_H

#include <systemd/sd-bus.h>

#include "runtime/bus.h"

#define MANAGER "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER_IFACE "org.freedesktop.systemd1.Manager"

/* A call of the manager, to be filled. The bus is open. Returns what libsystemd says. */
int bus_message(struct host *h, const char *member, sd_bus_message **ret);
/* Sends it and waits for the answer, with a deadline; stubborn: whatever interrupts. An error that the manager answers is returned as its errno, with its words in e; then
 * *ret is set, too. ret (may be NULL) is the caller's to unref. */
int bus_call(struct host *h, const char *doing, sd_bus_message *m, bool stubborn, sd_bus_message **ret, struct err *e);

#endif
