/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Opening and closing the outside. Netlink sockets and the bus open themselves at their first use (nl.c, bus.c). */
#include "runtime/host.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "runtime/bus.h"
#include "runtime/nl.h"
#include "runtime/podman.h"

int host_open(struct host *ret, struct err *e)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, -errno, "cannot open the root directory");
	*ret = (struct host){.root_fd = fd};
	return 0;
}

void host_close(struct host *h)
{
	nl_close(h->nl);
	bus_close(h->bus);
	podman_forget(h);
	if (h->root_fd >= 0)
		close(h->root_fd);
	*h = (struct host){.root_fd = -1};
}

void host_meanwhile(struct host *h)
{
	bool (*meanwhile)(struct host *h, void *context) = h->meanwhile;

	if (!meanwhile)
		return;
	h->meanwhile = NULL;
	if (meanwhile(h, h->meanwhile_context))
		h->meanwhile = meanwhile;
}

void host_progress(struct host *h, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!h->progress)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	h->progress(h->progress_context, line);
}
